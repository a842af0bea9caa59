#!/bin/sh
# Points of the security checklist from outside, and where each is shown (checklist.py).
exec python3 "$(dirname "$0")/checklist.py"
