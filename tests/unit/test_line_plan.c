/* SPDX-License-Identifier: Apache-2.0
 * A register map on a line, in virtual time: what is asked, how often, and what the device's exceptions teach. The device
 * is scripted after Modbus Application Protocol v1.1b3: exception 2 when any register of a request is not there, 6 while
 * it is busy. */
#include "tests/sim/scripted_line.h"

#include "gateway/wire/modbus_match.h"

#define ITEMS 12u

static char reply[300];
static bool missing[200]; /* registers the device does not have */
static unsigned busy; /* answers that are "busy" before it answers */
static unsigned asked_for[200]; /* how often each register was asked for */
static uint16_t address[64], registers[64]; /* of the reads, in order */
static unsigned reads;

static const char *device(const uint8_t *bytes, size_t length, size_t *reply_length)
{
	unsigned from = (unsigned)bytes[2] << 8 | bytes[3], count = (unsigned)bytes[4] << 8 | bytes[5];
	uint8_t exception = 0;

	if (bytes[1] == 8) {
		memcpy(reply, bytes, length);
		*reply_length = length;
		return reply;
	}
	if (reads < 64) {
		address[reads] = (uint16_t)from;
		registers[reads++] = (uint16_t)count;
	}
	for (unsigned r = from; r < from + count; r++) {
		asked_for[r]++;
		exception = missing[r] ? 2 : exception;
	}
	if (busy) {
		busy--;
		exception = 6;
	}
	memcpy(reply, bytes, 2);
	if (exception) {
		reply[1] = (char)(bytes[1] | 0x80);
		reply[2] = (char)exception;
		*reply_length = adv_close_rtu((uint8_t *)reply, 3);
		return reply;
	}
	reply[2] = (char)(2 * count);
	for (unsigned i = 0; i < count; i++) {
		reply[3 + 2 * i] = 0;
		reply[4 + 2 * i] = (char)(from + i); /* each register holds its own address */
	}
	*reply_length = adv_close_rtu((uint8_t *)reply, 3 + 2 * count);
	return reply;
}

/* Twelve values at 0, 4, 8 ... with three holes of readable registers behind each. */
static struct bench *begin_map(const char *period_of_first)
{
	static struct assay_setting settings[ITEMS * 2 * 4 + 2];
	static char texts[ITEMS * 2][2][8];
	const struct assay_setting *const all[] = {settings};
	size_t count = 0;

	memset(missing, 0, sizeof missing);
	memset(asked_for, 0, sizeof asked_for);
	busy = reads = 0;
	for (unsigned i = 0; i < ITEMS * 2; i++) {
		bool hole = i % 2;

		(void)snprintf(texts[i][0], sizeof texts[i][0], "%u", i / 2 * 4 + hole);
		(void)snprintf(texts[i][1], sizeof texts[i][1], "c%u", i / 2);
		settings[count++] = (struct assay_setting){"item", i, "function", "3"};
		settings[count++] = (struct assay_setting){"item", i, "address", texts[i][0]};
		settings[count++] = (struct assay_setting){"item", i, "type", hole ? "hole" : "u16"};
		settings[count++] = hole ? (struct assay_setting){"item", i, "count", "3"}
					 : (struct assay_setting){"item", i, "channel", texts[i][1]};
	}
	settings[count++] =
		(struct assay_setting){"", 0, "timeout-ms", "100"}; /* so nothing is late after 200 ms */
	if (period_of_first)
		settings[count++] = (struct assay_setting){"item", 0, "period-ms", period_of_first};
	script = (struct script){device, 0};
	return begin("modbus", ASSAY_TRANSPORT_MODBUS_RTU, 1, all, count);
}

static unsigned times_heard(const char *what)
{
	unsigned count = 0;

	for (const char *at = heard; (at = strstr(at, what)) != NULL; at++)
		count++;
	return count;
}

static void test_one_read_over_the_holes(void **state)
{
	struct bench *bench = begin_map(NULL);

	(void)state;
	line_device(bench->line, 5);
	run_for(bench, 900);
	assert_int_equal(reads, 1);
	assert_int_equal(address[0], 0);
	assert_int_equal(registers[0], 45);
	assert_int_equal(times_heard("c11=44 "), 1);
	end(bench);
}

/* A hole that the map calls readable and the device refuses: found by halving, and from then on two reads. */
static void test_learns_a_hole(void **state)
{
	struct bench *bench = begin_map(NULL);

	(void)state;
	missing[18] = true;
	line_device(bench->line, 5);
	run_for(bench, 20000);
	heard[0] = '\0';
	reads = 0;
	memset(asked_for, 0, sizeof asked_for);
	run_for(bench, 10000);
	assert_int_equal(asked_for[18], 0);
	assert_in_range(asked_for[0], 9, 11);
	assert_int_equal(asked_for[16], asked_for[0]);
	assert_int_equal(reads, 2 * asked_for[0]);
	assert_in_range(times_heard("c4=16 "), 9, 11);
	assert_in_range(times_heard("c5=20 "), 9, 11);
	end(bench);
}

/* A value the device does not have is refused alone, and takes no other with it. */
static void test_missing_value(void **state)
{
	struct bench *bench = begin_map(NULL);

	(void)state;
	missing[8] = true;
	line_device(bench->line, 5);
	run_for(bench, 20000);
	heard[0] = '\0';
	memset(asked_for, 0, sizeof asked_for);
	run_for(bench, 10000);
	for (unsigned i = 0; i < ITEMS; i++) {
		char what[16];

		(void)snprintf(what, sizeof what, "c%u=%u ", i, 4 * i);
		assert_in_range(times_heard(what), i == 2 ? 0 : 9, i == 2 ? 0 : 11);
	}
	assert_in_range(asked_for[8], 9, 11); /* it may come back */
	end(bench);
}

static void test_busy_waits(void **state)
{
	struct bench *bench = begin_map(NULL);

	(void)state;
	line_device(bench->line, 5);
	run_for(bench, 1400);
	heard[0] = '\0';
	busy = 3;
	reads = 0;
	run_for(bench, 4000);
	assert_int_equal(busy, 0);
	for (unsigned i = 0; i < reads; i++)
		assert_int_equal(registers[i], 45); /* nothing is split for that */
	assert_true(times_heard("c0=0 ") >= 1);
	assert_int_equal(bench->line->status, ASSAY_LINE_ONLINE);
	end(bench);
}

static void test_own_period(void **state)
{
	struct bench *bench = begin_map("250");

	(void)state;
	instrument[0].every_ms = 2000;
	line_device(bench->line, 5);
	run_for(bench, 20000);
	assert_in_range(asked_for[0], 76, 80); /* each 250 ms; it is not read along with the others */
	assert_in_range(asked_for[4], 9, 11);
	assert_int_equal(asked_for[44], asked_for[4]);
	end(bench);
}

/* Somebody waits for a stable value: everything is asked, wherever it stands. */
static void test_take(void **state)
{
	const struct assay_want_message want = {.needed = 1, .take = 1};
	struct bench *bench = begin_map("250");

	(void)state;
	instrument[0].every_ms = instrument[0].needed_ms = 60000;
	line_device(bench->line, 5);
	run_for(bench, 5000);
	heard[0] = '\0';
	line_wanted(bench->line, &want);
	run_for(bench, 3000);
	assert_true(times_heard("c0=0 ") >= 1);
	assert_true(times_heard("c11=44 ") >= 1);
	assert_false(bench->line->instrument[0].take);
	end(bench);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_one_read_over_the_holes),
		cmocka_unit_test(test_learns_a_hole), cmocka_unit_test(test_missing_value),
		cmocka_unit_test(test_busy_waits), cmocka_unit_test(test_own_period),
		cmocka_unit_test(test_take)};

	(void)built("drivers", drivers, sizeof drivers);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
