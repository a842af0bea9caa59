#!/usr/bin/env bash
# lab.xml: manual, schema, driver and examples agree.
exec python3 "$(dirname "$0")/lab_xml.py" "${ASSAY:-build/assay}"
