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
# The guides name only commands and pictures there are.
for guide in "$here"/../../gateway/man/*.md; do
	for command in $(sed 's/sudo -u assay //g' "$guide" | grep -oE '(^|[` ])assay [a-z][a-z-]*' | sed 's/.*assay //' | sort -u); do
		if "$ASSAY" "$command" --help >/dev/null 2>&1; then passed=$((passed + 1)); else
			echo "${guide##*/}: there is no command $command"
			failed=$((failed + 1))
		fi
	done
	for picture in $(sed -n 's/^!\[.*](\(.*\))$/\1/p' "$guide"); do
		[ -e "${guide%/*}/$picture" ] || { echo "${guide##*/}: no picture $picture"; failed=$((failed + 1)); }
	done
done
[ "$passed" -gt 10 ] || failed=$((failed + 1))
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
