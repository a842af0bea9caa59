#!/bin/sh
# Lines covered, by folder, from gcov's counts below the folder given.
set -eu
find "$1" -name '*.gcda' | sort | while read -r counts; do
	gcov -n -o "$(dirname "$counts")" "$counts" 2>/dev/null
done | awk -F"['%:]" '
	/^File / { file = $2 }
	/^Lines executed/ && file ~ /^(limits|drivers|gateway)\/.*\.c$/ {
		split($0, part, "of "); share = $3; lines = part[2] + 0
		folder = file; sub(/\/[^\/]*$/, "", folder)
		total[folder] += lines; hit[folder] += lines * share / 100; file = "" }
	END { for (folder in total) printf "%-18s %6.1f %% of %6d lines\n", folder, 100 * hit[folder] / total[folder], total[folder] }' | sort
