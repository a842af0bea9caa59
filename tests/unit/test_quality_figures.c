/* SPDX-License-Identifier: Apache-2.0
 * Proficiency rounds and measurement uncertainty from the state. Expected scores: ISO 13528:2015 clauses 9.4 to 9.7 worked out
 * with Python's decimal module; the uncertainty: Nordtest TR 537 worked out by hand beside it. The formulas themselves are
 * compared with scipy in tests/analysis. */
#include "gateway/analysis/quality_figures.h"
#include "tests/unit/quality_desk.h"

static void control(struct desk *desk, const char *material, const char *value)
{
	char test[LAB_ID_MAX + 8];
	json_t *made = desk_get(desk, "chen", "qc.run.new",
		json_pack("{s:s,s:[s]}", "instrument", "balance-1", "materials", material), "run");

	(void)snprintf(test, sizeof test, "%s.1", desk_text(made, "run"));
	json_decref(made);
	desk_fill(desk, test, "w", 1, "balance-1", value, "g");
}

static json_t *round_of(const char *round, const char *value)
{
	return json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s}", "scheme", "NIL PT-1", "round", round,
		"date", "2026-05-01", "method", "gb-5009.3-direct", "value", value, "unit", "g/100g",
		"assigned", "5.20", "sigma", "0.10", "u_assigned", "0.05", "u_value", "0.08");
}

static void test_rounds(void **state)
{
	static struct desk desk;
	json_t *rounds, *history;
	const json_t *one;

	(void)state;
	desk_make(&desk, "[]");
	desk_refused(&desk, "qian", "qc.proficiency.add", json_pack("{s:s}", "scheme", "x"), "field-missing");
	json_decref(desk_get(&desk, "qian", "qc.proficiency.add", round_of("1", "5.42"), "rounds"));
	json_decref(desk_get(&desk, "qian", "qc.proficiency.add", round_of("2", "5.50"), "rounds"));
	rounds = desk_get(&desk, "chen", "qc.proficiency.list",
		json_pack("{s:s}", "method", "gb-5009.3-direct"), "rounds");
	one = json_array_get(rounds, 0);
	assert_string_equal(desk_text(one, "z"), "2.200000");
	assert_string_equal(desk_text(one, "z_grade"), "questionable");
	assert_string_equal(desk_text(one, "z_prime"), "1.967740"); /* 0.22 / sqrt(0.0125) */
	assert_string_equal(desk_text(one, "z_prime_grade"), "satisfactory");
	assert_string_equal(desk_text(one, "zeta"), "2.331995"); /* 0.22 / sqrt(0.0089) */
	assert_string_equal(desk_text(one, "en"), "1.165998"); /* k 2 */
	assert_string_equal(desk_text(one, "en_grade"), "unsatisfactory");
	assert_true(json_is_true(json_object_get(one, "assigned_is_vague"))); /* 0.05 > 0.3 x 0.10 */
	json_decref(rounds);
	history = desk_get(&desk, "chen", "qc.proficiency.list",
		json_pack("{s:s}", "method", "gb-5009.3-direct"), "history");
	assert_int_equal(json_integer_value(json_object_get(history, "rounds")), 2);
	assert_int_equal(json_integer_value(json_object_get(history, "questionable")), 1); /* z' 2.683 */
	json_decref(history);
	desk_drop(&desk);
}

static json_t *of_method(const char *reason)
{
	return json_pack("{s:s,s:s}", "method", "check-weight", "reason", reason);
}

static void test_uncertainty(void **state)
{
	static struct desk desk;
	char material[LAB_ID_MAX], value[16];
	json_t *found;

	(void)state;
	desk_make(&desk, "[]");
	desk_material(&desk, "control", 1, "check-weight", "100.0", "0.2", "g", material);
	for (int i = 0; i < 20; i++) {
		if (i == 19)
			desk_refused(&desk, "qian", "qc.uncertainty.adopt", of_method("够了"),
				"uncertainty-unknown");
		(void)snprintf(value, sizeof value, "%d.%d", i % 5 < 2 ? 99 : 100, (8 + i % 5) % 10);
		control(&desk, material, value);
	}
	found = desk_get(&desk, "chen", "qc.uncertainty.show", of_method(""), "uncertainty");
	/* s^2 = 2/95; the mean is the certified value, so u(bias)^2 = (0.2/2)^2 + s^2/20; U = 2 sqrt(s^2 + u(bias)^2) = 0.35836 */
	assert_string_equal(desk_text(found, "expanded"), "0.36");
	assert_string_equal(desk_text(found, "unit"), "g");
	assert_string_equal(desk_text(found, "bias_source"), "materials");
	assert_int_equal(json_integer_value(json_object_get(found, "control_values")), 20);
	assert_string_equal(desk_text(found, "newest"), "2026-05-28");
	assert_string_equal(desk_text(found, "stale_after"), "2027-05-28");
	assert_true(json_is_false(json_object_get(found, "stale")));
	json_decref(found);
	json_decref(desk_get(&desk, "qian", "qc.uncertainty.adopt", of_method("够了"), "uncertainty"));
	desk_later(&desk, 367 * 24 * DESK_HOUR_NS);
	found = desk_get(&desk, "chen", "qc.uncertainty.show", of_method(""), "adopted");
	assert_true(json_is_true(json_object_get(json_array_get(found, 0), "stale")));
	json_decref(found);
	desk_refused(&desk, "qian", "qc.uncertainty.adopt", of_method("再来"), "uncertainty-unknown");
	desk_drop(&desk);
}

static void put_control(sqlite3 *state, const char *run, const char *kind, const char *material,
	const char *value, int holds, int at)
{
	char sql[900];

	(void)snprintf(sql, sizeof sql,
		"INSERT INTO control_run VALUES('%s','m','i','%s','','chen',0,%d,'in',%d,1780000000000000000,"
		"'{}',%d);"
		"INSERT INTO control VALUES('%s.1','%s','%s',1,'','','%s','%%',1,1,1,0,0,0,0,%d)",
		run, kind, at, holds, at, run, run, material, value, at);
	assert_int_equal(sqlite3_exec(state, sql, NULL, NULL, NULL), SQLITE_OK);
}

/* Nothing but controls and spiked samples: the bias comes from what was found of what was added (Nordtest TR 537, recovery).
 * Six recoveries, 95 98 97 96 99 96 %: RMS bias sqrt(71/6) = 3.43996; the addition is known to U 2.0 %, k 2: u(bias) =
 * sqrt(71/6 + 1) = 3.58236. Twenty controls 100 -/+ 1: s = sqrt(20/19) = 1.02598; U = 2 sqrt(20/19 + 71/6 + 1) = 7.45280,
 * rounded up 7.5 %. A spike whose own uncertainty nobody stated, and one of a run that holds, count nothing. */
static void test_recoveries(void **state)
{
	static const char *const recovered[] = {"95", "98", "97", "96", "99", "96"};
	static struct desk desk;
	struct assay_error err;
	sqlite3 *db;
	json_t *found = NULL;
	char run[16];

	(void)state;
	desk_make(&desk, "[]");
	db = assay_state_db(desk.state);
	assert_int_equal(sqlite3_exec(db,
				 "INSERT INTO control_material "
				 "VALUES('C','control',1,'m','in-use','{\"value\":\"\"}',0,1),"
				 "('S','spike',1,'m','in-use','{\"value\":\"100\",\"uncertainty\":\"2.0\","
				 "\"coverage\":\"2\"}',"
				 "0,2),('T','spike',1,'m','in-use','{\"value\":\"100\",\"uncertainty\":\"\","
				 "\"coverage\":\"\"}',"
				 "0,3)",
				 NULL, NULL, NULL),
		SQLITE_OK);
	for (int i = 0; i < 20; i++) {
		(void)snprintf(run, sizeof run, "Q%d", i);
		put_control(db, run, "control", "C", i % 2 ? "101" : "99", 0, 10 + i);
	}
	put_control(db, "T1", "spike", "T", "50", 0, 40);
	put_control(db, "T2", "spike", "S", "50", 1, 41);
	for (int i = 0; i < 6; i++) {
		if (i == 5) { /* five are too few */
			found = assay_quality_uncertainty(db, "m", "g", true, "2026-06-01", &err);
			assert_string_equal(desk_text(found, "reason"), "bias-missing");
			json_decref(found);
		}
		(void)snprintf(run, sizeof run, "S%d", i);
		put_control(db, run, "spike", "S", recovered[i], 0, 50 + i);
	}
	found = assay_quality_uncertainty(db, "m", "g", true, "2026-06-01", &err);
	assert_string_equal(desk_text(found, "bias_source"), "recoveries");
	assert_int_equal(json_integer_value(json_object_get(found, "bias_values")), 6);
	assert_true(strncmp(desk_text(found, "u_bias"), "3.58236", 7) == 0);
	assert_true(strncmp(desk_text(found, "s_control"), "1.02597", 7) == 0 ||
		    strncmp(desk_text(found, "s_control"), "1.02598", 7) == 0);
	assert_string_equal(desk_text(found, "expanded"), "7.5");
	assert_string_equal(desk_text(found, "unit"), "%");
	json_decref(found);
	/* a recovery says nothing in the method's unit */
	found = assay_quality_uncertainty(db, "m", "g", false, "2026-06-01", &err);
	assert_string_equal(desk_text(found, "reason"), "bias-missing");
	json_decref(found);
	desk_scrap(&desk);
}

#define LEAD "gb-5009.12-lead"

/* All weighings of a test of lead; its result is r / 10 mg/kg. */
static void weigh_lead(struct desk *desk, const char *test, const char *r)
{
	for (int i = 1; i <= 2; i++) {
		desk_fill(desk, test, "m", i, "aas-1", "1.0000", "g");
		desk_fill(desk, test, "r", i, "aas-1", r, "μg/L");
	}
	desk_fill(desk, test, "r0", 1, "aas-1", "0.00", "μg/L");
	desk_fill(desk, test, "V", 1, "aas-1", "100.0", "mL");
}

static void assert_lead(struct desk *desk, const char *r, const char *verdict, const char *reason)
{
	static unsigned lot;
	char test[LAB_ID_MAX + 8], name[16];
	json_t *batch, *reasons;

	(void)snprintf(name, sizeof name, "D%u", ++lot);
	batch = desk_get(desk, "chen", "batch.new",
		json_pack("{s:s,s:s,s:s,s:s,s:s,s:[s]}", "product", "pickles", "name", "酱黄瓜", "producer",
			"永和", "lot", name, "produced", "2026-01-15", "tests", "lead"),
		"batch");
	(void)snprintf(test, sizeof test, "%s.1", desk_text(batch, "batch"));
	weigh_lead(desk, test, r);
	reasons = desk_get(desk, "chen", "batch.show",
		json_pack("{s:O}", "batch", json_object_get(batch, "batch")), "batch");
	assert_string_equal(desk_text(reasons, "verdict"), verdict);
	if (*reason)
		assert_string_equal(
			json_string_value(json_array_get(json_object_get(reasons, "reasons"), 0)), reason);
	json_decref(reasons);
	json_decref(batch);
}

/* A laboratory that has measured more controls than are read: the newest count, so that its figure does not grow stale. 2,000
 * controls on days 1 to 2000, the first 100 of them far off; 100 more; what is read is 101 to 2100 and knows nothing of those. */
static void test_newest_controls(void **state)
{
	static struct desk desk;
	struct assay_error err;
	sqlite3 *db;
	json_t *found;
	char run[16];

	(void)state;
	desk_make(&desk, "[]");
	db = assay_state_db(desk.state);
	assert_int_equal(sqlite3_exec(db,
				 "INSERT INTO control_material "
				 "VALUES('C','control',1,'m','in-use','{\"value\":\"\"}',0,1)",
				 NULL, NULL, NULL),
		SQLITE_OK);
	for (int i = 1; i <= 2100; i++) {
		(void)snprintf(run, sizeof run, "Q%d", i);
		put_control(db, run, "control", "C", i <= 100 ? "500" : i % 2 ? "101" : "99", 0, i);
	}
	found = assay_quality_uncertainty(db, "m", "g", true, "2026-06-01", &err);
	assert_int_equal(json_integer_value(json_object_get(found, "control_values")), 2000);
	/* 1000 of 99 and 1000 of 101: s = sqrt(2000 / 1999) = 1.00025 */
	assert_true(strncmp(desk_text(found, "s_control"), "1.00025", 7) == 0);
	json_decref(found);
	desk_scrap(&desk);
}

/* GB 2762: lead in pickles at most 0.5 mg/kg. s^2 = 0.004/19, u(bias)^2 = 0.02^2 + s^2/20, U = 0.04985, up: 0.050; ILAC-G8
 * non-binary: pass to 0.45, conditional to 0.5. */
static void test_decision(void **state)
{
	static struct desk desk;
	char material[LAB_ID_MAX], test[LAB_ID_MAX + 8];
	static const char *const readings[] = {"1.80", "1.90", "2.00", "2.10", "2.20"};
	json_t *made;

	(void)state;
	desk_make(&desk, "[]");
	desk_material(&desk, "control", 1, LEAD, "0.20", "0.04", "mg/kg", material);
	assert_lead(&desk, "4.80", "pass", "");
	desk_configure(&desk, "[]", "non-binary");
	assert_lead(&desk, "4.80", "undetermined", "uncertainty-needed");
	for (int i = 0; i < 20; i++) {
		made = desk_get(&desk, "chen", "qc.run.new",
			json_pack("{s:s,s:[s]}", "instrument", "aas-1", "materials", material), "run");
		(void)snprintf(test, sizeof test, "%s.1", desk_text(made, "run"));
		weigh_lead(&desk, test, readings[i % 5]);
		json_decref(made);
	}
	made = desk_get(&desk, "qian", "qc.uncertainty.adopt",
		json_pack("{s:s,s:s}", "method", LEAD, "reason", "够了"), "uncertainty");
	assert_string_equal(desk_text(made, "expanded"), "0.050");
	json_decref(made);
	assert_lead(&desk, "4.80", "undetermined", "conditional-pass");
	assert_lead(&desk, "4.40", "pass", "");
	assert_lead(&desk, "6.00", "fail", "");
	desk_later(&desk, 367 * 24 * DESK_HOUR_NS);
	assert_lead(&desk, "4.40", "undetermined", "uncertainty-needed");
	desk_drop(&desk);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_rounds), cmocka_unit_test(test_uncertainty),
		cmocka_unit_test(test_recoveries), cmocka_unit_test(test_newest_controls),
		cmocka_unit_test(test_decision)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
