#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# run.sh BINARY: the gateway with its demonstration laboratory, looked at and worked with in a real browser.
# Pictures go to build/e2e/. Prints "N passed, N failed"; not 0 when anything failed.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
exec python3 "$here/run.py" "${1:-${ASSAY:-build/assay}}"
