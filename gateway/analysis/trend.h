/* SPDX-License-Identifier: Apache-2.0
 * Does a series rise or fall: Mann-Kendall with ties, and Sen's slope. Pure functions, any thread. */
#ifndef ASSAY_ANALYSIS_TREND_H
#define ASSAY_ANALYSIS_TREND_H

#include "limits/error.h"

#include <stdbool.h>
#include <stdint.h>

#define ASSAY_TREND_MIN 4u /* with fewer no order can be told from chance */
#define ASSAY_TREND_MAX 4096u
#define ASSAY_TREND_EXACT_MAX 40u

struct assay_trend {
	uint32_t n;
	int64_t s; /* pairs that rise less pairs that fall */
	double variance; /* of s, corrected for ties (Kendall) */
	double z; /* with continuity correction; 0 when s is 0 */
	double p; /* two-sided */
	double tau_b;
	double slope; /* Sen: median of the pairwise slopes, per step of the series */
	double slope_low, slope_high; /* about 95 %: ranks (pairs +/- 1.96 sd of s)/2 (Sen 1968) */
	bool exact; /* p from all orders of the n values (no ties, n <= 40), else from z */
	bool known; /* false with fewer than 4 values: no p, no direction */
};

/* values in order of time. Equal values are ties. ASSAY_EREFUSED above ASSAY_TREND_MAX values, ASSAY_ENOMEM. */
int assay_trend_of(const double *values, uint32_t n, struct assay_trend *out) ASSAY_WARN_UNUSED;

#endif
