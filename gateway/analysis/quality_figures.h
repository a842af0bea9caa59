/* SPDX-License-Identifier: Apache-2.0
 * Measurement uncertainty and proficiency from the state: the laboratory's own controls, duplicates and rounds. Figures are
 * text with at least six significant digits; whoever asks reads the state itself. */
#ifndef ASSAY_ANALYSIS_QUALITY_FIGURES_H
#define ASSAY_ANALYSIS_QUALITY_FIGURES_H

#include "limits/error.h"

#include <jansson.h>
#include <sqlite3.h>
#include <stdbool.h>

/* {method, relative, known, reason, expanded, coverage "2", unit, s_control, s_duplicate, u_rw, bias_source: "", materials,
 * rounds or recoveries, u_bias, u_combined, control_values, pairs, bias_values, newest, stale_after, stale} - expanded: two
 * digits, rounded up; relative: in per cent. today: YYYY-MM-DD. A new reference; NULL with err. */
json_t *assay_quality_uncertainty(sqlite3 *state, const char *method, const char *unit, bool relative,
	const char *today, struct assay_error *err);

/* [{seq, method, scheme, round, date, value, unit, assigned, ..., z, z_grade, z_prime, z_prime_grade, zeta, zeta_grade, en,
 * en_grade, assigned_is_vague, who, at}], oldest first; method "" all. Scores: ISO 13528:2015, clause 9. */
json_t *assay_quality_rounds(sqlite3 *state, const char *method, struct assay_error *err);
/* Of one method's rounds: {rounds, questionable, unsatisfactory, mean_score, rms_score, action}. */
json_t *assay_quality_history(const json_t *rounds);

#endif
