/* SPDX-License-Identifier: Apache-2.0
 * Built against a header without decode: the member is missing. */
#define ASSAY_LOAD_NAME "shorter"
#include "tests/load/good.h"

const struct assay_driver assay_driver = {.magic = ASSAY_DRIVER_MAGIC,
	.abi = ASSAY_DRIVER_ABI,
	.size = offsetof(struct assay_driver, decode),
	.name = ASSAY_LOAD_NAME,
	GOOD_MEMBERS};
