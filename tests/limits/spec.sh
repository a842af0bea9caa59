#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# assay spec list, show and diff against the XML files as xml.etree reads them.
exec /usr/bin/python3 "$(dirname "$0")/spec.py"
