/* SPDX-License-Identifier: Apache-2.0
 * Control charts of one method x instrument x level: what a control should read, how far a reading lies from it,
 * ranges of duplicates, bias and recovery. Exact: a chart decides whether results are held, so squares of fractions
 * are compared and no root is taken. Pure functions, any thread; nothing is allocated. */
#ifndef ASSAY_ANALYSIS_QC_H
#define ASSAY_ANALYSIS_QC_H

#include "limits/decimal.h"

#define ASSAY_QC_HISTORY_MIN 20u /* points below which a chart cannot be frozen */
#define ASSAY_QC_HISTORY_MAX 1000u

enum assay_qc_basis {
	ASSAY_QC_NONE = 0, /* no chart: controls cannot be judged */
	ASSAY_QC_HISTORY, /* mean and variance of the chart's own points */
	ASSAY_QC_CERTIFICATE /* the material's certified value and its uncertainty */
};

/* What a control is judged against. Zeroed: none. */
struct assay_qc_chart {
	enum assay_qc_basis basis;
	struct assay_fraction mean, variance; /* variance > 0, divided by n - 1 for a history */
	unsigned n; /* points used; 0 for a certificate */
	unsigned outliers; /* of the points used, those more than 3 s from the mean: shown, never dropped */
};

/* Where a reading lies on its chart (Levey-Jennings). */
struct assay_qc_point {
	struct assay_decimal value;
	struct assay_fraction z_squared; /* (value - mean)^2 / variance */
	int8_t side; /* -1 below the mean, 0 on it, 1 above */
	uint8_t beyond; /* 0 to 3: how many s the reading lies beyond, strictly */
	int32_t z_hundredths; /* z cut to 1/100, for drawing only; signed, at most +/-9999 */
};

/* Mean and variance of a history. left_out names points that a person has signed away with a reason, NULL for none;
 * outlier (NULL allowed, count long) marks the kept points beyond 3 s. ASSAY_EREFUSED "qc-history-short" with fewer
 * than 20 kept points, "qc-no-spread" when all are equal; ASSAY_EOVERFLOW. *out is untouched on failure. */
int assay_qc_freeze(const struct assay_decimal *values, const bool *left_out, size_t count, bool *outlier,
	struct assay_qc_chart *out, struct assay_error *err) ASSAY_WARN_UNUSED;

/* Acceptance by certificate: s is expanded / coverage. The laboratory's own scatter is not added, so the limits are
 * the narrowest ones. ASSAY_EREFUSED "qc-certificate" unless expanded and coverage are above zero. */
int assay_qc_certify(const struct assay_decimal *value, const struct assay_decimal *expanded,
	const struct assay_decimal *coverage, struct assay_qc_chart *out,
	struct assay_error *err) ASSAY_WARN_UNUSED;

/* ASSAY_ENOTFOUND "qc-chart-missing" without a chart, ASSAY_EOVERFLOW "overflow". */
int assay_qc_place(const struct assay_qc_chart *chart, const struct assay_decimal *value,
	struct assay_qc_point *out, struct assay_error *err) ASSAY_WARN_UNUSED;

struct assay_qc_pair {
	struct assay_decimal first, second;
};

/* Ranges of duplicates. relative: each range is divided by the size of the pair's mean. */
struct assay_qc_range_chart {
	struct assay_fraction mean_range; /* 0 with n 0: no chart */
	unsigned n;
	bool relative;
};

enum assay_qc_range_state {
	ASSAY_QC_RANGE_UNKNOWN = 0, /* no chart, or a relative range of a pair whose mean is 0 */
	ASSAY_QC_RANGE_IN,
	ASSAY_QC_RANGE_WARNING, /* above 2.512 mean ranges */
	ASSAY_QC_RANGE_ACTION /* above 3.267 mean ranges */
};

/* Factors of the mean range of two: 1 + 2 d3/d2 = 2.512 and D4 = 1 + 3 d3/d2 = 3.267, d2 = 1.128, d3 = 0.853
 * (Shewhart constants for n = 2, ISO 7870-2). At least 20 pairs; errors as assay_qc_freeze. */
int assay_qc_range_freeze(const struct assay_qc_pair *pairs, size_t count, bool relative,
	struct assay_qc_range_chart *out, struct assay_error *err) ASSAY_WARN_UNUSED;
/* |first - second|, over |mean| when relative. ASSAY_EREFUSED when that mean is 0. */
int assay_qc_range(
	const struct assay_qc_pair *pair, bool relative, struct assay_fraction *out) ASSAY_WARN_UNUSED;
enum assay_qc_range_state assay_qc_range_place(
	const struct assay_qc_range_chart *chart, const struct assay_qc_pair *pair);

/* 100 x (mean of the values - reference) / reference, per cent. ASSAY_EREFUSED without values or with reference 0. */
int assay_qc_bias_percent(const struct assay_decimal *values, size_t count,
	const struct assay_decimal *reference, struct assay_fraction *out) ASSAY_WARN_UNUSED;
/* 100 x (spiked - unspiked) / added, per cent. ASSAY_EREFUSED when added is 0. */
int assay_qc_recovery_percent(const struct assay_decimal *spiked, const struct assay_decimal *unspiked,
	const struct assay_decimal *added, struct assay_fraction *out) ASSAY_WARN_UNUSED;

#endif
