#!/usr/bin/env bash
# The packages under systemd: a fresh Debian 12 tree is booted with systemd-nspawn (own processes, network and cgroups), and
# each unit runs as its file says: who each process is, what is taken from it, networks and devices, the watchdog; whatever is killed is
# back. By hand (make check-deb, after deb.sh); needs root, debootstrap, systemd-nspawn and a mirror (MIRROR). TREE keeps a bare tree for another run. Without systemd-nspawn, or where it may not boot, says so: exit 77.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
[ "$(id -u)" = 0 ] || { echo "check-deb needs root (debootstrap, systemd-nspawn)" >&2; exit 1; }
command -v systemd-nspawn >/dev/null || apt-get -qq install -y --no-install-recommends systemd-container >/dev/null 2>&1
command -v systemd-nspawn >/dev/null || { echo "not booted: there is no systemd-nspawn" >&2; exit 77; }
mirror=${MIRROR:-$(apt-cache policy 2>/dev/null | sed -n 's/.* \(https\?:[^ ]*\) bookworm\/main .*/\1/p' | head -n 1)}
folder=$(mktemp -d)
tree=$folder/tree
container='' leader=''
down() {
	[ -n "$container" ] || return 0
	kill -TERM "$container" 2>/dev/null # the container is halted in good order
	for _ in $(seq 40); do kill -0 "$container" 2>/dev/null || break; sleep 0.5; done
	# its first process goes first: it would outlive nspawn
	kill -0 "$container" 2>/dev/null && kill -KILL "$leader" "$container" 2>/dev/null
	wait "$container" 2>/dev/null
	container=''
}
finish() {
	down
	rm -rf --one-file-system "$folder"
}
trap finish EXIT
bare=${TREE:-$folder/bare}
[ -x "$bare/usr/bin/apt-get" ] || debootstrap --variant=minbase bookworm "$bare" "$mirror" >/dev/null || exit 1
cp -a "$bare" "$tree"
cp -r /etc/apt/. "$tree/etc/apt/"
cp /etc/resolv.conf "$tree/etc/" 2>/dev/null
cp build/deb/*.deb "$tree/srv/"
printf '#!/bin/sh\nexit 101\n' >"$tree/usr/sbin/policy-rc.d"
chmod 0755 "$tree/usr/sbin/policy-rc.d"
systemd-nspawn -q -D "$tree" --register=no --keep-unit --resolv-conf=off --setenv=DEBIAN_FRONTEND=noninteractive sh -c 'apt-get -qq update && apt-get -qq install -y --no-install-recommends systemd systemd-sysv dbus curl procps iproute2 udev /srv/assay_*.deb /srv/assay-specs_*.deb' >"$folder/install.log" 2>&1 ||
	{ grep -v '^W:' "$folder/install.log" | tail -n 20; exit 1; }
rm "$tree/usr/sbin/policy-rc.d"

up() { # one boot; the first process of the container is its leader. cgroups as Debian 12 has them, whatever stands
	# outside (in a hybrid tree systemd complains in the unit's own log), and BPF, by which IPAddressDeny and DeviceAllow work
	SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 systemd-nspawn -q -D "$tree" --register=no --keep-unit --resolv-conf=off --private-network \
		--system-call-filter=bpf --capability=CAP_BPF -b >"$folder/boot.log" 2>&1 </dev/null &
	container=$! # not of a function, whose shell would stand between
	for _ in $(seq 40); do
		leader=$(pgrep -P "$container" | head -n 1)
		[ -n "$leader" ] && case $(inside systemctl is-system-running 2>/dev/null) in running | degraded) return 0 ;; esac
		kill -0 "$container" 2>/dev/null || return 1
		sleep 0.5
	done
	return 1
}
inside() { nsenter -t "$leader" -m -u -i -n -p -r -w -- /usr/bin/env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 "$@" </dev/null; }
passed=0 failed=0
ok() {
	if [ "$1" -eq 0 ]; then passed=$((passed + 1)); else
		failed=$((failed + 1))
		echo "FAILED: $2"
	fi
}
as() { inside setpriv --reuid "$1" --regid "$1" --init-groups "${@:2}"; } # a user, outside of any unit and of the roles' own locks
as_assay() { as assay "$@"; }
yes_if() { if "$@" >/dev/null 2>&1; then echo 0; else echo 1; fi; }
no_if() { if "$@" >/dev/null 2>&1; then echo 1; else echo 0; fi; }
soon() { for _ in $(seq 40); do "$@" >/dev/null 2>&1 && return 0; sleep 0.25; done; return 1; }
main_pid() { inside systemctl show -P MainPID assay; }
shows() { [ "$(inside systemctl show -P "$1" "$2")" = "$3" ]; }
at=https://127.0.0.1:8480 # with a certificate of its own making
answers() { [ "$(inside curl -sk -m 5 $at/healthz | grep -c '"status":"ok"')" = 1 ]; }
counts() { inside curl -sk -m 5 $at/metrics | grep -q '^assay_journal_entries [1-9]'; } # web reads the journal
whose() { inside ps -C assay,assay-recorder,assay-host,assay-web,assay-report-ro,assay-notify -o user:20=,comm= | LC_ALL=C sed 's/  */ /' | LC_ALL=C sort -u | paste -sd ,; }
is_whose() { [ "$(whose)" = "$1" ]; }
one() { inside pgrep -o -u "assay-$1" -x "$2"; } # USER NAME: its pid

up || { echo "not booted: $(tail -n 2 "$folder/boot.log")" >&2; exit 77; }
ok "$(yes_if shows ActiveState assay inactive)" 'without lab.xml it does not start'
ok "$(yes_if shows Result assay success)" 'and that is no failure'
ok "$(yes_if inside sh -c 'systemctl list-timers --no-legend | grep -q assay-backup')" 'the timer waits'
inside sh -c 'printf "<lab site=\"t\" origin=\"t.example\" name-zh=\"测\" name-en=\"t\" listen=\"0.0.0.0:8480\"></lab>\n" >/var/lib/assay/lab.xml && chown assay: /var/lib/assay/lab.xml'
inside systemctl start assay
ok $? 'it starts, and tells systemd when it serves'
ok "$(yes_if shows StatusText assay 'serves https://0.0.0.0:8480')" 'with what it serves'
ok "$(yes_if answers)" 'pages answer'
ok "$(yes_if test "$(inside systemctl show -P WatchdogUSec assay)" = 3min)" 'a watchdog looks'
for unit in assay assay-host assay-web assay-report assay-notify assay-backup; do
	exposure=$(inside systemd-analyze security $unit --no-pager 2>/dev/null | sed -n 's/.*exposure level for .*: \([0-9.]*\) .*/\1/p')
	ok "$(yes_if awk "BEGIN { exit !(\"$exposure\" != \"\" && $exposure <= 1.5) }")" "$unit: exposure $exposure"
done
worse=$(inside journalctl -u 'assay*' -p warning --no-pager -q)
ok "$(yes_if test -z "$worse")" "nothing in their logs worse than a notice: $worse"

# The udev rules, by udev itself: what it makes of the machine's ttyS0 when that is taken for a USB adapter with a serial number,
# and for one without.
inside udevadm test --action=add /sys/class/tty/ttyS0 >"$folder/udev" 2>&1
ok "$(yes_if grep -q 'Reading rules file.*70-assay.rules' "$folder/udev")" 'udev reads the rules'
ok "$(no_if grep -i '70-assay.rules.*\(invalid\|unknown\|ignor\)' "$folder/udev")" "and has nothing against them: $(grep 70-assay "$folder/udev")"
inside sh -c 'sed "s/ttyUSB\*|ttyACM\*/ttyS*/" /lib/udev/rules.d/70-assay.rules >/run/71-trial.rules && mkdir -p /run/udev/rules.d && mv /run/71-trial.rules /run/udev/rules.d/'
adapter() { # NAME=VALUE ...: what udev knows of it
	rule='KERNEL=="ttyS0"'
	for pair in "$@"; do rule="$rule, ENV{${pair%%=*}}=\"${pair#*=}\""; done
	inside sh -c 'printf "%s\n" "$1" >/run/udev/rules.d/70-a.rules' sh "$rule"
	inside udevadm test --action=add /sys/class/tty/ttyS0 2>&1
}
said=$(adapter ID_VENDOR_ID=0403 ID_MODEL_ID=6001 ID_SERIAL_SHORT=A1000001 ID_PATH_TAG=pci-usb-0_2)
ok "$(yes_if grep -q 'assay/0403-6001-A1000001' <<<"$said")" 'an adapter with a serial number has that name'
ok "$(no_if grep -q 'assay/at-' <<<"$said")" 'and no other'
ok "$(yes_if grep -q 'ID_MM_DEVICE_IGNORE=1' <<<"$said")" 'ModemManager leaves it alone'
ok "$(yes_if grep -Eq '71-trial.rules:[0-9]+ GROUP 20|71-trial.rules:[0-9]+ GROUP .*dialout' <<<"$said")" "it is dialout's: $(grep -E 'GROUP|MODE' <<<"$said")"
said=$(adapter ID_VENDOR_ID=1a86 ID_MODEL_ID=7523 ID_PATH_TAG=pci-usb-0_2)
ok "$(yes_if grep -q 'assay/at-pci-usb-0_2' <<<"$said")" 'one without is known by its socket'
inside rm -r /run/udev/rules.d

# IPAddressDeny and DeviceAllow: lines of which the unit leaves some, and a hook beyond the laboratory. 203.0.113.0/24 is nobody's (RFC 5737); 5,3 is a tty
# that is no serial port; whether there is a chip behind ttyS9 does not matter, only that EPERM is not the answer.
inside sh -c 'ip addr add 10.77.0.1/32 dev lo && ip addr add 203.0.113.7/32 dev lo && mknod -m 666 /dev/ttyS9 c 4 73 && mknod -m 666 /dev/ttyprintk c 5 3'
ok $? 'two addresses and two devices for the trial'
listens() { # PORT FILE: who was called there
	inside setsid -f perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new(LocalPort => $ARGV[0], Listen => 9); while ($c = $s->accept) { open F, ">>$ARGV[1]"; print F $c->sockhost, "\n"; close F }' "$@" >/dev/null 2>&1
}
listens 4001 /run/heard
listens 4002 /run/hooked
inside install -d -o assay /run/bench
cat >"$tree/var/lib/assay/lab.xml" <<'XML'
<lab site="t" origin="t.example" name-zh="测" name-en="t" listen="0.0.0.0:8480">
  <tell hook="http://10.77.0.1:4002/x"/>
  <line id="near" name-zh="近" name-en="near"><tcp host="10.77.0.1" port="4001"/><instrument id="a" name-zh="甲" name-en="a" spec="mettler-mt-sics"/></line>
  <line id="far" name-zh="远" name-en="far"><tcp host="203.0.113.7" port="4001"/><instrument id="b" name-zh="乙" name-en="b" spec="mettler-mt-sics"/></line>
  <line id="port" name-zh="口" name-en="port"><serial port="/dev/ttyS9"/><instrument id="c" name-zh="丙" name-en="c" spec="mettler-mt-sics"/></line>
  <line id="other" name-zh="别" name-en="other"><serial port="/dev/ttyprintk"/><instrument id="d" name-zh="丁" name-en="d" spec="mettler-mt-sics"/></line>
  <line id="desk" name-zh="台" name-en="desk"><serial port="/run/bench/balance"/><instrument id="e" name-zh="戊" name-en="e" spec="mettler-mt-sics"/></line>
</lab>
XML
inside systemctl reload assay
ok $? 'systemctl reload, with lines'
heard() { inside grep -q "$1" /run/heard; }
reason() { as_assay assay line list -d /var/lib/assay --json | grep "\"line\":\"$1\""; }
ok "$(yes_if soon heard 10.77.0.1)" 'a device server in the laboratory is reached'
ok "$(yes_if inside perl -MIO::Socket::INET -e 'IO::Socket::INET->new(PeerAddr => "203.0.113.7", PeerPort => 4001, Timeout => 5) or die')" 'the other address answers, if it is not the unit that asks'
ok "$(yes_if soon heard 203.0.113.7)" 'and is heard of'
inside rm /run/heard
inside systemctl restart assay
# only now: a pseudo-terminal that the simulator keeps open stays exclusively its first opener's
inside setsid -f setpriv --reuid assay --regid assay --init-groups assay sim /usr/share/assay/specs/instruments/mettler-mt-sics.xml --link /run/bench/balance >/dev/null 2>&1
ok "$(yes_if soon heard 10.77.0.1)" 'after a restart it is reached again'
sleep 3
ok "$(no_if heard 203.0.113.7)" 'an address beyond the laboratory never is (IPAddressDeny)'
ok "$(yes_if grep -q 'not permitted' <<<"$(reason other)")" "a tty that is no serial port is refused (DeviceAllow): $(reason other)"
ok "$(no_if grep -q 'not permitted' <<<"$(reason port)")" "a serial port is not: $(reason port)"

ok "$(yes_if soon inside grep -q 10.77.0.1 /run/hooked)" 'a web hook in the laboratory is called'
inside rm -f /run/hooked
within() { inside sh -c 'echo $$ >/sys/fs/cgroup/system.slice/$0/cgroup.procs && exec "$@"' "$@"; } # UNIT COMMAND...: among its processes
within assay-notify.service curl -s -m 2 http://10.77.0.1:4002/ >/dev/null
ok "$(yes_if inside grep -q 10.77.0.1 /run/hooked)" 'another program of that unit calls it, too'
inside rm -f /run/hooked
within assay-notify.service curl -s -m 2 http://203.0.113.7:4002/ >/dev/null
ok "$(no_if inside test -e /run/hooked)" 'one beyond it cannot be (IPAddressDeny of assay-notify)'
asked_from() { [ -n "$(inside curl -sk -m 3 --interface "$1" https://10.77.0.1:8480/healthz)" ]; }
ok "$(yes_if asked_from 10.77.0.1)" 'pages are had from the laboratory'
ok "$(no_if asked_from 203.0.113.7)" 'and from nowhere else: the listener is of assay.service, whoever answers'

# Who runs as whom, and what is taken from it, as the kernel tells it of each process of the units.
desk() { reason desk | grep -q '"status":"online"'; } # a port that the supervisor opened and a host without devices reads
ok "$(yes_if soon desk)" "a balance on a tty is read: $(reason desk)"
everybody='assay assay,assay assay-recorder,assay-host assay,assay-host assay-host,assay-notify assay,assay-notify assay-notify,assay-report assay,assay-report assay-report-ro,assay-web assay,assay-web assay-web'
ok "$(yes_if soon is_whose "$everybody")" "each kind of role is a user of its own: $(whose)"
ok "$(yes_if inside sh -c "ls ~root/.profile")" "there is a home of root"
network=$(inside readlink /proc/1/ns/net)
for pid in $(inside sh -c 'cat /sys/fs/cgroup/system.slice/assay*.service/cgroup.procs'); do
	status=$(inside cat "/proc/$pid/status")
	name="$(inside ps -o user:20=,comm= "$pid" | sed 's/  */ /') ($pid)"
	ok "$(yes_if grep -q 'CapEff:.0000000000000000' <<<"$status")" "$name holds no capability"
	ok "$(yes_if grep -q 'CapBnd:.0000000000000000' <<<"$status")" "$name can get none"
	ok "$(yes_if grep -Eq 'NoNewPrivs:.1' <<<"$status")" "$name gets no new privileges"
	ok "$(yes_if grep -Eq 'Seccomp:.2' <<<"$status")" "$name is filtered"
	ok "$(no_if grep -q "Uid:.0" <<<"$status")" "$name is not root"
	ok "$(no_if inside nsenter -t "$pid" -m touch /usr/x)" "$name sees /usr read-only"
	ok "$(no_if inside nsenter -t "$pid" -m touch /etc/x)" "$name sees /etc read-only"
	ok "$(no_if inside nsenter -t "$pid" -m sh -c "ls ~root/.profile")" "$name sees no home of root"
	case $name in
	assay-host* | assay-report*) ok "$(no_if inside nsenter -t "$pid" -m ls /var/lib/assay/lab.xml)" "$name sees nothing of the laboratory's files" ;;
	assay-web* | assay-notify*) ok "$(no_if inside nsenter -t "$pid" -m touch /var/lib/assay/x)" "$name sees them read-only" ;;
	esac
	case $name in
	assay-host* | assay-report* | assay-web*)
		ok "$(no_if test "$(inside readlink "/proc/$pid/ns/net")" = "$network")" "$name has no network"
		ok "$(no_if inside nsenter -t "$pid" -m ls /dev/ttyS9)" "$name has no devices"
		;;
	esac
done

# The same users outside of their units and of the roles' own locks: what the owner and the modes of files alone keep from them.
lab=/var/lib/assay
for who in host report; do
	ok "$(no_if as assay-$who ls $lab)" "assay-$who cannot enter the data directory"
	ok "$(no_if as assay-$who head -c 1 $lab/state.db)" "and read nothing in it"
done
for who in web notify; do
	ok "$(yes_if as assay-$who head -c 1 $lab/state.db)" "assay-$who reads the state"
	ok "$(yes_if as assay-$who head -c 1 $lab/journal/0001.db)" 'and the journal'
	for file in keys/origin.key keys/people.db keys/web-key.pem run/assay.sock; do
		ok "$(yes_if inside test -e $lab/$file)" "$file is there"
		ok "$(no_if as assay-$who test -r $lab/$file)" "assay-$who cannot read $file"
	done
	for file in state.db journal/0001.db lab.xml; do
		ok "$(no_if as assay-$who sh -c ": >>$lab/$file")" "assay-$who cannot write $file"
	done
	ok "$(no_if as assay-$who touch $lab/x)" "nor make a file, by assay-$who"
	ok "$(no_if as assay-$who touch $lab/journal/x)" "nor in the journal, by assay-$who"
done
ok "$(yes_if test "$(inside stat -c '%U %a' /run/assay/host.station /run/assay/web.station /run/assay/report.station /run/assay/notify.station | sort -u)" = 'assay 600')" 'only the gateway gets through to the stations'

# A document, by the report role and the program it starts, with nothing but what its unit leaves it.
fonts=/usr/share/fonts/opentype/noto
if [ -e $fonts/NotoSansCJK-Regular.ttc ]; then
	mkdir -p "$tree$fonts" && cp $fonts/NotoSansCJK-Regular.ttc $fonts/NotoSansCJK-Bold.ttc "$tree$fonts/"
	as_assay assay batch new --product biscuit --name 饼干 --producer 甲 --lot L1 --produced 2026-01-20 --samples 1 -d $lab >/dev/null
	ok $? 'a batch is registered'
	as_assay assay print labels "$(as_assay assay batch list -d $lab | awk 'NR == 1 { print $1 }')" --out $lab/labels.pdf -d $lab
	ok $? 'its labels are printed'
	ok "$(yes_if grep -q '^%PDF-' "$tree$lab/labels.pdf")" 'as a document'
else
	echo 'not tried: a document (no fonts-noto-cjk here)'
fi

# Whatever is killed is back, and the service was not restarted for it.
before=$(main_pid)
back() { [ "$(inside pgrep -c -u "assay-$1" -x "$2")" = "$4" ] && ! inside kill -0 "$3" 2>/dev/null; } # USER NAME PID COUNT
for who in 'host assay-host' 'web assay-web' 'report assay-report-ro' 'notify assay-notify' 'host assay' 'web assay' 'report assay' 'notify assay'; do
	read -r user name <<<"$who"
	pid=$(one "$user" "$name")
	count=$(inside pgrep -c -u "assay-$user" -x "$name")
	inside kill -KILL "$pid"
	ok "$(yes_if soon back "$user" "$name" "$pid" "$count")" "$name of assay-$user, killed, is back"
	ok "$(yes_if soon is_whose "$everybody")" "with whom it took along: $(whose)"
done
for unit in host web report notify; do
	inside systemctl restart assay-$unit
	ok $? "systemctl restart assay-$unit"
	ok "$(yes_if soon is_whose "$everybody")" "and its role is back: $(whose)"
done
ok "$(yes_if soon answers)" 'pages answer'
ok "$(yes_if soon counts)" 'and read the journal'
ok "$(yes_if soon desk)" "the balance is read: $(reason desk)"
ok "$(yes_if test "$(main_pid)" = "$before")" 'the gateway has run on'

# The watchdog, shortened: fed by what is committed, and by nothing else.
inside sh -c 'mkdir -p /run/systemd/system/assay.service.d && printf "[Service]\nWatchdogSec=10\n" >/run/systemd/system/assay.service.d/t.conf'
inside systemctl daemon-reload
inside systemctl restart assay
restarts() { inside systemctl show -P NRestarts assay; }
ended() { [ "$(restarts)" -gt "$1" ] && answers; }
sleep 21
ok "$(yes_if shows NRestarts assay 0)" 'who makes progress is left alone'
for who in recorder supervisor; do
	was=$(restarts)
	pid=$(main_pid)
	[ $who = supervisor ] || pid=$(inside pgrep -P "$pid" -x assay-recorder)
	inside kill -STOP "$pid"
	for _ in $(seq 4); do ended "$was" || soon ended "$was"; done
	ok "$(yes_if ended "$was")" "a $who that stands still: the watchdog restarts the service ($was, now $(restarts))"
done
ok "$(yes_if test "$(inside journalctl -u assay --no-pager -q | grep -c 'Watchdog timeout')" = 2)" 'systemd says that it was the watchdog'
inside rm -r /run/systemd/system/assay.service.d
inside systemctl daemon-reload
inside systemctl restart assay

inside systemctl reload assay
ok $? 'systemctl reload'
ok "$(yes_if soon answers)" 'and it goes on'
before=$(main_pid)
inside kill -KILL "$(inside pgrep -P "$before" -x assay-recorder)"
ok "$(yes_if soon answers)" 'a recorder that is killed is back'
ok "$(yes_if test "$(main_pid)" = "$before")" 'without the service'
inside kill -KILL "$before"
sleep 2
ok "$(yes_if soon answers)" 'the supervisor killed: systemd starts it again'
ok "$(yes_if shows NRestarts assay 1)" 'once'
inside systemctl start assay-backup
ok $? 'the backup unit runs'
ok "$(yes_if inside sh -c 'ls /var/backups/assay/*/journal/0001.db')" 'and leaves a copy'
inside systemctl stop assay
for unit in assay assay-host assay-web assay-report assay-notify; do
	ok "$(yes_if shows Result $unit success)" "$unit stops in good order"
	ok "$(yes_if shows ActiveState $unit inactive)" "and $unit is gone"
done
ok "$(no_if inside pgrep -u assay-host,assay-web,assay-report,assay-notify)" "no role is left: $(inside ps -u assay-host,assay-web,assay-report,assay-notify -o user:20=,stat=,args= | paste -sd ,)"
ok "$(no_if inside pgrep -f '/usr/bin/assay (serve|station)')" 'and no process of the gateway'
as_assay assay verify /var/lib/assay >/dev/null
ok $? 'and its journal verifies'

# the way back, as the administrator's guide has it
inside systemctl start assay
printf 'quite-long-words-7\n' | nsenter -t "$leader" -a setpriv --reuid assay --regid assay --init-groups /usr/bin/assay user add wang --name Wang --role admin -d /var/lib/assay >/dev/null
ok $? 'somebody is registered'
as_assay assay key change -d /var/lib/assay --reason 'trial' >/dev/null
ok $? 'the key is changed'
inside systemctl start assay-backup
made=$?
ok "$made" 'and a backup made'
[ "$made" -eq 0 ] || inside journalctl -u assay-backup -u assay -n 30 --no-pager
inside sh -c 'systemctl stop assay && mv /var/lib/assay /var/lib/assay.old && assay restore "$(ls -d /var/backups/assay/*T* | tail -n 1)" -d /var/lib/assay && cp /var/lib/assay.old/keys/origin.key /var/lib/assay/keys/ && chown -R assay: /var/lib/assay' >/dev/null
ok $? 'restored'
as_assay assay verify /var/lib/assay >/dev/null
ok $? 'what was restored verifies'
inside systemctl start assay
ok "$(yes_if soon answers)" 'and serves'
ok "$(yes_if soon counts)" 'with a journal that web can read'
ok "$(yes_if grep -q wang <<<"$(as_assay assay user list -d /var/lib/assay)")" 'with its people'
printf 'other-long-words-8\n' | nsenter -t "$leader" -a setpriv --reuid assay --regid assay --init-groups /usr/bin/assay user password wang --reason restored -d /var/lib/assay >/dev/null
ok $? 'who get a new password'
inside systemctl stop assay
as_assay assay verify /var/lib/assay >/dev/null
ok $? 'it goes on signing'
down
up || { echo "FAILED: no second boot"; exit 1; }
ok "$(yes_if soon answers)" 'after a boot it serves by itself'
ok "$(yes_if soon is_whose "$everybody")" "each as its user: $(whose)"
down
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
