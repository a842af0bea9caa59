#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The contract of assay judge --jsonl, sentence by sentence.
exec /usr/bin/python3 "$(dirname "$0")/jsonl.py"
