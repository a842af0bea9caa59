#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# district.sh BINARY: shared risk in a real browser: heat map to batch to bytes, a producer's page on a phone, the quarter's
# report. Prints "N passed, N failed"; not 0 when anything failed.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
exec python3 "$here/district.py" "${1:-${ASSAY:-build/assay}}"
