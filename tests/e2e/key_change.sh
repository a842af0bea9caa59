#!/bin/sh
# The journal's signing key is changed while the gateway runs: see key_change.py.
exec python3 "$(dirname "$0")/key_change.py"
