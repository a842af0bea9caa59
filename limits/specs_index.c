/* SPDX-License-Identifier: Apache-2.0
 * What makes looking up cost the same however much there is: hashes of categories, names, rows and standards, and for
 * each category the list of its ancestors by distance. */
#include "limits/specs.h"

#include <stdlib.h>
#include <string.h>

static int no_memory(struct assay_error *err)
{
	return assay_error_set(err, ASSAY_ENOMEM, "out-of-memory", "内存不足", "out of memory");
}

static uint32_t hash_text(const char *text, uint32_t hash)
{
	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 16777619u;
	return hash;
}

static uint32_t hash_numbers(uint32_t a, uint32_t b, uint32_t c)
{
	uint64_t hash = ((uint64_t)a * 0x9e3779b1u + b) * 0x85ebca6bu + c;

	hash *= UINT64_C(0x9e3779b97f4a7c15);
	return (uint32_t)(hash >> 32);
}

static bool hash_open(struct assay_hash *hash, size_t count)
{
	uint32_t size = 16;

	while (size < count * 2)
		size *= 2;
	hash->slot = calloc(size, sizeof *hash->slot);
	hash->mask = size - 1;
	return hash->slot != NULL;
}

static void hash_put(struct assay_hash *hash, uint32_t key, uint32_t index)
{
	uint32_t at = key & hash->mask;

	while (hash->slot[at])
		at = (at + 1) & hash->mask;
	hash->slot[at] = index + 1;
}

/* Walk the slots of a key: for (at = key; (index = hash_next(hash, &at)) != ASSAY_NONE;) */
static uint32_t hash_next(const struct assay_hash *hash, uint32_t *at)
{
	uint32_t slot = hash->slot[*at & hash->mask];

	(*at)++;
	return slot ? slot - 1 : ASSAY_NONE;
}

static int category_order(const void *a, const void *b)
{
	const struct assay_category *left = a, *right = b;
	int order = strcmp(left->tree, right->tree);

	return order ? order : strcmp(left->code, right->code);
}

uint32_t assay_specs_category_id(const struct assay_specs *specs, const char *tree, const char *code)
{
	uint32_t index, at = hash_text(code, hash_text(tree, 2166136261u));

	while ((index = hash_next(&specs->by_category, &at)) != ASSAY_NONE)
		if (strcmp(specs->categories[index].code, code) == 0 &&
			strcmp(specs->categories[index].tree, tree) == 0)
			return index;
	return ASSAY_NONE;
}

uint32_t assay_specs_analyte_id(const struct assay_specs *specs, const char *name)
{
	for (size_t i = 0; i < specs->analyte_count; i++)
		if (strcmp(specs->analytes[i].name, name) == 0)
			return (uint32_t)i;
	return ASSAY_NONE;
}

uint32_t assay_specs_names(const struct assay_specs *specs, const char *text, uint32_t *first)
{
	uint32_t index, count = 0, at = hash_text(text, 2166136261u);

	*first = 0;
	while ((index = hash_next(&specs->by_name, &at)) != ASSAY_NONE) {
		if (strcmp(specs->names[index].text, text) != 0)
			continue;
		*first = index;
		while (index + count < specs->name_count &&
			(count == 0 || strcmp(specs->names[index + count].text, text) == 0))
			count++;
		break;
	}
	return count;
}

uint32_t assay_specs_row(
	const struct assay_specs *specs, uint32_t standard, uint32_t category, uint32_t analyte)
{
	uint32_t index, at = hash_numbers(standard, category, analyte);

	while ((index = hash_next(&specs->by_row, &at)) != ASSAY_NONE) {
		const struct assay_row *row = &specs->rows[index];

		if (row->standard == standard && row->category == category && row->analyte == analyte)
			return index;
	}
	return ASSAY_NONE;
}

bool assay_specs_has_analyte(const struct assay_specs *specs, uint32_t standard, uint32_t analyte)
{
	size_t bit = standard * specs->analyte_count + analyte;

	return (specs->analyte_in_standard[bit / 8] >> (bit % 8) & 1) != 0;
}

bool assay_specs_within(const struct assay_specs *specs, uint32_t category, const struct assay_codes *codes)
{
	for (uint32_t i = 0; i < codes->count; i++)
		if (assay_specs_below(specs, category, codes->id[i]))
			return true;
	return false;
}

bool assay_specs_below(const struct assay_specs *specs, uint32_t category, uint32_t ancestor)
{
	const struct assay_lineage *lineage = &specs->lineages[category];

	for (uint32_t i = 0; i < lineage->count; i++)
		if (lineage->id[i] == ancestor)
			return true;
	return false;
}

/* ---- building ------------------------------------------------------------------------------------------- */

static int unknown_code(const struct assay_category *category, const char *code, struct assay_error *err)
{
	return assay_error_set(err, ASSAY_EREFUSED, "spec-invalid", "分类 %s：%s 的上级 %s 不存在",
		"tree %s: the parent of %s, %s, does not exist", category->tree, category->code, code);
}

/* A food named inside its category: the code's last part is X and digits. */
static bool is_named_inside(const char *code)
{
	const char *dot = strrchr(code, '.');

	return dot && dot[1] == 'X' && dot[2] && dot[2 + strspn(dot + 2, "0123456789")] == '\0';
}

/* Breadth first over parent and second parents; ids in *found, distances beside. */
static int walk_up(const struct assay_specs *specs, uint32_t start, uint32_t found[64], uint8_t distance[64],
	uint32_t *count_out, struct assay_error *err)
{
	uint32_t count = 1;

	found[0] = start;
	distance[0] = 0;
	for (uint32_t i = 0; i < count; i++) {
		const struct assay_category *category = &specs->categories[found[i]];
		char codes[400], *save = NULL;

		if (i > 0 && is_named_inside(category->code) && i != 0)
			continue; /* a group of named foods: its own parent is reached by the foods' parents */
		if (strlen(category->parent) + strlen(category->also_in) + 2 > sizeof codes)
			return assay_error_set(err, ASSAY_EREFUSED, "spec-invalid", "分类 %s：%s 的上级太多",
				"tree %s: %s has too many parents", category->tree, category->code);
		(void)stpcpy(stpcpy(stpcpy(codes, category->parent), " "), category->also_in);
		for (char *code = strtok_r(codes, " ", &save); code; code = strtok_r(NULL, " ", &save)) {
			uint32_t id = assay_specs_category_id(specs, category->tree, code), k = 0;

			if (id == ASSAY_NONE)
				return unknown_code(category, code, err);
			while (k < count && found[k] != id)
				k++;
			if (k < count)
				continue;
			if (count == 64 || distance[i] == UINT8_MAX)
				return assay_error_set(err, ASSAY_EREFUSED, "spec-invalid",
					"分类 %s：%s 的上级太多", "tree %s: %s has too many ancestors",
					category->tree, category->code);
			found[count] = id;
			distance[count++] = (uint8_t)(distance[i] + 1);
		}
	}
	*count_out = count;
	return ASSAY_OK;
}

static int build_lineages(struct assay_specs *specs, struct assay_error *err)
{
	uint32_t found[64];
	uint8_t distance[64];

	specs->lineages = calloc(specs->category_count + 1, sizeof *specs->lineages);
	if (!specs->lineages)
		return no_memory(err);
	for (uint32_t i = 0; i < specs->category_count; i++) {
		struct assay_lineage *lineage = &specs->lineages[i];
		uint32_t *ids, count = 0;
		uint8_t *far;
		int status = walk_up(specs, i, found, distance, &count, err);

		if (status != ASSAY_OK)
			return status;
		ids = assay_specs_memory(specs, count * sizeof *ids);
		far = assay_specs_memory(specs, count);
		if (!ids || !far)
			return no_memory(err);
		memcpy(ids, found, count * sizeof *ids);
		memcpy(far, distance, count);
		lineage->id = ids;
		lineage->distance = far;
		lineage->count = count;
		lineage->reach = is_named_inside(specs->categories[i].code) ? 1 : count;
	}
	return ASSAY_OK;
}

static int name_order(const void *a, const void *b)
{
	const struct assay_name *left = a, *right = b;
	int order = strcmp(left->text, right->text);

	if (order)
		return order;
	if (left->rank != right->rank)
		return left->rank < right->rank ? -1 : 1;
	return left->analyte < right->analyte ? -1 : left->analyte > right->analyte;
}

static int build_names(struct assay_specs *specs, struct assay_error *err)
{
	size_t kept = 0;

	qsort(specs->names, specs->name_count, sizeof *specs->names, name_order);
	for (size_t i = 0; i < specs->name_count; i++)
		if (kept == 0 || specs->names[kept - 1].text != specs->names[i].text ||
			specs->names[kept - 1].analyte != specs->names[i].analyte)
			specs->names[kept++] = specs->names[i];
	specs->name_count = kept;
	if (!hash_open(&specs->by_name, kept))
		return no_memory(err);
	for (uint32_t i = 0; i < kept; i++)
		if (i == 0 || strcmp(specs->names[i].text, specs->names[i - 1].text) != 0)
			hash_put(&specs->by_name, hash_text(specs->names[i].text, 2166136261u), i);
	return ASSAY_OK;
}

static int no_category(const struct assay_specs *specs, const struct assay_row *row, const char *code,
	struct assay_error *err)
{
	const struct assay_standard *standard = &specs->standards[row->standard];

	return assay_error_set(err, ASSAY_EREFUSED, "spec-invalid", "%s:%u：类别 %s 不在分类 %s 里",
		"%s:%u: category %s is not in the tree %s", standard->file->path, row->limit->line, code,
		standard->tree);
}

/* Codes separated by blanks to ids; words in lower case are conditions and left out. */
static int resolve(struct assay_specs *specs, const struct assay_row *row, const char *codes,
	struct assay_codes *out, struct assay_error *err)
{
	const struct assay_standard *standard = &specs->standards[row->standard];
	uint32_t *ids;
	char code[64];

	if (!*codes)
		return ASSAY_OK;
	ids = assay_specs_memory(specs, (strlen(codes) + 1) * sizeof *ids);
	if (!ids)
		return no_memory(err);
	out->id = ids;
	for (const char *at = codes; *at; at += strspn(at, " ")) {
		size_t length = strcspn(at, " ");

		if (*at >= 'a' && *at <= 'z') {
			at += length;
			continue;
		}
		(void)memcpy(code, at, length < sizeof code ? length : sizeof code - 1);
		code[length < sizeof code ? length : sizeof code - 1] = '\0';
		at += length;
		ids[out->count] = assay_specs_category_id(specs, standard->tree, code);
		if (ids[out->count++] == ASSAY_NONE)
			return no_category(specs, row, code, err);
	}
	return ASSAY_OK;
}

static int build_rows(struct assay_specs *specs, struct assay_error *err)
{
	int status = ASSAY_OK;

	specs->analyte_in_standard = calloc((specs->standard_count * specs->analyte_count) / 8 + 1, 1);
	if (!hash_open(&specs->by_row, specs->row_count) || !specs->analyte_in_standard)
		return no_memory(err);
	for (uint32_t i = 0; i < specs->row_count && status == ASSAY_OK; i++) {
		struct assay_row *row = &specs->rows[i];
		size_t bit = row->standard * specs->analyte_count + row->analyte;
		uint32_t first;

		row->category = assay_specs_category_id(
			specs, specs->standards[row->standard].tree, row->limit->category);
		if (row->category == ASSAY_NONE)
			status = no_category(specs, row, row->limit->category, err);
		if (status == ASSAY_OK)
			status = resolve(specs, row, row->limit->except, &row->except, err);
		if (status == ASSAY_OK)
			status = resolve(specs, row, row->limit->only, &row->only, err);
		if (status == ASSAY_OK)
			status = resolve(specs, row, row->limit->dilution, &row->dilution, err);
		if (status != ASSAY_OK)
			break;
		specs->analyte_in_standard[bit / 8] |= (uint8_t)(1u << (bit % 8));
		first = assay_specs_row(specs, row->standard, row->category, row->analyte);
		if (first == ASSAY_NONE) {
			hash_put(&specs->by_row, hash_numbers(row->standard, row->category, row->analyte), i);
			continue;
		}
		while (specs->rows[first].next != ASSAY_NONE)
			first = specs->rows[first].next;
		specs->rows[first].next = i;
	}
	return status;
}

static int edition_order(const void *a, const void *b, void *context)
{
	const struct assay_standard *standards = context;
	const struct assay_standard *left = &standards[*(const uint32_t *)a],
				    *right = &standards[*(const uint32_t *)b];
	int order = strcmp(left->number, right->number);

	return order ? order : strcmp(left->from, right->from);
}

static int build_standards(struct assay_specs *specs, struct assay_error *err)
{
	size_t count = specs->standard_count;

	specs->editions = calloc(count + 1, sizeof *specs->editions);
	if (!specs->editions || !hash_open(&specs->by_standard, count * 2))
		return no_memory(err);
	for (uint32_t i = 0; i < count; i++)
		specs->editions[i] = i;
	qsort_r(specs->editions, count, sizeof *specs->editions, edition_order, specs->standards);
	for (uint32_t i = 0; i < count; i++) {
		const struct assay_standard *standard = &specs->standards[specs->editions[i]];

		/* id -> the edition itself; number -> its first edition, count places higher */
		hash_put(&specs->by_standard, hash_text(standard->id, 2166136261u), i);
		if (i == 0 || strcmp(standard->number, specs->standards[specs->editions[i - 1]].number) != 0)
			hash_put(&specs->by_standard, hash_text(standard->number, 2166136261u),
				(uint32_t)count + i);
	}
	return ASSAY_OK;
}

int assay_specs_index_categories(struct assay_specs *specs, struct assay_error *err)
{
	qsort(specs->categories, specs->category_count, sizeof *specs->categories, category_order);
	if (!hash_open(&specs->by_category, specs->category_count))
		return no_memory(err);
	for (uint32_t i = 0; i < specs->category_count; i++)
		hash_put(&specs->by_category,
			hash_text(
				specs->categories[i].code, hash_text(specs->categories[i].tree, 2166136261u)),
			i);
	return build_lineages(specs, err);
}

int assay_specs_index(struct assay_specs *specs, struct assay_error *err)
{
	int status = build_names(specs, err);

	if (status == ASSAY_OK)
		status = build_rows(specs, err);
	return status == ASSAY_OK ? build_standards(specs, err) : status;
}

/* ---- standards ------------------------------------------------------------------------------------------ */

static bool in_force(const struct assay_standard *standard, const char *produced)
{
	return strcmp(standard->from, produced) <= 0 &&
	       (!*standard->until || strcmp(produced, standard->until) < 0);
}

/* The last edition of the number that has begun on the day: editions are sorted, so halve. */
static const struct assay_standard *edition_on(
	const struct assay_specs *specs, size_t first, const char *number, const char *produced)
{
	size_t low = first, high = specs->standard_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct assay_standard *standard = &specs->standards[specs->editions[middle]];

		if (strcmp(standard->number, number) == 0 && strcmp(standard->from, produced) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low == first ? NULL : &specs->standards[specs->editions[low - 1]];
}

/* The day of entry into force belongs to the new edition: from <= day < until. */
const struct assay_standard *assay_specs_standard_at(
	const struct assay_specs *specs, const char *name, const char *produced, bool *in_force_out)
{
	uint32_t index, at = hash_text(name, 2166136261u), count = (uint32_t)specs->standard_count;
	const struct assay_standard *standard;

	while ((index = hash_next(&specs->by_standard, &at)) != ASSAY_NONE) {
		if (index < count) {
			standard = &specs->standards[specs->editions[index]];
			if (strcmp(standard->id, name) != 0)
				continue;
			*in_force_out = in_force(standard, produced);
			return standard;
		}
		if (strcmp(specs->standards[specs->editions[index - count]].number, name) != 0)
			continue;
		standard = edition_on(specs, index - count, name, produced);
		if (!standard || !in_force(standard, produced))
			return NULL;
		*in_force_out = true;
		return standard;
	}
	return NULL;
}

bool assay_specs_standard_partial(const struct assay_specs *specs, const struct assay_standard *standard)
{
	return specs->no_row_unverified[standard - specs->standards];
}

bool assay_specs_standard_known(const struct assay_specs *specs, const char *name)
{
	for (size_t i = 0; i < specs->standard_count; i++)
		if (strcmp(specs->standards[i].number, name) == 0 ||
			strcmp(specs->standards[i].id, name) == 0)
			return true;
	return false;
}
