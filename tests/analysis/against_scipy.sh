#!/usr/bin/env bash
# Figures of gateway/analysis against Debian's scipy on the same data, to six digits (against_scipy.py).
# Needs the built libraries, a C compiler, python3-scipy and python3-numpy.
set -euo pipefail
cd "$(dirname "$0")/../.."
build=${BUILD:-build}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# shellcheck disable=SC2046
"${CC:-gcc}" -std=c11 -D_GNU_SOURCE -O2 -Wall -Wextra -I. -o "$work/figures" tests/analysis/figures.c \
	"$build/libgateway.a" "$build/liblimits.a" $(pkg-config --libs gsl) -lpthread -lm
/usr/bin/python3 tests/analysis/against_scipy.py "$work/figures"
