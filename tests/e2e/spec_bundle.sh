#!/usr/bin/env bash
# Signed spec bundles: every refusal, and a rollback by two people.
exec /usr/bin/python3 "$(dirname "$0")/spec_bundle.py"
