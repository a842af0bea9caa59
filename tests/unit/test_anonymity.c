/* SPDX-License-Identifier: Apache-2.0
 * An attack on what producers may see of each other. The attacker knows every allowed figure and one producer's own
 * results, and works with single atoms (producer, class, quarter), not with the groups that the code under test
 * reasons about: every pair is differenced, and every linear combination is covered by exact elimination. */
#include "gateway/analysis/anonymity.h"
#include "limits/decimal.h"
#include "tests/sim/district.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { CLASSES = 6, QUARTERS = 4, PRODUCERS = DISTRICT_PRODUCERS, NOBODY = PRODUCERS };
enum { ATOMS = PRODUCERS * QUARTERS * 2, FIGURES = (CLASSES + 1) * (QUARTERS + 1) };

struct atom {
	unsigned producer, class, quarter;
};

struct attack {
	struct atom atom[ATOMS];
	unsigned atoms;
	bool figure[FIGURES][ATOMS]; /* does the figure sum the atom */
	unsigned figures;
};

static struct assay_cohorts cohorts;
static struct assay_cohort_answers answers;
static struct attack attack;

static void add(unsigned producer, unsigned class, unsigned quarter)
{
	struct assay_cohort *cohort = &cohorts.cell[class][quarter];

	if (cohort->member[producer / 64] >> (producer % 64) & 1)
		return;
	assay_cohort_add(cohort, producer);
	attack.atom[attack.atoms++] = (struct atom){producer, class, quarter};
}

static void clear(unsigned classes, unsigned quarters)
{
	memset(&cohorts, 0, sizeof cohorts);
	memset(&attack, 0, sizeof attack);
	cohorts.classes = classes;
	cohorts.quarters = quarters;
}

static void decide(void)
{
	assert_int_equal(assay_anonymity_decide(&cohorts, &answers), ASSAY_OK);
	attack.figures = 0;
	for (unsigned c = 0; c <= cohorts.classes; c++)
		for (unsigned q = 0; q <= cohorts.quarters; q++) {
			if (answers.answer[c][q] != ASSAY_COHORT_ALLOWED)
				continue;
			for (unsigned a = 0; a < attack.atoms; a++)
				attack.figure[attack.figures][a] =
					(c == cohorts.classes || attack.atom[a].class == c) &&
					(q == cohorts.quarters || attack.atom[a].quarter == q);
			attack.figures++;
		}
}

/* How many producers other than the viewer a combination is about; *who is one of them. */
static unsigned about(const int *weight, unsigned viewer, unsigned *who)
{
	bool seen[PRODUCERS] = {false};
	unsigned count = 0;

	for (unsigned a = 0; a < attack.atoms; a++) {
		unsigned producer = attack.atom[a].producer;

		if (weight[a] == 0 || producer == viewer || seen[producer])
			continue;
		seen[producer] = true;
		*who = producer;
		count++;
	}
	return count;
}

/* Every figure and every pair: never about one other; a figure within another never differs by 1 to 4 producers. */
static void difference_every_pair(void)
{
	unsigned who = 0;

	for (unsigned f = 0; f < attack.figures; f++)
		for (unsigned g = 0; g < attack.figures; g++) {
			int weight[ATOMS];
			bool nested = true;
			unsigned count;

			for (unsigned a = 0; a < attack.atoms; a++) {
				weight[a] = attack.figure[f][a] - (f == g ? 0 : attack.figure[g][a]);
				nested = nested && weight[a] >= 0;
			}
			count = about(weight, NOBODY, &who);
			if (nested)
				assert_false(count > 0 && count < ASSAY_ANONYMITY_GROUP_MIN);
			for (unsigned viewer = 0; viewer <= PRODUCERS; viewer++)
				assert_int_not_equal(about(weight, viewer, &who), 1);
		}
}

/* Rank of the figures over the atoms of producers other than two. Exact. */
static unsigned rank_without(unsigned viewer, unsigned target)
{
	static struct assay_fraction m[FIGURES][ATOMS];
	unsigned rank = 0, columns = 0;

	for (unsigned a = 0; a < attack.atoms; a++) {
		if (attack.atom[a].producer == viewer || attack.atom[a].producer == target)
			continue;
		for (unsigned f = 0; f < attack.figures; f++)
			m[f][columns] = (struct assay_fraction){attack.figure[f][a], 1};
		columns++;
	}
	for (unsigned k = 0; k < columns && rank < attack.figures; k++) {
		unsigned r = rank;

		while (r < attack.figures && m[r][k].n == 0)
			r++;
		if (r == attack.figures)
			continue;
		for (unsigned j = k; j < columns; j++) {
			struct assay_fraction swap = m[r][j];

			m[r][j] = m[rank][j];
			m[rank][j] = swap;
		}
		for (r = rank + 1; r < attack.figures; r++) {
			struct assay_fraction factor, term;

			if (m[r][k].n == 0)
				continue;
			assert_int_equal(assay_fraction_apply('/', &m[r][k], &m[rank][k], &factor), ASSAY_OK);
			for (unsigned j = k; j < columns; j++) {
				if (m[rank][j].n == 0)
					continue;
				assert_int_equal(
					assay_fraction_apply('*', &factor, &m[rank][j], &term), ASSAY_OK);
				assert_int_equal(
					assay_fraction_apply('-', &m[r][j], &term, &m[r][j]), ASSAY_OK);
			}
		}
		rank++;
	}
	return rank;
}

/* The viewer can work the target out when some combination has nothing but their atoms: leaving the target's columns
 * out then loses rank. */
static unsigned worked_out(unsigned viewer)
{
	unsigned with = rank_without(viewer, viewer), found = 0;

	for (unsigned target = 0; target < PRODUCERS; target++)
		found += target != viewer && rank_without(viewer, target) < with;
	return found;
}

static unsigned count_answers(enum assay_cohort_answer answer)
{
	unsigned count = 0;

	for (unsigned c = 0; c <= cohorts.classes; c++)
		for (unsigned q = 0; q <= cohorts.quarters; q++)
			count += answers.answer[c][q] == answer;
	return count;
}

static void made_up(uint64_t seed, uint32_t results)
{
	uint64_t state = seed;

	clear(CLASSES, QUARTERS);
	for (uint32_t i = 0; i < results; i++) {
		unsigned producer = district_pick(&state, PRODUCERS);
		/* some producers make a second class of goods; classes differ in size */
		unsigned class = producer % 7 % CLASSES;
		unsigned other = district_pick(&state, 8) == 0;

		add(producer, other ? (class + 1) % CLASSES : class, district_pick(&state, QUARTERS));
	}
	decide();
}

static void test_attack(void **state)
{
	unsigned allowed = 0, withheld = 0, few = 0, districts = getenv("ASSAY_FULL") ? 200 : 40;

	(void)state;
	for (uint64_t seed = 1; seed <= districts; seed++) {
		made_up(seed, 40 + (uint32_t)(seed % 10) * 12);
		difference_every_pair();
		assert_int_equal(worked_out(NOBODY), 0);
		assert_int_equal(worked_out((unsigned)(seed % PRODUCERS)), 0);
		allowed += count_answers(ASSAY_COHORT_ALLOWED);
		withheld += count_answers(ASSAY_COHORT_WITHHELD);
		few += count_answers(ASSAY_COHORT_TOO_FEW);
	}
	print_message(
		"seeds 1 to %u: %u figures allowed, %u of too few, %u withheld for them; nobody worked out\n",
		districts, allowed, few, withheld);
	assert_true(allowed > 0 && few > 0 && withheld > 0);
}

/* One district, every viewer against every other producer. */
static void test_every_viewer(void **state)
{
	(void)state;
	made_up(7, 100);
	for (unsigned viewer = 0; viewer < PRODUCERS; viewer++)
		assert_int_equal(worked_out(viewer), 0);
}

/* The attack itself must bite: without withholding, a class with quarters of 6, 6, 6 and 1 gives the one away. */
static void test_attack_bites(void **state)
{
	(void)state;
	clear(1, 4);
	for (unsigned q = 0; q < 3; q++)
		for (unsigned p = 0; p < 6; p++)
			add(p + 6 * q, 0, q);
	add(30, 0, 3);
	decide();
	assert_int_equal(answers.answer[0][3], ASSAY_COHORT_TOO_FEW);
	assert_int_equal(worked_out(NOBODY), 0);
	for (unsigned q = 0; q < 3; q++)
		answers.answer[0][q] = ASSAY_COHORT_ALLOWED;
	attack.figures = 0;
	for (unsigned q = 0; q < 4; q++) /* three quarters and the year */
		for (unsigned a = 0; a < attack.atoms; a++)
			attack.figure[q][a] = q == 3 || attack.atom[a].quarter == q;
	attack.figures = 4;
	assert_int_equal(worked_out(NOBODY), 1);
}

/* A viewer in a group of two: the other one is then worked out by subtraction, so totals must not leave such a pair. */
static void test_pair(void **state)
{
	(void)state;
	clear(2, 2);
	for (unsigned c = 0; c < 2; c++)
		for (unsigned p = 0; p < 6; p++)
			add(p + 10 * c, c, 0);
	add(40, 0, 1);
	add(41, 0, 1);
	decide();
	difference_every_pair();
	assert_int_equal(worked_out(40), 0);
	assert_int_equal(worked_out(41), 0);
	assert_int_equal(answers.answer[0][1], ASSAY_COHORT_TOO_FEW);
	assert_int_equal(answers.answer[1][1], ASSAY_COHORT_EMPTY);
}

/* Class 0 and quarter 0 each have six producers; they share four and differ by two groups of the same pair, so whoever
 * is one of the pair could work out the other from the difference of the two totals. */
static void test_two_totals(void **state)
{
	(void)state;
	clear(2, 2);
	for (unsigned p = 0; p < 4; p++)
		add(p, 0, 0);
	for (unsigned p = 10; p < 12; p++) {
		add(p, 0, 1);
		add(p, 1, 0);
	}
	for (unsigned p = 20; p < 26; p++)
		add(p, 1, 1);
	decide();
	difference_every_pair();
	assert_int_equal(worked_out(10), 0);
	assert_int_equal(worked_out(11), 0);
	assert_false(
		answers.answer[0][2] == ASSAY_COHORT_ALLOWED && answers.answer[2][0] == ASSAY_COHORT_ALLOWED);
}

static void test_sizes(void **state)
{
	(void)state;
	clear(2, 1);
	for (unsigned p = 0; p < 5; p++)
		add(p, 0, 0);
	for (unsigned p = 10; p < 14; p++)
		add(p, 1, 0);
	decide();
	assert_int_equal(answers.answer[1][0], ASSAY_COHORT_TOO_FEW);
	/* the total less the group of five is the group of four: one of the two must go */
	assert_true(
		answers.answer[0][0] != ASSAY_COHORT_ALLOWED || answers.answer[2][0] != ASSAY_COHORT_ALLOWED);
	assert_true(assay_anonymity_tells_each(5, 5));
	assert_false(assay_anonymity_tells_each(0, 5));
	cohorts.classes = ASSAY_ANONYMITY_CLASSES_MAX + 1;
	assert_int_equal(assay_anonymity_decide(&cohorts, &answers), ASSAY_EREFUSED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_attack_bites),
		cmocka_unit_test(test_pair),
		cmocka_unit_test(test_two_totals),
		cmocka_unit_test(test_attack),
		cmocka_unit_test(test_every_viewer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
