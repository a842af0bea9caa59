#!/usr/bin/env bash
# R01 to R30: what accreditation and data-integrity rules ask of a laboratory's system, each shown by commands on a laboratory
# that has just played a morning. requirements.sh R07 runs one; without names all.
set -u
here=$(dirname "$0")
exec python3 "$here/requirements.py" "${ASSAY:-build/assay}" "$@"
