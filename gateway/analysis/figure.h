/* SPDX-License-Identifier: Apache-2.0
 * A printed decimal as the binary number statistics work with. */
#ifndef ASSAY_ANALYSIS_FIGURE_H
#define ASSAY_ANALYSIS_FIGURE_H

#include "limits/decimal.h"

#include <math.h>
#include <string.h>

/* Not a number when text is no decimal of the strict grammar: no exponent, no hexadecimal, no infinity. Any thread. */
static inline double assay_figure_of(const char *text)
{
	struct assay_decimal value;

	if (assay_decimal_parse(text, strlen(text), &value) != ASSAY_OK)
		return nan("");
	return (double)value.coefficient / pow(10.0, value.scale);
}

#endif
