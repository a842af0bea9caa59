#!/bin/sh
# The model in Python against assay judge --jsonl: edges of every row, then random cases (ten million with ASSAY_FULL).
set -eu
here=$(cd "$(dirname "$0")/../.." && pwd)
assay=${ASSAY:-$here/build/assay}
seed=${SEED:-$(date +%j%H)}
cases=200000
[ -z "${ASSAY_FULL:-}" ] || cases=10000000
/usr/bin/python3 "$here/tests/limits/model.py" "$assay" "$here/specs" --rows
/usr/bin/python3 "$here/tests/limits/model.py" "$assay" "$here/specs" --cases "$cases" --seed "${seed#0}"
echo "model: 2 passed, 0 failed"
