#!/usr/bin/env bash
# /metrics against the journal, alert rules and dashboard against /metrics.
exec python3 "$(dirname "$0")/metrics.py" "${ASSAY:-build/assay}"
