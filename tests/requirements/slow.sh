#!/bin/sh
# S04, S05: slow and many connections, and a technician's page all the same (slow.py).
exec python3 "$(dirname "$0")/slow.py"
