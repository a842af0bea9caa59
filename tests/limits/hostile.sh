#!/bin/sh
set -eu
here=$(cd "$(dirname "$0")/../.." && pwd)
exec /usr/bin/python3 "$here/tests/limits/hostile.py" "${ASSAY:-$here/build/assay}" "$here/specs"
