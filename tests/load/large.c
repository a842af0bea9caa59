/* SPDX-License-Identifier: Apache-2.0
 * A size larger than the object: reading it would leave the object. */
#define ASSAY_LOAD_NAME "large"
#include "tests/load/good.h"

const struct assay_driver assay_driver = {.magic = ASSAY_DRIVER_MAGIC,
	.abi = ASSAY_DRIVER_ABI,
	.size = 4096,
	.name = ASSAY_LOAD_NAME,
	GOOD_MEMBERS};
