#!/bin/sh
# The model in Python against assay judge --jsonl: edges of every row, then random cases (ten million with ASSAY_FULL).
# SEED and JOBS may be set.
set -eu
here=$(cd "$(dirname "$0")/../.." && pwd)
assay=${ASSAY:-$here/build/assay}
seed=${SEED:-$(date +%j%H)}
cases=200000
[ -z "${ASSAY_FULL:-}" ] || cases=10000000
export PYTHONDONTWRITEBYTECODE=1
model() { /usr/bin/python3 "$here/tests/limits/model.py" "$assay" "$here/specs" "$@"; }
model --rows
model --cases "$cases" --seed "${seed#0}" ${JOBS:+--jobs "$JOBS"}
echo "model: 2 passed, 0 failed"
