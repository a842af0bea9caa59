/* SPDX-License-Identifier: Apache-2.0
 * Nothing wrong: the control. */
#define ASSAY_LOAD_NAME "good"
#include "tests/load/good.h"

const struct assay_driver assay_driver = {ASSAY_DRIVER_HEAD, .name = ASSAY_LOAD_NAME, GOOD_MEMBERS};
