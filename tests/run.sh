#!/usr/bin/env bash
# Run test programs, each with a time limit and a log of its own, and count what passed.
#
#   tests/run.sh LOGDIR SUITE PROGRAM...        TIMEOUT_S (default 300) is the limit of each, LANES (default 1) how many
#                                               run at a time
#
# Logs are LOGDIR/SUITE/PROGRAM.log; "PASSED FAILED" of the suite is added to LOGDIR/counts, since suites run side by side.
#
# A program passes when it exits 0. Its cases are counted from what it prints: cmocka's "[  PASSED  ] N test(s)",
# or a line "N passed, N failed"; a program that prints neither counts as one.
set -u
counts=$1/counts suite=$2 logs=$1/$2 lanes=${LANES:-1}
shift 2
mkdir -p "$logs"
rm -f "$logs"/*.count
TIMEFORMAT='%R %U %S'

# Runs one program; its line goes out whole, its counts to a file of its own.
run() {
	local name log code seconds counted broken
	name=$(basename "$1")
	log=$logs/$name.log
	seconds=$({ time timeout -k 5 "${TIMEOUT_S:-300}" "$1" >"$log" 2>&1 </dev/null; } 2>&1; exit "${PIPESTATUS[0]}")
	code=$?
	seconds=$(awk '{ printf "%3.0f s, %3.0f s of processor", $1, $2 + $3 }' <<<"$seconds")
	counted=$(sed -n -e 's/^\[  PASSED  \] \([0-9]*\) test.*/\1/p' -e 's/^\(.*: \)\?\([0-9]*\) passed, [0-9]* failed.*/\2/p' "$log" | tail -n 1)
	broken=$(sed -n -e 's/^\[  FAILED  \] \([0-9]*\) test.*/\1/p' -e 's/^\(.*: \)\?[0-9]* passed, \([0-9]*\) failed.*/\2/p' "$log" | tail -n 1)
	if [ "$code" -eq 0 ] && [ "${broken:-0}" -eq 0 ]; then
		echo "${counted:-1} 0" >"$log.count"
		printf '  ok      %-8s %-28s %5s cases %s\n' "$suite" "$name" "${counted:-1}" "$seconds"
	else
		[ "${broken:-0}" -gt 0 ] || broken=1
		echo "${counted:-0} $broken" >"$log.count"
		[ "$code" -eq 124 ] && printf 'timed out after %s s\n' "${TIMEOUT_S:-300}" >>"$log"
		printf '  FAILED  %-8s %-28s exit %s; end of %s:\n%s\n' "$suite" "$name" "$code" "$log" \
			"$(tail -n 40 "$log" | sed 's/^/          /')"
	fi
}

running=0
for program in "$@"; do
	[ "$running" -lt "$lanes" ] || { wait -n; running=$((running - 1)); }
	run "$program" &
	running=$((running + 1))
done
wait
read -r passed failed < <(cat "$logs"/*.count | awk '{ p += $1; f += $2 } END { print p + 0, f + 0 }')
[ "$(find "$logs" -name '*.count' | wc -l)" -eq $# ] || failed=$((failed + 1))
echo "$passed $failed" >>"$counts"
printf '  %s: %s cases, %s of them failed\n' "$suite" $((passed + failed)) "$failed"
[ "$failed" -eq 0 ]
