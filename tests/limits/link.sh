#!/bin/sh
# limits/ stands alone: it links with libxml2 and libcrypto only, asks for nothing of SQLite, libmodbus, libserialport or
# microhttpd, includes nothing of the gateway, and holds no binary floating point.
set -eu
here=$(cd "$(dirname "$0")/../.." && pwd)
cd "$here"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat >"$work/alone.c" <<'C'
#include "limits/limits.h"
#include <stdio.h>
int main(void)
{
	static struct assay_verdict verdict;
	struct assay_specs *specs = NULL;
	struct assay_error err;
	struct assay_question question = {.standard = "GB 2762", .category = "F18", .analyte = "lead", .value = "0.51 mg/kg", .produced = "2026-10-01"};
	if (assay_specs_load("specs", &specs, &err) != ASSAY_OK)
		return 1;
	assay_judge(specs, &question, &verdict);
	(void)puts(verdict.text_en);
	assay_specs_free(specs);
	return 0;
}
C
# shellcheck disable=SC2046
cc -std=c11 -I. -o "$work/alone" "$work/alone.c" build/liblimits.a $(pkg-config --libs libxml-2.0 libcrypto)
[ "$("$work/alone")" = fail ]
if nm -u build/liblimits.a | grep -E ' (sqlite3_|modbus_|sp_[a-z]|MHD_|json_|pcre2_)'; then exit 1; fi
if grep -n '#include "\(gateway\|drivers\)/' limits/*.[ch]; then exit 1; fi
if grep -nwE 'float|double' limits/*.[ch] | grep -v '^[^:]*:[0-9]*:.*\(\*\|//\|"\)'; then exit 1; fi
if ldd "$work/alone" | grep -E 'sqlite|modbus|serialport|microhttpd'; then exit 1; fi
echo "link: 1 passed, 0 failed"
