/* SPDX-License-Identifier: Apache-2.0
 * A second exported symbol. */
#define ASSAY_LOAD_NAME "extra"
#include "tests/load/good.h"

__attribute__((visibility("default"))) extern int helper_of_extra;
int helper_of_extra = 1;
const struct assay_driver assay_driver = {ASSAY_DRIVER_HEAD, .name = ASSAY_LOAD_NAME, GOOD_MEMBERS};
