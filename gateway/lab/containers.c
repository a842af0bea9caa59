/* SPDX-License-Identifier: Apache-2.0
 * From the slots of n containers to n counts. Their plan judges them (limits/sampling.c). */
#include "gateway/lab/containers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

unsigned lab_plan_containers(const json_t *sheet)
{
	json_int_t n = json_integer_value(json_object_get(json_object_get(sheet, "plan"), "n"));

	return n > 0 && n <= (json_int_t)ASSAY_REPLICATES_MAX ? (unsigned)n : 0;
}

const char *lab_container_sample(const json_t *sheet, unsigned k)
{
	const json_t *list = json_object_get(json_object_get(sheet, "plan"), "containers");
	const char *text = json_string_value(json_array_get(list, k - 1));

	return text ? text : "";
}

static json_t *plan_json(const struct assay_verdict *verdict, const char *batch, unsigned position)
{
	const struct assay_limit *limit = verdict->limit;
	char m[ASSAY_DECIMAL_TEXT_MAX] = "", M[ASSAY_DECIMAL_TEXT_MAX] = "", id[LAB_ID_MAX + 32];
	json_t *containers = json_array();

	if (limit->has_m)
		(void)assay_decimal_format(&limit->m, m);
	if (limit->has_M)
		(void)assay_decimal_format(&limit->M, M);
	for (unsigned k = 1; k <= limit->n; k++) {
		(void)snprintf(id, sizeof id, "%.60s-%u.%u", batch, position, k);
		(void)json_array_append_new(containers, json_string(id));
	}
	return json_pack("{s:s,s:s,s:s,s:i,s:i,s:s,s:s,s:s,s:o}", "standard", verdict->standard->id, "clause",
		limit->clause, "kind", limit->kind, "n", (int)limit->n, "c", (int)limit->c, "m", m, "M", M,
		"unit", limit->unit, "containers", containers);
}

json_t *lab_sampling_plan(struct assay_lab *lab, const struct assay_product *product, const char *produced,
	const struct assay_method *method, const char *batch, unsigned position)
{
	struct assay_verdict *verdict = calloc(1, sizeof *verdict);
	json_t *plan = NULL;

	/* a method with duplicates of its own has no place for containers */
	for (unsigned i = 0; verdict && !plan && method->replicates == 1 && i < product->use_count; i++) {
		const struct assay_question question = {.standard = product->use[i].standard,
			.category = product->use[i].category,
			.analyte = method->analyte,
			.produced = produced,
			.conditions = product->condition,
			.condition_count = product->condition_count,
			.value = "0",
			.unit = method->unit};

		assay_judge(lab->specs, &question, verdict);
		if (verdict->limit && verdict->standard && verdict->limit->n > 1 &&
			verdict->limit->n <= ASSAY_REPLICATES_MAX)
			plan = plan_json(verdict, batch, position);
	}
	free(verdict);
	return plan ? plan : json_null();
}

/* ---- one container -------------------------------------------------------------------------------------------- */

/* Exactly, as a result text; beyond six places with the mark of GB/T 8170. */
static int exact_text(const struct assay_fraction *value, const char *unit, char out[ASSAY_RESULT_TEXT_MAX])
{
	char text[ASSAY_DECIMAL_TEXT_MAX];
	struct assay_decimal decimal;
	int status = ASSAY_OK;

	for (int places = 0; places <= 6; places++) {
		status = assay_fraction_round(value, places, ASSAY_ROUND_HALF_EVEN, &decimal);
		if (status != ASSAY_OK || decimal.mark == ASSAY_MARK_EXACT)
			break;
	}
	if (status != ASSAY_OK)
		return status;
	(void)assay_decimal_format(&decimal, text);
	(void)snprintf(out, ASSAY_RESULT_TEXT_MAX, "%s %s", text, unit);
	return ASSAY_OK;
}

static bool is_bound(const json_t *plan, const char *name, const struct assay_fraction *value)
{
	const char *text = lab_text(plan, name);
	struct assay_decimal bound;
	struct assay_fraction at;

	if (!*text || assay_decimal_parse(text, strlen(text), &bound) != ASSAY_OK)
		return false;
	at = assay_fraction_of(&bound);
	return assay_fraction_compare(&at, value) == 0;
}

/* The reported count; where rounding led exactly to m or M, on which side of it the count lies. */
static void reported_text(
	const json_t *plan, const struct assay_result *one, char out[ASSAY_DECIMAL_TEXT_MAX + 4])
{
	struct assay_decimal rounded;
	struct assay_fraction at;
	const char *mark = "";
	int side;

	if (assay_decimal_parse(one->value, strlen(one->value), &rounded) == ASSAY_OK) {
		at = assay_fraction_of(&rounded);
		side = assay_fraction_compare(&one->exact, &at);
		if (side != 0 && (is_bound(plan, "m", &at) || is_bound(plan, "M", &at)))
			mark = side > 0 ? "(+)" : "(-)";
	}
	(void)snprintf(out, ASSAY_DECIMAL_TEXT_MAX + 4, "%s%s", one->value, mark);
}

/* A presence test counts the finds in its portion: none, or one. */
static void count_finds(const struct worksheet *sheet, const struct assay_slot_value *values, size_t count,
	struct lab_container *out, struct assay_result *one)
{
	const struct assay_method *method = sheet->method;
	const struct assay_decimal *finds = NULL;

	memset(one, 0, sizeof *one);
	for (size_t i = 0; i < count; i++)
		if (strcmp(values[i].slot, method->slot[0].name) == 0)
			finds = &values[i].value;
	if (!finds)
		return;
	if (finds->scale != 0 || finds->coefficient < 0 || finds->coefficient > 1) {
		assay_reason_add(&one->reasons, "bad-value");
		return;
	}
	out->counted = true;
	(void)snprintf(out->value, sizeof out->value, "%d", (int)finds->coefficient);
	(void)snprintf(out->exact, sizeof out->exact, "%d", (int)finds->coefficient);
	(void)snprintf(out->judged, sizeof out->judged, "%d %s", (int)finds->coefficient, method->unit);
}

static void count_colonies(const struct worksheet *sheet, const struct assay_slot_value *values, size_t count,
	const struct assay_evidence_found *found, struct lab_container *out, struct assay_result *one)
{
	assay_method_calculate(sheet->method, values, count, found, one);
	if (!one->has_value)
		return;
	if (one->censored) {
		(void)snprintf(out->value, sizeof out->value, "%s", one->value);
		(void)snprintf(out->judged, sizeof out->judged, "%s", one->reported);
	} else if (exact_text(&one->exact, sheet->method->unit, out->judged) == ASSAY_OK) {
		reported_text(json_object_get(sheet->sheet, "plan"), one, out->value);
		(void)assay_fraction_format(&one->exact, out->exact);
	} else {
		assay_reason_add(&one->reasons, "overflow");
		return;
	}
	out->counted = true;
}

/* ---- all of them ---------------------------------------------------------------------------------------------- */

static void note_container(const struct worksheet *sheet, unsigned k, const struct lab_container *container,
	struct assay_step_list *steps)
{
	const char *sample = lab_container_sample(sheet->sheet, k), *unit = sheet->method->unit;

	if (container->counted && strchr(container->value, '('))
		assay_step_add(steps, "样品 %u（%s）：%s %s，修约前 %s；修约后恰为 m 或 M，按修约前判定",
			"container %u (%s): %s %s, before rounding %s; rounded it is exactly m or M and is "
			"judged "
			"unrounded",
			k, sample, container->value, unit, container->judged);
	else if (container->counted)
		assay_step_add(steps, "样品 %u（%s）：%s %s，修约前 %s",
			"container %u (%s): %s %s, before rounding %s", k, sample, container->value, unit,
			container->judged);
	else if (sheet->missing[k - 1])
		assay_step_add(steps, "样品 %u（%s）：缺失，没有结果",
			"container %u (%s): missing, no result", k, sample);
}

static void add_cells(const struct assay_result *one, unsigned k, struct assay_result *all)
{
	size_t room = sizeof all->calculated / sizeof *all->calculated;

	for (unsigned i = 0; i < one->calculated_count && all->calculated_count < room; i++) {
		struct assay_calculated *cell = &all->calculated[all->calculated_count++];

		*cell = one->calculated[i];
		cell->replicate = k;
	}
}

static void add_reasons(const struct assay_result *one, struct assay_result *all)
{
	if (one->reasons.count == 0)
		return;
	for (unsigned i = 0; i < one->reasons.count; i++)
		assay_reason_add(&all->reasons, one->reasons.code[i]);
	for (unsigned i = 0; i < one->steps.count; i++) {
		assay_step_zh(&all->steps, "%s", one->steps.step[i].zh);
		assay_step_en(&all->steps, "%s", one->steps.step[i].en);
	}
}

static void list_values(struct lab_containers *containers)
{
	size_t at = 0;

	for (unsigned i = 0; i < containers->n && at + ASSAY_DECIMAL_TEXT_MAX + 8 < sizeof containers->value;
		i++)
		at += (size_t)snprintf(containers->value + at, sizeof containers->value - at, "%s%s",
			i ? "; " : "", containers->of[i].counted ? containers->of[i].value : "—");
}

static void count_all(const struct worksheet *sheet, const struct assay_evidence_found *found,
	struct assay_slot_value *values, struct assay_result *one, struct lab_outcome *out)
{
	struct lab_containers *containers = &out->containers;

	containers->n = sheet->containers;
	out->result.exact.d = 1;
	(void)snprintf(out->result.unit, sizeof out->result.unit, "%s", sheet->method->unit);
	for (unsigned k = 1; k <= sheet->containers; k++) {
		struct lab_container *container = &containers->of[k - 1];
		size_t count = worksheet_container(sheet, k, values);

		memset(one, 0, sizeof *one);
		if (!sheet->missing[k - 1] && sheet->method->qualitative)
			count_finds(sheet, values, count, container, one);
		else if (!sheet->missing[k - 1])
			count_colonies(sheet, values, count, found, container, one);
		containers->counted += container->counted;
		note_container(sheet, k, container, &out->result.steps);
		add_cells(one, k, &out->result);
		add_reasons(one, &out->result);
	}
	out->result.has_value = containers->counted > 0;
	list_values(containers);
}

int lab_calculate(const struct worksheet *sheet, const struct assay_evidence_found *found,
	struct lab_outcome *out, struct assay_error *err)
{
	struct assay_slot_value *values;
	struct assay_result *one;
	int status = ASSAY_OK;

	memset(out, 0, sizeof *out);
	if (!sheet->containers) {
		assay_method_calculate(sheet->method, sheet->value, sheet->count, found, &out->result);
		return ASSAY_OK;
	}
	values = calloc(LAB_VALUES_MAX, sizeof *values);
	one = calloc(1, sizeof *one);
	if (values && one)
		count_all(sheet, found, values, one, out);
	else
		status = lab_no_memory(err);
	free(one);
	free(values);
	return status;
}

json_t *lab_containers_json(const struct worksheet *sheet, const struct lab_outcome *outcome)
{
	json_t *list = json_array();

	for (unsigned k = 1; k <= outcome->containers.n; k++) {
		const struct lab_container *container = &outcome->containers.of[k - 1];

		(void)json_array_append_new(
			list, json_pack("{s:i,s:s,s:s,s:s,s:s,s:s,s:s}", "container", (int)k, "sample",
				      lab_container_sample(sheet->sheet, k), "state",
				      container->counted      ? "counted"
				      : sheet->missing[k - 1] ? "missing"
							      : "none",
				      "value", container->value, "unit", sheet->method->unit, "exact",
				      container->exact, "judged", container->judged));
	}
	return list;
}
