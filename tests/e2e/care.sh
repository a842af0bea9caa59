#!/usr/bin/env bash
# assay doctor and assay support-bundle, asked on healthy and on wounded data directories.
exec python3 "$(dirname "$0")/care.py" "${ASSAY:-build/assay}"
