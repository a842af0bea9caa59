/* SPDX-License-Identifier: Apache-2.0
 * A producer's own laboratory against ours: what may be written down, who may, and the figures. These were worked out with
 * Debian's numpy and scipy.stats from the same six pairs (mean, std(ddof=1), t.ppf(0.975, 5); limits of agreement with
 * variance sd^2 (1/n + 1.96^2 / (2(n-1))), Bland and Altman 1999; En = difference / hypot(U, U), ISO 13528:2015, 9.7). */
#include "gateway/analysis/split_figures.h"
#include "tests/unit/quality_desk.h"

#define PAIRS 6u

static const char *const theirs[PAIRS] = {"0.152", "0.087", "0.231", "0.118", "0.064", "0.305"},
			 *const ours[PAIRS] = {"0.14", "0.095", "0.22", "0.12", "0.07", "0.28"};

static struct desk desk;
static char producer[64], batch[PAIRS + 1][64];

static json_t *split(const char *of, const char *value, const char *uncertainty, const char *coverage)
{
	return json_pack("{s:s+,s:s,s:s,s:s,s:s,s:s}", "test", of, ".1", "value", value, "unit", "mg/kg",
		"date", "2026-05-20", "uncertainty", uncertainty, "coverage", coverage);
}

static void register_batch(size_t i, const char *who)
{
	char lot[8];
	json_t *shown;

	(void)snprintf(lot, sizeof lot, "L%zu", i);
	shown = desk_get(&desk, "chen", "batch.new",
		json_pack("{s:s,s:s,s:s,s:s,s:s,s:[s]}", "product", "rice", "name", "大米", "producer", who,
			"lot", lot, "produced", "2026-05-01", "tests", "lead"),
		"batch");
	(void)snprintf(batch[i], sizeof batch[i], "%s", desk_text(shown, "batch"));
	json_decref(shown);
}

static void put(uint16_t kind, json_t *body)
{
	struct assay_error err;

	assert_non_null(body);
	assert_int_equal(desk_append(&desk, kind, "", body, NULL, &err), ASSAY_OK);
	json_decref(body);
}

static void our_result(const char *of, const char *value)
{
	put(ASSAY_ENTRY_RESULT, json_pack("{s:s+,s:s+,s:s,s:s,s:s,s:s}", "result", of, ".1.R1", "test", of,
					".1", "batch", of, "value", value, "unit", "mg/kg", "exact", ""));
}

static void our_status(const char *of, const char *status)
{
	put(ASSAY_ENTRY_VERDICT,
		json_pack("{s:s,s:s,s:s,s:[]}", "batch", of, "verdict", "pass", "status", status, "reasons"));
}

static int begin(void **state)
{
	json_t *row;

	(void)state;
	desk_make(&desk, "[]");
	row = desk_get(&desk, "chen", "producer.add",
		json_pack("{s:s,s:s,s:[s],s:i,s:s}", "name", "禾香食品", "licence", "SC1", "self_tests",
			"lead", "tests_a_year", 240, "cost_a_year", "5000"),
		"producer");
	(void)snprintf(producer, sizeof producer, "%s", desk_text(row, "producer"));
	json_decref(row);
	for (size_t i = 0; i < PAIRS; i++)
		register_batch(i, producer);
	register_batch(PAIRS, "someone unknown");
	return 0;
}

static int end(void **state)
{
	(void)state;
	desk_drop(&desk);
	return 0;
}

static void test_refused(void **state)
{
	(void)state;
	desk_refused(&desk, "chen", "split.enter", split("S99-0000-01", "1", "", ""), "test-unknown");
	desk_refused(&desk, "chen", "split.enter", split(batch[PAIRS], "1", "", ""), "producer-unregistered");
	desk_refused(&desk, "chen", "split.enter", split(batch[0], "<0.1", "", ""), "field-invalid");
	desk_refused(&desk, "chen", "split.enter", split(batch[0], "ND", "", ""), "field-invalid");
	desk_refused(&desk, "chen", "split.enter", split(batch[0], "0.1", "0", ""), "field-invalid");
	desk_refused(&desk, "chen", "split.enter", split(batch[0], "0.1", "0.01", "-2"), "field-invalid");
	desk_refused(&desk, "chen", "split.enter",
		json_pack("{s:s+,s:s,s:s,s:s}", "test", batch[0], ".1", "value", "0.1", "unit", "g/kg",
			"date", "2026-05-20"),
		"unit-mismatch");
	desk_refused(&desk, "chen", "split.enter",
		json_pack("{s:s+,s:s,s:s,s:s}", "test", batch[0], ".1", "value", "0.1", "unit", "mg/kg",
			"date", "2026-06-20"),
		"date-in-future");
}

/* A producer's user writes for its own batches; another's are not there for it. */
static void test_whose(void **state)
{
	const struct assay_actor other = {
		.name = "wang", .roles = ASSAY_ACTS_PRODUCER, .producer = "P999", .how = ASSAY_ACTOR_SESSION};
	struct assay_error err = {.code = ""};
	json_t *request = split(batch[0], "0.1", "", "");
	bool known;
	int status;

	(void)state;
	assert_null(assay_lab_command(&desk.lab, "split.enter", request, &other, &known, &status, &err));
	assert_string_equal(err.code, "test-unknown");
	assert_null(assay_lab_command(&desk.lab, "split.list", request, &other, &known, &status, &err));
	assert_string_equal(err.code, "not-allowed");
	json_decref(request);
}

static json_t *group(bool final)
{
	struct assay_error err;
	json_t *list = assay_split_figures(assay_state_db(desk.state), producer, "", final, &err), *one;

	assert_non_null(list);
	assert_int_equal(json_array_size(list), 1);
	one = json_incref(json_array_get(list, 0));
	json_decref(list);
	return one;
}

static json_int_t count(const json_t *object, const char *name)
{
	return json_integer_value(json_object_get(object, name));
}

static void assert_figures(const json_t *found)
{
	static const char *const wanted[][2] = {{"sd", "0.0128323"}, {"bias", "0.00533333"},
		{"bias_low", "-0.00813329"}, {"bias_high", "0.0188000"}, {"lower", "-0.0198179"},
		{"lower_low", "-0.0442996"}, {"lower_high", "0.00466383"}, {"upper", "0.0304845"},
		{"upper_low", "0.00600283"}, {"upper_high", "0.0549663"}};

	for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
		assert_string_equal(desk_text(found, wanted[i][0]), wanted[i][1]);
}

static void test_figures(void **state)
{
	json_t *found;
	const json_t *samples;

	(void)state;
	put(ASSAY_ENTRY_UNCERTAINTY,
		json_pack("{s:s,s:b,s:s,s:s,s:s}", "method", "gb-5009.12-lead", "relative", 0, "expanded",
			"0.02", "stale_after", "2027-01-01", "who", "qian"));
	for (size_t i = 0; i < PAIRS; i++) {
		if (i == 4) /* the fifth is told after ours is known */
			our_result(batch[i], ours[i]);
		json_decref(desk_get(&desk, "chen", "split.enter",
			split(batch[i], theirs[i],
				i == 0   ? "0.02"
				: i == 5 ? "0.015"
					 : "",
				i == 5 ? "3" : ""),
			"splits"));
		if (i != 4)
			our_result(batch[i], ours[i]);
	}
	found = group(false);
	samples = json_object_get(found, "samples");
	assert_int_equal(count(found, "n"), 6);
	assert_int_equal(count(found, "blind"), 5);
	assert_figures(found);
	assert_int_equal(count(found, "en_count"), 2);
	assert_int_equal(count(found, "en_failed"), 1);
	assert_string_equal(desk_text(json_array_get(samples, 0), "en"), "0.424264");
	assert_string_equal(
		desk_text(json_array_get(samples, 5), "en"), "1.11803"); /* U 0.015, k 3: 0.01 at k 2 */
	assert_string_equal(desk_text(json_array_get(samples, 5), "en_grade"), "unsatisfactory");
	assert_string_equal(desk_text(json_array_get(samples, 1), "en"), "");
	json_decref(found);
	/* the producer is told of ours when it is final */
	found = group(true);
	assert_int_equal(count(found, "n"), 0);
	assert_string_equal(desk_text(json_array_get(json_object_get(found, "samples"), 0), "ours"), "");
	json_decref(found);
	for (size_t i = 0; i < PAIRS; i++)
		our_status(batch[i], "awaiting-release");
	found = group(true);
	assert_figures(found);
	json_decref(found);
}

/* A correction says why; the newest counts, and the older stay in the journal. */
static void test_correction(void **state)
{
	json_t *request = split(batch[2], "0.3", "", ""), *found;

	(void)state;
	desk_refused(&desk, "chen", "split.enter", json_incref(request), "reason-needed");
	(void)json_object_set_new(request, "reason", json_string("抄错"));
	json_decref(desk_get(&desk, "chen", "split.enter", request, "splits"));
	found = group(false);
	assert_int_equal(count(found, "n"), 6);
	assert_int_equal(count(found, "blind"), 4);
	assert_string_equal(desk_text(json_array_get(json_object_get(found, "samples"), 5), "theirs"), "0.3");
	json_decref(found);
}

static void again(const char *of, const char *rule)
{
	put(ASSAY_ENTRY_TEST,
		json_pack("{s:s+,s:s,s:i,s:s,s:s,s:s,s:{s:s,s:s,s:s,s:i,s:[]},s:s+,s:s}", "test", of, ".1.2",
			"batch", of, "position", 1, "analyte", "lead", "method", "gb-5009.12-lead",
			"evidence_instrument", "", "sheet", "analyte_zh", "铅", "analyte_en", "lead", "unit",
			"mg/kg", "replicates", 2, "slots", "retest_of", of, ".1", "rule", rule));
}

static void again_result(const char *of, const char *value)
{
	put(ASSAY_ENTRY_RESULT, json_pack("{s:s+,s:s+,s:s,s:s,s:s,s:s}", "result", of, ".1.2.R1", "test", of,
					".1.2", "batch", of, "value", value, "unit", "mg/kg", "exact", ""));
}

static void judged(const char *of, const char *result, const char *verdict)
{
	put(ASSAY_ENTRY_VERDICT, json_pack("{s:s+,s:s,s:[],s:s}", "result", of, result, "verdict", verdict,
					 "reasons", "limit", "0.2 mg/kg"));
}

/* Ours in the sample of that place, and the test it comes from; "" while it waits. */
static void expect_ours(size_t at, const char *value, const char *of, const char *test)
{
	json_t *found = group(false);
	const json_t *sample = json_array_get(json_object_get(found, "samples"), at);
	char wanted[80] = "";

	assert_string_equal(desk_text(sample, "ours"), value);
	assert_int_equal(json_is_true(json_object_get(sample, "waits")), !*value);
	if (*value)
		(void)snprintf(wanted, sizeof wanted, "%s%s", of, test);
	assert_string_equal(desk_text(sample, "ours_of"), wanted);
	json_decref(found);
}

/* What is compared is what the laboratory reports: after a retest the result that its rule, fixed before, lets stand (the
 * same as in the certificate and in the district's rates). Places: the sample of batch 5 is the fifth, of batch 0 the first. */
static void test_retest(void **state)
{
	(void)state;
	judged(batch[5], ".1.R1", "fail");
	expect_ours(4, "0.28", batch[5], ".1");
	again(batch[5], "retest-decides");
	expect_ours(4, "", "", ""); /* being tested again */
	again_result(batch[5], "0.19");
	expect_ours(4, "0.28", batch[5], ".1"); /* not decided: the first stands */
	judged(batch[5], ".1.2.R1", "pass");
	expect_ours(4, "0.19", batch[5], ".1.2");
	/* where the worse decides, a better second one does not take the place, a worse one does */
	judged(batch[0], ".1.R1", "undetermined");
	again(batch[0], "worst-decides");
	again_result(batch[0], "0.21");
	judged(batch[0], ".1.2.R1", "pass");
	expect_ours(0, "0.14", batch[0], ".1");
	judged(batch[0], ".1.2.R1", "fail");
	expect_ours(0, "0.21", batch[0], ".1.2");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_refused), cmocka_unit_test(test_whose),
		cmocka_unit_test(test_figures), cmocka_unit_test(test_correction),
		cmocka_unit_test(test_retest)};

	return cmocka_run_group_tests(tests, begin, end);
}
