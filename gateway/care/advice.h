/* SPDX-License-Identifier: Apache-2.0
 * What assay doctor can find: one row for each code, with what it means and what to do. */
#ifndef ASSAY_CARE_ADVICE_H
#define ASSAY_CARE_ADVICE_H

#include <stdbool.h>

struct care_advice {
	const char *code; /* stable */
	bool fault; /* somebody has to do something; false: good to know */
	const char *do_zh, *do_en;
};

/* All rows; the last has code NULL. */
const struct care_advice *care_advice_all(void);
/* NULL: no such code. */
const struct care_advice *care_advice_find(const char *code);

#endif
