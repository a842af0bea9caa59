#!/bin/sh
# What a laboratory's instruments cannot test: assay plan -c against the files read by another hand (python3's ElementTree).
set -eu
here=$(cd "$(dirname "$0")/../.." && pwd)
exec /usr/bin/python3 "$here/tests/limits/plan.py" "${ASSAY:-$here/build/assay}" "$here/specs"
