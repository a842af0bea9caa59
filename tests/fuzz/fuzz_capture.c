/* SPDX-License-Identifier: Apache-2.0
 * Capture files and plugin files: any bytes are read or refused. */
#include "gateway/wire/capture.h"
#include "gateway/wire/plugin_symbols.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t scratch[ASSAY_CAPTURE_PIECE_MAX];
	struct assay_capture_row row;
	size_t at = 0, descriptor;

	while (assay_capture_next("x", (const char *)data, size, &at, scratch, &row, NULL) == 1)
		if (row.length == 0 || row.length > ASSAY_CAPTURE_PIECE_MAX)
			abort();
	(void)!assay_plugin_symbols_check("x", data, size, &descriptor, NULL);
	return 0;
}
