#!/usr/bin/env bash
# S38, S39: see log_injection.py.
exec python3 "$(dirname "$0")/log_injection.py"
