/* SPDX-License-Identifier: Apache-2.0
 * Small groups shrunk toward their parent. Children's counts are beta-binomial with a common mean m and strength M:
 * rate of child i ~ Beta(mM, (1-m)M). m has Jeffreys' prior Beta(1/2, 1/2); M has the uniform shrinkage prior, which is
 * uniform in B = M / (M + z) with z the children's median n (Christiansen and Morris 1997; Daniels 1999). Both are
 * summed over a grid, so that their own uncertainty stays in the intervals; a child's posterior, a mixture of betas, is
 * given by the beta with the same mean and variance. Pure functions, any thread. */
#ifndef ASSAY_ANALYSIS_SHRINKAGE_H
#define ASSAY_ANALYSIS_SHRINKAGE_H

#include "gateway/analysis/rate.h"

struct assay_shrinkage_child {
	uint64_t count, n; /* count <= n */
};

struct assay_shrinkage {
	double mean, mean_low, mean_high; /* the parent's m: posterior mean and 95 % interval */
	double strength; /* posterior median of M: how many tests the parent is worth */
};

/* out[i] is child i's shrunk rate with interval ASSAY_INTERVAL_SHRUNK (count and n stay the child's own). One child
 * alone is shrunk by the priors only. ASSAY_ENOMEM. */
int assay_shrinkage_fit(const struct assay_shrinkage_child *children, uint32_t count, double confidence,
	struct assay_shrinkage *parent, struct assay_rate *out) ASSAY_WARN_UNUSED;

#endif
