#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Against Modbus servers that are not ours: pymodbus (TCP, RTU on a pseudo-terminal pair of socat) and libmodbus's own
# server calls (TCP); socat as a serial device server (RTU over TCP).
exec /usr/bin/python3 "$(dirname "$0")/servers.py"
