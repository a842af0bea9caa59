/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/lab/standards.h"
#include "gateway/lab/pinyin.h"

#include <stdlib.h>
#include <string.h>

#define EDITION_NAME_MAX 64u

/* "standards/gb-2762-2025.xml" -> "gb-2762-2025" */
static void edition_name(const struct assay_standard *standard, char out[EDITION_NAME_MAX])
{
	const char *slash = strrchr(standard->file->path, '/');
	const char *name = slash ? slash + 1 : standard->file->path;
	size_t length = strcspn(name, ".");

	if (length >= EDITION_NAME_MAX)
		length = EDITION_NAME_MAX - 1;
	memcpy(out, name, length);
	out[length] = '\0';
}

const struct assay_standard *assay_edition_find(
	const struct assay_specs *specs, const char *edition, struct assay_error *err)
{
	char name[EDITION_NAME_MAX];

	for (size_t i = 0; i < assay_specs_standard_count(specs); i++) {
		const struct assay_standard *standard = assay_specs_standard(specs, i);

		edition_name(standard, name);
		if (strcmp(name, edition) == 0)
			return standard;
	}
	(void)assay_error_set(err, ASSAY_ENOTFOUND, "standard-unknown", "没有标准 %.60s",
		"there is no standard %.60s", edition);
	return NULL;
}

static bool row_holds(
	const struct assay_limit *limit, const struct assay_category *category, const char *typed)
{
	const char *const texts[] = {limit->analyte_zh, limit->analyte, limit->food_zh, limit->category,
		category ? category->name_zh : "", category ? category->name_en : "", limit->cas,
		limit->clause, limit->text};

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if (assay_pinyin_holds(texts[i], typed))
			return true;
	return false;
}

static const struct assay_category *place(const struct assay_specs *specs,
	const struct assay_standard *standard, const struct assay_limit *limit)
{
	return assay_specs_category(specs, standard->tree, limit->category);
}

static size_t matches(
	const struct assay_specs *specs, const struct assay_standard *standard, const char *typed)
{
	size_t count = 0;

	for (size_t i = 0; i < standard->limit_count; i++)
		if (row_holds(&standard->limits[i], place(specs, standard, &standard->limits[i]), typed))
			count++;
	return count;
}

static json_t *edition_json(
	const struct assay_specs *specs, const struct assay_standard *standard, size_t matching)
{
	char name[EDITION_NAME_MAX];
	size_t unverified = 0;

	edition_name(standard, name);
	for (size_t i = 0; i < standard->limit_count; i++)
		unverified += strcmp(standard->limits[i].confidence, "high") != 0;
	return json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:b,s:b,s:I,s:I,s:I,s:s,s:s}", "edition",
		name, "standard", standard->id, "number", standard->number, "title_zh", standard->title_zh,
		"title_en", standard->title_en, "tree", standard->tree, "from", standard->from, "until",
		standard->until, "successor", standard->successor, "no_row", standard->no_row, "voluntary",
		(int)standard->voluntary, "partial", (int)assay_specs_standard_partial(specs, standard),
		"rows", (json_int_t)standard->limit_count, "unverified", (json_int_t)unverified, "matches",
		(json_int_t)matching, "file", standard->file->path, "sha256", standard->file->sha256);
}

/* "GB 2762" before "GB 17401": by letters, then by the number's size. */
static int by_number(const struct assay_standard *a, const struct assay_standard *b)
{
	size_t letters = strcspn(a->number, "0123456789"), other = strcspn(b->number, "0123456789");
	int order = strncmp(a->number, b->number, letters > other ? letters : other);
	unsigned long first, second;

	if (letters != other || strncmp(a->number, b->number, letters) != 0)
		return order ? order : strcmp(a->number, b->number);
	first = strtoul(a->number + letters, NULL, 10);
	second = strtoul(b->number + other, NULL, 10);
	if (first != second)
		return first < second ? -1 : 1;
	order = strcmp(b->from, a->from);
	return order ? order : strcmp(a->id, b->id);
}

struct listed {
	const struct assay_standard *standard;
};

static int compare_editions(const void *a, const void *b)
{
	return by_number(((const struct listed *)a)->standard, ((const struct listed *)b)->standard);
}

static json_t *no_memory(struct assay_error *err)
{
	(void)assay_error_set(err, ASSAY_ENOMEM, "out-of-memory", "内存不足", "out of memory");
	return NULL;
}

json_t *assay_editions_json(const struct assay_specs *specs, const char *typed, struct assay_error *err)
{
	size_t count = assay_specs_standard_count(specs);
	struct listed *sorted = calloc(count ? count : 1, sizeof *sorted);
	json_t *list = sorted ? json_array() : NULL;

	for (size_t i = 0; list && i < count; i++)
		sorted[i].standard = assay_specs_standard(specs, i);
	if (list)
		qsort(sorted, count, sizeof *sorted, compare_editions);
	for (size_t i = 0; list && i < count; i++) {
		bool itself = assay_pinyin_holds(sorted[i].standard->id, typed) ||
			      assay_pinyin_holds(sorted[i].standard->title_zh, typed) ||
			      assay_pinyin_holds(sorted[i].standard->title_en, typed);
		size_t matching =
			*typed ? matches(specs, sorted[i].standard, typed) : sorted[i].standard->limit_count;

		if (itself || matching)
			(void)json_array_append_new(list, edition_json(specs, sorted[i].standard, matching));
	}
	free(sorted);
	return list ? list : no_memory(err);
}

/* Blank-separated names of conditions -> their words. */
static json_t *conditions_json(const char *names)
{
	json_t *list = json_array();

	while (*names) {
		size_t length = strcspn(names, " ");

		for (const struct assay_condition *row = assay_conditions(); row->name; row++)
			if (strlen(row->name) == length && strncmp(row->name, names, length) == 0)
				(void)json_array_append_new(
					list, json_pack("{s:s,s:s}", "zh", row->zh, "en", row->en));
		names += length;
		names += strspn(names, " ");
	}
	return list;
}

static json_t *limit_json(const struct assay_specs *specs, const struct assay_standard *standard,
	const struct assay_limit *limit)
{
	const struct assay_category *category = place(specs, standard, limit);

	return json_pack("{s:I,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:o,s:o,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:"
			 "i}",
		"row", (json_int_t)(limit - standard->limits), "category", limit->category, "category_zh",
		category ? category->name_zh : "", "category_en", category ? category->name_en : "",
		"food_zh", limit->food_zh, "analyte", limit->analyte, "analyte_zh", limit->analyte_zh, "cas",
		limit->cas, "kind", limit->kind, "limit", limit->text, "unit", limit->unit, "when",
		conditions_json(limit->when), "unless", conditions_json(limit->unless), "only", limit->only,
		"except", limit->except, "basis", limit->basis, "method", limit->method, "clause",
		limit->clause, "source", limit->source, "confidence", limit->confidence, "line",
		(int)limit->line);
}

json_t *assay_edition_limits_json(const struct assay_specs *specs, const struct assay_standard *standard,
	const char *typed, size_t from, size_t limit, struct assay_error *err)
{
	json_t *list = json_array();
	json_int_t next = -1;
	size_t total = *typed ? matches(specs, standard, typed) : standard->limit_count;

	for (size_t i = from; list && i < standard->limit_count; i++) {
		const struct assay_limit *row = &standard->limits[i];

		if (*typed && !row_holds(row, place(specs, standard, row), typed))
			continue;
		if (json_array_size(list) == limit) {
			next = (json_int_t)i;
			break;
		}
		(void)json_array_append_new(list, limit_json(specs, standard, row));
	}
	if (!list)
		return no_memory(err);
	return json_pack("{s:o,s:I,s:I,s:o}", "edition", edition_json(specs, standard, total), "total",
		(json_int_t)total, "next", next, "limits", list);
}

struct changes {
	const struct assay_specs *specs;
	const struct assay_standard *before, *after;
	json_t *list;
};

static void add_change(void *context, const struct assay_limit *before, const struct assay_limit *after)
{
	const struct changes *changes = context;

	(void)json_array_append_new(changes->list,
		json_pack("{s:s,s:o,s:o}", "change",
			before && after ? "changed"
			: before        ? "removed"
					: "added",
			"before", before ? limit_json(changes->specs, changes->before, before) : json_null(),
			"after", after ? limit_json(changes->specs, changes->after, after) : json_null()));
}

json_t *assay_edition_changes_json(const struct assay_specs *specs, const struct assay_standard *before,
	const struct assay_standard *after, struct assay_error *err)
{
	struct changes changes = {specs, before, after, json_array()};

	if (!changes.list)
		return no_memory(err);
	assay_standard_compare(before, after, add_change, &changes);
	return json_pack("{s:o,s:o,s:o}", "before", edition_json(specs, before, before->limit_count), "after",
		edition_json(specs, after, after->limit_count), "changes", changes.list);
}

json_t *assay_products_json(const struct assay_specs *specs, const char *typed, struct assay_error *err)
{
	json_t *list = json_array();

	for (size_t i = 0; list && i < assay_specs_product_count(specs); i++) {
		const struct assay_product *product = assay_specs_product(specs, i);
		json_t *standards;

		if (!assay_pinyin_holds(product->name_zh, typed) &&
			!assay_pinyin_holds(product->name_en, typed) &&
			!assay_pinyin_holds(product->id, typed))
			continue;
		standards = json_array();
		for (unsigned j = 0; j < product->use_count; j++)
			(void)json_array_append_new(standards, json_string(product->use[j].standard));
		(void)json_array_append_new(
			list, json_pack("{s:s,s:s,s:s,s:o}", "product", product->id, "name_zh",
				      product->name_zh, "name_en", product->name_en, "standards", standards));
	}
	return list ? list : no_memory(err);
}

struct plan {
	json_t *items;
	json_int_t untested;
};

static int add_item(void *context, const struct assay_plan_item *item)
{
	struct plan *plan = context;
	const struct assay_limit *limit = item->limit;
	const struct assay_method *method = item->method;
	json_t *object = json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:b,s:b,s:s,s:s,s:s,s:s}", "analyte",
		item->analyte, "analyte_zh", item->analyte_zh, "standard", item->standard->id, "clause",
		limit ? limit->clause : "", "limit", limit ? limit->text : "不得使用 not permitted", "unit",
		limit ? limit->unit : "", "confidence", limit ? limit->confidence : "high", "declared",
		(int)item->declared, "applies", (int)item->applies, "method", method ? method->id : "",
		"method_standard", method ? method->standard : (limit ? limit->method : ""), "method_zh",
		method ? method->title_zh : "", "method_en", method ? method->title_en : "");

	if (!method)
		plan->untested++;
	return json_array_append_new(plan->items, object) == 0 ? ASSAY_OK : ASSAY_ENOMEM;
}

json_t *assay_product_plan_json(
	const struct assay_specs *specs, const char *product, const char *produced, struct assay_error *err)
{
	const struct assay_product *found = assay_specs_product_find(specs, product);
	struct plan plan = {json_array(), 0};

	if (!found) {
		json_decref(plan.items);
		(void)assay_error_set(err, ASSAY_ENOTFOUND, "product-unknown", "没有产品 %.60s",
			"there is no product %.60s", product);
		return NULL;
	}
	if (assay_plan(specs, found, produced, NULL, add_item, &plan, err) != ASSAY_OK) {
		json_decref(plan.items);
		return NULL;
	}
	return json_pack("{s:s,s:s,s:s,s:s,s:o,s:I}", "product", found->id, "name_zh", found->name_zh,
		"name_en", found->name_en, "produced", produced, "items", plan.items, "untested",
		plan.untested);
}
