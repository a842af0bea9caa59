/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/analysis/trend.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static int by_value(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;

	return (a > b) - (a < b);
}

/* Sum over groups of equal values of t(t-1)(2t+5), and of t(t-1)/2. */
static double tie_sum(const double *values, uint32_t n, double *sorted, double *tied_pairs)
{
	double sum = 0.0;

	memcpy(sorted, values, n * sizeof *sorted);
	qsort(sorted, n, sizeof *sorted, by_value);
	*tied_pairs = 0.0;
	for (uint32_t i = 0; i < n;) {
		uint32_t end = i + 1;
		double t;

		while (end < n && sorted[end] <= sorted[i])
			end++;
		t = (double)(end - i);
		sum += t * (t - 1.0) * (2.0 * t + 5.0);
		*tied_pairs += 0.5 * t * (t - 1.0);
		i = end;
	}
	return sum;
}

/* Chance that |S| is at least |s| when all orders are alike: orders counted by their number of falling pairs. */
static double exact_p(uint32_t n, int64_t s)
{
	enum { PAIRS = ASSAY_TREND_EXACT_MAX * (ASSAY_TREND_EXACT_MAX - 1) / 2 };
	double chance[PAIRS + 1] = {1.0}, next[PAIRS + 1], sum = 0.0;
	int64_t pairs = (int64_t)n * (n - 1) / 2, most = (pairs - llabs(s)) / 2;

	for (int64_t k = 2; k <= (int64_t)n; k++) {
		int64_t top = k * (k - 1) / 2;

		for (int64_t falls = 0; falls <= top; falls++) {
			double several = 0.0;

			for (int64_t i = falls < k ? 0 : falls - k + 1; i <= falls; i++)
				several += chance[i];
			next[falls] = several / (double)k;
		}
		memcpy(chance, next, (size_t)(top + 1) * sizeof *chance);
	}
	for (int64_t falls = 0; falls <= most; falls++)
		sum += chance[falls];
	return fmin(1.0, 2.0 * sum);
}

static double at_rank(const double *sorted, uint64_t count, double rank)
{
	double place = fmin(fmax(rank, 0.0), (double)(count - 1)), below = floor(place);
	uint64_t i = (uint64_t)below;

	return i + 1 < count ? sorted[i] + (place - below) * (sorted[i + 1] - sorted[i]) : sorted[i];
}

static void sen(double *slopes, uint64_t pairs, struct assay_trend *out)
{
	double half = 0.5 * 1.959963984540054 * sqrt(out->variance), middle = 0.5 * (double)(pairs - 1);

	qsort(slopes, pairs, sizeof *slopes, by_value);
	out->slope = at_rank(slopes, pairs, middle);
	out->slope_low = at_rank(slopes, pairs, middle - half);
	out->slope_high = at_rank(slopes, pairs, middle + half);
}

static void test(const double *values, uint32_t n, double *slopes, double *sorted, struct assay_trend *out)
{
	uint64_t pairs = 0;
	double many = (double)n, tied_pairs, all = 0.5 * many * (many - 1.0), ties;

	for (uint32_t i = 0; i < n; i++)
		for (uint32_t j = i + 1; j < n; j++) {
			out->s += (values[j] > values[i]) - (values[j] < values[i]);
			slopes[pairs++] = (values[j] - values[i]) / (double)(j - i);
		}
	ties = tie_sum(values, n, sorted, &tied_pairs);
	out->variance = (many * (many - 1.0) * (2.0 * many + 5.0) - ties) / 18.0;
	out->p = 1.0;
	if (out->variance > 0.0 && out->s != 0)
		out->z = ((double)out->s - (out->s > 0 ? 1.0 : -1.0)) / sqrt(out->variance);
	out->exact = tied_pairs <= 0.0 && n <= ASSAY_TREND_EXACT_MAX;
	out->p = out->exact ? exact_p(n, out->s) : fmin(1.0, 2.0 * gsl_cdf_ugaussian_Q(fabs(out->z)));
	if (all > tied_pairs)
		out->tau_b = (double)out->s / sqrt(all * (all - tied_pairs));
	sen(slopes, pairs, out);
}

int assay_trend_of(const double *values, uint32_t n, struct assay_trend *out)
{
	double *slopes, *sorted;

	memset(out, 0, sizeof *out);
	out->n = n;
	out->p = 1.0;
	if (n > ASSAY_TREND_MAX)
		return ASSAY_EREFUSED;
	if (n < ASSAY_TREND_MIN)
		return ASSAY_OK;
	slopes = calloc((size_t)n * (n - 1) / 2, sizeof *slopes);
	sorted = calloc(n, sizeof *sorted);
	if (slopes && sorted) {
		test(values, n, slopes, sorted, out);
		out->known = true;
	}
	free(slopes);
	free(sorted);
	return out->known ? ASSAY_OK : ASSAY_ENOMEM;
}
