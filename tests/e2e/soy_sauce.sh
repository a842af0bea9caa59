#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# soy_sauce.sh BINARY: a batch of soy sauce from an empty directory to its certificate, in a real browser. Pictures go to
# build/pictures/. Prints "N passed, N failed"; not 0 when anything failed. Each of them is looked at and kept in both languages (both_languages.py).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
exec python3 "$here/soy_sauce.py" "${1:-${ASSAY:-build/assay}}"
