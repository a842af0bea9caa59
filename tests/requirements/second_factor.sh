#!/bin/sh
# S19: a second factor, from outside (second_factor.py).
exec python3 "$(dirname "$0")/second_factor.py"
