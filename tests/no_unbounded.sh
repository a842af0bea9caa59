#!/bin/sh
# No call that writes without knowing how much room there is, or reads a number without saying what was wrong with it.
# Comments do not count. Prints each place and exits 1 when there is one.
set -eu
cd "$(dirname "$0")/.."
if grep -rnE '(^|[^A-Za-z0-9_])(sprintf|vsprintf|strcpy|strcat|gets|atoi|atol|atoll|atof)[ ]*\(' \
	gateway drivers limits tests --include='*.[ch]' | grep -vE '^[^:]*:[0-9]*:[[:space:]]*(/?\*|//)'; then
	echo 'unbounded: use snprintf, memcpy with a length, strtoul with its end looked at'
	exit 1
fi
