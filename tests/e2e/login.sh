#!/bin/sh
# Logging in, users and signatures in a real browser (login.py).
exec python3 "$(dirname "$0")/login.py"
