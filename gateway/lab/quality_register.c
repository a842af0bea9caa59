/* SPDX-License-Identifier: Apache-2.0
 * What quality control writes down beside controls: rounds of proficiency testing, and the measurement uncertainty that is
 * adopted for a method. The figures themselves are statistics (gateway/analysis/quality_figures.h). */
#include "gateway/analysis/quality_figures.h"
#include "gateway/lab/control.h"
#include "gateway/lab/fields.h"
#include "gateway/lab/query_row.h"
#include "gateway/lab/sign.h"
#include "gateway/lab/steps.h"

#include <string.h>

static const struct lab_field fields[] = {{"scheme", LAB_FIELD_TEXT, true}, {"round", LAB_FIELD_TEXT, true},
	{"date", LAB_FIELD_DATE, true}, {"method", LAB_FIELD_TEXT, true}, {"value", LAB_FIELD_TEXT, true},
	{"unit", LAB_FIELD_TEXT, true}, {"assigned", LAB_FIELD_TEXT, true}, {"sigma", LAB_FIELD_TEXT, false},
	{"u_assigned", LAB_FIELD_TEXT, false}, {"u_value", LAB_FIELD_TEXT, false},
	{"coverage", LAB_FIELD_TEXT, false}, {"sd_between", LAB_FIELD_TEXT, false},
	{"laboratories", LAB_FIELD_COUNT, false}, {"note", LAB_FIELD_TEXT, false},
	{NULL, LAB_FIELD_TEXT, false}};

/* needed: a decimal; else a decimal above zero or "". */
static int figure(const json_t *row, const char *name, bool needed, struct assay_error *err)
{
	const char *text = lab_text(row, name);
	struct assay_decimal value;

	if (!*text && !needed)
		return ASSAY_OK;
	if (assay_decimal_parse(text, strlen(text), &value) == ASSAY_OK && (needed || value.coefficient > 0))
		return ASSAY_OK;
	return needed ? assay_error_set(err, ASSAY_EREFUSED, "field-invalid", "%s 要是小数",
				"%s must be a decimal", name)
		      : assay_error_set(err, ASSAY_EREFUSED, "field-invalid", "%s 要是大于零的小数",
				"%s must be a decimal above zero", name);
}

static int check(struct assay_lab *lab, const json_t *row, struct assay_error *err)
{
	static const char *const sizes[] = {"sigma", "u_assigned", "u_value", "coverage", "sd_between"};
	const char *id = lab_text(row, "method");
	const struct assay_method *method = assay_specs_method(lab->specs, id);
	char today[16];
	int status;

	if (!method)
		return assay_error_set(err, ASSAY_EREFUSED, "method-unknown", "没有方法 %.60s",
			"there is no method %.60s", id);
	if (strcmp(method->unit, lab_text(row, "unit")) != 0)
		return assay_error_set(err, ASSAY_EREFUSED, "unit-mismatch", "单位要是 %.20s",
			"the unit must be %.20s", method->unit);
	if (!lab_today(lab, today) || strcmp(lab_text(row, "date"), today) > 0)
		return assay_error_set(err, ASSAY_EREFUSED, "date-in-future", "日期 %.10s 在今天之后",
			"the date %.10s is after today", lab_text(row, "date"));
	status = figure(row, "value", true, err);
	if (status == ASSAY_OK)
		status = figure(row, "assigned", true, err);
	for (size_t i = 0; status == ASSAY_OK && i < sizeof sizes / sizeof *sizes; i++)
		status = figure(row, sizes[i], false, err);
	return status;
}

static json_t *rounds_of(struct assay_lab *lab, const char *method, int *status_out, struct assay_error *err)
{
	json_t *rounds = assay_quality_rounds(lab->state, method, err),
	       *history = rounds && *method ? assay_quality_history(rounds) : json_null();

	*status_out = rounds && history ? ASSAY_OK : ASSAY_EIO;
	if (*status_out == ASSAY_OK)
		return json_pack("{s:o,s:o}", "rounds", rounds, "history", history);
	json_decref(rounds);
	return NULL;
}

static json_t *add(struct assay_lab *lab, const json_t *request, const struct assay_actor *actor,
	int *status_out, struct assay_error *err)
{
	json_t *row = NULL, *answer = NULL;

	*status_out = lab_fields(fields, request, NULL, &row, err);
	if (*status_out == ASSAY_OK)
		*status_out = check(lab, row, err);
	if (*status_out == ASSAY_OK) {
		(void)json_object_set_new(row, "who", json_string(actor->name));
		*status_out = lab_append(lab, ASSAY_ENTRY_PROFICIENCY, json_incref(row), NULL, err);
	}
	if (*status_out == ASSAY_OK)
		answer = rounds_of(lab, lab_text(row, "method"), status_out, err);
	json_decref(row);
	return answer;
}

static json_t *list(struct assay_lab *lab, const json_t *request, const struct assay_actor *actor,
	int *status_out, struct assay_error *err)
{
	const char *method = lab_may(request, "method", err);

	(void)actor;
	*status_out = ASSAY_EREFUSED;
	return method ? rounds_of(lab, method, status_out, err) : NULL;
}

/* What the data say today. NULL with err. */
static json_t *worked_out(
	struct assay_lab *lab, const json_t *request, int *status_out, struct assay_error *err)
{
	const char *id = lab_need(request, "method", err);
	const struct assay_method *method = id ? assay_specs_method(lab->specs, id) : NULL;
	char today[16];
	json_t *found;

	*status_out = ASSAY_EREFUSED;
	if (!id)
		return NULL;
	if (!method || !lab_today(lab, today)) {
		*status_out = assay_error_set(err, ASSAY_ENOTFOUND, "method-unknown", "没有方法 %.60s",
			"there is no method %.60s", id);
		return NULL;
	}
	found = assay_quality_uncertainty(
		lab->state, id, method->unit, json_is_true(json_object_get(request, "relative")), today, err);
	*status_out = found ? ASSAY_OK : ASSAY_EIO;
	return found;
}

/* [{seq, method, ..., who, at, stale}], the newest of each method first. */
static json_t *adopted(struct assay_lab *lab, const char *method, struct assay_error *err)
{
	json_t *rows = query_list(lab->state,
		       query_prepare(lab->state, err,
			       "SELECT seq, body AS \"{body\", who, wall_ns AS \"@at\" FROM uncertainty "
			       "WHERE ?1='' OR "
			       "method=?1 ORDER BY method, seq DESC",
			       "t", method),
		       err),
	       *row;
	char today[16] = "9999-99-99"; /* no clock: stale */
	size_t index;

	(void)lab_today(lab, today);
	json_array_foreach(rows, index, row)
	{
		json_t *body = json_incref(json_object_get(row, "body"));

		(void)json_object_del(row, "body");
		(void)json_object_del(body, "signature");
		(void)json_object_update_missing(row, body);
		(void)json_object_set_new(
			row, "stale", json_boolean(strcmp(today, lab_text(body, "stale_after")) > 0));
		json_decref(body);
	}
	return rows;
}

static json_t *show(struct assay_lab *lab, const json_t *request, const struct assay_actor *actor,
	int *status_out, struct assay_error *err)
{
	json_t *now = worked_out(lab, request, status_out, err),
	       *before = now ? adopted(lab, lab_text(request, "method"), err) : NULL;

	(void)actor;
	if (now && before)
		return json_pack("{s:o,s:o}", "uncertainty", now, "adopted", before);
	if (now)
		*status_out = ASSAY_EIO;
	json_decref(now);
	return NULL;
}

static json_t *adopt(struct assay_lab *lab, const json_t *request, const struct assay_actor *actor,
	int *status_out, struct assay_error *err)
{
	const char *reason = lab_need(request, "reason", err);
	json_t *now = NULL, *signature;

	*status_out = ASSAY_EREFUSED;
	now = reason ? worked_out(lab, request, status_out, err) : NULL;
	if (now &&
		(!json_is_true(json_object_get(now, "known")) || json_is_true(json_object_get(now, "stale"))))
		*status_out = assay_error_set(err, ASSAY_EREFUSED, "uncertainty-unknown",
			"数据不足或过期（%.40s），得不出不确定度",
			"the data are too few or too old (%.40s) for an uncertainty",
			*lab_text(now, "reason") ? lab_text(now, "reason") : "stale");
	if (*status_out == ASSAY_OK) {
		signature = lab_sign(lab, actor, "uncertainty adopted", json_deep_copy(now), err);
		*status_out = signature ? ASSAY_OK : ASSAY_ENOMEM;
		(void)json_object_set_new(now, "reason", lab_string(reason));
		(void)json_object_set_new(now, "who", json_string(actor->name));
		(void)json_object_set_new(now, "signature", signature);
	}
	if (*status_out == ASSAY_OK)
		*status_out = lab_append(lab, ASSAY_ENTRY_UNCERTAINTY, json_incref(now), NULL, err);
	json_decref(now);
	return *status_out == ASSAY_OK ? show(lab, request, actor, status_out, err) : NULL;
}

const struct lab_command lab_quality_commands[] = {{"qc.proficiency.add", add}, {"qc.proficiency.list", list},
	{"qc.uncertainty.show", show}, {"qc.uncertainty.adopt", adopt}, {NULL, NULL}};
