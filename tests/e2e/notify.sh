#!/usr/bin/env bash
set -u
exec timeout 120 python3 tests/e2e/notify.py
