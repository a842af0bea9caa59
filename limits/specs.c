/* SPDX-License-Identifier: Apache-2.0
 * The set of specs: reading the folders, and looking things up. */
#include "limits/specs.h"

#include "limits/specs_read.h"
#include "limits/xml_scan.h"

#include <dirent.h>
#include <errno.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void hex_digest(const char *bytes, size_t length, char out[65])
{
	unsigned char digest[SHA256_DIGEST_LENGTH];

	(void)SHA256((const unsigned char *)bytes, length, digest);
	for (unsigned i = 0; i < sizeof digest; i++)
		(void)snprintf(out + 2 * i, 3, "%02x", digest[i]);
}

static int load_file(struct assay_specs *specs, const char *dir, const char *folder, const char *name,
	const char *schema_name, assay_specs_reader *reader, struct assay_error *err)
{
	char path[900], schema[900];
	struct assay_spec_file *file = calloc(1, sizeof *file);
	struct assay_spec_file **files = realloc(specs->files, (specs->file_count + 1) * sizeof *files);
	xmlDocPtr document = NULL;
	int status;

	if (files)
		specs->files = files;
	if (!file || !files) {
		free(file);
		return assay_error_set(err, ASSAY_ENOMEM, "out-of-memory", "内存不足", "out of memory");
	}
	specs->files[specs->file_count++] = file;
	(void)snprintf(path, sizeof path, "%s/%s/%s", dir, folder, name);
	(void)snprintf(schema, sizeof schema, "%s/schema/%s", dir, schema_name);
	(void)snprintf(file->path, sizeof file->path, "%s/%s", folder, name);
	status = assay_xml_read(path, ASSAY_SPEC_FILE_MAX, &file->bytes, &file->length, err);
	if (status != ASSAY_OK)
		return status;
	hex_digest(file->bytes, file->length, file->sha256);
	status = assay_xml_parse(path, file->bytes, file->length, schema, &document, err);
	if (status == ASSAY_OK)
		status = reader(specs, file, path, xmlDocGetRootElement(document), err);
	xmlFreeDoc(document);
	return status;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_xml(const struct dirent *file)
{
	size_t length = strlen(file->d_name);

	return length > 4 && file->d_name[0] != '.' && strcmp(file->d_name + length - 4, ".xml") == 0;
}

static int load_folder(struct assay_specs *specs, const char *dir, const char *folder, const char *schema,
	assay_specs_reader *reader, struct assay_error *err)
{
	char path[900];
	struct dirent **names = NULL;
	int count, status = ASSAY_OK;

	(void)snprintf(path, sizeof path, "%s/%s", dir, folder);
	count = scandir(path, &names, is_xml, by_name);
	if (count < 0)
		return assay_error_set(err, ASSAY_ENOTFOUND, "file-missing", "%s：不能读取（%s）",
			"%s: cannot be read (%s)", path, strerror(errno));
	for (int i = 0; i < count; i++) {
		if (status == ASSAY_OK)
			status = load_file(specs, dir, folder, names[i]->d_name, schema, reader, err);
		free(names[i]);
	}
	free(names);
	return status;
}

static int category_order(const void *a, const void *b)
{
	const struct assay_category *left = a, *right = b;
	int order = strcmp(left->tree, right->tree);

	return order ? order : strcmp(left->code, right->code);
}

static const struct assay_category *find_category(
	const struct assay_specs *specs, const char *tree, const char *code)
{
	struct assay_category wanted = {tree, code, NULL};

	if (specs->category_count == 0)
		return NULL;
	return bsearch(&wanted, specs->categories, specs->category_count, sizeof wanted, category_order);
}

static int cross_check(const struct assay_specs *specs, struct assay_error *err)
{
	for (size_t i = 0; i < specs->standard_count; i++) {
		const struct assay_standard *standard = &specs->standards[i];

		for (size_t j = 0; j < specs->standard_count; j++) {
			const struct assay_standard *other = &specs->standards[j];

			if (i != j && strcmp(standard->number, other->number) == 0 &&
				strcmp(standard->from, other->from) <= 0 &&
				(!*standard->until || strcmp(standard->until, other->from) > 0))
				return assay_error_set(err, ASSAY_EREFUSED, "spec-overlap",
					"%s：与 %s 的施行期重叠（%s、%s）",
					"%s: overlaps in time with %s (%s, %s)", standard->file->path,
					other->file->path, standard->id, other->id);
		}
		for (size_t j = 0; j < standard->limit_count; j++)
			if (!find_category(specs, standard->tree, standard->limits[j].category))
				return assay_error_set(err, ASSAY_EREFUSED, "spec-invalid",
					"%s:%u：类别 %s 不在分类 %s 里",
					"%s:%u: category %s is not in the tree %s", standard->file->path,
					standard->limits[j].line, standard->limits[j].category,
					standard->tree);
	}
	return ASSAY_OK;
}

int assay_specs_load(const char *dir, struct assay_specs **out, struct assay_error *err)
{
	struct assay_specs *specs = calloc(1, sizeof *specs);
	int status;

	if (!specs)
		return assay_error_set(err, ASSAY_ENOMEM, "out-of-memory", "内存不足", "out of memory");
	status = load_folder(specs, dir, "categories", "categories.xsd", assay_specs_read_categories, err);
	if (status == ASSAY_OK && specs->category_count)
		qsort(specs->categories, specs->category_count, sizeof *specs->categories, category_order);
	if (status == ASSAY_OK)
		status = load_folder(specs, dir, "standards", "standard.xsd", assay_specs_read_standard, err);
	if (status == ASSAY_OK)
		status = load_folder(specs, dir, "methods", "method.xsd", assay_specs_read_method, err);
	if (status == ASSAY_OK)
		status = load_folder(specs, dir, "products", "product.xsd", assay_specs_read_product, err);
	if (status == ASSAY_OK)
		status = cross_check(specs, err);
	if (status != ASSAY_OK) {
		assay_specs_free(specs);
		return status;
	}
	*out = specs;
	return ASSAY_OK;
}

void assay_specs_free(struct assay_specs *specs)
{
	if (!specs)
		return;
	for (size_t i = 0; i < specs->file_count; i++) {
		free(specs->files[i]->bytes);
		free(specs->files[i]);
	}
	for (size_t i = 0; i < specs->text_count; i++)
		free(specs->texts[i]);
	free(specs->texts);
	free(specs->files);
	free(specs->standards);
	free(specs->products);
	free(specs->methods);
	free(specs->categories);
	free(specs);
}

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

/* The day of entry into force belongs to the new edition: from <= day < until. */
const struct assay_standard *assay_specs_standard_at(
	const struct assay_specs *specs, const char *name, const char *produced, bool *in_force_out)
{
	for (size_t i = 0; i < specs->standard_count; i++) {
		const struct assay_standard *standard = &specs->standards[i];
		bool in_force = strcmp(standard->from, produced) <= 0 &&
				(!*standard->until || strcmp(produced, standard->until) < 0);

		if (strcmp(standard->id, name) == 0 || (strcmp(standard->number, name) == 0 && in_force)) {
			*in_force_out = in_force;
			return standard;
		}
	}
	return NULL;
}

bool assay_specs_standard_known(const struct assay_specs *specs, const char *name)
{
	for (size_t i = 0; i < specs->standard_count; i++)
		if (strcmp(specs->standards[i].number, name) == 0 ||
			strcmp(specs->standards[i].id, name) == 0)
			return true;
	return false;
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

const struct assay_method *assay_specs_method(const struct assay_specs *specs, const char *id)
{
	for (size_t i = 0; i < specs->method_count; i++)
		if (strcmp(specs->methods[i].id, id) == 0)
			return &specs->methods[i];
	return NULL;
}

const struct assay_method *assay_specs_method_for(const struct assay_specs *specs, const char *analyte)
{
	for (size_t i = 0; i < specs->method_count; i++)
		if (strcmp(specs->methods[i].analyte, analyte) == 0)
			return &specs->methods[i];
	return NULL;
}

bool assay_specs_category_known(const struct assay_specs *specs, const char *tree, const char *code)
{
	return find_category(specs, tree, code) != NULL;
}

const char *assay_specs_parent(const struct assay_specs *specs, const char *tree, const char *code)
{
	const struct assay_category *category = find_category(specs, tree, code);

	return category && *category->parent ? category->parent : NULL;
}

bool assay_specs_excluded(
	const struct assay_specs *specs, const char *tree, const char *codes, const char *category)
{
	for (unsigned depth = 0; category && *codes && depth < 32; depth++) {
		size_t length = strlen(category);

		for (const char *at = codes; *at; at += strspn(at, " ")) {
			size_t word = strcspn(at, " ");

			if (word == length && strncmp(at, category, word) == 0)
				return true;
			at += word;
		}
		category = assay_specs_parent(specs, tree, category);
	}
	return false;
}
