/* SPDX-License-Identifier: Apache-2.0
 * A method of analysis from its file. */
#include "limits/specs_read.h"

#include "limits/formula.h"

#include <stdio.h>
#include <string.h>

/* One literal in each language; what is named stands in both. */
static int refuse(const char *path, xmlNodePtr node, const char *zh, const char *en, const char *what,
	struct assay_error *err)
{
	struct assay_error words;

	(void)assay_error_set(&words, ASSAY_EREFUSED, "spec-invalid", "%s:%ld：%s（%s）", "%s:%ld: %s (%s)",
		path, xmlGetLineNo(node), zh, what);
	if (err) {
		*err = words;
		(void)snprintf(err->text_en, sizeof err->text_en, "%s:%ld: %s (%s)", path, xmlGetLineNo(node),
			en, what);
	}
	return ASSAY_EREFUSED;
}

/* Texts by attribute name; false: no memory. */
struct field {
	const char *name, **to;
};

static bool read_fields(struct assay_specs *specs, xmlNodePtr node, const struct field *field, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		*field[i].to = assay_read_text(specs, node, field[i].name);
		if (!*field[i].to)
			return false;
	}
	return true;
}

/* What a derivation calls it. A method without says its word in both languages, as its results were recorded with. */
static bool read_labels(
	struct assay_specs *specs, xmlNodePtr node, const char *word, const char **zh, const char **en)
{
	const struct field field[] = {{"label-zh", zh}, {"label-en", en}};

	if (!read_fields(specs, node, field, sizeof field / sizeof *field))
		return false;
	if (!**zh)
		*zh = word;
	if (!**en)
		*en = word;
	return true;
}

static int read_slot(struct assay_specs *specs, const char *path, xmlNodePtr node,
	struct assay_method *method, struct assay_error *err)
{
	struct assay_slot *slot = &method->slot[method->slot_count++];
	const struct field field[] = {{"name", &slot->name}, {"name-zh", &slot->name_zh},
		{"name-en", &slot->name_en}, {"unit", &slot->unit}, {"take", &slot->take}};

	if (!read_fields(specs, node, field, sizeof field / sizeof *field))
		return assay_read_no_memory(err);
	if (!*slot->take)
		slot->take = "last";
	slot->repeat = assay_read_number(node, "repeat", 1);
	slot->shared = assay_read_yes(node, "shared");
	slot->typed = assay_read_yes(node, "typed");
	for (unsigned i = 0; i + 1 < method->slot_count; i++)
		if (strcmp(method->slot[i].name, slot->name) == 0)
			return refuse(path, node, "两个格子同名", "two slots have one name", slot->name, err);
	return assay_read_decimal(
		path, node, "constant-within", &slot->constant, &slot->constant_within, err);
}

static int read_check(struct assay_specs *specs, const char *path, xmlNodePtr node,
	struct assay_method *method, struct assay_error *err)
{
	struct assay_method_check *check = &method->check[method->check_count++];
	const struct field field[] = {{"name", &check->name}, {"name-zh", &check->name_zh},
		{"name-en", &check->name_en}, {"formula", &check->formula}, {"unit", &check->unit}};
	bool has;
	int status = assay_read_decimal(path, node, "low", &has, &check->low, err);

	check->reason = "check-out-of-range";
	if (!read_fields(specs, node, field, sizeof field / sizeof *field) ||
		!read_labels(specs, node, check->name, &check->label_zh, &check->label_en))
		return assay_read_no_memory(err);
	if (status == ASSAY_OK)
		status = assay_read_decimal(path, node, "high", &has, &check->high, err);
	if (status == ASSAY_OK && assay_decimal_compare(&check->low, &check->high) > 0)
		status = refuse(
			path, node, "下限大于上限", "the lower end is above the upper one", check->name, err);
	return status;
}

static int read_evidence(struct assay_specs *specs, const char *path, xmlNodePtr node,
	struct assay_method *method, struct assay_error *err)
{
	struct assay_method_evidence *evidence = &method->evidence[method->evidence_count++];
	const struct field field[] = {{"role", &evidence->role}, {"channel", &evidence->channel},
		{"unit", &evidence->unit}, {"from", &evidence->from_slot}, {"to", &evidence->to_slot}};
	bool has;
	int status = assay_read_decimal(path, node, "low", &has, &evidence->low, err);

	if (!read_fields(specs, node, field, sizeof field / sizeof *field) ||
		!read_labels(specs, node, evidence->role, &evidence->label_zh, &evidence->label_en))
		return assay_read_no_memory(err);
	return status == ASSAY_OK ? assay_read_decimal(path, node, "high", &has, &evidence->high, err)
				  : status;
}

static int read_precision(
	const char *path, xmlNodePtr node, struct assay_method *method, struct assay_error *err)
{
	struct assay_precision *precision = &method->precision[method->precision_count++];
	bool percent, absolute;
	int status = assay_read_decimal(path, node, "from", &percent, &precision->from, err);

	precision->beyond = assay_read_yes(node, "beyond");
	if (status == ASSAY_OK)
		status = assay_read_decimal(path, node, "percent", &percent, &precision->allowed, err);
	if (status == ASSAY_OK)
		status = assay_read_decimal(path, node, "absolute", &absolute, &precision->allowed, err);
	if (status != ASSAY_OK)
		return status;
	precision->absolute = absolute;
	if (!absolute)
		method->difference_percent = precision->allowed;
	return percent == absolute ? refuse(path, node, "percent 与 absolute 只给一个",
					     "give one of percent and absolute", "", err)
				   : ASSAY_OK;
}

static int read_digits(
	const char *path, xmlNodePtr node, struct assay_method *method, struct assay_error *err)
{
	unsigned i = method->digits_count++;
	bool has;

	method->digits[i].beyond = assay_read_yes(node, "beyond");
	method->digits[i].significant = assay_read_number(node, "significant", 0);
	method->digits[i].places = assay_read_number(node, "places", 0);
	return assay_read_decimal(path, node, "from", &has, &method->digits[i].from, err);
}

static int read_child(struct assay_specs *specs, const char *path, xmlNodePtr node,
	struct assay_method *method, struct assay_error *err)
{
	struct assay_precision *only = &method->precision[0];
	bool has;
	int status;

	if (assay_read_is(node, "slot"))
		return read_slot(specs, path, node, method, err);
	if (assay_read_is(node, "check"))
		return read_check(specs, path, node, method, err);
	if (assay_read_is(node, "evidence"))
		return read_evidence(specs, path, node, method, err);
	if (assay_read_is(node, "precision"))
		return read_precision(path, node, method, err);
	if (assay_read_is(node, "digits"))
		return read_digits(path, node, method, err);
	if (!assay_read_is(node, "duplicates"))
		return ASSAY_OK;
	method->replicates = assay_read_number(node, "count", 1);
	status = assay_read_decimal(path, node, "difference-percent", &has, &method->difference_percent, err);
	if (status == ASSAY_OK && has) {
		only->allowed = method->difference_percent;
		method->precision_count = 1;
	}
	return status;
}

/* The formula must work on slots alone: try it with every slot set to a number of its own. */
static int try_name(void *context, const char *name, size_t length, struct assay_fraction *out)
{
	const struct assay_method *method = context;

	for (unsigned i = 0; i < method->slot_count; i++)
		if (strlen(method->slot[i].name) == length &&
			strncmp(method->slot[i].name, name, length) == 0) {
			out->n = (i + 2) * (i + 2) + 1;
			out->d = 1;
			return ASSAY_OK;
		}
	return ASSAY_ENOTFOUND;
}

static int check_formulas(
	const char *path, xmlNodePtr root, struct assay_method *method, struct assay_error *err)
{
	struct assay_fraction out;

	if (!method->qualitative &&
		assay_formula_evaluate(method->formula, try_name, method, &out) != ASSAY_OK)
		return refuse(
			path, root, "公式不能计算", "the formula cannot be worked out", method->formula, err);
	if (*method->none &&
		(method->replicates > 1 || method->has_lod || method->has_loq ||
			assay_formula_evaluate(method->none, try_name, method, &out) != ASSAY_OK))
		return refuse(path, root, "none 不能计算，或方法有平行样或检出限",
			"none cannot be worked out, or the method has duplicates or a limit of detection",
			method->none, err);
	for (unsigned i = 0; i < method->check_count; i++)
		if (assay_formula_evaluate(method->check[i].formula, try_name, method, &out) != ASSAY_OK)
			return refuse(path, root, "检查公式不能计算",
				"the formula of a check cannot be worked out", method->check[i].formula, err);
	for (unsigned i = 0; i + 1 < method->precision_count; i++)
		if (assay_decimal_compare(&method->precision[i].from, &method->precision[i + 1].from) <= 0)
			return refuse(path, root, "precision 须从高到低",
				"precision goes from the highest down", "", err);
	for (unsigned i = 0; i + 1 < method->digits_count; i++)
		if (assay_decimal_compare(&method->digits[i].from, &method->digits[i + 1].from) <= 0)
			return refuse(
				path, root, "digits 须从高到低", "digits go from the highest down", "", err);
	if (method->replicates > 1 && method->precision_count == 0)
		return refuse(path, root, "缺少平行样允许差",
			"the allowed difference of duplicates is missing", "", err);
	if (method->has_lod && method->has_loq && assay_decimal_compare(&method->lod, &method->loq) > 0)
		return refuse(path, root, "检出限大于定量限", "the LOD is above the LOQ", "", err);
	return ASSAY_OK;
}

int assay_specs_read_method(struct assay_specs *specs, const struct assay_spec_file *file, const char *path,
	xmlNodePtr root, struct assay_error *err)
{
	void *array = specs->methods;
	struct assay_method *method = assay_specs_grow(&array, &specs->method_count, sizeof *method);
	const char *rounding;
	int status = ASSAY_OK;

	if (!method)
		return assay_read_no_memory(err);
	specs->methods = array;
	method->file = file;
	method->replicates = 1;
	{
		const struct field field[] = {{"id", &method->id}, {"standard", &method->standard},
			{"title-zh", &method->title_zh}, {"title-en", &method->title_en},
			{"analyte", &method->analyte}, {"analyte-zh", &method->analyte_zh},
			{"unit", &method->unit}, {"formula", &method->formula}, {"from", &method->from},
			{"until", &method->until}, {"confidence", &method->confidence},
			{"conditions-zh", &method->conditions_zh}, {"conditions-en", &method->conditions_en},
			{"rounding", &rounding}, {"none", &method->none}};

		if (!read_fields(specs, root, field, sizeof field / sizeof *field))
			return assay_read_no_memory(err);
	}
	method->analyte_en = method->analyte;
	method->rounding = strcmp(rounding, "half-up") == 0 ? ASSAY_ROUND_HALF_UP : ASSAY_ROUND_HALF_EVEN;
	method->qualitative = assay_read_yes(root, "qualitative");
	status = assay_read_decimal(path, root, "lod", &method->has_lod, &method->lod, err);
	if (status == ASSAY_OK)
		status = assay_read_decimal(path, root, "loq", &method->has_loq, &method->loq, err);
	for (xmlNodePtr node = root->children; node && status == ASSAY_OK; node = node->next)
		status = read_child(specs, path, node, method, err);
	return status == ASSAY_OK ? check_formulas(path, root, method, err) : status;
}
