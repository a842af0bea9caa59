#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The peers' bugs that concern the wire, as tests of ours: real lines, hostile simulators.
exec /usr/bin/python3 "$(dirname "$0")/bugs.py"
