/* SPDX-License-Identifier: Apache-2.0
 * A name that is not the file's. */
#define ASSAY_LOAD_NAME "renamed"
#include "tests/load/good.h"

#undef ASSAY_LOAD_NAME
#define ASSAY_LOAD_NAME "another"
const struct assay_driver assay_driver = {ASSAY_DRIVER_HEAD, .name = ASSAY_LOAD_NAME, GOOD_MEMBERS};
