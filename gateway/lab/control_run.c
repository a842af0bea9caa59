/* SPDX-License-Identifier: Apache-2.0
 * A run of controls: what is measured together to show that method and instrument stand. Each control is a test of its own,
 * whose slots wait for instruments like any other's. */
#include "gateway/lab/control.h"
#include "gateway/lab/fields.h"
#include "gateway/lab/query_row.h"
#include "gateway/lab/steps.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct run_order {
	const char *instrument, *of, *added, *next_due, *evidence;
	const struct assay_method *method;
	char kind[LAB_CONTROL_KIND_MAX], evidence_instrument[ASSAY_INSTRUMENT_ID_MAX];
	json_t *controls; /* owned: [{material, level, of, added, unit}] */
	unsigned levels; /* bits, so that each level stands once */
};

/* Materials of one run are of one kind and one method, each of a level of its own. */
static int add_material(
	struct assay_lab *lab, const char *id, struct run_order *order, struct assay_error *err)
{
	int status;
	json_t *material = lab_material_usable(lab, id, &status, err);
	const char *kind = lab_text(material, "kind");
	unsigned level = (unsigned)json_integer_value(json_object_get(material, "level"));
	const struct assay_method *method = assay_specs_method(lab->specs, lab_text(material, "method"));

	if (status == ASSAY_OK && !method)
		status = assay_error_set(err, ASSAY_EREFUSED, "method-unknown", "没有方法 %.60s",
			"there is no method %.60s", lab_text(material, "method"));
	if (status == ASSAY_OK && ((order->method && order->method != method) ||
					  (*order->kind && strcmp(order->kind, kind) != 0)))
		status = assay_error_set(err, ASSAY_EREFUSED, "run-mixed",
			"一次质控的物质要属于同一方法和同一种类",
			"the materials of one run are of one method and one kind");
	if (status == ASSAY_OK && (order->levels & (1u << level)))
		status = assay_error_set(err, ASSAY_EREFUSED, "level-twice", "水平 %u 用了两次",
			"level %u is there twice", level);
	if (method && status == ASSAY_OK) {
		order->method = method;
		order->levels |= 1u << level;
		(void)snprintf(order->kind, sizeof order->kind, "%s", kind);
		(void)json_array_append_new(
			order->controls, json_pack("{s:s,s:i,s:s,s:s,s:s}", "material", id, "level",
						 (int)level, "of", order->of, "added", order->added, "unit",
						 strcmp(kind, "spike") == 0 ? "%" : method->unit));
	}
	json_decref(material);
	return status;
}

/* The test that was spiked or is measured again: done, with a value, by the method. */
static int check_of(struct assay_lab *lab, struct run_order *order, struct assay_error *err)
{
	json_t *test = query_one(lab->state,
		query_prepare(lab->state, err,
			"SELECT t.method, coalesce(r.value,'') AS value FROM test AS t LEFT JOIN result AS r "
			"ON "
			"r.id=t.result WHERE t.id=?1",
			"t", order->of),
		"test-unknown", order->of, err);
	const struct assay_method *method = assay_specs_method(lab->specs, lab_text(test, "method"));
	int status = test ? ASSAY_OK : strstr(err->code, "-unknown") ? ASSAY_ENOTFOUND : ASSAY_EIO;

	if (status == ASSAY_OK &&
		(!method || !*lab_text(test, "value") || (order->method && order->method != method)))
		status = assay_error_set(err, ASSAY_EREFUSED, "test-unfit",
			"%.60s 没有数值结果，或不是同一方法", "%.60s has no figure, or is of another method",
			order->of);
	if (status == ASSAY_OK)
		order->method = method;
	json_decref(test);
	return status;
}

static int check_kind(struct assay_lab *lab, struct run_order *order, struct assay_error *err)
{
	bool duplicate = json_array_size(order->controls) == 0, spike = strcmp(order->kind, "spike") == 0;
	struct assay_decimal added;

	if (duplicate && !*order->of)
		return assay_error_set(err, ASSAY_EREFUSED, "field-missing",
			"要给出质控物质 materials，或复测的检验项目 of",
			"a run needs its materials, or the test that is measured again (of)");
	if (duplicate) {
		(void)snprintf(order->kind, sizeof order->kind, "duplicate");
		(void)json_array_append_new(
			order->controls, json_pack("{s:s,s:i,s:s,s:s,s:s}", "material", "", "level", 1, "of",
						 order->of, "added", "", "unit", ""));
	}
	if (spike &&
		(!*order->of || assay_decimal_parse(order->added, strlen(order->added), &added) != ASSAY_OK ||
			added.coefficient <= 0))
		return assay_error_set(err, ASSAY_EREFUSED, "field-missing",
			"加标要给出原样的检验项目 of 和加入量 added（方法的单位）",
			"a spike needs the unspiked test (of) and what was added, in the method's unit");
	if (!spike && !duplicate && (*order->of || *order->added))
		return assay_error_set(err, ASSAY_EREFUSED, "field-invalid", "of 和 added 只用于加标和复测",
			"of and added are for spikes and duplicates");
	return duplicate || spike ? check_of(lab, order, err) : ASSAY_OK;
}

/* Who begins a control finishes it: what looks bad half-way is not weighed again until it is good. A value that cannot be had
 * any more is typed, with the reason; such a control gives no result and holds. */
static int none_open(struct assay_lab *lab, const struct run_order *order, struct assay_error *err)
{
	json_t *rows = query_list(lab->state,
		query_prepare(lab->state, err,
			"SELECT r.id FROM control_run AS r WHERE r.method=?1 AND r.instrument=?2 AND "
			"r.kind=?3 AND "
			"EXISTS(SELECT 1 FROM control AS c JOIN test AS t ON t.id=c.test WHERE c.run=r.id "
			"AND "
			"t.status<>'done') AND EXISTS(SELECT 1 FROM control AS c JOIN slot AS s ON "
			"s.test=c.test WHERE "
			"c.run=r.id AND s.status='filled') LIMIT 1",
			"ttt", order->method ? order->method->id : "", order->instrument, order->kind),
		err);
	int status = rows ? ASSAY_OK : ASSAY_EIO;

	if (json_array_size(rows))
		status = assay_error_set(err, ASSAY_EREFUSED, "run-open", "质控 %.40s 已经开始，先做完",
			"controls %.40s have been begun; finish them first",
			lab_text(json_array_get(rows, 0), "id"));
	json_decref(rows);
	return status;
}

/* "": a method whose values are all typed. */
static int check_instrument(struct assay_lab *lab, const struct run_order *order,
	const struct assay_actor *actor, struct assay_error *err)
{
	json_t *known;
	int status;

	if (!*order->instrument)
		return ASSAY_OK;
	known = query_one(lab->state,
		query_prepare(
			lab->state, err, "SELECT id FROM instrument WHERE id=?1", "t", order->instrument),
		"instrument-unknown", order->instrument, err);
	status = known ? ASSAY_OK : strstr(err->code, "-unknown") ? ASSAY_ENOTFOUND : ASSAY_EIO;
	json_decref(known);
	return status == ASSAY_OK ? lab_may_use(lab, order->instrument, actor->name, err) : status;
}

static int read_order(struct assay_lab *lab, const json_t *request, const struct assay_actor *actor,
	struct run_order *order, struct assay_error *err)
{
	const json_t *materials = json_object_get(request, "materials"), *id;
	size_t index;
	int status = ASSAY_OK;

	if (!(order->instrument = lab_may(request, "instrument", err)) ||
		!(order->of = lab_may(request, "of", err)) ||
		!(order->added = lab_may(request, "added", err)) ||
		!(order->evidence = lab_may(request, "evidence", err)) ||
		!(order->next_due = lab_may(request, "next_due", err)))
		return ASSAY_EREFUSED;
	if (*order->next_due && (strlen(order->next_due) != 10 || !assay_date_valid(order->next_due)))
		return assay_error_set(err, ASSAY_EREFUSED, "date-invalid", "next_due 要写成 YYYY-MM-DD",
			"next_due is written YYYY-MM-DD");
	if (json_array_size(materials) > LAB_CONTROLS_MAX)
		return assay_error_set(err, ASSAY_EREFUSED, "run-too-large", "一次质控最多 %u 个水平",
			"a run holds at most %u levels", LAB_CONTROLS_MAX);
	status = check_instrument(lab, order, actor, err);
	json_array_foreach(materials, index, id)
	{
		if (status == ASSAY_OK)
			status = add_material(
				lab, json_is_string(id) ? json_string_value(id) : "", order, err);
	}
	if (status == ASSAY_OK)
		status = check_kind(lab, order, err);
	if (status == ASSAY_OK)
		status = none_open(lab, order, err);
	return status == ASSAY_OK ? lab_find_evidence(lab, order->method, order->evidence,
					    order->evidence_instrument, err)
				  : status;
}

/* Q26-1130-01: the first run of 30 November 2026. */
static int next_id(struct assay_lab *lab, char out[LAB_ID_MAX], struct assay_error *err)
{
	char day[16], prefix[16];
	json_t *row;

	if (!lab_today(lab, day))
		return assay_error_set(err, ASSAY_EIO, "clock", "读不到日期", "the date cannot be read");
	(void)snprintf(prefix, sizeof prefix, "Q%.2s-%.2s%.2s-", day + 2, day + 5, day + 8);
	row = query_one(lab->state,
		query_prepare(lab->state, err,
			"SELECT coalesce(max(CAST(substr(id,10) AS INTEGER)),0) AS last FROM control_run "
			"WHERE substr(id,1,9)=?1",
			"t", prefix),
		"run-unknown", prefix, err);
	if (!row)
		return ASSAY_EIO;
	(void)snprintf(out, LAB_ID_MAX, "%s%02lld", prefix,
		(long long)json_integer_value(json_object_get(row, "last")) + 1);
	json_decref(row);
	return ASSAY_OK;
}

static int append_tests(
	struct assay_lab *lab, const struct run_order *order, const char *run, struct assay_error *err)
{
	const json_t *control;
	size_t index;
	int status = ASSAY_OK;

	json_array_foreach(order->controls, index, control)
	{
		if (status == ASSAY_OK)
			status = lab_append(lab, ASSAY_ENTRY_TEST,
				json_pack("{s:O,s:s,s:i,s:s,s:s,s:s,s:o}", "test",
					json_object_get(control, "test"), "batch", run, "position",
					(int)index + 1, "analyte", order->method->analyte, "method",
					order->method->id, "evidence_instrument", order->evidence_instrument,
					"sheet", lab_sheet(order->method, json_null())),
				NULL, err);
	}
	return status;
}

static int append_run(struct assay_lab *lab, const struct run_order *order, const char *run,
	const struct assay_actor *actor, struct assay_error *err)
{
	char test[LAB_ID_MAX + 8];
	json_t *control;
	size_t index;
	int status;

	json_array_foreach(order->controls, index, control)
	{
		(void)snprintf(test, sizeof test, "%s.%zu", run, index + 1);
		(void)json_object_set_new(control, "test", json_string(test));
	}
	status = lab_append(lab, ASSAY_ENTRY_CONTROL_RUN,
		json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:O}", "run", run, "method", order->method->id,
			"instrument", order->instrument, "kind", order->kind, "next_due", order->next_due,
			"who", actor->name, "controls", order->controls),
		NULL, err);
	return status == ASSAY_OK ? append_tests(lab, order, run, err) : status;
}

static json_t *shown(struct assay_lab *lab, const char *id, int *status_out, struct assay_error *err)
{
	return lab_answer_one("run", assay_query_run(lab->state, id, err), status_out, err);
}

static json_t *new_run(struct assay_lab *lab, const json_t *request, const struct assay_actor *actor,
	int *status_out, struct assay_error *err)
{
	struct run_order order = {.controls = json_array()};
	char id[LAB_ID_MAX];

	*status_out = order.controls ? read_order(lab, request, actor, &order, err) : lab_no_memory(err);
	if (*status_out == ASSAY_OK)
		*status_out = next_id(lab, id, err);
	if (*status_out == ASSAY_OK)
		*status_out = append_run(lab, &order, id, actor, err);
	json_decref(order.controls);
	return *status_out == ASSAY_OK ? shown(lab, id, status_out, err) : NULL;
}

static json_t *show(struct assay_lab *lab, const json_t *request, const struct assay_actor *actor,
	int *status_out, struct assay_error *err)
{
	const char *id = lab_need(request, "run", err);

	(void)actor;
	*status_out = ASSAY_EREFUSED;
	return id ? shown(lab, id, status_out, err) : NULL;
}

static json_t *list(struct assay_lab *lab, const json_t *request, const struct assay_actor *actor,
	int *status_out, struct assay_error *err)
{
	(void)actor;
	return lab_answer_one("runs",
		assay_query_runs(lab->state, json_integer_value(json_object_get(request, "before")), err),
		status_out, err);
}

const struct lab_command lab_control_commands[] = {
	{"qc.run.new", new_run}, {"qc.run.show", show}, {"qc.run.list", list}, {NULL, NULL}};
