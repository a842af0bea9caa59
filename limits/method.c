/* SPDX-License-Identifier: Apache-2.0
 * readings in slots -> result: a method's formula, its checks, its duplicates, one rounding at the end. */
#include "limits/formula.h"
#include "limits/limits.h"

#include <stdio.h>
#include <string.h>

#define DISPLAY_PLACES 6 /* of intermediate figures, cut with their (+)/(-) mark */

static const struct assay_slot *find_slot(const struct assay_method *method, const char *name, size_t length)
{
	for (unsigned i = 0; i < method->slot_count; i++)
		if (strlen(method->slot[i].name) == length &&
			strncmp(method->slot[i].name, name, length) == 0)
			return &method->slot[i];
	return NULL;
}

static const struct assay_slot_value *find_value(const struct assay_slot_value *values, size_t count,
	const char *slot, unsigned replicate, unsigned ordinal)
{
	for (size_t i = 0; i < count; i++)
		if (values[i].replicate == replicate && values[i].ordinal == ordinal &&
			strcmp(values[i].slot, slot) == 0)
			return &values[i];
	return NULL;
}

/* Weighings so far: the highest ordinal with no hole below it. */
static unsigned weighings(
	const struct assay_slot_value *values, size_t count, const char *slot, unsigned replicate)
{
	unsigned ordinal = 0;

	while (find_value(values, count, slot, replicate, ordinal + 1))
		ordinal++;
	return ordinal;
}

static bool within(
	const struct assay_decimal *a, const struct assay_decimal *b, const struct assay_decimal *most)
{
	struct assay_fraction left = assay_fraction_of(a), right = assay_fraction_of(b),
			      limit = assay_fraction_of(most);

	if (assay_fraction_apply('-', &left, &right, &left) != ASSAY_OK)
		return false;
	if (left.n < 0)
		left.n = -left.n;
	return assay_fraction_compare(&left, &limit) <= 0;
}

enum assay_slot_state assay_method_slot_state(const struct assay_method *method, const char *name,
	unsigned replicate, const struct assay_slot_value *values, size_t count)
{
	const struct assay_slot *slot = find_slot(method, name, strlen(name));
	unsigned last;

	if (slot && slot->shared && replicate <= method->replicates)
		replicate = 1;
	if (!slot || replicate < 1 || replicate > method->replicates)
		return ASSAY_SLOT_EMPTY;
	last = weighings(values, count, name, replicate);
	if (last == 0)
		return ASSAY_SLOT_EMPTY;
	if (!slot->constant)
		return ASSAY_SLOT_COMPLETE;
	if (last >= 2 &&
		within(&find_value(values, count, name, replicate, last)->value,
			&find_value(values, count, name, replicate, last - 1)->value, &slot->constant_within))
		return ASSAY_SLOT_COMPLETE;
	return last >= slot->repeat ? ASSAY_SLOT_SPENT : ASSAY_SLOT_MORE;
}

struct scope {
	const struct assay_method *method;
	const struct assay_slot_value *values;
	size_t count;
	unsigned replicate;
};

static int slot_number(void *context, const char *name, size_t length, struct assay_fraction *out)
{
	const struct scope *scope = context;
	const struct assay_slot *slot = find_slot(scope->method, name, length);
	const struct assay_slot_value *last, *before;
	unsigned ordinal, replicate = slot && slot->shared ? 1 : scope->replicate;

	if (!slot)
		return ASSAY_EREFUSED;
	ordinal = weighings(scope->values, scope->count, slot->name, replicate);
	if (ordinal == 0)
		return ASSAY_ENOTFOUND;
	last = find_value(scope->values, scope->count, slot->name, replicate, ordinal);
	if (slot->constant && ordinal >= 2 && strcmp(slot->take, "smaller") == 0) {
		before = find_value(scope->values, scope->count, slot->name, replicate, ordinal - 1);
		if (assay_decimal_compare(&before->value, &last->value) < 0)
			last = before;
	}
	*out = assay_fraction_of(&last->value);
	return ASSAY_OK;
}

/* A figure for people: exact when it is short, else cut and marked. */
static void show(const struct assay_fraction *value, char out[ASSAY_DECIMAL_TEXT_MAX])
{
	struct assay_decimal text;

	if (assay_fraction_round(value, DISPLAY_PLACES, ASSAY_ROUND_HALF_EVEN, &text) != ASSAY_OK) {
		(void)snprintf(out, ASSAY_DECIMAL_TEXT_MAX, "?");
		return;
	}
	while (text.mark == ASSAY_MARK_EXACT && text.scale > 0 && text.coefficient % 10 == 0) {
		text.coefficient /= 10;
		text.scale--;
	}
	(void)assay_decimal_format(&text, out);
}

static void add_calculated(struct assay_result *out, const char *name, unsigned replicate,
	const struct assay_fraction *value, const char *unit)
{
	struct assay_calculated *cell;

	if (out->calculated_count == sizeof out->calculated / sizeof *out->calculated)
		return;
	cell = &out->calculated[out->calculated_count++];
	(void)snprintf(cell->name, sizeof cell->name, "%s", name);
	(void)snprintf(cell->unit, sizeof cell->unit, "%s", unit);
	cell->replicate = replicate;
	show(value, cell->value);
}

static void run_check(
	const struct scope *scope, const struct assay_method_check *check, struct assay_result *out)
{
	struct assay_fraction value, low = assay_fraction_of(&check->low),
				     high = assay_fraction_of(&check->high);
	struct assay_decimal low_copy = check->low, high_copy = check->high;
	char text[ASSAY_DECIMAL_TEXT_MAX], low_text[ASSAY_DECIMAL_TEXT_MAX],
		high_text[ASSAY_DECIMAL_TEXT_MAX];
	bool good;

	if (assay_formula_evaluate(check->formula, slot_number, (void *)(uintptr_t)scope, &value) != ASSAY_OK)
		return;
	add_calculated(out, check->name, scope->replicate, &value, check->unit);
	good = assay_fraction_compare(&value, &low) >= 0 && assay_fraction_compare(&value, &high) <= 0;
	if (!good)
		assay_reason_add(&out->reasons, check->reason);
	show(&value, text);
	(void)assay_decimal_format(&low_copy, low_text);
	(void)assay_decimal_format(&high_copy, high_text);
	assay_step_zh(&out->steps,
		good ? "平行样 %u：%s %s %s，在 %s～%s %s 内（%s）"
		     : "平行样 %u：%s %s %s，不在 %s～%s %s 内（%s）",
		scope->replicate, check->formula, text, check->unit, low_text, high_text, check->unit,
		check->label_zh);
	assay_step_en(&out->steps,
		good ? "replicate %u: %s %s %s, within %s–%s %s (%s)"
		     : "replicate %u: %s %s %s, not within %s–%s %s (%s)",
		scope->replicate, check->formula, text, check->unit, low_text, high_text, check->unit,
		check->label_en);
}

static bool replicate_value(const struct assay_method *method, const struct assay_slot_value *values,
	size_t count, unsigned replicate, struct assay_result *out, struct assay_fraction *value)
{
	struct scope scope = {method, values, count, replicate};
	bool complete = true;
	char text[ASSAY_DECIMAL_TEXT_MAX];
	int status;

	for (unsigned i = 0; i < method->slot_count; i++) {
		enum assay_slot_state state =
			assay_method_slot_state(method, method->slot[i].name, replicate, values, count);

		if (state == ASSAY_SLOT_SPENT)
			assay_reason_add(&out->reasons, "not-constant");
		else if (state != ASSAY_SLOT_COMPLETE)
			assay_reason_add(&out->reasons, "incomplete");
		complete = complete && state == ASSAY_SLOT_COMPLETE;
	}
	for (unsigned i = 0; i < method->check_count; i++)
		run_check(&scope, &method->check[i], out);
	if (!complete)
		return false;
	status = assay_formula_evaluate(method->formula, slot_number, &scope, value);
	if (status != ASSAY_OK) {
		assay_reason_add(&out->reasons, status == ASSAY_EOVERFLOW ? "overflow" : "bad-value");
		return false;
	}
	add_calculated(out, "x", replicate, value, method->unit);
	show(value, text);
	assay_step_add(&out->steps, "平行样 %u：X = %s = %s %s", "replicate %u: X = %s = %s %s", replicate,
		method->formula, text, method->unit);
	return true;
}

static bool in_range(const struct assay_fraction *value, const struct assay_decimal *from, bool beyond)
{
	struct assay_fraction bound = assay_fraction_of(from);

	return assay_fraction_compare(value, &bound) >= (beyond ? 1 : 0);
}

const struct assay_precision *assay_method_precision_at(
	const struct assay_method *method, const struct assay_fraction *mean)
{
	if (method->precision_count == 0)
		return NULL;
	for (unsigned i = 0; i < method->precision_count; i++)
		if (in_range(mean, &method->precision[i].from, method->precision[i].beyond))
			return &method->precision[i];
	return &method->precision[method->precision_count - 1];
}

static int allowed_difference(const struct assay_precision *precision, const struct assay_fraction *mean,
	struct assay_fraction *out)
{
	struct assay_fraction hundred = {100, 1};
	int status = ASSAY_OK;

	*out = assay_fraction_of(&precision->allowed);
	if (!precision->absolute) {
		status = assay_fraction_apply('*', out, mean, out);
		if (status == ASSAY_OK)
			status = assay_fraction_apply('/', out, &hundred, out);
		if (out->n < 0)
			out->n = -out->n;
	}
	return status;
}

/* |x1 - x2| within what the method allows at this level, for the furthest two; equality is accepted (standards.md 7.7). */
static bool duplicates_agree(const struct assay_method *method, const struct assay_fraction *x,
	const struct assay_fraction *mean, struct assay_result *out)
{
	const struct assay_precision *precision = assay_method_precision_at(method, mean);
	struct assay_fraction low = x[0], high = x[0], spread, allowed;
	char spread_text[ASSAY_DECIMAL_TEXT_MAX], allowed_text[ASSAY_DECIMAL_TEXT_MAX],
		rule[ASSAY_DECIMAL_TEXT_MAX];
	bool good;

	for (unsigned i = 1; i < method->replicates; i++) {
		if (assay_fraction_compare(&x[i], &low) < 0)
			low = x[i];
		if (assay_fraction_compare(&x[i], &high) > 0)
			high = x[i];
	}
	if (assay_fraction_apply('-', &high, &low, &spread) != ASSAY_OK ||
		allowed_difference(precision, mean, &allowed) != ASSAY_OK) {
		assay_reason_add(&out->reasons, "overflow");
		return false;
	}
	good = assay_fraction_compare(&spread, &allowed) <= 0;
	show(&spread, spread_text);
	show(&allowed, allowed_text);
	(void)assay_decimal_format(&precision->allowed, rule);
	assay_step_zh(&out->steps, "平行样之差 %s %s %s（允许：%s %s）", spread_text, good ? "≤" : ">",
		allowed_text, precision->absolute ? "绝对差" : "平均值的百分之", rule);
	assay_step_en(&out->steps, "duplicates differ by %s %s %s (allowed: %s %s)", spread_text,
		good ? "≤" : ">", allowed_text, rule,
		precision->absolute ? method->unit : "percent of the mean");
	return good;
}

static void look_at_evidence(
	const struct assay_method *method, const struct assay_evidence_found *found, struct assay_result *out)
{
	for (unsigned i = 0; i < method->evidence_count; i++) {
		const struct assay_method_evidence *rule = &method->evidence[i];
		struct assay_decimal low = rule->low, high = rule->high, min = found[i].min,
				     max = found[i].max;
		char low_text[ASSAY_DECIMAL_TEXT_MAX], high_text[ASSAY_DECIMAL_TEXT_MAX],
			min_text[ASSAY_DECIMAL_TEXT_MAX], max_text[ASSAY_DECIMAL_TEXT_MAX];
		bool inside;

		(void)assay_decimal_format(&low, low_text);
		(void)assay_decimal_format(&high, high_text);
		if (!found[i].present || found[i].count == 0) {
			assay_reason_add(&out->reasons, "evidence-missing");
			assay_step_zh(&out->steps, "%s：没有完整的温度等记录，要求 %s～%s %s", rule->label_zh,
				low_text, high_text, rule->unit);
			assay_step_en(&out->steps, "%s: no complete record, required %s–%s %s",
				rule->label_en, low_text, high_text, rule->unit);
			continue;
		}
		(void)assay_decimal_format(&min, min_text);
		(void)assay_decimal_format(&max, max_text);
		inside = assay_decimal_compare(&min, &low) >= 0 && assay_decimal_compare(&max, &high) <= 0;
		if (!inside)
			assay_reason_add(&out->reasons, "condition-out-of-range");
		assay_step_zh(&out->steps,
			inside ? "%s：%u 个读数 %s～%s %s，在 %s～%s 内"
			       : "%s：%u 个读数 %s～%s %s，超出 %s～%s",
			rule->label_zh, found[i].count, min_text, max_text, rule->unit, low_text, high_text);
		assay_step_en(&out->steps,
			inside ? "%s: %u readings %s–%s %s, within %s–%s"
			       : "%s: %u readings %s–%s %s, outside %s–%s",
			rule->label_en, found[i].count, min_text, max_text, rule->unit, low_text, high_text);
	}
}

static int round_for_report(const struct assay_method *method, const struct assay_fraction *exact,
	struct assay_decimal *out, unsigned *digits)
{
	struct assay_fraction size = *exact;

	if (size.n < 0)
		size.n = -size.n;
	for (unsigned i = 0; i < method->digits_count; i++) {
		if (!in_range(&size, &method->digits[i].from, method->digits[i].beyond))
			continue;
		*digits = method->digits[i].significant ? method->digits[i].significant
							: method->digits[i].places;
		return method->digits[i].significant
			       ? assay_fraction_round_significant(exact, *digits, method->rounding, out)
			       : assay_fraction_round(exact, (int)*digits, method->rounding, out);
	}
	return ASSAY_EREFUSED;
}

/* Below the limit of detection a figure is no figure: "not detected", with the limit stated. */
static bool below_lod(const struct assay_method *method, struct assay_result *out)
{
	const struct assay_decimal *limit = method->has_lod ? &method->lod : &method->loq;
	struct assay_fraction bound = assay_fraction_of(limit);
	char text[ASSAY_DECIMAL_TEXT_MAX];

	if ((!method->has_lod && !method->has_loq) || assay_fraction_compare(&out->exact, &bound) >= 0)
		return false;
	(void)assay_decimal_format(limit, text);
	out->censored = true;
	(void)snprintf(out->value, sizeof out->value, "ND");
	(void)snprintf(out->reported, sizeof out->reported, "ND (%s %s %s)", method->has_lod ? "LOD" : "LOQ",
		text, method->unit);
	assay_step_add(&out->steps, "平均值低于检出(定量)限 %s %s：报告未检出",
		"the mean is below the limit of detection (quantification) %s %s: reported as not detected",
		text, method->unit);
	return true;
}

/* Nothing found is below something, never zero: no colonies are less than one at the lowest dilution (GB 4789.2). A bound
 * that is no whole number from 1 on leaves no result. */
static bool none_found(const struct scope *scope, struct assay_result *out)
{
	const struct assay_method *method = scope->method;
	struct assay_fraction bound, whole;
	struct assay_decimal least;
	char text[ASSAY_DECIMAL_TEXT_MAX];

	if (!*method->none || out->exact.n != 0)
		return false;
	if (assay_formula_evaluate(method->none, slot_number, (void *)(uintptr_t)scope, &bound) != ASSAY_OK ||
		assay_fraction_round(&bound, 0, ASSAY_ROUND_HALF_EVEN, &least) != ASSAY_OK ||
		least.coefficient < 1 ||
		(whole = assay_fraction_of(&least), assay_fraction_compare(&whole, &bound) != 0)) {
		assay_reason_add(&out->reasons, "bad-value");
		return true;
	}
	out->has_value = out->censored = true;
	(void)assay_decimal_format(&least, text);
	(void)snprintf(out->value, sizeof out->value, "<%.60s", text);
	(void)snprintf(out->reported, sizeof out->reported, "%s %s", out->value, method->unit);
	assay_step_add(&out->steps, "什么也没有检出：小于 %s，报告 %s",
		"nothing was found: less than %s, reported %s", text, out->reported);
	return true;
}

static void report(const struct scope *scope, struct assay_result *out)
{
	const struct assay_method *method = scope->method;
	struct assay_decimal rounded;
	char exact[ASSAY_DECIMAL_TEXT_MAX];
	unsigned digits = 0;

	if (none_found(scope, out))
		return;
	if (round_for_report(method, &out->exact, &rounded, &digits) != ASSAY_OK) {
		assay_reason_add(&out->reasons, "overflow");
		return;
	}
	out->has_value = true;
	show(&out->exact, exact);
	if (below_lod(method, out))
		return;
	rounded.mark =
		ASSAY_MARK_EXACT; /* the report prints the rounded value; the comparison uses the exact one */
	(void)assay_decimal_format(&rounded, out->value);
	(void)snprintf(out->reported, sizeof out->reported, "%s %s", out->value, method->unit);
	assay_step_add(&out->steps, "平均值 %s，按 %u 位修约：%s %s", "mean %s, rounded to %u digits: %s %s",
		exact, digits, out->value, method->unit);
}

/* Both below the limit of detection need no pair test; one below and one not is a failure of the pair unless the one is
 * below the limit of quantification. standards.md 7.7. */
static bool pair_good(
	const struct assay_method *method, const struct assay_fraction *x, struct assay_result *out)
{
	struct assay_fraction lod = assay_fraction_of(&method->lod), loq = assay_fraction_of(&method->loq);
	unsigned below = 0;
	bool high = false;

	if (method->has_lod) {
		for (unsigned i = 0; i < method->replicates; i++) {
			below += assay_fraction_compare(&x[i], &lod) < 0;
			high = high || (method->has_loq && assay_fraction_compare(&x[i], &loq) >= 0);
		}
		if (below == method->replicates || (below > 0 && method->has_loq && !high))
			return true;
		if (below > 0) {
			assay_reason_add(&out->reasons, "pair-failed");
			return false;
		}
	}
	if (duplicates_agree(method, x, &out->exact, out))
		return true;
	assay_reason_add(&out->reasons, "duplicate-failed");
	return false;
}

void assay_method_calculate(const struct assay_method *method, const struct assay_slot_value *values,
	size_t count, const struct assay_evidence_found *evidence, struct assay_result *out)
{
	struct assay_fraction x[ASSAY_REPLICATES_MAX], total = {0, 1}, many = {method->replicates, 1};
	bool complete = true, fits = true;

	memset(out, 0, sizeof *out);
	out->exact.d = 1;
	if (method->qualitative) {
		assay_reason_add(&out->reasons, "result-kind"); /* its result is typed as a word */
		return;
	}
	(void)snprintf(out->unit, sizeof out->unit, "%s", method->unit);
	for (unsigned i = 0; i < method->replicates; i++)
		complete = replicate_value(method, values, count, i + 1, out, &x[i]) && complete;
	if (evidence)
		look_at_evidence(method, evidence, out);
	if (!complete)
		return;
	for (unsigned i = 0; i < method->replicates; i++)
		fits = fits && assay_fraction_apply('+', &total, &x[i], &total) == ASSAY_OK;
	fits = fits && assay_fraction_apply('/', &total, &many, &out->exact) == ASSAY_OK;
	if (!fits) {
		assay_reason_add(&out->reasons, "overflow");
		return;
	}
	if (method->replicates > 1)
		(void)pair_good(method, x, out);
	report(&(struct scope){method, values, count, 1}, out);
}
