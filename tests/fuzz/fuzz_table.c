/* SPDX-License-Identifier: Apache-2.0
 * The driver table on any bytes. */
#include "drivers/table.c"
#include "tests/fuzz/driver_target.h"

static const struct assay_setting set[] = {{"column", 0, "title", "S"}, {"column", 0, "means", "sample"},
	{"column", 1, "title", "V"}, {"column", 1, "channel", "v"}, {"column", 2, "title", "U"},
	{"column", 2, "means", "unit"}, {"", 0, "exponent", "yes"}};
FUZZ_DRIVER(set, sizeof set / sizeof *set)
