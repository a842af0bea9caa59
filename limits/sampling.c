/* SPDX-License-Identifier: Apache-2.0
 * Microbiological sampling plans n, c, m, M (GB 4789.1): each container by itself, never averaged. A value of m is
 * acceptable, a value of M is marginal. standards.md section 5. */
#include "limits/judging.h"

#include "limits/unit.h"

#include <string.h>

enum container { GOOD = 0, MARGINAL = 1, BAD = 2 };

/* The best and the worst a container can be. */
struct span {
	enum container best, worst;
};

static enum container class_of(const struct assay_row *row, bool above_m, bool above_M)
{
	if (row->kind == ASSAY_KIND_PLAN3 && above_M)
		return BAD;
	return above_m ? MARGINAL : GOOD;
}

/* Colonies of one filtered portion are whole: below 1 is none. */
static void to_whole(struct assay_interval *value)
{
	if (value->no_hi || !value->hi_open)
		return;
	value->hi.n = (value->hi.n + value->hi.d - 1) / value->hi.d - 1;
	value->hi.d = 1;
	value->hi_open = false;
	if (value->hi.n < 0)
		value->hi.n = 0;
}

static const char *from_interval(const struct assay_case *c, const struct assay_row *row, const char *text,
	struct span *out, bool *unstated)
{
	const struct assay_fraction one = {1, 1};
	struct assay_measured value;
	const char *reason = assay_measure(c, row, text, &one, ASSAY_NO_PLACE, &value);
	enum assay_certainty m, M;

	if (reason)
		return reason;
	if (!value.has_interval) {
		if (value.reported.kind != ASSAY_REPORTED_NOT_DETECTED)
			return "result-kind";
		*unstated = true;
		out->best = GOOD;
		out->worst = class_of(row, true, true);
		return NULL;
	}
	if (assay_unit_is_whole(row->unit))
		to_whole(&value.interval);
	m = assay_interval_at_most(&value.interval, &row->m, false);
	M = assay_interval_at_most(&value.interval, &row->M, false);
	out->best = class_of(row, m == ASSAY_NO, M == ASSAY_NO);
	out->worst = class_of(row, m != ASSAY_YES, M != ASSAY_YES);
	return NULL;
}

/* A presence test in a portion, m = 0: any find is above m. */
static const char *from_presence(
	const struct assay_row *row, const char *text, struct span *out, bool *unstated)
{
	struct assay_reported reported;
	int exponent;
	bool found;

	if (assay_result_text_parse(text, strlen(text), &reported) != ASSAY_OK)
		return "bad-value";
	switch (reported.kind) {
	case ASSAY_REPORTED_NOT_DETECTED:
		*unstated = *unstated || (!reported.has_lod && !reported.has_loq);
		found = false;
		break;
	case ASSAY_REPORTED_NEGATIVE:
		found = false;
		break;
	case ASSAY_REPORTED_DETECTED:
	case ASSAY_REPORTED_POSITIVE:
		found = true;
		break;
	default:
		if (*reported.unit &&
			(assay_unit_find(reported.unit) < 0 ||
				!assay_unit_exponent(assay_unit_find(reported.unit), row->unit, &exponent)))
			return assay_unit_find(reported.unit) < 0 ? "unit-unknown" : "unit-mismatch";
		if (reported.value.coefficient < 0)
			return "negative-value";
		if (reported.kind == ASSAY_REPORTED_BELOW) /* below one find in the portion is none */
			return "below-not-nd";
		found = reported.kind == ASSAY_REPORTED_ABOVE || reported.value.coefficient > 0;
	}
	out->best = out->worst = class_of(row, found, found);
	return NULL;
}

static bool fails(const struct assay_limit *limit, unsigned marginal, unsigned bad)
{
	return bad > 0 || marginal > limit->c;
}

/* The result texts: results, or value as the only one. */
static size_t texts_of(const struct assay_question *question, const char *const **out)
{
	if (question->result_count) {
		*out = question->results;
		return question->result_count;
	}
	*out = &question->value;
	return question->value ? 1 : 0;
}

static void note_plan(const struct assay_case *c, const struct assay_row *row, size_t count,
	const unsigned best[3], const unsigned worst[3])
{
	const struct assay_limit *limit = row->limit;

	ASSAY_NOTE(c, "采样方案：n=%u，c=%u；已有 %zu 个结果", "sampling plan: n=%u, c=%u; %zu results",
		limit->n, limit->c, count);
	ASSAY_NOTE(c, "超过 M：%u 个（至多 %u）；m 与 M 之间(二级法：超过 m)：%u 个（至多 %u）",
		"above M: %u (at most %u); between m and M (two-class: above m): %u (at most %u)", best[BAD],
		worst[BAD], best[MARGINAL], worst[MARGINAL]);
}

/* A reason, NULL when *out is pass or fail. */
static const char *judge_containers(
	const struct assay_case *c, const struct assay_row *row, struct assay_decision *out)
{
	unsigned best[3] = {0}, worst[3] = {0};
	bool unstated = false, portion = assay_unit_is_portion(row->unit);
	const char *const *texts;
	size_t count = texts_of(c->question, &texts);

	if (count == 0)
		return "no-result";
	if (count > row->limit->n)
		return "too-many-results";
	for (size_t i = 0; i < count; i++) {
		struct span span = {GOOD, BAD};
		const char *reason = portion ? from_presence(row, texts[i], &span, &unstated)
					     : from_interval(c, row, texts[i], &span, &unstated);

		if (reason)
			return reason;
		best[span.best]++;
		worst[span.worst]++;
	}
	note_plan(c, row, count, best, worst);
	if (fails(row->limit, best[MARGINAL], best[BAD])) {
		out->kind = ASSAY_VERDICT_FAIL; /* final, whatever the missing containers hold */
		return NULL;
	}
	if (count < row->limit->n)
		return "too-few-results";
	if (fails(row->limit, worst[MARGINAL], worst[BAD]))
		return unstated ? "lod-not-stated" : "lod-above-limit";
	out->kind = ASSAY_VERDICT_PASS;
	if (unstated)
		assay_reason_add(&out->reasons, "lod-not-stated");
	return NULL;
}

void assay_judge_plan(const struct assay_case *c, const struct assay_row *row, struct assay_decision *out)
{
	const char *reason = NULL;

	if (c->question->has_exact)
		reason = "result-kind";
	else if (c->question->rule != ASSAY_RULE_SIMPLE || c->question->compare == ASSAY_COMPARE_ROUNDED)
		reason = "decision-not-for-kind";
	if (!reason)
		reason = judge_containers(c, row, out);
	if (reason)
		assay_undetermined(out, reason);
}
