#!/usr/bin/env bash
# The Debian packages: lintian; in a fresh Debian 12 tree: install, work, upgrade with data, replace the limits alone, remove,
# purge. By hand (make check-deb); needs root, debootstrap and a mirror (MIRROR, default the one apt uses here). TREE
# keeps a bare tree for another run: it is copied, never changed.
set -euo pipefail
cd "$(dirname "$0")/../.."
[ "$(id -u)" = 0 ] || { echo "check-deb needs root (debootstrap, chroot)" >&2; exit 1; }
command -v debootstrap >/dev/null || apt-get -qq install -y debootstrap >/dev/null
command -v lintian >/dev/null || apt-get -qq install -y --no-install-recommends lintian >/dev/null
mirror=${MIRROR:-$(apt-cache policy 2>/dev/null | sed -n 's/.* \(https\?:[^ ]*\) bookworm\/main .*/\1/p' | head -n 1)}
folder=$(mktemp -d)
tree=$folder/tree
finish() {
	umount -l "$tree/dev/pts" "$tree/dev" "$tree/proc" "$tree/sys" 2>/dev/null || true
	rm -rf --one-file-system "$folder"
}
trap finish EXIT
bare=${TREE:-$folder/bare}
[ -x "$bare/usr/bin/apt-get" ] || debootstrap --variant=minbase bookworm "$bare" "$mirror" >/dev/null
cp -a "$bare" "$tree"
cp /etc/resolv.conf "$tree/etc/" 2>/dev/null || true
cp -r /etc/apt/. "$tree/etc/apt/"
mount --bind /dev "$tree/dev"
mount --bind /dev/pts "$tree/dev/pts"
mount -t proc proc "$tree/proc"
mount -t sysfs sys "$tree/sys"
printf '#!/bin/sh\nexit 101\n' >"$tree/usr/sbin/policy-rc.d"
chmod 0755 "$tree/usr/sbin/policy-rc.d"
inside() { chroot "$tree" /usr/bin/env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@"; }
# As the unit does: its user, its groups, no capability, no new privileges.
as_assay() { inside setpriv --reuid assay --regid assay --init-groups --no-new-privs --bounding-set=-all --inh-caps=-all "$@"; }
passed=0 failed=0
ok() {
	if [ "$1" -eq 0 ]; then passed=$((passed + 1)); else
		failed=$((failed + 1))
		echo "FAILED: $2"
	fi
}
yes_if() { if "$@" >/dev/null 2>&1; then echo 0; else echo 1; fi; }
no_if() { if "$@" >/dev/null 2>&1; then echo 1; else echo 0; fi; }

version=$(sed -n 's/^VERSION  *:= //p' Makefile)
mkdir -p "$folder/old" "$tree/debs"
bash packaging/deb.sh 0.1.0~0 "$folder/old" >/dev/null
# The older one is from before roles had users of their own: one unit, one user, a directory for its owner only.
old=$folder/old/tree
dpkg-deb -R "$folder"/old/assay_0.1.0~0_*.deb "$old"
rm "$old"/lib/systemd/system/*.socket "$old"/lib/systemd/system/assay-{host,web,report,notify}.service
sed -i -e 's/ --stations [^ ]*//' -e '/^\(Requires\|After\)=assay-/d' -e 's/StateDirectoryMode=.*/StateDirectoryMode=0700/' -e 's/UMask=.*/UMask=0077/' "$old"/lib/systemd/system/assay*.service
sed -i '/assay-/d' "$old/usr/lib/sysusers.d/assay.conf"
sed -i 's/0750/0700/' "$old/usr/lib/tmpfiles.d/assay.conf"
sed -i 's/^sockets=.*/sockets=/; s/ assay-[a-z]*\.socket//g' "$old"/DEBIAN/p*
(cd "$old" && find . -type f ! -path './DEBIAN/*' -printf '%P\0' | sort -z | xargs -0 md5sum >DEBIAN/md5sums)
dpkg-deb --root-owner-group --build "$old" "$folder"/old/assay_0.1.0~0_*.deb >/dev/null
cp "$folder"/old/*.deb build/deb/*_"$version"_*.deb "$tree/debs/"

inside apt-get -qq update >/dev/null 2>&1
set +e
said=$(lintian --allow-root --fail-on error,warning build/deb/*_"$version"_*.deb 2>&1)
ok $? "lintian: $said"
inside sh -c 'apt-get -qq install -y --no-install-recommends /debs/assay_0.1.0~0_*.deb /debs/assay-specs_0.1.0~0_*.deb' >"$folder/install.log" 2>&1
code=$?
ok $code 'installs with what it depends on'
[ $code = 0 ] || { tail -20 "$folder/install.log"; exit 1; }
ok "$(yes_if inside getent passwd assay)" 'the user is there'
ok "$(yes_if inside sh -c 'id -nG assay | grep -qw dialout')" 'in the group of serial ports'
ok "$(yes_if test "$(inside stat -c '%U %a' /var/lib/assay)" = 'assay 700')" 'its directory is its own'
ok "$(yes_if inside test -L /etc/systemd/system/multi-user.target.wants/assay.service)" 'the unit is enabled'
ok "$(yes_if inside test -L /etc/systemd/system/timers.target.wants/assay-backup.timer)" 'and the timer'
ok "$(yes_if inside assay spec check)" 'limits are found'
ok "$(yes_if inside assay driver test)" 'drivers give their transcripts'

inside mkdir -p /var/lib/assay/made
inside chown assay: /var/lib/assay/made
as_assay assay demo --once --json -d /var/lib/assay/made/d >"$folder/first" 2>"$folder/first.err"
ok $? "a laboratory runs as the package's user: $(tail -1 "$folder/first.err")"
ok "$(yes_if test "$(wc -l <"$folder/first")" = 3)" 'with three verdicts'
inside sh -c 'mv /var/lib/assay/made/d/* /var/lib/assay/ && rm -r /var/lib/assay/made'
as_assay env KEEP=2 DRILL_DAY="$(date +%u)" /usr/lib/assay/backup >/dev/null 2>&1
ok $? 'backup with restore drill, as the timer runs it'
ok "$(yes_if inside sh -c 'test "$(ls /var/backups/assay | wc -l)" = 1')" 'one copy, no drill left behind'
before=$(inside sha256sum /var/lib/assay/journal/0001.db /var/lib/assay/keys/origin.key)
ok "$(no_if inside getent passwd assay-web)" 'one user has it all'

inside sh -c "apt-get -qq install -y --no-install-recommends /debs/assay_${version}_*.deb" >"$folder/upgrade.log" 2>&1
ok $? 'upgrade'
ok "$(yes_if test "$(inside sha256sum /var/lib/assay/journal/0001.db /var/lib/assay/keys/origin.key)" = "$before")" 'no byte of the journal and the key has changed'
as_assay assay verify /var/lib/assay >/dev/null
ok $? 'and it verifies'
ok "$(yes_if test "$(inside stat -c '%U %a' /var/lib/assay)" = 'assay 750')" 'its group may enter'
for kind in host web report notify; do
	ok "$(yes_if inside getent passwd assay-$kind)" "$kind has a user of its own"
	ok "$(yes_if inside test -L /etc/systemd/system/sockets.target.wants/assay-$kind.socket)" "and a socket that is enabled"
	ok "$(no_if inside sh -c "id -nG assay-$kind | grep -qw dialout")" 'without serial ports'
done
ok "$(yes_if test "$(inside id -nG assay-web) $(inside id -nG assay-notify) $(inside id -nG assay-host) $(inside id -nG assay-report)" = 'assay-web assay assay-notify assay assay-host assay-report')" 'web and notify are in the group, the others are not'
ok "$(yes_if test "$(inside dpkg-query -Wf '${Version}' assay-specs)" = 0.1.0~0)" 'the limits were left as they were'
inside sh -c "apt-get -qq install -y --no-install-recommends /debs/assay-specs_${version}_all.deb" >/dev/null 2>&1
ok $? 'limits updated alone'

inside apt-get -qq remove -y assay >/dev/null 2>&1
ok $? 'remove'
ok "$(no_if inside test -e /usr/bin/assay)" 'the program is gone'
ok "$(yes_if test "$(inside sha256sum /var/lib/assay/journal/0001.db /var/lib/assay/keys/origin.key)" = "$before")" 'the journal is not'
inside apt-get -qq purge -y assay assay-specs >"$folder/purge.log" 2>&1
ok $? 'purge'
ok "$(yes_if grep -q evidence "$folder/purge.log")" 'says that the journal was kept'
ok "$(yes_if test "$(inside sha256sum /var/lib/assay/journal/0001.db /var/lib/assay/keys/origin.key)" = "$before")" 'and keeps it'
ok "$(no_if inside test -e /var/lib/assay/state.db)" 'what can be made again is gone'
ok "$(no_if inside sh -c 'find /usr /etc /lib -path "*assay*" | grep -v "^/usr/share/mime" | grep .')" 'nothing else is left'
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
