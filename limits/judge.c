/* SPDX-License-Identifier: Apache-2.0
 * result -> limit -> verdict, by full-value comparison (GB/T 8170-2008 clause 4.3.2). Undetermined until a
 * rule holds in full. */
#include "limits/limits.h"
#include "limits/specs.h"

#include <stdio.h>
#include <string.h>

static void undetermined(struct assay_verdict *out, const char *code)
{
	assay_reason_add(&out->reasons, code);
	out->kind = ASSAY_VERDICT_UNDETERMINED;
}

static bool same_analyte(const struct assay_limit *limit, const char *name)
{
	return strcmp(limit->analyte, name) == 0 || strcmp(limit->analyte_zh, name) == 0 ||
	       (*limit->cas && strcmp(limit->cas, name) == 0);
}

static bool excluded(const struct assay_specs *specs, const struct assay_standard *standard,
	const struct assay_limit *limit, const char *category)
{
	return assay_specs_excluded(specs, standard->tree, limit->except, category);
}

/* Most specific row: the category itself, then its ancestors (GB 2762-2025 clause 3.3). */
static const struct assay_limit *find_limit(const struct assay_specs *specs,
	const struct assay_standard *standard, const char *category, const char *analyte)
{
	const char *level = category;

	for (unsigned depth = 0; level && depth < 32; depth++) {
		for (size_t i = 0; i < standard->limit_count; i++) {
			const struct assay_limit *limit = &standard->limits[i];

			if (strcmp(limit->category, level) == 0 && same_analyte(limit, analyte) &&
				!excluded(specs, standard, limit, category))
				return limit;
		}
		/* A food named inside its category (.X1) never inherits by itself: the category must be asked for. */
		level = strstr(level, ".X") ? NULL : assay_specs_parent(specs, standard->tree, level);
	}
	return NULL;
}

/* Value, one optional blank and a unit. */
static bool parse_value(const char *text, struct assay_decimal *value, char unit[32])
{
	size_t number = strcspn(text, " "), marked = number;

	unit[0] = '\0';
	if (text[number]) {
		const char *rest = text + number + 1;

		if (!*rest || strlen(rest) > 31 || strchr(rest, ' '))
			return false;
		(void)snprintf(unit, 32, "%s", rest);
	}
	if (number > 3 && strncmp(text + number - 3, "(+)", 3) == 0)
		marked = number - 3;
	else if (number > 3 && strncmp(text + number - 3, "(-)", 3) == 0)
		marked = number - 3;
	if (assay_decimal_parse(text, marked, value) != ASSAY_OK)
		return false;
	if (marked != number)
		value->mark = text[marked + 1] == '+' ? ASSAY_MARK_PLUS : ASSAY_MARK_MINUS;
	return true;
}

/* <0, 0, >0; a mark decides what equality of the printed digits means (GB/T 8170 clause 4.3.2, standards.md 1.2).
 * Marks speak of the absolute value. */
static int full_value(const struct assay_fraction *value, int mark, const struct assay_decimal *limit)
{
	struct assay_fraction bound = assay_fraction_of(limit);
	int order = assay_fraction_compare(value, &bound);

	if (order == 0 && mark)
		order = value->n < 0 ? -mark : mark;
	return order;
}

static bool conforms(
	const struct assay_limit *limit, const struct assay_fraction *value, int mark, bool *known)
{
	*known = true;
	if (strcmp(limit->kind, "le") == 0 && limit->has_upper)
		return full_value(value, mark, &limit->upper) <= 0;
	if (strcmp(limit->kind, "lt") == 0 && limit->has_upper)
		return full_value(value, mark, &limit->upper) < 0;
	if (strcmp(limit->kind, "ge") == 0 && limit->has_lower)
		return full_value(value, mark, &limit->lower) >= 0;
	if (strcmp(limit->kind, "gt") == 0 && limit->has_lower)
		return full_value(value, mark, &limit->lower) > 0;
	if (strcmp(limit->kind, "range") == 0 && limit->has_lower && limit->has_upper)
		return full_value(value, mark, &limit->lower) >= 0 &&
		       full_value(value, mark, &limit->upper) <= 0;
	*known = false;
	return false;
}

static void show_compared(
	const struct assay_fraction *value, int mark, const struct assay_limit *limit, char *out, size_t size)
{
	struct assay_decimal text;
	char number[ASSAY_FRACTION_TEXT_MAX];
	int places = (limit->has_upper ? limit->upper.scale : limit->lower.scale) + 4;

	if (assay_fraction_round(value, places, ASSAY_ROUND_HALF_EVEN, &text) != ASSAY_OK) {
		(void)assay_fraction_format(value, number);
	} else {
		while (text.mark == ASSAY_MARK_EXACT && text.scale > 0 && text.coefficient % 10 == 0) {
			text.coefficient /= 10;
			text.scale--;
		}
		if (text.mark == ASSAY_MARK_EXACT)
			text.mark = (int8_t)mark;
		(void)assay_decimal_format(&text, number);
	}
	(void)snprintf(out, size, "%s %s", number, limit->unit);
}

static void compare(const struct assay_question *question, struct assay_verdict *out)
{
	const struct assay_limit *limit = out->limit;
	struct assay_fraction value = question->exact, ratio;
	struct assay_decimal printed;
	char unit[32] = "";
	bool known, good;
	int mark = ASSAY_MARK_EXACT;

	if (!question->has_exact) {
		if (!question->value || !parse_value(question->value, &printed, unit)) {
			undetermined(out, "bad-value");
			return;
		}
		value = assay_fraction_of(&printed);
		mark = printed.mark;
	}
	if (!*unit)
		(void)snprintf(unit, sizeof unit, "%s",
			question->unit && *question->unit ? question->unit : limit->unit);
	if (!assay_unit_ratio(unit, limit->unit, &ratio)) {
		undetermined(out, "unit-mismatch");
		return;
	}
	if (assay_fraction_apply('*', &value, &ratio, &value) != ASSAY_OK) {
		undetermined(out, "overflow");
		return;
	}
	good = conforms(limit, &value, mark, &known);
	if (!known) {
		undetermined(out, "kind-unsupported");
		return;
	}
	show_compared(&value, mark, limit, out->compared, sizeof out->compared);
	assay_step_add(&out->steps, "全数值比较：%s 与 %s，未修约，%s",
		"full-value comparison: %s against %s, not rounded, %s", out->compared, limit->text,
		good ? "符合 conforms" : "不符合 does not conform");
	if (question->reasons && question->reasons->count) {
		for (unsigned i = 0; i < question->reasons->count; i++)
			undetermined(out, question->reasons->code[i]);
		return;
	}
	out->kind = good ? ASSAY_VERDICT_PASS : ASSAY_VERDICT_FAIL;
	if (strcmp(limit->confidence, "high") != 0)
		assay_reason_add(&out->reasons, "limit-unverified");
}

static void describe(struct assay_verdict *out)
{
	char zh[300] = "", en[300] = "";
	size_t zh_length = 0, en_length = 0;

	for (unsigned i = 0; i < out->reasons.count; i++) {
		const struct assay_reason_text *reason = assay_reason_find(out->reasons.code[i]);

		if (zh_length + strlen(reason->zh) + 8 > sizeof zh ||
			en_length + strlen(reason->en) + 8 > sizeof en)
			break;
		zh_length += (size_t)snprintf(
			zh + zh_length, sizeof zh - zh_length, "%s%s", i ? "；" : "：", reason->zh);
		en_length += (size_t)snprintf(
			en + en_length, sizeof en - en_length, "%s%s", i ? "; " : ": ", reason->en);
	}
	(void)snprintf(out->text_zh, sizeof out->text_zh, "%s%s", assay_verdict_zh(out->kind), zh);
	(void)snprintf(out->text_en, sizeof out->text_en, "%s%s", assay_verdict_name(out->kind), en);
}

static void choose_and_compare(
	const struct assay_specs *specs, const struct assay_question *question, struct assay_verdict *out)
{
	bool in_force = false;

	if (!question->produced || strlen(question->produced) != 10 ||
		!assay_date_valid(question->produced)) {
		undetermined(out, "date-invalid");
		return;
	}
	out->standard = assay_specs_standard_at(specs, question->standard, question->produced, &in_force);
	if (!out->standard) {
		undetermined(out, assay_specs_standard_known(specs, question->standard) ? "not-in-force"
											: "standard-unknown");
		return;
	}
	if (!in_force) {
		undetermined(out, "not-in-force");
		return;
	}
	assay_step_add(&out->steps, "生产日期 %s，适用 %s（%s 起施行）",
		"produced %s: %s applies (in force from %s)", question->produced, out->standard->id,
		out->standard->from);
	if (!assay_specs_category_known(specs, out->standard->tree, question->category)) {
		undetermined(out, "category-unknown");
		return;
	}
	out->limit = find_limit(specs, out->standard, question->category, question->analyte);
	if (!out->limit) {
		undetermined(out, "no-limit");
		return;
	}
	assay_step_add(&out->steps, "%s，类别 %s，%s：%s", "%s, category %s, %s: %s", out->standard->id,
		out->limit->category, out->limit->analyte, out->limit->text);
	compare(question, out);
}

void assay_judge(
	const struct assay_specs *specs, const struct assay_question *question, struct assay_verdict *out)
{
	memset(out, 0, sizeof *out);
	choose_and_compare(specs, question, out);
	describe(out);
}
