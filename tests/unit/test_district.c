/* SPDX-License-Identifier: Apache-2.0
 * Planted risks in made-up districts: is the planted one ranked first, does nothing planted raise no alarm, and do the
 * intervals cover. The seeds are printed; ASSAY_FULL=1 takes ten times as many districts. The required shares are those
 * of the district's specification: 95 of 100, at most 5 of 100, nominal less 2 points over 200 districts. */
#include "tests/sim/district.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define CLASS_ANALYTE (ASSAY_RISK_BIT(ASSAY_RISK_CLASS) | ASSAY_RISK_BIT(ASSAY_RISK_ANALYTE))
#define BY_QUARTER (CLASS_ANALYTE | ASSAY_RISK_BIT(ASSAY_RISK_QUARTER))
#define CONFIDENCE 0.95
#define DISCOVERY 0.05

static struct district district;
static struct assay_risk_cell cells[DISTRICT_TESTS], groups[DISTRICT_TESTS];
static struct assay_risk_entry entries[DISTRICT_TESTS];

static uint32_t many(void)
{
	return getenv("ASSAY_FULL") ? 10 : 1;
}

static uint32_t rank(uint64_t seed, bool planted, unsigned mask, unsigned parent)
{
	uint32_t count;

	district_make(&district, seed, planted);
	district_cells(&district, cells);
	count = assay_risk_roll_up(cells, DISTRICT_TESTS, mask, groups);
	assert_int_equal(assay_risk_rank(groups, count, parent, CONFIDENCE, DISCOVERY, entries), ASSAY_OK);
	return count;
}

static bool is_planted(const struct assay_risk_cell *cell)
{
	return cell->key[ASSAY_RISK_CLASS] == district.planted_class &&
	       cell->key[ASSAY_RISK_ANALYTE] == district.planted_analyte;
}

static void test_planted_is_first(void **state)
{
	const uint64_t first_seed = 1000;
	uint32_t districts = 100 * many(), first = 0, alarmed = 0;

	(void)state;
	for (uint32_t i = 0; i < districts; i++) {
		(void)rank(first_seed + i, true, CLASS_ANALYTE, ASSAY_RISK_BIT(ASSAY_RISK_ANALYTE));
		first += is_planted(&groups[entries[0].cell]);
		alarmed += is_planted(&groups[entries[0].cell]) && entries[0].alarm;
	}
	print_message("seeds %llu to %llu: planted first in %u of %u districts, with an alarm in %u\n",
		(unsigned long long)first_seed, (unsigned long long)(first_seed + districts - 1), first,
		districts, alarmed);
	assert_true(first * 100 >= districts * 95);
}

static void count_alarms(uint64_t first_seed, unsigned mask, unsigned parent, const char *name)
{
	uint32_t districts = 100 * many(), alarmed = 0;

	for (uint32_t i = 0; i < districts; i++) {
		(void)rank(first_seed + i, false, mask, parent);
		alarmed += entries[0].alarm; /* alarms come first */
	}
	print_message("seeds %llu to %llu: nothing planted, %s: an alarm in %u of %u districts\n",
		(unsigned long long)first_seed, (unsigned long long)(first_seed + districts - 1), name,
		alarmed, districts);
	assert_true(alarmed * 100 <= districts * 5);
}

static void test_nothing_planted(void **state)
{
	(void)state;
	count_alarms(3000, CLASS_ANALYTE, ASSAY_RISK_BIT(ASSAY_RISK_ANALYTE), "class x analyte");
	count_alarms(3000, BY_QUARTER, CLASS_ANALYTE, "class x analyte x quarter");
}

static void test_intervals_cover(void **state)
{
	const uint64_t first_seed = 5000;
	uint32_t districts = 200 * many();
	double groups_seen = 0.0, exact = 0.0, jeffreys = 0.0, shrunk = 0.0, planted = 0.0, high = 0.0;

	(void)state;
	for (uint32_t i = 0; i < districts; i++) {
		uint32_t count =
			rank(first_seed + i, i % 2 == 0, CLASS_ANALYTE, ASSAY_RISK_BIT(ASSAY_RISK_ANALYTE));

		for (uint32_t e = 0; e < count; e++) {
			const struct assay_risk_cell *cell = &groups[entries[e].cell];
			double truth = district_rate(
				&district, cell->key[ASSAY_RISK_CLASS], cell->key[ASSAY_RISK_ANALYTE]);
			struct assay_rate rate =
				assay_rate_of(cell->failed, cell->n, CONFIDENCE, ASSAY_INTERVAL_JEFFREYS);

			groups_seen += 1.0;
			exact += entries[e].failed.low <= truth && truth <= entries[e].failed.high;
			jeffreys += rate.low <= truth && truth <= rate.high;
			shrunk += entries[e].shrunk.low <= truth && truth <= entries[e].shrunk.high;
			if (truth > DISTRICT_BASE_RATE) {
				planted += 1.0;
				high += entries[e].failed.low <= truth && truth <= entries[e].failed.high;
			}
		}
	}
	exact = 100.0 * exact / groups_seen;
	jeffreys = 100.0 * jeffreys / groups_seen;
	shrunk = 100.0 * shrunk / groups_seen;
	print_message(
		"seeds %llu to %llu: %.0f groups in %u districts; nominal 95 %%: Clopper-Pearson %.2f %%, "
		"Jeffreys %.2f %%, shrunk %.2f %%\n",
		(unsigned long long)first_seed, (unsigned long long)(first_seed + districts - 1), groups_seen,
		districts, exact, jeffreys, shrunk);
	print_message("of them %.0f planted groups alone: Clopper-Pearson %.1f %%\n", planted,
		100.0 * high / planted);
	assert_true(100.0 * high >= 93.0 * planted);
	assert_true(exact >= 93.0);
	assert_true(jeffreys >= 93.0);
	assert_true(shrunk >= 93.0);
}

/* Batches, tests and failures of the generator itself: 500 x 8 + 12 tests, all 72 producers, base rate near 2 %. */
static void test_generator(void **state)
{
	uint32_t failed = 0, total = 0, planted = 0;
	bool seen[DISTRICT_PRODUCERS] = {false};

	(void)state;
	for (uint64_t seed = 1; seed <= 50; seed++) {
		district_make(&district, seed, true);
		for (uint32_t i = 0; i < DISTRICT_TESTS; i++) {
			const struct district_test *test = &district.test[i];
			bool here = test->class == district.planted_class &&
				    test->analyte == district.planted_analyte;

			seen[test->producer] = true;
			planted += here;
			total += !here;
			failed += !here && test->failed;
		}
	}
	assert_int_equal(planted, 50 * DISTRICT_PLANTED_TESTS);
	assert_int_equal(total, 50 * 500 * 8);
	/* 200,000 tests at 2 %: 4,000 expected, standard deviation 62.6; five of them */
	assert_in_range(failed, 4000 - 313, 4000 + 313);
	for (uint32_t i = 0; i < DISTRICT_PRODUCERS; i++)
		assert_true(seen[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_generator),
		cmocka_unit_test(test_planted_is_first),
		cmocka_unit_test(test_nothing_planted),
		cmocka_unit_test(test_intervals_cover),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
