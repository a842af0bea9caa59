#!/bin/sh
# Accounts, sessions, rights and the writing API, from outside (people.py).
exec python3 "$(dirname "$0")/people.py"
