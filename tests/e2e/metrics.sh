#!/usr/bin/env bash
# /metrics against the journal, alert rules and dashboard against /metrics, all of it against Debian's Prometheus. Where that
# is not installed its package is unpacked in build/: installing it would start a service on the machine.
set -eu
room=$(cd "$(dirname "$0")/../.." && pwd)/build/prometheus
if ! command -v prometheus >/dev/null || ! command -v promtool >/dev/null; then
	if [ ! -x "$room/usr/bin/prometheus" ]; then
		mkdir -p "$room"
		(cd "$room" && apt-get -qq download prometheus && dpkg-deb -x prometheus_*.deb . && rm -f prometheus_*.deb)
	fi
	PATH=$room/usr/bin:$PATH
fi
exec python3 "$(dirname "$0")/metrics.py"
