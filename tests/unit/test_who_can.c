/* SPDX-License-Identifier: Apache-2.0
 * Who could do what on a past day. The days and the people are invented; what must come out follows from the entries as
 * they are written here, by hand. */
#include "tests/unit/recorder_play.h"

#include "gateway/lab/people.h"
#include "gateway/record/state.h"

#include <time.h>

/* Noon of a day here. */
static int64_t noon(int year, int month, int day)
{
	struct tm parts = {
		.tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day, .tm_hour = 12, .tm_isdst = -1};

	return (int64_t)mktime(&parts) * 1000000000;
}

static void put(struct assay_state *state, int64_t wall_ns, const char *body)
{
	struct assay_error err = {.text_en = ""};
	struct assay_entry entry = {.kind = ASSAY_ENTRY_PERSON,
		.sequence = assay_state_applied(state),
		.wall_ns = wall_ns,
		.body = body,
		.body_length = (uint32_t)strlen(body)};

	if (assay_state_apply(state, &entry, &err) != ASSAY_OK)
		fail_msg("%s", err.text_en);
}

/* "SUBJECT SUBJECT ...": who could. */
static void assert_could(struct assay_state *state, const char *act, const char *on, const char *wanted)
{
	struct assay_error err = {.text_en = ""};
	json_t *answer = lab_who_could(assay_state_db(state), act, on, &err), *row;
	char found[400] = "";
	size_t index;

	if (!answer)
		fail_msg("%s", err.text_en);
	json_array_foreach(json_object_get(answer, "who"), index, row)
	{
		size_t at = strlen(found);

		(void)snprintf(
			found + at, sizeof found - at, "%s%s", at ? " " : "", play_text(row, "subject"));
	}
	assert_string_equal(found, wanted);
	json_decref(answer);
}

static void test_days(void **unused)
{
	char dir[] = "/tmp/assay-who.XXXXXX";
	struct assay_state *state = NULL;
	struct assay_error err;
	json_t *answer;
	const json_t *row;

	(void)unused;
	assert_non_null(mkdtemp(dir));
	assert_int_equal(assay_state_open(dir, &state, &err), ASSAY_OK);
	put(state, noon(2026, 3, 1),
		"{\"user\":\"li\",\"action\":\"created\",\"name\":\"李\",\"roles\":\"technician\","
		"\"producer\":\"\",\"who\":\"root\"}");
	put(state, noon(2026, 3, 1),
		"{\"user\":\"zhou\",\"action\":\"created\",\"name\":\"周\",\"roles\":\"reviewer\","
		"\"producer\":\"\",\"who\":\"root\"}");
	put(state, noon(2026, 3, 10),
		"{\"user\":\"li\",\"action\":\"roles\",\"roles\":\"technician "
		"reviewer\",\"producer\":\"\",\"reason\":\"x\",\"who\":\"root\"}");
	put(state, noon(2026, 3, 20),
		"{\"user\":\"zhou\",\"action\":\"disabled\",\"reason\":\"left\",\"who\":\"root\"}");
	put(state, noon(2026, 3, 21),
		"{\"user\":\"li\",\"action\":\"logged-in\",\"address\":\"::1\",\"who\":\"li\"}");
	put(state, noon(2026, 3, 25),
		"{\"user\":\"li\",\"action\":\"methods\",\"methods\":[\"gb-5009.3-direct\"],\"reason\":\"x\","
		"\"who\":\"root\"}");
	{
		char token[300];

		(void)snprintf(token, sizeof token,
			"{\"token\":\"t1\",\"action\":\"created\",\"name\":\"lims\",\"roles\":\"technician\","
			"\"producer\":\"\","
			"\"until_ns\":%lld,\"who\":\"root\"}",
			(long long)noon(2026, 4, 5));
		put(state, noon(2026, 4, 1), token);
	}
	put(state, noon(2026, 5, 1),
		"{\"user\":\"zhou\",\"action\":\"enabled\",\"reason\":\"back\",\"who\":\"root\"}");

	assert_could(state, "batch.release", "2026-02-28", "");
	assert_could(state, "batch.release", "2026-03-01", "zhou");
	assert_could(state, "batch.release", "2026-03-09", "zhou");
	assert_could(state, "batch.release", "2026-03-10", "li zhou"); /* from noon on */
	assert_could(state, "batch.release", "2026-03-20", "li zhou"); /* until noon */
	assert_could(state, "release", "2026-03-20", "li zhou");
	assert_could(state, "batch.release", "2026-03-21", "li");
	assert_could(state, "test.enter", "2026-03-05", "li");
	assert_could(state, "test.enter", "2026-04-02", "li t1");
	assert_could(state, "test.enter", "2026-04-05", "li t1");
	assert_could(state, "test.enter", "2026-04-06", "li"); /* the token's days are over */
	assert_could(state, "batch.confirm", "2026-05-02", "li zhou");
	assert_could(state, "", "2026-03-05", "li zhou");

	answer = lab_who_could(assay_state_db(state), "test.enter", "2026-03-25", &err);
	assert_int_equal(json_array_size(json_object_get(answer, "who")),
		2); /* before and after the list of methods */
	row = json_array_get(json_object_get(answer, "who"), 1);
	assert_string_equal(
		json_string_value(json_array_get(json_object_get(row, "methods"), 0)), "gb-5009.3-direct");
	assert_int_equal(json_integer_value(json_object_get(row, "seq")), 5);
	json_decref(answer);
	assert_null(lab_who_could(assay_state_db(state), "no.such", "2026-03-25", &err));
	assert_string_equal(err.code, "act-unknown");
	assert_null(lab_who_could(assay_state_db(state), "", "2026-02-30", &err));
	assert_string_equal(err.code, "date-invalid");
	assay_state_close(state);
	assay_state_remove(dir);
	(void)rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_days)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
