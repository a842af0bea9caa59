/* SPDX-License-Identifier: Apache-2.0
 * The driver ascii on any bytes. */
#include "drivers/ascii.c"
#include "tests/fuzz/driver_target.h"

static const struct assay_setting set[] = {
	{"line", 0, "pattern", "(?<status>ST|US|OL),(?<value>[-+0-9.E]{1,20}) *(?<unit>[A-Za-z%]{1,3})"},
	{"line", 0, "channel", "weight"}, {"status", 0, "text", "ST"}, {"status", 0, "flags", "stable"},
	{"status", 1, "text", "OL"}, {"status", 1, "reason", "over"}, {"novalue", 0, "text", "--"},
	{"novalue", 0, "reason", "not-ready"}, {"line", 1, "pattern", "(?<value_a>[^;]*);(?<value_b>.*)"},
	{"line", 1, "channel", "a b"}, {"", 0, "charset", "latin1"}, {"", 0, "exponent", "yes"}};
FUZZ_DRIVER(set, sizeof set / sizeof *set)
