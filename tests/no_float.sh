#!/bin/sh
# No binary floating point from wire to verdict: types, literals, and the library calls that bring them in. Comments
# and strings do not count. Prints each place and exits 1 when there is one.
#
#   tests/no_float.sh            Statistics in gateway/analysis may use it, but not where results are held.
set -eu
cd "$(dirname "$0")/.."
files=$(find drivers limits gateway/wire gateway/record gateway/lab -name '*.[ch]' 2>/dev/null | sort)
for noun in qc westgard calibration; do
	for file in gateway/analysis/$noun.h gateway/analysis/$noun.c; do
		[ -f "$file" ] || { echo "$file: missing, but decides what is held"; exit 1; }
		files="$files $file"
	done
done
found=$(mktemp)
trap 'rm -f "$found"' EXIT
for file in $files; do
	awk -v file="$file" '
	function code(text,   out, c, two, i) {
		out = ""
		for (i = 1; i <= length(text); i++) {
			c = substr(text, i, 1); two = substr(text, i, 2)
			if (comment) { if (two == "*/") { comment = 0; i++ } continue }
			if (quote != "") {
				if (c == "\\") i++
				else if (c == quote) quote = ""
				continue
			}
			if (two == "/*") { comment = 1; i++; out = out " "; continue }
			if (two == "//") break
			if (c == "\"" || c == "\047") { quote = c; continue }
			out = out c
		}
		quote = ""
		return out
	}
	{
		line = " " code($0) " "
		if (line ~ /[^A-Za-z0-9_](float|double|_Float[0-9x]*|_Decimal[0-9]*|strtod|strtof|strtold|atof|sqlite3_(column|bind|value|result)_double|json_real[a-z_]*|json_number_value)[^A-Za-z0-9_]/ ||
			line ~ /#[ ]*include[ ]*<(math|tgmath|complex|float|fenv|gsl\/)/ ||
			line ~ /[^A-Za-z0-9_.][0-9]+\.[0-9]*([eE][-+]?[0-9]+)?[fFlL]?[^A-Za-z0-9_.]/ ||
			line ~ /[^A-Za-z0-9_.\])]\.[0-9]+([eE][-+]?[0-9]+)?[fFlL]?[^A-Za-z0-9_]/ ||
			line ~ /[^A-Za-z0-9_.][0-9]+[eE][-+]?[0-9]+[fFlL]?[^A-Za-z0-9_.]/)
			print file ":" NR ": " $0
	}' "$file" >>"$found"
done
[ -s "$found" ] || exit 0
cat "$found"
echo "binary floating point between wire and verdict: use assay_decimal or assay_fraction"
exit 1
