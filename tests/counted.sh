# shellcheck shell=bash
# Sourced by scripts that count their checks: ok STATUS WHAT; at the end finish, the line that tests/run.sh reads.
passed=0 failed=0
ok() {
	if [ "$1" -eq 0 ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "FAILED: $2"
	fi
}
finish() {
	echo "$passed passed, $failed failed"
	[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
}
