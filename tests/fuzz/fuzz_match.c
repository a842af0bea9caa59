/* SPDX-License-Identifier: Apache-2.0
 * Modbus matching: any request, any bytes. What is called an answer has the unit, function and length asked for. */
#include "gateway/wire/modbus_match.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct assay_request *request, const struct assay_match_result *result,
	const uint8_t *bytes, size_t length)
{
	if (result->match != ASSAY_MATCH_OURS && result->match != ASSAY_MATCH_EXCEPTION)
		return;
	if (result->used > length || result->pdu_at + result->pdu_length > length ||
		bytes[result->pdu_at - 1] != request->unit ||
		(bytes[result->pdu_at] & 0x7f) != request->function)
		abort();
	if (result->match == ASSAY_MATCH_OURS && request->kind == ASSAY_REQUEST_READ &&
		result->pdu_length != 2u + bytes[result->pdu_at + 1])
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct assay_request request = {0};
	struct assay_match_result result;
	uint8_t *bytes;

	if (size < 6 || size > 2048)
		return 0;
	request.kind = data[0] & 1 ? ASSAY_REQUEST_IDENTIFY : ASSAY_REQUEST_READ;
	request.unit = (uint8_t)(data[1] ? data[1] : 1);
	request.function = (uint8_t)(request.kind == ASSAY_REQUEST_IDENTIFY ? 0x2b : data[2] % 4 + 1);
	request.count = (uint16_t)(data[3] % 125 + 1);
	size -= 6;
	bytes = malloc(size + 1);
	if (!bytes)
		return 0;
	memcpy(bytes, data + 6, size);
	result = assay_rtu_match(&request, bytes, size);
	check(&request, &result, bytes, size);
	result = assay_mbap_match(&request, data[4], data[5], bytes, size);
	check(&request, &result, bytes, size);
	(void)assay_rtu_match_echo(request.unit, (uint16_t)(data[4] << 8 | data[5]), bytes, size);
	free(bytes);
	return 0;
}
