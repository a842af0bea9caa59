/* SPDX-License-Identifier: Apache-2.0 */
#include "limits/specs_read.h"

#include <stdlib.h>
#include <string.h>

static int no_memory(struct assay_error *err)
{
	return assay_error_set(err, ASSAY_ENOMEM, "out-of-memory", "内存不足", "out of memory");
}

/* An attribute as a string the set owns; fallback when absent. NULL: no memory. */
static const char *text_of(struct assay_specs *specs, xmlNodePtr node, const char *name, const char *fallback)
{
	xmlChar *value = xmlGetNoNsProp(node, (const xmlChar *)name);
	char *copy = strdup(value ? (const char *)value : fallback);
	void **texts;

	xmlFree(value);
	if (!copy)
		return NULL;
	if ((specs->text_count & (specs->text_count + 1)) == 0) {
		texts = realloc(specs->texts, (2 * specs->text_count + 2) * sizeof *texts);
		if (!texts) {
			free(copy);
			return NULL;
		}
		specs->texts = texts;
	}
	specs->texts[specs->text_count++] = copy;
	return copy;
}

static unsigned number_of(struct assay_specs *specs, xmlNodePtr node, const char *name, unsigned fallback)
{
	const char *text = text_of(specs, node, name, "");

	return text && *text ? (unsigned)strtoul(text, NULL, 10) : fallback;
}

static int decimal_of(struct assay_specs *specs, const char *path, xmlNodePtr node, const char *name,
	struct assay_decimal *out, struct assay_error *err)
{
	const char *text = text_of(specs, node, name, "");

	if (!text)
		return no_memory(err);
	if (assay_decimal_parse(text, strlen(text), out) != ASSAY_OK)
		return assay_error_set(err, ASSAY_EREFUSED, "spec-invalid", "%s:%ld：%s=\"%s\" 不是一个数",
			"%s:%ld: %s=\"%s\" is not a number", path, xmlGetLineNo(node), name, text);
	return ASSAY_OK;
}

static bool is_element(xmlNodePtr node, const char *name)
{
	return node->type == XML_ELEMENT_NODE && strcmp((const char *)node->name, name) == 0;
}

static size_t count_children(xmlNodePtr parent, const char *name)
{
	size_t count = 0;

	for (xmlNodePtr node = parent->children; node; node = node->next)
		count += is_element(node, name);
	return count;
}

/* One more zeroed row at the end of an array; NULL: no memory. */
static void *grow(void **array, size_t count, size_t added, size_t size)
{
	char *grown = realloc(*array, (count + added + 1) * size);

	if (!grown)
		return NULL;
	*array = grown;
	memset(grown + count * size, 0, (added + 1) * size);
	return grown + count * size;
}

int assay_specs_read_categories(struct assay_specs *specs, const struct assay_spec_file *file,
	const char *path, xmlNodePtr root, struct assay_error *err)
{
	void *array = specs->categories;
	const char *tree = text_of(specs, root, "tree", "");
	struct assay_category *row = grow(
		&array, specs->category_count, count_children(root, "category"), sizeof *specs->categories);

	(void)file;
	(void)path;
	if (!row || !tree)
		return no_memory(err);
	specs->categories = array;
	for (xmlNodePtr node = root->children; node; node = node->next) {
		if (!is_element(node, "category"))
			continue;
		row->tree = tree;
		row->code = text_of(specs, node, "code", "");
		row->parent = text_of(specs, node, "parent", "");
		if (!row->code || !row->parent)
			return no_memory(err);
		row++;
		specs->category_count++;
	}
	return ASSAY_OK;
}

static int read_limit(struct assay_specs *specs, const struct assay_standard *standard, const char *path,
	xmlNodePtr node, struct assay_limit *row, struct assay_error *err)
{
	const char *lower = text_of(specs, node, "lower", ""), *upper = text_of(specs, node, "upper", "");
	int status = ASSAY_OK;

	row->standard = standard->id;
	row->category = text_of(specs, node, "category", "");
	row->analyte = text_of(specs, node, "analyte", "");
	row->analyte_zh = text_of(specs, node, "analyte-zh", "");
	row->cas = text_of(specs, node, "cas", "");
	row->kind = text_of(specs, node, "kind", "");
	row->text = text_of(specs, node, "text", "");
	row->unit = text_of(specs, node, "unit", "");
	row->basis = text_of(specs, node, "basis", "");
	row->except = text_of(specs, node, "except", "");
	row->method = text_of(specs, node, "method", "");
	row->clause = text_of(specs, node, "clause", "");
	row->source = text_of(specs, node, "source", "");
	row->confidence = text_of(specs, node, "confidence", "");
	row->line = (unsigned)xmlGetLineNo(node);
	if (!lower || !upper || !row->confidence)
		return no_memory(err);
	row->has_lower = *lower != '\0';
	row->has_upper = *upper != '\0';
	if (row->has_lower)
		status = decimal_of(specs, path, node, "lower", &row->lower, err);
	if (status == ASSAY_OK && row->has_upper)
		status = decimal_of(specs, path, node, "upper", &row->upper, err);
	if (status == ASSAY_OK && row->has_lower && row->has_upper &&
		assay_decimal_compare(&row->lower, &row->upper) > 0)
		status = assay_error_set(err, ASSAY_EREFUSED, "spec-invalid", "%s:%u：下限大于上限（%s）",
			"%s:%u: the lower limit is above the upper one (%s)", path, row->line, row->text);
	return status;
}

static int refuse_double(const struct assay_standard *standard, const char *path, struct assay_error *err)
{
	for (size_t i = 0; i < standard->limit_count; i++)
		for (size_t j = i + 1; j < standard->limit_count; j++) {
			const struct assay_limit *a = &standard->limits[i], *b = &standard->limits[j];

			if (strcmp(a->category, b->category) == 0 && strcmp(a->analyte, b->analyte) == 0 &&
				strcmp(a->kind, b->kind) == 0 && strcmp(a->unit, b->unit) == 0)
				return assay_error_set(err, ASSAY_EREFUSED, "spec-invalid",
					"%s:%u：与第 %u 行重复（%s，%s）",
					"%s:%u: the same as line %u (%s, %s)", path, b->line, a->line,
					b->category, b->analyte);
		}
	return ASSAY_OK;
}

int assay_specs_read_standard(struct assay_specs *specs, const struct assay_spec_file *file, const char *path,
	xmlNodePtr root, struct assay_error *err)
{
	void *array = specs->standards, *rows = NULL;
	struct assay_standard *standard = grow(&array, specs->standard_count, 1, sizeof *standard);
	struct assay_limit *limit = grow(&rows, 0, count_children(root, "limit"), sizeof *limit);
	void **texts;
	int status = ASSAY_OK;

	if (standard)
		specs->standards = array;
	texts = limit ? realloc(specs->texts, (2 * specs->text_count + 4) * sizeof *texts) : NULL;
	if (!standard || !texts) {
		free(rows);
		return no_memory(err);
	}
	specs->texts = texts;
	specs->texts[specs->text_count++] = rows; /* freed with the strings */
	specs->standard_count++;
	standard->limits = rows;
	standard->file = file;
	standard->id = text_of(specs, root, "id", "");
	standard->number = text_of(specs, root, "number", "");
	standard->tree = text_of(specs, root, "tree", "");
	standard->from = text_of(specs, root, "from", "");
	standard->until = text_of(specs, root, "until", "");
	standard->no_row = text_of(specs, root, "no-row", "");
	standard->title_zh = text_of(specs, root, "title-zh", "");
	standard->title_en = text_of(specs, root, "title-en", "");
	if (!standard->title_en || !standard->until)
		return no_memory(err);
	for (xmlNodePtr node = root->children; node && status == ASSAY_OK; node = node->next) {
		if (!is_element(node, "limit"))
			continue;
		status = read_limit(specs, standard, path, node, limit++, err);
		standard->limit_count++;
	}
	return status == ASSAY_OK ? refuse_double(standard, path, err) : status;
}

static int read_slot(struct assay_specs *specs, const char *path, xmlNodePtr node,
	struct assay_method *method, struct assay_error *err)
{
	struct assay_slot *slot = &method->slot[method->slot_count++];
	const char *constant = text_of(specs, node, "constant-within", "");

	slot->name = text_of(specs, node, "name", "");
	slot->name_zh = text_of(specs, node, "name-zh", "");
	slot->name_en = text_of(specs, node, "name-en", "");
	slot->unit = text_of(specs, node, "unit", "");
	slot->take = text_of(specs, node, "take", "last");
	slot->repeat = number_of(specs, node, "repeat", 1);
	if (!constant || !slot->take)
		return no_memory(err);
	slot->constant = *constant != '\0';
	return slot->constant ? decimal_of(specs, path, node, "constant-within", &slot->constant_within, err)
			      : ASSAY_OK;
}

static int read_check(struct assay_specs *specs, const char *path, xmlNodePtr node,
	struct assay_method *method, struct assay_error *err)
{
	struct assay_method_check *check = &method->check[method->check_count++];
	int status = decimal_of(specs, path, node, "low", &check->low, err);

	check->name = text_of(specs, node, "name", "");
	check->name_zh = text_of(specs, node, "name-zh", "");
	check->name_en = text_of(specs, node, "name-en", "");
	check->formula = text_of(specs, node, "formula", "");
	check->unit = text_of(specs, node, "unit", "");
	check->reason = "check-out-of-range";
	if (!check->unit || !check->formula)
		return no_memory(err);
	return status == ASSAY_OK ? decimal_of(specs, path, node, "high", &check->high, err) : status;
}

static int read_evidence(struct assay_specs *specs, const char *path, xmlNodePtr node,
	struct assay_method *method, struct assay_error *err)
{
	struct assay_method_evidence *evidence = &method->evidence[method->evidence_count++];
	int status = decimal_of(specs, path, node, "low", &evidence->low, err);

	evidence->role = text_of(specs, node, "role", "");
	evidence->channel = text_of(specs, node, "channel", "");
	evidence->unit = text_of(specs, node, "unit", "");
	evidence->from_slot = text_of(specs, node, "from", "");
	evidence->to_slot = text_of(specs, node, "to", "");
	if (!evidence->to_slot || !evidence->from_slot)
		return no_memory(err);
	return status == ASSAY_OK ? decimal_of(specs, path, node, "high", &evidence->high, err) : status;
}

static int read_method_child(struct assay_specs *specs, const char *path, xmlNodePtr node,
	struct assay_method *method, struct assay_error *err)
{
	if (is_element(node, "slot"))
		return read_slot(specs, path, node, method, err);
	if (is_element(node, "check"))
		return read_check(specs, path, node, method, err);
	if (is_element(node, "evidence"))
		return read_evidence(specs, path, node, method, err);
	if (is_element(node, "duplicates")) {
		method->replicates = number_of(specs, node, "count", 1);
		return decimal_of(specs, path, node, "difference-percent", &method->difference_percent, err);
	}
	if (is_element(node, "digits")) {
		unsigned i = method->digits_count++;

		method->digits[i].significant = number_of(specs, node, "significant", 0);
		return decimal_of(specs, path, node, "from", &method->digits[i].from, err);
	}
	return ASSAY_OK;
}

int assay_specs_read_method(struct assay_specs *specs, const struct assay_spec_file *file, const char *path,
	xmlNodePtr root, struct assay_error *err)
{
	void *array = specs->methods;
	struct assay_method *method = grow(&array, specs->method_count, 1, sizeof *method);
	int status = ASSAY_OK;

	if (!method)
		return no_memory(err);
	specs->methods = array;
	specs->method_count++;
	method->file = file;
	method->replicates = 1;
	method->id = text_of(specs, root, "id", "");
	method->standard = text_of(specs, root, "standard", "");
	method->title_zh = text_of(specs, root, "title-zh", "");
	method->title_en = text_of(specs, root, "title-en", "");
	method->analyte = text_of(specs, root, "analyte", "");
	method->analyte_zh = text_of(specs, root, "analyte-zh", "");
	method->analyte_en = method->analyte;
	method->unit = text_of(specs, root, "unit", "");
	method->formula = text_of(specs, root, "formula", "");
	if (!method->formula || !method->unit)
		return no_memory(err);
	for (xmlNodePtr node = root->children; node && status == ASSAY_OK; node = node->next)
		status = read_method_child(specs, path, node, method, err);
	return status;
}

int assay_specs_read_product(struct assay_specs *specs, const struct assay_spec_file *file, const char *path,
	xmlNodePtr root, struct assay_error *err)
{
	void *array = specs->products;
	struct assay_product *product = grow(&array, specs->product_count, 1, sizeof *product);

	(void)path;
	if (!product)
		return no_memory(err);
	specs->products = array;
	specs->product_count++;
	product->file = file;
	product->id = text_of(specs, root, "id", "");
	product->name_zh = text_of(specs, root, "name-zh", "");
	product->name_en = text_of(specs, root, "name-en", "");
	for (xmlNodePtr node = root->children; node; node = node->next) {
		if (!is_element(node, "use") ||
			product->use_count == sizeof product->use / sizeof *product->use)
			continue;
		product->use[product->use_count].standard = text_of(specs, node, "standard", "");
		product->use[product->use_count].category = text_of(specs, node, "category", "");
		if (!product->use[product->use_count++].category)
			return no_memory(err);
	}
	return product->name_en ? ASSAY_OK : no_memory(err);
}
