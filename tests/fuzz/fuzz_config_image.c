/* SPDX-License-Identifier: Apache-2.0
 * The configuration that the supervisor hands a station. What is taken can be written again, and reads back to the same. */
#include "gateway/config_image.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct assay_config *config = NULL, *again = NULL;
	void *image = NULL, *twice = NULL;
	size_t length = 0, second = 0;

	if (assay_config_image_read(data, size, &config, NULL) != ASSAY_OK)
		return 0;
	if (assay_config_image_write(config, &image, &length, NULL) != ASSAY_OK ||
		assay_config_image_read(image, length, &again, NULL) != ASSAY_OK ||
		assay_config_image_write(again, &twice, &second, NULL) != ASSAY_OK || length != second ||
		memcmp(image, twice, length) != 0)
		abort();
	assay_config_free(config);
	assay_config_free(again);
	free(image);
	free(twice);
	return 0;
}
