/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/wire/modbus_match.h"

#include <string.h>

uint16_t assay_rtu_crc(const uint8_t *bytes, size_t length)
{
	uint16_t crc = 0xffff;

	for (size_t i = 0; i < length; i++) {
		crc = (uint16_t)(crc ^ bytes[i]);
		for (unsigned bit = 0; bit < 8; bit++)
			crc = (uint16_t)(crc & 1 ? (crc >> 1) ^ 0xa001 : crc >> 1);
	}
	return crc;
}

static size_t close_rtu(uint8_t *out, size_t length)
{
	uint16_t crc = assay_rtu_crc(out, length);

	out[length] = (uint8_t)crc;
	out[length + 1] = (uint8_t)(crc >> 8);
	return length + 2;
}

static size_t put_pdu(const struct assay_request *request, uint8_t *out)
{
	if (request->kind == ASSAY_REQUEST_IDENTIFY) {
		const uint8_t identify[] = {0x2b, 0x0e, 0x01, 0x00}; /* basic identification, from object 0 */

		memcpy(out, identify, sizeof identify);
		return sizeof identify;
	}
	out[0] = request->function;
	out[1] = (uint8_t)(request->address >> 8);
	out[2] = (uint8_t)request->address;
	out[3] = (uint8_t)(request->count >> 8);
	out[4] = (uint8_t)request->count;
	return 5;
}

size_t assay_rtu_request(const struct assay_request *request, uint8_t out[ASSAY_RTU_MAX])
{
	out[0] = request->unit;
	return close_rtu(out, 1 + put_pdu(request, out + 1));
}

size_t assay_rtu_echo(uint8_t unit, uint16_t nonce, uint8_t out[ASSAY_RTU_MAX])
{
	const uint8_t echo[] = {unit, 8, 0, 0, (uint8_t)(nonce >> 8), (uint8_t)nonce};

	memcpy(out, echo, sizeof echo);
	return close_rtu(out, sizeof echo);
}

static bool crc_holds(const uint8_t *bytes, size_t length)
{
	uint16_t crc = assay_rtu_crc(bytes, length - 2);

	return bytes[length - 2] == (uint8_t)crc && bytes[length - 1] == (uint8_t)(crc >> 8);
}

/* Bytes of data a good answer carries: registers, or bits packed eight to a byte. */
static size_t data_bytes(const struct assay_request *request)
{
	return request->function <= 2 ? (request->count + 7u) / 8u : 2u * request->count;
}

static struct assay_match_result answer(enum assay_match match, size_t used, size_t pdu_at, size_t pdu_length)
{
	struct assay_match_result result = {match, used, pdu_at, pdu_length};

	return result;
}

/* A device identification tells its length object by object. SIZE_MAX: not to be told yet. */
static size_t identification_length(const uint8_t *pdu, size_t length)
{
	size_t at = 7;

	if (length < 7)
		return SIZE_MAX;
	for (unsigned i = 0; i < pdu[6]; i++) {
		if (at + 2 > length)
			return SIZE_MAX;
		at += 2u + pdu[at + 1];
	}
	return at;
}

static struct assay_match_result match_identification(
	const struct assay_request *request, const uint8_t *bytes, size_t length)
{
	size_t pdu, expected;

	if ((length >= 1 && bytes[0] != request->unit) ||
		(length >= 2 && bytes[1] != 0x2b && bytes[1] != 0xab) ||
		(length >= 3 && bytes[1] == 0x2b && bytes[2] != 0x0e))
		return answer(ASSAY_MATCH_FOREIGN, 0, 0, 0);
	if (length < 2)
		return answer(ASSAY_MATCH_MORE, 0, 0, 0);
	pdu = bytes[1] == 0xab ? 2 : identification_length(bytes + 1, length - 1);
	expected = pdu + 3;
	if (pdu == SIZE_MAX || length < expected)
		return answer(length >= ASSAY_RTU_MAX ? ASSAY_MATCH_BROKEN : ASSAY_MATCH_MORE, 0, 0, 0);
	if (length > expected || !crc_holds(bytes, expected))
		return answer(ASSAY_MATCH_BROKEN, 0, 0, 0);
	return answer(bytes[1] == 0xab ? ASSAY_MATCH_EXCEPTION : ASSAY_MATCH_OURS, expected, 1, pdu);
}

struct assay_match_result assay_rtu_match(
	const struct assay_request *request, const uint8_t *bytes, size_t length)
{
	size_t expected = 5 + data_bytes(request);

	if (request->kind == ASSAY_REQUEST_IDENTIFY)
		return match_identification(request, bytes, length);
	if (length >= 1 && bytes[0] != request->unit)
		return answer(ASSAY_MATCH_FOREIGN, 0, 0, 0);
	if (length >= 2 && bytes[1] != request->function && bytes[1] != (request->function | 0x80))
		return answer(ASSAY_MATCH_FOREIGN, 0, 0, 0);
	if (length >= 2 && (bytes[1] & 0x80))
		expected = 5;
	else if (length >= 3 && bytes[2] != data_bytes(request))
		return answer(ASSAY_MATCH_FOREIGN, 0, 0, 0);
	if (length < 2 || length < expected)
		return answer(ASSAY_MATCH_MORE, 0, 0, 0);
	if (length > expected || !crc_holds(bytes, expected))
		return answer(ASSAY_MATCH_BROKEN, 0, 0, 0);
	return answer(bytes[1] & 0x80 ? ASSAY_MATCH_EXCEPTION : ASSAY_MATCH_OURS, expected, 1, expected - 3);
}

struct assay_match_result assay_rtu_match_echo(
	uint8_t unit, uint16_t nonce, const uint8_t *bytes, size_t length)
{
	uint8_t wanted[ASSAY_RTU_MAX];
	size_t size = assay_rtu_echo(unit, nonce, wanted);

	if (length >= 2 && bytes[0] == unit && bytes[1] == 0x88) {
		if (length < 5)
			return answer(ASSAY_MATCH_MORE, 0, 0, 0);
		return length == 5 && crc_holds(bytes, 5) ? answer(ASSAY_MATCH_EXCEPTION, 5, 1, 2)
							  : answer(ASSAY_MATCH_BROKEN, 0, 0, 0);
	}
	if (memcmp(bytes, wanted, length < size ? length : size) != 0)
		return answer(ASSAY_MATCH_FOREIGN, 0, 0, 0);
	if (length < size)
		return answer(ASSAY_MATCH_MORE, 0, 0, 0);
	return length == size ? answer(ASSAY_MATCH_OURS, size, 1, size - 3)
			      : answer(ASSAY_MATCH_BROKEN, 0, 0, 0);
}

bool assay_modbus_read_request(const uint8_t *frame, size_t length, bool tcp, struct assay_request *out)
{
	const uint8_t *at = frame + (tcp ? 6 : 0);

	if (length != (tcp ? 12u : 8u) || at[1] < 1 || at[1] > 4 ||
		(tcp ? frame[2] || frame[3] || frame[4] || frame[5] != 6 : !crc_holds(frame, length)))
		return false;
	*out = (struct assay_request){.kind = ASSAY_REQUEST_READ,
		.unit = at[0],
		.function = at[1],
		.address = (uint16_t)(at[2] << 8 | at[3]),
		.count = (uint16_t)(at[4] << 8 | at[5])};
	return out->count != 0;
}

size_t assay_mbap_request(
	const struct assay_request *request, uint16_t transaction, uint8_t out[ASSAY_MBAP_MAX])
{
	const uint8_t head[] = {(uint8_t)(transaction >> 8), (uint8_t)transaction, 0, 0, 0, 6, request->unit};
	size_t pdu;

	memcpy(out, head, sizeof head);
	pdu = put_pdu(request, out + sizeof head);
	out[5] = (uint8_t)(1 + pdu);
	return sizeof head + pdu;
}

static bool is_earlier(uint16_t transaction, uint16_t got, uint16_t earlier)
{
	for (uint16_t k = 1; k <= earlier && k <= ASSAY_MBAP_OLDER_MAX; k++)
		if (got == (uint16_t)(transaction - k * ASSAY_MBAP_STRIDE))
			return true;
	return false;
}

struct assay_match_result assay_mbap_match(const struct assay_request *request, uint16_t transaction,
	uint16_t earlier, const uint8_t *bytes, size_t length)
{
	uint16_t got;
	size_t body;

	if (length < 7)
		return answer(ASSAY_MATCH_MORE, 0, 0, 0);
	got = (uint16_t)(bytes[0] << 8 | bytes[1]);
	body = (size_t)bytes[4] << 8 | bytes[5];
	if (bytes[2] || bytes[3] || body < 3 || body > 254)
		return answer(ASSAY_MATCH_BROKEN, 0, 0, 0);
	if (length < 6 + body)
		return answer(ASSAY_MATCH_MORE, 0, 0, 0);
	if (got != transaction)
		return is_earlier(transaction, got, earlier)
			       ? answer(ASSAY_MATCH_OLDER, 6 + body, 7, body - 1)
			       : answer(ASSAY_MATCH_FOREIGN, 0, 0, 0);
	if (bytes[6] != request->unit)
		return answer(ASSAY_MATCH_FOREIGN, 0, 0, 0);
	if (bytes[7] == (request->function | 0x80))
		return body == 3 ? answer(ASSAY_MATCH_EXCEPTION, 6 + body, 7, 2)
				 : answer(ASSAY_MATCH_BROKEN, 0, 0, 0);
	if (request->kind == ASSAY_REQUEST_IDENTIFY)
		return bytes[7] == 0x2b && bytes[8] == 0x0e &&
				       identification_length(bytes + 7, body - 1) == body - 1
			       ? answer(ASSAY_MATCH_OURS, 6 + body, 7, body - 1)
			       : answer(ASSAY_MATCH_FOREIGN, 0, 0, 0);
	if (bytes[7] != request->function || bytes[8] != data_bytes(request) ||
		body != 3 + data_bytes(request))
		return answer(ASSAY_MATCH_FOREIGN, 0, 0, 0);
	return answer(ASSAY_MATCH_OURS, 6 + body, 7, body - 1);
}
