/* SPDX-License-Identifier: Apache-2.0
 * The driver sics on any bytes. */
#include "drivers/sics.c"
#include "tests/fuzz/driver_target.h"

FUZZ_DRIVER(NULL, 0)
