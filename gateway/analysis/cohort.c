/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/analysis/cohort.h"

#include "gateway/analysis/anonymity.h"
#include "gateway/analysis/district_read.h"
#include "gateway/lab/product_class.h"
#include "gateway/lab/query_row.h"

#include <stdlib.h>
#include <string.h>

#define QUARTERS_SHOWN 8
#define CLASSES ASSAY_ANONYMITY_CLASSES_MAX

struct totals {
	uint64_t n, failed, producers;
	uint64_t with_pass; /* producers that have a result that passed */
	uint64_t own_n, own_failed;
};

/* One quarter: classes in the order they come. */
struct quarter {
	struct assay_cohorts cohorts;
	struct assay_cohort_answers answers;
	char class[CLASSES][8];
	struct totals totals[CLASSES + 1]; /* the last: all classes */
	bool crowded; /* more classes than can be decided on: nothing is told */
};

static unsigned class_at(struct quarter *quarter, const char *class)
{
	unsigned at = 0;

	while (at < quarter->cohorts.classes && strcmp(quarter->class[at], class) != 0)
		at++;
	if (at == CLASSES)
		return CLASSES;
	if (at == quarter->cohorts.classes) {
		(void)snprintf(quarter->class[at], sizeof quarter->class[at], "%.7s", class);
		quarter->cohorts.classes++;
	}
	return at;
}

static void add(struct totals *totals, uint64_t n, uint64_t failed, bool own)
{
	totals->n += n;
	totals->failed += failed;
	totals->own_n += own ? n : 0;
	totals->own_failed += own ? failed : 0;
}

/* What one producer has, by class: rows come by producer, so that each is counted once. */
struct one {
	char producer[64];
	uint64_t n[CLASSES + 1], failed[CLASSES + 1];
	unsigned number;
};

static void finish_one(struct quarter *quarter, struct one *one)
{
	unsigned all = CLASSES;

	for (unsigned c = 0; c <= CLASSES; c++) {
		if (one->n[c] == 0)
			continue;
		quarter->totals[c].producers++;
		quarter->totals[c].with_pass += one->n[c] > one->failed[c];
		/* more than there is room for share a place: sets get smaller, never larger */
		if (c != all)
			assay_cohort_add(
				&quarter->cohorts.cell[c][0], one->number % ASSAY_ANONYMITY_PRODUCERS_MAX);
	}
	memset(one->n, 0, sizeof one->n);
	memset(one->failed, 0, sizeof one->failed);
}

static void take_row(
	struct quarter *quarter, struct one *one, const json_t *row, const char *class, const char *viewer)
{
	const char *producer = json_string_value(json_object_get(row, "producer"));
	uint64_t n = (uint64_t)json_integer_value(json_object_get(row, "n")),
		 failed = (uint64_t)json_integer_value(json_object_get(row, "failed"));
	bool own = strcmp(producer, viewer) == 0;
	unsigned at = class_at(quarter, class);

	if (strcmp(one->producer, producer) != 0) {
		finish_one(quarter, one);
		(void)snprintf(one->producer, sizeof one->producer, "%s", producer);
		one->number++;
	}
	if (at == CLASSES) {
		quarter->crowded = true;
		return;
	}
	one->n[at] += n;
	one->failed[at] += failed;
	one->n[CLASSES] += n;
	one->failed[CLASSES] += failed;
	add(&quarter->totals[at], n, failed, own);
	add(&quarter->totals[CLASSES], n, failed, own);
}

/* A figure that tells about each of the others: everything failed, or everything but one producer's. What is withheld so
 * must not follow from the total either. */
static void withhold_telling(struct quarter *quarter)
{
	uint8_t *total = &quarter->answers.answer[quarter->cohorts.classes][0];
	bool any = false;

	for (unsigned c = 0; c < quarter->cohorts.classes; c++) {
		uint8_t *answer = &quarter->answers.answer[c][0];

		if (*answer == ASSAY_COHORT_ALLOWED &&
			(quarter->totals[c].with_pass <= 1 ||
				assay_anonymity_tells_each(
					quarter->totals[c].failed, quarter->totals[c].n))) {
			*answer = ASSAY_COHORT_WITHHELD;
			any = true;
		}
	}
	if (*total == ASSAY_COHORT_ALLOWED && (any || quarter->totals[CLASSES].with_pass <= 1))
		*total = ASSAY_COHORT_WITHHELD;
}

static int decide(struct quarter *quarter)
{
	int status;

	quarter->cohorts.quarters = 1;
	status = assay_anonymity_decide(&quarter->cohorts, &quarter->answers);
	if (status != ASSAY_OK)
		return status;
	if (quarter->crowded)
		memset(&quarter->answers, ASSAY_COHORT_WITHHELD, sizeof quarter->answers);
	withhold_telling(quarter);
	return ASSAY_OK;
}

static json_t *row_json(const struct quarter *quarter, unsigned c, const char *name, bool open)
{
	static const char *const words[] = {"withheld", "too-few", "withheld", "allowed"};
	const struct totals *totals = &quarter->totals[c];
	const char *class = c == CLASSES ? "" : quarter->class[c];
	uint8_t answer = quarter->answers.answer[c == CLASSES ? quarter->cohorts.classes : c][0];
	bool told = !open && answer == ASSAY_COHORT_ALLOWED;
	struct assay_rate others = assay_rate_of(told ? totals->failed : 0, told ? totals->n : 0,
		DISTRICT_CONFIDENCE, ASSAY_INTERVAL_CLOPPER_PEARSON);

	return json_pack("{s:s,s:s,s:s,s:s,s:{s:I,s:I},s:s,s:I,s:o}", "class", class, "class_zh",
		c == CLASSES ? "全部类别" : lab_class_name(class, true), "class_en",
		c == CLASSES ? "all classes" : lab_class_name(class, false), "quarter", name, "own", "count",
		(json_int_t)totals->own_failed, "n", (json_int_t)totals->own_n, "answer",
		open ? "open" : words[answer], "producers", (json_int_t)(told ? totals->producers : 0),
		"others", told ? district_rate_json(&others) : json_null());
}

static int put_quarter(json_t *list, json_t *rows, const struct assay_specs *specs, const char *name,
	const char *viewer, bool open, struct assay_error *err)
{
	struct quarter *quarter = calloc(1, sizeof *quarter);
	struct one *one = calloc(1, sizeof *one);
	const json_t *row;
	size_t index;
	int status = ASSAY_OK;

	if (!quarter || !one) {
		status = district_no_memory(err);
	} else {
		json_array_foreach(rows, index, row)
		{
			const struct assay_product *product = assay_specs_product_find(
				specs, json_string_value(json_object_get(row, "product")));

			take_row(quarter, one, row, product ? product->licence_class : "", viewer);
		}
		finish_one(quarter, one);
		if (decide(quarter) != ASSAY_OK)
			status = district_no_memory(err);
	}
	for (unsigned c = 0; quarter && status == ASSAY_OK && c <= CLASSES; c++)
		if (quarter->totals[c].own_n > 0)
			(void)json_array_append_new(list, row_json(quarter, c, name, open));
	free(one);
	free(quarter);
	return status;
}

json_t *assay_cohort_compare(sqlite3 *state, const struct assay_specs *specs, const char *producer,
	const char *open_quarter, struct assay_error *err)
{
	json_t *quarters = query_list(state,
		query_prepare(state, err,
			"SELECT DISTINCT quarter FROM risk_item WHERE producer=?1 ORDER BY 1 DESC LIMIT ?2",
			"ti", producer, (int64_t)QUARTERS_SHOWN),
		err);
	json_t *list = quarters ? json_array() : NULL, *each;
	size_t index;

	json_array_foreach(quarters, index, each)
	{
		const char *name = json_string_value(json_object_get(each, "quarter"));
		json_t *rows = query_list(state,
			query_prepare(state, err,
				"SELECT producer, product, n, failed FROM risk_producer WHERE quarter=?1 AND "
				"n>0"
				" ORDER BY producer, product",
				"t", name),
			err);

		if (!rows || put_quarter(list, rows, specs, name, producer, strcmp(name, open_quarter) >= 0,
				     err) != ASSAY_OK) {
			json_decref(rows);
			json_decref(list);
			list = NULL;
			break;
		}
		json_decref(rows);
	}
	json_decref(quarters);
	return list;
}
