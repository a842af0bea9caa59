/* SPDX-License-Identifier: Apache-2.0
 * The next ABI. */
#define ASSAY_LOAD_NAME "abi"
#include "tests/load/good.h"

const struct assay_driver assay_driver = {.magic = ASSAY_DRIVER_MAGIC,
	.abi = ASSAY_DRIVER_ABI + 1,
	.size = sizeof(struct assay_driver),
	.name = ASSAY_LOAD_NAME,
	GOOD_MEMBERS};
