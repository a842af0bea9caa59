/* SPDX-License-Identifier: Apache-2.0
 * Measurement uncertainty from the laboratory's own data, the way of Nordtest TR 537: within-laboratory
 * reproducibility from controls and duplicates, bias from certified materials, proficiency rounds and recoveries.
 * The result is offered to the decision rule as an exact decimal, rounded up. Pure functions, any thread. */
#ifndef ASSAY_ANALYSIS_UNCERTAINTY_H
#define ASSAY_ANALYSIS_UNCERTAINTY_H

#include "limits/decimal.h"

/* Fewest data for an estimate: TR 537 asks for a chart of some length, 8 pairs and 6 rounds at least. */
#define ASSAY_UNCERTAINTY_CONTROLS_MIN 20u
#define ASSAY_UNCERTAINTY_PAIRS_MIN 8u
#define ASSAY_UNCERTAINTY_ROUNDS_MIN 6u

/* Days are days since 1970-01-01. */
struct assay_control_value {
	double value;
	int32_t day;
};

/* One control material run through the whole procedure. */
struct assay_control_series {
	const struct assay_control_value *value;
	uint32_t count;
	bool whole_process; /* false: a standard solution, so duplicates of real samples must be added */
};

struct assay_duplicate {
	double first, second;
	int32_t day;
};

/* One certified material, measured several times. */
struct assay_reference_material {
	double certified, u_certified; /* u: standard uncertainty, same unit */
	double mean, sd; /* of the laboratory's values */
	uint32_t count;
	int32_t day; /* of the newest value */
};

struct assay_proficiency_bias {
	double value, assigned;
	double sd_between; /* of the laboratories in this round, same unit */
	uint32_t laboratories;
	bool robust; /* the assigned value is a median or robust mean: its uncertainty is 1.25 times as large */
	int32_t day;
};

struct assay_recovery {
	double percent; /* found of what was added; 100 is no bias */
	double u_added_percent; /* standard uncertainty of what was added */
	int32_t day;
};

struct assay_uncertainty_inputs {
	double from,
		to; /* concentration range, from <= x < to; controls, pairs and materials outside are left out */
	bool relative; /* per cent of the value, else in the values' unit */
	const struct assay_control_series *controls;
	uint32_t control_count;
	const struct assay_duplicate *pairs;
	uint32_t pair_count;
	const struct assay_reference_material *materials;
	uint32_t material_count;
	const struct assay_proficiency_bias *rounds;
	uint32_t round_count;
	const struct assay_recovery *recoveries; /* only with relative */
	uint32_t recovery_count;
	uint32_t valid_days; /* how long data count, 365 */
};

enum assay_uncertainty_bias {
	ASSAY_BIAS_NONE = 0,
	ASSAY_BIAS_MATERIALS, /* preferred */
	ASSAY_BIAS_ROUNDS,
	ASSAY_BIAS_RECOVERIES
};

struct assay_uncertainty {
	bool known;
	const char *reason; /* "" or "controls-short", "duplicates-short", "bias-missing", "bad-value" */
	double from, to;
	bool relative; /* of everything below: per cent, or the values' unit */
	uint32_t control_values, pairs, bias_values; /* how many went in */
	double s_control; /* pooled over the control materials of the range */
	double s_duplicate; /* sqrt(sum d^2 / 2n) */
	bool duplicates_added; /* u(Rw)^2 = s_control^2 + s_duplicate^2, else s_control^2 */
	double u_rw;
	enum assay_uncertainty_bias bias_source;
	double rms_bias, u_reference; /* u_reference holds the scatter of one material's mean as well */
	double u_bias, u_combined, expanded; /* expanded = 2 u_combined */
	int32_t newest_day; /* of the data that is oldest in this sense: the kind that was refreshed longest ago */
	int32_t stale_after_day; /* newest_day + valid_days: later, the figure is not to be used */
};

/* All that went in is listed in the result. */
struct assay_uncertainty assay_uncertainty_of(const struct assay_uncertainty_inputs *inputs);

/* Good through stale_after_day. */
bool assay_uncertainty_stale(const struct assay_uncertainty *uncertainty, int32_t today);

/* The expanded uncertainty for the decision rule: two significant digits, rounded up. ASSAY_ENOTFOUND unless known,
 * ASSAY_EOVERFLOW when it does not fit a decimal. */
int assay_uncertainty_decimal(
	const struct assay_uncertainty *uncertainty, struct assay_decimal *out) ASSAY_WARN_UNUSED;

#endif
