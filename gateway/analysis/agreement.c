/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/analysis/agreement.h"

#include <gsl/gsl_cdf.h>
#include <math.h>

static struct assay_bounds around(double figure, double reach)
{
	return (struct assay_bounds){figure, figure - reach, figure + reach};
}

struct assay_agreement assay_agreement_of(const struct assay_split_sample *samples, uint32_t n, double *en)
{
	struct assay_agreement result = {.n = n};
	double sum = 0.0, squares = 0.0, mean, t, reach;

	for (uint32_t i = 0; i < n; i++) {
		const struct assay_split_sample *sample = &samples[i];
		bool stated = sample->expanded_theirs > 0.0 && sample->expanded_ours > 0.0;
		double difference = sample->theirs - sample->ours;
		double score = difference / hypot(sample->expanded_theirs, sample->expanded_ours);

		sum += difference;
		result.en_count += stated;
		result.en_failed += stated && fabs(score) > 1.0;
		if (en)
			en[i] = stated ? score : (double)NAN;
	}
	if (n < ASSAY_AGREEMENT_MIN)
		return result;
	mean = sum / n;
	for (uint32_t i = 0; i < n; i++) {
		double off = samples[i].theirs - samples[i].ours - mean;

		squares += off * off;
	}
	result.known = true;
	result.sd = sqrt(squares / (n - 1));
	t = gsl_cdf_tdist_Pinv(0.975, (double)n - 1.0);
	result.bias = around(mean, t * result.sd / sqrt(n));
	reach = t * result.sd * sqrt(1.0 / n + 1.96 * 1.96 / (2.0 * ((double)n - 1.0)));
	result.lower = around(mean - 1.96 * result.sd, reach);
	result.upper = around(mean + 1.96 * result.sd, reach);
	return result;
}
