/* SPDX-License-Identifier: Apache-2.0
 * Another magic. */
#define ASSAY_LOAD_NAME "magic"
#include "tests/load/good.h"

const struct assay_driver assay_driver = {.magic = 0x12345678u,
	.abi = ASSAY_DRIVER_ABI,
	.size = sizeof(struct assay_driver),
	.name = ASSAY_LOAD_NAME,
	GOOD_MEMBERS};
