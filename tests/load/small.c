/* SPDX-License-Identifier: Apache-2.0
 * A size smaller than the head. */
#define ASSAY_LOAD_NAME "small"
#include "tests/load/good.h"

const struct assay_driver assay_driver = {.magic = ASSAY_DRIVER_MAGIC,
	.abi = ASSAY_DRIVER_ABI,
	.size = 8,
	.name = ASSAY_LOAD_NAME,
	GOOD_MEMBERS};
