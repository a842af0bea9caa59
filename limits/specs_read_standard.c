/* SPDX-License-Identifier: Apache-2.0
 * One edition of one standard: its head, drying rules, gaps, and its rows. */
#include "limits/specs_read.h"

#include "limits/unit.h"

#include <stdio.h>
#include <stdlib.h>
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

enum assay_kind assay_kind_find(const char *name)
{
	static const char *const kinds[] = {"le", "lt", "ge", "gt", "range", "tol_pm", "nd", "prohibited",
		"qual_negative", "ratio_le", "sum_le", "sum_ge", "ratio_sum", "plan2", "plan3"};

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (strcmp(kinds[i], name) == 0)
			return (enum assay_kind)(ASSAY_KIND_LE + i);
	return (enum assay_kind)0;
}

static uint32_t analyte_of(struct assay_specs *specs, const char *name)
{
	uint32_t id = assay_specs_analyte_id(specs, name);
	void *array = specs->analytes;
	struct assay_analyte *analyte;

	if (id != ASSAY_NONE)
		return id;
	id = (uint32_t)specs->analyte_count;
	analyte = assay_specs_grow(&array, &specs->analyte_count, sizeof *analyte);
	if (!analyte)
		return ASSAY_NONE;
	specs->analytes = array;
	analyte->name = name;
	return id;
}

static bool add_name(struct assay_specs *specs, const char *text, uint32_t analyte, uint8_t rank)
{
	void *array = specs->names;
	struct assay_name *name;

	if (!*text)
		return true;
	for (size_t i = specs->name_count; i > 0 && specs->name_count - i < 64; i--)
		if (specs->names[i - 1].text == text && specs->names[i - 1].analyte == analyte)
			return true; /* strings are interned: the row before said the same */
	name = assay_specs_grow(&array, &specs->name_count, sizeof *name);
	if (!name)
		return false;
	specs->names = array;
	name->text = text;
	name->analyte = analyte;
	name->rank = rank;
	name->factor.n = name->factor.d = 1;
	return true;
}

static bool read_texts(struct assay_specs *specs, xmlNodePtr node, struct assay_limit *limit)
{
	const struct {
		const char *name, **to;
	} field[] = {{"category", &limit->category}, {"analyte", &limit->analyte},
		{"analyte-zh", &limit->analyte_zh}, {"cas", &limit->cas}, {"kind", &limit->kind},
		{"text", &limit->text}, {"unit", &limit->unit}, {"basis", &limit->basis},
		{"except", &limit->except}, {"only", &limit->only}, {"method", &limit->method},
		{"clause", &limit->clause}, {"source", &limit->source}, {"confidence", &limit->confidence},
		{"when", &limit->when}, {"unless", &limit->unless}, {"left-out-when", &limit->left_out_when},
		{"convert", &limit->convert}, {"dilution", &limit->dilution}, {"screen", &limit->screen},
		{"measure", &limit->measure}, {"group", &limit->group}, {"to", &limit->to},
		{"food-zh", &limit->food_zh}};

	for (size_t i = 0; i < sizeof field / sizeof *field; i++) {
		*field[i].to = assay_read_text(specs, node, field[i].name);
		if (!*field[i].to)
			return false;
	}
	return true;
}

/* Only the lower-case words of dilution are conditions; the rest are category codes. */
static bool dilution_conditions(const char *words, uint64_t *out)
{
	*out = 0;
	for (const char *at = words; *at; at += strspn(at, " ")) {
		size_t length = strcspn(at, " ");
		uint64_t bit = *at >= 'a' && *at <= 'z' ? assay_condition_bit(at, length) : 0;

		if (*at >= 'a' && *at <= 'z' && !bit)
			return false;
		*out |= bit;
		at += length;
	}
	return true;
}

static int read_conditions(struct assay_specs *specs, const char *path, xmlNodePtr node,
	const struct assay_limit *limit, struct assay_row *row, struct assay_error *err)
{
	const char *eighth = assay_read_text(specs, node, "eighth-when"),
		   *alternative = assay_read_text(specs, node, "alternative-when");

	if (!eighth || !alternative)
		return assay_read_no_memory(err);
	if (!assay_condition_bits(limit->when, &row->when) ||
		!assay_condition_bits(limit->unless, &row->unless) ||
		!assay_condition_bits(limit->left_out_when, &row->left_out_when) ||
		!assay_condition_bits(eighth, &row->eighth_when) ||
		!assay_condition_bits(alternative, &row->alternative_when) ||
		!dilution_conditions(limit->dilution, &row->dilution_when))
		return refuse(path, node, "条件不在条件表里", "a condition is not in the list of conditions",
			limit->text, err);
	return ASSAY_OK;
}

static int read_numbers(const char *path, xmlNodePtr node, struct assay_limit *limit, struct assay_row *row,
	struct assay_error *err)
{
	struct assay_decimal lod = {0}, alternative = {0}, place = {0};
	bool has_alternative, has_place;
	int status = assay_read_decimal(path, node, "lower", &limit->has_lower, &limit->lower, err);

	if (status == ASSAY_OK)
		status = assay_read_decimal(path, node, "upper", &limit->has_upper, &limit->upper, err);
	if (status == ASSAY_OK)
		status = assay_read_decimal(path, node, "m", &limit->has_m, &limit->m, err);
	if (status == ASSAY_OK)
		status = assay_read_decimal(path, node, "M", &limit->has_M, &limit->M, err);
	if (status == ASSAY_OK)
		status = assay_read_decimal(path, node, "lod", &row->has_lod, &lod, err);
	if (status == ASSAY_OK)
		status = assay_read_decimal(
			path, node, "alternative-upper", &has_alternative, &alternative, err);
	if (status == ASSAY_OK)
		status = assay_read_decimal(path, node, "place", &has_place, &place, err);
	if (status != ASSAY_OK)
		return status;
	limit->n = assay_read_number(node, "n", 0);
	limit->c = assay_read_number(node, "c", 0);
	limit->lower_open = assay_read_yes(node, "lower-open");
	limit->upper_open = assay_read_yes(node, "upper-open");
	row->lower = assay_fraction_of(&limit->lower);
	row->upper = assay_fraction_of(&limit->upper);
	row->m = assay_fraction_of(&limit->m);
	row->M = assay_fraction_of(&limit->M);
	row->lod = assay_fraction_of(&lod);
	row->alternative_upper = assay_fraction_of(&alternative);
	row->place = has_place ? (int)place.coefficient
			       : (limit->has_upper ? limit->upper.scale : limit->lower.scale);
	if (limit->has_lower && limit->has_upper && limit->lower.scale > row->place && !has_place)
		row->place = limit->lower.scale;
	return (row->alternative_when != 0) == has_alternative
		       ? ASSAY_OK
		       : refuse(path, node, "alternative-when 与 alternative-upper 要一起给出",
				 "alternative-when and alternative-upper go together", limit->text, err);
}

/* What a kind cannot do without. */
static int complete(const char *path, xmlNodePtr node, const struct assay_limit *limit,
	const struct assay_row *row, struct assay_error *err)
{
	bool upper = false, lower = false, unit = true, plan = false;

	switch (row->kind) {
	case ASSAY_KIND_LE:
	case ASSAY_KIND_LT:
	case ASSAY_KIND_TOL_PM:
	case ASSAY_KIND_SUM_LE:
		upper = true;
		break;
	case ASSAY_KIND_RATIO_LE:
	case ASSAY_KIND_RATIO_SUM:
		upper = true;
		unit = false;
		break;
	case ASSAY_KIND_GE:
	case ASSAY_KIND_GT:
	case ASSAY_KIND_SUM_GE:
		lower = true;
		break;
	case ASSAY_KIND_RANGE:
		lower = upper = true;
		break;
	case ASSAY_KIND_QUAL_NEGATIVE:
		unit = false;
		break;
	case ASSAY_KIND_PLAN2:
	case ASSAY_KIND_PLAN3:
		plan = true;
		break;
	case ASSAY_KIND_ND:
	case ASSAY_KIND_PROHIBITED:
	default:
		break;
	}
	if (unit && row->unit < 0)
		return refuse(path, node, "缺少单位或没有这个单位", "the unit is missing or not known",
			limit->text, err);
	if ((upper && !limit->has_upper) || (lower && !limit->has_lower) ||
		(row->kind == ASSAY_KIND_RATIO_LE && !*limit->to))
		return refuse(path, node, "缺少限值", "the bound is missing", limit->text, err);
	if (limit->has_lower && limit->has_upper && assay_decimal_compare(&limit->lower, &limit->upper) > 0)
		return refuse(path, node, "下限大于上限", "the lower limit is above the upper one",
			limit->text, err);
	if (plan && (limit->n == 0 || limit->c >= limit->n || !limit->has_m ||
			    (row->kind == ASSAY_KIND_PLAN3) != limit->has_M ||
			    (limit->has_M && assay_decimal_compare(&limit->m, &limit->M) > 0)))
		return refuse(path, node, "采样方案 n、c、m、M 不完整",
			"the sampling plan n, c, m, M is not whole", limit->text, err);
	return ASSAY_OK;
}

static int read_limit(struct assay_specs *specs, uint32_t standard, const char *path, xmlNodePtr node,
	struct assay_limit *limit, struct assay_error *err)
{
	void *array = specs->rows;
	struct assay_row *row = assay_specs_grow(&array, &specs->row_count, sizeof *row);
	const char *compare;
	int status;

	if (!row)
		return assay_read_no_memory(err);
	specs->rows = array;
	compare = assay_read_text(specs, node, "compare");
	if (!read_texts(specs, node, limit) || !compare)
		return assay_read_no_memory(err);
	limit->standard = specs->standards[standard].id;
	limit->line = (unsigned)xmlGetLineNo(node);
	row->limit = limit;
	row->standard = standard;
	row->next = ASSAY_NONE;
	row->kind = assay_kind_find(limit->kind);
	row->unit = assay_unit_find(limit->unit);
	row->relative = assay_read_yes(node, "relative");
	row->rounded = strcmp(compare, "rounded") == 0;
	row->analyte = analyte_of(specs, limit->analyte);
	if (row->analyte == ASSAY_NONE || !add_name(specs, limit->analyte, row->analyte, 0) ||
		!add_name(specs, limit->analyte_zh, row->analyte, 0) ||
		!add_name(specs, limit->cas, row->analyte, 1))
		return assay_read_no_memory(err);
	status = read_conditions(specs, path, node, limit, row, err);
	if (status == ASSAY_OK)
		status = read_numbers(path, node, limit, row, err);
	return status == ASSAY_OK ? complete(path, node, limit, row, err) : status;
}

/* A category of the standard's tree by attribute; ASSAY_NONE when the attribute is absent. */
static int read_category(struct assay_specs *specs, const char *tree, const char *path, xmlNodePtr node,
	const char *name, uint32_t *out, struct assay_error *err)
{
	const char *code = assay_read_text(specs, node, name);

	*out = ASSAY_NONE;
	if (!code)
		return assay_read_no_memory(err);
	if (!*code)
		return ASSAY_OK;
	*out = assay_specs_category_id(specs, tree, code);
	return *out == ASSAY_NONE
		       ? refuse(path, node, "类别不在分类里", "the category is not in the tree", code, err)
		       : ASSAY_OK;
}

static int read_gap(struct assay_specs *specs, uint32_t standard, const char *path, xmlNodePtr node,
	struct assay_error *err)
{
	void *array = specs->gaps;
	struct assay_gap *gap = assay_specs_grow(&array, &specs->gap_count, sizeof *gap);

	if (!gap)
		return assay_read_no_memory(err);
	specs->gaps = array;
	gap->standard = standard;
	gap->group = assay_read_text(specs, node, "group");
	gap->zh = assay_read_text(specs, node, "reason-zh");
	gap->en = assay_read_text(specs, node, "reason-en");
	if (!gap->group || !gap->zh || !gap->en)
		return assay_read_no_memory(err);
	return read_category(
		specs, specs->standards[standard].tree, path, node, "category", &gap->category, err);
}

static int read_drying(struct assay_specs *specs, uint32_t standard, const char *path, xmlNodePtr node,
	struct assay_error *err)
{
	void *array = specs->dryings;
	struct assay_drying *drying = assay_specs_grow(&array, &specs->drying_count, sizeof *drying);
	const char *tree = specs->standards[standard].tree;
	int status;

	if (!drying)
		return assay_read_no_memory(err);
	specs->dryings = array;
	drying->standard = standard;
	drying->clause = assay_read_text(specs, node, "clause");
	if (!drying->clause)
		return assay_read_no_memory(err);
	status = read_category(specs, tree, path, node, "family", &drying->family, err);
	if (status == ASSAY_OK)
		status = read_category(specs, tree, path, node, "products", &drying->products, err);
	if (status == ASSAY_OK)
		status = read_category(specs, tree, path, node, "dried", &drying->dried, err);
	return status;
}

static size_t count_limits(xmlNodePtr parent)
{
	size_t count = 0;

	for (xmlNodePtr node = parent->children; node; node = node->next)
		count += assay_read_is(node, "limit");
	return count;
}

static bool read_head(struct assay_specs *specs, xmlNodePtr root, struct assay_standard *standard)
{
	const struct {
		const char *name, **to;
	} field[] = {{"id", &standard->id}, {"number", &standard->number}, {"tree", &standard->tree},
		{"from", &standard->from}, {"until", &standard->until}, {"no-row", &standard->no_row},
		{"title-zh", &standard->title_zh}, {"title-en", &standard->title_en},
		{"successor", &standard->successor}};

	for (size_t i = 0; i < sizeof field / sizeof *field; i++) {
		*field[i].to = assay_read_text(specs, root, field[i].name);
		if (!*field[i].to)
			return false;
	}
	standard->voluntary = assay_read_yes(root, "voluntary");
	return true;
}

int assay_specs_read_standard(struct assay_specs *specs, const struct assay_spec_file *file, const char *path,
	xmlNodePtr root, struct assay_error *err)
{
	void *array = specs->standards, *flags;
	uint32_t id = (uint32_t)specs->standard_count;
	struct assay_standard *standard = assay_specs_grow(&array, &specs->standard_count, sizeof *standard);
	struct assay_limit *limit = assay_specs_memory(specs, count_limits(root) * sizeof *limit);
	int status = ASSAY_OK;

	if (standard)
		specs->standards = array;
	flags = realloc(specs->no_row_unverified, (id + 1) * sizeof *specs->no_row_unverified);
	if (flags)
		specs->no_row_unverified = flags;
	if (!standard || !limit || !flags || !read_head(specs, root, standard))
		return assay_read_no_memory(err);
	specs->no_row_unverified[id] =
		strcmp(assay_read_text(specs, root, "no-row-confidence"), "medium") == 0;
	standard->limits = limit;
	standard->file = file;
	if (!*standard->from && !assay_read_yes(root, "label"))
		return refuse(path, root, "缺少施行日期", "the day of entry into force is missing",
			standard->id, err);
	for (xmlNodePtr node = root->children; node && status == ASSAY_OK; node = node->next) {
		if (assay_read_is(node, "limit")) {
			status = read_limit(specs, id, path, node, limit++, err);
			specs->standards[id].limit_count++;
		} else if (assay_read_is(node, "drying")) {
			status = read_drying(specs, id, path, node, err);
		} else if (assay_read_is(node, "left-out") || assay_read_is(node, "review")) {
			status = read_gap(specs, id, path, node, err);
		}
	}
	return status;
}
