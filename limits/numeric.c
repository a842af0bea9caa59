/* SPDX-License-Identifier: Apache-2.0
 * One number against one bound or two, with the total measured first where the standard allows it. */
#include "limits/judging.h"

#include <string.h>

static const struct assay_fraction one = {1, 1};

const char *assay_single_result(const struct assay_question *question, const char **text)
{
	*text = NULL;
	if (question->result_count > 1 ||
		(question->result_count == 1 && (question->value || question->has_exact)))
		return "several-results";
	if (question->component_count)
		return "components-not-for-kind";
	if (question->result_count == 1)
		*text = question->results[0];
	else if (!question->has_exact)
		*text = question->value;
	return *text || question->has_exact ? NULL : "no-result";
}

/* The total below the limit of the part is a pass; above it the part must be measured. GB 2762-2025 tables 3 and 4. */
static const char *screen(const struct assay_case *c, const struct assay_row *row,
	const struct assay_bounds *bounds, struct assay_decision *out)
{
	char name[64] = "";
	struct assay_measured total;
	const char *text, *reason;
	size_t length = strlen(row->limit->screen);

	if (length == 0 || length >= sizeof name)
		return "no-result";
	for (size_t i = 0; i <= length; i++)
		name[i] = row->limit->screen[i] == ' ' ? '_' : row->limit->screen[i];
	text = assay_aux(c->question, name);
	if (!text)
		return "no-result";
	reason = assay_measure(c, row, text, &one, row->place, &total);
	if (reason)
		return reason;
	if (!total.has_interval)
		return total.reported.kind == ASSAY_REPORTED_NOT_DETECTED ? "lod-not-stated" : "result-kind";
	ASSAY_NOTE(c, "先测总量：%s %s", "the total first: %s %s", row->limit->screen, text);
	assay_compare(c, row, bounds, &total, out);
	if (out->kind != ASSAY_VERDICT_PASS) {
		out->kind = ASSAY_VERDICT_UNDETERMINED;
		out->reasons.count = 0;
		return "speciation-required";
	}
	return NULL;
}

/* Dried goods above the fresh food's limit need the concentration factor; below it they pass without. */
static void without_drying_factor(struct assay_decision *out)
{
	if (out->kind == ASSAY_VERDICT_PASS)
		return;
	out->reasons.count = 0;
	assay_undetermined(out, "drying-factor-needed");
}

void assay_judge_numeric(const struct assay_case *c, const struct assay_row *row,
	const struct assay_fraction *factor, struct assay_decision *out)
{
	struct assay_measured value;
	struct assay_bounds bounds;
	struct assay_fraction limit_factor;
	bool dried_open = false, missing;
	const char *text = NULL, *absent = assay_single_result(c->question, &text), *reason;

	reason = assay_limit_factor(c, &row, &limit_factor, &dried_open);
	out->limit = row->limit;
	if (!reason)
		reason = assay_row_bounds(c, row, &limit_factor, &bounds);
	missing = !reason && absent && strcmp(absent, "no-result") == 0;
	if (missing) {
		reason = screen(c, row, &bounds, out);
	} else if (!reason) {
		reason = absent ? absent : assay_measure(c, row, text, factor, row->place, &value);
		if (!reason && !value.has_interval)
			reason = value.reported.kind == ASSAY_REPORTED_NOT_DETECTED ? "lod-not-stated"
										    : "result-kind";
		if (!reason)
			assay_compare(c, row, &bounds, &value, out);
	}
	if (reason) {
		assay_undetermined(out, reason);
		return;
	}
	if (dried_open)
		without_drying_factor(out);
	if (!missing && out->kind == ASSAY_VERDICT_UNDETERMINED && *row->limit->screen &&
		c->question->rule == ASSAY_RULE_SIMPLE &&
		assay_reason_has(&out->reasons, "lod-above-limit")) {
		struct assay_decision total = {.kind = ASSAY_VERDICT_UNDETERMINED};

		if (!screen(c, row, &bounds, &total) && total.kind == ASSAY_VERDICT_PASS && !dried_open) {
			out->kind = ASSAY_VERDICT_PASS;
			out->reasons.count = 0;
		}
	}
}
