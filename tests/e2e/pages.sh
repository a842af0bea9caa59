#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# pages.sh BINARY: the pages that people work in all day, in a real browser. Pictures go to build/e2e/.
# Prints "N passed, N failed"; not 0 when anything failed.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
exec python3 "$here/pages.py" "${1:-${ASSAY:-build/assay}}"
