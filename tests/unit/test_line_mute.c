/* SPDX-License-Identifier: Apache-2.0
 * Instruments that are asked for values and do not say who they are, in virtual time: a print line may be taken for the
 * answer to a poll, and nothing but time keeps that answer from being taken for the next one. Requests and answers as
 * specs/instruments has them from the manuals. */
#include "gateway/wire/instrument_spec.h"
#include "tests/sim/scripted_line.h"

#define KEY "     77.0 g\r\n"
#define LATE_MS 4000u /* twice its time-out: what is stated when lab.xml says nothing */

static struct assay_instrument_spec *spec;

static struct bench *begin_spec(const char *name)
{
	const struct assay_setting *settings;
	struct assay_error err;
	struct bench *bench;
	char specs[512];

	if (assay_instrument_spec_load(built("specs", specs, sizeof specs), name, &spec, &err) != ASSAY_OK)
		fail_msg("%s", err.text_en);
	settings = spec->settings;
	bench = begin(spec->driver, ASSAY_TRANSPORT_SERIAL, 1, &settings, spec->setting_count);
	line_device(bench->line, 5);
	return bench;
}

static void end_spec(struct bench *bench)
{
	end(bench);
	assay_instrument_spec_free(spec);
}

static void run_until(struct bench *bench, unsigned requests)
{
	for (unsigned ms = 0; sent_count < requests && ms < 60000; ms++)
		run_for(bench, 1);
	assert_int_equal(sent_count, requests);
}

/* The n-th weight is n grams, so that it shows which poll it answers. */
static const char *scout(const uint8_t *bytes, size_t length, size_t *reply_length)
{
	static char reply[32];

	(void)bytes;
	(void)length;
	*reply_length = (size_t)snprintf(reply, sizeof reply, "    %3u.0 g\r\n", sent_count);
	return reply;
}

static void test_key_for_an_answer(void **state)
{
	struct bench *bench = begin_spec("ohaus-scout");
	uint64_t polled;

	(void)state;
	script = (struct script){scout, 2500};
	run_until(bench, 1);
	polled = bench->adv.now_ns;
	script.delay_ms = 0;
	says(bench, KEY, sizeof KEY - 1); /* the key, while the balance makes its answer */
	run_for(bench, 100);
	assert_string_equal(heard, "weight=77.0 ");
	heard[0] = '\0';
	run_until(bench, 2);
	assert_true(bench->adv.now_ns >= polled + LATE_MS * ADV_MS);
	assert_string_equal(heard, "weight=1.0(by itself) "); /* nobody took it for the second's */
	heard[0] = '\0';
	run_for(bench, 100);
	assert_string_equal(heard, "weight=2.0 ");
	end_spec(bench);
}

/* Keys that are pressed in between count at once, and a slot waits no longer than the delay. */
static void test_slot(void **state)
{
	const struct assay_want_message take = {.instrument = 0, .needed = 1, .take = 1};
	struct bench *bench = begin_spec("ohaus-scout");
	uint64_t polled;

	(void)state;
	script = (struct script){scout, 0};
	run_until(bench, 1);
	polled = bench->adv.now_ns;
	run_for(bench, 1000);
	heard[0] = '\0';
	line_wanted(bench->line, &take);
	run_for(bench, 1000);
	says(bench, KEY, sizeof KEY - 1);
	run_for(bench, 100);
	assert_string_equal(heard, "weight=77.0(by itself) ");
	heard[0] = '\0';
	run_until(bench, 2);
	assert_true(bench->adv.now_ns <= polled + (LATE_MS + 100) * ADV_MS);
	run_for(bench, 100);
	assert_string_equal(heard, "weight=2.0 ");
	end_spec(bench);
}

static bool busy;

static const char *titrator(const uint8_t *bytes, size_t length, size_t *reply_length)
{
	const char *reply = bytes[1] == 'D'                 ? busy ? "Busy;0\r\n" : "Ready;0\r\n"
			    : length > 4 && bytes[3] == 'R' ? "3.421\r\n"
							    : "4.5120\r\n";

	*reply_length = strlen(reply);
	return reply;
}

/* Metrohm's $D says whether there is a result; what it says is no value, and the result is asked for right behind it. */
static void test_titrator(void **state)
{
	struct bench *bench = begin_spec("metrohm-titrino-plus");

	(void)state;
	script = (struct script){titrator, 0};
	busy = true;
	run_for(bench, 10000);
	assert_int_equal(count_sent("24440D0A"), sent_count); /* $D */
	assert_string_equal(heard, "");
	busy = false;
	run_for(bench, 12000);
	assert_string_equal(heard, "result=3.421 volume=4.5120 ");
	end_spec(bench);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_key_for_an_answer),
		cmocka_unit_test(test_slot), cmocka_unit_test(test_titrator)};

	(void)built("drivers", drivers, sizeof drivers);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
