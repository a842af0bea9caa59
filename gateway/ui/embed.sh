#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# embed.sh OUT.c FILE...: write the pages' files as one C table (gateway/web/asset.h).
# index.html is served as "/", LICENSE files together as /ui/licenses.txt, everything else as /ui/NAME.
set -eu
out=$1
shift
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

type_of() {
	case $1 in
	*.html) echo 'text/html; charset=utf-8' ;;
	*.css) echo 'text/css; charset=utf-8' ;;
	*.js) echo 'text/javascript; charset=utf-8' ;;
	*.svg) echo 'image/svg+xml; charset=utf-8' ;;
	*.json) echo 'application/json' ;;
	*.txt) echo 'text/plain; charset=utf-8' ;;
	*) echo "embed.sh: no content type for $1" >&2; exit 1 ;;
	esac
}

count=0
one() { # FILE PATH
	type=$(type_of "$1")
	printf 'static const unsigned char bytes_%d[] = {\n' "$count" >>"$work/bytes"
	od -An -v -tu1 "$1" | sed 's/[^ ] /&,/g; s/  */ /g; s/ ,/,/g; s/$/,/' >>"$work/bytes"
	printf '};\nstatic const unsigned char gzip_%d[] = {\n' "$count" >>"$work/bytes"
	gzip -9 -n -c "$1" | od -An -v -tu1 | sed 's/[^ ] /&,/g; s/  */ /g; s/ ,/,/g; s/$/,/' >>"$work/bytes"
	printf '};\n' >>"$work/bytes"
	printf '\t{"%s", "%s", "\\"%s\\"", bytes_%d, sizeof bytes_%d, gzip_%d, sizeof gzip_%d},\n' "$2" "$type" \
		"$(sha256sum "$1" | cut -c1-32)" "$count" "$count" "$count" "$count" >>"$work/table"
	count=$((count + 1))
}

for file in "$@"; do
	[ -s "$file" ] || { echo "embed.sh: $file is missing or empty" >&2; exit 1; }
	case $file in
	*/index.html) one "$file" / ;;
	*/LICENSE)
		printf '%s\n\n' "$(basename "$(dirname "$file")")" >>"$work/licenses.txt"
		cat "$file" >>"$work/licenses.txt"
		printf '\n\n' >>"$work/licenses.txt" ;;
	*) one "$file" "/ui/$(basename "$file")" ;;
	esac
done
[ ! -s "$work/licenses.txt" ] || one "$work/licenses.txt" /ui/licenses.txt

{
	printf '/* Written by gateway/ui/embed.sh; do not edit. */\n#include "gateway/web/asset.h"\n\n'
	cat "$work/bytes"
	printf '\nconst struct assay_asset assay_assets[] = {\n'
	cat "$work/table"
	printf '};\nconst size_t assay_asset_count = sizeof assay_assets / sizeof *assay_assets;\n'
} >"$work/out.c"
mv "$work/out.c" "$out"
