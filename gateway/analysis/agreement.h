/* SPDX-License-Identifier: Apache-2.0
 * A producer's laboratory against ours on split samples: differences, limits of agreement with intervals, En.
 * Bland and Altman 1986 and 1999. Pure functions, any thread. */
#ifndef ASSAY_ANALYSIS_AGREEMENT_H
#define ASSAY_ANALYSIS_AGREEMENT_H

#include "limits/error.h"

#include <stdbool.h>
#include <stdint.h>

#define ASSAY_AGREEMENT_MIN 3u

struct assay_split_sample {
	double theirs, ours; /* same unit */
	double expanded_theirs, expanded_ours; /* U, k = 2; 0: not stated, so no En */
};

struct assay_bounds {
	double figure, low, high;
};

struct assay_agreement {
	uint32_t n;
	bool known; /* false with fewer than 3 samples */
	double sd; /* of the differences theirs - ours */
	struct assay_bounds bias; /* mean difference, 95 % by t */
	struct assay_bounds lower,
		upper; /* mean -/+ 1.96 sd; 95 % by t with variance sd^2 (1/n + 1.96^2 / (2(n-1))) */
	uint32_t en_count, en_failed; /* samples with both U stated; of them |En| > 1 */
};

/* en (NULL allowed, n long) gets each sample's En, not a number where a U is missing. */
struct assay_agreement assay_agreement_of(const struct assay_split_sample *samples, uint32_t n, double *en);

#endif
