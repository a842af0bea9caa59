/* SPDX-License-Identifier: Apache-2.0
 * Formulas: any bytes end with a value or an error, and the same bytes with the same. */
#include "limits/formula.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int value(void *context, const char *name, size_t length, struct assay_fraction *out)
{
	(void)context;
	if (length == 0 || *name == 'z')
		return ASSAY_ENOTFOUND;
	out->n = (assay_int128)length * 7 + *name;
	out->d = (assay_int128)length;
	return ASSAY_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct assay_fraction first = {0, 1}, second = {0, 1};
	char text[512];
	int status;

	if (size >= sizeof text)
		return 0;
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	status = assay_formula_evaluate(text, value, NULL, &first);
	if (assay_formula_evaluate(text, value, NULL, &second) != status)
		abort();
	if (status == ASSAY_OK && (first.d <= 0 || assay_fraction_compare(&first, &second) != 0))
		abort();
	return 0;
}
