/* SPDX-License-Identifier: Apache-2.0
 * S10: what of a cookie's value or a bearer token is read by our own code: taken whole, or refused. */
#include "gateway/web/caller.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct web_caller caller;
	char *text = malloc(size + 1);
	bool taken;

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	memset(&caller, 0, sizeof caller);
	taken = web_secret_take(&caller, text);
	if (taken ? strcmp(caller.secret, text) != 0 || strlen(text) >= sizeof caller.secret : *caller.secret)
		abort();
	for (const char *at = caller.secret; *at; at++)
		if (strchr("; ,=\"\\\r\n", *at))
			abort();
	free(text);
	return 0;
}
