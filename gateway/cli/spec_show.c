/* SPDX-License-Identifier: Apache-2.0
 * assay spec show and diff. */
#include "gateway/cli/spec.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static json_t *limit_json(const struct assay_limit *limit)
{
	return json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s}", "category",
		limit->category, "analyte", limit->analyte, "analyte_zh", limit->analyte_zh, "cas",
		limit->cas, "kind", limit->kind, "limit", limit->text, "unit", limit->unit, "when",
		limit->when, "unless", limit->unless, "basis", limit->basis, "method", limit->method,
		"clause", limit->clause, "source", limit->source, "confidence", limit->confidence);
}

static void print_limit(const char *mark, const struct assay_limit *limit)
{
	(void)printf("%s%s\t%s\t%s\t%s\t%s\t%s\t%s\n", mark, limit->category, limit->analyte,
		limit->analyte_zh, limit->text, limit->kind, limit->clause, limit->confidence);
}

static void finish(json_t *object)
{
	(void)json_dumpf(object, stdout, JSON_COMPACT);
	(void)putchar('\n');
	json_decref(object);
}

static void show_standard(const struct assay_standard *standard, bool json)
{
	json_t *limits;

	if (!json) {
		(void)printf("%s\t%s\t%s\n%s - %s\t%s\t%s\t%s\n", standard->id, standard->title_zh,
			standard->title_en, standard->from, standard->until, standard->tree, standard->no_row,
			standard->file->path);
		for (size_t i = 0; i < standard->limit_count; i++)
			print_limit("", &standard->limits[i]);
		return;
	}
	limits = json_array();
	for (size_t i = 0; i < standard->limit_count; i++)
		(void)json_array_append_new(limits, limit_json(&standard->limits[i]));
	finish(json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:o}", "standard", standard->id, "number",
		standard->number, "title_zh", standard->title_zh, "title_en", standard->title_en, "tree",
		standard->tree, "from", standard->from, "until", standard->until, "no_row", standard->no_row,
		"sha256", standard->file->sha256, "limits", limits));
}

static void show_product(const struct assay_product *product, bool json)
{
	json_t *uses = json_array(), *conditions = json_array();

	for (unsigned i = 0; i < product->use_count; i++)
		(void)json_array_append_new(
			uses, json_pack("{s:s,s:s,s:b}", "standard", product->use[i].standard, "category",
				      product->use[i].category, "declared", (int)product->use[i].declared));
	for (unsigned i = 0; i < product->condition_count; i++)
		(void)json_array_append_new(conditions, json_string(product->condition[i]));
	if (json) {
		finish(json_pack("{s:s,s:s,s:s,s:o,s:o,s:s}", "product", product->id, "name_zh",
			product->name_zh, "name_en", product->name_en, "uses", uses, "conditions", conditions,
			"sha256", product->file->sha256));
		return;
	}
	(void)printf("%s\t%s\t%s\n", product->id, product->name_zh, product->name_en);
	for (unsigned i = 0; i < product->use_count; i++)
		(void)printf("  %s\t%s%s\n", product->use[i].standard, product->use[i].category,
			product->use[i].declared ? "\tdeclared" : "");
	for (unsigned i = 0; i < product->condition_count; i++)
		(void)printf("  condition %s\n", product->condition[i]);
	json_decref(uses);
	json_decref(conditions);
}

static void show_method(const struct assay_method *method, bool json)
{
	json_t *slots = json_array();
	char lod[ASSAY_DECIMAL_TEXT_MAX] = "", loq[ASSAY_DECIMAL_TEXT_MAX] = "";

	if (method->has_lod)
		(void)assay_decimal_format(&method->lod, lod);
	if (method->has_loq)
		(void)assay_decimal_format(&method->loq, loq);
	for (unsigned i = 0; i < method->slot_count; i++)
		(void)json_array_append_new(
			slots, json_pack("{s:s,s:s,s:s,s:s}", "slot", method->slot[i].name, "name_zh",
				       method->slot[i].name_zh, "name_en", method->slot[i].name_en, "unit",
				       method->slot[i].unit));
	if (json) {
		finish(json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:o,s:s}", "method",
			method->id, "standard", method->standard, "title_zh", method->title_zh, "title_en",
			method->title_en, "analyte", method->analyte, "analyte_zh", method->analyte_zh,
			"unit", method->unit, "formula", method->formula, "lod", lod, "loq", loq,
			"confidence", method->confidence, "slots", slots, "sha256", method->file->sha256));
		return;
	}
	(void)printf("%s\t%s\t%s\n%s\t%s\t%s\nX = %s %s\nLOD %s LOQ %s\t%s\n", method->id, method->standard,
		method->title_en, method->title_zh, method->analyte_zh, method->analyte, method->formula,
		method->unit, *lod ? lod : "-", *loq ? loq : "-", method->confidence);
	for (unsigned i = 0; i < method->slot_count; i++)
		(void)printf("  %s\t%s\t%s\t%s\n", method->slot[i].name, method->slot[i].name_zh,
			method->slot[i].name_en, method->slot[i].unit);
	json_decref(slots);
}

static void show_category(const struct assay_category *category, bool json)
{
	if (json) {
		finish(json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:b}", "code", category->code, "tree",
			category->tree, "parent", category->parent, "also_in", category->also_in, "name_zh",
			category->name_zh, "name_en", category->name_en, "a2", category->a2, "reserved",
			(int)category->reserved));
		return;
	}
	(void)printf("%s\t%s\t%s\t%s\t<- %s%s%s\n", category->tree, category->code, category->name_zh,
		category->name_en, category->parent, *category->also_in ? ", also " : "", category->also_in);
}

int assay_spec_show(const struct assay_specs *specs, const char *name, bool json, struct assay_error *err)
{
	const struct assay_product *product = assay_specs_product_find(specs, name);
	const struct assay_method *method = assay_specs_method(specs, name);
	bool found = false;

	for (size_t i = 0; i < assay_specs_standard_count(specs); i++) {
		const struct assay_standard *standard = assay_specs_standard(specs, i);

		if (strcmp(standard->id, name) != 0 && strcmp(standard->number, name) != 0)
			continue;
		show_standard(standard, json);
		found = true;
	}
	if (product)
		show_product(product, json);
	if (method)
		show_method(method, json);
	for (size_t i = 0; i < assay_specs_category_count(specs); i++) {
		const struct assay_category *category = assay_specs_category_at(specs, i);

		if (strcmp(category->code, name) != 0)
			continue;
		show_category(category, json);
		found = true;
	}
	if (found || product || method)
		return ASSAY_OK;
	return assay_error_set(err, ASSAY_ENOTFOUND, "spec-unknown", "没有标准、产品、方法或类别 %s",
		"there is no standard, product, method or category %s", name);
}

/* ---- diff --------------------------------------------------------------------------------------------------- */

struct changes {
	json_t *list;
	bool json;
};

static void report(void *context, const struct assay_limit *before, const struct assay_limit *after)
{
	const struct changes *changes = context;
	const struct assay_limit *any = after ? after : before;

	if (!any)
		return;
	(void)json_array_append_new(changes->list,
		json_pack("{s:s,s:s,s:s,s:s,s:s,s:s}", "change",
			before && after ? "changed"
			: before        ? "removed"
					: "added",
			"category", any->category, "analyte", any->analyte, "analyte_zh", any->analyte_zh,
			"before", before ? before->text : "", "after", after ? after->text : ""));
	if (changes->json)
		return;
	if (before)
		print_limit("- ", before);
	if (after)
		print_limit("+ ", after);
}

static void compare(const struct assay_standard *before, const struct assay_standard *after, bool json)
{
	struct changes changes = {.list = json_array(), .json = json};

	assay_standard_compare(before, after, report, &changes);
	if (json)
		finish(json_pack(
			"{s:s,s:s,s:O}", "before", before->id, "after", after->id, "changes", changes.list));
	else
		(void)printf(
			"%s -> %s: %zu rows differ\n", before->id, after->id, json_array_size(changes.list));
	json_decref(changes.list);
}

/* By id in the specs, or the only standard of a file that is loaded in its place. */
static const struct assay_standard *standard_named(const struct assay_specs *specs, const char *name)
{
	const char *slash = strrchr(name, '/');
	size_t length = strlen(name);

	for (size_t i = 0; i < assay_specs_standard_count(specs); i++) {
		const struct assay_standard *standard = assay_specs_standard(specs, i);
		const char *file = strrchr(standard->file->path, '/');

		if (strcmp(standard->id, name) == 0 ||
			(length > 4 && strcmp(name + length - 4, ".xml") == 0 && file &&
				strcmp(file + 1, slash ? slash + 1 : name) == 0))
			return standard;
	}
	return NULL;
}

static int load_side(const char *dir, const char *name, struct assay_specs **specs,
	const struct assay_standard **standard, struct assay_error *err)
{
	size_t length = strlen(name);
	bool file = length > 4 && strcmp(name + length - 4, ".xml") == 0;
	int status = assay_specs_load_with(dir, &name, file ? 1 : 0, true, specs, err);

	if (status != ASSAY_OK)
		return status;
	*standard = standard_named(*specs, name);
	return *standard ? ASSAY_OK
			 : assay_error_set(err, ASSAY_ENOTFOUND, "standard-unknown", "没有标准 %s",
				   "there is no standard %s", name);
}

int assay_spec_diff(
	const char *dir, const char *before, const char *after, bool json, struct assay_error *err)
{
	struct assay_specs *left = NULL, *right = NULL;
	const struct assay_standard *old = NULL, *new = NULL;
	int status = load_side(dir, before, &left, &old, err);

	if (status == ASSAY_OK)
		status = load_side(dir, after, &right, &new, err);
	if (status == ASSAY_OK)
		compare(old, new, json);
	assay_specs_free(left);
	assay_specs_free(right);
	return status;
}
