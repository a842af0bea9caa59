/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/analysis/share.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

int assay_share_of_maximum(double value, double detection, double limit, struct assay_share *out)
{
	if (!isfinite(value) || !isfinite(detection) || !isfinite(limit) || limit <= 0.0 || detection < 0.0 ||
		(value <= 0.0 && detection <= 0.0))
		return ASSAY_EREFUSED;
	if (value < detection)
		*out = (struct assay_share){0.0, detection / limit, true};
	else
		*out = (struct assay_share){value / limit, value / limit, false};
	return ASSAY_OK;
}

int assay_share_of_minimum(double value, double limit, struct assay_share *out)
{
	if (!isfinite(value) || !isfinite(limit) || limit <= 0.0 || value <= 0.0)
		return ASSAY_EREFUSED;
	*out = (struct assay_share){limit / value, limit / value, false};
	return ASSAY_OK;
}

static int by_value(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;

	return (a > b) - (a < b);
}

/* The largest rank r (from 1) with P(Bin(n, 1/2) < r) <= tail; 0 when there is none. */
static uint32_t lower_rank(uint32_t n, double tail)
{
	uint32_t rank = 0;

	while (rank < n / 2 && gsl_cdf_binomial_P(rank, 0.5, n) <= tail)
		rank++;
	return rank;
}

static void summarise(
	double *lows, double *highs, uint32_t n, double confidence, struct assay_share_summary *out)
{
	uint32_t rank = lower_rank(n, 0.5 * (1.0 - confidence));

	qsort(lows, n, sizeof *lows, by_value);
	qsort(highs, n, sizeof *highs, by_value);
	out->median_low = 0.5 * (lows[(n - 1) / 2] + lows[n / 2]);
	out->median_high = 0.5 * (highs[(n - 1) / 2] + highs[n / 2]);
	out->interval_low = rank ? lows[rank - 1] : 0.0;
	out->interval_high = rank ? highs[n - rank] : (double)INFINITY;
	out->highest_low = lows[n - 1];
	out->highest_high = highs[n - 1];
}

int assay_share_summarise(const struct assay_share *shares, uint32_t n, double near_from, double confidence,
	struct assay_share_summary *out)
{
	double *lows = calloc(n ? n : 1, sizeof *lows), *highs = calloc(n ? n : 1, sizeof *highs);
	uint64_t surely = 0, maybe = 0;
	int status = ASSAY_ENOMEM;

	memset(out, 0, sizeof *out);
	if (!lows || !highs)
		goto out;
	out->n = n;
	for (uint32_t i = 0; i < n; i++) {
		bool near = shares[i].low >= near_from && shares[i].low <= 1.0;

		lows[i] = shares[i].low;
		highs[i] = shares[i].high;
		out->censored += shares[i].censored;
		surely += near;
		maybe += !near && shares[i].low < near_from && shares[i].high >= near_from;
	}
	out->near = assay_rate_between(surely, surely + maybe, n, confidence, ASSAY_INTERVAL_CLOPPER_PEARSON);
	if (n > 0)
		summarise(lows, highs, n, confidence, out);
	status = ASSAY_OK;
out:
	free(lows);
	free(highs);
	return status;
}
