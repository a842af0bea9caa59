/* SPDX-License-Identifier: Apache-2.0
 * Groups of the district as JSON: never a figure without its n and interval. */
#include "gateway/analysis/district_read.h"

#include "gateway/lab/product_class.h"
#include "gateway/lab/steps.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

json_t *district_number_json(double value)
{
	char text[64];

	if (!isfinite(value))
		return json_string("");
	(void)snprintf(text, sizeof text, "%.6f", value);
	return json_string(text);
}

json_t *district_rate_json(const struct assay_rate *rate)
{
	static const char *const names[] = {"clopper-pearson", "jeffreys", "shrunk"};

	return json_pack("{s:I,s:I,s:o,s:o,s:o,s:s,s:s}", "count", (json_int_t)rate->count, "n",
		(json_int_t)rate->n, "figure", rate->n ? district_number_json(rate->figure) : json_string(""),
		"low", district_number_json(rate->low), "high", district_number_json(rate->high),
		"confidence", "0.95", "interval", names[rate->interval]);
}

static void put_name(json_t *object, const char *key, const char *code, const char *zh, const char *en)
{
	char name[32];

	(void)json_object_set_new(object, key, json_string(code));
	(void)snprintf(name, sizeof name, "%s_zh", key);
	(void)json_object_set_new(object, name, json_string(zh));
	(void)snprintf(name, sizeof name, "%s_en", key);
	(void)json_object_set_new(object, name, json_string(en));
}

json_t *district_keys_json(const struct district *district, const struct assay_risk_cell *cell, unsigned by)
{
	json_t *object = json_object();
	const char *code;
	char quarter[16];

	if (by & ASSAY_RISK_BIT(ASSAY_RISK_CLASS)) {
		code = district_name(district, ASSAY_RISK_CLASS, cell->key[ASSAY_RISK_CLASS]);
		put_name(object, "class", code, lab_class_name(code, true), lab_class_name(code, false));
	}
	if (by & ASSAY_RISK_BIT(ASSAY_RISK_ANALYTE)) {
		const struct assay_method *method;

		code = district_name(district, ASSAY_RISK_ANALYTE, cell->key[ASSAY_RISK_ANALYTE]);
		method = assay_specs_method_for(district->specs, code);
		put_name(object, "analyte", code, method ? method->analyte_zh : code,
			method && method->analyte_en && *method->analyte_en ? method->analyte_en : code);
	}
	if (by & ASSAY_RISK_BIT(ASSAY_RISK_PROCESS)) {
		code = district_name(district, ASSAY_RISK_PROCESS, cell->key[ASSAY_RISK_PROCESS]);
		put_name(
			object, "process", code, lab_process_name(code, true), lab_process_name(code, false));
	}
	if (by & ASSAY_RISK_BIT(ASSAY_RISK_QUARTER)) {
		district_quarter_text(cell->key[ASSAY_RISK_QUARTER], quarter);
		(void)json_object_set_new(object, "quarter", json_string(quarter));
	}
	if (by & ASSAY_RISK_BIT(ASSAY_RISK_ORIGIN)) {
		code = district_name(district, ASSAY_RISK_ORIGIN, cell->key[ASSAY_RISK_ORIGIN]);
		put_name(object, "origin", code, *code ? lab_origin_words(code, true) : "未说明",
			*code ? lab_origin_words(code, false) : "not said");
	}
	return object;
}

/* Tenth in which the number `rank` (from 1) of these results lies. */
static unsigned tenth_at(const uint64_t tenths[DISTRICT_TENTHS], uint64_t rank)
{
	uint64_t seen = 0;

	for (unsigned i = 0; i < DISTRICT_TENTHS; i++) {
		seen += tenths[i];
		if (seen >= rank)
			return i;
	}
	return DISTRICT_TENTHS - 1;
}

/* The median lies from median_low to median_high; "" as its upper end: beyond the limit, nobody knows how far. */
json_t *district_share_json(const struct district_more *more)
{
	char low[8] = "", high[8] = "";
	unsigned upper;

	if (more->known) {
		upper = tenth_at(more->high, more->known / 2 + 1);
		(void)snprintf(low, sizeof low, "%u", tenth_at(more->low, (more->known + 1) / 2));
		if (upper < DISTRICT_TENTHS - 1)
			(void)snprintf(high, sizeof high, "%u", upper + 1);
	}
	return json_pack("{s:I,s:I,s:s,s:s}", "known", (json_int_t)more->known, "censored",
		(json_int_t)more->censored, "median_low", low, "median_high", high);
}

json_t *district_group_json(const struct district *district, const struct assay_risk_cell *cell,
	const struct district_more *more, unsigned by)
{
	struct assay_rate failed =
		assay_rate_of(cell->failed, cell->n, DISTRICT_CONFIDENCE, ASSAY_INTERVAL_CLOPPER_PEARSON);
	struct assay_rate near = assay_rate_between(cell->near, cell->near + cell->maybe_near, cell->n,
		DISTRICT_CONFIDENCE, ASSAY_INTERVAL_CLOPPER_PEARSON);
	struct assay_rate jeffreys =
		assay_rate_of(cell->failed, cell->n, DISTRICT_CONFIDENCE, ASSAY_INTERVAL_JEFFREYS);
	json_t *group = district_keys_json(district, cell, by);

	(void)json_object_set_new(group, "failed", district_rate_json(&failed));
	(void)json_object_set_new(group, "near", district_rate_json(&near));
	(void)json_object_set_new(group, "jeffreys", district_rate_json(&jeffreys));
	(void)json_object_set_new(group, "undetermined", json_integer((json_int_t)more->undetermined));
	(void)json_object_set_new(group, "held", json_integer((json_int_t)more->held));
	(void)json_object_set_new(group, "share", district_share_json(more));
	return group;
}

/* What a group is shrunk toward: the analyte's rate where there is one, else the whole. */
static unsigned parent_of(unsigned by)
{
	const unsigned pair = ASSAY_RISK_BIT(ASSAY_RISK_CLASS) | ASSAY_RISK_BIT(ASSAY_RISK_ANALYTE);

	if ((by & pair) == pair && by != pair)
		return pair;
	return by & ASSAY_RISK_BIT(ASSAY_RISK_ANALYTE) && by != ASSAY_RISK_BIT(ASSAY_RISK_ANALYTE)
		       ? ASSAY_RISK_BIT(ASSAY_RISK_ANALYTE)
		       : 0;
}

static json_t *ranked_json(const struct district *district, const struct assay_risk_cell *groups,
	const struct district_more *more, const struct assay_risk_entry *entry, unsigned by)
{
	json_t *group = district_group_json(district, &groups[entry->cell], &more[entry->cell], by);

	(void)json_object_set_new(group, "shrunk", district_rate_json(&entry->shrunk));
	(void)json_object_set_new(group, "p", district_number_json(entry->p));
	(void)json_object_set_new(group, "q", district_number_json(entry->q));
	(void)json_object_set_new(group, "alarm", json_boolean(entry->alarm));
	return group;
}

json_t *district_ranked(const struct district *district, unsigned by, uint32_t most, uint32_t *left_out_out,
	struct assay_error *err)
{
	struct assay_risk_cell *groups = NULL;
	struct district_more *more = NULL;
	struct assay_risk_entry *entries = NULL;
	json_t *list = NULL;
	uint32_t count = 0;

	*left_out_out = 0;
	if (district_roll_up(district, by, &groups, &more, &count, err) != ASSAY_OK)
		return NULL;
	entries = calloc(count ? count : 1, sizeof *entries);
	if (!entries || assay_risk_rank(groups, count, parent_of(by), DISTRICT_CONFIDENCE, DISTRICT_DISCOVERY,
				entries) != ASSAY_OK) {
		(void)district_no_memory(err);
		goto out;
	}
	list = json_array();
	for (uint32_t i = 0; i < count && i < most; i++)
		(void)json_array_append_new(list, ranked_json(district, groups, more, &entries[i], by));
	*left_out_out = count > most ? count - most : 0;
out:
	free(entries);
	free(more);
	free(groups);
	return list;
}
