#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The instrument files: each family that is promised is there, a text or Modbus instrument takes fewer than 30 lines
# without its transcripts, and a new one that is one file and no more passes assay driver test.
exec /usr/bin/python3 "$(dirname "$0")/instruments.py"
