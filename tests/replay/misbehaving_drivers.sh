#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A driver that crashes, spins, leaks, floods or lies costs its own line only (F16 to F19).
exec /usr/bin/python3 "$(dirname "$0")/misbehaving_drivers.py"
