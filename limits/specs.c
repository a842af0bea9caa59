/* SPDX-License-Identifier: Apache-2.0
 * The set of specs: reading the folders, memory, and looking things up. */
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
	static const char digits[] = "0123456789abcdef";
	unsigned char digest[SHA256_DIGEST_LENGTH];

	(void)SHA256((const unsigned char *)bytes, length, digest);
	for (unsigned i = 0; i < sizeof digest; i++) {
		out[2 * i] = digits[digest[i] >> 4];
		out[2 * i + 1] = digits[digest[i] & 15];
	}
	out[64] = '\0';
}

/* bytes is taken over. shown: the path in messages. */
static int add_file(struct assay_specs *specs, const char *shown, const char *below, char *bytes,
	size_t length, struct assay_xml_schema *schema, assay_specs_reader *reader, struct assay_error *err)
{
	struct assay_spec_file *file = calloc(1, sizeof *file);
	/* NOLINTNEXTLINE(bugprone-sizeof-expression): an array of pointers */
	struct assay_spec_file **files = realloc(specs->files, (specs->file_count + 1) * sizeof *files);
	xmlDocPtr document = NULL;
	int status;

	if (files)
		specs->files = files;
	if (!file || !files) {
		free(file);
		free(bytes);
		return assay_error_set(err, ASSAY_ENOMEM, "out-of-memory", "内存不足", "out of memory");
	}
	specs->files[specs->file_count++] = file;
	file->bytes = bytes;
	file->length = length;
	(void)snprintf(file->path, sizeof file->path, "%s", below);
	hex_digest(file->bytes, file->length, file->sha256);
	status = assay_xml_parse_with(schema, shown, file->bytes, file->length, &document, err);
	if (status == ASSAY_OK)
		status = reader(specs, file, shown, xmlDocGetRootElement(document), err);
	xmlFreeDoc(document);
	return status;
}

static int load_file(struct assay_specs *specs, const char *path, const char *folder,
	struct assay_xml_schema *schema, assay_specs_reader *reader, struct assay_error *err)
{
	const char *slash = strrchr(path, '/');
	char below[sizeof specs->files[0]->path], *bytes = NULL;
	size_t length = 0;
	int status = assay_xml_read(path, ASSAY_SPEC_FILE_MAX, &bytes, &length, err);

	if (status != ASSAY_OK)
		return status;
	(void)snprintf(below, sizeof below, "%s/%s", folder, slash ? slash + 1 : path);
	return add_file(specs, path, below, bytes, length, schema, reader, err);
}

static int by_file_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_xml(const struct dirent *file)
{
	size_t length = strlen(file->d_name);

	return length > 4 && file->d_name[0] != '.' && strcmp(file->d_name + length - 4, ".xml") == 0;
}

struct step {
	const char *folder, *schema, *root;
	assay_specs_reader *reader;
};

static const struct step steps[] = {
	{"categories", "categories.xsd", "<categories", assay_specs_read_categories},
	{"standards", "standard.xsd", "<standard", assay_specs_read_standard},
	{"analytes", "analytes.xsd", "<analytes", assay_specs_read_analytes},
	{"methods", "method.xsd", "<method", assay_specs_read_method},
	{"products", "product.xsd", "<product", assay_specs_read_product}};

#define STEP_COUNT (sizeof steps / sizeof *steps)
#define MORE_MAX 64u

/* Files given beside the folder, and where each belongs. */
struct more {
	const char *const *path;
	size_t count;
	size_t step[MORE_MAX];
};

/* By the first element of the file, comments left out; STEP_COUNT when it is none of ours. */
static size_t step_of(const char *bytes)
{
	const char *at = bytes;

	while ((at = strchr(at, '<')) != NULL) {
		if (strncmp(at, "<!--", 4) == 0) {
			at = strstr(at, "-->");
			if (!at)
				break;
		} else if (at[1] != '?') {
			for (size_t i = 0; i < STEP_COUNT; i++) {
				size_t length = strlen(steps[i].root);

				if (strncmp(at, steps[i].root, length) == 0 &&
					strchr(" >\n\t\r/", at[length]))
					return i;
			}
			break;
		} else {
			at++;
		}
	}
	return STEP_COUNT;
}

static int sort_out(struct more *more, struct assay_error *err)
{
	if (more->count > MORE_MAX)
		return assay_error_set(
			err, ASSAY_EREFUSED, "too-many-files", "文件超过 64 个", "more than 64 files");
	for (size_t i = 0; i < more->count; i++) {
		char *bytes = NULL;
		size_t length;
		int status = assay_xml_read(more->path[i], ASSAY_SPEC_FILE_MAX, &bytes, &length, err);

		if (status != ASSAY_OK)
			return status;
		status = assay_xml_scan(more->path[i], bytes, length, err);
		more->step[i] = status == ASSAY_OK ? step_of(bytes) : STEP_COUNT;
		free(bytes);
		if (status != ASSAY_OK)
			return status;
		if (more->step[i] == STEP_COUNT)
			return assay_error_set(err, ASSAY_EREFUSED, "spec-unknown",
				"%s：不是标准、产品、方法、类别或分析物文件",
				"%s: not a file of a standard, product, method, categories or analytes",
				more->path[i]);
	}
	return ASSAY_OK;
}

static bool replaced(const struct more *more, size_t step, const char *name)
{
	for (size_t i = 0; i < more->count; i++) {
		const char *slash = strrchr(more->path[i], '/');

		if (more->step[i] == step && strcmp(slash ? slash + 1 : more->path[i], name) == 0)
			return true;
	}
	return false;
}

static int load_files(struct assay_specs *specs, const char *dir, size_t step, const struct more *more,
	struct dirent **names, size_t count, struct assay_error *err)
{
	char path[900];
	struct assay_xml_schema *schema = NULL;
	int status;

	(void)snprintf(path, sizeof path, "%s/schema/%s", dir, steps[step].schema);
	status = assay_xml_schema_open(path, &schema, err);
	for (size_t i = 0; i < count && status == ASSAY_OK; i++) {
		if (replaced(more, step, names[i]->d_name))
			continue;
		(void)snprintf(path, sizeof path, "%s/%s/%s", dir, steps[step].folder, names[i]->d_name);
		status = load_file(specs, path, steps[step].folder, schema, steps[step].reader, err);
	}
	for (size_t i = 0; i < more->count && status == ASSAY_OK; i++)
		if (more->step[i] == step)
			status = load_file(
				specs, more->path[i], steps[step].folder, schema, steps[step].reader, err);
	assay_xml_schema_close(schema);
	return status;
}

static int load_folder(struct assay_specs *specs, const char *dir, size_t step, const struct more *more,
	struct assay_error *err)
{
	char path[900];
	struct dirent **names = NULL;
	int count, status;

	(void)snprintf(path, sizeof path, "%s/%s", dir, steps[step].folder);
	count = scandir(path, &names, is_xml, by_file_name);
	if (count < 0)
		return assay_error_set(err, ASSAY_ENOTFOUND, "file-missing", "%s：不能读取（%s）",
			"%s: cannot be read (%s)", path, strerror(errno));
	status = load_files(specs, dir, step, more, names, (size_t)count, err);
	for (int i = 0; i < count; i++)
		free(names[i]);
	free(names);
	return status;
}

/* The last edition of a number has no end yet: it ends on the first day of a later one. */
static void end_superseded(struct assay_specs *specs)
{
	for (size_t i = 0; i < specs->standard_count; i++)
		for (size_t j = 0; j < specs->standard_count; j++) {
			struct assay_standard *old = &specs->standards[i];
			const struct assay_standard *later = &specs->standards[j];

			if (!*old->until && strcmp(old->number, later->number) == 0 &&
				strcmp(old->from, later->from) < 0)
				old->until = later->from;
		}
}

static char *copy_of(const struct assay_spec_bytes *file, struct assay_error *err)
{
	char *bytes = file->length <= ASSAY_SPEC_FILE_MAX ? malloc(file->length + 1) : NULL;

	if (!bytes) {
		(void)assay_error_set(err, ASSAY_ENOMEM, "out-of-memory", "内存不足", "out of memory");
		return NULL;
	}
	memcpy(bytes, file->bytes, file->length);
	bytes[file->length] = '\0';
	return bytes;
}

static bool in_folder(const char *path, const char *folder)
{
	size_t length = strlen(folder);

	return strncmp(path, folder, length) == 0 && path[length] == '/' && path[length + 1] &&
	       !strchr(path + length + 1, '/');
}

/* Those of the files that belong to the step. */
static int load_kept(struct assay_specs *specs, const char *dir, size_t step,
	const struct assay_spec_bytes *file, size_t count, struct assay_error *err)
{
	char path[900];
	struct assay_xml_schema *schema = NULL;
	int status;

	(void)snprintf(path, sizeof path, "%s/schema/%s", dir, steps[step].schema);
	status = assay_xml_schema_open(path, &schema, err);
	for (size_t i = 0; i < count && status == ASSAY_OK; i++) {
		char *bytes = in_folder(file[i].path, steps[step].folder) ? copy_of(&file[i], err) : NULL;

		if (bytes)
			status = add_file(specs, file[i].path, file[i].path, bytes, file[i].length, schema,
				steps[step].reader, err);
		else if (in_folder(file[i].path, steps[step].folder))
			status = ASSAY_ENOMEM;
	}
	assay_xml_schema_close(schema);
	return status;
}

/* All files are read: indexes, then the checks across them. *out stays when they do not fit together. */
static int complete(struct assay_specs *specs, int status, bool supersede, struct assay_specs **out,
	struct assay_error *err)
{
	if (status == ASSAY_OK && supersede)
		end_superseded(specs);
	if (status == ASSAY_OK)
		status = assay_specs_index(specs, err);
	if (status == ASSAY_OK)
		status = assay_specs_check(specs, err);
	if (status == ASSAY_OK)
		*out = specs;
	else
		assay_specs_free(specs);
	return status;
}

int assay_specs_load_kept(const char *dir, const struct assay_spec_bytes *file, size_t count,
	struct assay_specs **out, struct assay_error *err)
{
	struct assay_specs *specs = calloc(1, sizeof *specs);
	int status = ASSAY_OK;

	if (!specs)
		return assay_error_set(err, ASSAY_ENOMEM, "out-of-memory", "内存不足", "out of memory");
	for (size_t i = 0; i < STEP_COUNT && status == ASSAY_OK; i++) {
		status = load_kept(specs, dir, i, file, count, err);
		if (status == ASSAY_OK && i == 0)
			status = assay_specs_index_categories(specs, err);
	}
	if (status == ASSAY_OK && specs->file_count != count)
		status = assay_error_set(err, ASSAY_EREFUSED, "spec-unknown", "有文件不属于规格的任何一类",
			"a file belongs to none of the folders of specs");
	return complete(specs, status, false, out, err);
}

int assay_specs_load_with(const char *dir, const char *const *files, size_t count, bool supersede,
	struct assay_specs **out, struct assay_error *err)
{
	struct assay_specs *specs = calloc(1, sizeof *specs);
	struct more more = {.path = files, .count = count};
	int status;

	if (!specs)
		return assay_error_set(err, ASSAY_ENOMEM, "out-of-memory", "内存不足", "out of memory");
	status = sort_out(&more, err);
	for (size_t i = 0; i < STEP_COUNT && status == ASSAY_OK; i++) {
		status = load_folder(specs, dir, i, &more, err);
		if (status == ASSAY_OK && i == 0)
			status = assay_specs_index_categories(specs, err);
	}
	return complete(specs, status, supersede, out, err);
}

int assay_specs_load(const char *dir, struct assay_specs **out, struct assay_error *err)
{
	return assay_specs_load_with(dir, NULL, 0, false, out, err);
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

bool assay_method_measures(
	const struct assay_specs *specs, const struct assay_method *method, const char *analyte)
{
	uint32_t first, count = assay_specs_names(specs, analyte, &first);

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
	for (size_t i = 0; i < specs->method_count; i++)
		if (assay_method_measures(specs, &specs->methods[i], analyte))
			return &specs->methods[i];
	return NULL;
}

const struct assay_method *assay_specs_method_on(
	const struct assay_specs *specs, const char *analyte, const char *standard, const char *tested)
{
	size_t length = standard ? strcspn(standard, " ;") : 0;

	if (standard && standard[length] == ' ') /* "GB 4789.3 ..." keeps its number */
		length += 1 + strcspn(standard + length + 1, " ;");
	for (size_t i = 0; i < specs->method_count; i++) {
		const struct assay_method *method = &specs->methods[i];

		if (!assay_method_measures(specs, method, analyte) || strcmp(method->from, tested) > 0 ||
			(*method->until && strcmp(method->until, tested) <= 0))
			continue;
		if (!length || (strncmp(method->standard, standard, length) == 0 &&
				       (method->standard[length] == '-' || method->standard[length] == '\0')))
			return method;
	}
	return NULL;
}
