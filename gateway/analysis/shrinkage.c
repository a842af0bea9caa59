/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/analysis/shrinkage.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MEANS 24
#define STRENGTHS 16
#define CELLS (MEANS * STRENGTHS)

struct grid {
	double mean[MEANS], log_prior[MEANS]; /* prior over proposal */
	double strength[STRENGTHS];
	double weight[CELLS]; /* of mean k / strength j at k * STRENGTHS + j; sums to 1 */
};

static int by_size(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

	return (a > b) - (a < b);
}

static double median_n(const struct assay_shrinkage_child *children, uint32_t count, uint64_t *sorted)
{
	uint32_t used = 0;

	for (uint32_t i = 0; i < count; i++)
		if (children[i].n > 0)
			sorted[used++] = children[i].n;
	if (used == 0)
		return 1.0;
	qsort(sorted, used, sizeof *sorted, by_size);
	return 0.5 * ((double)sorted[(used - 1) / 2] + (double)sorted[used / 2]);
}

/* Grid points of m at equal steps of a beta wider than the likelihood of m can be: the pooled counts, divided by how
 * far the children scatter more than binomially, and by 4. */
static void place(const struct assay_shrinkage_child *children, uint32_t count, double z, struct grid *grid)
{
	double x = 0.0, n = 0.0, chi = 0.0, used = 0.0, pooled, wide, a, b;

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
	for (int k = 0; k < MEANS; k++) {
		double m = assay_beta_quantile((k + 0.5) / MEANS, a, b);

		m = fmin(fmax(m, 1e-12), 1.0 - 1e-12);
		grid->mean[k] = m;
		grid->log_prior[k] = (0.5 - a) * log(m) + (0.5 - b) * log1p(-m);
	}
	for (int j = 0; j < STRENGTHS; j++) {
		double share = (j + 0.5) / STRENGTHS;

		grid->strength[j] = z * share / (1.0 - share);
	}
}

/* log of G(a + k) / G(a): a short product for small counts, which most are. */
static double log_rise(double a, double log_gamma_a, uint64_t k)
{
	if (k <= 12) {
		double product = 1.0;

		for (uint64_t i = 0; i < k; i++)
			product *= a + (double)i;
		return log(product);
	}
	return lgamma(a + (double)k) - log_gamma_a;
}

static void weigh(const struct assay_shrinkage_child *children, uint32_t count, struct grid *grid)
{
	double top = -INFINITY, sum = 0.0;

	for (int k = 0; k < MEANS; k++)
		for (int j = 0; j < STRENGTHS; j++) {
			double strength = grid->strength[j], a = grid->mean[k] * strength, b = strength - a;
			double ga = lgamma(a), gb = lgamma(b), gs = lgamma(strength),
			       total = grid->log_prior[k];

			for (uint32_t i = 0; i < count; i++) {
				const struct assay_shrinkage_child *child = &children[i];

				if (child->n > 0)
					total += log_rise(a, ga, child->count) +
						 log_rise(b, gb, child->n - child->count) -
						 log_rise(strength, gs, child->n);
			}
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
		double strength = grid->strength[g % STRENGTHS], size = strength + (double)child->n;
		double at = (grid->mean[g / STRENGTHS] * strength + (double)child->count) / size;

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
	struct grid *grid = calloc(1, sizeof *grid);
	int status = ASSAY_ENOMEM;

	if (!sorted || !grid)
		goto out;
	place(children, count, median_n(children, count, sorted), grid);
	weigh(children, count, grid);
	describe(grid, parent);
	for (uint32_t i = 0; i < count; i++)
		shrink(grid, &children[i], confidence, &out[i]);
	status = ASSAY_OK;
out:
	free(grid);
	free(sorted);
	return status;
}
