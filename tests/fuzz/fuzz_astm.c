/* SPDX-License-Identifier: Apache-2.0
 * The driver astm on any bytes. */
#include "drivers/astm.c"
#include "tests/fuzz/driver_target.h"

static const struct assay_setting set[] = {{"test", 0, "code", "FAT"}, {"test", 0, "channel", "fat"}};
FUZZ_DRIVER(set, 2)
