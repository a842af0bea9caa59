#!/usr/bin/env bash
# Each kind of role as a user of its own (assay serve --stations): see stations.py.
set -u
exec python3 -B "$(dirname "$0")/stations.py"
