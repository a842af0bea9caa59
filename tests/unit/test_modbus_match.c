/* SPDX-License-Identifier: Apache-2.0
 * Is this the answer to that request? Frames: Modbus Application Protocol v1.1b3 and Modbus over Serial Line v1.02 (the
 * 11 03 sample), Omron's E5xC communications manual and public traces of an XY-MD02. */
#include "gateway/wire/modbus_match.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static size_t hex(const char *text, uint8_t *out)
{
	size_t length = 0;

	for (; *text; text += *text == ' ')
		if (*text != ' ') {
			char pair[3] = {text[0], text[1], '\0'};

			out[length++] = (uint8_t)strtoul(pair, NULL, 16);
			text += 2;
		}
	return length;
}

static struct assay_request read_of(uint8_t unit, uint8_t function, uint16_t address, uint16_t count)
{
	struct assay_request request = {.kind = ASSAY_REQUEST_READ,
		.unit = unit,
		.function = function,
		.address = address,
		.count = count};

	return request;
}

static void sends(struct assay_request request, const char *bytes)
{
	uint8_t wanted[ASSAY_RTU_MAX], frame[ASSAY_RTU_MAX];
	size_t length = hex(bytes, wanted);

	assert_int_equal(assay_rtu_request(&request, frame), length);
	assert_memory_equal(frame, wanted, length);
}

static void test_requests(void **state)
{
	uint8_t wanted[16], frame[ASSAY_RTU_MAX];

	(void)state;
	sends(read_of(1, 4, 1, 2), "01 04 00 01 00 02 20 0B");
	sends(read_of(1, 3, 0, 2), "01 03 00 00 00 02 C4 0B");
	sends(read_of(1, 3, 0x2000, 1), "01 03 20 00 00 01 8F CA");
	sends(read_of(0x11, 3, 0x6b, 3), "11 03 00 6B 00 03 76 87");
	sends(read_of(1, 3, 0, 125), "01 03 00 00 00 7D 85 EB");
	sends(read_of(1, 1, 0, 8), "01 01 00 00 00 08 3D CC");
	sends(read_of(1, 2, 0, 16), "01 02 00 00 00 10 79 C6");
	sends(read_of(4, 3, 0x4e20, 1), "04 03 4E 20 00 01 92 BD");
	sends(read_of(1, 4, 0, 42), "01 04 00 00 00 2A 71 D5");
	assert_int_equal(assay_rtu_echo(1, 0x1234, frame), hex("01 08 00 00 12 34 ED 7C", wanted));
	assert_memory_equal(frame, wanted, 8);
}

static const struct {
	uint8_t unit, function;
	uint16_t address, count;
	const char *reply;
	enum assay_match match;
} answers[] = {
	{1, 4, 1, 2, "01 04 04 01 31 02 22 2A CE", ASSAY_MATCH_OURS},
	{1, 4, 1, 1, "01 04 02 FF 33 B8 D5", ASSAY_MATCH_OURS},
	{1, 3, 0, 2, "01 03 04 00 00 03 E8 FA 8D", ASSAY_MATCH_OURS},
	{1, 3, 0x2000, 1, "01 03 02 03 E8 B8 FA", ASSAY_MATCH_OURS},
	{1, 3, 0x2000, 1, "01 83 02 C0 F1", ASSAY_MATCH_EXCEPTION},
	{0x11, 3, 0x6b, 3, "11 03 06 02 2B 00 00 00 64 C8 BA", ASSAY_MATCH_OURS},
	{0x11, 3, 0x6b, 3, "11 83 02 C1 34", ASSAY_MATCH_EXCEPTION},
	{1, 1, 0, 8, "01 01 01 A5 91 F3", ASSAY_MATCH_OURS},
	{1, 2, 0, 16, "01 02 02 81 40 D8 18", ASSAY_MATCH_OURS},
	{4, 3, 0x4e20, 1, "04 03 02 50 56 C8 7A", ASSAY_MATCH_OURS},
	/* the same good frames, to requests they do not answer */
	{2, 4, 1, 2, "01 04 04 01 31 02 22 2A CE", ASSAY_MATCH_FOREIGN}, /* other unit */
	{1, 3, 1, 2, "01 04 04 01 31 02 22 2A CE", ASSAY_MATCH_FOREIGN}, /* other function */
	{1, 4, 1, 3, "01 04 04 01 31 02 22 2A CE", ASSAY_MATCH_FOREIGN}, /* other count */
	{1, 4, 1, 1, "01 04 04 01 31 02 22 2A CE", ASSAY_MATCH_FOREIGN},
	{1, 4, 0, 2, "01 83 02 C0 F1", ASSAY_MATCH_FOREIGN}, /* exception to another function */
	{1, 3, 0, 2, "01 03 00 00 00 02 C4 0B", ASSAY_MATCH_FOREIGN}, /* our own request as echo */
	{1, 3, 0, 2, "01 03 04 00 00 03 E8 FA 8C", ASSAY_MATCH_BROKEN}, /* CRC */
	{1, 3, 0, 2, "01 03 04 00 00 03 E9 FA 8D", ASSAY_MATCH_BROKEN},
	{1, 3, 0, 2, "01 03 04 00 00 03 E8 FA 8D 00", ASSAY_MATCH_BROKEN}, /* surplus byte */
	{1, 3, 0, 2, "00 01 03 04 00 00 03 E8 FA 8D", ASSAY_MATCH_FOREIGN}, /* leading noise */
	{1, 3, 0, 2, "01 03 04 00 00 03 E8 FA", ASSAY_MATCH_MORE}, /* cut short */
	{1, 3, 0, 2, "01 83 02 C0 F0", ASSAY_MATCH_BROKEN},
	{1, 3, 0, 2, "01 83 02 C0 F1 01", ASSAY_MATCH_BROKEN},
	{1, 3, 0, 2, "01 83 00 41 30",
		ASSAY_MATCH_EXCEPTION}, /* a code that does not exist: refused all the same */
};

static void test_rtu_answers(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
		struct assay_request request =
			read_of(answers[i].unit, answers[i].function, answers[i].address, answers[i].count);
		uint8_t frame[64];
		size_t length = hex(answers[i].reply, frame);
		struct assay_match_result result = assay_rtu_match(&request, frame, length);

		if (result.match != answers[i].match)
			fail_msg("row %zu: %s gives %d", i, answers[i].reply, result.match);
		if (result.match != ASSAY_MATCH_OURS && result.match != ASSAY_MATCH_EXCEPTION)
			continue;
		assert_int_equal(result.used, length);
		assert_int_equal(result.pdu_at, 1);
		assert_int_equal(result.pdu_length, length - 3);
		for (size_t cut = 0; cut < length; cut++)
			assert_int_equal(assay_rtu_match(&request, frame, cut).match, ASSAY_MATCH_MORE);
		for (size_t at = 0; at < length; at++)
			for (unsigned bit = 0; bit < 8; bit++) {
				enum assay_match match;

				frame[at] ^= (uint8_t)(1u << bit);
				match = assay_rtu_match(&request, frame, length).match;
				frame[at] ^= (uint8_t)(1u << bit);
				assert_true(match != ASSAY_MATCH_OURS && match != ASSAY_MATCH_EXCEPTION);
			}
	}
}

static void test_echo(void **state)
{
	uint8_t frame[16];
	size_t length = hex("01 08 00 00 12 34 ED 7C", frame);

	(void)state;
	assert_int_equal(assay_rtu_match_echo(1, 0x1234, frame, length).match, ASSAY_MATCH_OURS);
	assert_int_equal(assay_rtu_match_echo(1, 0x1234, frame, 7).match, ASSAY_MATCH_MORE);
	assert_int_equal(assay_rtu_match_echo(1, 0x1235, frame, length).match, ASSAY_MATCH_FOREIGN);
	assert_int_equal(assay_rtu_match_echo(2, 0x1234, frame, length).match, ASSAY_MATCH_FOREIGN);
	frame[8] = 0;
	assert_int_equal(assay_rtu_match_echo(1, 0x1234, frame, 9).match, ASSAY_MATCH_BROKEN);
	/* exception 1 to function 8; CRC 87 C0 computed with the specification's table */
	length = hex("01 88 01 87 C0", frame);
	assert_int_equal(assay_rtu_match_echo(1, 0x1234, frame, length).match, ASSAY_MATCH_EXCEPTION);
	frame[4] ^= 1;
	assert_int_equal(assay_rtu_match_echo(1, 0x1234, frame, length).match, ASSAY_MATCH_BROKEN);
}

static enum assay_match tcp(
	struct assay_request request, uint16_t transaction, uint16_t sent, const char *reply)
{
	uint8_t frame[64];
	size_t length = hex(reply, frame);

	return assay_mbap_match(&request, transaction, sent, frame, length).match;
}

static void test_tcp_answers(void **state)
{
	struct assay_request request = read_of(1, 3, 0, 2);
	uint8_t frame[ASSAY_MBAP_MAX], wanted[16];

	(void)state;
	assert_int_equal(
		assay_mbap_request(&request, 1, frame), hex("00 01 00 00 00 06 01 03 00 00 00 02", wanted));
	assert_memory_equal(frame, wanted, 12);
	assert_int_equal(tcp(request, 0x400, 4, "04 00 00 00 00 07 01 03 04 00 00 03 E8"), ASSAY_MATCH_OURS);
	assert_int_equal(tcp(request, 0x400, 4, "04 00 00 00 00 03 01 83 02"), ASSAY_MATCH_EXCEPTION);
	assert_int_equal(tcp(request, 0x400, 4, "03 05 00 00 00 07 01 03 04 00 00 03 E8"), ASSAY_MATCH_OLDER);
	assert_int_equal(tcp(request, 0x400, 4, "00 14 00 00 00 07 01 03 04 00 00 03 E8"), ASSAY_MATCH_OLDER);
	assert_int_equal(
		tcp(request, 0x400, 4, "FF 19 00 00 00 07 01 03 04 00 00 03 E8"), ASSAY_MATCH_FOREIGN);
	assert_int_equal(
		tcp(request, 0x400, 4, "04 01 00 00 00 07 01 03 04 00 00 03 E8"), ASSAY_MATCH_FOREIGN);
	assert_int_equal(
		tcp(request, 0x400, 4, "04 00 00 00 00 07 02 03 04 00 00 03 E8"), ASSAY_MATCH_FOREIGN);
	assert_int_equal(
		tcp(request, 0x400, 4, "04 00 00 07 00 07 01 03 04 00 00 03 E8"), ASSAY_MATCH_BROKEN);
	assert_int_equal(
		tcp(request, 0x400, 4, "04 00 07 00 00 07 01 03 04 00 00 03 E8"), ASSAY_MATCH_BROKEN);
	assert_int_equal(
		tcp(request, 0x400, 4, "04 00 00 00 00 07 01 04 04 00 00 03 E8"), ASSAY_MATCH_FOREIGN);
	assert_int_equal(
		tcp(request, 0x400, 4, "04 00 00 00 00 07 01 03 02 00 00 03 E8"), ASSAY_MATCH_FOREIGN);
	assert_int_equal(tcp(request, 0x400, 4, "04 00 00 00 00 05 01 03 02 00 00"), ASSAY_MATCH_FOREIGN);
	assert_int_equal(
		tcp(request, 0x400, 4, "04 00 00 00 00 08 01 03 04 00 00 03 E8 00"), ASSAY_MATCH_FOREIGN);
	assert_int_equal(
		tcp(request, 0x400, 4, "04 00 00 00 00 06 01 03 04 00 00 03 E8"), ASSAY_MATCH_FOREIGN);
	assert_int_equal(tcp(request, 0x400, 4, "04 00 00 00 00 2F 01 03 04 00 00 03 E8"), ASSAY_MATCH_MORE);
	assert_int_equal(
		tcp(request, 0x400, 4, "04 00 00 00 FF FF 01 03 04 00 00 03 E8"), ASSAY_MATCH_BROKEN);
	assert_int_equal(tcp(request, 0x400, 4, "04 00 00 00 00 02 01 03"), ASSAY_MATCH_BROKEN);
	assert_int_equal(tcp(request, 0x400, 4, "04 00 00 00 00 04 01 83 02 00"), ASSAY_MATCH_BROKEN);
	/* the number beside is nobody's; numbers wrap */
	assert_int_equal(
		tcp(request, 0x400, 4, "03 FF 00 00 00 07 01 03 04 00 00 03 E8"), ASSAY_MATCH_FOREIGN);
	assert_int_equal(tcp(request, 0, 4, "FF 05 00 00 00 07 01 03 04 00 00 03 E8"), ASSAY_MATCH_OLDER);
}

/* The example of Modbus Application Protocol v1.1b3, 6.21: "Company identification", "Product code XX", "V2.11". */
static void test_identification(void **state)
{
	static const char objects[] = "\x2b\x0e\x01\x01\x00\x00\x03\x00\x16"
				      "Company identification\x01\x0fProduct code XX\x02\x05V2.11";
	const struct assay_request request = {.kind = ASSAY_REQUEST_IDENTIFY, .unit = 1, .function = 0x2b};
	uint8_t frame[ASSAY_MBAP_MAX], sent[ASSAY_MBAP_MAX];
	size_t length = sizeof objects - 1;
	uint16_t crc;

	(void)state;
	assert_int_equal(assay_rtu_request(&request, sent), 7);
	assert_memory_equal(sent, "\x01\x2b\x0e\x01\x00", 5);
	frame[0] = 1;
	memcpy(frame + 1, objects, length);
	crc = assay_rtu_crc(frame, length + 1);
	frame[length + 1] = (uint8_t)crc;
	frame[length + 2] = (uint8_t)(crc >> 8);
	for (size_t cut = 0; cut < length + 3; cut++)
		assert_int_equal(assay_rtu_match(&request, frame, cut).match, ASSAY_MATCH_MORE);
	assert_int_equal(assay_rtu_match(&request, frame, length + 3).match, ASSAY_MATCH_OURS);
	assert_int_equal(assay_rtu_match(&request, frame, length + 3).pdu_length, length);
	frame[20] ^= 1;
	assert_int_equal(assay_rtu_match(&request, frame, length + 3).match, ASSAY_MATCH_BROKEN);
	assert_int_equal(assay_mbap_request(&request, 9, sent), 11);
	assert_memory_equal(sent, "\0\x09\0\0\0\x05\x01\x2b\x0e\x01\0", 11);
	memcpy(frame, sent, 7);
	frame[5] = (uint8_t)(length + 1);
	memcpy(frame + 7, objects, length);
	assert_int_equal(assay_mbap_match(&request, 9, 0, frame, length + 7).match, ASSAY_MATCH_OURS);
	frame[13]++; /* one object more than there is */
	assert_int_equal(assay_mbap_match(&request, 9, 0, frame, length + 7).match, ASSAY_MATCH_FOREIGN);
}

/* Any bytes at all: nothing is read beyond the end, and used never exceeds what was given. */
static void test_noise(void **state)
{
	unsigned seed = 20260512;

	(void)state;
	for (unsigned i = 0; i < 200000; i++) {
		struct assay_request request = read_of((uint8_t)(1 + rand_r(&seed) % 3),
			(uint8_t)(1 + rand_r(&seed) % 4), 0, (uint16_t)(1 + rand_r(&seed) % 125));
		size_t length = (size_t)rand_r(&seed) % 40;
		uint8_t *bytes = malloc(length + 1);
		struct assay_match_result result;

		assert_non_null(bytes);
		for (size_t j = 0; j < length; j++)
			bytes[j] = (uint8_t)(rand_r(&seed) % (i % 2 ? 256 : 9));
		result = assay_rtu_match(&request, bytes, length);
		assert_true(result.used <= length && result.pdu_at + result.pdu_length <= length + 2);
		result = assay_rtu_match_echo(1, (uint16_t)i, bytes, length);
		assert_true(result.used <= length);
		result = assay_mbap_match(&request, (uint16_t)(rand_r(&seed) % 9), 5, bytes, length);
		assert_true(result.used <= length && result.pdu_at + result.pdu_length <= length + 7);
		free(bytes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_requests),
		cmocka_unit_test(test_rtu_answers), cmocka_unit_test(test_echo),
		cmocka_unit_test(test_tcp_answers), cmocka_unit_test(test_noise),
		cmocka_unit_test(test_identification)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
