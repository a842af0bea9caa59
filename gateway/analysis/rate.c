/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/analysis/rate.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_errno.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>

static void silence(void)
{
	(void)gsl_set_error_handler_off(); /* its default handler aborts the process */
}

static double bisect(double p, double a, double b)
{
	double low = 0.0, high = 1.0;

	for (int i = 0; i < 200 && high - low > low * 1e-15; i++) {
		double middle = 0.5 * (low + high);

		if (gsl_cdf_beta_P(middle, a, b) < p)
			low = middle;
		else
			high = middle;
	}
	return 0.5 * (low + high);
}

double assay_beta_quantile(double p, double a, double b)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	double x;

	(void)pthread_once(&once, silence);
	if (p <= 0.0)
		return 0.0;
	if (p >= 1.0)
		return 1.0;
	/* none or one of n, or all of them, as most groups of a district have it: no search is needed */
	if (a == 1.0)
		return -expm1(log1p(-p) / b);
	if (b == 1.0)
		return pow(p, 1.0 / a);
	x = gsl_cdf_beta_Pinv(p, a, b);
	/* GSL's search can stop short of the quantile without saying so. */
	if (!(x >= 0.0 && x <= 1.0) || fabs(gsl_cdf_beta_P(x, a, b) - p) > 1e-10 * p)
		x = bisect(p, a, b);
	return x;
}

struct assay_rate assay_rate_of(
	uint64_t count, uint64_t n, double confidence, enum assay_rate_interval interval)
{
	struct assay_rate rate = {.count = count,
		.n = n,
		.figure = 0.5,
		.low = 0.0,
		.high = 1.0,
		.confidence = confidence,
		.interval = interval};
	double tail = 0.5 * (1.0 - confidence), x = (double)count, rest = (double)(n - count);
	double extra = interval == ASSAY_INTERVAL_JEFFREYS ? 0.5 : 0.0;

	if (n == 0)
		return rate;
	rate.figure = x / (double)n;
	if (count > 0)
		rate.low = assay_beta_quantile(tail, x + extra, rest + (extra > 0.0 ? extra : 1.0));
	if (count < n)
		rate.high = assay_beta_quantile(1.0 - tail, x + (extra > 0.0 ? extra : 1.0), rest + extra);
	return rate;
}

struct assay_rate assay_rate_between(uint64_t low_count, uint64_t high_count, uint64_t n, double confidence,
	enum assay_rate_interval interval)
{
	struct assay_rate rate = assay_rate_of(low_count, n, confidence, interval);

	if (high_count != low_count)
		rate.high = assay_rate_of(high_count, n, confidence, interval).high;
	return rate;
}

static double log_choose(double n, double k)
{
	return lgamma(n + 1.0) - lgamma(k + 1.0) - lgamma(n - k + 1.0);
}

/* Sum of hypergeometric chances from k on, away from the middle; the terms fall from the first one. */
static double tail_from(double k, double step, double n, double failed, double all)
{
	double least = fmax(0.0, n + failed - all), most = fmin(n, failed), sum = 0.0, term;

	if (k < least || k > most)
		return 0.0;
	term = exp(log_choose(failed, k) + log_choose(all - failed, n - k) - log_choose(all, n));
	while (k >= least && k <= most && term > sum * 1e-17) {
		sum += term;
		if (step > 0.0)
			term *= (failed - k) * (n - k) / ((k + 1.0) * (all - failed - n + k + 1.0));
		else
			term *= k * (all - failed - n + k) / ((failed - k + 1.0) * (n - k + 1.0));
		k += step;
	}
	return sum;
}

double assay_rate_excess(uint64_t count, uint64_t n, uint64_t failed, uint64_t all)
{
	double k = (double)count, size = (double)n, bad = (double)failed, total = (double)all;
	double sum;

	if (count == 0 || n == 0 || n >= all)
		return 1.0;
	if (k * total > size * bad)
		sum = tail_from(k, 1.0, size, bad, total);
	else
		sum = 1.0 - tail_from(k - 1.0, -1.0, size, bad, total);
	return fmin(1.0, fmax(0.0, sum));
}

struct ranked {
	double p;
	uint32_t at;
};

static int by_p(const void *left, const void *right)
{
	const struct ranked *a = left, *b = right;

	if (a->p < b->p)
		return -1;
	if (a->p > b->p)
		return 1;
	return (a->at > b->at) - (a->at < b->at);
}

int assay_discovery_adjust(const double *p, double *adjusted, uint32_t count)
{
	struct ranked *order = calloc(count ? count : 1, sizeof *order);
	double least = 1.0;

	if (!order)
		return ASSAY_ENOMEM;
	for (uint32_t i = 0; i < count; i++)
		order[i] = (struct ranked){p[i], i};
	qsort(order, count, sizeof *order, by_p);
	for (uint32_t i = count; i-- > 0;) {
		least = fmin(least, order[i].p * (double)count / (double)(i + 1));
		adjusted[order[i].at] = least;
	}
	free(order);
	return ASSAY_OK;
}
