/* SPDX-License-Identifier: Apache-2.0
 * The tables of shared risk against a model of their rules kept in this test: which verdict counts for an item, and the
 * sums over what counts, counted again from the beginning. Tenths of a limit were worked out by hand. */
#include "tests/unit/risk_play.h"

#define DAY_NS 86400000000000

static void assert_item(struct risk_play *play, const char *batch, const char *outcome, const char *settled)
{
	char sql[300];

	(void)snprintf(sql, sizeof sql,
		"SELECT count(*) FROM risk_item WHERE batch='%s' AND outcome='%s' AND settled='%s'", batch,
		outcome, settled);
	assert_int_equal(risk_number(play, sql), 1);
}

static void one(
	struct risk_play *play, const char *batch, const char *verdict, const char *low, const char *high)
{
	char test[40];

	(void)snprintf(test, sizeof test, "%s.1", batch);
	risk_batch(play, batch, "rice", "P001", "sent-in");
	risk_test(play, test, batch, "lead", "", "");
	risk_verdict(play, test, verdict, low, high);
}

static void again(
	struct risk_play *play, const char *batch, const char *analyte, const char *rule, const char *verdict)
{
	char test[40], of[40];

	(void)snprintf(test, sizeof test, "%s.1.2", batch);
	(void)snprintf(of, sizeof of, "%s.1", batch);
	risk_test(play, test, batch, analyte, of, rule);
	risk_verdict(play, test, verdict, "", "");
}

static void test_which_counts(void **state)
{
	struct risk_play play;

	(void)state;
	risk_begin(&play);
	one(&play, "A", "fail", "", "");
	again(&play, "A", "lead", "retest-decides", "pass");
	assert_item(&play, "A", "pass", "pass");
	one(&play, "B", "fail", "", "");
	again(&play, "B", "lead", "worst-decides", "pass");
	assert_item(&play, "B", "fail", "fail");
	one(&play, "C", "fail", "", "");
	again(&play, "C", "lead", "retest-decides", "undetermined"); /* decides nothing */
	assert_item(&play, "C", "fail", "fail");
	one(&play, "D", "pass", "", "");
	again(&play, "D", "lead", "retest-decides", "undetermined"); /* and is never better for it */
	assert_item(&play, "D", "undetermined", "undetermined");
	one(&play, "E", "fail", "", "");
	play.wall_ns += 100 * DAY_NS; /* the quarter is over */
	again(&play, "E", "lead", "retest-decides", "pass");
	assert_item(&play, "E", "pass",
		"fail"); /* others keep seeing what it was: a change would tell whose it is */
	risk_void(&play, "B");
	assert_item(&play, "B", "void", "fail");
	assert_int_equal(risk_number(&play, "SELECT sum(failed) FROM risk_cell"), 1); /* C */
	assert_int_equal(risk_number(&play, "SELECT sum(n) FROM risk_cell"), 3); /* A, C, E */
	assert_int_equal(risk_number(&play, "SELECT sum(failed) FROM risk_producer"), 3); /* B, C, E */
	/* what is void before its first verdict comes never counts */
	risk_batch(&play, "F", "rice", "P001", "sent-in");
	risk_test(&play, "F.1", "F", "lead", "", "");
	risk_void(&play, "F");
	risk_verdict(&play, "F.1", "fail", "", "");
	assert_int_equal(risk_number(&play, "SELECT sum(failed) FROM risk_cell"), 1);
	risk_end(&play);
}

static void hold(struct risk_play *play, const char *id, const char *method, int64_t after)
{
	risk_put(play, ASSAY_ENTRY_HOLD,
		json_pack("{s:s,s:s,s:s,s:s,s:I,s:s,s:s,s:s}", "hold", id, "status", "open", "method", method,
			"instrument", "balance-1", "after", (json_int_t)after, "run", "Q1", "rule", "1-3s",
			"reason", "control-1-3s"));
}

static void let_go(struct risk_play *play, const char *id)
{
	risk_put(play, ASSAY_ENTRY_HOLD,
		json_pack(
			"{s:s,s:s,s:s,s:s}", "hold", id, "status", "released", "reason", "r", "who", "qian"));
}

static void assert_cells(struct risk_play *play, int64_t n, int64_t failed, int64_t held)
{
	assert_int_equal(risk_number(play, "SELECT sum(n) FROM risk_cell"), n);
	assert_int_equal(risk_number(play, "SELECT sum(failed) FROM risk_cell"), failed);
	assert_int_equal(risk_number(play, "SELECT sum(held) FROM risk_cell"), held);
	assert_int_equal(risk_number(play, "SELECT sum(n) FROM risk_share"), n);
	assert_int_equal(risk_number(play, "SELECT sum(held) FROM risk_item WHERE outcome<>'void'"), held);
}

/* What controls hold is no figure: out of every sum, counted by itself, and back when it is released. Another hold that
 * reaches it keeps it out. Nothing is measured on an instrument here, so that a hold of the method reaches it. */
static void test_held(void **state)
{
	struct risk_play play;
	int64_t after;

	(void)state;
	risk_begin(&play);
	one(&play, "A", "pass", "1/2", "1/2");
	after = (int64_t)play.sequence - 1;
	one(&play, "B", "fail", "3/2", "3/2");
	one(&play, "C", "pass", "9/10", "9/10");
	assert_cells(&play, 3, 1, 0);
	hold(&play, "H1", "m", after);
	assert_cells(&play, 1, 0, 2); /* A came before the last good control */
	assert_int_equal(risk_number(&play, "SELECT sum(near) FROM risk_cell"), 0);
	one(&play, "D", "fail", "2", "2"); /* and so is what comes while it is open */
	assert_cells(&play, 1, 0, 3);
	hold(&play, "H2", "other", after);
	hold(&play, "H3", "m", (int64_t)play.sequence);
	one(&play, "E", "pass", "1/5", "1/5");
	assert_cells(&play, 1, 0, 4);
	let_go(&play, "H1");
	assert_cells(&play, 4, 2, 1); /* H3 holds E */
	assert_int_equal(risk_number(&play, "SELECT sum(near) FROM risk_cell"), 1);
	let_go(&play, "H2");
	let_go(&play, "H3");
	assert_cells(&play, 5, 2, 0);
	assert_int_equal(risk_number(&play, "SELECT sum(n) FROM risk_producer"), 5);
	/* void while held, and back: nothing is left of it */
	hold(&play, "H4", "m", (int64_t)play.sequence);
	one(&play, "F", "fail", "2", "2");
	risk_void(&play, "F");
	assert_cells(&play, 5, 2, 0);
	let_go(&play, "H4");
	assert_cells(&play, 5, 2, 0);
	risk_end(&play);
}

/* What others are told of a quarter never changes after its end: held then, left out for good; judged then, kept. */
static void test_held_over_the_end(void **state)
{
	struct risk_play play;
	int64_t after;

	(void)state;
	risk_begin(&play);
	one(&play, "A", "pass", "", "");
	after = (int64_t)play.sequence - 1;
	one(&play, "B", "fail", "", "");
	hold(&play, "H1", "m", after);
	assert_item(&play, "B", "fail", "held");
	play.wall_ns += 100 * DAY_NS;
	let_go(&play, "H1");
	assert_item(&play, "B", "fail", "held");
	hold(&play, "H2", "m", 0);
	assert_item(&play, "A", "pass", "pass");
	assert_int_equal(risk_number(&play, "SELECT sum(held) FROM risk_cell"), 2);
	assert_int_equal(risk_number(&play, "SELECT sum(n) FROM risk_producer"), 1);
	let_go(&play, "H2");
	risk_end(&play);
}

static void test_tenths(void **state)
{
	static const struct {
		const char *verdict, *low, *high;
		int at, to, near, maybe;
	} row[] = {
		{"pass", "0", "1/5", 0, 2, 0, 0}, /* not detected, limit of detection a fifth of the limit */
		{"pass", "0", "9/10", 0, 9, 0, 1},
		{"pass", "19/50", "19/50", 3, 3, 0, 0}, /* 0.19 of 0.5 */
		{"pass", "79999999/100000000", "79999999/100000000", 7, 7, 0, 0},
		{"pass", "4/5", "4/5", 8, 8, 1, 0},
		{"pass", "1", "1", 9, 9, 1, 0}, /* at the limit */
		{"fail", "1", "1", 10, 10, 0, 0}, /* of "less than" */
		{"fail", "3/2", "3/2", 10, 10, 0, 0},
		{"fail", "170141183460469231731687303715884105/1", "170141183460469231731687303715884105/1",
			10, 10, 0, 0},
		{"pass", "", "", -1, -1, 0, 0},
		{"pass", "x", "1/0", -1, -1, 0, 0},
		{"undetermined", "", "", -1, -1, 0, 0},
	};
	struct risk_play play;

	(void)state;
	risk_begin(&play);
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		char batch[8], sql[200];

		(void)snprintf(batch, sizeof batch, "T%zu", i);
		one(&play, batch, row[i].verdict, row[i].low, row[i].high);
		(void)snprintf(sql, sizeof sql,
			"SELECT count(*) FROM risk_item WHERE batch='%s' AND low=%d AND high=%d AND near=%d "
			"AND maybe_near=%d",
			batch, row[i].at, row[i].to, row[i].near, row[i].maybe);
		if (risk_number(&play, sql) != 1)
			fail_msg("row %zu", i);
	}
	risk_end(&play);
}

/* 2026-03-31T16:00:00Z is midnight in China: the second quarter begins. */
static void test_quarters(void **state)
{
	struct risk_play play;

	(void)state;
	risk_begin(&play);
	play.wall_ns = 1774972799000000000;
	one(&play, "A", "pass", "", "");
	play.wall_ns = 1774972800000000000;
	one(&play, "B", "pass", "", "");
	assert_int_equal(risk_number(&play, "SELECT n FROM risk_cell WHERE quarter='2026Q1'"), 1);
	assert_int_equal(risk_number(&play, "SELECT n FROM risk_cell WHERE quarter='2026Q2'"), 1);
	risk_end(&play);
}

static uint32_t next(uint64_t *seed, uint32_t below)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*seed >> 33) % below;
}

/* Random life of 400 batches; after it every sum is what counting the items gives. */
static void test_sums(void **state)
{
	static const char *const verdicts[] = {"pass", "fail", "undetermined"};
	static const char *const rules[] = {"retest-decides", "worst-decides"};
	static const char *const products[] = {"rice", "pickles", "pastry"};
	static const char *const origins[] = {"sent-in", "sentinel-point", ""};
	struct risk_play play;
	uint64_t seed = 20261130;
	int items = 400;

	(void)state;
	risk_begin(&play);
	for (uint32_t i = 0; i < 400; i++) {
		char batch[16], test[24], producer[8], share[16];
		const char *analyte;

		(void)snprintf(batch, sizeof batch, "B%u", i);
		(void)snprintf(test, sizeof test, "B%u.1", i);
		(void)snprintf(producer, sizeof producer, next(&seed, 5) ? "P%03u" : "", next(&seed, 12));
		(void)snprintf(share, sizeof share, "%u/10", next(&seed, 14));
		risk_batch(&play, batch, products[next(&seed, 3)], producer, origins[next(&seed, 3)]);
		analyte = next(&seed, 2) ? "lead" : "cadmium";
		risk_test(&play, test, batch, analyte, "", "");
		risk_verdict(&play, test, verdicts[next(&seed, 3)], next(&seed, 2) ? share : "", share);
		play.wall_ns += next(&seed, 3) * DAY_NS;
		if (i % 4 == 0) { /* another analyte of the batch, sometimes in another quarter */
			(void)snprintf(test, sizeof test, "B%u.2", i);
			risk_test(&play, test, batch, "chromium", "", "");
			risk_verdict(&play, test, verdicts[i % 3], "", share);
			items++;
		}
		if (next(&seed, 3) == 0)
			again(&play, batch, analyte, rules[next(&seed, 2)], verdicts[next(&seed, 3)]);
		if (next(&seed, 10) == 0)
			risk_void(&play, batch);
	}
	assert_int_equal(risk_number(&play, "SELECT count(*) FROM risk_item"), items);
	assert_int_equal(risk_number(&play, "SELECT sum(n) FROM risk_batches"),
		risk_number(&play, "SELECT count(DISTINCT batch) FROM risk_item WHERE outcome<>'void'"));
	assert_int_equal(
		risk_number(&play, "SELECT count(*) FROM (SELECT quarter, n FROM risk_batches EXCEPT "
				   "SELECT quarter, count(*) FROM (SELECT batch, min(quarter) AS "
				   "quarter FROM risk_item WHERE outcome<>'void' GROUP BY batch) "
				   "GROUP BY quarter)"),
		0);
	assert_true(risk_number(&play, "SELECT count(*) FROM risk_item WHERE settled<>outcome") >= 0);
	assert_int_equal(risk_number(&play, "SELECT count(*) FROM (SELECT product, analyte, quarter, origin, "
					    "n, failed, undetermined, near,"
					    " maybe_near FROM risk_cell WHERE n>0 OR undetermined>0 EXCEPT "
					    "SELECT product, analyte, quarter, origin,"
					    " count(*) FILTER (WHERE outcome IN ('pass','fail')), count(*) "
					    "FILTER (WHERE outcome='fail'),"
					    " count(*) FILTER (WHERE outcome='undetermined'), sum(near), "
					    "sum(maybe_near) FROM risk_item"
					    " WHERE outcome<>'void' GROUP BY 1,2,3,4)"),
		0);
	assert_int_equal(risk_number(&play, "SELECT count(*) FROM (SELECT product, analyte, quarter, origin, "
					    "low, high, count(*) FROM risk_item"
					    " WHERE low>=0 AND outcome IN ('pass','fail') GROUP BY "
					    "1,2,3,4,5,6 EXCEPT SELECT product, analyte,"
					    " quarter, origin, low, high, n FROM risk_share)"),
		0);
	assert_int_equal(
		risk_number(&play, "SELECT sum(n) FROM risk_share") -
			risk_number(&play,
				"SELECT count(*) FROM risk_item WHERE low>=0 AND outcome IN ('pass','fail')"),
		0);
	assert_int_equal(
		risk_number(&play, "SELECT count(*) FROM (SELECT producer, product, quarter, n, failed FROM "
				   "risk_producer WHERE n>0 EXCEPT"
				   " SELECT producer, product, quarter, count(*), count(*) FILTER (WHERE "
				   "settled='fail') FROM risk_item"
				   " WHERE settled IN ('pass','fail') AND producer<>'' GROUP BY 1,2,3)"),
		0);
	risk_end(&play);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_which_counts),
		cmocka_unit_test(test_held),
		cmocka_unit_test(test_held_over_the_end),
		cmocka_unit_test(test_tenths),
		cmocka_unit_test(test_quarters),
		cmocka_unit_test(test_sums),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
