/* SPDX-License-Identifier: Apache-2.0
 * What happens to a slot beside filling it: the last filling is taken back, or the container it belongs to is missing. */
#include "gateway/lab/containers.h"
#include "gateway/lab/query_row.h"
#include "gateway/lab/registers.h"
#include "gateway/lab/steps.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The test as it is, open, for somebody who may work on it. */
static int load_open(struct assay_lab *lab, const char *test, const struct assay_actor *actor,
	struct worksheet *sheet, struct assay_error *err)
{
	int status = worksheet_load(lab, test, sheet, err);

	if (status != ASSAY_OK)
		return status;
	if (strcmp(sheet->status, "to-test") != 0 && strcmp(sheet->status, "testing") != 0)
		status = assay_error_set(err, ASSAY_EREFUSED, "test-closed", "%s 已完成或作废，不能再改",
			"%s is done or void, nothing can be changed", test);
	else if (!sheet->method)
		status = worksheet_changed(err);
	else
		status = lab_competent(lab, test, actor->name, err);
	if (status != ASSAY_OK)
		worksheet_free(sheet);
	return status;
}

static int container_of(
	const struct worksheet *sheet, const json_t *request, unsigned *out, struct assay_error *err)
{
	const json_t *number = json_object_get(request, "replicate");
	json_int_t k = json_integer_value(number);

	if (!sheet->containers)
		return assay_error_set(err, ASSAY_EREFUSED, "no-sampling-plan",
			"%s 没有采样方案，没有多份样品", "%s has no sampling plan and no containers",
			sheet->test);
	if (!json_is_integer(number) || k < 1 || k > (json_int_t)sheet->containers)
		return assay_error_set(err, ASSAY_EREFUSED, "replicate-invalid", "样品号要从 1 到 %u",
			"a container is numbered from 1 to %u", sheet->containers);
	*out = (unsigned)k;
	if (sheet->missing[k - 1])
		return assay_error_set(err, ASSAY_EREFUSED, "container-missing", "样品 %u 已登记为缺失",
			"container %u is already missing", *out);
	for (unsigned i = 0; i < sheet->method->slot_count; i++)
		if (worksheet_slot_state(sheet, sheet->method->slot[i].name, *out) != ASSAY_SLOT_COMPLETE)
			return ASSAY_OK;
	return assay_error_set(
		err, ASSAY_EREFUSED, "slot-filled", "样品 %u 已有结果", "container %u has its count", *out);
}

int lab_container_missing(struct assay_lab *lab, const json_t *request, const struct assay_actor *actor,
	struct assay_error *err)
{
	const char *test = lab_need(request, "test", err),
		   *reason = test ? lab_need(request, "reason", err) : NULL;
	struct worksheet *sheet;
	unsigned container = 0;
	int status;

	if (!reason)
		return ASSAY_EREFUSED;
	sheet = calloc(1, sizeof *sheet);
	if (!sheet)
		return lab_no_memory(err);
	status = load_open(lab, test, actor, sheet, err);
	if (status == ASSAY_OK) {
		status = container_of(sheet, request, &container, err);
		if (status == ASSAY_OK)
			status = lab_append(lab, ASSAY_ENTRY_SLOT,
				json_pack("{s:s,s:s,s:i,s:s,s:s,s:s}", "test", sheet->test, "action",
					"missing", "replicate", (int)container, "sample",
					lab_container_sample(sheet->sheet, container), "reason", reason,
					"who", actor->name),
				NULL, err);
		worksheet_free(sheet);
	}
	free(sheet);
	return status == ASSAY_OK ? lab_finish(lab, test, err) : status;
}

/* The filling that was written last; count: none. */
static size_t last_fill(const struct worksheet *sheet)
{
	size_t last = sheet->count;

	for (size_t i = 0; i < sheet->count; i++)
		if (last == sheet->count || sheet->fill[i].fill > sheet->fill[last].fill)
			last = i;
	return last;
}

static int take_back(struct assay_lab *lab, struct worksheet *sheet, const char *reason, const char *who,
	struct assay_error *err)
{
	struct lab_outcome *outcome = calloc(1, sizeof *outcome);
	size_t last = last_fill(sheet);
	struct worksheet_fill was = sheet->fill[last < LAB_VALUES_MAX ? last : 0];
	json_t *body;
	int status = outcome ? ASSAY_OK : lab_no_memory(err);

	if (status == ASSAY_OK && last == sheet->count)
		status = assay_error_set(err, ASSAY_EREFUSED, "nothing-filled", "%s 还没有填任何格子",
			"nothing of %s is filled yet", sheet->test);
	if (status != ASSAY_OK)
		goto out;
	worksheet_drop(sheet, last);
	status = lab_calculate(sheet, NULL, outcome, err);
	if (status != ASSAY_OK)
		goto out;
	body = json_pack("{s:s,s:s,s:s,s:i,s:i,s:s,s:s,s:b,s:I,s:o,s:s,s:s}", "test", sheet->test, "action",
		"taken-back", "slot", was.slot, "replicate", (int)was.replicate, "ordinal", (int)was.ordinal,
		"value", was.value, "unit", was.unit, "typed", was.typed, "fill", (json_int_t)was.fill,
		"calculated", worksheet_calculated(sheet, &outcome->result), "reason", reason, "who", who);
	if (body && was.exchange >= 0) {
		(void)json_object_set_new(body, "exchange", json_integer(was.exchange));
		(void)json_object_set_new(body, "idx", json_integer(was.idx));
	}
	status = lab_append(lab, ASSAY_ENTRY_SLOT, body, NULL, err);
out:
	free(outcome);
	return status;
}

int lab_take_back(struct assay_lab *lab, const json_t *request, const struct assay_actor *actor,
	struct assay_error *err)
{
	const char *test = lab_need(request, "test", err),
		   *reason = test ? lab_need(request, "reason", err) : NULL;
	struct worksheet *sheet;
	int status;

	if (!reason)
		return ASSAY_EREFUSED;
	sheet = calloc(1, sizeof *sheet);
	if (!sheet)
		return lab_no_memory(err);
	status = load_open(lab, test, actor, sheet, err);
	if (status == ASSAY_OK) {
		status = take_back(lab, sheet, reason, actor->name, err);
		worksheet_free(sheet);
	}
	free(sheet);
	return status;
}
