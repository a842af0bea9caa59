/* SPDX-License-Identifier: Apache-2.0
 * Shared risk of the district as pages, commands and reports see it: sums of the state (risk_cell, risk_share) turned into
 * rates with their n and interval, ranked, with trends and coverage. Costs what the sums cost, not the batches. One thread
 * for one connection. Objects are new references; NULL with err.
 *
 * rate      {count, n, figure, low, high, confidence, interval: clopper-pearson, jeffreys or shrunk}: always together; decimal
 *           texts; figure "" when n is 0
 * group     {class, class_zh, class_en, analyte, analyte_zh, process, process_zh, process_en, quarter, origin, origin_zh,
 *           origin_en (those it is grouped by), failed: rate, near: rate, shrunk: rate, jeffreys: rate, undetermined, held, share:
 *           {known, censored, median_low, median_high} in tenths of the limit, p, q, alarm}
 * held: results that a broken rule of quality control holds: no figures yet, in none of the rates.
 * rates     {by: [key], near_from, discovery_rate, groups: [group], left_out}: ranked
 * trends    {groups: [{class ..., analyte ..., quarters: [{quarter, failed: rate, near: rate, undetermined, held}], trend: {known, n, s, p, q, tau_b, slope,
 *           slope_low, slope_high, exact, direction: rising, falling, none or unknown}}]}
 * items     {items: [{batch, name, lot, producer, producer_id, product, product_zh, product_en, analyte, quarter, origin, outcome, held,
 *           share_low, share_high, result, value, unit, standard, clause, limit, seq}], next}: newest first; next: seq to go on
 *           before, 0 none
 * coverage  {on DATE, items, tested, products: [{product, name_zh, name_en, class ..., batches, items, tested, untested: [{analyte,
 *           analyte_zh, standard, clause, limit, testable}]}]}
 * overview  {quarters: [quarter], quarter, batches, producers, items, failed: rate, near: rate, undetermined, held, by_quarter:
 *           [{quarter, failed: rate, near: rate, undetermined, held}], origins: [group by origin], sentinel: [group], risks: [group], coverage:
 *           {items, tested, products}, programmes: [programme], saved_fen} */
#ifndef ASSAY_ANALYSIS_DISTRICT_H
#define ASSAY_ANALYSIS_DISTRICT_H

#include "gateway/analysis/risk.h"
#include "limits/limits.h"

#include <jansson.h>
#include <sqlite3.h>

#define ASSAY_DISTRICT_GROUPS_MAX 500u /* of an answer */
#define ASSAY_DISTRICT_ITEMS_MAX 200u /* of a page */

/* "" or NULL any; class and process "-": not said. quarter "2026Q4". */
struct assay_district_wish {
	unsigned by; /* bits ASSAY_RISK_BIT; 0: class and analyte */
	const char *class, *analyte, *process, *quarter, *origin;
	int64_t before; /* items: seq */
};

/* "class,analyte" -> bits; false: a word that is no key. */
bool assay_district_keys(const char *text, unsigned *by_out);
bool assay_district_quarter_valid(const char *quarter); /* "" too */

json_t *assay_district_rates(sqlite3 *state, const struct assay_specs *specs,
	const struct assay_district_wish *wish, struct assay_error *err);
json_t *assay_district_trends(sqlite3 *state, const struct assay_specs *specs,
	const struct assay_district_wish *wish, struct assay_error *err);
json_t *assay_district_items(sqlite3 *state, const struct assay_specs *specs,
	const struct assay_district_wish *wish, struct assay_error *err);
/* on: YYYY-MM-DD, whose editions count. */
json_t *assay_district_coverage(
	sqlite3 *state, const struct assay_specs *specs, const char *on, struct assay_error *err);
json_t *assay_district_overview(sqlite3 *state, const struct assay_specs *specs, const char *quarter,
	const char *on, struct assay_error *err);

#endif
