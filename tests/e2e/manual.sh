#!/usr/bin/env bash
# Program, help, manual, guides and completion name the same commands, verbs and options.
exec python3 "$(dirname "$0")/manual.py" "${ASSAY:-build/assay}"
