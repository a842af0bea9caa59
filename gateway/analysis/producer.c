/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/analysis/producer.h"

#include "gateway/analysis/cohort.h"
#include "gateway/analysis/district_read.h"
#include "gateway/analysis/split_figures.h"
#include "gateway/analysis/trend.h"
#include "gateway/lab/product_class.h"
#include "gateway/lab/query.h"
#include "gateway/lab/query_row.h"
#include "limits/decimal.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define FINDINGS_MAX 100
/* What a person has still to look at may change: it is told when the batch awaits release or is released. While controls hold
 * any result, what is not released is not told. */
#define FINAL                                                                                                \
	" held=0 AND batch IN (SELECT id FROM batch WHERE producer_id=?1 AND (status='released' OR"          \
	" (status='awaiting-release' AND NOT EXISTS(SELECT 1 FROM hold WHERE status<>'released')))) "
#define NEXT_MAX 20u
#define QUARTERS_MAX 200u
#define CHINA_OFFSET_S 28800

struct report {
	sqlite3 *state;
	const struct assay_specs *specs;
	const struct assay_advice *advice;
	const char *id;
	char on[16], quarter[16];
	json_t *object; /* what has been found so far */
	struct assay_error *err;
};

static const char *text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text ? text : "";
}

static void dates(struct report *report, int64_t now_s)
{
	time_t at = (time_t)now_s + CHINA_OFFSET_S;
	struct tm parts = {0};

	(void)gmtime_r(&at, &parts);
	(void)strftime(report->on, sizeof report->on, "%Y-%m-%d", &parts);
	(void)snprintf(report->quarter, sizeof report->quarter, "%04dQ%d", (parts.tm_year + 1900) % 10000,
		parts.tm_mon / 3 + 1);
}

static bool put(struct report *report, const char *name, json_t *value)
{
	return value && json_object_set_new(report->object, name, value) == 0;
}

/* Names of product and analyte beside their codes. */
static void name_row(const struct report *report, json_t *row)
{
	const struct assay_product *product =
		assay_specs_product_find(report->specs, text_of(row, "product"));
	const char *analyte = text_of(row, "analyte");
	const struct assay_method *method = assay_specs_method_for(report->specs, analyte);

	(void)json_object_set_new(
		row, "product_zh", json_string(product ? product->name_zh : text_of(row, "product")));
	(void)json_object_set_new(
		row, "product_en", json_string(product ? product->name_en : text_of(row, "product")));
	(void)json_object_set_new(row, "analyte_zh", json_string(method ? method->analyte_zh : analyte));
	(void)json_object_set_new(row, "analyte_en",
		json_string(
			method && method->analyte_en && *method->analyte_en ? method->analyte_en : analyte));
}

static json_t *named_list(const struct report *report, sqlite3_stmt *rows)
{
	json_t *list = query_list(report->state, rows, report->err), *row;
	size_t index;

	json_array_foreach(list, index, row)
	{
		name_row(report, row);
	}
	return list;
}

/* "163": per cent of the limit, the upper end where the result is an interval. "" not known. */
static void put_percent(json_t *row)
{
	const struct assay_fraction hundred = {100, 1};
	struct assay_fraction share;
	struct assay_decimal percent;
	char text[ASSAY_DECIMAL_TEXT_MAX] = "";

	if (assay_fraction_parse(text_of(row, "share_high"), &share) == ASSAY_OK &&
		assay_fraction_apply('*', &share, &hundred, &share) == ASSAY_OK &&
		assay_fraction_round(&share, 0, ASSAY_ROUND_HALF_EVEN, &percent) == ASSAY_OK) {
		percent.mark = ASSAY_MARK_EXACT;
		(void)assay_decimal_format(&percent, text);
	}
	(void)json_object_set_new(row, "percent", json_string(text));
	(void)json_object_del(row, "share_high");
}

static json_t *findings(const struct report *report)
{
	json_t *list = named_list(
		       report, query_prepare(report->state, report->err,
				       "SELECT i.batch, b.name, b.lot, i.quarter, i.product, i.analyte, CASE "
				       "i.outcome WHEN 'fail' THEN"
				       " 'failed' ELSE 'near' END AS outcome, r.value, r.unit, "
				       "coalesce(v.standard,'') AS standard,"
				       " coalesce(v.clause,'') AS clause, coalesce(v.limit_text,'') AS "
				       "\"limit\", i.share_high, i.result"
				       " FROM risk_item AS i JOIN batch AS b ON b.id=i.batch JOIN result AS "
				       "r ON r.id=i.result"
				       " LEFT JOIN verdict AS v ON v.subject=i.result AND v.seq=(SELECT "
				       "max(seq) FROM verdict"
				       " WHERE subject=i.result) WHERE i.producer=?1 AND i." FINAL
				       "AND (i.outcome='fail' "
				       "OR i.near=1)"
				       " ORDER BY i.seq DESC LIMIT ?2",
				       "ti", report->id, (int64_t)FINDINGS_MAX)),
	       *row;
	size_t index;

	json_array_foreach(list, index, row)
	{
		put_percent(row);
	}
	return list;
}

static json_t *tested(const struct report *report)
{
	return named_list(report, query_prepare(report->state, report->err,
					  "SELECT product, analyte, sum(outcome IN ('pass','fail')) AS n, "
					  "sum(outcome='fail') AS failed,"
					  " sum(near) AS near, sum(outcome='undetermined') AS undetermined "
					  "FROM risk_item WHERE producer=?1 AND" FINAL
					  "AND outcome<>'void' GROUP BY product, analyte ORDER BY failed "
					  "DESC, near DESC, product, analyte",
					  "t", report->id));
}

/* ---- own rates and trend ---- */

static struct assay_rate rate_in(const json_t *row)
{
	return assay_rate_of((uint64_t)json_integer_value(json_object_get(row, "failed")),
		(uint64_t)json_integer_value(json_object_get(row, "n")), DISTRICT_CONFIDENCE,
		ASSAY_INTERVAL_CLOPPER_PEARSON);
}

static json_t *trend_json(const double *rates, uint32_t n, struct assay_error *err)
{
	struct assay_trend trend;
	const char *direction = "unknown";

	if (assay_trend_of(rates, n, &trend) != ASSAY_OK) {
		(void)district_no_memory(err);
		return NULL;
	}
	if (trend.known)
		direction = trend.p > DISTRICT_DISCOVERY ? "none" : trend.s > 0 ? "rising" : "falling";
	return json_pack("{s:b,s:I,s:I,s:o,s:s}", "known", trend.known, "n", (json_int_t)trend.n, "s",
		(json_int_t)trend.s, "p", trend.known ? district_number_json(trend.p) : json_string(""),
		"direction", direction);
}

static bool put_own(struct report *report)
{
	json_t *rows = query_list(report->state,
		query_prepare(report->state, report->err,
			"SELECT quarter, sum(outcome IN ('pass','fail')) AS n, sum(outcome='fail') AS failed,"
			" sum(outcome='undetermined') AS undetermined FROM risk_item WHERE producer=?1 "
			"AND" FINAL "AND outcome<>'void'"
			" GROUP BY quarter ORDER BY quarter",
			"t", report->id),
		report->err);
	json_t *quarters = json_array(), *trend, *row;
	struct assay_rate whole = {.count = 0};
	double rates[QUARTERS_MAX];
	uint64_t n = 0, failed = 0;
	json_int_t undetermined = 0;
	uint32_t known = 0;
	size_t index;

	json_array_foreach(rows, index, row)
	{
		struct assay_rate rate = rate_in(row);

		if (rate.n > 0 && known < QUARTERS_MAX)
			rates[known++] = rate.figure;
		n += rate.n;
		failed += rate.count;
		undetermined += json_integer_value(json_object_get(row, "undetermined"));
		(void)json_array_append_new(
			quarters, json_pack("{s:O,s:o}", "quarter", json_object_get(row, "quarter"), "failed",
					  district_rate_json(&rate)));
	}
	whole = assay_rate_of(failed, n, DISTRICT_CONFIDENCE, ASSAY_INTERVAL_CLOPPER_PEARSON);
	trend = rows ? trend_json(rates, known, report->err) : NULL;
	json_decref(rows);
	if (!put(report, "quarters", quarters))
		return false;
	return put(report, "failed", district_rate_json(&whole)) &&
	       put(report, "undetermined", json_integer(undetermined)) && put(report, "trend", trend);
}

/* ---- what to do ---- */

static json_t *sentences(const struct assay_sentence *sentence, unsigned count)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < count; i++)
		(void)json_array_append_new(
			list, json_pack("{s:s,s:s,s:s,s:b}", "zh", sentence[i].zh, "en", sentence[i].en,
				      "source", sentence[i].source, "verified", sentence[i].verified));
	return list;
}

static bool has_measure(const json_t *list, const char *id)
{
	const json_t *one;
	size_t index;

	json_array_foreach(list, index, one)
	{
		if (strcmp(text_of(one, "id"), id) == 0)
			return true;
	}
	return false;
}

/* For each finding the measure of its analyte and process, each once; where none is known nothing is made up. */
static json_t *advise(const struct report *report)
{
	json_t *list = json_array();
	const json_t *row;
	size_t index;

	json_array_foreach(json_object_get(report->object, "findings"), index, row)
	{
		const struct assay_product *product =
			assay_specs_product_find(report->specs, text_of(row, "product"));
		const char *process = product ? product->process : "";
		const struct assay_measure *measure =
			report->advice ? assay_advice_find(report->advice, text_of(row, "analyte"), process)
				       : NULL;

		if (!measure || has_measure(list, measure->id))
			continue;
		(void)json_array_append_new(list,
			json_pack("{s:s,s:s,s:O,s:O,s:s,s:s,s:s,s:o,s:o,s:o}", "id", measure->id, "analyte",
				measure->analyte, "analyte_zh", json_object_get(row, "analyte_zh"),
				"analyte_en", json_object_get(row, "analyte_en"), "process", process,
				"process_zh", lab_process_name(process, true), "process_en",
				lab_process_name(process, false), "causes",
				sentences(measure->cause, measure->cause_count), "steps",
				sentences(measure->step, measure->step_count), "next",
				sentences(measure->next, measure->next_count)));
	}
	return list;
}

/* ---- what to test next ---- */

struct wanted {
	const struct report *report;
	json_t *list;
	const char *product;
};

static bool holds(const json_t *list, const char *product, const char *analyte)
{
	const json_t *one;
	size_t index;

	json_array_foreach(list, index, one)
	{
		if (strcmp(text_of(one, "product"), product) == 0 &&
			strcmp(text_of(one, "analyte"), analyte) == 0)
			return true;
	}
	return false;
}

static void want(
	const struct report *report, json_t *list, const char *product, const char *analyte, const char *why)
{
	json_t *row;

	if (json_array_size(list) >= NEXT_MAX || holds(list, product, analyte))
		return;
	row = json_pack("{s:s,s:s,s:s}", "product", product, "analyte", analyte, "why", why);
	name_row(report, row);
	(void)json_array_append_new(list, row);
}

static int want_item(void *context, const struct assay_plan_item *item)
{
	struct wanted *wanted = context;
	const json_t *known = json_object_get(wanted->report->object, "tested");

	if (item->applies && item->method && !holds(known, wanted->product, item->method->analyte))
		want(wanted->report, wanted->list, wanted->product, item->method->analyte, "untested");
	return 0;
}

/* Products it registered, and those it has brought. */
static json_t *products_of(const struct report *report)
{
	return query_list(report->state,
		query_prepare(report->state, report->err,
			"SELECT j.value AS product FROM producer AS p, json_each(p.body,'$.products') AS j "
			"WHERE p.id=?1"
			" UNION SELECT product FROM risk_item WHERE producer=?1 ORDER BY 1",
			"t", report->id),
		report->err);
}

/* What failed, what was near, then what the law asks for and nobody has tested, as far as it can be tested here. */
static json_t *next_tests(const struct report *report)
{
	static const char *const first[] = {"failed", "near"};
	json_t *list = json_array(), *products = products_of(report), *row;
	int status = products ? ASSAY_OK : ASSAY_EIO;
	size_t index;

	for (size_t i = 0; i < 2; i++)
		json_array_foreach(json_object_get(report->object, "findings"), index, row)
		{
			if (strcmp(text_of(row, "outcome"), first[i]) == 0)
				want(report, list, text_of(row, "product"), text_of(row, "analyte"),
					first[i]);
		}
	json_array_foreach(products, index, row)
	{
		const char *id = text_of(row, "product");
		const struct assay_product *product = assay_specs_product_find(report->specs, id);
		struct wanted wanted = {report, list, id};

		if (product && status == ASSAY_OK)
			status = assay_plan(
				report->specs, product, report->on, NULL, want_item, &wanted, report->err);
	}
	json_decref(products);
	if (status == ASSAY_OK)
		return list;
	json_decref(list);
	return NULL;
}

/* ---- its own laboratory ---- */

/* "12.35": yuan a test, from the year's cost; "" not known. */
static void cost_of_one(const json_t *producer, char out[ASSAY_DECIMAL_TEXT_MAX])
{
	const char *cost = text_of(producer, "cost_a_year");
	struct assay_fraction share,
		tests = {json_integer_value(json_object_get(producer, "tests_a_year")), 1};
	struct assay_decimal value;

	out[0] = '\0';
	if (tests.n <= 0 || !*cost || assay_decimal_parse(cost, strlen(cost), &value) != ASSAY_OK)
		return;
	share = assay_fraction_of(&value);
	if (assay_fraction_apply('/', &share, &tests, &share) != ASSAY_OK ||
		assay_fraction_round(&share, 2, ASSAY_ROUND_HALF_EVEN, &value) != ASSAY_OK)
		return;
	value.mark = ASSAY_MARK_EXACT;
	(void)assay_decimal_format(&value, out);
}

/* What it tests itself, how often, at what cost, as it says in the register. */
static json_t *own_tests(const struct report *report)
{
	json_t *list = json_array();
	const json_t *analyte;
	char one[ASSAY_DECIMAL_TEXT_MAX];
	size_t index;

	json_array_foreach(json_object_get(report->object, "self_tests"), index, analyte)
	{
		json_t *row = json_pack("{s:O}", "analyte", analyte);

		name_row(report, row);
		(void)json_object_del(row, "product");
		(void)json_object_del(row, "product_zh");
		(void)json_object_del(row, "product_en");
		(void)json_array_append_new(list, row);
	}
	cost_of_one(report->object, one);
	return json_pack("{s:o,s:I,s:s,s:s}", "analytes", list, "tests_a_year",
		json_integer_value(json_object_get(report->object, "tests_a_year")), "cost_a_year",
		text_of(report->object, "cost_a_year"), "cost_a_test", one);
}

/* ---- the whole ---- */

static json_t *who(struct report *report, const char *named)
{
	json_t *row = query_one(report->state,
		query_prepare(report->state, report->err,
			"SELECT id FROM producer WHERE id=?1 OR name=?1 LIMIT 1", "t", named),
		"producer-unknown", named, report->err);
	json_t *producer = row ? assay_query_producer(report->state, text_of(row, "id"), report->err) : NULL;

	json_decref(row);
	(void)json_object_del(producer, "changes");
	(void)json_object_del(producer, "cards");
	return producer;
}

json_t *assay_producer_report(sqlite3 *state, const struct assay_specs *specs,
	const struct assay_advice *advice, const char *id, int64_t now_s, struct assay_error *err)
{
	struct report report = {.state = state, .specs = specs, .advice = advice, .err = err};
	json_t *counted;

	dates(&report, now_s);
	report.object = who(&report, id);
	if (!report.object)
		return NULL;
	report.id = text_of(report.object, "producer");
	counted = query_one(state,
		query_prepare(state, err,
			"SELECT count(*) AS batches FROM batch WHERE producer_id=?1 AND status<>'void'", "t",
			report.id),
		"producer-unknown", id, err);
	if (counted && json_object_update(report.object, counted) == 0 &&
		put(&report, "on", json_string(report.on)) && put(&report, "tested", tested(&report)) &&
		put(&report, "findings", findings(&report)) && put_own(&report) &&
		put(&report, "compare", assay_cohort_compare(state, specs, report.id, report.quarter, err)) &&
		put(&report, "advice", advise(&report)) && put(&report, "next", next_tests(&report)) &&
		put(&report, "own_tests", own_tests(&report)) &&
		put(&report, "splits", assay_split_figures(state, report.id, "", true, err))) {
		json_decref(counted);
		return report.object;
	}
	json_decref(counted);
	json_decref(report.object);
	return NULL;
}
