/* SPDX-License-Identifier: Apache-2.0
 * Attributes, and the small files: categories, analytes, products. */
#include "limits/specs_read.h"

#include "limits/unit.h"

#include <stdlib.h>
#include <string.h>

int assay_read_no_memory(struct assay_error *err)
{
	return assay_error_set(err, ASSAY_ENOMEM, "out-of-memory", "内存不足", "out of memory");
}

/* The value in the tree itself; NULL when absent. No entities are left after the scan but the five of XML, and libxml2
 * has replaced those, so an attribute is one text node. */
static const char *raw(xmlNodePtr node, const char *name)
{
	for (const xmlAttr *attribute = node->properties; attribute; attribute = attribute->next)
		if (strcmp((const char *)attribute->name, name) == 0)
			return attribute->children ? (const char *)attribute->children->content : "";
	return NULL;
}

const char *assay_read_text(struct assay_specs *specs, xmlNodePtr node, const char *name)
{
	const char *value = raw(node, name);

	return value && *value ? assay_specs_text(specs, value) : "";
}

bool assay_read_yes(xmlNodePtr node, const char *name)
{
	return raw(node, name) != NULL; /* the schema allows "yes" only */
}

unsigned assay_read_number(xmlNodePtr node, const char *name, unsigned fallback)
{
	const char *value = raw(node, name);

	return value && *value ? (unsigned)strtoul(value, NULL, 10) : fallback;
}

int assay_read_decimal(const char *path, xmlNodePtr node, const char *name, bool *has,
	struct assay_decimal *out, struct assay_error *err)
{
	const char *value = raw(node, name);

	*has = value != NULL;
	if (value && assay_decimal_parse(value, strlen(value), out) != ASSAY_OK)
		return assay_error_set(err, ASSAY_EREFUSED, "spec-invalid", "%s:%ld：%s=\"%s\" 不是一个数",
			"%s:%ld: %s=\"%s\" is not a number", path, xmlGetLineNo(node), name, value);
	return ASSAY_OK;
}

bool assay_read_is(xmlNodePtr node, const char *name)
{
	return node->type == XML_ELEMENT_NODE && strcmp((const char *)node->name, name) == 0;
}

int assay_specs_read_categories(struct assay_specs *specs, const struct assay_spec_file *file,
	const char *path, xmlNodePtr root, struct assay_error *err)
{
	const char *tree = assay_read_text(specs, root, "tree");

	(void)file;
	(void)path;
	for (xmlNodePtr node = root->children; node; node = node->next) {
		void *array = specs->categories;
		struct assay_category *row;

		if (!assay_read_is(node, "category"))
			continue;
		row = assay_specs_grow(&array, &specs->category_count, sizeof *row);
		if (!row)
			return assay_read_no_memory(err);
		specs->categories = array;
		row->tree = tree;
		row->code = assay_read_text(specs, node, "code");
		row->parent = assay_read_text(specs, node, "parent");
		row->also_in = assay_read_text(specs, node, "also-in");
		row->name_zh = assay_read_text(specs, node, "name-zh");
		row->name_en = assay_read_text(specs, node, "name-en");
		row->restricted_to = assay_read_text(specs, node, "restricted-to");
		row->a2 = assay_read_text(specs, node, "a2");
		row->reserved = assay_read_yes(node, "reserved");
		if (!row->tree || !row->code || !row->parent || !row->also_in || !row->name_zh ||
			!row->name_en || !row->restricted_to || !row->a2)
			return assay_read_no_memory(err);
	}
	return ASSAY_OK;
}

/* Each of the names separated by "|" stands for the analyte, times factor. */
static int add_names(struct assay_specs *specs, const char *names, uint32_t analyte, uint8_t rank,
	struct assay_fraction factor, struct assay_error *err)
{
	char one[200];

	if (!names)
		return assay_read_no_memory(err);
	for (const char *at = names; *at; at += strspn(at, "|")) {
		size_t length = strcspn(at, "|");
		void *array = specs->names;
		struct assay_name *name;

		if (length >= sizeof one)
			return assay_error_set(err, ASSAY_EREFUSED, "spec-invalid", "名称太长：%s",
				"a name is too long: %s", names);
		memcpy(one, at, length);
		one[length] = '\0';
		at += length;
		name = assay_specs_grow(&array, &specs->name_count, sizeof *name);
		if (!name)
			return assay_read_no_memory(err);
		specs->names = array;
		name->text = assay_specs_text(specs, one);
		name->analyte = analyte;
		name->rank = rank;
		name->factor = factor;
		if (!name->text)
			return assay_read_no_memory(err);
	}
	return ASSAY_OK;
}

static int read_analyte_child(
	struct assay_specs *specs, const char *path, xmlNodePtr node, uint32_t id, struct assay_error *err)
{
	struct assay_analyte *analyte = &specs->analytes[id];
	struct assay_decimal factor = {0};
	struct assay_fraction ratio, one = {1, 1};
	bool has;
	int status = assay_read_decimal(path, node, "factor", &has, &factor, err);

	if (status != ASSAY_OK)
		return status;
	ratio = assay_fraction_of(&factor);
	if (has && ratio.n == 0)
		return assay_error_set(err, ASSAY_EREFUSED, "spec-invalid", "%s:%ld：系数为零",
			"%s:%ld: a factor is zero", path, xmlGetLineNo(node));
	if (assay_read_yes(node, "divide"))
		status = assay_fraction_apply('/', &one, &ratio, &ratio);
	if (assay_read_is(node, "as"))
		return add_names(specs, assay_read_text(specs, node, "names"), id, 2, ratio, err);
	if (assay_read_is(node, "part")) {
		if (analyte->part_count == ASSAY_PARTS_MAX)
			return assay_error_set(err, ASSAY_EREFUSED, "spec-invalid", "%s:%ld：组分太多",
				"%s:%ld: too many parts", path, xmlGetLineNo(node));
		analyte->part[analyte->part_count++] = assay_read_text(specs, node, "names");
	} else if (assay_read_is(node, "equivalent")) {
		unsigned i = analyte->equivalent_count;

		if (i == ASSAY_EQUIVALENTS_MAX)
			return assay_error_set(err, ASSAY_EREFUSED, "spec-invalid", "%s:%ld：等价单位太多",
				"%s:%ld: too many equivalent units", path, xmlGetLineNo(node));
		analyte->equivalent[i].unit = assay_unit_find(assay_read_text(specs, node, "unit"));
		analyte->equivalent[i].of = assay_unit_find(assay_read_text(specs, node, "of"));
		analyte->equivalent[i].factor = ratio;
		analyte->equivalent_count++;
		if (analyte->equivalent[i].unit < 0 || analyte->equivalent[i].of < 0)
			return assay_error_set(err, ASSAY_EREFUSED, "spec-invalid", "%s:%ld：没有这个单位",
				"%s:%ld: there is no such unit", path, xmlGetLineNo(node));
	}
	return status;
}

/* Read after the standards: every analyte here must have a row somewhere. */
int assay_specs_read_analytes(struct assay_specs *specs, const struct assay_spec_file *file, const char *path,
	xmlNodePtr root, struct assay_error *err)
{
	const struct assay_fraction one = {1, 1};
	int status = ASSAY_OK;

	(void)file;
	for (xmlNodePtr node = root->children; node && status == ASSAY_OK; node = node->next) {
		const char *name;
		uint32_t id;

		if (!assay_read_is(node, "analyte"))
			continue;
		name = assay_read_text(specs, node, "name");
		if (!name)
			return assay_read_no_memory(err);
		id = assay_specs_analyte_id(specs, name);
		if (id == ASSAY_NONE)
			return assay_error_set(err, ASSAY_EREFUSED, "spec-invalid",
				"%s:%ld：没有一行限量用到 %s", "%s:%ld: no limit is for %s", path,
				xmlGetLineNo(node), name);
		status = add_names(specs, assay_read_text(specs, node, "names"), id, 1, one, err);
		for (xmlNodePtr child = node->children; child && status == ASSAY_OK; child = child->next)
			if (child->type == XML_ELEMENT_NODE)
				status = read_analyte_child(specs, path, child, id, err);
	}
	return status;
}

int assay_specs_read_product(struct assay_specs *specs, const struct assay_spec_file *file, const char *path,
	xmlNodePtr root, struct assay_error *err)
{
	void *array = specs->products;
	struct assay_product *product = assay_specs_grow(&array, &specs->product_count, sizeof *product);

	(void)path;
	if (!product)
		return assay_read_no_memory(err);
	specs->products = array;
	product->file = file;
	product->id = assay_read_text(specs, root, "id");
	product->name_zh = assay_read_text(specs, root, "name-zh");
	product->name_en = assay_read_text(specs, root, "name-en");
	product->licence_class = assay_read_text(specs, root, "class");
	product->process = assay_read_text(specs, root, "process");
	if (!product->id || !product->name_zh || !product->name_en || !product->licence_class ||
		!product->process)
		return assay_read_no_memory(err);
	for (xmlNodePtr node = root->children; node; node = node->next) {
		/* The schema keeps both within their ceilings. */
		if (assay_read_is(node, "use") && product->use_count < ASSAY_PRODUCT_USES_MAX) {
			product->use[product->use_count].standard = assay_read_text(specs, node, "standard");
			product->use[product->use_count].declared = assay_read_yes(node, "declared");
			product->use[product->use_count].category = assay_read_text(specs, node, "category");
			if (!product->use[product->use_count].standard ||
				!product->use[product->use_count++].category)
				return assay_read_no_memory(err);
		} else if (assay_read_is(node, "condition") &&
			   product->condition_count < ASSAY_PRODUCT_CONDITIONS_MAX) {
			product->condition[product->condition_count] = assay_read_text(specs, node, "name");
			if (!product->condition[product->condition_count++])
				return assay_read_no_memory(err);
		}
	}
	return ASSAY_OK;
}
