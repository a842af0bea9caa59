/* SPDX-License-Identifier: Apache-2.0
 * Decimals: what is accepted is printed as it was, rounds to itself, and fractions never lie about order. */
#include "limits/decimal.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data, *slash = size ? memchr(data, '/', size) : NULL;
	size_t first = slash ? (size_t)(slash - text) : size;
	struct assay_decimal a, b, again;
	struct assay_fraction x, y, sum, back;
	char out[ASSAY_DECIMAL_TEXT_MAX];
	size_t length;

	if (assay_decimal_parse(text, first, &a) != ASSAY_OK)
		return 0;
	length = assay_decimal_format(&a, out);
	if (assay_decimal_parse(out, length, &again) != ASSAY_OK || assay_decimal_compare(&a, &again) != 0)
		abort();
	x = assay_fraction_of(&a);
	for (int scale = -4; scale <= 6; scale++)
		if (assay_fraction_round(&x, scale, ASSAY_ROUND_HALF_EVEN, &b) == ASSAY_OK) {
			y = assay_fraction_of(&b);
			if ((b.mark == ASSAY_MARK_EXACT) != (assay_fraction_compare(&x, &y) == 0))
				abort();
		}
	if (assay_fraction_round_significant(&x, 3, ASSAY_ROUND_HALF_UP, &b) == ASSAY_OK && b.scale > 27)
		abort();
	if (!slash || assay_decimal_parse(slash + 1, size - first - 1, &b) != ASSAY_OK)
		return 0;
	y = assay_fraction_of(&b);
	if (assay_fraction_compare(&x, &y) != -assay_fraction_compare(&y, &x))
		abort();
	if (assay_fraction_apply('+', &x, &y, &sum) == ASSAY_OK &&
		(assay_fraction_apply('-', &sum, &y, &back) != ASSAY_OK ||
			assay_fraction_compare(&back, &x) != 0))
		abort();
	if (b.coefficient != 0 && assay_fraction_apply('*', &x, &y, &sum) == ASSAY_OK &&
		assay_fraction_apply('/', &sum, &y, &back) == ASSAY_OK &&
		assay_fraction_compare(&back, &x) != 0)
		abort();
	return 0;
}
