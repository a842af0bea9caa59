#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# assay sim seen from outside: raw bytes on its pseudo-terminal, mbpoll and pymodbus as its Modbus masters.
exec /usr/bin/python3 "$(dirname "$0")/sim.py"
