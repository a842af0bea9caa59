/* SPDX-License-Identifier: Apache-2.0
 * What a set holds: its files, standards, categories, products and methods. */
#include "limits/specs.h"

#include <string.h>

size_t assay_specs_file_count(const struct assay_specs *specs)
{
	return specs->file_count;
}

const struct assay_spec_file *assay_specs_file(const struct assay_specs *specs, size_t index)
{
	return index < specs->file_count ? specs->files[index] : NULL;
}

size_t assay_specs_standard_count(const struct assay_specs *specs)
{
	return specs->standard_count;
}

const struct assay_standard *assay_specs_standard(const struct assay_specs *specs, size_t index)
{
	return index < specs->standard_count ? &specs->standards[index] : NULL;
}

size_t assay_specs_category_count(const struct assay_specs *specs)
{
	return specs->category_count;
}

const struct assay_category *assay_specs_category_at(const struct assay_specs *specs, size_t index)
{
	return index < specs->category_count ? &specs->categories[index] : NULL;
}

const struct assay_category *assay_specs_category(
	const struct assay_specs *specs, const char *tree, const char *code)
{
	uint32_t id = assay_specs_category_id(specs, tree, code);

	return id == ASSAY_NONE ? NULL : &specs->categories[id];
}

size_t assay_specs_product_count(const struct assay_specs *specs)
{
	return specs->product_count;
}

const struct assay_product *assay_specs_product(const struct assay_specs *specs, size_t index)
{
	return index < specs->product_count ? &specs->products[index] : NULL;
}

const struct assay_product *assay_specs_product_find(const struct assay_specs *specs, const char *id)
{
	for (size_t i = 0; i < specs->product_count; i++)
		if (strcmp(specs->products[i].id, id) == 0)
			return &specs->products[i];
	return NULL;
}

size_t assay_specs_method_count(const struct assay_specs *specs)
{
	return specs->method_count;
}

const struct assay_method *assay_specs_method_at(const struct assay_specs *specs, size_t index)
{
	return index < specs->method_count ? &specs->methods[index] : NULL;
}

const struct assay_method *assay_specs_method(const struct assay_specs *specs, const char *id)
{
	for (size_t i = 0; i < specs->method_count; i++)
		if (strcmp(specs->methods[i].id, id) == 0)
			return &specs->methods[i];
	return NULL;
}

bool assay_method_named(const struct assay_specs *specs, const struct assay_method *method,
	const char *analyte, uint32_t first, uint32_t count)
{
	if (strcmp(method->analyte, analyte) == 0 || strcmp(method->analyte_zh, analyte) == 0)
		return true;
	for (uint32_t i = 0; i < count; i++)
		if (specs->names[first + i].rank < 2 &&
			strcmp(specs->analytes[specs->names[first + i].analyte].name, method->analyte) == 0)
			return true;
	return false;
}

const struct assay_method *assay_specs_method_for(const struct assay_specs *specs, const char *analyte)
{
	uint32_t first, count = assay_specs_names(specs, analyte, &first);

	for (size_t i = 0; i < specs->method_count; i++)
		if (assay_method_named(specs, &specs->methods[i], analyte, first, count))
			return &specs->methods[i];
	return NULL;
}

const struct assay_method *assay_specs_method_on(
	const struct assay_specs *specs, const char *analyte, const char *standard, const char *tested)
{
	uint32_t first, count = assay_specs_names(specs, analyte, &first);
	size_t length = standard ? strcspn(standard, " ;") : 0;

	if (standard && standard[length] == ' ') /* "GB 4789.3 ..." keeps its number */
		length += 1 + strcspn(standard + length + 1, " ;");
	for (size_t i = 0; i < specs->method_count; i++) {
		const struct assay_method *method = &specs->methods[i];

		if (!assay_method_named(specs, method, analyte, first, count) ||
			strcmp(method->from, tested) > 0 ||
			(*method->until && strcmp(method->until, tested) <= 0))
			continue;
		if (!length || (strncmp(method->standard, standard, length) == 0 &&
				       (method->standard[length] == '-' || method->standard[length] == '\0')))
			return method;
	}
	return NULL;
}
