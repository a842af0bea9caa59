/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/lab/fields.h"

#include "gateway/lab/query_row.h"
#include "gateway/lab/steps.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int refuse(const char *name, const char *zh, const char *en, struct assay_error *err)
{
	int status = assay_error_set(err, ASSAY_EREFUSED, "field-invalid", "%s %s", "%s %s", name, zh);

	if (err)
		(void)snprintf(err->text_en, sizeof err->text_en, "%s %s", name, en);
	return status;
}

bool lab_money(const char *yuan, int64_t *fen_out)
{
	size_t whole = strspn(yuan, "0123456789"), places = 0;
	int64_t fen = 0;

	if (whole == 0 || whole > 9)
		return false;
	if (yuan[whole] == '.') {
		places = strspn(yuan + whole + 1, "0123456789");
		if (places < 1 || places > 2 || yuan[whole + 1 + places])
			return false;
	} else if (yuan[whole]) {
		return false;
	}
	for (size_t i = 0; i < whole; i++)
		fen = fen * 10 + (yuan[i] - '0');
	for (size_t i = 0; i < 2; i++)
		fen = fen * 10 + (i < places ? yuan[whole + 1 + i] - '0' : 0);
	*fen_out = fen;
	return fen <= LAB_FEN_MAX;
}

static int check_list(const struct lab_field *field, const json_t *value, struct assay_error *err)
{
	const json_t *one;
	size_t index;

	if (!json_is_array(value) || json_array_size(value) > LAB_LIST_MAX ||
		(field->needed && json_array_size(value) == 0))
		return refuse(field->name, "要是一列文字", "must be a list of texts", err);
	json_array_foreach(value, index, one)
	{
		json_t *member = json_pack("{s:O}", field->name, one);
		const char *text = member ? lab_need(member, field->name, err) : NULL;

		json_decref(member);
		if (!text)
			return ASSAY_EREFUSED;
	}
	return ASSAY_OK;
}

static int check_text(
	const struct lab_field *field, const json_t *request, const char **text_out, struct assay_error *err)
{
	int64_t fen;
	const char *text =
		field->needed ? lab_need(request, field->name, err) : lab_may(request, field->name, err);

	if (!text)
		return ASSAY_EREFUSED;
	if (field->kind == LAB_FIELD_DATE && *text && (strlen(text) != 10 || !assay_date_valid(text)))
		return refuse(field->name, "要写成 YYYY-MM-DD", "is written YYYY-MM-DD", err);
	if (field->kind == LAB_FIELD_MONEY && *text && !lab_money(text, &fen))
		return refuse(field->name, "要写成元，最多两位小数",
			"is written in yuan with at most two places", err);
	*text_out = text;
	return ASSAY_OK;
}

static int put(json_t *row, const char *name, json_t *value, struct assay_error *err)
{
	return json_object_set_new(row, name, value) == 0 ? ASSAY_OK : lab_no_memory(err);
}

static int missing(const struct lab_field *field, struct assay_error *err)
{
	return assay_error_set(err, ASSAY_EREFUSED, "field-missing", "缺少 %s", "%s is missing", field->name);
}

static int check_field(
	const struct lab_field *field, const json_t *source, json_t *row, struct assay_error *err)
{
	json_t *value = json_object_get(source, field->name);
	const char *text = "";
	int status;

	switch (field->kind) {
	case LAB_FIELD_COUNT:
		if (!value && field->needed)
			return missing(field, err);
		if (value &&
			(!json_is_integer(value) || json_integer_value(value) < (field->needed ? 1 : 0) ||
				json_integer_value(value) > LAB_COUNT_MAX))
			return refuse(field->name, "要是整数", "must be a whole number", err);
		return put(row, field->name, json_integer(json_integer_value(value)), err);
	case LAB_FIELD_LIST:
		if (!value)
			return field->needed ? missing(field, err) : put(row, field->name, json_array(), err);
		status = check_list(field, value, err);
		return status == ASSAY_OK ? put(row, field->name, json_incref(value), err) : status;
	default:
		status = check_text(field, source, &text, err);
		return status == ASSAY_OK ? put(row, field->name, lab_string(text), err) : status;
	}
}

int lab_fields(const struct lab_field *fields, const json_t *request, const json_t *before, json_t **out,
	struct assay_error *err)
{
	json_t *row = json_object();
	int status = row ? ASSAY_OK : lab_no_memory(err);

	for (; status == ASSAY_OK && fields->name; fields++)
		status = check_field(fields,
			before && !json_object_get(request, fields->name) ? before : request, row, err);
	if (status == ASSAY_OK)
		*out = row;
	else
		json_decref(row);
	return status;
}

bool lab_today(const struct assay_lab *lab, char out[16])
{
	time_t now = lab->wall_ns ? (time_t)(lab->wall_ns / 1000000000) : time(NULL);
	struct tm parts;

	return localtime_r(&now, &parts) && strftime(out, 16, "%Y-%m-%d", &parts) > 0;
}

int lab_next_number(struct assay_lab *lab, const char *sql, const char *prefix, unsigned width, char *out,
	size_t size, struct assay_error *err)
{
	sqlite3_stmt *row = query_prepare(lab->state, err, sql, "");
	unsigned long last = 0;
	int rc;

	if (!row)
		return ASSAY_EIO;
	rc = sqlite3_step(row);
	if (rc == SQLITE_ROW)
		last = (unsigned long)sqlite3_column_int64(row, 0);
	(void)sqlite3_finalize(row);
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		return query_failed(lab->state, err);
	(void)snprintf(out, size, "%s%0*lu", prefix, (int)width, last + 1);
	return ASSAY_OK;
}
