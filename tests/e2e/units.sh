#!/usr/bin/env bash
# The services as they are installed: each unit's exposure as systemd-analyze scores it (S32, G15: at most 1.5) and no mistake
# in it; sysusers and tmpfiles are understood; the hardening of each binary by readelf (S35); bash completion offers what
# assay --help lists; Type=notify and the watchdog, heard on a socket of our own.
set -u
assay=$(realpath "${ASSAY:-build/assay}")
root=$(cd "$(dirname "$0")/../.." && pwd)
folder=$(mktemp -d)
pid=
trap '[ -n "$pid" ] && kill $pid 2>/dev/null; rm -rf "$folder"' EXIT
. "$(dirname "$0")/../counted.sh"

for unit in "$root"/packaging/*.service; do
	name=${unit##*/}
	systemd-analyze security --offline=true --threshold=15 "$unit" >"$folder/score" 2>&1
	ok $? "$name: exposure at most 1.5"
	score=$(sed -n 's/.*exposure level for .*: \([0-9.]*\) .*/\1/p' "$folder/score")
	python3 -c "import sys; from decimal import Decimal; sys.exit(not Decimal('${score:-9}') <= Decimal('1.5'))"
	ok $? "$name: the figure itself, ${score:-none}"
	ok "$(grep -c 'Unknown\|ignoring' "$folder/score")" "$name: every setting is known"
	for setting in NoNewPrivileges=yes MemoryDenyWriteExecute=yes CapabilityBoundingSet=; do
		grep -qx "$setting" "$unit"
		ok $? "$name: $setting (S32)"
	done
done
# Each unit by systemd itself, and the programs it starts for others that are there. A socket without its service is a mistake it tells.
mkdir "$folder/units"
for unit in "$root"/packaging/*.service "$root"/packaging/*.socket "$root"/packaging/*.timer; do
	sed -e "s#/usr/bin/assay#/bin/true#" -e "s#/usr/lib/assay/backup#/bin/true#" "$unit" >"$folder/units/${unit##*/}"
done
(cd "$folder/units" && systemd-analyze verify --man=no ./*) >"$folder/verified" 2>&1
ok $? "systemd finds no mistake: $(cat "$folder/verified")"
[ ! -s "$folder/verified" ]
ok $? "and says nothing: $(cat "$folder/verified")"
for kind in host web report notify; do
	grep -qx "ListenSequentialPacket=/run/assay/$kind.station" "$root/packaging/assay-$kind.socket" && grep -qx 'SocketMode=0600' "$root/packaging/assay-$kind.socket"
	ok $? "$kind: the socket that the gateway calls, for nobody else"
	grep -qx "User=assay-$kind" "$root/packaging/assay-$kind.service" && grep -q "^u assay-$kind " "$root/packaging/assay.sysusers"
	ok $? "$kind: a user of its own"
	grep -q "^Requires=.*assay-$kind.socket" "$root/packaging/assay.service"
	ok $? "$kind: assay.service wants its socket"
done
ok "$(sed 's/^ExecStart.*//' "$root"/packaging/*.service | grep -ci '^\(CapabilityBoundingSet\|AmbientCapabilities\)=..*')" 'nobody holds a capability'
said=$(systemd-sysusers --dry-run "$root/packaging/assay.sysusers" 2>&1)
ok $? "sysusers are understood: $said"
ok "$(grep -c 'gnoring' <<<"$said")" "and nothing in them is passed over: $said"
mkdir -p "$folder/tree/etc"
printf 'assay:x:900:900::/var/lib/assay:/usr/sbin/nologin\n' >"$folder/tree/etc/passwd"
printf 'assay:x:900:\n' >"$folder/tree/etc/group"
systemd-tmpfiles --root="$folder/tree" --create "$root/packaging/assay.tmpfiles" >/dev/null 2>&1
[ "$(stat -c %a "$folder/tree/var/lib/assay" 2>/dev/null)" = 750 ] && [ "$(stat -c %a "$folder/tree/var/backups/assay" 2>/dev/null)" = 700 ]
ok $? 'tmpfiles make the data directory for its owner and those who read by the group, backups for the owner only'

# S35. -z now and relro: the loader's tables are read-only; a canary on the stack; the C library's checked copies.
build=$(dirname "$assay")
for file in "$assay" "$build/assay-report" "$build"/drivers/*.so; do
	name=${file##*/}
	readelf -hldsW "$file" >"$folder/elf" 2>/dev/null
	grep -q 'Type: *DYN' "$folder/elf" && { [[ $name == *.so ]] || grep -q 'Flags:.*PIE' "$folder/elf"; }
	ok $? "$name: position independent"
	grep -q 'GNU_RELRO' "$folder/elf" && grep -q 'BIND_NOW\|Flags:.*NOW' "$folder/elf"
	ok $? "$name: full RELRO"
	grep -q 'GNU_STACK.* RW  *0x' "$folder/elf" && ! grep -q ' LOAD .* RWE ' "$folder/elf"
	ok $? "$name: no executable stack, nothing writable and executable"
	[[ $name == *.so ]] || grep -q '__stack_chk_fail' "$folder/elf"
	ok $? "$name: stack protector"
	[[ $name == *.so ]] || grep -q '_chk@' "$folder/elf"
	ok $? "$name: fortified"
done

# shellcheck source=/dev/null
. "$root/packaging/assay.bash-completion"
COMP_WORDS=("$assay" '') COMP_CWORD=1
_assay
"$assay" --help | sed -n 's/^  \([a-z-]*\)  .*/\1/p' | sort >"$folder/listed"
printf '%s\n' "${COMPREPLY[@]}" | grep -v '^--' | sort >"$folder/offered"
[ -s "$folder/listed" ] && cmp -s "$folder/listed" "$folder/offered"
ok $? 'completion offers the commands of assay --help'
COMP_WORDS=("$assay" doctor --) COMP_CWORD=2
_assay
[[ " ${COMPREPLY[*]} " == *' --json '* && " ${COMPREPLY[*]} " == *' --codes '* ]]
ok $? 'and the options of a command'

"$assay" serve --check -c "$root/packaging/lab.xml" >/dev/null
ok $? 'the example lab.xml has no mistake'

# A service manager of our own: what it hears, in order; and that a recorder that stands still is not said to progress.
mkdir -m 700 "$folder/d"
printf '<lab site="t" origin="t.example" name-zh="测" name-en="t"></lab>' >"$folder/d/lab.xml"
cat >"$folder/listen.py" <<'PY'
import os, signal, socket, subprocess, sys, time
assay, folder = sys.argv[1:]
def heard(kind):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        name = folder + "/notify" if kind == "path" else "\0assay-test-%d" % os.getpid()
        s.bind(name)
        s.settimeout(20)
        env = dict(os.environ, NOTIFY_SOCKET=name.replace("\0", "@"))
        gateway = subprocess.Popen([assay, "serve", "-d", folder + "/d", "--listen", ""], env=env, stdout=subprocess.DEVNULL)
        try:
            assert s.recv(500).startswith(b"READY=1\n")
            assert s.recv(500) == b"WATCHDOG=1"
            for kid in open(f"/proc/{gateway.pid}/task/{gateway.pid}/children").read().split():
                until = time.monotonic() + 10  # READY does not wait for web and report
                while True:
                    status = open(f"/proc/{kid}/status").read()  # proc(5): 2 is a filter; S33
                    if "\nSeccomp:\t2\n" in status and "\nNoNewPrivs:\t1\n" in status:
                        break
                    assert time.monotonic() < until, status
                    time.sleep(0.02)
            if kind == "path":
                kids = [int(k) for k in open(f"/proc/{gateway.pid}/task/{gateway.pid}/children").read().split()]
                recorder = [k for k in kids if open(f"/proc/{k}/comm").read() == "assay-recorder\n"]
                os.kill(recorder[0], signal.SIGSTOP)
                time.sleep(0.3)
                s.setblocking(False)
                try:
                    while True:
                        s.recv(500)
                except BlockingIOError:
                    pass
                s.settimeout(2.5)
                try:
                    raise AssertionError(s.recv(500))
                except socket.timeout:
                    pass
                os.kill(recorder[0], signal.SIGCONT)
                s.settimeout(10)
                assert s.recv(500) == b"WATCHDOG=1"
            gateway.terminate()
            words = [s.recv(500)]
            while words[-1] == b"WATCHDOG=1":
                words.append(s.recv(500))
            assert words[-1] == b"STOPPING=1", words
            return gateway.wait(20)
        finally:
            gateway.kill()
assert heard("path") == 0 and heard("abstract") == 0
PY
python3 "$folder/listen.py" "$assay" "$folder"
ok $? 'each role is locked; READY when the journal is open, WATCHDOG only with progress, STOPPING at the end'

finish
