/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/analysis/district_read.h"

#include "gateway/analysis/trend.h"
#include "gateway/lab/product_class.h"
#include "gateway/lab/query.h"
#include "gateway/lab/query_row.h"

#include <stdlib.h>
#include <string.h>

#define CLASS ASSAY_RISK_BIT(ASSAY_RISK_CLASS)
#define ANALYTE ASSAY_RISK_BIT(ASSAY_RISK_ANALYTE)
#define QUARTER ASSAY_RISK_BIT(ASSAY_RISK_QUARTER)
#define ORIGIN ASSAY_RISK_BIT(ASSAY_RISK_ORIGIN)
#define QUARTERS_MAX 200u /* of one trend */
#define RISKS 10u /* of the overview */
#define SENTINEL "sentinel-point"

static json_t *by_json(unsigned by)
{
	static const char *const keys[ASSAY_RISK_KEYS] = {"class", "analyte", "process", "quarter", "origin"};
	json_t *list = json_array();

	for (unsigned k = 0; k < ASSAY_RISK_KEYS; k++)
		if (by & ASSAY_RISK_BIT(k))
			(void)json_array_append_new(list, json_string(keys[k]));
	return list;
}

json_t *assay_district_rates(sqlite3 *state, const struct assay_specs *specs,
	const struct assay_district_wish *wish, struct assay_error *err)
{
	unsigned by = wish->by ? wish->by : CLASS | ANALYTE;
	struct district district;
	json_t *groups = NULL;
	uint32_t left_out = 0;

	if (district_read(state, specs, wish, &district, err) == ASSAY_OK)
		groups = district_ranked(&district, by, ASSAY_DISTRICT_GROUPS_MAX, &left_out, err);
	district_release(&district);
	return groups ? json_pack("{s:o,s:s,s:s,s:o,s:I}", "by", by_json(by), "near_from", "0.8",
				"discovery_rate", "0.05", "groups", groups, "left_out", (json_int_t)left_out)
		      : NULL;
}

/* ---- trends ---- */

struct trended {
	uint32_t first, end; /* of the groups, by quarter */
	struct assay_trend trend;
	double q;
};

static json_t *trend_json(const struct trended *one)
{
	const struct assay_trend *trend = &one->trend;
	const char *direction = !trend->known                 ? "unknown"
				: one->q > DISTRICT_DISCOVERY ? "none"
				: trend->s > 0                ? "rising"
				: trend->s < 0                ? "falling"
							      : "none";

	return json_pack("{s:b,s:I,s:I,s:o,s:o,s:o,s:o,s:o,s:o,s:b,s:s}", "known", trend->known, "n",
		(json_int_t)trend->n, "s", (json_int_t)trend->s, "p",
		trend->known ? district_number_json(trend->p) : json_string(""), "q",
		trend->known ? district_number_json(one->q) : json_string(""), "tau_b",
		trend->known ? district_number_json(trend->tau_b) : json_string(""), "slope",
		trend->known ? district_number_json(trend->slope) : json_string(""), "slope_low",
		trend->known ? district_number_json(trend->slope_low) : json_string(""), "slope_high",
		trend->known ? district_number_json(trend->slope_high) : json_string(""), "exact",
		trend->exact, "direction", direction);
}

static json_t *quarter_json(
	const struct district *district, const struct assay_risk_cell *cell, const struct district_more *more)
{
	struct assay_rate failed =
		assay_rate_of(cell->failed, cell->n, DISTRICT_CONFIDENCE, ASSAY_INTERVAL_CLOPPER_PEARSON);
	struct assay_rate near = assay_rate_between(cell->near, cell->near + cell->maybe_near, cell->n,
		DISTRICT_CONFIDENCE, ASSAY_INTERVAL_CLOPPER_PEARSON);
	json_t *quarter = district_keys_json(district, cell, QUARTER);

	(void)json_object_set_new(quarter, "failed", district_rate_json(&failed));
	(void)json_object_set_new(quarter, "near", district_rate_json(&near));
	(void)json_object_set_new(quarter, "undetermined", json_integer((json_int_t)more->undetermined));
	(void)json_object_set_new(quarter, "held", json_integer((json_int_t)more->held));
	return quarter;
}

static bool same_series(const struct assay_risk_cell *a, const struct assay_risk_cell *b)
{
	return a->key[ASSAY_RISK_CLASS] == b->key[ASSAY_RISK_CLASS] &&
	       a->key[ASSAY_RISK_ANALYTE] == b->key[ASSAY_RISK_ANALYTE];
}

/* Groups come sorted by class, analyte and quarter; quarters without a verdict are no point of the series. */
static int find_trends(const struct assay_risk_cell *groups, uint32_t count, struct trended *series,
	uint32_t *series_count, struct assay_error *err)
{
	double rate[QUARTERS_MAX], *p = calloc(count ? count : 1, sizeof *p);
	uint32_t known = 0;
	int status = ASSAY_OK;

	*series_count = 0;
	if (!p)
		return district_no_memory(err);
	for (uint32_t first = 0, end = 0; status == ASSAY_OK && first < count; first = end) {
		struct trended *one = &series[(*series_count)++];
		uint32_t n = 0;

		for (end = first; end < count && same_series(&groups[first], &groups[end]); end++)
			if (groups[end].n > 0 && n < QUARTERS_MAX)
				rate[n++] = (double)groups[end].failed / (double)groups[end].n;
		*one = (struct trended){.first = first, .end = end, .q = 1.0};
		if (assay_trend_of(rate, n, &one->trend) != ASSAY_OK)
			status = district_no_memory(err);
		else if (one->trend.known)
			p[known++] = one->trend.p;
	}
	if (status == ASSAY_OK && assay_discovery_adjust(p, p, known) != ASSAY_OK)
		status = district_no_memory(err);
	known = 0;
	for (uint32_t i = 0; status == ASSAY_OK && i < *series_count; i++)
		if (series[i].trend.known)
			series[i].q = p[known++];
	free(p);
	return status;
}

static json_t *series_json(const struct district *district, const struct assay_risk_cell *groups,
	const struct district_more *more, const struct trended *one)
{
	json_t *object = district_keys_json(district, &groups[one->first], CLASS | ANALYTE),
	       *quarters = json_array();

	for (uint32_t i = one->first; i < one->end; i++)
		(void)json_array_append_new(quarters, quarter_json(district, &groups[i], &more[i]));
	(void)json_object_set_new(object, "quarters", quarters);
	(void)json_object_set_new(object, "trend", trend_json(one));
	return object;
}

static int by_urgency(const void *left, const void *right)
{
	const struct trended *a = left, *b = right;

	if (a->trend.known != b->trend.known)
		return a->trend.known ? -1 : 1;
	if (a->q < b->q || a->q > b->q)
		return a->q < b->q ? -1 : 1;
	return (a->first > b->first) - (a->first < b->first);
}

json_t *assay_district_trends(sqlite3 *state, const struct assay_specs *specs,
	const struct assay_district_wish *wish, struct assay_error *err)
{
	struct district district;
	struct assay_risk_cell *groups = NULL;
	struct district_more *more = NULL;
	struct trended *series = NULL;
	uint32_t count = 0, series_count = 0;
	json_t *list = NULL;
	int status = district_read(state, specs, wish, &district, err);

	if (status == ASSAY_OK)
		status = district_roll_up(&district, CLASS | ANALYTE | QUARTER, &groups, &more, &count, err);
	if (status == ASSAY_OK && !(series = calloc(count ? count : 1, sizeof *series)))
		status = district_no_memory(err);
	if (series && status == ASSAY_OK)
		status = find_trends(groups, count, series, &series_count, err);
	if (series && status == ASSAY_OK) {
		list = json_array();
		if (series_count > 1)
			qsort(series, series_count, sizeof *series, by_urgency);
		for (uint32_t i = 0; i < series_count && i < ASSAY_DISTRICT_GROUPS_MAX; i++)
			(void)json_array_append_new(list, series_json(&district, groups, more, &series[i]));
	}
	free(series);
	free(more);
	free(groups);
	district_release(&district);
	return list ? json_pack("{s:o}", "groups", list) : NULL;
}

/* ---- the batches behind an entry ---- */

static bool fits(const struct assay_specs *specs, const char *id, const struct assay_district_wish *wish)
{
	const struct assay_product *product = assay_specs_product_find(specs, id);

	return district_wanted(wish->class, product ? product->licence_class : "") &&
	       district_wanted(wish->process, product ? product->process : "");
}

/* Ids of the products of the class and process, as a JSON list for the statement. */
static char *products_of(sqlite3 *state, const struct assay_specs *specs,
	const struct assay_district_wish *wish, struct assay_error *err)
{
	json_t *all = query_list(
		       state, query_prepare(state, err, "SELECT DISTINCT product FROM risk_cell", ""), err),
	       *kept = json_array(), *row;
	char *text = NULL;
	size_t index;

	json_array_foreach(all, index, row)
	{
		json_t *product = json_object_get(row, "product");

		if (fits(specs, json_string_value(product), wish))
			(void)json_array_append(kept, product);
	}
	if (all && !(text = json_dumps(kept, JSON_COMPACT)))
		(void)district_no_memory(err);
	json_decref(kept);
	json_decref(all);
	return text;
}

/* First the items that are shown, by what they themselves say, then what is told of them: of a million batches some hundred
 * thousand may stand behind an entry. Those of one analyte are looked up by product, all others walked back from the newest. */
#define WANTED                                                                                               \
	"(SELECT batch, product, analyte, quarter, origin, outcome, held, share_low, share_high, result, "   \
	"seq FROM risk_item WHERE (?3='' OR quarter=?3) AND (?4='' OR origin=?4) AND seq<?5 AND "            \
	"outcome<>'void'"
#define OF_ANALYTE " AND product IN (SELECT value FROM json_each(?1)) AND analyte=?2"
#define OF_ANY " AND +product IN (SELECT value FROM json_each(?1)) AND ?2=''"
#define ITEMS(analyte)                                                                                       \
	"SELECT i.batch, b.name, b.lot, b.producer, b.producer_id, i.product, b.product_zh, b.product_en,"   \
	" i.analyte, i.quarter, i.origin, i.outcome, i.held AS \"?held\", i.share_low, i.share_high, "       \
	"i.result, r.value, r.unit,"                                                                         \
	" coalesce(v.standard,'') AS standard, coalesce(v.clause,'') AS clause, coalesce(v.limit_text,'')"   \
	" AS \"limit\", i.seq FROM " WANTED analyte                                                          \
	" ORDER BY seq DESC LIMIT ?6) AS i JOIN batch AS b ON b.id=i.batch JOIN result AS r ON "             \
	"r.id=i.result"                                                                                      \
	" LEFT JOIN verdict AS v ON v.subject=i.result AND v.seq=(SELECT max(seq) FROM verdict WHERE "       \
	"subject=i.result) ORDER BY i.seq DESC"

json_t *assay_district_items(sqlite3 *state, const struct assay_specs *specs,
	const struct assay_district_wish *wish, struct assay_error *err)
{
	char *products = products_of(state, specs, wish, err);
	json_t *items = NULL;
	json_int_t next = 0;

	if (!products)
		return NULL;
	items = query_list(state,
		query_prepare(state, err, wish->analyte && *wish->analyte ? ITEMS(OF_ANALYTE) : ITEMS(OF_ANY),
			"ttttii", products, wish->analyte ? wish->analyte : "",
			wish->quarter ? wish->quarter : "", wish->origin ? wish->origin : "",
			wish->before ? wish->before : INT64_MAX, (int64_t)ASSAY_DISTRICT_ITEMS_MAX),
		err);
	free(products);
	if (items && json_array_size(items) == ASSAY_DISTRICT_ITEMS_MAX)
		next = json_integer_value(
			json_object_get(json_array_get(items, json_array_size(items) - 1), "seq"));
	return items ? json_pack("{s:o,s:I}", "items", items, "next", next) : NULL;
}

/* ---- the overall picture ---- */

static bool put(json_t *object, const char *name, json_t *value)
{
	return value && json_object_set_new(object, name, value) == 0;
}

static json_t *total_json(const struct district *district, struct assay_error *err)
{
	struct assay_risk_cell *groups = NULL;
	struct district_more *more = NULL;
	uint32_t count = 0;
	json_t *total = NULL;

	if (district_roll_up(district, 0, &groups, &more, &count, err) != ASSAY_OK)
		return NULL;
	if (count == 0)
		memset(groups, 0, sizeof *groups);
	total = district_group_json(district, groups, more, 0);
	free(more);
	free(groups);
	return total;
}

/* Sums of all quarters, whatever quarter is looked at. */
static json_t *quarters_json(sqlite3 *state, const struct assay_specs *specs, struct assay_error *err)
{
	const struct assay_district_wish everything = {0};
	struct district district;
	struct assay_risk_cell *groups = NULL;
	struct district_more *more = NULL;
	uint32_t count = 0;
	json_t *list = NULL;

	if (district_read(state, specs, &everything, &district, err) == ASSAY_OK &&
		district_roll_up(&district, QUARTER, &groups, &more, &count, err) == ASSAY_OK) {
		list = json_array();
		for (uint32_t i = 0; i < count; i++)
			(void)json_array_append_new(list, quarter_json(&district, &groups[i], &more[i]));
	}
	free(more);
	free(groups);
	district_release(&district);
	return list;
}

static json_t *sentinel_json(
	sqlite3 *state, const struct assay_specs *specs, const char *quarter, struct assay_error *err)
{
	const struct assay_district_wish wish = {.quarter = quarter, .origin = SENTINEL};
	struct district district;
	json_t *list = NULL;
	uint32_t left_out;

	if (district_read(state, specs, &wish, &district, err) == ASSAY_OK)
		list = district_ranked(&district, CLASS | ANALYTE, RISKS, &left_out, err);
	district_release(&district);
	return list;
}

/* What stands beside the figures: how many, and what the programmes gave. */
static json_t *counts_json(sqlite3 *state, const char *quarter, struct assay_error *err)
{
	return query_one(state,
		query_prepare(state, err,
			"SELECT (SELECT coalesce(sum(n),0) FROM risk_batches WHERE ?1='' OR quarter=?1) AS "
			"batches, (SELECT count(*) FROM producer) AS producers,"
			" (SELECT coalesce(sum(saved_fen),0) FROM programme) AS saved_fen",
			"t", quarter),
		"nothing-there", "", err);
}

static json_t *coverage_short(
	sqlite3 *state, const struct assay_specs *specs, const char *on, struct assay_error *err)
{
	json_t *coverage = assay_district_coverage(state, specs, on, err), *brief;

	brief = coverage ? json_pack("{s:O,s:O,s:I}", "items", json_object_get(coverage, "items"), "tested",
				   json_object_get(coverage, "tested"), "products",
				   (json_int_t)json_array_size(json_object_get(coverage, "products")))
			 : NULL;
	json_decref(coverage);
	return brief;
}

/* What is told of the quarter as a whole: its sums, its origins, its risks. */
static json_t *quarter_whole(
	sqlite3 *state, const struct assay_specs *specs, const char *quarter, struct assay_error *err)
{
	const struct assay_district_wish wish = {.quarter = quarter};
	struct district district;
	json_t *whole = NULL;
	uint32_t left_out;

	if (district_read(state, specs, &wish, &district, err) == ASSAY_OK)
		whole = total_json(&district, err);
	if (whole && (!put(whole, "origins", district_ranked(&district, ORIGIN, 50, &left_out, err)) ||
			     !put(whole, "risks",
				     district_ranked(&district, CLASS | ANALYTE, RISKS, &left_out, err)))) {
		json_decref(whole);
		whole = NULL;
	}
	district_release(&district);
	return whole;
}

json_t *assay_district_overview(sqlite3 *state, const struct assay_specs *specs, const char *quarter,
	const char *on, struct assay_error *err)
{
	json_t *overview = counts_json(state, quarter, err),
	       *whole = overview ? quarter_whole(state, specs, quarter, err) : NULL;

	if (!whole || json_object_update(overview, whole) != 0 ||
		!put(overview, "quarter", json_string(quarter)) ||
		!put(overview, "by_quarter", quarters_json(state, specs, err)) ||
		!put(overview, "sentinel", sentinel_json(state, specs, quarter, err)) ||
		!put(overview, "coverage", coverage_short(state, specs, on, err)) ||
		!put(overview, "programmes", assay_query_programmes(state, err))) {
		json_decref(overview);
		overview = NULL;
	}
	json_decref(whole);
	return overview;
}

/* ---- coverage ---- */

struct cover {
	const json_t *tested; /* [analyte] of the product */
	json_t *untested; /* owned until handed on */
	json_int_t items, done;
};

static bool holds(const json_t *list, const char *text)
{
	const json_t *one;
	size_t index;

	json_array_foreach(list, index, one)
	{
		if (strcmp(json_string_value(one), text) == 0)
			return true;
	}
	return false;
}

static int cover_item(void *context, const struct assay_plan_item *item)
{
	struct cover *cover = context;
	const struct assay_limit *limit = item->limit;

	if (!item->applies)
		return 0;
	cover->items++;
	if (holds(cover->tested, item->analyte) ||
		(item->method && holds(cover->tested, item->method->analyte))) {
		cover->done++;
		return 0;
	}
	(void)json_array_append_new(
		cover->untested, json_pack("{s:s,s:s,s:s,s:s,s:s,s:b}", "analyte", item->analyte,
					 "analyte_zh", item->analyte_zh, "standard", item->standard->id,
					 "clause", limit ? limit->clause : "", "limit",
					 limit ? limit->text : "", "testable", item->method != NULL));
	return 0;
}

static json_t *cover_product(const struct assay_specs *specs, const json_t *row, const char *on,
	json_int_t total[2], struct assay_error *err)
{
	const char *id = json_string_value(json_object_get(row, "product"));
	const struct assay_product *product = assay_specs_product_find(specs, id);
	struct cover cover = {json_object_get(row, "analytes"), json_array(), 0, 0};

	if (!product) { /* the specs of today know it no longer */
		json_decref(cover.untested);
		return json_null();
	}
	if (assay_plan(specs, product, on, NULL, cover_item, &cover, err) != ASSAY_OK) {
		json_decref(cover.untested);
		return NULL;
	}
	total[0] += cover.items;
	total[1] += cover.done;
	return json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:O,s:I,s:I,s:o}", "product", id, "name_zh",
		product->name_zh, "name_en", product->name_en, "class", product->licence_class, "class_zh",
		lab_class_name(product->licence_class, true), "class_en",
		lab_class_name(product->licence_class, false), "batches", json_object_get(row, "batches"),
		"items", cover.items, "tested", cover.done, "untested", cover.untested);
}

/* Every product that has been here or that a registered producer makes. */
#define COVERED                                                                                              \
	"SELECT w.product, coalesce((SELECT n FROM batch_word WHERE kind='product' AND word=w.product),0) "  \
	"AS batches,"                                                                                        \
	" (SELECT json_group_array(analyte) FROM (SELECT DISTINCT analyte FROM risk_cell WHERE "             \
	"product=w.product"                                                                                  \
	" AND (n>0 OR undetermined>0))) AS \"{analytes\" FROM (SELECT word AS product FROM batch_word "      \
	"WHERE kind='product'"                                                                               \
	" AND n>0 UNION SELECT j.value FROM producer AS p, json_each(p.body,'$.products') AS j) AS w ORDER " \
	"BY 1"

json_t *assay_district_coverage(
	sqlite3 *state, const struct assay_specs *specs, const char *on, struct assay_error *err)
{
	json_t *rows = query_list(state, query_prepare(state, err, COVERED, ""), err),
	       *products = json_array();
	json_int_t total[2] = {0, 0};
	const json_t *row;
	size_t index;

	json_array_foreach(rows, index, row)
	{
		json_t *one = cover_product(specs, row, on, total, err);

		if (!one) {
			json_decref(rows);
			json_decref(products);
			return NULL;
		}
		if (json_is_null(one))
			continue;
		(void)json_array_append_new(products, one);
	}
	if (!rows) {
		json_decref(products);
		return NULL;
	}
	json_decref(rows);
	return json_pack(
		"{s:s,s:I,s:I,s:o}", "on", on, "items", total[0], "tested", total[1], "products", products);
}
