/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/analysis/anonymity.h"

#include "limits/decimal.h"

#include <stdlib.h>
#include <string.h>

#define WORDS (ASSAY_ANONYMITY_PRODUCERS_MAX / 64u)
#define CELLS_MAX (ASSAY_ANONYMITY_CLASSES_MAX * ASSAY_ANONYMITY_QUARTERS_MAX)
#define TOTALS_MAX (ASSAY_ANONYMITY_CLASSES_MAX + ASSAY_ANONYMITY_QUARTERS_MAX + 1u)

void assay_cohort_add(struct assay_cohort *cohort, unsigned producer)
{
	cohort->member[producer / 64] |= (uint64_t)1 << (producer % 64);
}

unsigned assay_cohort_size(const struct assay_cohort *cohort)
{
	unsigned size = 0;

	for (unsigned w = 0; w < WORDS; w++)
		size += (unsigned)__builtin_popcountll(cohort->member[w]);
	return size;
}

bool assay_anonymity_tells_each(uint64_t count, uint64_t n)
{
	return n > 0 && count == n;
}

/* One figure: a class or all (index classes), a quarter or all (index quarters). */
struct figure {
	unsigned class, quarter;
};

static bool covers(
	const struct assay_cohorts *cohorts, struct figure figure, unsigned class, unsigned quarter)
{
	return (figure.class == cohorts->classes || figure.class == class) &&
	       (figure.quarter == cohorts->quarters || figure.quarter == quarter);
}

/* Producers in `whole` outside of `part` (none left out when part is NULL). */
static struct assay_cohort producers(
	const struct assay_cohorts *cohorts, struct figure whole, const struct figure *part)
{
	struct assay_cohort all = {{0}};

	for (unsigned c = 0; c < cohorts->classes; c++)
		for (unsigned q = 0; q < cohorts->quarters; q++) {
			if (!covers(cohorts, whole, c, q) || (part && covers(cohorts, *part, c, q)))
				continue;
			for (unsigned w = 0; w < WORDS; w++)
				all.member[w] |= cohorts->cell[c][q].member[w];
		}
	return all;
}

static bool within(const struct assay_cohorts *cohorts, struct figure part, struct figure whole)
{
	return (whole.class == cohorts->classes || whole.class == part.class) &&
	       (whole.quarter == cohorts->quarters || whole.quarter == part.quarter);
}

static struct figure numbered(const struct assay_cohorts *cohorts, unsigned number)
{
	return (struct figure){number / (cohorts->quarters + 1), number % (cohorts->quarters + 1)};
}

static unsigned figures(const struct assay_cohorts *cohorts)
{
	return (cohorts->classes + 1) * (cohorts->quarters + 1);
}

static uint8_t *answer_of(struct assay_cohort_answers *answers, struct figure figure)
{
	return &answers->answer[figure.class][figure.quarter];
}

static void by_size(const struct assay_cohorts *cohorts, struct assay_cohort_answers *answers)
{
	memset(answers, 0, sizeof *answers);
	for (unsigned f = 0; f < figures(cohorts); f++) {
		struct figure figure = numbered(cohorts, f);
		struct assay_cohort all = producers(cohorts, figure, NULL);
		unsigned size = assay_cohort_size(&all);

		*answer_of(answers, figure) =
			(uint8_t)(size == 0                          ? ASSAY_COHORT_EMPTY
				  : size < ASSAY_ANONYMITY_GROUP_MIN ? ASSAY_COHORT_TOO_FEW
								     : ASSAY_COHORT_ALLOWED);
	}
}

/* Of two figures, one within the other, whose difference is of too few, the narrower one is withheld. */
static void by_difference(const struct assay_cohorts *cohorts, struct assay_cohort_answers *answers)
{
	for (unsigned f = 0; f < figures(cohorts); f++)
		for (unsigned g = 0; g < figures(cohorts); g++) {
			struct figure part = numbered(cohorts, f), whole = numbered(cohorts, g);
			struct assay_cohort rest;
			unsigned size;

			if (f == g || *answer_of(answers, part) != ASSAY_COHORT_ALLOWED ||
				*answer_of(answers, whole) != ASSAY_COHORT_ALLOWED ||
				!within(cohorts, part, whole))
				continue;
			rest = producers(cohorts, whole, &part);
			size = assay_cohort_size(&rest);
			if (size > 0 && size < ASSAY_ANONYMITY_GROUP_MIN)
				*answer_of(answers, part) = ASSAY_COHORT_WITHHELD;
		}
}

/* What the allowed totals still say once the allowed cells are taken away from them: one row for each total over the
 * cells that are not allowed. Columns of few producers stand last, so that in the reduced form a row whose first
 * non-zero column is among them speaks of such cells alone. */
struct remainder {
	struct figure column[CELLS_MAX];
	unsigned size[CELLS_MAX]; /* producers of a column */
	unsigned columns, rows;
	struct assay_fraction at[TOTALS_MAX][CELLS_MAX];
};

static void add_columns(const struct assay_cohorts *cohorts, struct assay_cohort_answers *answers,
	unsigned from, unsigned to, struct remainder *out)
{
	for (unsigned c = 0; c < cohorts->classes; c++)
		for (unsigned q = 0; q < cohorts->quarters; q++) {
			unsigned size = assay_cohort_size(&cohorts->cell[c][q]);

			if (size < from || size > to ||
				*answer_of(answers, (struct figure){c, q}) == ASSAY_COHORT_ALLOWED)
				continue;
			out->size[out->columns] = size;
			out->column[out->columns++] = (struct figure){c, q};
		}
}

static void build(
	const struct assay_cohorts *cohorts, struct assay_cohort_answers *answers, struct remainder *out)
{
	out->columns = out->rows = 0;
	add_columns(cohorts, answers, ASSAY_ANONYMITY_GROUP_MIN, ASSAY_ANONYMITY_PRODUCERS_MAX, out);
	add_columns(cohorts, answers, 3, ASSAY_ANONYMITY_GROUP_MIN - 1, out);
	add_columns(cohorts, answers, 1, 2, out);
	for (unsigned f = 0; f < figures(cohorts); f++) {
		struct figure total = numbered(cohorts, f);

		if ((total.class < cohorts->classes && total.quarter < cohorts->quarters) ||
			*answer_of(answers, total) != ASSAY_COHORT_ALLOWED)
			continue;
		for (unsigned k = 0; k < out->columns; k++)
			out->at[out->rows][k] = (struct assay_fraction){
				covers(cohorts, total, out->column[k].class, out->column[k].quarter), 1};
		out->rows++;
	}
}

/* row[to] -= factor x row[from]; false on overflow. */
static bool subtract(
	struct remainder *m, unsigned to, unsigned from, const struct assay_fraction *factor, unsigned first)
{
	for (unsigned k = first; k < m->columns; k++) {
		struct assay_fraction term;

		if (m->at[from][k].n == 0)
			continue;
		if (assay_fraction_apply('*', &m->at[from][k], factor, &term) != ASSAY_OK ||
			assay_fraction_apply('-', &m->at[to][k], &term, &m->at[to][k]) != ASSAY_OK)
			return false;
	}
	return true;
}

/* Gauss and Jordan, exactly. Rows left are independent; pivot[r] is row r's first non-zero column. */
static bool reduce(struct remainder *m, unsigned pivot[TOTALS_MAX])
{
	unsigned rank = 0;

	for (unsigned k = 0; k < m->columns && rank < m->rows; k++) {
		unsigned r = rank;
		struct assay_fraction lead;

		while (r < m->rows && m->at[r][k].n == 0)
			r++;
		if (r == m->rows)
			continue;
		for (unsigned j = k; r != rank && j < m->columns; j++) {
			struct assay_fraction swap = m->at[r][j];

			m->at[r][j] = m->at[rank][j];
			m->at[rank][j] = swap;
		}
		lead = m->at[rank][k];
		for (unsigned j = k; j < m->columns; j++)
			if (assay_fraction_apply('/', &m->at[rank][j], &lead, &m->at[rank][j]) != ASSAY_OK)
				return false;
		for (r = 0; r < m->rows; r++) {
			struct assay_fraction factor = m->at[r][k];

			if (r != rank && factor.n != 0 && !subtract(m, r, rank, &factor, k))
				return false;
		}
		pivot[rank++] = k;
	}
	m->rows = rank;
	return true;
}

/* A reduced row that must not be: about too few together, or with nothing but groups of one or two. Any combination
 * about one producer, or about one and the viewer, has only such groups; the columns stand so that there is one only if
 * a reduced row begins among them. */
static bool row_tells(
	const struct assay_cohorts *cohorts, const struct remainder *m, unsigned row, unsigned pivot)
{
	struct assay_cohort all = {{0}};

	if (m->size[pivot] >= ASSAY_ANONYMITY_GROUP_MIN)
		return false;
	if (m->size[pivot] <= 2)
		return true;
	for (unsigned k = pivot; k < m->columns; k++) {
		const struct figure at = m->column[k];

		for (unsigned w = 0; m->at[row][k].n != 0 && w < WORDS; w++)
			all.member[w] |= cohorts->cell[at.class][at.quarter].member[w];
	}
	return assay_cohort_size(&all) < ASSAY_ANONYMITY_GROUP_MIN;
}

/* Can a total of too few be combined from what is allowed? Its remainder is reduced by the rows. */
static bool total_follows(const struct assay_cohorts *cohorts, const struct remainder *m,
	const unsigned pivot[TOTALS_MAX], struct figure total, bool *fits)
{
	struct assay_fraction left[CELLS_MAX], term;
	bool any = false;

	for (unsigned k = 0; k < m->columns; k++)
		left[k] = (struct assay_fraction){
			covers(cohorts, total, m->column[k].class, m->column[k].quarter), 1};
	for (unsigned r = 0; r < m->rows; r++) {
		struct assay_fraction factor = left[pivot[r]];

		for (unsigned k = pivot[r]; factor.n != 0 && k < m->columns; k++)
			if (assay_fraction_apply('*', &m->at[r][k], &factor, &term) != ASSAY_OK ||
				assay_fraction_apply('-', &left[k], &term, &left[k]) != ASSAY_OK) {
				*fits = false;
				return true;
			}
	}
	for (unsigned k = 0; k < m->columns; k++)
		any = any || left[k].n != 0;
	return !any;
}

/* The class and quarter to mend at: where the first revealing combination ends. False when nothing is revealed. */
static bool audit(const struct assay_cohorts *cohorts, struct assay_cohort_answers *answers,
	struct remainder *m, struct figure *where, bool *fits)
{
	unsigned pivot[TOTALS_MAX] = {0};

	build(cohorts, answers, m);
	*fits = reduce(m, pivot);
	if (!*fits)
		return true;
	for (unsigned r = 0; r < m->rows; r++)
		if (row_tells(cohorts, m, r, pivot[r])) {
			*where = m->column[pivot[r]];
			return true;
		}
	for (unsigned f = 0; f < figures(cohorts); f++) {
		*where = numbered(cohorts, f);
		if (*answer_of(answers, *where) == ASSAY_COHORT_TOO_FEW &&
			total_follows(cohorts, m, pivot, *where, fits))
			return true;
	}
	return false;
}

static void withhold_totals(const struct assay_cohorts *cohorts, struct assay_cohort_answers *answers)
{
	for (unsigned f = 0; f < figures(cohorts); f++) {
		struct figure total = numbered(cohorts, f);

		if ((total.class == cohorts->classes || total.quarter == cohorts->quarters) &&
			*answer_of(answers, total) == ASSAY_COHORT_ALLOWED)
			*answer_of(answers, total) = ASSAY_COHORT_WITHHELD;
	}
}

/* One more group of the same class (or, for a total, of any) is withheld beside the one to hide, the smallest first;
 * when there is none, the totals over it, the narrow ones first. False when nothing is left to withhold. */
static bool mend(
	const struct assay_cohorts *cohorts, struct assay_cohort_answers *answers, struct figure where)
{
	struct figure best = {0, 0};
	unsigned smallest = ASSAY_ANONYMITY_PRODUCERS_MAX + 1;

	for (unsigned c = 0; c < cohorts->classes; c++)
		for (unsigned q = 0; q < cohorts->quarters; q++) {
			unsigned size = assay_cohort_size(&cohorts->cell[c][q]);

			if ((where.class < cohorts->classes && where.class != c) || size >= smallest ||
				answers->answer[c][q] != ASSAY_COHORT_ALLOWED)
				continue;
			smallest = size;
			best = (struct figure){c, q};
		}
	if (smallest <= ASSAY_ANONYMITY_PRODUCERS_MAX) {
		*answer_of(answers, best) = ASSAY_COHORT_WITHHELD;
		return true;
	}
	for (unsigned f = 0; f < figures(cohorts); f++) {
		struct figure total = numbered(cohorts, f);

		if (*answer_of(answers, total) == ASSAY_COHORT_ALLOWED && within(cohorts, where, total)) {
			*answer_of(answers, total) = ASSAY_COHORT_WITHHELD;
			return true;
		}
	}
	return false;
}

int assay_anonymity_decide(const struct assay_cohorts *cohorts, struct assay_cohort_answers *out)
{
	struct remainder *remainder;
	struct figure where = {0, 0};
	bool fits = true;

	if (cohorts->classes > ASSAY_ANONYMITY_CLASSES_MAX ||
		cohorts->quarters > ASSAY_ANONYMITY_QUARTERS_MAX)
		return ASSAY_EREFUSED;
	remainder = calloc(1, sizeof *remainder); /* a third of a megabyte: not for a stack */
	if (!remainder)
		return ASSAY_ENOMEM;
	by_size(cohorts, out);
	by_difference(cohorts, out);
	while (audit(cohorts, out, remainder, &where, &fits)) {
		if (!fits || !mend(cohorts, out, where)) {
			withhold_totals(cohorts, out);
			break;
		}
		by_difference(cohorts, out);
	}
	free(remainder);
	return ASSAY_OK;
}
