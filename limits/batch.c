/* SPDX-License-Identifier: Apache-2.0
 * The plan of a product, and the verdict of a batch. standards.md section 7.10. */
#include "limits/judging.h"

#include "limits/unit.h"

#include <string.h>

/* The conditions of a product as bits. */
static uint64_t conditions_of(const struct assay_product *product)
{
	uint64_t bits = 0;

	for (unsigned i = 0; i < product->condition_count; i++)
		bits |= assay_condition_bit(product->condition[i], strlen(product->condition[i]));
	return bits;
}

/* A method in force on the test date whose unit leads to the limit's; the one the row names first. */
static const struct assay_method *method_for(const struct assay_specs *specs, const struct assay_limit *limit,
	const char *analyte, int unit, const char *tested)
{
	const struct assay_method *first =
		limit && *limit->method ? assay_specs_method_on(specs, analyte, limit->method, tested) : NULL;
	uint32_t called, names = assay_specs_names(specs, analyte, &called);
	int exponent;

	if (first && (unit < 0 || assay_unit_exponent(assay_unit_find(first->unit), unit, &exponent)))
		return first;
	for (size_t i = 0; i < specs->method_count; i++) {
		const struct assay_method *method = &specs->methods[i];
		int given;

		if (!assay_method_named(specs, method, analyte, called, names))
			continue;
		given = assay_unit_find(method->unit);
		if ((unit < 0 || assay_unit_exponent(given, unit, &exponent) ||
			    (assay_unit_is_mass_fraction(given) && assay_unit_is_mass_volume(unit)) ||
			    (assay_unit_is_mass_volume(given) && assay_unit_is_mass_fraction(unit))) &&
			strcmp(method->from, tested) <= 0 &&
			(!*method->until || strcmp(tested, method->until) < 0))
			return method;
	}
	return NULL;
}

struct planning {
	const struct assay_specs *specs;
	uint64_t conditions;
	const char *tested;
	assay_plan_visit *visit;
	void *context;
};

static bool row_applies(const struct planning *planning, const struct assay_row *row)
{
	return (planning->conditions & row->when) == row->when && (planning->conditions & row->unless) == 0;
}

/* One analyte of one standard in one category. */
static int plan_analyte(const struct planning *planning, struct assay_plan_item *item, uint32_t standard,
	uint32_t category, uint32_t analyte)
{
	const struct assay_specs *specs = planning->specs;
	struct assay_found found;
	int status = 0;

	assay_specs_find(specs, standard, category, specs->analytes[analyte].name, &found);
	item->analyte = item->analyte_zh = specs->analytes[analyte].name;
	for (unsigned i = 0; i < found.count && status == 0; i++) {
		const struct assay_row *row = &specs->rows[found.row[i]];

		if (row->analyte != analyte)
			continue;
		item->limit = row->limit;
		item->analyte_zh = row->limit->analyte_zh;
		item->applies = row_applies(planning, row);
		item->method = method_for(specs, row->limit, item->analyte, row->unit, planning->tested);
		status = planning->visit(planning->context, item);
	}
	if (found.count || strcmp(item->standard->no_row, "not-permitted") != 0 ||
		specs->lineages[category].reach < specs->lineages[category].count)
		return status;
	for (size_t i = 0; i < specs->row_count; i++)
		if (specs->rows[i].standard == standard && specs->rows[i].analyte == analyte) {
			item->analyte_zh = specs->rows[i].limit->analyte_zh;
			break;
		}
	item->limit = NULL;
	item->applies = true;
	item->method = method_for(specs, NULL, item->analyte, -1, planning->tested);
	return planning->visit(planning->context, item);
}

int assay_plan(const struct assay_specs *specs, const struct assay_product *product, const char *produced,
	const char *tested, assay_plan_visit *visit, void *context, struct assay_error *err)
{
	struct planning planning = {
		specs, conditions_of(product), tested ? tested : produced, visit, context};
	int status = 0;

	if (strlen(produced) != 10 || !assay_date_valid(produced) || strlen(planning.tested) != 10 ||
		!assay_date_valid(planning.tested))
		return assay_error_set(err, ASSAY_EREFUSED, "date-invalid", "日期无效：%s",
			"not a valid date: %s", produced);
	for (unsigned i = 0; i < product->use_count && status == 0; i++) {
		struct assay_plan_item item = {0};
		bool in_force = false;
		uint32_t standard, category;

		item.standard = assay_specs_standard_at(specs, product->use[i].standard, produced, &in_force);
		if (!item.standard || !in_force)
			continue;
		standard = (uint32_t)(item.standard - specs->standards);
		item.category = product->use[i].category;
		item.declared = product->use[i].declared;
		category = assay_specs_category_id(specs, item.standard->tree, item.category);
		for (uint32_t analyte = 0; analyte < specs->analyte_count && status == 0; analyte++)
			if (category != ASSAY_NONE && assay_specs_has_analyte(specs, standard, analyte))
				status = plan_analyte(&planning, &item, standard, category, analyte);
	}
	return status;
}

/* ---- the batch --------------------------------------------------------------------------------------------- */

static enum assay_verdict_kind item_kind(const struct assay_decision *decision,
	enum assay_unverified_policy policy, struct assay_batch_verdict *out)
{
	if (assay_reason_has(&decision->reasons, "limit-unverified")) {
		out->needs_review = true;
		if (policy == ASSAY_UNVERIFIED_UNDETERMINED)
			return ASSAY_VERDICT_UNDETERMINED;
	}
	if (decision->kind == ASSAY_VERDICT_PASS && assay_reason_has(&decision->reasons, "sum-scope"))
		return ASSAY_VERDICT_UNDETERMINED; /* others of the group were not measured */
	return decision->kind;
}

static bool only_listed(const struct assay_decision *decision)
{
	return decision->kind == ASSAY_VERDICT_NOT_APPLICABLE ||
	       (decision->kind == ASSAY_VERDICT_UNDETERMINED && decision->reasons.count == 1 &&
		       strcmp(decision->reasons.code[0], "no-limit") == 0);
}

static void add_reasons(struct assay_batch_verdict *out, const struct assay_decision *decision)
{
	for (unsigned i = 0; i < decision->reasons.count; i++)
		assay_reason_add(&out->reasons, decision->reasons.code[i]);
}

void assay_batch_judge(const struct assay_batch_item *items, size_t count,
	enum assay_unverified_policy policy, struct assay_batch_verdict *out)
{
	bool failed = false, held = false, earned = false;

	memset(out, 0, sizeof *out);
	if (count > ASSAY_BATCH_ITEMS_MAX) {
		assay_reason_add(&out->reasons, "batch-too-large");
		return;
	}
	for (size_t i = 0; i < count; i++) {
		const struct assay_batch_item *item = &items[i];
		const struct assay_decision *decision;
		size_t at = out->evidence_count++;

		out->evidence[at].analyte = item->analyte;
		if (item->decision_count == 0) {
			assay_reason_add(&out->reasons, "not-tested");
			held = true;
			continue;
		}
		decision = &item->decisions[assay_decision_strictest(item->decisions, item->decision_count)];
		out->evidence[at].limit = decision->limit;
		out->evidence[at].kind = item_kind(decision, policy, out);
		if (only_listed(decision)) {
			out->evidence[at].role = ASSAY_BATCH_LISTED;
			continue;
		}
		add_reasons(out, decision);
		failed = failed || out->evidence[at].kind == ASSAY_VERDICT_FAIL;
		held = held || out->evidence[at].kind != ASSAY_VERDICT_PASS;
		earned = earned || out->evidence[at].kind == ASSAY_VERDICT_PASS;
		if (out->evidence[at].kind == ASSAY_VERDICT_PASS)
			out->evidence[at].role = ASSAY_BATCH_EARNS;
	}
	if (failed)
		out->kind = ASSAY_VERDICT_FAIL;
	else if (!held && earned)
		out->kind = ASSAY_VERDICT_PASS;
	else if (!held)
		assay_reason_add(&out->reasons, "nothing-judged");
}
