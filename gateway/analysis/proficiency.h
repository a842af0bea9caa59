/* SPDX-License-Identifier: Apache-2.0
 * Proficiency testing after ISO 13528:2015: scores, robust mean and standard deviation (Algorithm A), history.
 * Pure functions, any thread. */
#ifndef ASSAY_ANALYSIS_PROFICIENCY_H
#define ASSAY_ANALYSIS_PROFICIENCY_H

#include "limits/error.h"

#include <stdbool.h>
#include <stdint.h>

struct assay_proficiency_result {
	double value; /* the laboratory's x */
	double assigned; /* x_pt */
	double sigma; /* sigma_pt, the standard deviation for proficiency assessment; 0: not given */
	double u_assigned; /* standard uncertainty of the assigned value; 0: not given */
	double u_value; /* the laboratory's standard uncertainty; 0: not given */
	double coverage; /* k of both expanded uncertainties of En; 2 */
};

enum assay_proficiency_grade {
	ASSAY_PROFICIENCY_UNKNOWN = 0, /* the score cannot be computed from what is given */
	ASSAY_PROFICIENCY_SATISFACTORY, /* |z| <= 2; |En| <= 1 */
	ASSAY_PROFICIENCY_QUESTIONABLE, /* 2 < |z| < 3: a warning signal */
	ASSAY_PROFICIENCY_UNSATISFACTORY /* |z| >= 3; |En| > 1: an action signal */
};

struct assay_proficiency_score {
	double score; /* meaningless while grade is unknown */
	enum assay_proficiency_grade grade;
};

struct assay_proficiency_scores {
	struct assay_proficiency_score z; /* clause 9.4: (x - x_pt) / sigma_pt */
	struct assay_proficiency_score z_prime; /* 9.5: over sqrt(sigma_pt^2 + u(x_pt)^2) */
	struct assay_proficiency_score zeta; /* 9.6: over sqrt(u(x)^2 + u(x_pt)^2) */
	struct assay_proficiency_score en; /* 9.7: over sqrt(U(x)^2 + U(x_pt)^2) */
	bool assigned_is_vague; /* 9.2.1: u(x_pt) > 0.3 sigma_pt, so z' is to be used, not z */
};

struct assay_proficiency_scores assay_proficiency_score(const struct assay_proficiency_result *result);

struct assay_robust {
	double mean, sd; /* x*, s* */
	uint32_t n, iterations;
};

/* Algorithm A (annex C.3): median and 1.483 MAD to begin with, 1.5 s*, factor 1.134; repeated until neither figure
 * changes by more than 1e-12 of s*. ASSAY_EREFUSED with fewer than 3 values or when half of them are equal (s* is 0),
 * ASSAY_ENOMEM. */
int assay_robust_a(const double *values, uint32_t n, struct assay_robust *out) ASSAY_WARN_UNUSED;

struct assay_proficiency_history {
	uint32_t rounds, questionable,
		unsatisfactory; /* of z' when the assigned value was vague, else of z */
	double mean_score, rms_score; /* over the rounds with a score */
	bool action; /* the last round is an action signal, or the last two are warning signals (9.4.2) */
};

/* Rounds in order of time. */
struct assay_proficiency_history assay_proficiency_review(
	const struct assay_proficiency_result *rounds, uint32_t count);

#endif
