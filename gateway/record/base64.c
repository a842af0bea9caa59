/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/record/base64.h"

#include <sodium.h>
#include <string.h>

int assay_base64_decode(const char *text, size_t length, uint8_t *out, size_t size, size_t *length_out)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";

	for (size_t i = 0; i < length; i++)
		if (text[i] == '\0' || !strchr(alphabet, text[i]))
			return -1;
	return sodium_base642bin(
		out, size, text, length, NULL, length_out, NULL, sodium_base64_VARIANT_ORIGINAL);
}
