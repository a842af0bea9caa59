/* SPDX-License-Identifier: Apache-2.0
 * A folder of specs: its files read, validated and put into a set, with others beside them. */
#include "limits/specs.h"

#include "limits/specs_read.h"
#include "limits/xml_scan.h"

#include <dirent.h>
#include <errno.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH_MAX_TEXT 900u
#define MORE_MAX 64u

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
/* A file as read. */
struct file {
	char path[PATH_MAX_TEXT]; /* for messages; what follows the last slash is its name */
	char *bytes; /* ends with NUL */
	size_t length;
	xmlDocPtr document; /* NULL: not parsed yet */
	size_t step; /* of a file beside the folder: where it belongs */
};

struct assay_spec_folder {
	char dir[PATH_MAX_TEXT - 100];
	struct assay_xml_schema *schema[STEP_COUNT];
	struct file *files[STEP_COUNT]; /* NULL unless kept */
	size_t count[STEP_COUNT];
	bool kept; /* its own files are these, and the disk is not looked at again */
};

const char *assay_specs_folder(size_t i)
{
	return i < STEP_COUNT ? steps[i].folder : NULL;
}

/* Files given beside the folder. */
struct more {
	struct file *file;
	size_t count;
};

static int no_memory(struct assay_error *err)
{
	(void)assay_error_set(err, ASSAY_ENOMEM, "out-of-memory", "内存不足", "out of memory");
	return ASSAY_ENOMEM;
}

static void drop_file(struct file *file)
{
	xmlFreeDoc(file->document);
	free(file->bytes);
	file->document = NULL;
	file->bytes = NULL;
}

static const char *name_of(const struct file *file)
{
	const char *slash = strrchr(file->path, '/');

	return slash ? slash + 1 : file->path;
}

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

/* The bytes go to the set, or a copy of them when the file is kept. */
static struct assay_spec_file *new_file(struct assay_specs *specs, struct file *from, size_t step, bool keep)
{
	struct assay_spec_file *file = calloc(1, sizeof *file);
	/* NOLINTNEXTLINE(bugprone-sizeof-expression): an array of pointers */
	struct assay_spec_file **files = realloc(specs->files, (specs->file_count + 1) * sizeof *files);

	if (files)
		specs->files = files;
	if (!file || !files) {
		free(file);
		return NULL;
	}
	specs->files[specs->file_count++] = file;
	(void)snprintf(file->path, sizeof file->path, "%s/%s", steps[step].folder, name_of(from));
	hex_digest(from->bytes, from->length, file->sha256);
	file->length = from->length;
	if (!keep) {
		file->bytes = from->bytes;
		from->bytes = NULL;
		return file;
	}
	file->bytes = malloc(from->length + 1);
	if (!file->bytes)
		return NULL;
	memcpy(file->bytes, from->bytes, from->length + 1);
	return file;
}

/* At least as many as it has, by the characters each must have. */
static size_t parts_of(const struct file *file)
{
	size_t count = 0;

	for (size_t i = 0; i < file->length; i++)
		count += file->bytes[i] == '<' || file->bytes[i] == '=';
	return count;
}

static int parse(
	const struct assay_spec_folder *folder, size_t step, struct file *file, struct assay_error *err)
{
	if (parts_of(file) > ASSAY_SPEC_PARTS_MAX)
		return assay_error_set(err, ASSAY_EREFUSED, "xml-refused", "%s：元素、属性和注释超过 %u 个",
			"%s: more than %u elements, attributes and comments", file->path,
			ASSAY_SPEC_PARTS_MAX);
	return assay_xml_parse_with(
		folder->schema[step], file->path, file->bytes, file->length, &file->document, err);
}

static int add_file(
	struct assay_specs *specs, struct file *from, size_t step, bool keep, struct assay_error *err)
{
	struct assay_spec_file *file = new_file(specs, from, step, keep);

	return file ? steps[step].reader(specs, file, from->path, xmlDocGetRootElement(from->document), err)
		    : no_memory(err);
}

/* ---- the folder ---------------------------------------------------------------------------------------- */

static int by_file_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_xml(const struct dirent *file)
{
	size_t length = strlen(file->d_name);

	return length > 4 && file->d_name[0] != '.' && strcmp(file->d_name + length - 4, ".xml") == 0;
}

/* Names of a kind's files, sorted; the caller frees each and the list. */
static int list(const struct assay_spec_folder *folder, size_t step, struct dirent ***names,
	size_t *count_out, struct assay_error *err)
{
	char path[PATH_MAX_TEXT];
	int count;

	(void)snprintf(path, sizeof path, "%s/%s", folder->dir, steps[step].folder);
	count = scandir(path, names, is_xml, by_file_name);
	if (count < 0)
		return assay_error_set(err, ASSAY_ENOTFOUND, "file-missing", "%s：不能读取（%s）",
			"%s: cannot be read (%s)", path, strerror(errno));
	*count_out = (size_t)count;
	return ASSAY_OK;
}

static int read_file(const struct assay_spec_folder *folder, size_t step, const char *name, struct file *out,
	struct assay_error *err)
{
	int status;

	(void)snprintf(out->path, sizeof out->path, "%s/%s/%s", folder->dir, steps[step].folder, name);
	status = assay_xml_read(out->path, ASSAY_SPEC_FILE_MAX, &out->bytes, &out->length, err);
	return status == ASSAY_OK ? parse(folder, step, out, err) : status;
}

/* Read a kind's files to keep them. */
static int keep_files(struct assay_spec_folder *folder, size_t step, struct assay_error *err)
{
	struct dirent **names = NULL;
	size_t count = 0;
	int status = list(folder, step, &names, &count, err);

	if (status != ASSAY_OK)
		return status;
	folder->files[step] = calloc(count + 1, sizeof *folder->files[step]);
	if (!folder->files[step])
		status = no_memory(err);
	for (size_t i = 0; i < count && status == ASSAY_OK; i++)
		status = read_file(
			folder, step, names[i]->d_name, &folder->files[step][folder->count[step]++], err);
	for (size_t i = 0; i < count; i++)
		free(names[i]);
	free(names);
	return status;
}

/* read: the files, too, and not the schemas alone. */
static int open_folder(
	const char *dir, bool kept, bool read, struct assay_spec_folder **out, struct assay_error *err)
{
	struct assay_spec_folder *folder = calloc(1, sizeof *folder);
	char path[PATH_MAX_TEXT];
	int status = ASSAY_OK;

	if (!folder)
		return no_memory(err);
	(void)snprintf(folder->dir, sizeof folder->dir, "%s", dir);
	folder->kept = kept;
	for (size_t i = 0; i < STEP_COUNT && status == ASSAY_OK; i++) {
		(void)snprintf(path, sizeof path, "%s/schema/%s", folder->dir, steps[i].schema);
		status = assay_xml_schema_open(path, &folder->schema[i], err);
		if (status == ASSAY_OK && read)
			status = keep_files(folder, i, err);
	}
	if (status == ASSAY_OK)
		*out = folder;
	else
		assay_spec_folder_close(folder);
	return status;
}

int assay_spec_folder_open(const char *dir, struct assay_spec_folder **out, struct assay_error *err)
{
	return open_folder(dir, true, true, out, err);
}

void assay_spec_folder_close(struct assay_spec_folder *folder)
{
	if (!folder)
		return;
	for (size_t i = 0; i < STEP_COUNT; i++) {
		for (size_t j = 0; j < folder->count[i]; j++)
			drop_file(&folder->files[i][j]);
		free(folder->files[i]);
		assay_xml_schema_close(folder->schema[i]);
	}
	free(folder);
}

/* ---- files beside it ----------------------------------------------------------------------------------- */

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
	for (size_t i = 0; i < more->count; i++) {
		struct file *file = &more->file[i];
		int status = assay_xml_scan(file->path, file->bytes, file->length, err);

		if (status != ASSAY_OK)
			return status;
		file->step = step_of(file->bytes);
		if (file->step == STEP_COUNT)
			return assay_error_set(err, ASSAY_EREFUSED, "spec-unknown",
				"%s：不是标准、产品、方法、类别或分析物文件",
				"%s: not a file of a standard, product, method, categories or analytes",
				file->path);
	}
	return ASSAY_OK;
}

static bool replaced(const struct more *more, size_t step, const char *name)
{
	for (size_t i = 0; i < more->count; i++)
		if (more->file[i].step == step && strcmp(name_of(&more->file[i]), name) == 0)
			return true;
	return false;
}

static int too_many(struct assay_error *err)
{
	return assay_error_set(err, ASSAY_EREFUSED, "too-many-files", "文件超过 64 个", "more than 64 files");
}

/* ---- the set ------------------------------------------------------------------------------------------- */

/* One file after the other: they are never in memory together. */
static int add_read(struct assay_specs *specs, const struct assay_spec_folder *folder, size_t step,
	const struct more *more, struct assay_error *err)
{
	struct dirent **names = NULL;
	size_t count = 0;
	int status = list(folder, step, &names, &count, err);

	for (size_t i = 0; i < count; i++) {
		struct file file = {0};

		if (status == ASSAY_OK && !replaced(more, step, names[i]->d_name)) {
			status = read_file(folder, step, names[i]->d_name, &file, err);
			if (status == ASSAY_OK)
				status = add_file(specs, &file, step, false, err);
			drop_file(&file);
		}
		free(names[i]);
	}
	free(names);
	return status;
}

static int add_kept(struct assay_specs *specs, const struct assay_spec_folder *folder, size_t step,
	const struct more *more, struct assay_error *err)
{
	int status = ASSAY_OK;

	for (size_t i = 0; i < folder->count[step] && status == ASSAY_OK; i++)
		if (!replaced(more, step, name_of(&folder->files[step][i])))
			status = add_file(specs, &folder->files[step][i], step, true, err);
	return status;
}

static int add_step(struct assay_specs *specs, const struct assay_spec_folder *folder, size_t step,
	const struct more *more, struct assay_error *err)
{
	int status = folder->kept ? add_kept(specs, folder, step, more, err)
				  : add_read(specs, folder, step, more, err);

	for (size_t i = 0; i < more->count && status == ASSAY_OK; i++) {
		if (more->file[i].step != step)
			continue;
		status = parse(folder, step, &more->file[i], err);
		if (status == ASSAY_OK)
			status = add_file(specs, &more->file[i], step, false, err);
	}
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

static int load(const struct assay_spec_folder *folder, struct more *more, bool supersede,
	struct assay_specs **out, struct assay_error *err)
{
	struct assay_specs *specs = calloc(1, sizeof *specs);
	int status = ASSAY_OK;

	if (!specs)
		return no_memory(err);
	for (size_t i = 0; i < STEP_COUNT && status == ASSAY_OK; i++) {
		status = add_step(specs, folder, i, more, err);
		if (status == ASSAY_OK && i == 0)
			status = assay_specs_index_categories(specs, err);
	}
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

/* A file of memory, copied. */
static int take(const struct assay_spec_bytes *from, struct file *file, struct assay_error *err)
{
	(void)snprintf(file->path, sizeof file->path, "%s", from->path);
	file->length = from->length;
	if (file->length > ASSAY_SPEC_FILE_MAX)
		return assay_error_set(err, ASSAY_EREFUSED, "xml-refused", "%s：超过 %u 字节",
			"%s: larger than %u bytes", file->path, ASSAY_SPEC_FILE_MAX);
	file->bytes = malloc(file->length + 1);
	if (!file->bytes)
		return no_memory(err);
	if (file->length)
		memcpy(file->bytes, from->bytes, file->length);
	file->bytes[file->length] = '\0';
	return ASSAY_OK;
}

static int open_more(size_t count, struct more *more, struct assay_error *err)
{
	more->file = calloc(count + 1, sizeof *more->file);
	more->count = more->file ? count : 0;
	return more->file ? ASSAY_OK : no_memory(err);
}

static void close_more(struct more *more)
{
	for (size_t i = 0; i < more->count; i++)
		drop_file(&more->file[i]);
	free(more->file);
}

int assay_specs_load_texts(const struct assay_spec_folder *folder, const struct assay_spec_bytes *texts,
	size_t count, bool supersede, struct assay_specs **out, struct assay_error *err)
{
	struct more more = {0};
	int status = count > MORE_MAX ? too_many(err) : open_more(count, &more, err);

	for (size_t i = 0; i < more.count && status == ASSAY_OK; i++)
		status = take(&texts[i], &more.file[i], err);
	if (status == ASSAY_OK)
		status = sort_out(&more, err);
	if (status == ASSAY_OK)
		status = load(folder, &more, supersede, out, err);
	close_more(&more);
	return status;
}

/* The folder a path begins with, and nothing deeper; STEP_COUNT: none. */
static size_t step_by_path(const char *path)
{
	for (size_t i = 0; i < STEP_COUNT; i++) {
		size_t length = strlen(steps[i].folder);

		if (strncmp(path, steps[i].folder, length) == 0 && path[length] == '/' && path[length + 1] &&
			!strchr(path + length + 1, '/'))
			return i;
	}
	return STEP_COUNT;
}

int assay_specs_load_kept(const char *dir, const struct assay_spec_bytes *file, size_t count,
	struct assay_specs **out, struct assay_error *err)
{
	struct more more = {0};
	struct assay_spec_folder *folder = NULL;
	int status = open_more(count, &more, err);

	for (size_t i = 0; i < more.count && status == ASSAY_OK; i++) {
		status = take(&file[i], &more.file[i], err);
		more.file[i].step = step_by_path(file[i].path);
		if (status == ASSAY_OK && more.file[i].step == STEP_COUNT)
			status = assay_error_set(err, ASSAY_EREFUSED, "spec-unknown",
				"%s：不属于规格的任何一类", "%s: belongs to none of the folders of specs",
				file[i].path);
	}
	if (status == ASSAY_OK)
		status = open_folder(dir, true, false, &folder, err);
	if (status == ASSAY_OK)
		status = load(folder, &more, false, out, err);
	assay_spec_folder_close(folder);
	close_more(&more);
	return status;
}

int assay_specs_load_with(const char *dir, const char *const *files, size_t count, bool supersede,
	struct assay_specs **out, struct assay_error *err)
{
	struct more more = {0};
	struct assay_spec_folder *folder = NULL;
	int status = count > MORE_MAX ? too_many(err) : open_more(count, &more, err);

	for (size_t i = 0; files && i < more.count && status == ASSAY_OK; i++) {
		(void)snprintf(more.file[i].path, sizeof more.file[i].path, "%s", files[i]);
		status = assay_xml_read(
			files[i], ASSAY_SPEC_FILE_MAX, &more.file[i].bytes, &more.file[i].length, err);
	}
	if (status == ASSAY_OK)
		status = sort_out(&more, err);
	if (status == ASSAY_OK)
		status = open_folder(dir, false, false, &folder, err);
	if (status == ASSAY_OK)
		status = load(folder, &more, supersede, out, err);
	assay_spec_folder_close(folder);
	close_more(&more);
	return status;
}

int assay_specs_load(const char *dir, struct assay_specs **out, struct assay_error *err)
{
	return assay_specs_load_with(dir, NULL, 0, false, out, err);
}
