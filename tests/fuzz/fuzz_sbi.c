/* SPDX-License-Identifier: Apache-2.0
 * The driver sbi on any bytes. */
#include "drivers/sbi.c"
#include "tests/fuzz/driver_target.h"

FUZZ_DRIVER(NULL, 0)
