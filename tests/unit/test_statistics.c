/* SPDX-License-Identifier: Apache-2.0
 * Statistics against published figures and simple arithmetic; tests/analysis/against_scipy.sh compares the same functions
 * with an independent program to six digits on more data. Sources stand beside each case. */
#include "gateway/analysis/agreement.h"
#include "gateway/analysis/proficiency.h"
#include "gateway/analysis/risk.h"
#include "gateway/analysis/share.h"
#include "gateway/analysis/shrinkage.h"
#include "gateway/analysis/trend.h"
#include "gateway/analysis/uncertainty.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void near_to(double value, double expected, double within)
{
	if (!(fabs(value - expected) <= within))
		print_message("%.10g, expected %.10g within %g\n", value, expected, within);
	assert_true(fabs(value - expected) <= within);
}

/* With none of n the exact upper end has a closed form: 1 - (alpha/2)^(1/n). With all of n its mirror. */
static void test_rate_ends(void **state)
{
	struct assay_rate none = assay_rate_of(0, 20, 0.95, ASSAY_INTERVAL_CLOPPER_PEARSON),
			  all = assay_rate_of(20, 20, 0.95, ASSAY_INTERVAL_CLOPPER_PEARSON),
			  nothing = assay_rate_of(0, 0, 0.95, ASSAY_INTERVAL_JEFFREYS), censored;

	(void)state;
	near_to(none.low, 0.0, 0.0);
	near_to(none.high, 1.0 - pow(0.025, 1.0 / 20.0), 1e-12);
	near_to(all.low, pow(0.025, 1.0 / 20.0), 1e-12);
	near_to(all.high, 1.0, 0.0);
	near_to(nothing.low, 0.0, 0.0);
	near_to(nothing.high, 1.0, 0.0);
	assert_int_equal(nothing.n, 0);
	censored = assay_rate_between(0, 20, 20, 0.95, ASSAY_INTERVAL_CLOPPER_PEARSON);
	near_to(censored.low, 0.0, 0.0);
	near_to(censored.high, 1.0, 0.0);
}

/* Fisher's tea: 3 of 4 or better, 8 cups of which 4 are milk-first: (16 + 1) / 70. */
static void test_excess(void **state)
{
	(void)state;
	near_to(assay_rate_excess(3, 4, 4, 8), 17.0 / 70.0, 1e-12);
	near_to(assay_rate_excess(4, 4, 4, 8), 1.0 / 70.0, 1e-12);
	near_to(assay_rate_excess(1, 4, 4, 8), 69.0 / 70.0, 1e-12);
	near_to(assay_rate_excess(0, 4, 4, 8), 1.0, 0.0);
	near_to(assay_rate_excess(4, 8, 4, 8), 1.0, 0.0);
}

/* Benjamini and Hochberg 1995, section 4.1: fifteen p-values of a myocardial infarction trial; at q = 0.05 the four
 * smallest are discoveries, by Bonferroni only three. */
static void test_discovery(void **state)
{
	static const double p[15] = {0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459,
		0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000};
	double adjusted[15];

	(void)state;
	assert_int_equal(assay_discovery_adjust(p, adjusted, 15), ASSAY_OK);
	for (size_t i = 0; i < 15; i++)
		assert_int_equal(adjusted[i] <= 0.05, i < 4);
	near_to(adjusted[0], 0.0015, 1e-12); /* 15 x 0.0001 */
	near_to(adjusted[3], 0.0095 * 15.0 / 4.0, 1e-12);
	near_to(adjusted[14], 1.0, 0.0);
}

/* The creosote means of ISO 5725-5:1998 as given with metRology's algA, whose fourth iteration is said to be the
 * standard's answer; a fixed point of Algorithm A obeys its own equations, which are checked here by themselves. */
static void test_robust(void **state)
{
	static const double cell[9] = {
		24.140, 20.155, 19.500, 20.300, 20.705, 17.570, 20.100, 20.940, 21.185};
	struct assay_robust robust;
	double sum = 0.0, squares = 0.0;
	static const double equal[5] = {2.0, 2.0, 2.0, 2.0, 9.0};

	(void)state;
	assert_int_equal(assay_robust_a(cell, 9, &robust), ASSAY_OK);
	for (size_t i = 0; i < 9; i++)
		sum += fmin(fmax(cell[i], robust.mean - 1.5 * robust.sd), robust.mean + 1.5 * robust.sd);
	near_to(robust.mean, sum / 9.0, 1e-9);
	for (size_t i = 0; i < 9; i++) {
		double off =
			fmin(fmax(cell[i], robust.mean - 1.5 * robust.sd), robust.mean + 1.5 * robust.sd) -
			robust.mean;

		squares += off * off;
	}
	near_to(robust.sd, 1.134 * sqrt(squares / 8.0), 1e-9);
	assert_int_equal(assay_robust_a(equal, 5, &robust), ASSAY_EREFUSED);
	assert_int_equal(assay_robust_a(cell, 2, &robust), ASSAY_EREFUSED);
}

/* Copper in wholemeal flour, 24 determinations in ug/g, the example of the Analytical Methods Committee's paper that brought
 * Huber's estimator into analytical work (Analyst 1989, 114, 1693), as R's MASS has it (chem). Printed there for Huber's
 * proposal 2 with k = 1.5: mu 3.205498, s 0.673652 (Venables and Ripley, 4th edition, section 5.5: 3.2055, 0.67365). Algorithm
 * A is the same with the factor rounded to 1.134 from 1.13339, which moves s by 0.07 %: hence the room. (The plain mean is
 * 4.28 with s 5.30, by one value of 28.95.) */
static void test_robust_published(void **state)
{
	static const double copper[24] = {2.90, 3.10, 3.40, 3.40, 3.70, 3.70, 2.80, 2.50, 2.40, 2.40, 2.70,
		2.20, 5.28, 3.37, 3.03, 3.03, 28.95, 3.77, 3.40, 2.20, 3.50, 3.60, 3.70, 3.70};
	struct assay_robust robust;

	(void)state;
	assert_int_equal(assay_robust_a(copper, 24, &robust), ASSAY_OK);
	near_to(robust.mean, 3.205498, 0.0002);
	near_to(robust.sd, 0.673652, 0.001);
}

/* x = 10.6, assigned 10.0, sigma 0.25: z = 2.4; u(assigned) 0.06 and u(x) 0.08: zeta = 6, En = 3; z' over
 * sqrt(0.0625 + 0.0036). ISO 13528:2015 clauses 9.4 to 9.7. */
static void test_scores(void **state)
{
	struct assay_proficiency_result round = {10.6, 10.0, 0.25, 0.06, 0.08, 2.0}, rounds[3];
	struct assay_proficiency_scores scores = assay_proficiency_score(&round);
	struct assay_proficiency_history history;

	(void)state;
	near_to(scores.z.score, 2.4, 1e-12);
	assert_int_equal(scores.z.grade, ASSAY_PROFICIENCY_QUESTIONABLE);
	near_to(scores.z_prime.score, 0.6 / sqrt(0.0661), 1e-12);
	near_to(scores.zeta.score, 6.0, 1e-12);
	assert_int_equal(scores.zeta.grade, ASSAY_PROFICIENCY_UNSATISFACTORY);
	near_to(scores.en.score, 3.0, 1e-12);
	assert_int_equal(scores.en.grade, ASSAY_PROFICIENCY_UNSATISFACTORY);
	assert_false(scores.assigned_is_vague);
	round.u_assigned = 0.08; /* above 0.3 x 0.25 */
	assert_true(assay_proficiency_score(&round).assigned_is_vague);
	round.sigma = round.u_assigned = 0.0;
	scores = assay_proficiency_score(&round);
	assert_int_equal(scores.z.grade, ASSAY_PROFICIENCY_UNKNOWN);
	assert_int_equal(scores.en.grade, ASSAY_PROFICIENCY_UNKNOWN);
	for (size_t i = 0; i < 3; i++)
		rounds[i] = (struct assay_proficiency_result){i == 0 ? 10.1 : 10.5, 10.0, 0.2, 0.0, 0.0, 2.0};
	history = assay_proficiency_review(rounds, 2); /* z 0.5, 2.5 */
	assert_int_equal(history.questionable, 1);
	assert_false(history.action);
	history = assay_proficiency_review(rounds, 3); /* two warnings in a row */
	assert_true(history.action);
	near_to(history.mean_score, 5.5 / 3.0, 1e-9);
}

/* NIST's Dataplot prints z, z' and zeta after ISO 13528 for its file GEAR.DAT (ten batches of ten gears; reference manual, "ISO
 * 13528 ZSCORE", "ZPRIME SCORE", "ZETA SCORE"): assigned value 1, sigma the standard deviation of all hundred, which is also the
 * assigned value's uncertainty for zeta; 0.001 for z'; a laboratory's own uncertainty is its batch's standard deviation. Its
 * three places are cut, not rounded. */
static double deviation(const double *values, uint32_t n)
{
	double sum = 0.0, squares = 0.0;

	for (uint32_t i = 0; i < n; i++)
		sum += values[i];
	for (uint32_t i = 0; i < n; i++)
		squares += (values[i] - sum / n) * (values[i] - sum / n);
	return sqrt(squares / (n - 1.0));
}

static void test_scores_published(void **state)
{
	static const double gear[100] = {1.006, 0.996, 0.998, 1.000, 0.992, 0.993, 1.002, 0.999, 0.994, 1.000,
		0.998, 1.006, 1.000, 1.002, 0.997, 0.998, 0.996, 1.000, 1.006, 0.988, 0.991, 0.987, 0.997,
		0.999, 0.995, 0.994, 1.000, 0.999, 0.996, 0.996, 1.005, 1.002, 0.994, 1.000, 0.995, 0.994,
		0.998, 0.996, 1.002, 0.996, 0.998, 0.998, 0.982, 0.990, 1.002, 0.984, 0.996, 0.993, 0.980,
		0.996, 1.009, 1.013, 1.009, 0.997, 0.988, 1.002, 0.995, 0.998, 0.981, 0.996, 0.990, 1.004,
		0.996, 1.001, 0.998, 1.000, 1.018, 1.010, 0.996, 1.002, 0.998, 1.000, 1.006, 1.000, 1.002,
		0.996, 0.998, 0.996, 1.002, 1.006, 1.002, 0.998, 0.996, 0.995, 0.996, 1.004, 1.004, 0.998,
		0.999, 0.991, 0.991, 0.995, 0.984, 0.994, 0.997, 0.997, 0.991, 0.998, 1.004, 0.997};
	static const double z[22] = {0.955, -0.637, -0.318, 0.000, -1.274, -1.114, 0.318, -0.159, -0.955,
		0.000, -0.318, 0.955, 0.000, 0.318, -0.477, -0.318, -0.637, 0.000, 0.955, -1.911, -1.433,
		-2.070};
	static const double z_prime[22] = {0.943, -0.629, -0.314, 0.000, -1.258, -1.100, 0.314, -0.157,
		-0.943, 0.000, -0.314, 0.943, 0.000, 0.314, -0.471, -0.314, -0.629, 0.000, 0.943, -1.887,
		-1.415, -2.044};
	static const double zeta[5] = {0.785, -0.523, -0.261, 0.000, -1.047};
	struct assay_proficiency_result round = {
		.assigned = 1.0, .sigma = deviation(gear, 100), .coverage = 2.0};

	(void)state;
	for (uint32_t i = 0; i < 22; i++) {
		struct assay_proficiency_scores scores;

		round.value = gear[i];
		round.u_assigned = 0.001;
		round.u_value = deviation(gear, 10);
		scores = assay_proficiency_score(&round);
		near_to(scores.z.score, z[i], 0.001);
		near_to(scores.z_prime.score, z_prime[i], 0.001);
		assert_int_equal(scores.z.grade,
			i == 21 ? ASSAY_PROFICIENCY_QUESTIONABLE : ASSAY_PROFICIENCY_SATISFACTORY);
		round.u_assigned = round.sigma;
		if (i < 5)
			near_to(assay_proficiency_score(&round).zeta.score, zeta[i], 0.001);
	}
}

/* Peak flow by two meters, Bland and Altman 1986 (Lancet i:307): mean difference -2.1 l/min, sd 38.8; limits of
 * agreement printed as -79.7 and 75.5 from those rounded figures with 2 sd; here 1.96 sd. */
static void test_agreement(void **state)
{
	static const double large[17] = {
		494, 395, 516, 434, 476, 557, 413, 442, 650, 433, 417, 656, 267, 478, 178, 423, 427};
	static const double mini[17] = {
		512, 430, 520, 428, 500, 600, 364, 380, 658, 445, 432, 626, 260, 477, 259, 350, 451};
	struct assay_split_sample samples[17] = {{0}};
	struct assay_agreement agreement;
	double en[17];

	(void)state;
	for (size_t i = 0; i < 17; i++)
		samples[i] = (struct assay_split_sample){large[i], mini[i], 0.0, 0.0};
	agreement = assay_agreement_of(samples, 17, NULL);
	near_to(agreement.bias.figure, -2.1, 0.05);
	near_to(agreement.sd, 38.8, 0.05);
	near_to(agreement.bias.figure - 2.0 * agreement.sd, -79.7, 0.1);
	near_to(agreement.bias.figure + 2.0 * agreement.sd, 75.5, 0.1);
	near_to(agreement.upper.figure, agreement.bias.figure + 1.96 * agreement.sd, 1e-9);
	assert_int_equal(agreement.en_count, 0);
	/* En: 3 over sqrt(3^2 + 4^2) = 0.6; 6 over 5 = 1.2 */
	samples[0] = (struct assay_split_sample){13, 10, 3, 4};
	samples[1] = (struct assay_split_sample){16, 10, 3, 4};
	agreement = assay_agreement_of(samples, 2, en);
	assert_false(agreement.known);
	assert_int_equal(agreement.en_count, 2);
	assert_int_equal(agreement.en_failed, 1);
	near_to(en[0], 0.6, 1e-12);
	near_to(en[1], 1.2, 1e-12);
}

static void test_trend(void **state)
{
	static const double up[5] = {1, 2, 3, 4, 5}, mixed[4] = {1, 3, 2, 4}, tied[5] = {1, 1, 2, 2, 2},
			    flat[6] = {3, 3, 3, 3, 3, 3};
	struct assay_trend trend;

	(void)state;
	/* one order of 120 rises throughout, one falls: p = 2/120 */
	assert_int_equal(assay_trend_of(up, 5, &trend), ASSAY_OK);
	assert_int_equal(trend.s, 10);
	near_to(trend.p, 2.0 / 120.0, 1e-12);
	near_to(trend.slope, 1.0, 0.0);
	near_to(trend.tau_b, 1.0, 1e-12);
	/* of 24 orders 1, 3, 5, 6, 5, 3, 1 have 0 to 6 falling pairs; S = 4 is one fall: 2 (1 + 3) / 24 */
	assert_int_equal(assay_trend_of(mixed, 4, &trend), ASSAY_OK);
	assert_int_equal(trend.s, 4);
	near_to(trend.p, 8.0 / 24.0, 1e-12);
	/* variance (5x4x15 - 2x1x9 - 3x2x11) / 18 = 216/18 = 12; S = 6 */
	assert_int_equal(assay_trend_of(tied, 5, &trend), ASSAY_OK);
	assert_int_equal(trend.s, 6);
	near_to(trend.variance, 12.0, 1e-12);
	near_to(trend.z, 5.0 / sqrt(12.0), 1e-12);
	assert_false(trend.exact);
	assert_int_equal(assay_trend_of(flat, 6, &trend), ASSAY_OK);
	near_to(trend.p, 1.0, 0.0);
	assert_int_equal(assay_trend_of(up, 3, &trend), ASSAY_OK);
	assert_false(trend.known);
}

static void test_shares(void **state)
{
	struct assay_share shares[5], one;
	struct assay_share_summary summary;

	(void)state;
	/* limit 0.5, detection 0.1: 0.05 is somewhere up to 0.2 of the limit, never 0 */
	assert_int_equal(assay_share_of_maximum(0.05, 0.1, 0.5, &shares[0]), ASSAY_OK);
	assert_true(shares[0].censored);
	near_to(shares[0].high, 0.2, 1e-12);
	assert_int_equal(assay_share_of_maximum(0.0, 0.0, 0.5, &one), ASSAY_EREFUSED);
	assert_int_equal(assay_share_of_maximum(0.1, 0.0, 0.0, &one), ASSAY_EREFUSED);
	assert_int_equal(assay_share_of_minimum(40.0, 20.0, &one), ASSAY_OK);
	near_to(one.high, 0.5, 1e-12);
	/* a detection limit of 0.45: may be near (0.9 of the limit), may be not */
	assert_int_equal(assay_share_of_maximum(0.0, 0.45, 0.5, &shares[1]), ASSAY_OK);
	assert_int_equal(assay_share_of_maximum(0.42, 0.1, 0.5, &shares[2]), ASSAY_OK);
	assert_int_equal(assay_share_of_maximum(0.2, 0.1, 0.5, &shares[3]), ASSAY_OK);
	assert_int_equal(assay_share_of_maximum(0.6, 0.1, 0.5, &shares[4]), ASSAY_OK);
	assert_int_equal(assay_share_summarise(shares, 5, 0.8, 0.95, &summary), ASSAY_OK);
	assert_int_equal(summary.n, 5);
	assert_int_equal(summary.censored, 2);
	/* lows 0 0 0.4 0.84 1.2; highs 0.2 0.4 0.84 0.9 1.2 */
	near_to(summary.median_low, 0.4, 1e-12);
	near_to(summary.median_high, 0.84, 1e-12);
	assert_int_equal(summary.near.count, 1);
	near_to(summary.near.low, assay_rate_of(1, 5, 0.95, ASSAY_INTERVAL_CLOPPER_PEARSON).low, 0.0);
	near_to(summary.near.high, assay_rate_of(2, 5, 0.95, ASSAY_INTERVAL_CLOPPER_PEARSON).high, 0.0);
	/* five values never bound a median at 95 %: 2 / 32 > 0.05 */
	near_to(summary.interval_low, 0.0, 0.0);
	assert_true(isinf(summary.interval_high));
}

/* A group alone keeps near its parent's weight; many like groups pull a small one to them, a large one stays. */
static void test_shrinkage(void **state)
{
	struct assay_shrinkage_child children[12];
	struct assay_rate rate[12];
	struct assay_shrinkage parent;

	(void)state;
	for (size_t i = 0; i < 12; i++)
		children[i] = (struct assay_shrinkage_child){2, 100};
	children[0] = (struct assay_shrinkage_child){1, 2};
	children[1] = (struct assay_shrinkage_child){0, 0};
	assert_int_equal(assay_shrinkage_fit(children, 12, 0.95, &parent, rate), ASSAY_OK);
	assert_true(parent.mean > 0.01 && parent.mean < 0.06);
	assert_true(rate[0].figure < 0.15); /* raw 0.5 of two tests */
	assert_true(rate[0].figure > rate[2].figure);
	assert_true(
		rate[1].low >= 0.0 && rate[1].high > rate[2].high); /* nothing known: the parent, widely */
	near_to(rate[2].figure, 0.02, 0.01);
	assert_true(rate[2].low < rate[2].figure && rate[2].figure < rate[2].high);
	assert_int_equal(assay_shrinkage_fit(children, 0, 0.95, &parent, rate), ASSAY_OK);
}

static void test_roll_up(void **state)
{
	struct assay_risk_cell cells[4] = {{{1, 2, 0, 0, 0}, 10, 1, 2, 0}, {{1, 2, 1, 3, 0}, 5, 1, 0, 1},
		{{0, 2, 0, 0, 0}, 7, 0, 0, 0}, {{1, 3, 0, 0, 0}, 1, 1, 0, 0}};
	struct assay_risk_entry entries[4];
	uint32_t count = assay_risk_roll_up(
		cells, 4, ASSAY_RISK_BIT(ASSAY_RISK_CLASS) | ASSAY_RISK_BIT(ASSAY_RISK_ANALYTE), cells);

	(void)state;
	assert_int_equal(count, 3);
	assert_int_equal(cells[1].n, 15);
	assert_int_equal(cells[1].failed, 2);
	assert_int_equal(cells[1].near, 2);
	assert_int_equal(cells[1].maybe_near, 1);
	assert_int_equal(cells[1].key[ASSAY_RISK_QUARTER], ASSAY_RISK_ANY);
	cells[0].n = 0; /* nothing tested: last, and no alarm */
	assert_int_equal(assay_risk_rank(cells, count, 0, 0.95, 0.05, entries), ASSAY_OK);
	assert_int_equal(entries[2].cell, 0);
	assert_int_equal(entries[2].failed.n, 0);
	assert_int_equal(assay_risk_roll_up(cells, 0, 1, cells), 0);
	assert_int_equal(assay_risk_rank(cells, 0, 0, 0.95, 0.05, entries), ASSAY_OK);
}

/* Twenty controls of 9.9 and 10.1 by turns: s = sqrt(0.2 / 19) = 1.025978 % of 10. Eight pairs of 10.1 and 9.9: d = 2 %
 * of the mean, s_r = sqrt(8 x 4 / 16) = 1.414214 %. One material, certified 10 with u 0.1 (1 %), mean 10.2 (bias 2 %) of
 * 4 values with sd 0.2 (2 % / 2 = 1 %): u_bias = sqrt(4 + 1 + 1). U = 2 sqrt(1.052632 + 2 + 6) = 6.017518. */
static void test_uncertainty(void **state)
{
	struct assay_control_value value[20];
	struct assay_duplicate pair[8];
	struct assay_control_series series = {value, 20, false};
	struct assay_reference_material material = {10.0, 0.1, 10.2, 0.2, 4, 20300};
	struct assay_uncertainty_inputs inputs = {.from = 1,
		.to = 100,
		.relative = true,
		.controls = &series,
		.control_count = 1,
		.pairs = pair,
		.pair_count = 8,
		.materials = &material,
		.material_count = 1,
		.valid_days = 365};
	struct assay_uncertainty found;
	struct assay_decimal expanded;
	char text[ASSAY_DECIMAL_TEXT_MAX];

	(void)state;
	for (int i = 0; i < 20; i++)
		value[i] = (struct assay_control_value){i % 2 ? 9.9 : 10.1, 20000 + i};
	for (int i = 0; i < 8; i++)
		pair[i] = (struct assay_duplicate){10.1, 9.9, 20100 + i};
	found = assay_uncertainty_of(&inputs);
	assert_true(found.known);
	near_to(found.s_control, 1.025978352, 1e-8);
	near_to(found.s_duplicate, 1.414213562, 1e-8);
	near_to(found.u_bias, 2.449489743, 1e-8);
	near_to(found.expanded, 6.017518285, 1e-8);
	assert_int_equal(found.control_values, 20);
	assert_int_equal(found.newest_day, 20019); /* the controls were refreshed longest ago */
	assert_false(assay_uncertainty_stale(&found, 20019 + 365));
	assert_true(assay_uncertainty_stale(&found, 20019 + 366));
	assert_int_equal(assay_uncertainty_decimal(&found, &expanded), ASSAY_OK);
	(void)assay_decimal_format(&expanded, text);
	assert_string_equal(text, "6.1"); /* up, never down */
	series.whole_process = true;
	found = assay_uncertainty_of(&inputs);
	near_to(found.u_rw, 1.025978352, 1e-8);
	inputs.material_count = 0;
	found = assay_uncertainty_of(&inputs);
	assert_string_equal(found.reason, "bias-missing");
	assert_int_equal(assay_uncertainty_decimal(&found, &expanded), ASSAY_ENOTFOUND);
	assert_true(assay_uncertainty_stale(&found, 0));
	series.count = 19;
	found = assay_uncertainty_of(&inputs);
	assert_string_equal(found.reason, "controls-short");
	inputs.from = 50; /* another range: nothing of this belongs to it */
	found = assay_uncertainty_of(&inputs);
	assert_int_equal(found.control_values, 0);
	assert_int_equal(found.pairs, 0);
}

/* Six rounds with biases 3 and 4 % by turns: RMS = sqrt(12.5). Between laboratories 10 % of 25: u = 2 %, as a robust
 * mean 2.5 %. */
static void test_uncertainty_rounds(void **state)
{
	struct assay_control_value value[20];
	struct assay_control_series series = {value, 20, true};
	struct assay_proficiency_bias round[6];
	struct assay_uncertainty_inputs inputs = {.from = 1,
		.to = 1000,
		.relative = true,
		.controls = &series,
		.control_count = 1,
		.rounds = round,
		.round_count = 6,
		.valid_days = 365};
	struct assay_uncertainty found;

	(void)state;
	for (int i = 0; i < 20; i++)
		value[i] = (struct assay_control_value){i % 2 ? 99.0 : 101.0, 20000};
	for (int i = 0; i < 6; i++)
		round[i] =
			(struct assay_proficiency_bias){i % 2 ? 103.0 : 96.0, 100.0, 10.0, 25, false, 20010};
	found = assay_uncertainty_of(&inputs);
	assert_true(found.known);
	assert_int_equal(found.bias_source, ASSAY_BIAS_ROUNDS);
	near_to(found.rms_bias, sqrt(12.5), 1e-9);
	near_to(found.u_reference, 2.0, 1e-9);
	for (int i = 0; i < 6; i++)
		round[i].robust = true;
	near_to(assay_uncertainty_of(&inputs).u_reference, 2.5, 1e-9);
	inputs.round_count = 5;
	assert_string_equal(assay_uncertainty_of(&inputs).reason, "bias-missing");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rate_ends),
		cmocka_unit_test(test_excess),
		cmocka_unit_test(test_discovery),
		cmocka_unit_test(test_robust),
		cmocka_unit_test(test_robust_published),
		cmocka_unit_test(test_scores),
		cmocka_unit_test(test_scores_published),
		cmocka_unit_test(test_agreement),
		cmocka_unit_test(test_trend),
		cmocka_unit_test(test_shares),
		cmocka_unit_test(test_shrinkage),
		cmocka_unit_test(test_roll_up),
		cmocka_unit_test(test_uncertainty),
		cmocka_unit_test(test_uncertainty_rounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
