/* SPDX-License-Identifier: Apache-2.0
 * S10: what of a request is read by our own code: the address as sent, its route, a time, Accept-Language. libmicrohttpd
 * parses the rest. The first byte chooses, the others are the text. */
#include "gateway/web/answer.h"
#include "gateway/web/route.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_address(const char *text)
{
	struct web_request *request = web_request_begin(NULL, text, NULL);
	char id[WEB_ID_MAX + 1];

	if (!request)
		return;
	if (!request->uri_too_long && !request->path_refused) {
		const struct web_route *route = web_route_find(request->path, id);

		if (strlen(id) > WEB_ID_MAX || (id[0] && strchr("./\\%", id[0])) || strchr(id, '/') ||
			(route && strstr(request->path, "..") == request->path))
			abort();
	}
	free(request);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text;
	int64_t at;

	if (size == 0)
		return 0;
	text = malloc(size);
	if (!text)
		return 0;
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	if (data[0] % 3 == 0) {
		try_address(text);
	} else if (data[0] % 3 == 1) {
		if (web_time_read(text, &at) && strlen(text) != 20 && strlen(text) != 24)
			abort();
	} else {
		int quality = web_language_quality(text, "zh");

		if (quality < -1 || quality > 1000)
			abort();
	}
	free(text);
	return 0;
}
