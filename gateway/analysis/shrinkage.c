/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/analysis/shrinkage.h"

#include <gsl/gsl_integration.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MEANS 16
#define STRENGTHS 16
#define FALL 6.0 /* how far out the grid of m goes, in logs of the wide beta */
#define WEIGHT_MIN 1e-12 /* a grid point below has no part in any digit shown */
#define CELLS (MEANS * STRENGTHS)

struct grid {
	double mean[MEANS], log_prior[MEANS]; /* of log(m/(1-m)) */
	double strength[STRENGTHS], log_share[STRENGTHS];
	double weight[CELLS]; /* of mean k / strength j at k * STRENGTHS + j; sums to 1 */
};

static int by_size(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

	return (a > b) - (a < b);
}

/* Children with the same counts weigh alike: each kind once, with how many there are. */
struct kind {
	struct assay_shrinkage_child child;
	double many;
	struct assay_rate rate;
};

static int by_counts(const void *left, const void *right)
{
	const struct kind *a = left, *b = right;

	if (a->child.n != b->child.n)
		return a->child.n < b->child.n ? -1 : 1;
	return (a->child.count > b->child.count) - (a->child.count < b->child.count);
}

static uint32_t sort_kinds(const struct assay_shrinkage_child *children, uint32_t count, struct kind *kinds)
{
	uint32_t used = 0, kept = 0;

	for (uint32_t i = 0; i < count; i++)
		if (children[i].n > 0)
			kinds[used++] = (struct kind){.child = children[i], .many = 1.0};
	qsort(kinds, used, sizeof *kinds, by_counts);
	for (uint32_t i = 0; i < used; i++) {
		if (kept > 0 && by_counts(&kinds[kept - 1], &kinds[i]) == 0)
			kinds[kept - 1].many += 1.0;
		else
			kinds[kept++] = kinds[i];
	}
	return kept;
}

static double median_n(const struct assay_shrinkage_child *children, uint32_t count, uint64_t *sorted)
{
	uint32_t used = 0, below, above;

	for (uint32_t i = 0; i < count; i++)
		if (children[i].n > 0)
			sorted[used++] = children[i].n;
	if (used == 0)
		return 1.0;
	qsort(sorted, used, sizeof *sorted, by_size);
	below = (used - 1) / 2;
	above = used / 2;
	return 0.5 * ((double)sorted[below] + (double)sorted[above]);
}

/* log of m^a (1-m)^b at m = 1 / (1 + exp(-t)). */
static double log_beta_at(double t, double a, double b)
{
	return -a * log1p(exp(-t)) - b * log1p(exp(t));
}

/* Where log_beta_at has fallen by `fall` from its top, going in `direction`. */
static double reach(double a, double b, double direction, double fall)
{
	double top = log(a / b), least = log_beta_at(top, a, b) - fall, near = 0.0, far = 1.0;

	while (log_beta_at(top + direction * far, a, b) > least)
		far *= 2.0;
	for (int i = 0; i < 12; i++) {
		double middle = 0.5 * (near + far);

		if (log_beta_at(top + direction * middle, a, b) > least)
			near = middle;
		else
			far = middle;
	}
	return top + direction * far;
}

/* Grid of B by Gauss and Legendre; of m in equal steps of log(m/(1-m)), a trapezoid sum, which for a bell is good to
 * many digits. It spans a beta wider than the likelihood of m can be: the pooled counts, divided by how far the
 * children scatter more than binomially, and by 4. */
static bool place(const struct assay_shrinkage_child *children, uint32_t count, double z, struct grid *grid)
{
	gsl_integration_glfixed_table *strengths = gsl_integration_glfixed_table_alloc(STRENGTHS);
	double low, high, x = 0.0, n = 0.0, chi = 0.0, used = 0.0, pooled, wide, a, b;

	for (uint32_t i = 0; i < count; i++) {
		x += (double)children[i].count;
		n += (double)children[i].n;
	}
	pooled = (x + 0.5) / (n + 1.0);
	for (uint32_t i = 0; i < count; i++) {
		double size = (double)children[i].n, off = (double)children[i].count - size * pooled;

		if (size > 0.0) {
			chi += off * off / (size * pooled * (1.0 - pooled));
			used += 1.0;
		}
	}
	wide = 4.0 * (used > 1.0 ? fmax(1.0, chi / (used - 1.0)) : 1.0);
	a = 0.5 + x / wide;
	b = 0.5 + (n - x) / wide;
	low = reach(a, b, -1.0, FALL);
	high = reach(a, b, 1.0, FALL);
	for (int k = 0; k < MEANS; k++) {
		double t = low + (high - low) * k / (MEANS - 1.0);

		grid->mean[k] = 1.0 / (1.0 + exp(-t));
		grid->log_prior[k] = log_beta_at(t, 0.5, 0.5);
	}
	for (size_t j = 0; strengths && j < STRENGTHS; j++) {
		double share, weight;

		(void)gsl_integration_glfixed_point(0.0, 1.0, j, &share, &weight, strengths);
		grid->strength[j] = z * share / (1.0 - share);
		grid->log_share[j] = log(weight);
	}
	gsl_integration_glfixed_table_free(strengths);
	return strengths != NULL;
}

#define PRODUCT_MAX 64u /* up to so many tests a product of ratios is quicker than three gamma functions */

/* Beta-binomial chance of these counts, without the binomial coefficient, which is the same at every grid point. */
static double small_log_chance(const struct assay_shrinkage_child *child, double a, double b)
{
	uint64_t good = child->n - child->count;
	double product = 1.0, strength = a + b;

	for (uint64_t i = 0; i < good; i++)
		product *= (b + (double)i) / (strength + (double)i);
	for (uint64_t i = 0; i < child->count; i++)
		product *= (a + (double)i) / (strength + (double)(good + i));
	return log(product);
}

/* The kinds stand by n: small ones first, and what depends on n alone is worked out once for each n. */
static double log_likelihood(const struct kind *kinds, uint32_t count, double a, double b)
{
	double total = 0.0, of_n = 0.0, none = 0.0;
	uint64_t last = 0;
	uint32_t i = 0;

	for (; i < count && kinds[i].child.n <= PRODUCT_MAX; i++)
		total += kinds[i].many * small_log_chance(&kinds[i].child, a, b);
	if (i < count)
		none = lgamma(a) + lgamma(b) - lgamma(a + b);
	for (; i < count; i++) {
		const struct assay_shrinkage_child *child = &kinds[i].child;

		if (child->n != last)
			of_n = lgamma(a + b + (double)child->n);
		last = child->n;
		total += kinds[i].many * (lgamma(a + (double)child->count) +
						 lgamma(b + (double)(child->n - child->count)) - of_n - none);
	}
	return total;
}

static void weigh(const struct kind *kinds, uint32_t count, struct grid *grid)
{
	double top = -(double)INFINITY, sum = 0.0;

	for (int k = 0; k < MEANS; k++)
		for (int j = 0; j < STRENGTHS; j++) {
			double strength = grid->strength[j], a = grid->mean[k] * strength;
			double total = grid->log_prior[k] + grid->log_share[j] +
				       log_likelihood(kinds, count, a, strength - a);

			grid->weight[k * STRENGTHS + j] = total;
			top = fmax(top, total);
		}
	for (int g = 0; g < CELLS; g++) {
		grid->weight[g] = exp(grid->weight[g] - top);
		sum += grid->weight[g];
	}
	for (int g = 0; g < CELLS; g++)
		grid->weight[g] /= sum;
}

/* Beta with this mean and variance; equal tails. */
static void from_moments(double mean, double variance, double confidence, double *low, double *high)
{
	double size = mean * (1.0 - mean) / variance - 1.0, tail = 0.5 * (1.0 - confidence);

	*low = 0.0;
	*high = 1.0;
	if (!(size > 0.0) || !isfinite(size))
		return;
	*low = assay_beta_quantile(tail, mean * size, (1.0 - mean) * size);
	*high = assay_beta_quantile(1.0 - tail, mean * size, (1.0 - mean) * size);
}

static void shrink(const struct grid *grid, const struct assay_shrinkage_child *child, double confidence,
	struct assay_rate *out)
{
	double mean = 0.0, second = 0.0;

	for (int g = 0; g < CELLS; g++) {
		double strength = grid->strength[g % STRENGTHS], size = strength + (double)child->n, at;

		if (grid->weight[g] < WEIGHT_MIN)
			continue;
		at = (grid->mean[g / STRENGTHS] * strength + (double)child->count) / size;
		mean += grid->weight[g] * at;
		second += grid->weight[g] * at * (at * size + 1.0) / (size + 1.0);
	}
	*out = (struct assay_rate){.count = child->count,
		.n = child->n,
		.figure = mean,
		.confidence = confidence,
		.interval = ASSAY_INTERVAL_SHRUNK};
	from_moments(mean, second - mean * mean, confidence, &out->low, &out->high);
}

static void describe(const struct grid *grid, struct assay_shrinkage *parent)
{
	double mean = 0.0, second = 0.0, below = 0.0;

	for (int g = 0; g < CELLS; g++) {
		double m = grid->mean[g / STRENGTHS];

		mean += grid->weight[g] * m;
		second += grid->weight[g] * m * m;
	}
	parent->mean = mean;
	from_moments(mean, second - mean * mean, 0.95, &parent->mean_low, &parent->mean_high);
	parent->strength = grid->strength[STRENGTHS - 1];
	for (int j = 0; j < STRENGTHS; j++) {
		for (int k = 0; k < MEANS; k++)
			below += grid->weight[k * STRENGTHS + j];
		if (below >= 0.5) {
			parent->strength = grid->strength[j];
			return;
		}
	}
}

int assay_shrinkage_fit(const struct assay_shrinkage_child *children, uint32_t count, double confidence,
	struct assay_shrinkage *parent, struct assay_rate *out)
{
	uint64_t *sorted = calloc(count ? count : 1, sizeof *sorted);
	struct kind *kinds = calloc(count ? count : 1, sizeof *kinds);
	struct grid *grid = calloc(1, sizeof *grid);
	uint32_t kind_count;
	int status = ASSAY_ENOMEM;

	if (!sorted || !kinds || !grid)
		goto out;
	if (!place(children, count, median_n(children, count, sorted), grid))
		goto out;
	kind_count = sort_kinds(children, count, kinds);
	weigh(kinds, kind_count, grid);
	describe(grid, parent);
	for (uint32_t i = 0; i < kind_count; i++)
		shrink(grid, &kinds[i].child, confidence, &kinds[i].rate);
	for (uint32_t i = 0; i < count; i++) {
		const struct kind wanted = {.child = children[i]}, *found;

		found = bsearch(&wanted, kinds, kind_count, sizeof *kinds, by_counts);
		if (found)
			out[i] = found->rate;
		else
			shrink(grid, &children[i], confidence, &out[i]); /* n 0 */
	}
	status = ASSAY_OK;
out:
	free(grid);
	free(kinds);
	free(sorted);
	return status;
}
