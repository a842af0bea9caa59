#!/usr/bin/env bash
# Run test programs one after another, each with a time limit and a log of its own, and count what passed.
#
#   tests/run.sh LOGDIR SUITE PROGRAM...        TIMEOUT_S (default 300) is the limit of each
#
# Logs are LOGDIR/SUITE/PROGRAM.log; "PASSED FAILED" of the suite is added to LOGDIR/counts, since suites run side by side.
#
# A program passes when it exits 0. Its cases are counted from what it prints: cmocka's "[  PASSED  ] N test(s)",
# or a line "N passed, N failed"; a program that prints neither counts as one.
set -u
counts=$1/counts suite=$2 logs=$1/$2
shift 2
mkdir -p "$logs"
passed=0 failed=0
for program in "$@"; do
	name=$(basename "$program")
	log=$logs/$name.log
	begun=$(date +%s)
	timeout -k 5 "${TIMEOUT_S:-300}" "$program" >"$log" 2>&1 </dev/null
	code=$?
	seconds=$(($(date +%s) - begun))
	counted=$(sed -n -e 's/^\[  PASSED  \] \([0-9]*\) test.*/\1/p' -e 's/^\(.*: \)\?\([0-9]*\) passed, [0-9]* failed.*/\2/p' "$log" | tail -n 1)
	broken=$(sed -n -e 's/^\[  FAILED  \] \([0-9]*\) test.*/\1/p' -e 's/^\(.*: \)\?[0-9]* passed, \([0-9]*\) failed.*/\2/p' "$log" | tail -n 1)
	passed=$((passed + ${counted:-0}))
	if [ "$code" -eq 0 ] && [ "${broken:-0}" -eq 0 ]; then
		[ -n "$counted" ] || passed=$((passed + 1))
		printf '  ok      %-8s %-28s %5s cases %4s s\n' "$suite" "$name" "${counted:-1}" "$seconds"
	else
		[ "${broken:-0}" -gt 0 ] || broken=1
		failed=$((failed + broken))
		[ "$code" -eq 124 ] && printf 'timed out after %s s\n' "${TIMEOUT_S:-300}" >>"$log"
		printf '  FAILED  %-8s %-28s exit %s; end of %s:\n%s\n' "$suite" "$name" "$code" "$log" \
			"$(tail -n 40 "$log" | sed 's/^/          /')"
	fi
done
echo "$passed $failed" >>"$counts"
printf '  %s: %s cases, %s of them failed\n' "$suite" $((passed + failed)) "$failed"
[ "$failed" -eq 0 ]
