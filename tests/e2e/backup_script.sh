#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# backup_script.sh BINARY: the script that the timer runs. Copies made within one second do not stand in each other's way, the
# newest KEEP stay, and on DRILL_DAY one is restored and compared. Prints "N passed, N failed"; not 0 when anything failed.
set -u
here=$(cd "$(dirname "$0")/../.." && pwd)
assay=$(realpath "${1:-${ASSAY:-build/assay}}")
folder=$(mktemp -d)
gateway=''
trap '[ -z "$gateway" ] || kill "$gateway"; rm -rf "$folder"' EXIT
passed=0 failed=0
ok() {
	if [ "$1" = "$2" ]; then passed=$((passed + 1)); else
		failed=$((failed + 1))
		echo "FAILED: $3: $1"
	fi
}
mkdir "$folder/data" "$folder/copies"
echo '<lab site="t" origin="t.example" name-zh="测" name-en="t" listen="127.0.0.1:0"></lab>' >"$folder/data/lab.xml"
"$assay" serve -d "$folder/data" >"$folder/said" 2>&1 &
gateway=$!
for _ in $(seq 100); do grep -q http "$folder/said" && break; sleep 0.1; done
copy() { ASSAY_DIR=$folder/data DEST=$folder/copies ASSAY=$assay DRILL_DAY=$1 KEEP=2 sh "$here/packaging/backup" >"$folder/copied" 2>&1; }
for _ in 1 2 3; do
	copy 0
	ok $? 0 "a copy is made: $(cat "$folder/copied")"
done
ok "$(find "$folder/copies" -mindepth 1 -maxdepth 1 | wc -l)" 2 'the newest two stay'
copy "$(date +%u)"
ok $? 0 "one is restored and compared: $(cat "$folder/copied")"
ok "$(find "$folder/copies" -name drill)" '' 'and the trial is taken away'
for kept in "$folder"/copies/*; do
	"$assay" verify "$kept" >/dev/null
	ok $? 0 'what stays verifies'
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
