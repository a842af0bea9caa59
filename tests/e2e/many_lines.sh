#!/bin/sh
# More lines than the soft limit of descriptors allows: every one is opened all the same. The devices are a python3 server.
exec /usr/bin/python3 "$(dirname "$0")/many_lines.py"
