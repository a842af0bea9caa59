/* SPDX-License-Identifier: Apache-2.0
 * A number, or an interval, against bounds: full-value or rounded-value comparison (GB/T 8170-2008 clause 4.3), and the
 * decision rules of ILAC-G8:09/2019. */
#include "limits/judging.h"

#include "limits/unit.h"

#include <stdio.h>
#include <string.h>

static const struct assay_fraction one = {1, 1};

/* 10^places as a denominator that can be written directly: value = n / 10^k, few digits. */
static bool as_decimal(const struct assay_fraction *value, struct assay_decimal *out)
{
	assay_int128 d = value->d;
	unsigned scale = 0;

	while (d > 1 && d % 10 == 0 && scale < 27) {
		d /= 10;
		scale++;
	}
	if (d != 1)
		return false;
	out->coefficient = value->n;
	out->scale = (uint8_t)scale;
	out->mark = ASSAY_MARK_EXACT;
	while (out->scale > 0 && out->coefficient % 10 == 0) {
		out->coefficient /= 10;
		out->scale--;
	}
	return true;
}

void assay_show(const struct assay_fraction *value, int places, char out[ASSAY_DECIMAL_TEXT_MAX])
{
	struct assay_decimal text;

	if (!(value->d < assay_power_of_ten(18) && as_decimal(value, &text) && text.scale <= places)) {
		if (assay_fraction_round(value, places, ASSAY_ROUND_HALF_EVEN, &text) != ASSAY_OK) {
			(void)snprintf(out, ASSAY_DECIMAL_TEXT_MAX, "?");
			return;
		}
		while (text.mark == ASSAY_MARK_EXACT && text.scale > 0 && text.coefficient % 10 == 0) {
			text.coefficient /= 10;
			text.scale--;
		}
	}
	(void)assay_decimal_format(&text, out);
}

/* With the digits of the limit as written: 97.0, not 97. */
static void show_as_written(const struct assay_fraction *value, int place, char out[ASSAY_DECIMAL_TEXT_MAX])
{
	struct assay_decimal text;

	if (!(value->d < assay_power_of_ten(18) && as_decimal(value, &text) && text.scale < place)) {
		assay_show(value, place + 4, out);
		return;
	}
	for (; text.scale < place && text.coefficient < assay_power_of_ten(26) &&
		text.coefficient > -assay_power_of_ten(26);
		text.scale++)
		text.coefficient *= 10;
	(void)assay_decimal_format(&text, out);
}

void assay_show_interval(
	const struct assay_interval *value, int places, char out[ASSAY_FRACTION_TEXT_MAX + 40])
{
	char lo[ASSAY_DECIMAL_TEXT_MAX], hi[ASSAY_DECIMAL_TEXT_MAX];
	size_t size = ASSAY_FRACTION_TEXT_MAX + 40;

	assay_show(&value->lo, places, lo);
	if (value->no_hi) {
		(void)snprintf(out, size, ">%s", lo);
		return;
	}
	if (!value->lo_open && !value->hi_open && assay_fraction_compare(&value->lo, &value->hi) == 0) {
		(void)snprintf(out, size, "%s", lo);
		return;
	}
	assay_show(&value->hi, places, hi);
	(void)snprintf(
		out, size, "%c%s, %s%c", value->lo_open ? '(' : '[', lo, hi, value->hi_open ? ')' : ']');
}

bool assay_rule_find(const char *name, enum assay_rule *out)
{
	static const struct {
		const char *name;
		enum assay_rule rule;
	} rules[] = {{"simple", ASSAY_RULE_SIMPLE}, {"simple-acceptance", ASSAY_RULE_SIMPLE},
		{"guard", ASSAY_RULE_GUARD}, {"guard-band", ASSAY_RULE_GUARD}, {"guarded", ASSAY_RULE_GUARD},
		{"guarded-acceptance", ASSAY_RULE_GUARD}, {"non-binary", ASSAY_RULE_NON_BINARY},
		{"nonbinary", ASSAY_RULE_NON_BINARY}, {"guarded-rejection", ASSAY_RULE_REJECTION},
		{"rejection", ASSAY_RULE_REJECTION}};
	char plain[32];
	size_t length = strlen(name);

	if (length >= sizeof plain)
		return false;
	for (size_t i = 0; i <= length; i++)
		plain[i] = name[i] == '_' || name[i] == ' ' ? '-' : name[i];
	for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
		if (strcmp(rules[i].name, plain) == 0) {
			*out = rules[i].rule;
			return true;
		}
	return false;
}

/* ---- bounds ----------------------------------------------------------------------------------------------- */

/* The declared value plus and minus the tolerance, or A(1 +- p %). */
static const char *tolerance(
	const struct assay_case *c, const struct assay_row *row, struct assay_bounds *out)
{
	const char *text = assay_aux(c->question, "declared_value"), *reason;
	struct assay_fraction declared, by = row->upper;
	struct assay_fraction hundredth = {1, 100};

	if (!text)
		return "declared-value-needed";
	reason = assay_aux_number(text, row->unit, &declared);
	if (reason)
		return reason;
	if (row->relative && (assay_fraction_apply('*', &by, &declared, &by) != ASSAY_OK ||
				     assay_fraction_apply('*', &by, &hundredth, &by) != ASSAY_OK))
		return "overflow";
	if (assay_fraction_apply('-', &declared, &by, &out->lower) != ASSAY_OK ||
		assay_fraction_apply('+', &declared, &by, &out->upper) != ASSAY_OK)
		return "overflow";
	out->has_lower = out->has_upper = true;
	return NULL;
}

const char *assay_row_bounds(const struct assay_case *c, const struct assay_row *row,
	const struct assay_fraction *limit_factor, struct assay_bounds *out)
{
	const char *reason = NULL;

	memset(out, 0, sizeof *out);
	out->lower_open = row->limit->lower_open || row->kind == ASSAY_KIND_GT;
	out->upper_open = row->limit->upper_open || row->kind == ASSAY_KIND_LT || row->kind == ASSAY_KIND_ND;
	if (row->kind == ASSAY_KIND_TOL_PM) {
		reason = tolerance(c, row, out);
	} else {
		out->has_lower = row->limit->has_lower;
		out->has_upper = row->limit->has_upper;
		out->lower = row->lower;
		out->upper = (c->conditions & row->alternative_when) ? row->alternative_upper : row->upper;
	}
	if (reason || limit_factor->n == limit_factor->d)
		return reason;
	if ((out->has_lower &&
		    assay_fraction_apply('*', &out->lower, limit_factor, &out->lower) != ASSAY_OK) ||
		(out->has_upper &&
			assay_fraction_apply('*', &out->upper, limit_factor, &out->upper) != ASSAY_OK))
		return "overflow";
	return NULL;
}

static enum assay_certainty within(const struct assay_interval *value, const struct assay_bounds *bounds)
{
	enum assay_certainty low = ASSAY_YES, high = ASSAY_YES;

	if (bounds->has_lower)
		low = assay_interval_at_least(value, &bounds->lower, bounds->lower_open);
	if (bounds->has_upper)
		high = assay_interval_at_most(value, &bounds->upper, bounds->upper_open);
	if (low == ASSAY_NO || high == ASSAY_NO)
		return ASSAY_NO;
	return low == ASSAY_YES && high == ASSAY_YES ? ASSAY_YES : ASSAY_MAYBE;
}

/* Bounds moved by w: inwards with op '-', outwards with '+'. */
static bool moved(
	const struct assay_bounds *bounds, char op, const struct assay_fraction *w, struct assay_bounds *out)
{
	*out = *bounds;
	return (!out->has_upper || assay_fraction_apply(op, &out->upper, w, &out->upper) == ASSAY_OK) &&
	       (!out->has_lower ||
		       assay_fraction_apply(op == '-' ? '+' : '-', &out->lower, w, &out->lower) == ASSAY_OK);
}

/* w = r * U in the unit and on the basis of the limit. */
static const char *guard(const struct assay_case *c, const struct assay_row *row,
	const struct assay_measured *value, struct assay_fraction *out)
{
	const struct assay_question *question = c->question;
	struct assay_reported reported;
	struct assay_fraction ratio = one;
	int exponent, unit = value->unit;

	if (!question->uncertainty)
		return "uncertainty-needed";
	if (assay_result_text_parse(question->uncertainty, strlen(question->uncertainty), &reported) !=
			ASSAY_OK ||
		reported.kind != ASSAY_REPORTED_NUMBER || reported.exponent ||
		reported.value.coefficient < 0 || reported.value.mark != ASSAY_MARK_EXACT)
		return "uncertainty-invalid";
	if (*reported.unit)
		unit = assay_unit_find(reported.unit);
	if (unit != value->unit && (!assay_unit_exponent(unit, value->unit, &exponent) ||
					   assay_fraction_shift(&ratio, exponent) != ASSAY_OK))
		return "uncertainty-invalid";
	*out = assay_fraction_of(&reported.value);
	if (assay_fraction_apply('*', out, &ratio, out) != ASSAY_OK ||
		assay_fraction_apply('*', out, &value->scale, out) != ASSAY_OK)
		return "overflow";
	if (question->guard_ratio) {
		if (assay_aux_number(question->guard_ratio, -1, &ratio))
			return "uncertainty-invalid";
		if (assay_fraction_apply('*', out, &ratio, out) != ASSAY_OK)
			return "overflow";
	}
	(void)row;
	return NULL;
}

/* ---- the rounded-value method ------------------------------------------------------------------------------ */

/* An end that is open lies a little inside: that decides an exact half, as a printed mark does. */
static bool round_end(struct assay_fraction *end, int place, int inside)
{
	struct assay_decimal rounded;

	if (end->n < 0)
		inside = -inside;
	if (assay_fraction_round_near(end, place, inside, ASSAY_ROUND_HALF_EVEN, &rounded) != ASSAY_OK)
		return false;
	*end = assay_fraction_of(&rounded);
	return true;
}

static bool round_interval(struct assay_interval *value, int place)
{
	if (!round_end(&value->lo, place, value->lo_open ? 1 : 0) ||
		(!value->no_hi && !round_end(&value->hi, place, value->hi_open ? -1 : 0)))
		return false;
	value->lo_open = value->hi_open = false;
	return true;
}

/* ---- deciding ---------------------------------------------------------------------------------------------- */

static const char *straddle_reason(const struct assay_measured *value)
{
	if (value->short_digits)
		return "digits-too-few";
	if (value->reported.kind == ASSAY_REPORTED_BELOW ||
		value->reported.kind == ASSAY_REPORTED_NOT_DETECTED)
		return "lod-above-limit";
	return value->reported.kind == ASSAY_REPORTED_ABOVE ? "above-range" : "interval-straddles";
}

static void settle(
	struct assay_decision *out, enum assay_certainty certainty, const struct assay_measured *value)
{
	if (certainty == ASSAY_MAYBE)
		assay_undetermined(out, straddle_reason(value));
	else
		out->kind = certainty == ASSAY_YES ? ASSAY_VERDICT_PASS : ASSAY_VERDICT_FAIL;
}

/* The rules that need the uncertainty. */
static void with_guard(const struct assay_case *c, const struct assay_row *row,
	const struct assay_bounds *bounds, const struct assay_measured *value,
	const struct assay_interval *compared, struct assay_decision *out)
{
	struct assay_fraction w;
	struct assay_bounds inner, outer;
	const char *reason = guard(c, row, value, &w);
	enum assay_certainty simple = within(compared, bounds);
	char text[ASSAY_DECIMAL_TEXT_MAX];

	if (reason || !moved(bounds, '-', &w, &inner) || !moved(bounds, '+', &w, &outer)) {
		assay_undetermined(out, reason ? reason : "overflow");
		return;
	}
	if (c->steps)
		assay_show(&w, row->place + 4, text);
	ASSAY_NOTE(c, "判定规则：保护带 w = r·U = %s %s", "decision rule: guard band w = r*U = %s %s", text,
		row->limit->unit);
	switch (c->question->rule) {
	case ASSAY_RULE_GUARD:
		settle(out, within(compared, &inner), value);
		if (out->kind == ASSAY_VERDICT_FAIL && simple != ASSAY_NO)
			assay_reason_add(&out->reasons, "guard-band");
		return;
	case ASSAY_RULE_NON_BINARY:
		if (within(compared, &inner) == ASSAY_YES)
			out->kind = ASSAY_VERDICT_PASS;
		else if (within(compared, &outer) == ASSAY_NO)
			out->kind = ASSAY_VERDICT_FAIL;
		else
			assay_undetermined(out, simple == ASSAY_YES  ? "conditional-pass"
						: simple == ASSAY_NO ? "conditional-fail"
								     : straddle_reason(value));
		return;
	case ASSAY_RULE_REJECTION:
		if (simple == ASSAY_YES)
			out->kind = ASSAY_VERDICT_PASS;
		else if (within(compared, &outer) == ASSAY_NO)
			out->kind = ASSAY_VERDICT_FAIL;
		else
			assay_undetermined(
				out, simple == ASSAY_NO ? "within-uncertainty" : straddle_reason(value));
		return;
	case ASSAY_RULE_SIMPLE:
	default:
		assay_undetermined(out, "decision-unknown");
	}
}

static void note_comparison(const struct assay_case *c, const struct assay_row *row,
	const struct assay_interval *compared, const struct assay_bounds *bounds, bool rounded,
	const struct assay_decision *out)
{
	char value[ASSAY_FRACTION_TEXT_MAX + 40], low[ASSAY_DECIMAL_TEXT_MAX] = "",
						  high[ASSAY_DECIMAL_TEXT_MAX] = "";
	const char *lower, *upper, *between, *unit;
	static const char *const zh[] = {"不能判定", "符合", "不符合", "不适用"};
	static const char *const en[] = {"undetermined", "conforms", "does not conform", "not applicable"};

	if (!c->steps)
		return;
	if (rounded && !compared->no_hi && assay_fraction_compare(&compared->lo, &compared->hi) == 0)
		show_as_written(&compared->lo, row->place, value);
	else
		assay_show_interval(compared, row->place + 4, value);
	if (bounds->has_lower)
		show_as_written(&bounds->lower, row->place, low);
	if (bounds->has_upper)
		show_as_written(&bounds->upper, row->place, high);
	lower = bounds->has_lower ? (bounds->lower_open ? ">" : "≥") : "";
	upper = bounds->has_upper ? (bounds->upper_open ? "<" : "≤") : "";
	between = bounds->has_lower && bounds->has_upper ? " " : "";
	unit = row->limit->unit;
	assay_step_zh(c->steps, "%s：%s%s%s 与 %s%s%s%s%s 比较，%s", rounded ? "修约值比较" : "全数值比较",
		value, *unit ? " " : "", unit, lower, low, between, upper, high, zh[out->kind]);
	assay_step_en(c->steps, "%s: %s%s%s against %s%s%s%s%s, %s",
		rounded ? "rounded-value comparison" : "full-value comparison", value, *unit ? " " : "", unit,
		lower, low, between, upper, high, en[out->kind]);
}

void assay_compare(const struct assay_case *c, const struct assay_row *row, const struct assay_bounds *bounds,
	const struct assay_measured *value, struct assay_decision *out)
{
	struct assay_interval compared = value->interval;
	bool rounded = row->rounded || c->question->compare == ASSAY_COMPARE_ROUNDED;

	out->has_compared = true;
	if (row->rounded && c->question->compare == ASSAY_COMPARE_FULL) {
		out->compared = compared;
		assay_undetermined(out, "compare-fixed");
		return;
	}
	if (rounded && !round_interval(&compared, row->place)) {
		out->compared = compared;
		assay_undetermined(out, "overflow");
		return;
	}
	out->compared = compared;
	out->converted = rounded || value->scale.n != value->scale.d;
	if (c->question->rule == ASSAY_RULE_SIMPLE)
		settle(out, within(&compared, bounds), value);
	else
		with_guard(c, row, bounds, value, &compared, out);
	if (value->short_digits)
		assay_reason_add(&out->reasons, "digits-too-few");
	note_comparison(c, row, &compared, bounds, rounded, out);
}
