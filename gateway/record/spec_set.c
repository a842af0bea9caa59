/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/record/spec_set.h"

#include "gateway/lab/query_row.h"
#include "gateway/record/sha256.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

json_t *assay_spec_set_files(const struct assay_specs *specs)
{
	json_t *files = json_object();

	for (size_t i = 0; files && i < assay_specs_file_count(specs); i++) {
		const struct assay_spec_file *file = assay_specs_file(specs, i);

		if (json_object_set_new(files, file->path, json_string(file->sha256)) != 0) {
			json_decref(files);
			return NULL;
		}
	}
	return files;
}

struct member {
	const char *path, *sha256;
};

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct member *)a)->path, ((const struct member *)b)->path);
}

/* Sorted by path, to be freed; NULL: no memory, or too many. */
static struct member *members(const json_t *files, size_t *count_out)
{
	size_t count = json_object_size(files), at = 0;
	struct member *list = count && count <= ASSAY_SPEC_SET_FILES_MAX ? calloc(count, sizeof *list) : NULL;
	const char *path;
	json_t *sha256;

	if (!list)
		return NULL;
	json_object_foreach((json_t *)(uintptr_t)files, path, sha256)
	{
		list[at].path = path;
		list[at++].sha256 = json_is_string(sha256) ? json_string_value(sha256) : "";
	}
	qsort(list, count, sizeof *list, by_path);
	*count_out = count;
	return list;
}

int assay_spec_set_digest(const json_t *files, char out[65], struct assay_error *err)
{
	size_t count = 0, room, length = 0;
	struct member *list = members(files, &count);
	char *text = NULL;
	uint8_t digest[32];

	room = count * (64 + 2 + sizeof((struct assay_spec_file *)0)->path + 1) + 1;
	text = list ? malloc(room) : NULL;
	if (!text) {
		free(list);
		return assay_error_set(err, ASSAY_ENOMEM, "out-of-memory", "内存不足", "out of memory");
	}
	for (size_t i = 0; i < count; i++)
		length += (size_t)snprintf(
			text + length, room - length, "%.64s  %.159s\n", list[i].sha256, list[i].path);
	assay_sha256(text, length, digest);
	assay_hex(digest, sizeof digest, out);
	free(text);
	free(list);
	return ASSAY_OK;
}

static json_t *files_of(sqlite3 *state, const char *sha256, struct assay_error *err)
{
	json_t *row = query_one(state,
		query_prepare(
			state, err, "SELECT files AS \"{files\" FROM spec_set WHERE sha256=?1", "t", sha256),
		"specs-unknown", sha256, err);
	json_t *files = row ? json_incref(json_object_get(row, "files")) : NULL;

	json_decref(row);
	return files;
}

/* Every file whole and what its digest says, or none. */
static int read_files(const struct assay_spec_sets *sets, const struct member *list, size_t count,
	struct assay_spec_bytes *file, struct assay_error *err)
{
	char found[65];
	uint8_t digest[32];

	for (size_t i = 0; i < count; i++) {
		char *bytes = NULL;
		int status =
			sets->file(sets->context, list[i].path, list[i].sha256, &bytes, &file[i].length, err);

		if (status != ASSAY_OK)
			return status;
		file[i].path = list[i].path;
		file[i].bytes = bytes;
		assay_sha256(bytes, file[i].length, digest);
		assay_hex(digest, sizeof digest, found);
		if (strcmp(found, list[i].sha256) != 0)
			return assay_error_set(err, ASSAY_EDAMAGED, "spec-differs",
				"规范文件 %.160s 的内容与摘要不符",
				"the spec %.160s is not what its digest says", list[i].path);
	}
	return ASSAY_OK;
}

static int read_set(const struct assay_spec_sets *sets, const char *sha256, struct assay_specs **out,
	struct assay_error *err)
{
	json_t *files = files_of(sets->state, sha256, err);
	size_t count = 0;
	struct member *list = files ? members(files, &count) : NULL;
	struct assay_spec_bytes *file = list ? calloc(count, sizeof *file) : NULL;
	int status =
		!files ? ASSAY_ENOTFOUND
		: file ? ASSAY_OK
		       : assay_error_set(err, ASSAY_ENOMEM, "out-of-memory", "内存不足", "out of memory");

	if (status == ASSAY_OK)
		status = read_files(sets, list, count, file, err);
	if (status == ASSAY_OK)
		status = assay_specs_load_kept(sets->schemas, file, count, out, err);
	for (size_t i = 0; file && i < count; i++)
		free((char *)(uintptr_t)file[i].bytes);
	free(file);
	free(list);
	json_decref(files);
	return status;
}

const struct assay_specs *assay_spec_sets_get(
	struct assay_spec_sets *sets, const char *sha256, struct assay_error *err)
{
	struct assay_spec_set *place = &sets->kept[0];

	err->code[0] = '\0';
	for (size_t i = 0; i < ASSAY_SPEC_SETS_KEPT; i++) {
		struct assay_spec_set *set = &sets->kept[i];

		if (strcmp(set->sha256, sha256) == 0) {
			set->used = ++sets->clock;
			return set->specs;
		}
		if (set->used < place->used)
			place = set;
	}
	assay_specs_free(place->specs);
	place->specs = NULL;
	(void)snprintf(place->sha256, sizeof place->sha256, "%s", sha256);
	place->used = ++sets->clock;
	if (read_set(sets, sha256, &place->specs, err) != ASSAY_OK)
		place->specs = NULL;
	return place->specs;
}

void assay_spec_sets_free(struct assay_spec_sets *sets)
{
	for (size_t i = 0; i < ASSAY_SPEC_SETS_KEPT; i++)
		assay_specs_free(sets->kept[i].specs);
	memset(sets->kept, 0, sizeof sets->kept);
}
