/* SPDX-License-Identifier: Apache-2.0
 * A rate never travels alone: figure, n and interval stand in one struct. Binary floating point; nothing here decides
 * on a result. Pure functions, any thread. */
#ifndef ASSAY_ANALYSIS_RATE_H
#define ASSAY_ANALYSIS_RATE_H

#include "limits/error.h"

#include <stdbool.h>
#include <stdint.h>

enum assay_rate_interval {
	ASSAY_INTERVAL_CLOPPER_PEARSON = 0, /* covers at least the confidence, whatever the true rate */
	ASSAY_INTERVAL_JEFFREYS, /* covers the confidence on average; shorter */
	ASSAY_INTERVAL_SHRUNK /* posterior of a group shrunk toward its parent (shrinkage.h) */
};

struct assay_rate {
	uint64_t count,
		n; /* count of n; n 0: nothing is known, the interval is 0 to 1 and figure 0.5 is no figure */
	double figure, low, high; /* 0 to 1 */
	double confidence; /* two-sided, 0.95 */
	enum assay_rate_interval interval;
};

/* count <= n. Jeffreys: equal tails of Beta(count + 1/2, n - count + 1/2), 0 and 1 at the ends when count is 0 or n
 * (Brown, Cai and DasGupta 2001). Clopper-Pearson: 1934. */
struct assay_rate assay_rate_of(
	uint64_t count, uint64_t n, double confidence, enum assay_rate_interval interval);

/* count lies between low_count and high_count because some of the n are censored: the hull of both intervals. The
 * figure is the low one; equal counts give assay_rate_of. */
struct assay_rate assay_rate_between(uint64_t low_count, uint64_t high_count, uint64_t n, double confidence,
	enum assay_rate_interval interval);

/* Quantile p of Beta(a, b), a and b above 0. */
double assay_beta_quantile(double p, double a, double b);

/* One-sided exact test that a group fails more often than the rest: the chance of `count` or more among `n` drawn from
 * `all` tests of which `failed` failed (Fisher; hypergeometric upper tail). */
double assay_rate_excess(uint64_t count, uint64_t n, uint64_t failed, uint64_t all);

/* Benjamini-Hochberg: adjusted[i] is the smallest false-discovery rate at which p[i] is a discovery. adjusted may be p
 * itself. ASSAY_ENOMEM. */
int assay_discovery_adjust(const double *p, double *adjusted, uint32_t count) ASSAY_WARN_UNUSED;

#endif
