/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/lab/worksheet.h"

#include "gateway/lab/containers.h"

#include "gateway/lab/query_row.h"

#include <stdio.h>
#include <string.h>

static void column_text(sqlite3_stmt *row, int column, char *out, size_t size)
{
	const char *text = (const char *)sqlite3_column_text(row, column);

	(void)snprintf(out, size, "%s", text ? text : "");
}

static int load_fills(struct assay_lab *lab, struct worksheet *out, struct assay_error *err)
{
	sqlite3_stmt *rows = query_prepare(lab->state, err,
		"SELECT slot, replicate, ordinal, value, unit, typed, seq, coalesce(exchange_seq,-1),"
		" coalesce(exchange_idx,-1) FROM slot WHERE test=?1 AND status='filled'"
		" ORDER BY position, replicate, ordinal",
		"t", out->test);
	int rc;

	if (!rows)
		return ASSAY_EIO;
	while ((rc = sqlite3_step(rows)) == SQLITE_ROW) {
		struct worksheet_fill *fill = &out->fill[out->count];
		char slot[sizeof fill->slot], value[sizeof fill->value];

		column_text(rows, 0, slot, sizeof slot);
		column_text(rows, 3, value, sizeof value);
		if (!worksheet_add(out, slot, (unsigned)sqlite3_column_int(rows, 1),
			    (unsigned)sqlite3_column_int(rows, 2), value))
			break;
		column_text(rows, 4, fill->unit, sizeof fill->unit);
		fill->typed = sqlite3_column_int(rows, 5) != 0;
		fill->fill = sqlite3_column_int64(rows, 6);
		fill->exchange = sqlite3_column_int64(rows, 7);
		fill->idx = sqlite3_column_int64(rows, 8);
	}
	(void)sqlite3_finalize(rows);
	if (rc == SQLITE_ROW)
		return assay_error_set(err, ASSAY_EDAMAGED, "slot-unreadable", "%s：格子里的值读不懂",
			"%s: a value in a slot cannot be read", out->test);
	return rc == SQLITE_DONE ? ASSAY_OK : query_failed(lab->state, err);
}

/* Containers that are missing, and whether a filling was taken back. */
static int load_changes(struct assay_lab *lab, struct worksheet *out, struct assay_error *err)
{
	sqlite3_stmt *rows = query_prepare(lab->state, err,
		"SELECT replicate, max(status='missing'), max(taken_back) FROM slot WHERE test=?1 GROUP BY "
		"replicate",
		"t", out->test);
	int rc;

	if (!rows)
		return ASSAY_EIO;
	while ((rc = sqlite3_step(rows)) == SQLITE_ROW) {
		int replicate = sqlite3_column_int(rows, 0);

		if (replicate >= 1 && replicate <= (int)ASSAY_REPLICATES_MAX)
			out->missing[replicate - 1] = sqlite3_column_int(rows, 1) != 0;
		out->taken_back = out->taken_back || sqlite3_column_int(rows, 2) != 0;
	}
	(void)sqlite3_finalize(rows);
	return rc == SQLITE_DONE ? ASSAY_OK : query_failed(lab->state, err);
}

int worksheet_load(struct assay_lab *lab, const char *test, struct worksheet *out, struct assay_error *err)
{
	sqlite3_stmt *row = query_prepare(lab->state, err,
		"SELECT id, batch, status, evidence_instrument, sheet, method FROM test WHERE id=?1", "t",
		test);
	int rc, status;

	memset(out, 0, sizeof *out);
	if (!row)
		return ASSAY_EIO;
	rc = sqlite3_step(row);
	if (rc == SQLITE_ROW) {
		column_text(row, 0, out->test, sizeof out->test);
		column_text(row, 1, out->batch, sizeof out->batch);
		column_text(row, 2, out->status, sizeof out->status);
		column_text(row, 3, out->evidence_instrument, sizeof out->evidence_instrument);
		out->sheet = json_loads((const char *)sqlite3_column_text(row, 4), 0, NULL);
		out->specs = lab_specs_of(lab, out->batch);
		out->method =
			out->specs ? assay_specs_method(out->specs, (const char *)sqlite3_column_text(row, 5))
				   : NULL;
	}
	(void)sqlite3_finalize(row);
	if (rc == SQLITE_DONE)
		return assay_error_set(err, ASSAY_ENOTFOUND, "test-unknown", "没有这个检验项目：%.80s",
			"there is no test %.80s", test);
	if (rc != SQLITE_ROW)
		return query_failed(lab->state, err);
	if (out->method && strcmp(out->method->file->sha256, lab_text(out->sheet, "method_sha256")) != 0)
		out->method = NULL;
	out->containers = lab_plan_containers(out->sheet);
	status = load_fills(lab, out, err);
	if (status == ASSAY_OK)
		status = load_changes(lab, out, err);
	if (status != ASSAY_OK)
		worksheet_free(out);
	return status;
}

void worksheet_free(struct worksheet *sheet)
{
	json_decref(sheet->sheet);
	sheet->sheet = NULL;
}

bool worksheet_add(
	struct worksheet *sheet, const char *slot, unsigned replicate, unsigned ordinal, const char *value)
{
	struct worksheet_fill *fill = &sheet->fill[sheet->count];
	struct assay_slot_value *number = &sheet->value[sheet->count];

	if (sheet->count == LAB_VALUES_MAX ||
		assay_decimal_parse(value, strlen(value), &number->value) != ASSAY_OK)
		return false;
	memset(fill, 0, sizeof *fill);
	(void)snprintf(fill->slot, sizeof fill->slot, "%s", slot);
	(void)snprintf(fill->value, sizeof fill->value, "%s", value);
	fill->replicate = number->replicate = replicate;
	fill->ordinal = number->ordinal = ordinal;
	fill->exchange = fill->idx = -1;
	number->slot = fill->slot;
	sheet->count++;
	return true;
}

void worksheet_drop(struct worksheet *sheet, size_t index)
{
	for (size_t i = index; i + 1 < sheet->count; i++) {
		sheet->fill[i] = sheet->fill[i + 1];
		sheet->value[i] = sheet->value[i + 1];
		sheet->value[i].slot = sheet->fill[i].slot;
	}
	sheet->count--;
}

size_t worksheet_container(
	const struct worksheet *sheet, unsigned container, struct assay_slot_value out[LAB_VALUES_MAX])
{
	size_t count = 0;

	for (size_t i = 0; i < sheet->count; i++)
		if (sheet->value[i].replicate == container) {
			out[count] = sheet->value[i];
			out[count++].replicate = 1;
		}
	return count;
}

enum assay_slot_state worksheet_slot_state(
	const struct worksheet *sheet, const char *slot, unsigned replicate)
{
	struct assay_slot_value own[LAB_VALUES_MAX];
	size_t count;

	if (!sheet->containers)
		return assay_method_slot_state(sheet->method, slot, replicate, sheet->value, sheet->count);
	count = worksheet_container(sheet, replicate, own);
	return assay_method_slot_state(sheet->method, slot, 1, own, count);
}

bool worksheet_finished(const struct worksheet *sheet)
{
	const struct assay_method *method = sheet->method;
	unsigned replicates;

	if (!method)
		return false;
	replicates = sheet->containers ? sheet->containers : method->replicates;
	for (unsigned i = 0; i < method->slot_count; i++)
		for (unsigned replicate = 1; replicate <= replicates; replicate++) {
			enum assay_slot_state state =
				worksheet_slot_state(sheet, method->slot[i].name, replicate);

			if (!(sheet->containers && sheet->missing[replicate - 1]) &&
				state != ASSAY_SLOT_COMPLETE && state != ASSAY_SLOT_SPENT)
				return false;
		}
	return true;
}

const struct assay_slot *worksheet_slot(
	const struct worksheet *sheet, const char *name, unsigned *position_out)
{
	for (unsigned i = 0; sheet->method && i < sheet->method->slot_count; i++)
		if (strcmp(sheet->method->slot[i].name, name) == 0) {
			*position_out = i;
			return &sheet->method->slot[i];
		}
	return NULL;
}

static json_t *calculated_cell(const struct assay_method *method, const struct assay_calculated *cell)
{
	char low[ASSAY_DECIMAL_TEXT_MAX] = "", high[ASSAY_DECIMAL_TEXT_MAX] = "";
	const char *zh = "结果", *en = "result";

	for (unsigned i = 0; i < method->check_count; i++) {
		const struct assay_method_check *check = &method->check[i];

		if (strcmp(check->name, cell->name) != 0)
			continue;
		zh = check->name_zh;
		en = check->name_en;
		(void)assay_decimal_format(&check->low, low);
		(void)assay_decimal_format(&check->high, high);
	}
	return json_pack("{s:s,s:s,s:s,s:I,s:s,s:s,s:s,s:s}", "name", cell->name, "name_zh", zh, "name_en",
		en, "replicate", (json_int_t)cell->replicate, "value", cell->value, "unit", cell->unit, "low",
		low, "high", high);
}

json_t *worksheet_calculated(const struct worksheet *sheet, const struct assay_result *result)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < result->calculated_count; i++)
		(void)json_array_append_new(list, calculated_cell(sheet->method, &result->calculated[i]));
	return list;
}

int worksheet_changed(struct assay_error *err)
{
	return assay_error_set(err, ASSAY_EREFUSED, "method-changed",
		"方法文件在下达检验后被改过，或登记时的规格已读不出，不能继续。请作废后重新登记",
		"the method's file was changed after the test was ordered, or the specs of that day cannot "
		"be read; void the batch and register it again");
}
