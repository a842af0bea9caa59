#!/usr/bin/env bash
# The manual and the program name the same commands, and every command has help in good order.
set -u
here=$(dirname "$0")
passed=0 failed=0
for command in $("$ASSAY" --help | sed -n 's/^  \([a-z-]*\)  .*/\1/p'); do
	if grep -qE "^\.BR? .*\b${command//-/.?-}\b" "$here/../../gateway/man/assay.1" && "$ASSAY" "$command" --help >/dev/null; then
		passed=$((passed + 1))
	else
		echo "not in assay.1, or without --help: $command"
		failed=$((failed + 1))
	fi
done
[ "$passed" -gt 10 ] || failed=$((failed + 1))
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
