/* SPDX-License-Identifier: Apache-2.0
 * A shared object that is no driver at all. */
#include "drivers/driver.h"

static int nothing;
int *nothing_here(void) __attribute__((visibility("hidden")));
int *nothing_here(void)
{
	return &nothing;
}
