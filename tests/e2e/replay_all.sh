#!/usr/bin/env bash
# Every instrument file that is shipped, played through real lines into a real journal; verify --replay finds every exchange
# decoded again to the same readings.
set -u
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
if tests/e2e/replay_all.py "$folder"; then
	echo '1 passed, 0 failed'
else
	echo '0 passed, 1 failed'
	exit 1
fi
