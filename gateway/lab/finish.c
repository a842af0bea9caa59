/* SPDX-License-Identifier: Apache-2.0
 * slots -> result -> verdict, as soon as nothing is missing, all in one group. */
#include "gateway/lab/containers.h"
#include "gateway/lab/control.h"
#include "gateway/lab/evidence.h"
#include "gateway/lab/query_row.h"
#include "gateway/lab/steps.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int overdue_evidence(struct assay_lab *lab, const char *instrument, bool *out, struct assay_error *err)
{
	sqlite3_stmt *row = query_prepare(
		lab->state, err, "SELECT calibrated_until FROM instrument WHERE id=?1", "t", instrument);
	struct timespec now;
	int64_t wall_ns = lab->wall_ns;
	int rc;

	*out = false;
	if (!row)
		return ASSAY_EIO;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	if (wall_ns == 0)
		wall_ns = (int64_t)now.tv_sec * 1000000000;
	rc = sqlite3_step(row);
	if (rc == SQLITE_ROW)
		*out = lab_overdue((const char *)sqlite3_column_text(row, 0), wall_ns);
	(void)sqlite3_finalize(row);
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? ASSAY_OK : query_failed(lab->state, err);
}

/* found has a row for each rule of the method; the list for the entry is a new reference. NULL with err. */
static json_t *gather_evidence(struct assay_lab *lab, const struct worksheet *sheet,
	struct assay_evidence_found *found, struct assay_error *err)
{
	json_t *list = json_array(), *rules = json_object_get(sheet->sheet, "evidence");

	for (unsigned i = 0; list && i < sheet->method->evidence_count; i++) {
		json_t *one = lab_evidence(lab->state, sheet->test, json_array_get(rules, i),
			sheet->evidence_instrument, true, &found[i], err);

		if (!one) {
			json_decref(list);
			return NULL;
		}
		(void)json_array_append_new(list, one);
	}
	return list;
}

static json_t *readings_json(const struct worksheet *sheet)
{
	json_t *list = json_array();

	for (size_t i = 0; i < sheet->count; i++) {
		const struct worksheet_fill *fill = &sheet->fill[i];
		json_t *row = json_pack("{s:s,s:i,s:i,s:s,s:s,s:b,s:I}", "slot", fill->slot, "replicate",
			(int)fill->replicate, "ordinal", (int)fill->ordinal, "value", fill->value, "unit",
			fill->unit, "typed", fill->typed, "fill", (json_int_t)fill->fill);

		if (row && fill->exchange >= 0) {
			(void)json_object_set_new(row, "exchange", json_integer(fill->exchange));
			(void)json_object_set_new(row, "idx", json_integer(fill->idx));
		}
		(void)json_array_append_new(list, row);
	}
	return list;
}

static json_t *result_json(
	const struct worksheet *sheet, const char *id, const struct lab_outcome *outcome, json_t *evidence)
{
	const struct assay_result *result = &outcome->result;
	bool plan = outcome->containers.n > 0;
	char exact[ASSAY_FRACTION_TEXT_MAX] = "";
	json_t *body;

	if (result->has_value && !plan)
		(void)assay_fraction_format(&result->exact, exact);
	body = json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:o,s:o,s:o,s:o,s:o,s:{s:s,s:s,s:s}}", "result", id,
		"test", sheet->test, "batch", sheet->batch, "value",
		!result->has_value ? ""
		: plan             ? outcome->containers.value
				   : result->value,
		"unit", result->unit, "exact", exact, "judged", result->censored ? result->reported : "",
		"reasons", lab_reasons(&result->reasons), "derivation", lab_steps(&result->steps),
		"calculated", worksheet_calculated(sheet, result), "evidence", evidence, "readings",
		readings_json(sheet), "method", "id", sheet->method->id, "file", sheet->method->file->path,
		"sha256", sheet->method->file->sha256);
	if (body && plan &&
		json_object_set_new(body, "containers", lab_containers_json(sheet, outcome)) != 0) {
		json_decref(body);
		body = NULL;
	}
	return body;
}

/* Everything about the test's result, from the state as it is. *evidence_out is a new reference. */
static int work_out(struct assay_lab *lab, const struct worksheet *sheet, struct lab_outcome *outcome,
	json_t **evidence_out, struct assay_error *err)
{
	struct assay_evidence_found found[sizeof sheet->method->evidence / sizeof *sheet->method->evidence];
	struct assay_result *result = &outcome->result;
	bool overdue = false;
	int status = ASSAY_OK;

	memset(found, 0, sizeof found);
	if (sheet->method->evidence_count && sheet->evidence_instrument[0])
		status = overdue_evidence(lab, sheet->evidence_instrument, &overdue, err);
	if (status != ASSAY_OK)
		return status;
	*evidence_out = gather_evidence(lab, sheet, found, err);
	if (!*evidence_out)
		return ASSAY_EIO;
	status = lab_calculate(sheet, found, outcome, err);
	if (status != ASSAY_OK) {
		json_decref(*evidence_out);
		*evidence_out = NULL;
		return status;
	}
	if (overdue)
		assay_reason_add(&result->reasons, "calibration-overdue");
	if (!result->has_value && result->reasons.count == 0)
		assay_reason_add(&result->reasons, "incomplete");
	return ASSAY_OK;
}

static void result_id(const struct worksheet *sheet, char out[LAB_ID_MAX + 8])
{
	(void)snprintf(out, LAB_ID_MAX + 8, "%s.R1", sheet->test);
}

static int conclude(struct assay_lab *lab, const struct worksheet *sheet, struct assay_error *err)
{
	struct lab_outcome *result = calloc(1, sizeof *result);
	json_t *evidence = NULL;
	char id[LAB_ID_MAX + 8];
	bool control = false;
	int status;

	if (!result)
		return lab_no_memory(err);
	status = work_out(lab, sheet, result, &evidence, err);
	result_id(sheet, id);
	if (status == ASSAY_OK)
		status = lab_append(
			lab, ASSAY_ENTRY_RESULT, result_json(sheet, id, result, evidence), NULL, err);
	if (status == ASSAY_OK)
		status = lab_control_done(lab, sheet->test, &control, err);
	if (status == ASSAY_OK && !control)
		status = lab_judge(lab, sheet, id, result, err);
	if (status == ASSAY_OK && !control)
		status = lab_judge_batch(lab, sheet->batch, err);
	free(result);
	return status;
}

int lab_rework(struct assay_lab *lab, const char *test, bool verdict, struct assay_error *err)
{
	struct worksheet *sheet = calloc(1, sizeof *sheet);
	struct lab_outcome *result = calloc(1, sizeof *result);
	json_t *evidence = NULL;
	char id[LAB_ID_MAX + 8];
	int status = ASSAY_ENOMEM;

	if (!sheet || !result) {
		(void)lab_no_memory(err);
		goto out;
	}
	status = worksheet_load(lab, test, sheet, err);
	if (status != ASSAY_OK)
		goto out;
	result_id(sheet, id);
	status = sheet->method ? work_out(lab, sheet, result, &evidence, err) : worksheet_changed(err);
	if (status == ASSAY_OK && verdict)
		status = lab_judge(lab, sheet, id, result, err);
	else if (status == ASSAY_OK)
		status = lab_append(lab, ASSAY_ENTRY_RESULT,
			result_json(sheet, id, result, json_incref(evidence)), NULL, err);
	json_decref(evidence);
	worksheet_free(sheet);
out:
	free(sheet);
	free(result);
	return status;
}

int lab_finish(struct assay_lab *lab, const char *test, struct assay_error *err)
{
	struct worksheet *sheet = calloc(1, sizeof *sheet);
	int status;

	if (!sheet)
		return lab_no_memory(err);
	status = worksheet_load(lab, test, sheet, err);
	if (status == ASSAY_OK) {
		if (strcmp(sheet->status, "testing") == 0 && worksheet_finished(sheet))
			status = conclude(lab, sheet, err);
		worksheet_free(sheet);
	}
	free(sheet);
	return status;
}

/* Ids first: finishing changes the rows that are read. */
static int each_id(struct assay_lab *lab, const char *sql,
	int (*visit)(struct assay_lab *lab, const char *id, struct assay_error *err), struct assay_error *err)
{
	json_t *list = query_list(lab->state, query_prepare(lab->state, err, sql, ""), err), *row;
	size_t index;
	int status = list ? ASSAY_OK : ASSAY_EIO;

	json_array_foreach(list, index, row)
	{
		if (status != ASSAY_OK)
			break;
		status = visit(lab, lab_text(row, "id"), err);
	}
	json_decref(list);
	return status;
}

int assay_lab_due(struct assay_lab *lab, struct assay_error *err)
{
	int status = each_id(lab, "SELECT id FROM test WHERE status='testing' ORDER BY id", lab_finish, err);

	if (status == ASSAY_OK)
		status =
			each_id(lab, "SELECT id FROM batch WHERE verdict='' AND status='testing' ORDER BY id",
				lab_judge_batch, err);
	return status;
}
