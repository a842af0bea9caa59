/* SPDX-License-Identifier: Apache-2.0
 * What a schema cannot see: rows and files against each other. */
#include "limits/specs.h"

#include <stdlib.h>
#include <string.h>

static int overlap(const struct assay_standard *a, const struct assay_standard *b, struct assay_error *err)
{
	return assay_error_set(err, ASSAY_EREFUSED, "spec-overlap", "%s：与 %s 的施行期重叠（%s、%s）",
		"%s: overlaps in time with %s (%s, %s)", a->file->path, b->file->path, a->id, b->id);
}

/* Editions of one number follow each other; a successor exists, has the same number and begins when this one ends. */
static int check_editions(const struct assay_specs *specs, struct assay_error *err)
{
	for (size_t i = 0; i < specs->standard_count; i++) {
		const struct assay_standard *standard = &specs->standards[specs->editions[i]], *next = NULL,
					    *successor = NULL;

		if (i + 1 < specs->standard_count)
			next = &specs->standards[specs->editions[i + 1]];
		if (next && strcmp(next->number, standard->number) == 0 &&
			(!*standard->until || strcmp(standard->until, next->from) > 0))
			return overlap(standard, next, err);
		for (size_t j = 0; j < specs->standard_count && *standard->successor; j++) {
			if (strcmp(specs->standards[j].id, standard->successor) == 0)
				successor = &specs->standards[j];
		}
		if (!*standard->successor)
			continue;
		if (!successor)
			return assay_error_set(err, ASSAY_EREFUSED, "spec-successor",
				"%s：代替它的 %s 不存在", "%s: its successor %s does not exist",
				standard->file->path, standard->successor);
		if (strcmp(successor->number, standard->number) != 0 ||
			strcmp(successor->from, standard->until) != 0)
			return assay_error_set(err, ASSAY_EREFUSED, "spec-successor",
				"%s：%s 不是同号标准，或施行日期 %s 与本文件的 until %s 不一致",
				"%s: %s has another number, or its first day %s is not this file's until %s",
				standard->file->path, successor->id, successor->from, standard->until);
	}
	return ASSAY_OK;
}

static int check_dates(const struct assay_specs *specs, struct assay_error *err)
{
	for (size_t i = 0; i < specs->standard_count; i++) {
		const struct assay_standard *standard = &specs->standards[i];

		if ((*standard->from && !assay_date_valid(standard->from)) ||
			(*standard->until && !assay_date_valid(standard->until)) ||
			(*standard->until && strcmp(standard->from, standard->until) >= 0))
			return assay_error_set(err, ASSAY_EREFUSED, "spec-invalid",
				"%s：施行日期 %s 或废止日期 %s 不对", "%s: from %s or until %s is wrong",
				standard->file->path, standard->from, standard->until);
	}
	return ASSAY_OK;
}

/* Two rows of one key are alternatives only when they measure different things or ask for different conditions. */
static bool is_double(const struct assay_row *a, const struct assay_row *b)
{
	return a->kind == b->kind && a->unit == b->unit && a->when == b->when && a->unless == b->unless &&
	       strcmp(a->limit->measure, b->limit->measure) == 0;
}

static int check_rows(const struct assay_specs *specs, struct assay_error *err)
{
	for (size_t i = 0; i < specs->row_count; i++) {
		const struct assay_row *row = &specs->rows[i];
		const char *path = specs->standards[row->standard].file->path;

		for (uint32_t j = row->next; j != ASSAY_NONE; j = specs->rows[j].next)
			if (is_double(row, &specs->rows[j]))
				return assay_error_set(err, ASSAY_EREFUSED, "row-twice",
					"%s:%u：与第 %u 行重复（%s，%s）",
					"%s:%u: the same as line %u (%s, %s)", path,
					specs->rows[j].limit->line, row->limit->line, row->limit->category,
					row->limit->analyte);
		if (specs->categories[row->category].reserved)
			return assay_error_set(err, ASSAY_EREFUSED, "spec-invalid",
				"%s:%u：类别号 %s 是保留号", "%s:%u: the category number %s is reserved",
				path, row->limit->line, row->limit->category);
		if ((row->kind == ASSAY_KIND_SUM_LE || row->kind == ASSAY_KIND_SUM_GE) &&
			specs->analytes[row->analyte].part_count == 0)
			return assay_error_set(err, ASSAY_EREFUSED, "spec-invalid",
				"%s:%u：没有说明和由哪些组分组成",
				"%s:%u: nothing says which parts the sum has", path, row->limit->line);
		if ((*row->limit->to && assay_specs_analyte_id(specs, row->limit->to) == ASSAY_NONE) ||
			(*row->limit->screen &&
				assay_specs_analyte_id(specs, row->limit->screen) == ASSAY_NONE))
			return assay_error_set(err, ASSAY_EREFUSED, "spec-invalid", "%s:%u：没有这个分析物",
				"%s:%u: there is no such analyte", path, row->limit->line);
	}
	return ASSAY_OK;
}

static const struct assay_standard *by_number(const struct assay_specs *specs, const char *number)
{
	for (size_t i = 0; i < specs->standard_count; i++)
		if (strcmp(specs->standards[i].number, number) == 0)
			return &specs->standards[i];
	return NULL;
}

static int check_product(
	const struct assay_specs *specs, const struct assay_product *product, struct assay_error *err)
{
	for (unsigned i = 0; i < product->use_count; i++) {
		const struct assay_standard *standard = by_number(specs, product->use[i].standard);
		uint32_t category =
			standard ? assay_specs_category_id(specs, standard->tree, product->use[i].category)
				 : ASSAY_NONE;

		if (!standard)
			return assay_error_set(err, ASSAY_EREFUSED, "spec-invalid", "%s：没有标准 %s",
				"%s: there is no standard %s", product->file->path, product->use[i].standard);
		if (category == ASSAY_NONE || specs->categories[category].reserved)
			return assay_error_set(err, ASSAY_EREFUSED, "spec-invalid",
				"%s：类别 %s 不在分类 %s 里，或是保留号",
				"%s: category %s is not in the tree %s, or is reserved", product->file->path,
				product->use[i].category, standard->tree);
	}
	for (unsigned i = 0; i < product->condition_count; i++)
		if (!assay_condition_bit(product->condition[i], strlen(product->condition[i])))
			return assay_error_set(err, ASSAY_EREFUSED, "spec-invalid", "%s：没有条件 %s",
				"%s: there is no condition %s", product->file->path, product->condition[i]);
	return ASSAY_OK;
}

static int twice(const struct assay_spec_file *file, const char *id, const struct assay_spec_file *first,
	struct assay_error *err)
{
	return assay_error_set(err, ASSAY_EREFUSED, "id-twice", "%s：%s 已在 %s 里",
		"%s: %s is in %s already", file->path, id, first->path);
}

static int check_twice(const struct assay_specs *specs, struct assay_error *err)
{
	for (size_t i = 0; i < specs->standard_count; i++)
		for (size_t j = 0; j < i; j++)
			if (strcmp(specs->standards[i].id, specs->standards[j].id) == 0)
				return twice(specs->standards[i].file, specs->standards[i].id,
					specs->standards[j].file, err);
	for (size_t i = 0; i < specs->product_count; i++)
		for (size_t j = 0; j < i; j++)
			if (strcmp(specs->products[i].id, specs->products[j].id) == 0)
				return twice(specs->products[i].file, specs->products[i].id,
					specs->products[j].file, err);
	for (size_t i = 0; i < specs->method_count; i++)
		for (size_t j = 0; j < i; j++)
			if (strcmp(specs->methods[i].id, specs->methods[j].id) == 0)
				return twice(specs->methods[i].file, specs->methods[i].id,
					specs->methods[j].file, err);
	return ASSAY_OK;
}

int assay_specs_check(const struct assay_specs *specs, struct assay_error *err)
{
	int status = check_dates(specs, err);

	if (status == ASSAY_OK)
		status = check_editions(specs, err);
	if (status == ASSAY_OK)
		status = check_rows(specs, err);
	for (size_t i = 0; i < specs->product_count && status == ASSAY_OK; i++)
		status = check_product(specs, &specs->products[i], err);
	return status == ASSAY_OK ? check_twice(specs, err) : status;
}
