/* SPDX-License-Identifier: Apache-2.0
 * Raw captures and capture files through a driver. Bytes: MT-SICS reference manual, public traces of an XY-MD02
 * (30.5 C, 54.6 %RH; -20.5 C), Modbus exception from Omron's manual. */
#include "gateway/wire/capture.h"
#include "gateway/wire/decode.h"
#include "gateway/wire/instrument_spec.h"
#include "gateway/wire/reading_words.h"
#include "tests/built.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char drivers[512], specs[512];

struct told {
	char text[2000];
	size_t length;
};

static int tell(void *context, const struct assay_replay_result *result)
{
	struct told *told = context;
	const char *value = result->reading && result->reading->value ? result->reading->value : "";

	if (result->kind != ASSAY_REPLAY_READING && result->kind != ASSAY_REPLAY_REASON)
		return 0;
	told->length += (size_t)snprintf(told->text + told->length, sizeof told->text - told->length,
		"%s=%s%s;", result->reading ? result->reading->channel : "", value,
		*value ? "" : assay_reading_reason_name(result->reason));
	return 0;
}

static int decoded(const char *instrument, const void *bytes, size_t length, char *out)
{
	struct assay_instrument_spec *spec = NULL;
	struct assay_replay *replay = NULL;
	struct assay_plugin plugin;
	struct assay_error err;
	struct told told = {.length = 0};
	int status;

	assert_int_equal(assay_instrument_spec_load(specs, instrument, &spec, &err), ASSAY_OK);
	assert_int_equal(assay_plugin_load(drivers, spec->driver, &plugin, &err), ASSAY_OK);
	assert_int_equal(
		assay_replay_open(&plugin, spec->settings, spec->setting_count, tell, &told, &replay, &err),
		ASSAY_OK);
	status = assay_decode(
		replay, plugin.driver.link == ASSAY_LINK_MODBUS, "capture.txt", bytes, length, &err);
	if (status != ASSAY_OK)
		(void)snprintf(told.text, sizeof told.text, "%s %s", err.code, err.text_en);
	memcpy(out, told.text, strlen(told.text) + 1);
	assay_replay_close(replay);
	assay_plugin_unload(&plugin);
	assay_instrument_spec_free(spec);
	return status;
}

static void gives(const char *instrument, const char *bytes, size_t length, const char *expected)
{
	char got[2000];

	(void)decoded(instrument, bytes, length, got);
	assert_string_equal(got, expected);
}

#define BYTES(text) text, sizeof(text) - 1

static void test_raw_text(void **state)
{
	(void)state;
	gives("mettler-mt-sics", BYTES("S S     100.00 g\r\nS +\r\n"), "weight=100.00;weight=over;");
	gives("mettler-mt-sics", BYTES("I2 A \"XS204 Excellence 220.0090 g\"\r\n"), "");
	/* the file ends inside a line: nobody knows how the number went on */
	gives("mettler-mt-sics", BYTES("S S     100.0"), "=bad-format;");
	gives("mettler-mt-sics", BYTES(""), "");
}

static void test_raw_modbus(void **state)
{
	(void)state;
	gives("xy-md02", BYTES("\x01\x04\x04\x01\x31\x02\x22\x2a\xce"), "temperature=30.5;humidity=54.6;");
	/* noise before it, and a second answer after it */
	gives("xy-md02",
		BYTES("\x00\xff\x01\x04\x04\x01\x31\x02\x22\x2a\xce\x01\x04\x04\x01\x31\x02\x22\x2a\xce"),
		"=bad-format;temperature=30.5;humidity=54.6;temperature=30.5;humidity=54.6;");
	/* CRC wrong, other unit, other count: no number */
	gives("xy-md02", BYTES("\x01\x04\x04\x01\x31\x02\x22\x2a\xcf"), "=bad-format;");
	gives("xy-md02", BYTES("\x01\x04\x02\xff\x33\xb8\xd5"), "=bad-format;");
	/* the same answer in TCP framing */
	gives("xy-md02", BYTES("\x00\x07\x00\x00\x00\x07\x01\x04\x04\x01\x31\x02\x22"),
		"temperature=30.5;humidity=54.6;");
	gives("xy-md02", BYTES("\x01\x84\x02\xc2\xc1"), "=refused;");
}

static void test_capture_file(void **state)
{
	(void)state;
	gives("xy-md02",
		BYTES(ASSAY_CAPTURE_MAGIC "# a comment\n0.000000 > 01 04 00 01 00 02 20 0B\n"
					  "0.03 < 01 04 04 01\r\n0.04 < 31 02 22 2A CE\n\n1 ! timeout\n"),
		"temperature=30.5;humidity=54.6;");
	gives("mettler-mt-sics",
		BYTES(ASSAY_CAPTURE_MAGIC
			"0.0 > 53490D0A\n0.1 < 5320532020202020\n0.2 < 3130302E303020670D0A\n"),
		"weight=100.00;");
	gives("mettler-mt-sics", BYTES(ASSAY_CAPTURE_MAGIC "0.0 < 53 2\n"),
		"capture-invalid capture.txt:2: not a row of a capture (time, direction, hexadecimal bytes)");
	gives("mettler-mt-sics", BYTES(ASSAY_CAPTURE_MAGIC "\n\n0.0 x 53\n"),
		"capture-invalid capture.txt:4: not a row of a capture (time, direction, hexadecimal bytes)");
}

static void test_capture_round_trip(void **state)
{
	static const uint8_t bytes[] = {0x00, 0x7f, 0xff};
	const struct assay_capture_row row = {61000042, ASSAY_CAPTURE_RX, bytes, sizeof bytes};
	uint8_t scratch[ASSAY_CAPTURE_PIECE_MAX];
	struct assay_capture_row back;
	struct assay_error err;
	char text[200] = ASSAY_CAPTURE_MAGIC;
	size_t length = strlen(text), at = 0;

	(void)state;
	assert_int_equal(assay_capture_format(&row, text, 10), 0); /* does not fit: nothing is said */
	length += assay_capture_format(&row, text + length, sizeof text - length);
	assert_int_equal(assay_capture_next("x", text, length, &at, scratch, &back, &err), 1);
	assert_true(back.time_us == 61000042 && back.direction == ASSAY_CAPTURE_RX);
	assert_int_equal(back.length, sizeof bytes);
	assert_memory_equal(back.bytes, bytes, sizeof bytes);
	assert_int_equal(assay_capture_next("x", text, length, &at, scratch, &back, &err), 0);
}

/* The contract of a reading's value: CONTRACT of driver.h. */
static void test_values(void **state)
{
	static const struct {
		const char *value;
		bool holds;
	} rows[] = {{"0", true}, {"-0.00", true}, {"100.00", true}, {"0.5", true}, {"00.5", false},
		{".5", false}, {"5.", false}, {"+5", false}, {"1e5", false}, {"1E+19", false}, {"nan", false},
		{"", false}, {"-", false}, {"1,5", false}, {"1.2.3", false}, {" 1", false}, {"1 ", false},
		{"\xef\xbc\x91", false}, {"9999999999999999999999999999999999999.9", true},
		{"99999999999999999999999999999999999999.9", false}};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct assay_reading reading = {
			.size = sizeof reading, .channel = "x", .value = rows[i].value, .unit = "g"};

		if (assay_reading_holds(&reading) != rows[i].holds)
			fail_msg("\"%s\"", rows[i].value);
	}
	assert_false(
		assay_reading_holds(&(struct assay_reading){.channel = "x", .value = "1", .unit = "\xff"}));
	assert_false(assay_reading_holds(&(struct assay_reading){.channel = "", .value = "1", .unit = ""}));
	assert_false(assay_reading_holds(&(struct assay_reading){.channel = "x", .unit = ""}));
	assert_false(assay_reading_holds(&(struct assay_reading){
		.channel = "x", .value = "1", .unit = "", .reason = ASSAY_REASON_OVER}));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_raw_text), cmocka_unit_test(test_raw_modbus),
		cmocka_unit_test(test_capture_file), cmocka_unit_test(test_capture_round_trip),
		cmocka_unit_test(test_values)};

	(void)built("drivers", drivers, sizeof drivers);
	(void)built("specs", specs, sizeof specs);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
