#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Against modbus-serial (npm, locked): as a Modbus TCP server for the gateway, as a client of assay sim. Its native serial
# binding is not built; socat gives its place on a serial line in servers.sh and peers.sh to others.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
room=$here/../../build/peers
mkdir -p "$room"
if ! cmp -s "$here/package-lock.json" "$room/installed.json"; then
	cp "$here/package.json" "$here/package-lock.json" "$room/"
	(cd "$room" && npm ci --ignore-scripts --no-audit --no-fund --silent)
	cp "$here/package-lock.json" "$room/installed.json"
fi
NODE_PATH=$(cd "$room" && pwd)/node_modules exec /usr/bin/python3 "$here/modbus_serial.py"
