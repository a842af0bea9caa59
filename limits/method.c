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
	unsigned ordinal;

	if (!slot)
		return ASSAY_EREFUSED;
	ordinal = weighings(scope->values, scope->count, slot->name, scope->replicate);
	if (ordinal == 0)
		return ASSAY_ENOTFOUND;
	last = find_value(scope->values, scope->count, slot->name, scope->replicate, ordinal);
	if (slot->constant && ordinal >= 2 && strcmp(slot->take, "smaller") == 0) {
		before = find_value(scope->values, scope->count, slot->name, scope->replicate, ordinal - 1);
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
	if (good)
		assay_step_add(&out->steps, "平行样 %u：%s %s %s，在 %s～%s %s 内（%s）",
			"replicate %u: %s %s %s, within %s–%s %s (%s)", scope->replicate, check->formula,
			text, check->unit, low_text, high_text, check->unit, check->name);
	else
		assay_step_add(&out->steps, "平行样 %u：%s %s %s，不在 %s～%s %s 内（%s）",
			"replicate %u: %s %s %s, not within %s–%s %s (%s)", scope->replicate, check->formula,
			text, check->unit, low_text, high_text, check->unit, check->name);
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

/* |x1 - x2| <= p % of the mean, for the furthest two; equality is accepted (standards.md 7.7). Exact. */
static bool duplicates_agree(const struct assay_method *method, const struct assay_fraction *x,
	const struct assay_fraction *mean, struct assay_result *out)
{
	struct assay_fraction low = x[0], high = x[0], spread,
			      allowed = assay_fraction_of(&method->difference_percent), hundred = {100, 1};
	struct assay_decimal percent = method->difference_percent;
	char spread_text[ASSAY_DECIMAL_TEXT_MAX], allowed_text[ASSAY_DECIMAL_TEXT_MAX],
		percent_text[ASSAY_DECIMAL_TEXT_MAX];
	bool good;

	for (unsigned i = 1; i < method->replicates; i++) {
		if (assay_fraction_compare(&x[i], &low) < 0)
			low = x[i];
		if (assay_fraction_compare(&x[i], &high) > 0)
			high = x[i];
	}
	if (assay_fraction_apply('-', &high, &low, &spread) != ASSAY_OK ||
		assay_fraction_apply('*', &allowed, mean, &allowed) != ASSAY_OK ||
		assay_fraction_apply('/', &allowed, &hundred, &allowed) != ASSAY_OK) {
		assay_reason_add(&out->reasons, "overflow");
		return false;
	}
	if (allowed.n < 0)
		allowed.n = -allowed.n;
	good = assay_fraction_compare(&spread, &allowed) <= 0;
	show(&spread, spread_text);
	show(&allowed, allowed_text);
	(void)assay_decimal_format(&percent, percent_text);
	if (good)
		assay_step_add(&out->steps, "平行样之差 %s ≤ 平均值的 %s %%（%s）",
			"duplicates differ by %s ≤ %s %% of the mean (%s)", spread_text, percent_text,
			allowed_text);
	else
		assay_step_add(&out->steps, "平行样之差 %s > 平均值的 %s %%（%s）",
			"duplicates differ by %s > %s %% of the mean (%s)", spread_text, percent_text,
			allowed_text);
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

		(void)assay_decimal_format(&low, low_text);
		(void)assay_decimal_format(&high, high_text);
		if (!found[i].present || found[i].count == 0) {
			assay_reason_add(&out->reasons, "evidence-missing");
			assay_step_add(&out->steps, "%s：没有完整的温度等记录，要求 %s～%s %s",
				"%s: no complete record, required %s–%s %s", rule->role, low_text, high_text,
				rule->unit);
			continue;
		}
		(void)assay_decimal_format(&min, min_text);
		(void)assay_decimal_format(&max, max_text);
		if (assay_decimal_compare(&min, &low) < 0 || assay_decimal_compare(&max, &high) > 0) {
			assay_reason_add(&out->reasons, "condition-out-of-range");
			assay_step_add(&out->steps, "%s：%u 个读数 %s～%s %s，超出 %s～%s",
				"%s: %u readings %s–%s %s, outside %s–%s", rule->role, found[i].count,
				min_text, max_text, rule->unit, low_text, high_text);
		} else {
			assay_step_add(&out->steps, "%s：%u 个读数 %s～%s %s，在 %s～%s 内",
				"%s: %u readings %s–%s %s, within %s–%s", rule->role, found[i].count,
				min_text, max_text, rule->unit, low_text, high_text);
		}
	}
}

static void report(const struct assay_method *method, struct assay_result *out)
{
	struct assay_decimal rounded;
	char exact[ASSAY_DECIMAL_TEXT_MAX];
	unsigned significant = 0;
	struct assay_fraction size = out->exact;
	int status = ASSAY_EREFUSED;

	if (size.n < 0)
		size.n = -size.n;
	for (unsigned i = 0; i < method->digits_count && !significant; i++) {
		struct assay_fraction from = assay_fraction_of(&method->digits[i].from);

		if (assay_fraction_compare(&size, &from) >= 0)
			significant = method->digits[i].significant;
	}
	if (significant)
		status = assay_fraction_round_significant(
			&out->exact, significant, ASSAY_ROUND_HALF_EVEN, &rounded);
	if (status != ASSAY_OK) {
		assay_reason_add(&out->reasons, "overflow");
		return;
	}
	rounded.mark =
		ASSAY_MARK_EXACT; /* the report prints the rounded value; the comparison uses the exact one */
	(void)assay_decimal_format(&rounded, out->value);
	out->has_value = true;
	show(&out->exact, exact);
	assay_step_add(&out->steps, "平均值 %s，修约到 %u 位有效数字：%s %s",
		"mean %s, rounded to %u significant digits: %s %s", exact, significant, out->value,
		method->unit);
}

void assay_method_calculate(const struct assay_method *method, const struct assay_slot_value *values,
	size_t count, const struct assay_evidence_found *evidence, struct assay_result *out)
{
	struct assay_fraction x[ASSAY_REPLICATES_MAX], total = {0, 1}, many = {method->replicates, 1};
	bool complete = true, fits = true;

	memset(out, 0, sizeof *out);
	out->exact.d = 1;
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
	if (method->replicates > 1 && !duplicates_agree(method, x, &out->exact, out))
		assay_reason_add(&out->reasons, "duplicate-failed");
	report(method, out);
}
