/* SPDX-License-Identifier: Apache-2.0
 * Units: two texts separated by a newline; a ratio one way is the inverse of the other way when both exist. */
#include "limits/limits.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char from[64] = "", to[64] = "";
	const uint8_t *newline = size ? memchr(data, '\n', size) : NULL;
	size_t first = newline ? (size_t)(newline - data) : size, second = newline ? size - first - 1 : 0;
	struct assay_fraction there, back;

	if (first >= sizeof from || second >= sizeof to || memchr(data, '\0', size ? size : 1))
		return 0;
	memcpy(from, data, first);
	if (newline)
		memcpy(to, newline + 1, second);
	if (assay_unit_ratio(from, to, &there) && assay_unit_ratio(to, from, &back) &&
		(assay_fraction_apply('*', &there, &back, &there) != ASSAY_OK || there.n != there.d))
		abort();
	return 0;
}
