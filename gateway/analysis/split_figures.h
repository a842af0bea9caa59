/* SPDX-License-Identifier: Apache-2.0
 * A producer's own laboratory against ours, from the state: the same sample measured by both. Figures are text with six
 * significant digits; whoever asks reads the state itself. */
#ifndef ASSAY_ANALYSIS_SPLIT_FIGURES_H
#define ASSAY_ANALYSIS_SPLIT_FIGURES_H

#include "limits/error.h"

#include <jansson.h>
#include <sqlite3.h>
#include <stdbool.h>

#define ASSAY_SPLITS_MAX 500u /* samples of one producer and method that are compared, the newest */

/* For each producer and method [{producer, producer_name, method, analyte, analyte_zh, analyte_en, unit, n, blind, known, sd,
 * bias, bias_low, bias_high, lower, lower_low, lower_high, upper, upper_low, upper_high, en_count, en_failed, samples:
 * [{test, batch, name, date, theirs, u_theirs, ours, ours_of, u_ours, difference, mean, en, en_grade, blind, waits}]}], samples
 * oldest first. ours_of: the test whose result is reported, a retest where that decides. difference: theirs - ours; limits of
 * agreement: Bland and Altman, known from three samples on; en: ISO 13528, where both expanded uncertainties (k = 2) are
 * there; blind: theirs was written down before ours was there; waits: ours is no figure yet, or held, or being tested again,
 * or none at all, and the sample is not in n. producer, method: "" all. final: ours is told of batches that await release or
 * are released alone. A new reference; NULL with err. */
json_t *assay_split_figures(
	sqlite3 *state, const char *producer, const char *method, bool final, struct assay_error *err);

#endif
