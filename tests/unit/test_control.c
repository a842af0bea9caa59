/* SPDX-License-Identifier: Apache-2.0
 * Controls that hold results, in a laboratory without a recorder. The control materials 200 with s 4 and 250 with s 5, and the
 * rules, are those of Westgard's multirule lesson (westgard.com, "Multirule and Westgard Rules: what are they?"); each series
 * below is its definition of one rule, worked out by hand. Lead in pickles: (r-r0)*V/(m*1000), limit of GB 2762. Means and
 * variances of charts: Python's fractions. */
#include "tests/unit/quality_desk.h"

#define LEAD "gb-5009.12-lead"

/* A run of both levels; value "" leaves that level unmeasured. The run's id. */
static void run(struct desk *desk, char material[2][LAB_ID_MAX], const char *value1, const char *value2,
	char id[LAB_ID_MAX])
{
	json_t *materials = json_array(), *made;
	const char *value[] = {value1, value2};
	int number = 0;

	for (int i = 0; i < 2; i++)
		if (*value[i])
			(void)json_array_append_new(materials, json_string(material[i]));
	made = desk_get(desk, "chen", "qc.run.new",
		json_pack("{s:s,s:o}", "instrument", "balance-1", "materials", materials), "run");
	(void)snprintf(id, LAB_ID_MAX, "%s", desk_text(made, "run"));
	json_decref(made);
	for (int i = 0; i < 2; i++)
		if (*value[i]) {
			char test[LAB_ID_MAX + 8];

			(void)snprintf(test, sizeof test, "%s.%d", id, ++number);
			desk_fill(desk, test, "w", 1, "balance-1", value[i], "g");
		}
	desk_later(desk, DESK_HOUR_NS);
}

static void assert_run(struct desk *desk, const char *id, const char *state, const char *rule)
{
	json_t *shown = desk_get(desk, "chen", "qc.run.show", json_pack("{s:s}", "run", id), "run"), *one;
	bool there = !*rule;
	size_t index;

	assert_string_equal(desk_text(shown, "state"), state);
	json_array_foreach(json_object_get(shown, "rules"), index, one)
	{
		there = there || strcmp(desk_text(one, "rule"), rule) == 0;
	}
	if (!there)
		fail_msg("%s: rule %s is not named", id, rule);
	json_decref(shown);
}

static size_t holds(struct desk *desk)
{
	json_t *list = desk_get(desk, "chen", "qc.hold.list", json_object(), "holds");
	size_t count = json_array_size(list);

	json_decref(list);
	return count;
}

struct series {
	const char *state, *rule; /* of the last run */
	const char *value[10][2];
};

/* 200 s 4: 1 s 204, 2 s 208, 3 s 212 above; 196, 192, 188 below. 250 s 5: 255, 260, 265; 245, 240, 235. */
static const struct series all_series[] = {
	{"in", "", {{"201", "248"}}}, {"warning", "1-2s", {{"209", "251"}}},
	{"warning", "1-2s", {{"212", "251"}}}, /* on the limit is inside it */
	{"out", "1-3s", {{"212.1", "251"}}}, {"out", "2-2s", {{"209", "261"}}}, /* across levels, one run */
	{"out", "2-2s", {{"191", "249"}, {"191.5", "251"}}}, /* one level, two runs */
	{"out", "R-4s", {{"209", "239"}}}, {"out", "4-1s", {{"205", "256"}, {"205", "256"}}},
	{"out", "4-1s", {{"205", "249"}, {"206", "251"}, {"205", "249"}, {"206", "251"}}},
	{"out", "10x", {{"201", "251"}, {"202", "251"}, {"201", "252"}, {"202", "251"}, {"201", "251"}}},
	{"out", "7T",
		{{"194", ""}, {"196", ""}, {"198", ""}, {"200", ""}, {"201", ""}, {"202", ""}, {"203", ""}}},
	{"in", "",
		{{"194", ""}, {"196", ""}, {"198", ""}, {"200", ""}, {"201", ""}, {"202", ""}, {"202", ""}}},
	{"in", "", {{"205", "256"}, {"203", "251"}, {"205", "249"}}}, /* the row is broken */
};

static void test_rules(void **state)
{
	static struct desk desk;

	(void)state;
	for (size_t i = 0; i < sizeof all_series / sizeof *all_series; i++) {
		const struct series *series = &all_series[i];
		char material[2][LAB_ID_MAX], id[LAB_ID_MAX] = "";

		desk_make(&desk, "[]");
		desk_material(&desk, "control", 1, "check-weight", "200", "8", "g", material[0]);
		desk_material(&desk, "control", 2, "check-weight", "250", "10", "g", material[1]);
		for (size_t j = 0; j < 10 && series->value[j][0]; j++)
			run(&desk, material, series->value[j][0], series->value[j][1], id);
		assert_run(&desk, id, series->state, series->rule);
		assert_int_equal(holds(&desk), strcmp(series->state, "out") == 0);
		desk_drop(&desk);
	}
}

/* A batch of pickles with its lead; r in ug/L is the result in mg/kg times 10. */
static void lead(
	struct desk *desk, const char *instrument, const char *r1, const char *r2, char batch[LAB_ID_MAX])
{
	static unsigned lot;
	char test[LAB_ID_MAX + 8], name[32];
	json_t *made;

	(void)snprintf(name, sizeof name, "L%u", ++lot);
	made = desk_get(desk, "chen", "batch.new",
		json_pack("{s:s,s:s,s:s,s:s,s:s,s:[s]}", "product", "pickles", "name", "酱黄瓜", "producer",
			"永和", "lot", name, "produced", "2026-01-15", "tests", "lead"),
		"batch");
	(void)snprintf(batch, LAB_ID_MAX, "%s", desk_text(made, "batch"));
	json_decref(made);
	(void)snprintf(test, sizeof test, "%s.1", batch);
	for (int i = 1; i <= 2; i++) {
		desk_fill(desk, test, "m", i, instrument, "1.0000", "g");
		desk_fill(desk, test, "r", i, instrument, i == 1 ? r1 : r2, "μg/L");
	}
	desk_fill(desk, test, "r0", 1, instrument, "0.00", "μg/L");
	desk_fill(desk, test, "V", 1, instrument, "100.0", "mL");
}

/* The same weighings of a control of lead; its result is r / 10. */
static void lead_control(
	struct desk *desk, const char *material, const char *instrument, const char *r, char id[LAB_ID_MAX])
{
	char test[LAB_ID_MAX + 8];
	json_t *made = desk_get(desk, "chen", "qc.run.new",
		json_pack("{s:s,s:[s]}", "instrument", instrument, "materials", material), "run");

	(void)snprintf(id, LAB_ID_MAX, "%s", desk_text(made, "run"));
	json_decref(made);
	(void)snprintf(test, sizeof test, "%s.1", id);
	for (int i = 1; i <= 2; i++) {
		desk_fill(desk, test, "m", i, instrument, "1.0000", "g");
		desk_fill(desk, test, "r", i, instrument, r, "μg/L");
	}
	desk_fill(desk, test, "r0", 1, instrument, "0.00", "μg/L");
	desk_fill(desk, test, "V", 1, instrument, "100.0", "mL");
	desk_later(desk, DESK_HOUR_NS);
}

/* With a reason that must be there; "" none at all but what the limit's own row says. */
static void assert_batch(struct desk *desk, const char *batch, const char *verdict, const char *reason)
{
	json_t *shown = desk_get(desk, "chen", "batch.show", json_pack("{s:s}", "batch", batch), "batch"),
	       *one;
	bool there = !*reason;
	size_t index;

	json_array_foreach(json_object_get(shown, "reasons"), index, one)
	{
		there = there || strcmp(json_string_value(one), reason) == 0;
		if (!*reason)
			assert_null(strstr(json_string_value(one), "control"));
	}
	assert_string_equal(desk_text(shown, "verdict"), verdict);
	if (!there)
		fail_msg("%s: reason %s is not given", batch, reason);
	json_decref(shown);
}

/* The same result with every value typed: nobody knows from which instrument. */
static void type_lead(struct desk *desk, char batch[LAB_ID_MAX])
{
	static const char *const values[][3] = {{"m", "1", "1.0000 g"}, {"m", "2", "1.0000 g"},
		{"r", "1", "1.00 μg/L"}, {"r", "2", "1.02 μg/L"}, {"r0", "1", "0.00 μg/L"},
		{"V", "1", "100.0 mL"}};
	char test[LAB_ID_MAX + 8];
	json_t *made = desk_get(desk, "chen", "batch.new",
		json_pack("{s:s,s:s,s:s,s:s,s:s,s:[s]}", "product", "pickles", "name", "酱黄瓜", "producer",
			"永和", "lot", "T1", "produced", "2026-01-15", "tests", "lead"),
		"batch");

	(void)snprintf(batch, LAB_ID_MAX, "%s", desk_text(made, "batch"));
	json_decref(made);
	(void)snprintf(test, sizeof test, "%s.1", batch);
	for (size_t i = 0; i < sizeof values / sizeof *values; i++)
		json_decref(desk_get(desk, "chen", "test.enter",
			json_pack("{s:s,s:s,s:i,s:s,s:s}", "test", test, "slot", values[i][0], "replicate",
				values[i][1][0] - '0', "value", values[i][2], "reason", "断线"),
			"test"));
}

static json_t *explain(const char *hold)
{
	return json_pack(
		"{s:s,s:s,s:s}", "hold", hold, "cause", "石墨管老化", "action", "更换石墨管，重测质控样");
}

static json_t *let_go(const char *hold)
{
	return json_pack("{s:s,s:s}", "hold", hold, "reason", "复核了原因和措施");
}

static void test_hold(void **state)
{
	static struct desk desk;
	char material[LAB_ID_MAX], id[LAB_ID_MAX], before[LAB_ID_MAX], good[LAB_ID_MAX], bad[LAB_ID_MAX],
		other[LAB_ID_MAX], later[LAB_ID_MAX], typed[LAB_ID_MAX];
	json_t *hold;

	(void)state;
	desk_make(&desk, "[]");
	desk_material(&desk, "control", 1, LEAD, "0.20", "0.04", "mg/kg", material);
	lead(&desk, "aas-1", "1.00", "1.02", before);
	lead_control(&desk, material, "aas-1", "2.05", id);
	assert_run(&desk, id, "in", "");
	lead(&desk, "aas-1", "1.00", "1.02", good);
	lead(&desk, "aas-1", "20.0", "20.1", bad);
	lead(&desk, "aas-2", "1.00", "1.02", other);
	assert_batch(&desk, good, "pass", "");
	assert_batch(&desk, bad, "fail", "");
	lead_control(&desk, material, "aas-1", "2.80", id); /* 0.28: 4 s */
	assert_run(&desk, id, "out", "1-3s");
	assert_batch(&desk, before, "pass", ""); /* it came before the last good control */
	assert_batch(&desk, other, "pass", ""); /* on the other instrument */
	assert_batch(&desk, good, "undetermined", "control-1-3s");
	assert_batch(&desk, bad, "undetermined", "control-1-3s");
	lead(&desk, "aas-1", "1.00", "1.02", later);
	assert_batch(&desk, later, "undetermined", "control-1-3s");

	type_lead(&desk, typed);
	assert_batch(&desk, typed, "undetermined", "control-1-3s");

	hold = desk_get(&desk, "chen", "qc.hold.show", json_pack("{s:s}", "hold", "H0001"), "hold");
	assert_string_equal(desk_text(hold, "run"), id);
	assert_string_equal(desk_text(hold, "rule"), "1-3s");
	assert_int_equal(json_array_size(json_object_get(hold, "tests")), 4);
	json_decref(hold);

	desk_refused(&desk, "li", "qc.hold.release", let_go("H0001"), "hold-unexplained");
	desk_refused(&desk, "li", "qc.hold.explain", json_pack("{s:s,s:s}", "hold", "H0001", "cause", "?"),
		"field-missing");
	desk_refused(&desk, "li", "qc.hold.explain", explain("H0009"), "hold-unknown");
	json_decref(desk_get(&desk, "chen", "qc.hold.explain", explain("H0001"), "hold"));
	desk_refused(&desk, "chen", "qc.hold.release", let_go("H0001"), "own-work");
	desk_refused(&desk, "li", "qc.hold.release", json_pack("{s:s}", "hold", "H0001"), "field-missing");
	assert_batch(&desk, good, "undetermined", "control-1-3s");
	json_decref(desk_get(&desk, "li", "qc.hold.release", let_go("H0001"), "hold"));
	desk_refused(&desk, "wu", "qc.hold.release", let_go("H0001"), "hold-released");
	assert_batch(&desk, good, "pass", "");
	assert_batch(&desk, bad, "fail", "");
	assert_batch(&desk, later, "pass", "");
	/* the rules begin anew: 0.25 is beyond 2 s on the same side as the one before, and that alone is a warning */
	lead_control(&desk, material, "aas-1", "2.50", id);
	assert_run(&desk, id, "warning", "1-2s");
	desk_drop(&desk);
}

/* lab.xml asks for a control of lead within 4 hours and 2 results. */
static void test_need(void **state)
{
	static struct desk desk;
	char material[LAB_ID_MAX], id[LAB_ID_MAX], batch[LAB_ID_MAX];

	(void)state;
	desk_make(&desk, "[{\"method\":\"" LEAD "\",\"hours\":4,\"results\":2}]");
	desk_material(&desk, "control", 1, LEAD, "0.20", "0.04", "mg/kg", material);
	lead(&desk, "aas-1", "1.00", "1.02", batch);
	assert_batch(&desk, batch, "undetermined", "control-missing");
	lead_control(&desk, material, "aas-1", "2.05", id);
	assert_batch(
		&desk, batch, "undetermined", "control-missing"); /* what came too late vouches for nothing */
	lead(&desk, "aas-2", "1.00", "1.02", batch);
	assert_batch(&desk, batch, "undetermined", "control-missing"); /* another instrument's */
	lead(&desk, "aas-1", "1.00", "1.02", batch);
	assert_batch(&desk, batch, "pass", "");
	lead(&desk, "aas-1", "20.0", "20.1", batch);
	assert_batch(&desk, batch, "fail", "");
	lead(&desk, "aas-1", "1.00", "1.02", batch);
	assert_batch(&desk, batch, "undetermined", "control-missing"); /* the third */
	lead_control(&desk, material, "aas-1", "2.05", id);
	desk_later(&desk, 3 * DESK_HOUR_NS); /* lead_control went on by one already */
	lead(&desk, "aas-1", "20.0", "20.1", batch);
	assert_batch(&desk, batch, "undetermined", "control-missing");
	lead_control(&desk, material, "aas-1", "2.05", id);
	desk_later(&desk, -2 * DESK_HOUR_NS); /* the clock went back: nobody knows how long it was */
	lead(&desk, "aas-1", "1.00", "1.02", batch);
	assert_batch(&desk, batch, "undetermined", "control-missing");
	/* a control that did not stand, released by two: the next result needs one that does */
	desk_later(&desk, 3 * DESK_HOUR_NS);
	lead_control(&desk, material, "aas-1", "2.80", id);
	json_decref(desk_get(&desk, "chen", "qc.hold.explain", explain("H0001"), "hold"));
	json_decref(desk_get(&desk, "li", "qc.hold.release", let_go("H0001"), "hold"));
	lead(&desk, "aas-1", "1.00", "1.02", batch);
	assert_batch(&desk, batch, "undetermined", "control-missing");
	desk_drop(&desk);
}

static json_t *freeze(const char *material, const char *left_out)
{
	return json_pack("{s:s,s:s,s:s,s:o}", "material", material, "instrument", "balance-1", "reason",
		"积累够了", "left_out", *left_out ? json_pack("[s]", left_out) : json_array());
}

/* An in-house material: nothing is judged and nothing vouched for until 20 points are frozen. */
static void test_history(void **state)
{
	static struct desk desk;
	char material[2][LAB_ID_MAX], id[LAB_ID_MAX], value[16], name[80];
	json_t *chart;

	(void)state;
	desk_make(&desk, "[]");
	desk_material(&desk, "control", 1, "check-weight", "", "", "", material[0]);
	for (int i = 0; i < 20; i++) {
		if (i == 19)
			desk_refused(&desk, "qian", "qc.chart.freeze", freeze(material[0], ""),
				"qc-history-short");
		/* 99.8, 99.9, 100.0, 100.1, 100.2 four times over */
		(void)snprintf(value, sizeof value, "%d.%d", i % 5 < 2 ? 99 : 100, (8 + i % 5) % 10);
		run(&desk, material, value, "", id);
		assert_run(&desk, id, "undetermined", "");
	}
	assert_int_equal(holds(&desk), 0);
	chart = desk_get(&desk, "qian", "qc.chart.freeze", freeze(material[0], ""), "chart");
	assert_string_equal(desk_text(chart, "basis"), "history");
	assert_string_equal(desk_text(chart, "mean"), "100");
	assert_string_equal(desk_text(chart, "variance"), "2/95"); /* 4*(2*0.04+2*0.01)/19 */
	assert_int_equal(json_integer_value(json_object_get(chart, "n")), 20);
	json_decref(chart);
	run(&desk, material, "101.0", "", id); /* 3 s is 0.4353; with it among them still 0.780 */
	assert_run(&desk, id, "out", "1-3s");
	assert_int_equal(holds(&desk), 1);
	/* the outlier would stay in, unless it is left out with a reason */
	desk_refused(
		&desk, "qian", "qc.chart.freeze", freeze(material[0], "Q26-0528-99.1=?"), "point-unknown");
	chart = desk_get(&desk, "qian", "qc.chart.freeze", freeze(material[0], ""), "chart");
	assert_int_equal(json_array_size(json_object_get(json_object_get(chart, "frozen"), "outliers")), 1);
	json_decref(chart);
	(void)snprintf(name, sizeof name, "%s.1=天平未预热", id);
	chart = desk_get(&desk, "qian", "qc.chart.freeze", freeze(material[0], name), "chart");
	assert_string_equal(desk_text(chart, "variance"), "2/95");
	assert_int_equal(json_array_size(json_object_get(json_object_get(chart, "frozen"), "left_out")), 1);
	json_decref(chart);
	desk_drop(&desk);
}

/* Check weights: out of tolerance blocks the instrument's slots, holds what it weighed, and a passed check frees it. */
static void test_check(void **state)
{
	static struct desk desk;
	char weight[3][LAB_ID_MAX], id[LAB_ID_MAX], batch[LAB_ID_MAX], test[LAB_ID_MAX + 8];
	static const char *const straight[] = {"10.0001", "50.0002", "100.0003"};
	json_t *made;

	(void)state;
	desk_make(&desk, "[]");
	desk_material(&desk, "check-weight", 1, "check-weight", "10.0000", "0.0005", "g", weight[0]);
	desk_material(&desk, "check-weight", 2, "check-weight", "50.0000", "0.0005", "g", weight[1]);
	desk_material(&desk, "check-weight", 3, "check-weight", "100.0000", "0.0005", "g", weight[2]);
	lead(&desk, "balance-1", "1.00", "1.02", batch);
	run(&desk, weight, "10.0006", "", id);
	assert_run(&desk, id, "out", "");
	assert_batch(&desk, batch, "undetermined", "control-check");
	made = desk_get(&desk, "chen", "qc.run.new",
		json_pack("{s:s,s:[s,s,s],s:s}", "instrument", "balance-1", "materials", weight[0], weight[1],
			weight[2], "next_due", "2026-05-29"),
		"run");
	(void)snprintf(test, sizeof test, "%s.1", batch);
	desk_refused(&desk, "chen", "test.fill",
		json_pack("{s:s,s:s,s:i,s:s}", "test", test, "slot", "m", "replicate", 1, "instrument",
			"balance-1"),
		"test-closed");
	json_decref(desk_get(&desk, "chen", "batch.new",
		json_pack("{s:s,s:s,s:s,s:s,s:s,s:[s]}", "product", "pickles", "name", "酱黄瓜", "producer",
			"永和", "lot", "C1", "produced", "2026-01-15", "tests", "lead"),
		"batch"));
	(void)snprintf(test + strlen(batch) - 2, sizeof test - strlen(batch) + 2, "02.1");
	desk_refused(&desk, "chen", "test.fill",
		json_pack("{s:s,s:s,s:i,s:s}", "test", test, "slot", "m", "replicate", 1, "instrument",
			"balance-1"),
		"check-failed");
	for (int i = 0; i < 3; i++) {
		char one[LAB_ID_MAX + 8];

		(void)snprintf(one, sizeof one, "%s.%d", desk_text(made, "run"), i + 1);
		desk_fill(&desk, one, "w", 1, "balance-1", straight[i], "g");
	}
	assert_run(&desk, desk_text(made, "run"), "in", "");
	json_decref(made);
	desk_fill(&desk, test, "m", 1, "balance-1", "1.0000", "g");
	desk_later(&desk, 48 * DESK_HOUR_NS);
	desk_refused(&desk, "chen", "test.fill",
		json_pack("{s:s,s:s,s:i,s:s}", "test", test, "slot", "m", "replicate", 2, "instrument",
			"balance-1"),
		"check-overdue");
	desk_drop(&desk);
}

/* Three weights, each within its tolerance of 0.0005 g, but not on a line: +0.5, -0.5, +0.5 mg at 10, 50 and 100 g. Least
 * squares (by hand): mean +1/6 mg, slope 0.82 ug/g, so that 50 g lies 0.66 mg below the line. */
static void test_linearity(void **state)
{
	static struct desk desk;
	char weight[3][LAB_ID_MAX], id[LAB_ID_MAX];
	static const char *const reference[] = {"10.0000", "50.0000", "100.0000"}, *const bent[] = {"10.0005",
											   "49.9995",
											   "100.0005"};
	json_t *made;

	(void)state;
	desk_make(&desk, "[]");
	for (int i = 0; i < 3; i++)
		desk_material(
			&desk, "check-weight", i + 1, "check-weight", reference[i], "0.0005", "g", weight[i]);
	for (int lot = 0; lot < 2; lot++) { /* two of them are no line: then the tolerances alone decide */
		made = desk_get(&desk, "chen", "qc.run.new",
			lot ? json_pack("{s:s,s:[s,s,s]}", "instrument", "balance-1", "materials", weight[0],
				      weight[1], weight[2])
			    : json_pack("{s:s,s:[s,s]}", "instrument", "balance-1", "materials", weight[0],
				      weight[1]),
			"run");
		(void)snprintf(id, sizeof id, "%s", desk_text(made, "run"));
		json_decref(made);
		for (int i = 0; i < 2 + lot; i++) {
			char one[LAB_ID_MAX + 8];

			(void)snprintf(one, sizeof one, "%s.%d", id, i + 1);
			desk_fill(&desk, one, "w", 1, "balance-1", bent[i], "g");
		}
		assert_run(&desk, id, lot ? "out" : "in", lot ? "linearity" : "");
	}
	assert_int_equal(holds(&desk), 1);
	desk_drop(&desk);
}

/* A blank with 0.00 mg/kg and U 0.04 (k 2): s is 0.02, so that 0.06 is a warning and 0.07 out; what was found since the last
 * good one is held. */
static void test_blank(void **state)
{
	static struct desk desk;
	char blank[LAB_ID_MAX], batch[LAB_ID_MAX], test[LAB_ID_MAX + 8];
	static const char *const found[] = {"0.10", "0.60", "0.70"}, *const states[] = {
									     "in", "warning", "out"};

	(void)state;
	desk_make(&desk, "[]");
	desk_material(&desk, "blank", 1, LEAD, "0.00", "0.04", "mg/kg", blank);
	for (int i = 0; i < 3; i++) {
		json_t *made;

		if (i == 2)
			lead(&desk, "aas-1", "1.00", "1.00", batch);
		made = desk_get(&desk, "chen", "qc.run.new",
			json_pack("{s:s,s:[s]}", "instrument", "aas-1", "materials", blank), "run");
		(void)snprintf(test, sizeof test, "%s.1", desk_text(made, "run"));
		for (int j = 1; j <= 2; j++) {
			desk_fill(&desk, test, "m", j, "aas-1", "1.0000", "g");
			desk_fill(&desk, test, "r", j, "aas-1", found[i], "μg/L");
		}
		desk_fill(&desk, test, "r0", 1, "aas-1", "0.00", "μg/L");
		desk_fill(&desk, test, "V", 1, "aas-1", "100.0", "mL");
		assert_string_equal(desk_text(made, "kind"), "blank");
		assert_run(&desk, desk_text(made, "run"), states[i], i == 2 ? "1-3s" : "");
		json_decref(made);
	}
	assert_batch(&desk, batch, "undetermined", "control-1-3s");
	desk_drop(&desk);
}

/* A spike of 0.50 mg/kg on 0.10: 0.56 found is 92.0 %. Then the same sample again: duplicates have no chart yet. */
static void test_spike(void **state)
{
	static struct desk desk;
	char material[LAB_ID_MAX], batch[LAB_ID_MAX], of[LAB_ID_MAX + 8], test[LAB_ID_MAX + 8];
	json_t *made;

	(void)state;
	desk_make(&desk, "[]");
	desk_material(&desk, "spike", 1, LEAD, "100", "10", "%", material);
	lead(&desk, "aas-1", "1.00", "1.00", batch);
	(void)snprintf(of, sizeof of, "%s.1", batch);
	desk_refused(&desk, "chen", "qc.run.new",
		json_pack("{s:s,s:[s]}", "instrument", "aas-1", "materials", material), "field-missing");
	desk_refused(&desk, "chen", "qc.run.new",
		json_pack("{s:s,s:[s],s:s,s:s}", "instrument", "aas-1", "materials", material, "of", "S26-x",
			"added", "0.50"),
		"test-unknown");
	made = desk_get(&desk, "chen", "qc.run.new",
		json_pack("{s:s,s:[s],s:s,s:s}", "instrument", "aas-1", "materials", material, "of", of,
			"added", "0.50"),
		"run");
	(void)snprintf(test, sizeof test, "%s.1", desk_text(made, "run"));
	for (int i = 1; i <= 2; i++) {
		desk_fill(&desk, test, "m", i, "aas-1", "1.0000", "g");
		desk_fill(&desk, test, "r", i, "aas-1", "5.60", "μg/L");
	}
	desk_fill(&desk, test, "r0", 1, "aas-1", "0.00", "μg/L");
	desk_fill(&desk, test, "V", 1, "aas-1", "100.0", "mL");
	assert_run(&desk, desk_text(made, "run"), "in", "");
	json_decref(made);
	made = desk_get(&desk, "chen", "qc.chart.show",
		json_pack("{s:s,s:s}", "material", material, "instrument", "aas-1"), "chart");
	assert_string_equal(desk_text(json_array_get(json_object_get(made, "list"), 0), "value"), "92.0");
	assert_string_equal(desk_text(made, "bias_percent"), "-8.00");
	json_decref(made);
	desk_drop(&desk);
}

/* Duplicates: 20 ranges of 0.02 make the chart; 3.267 of them are 0.06534, so 0.07 is beyond it and 0.06 a warning. */
static void test_duplicates(void **state)
{
	static struct desk desk;
	char batch[LAB_ID_MAX], later[LAB_ID_MAX], of[LAB_ID_MAX + 8];
	static const char *const again[] = {"10.6", "10.7"};
	json_t *chart;

	(void)state;
	desk_make(&desk, "[]");
	lead(&desk, "aas-1", "10.0", "10.0", batch); /* 1.00 mg/kg */
	(void)snprintf(of, sizeof of, "%s.1", batch);
	for (int i = 0; i < 22; i++) {
		char test[LAB_ID_MAX + 8];
		json_t *made = desk_get(&desk, "chen", "qc.run.new",
			json_pack("{s:s,s:s}", "instrument", "aas-1", "of", of), "run");

		(void)snprintf(test, sizeof test, "%s.1", desk_text(made, "run"));
		for (int j = 1; j <= 2; j++) {
			desk_fill(&desk, test, "m", j, "aas-1", "1.0000", "g");
			desk_fill(&desk, test, "r", j, "aas-1", i < 20 ? "10.2" : again[i - 20], "μg/L");
		}
		desk_fill(&desk, test, "r0", 1, "aas-1", "0.00", "μg/L");
		desk_fill(&desk, test, "V", 1, "aas-1", "100.0", "mL");
		assert_run(&desk, desk_text(made, "run"),
			i < 20    ? "undetermined"
			: i == 20 ? "warning"
				  : "out",
			i == 21 ? "range" : "");
		json_decref(made);
		if (i == 20)
			lead(&desk, "aas-1", "10.0", "10.0", later);
		if (i == 19) {
			chart = desk_get(&desk, "qian", "qc.chart.freeze",
				json_pack("{s:s,s:s,s:s}", "material", "duplicates." LEAD, "instrument",
					"aas-1", "reason", "积累够了"),
				"chart");
			assert_string_equal(desk_text(chart, "mean"), "1/50");
			json_decref(chart);
		}
	}
	assert_batch(&desk, batch, "fail", ""); /* a warning is a good control: what came before it stands */
	assert_batch(&desk, later, "undetermined", "control-range");
	(void)snprintf(of, sizeof of, "%s.1", later);
	chart = desk_get(&desk, "chen", "test.show", json_pack("{s:s}", "test", of), "test");
	assert_string_equal(
		desk_text(json_object_get(json_object_get(chart, "result"), "verdict"), "verdict"),
		"undetermined");
	assert_string_equal(
		desk_text(json_object_get(json_object_get(chart, "result"), "verdict"), "judged"), "fail");
	json_decref(chart);
	desk_drop(&desk);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_rules), cmocka_unit_test(test_hold),
		cmocka_unit_test(test_need), cmocka_unit_test(test_history), cmocka_unit_test(test_check),
		cmocka_unit_test(test_linearity), cmocka_unit_test(test_blank), cmocka_unit_test(test_spike),
		cmocka_unit_test(test_duplicates)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
