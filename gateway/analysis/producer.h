/* SPDX-License-Identifier: Apache-2.0
 * What one producer is told: its own results, its own trend, itself against the others of its class, what to do, what to
 * test next. Reads the state. One thread for one connection.
 *
 * Its results are told when their batch awaits release or is released: before, a person may still change them.
 *
 * Of the others only what cohort.h lets out, and only of quarters that are over: what is told of a quarter never changes.
 *
 * report    {producer, name, name_en, licence, on DATE, batches, failed: rate, undetermined, entitled, used, remaining,
 *           tests_a_year, cost_a_year, self_tests: [analyte],
 *           tested: [{product, product_zh, product_en, analyte, analyte_zh, analyte_en, n, failed, near, undetermined}],
 *           findings: [{batch, name, lot, quarter, product, product_zh, product_en, analyte, analyte_zh, analyte_en, outcome, value, unit,
 *             standard, clause, limit, percent, result}]: failed or near the limit, newest first; percent: of the limit, "" not known,
 *           quarters: [{quarter, failed: rate}], trend (district.h),
 *           compare: [{class, class_zh, class_en, quarter, own: {count, n}, answer: allowed, too-few, withheld or open, producers,
 *             others: rate or null}]: others: all of that class in that quarter, oneself among them; open: the quarter is not over,
 *           advice: [{id, analyte, analyte_zh, analyte_en, process, process_zh, process_en, causes, steps, next: [{zh, en, source, verified}]}],
 *           own_tests: {analytes: [{analyte, analyte_zh, analyte_en}], tests_a_year, cost_a_year, cost_a_test}: by the register,
 *           splits: its laboratory against ours (split_figures.h), of results that may be told,
 *           next: [{product, product_zh, product_en, analyte, analyte_zh, analyte_en, why: failed, near or untested}]} */
#ifndef ASSAY_ANALYSIS_PRODUCER_H
#define ASSAY_ANALYSIS_PRODUCER_H

#include "gateway/lab/advice.h"
#include "limits/limits.h"

#include <jansson.h>
#include <sqlite3.h>

/* id: of the register, or a registered name; now_s: seconds since 1970. NULL with err: "producer-unknown" when there is none. A
 * new reference. */
json_t *assay_producer_report(sqlite3 *state, const struct assay_specs *specs,
	const struct assay_advice *advice, const char *id, int64_t now_s, struct assay_error *err);

#endif
