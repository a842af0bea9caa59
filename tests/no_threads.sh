#!/bin/sh
# Threads are made in the given folders only: those are what the thread sanitizer watches in `make check`.
#
#   tests/no_threads.sh FOLDER...
set -eu
cd "$(dirname "$0")/.."
status=0
for file in $(grep -rlE '(pthread|thrd)_create|MHD_USE_[A-Z_]*(INTERNAL|THREAD)' drivers limits gateway --include='*.c'); do
	allowed=
	for folder in "$@"; do
		case $file in "$folder"/*) allowed=1 ;; esac
	done
	[ -n "$allowed" ] || { echo "$file: makes threads; name its folder in THREADED (Makefile)"; status=1; }
done
exit $status
