/* SPDX-License-Identifier: Apache-2.0
 * result -> limit -> verdict. Undetermined until a rule holds in full. */
#include "limits/judging.h"

#include "limits/unit.h"

#include <stdio.h>
#include <string.h>

static const struct assay_fraction one = {1, 1};

void assay_undetermined(struct assay_decision *out, const char *code)
{
	assay_reason_add(&out->reasons, code);
	out->kind = ASSAY_VERDICT_UNDETERMINED;
}

static void decision_clear(struct assay_decision *out)
{
	out->kind = ASSAY_VERDICT_UNDETERMINED;
	out->reasons.count = 0;
	out->standard = NULL;
	out->limit = NULL;
	out->not_permitted = out->has_compared = out->converted = false;
}

/* ---- one row ---------------------------------------------------------------------------------------------- */

/* Does the row apply at all? *out is left undetermined for the judge of its kind when it does. */
static bool applies(const struct assay_case *c, const struct assay_row *row, struct assay_decision *out)
{
	if (c->conditions & row->left_out_when) {
		assay_undetermined(out, "rows-left-out");
		return false;
	}
	if ((c->conditions & row->when) != row->when || (c->conditions & row->unless) != 0 ||
		(assay_condition_holds(c, "use-level") && strcmp(row->limit->measure, "residue") == 0)) {
		out->kind = ASSAY_VERDICT_NOT_APPLICABLE;
		assay_reason_add(&out->reasons, "condition-not-met");
		ASSAY_NOTE(c, "限量的条件不成立：%s%s%s", "a condition of the limit does not hold: %s%s%s",
			row->limit->when, *row->limit->unless ? " 除外 unless: " : "", row->limit->unless);
		return false;
	}
	return true;
}

static void judge_row(const struct assay_case *c, const struct assay_row *row,
	const struct assay_fraction *factor, struct assay_decision *out)
{
	decision_clear(out);
	out->standard = &c->specs->standards[c->standard];
	out->limit = row->limit;
	ASSAY_NOTE_ZH(c, "%s，类别 %s，%s：%s", row->limit->standard, row->limit->category,
		row->limit->analyte_zh, row->limit->text);
	ASSAY_NOTE_EN(c, "%s, category %s, %s: %s", row->limit->standard, row->limit->category,
		row->limit->analyte, row->limit->text);
	if (!applies(c, row, out))
		return;
	switch (row->kind) {
	case ASSAY_KIND_LE:
	case ASSAY_KIND_LT:
	case ASSAY_KIND_GE:
	case ASSAY_KIND_GT:
	case ASSAY_KIND_RANGE:
	case ASSAY_KIND_TOL_PM:
		assay_judge_numeric(c, row, factor, out);
		break;
	case ASSAY_KIND_ND:
	case ASSAY_KIND_PROHIBITED:
	case ASSAY_KIND_QUAL_NEGATIVE:
		assay_judge_absence(c, row, factor, out);
		break;
	case ASSAY_KIND_RATIO_LE:
		assay_judge_ratio(c, row, out);
		break;
	case ASSAY_KIND_SUM_LE:
	case ASSAY_KIND_SUM_GE:
		assay_judge_sum(c, row, factor, out);
		break;
	case ASSAY_KIND_RATIO_SUM:
		assay_judge_ratio_sum(c, row, out);
		break;
	case ASSAY_KIND_PLAN2:
	case ASSAY_KIND_PLAN3:
		assay_judge_plan(c, row, out);
		break;
	default:
		assay_undetermined(out, "kind-unsupported");
	}
	if ((out->kind == ASSAY_VERDICT_PASS || out->kind == ASSAY_VERDICT_FAIL) &&
		strcmp(out->limit->confidence, "high") != 0)
		assay_reason_add(&out->reasons, "limit-unverified");
}

/* ---- no row ------------------------------------------------------------------------------------------------ */

static bool has_group(const struct assay_case *c, uint32_t analyte, const char *group)
{
	for (size_t i = 0; i < c->specs->row_count; i++)
		if (c->specs->rows[i].standard == c->standard && c->specs->rows[i].analyte == analyte &&
			strcmp(c->specs->rows[i].limit->group, group) == 0)
			return true;
	return false;
}

/* Rows the standard has and the file does not, or a decision no row can hold. */
static const struct assay_gap *gap_of(const struct assay_case *c, const struct assay_found *found)
{
	for (size_t i = 0; i < c->specs->gap_count; i++) {
		const struct assay_gap *gap = &c->specs->gaps[i];

		if (gap->standard == c->standard && assay_specs_below(c->specs, c->category, gap->category) &&
			(!*gap->group || (found->known && has_group(c, found->analyte, gap->group))))
			return gap;
	}
	return NULL;
}

#define NOT_PERMITTED "不得使用 not permitted"
#define NOT_LISTED "附录A(未列入即不得使用) appendix A (not listed: not permitted)"

/* GB 2760: an additive with rows, none of them here, is not permitted here. */
static void not_permitted(
	const struct assay_case *c, const struct assay_found *found, struct assay_decision *out)
{
	static const struct assay_limit silent = {.standard = "",
		.category = "",
		.analyte = "",
		.analyte_zh = "",
		.cas = "",
		.kind = "prohibited",
		.text = NOT_PERMITTED,
		.unit = "g/kg",
		.basis = "",
		.except = "",
		.method = "",
		.clause = NOT_LISTED,
		.source = "",
		.confidence = "high",
		.only = "",
		.when = "",
		.unless = "",
		.left_out_when = "",
		.convert = "",
		.dilution = "",
		.screen = "",
		.measure = "",
		.group = "",
		.to = "",
		.food_zh = ""};
	struct assay_row row = {.limit = &silent,
		.standard = c->standard,
		.category = c->category,
		.analyte = found->analyte,
		.next = ASSAY_NONE,
		.kind = ASSAY_KIND_PROHIBITED,
		.unit = assay_unit_find(silent.unit)};

	decision_clear(out);
	out->standard = &c->specs->standards[c->standard];
	out->not_permitted = true;
	ASSAY_NOTE(c, "%s 的表A.1 没有该类别及其上级的“%s”：不得使用",
		"%s has no row for %s in this category or above it: not permitted", out->standard->id,
		c->question->analyte);
	assay_judge_absence(c, &row, &one, out);
	out->limit = NULL;
	if (c->specs->no_row_unverified[c->standard] &&
		(out->kind == ASSAY_VERDICT_PASS || out->kind == ASSAY_VERDICT_FAIL))
		assay_reason_add(&out->reasons, "limit-unverified");
}

/* Not listed anywhere in the file: whether it may be used "as needed" is table A.2's question. */
static void note_as_needed(const struct assay_case *c)
{
	const struct assay_category *category = &c->specs->categories[c->category];

	if (*category->a2 >= '0' && *category->a2 <= '9')
		ASSAY_NOTE(c, "该类别是表A.2 例外的第 %s 项：按生产需要适量使用的规定在此不适用",
			"the category is number %s of table A.2: use \"as needed\" does not reach it",
			category->a2);
	else if (*category->a2)
		ASSAY_NOTE(c, "该类别的下级都在表A.2 中：请给出下级类别",
			"all categories below are in table A.2: name the one below");
}

static void no_row(const struct assay_case *c, const struct assay_found *found, struct assay_decision *out)
{
	const struct assay_standard *standard = &c->specs->standards[c->standard];
	const struct assay_gap *gap = gap_of(c, found);
	uint32_t first;

	if (gap) {
		assay_undetermined(out, *gap->group ? "as-needed-review" : "rows-left-out");
		ASSAY_NOTE_ZH(c, "%s", gap->zh);
		ASSAY_NOTE_EN(c, "%s", gap->en);
	} else if (c->specs->lineages[c->category].reach < c->specs->lineages[c->category].count) {
		assay_undetermined(out, "category-restricted");
	} else if (strcmp(standard->no_row, "left-out") == 0) {
		assay_undetermined(out, "rows-left-out");
	} else if (strcmp(standard->no_row, "not-permitted") == 0 && found->known) {
		if (found->ambiguous)
			assay_undetermined(out, "analyte-ambiguous");
		else
			not_permitted(c, found, out);
	} else if (assay_specs_names(c->specs, c->question->analyte, &first)) {
		assay_undetermined(out, "no-limit"); /* known, but nothing this standard speaks of */
	} else {
		assay_undetermined(out, "analyte-unknown");
		note_as_needed(c);
	}
}

/* ---- declared limits --------------------------------------------------------------------------------------- */

static void judge_declared(const struct assay_case *c, const struct assay_declared *declared,
	uint32_t analyte, struct assay_decision *out)
{
	struct assay_limit limit = {.standard = "",
		.category = "",
		.analyte = "",
		.analyte_zh = "",
		.cas = "",
		.basis = "",
		.except = "",
		.method = "",
		.clause = "",
		.only = "",
		.when = "",
		.unless = "",
		.left_out_when = "",
		.convert = "",
		.dilution = "",
		.screen = "",
		.measure = "",
		.group = "",
		.to = "",
		.food_zh = "",
		.kind = declared->kind,
		.unit = declared->unit,
		.source = declared->source,
		.text = declared->bound,
		.confidence = "high"};
	struct assay_row row = {.limit = &limit,
		.standard = c->standard,
		.category = c->category,
		.analyte = analyte,
		.next = ASSAY_NONE};
	bool upper = declared->kind[0] == 'l';
	struct assay_decimal *bound = upper ? &limit.upper : &limit.lower;

	decision_clear(out);
	row.kind = assay_kind_find(declared->kind);
	row.unit = assay_unit_find(declared->unit);
	if (row.kind < ASSAY_KIND_LE || row.kind > ASSAY_KIND_GT || row.unit < 0 ||
		assay_decimal_parse(declared->bound, strlen(declared->bound), bound) != ASSAY_OK) {
		assay_undetermined(out, "declared-invalid");
		return;
	}
	limit.has_upper = upper;
	limit.has_lower = !upper;
	row.lower = assay_fraction_of(&limit.lower);
	row.upper = assay_fraction_of(&limit.upper);
	row.place = bound->scale;
	ASSAY_NOTE(c, "明示指标（%s）：%s %s %s", "declared (%s): %s %s %s", declared->source, declared->kind,
		declared->bound, declared->unit);
	assay_judge_numeric(c, &row, &one, out);
	out->limit = NULL; /* the row was on this stack */
	if (out->kind == ASSAY_VERDICT_FAIL)
		assay_reason_add(&out->reasons, "declared-limit");
}

/* ---- the case ---------------------------------------------------------------------------------------------- */

/* How much a decision weighs when several apply: fail, undetermined, pass, not applicable. */
static int weight(const struct assay_decision *decision)
{
	switch (decision->kind) {
	case ASSAY_VERDICT_FAIL:
		return 4;
	case ASSAY_VERDICT_PASS:
		return 2;
	case ASSAY_VERDICT_NOT_APPLICABLE:
		return 0;
	case ASSAY_VERDICT_UNDETERMINED:
	default:
		return decision->reasons.count == 1 && strcmp(decision->reasons.code[0], "no-limit") == 0 ? 1
													  : 3;
	}
}

size_t assay_decision_strictest(const struct assay_decision *decisions, size_t count)
{
	size_t best = 0;

	for (size_t i = 1; i < count; i++)
		if (weight(&decisions[i]) > weight(&decisions[best]))
			best = i;
	return best;
}

static void keep_strictest(struct assay_decision *kept, const struct assay_decision *next)
{
	if (weight(next) > weight(kept))
		*kept = *next;
}

static void judge_rows(
	const struct assay_case *c, const struct assay_found *found, struct assay_decision *out)
{
	judge_row(c, &c->specs->rows[found->row[0]], &found->factor[0], out);
	for (unsigned i = 1; i < found->count; i++) {
		struct assay_decision next;

		judge_row(c, &c->specs->rows[found->row[i]], &found->factor[i], &next);
		keep_strictest(out, &next);
	}
}

static const char *conditions_of(const struct assay_question *question, uint64_t *out)
{
	*out = 0;
	for (size_t i = 0; i < question->condition_count; i++) {
		uint64_t bit = assay_condition_bit(question->conditions[i], strlen(question->conditions[i]));

		if (!bit)
			return "condition-unknown";
		*out |= bit;
	}
	return NULL;
}

static const char *aux_known(const struct assay_question *question)
{
	static const char *const known[] = {"moisture", "fat", "abv", "density", "dilution", "declared_value",
		"drying_factor", "fresh_moisture", "total_arsenic", "total_mercury", "amino_acid_nitrogen"};

	for (size_t i = 0; i < question->aux_count; i++) {
		size_t j = 0;

		while (j < sizeof known / sizeof *known && strcmp(known[j], question->aux[i].name) != 0)
			j++;
		if (j == sizeof known / sizeof *known)
			return "aux-unknown";
	}
	return NULL;
}

/* Edition and category; a reason when the case cannot be opened. */
static const char *open_case(struct assay_case *c, struct assay_decision *out)
{
	const struct assay_question *question = c->question;
	bool in_force = false;
	const char *reason;

	if (!question->produced || strlen(question->produced) != 10 || !assay_date_valid(question->produced))
		return "date-invalid";
	if (question->tested && (strlen(question->tested) != 10 || !assay_date_valid(question->tested) ||
					strcmp(question->tested, question->produced) < 0))
		return "date-invalid";
	out->standard = assay_specs_standard_at(c->specs, question->standard, question->produced, &in_force);
	if (!out->standard)
		return assay_specs_standard_known(c->specs, question->standard) ? "not-in-force"
										: "standard-unknown";
	if (!in_force)
		return "not-in-force";
	c->standard = (uint32_t)(out->standard - c->specs->standards);
	if (*out->standard->from)
		ASSAY_NOTE(c, "生产日期 %s，适用 %s（%s 起施行）",
			"produced %s: %s applies (in force from %s)", question->produced, out->standard->id,
			out->standard->from);
	else
		ASSAY_NOTE(c, "%s：按标签明示适用", "%s: applies by the label", out->standard->id);
	c->category = assay_specs_category_id(c->specs, out->standard->tree, question->category);
	if (c->category == ASSAY_NONE)
		return "category-unknown";
	if (c->specs->categories[c->category].reserved)
		return "category-reserved";
	reason = conditions_of(question, &c->conditions);
	return reason ? reason : aux_known(question);
}

static void decide(struct assay_case *c, struct assay_decision *out)
{
	struct assay_found found;
	const char *reason;

	decision_clear(out);
	if (!c->question->standard || !c->question->category || !c->question->analyte) {
		assay_undetermined(out, "question-incomplete");
		return;
	}
	reason = open_case(c, out);
	if (reason) {
		assay_undetermined(out, reason);
		return;
	}
	assay_specs_find(c->specs, c->standard, c->category, c->question->analyte, &found);
	if (found.count == 0)
		no_row(c, &found, out);
	else if (found.ambiguous)
		assay_undetermined(out, "analyte-ambiguous");
	else
		judge_rows(c, &found, out);
	for (size_t i = 0; i < c->question->declared_count && found.analyte != ASSAY_NONE; i++) {
		struct assay_decision declared;

		judge_declared(c, &c->question->declared[i], found.analyte, &declared);
		declared.standard = out->standard;
		if (weight(&declared) > weight(out)) {
			declared.limit = out->limit;
			*out = declared;
		}
	}
	for (unsigned i = 0; c->question->reasons && i < c->question->reasons->count; i++)
		assay_undetermined(out, c->question->reasons->code[i]);
}

void assay_decide(
	const struct assay_specs *specs, const struct assay_question *question, struct assay_decision *out)
{
	struct assay_case c = {.specs = specs, .question = question};

	decide(&c, out);
}

static size_t append(char *out, size_t size, size_t at, const char *text)
{
	size_t length = strlen(text);

	if (at + length >= size)
		return at;
	memcpy(out + at, text, length + 1);
	return at + length;
}

static void describe(struct assay_verdict *out)
{
	size_t zh = append(out->text_zh, sizeof out->text_zh, 0, assay_verdict_zh(out->kind)),
	       en = append(out->text_en, sizeof out->text_en, 0, assay_verdict_name(out->kind));

	for (unsigned i = 0; i < out->reasons.count; i++) {
		const struct assay_reason_text *reason = assay_reason_find(out->reasons.code[i]);

		if (zh + strlen(reason->zh) + 8 > sizeof out->text_zh ||
			en + strlen(reason->en) + 8 > sizeof out->text_en)
			break;
		zh = append(out->text_zh, sizeof out->text_zh, zh, i ? "；" : "：");
		zh = append(out->text_zh, sizeof out->text_zh, zh, reason->zh);
		en = append(out->text_en, sizeof out->text_en, en, i ? "; " : ": ");
		en = append(out->text_en, sizeof out->text_en, en, reason->en);
	}
}

void assay_judge(
	const struct assay_specs *specs, const struct assay_question *question, struct assay_verdict *out)
{
	struct assay_case c = {.specs = specs, .question = question, .steps = &out->steps};
	struct assay_decision decision;
	char value[ASSAY_FRACTION_TEXT_MAX + 40];

	out->steps.count = 0;
	decide(&c, &decision);
	out->kind = decision.kind;
	out->reasons = decision.reasons;
	out->standard = decision.standard;
	out->limit = decision.limit;
	out->not_permitted = decision.not_permitted;
	out->compared[0] = '\0';
	out->has_interval = decision.has_compared;
	if (decision.has_compared) {
		const struct assay_limit *limit = decision.limit;
		int places = limit ? (limit->has_upper ? limit->upper.scale : limit->lower.scale) + 4 : 6;

		out->interval = decision.compared;
		assay_show_interval(&decision.compared, places, value);
		(void)snprintf(out->compared, sizeof out->compared, "%s%s%s", value,
			limit && *limit->unit ? " " : "", limit ? limit->unit : "");
	}
	describe(out);
}

const char *assay_verdict_limit(const struct assay_verdict *verdict)
{
	if (verdict->limit)
		return verdict->limit->text;
	return verdict->not_permitted ? NOT_PERMITTED : "";
}

const char *assay_verdict_clause(const struct assay_verdict *verdict)
{
	if (verdict->limit)
		return verdict->limit->clause;
	return verdict->not_permitted ? NOT_LISTED : "";
}

bool assay_retest_allowed(const struct assay_limit *limit)
{
	return !assay_unit_is_count(assay_unit_find(limit->unit)) && limit->n == 0;
}
