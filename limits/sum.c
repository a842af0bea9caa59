/* SPDX-License-Identifier: Apache-2.0
 * Limits on more than one analyte: a sum of parts, a ratio of two, a sum of shares of several limits. standards.md
 * sections 3, 4 and 6.1. Fractions throughout, no term is rounded. */
#include "limits/judging.h"

#include "limits/unit.h"

#include <stdio.h>
#include <string.h>

static const struct assay_fraction one = {1, 1};

static char lower_case(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool assay_name_among(const char *names, const char *name)
{
	size_t wanted = strlen(name);

	for (const char *at = names; *at; at += strspn(at, "|")) {
		size_t length = strcspn(at, "|"), i = 0;

		while (i < length && i < wanted && lower_case(at[i]) == lower_case(name[i]))
			i++;
		if (i == length && i == wanted)
			return true;
		at += length;
	}
	return false;
}

/* Which part a component is, part_count when it is none. */
static unsigned part_of(const struct assay_analyte *analyte, const char *name)
{
	unsigned part = 0;

	while (part < analyte->part_count && !assay_name_among(analyte->part[part], name))
		part++;
	return part;
}

/* Each component once; what each adds. *open: something keeps the upper end unknown. */
static const char *add_parts(const struct assay_case *c, const struct assay_row *row,
	struct assay_measured *total, const char **open)
{
	const struct assay_question *question = c->question;
	const struct assay_analyte *analyte = &c->specs->analytes[row->analyte];
	bool seen[ASSAY_PARTS_MAX] = {false};

	for (size_t i = 0; i < question->component_count; i++) {
		struct assay_measured value;
		unsigned part = part_of(analyte, question->components[i].name);
		const char *reason;

		if (part == analyte->part_count)
			return "component-unknown";
		if (seen[part])
			return "component-twice";
		seen[part] = true;
		reason = assay_measure(c, row, question->components[i].text, &one, ASSAY_NO_PLACE, &value);
		if (reason)
			return reason;
		if (!value.has_interval) {
			if (value.reported.kind != ASSAY_REPORTED_NOT_DETECTED)
				return "result-kind";
			*open = "lod-not-stated";
			continue;
		}
		if (value.reported.kind != ASSAY_REPORTED_NUMBER)
			total->reported.kind = value.reported.kind;
		if (assay_interval_add(&total->interval, &value.interval) != ASSAY_OK)
			return "overflow";
		ASSAY_NOTE(c, "组分 %s：%s", "part %s: %s", question->components[i].name,
			question->components[i].text);
	}
	for (unsigned i = 0; i < analyte->part_count; i++)
		if (!seen[i])
			*open = "component-missing";
	return NULL;
}

/* The total of the components against the bounds, when they are given as they should be. */
static const char *compare_parts(const struct assay_case *c, const struct assay_row *row,
	const struct assay_fraction *limit_factor, const char **open, struct assay_decision *out)
{
	struct assay_measured total;
	struct assay_bounds bounds;
	const char *reason;

	memset(&total, 0, sizeof total);
	total.has_interval = true;
	total.reported.kind = ASSAY_REPORTED_NUMBER;
	total.interval.lo.d = total.interval.hi.d = 1;
	total.scale = one;
	total.unit = row->unit;
	reason = add_parts(c, row, &total, open);
	if (!reason)
		reason = assay_row_bounds(c, row, limit_factor, &bounds);
	if (!reason && c->question->rule != ASSAY_RULE_SIMPLE && *open)
		reason = *open;
	if (reason)
		return reason;
	total.interval.no_hi = total.interval.no_hi || *open != NULL;
	assay_compare(c, row, &bounds, &total, out);
	return NULL;
}

void assay_judge_sum(const struct assay_case *c, const struct assay_row *row,
	const struct assay_fraction *factor, struct assay_decision *out)
{
	struct assay_fraction limit_factor;
	bool dried_open = false;
	const char *open = NULL, *reason = NULL;

	if (c->question->component_count == 0) { /* a sum that was reported as one figure */
		assay_judge_numeric(c, row, factor, out);
		return;
	}
	if (c->question->result_count || c->question->value || c->question->has_exact)
		reason = "several-results";
	if (!reason)
		reason = assay_limit_factor(c, &row, &limit_factor, &dried_open);
	out->limit = row->limit;
	if (!reason)
		reason = compare_parts(c, row, &limit_factor, &open, out);
	/* what is missing can only add: a lower end already above the limit stays a fail */
	if (!reason && open && out->kind != ASSAY_VERDICT_FAIL)
		reason = open;
	if (!reason && dried_open && out->kind != ASSAY_VERDICT_PASS)
		reason = "drying-factor-needed";
	if (reason) {
		out->reasons.count = 0;
		assay_undetermined(out, reason);
	}
}

/* ---- a ratio of two analytes ------------------------------------------------------------------------------- */

/* An analyte of this name or one of its other names. */
static bool same_analyte(const struct assay_specs *specs, const char *analyte, const char *name)
{
	uint32_t first, count = assay_specs_names(specs, name, &first);

	for (uint32_t i = 0; i < count; i++)
		if (specs->names[first + i].rank < 2 &&
			strcmp(specs->analytes[specs->names[first + i].analyte].name, analyte) == 0)
			return true;
	return strcmp(analyte, name) == 0;
}

static const char *component(const struct assay_case *c, const char *analyte)
{
	for (size_t i = 0; i < c->question->component_count; i++)
		if (same_analyte(c->specs, analyte, c->question->components[i].name))
			return c->question->components[i].text;
	return NULL;
}

/* "amino acid nitrogen" is aux amino_acid_nitrogen. */
static const char *aux_of(const struct assay_case *c, const char *analyte)
{
	char name[64];
	size_t length = strlen(analyte);

	if (length >= sizeof name)
		return NULL;
	for (size_t i = 0; i <= length; i++)
		name[i] = analyte[i] == ' ' ? '_' : analyte[i];
	return assay_aux(c->question, name);
}

static const char *to_interval(const char *text, struct assay_reported *reported, struct assay_interval *out)
{
	int status = assay_result_text_parse(text, strlen(text), reported);

	if (status != ASSAY_OK)
		return status == ASSAY_EOVERFLOW ? "overflow" : "bad-value";
	if (reported->exponent)
		return "bad-value";
	if (assay_reported_interval(reported, out) == ASSAY_OK)
		return out->lo.n < 0 ? "negative-value" : NULL;
	return reported->kind == ASSAY_REPORTED_NOT_DETECTED ? "lod-not-stated" : "result-kind";
}

static const char *unit_of(const struct assay_reported *reported)
{
	if (reported->kind != ASSAY_REPORTED_NOT_DETECTED)
		return reported->unit;
	return reported->has_lod ? reported->lod_unit : reported->loq_unit;
}

static const char *divide(const char *top_text, const char *bottom_text, struct assay_measured *out)
{
	struct assay_interval top, bottom;
	struct assay_reported below;
	struct assay_fraction ratio = one;
	const char *reason = to_interval(top_text, &out->reported, &top), *top_unit, *bottom_unit;

	if (!reason)
		reason = to_interval(bottom_text, &below, &bottom);
	if (reason)
		return reason;
	top_unit = unit_of(&out->reported);
	bottom_unit = unit_of(&below);
	if (*bottom_unit && !assay_unit_ratio(top_unit, bottom_unit, &ratio))
		return "unit-mismatch";
	if (assay_interval_scale(&top, &ratio) != ASSAY_OK)
		return "overflow";
	if (bottom.no_hi) {
		out->interval.lo.n = 0;
		out->interval.lo.d = 1;
	} else if (bottom.hi.n == 0 ||
		   assay_fraction_apply('/', &top.lo, &bottom.hi, &out->interval.lo) != ASSAY_OK) {
		return bottom.hi.n == 0 ? "ratio-undefined" : "overflow";
	}
	out->interval.no_hi = top.no_hi || bottom.lo.n == 0;
	if (!out->interval.no_hi &&
		assay_fraction_apply('/', &top.hi, &bottom.lo, &out->interval.hi) != ASSAY_OK)
		return "overflow";
	out->interval.lo_open = top.lo_open || bottom.hi_open;
	out->interval.hi_open = top.hi_open || bottom.lo_open;
	if (out->reported.kind == ASSAY_REPORTED_NUMBER && below.kind != ASSAY_REPORTED_NUMBER)
		out->reported.kind = below.kind;
	return NULL;
}

/* A ratio that was reported by itself, in percent. */
static const char *reported_ratio(const char *text, struct assay_measured *out)
{
	struct assay_fraction hundredth = {1, 100};
	const char *reason = to_interval(text, &out->reported, &out->interval);

	if (!reason && strcmp(unit_of(&out->reported), "%") != 0)
		reason = "component-missing";
	if (!reason && assay_interval_scale(&out->interval, &hundredth) != ASSAY_OK)
		reason = "overflow";
	return reason;
}

void assay_judge_ratio(const struct assay_case *c, const struct assay_row *row, struct assay_decision *out)
{
	const char *top = component(c, row->limit->analyte), *bottom = component(c, row->limit->to),
		   *reason = NULL;
	struct assay_measured value;
	struct assay_bounds bounds;

	memset(&value, 0, sizeof value);
	value.has_interval = true;
	value.scale = one;
	value.unit = row->unit;
	value.interval.lo.d = value.interval.hi.d = 1;
	if (!top)
		reason = assay_single_result(c->question, &top);
	if (!bottom)
		bottom = aux_of(c, row->limit->to);
	if (!reason && !top)
		reason = "component-missing";
	if (!reason && c->question->rule != ASSAY_RULE_SIMPLE)
		reason = "decision-not-for-kind";
	if (!reason)
		reason = bottom ? divide(top, bottom, &value) : reported_ratio(top, &value);
	if (!reason)
		reason = assay_row_bounds(c, row, &one, &bounds);
	if (reason) {
		assay_undetermined(out, reason);
		return;
	}
	ASSAY_NOTE(c, "比值：%s ÷ %s", "ratio: %s / %s", top, bottom ? bottom : "-");
	assay_compare(c, row, &bounds, &value, out);
}

/* ---- shares of several limits ------------------------------------------------------------------------------- */

/* Is a's bound below b's, whatever units they are printed in? */
static bool narrower(const struct assay_row *a, const struct assay_row *b)
{
	struct assay_fraction bound = a->upper;
	int exponent;

	return assay_unit_exponent(a->unit, b->unit, &exponent) &&
	       assay_fraction_shift(&bound, exponent) == ASSAY_OK &&
	       assay_fraction_compare(&bound, &b->upper) < 0;
}

/* The row that permits most narrowly, of those found for one additive; a limit of the amount used only when there is none
 * for what is found in the food. NULL when it is not permitted here. */
static const struct assay_row *permitting(
	const struct assay_case *c, const struct assay_found *found, const struct assay_fraction **factor)
{
	const struct assay_row *best = NULL;

	*factor = &one;
	for (unsigned i = 0; i < found->count; i++) {
		const struct assay_row *row = &c->specs->rows[found->row[i]];
		bool use = strcmp(row->limit->measure, "use") == 0;
		bool best_use = best && strcmp(best->limit->measure, "use") == 0;

		if (row->kind != ASSAY_KIND_LE && row->kind != ASSAY_KIND_LT)
			continue;
		if (best && (use != best_use ? use : !narrower(row, best)))
			continue;
		best = row;
		*factor = &found->factor[i];
	}
	return best;
}

/* The group an additive belongs to in this standard, "" none. */
static const char *group_of(const struct assay_case *c, uint32_t analyte)
{
	for (size_t i = 0; i < c->specs->row_count; i++)
		if (c->specs->rows[i].standard == c->standard && c->specs->rows[i].analyte == analyte)
			return c->specs->rows[i].limit->group;
	return "";
}

struct shares {
	struct assay_interval total;
	const char *group; /* of the first component, to which the others must belong */
	uint32_t seen[32];
	unsigned count;
	bool failed; /* one is above its own limit, or not permitted and found */
	bool unstated;
	const char *open; /* one cannot be determined */
};

/* Is the group one the row sums over? "colour" takes any single hue. */
static bool belongs(const char *group, const char *row_group)
{
	size_t length = strlen(row_group);

	return strncmp(group, row_group, length) == 0 && (group[length] == '\0' || group[length] == ' ');
}

/* A term whose additive is not permitted here fails by itself when it is found. */
static const char *not_permitted_term(const char *text, struct shares *shares)
{
	struct assay_reported reported;

	if (assay_result_text_parse(text, strlen(text), &reported) != ASSAY_OK)
		return "bad-value";
	if (reported.kind == ASSAY_REPORTED_NOT_DETECTED) {
		shares->unstated = shares->unstated || (!reported.has_lod && !reported.has_loq);
		return NULL;
	}
	if (reported.kind == ASSAY_REPORTED_BELOW)
		shares->open = "below-not-nd";
	else if (reported.kind == ASSAY_REPORTED_NUMBER && reported.value.coefficient <= 0)
		shares->open = "zero-not-nd";
	else if (reported.kind == ASSAY_REPORTED_NEGATIVE || reported.kind == ASSAY_REPORTED_POSITIVE)
		return "result-kind";
	else
		shares->failed = true;
	return NULL;
}

/* amount / limit; not detected is nothing (lower bound). */
static const char *term(const struct assay_case *c, const struct assay_row *limit,
	const struct assay_fraction *factor, const char *text, struct shares *shares)
{
	struct assay_measured value;
	struct assay_fraction limit_factor, bound, share;
	const char *reason = assay_measure(c, limit, text, factor, ASSAY_NO_PLACE, &value);
	bool dried_open;

	if (reason)
		return reason;
	if (value.reported.kind == ASSAY_REPORTED_NOT_DETECTED) {
		shares->unstated = shares->unstated || !value.has_interval;
		return NULL;
	}
	if (!value.has_interval)
		return "result-kind";
	reason = assay_limit_factor(c, &limit, &limit_factor, &dried_open);
	if (reason)
		return reason;
	if (assay_fraction_apply('*', &limit->upper, &limit_factor, &bound) != ASSAY_OK || bound.n <= 0 ||
		assay_fraction_apply('/', &one, &bound, &share) != ASSAY_OK)
		return "overflow";
	if (assay_interval_at_most(&value.interval, &bound, limit->kind == ASSAY_KIND_LT) == ASSAY_NO)
		shares->failed = true;
	if (assay_interval_scale(&value.interval, &share) != ASSAY_OK ||
		assay_interval_add(&shares->total, &value.interval) != ASSAY_OK)
		return "overflow";
	return NULL;
}

static const char *add_term(const struct assay_case *c, const struct assay_row *row,
	const struct assay_named_text *component, struct shares *shares)
{
	struct assay_found found;
	const struct assay_row *limit;
	const struct assay_fraction *factor;
	const char *group;

	assay_specs_find(c->specs, c->standard, c->category, component->name, &found);
	if (found.analyte == ASSAY_NONE)
		return "component-unknown";
	if (found.ambiguous)
		return "analyte-ambiguous";
	for (unsigned i = 0; i < shares->count; i++)
		if (shares->seen[i] == found.analyte)
			return "component-twice";
	if (shares->count == sizeof shares->seen / sizeof *shares->seen)
		return "component-unknown";
	shares->seen[shares->count++] = found.analyte;
	group = group_of(c, found.analyte);
	if (!belongs(group, row->limit->group) || (shares->group && strcmp(shares->group, group) != 0))
		return "component-not-in-group";
	shares->group = group;
	limit = permitting(c, &found, &factor);
	ASSAY_NOTE(c, "%s：%s，最大使用量 %s", "%s: %s, limit %s", component->name, component->text,
		limit ? limit->limit->text : "不得使用 not permitted");
	return limit ? term(c, limit, factor, component->text, shares)
		     : not_permitted_term(component->text, shares);
}

/* Another additive of the group is permitted here and is not among the components. */
static bool group_is_whole(const struct assay_case *c, const struct shares *shares)
{
	for (uint32_t analyte = 0; analyte < c->specs->analyte_count; analyte++) {
		struct assay_found found;
		const struct assay_fraction *factor;
		bool seen = false;

		if (!assay_specs_has_analyte(c->specs, c->standard, analyte) || !shares->group ||
			strcmp(group_of(c, analyte), shares->group) != 0)
			continue;
		for (unsigned i = 0; i < shares->count; i++)
			seen = seen || shares->seen[i] == analyte;
		if (seen)
			continue;
		assay_specs_find(
			c->specs, c->standard, c->category, c->specs->analytes[analyte].name, &found);
		if (permitting(c, &found, &factor))
			return false;
	}
	return true;
}

void assay_judge_ratio_sum(
	const struct assay_case *c, const struct assay_row *row, struct assay_decision *out)
{
	struct shares shares;
	struct assay_measured value;
	struct assay_bounds bounds;
	const char *reason = NULL;

	memset(&shares, 0, sizeof shares);
	shares.total.lo.d = shares.total.hi.d = 1;
	if (c->question->component_count < 2)
		reason = "component-missing";
	else if (c->question->rule != ASSAY_RULE_SIMPLE || c->question->compare == ASSAY_COMPARE_ROUNDED)
		reason = "decision-not-for-kind";
	for (size_t i = 0; i < c->question->component_count && !reason; i++)
		reason = add_term(c, row, &c->question->components[i], &shares);
	if (!reason)
		reason = assay_row_bounds(c, row, &one, &bounds);
	if (reason) {
		assay_undetermined(out, reason);
		return;
	}
	memset(&value, 0, sizeof value);
	value.has_interval = true;
	value.interval = shares.total;
	value.scale = one;
	value.unit = row->unit;
	value.reported.kind = ASSAY_REPORTED_NUMBER;
	assay_compare(c, row, &bounds, &value, out);
	if (shares.failed) {
		out->reasons.count = 0;
		out->kind = ASSAY_VERDICT_FAIL;
		ASSAY_NOTE(c, "有一种超过自身的限量或不得使用：不符合",
			"one is above its own limit or not permitted: does not conform");
	} else if (shares.open && out->kind == ASSAY_VERDICT_PASS) {
		assay_undetermined(out, shares.open);
	}
	if (out->kind != ASSAY_VERDICT_PASS)
		return;
	if (shares.unstated)
		assay_reason_add(&out->reasons, "lod-not-stated");
	if (!group_is_whole(c, &shares))
		assay_reason_add(&out->reasons, "sum-scope");
}
