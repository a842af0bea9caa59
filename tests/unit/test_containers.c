/* SPDX-License-Identifier: Apache-2.0
 * Sampling plans of microbiology through a real recorder: n containers, a count each, judged by GB 4789.1. The counts and
 * their verdicts for the plan (5, 2, 1e4, 1e5) are the table of standards.md section 5: two published rejections and one
 * acceptance; the plan of cooked meat is the row of GB 2726-2016 (plan.py compares it with the text). */
#include "tests/unit/lab_play.h"

static json_t *meat_request(const char *lot, const char *analyte)
{
	return json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:[s]}", "cmd", "batch.new", "product",
		"cooked-meat", "name", "酱牛肉", "producer", "禾香食品", "lot", lot, "produced", "2026-11-20",
		"amount", "1 kg", "origin", "sent-in", "tests", analyte);
}

static void order(struct play *play, const char *lot, const char *analyte, char test[72])
{
	struct assay_error err;
	json_t *answer = play_call(play, meat_request(lot, analyte), &err);

	if (!answer)
		fail_msg("%s: %s", err.code, err.text_en);
	(void)snprintf(test, 72, "%.60s.1", play_text(json_object_get(answer, "batch"), "batch"));
	json_decref(answer);
}

static json_t *enter_request(const char *test, const char *slot, int container, const char *value)
{
	char text[40];

	(void)snprintf(text, sizeof text, "%s 1", value);
	return json_pack("{s:s,s:s,s:s,s:i,s:s,s:s}", "cmd", "test.enter", "test", test, "slot", slot,
		"replicate", container, "value", text, "reason", "counted by eye");
}

/* A container's two plates at one dilution. */
static void count(
	struct play *play, const char *test, int container, const char *c1, const char *c2, const char *d)
{
	granted(play, enter_request(test, "c1", container, c1));
	granted(play, enter_request(test, "c2", container, c2));
	granted(play, enter_request(test, "d", container, d));
}

static json_t *missing_request(const char *test, int container)
{
	return json_pack("{s:s,s:s,s:i,s:s}", "cmd", "test.missing", "test", test, "replicate", container,
		"reason", "dropped and broken");
}

static json_t *test_shown(struct play *play, const char *test)
{
	struct assay_error err;
	json_t *answer = play_call(play, json_pack("{s:s,s:s}", "cmd", "test.show", "test", test), &err),
	       *shown;

	assert_non_null(answer);
	shown = json_incref(json_object_get(answer, "test"));
	json_decref(answer);
	return shown;
}

static bool has_reason(const json_t *verdict, const char *wanted)
{
	const json_t *code;
	size_t index;

	json_array_foreach(json_object_get(verdict, "reasons"), index, code)
	{
		if (strcmp(json_string_value(code), wanted) == 0)
			return true;
	}
	return false;
}

static void assert_judged(
	struct play *play, const char *test, const char *value, const char *verdict, const char *reason)
{
	json_t *shown = test_shown(play, test), *result = json_object_get(shown, "result");

	assert_string_equal(play_text(result, "value"), value);
	assert_string_equal(play_text(result, "exact"), "");
	assert_string_equal(play_text(json_object_get(result, "verdict"), "verdict"), verdict);
	if (*reason)
		assert_true(has_reason(json_object_get(result, "verdict"), reason));
	/* typed, so a second person looks */
	assert_true(has_reason(json_object_get(result, "verdict"), "typed-value"));
	assert_int_equal(json_array_size(json_object_get(result, "containers")), 5);
	json_decref(shown);
}

/* c1, c2, d of five containers. */
typedef const char *const five[5][3];

static void play_five(struct play *play, const char *lot, five counts, const char *value, const char *verdict)
{
	char test[72];
	json_t *shown, *judged;

	order(play, lot, "aerobic plate count", test);
	for (int i = 0; i < 5; i++)
		count(play, test, i + 1, counts[i][0], counts[i][1], counts[i][2]);
	assert_judged(play, test, value, verdict, "");
	/* a mark beside a count is said in words, in both languages, and nowhere else */
	shown = test_shown(play, test);
	judged = json_object_get(json_object_get(shown, "result"), "verdict");
	assert_int_equal(has_reason(judged, "count-rounded-to-bound"), strchr(value, '(') != NULL);
	if (strchr(value, '(')) {
		assert_non_null(strstr(play_text(judged, "text_zh"), "按修约前的数值判定"));
		assert_non_null(strstr(play_text(judged, "text_en"), "judged as it was before rounding"));
	}
	json_decref(shown);
}

static void test_worked_examples(void **state)
{
	/* 1.3e3; 6.8e4; 3.4e4; 2.4e5; 1.2e4: one above M */
	static five published_700 = {{"13", "13", "100"}, {"68", "68", "1000"}, {"34", "34", "1000"},
		{"240", "240", "1000"}, {"120", "120", "100"}};
	/* 2.2e2; 4.8e4; 5.5e4; 4.4e4; 7.2e4: four marginal */
	static five published_824 = {{"22", "22", "10"}, {"48", "48", "1000"}, {"55", "55", "1000"},
		{"44", "44", "1000"}, {"72", "72", "1000"}};
	/* 1.1e4; 1.2e4; 9e3; 8e3; 1e4: two marginal, m itself is acceptable */
	static five accepted = {{"110", "110", "100"}, {"120", "120", "100"}, {"90", "90", "100"},
		{"80", "80", "100"}, {"100", "100", "100"}};
	/* three marginal, though their mean, 8800, is below m: never averaged */
	static five mean_below = {{"110", "110", "100"}, {"110", "110", "100"}, {"110", "110", "100"},
		{"55", "55", "100"}, {"55", "55", "100"}};
	/* nothing found is below the dilution, never zero */
	static five none = {
		{"0", "0", "10"}, {"0", "0", "10"}, {"0", "0", "10"}, {"1", "0", "10"}, {"2", "2", "10"}};
	/* 10050 is above m: rounding to 1.0e4 does not make it acceptable. With two more it is the third. */
	static five rounded = {{"100", "101", "100"}, {"110", "110", "100"}, {"120", "120", "100"},
		{"80", "80", "100"}, {"100", "100", "100"}};
	struct play play;

	(void)state;
	play_make(&play);
	begin(&play);
	play_five(&play, "A", published_700, "1300; 68000; 34000; 240000; 12000", "fail");
	play_five(&play, "B", published_824, "220; 48000; 55000; 44000; 72000", "fail");
	play_five(&play, "C", accepted, "11000; 12000; 9000; 8000; 10000", "pass");
	play_five(&play, "D", mean_below, "11000; 11000; 11000; 5500; 5500", "fail");
	play_five(&play, "E", none, "<10; <10; <10; 5; 20", "pass");
	play_five(&play, "F", rounded, "10000(+); 11000; 12000; 8000; 10000", "fail");
	end(&play);
}

/* What is missing leaves the question open, unless it is decided without it. */
static void test_missing(void **state)
{
	struct play play;
	char test[72];

	(void)state;
	play_make(&play);
	begin(&play);
	order(&play, "A", "aerobic plate count", test);
	for (int i = 1; i <= 4; i++)
		count(&play, test, i, "10", "10", "100");
	assert_refused(&play, missing_request(test, 4), "slot-filled");
	assert_refused(&play, missing_request(test, 6), "replicate-invalid");
	granted(&play, missing_request(test, 5));
	assert_judged(&play, test, "1000; 1000; 1000; 1000; —", "undetermined", "too-few-results");
	assert_refused(&play, missing_request(test, 5), "test-closed");

	order(&play, "B", "aerobic plate count", test);
	count(&play, test, 1, "240", "240", "1000");
	granted(&play, enter_request(test, "c1", 2, "3")); /* begun, then lost */
	for (int i = 2; i <= 5; i++)
		granted(&play, missing_request(test, i));
	assert_judged(&play, test, "240000; —; —; —; —", "fail", "");
	assert_refused(&play,
		json_pack("{s:s,s:s,s:s,s:s,s:s}", "cmd", "test.retest", "test", test, "rule",
			"retest-decides", "reason", "try again", "who", "another"),
		"retest-final");

	order(&play, "C", "aerobic plate count", test);
	for (int i = 1; i <= 5; i++)
		granted(&play, missing_request(test, i));
	{
		json_t *shown = test_shown(&play, test), *result = json_object_get(shown, "result");

		assert_string_equal(play_text(result, "value"), "");
		assert_string_equal(play_text(json_object_get(result, "verdict"), "verdict"), "undetermined");
		assert_true(has_reason(json_object_get(result, "verdict"), "incomplete"));
		json_decref(shown);
	}
	assert_refused(&play, enter_request(test, "c1", 1, "3"), "test-closed");
	end(&play);
}

static json_t *back_request(const char *test)
{
	return json_pack("{s:s,s:s,s:s}", "cmd", "test.take-back", "test", test, "reason", "wrong plate");
}

/* The last filling is taken back with a reason, and somebody looks at what follows. */
static void test_taken_back(void **state)
{
	struct play play;
	char test[72];
	json_t *shown;

	(void)state;
	play_make(&play);
	begin(&play);
	order(&play, "A", "aerobic plate count", test);
	assert_refused(&play, back_request(test), "nothing-filled");
	granted(&play, enter_request(test, "c1", 1, "99"));
	granted(&play, back_request(test));
	for (int i = 1; i <= 5; i++)
		count(&play, test, i, "10", "10", "100");
	assert_judged(&play, test, "1000; 1000; 1000; 1000; 1000", "pass", "reading-taken-back");
	assert_refused(&play, back_request(test), "test-closed");

	/* of a constant weight: the next weighing's row goes too */
	{
		char batch[64], moisture[72];

		register_batch(&play, "M", batch);
		(void)snprintf(moisture, sizeof moisture, "%.60s.1", batch);
		weigh(&play, batch, "m2", 1, "22.9873");
		assert_slot(&play, batch, "m2", 1, "empty", "");
		granted(&play, back_request(moisture));
		shown = test_shown(&play, moisture);
		for (size_t i = 0; i < json_array_size(json_object_get(shown, "slots")); i++) {
			const json_t *slot = json_array_get(json_object_get(shown, "slots"), i);

			assert_string_equal(play_text(slot, "status"), "empty");
			assert_int_equal(json_integer_value(json_object_get(slot, "ordinal")), 1);
		}
		json_decref(shown);
	}
	end(&play);
}

/* Five bar codes of their own, and a device that names one fills that container or nothing. */
static void test_samples(void **state)
{
	struct play play;
	struct assay_error err;
	json_t *answer, *batch, *sample;
	char wanted[80];
	size_t index, containers = 0;

	(void)state;
	play_make(&play);
	begin(&play);
	answer = play_call(&play, meat_request("A", "Salmonella"), &err);
	assert_non_null(answer);
	batch = json_object_get(answer, "batch");
	json_array_foreach(json_object_get(batch, "samples"), index, sample)
	{
		if (strcmp(play_text(sample, "role"), "container") != 0)
			continue;
		(void)snprintf(wanted, sizeof wanted, "%.60s-1.%zu", play_text(batch, "batch"), ++containers);
		assert_string_equal(play_text(sample, "sample"), wanted);
	}
	assert_int_equal(containers, 5);
	/* n=5 c=0 of 25 g: GB 29921-2021, one find is one too many */
	(void)snprintf(wanted, sizeof wanted, "%.60s.1", play_text(batch, "batch"));
	json_decref(answer);
	for (int i = 1; i <= 5; i++)
		granted(&play, enter_request(wanted, "x", i, "0"));
	assert_judged(&play, wanted, "0; 0; 0; 0; 0", "pass", "");
	order(&play, "B", "Salmonella", wanted);
	for (int i = 1; i <= 5; i++)
		granted(&play, enter_request(wanted, "x", i, i == 3 ? "1" : "0"));
	assert_judged(&play, wanted, "0; 0; 1; 0; 0", "fail", "");
	order(&play, "C", "Salmonella", wanted);
	for (int i = 1; i <= 5; i++)
		granted(&play, enter_request(wanted, "x", i, i == 3 ? "2" : "0"));
	assert_judged(&play, wanted, "0; 0; —; 0; 0", "undetermined", "bad-value");
	end(&play);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_worked_examples),
		cmocka_unit_test(test_missing),
		cmocka_unit_test(test_taken_back),
		cmocka_unit_test(test_samples),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
