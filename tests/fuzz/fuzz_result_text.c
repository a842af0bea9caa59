/* SPDX-License-Identifier: Apache-2.0
 * Result texts: whatever is accepted stands for an interval that is one, and units hold no blanks. */
#include "limits/interval.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct assay_reported reported;
	struct assay_interval interval;

	if (assay_result_text_parse((const char *)data, size, &reported) != ASSAY_OK)
		return 0;
	if (size > ASSAY_RESULT_TEXT_MAX || strpbrk(reported.unit, " \t\r\n<>"))
		abort();
	if (assay_reported_interval(&reported, &interval) != ASSAY_OK)
		return 0;
	if (interval.lo.d <= 0 || (!interval.no_hi && assay_fraction_compare(&interval.lo, &interval.hi) > 0))
		abort();
	return 0;
}
