#!/bin/sh
# What assay-report prints, read back with independent programs (poppler, zbar). ASSAY: the assay binary; the helper
# stands beside it.
set -eu
ASSAY=${ASSAY:-$(cd "$(dirname "$0")/../.." && pwd)/build/assay}
exec python3 "$(dirname "$0")/report.py" "$(dirname "$ASSAY")/assay-report"
