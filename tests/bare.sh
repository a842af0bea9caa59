#!/usr/bin/env bash
# Both README commands in a fresh Debian 12 tree: what a newcomer with git, make and root has. By hand; needs root,
# debootstrap and a mirror (MIRROR, default the one apt uses here). TREE keeps the tree for another run.
set -euo pipefail
cd "$(dirname "$0")/.."
[ "$(id -u)" = 0 ] || { echo "check-bare needs root (debootstrap, chroot)" >&2; exit 1; }
command -v debootstrap >/dev/null || apt-get -qq install -y debootstrap >/dev/null
tree=${TREE:-$(mktemp -d)}
mkdir -p "$tree" && chmod 0755 "$tree" # as / is
mirror=${MIRROR:-$(apt-cache policy 2>/dev/null | sed -n 's/.* \(https\?:[^ ]*\) bookworm\/main .*/\1/p' | head -n 1)}
finish() {
	umount -l "$tree/dev/pts" "$tree/dev/shm" "$tree/dev" "$tree/proc" "$tree/sys" 2>/dev/null || true
	[ -n "${TREE:-}" ] || rm -rf --one-file-system "$tree"
}
trap finish EXIT
[ -x "$tree/usr/bin/git" ] || debootstrap --variant=minbase --include=git,make,ca-certificates bookworm "$tree" "$mirror" >/dev/null
cp /etc/resolv.conf "$tree/etc/" 2>/dev/null || true
cp -r /etc/apt/. "$tree/etc/apt/"
[ -s "$tree/etc/hosts" ] || echo '127.0.0.1 localhost' >"$tree/etc/hosts" # an installer writes it, debootstrap does not
cat /etc/npmrc "$HOME/.npmrc" >"$tree/srv/.npmrc" 2>/dev/null || true
cp /etc/ssl/certs/ca-certificates.crt "$tree/etc/ssl/certs/" # a network may have an authority of its own
mount --bind /dev "$tree/dev"
mount --bind /dev/pts "$tree/dev/pts"
mount --bind /dev/shm "$tree/dev/shm" # browsers need it
mount -t proc proc "$tree/proc"
mount -t sysfs sys "$tree/sys"
rm -rf "$tree/srv/assay"
git clone -q . "$tree/srv/assay"
inside() {
	chroot "$tree" /usr/bin/env -i HOME=/srv PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 CI=true \
		NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt "$@"
}

echo "== make run"
inside timeout --foreground -s INT 1200 make -C /srv/assay run LISTEN=127.0.0.1:0 >"$tree/srv/run.log" 2>&1 &
run=$!
for _ in $(seq 1195); do
	grep -q '^http://127.0.0.1:' "$tree/srv/run.log" && break
	kill -0 "$run" 2>/dev/null || break
	sleep 1
done
address=$(sed -n 's/^\(http:\/\/127.0.0.1:[0-9]*\).*/\1/p' "$tree/srv/run.log" | head -n 1)
[ -n "$address" ] || { tail -n 40 "$tree/srv/run.log"; exit 1; }
inside sh -c "command -v curl >/dev/null || apt-get -qq install -y curl >/dev/null; curl -fsS $address/healthz >/dev/null"
echo "serves $address"
pid=$(pgrep -f "^build/assay demo" | head -n 1)
kill -INT "$pid"
wait "$run" && echo "ended in good order"

echo "== make check"
inside make -C /srv/assay check
