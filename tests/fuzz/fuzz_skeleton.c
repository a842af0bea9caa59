/* SPDX-License-Identifier: Apache-2.0
 * The driver skeleton on any bytes. */
#include "drivers/skeleton.c"
#include "tests/fuzz/driver_target.h"

FUZZ_DRIVER(NULL, 0)
