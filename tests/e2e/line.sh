#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# assay line against a gateway whose instruments are played by assay sim.
exec /usr/bin/python3 "$(dirname "$0")/line.py"
