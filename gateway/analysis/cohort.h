/* SPDX-License-Identifier: Apache-2.0
 * Producers of one class in one quarter, and what of them may be told to any one of them. Each quarter is decided by itself,
 * once it is over: its figures stand still (the state settles them), and no figure spans two quarters, so that nothing can be
 * worked out from answers of different days. */
#ifndef ASSAY_ANALYSIS_COHORT_H
#define ASSAY_ANALYSIS_COHORT_H

#include "limits/limits.h"

#include <jansson.h>
#include <sqlite3.h>

/* [{class, class_zh, class_en, quarter, own: {count, n}, answer, producers, others}], see producer.h: a row for each class and
 * quarter in which the producer has a result, and one for all classes (class "") of a quarter. open_quarter: the one that is
 * not over. A new reference; NULL with err. */
json_t *assay_cohort_compare(sqlite3 *state, const struct assay_specs *specs, const char *producer,
	const char *open_quarter, struct assay_error *err);

#endif
