/* SPDX-License-Identifier: Apache-2.0
 * Control charts, Westgard's rules and calibration. Expected values: worked out by hand beside each case; the control
 * materials 200 with s 4 and 250 with s 5 are those of Westgard's multirule lesson, and the rules are read as its
 * definitions have them; the published question in test_published is cited there. */
#include "gateway/analysis/calibration.h"
#include "gateway/analysis/westgard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct assay_decimal decimal(const char *text)
{
	struct assay_decimal value = {0};

	assert_int_equal(assay_decimal_parse(text, strlen(text), &value), ASSAY_OK);
	return value;
}

static void assert_fraction(struct assay_fraction value, const char *expected)
{
	char text[ASSAY_FRACTION_TEXT_MAX];

	(void)assay_fraction_format(&value, text);
	assert_string_equal(text, expected);
}

static struct assay_qc_chart certified(const char *value, const char *expanded)
{
	struct assay_decimal at = decimal(value), size = decimal(expanded), two = decimal("2");
	struct assay_qc_chart chart = {0};

	assert_int_equal(assay_qc_certify(&at, &size, &two, &chart, NULL), ASSAY_OK);
	return chart;
}

/* Ten readings of 9.9 and ten of 10.1: mean 10, squares 20 x 0.01 = 0.2, variance 0.2 / 19 = 1/95. */
static void test_freeze(void **state)
{
	struct assay_decimal values[24];
	bool left_out[24] = {false}, outlier[24];
	struct assay_qc_chart chart = {0}, untouched = {0};
	struct assay_qc_point point;
	struct assay_error err;

	(void)state;
	for (size_t i = 0; i < 24; i++)
		values[i] = decimal(i % 2 ? "10.1" : "9.9");
	assert_int_equal(assay_qc_freeze(values, NULL, 20, outlier, &chart, &err), ASSAY_OK);
	assert_fraction(chart.mean, "10");
	assert_fraction(chart.variance, "1/95");
	assert_int_equal(chart.n, 20);
	assert_int_equal(chart.outliers, 0);
	/* 10.2 lies 0.2 off: z^2 = 0.04 x 95 = 3.8, so beyond 1 s, inside 2 s; sqrt(3.8) = 1.949... */
	values[20] = decimal("10.2");
	assert_int_equal(assay_qc_place(&chart, &values[20], &point, &err), ASSAY_OK);
	assert_fraction(point.z_squared, "19/5");
	assert_int_equal(point.beyond, 1);
	assert_int_equal(point.side, 1);
	assert_int_equal(point.z_hundredths, 194);
	assert_int_equal(assay_qc_freeze(values, NULL, 19, NULL, &untouched, &err), ASSAY_EREFUSED);
	assert_string_equal(err.code, "qc-history-short");
	assert_int_equal(untouched.basis, ASSAY_QC_NONE);
	left_out[3] = true;
	assert_int_equal(assay_qc_freeze(values, left_out, 20, NULL, &untouched, &err), ASSAY_EREFUSED);
	for (size_t i = 0; i < 20; i++)
		values[i] = decimal("5.0");
	assert_int_equal(assay_qc_freeze(values, NULL, 20, NULL, &untouched, &err), ASSAY_EREFUSED);
	assert_string_equal(err.code, "qc-no-spread");
}

/* 23 readings of 0 and one of 24: mean 1, squares 23 + 23^2 = 552, variance 552/23 = 24; z^2 of 24 is 529/24 > 9. */
static void test_outlier_is_shown(void **state)
{
	struct assay_decimal values[24];
	bool outlier[24];
	struct assay_qc_chart chart = {0};

	(void)state;
	for (size_t i = 0; i < 24; i++)
		values[i] = decimal(i == 5 ? "24" : "0");
	assert_int_equal(assay_qc_freeze(values, NULL, 24, outlier, &chart, NULL), ASSAY_OK);
	assert_fraction(chart.variance, "24");
	assert_int_equal(chart.outliers, 1);
	for (size_t i = 0; i < 24; i++)
		assert_int_equal(outlier[i], i == 5);
}

static void test_certificate(void **state)
{
	struct assay_decimal value = decimal("0.50"), size = decimal("0.06"), two = decimal("2"),
			     zero = decimal("0"), at = decimal("0.56"), above = decimal("0.561");
	struct assay_qc_chart chart = {0}, none = {0};
	struct assay_qc_point point;
	struct assay_error err;

	(void)state;
	assert_int_equal(assay_qc_certify(&value, &size, &two, &chart, &err), ASSAY_OK);
	assert_fraction(chart.variance, "9/10000"); /* s = 0.03 */
	assert_int_equal(assay_qc_place(&chart, &at, &point, &err), ASSAY_OK);
	assert_int_equal(point.beyond, 1); /* exactly 2 s is inside */
	assert_int_equal(assay_qc_place(&chart, &above, &point, &err), ASSAY_OK);
	assert_int_equal(point.beyond, 2);
	assert_int_equal(assay_qc_certify(&value, &zero, &two, &none, &err), ASSAY_EREFUSED);
	assert_int_equal(assay_qc_place(&none, &at, &point, &err), ASSAY_ENOTFOUND);
	assert_string_equal(err.code, "qc-chart-missing");
}

/* Ranges 0.2 each: mean range 0.2; warning above 0.5024, action above 0.6534. */
static void test_ranges(void **state)
{
	struct assay_qc_pair pairs[20],
		in = {decimal("1.0000"), decimal("1.5024")}, warn = {decimal("1.0000"), decimal("1.5025")},
		act = {decimal("1.6535"), decimal("1.0000")}, zero = {decimal("1"), decimal("-1")};
	struct assay_qc_range_chart chart = {0}, none = {0};
	struct assay_fraction range;

	(void)state;
	for (size_t i = 0; i < 20; i++)
		pairs[i] = (struct assay_qc_pair){decimal("4.1"), decimal("3.9")};
	assert_int_equal(assay_qc_range_freeze(pairs, 20, false, &chart, NULL), ASSAY_OK);
	assert_fraction(chart.mean_range, "1/5");
	assert_int_equal(assay_qc_range_place(&chart, &in), ASSAY_QC_RANGE_IN);
	assert_int_equal(assay_qc_range_place(&chart, &warn), ASSAY_QC_RANGE_WARNING);
	assert_int_equal(assay_qc_range_place(&chart, &act), ASSAY_QC_RANGE_ACTION);
	assert_int_equal(assay_qc_range_place(&none, &in), ASSAY_QC_RANGE_UNKNOWN);
	assert_int_equal(assay_qc_range_freeze(pairs, 19, false, &none, NULL), ASSAY_EREFUSED);
	assert_int_equal(assay_qc_range_freeze(pairs, 20, true, &chart, NULL), ASSAY_OK);
	assert_fraction(chart.mean_range, "1/20"); /* 0.2 / 4 */
	assert_int_equal(assay_qc_range(&zero, true, &range), ASSAY_EREFUSED);
	assert_int_equal(assay_qc_range_place(&chart, &zero), ASSAY_QC_RANGE_UNKNOWN);
}

static void test_bias_and_recovery(void **state)
{
	struct assay_decimal found[] = {decimal("0.52"), decimal("0.54")}, reference = decimal("0.50"),
			     zero = decimal("0"), spiked = decimal("1.45"), plain = decimal("0.50"),
			     added = decimal("1.00");
	struct assay_fraction percent;

	(void)state;
	assert_int_equal(assay_qc_bias_percent(found, 2, &reference, &percent), ASSAY_OK);
	assert_fraction(percent, "6"); /* (0.53 - 0.50) / 0.50 */
	assert_int_equal(assay_qc_bias_percent(found, 0, &reference, &percent), ASSAY_EREFUSED);
	assert_int_equal(assay_qc_bias_percent(found, 2, &zero, &percent), ASSAY_EREFUSED);
	assert_int_equal(assay_qc_recovery_percent(&spiked, &plain, &added, &percent), ASSAY_OK);
	assert_fraction(percent, "95");
	assert_int_equal(assay_qc_recovery_percent(&spiked, &plain, &zero, &percent), ASSAY_EREFUSED);
}

/* A series: for each control its run, level and reading; level 0 is 200 with s 4, level 1 is 250 with s 5. */
struct reading {
	unsigned run, level;
	const char *value; /* NULL: unusable */
};

static size_t series(const struct reading *readings, size_t count, struct assay_control *out)
{
	struct assay_qc_chart chart[2] = {certified("200", "8"), certified("250", "10")};

	for (size_t i = 0; i < count; i++) {
		struct assay_decimal value;

		out[i] = (struct assay_control){.run = readings[i].run, .level = readings[i].level};
		out[i].unusable = readings[i].value == NULL;
		if (out[i].unusable)
			continue;
		value = decimal(readings[i].value);
		assert_int_equal(
			assay_qc_place(&chart[readings[i].level], &value, &out[i].point, NULL), ASSAY_OK);
	}
	return count;
}

/* The rules found, as "1-2s 2-2s", each once. */
static void rules(const struct assay_westgard_verdict *verdict, char *out, size_t size)
{
	out[0] = '\0';
	for (unsigned f = 0; f < verdict->finding_count; f++) {
		const char *name = assay_westgard_name(verdict->finding[f].rule);

		if (!strstr(out, name))
			(void)snprintf(
				out + strlen(out), size - strlen(out), "%s%s", out[0] ? " " : "", name);
	}
}

static void expect(const struct reading *readings, size_t count, unsigned run, unsigned levels,
	enum assay_westgard_state state, const char *expected)
{
	struct assay_control controls[64];
	struct assay_westgard_verdict verdict;
	char text[128];

	series(readings, count, controls);
	assay_westgard_judge(controls, count, run, levels, &verdict);
	rules(&verdict, text, sizeof text);
	assert_string_equal(text, expected);
	assert_int_equal(verdict.state, state);
	assert_int_equal(verdict.holds, state == ASSAY_WESTGARD_OUT || state == ASSAY_WESTGARD_UNDETERMINED);
}

#define EXPECT(readings, run, levels, state, expected)                                                       \
	expect(readings, sizeof(readings) / sizeof *(readings), run, levels, ASSAY_WESTGARD_##state, expected)

static void test_single_point_rules(void **state)
{
	/* z = 0.5 and -1; 2.25 s is 209; exactly 2 s is 208 and exactly 3 s is 212: inside; 212.1 is outside */
	const struct reading in[] = {{1, 0, "202"}, {1, 1, "245"}};
	const struct reading warning[] = {{1, 0, "209"}, {1, 1, "251"}};
	const struct reading edge[] = {{1, 0, "208"}, {1, 1, "251"}};
	const struct reading edge3[] = {{1, 0, "212"}, {1, 1, "251"}};
	const struct reading out[] = {{1, 0, "187.9"}, {1, 1, "251"}};

	(void)state;
	EXPECT(in, 1, 3, IN, "");
	EXPECT(warning, 1, 3, WARNING, "1-2s");
	EXPECT(edge, 1, 3, IN, "");
	EXPECT(edge3, 1, 3, WARNING, "1-2s");
	EXPECT(out, 1, 3, OUT, "1-2s 1-3s");
}

static void test_two_point_rules(void **state)
{
	/* same run, two levels: +2.25 s and +2.2 s; one level, runs 1 and 2: -2.25 s twice; run 3 has z 0 between */
	const struct reading across[] = {{1, 0, "209"}, {1, 1, "261"}};
	const struct reading within[] = {
		{1, 0, "191"}, {1, 1, "250"}, {2, 0, "191"}, {2, 1, "250"}, {3, 0, "200"}, {3, 1, "250"}};
	const struct reading opposite[] = {{1, 0, "209"}, {1, 1, "239"}}; /* +2.25 s and -2.2 s */
	const struct reading over_runs[] = {
		{1, 0, "209"}, {1, 1, "250"}, {2, 0, "191"}, {2, 1, "250"}}; /* not within one run: no R-4s */
	const struct reading other_level[] = {
		{1, 0, "209"}, {1, 1, "250"}, {2, 0, "200"}, {2, 1, "261"}}; /* levels differ, runs differ */

	(void)state;
	EXPECT(across, 1, 3, OUT, "1-2s 2-2s");
	EXPECT(within, 1, 3, WARNING, "1-2s");
	EXPECT(within, 2, 3, OUT, "1-2s 2-2s");
	EXPECT(within, 3, 3, IN, "");
	EXPECT(opposite, 1, 3, OUT, "1-2s R-4s");
	EXPECT(over_runs, 2, 3, WARNING, "1-2s");
	EXPECT(other_level, 2, 3, WARNING, "1-2s");
}

static void test_rows(void **state)
{
	/* one level: +1.25 s four times; exactly 1 s does not count */
	const struct reading four[] = {{1, 0, "205"}, {2, 0, "205"}, {3, 0, "205"}, {4, 0, "205"}};
	const struct reading three[] = {{1, 0, "205"}, {2, 0, "204"}, {3, 0, "205"}, {4, 0, "205"}};
	/* two levels, two runs: +1.25 s, +1.2 s, +1.5 s, +1.4 s: four in a row over the levels */
	const struct reading levels[] = {{1, 0, "205"}, {1, 1, "256"}, {2, 0, "206"}, {2, 1, "257"}};
	/* five runs of two levels, always a little above: ten on one side */
	const struct reading ten[] = {{1, 0, "201"}, {1, 1, "251"}, {2, 0, "203"}, {2, 1, "252"},
		{3, 0, "201"}, {3, 1, "253"}, {4, 0, "202"}, {4, 1, "251"}, {5, 0, "201"}, {5, 1, "252"}};
	/* the fifth exactly on the mean ends the row */
	const struct reading nine[] = {{1, 0, "201"}, {1, 1, "251"}, {2, 0, "203"}, {2, 1, "252"},
		{3, 0, "200"}, {3, 1, "253"}, {4, 0, "202"}, {4, 1, "251"}, {5, 0, "201"}, {5, 1, "252"}};
	/* seven readings, each above the one before; an equal neighbour ends it */
	const struct reading rising[] = {{1, 0, "197"}, {2, 0, "198"}, {3, 0, "199"}, {4, 0, "200"},
		{5, 0, "201"}, {6, 0, "202"}, {7, 0, "203"}};
	const struct reading level_off[] = {{1, 0, "197"}, {2, 0, "198"}, {3, 0, "199"}, {4, 0, "199"},
		{5, 0, "201"}, {6, 0, "202"}, {7, 0, "203"}};

	(void)state;
	EXPECT(four, 3, 1, IN, "");
	EXPECT(four, 4, 1, OUT, "4-1s");
	EXPECT(three, 4, 1, IN, "");
	EXPECT(levels, 2, 3, OUT, "4-1s");
	EXPECT(ten, 4, 3, IN, "");
	EXPECT(ten, 5, 3, OUT, "10x");
	EXPECT(nine, 5, 3, IN, "");
	EXPECT(rising, 6, 1, IN, "");
	EXPECT(rising, 7, 1, OUT, "7T");
	EXPECT(level_off, 7, 1, IN, "");
}

/* A published question: control 1, mean 100 and s 2.5, reads 106; control 2, mean 205 and s 2.5, reads 199. Its four
 * answers are R4s, 13s, 41s, or a 12s warning (transtutors.com, question 13692639).
 * z is +2.4 and -2.4, so R-4s. */
static void test_published(void **state)
{
	struct assay_qc_chart chart[2] = {certified("100", "5"), certified("205", "5")};
	struct assay_decimal value[2] = {decimal("106"), decimal("199")};
	struct assay_control controls[2] = {{.run = 1, .level = 0}, {.run = 1, .level = 1}};
	struct assay_westgard_verdict verdict;
	char text[128];

	(void)state;
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(assay_qc_place(&chart[i], &value[i], &controls[i].point, NULL), ASSAY_OK);
	assert_int_equal(controls[0].point.z_hundredths, 240);
	assert_int_equal(controls[1].point.z_hundredths, -240);
	assay_westgard_judge(controls, 2, 1, 3, &verdict);
	rules(&verdict, text, sizeof text);
	assert_string_equal(text, "1-2s R-4s");
	assert_int_equal(verdict.state, ASSAY_WESTGARD_OUT);
	assert_int_equal(verdict.finding[2].point[0], 0);
	assert_int_equal(verdict.finding[2].point[1], 1);
}

/* What the rules say of run after run: "14 2-2s, 27 ..." of the runs that are out, without the warnings. */
static void out_runs(const struct assay_control *controls, size_t count, unsigned runs, unsigned levels,
	char *out, size_t size)
{
	struct assay_westgard_verdict verdict;
	char text[128];

	out[0] = '\0';
	for (unsigned run = 1; run <= runs; run++) {
		size_t upto = 0;

		while (upto < count && controls[upto].run <= run)
			upto++;
		assay_westgard_judge(controls, upto, run, levels, &verdict);
		rules(&verdict, text, sizeof text);
		if (verdict.state == ASSAY_WESTGARD_OUT)
			(void)snprintf(out + strlen(out), size - strlen(out), "%s%u %s", *out ? ", " : "",
				run, strncmp(text, "1-2s ", 5) == 0 ? text + 5 : text);
	}
}

/* Sten Westgard, "Break All the Rules - Answers to Part One", August 2015, westgard.com: one control, mean 47, SD 3, the
 * first 57 values as printed there with the rules it names: 6 and 12 1:3s, 14-15 2:2s, 26-27 2:2s, 37-40 4:1s, 52-55 4:1s. A
 * rule is found here at the last of its points. Its 8:x (44-51) is no rule of ours. */
static void test_break_all_the_rules_1(void **state)
{
	static const char *const value[57] = {"42.5", "55.1", "46.4", "47.0", "43.1", "56.9", "41.3", "44.9",
		"45.5", "41.3", "47.0", "37.7", "41.6", "53.3", "55.4", "44.6", "47.3", "48.2", "41.3",
		"42.8", "44.3", "47.6", "44.3", "45.8", "47.6", "39.8", "39.8", "50.9", "49.7", "45.5",
		"45.2", "47.3", "47.9", "44.3", "40.1", "48.2", "40.7", "41.9", "43.4", "43.7", "49.7",
		"42.2", "52.1", "44.6", "45.2", "45.8", "41.6", "41.3", "44.9", "43.7", "45.2", "50.6",
		"50.3", "51.2", "51.5", "44.3", "41.6"};
	struct assay_qc_chart chart = certified("47", "6");
	struct assay_control controls[57];
	char text[400];

	(void)state;
	for (unsigned i = 0; i < 57; i++) {
		struct assay_decimal at = decimal(value[i]);

		controls[i] = (struct assay_control){.run = i + 1};
		assert_int_equal(assay_qc_place(&chart, &at, &controls[i].point, NULL), ASSAY_OK);
	}
	out_runs(controls, 57, 57, 1, text, sizeof text);
	assert_string_equal(text, "6 1-3s, 12 1-3s, 15 2-2s, 27 2-2s, 40 4-1s, 55 4-1s");
}

/* The same, "Answers to Part Two", November 2015: two controls, means 47 and 71, SD 3 and 8, the first 26 runs. Named there:
 * 2 2:2s on both, 8 1:3s on 2, 10 1:3s on 1 and R:4s on both, 13 2:2s on 1, 17 2:2s on 2, 22 4:1s on 1, 26 R:4s. Not found
 * here: 14, "R:4s by calc" (-2.33 and +1.9, 4.2 s apart), and 2:2s at 22, whose reading is exactly 2 s. His definition of R-4s is
 * that one control of the run exceeds the mean plus 2 s and another the mean minus 2 s ("Westgard Rules" and multirules; the same
 * in PMC3909142, table 1), and of 2-2s that two exceed the limit: neither holds there, so the definitions are kept. Readings of
 * the difference alone (Bio-Rad's Unity) would hold run 14, too. */
static void test_break_all_the_rules_2(void **state)
{
	static const char *const value[26][2] = {{"51.5", "82.2"}, {"38.9", "51"}, {"47.6", "74.2"},
		{"46.0", "91.8"}, {"50.9", "74.2"}, {"53.9", "69.0"}, {"52.7", "58.2"}, {"49.1", "95.5"},
		{"48.5", "65.4"}, {"37.0", "90.0"}, {"47.0", "63.0"}, {"54.0", "82.2"}, {"53.3", "65.4"},
		{"40.0", "86.2"}, {"55.4", "70.2"}, {"49.4", "88.6"}, {"46.7", "87.8"}, {"45.8", "85.0"},
		{"52.7", "76.6"}, {"51.1", "65.4"}, {"54.0", "86.2"}, {"53.0", "71.0"}, {"49.7", "81.4"},
		{"48.2", "90.2"}, {"46.4", "80.6"}, {"54.2", "54.0"}};
	struct assay_qc_chart chart[2] = {certified("47", "6"), certified("71", "16")};
	struct assay_control controls[52];
	char text[400];

	(void)state;
	for (unsigned i = 0; i < 52; i++) {
		struct assay_decimal at = decimal(value[i / 2][i % 2]);

		controls[i] = (struct assay_control){.run = i / 2 + 1, .level = i % 2};
		assert_int_equal(assay_qc_place(&chart[i % 2], &at, &controls[i].point, NULL), ASSAY_OK);
	}
	out_runs(controls, 52, 26, 3, text, sizeof text);
	assert_string_equal(text, "2 2-2s, 8 1-3s, 10 1-3s R-4s, 13 2-2s, 17 2-2s, 22 4-1s, 26 R-4s");
}

static void test_held_from(void **state)
{
	const struct reading readings[] = {{1, 0, "200"}, {1, 1, "250"}, {2, 0, "209"}, {2, 1, "250"},
		{3, 0, "209"}, {3, 1, "250"}, {4, 0, "213"}, {4, 1, "250"}, {5, 0, "200"}};
	struct assay_control controls[9];
	struct assay_westgard_verdict verdict;

	(void)state;
	series(readings, 9, controls);
	/* run 2 is a warning and stands; runs 3 (2-2s) and 4 (1-3s) are out: results since run 2 are held */
	assay_westgard_judge(controls, 9, 4, 3, &verdict);
	assert_true(verdict.holds);
	assert_true(verdict.after_good);
	assert_int_equal(verdict.good_run, 2);
	assert_string_equal(verdict.reason, "rule-broken");
	/* cause and action signed before run 4: rules do not look behind it, but 213 is beyond 3 s by itself */
	controls[6].restart = true;
	controls[7].restart = true;
	assay_westgard_judge(controls, 9, 4, 3, &verdict);
	assert_int_equal(verdict.state, ASSAY_WESTGARD_OUT);
	assert_int_equal(verdict.finding_count, 2); /* 1-2s and 1-3s, no longer 2-2s */
	/* run 5 lacks level 1, run 6 has nothing at all, and of an earlier run none stood */
	assay_westgard_judge(controls, 9, 5, 3, &verdict);
	assert_int_equal(verdict.state, ASSAY_WESTGARD_UNDETERMINED);
	assert_string_equal(verdict.reason, "control-missing");
	assert_int_equal(verdict.missing_levels, 2);
	assert_true(verdict.holds);
	assay_westgard_judge(controls, 9, 6, 3, &verdict);
	assert_string_equal(verdict.reason, "control-missing");
	assay_westgard_judge(controls + 4, 4, 3, 3, &verdict);
	assert_false(verdict.after_good);
	assay_westgard_judge(NULL, 0, 1, 1, &verdict);
	assert_int_equal(verdict.state, ASSAY_WESTGARD_UNDETERMINED);
	controls[8].unusable = true;
	assay_westgard_judge(controls, 9, 5, 1, &verdict);
	assert_string_equal(verdict.reason, "control-unusable");
}

/* Known dates: 1970-01-01 is day 0, 2000-03-01 is 11017 (date -u -d 2000-03-01 +%s divided by 86400). */
static void test_due_dates(void **state)
{
	int32_t day, left;

	(void)state;
	assert_int_equal(assay_calibration_day("1970-01-01", &day), ASSAY_OK);
	assert_int_equal(day, 0);
	assert_int_equal(assay_calibration_day("2000-03-01", &day), ASSAY_OK);
	assert_int_equal(day, 11017);
	assert_int_equal(assay_calibration_day("2026-02-29", &day), ASSAY_EREFUSED);
	assert_int_equal(assay_calibration_day("2026-2-09", &day), ASSAY_EREFUSED);
	assert_int_equal(assay_calibration_day("2026-13-01", &day), ASSAY_EREFUSED);
	assert_int_equal(assay_calibration_day("2024-01-31", &day), ASSAY_OK);
	assert_int_equal(assay_calibration_day("2024-02-29", &left), ASSAY_OK);
	assert_int_equal(assay_calibration_add_months(day, 1), left);
	assert_int_equal(assay_calibration_day("2025-01-31", &left), ASSAY_OK);
	assert_int_equal(assay_calibration_add_months(day, 12), left);
	assert_int_equal(
		assay_calibration_due("2026-11-25", "2026-11-25", 30, &left), ASSAY_CALIBRATION_DUE_SOON);
	assert_int_equal(left, 0);
	assert_int_equal(
		assay_calibration_due("2026-11-24", "2026-11-25", 30, &left), ASSAY_CALIBRATION_OVERDUE);
	assert_int_equal(
		assay_calibration_due("2027-11-24", "2026-11-25", 30, &left), ASSAY_CALIBRATION_IN_DATE);
	assert_int_equal(left, 364);
	assert_int_equal(assay_calibration_due("", "2026-11-25", 30, NULL), ASSAY_CALIBRATION_NONE);
	assert_int_equal(assay_calibration_due(NULL, "2026-11-25", 30, NULL), ASSAY_CALIBRATION_NONE);
}

static void test_check_weight(void **state)
{
	struct assay_decimal at = decimal("100.0003"), far = decimal("100.0004"),
			     weight = decimal("100.0000"), tolerance = decimal("0.0003"), zero = decimal("0");
	struct assay_fraction deviation;

	(void)state;
	assert_int_equal(assay_calibration_check(&at, &weight, &tolerance, &deviation), ASSAY_CHECK_PASSED);
	assert_fraction(deviation, "3/10000");
	assert_int_equal(assay_calibration_check(&far, &weight, &tolerance, NULL), ASSAY_CHECK_FAILED);
	assert_int_equal(assay_calibration_check(&at, &weight, &zero, NULL), ASSAY_CHECK_UNKNOWN);
}

/* (0, 0.1), (1, 1.0), (2, 2.1), (3, 3.2): means 1.5 and 1.6; Sxx = 5, Sxy = 5.2, Syy = 5.42; slope 1.04, intercept
 * 0.04, residuals 0.06, -0.08, -0.02, 0.04; r^2 = 27.04 / 27.1. */
static void test_linearity(void **state)
{
	struct assay_decimal x[] = {decimal("0"), decimal("1"), decimal("2"), decimal("3")},
			     y[] = {decimal("0.1"), decimal("1.0"), decimal("2.1"), decimal("3.2")},
			     wide = decimal("0.08"), narrow = decimal("0.07");
	struct assay_calibration_line line;
	struct assay_error err;

	(void)state;
	assert_int_equal(assay_calibration_fit(x, y, 4, &wide, &line, &err), ASSAY_OK);
	assert_fraction(line.slope, "26/25");
	assert_fraction(line.intercept, "1/25");
	assert_fraction(line.residual[0], "3/50");
	assert_fraction(line.residual[1], "-2/25");
	assert_fraction(line.residual[2], "-1/50");
	assert_fraction(line.residual[3], "1/25");
	assert_true(line.has_r_squared);
	assert_fraction(line.r_squared, "1352/1355");
	assert_int_equal(line.worst, 1);
	assert_int_equal(line.state, ASSAY_CHECK_PASSED);
	assert_int_equal(assay_calibration_fit(x, y, 4, &narrow, &line, &err), ASSAY_OK);
	assert_int_equal(line.state, ASSAY_CHECK_FAILED);
	assert_int_equal(assay_calibration_fit(x, y, 2, &wide, &line, &err), ASSAY_EREFUSED);
	assert_string_equal(err.code, "calibration-points");
	assert_int_equal(line.state, ASSAY_CHECK_UNKNOWN);
	x[1] = x[2] = x[0];
	assert_int_equal(assay_calibration_fit(x, y, 4, &wide, &line, &err), ASSAY_EREFUSED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_freeze),
		cmocka_unit_test(test_outlier_is_shown),
		cmocka_unit_test(test_certificate),
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_bias_and_recovery),
		cmocka_unit_test(test_single_point_rules),
		cmocka_unit_test(test_two_point_rules),
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_published),
		cmocka_unit_test(test_break_all_the_rules_1),
		cmocka_unit_test(test_break_all_the_rules_2),
		cmocka_unit_test(test_held_from),
		cmocka_unit_test(test_due_dates),
		cmocka_unit_test(test_check_weight),
		cmocka_unit_test(test_linearity),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
