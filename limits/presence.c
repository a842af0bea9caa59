/* SPDX-License-Identifier: Apache-2.0
 * Kinds that ask whether something is there at all: not detectable, not permitted, negative. standards.md sections 3, 4. */
#include "limits/judging.h"

#include "limits/unit.h"

#include <string.h>

/* What a result says of presence. */
enum presence { ABSENT = 1, PRESENT = 2 };

/* Is the result's unit one the row's unit knows? */
static bool comparable(const struct assay_row *row, const char *unit)
{
	int given = *unit ? assay_unit_find(unit) : row->unit, exponent;

	return given == row->unit || assay_unit_exponent(given, row->unit, &exponent) ||
	       (assay_unit_is_mass_fraction(given) && assay_unit_is_mass_volume(row->unit)) ||
	       (assay_unit_is_mass_volume(given) && assay_unit_is_mass_fraction(row->unit));
}

/* A limit of detection against the one the rule names. */
static const char *lod_good(const struct assay_row *row, const struct assay_reported *reported)
{
	const struct assay_decimal *lod = reported->has_lod ? &reported->lod : &reported->loq;
	const char *unit = reported->has_lod ? reported->lod_unit : reported->loq_unit;
	struct assay_fraction given = assay_fraction_of(lod);
	int exponent;

	if (!comparable(row, unit))
		return "unit-mismatch";
	if (!row->has_lod)
		return NULL;
	if (!assay_unit_exponent(assay_unit_find(unit), row->unit, &exponent) ||
		assay_fraction_shift(&given, exponent) != ASSAY_OK)
		return "unit-mismatch";
	return assay_fraction_compare(&given, &row->lod) > 0 ? "lod-above-limit" : NULL;
}

static const char *from_number(
	const struct assay_row *row, const struct assay_reported *reported, enum presence *out)
{
	if (!comparable(row, reported->unit))
		return *reported->unit && assay_unit_find(reported->unit) < 0 ? "unit-unknown"
									      : "unit-mismatch";
	if (reported->exponent && !assay_unit_is_count(row->unit))
		return "bad-value";
	if (reported->kind == ASSAY_REPORTED_BELOW)
		return "below-not-nd";
	if (reported->value.coefficient < 0)
		return "negative-value";
	if (reported->kind == ASSAY_REPORTED_NUMBER && reported->value.coefficient == 0 &&
		reported->value.mark == ASSAY_MARK_EXACT) {
		if (!assay_unit_is_portion(row->unit))
			return "zero-not-nd";
		*out = ABSENT;
		return NULL;
	}
	*out = PRESENT;
	return NULL;
}

/* *unstated: not detected, and no limit of detection stands beside it. */
static const char *presence_of(const struct assay_row *row, const struct assay_reported *reported,
	enum presence *out, bool *unstated)
{
	bool portion = assay_unit_is_portion(row->unit);
	const char *reason;

	switch (reported->kind) {
	case ASSAY_REPORTED_NOT_DETECTED:
		*out = ABSENT;
		*unstated = !reported->has_lod && !reported->has_loq;
		if (*unstated)
			return row->has_lod ? "lod-not-stated" : NULL;
		reason = lod_good(row, reported);
		return reason;
	case ASSAY_REPORTED_DETECTED:
		*out = PRESENT;
		return NULL;
	case ASSAY_REPORTED_NEGATIVE:
	case ASSAY_REPORTED_POSITIVE:
		*out = reported->kind == ASSAY_REPORTED_POSITIVE ? PRESENT : ABSENT;
		return portion || row->kind == ASSAY_KIND_QUAL_NEGATIVE ? NULL : "result-kind";
	case ASSAY_REPORTED_NUMBER:
	case ASSAY_REPORTED_BELOW:
	case ASSAY_REPORTED_ABOVE:
	default:
		return from_number(row, reported, out);
	}
}

/* A prohibited additive may come with an ingredient or be there by nature: no number decides that. */
static const char *excuse(const struct assay_case *c, const struct assay_row *row)
{
	if (row->kind != ASSAY_KIND_PROHIBITED)
		return NULL;
	if (assay_condition_holds(c, "carry-over"))
		return "carry-over-review";
	return assay_condition_holds(c, "natural-background") ? "background-review" : NULL;
}

void assay_judge_absence(const struct assay_case *c, const struct assay_row *row,
	const struct assay_fraction *factor, struct assay_decision *out)
{
	struct assay_reported reported;
	enum presence presence = PRESENT;
	bool unstated = false;
	const char *text = NULL, *reason = assay_single_result(c->question, &text);
	int status;

	if (!reason && row->kind == ASSAY_KIND_ND && row->limit->has_upper && row->upper.n > 0) {
		assay_judge_numeric(c, row, factor, out);
		return;
	}
	if (!reason && !text) { /* an exact number: above zero is a find */
		memset(&reported, 0, sizeof reported);
		reported.kind = ASSAY_REPORTED_NUMBER;
		reported.value.coefficient = c->question->exact.n;
		(void)strncpy(
			reported.unit, c->question->unit ? c->question->unit : "", sizeof reported.unit - 1);
	} else if (!reason) {
		status = assay_result_text_parse(text, strlen(text), &reported);
		if (status != ASSAY_OK)
			reason = status == ASSAY_EOVERFLOW ? "overflow" : "bad-value";
	}
	if (!reason && row->kind == ASSAY_KIND_QUAL_NEGATIVE && reported.kind != ASSAY_REPORTED_NEGATIVE &&
		reported.kind != ASSAY_REPORTED_POSITIVE)
		reason = "result-kind";
	if (!reason)
		reason = presence_of(row, &reported, &presence, &unstated);
	if (!reason && c->question->rule != ASSAY_RULE_SIMPLE)
		reason = "decision-not-for-kind";
	if (!reason && presence == PRESENT)
		reason = excuse(c, row);
	if (reason) {
		assay_undetermined(out, reason);
		return;
	}
	if (unstated)
		assay_reason_add(&out->reasons, "lod-not-stated");
	out->kind = presence == ABSENT ? ASSAY_VERDICT_PASS : ASSAY_VERDICT_FAIL;
	ASSAY_NOTE_ZH(c, "结果 %s：%s", text ? text : "(精确值)",
		presence == ABSENT ? "未检出(阴性)，符合" : "检出(阳性)，不符合");
	ASSAY_NOTE_EN(c, "result %s: %s", text ? text : "(exact value)",
		presence == ABSENT ? "not detected, conforms" : "detected, does not conform");
}
