/* SPDX-License-Identifier: Apache-2.0
 * The register of control materials 质控物质: certified and in-house controls, blanks, spikes and check weights. A row is one
 * certified value for one method; a material certified for several has a row for each. */
#include "gateway/lab/control.h"
#include "gateway/lab/fields.h"
#include "gateway/lab/query_row.h"
#include "gateway/lab/steps.h"

#include <string.h>

#define NUMBER_WIDTH 4u

static const struct lab_field fields[] = {{"kind", LAB_FIELD_TEXT, true}, {"name_zh", LAB_FIELD_TEXT, true},
	{"name_en", LAB_FIELD_TEXT, false}, {"lot", LAB_FIELD_TEXT, true}, {"expires", LAB_FIELD_DATE, true},
	{"level", LAB_FIELD_COUNT, true}, {"method", LAB_FIELD_TEXT, true}, {"value", LAB_FIELD_TEXT, false},
	{"unit", LAB_FIELD_TEXT, false}, {"uncertainty", LAB_FIELD_TEXT, false},
	{"coverage", LAB_FIELD_TEXT, false}, {"certificate", LAB_FIELD_TEXT, false},
	{NULL, LAB_FIELD_TEXT, false}};

static const char *const kinds[] = {"control", "blank", "spike", "check-weight"};

static bool kind_known(const char *kind)
{
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (strcmp(kind, kinds[i]) == 0)
			return true;
	return false;
}

static int decimal(const json_t *row, const char *name, bool above_zero, struct assay_error *err)
{
	const char *text = lab_text(row, name);
	struct assay_decimal value;

	if (assay_decimal_parse(text, strlen(text), &value) == ASSAY_OK &&
		(!above_zero || value.coefficient > 0))
		return ASSAY_OK;
	return above_zero ? assay_error_set(err, ASSAY_EREFUSED, "field-invalid", "%s 要是大于零的小数",
				    "%s must be a decimal above zero", name)
			  : assay_error_set(err, ASSAY_EREFUSED, "field-invalid", "%s 要是小数",
				    "%s must be a decimal", name);
}

/* A certified value comes with its uncertainty and coverage factor, in the unit of the method's results. */
static int check_value(const json_t *row, const struct assay_method *method, struct assay_error *err)
{
	const char *kind = lab_text(row, "kind"), *unit = strcmp(kind, "spike") == 0 ? "%" : method->unit;
	int status;

	if (!*lab_text(row, "value"))
		return strcmp(kind, "check-weight") == 0
			       ? assay_error_set(err, ASSAY_EREFUSED, "field-missing",
					 "砝码要有证书值 value 和允差 uncertainty",
					 "a check weight needs its value and what a reading may be off by "
					 "(uncertainty)")
			       : ASSAY_OK;
	if (strcmp(lab_text(row, "unit"), unit) != 0)
		return assay_error_set(
			err, ASSAY_EREFUSED, "unit-mismatch", "单位要是 %s", "the unit must be %s", unit);
	status = decimal(row, "value", false, err);
	if (status == ASSAY_OK)
		status = decimal(row, "uncertainty", true, err);
	return status == ASSAY_OK ? decimal(row, "coverage", true, err) : status;
}

static int check(struct assay_lab *lab, const json_t *row, struct assay_error *err)
{
	const char *kind = lab_text(row, "kind"), *id = lab_text(row, "method");
	const struct assay_method *method = assay_specs_method(lab->specs, id);

	if (!kind_known(kind))
		return assay_error_set(err, ASSAY_EREFUSED, "field-invalid",
			"kind 要是 control、blank、spike 或 check-weight",
			"kind is control, blank, spike or check-weight");
	if (json_integer_value(json_object_get(row, "level")) > LAB_CONTROLS_MAX)
		return assay_error_set(
			err, ASSAY_EREFUSED, "field-invalid", "level 从 1 到 8", "level counts from 1 to 8");
	if (!method)
		return assay_error_set(err, ASSAY_EREFUSED, "method-unknown", "没有方法 %.60s",
			"there is no method %.60s", id);
	if (method->qualitative)
		return assay_error_set(err, ASSAY_EREFUSED, "method-qualitative",
			"方法 %.60s 没有数值结果，不能作控制图", "method %.60s gives no figure to chart", id);
	return check_value(row, method, err);
}

static int put(struct assay_lab *lab, const char *id, const json_t *row, const char *status,
	const char *reason, const struct assay_actor *actor, struct assay_error *err)
{
	return lab_append(lab, ASSAY_ENTRY_CONTROL_MATERIAL,
		json_pack("{s:s,s:O,s:s,s:s,s:s}", "material", id, "row", row, "status", status, "reason",
			reason, "who", actor->name),
		NULL, err);
}

static json_t *shown(struct assay_lab *lab, const char *id, int *status_out, struct assay_error *err)
{
	return lab_answer_one("material", assay_query_material(lab->state, id, err), status_out, err);
}

static json_t *add(struct assay_lab *lab, const json_t *request, const struct assay_actor *actor,
	int *status_out, struct assay_error *err)
{
	json_t *row = NULL;
	char id[LAB_ID_MAX];

	*status_out = lab_fields(fields, request, NULL, &row, err);
	if (*status_out == ASSAY_OK)
		*status_out = check(lab, row, err);
	if (*status_out == ASSAY_OK)
		*status_out = lab_next_number(lab,
			"SELECT coalesce(max(CAST(substr(id,2) AS INTEGER)),0) FROM control_material", "M",
			NUMBER_WIDTH, id, sizeof id, err);
	if (*status_out == ASSAY_OK)
		*status_out = put(lab, id, row, "in-use", "", actor, err);
	json_decref(row);
	return *status_out == ASSAY_OK ? shown(lab, id, status_out, err) : NULL;
}

static json_t *retire(struct assay_lab *lab, const json_t *request, const struct assay_actor *actor,
	int *status_out, struct assay_error *err)
{
	const char *id = lab_need(request, "material", err),
		   *reason = id ? lab_need(request, "reason", err) : NULL;
	json_t *rows = reason ? query_list(lab->state,
					query_prepare(lab->state, err,
						"SELECT body AS \"{row\" FROM control_material WHERE id=?1",
						"t", id),
					err)
			      : NULL;
	const json_t *row = json_object_get(json_array_get(rows, 0), "row");

	*status_out = !reason ? ASSAY_EREFUSED
		      : !rows ? ASSAY_EIO
		      : row   ? put(lab, id, row, "retired", reason, actor, err)
			    : assay_error_set(err, ASSAY_ENOTFOUND, "material-unknown", "没有质控物质 %.60s",
				      "there is no control material %.60s", id);
	json_decref(rows);
	return *status_out == ASSAY_OK ? shown(lab, id, status_out, err) : NULL;
}

static json_t *list(struct assay_lab *lab, const json_t *request, const struct assay_actor *actor,
	int *status_out, struct assay_error *err)
{
	(void)request;
	(void)actor;
	return lab_answer_one("materials", assay_query_materials(lab->state, err), status_out, err);
}

json_t *lab_material_usable(struct assay_lab *lab, const char *id, int *status_out, struct assay_error *err)
{
	json_t *material = assay_query_material(lab->state, id, err);
	char today[16];

	*status_out = material ? ASSAY_OK : strstr(err->code, "-unknown") ? ASSAY_ENOTFOUND : ASSAY_EIO;
	if (!material)
		return NULL;
	if (strcmp(lab_text(material, "status"), "in-use") != 0)
		*status_out = assay_error_set(err, ASSAY_EREFUSED, "material-retired",
			"质控物质 %.60s 已停用", "control material %.60s is retired", id);
	else if (!lab_today(lab, today) || strcmp(today, lab_text(material, "expires")) > 0)
		*status_out = assay_error_set(err, ASSAY_EREFUSED, "material-expired",
			"质控物质 %.60s 已过期（有效至 %.10s）", "control material %.60s expired on %.10s",
			id, lab_text(material, "expires"));
	if (*status_out == ASSAY_OK)
		return material;
	json_decref(material);
	return NULL;
}

const struct lab_command lab_material_commands[] = {
	{"qc.material.add", add}, {"qc.material.retire", retire}, {"qc.material.list", list}, {NULL, NULL}};
