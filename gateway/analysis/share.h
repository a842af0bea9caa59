/* SPDX-License-Identifier: Apache-2.0
 * Results as a share of their limit, censored ones as intervals and never as zero. Pure functions, any thread. */
#ifndef ASSAY_ANALYSIS_SHARE_H
#define ASSAY_ANALYSIS_SHARE_H

#include "gateway/analysis/rate.h"

/* 1 is the limit itself. A censored result lies somewhere above low (which is 0) and up to high: low is a bound, not a
 * figure. For others low equals high. */
struct assay_share {
	double low, high;
	bool censored;
};

/* Result below, at or above `detection` (0: no detection limit is known) against an upper limit: value / limit. Below
 * detection: censored, up to detection / limit. ASSAY_EREFUSED for a limit not above 0, a number that is not finite,
 * or a value of 0 or less without a detection limit. */
int assay_share_of_maximum(
	double value, double detection, double limit, struct assay_share *out) ASSAY_WARN_UNUSED;
/* Against a lower limit ("at least"): limit / value, so that again more than 1 fails. value > 0. */
int assay_share_of_minimum(double value, double limit, struct assay_share *out) ASSAY_WARN_UNUSED;

struct assay_share_summary {
	uint32_t n, censored;
	double median_low, median_high; /* the median lies in between; equal when no censoring touches it */
	double interval_low,
		interval_high; /* at least `confidence`, from order statistics; 0 and infinity when n is small */
	double highest_low, highest_high;
	struct assay_rate near; /* share from `near_from` up to 1: hull over what censored results may be */
};

/* near_from such as 0.8. ASSAY_ENOMEM. n 0 gives a summary of zeros with near.n 0. */
int assay_share_summarise(const struct assay_share *shares, uint32_t n, double near_from, double confidence,
	struct assay_share_summary *out) ASSAY_WARN_UNUSED;

#endif
