/* SPDX-License-Identifier: Apache-2.0
 * What is given away as a file: the print of a certificate as it went into the journal, and an entry's way to a signed
 * checkpoint. */
#include "gateway/lab/entries.h"
#include "gateway/lab/query.h"
#include "gateway/lab/query_row.h"
#include "gateway/record/inclusion.h"
#include "gateway/record/journal_reader.h"
#include "gateway/record/sha256.h"

#include <stdlib.h>
#include <string.h>

struct taken {
	unsigned char *bytes;
	size_t length;
	char sha256[2 * ASSAY_HASH_SIZE + 1];
};

static int take_raw(void *context, const struct assay_entry *entry, const uint8_t leaf[ASSAY_HASH_SIZE])
{
	struct taken *taken = context;
	uint8_t digest[ASSAY_HASH_SIZE];

	(void)leaf;
	if (entry->kind != ASSAY_ENTRY_PAPER)
		return ASSAY_EDAMAGED;
	taken->bytes = malloc(entry->raw_length + 1);
	if (!taken->bytes)
		return ASSAY_ENOMEM;
	memcpy(taken->bytes, entry->raw, entry->raw_length);
	taken->length = entry->raw_length;
	assay_sha256(entry->raw, entry->raw_length, digest);
	assay_hex(digest, sizeof digest, taken->sha256);
	return ASSAY_OK;
}

static int read_paper(const char *dir, uint64_t sequence, struct taken *taken, struct assay_error *err)
{
	struct assay_reader *reader = NULL;
	int status = assay_reader_open(dir, ASSAY_READ_LIVE, &reader, err);

	if (status == ASSAY_OK)
		status = assay_reader_each(reader, sequence, 1, take_raw, taken, err);
	if (status == ASSAY_ENOMEM)
		(void)lab_no_memory(err);
	assay_reader_close(reader);
	return status;
}

int assay_query_paper(sqlite3 *state, const char *dir, const char *certificate, unsigned char **bytes_out,
	size_t *length_out, struct assay_error *err)
{
	json_t *row = assay_query_certificate(state, certificate, err);
	const json_t *sequence = json_object_get(row, "paper_seq");
	struct taken taken = {0};
	int status = !row ? ASSAY_ENOTFOUND
		     : !json_is_integer(sequence)
			     ? assay_error_set(err, ASSAY_ENOTFOUND, "not-printed-yet",
				       "%.60s 还没有打印出来，稍后再取", "%.60s has no print yet; ask again",
				       certificate)
			     : read_paper(dir, (uint64_t)json_integer_value(sequence), &taken, err);

	if (status == ASSAY_EDAMAGED ||
		(status == ASSAY_OK && strcmp(taken.sha256, lab_text(row, "paper_sha256")) != 0))
		status = assay_error_set(err, ASSAY_EDAMAGED, "paper-damaged",
			"%.60s 的打印件与台账不符；请运行 assay verify",
			"the print of %.60s is not what the journal says; run assay verify", certificate);
	json_decref(row);
	if (status == ASSAY_OK) {
		*bytes_out = taken.bytes;
		*length_out = taken.length;
	} else {
		free(taken.bytes);
	}
	return status;
}

static int take_leaf(void *context, const struct assay_entry *entry, const uint8_t leaf[ASSAY_HASH_SIZE])
{
	json_t **object = context;
	char hex[2 * ASSAY_HASH_SIZE + 1], at[32];

	assay_hex(leaf, ASSAY_HASH_SIZE, hex);
	*object = json_pack("{s:I,s:s,s:s,s:s}", "seq", (json_int_t)entry->sequence, "kind",
		assay_entry_kind_name(entry->kind), "at", query_time(entry->wall_ns, at), "leaf", hex);
	return *object ? ASSAY_OK : ASSAY_ENOMEM;
}

/* The oldest checkpoint in the journal that covers the entry: {size, at, note}; NULL with err. */
static json_t *checkpoint_over(struct assay_reader *reader, uint64_t sequence, struct assay_error *err)
{
	for (unsigned i = 0; i < assay_reader_segments(reader); i++) {
		const struct assay_segment *segment = assay_reader_segment(reader, i);
		json_t *rows = query_list(segment->db,
			query_prepare(segment->db, err,
				"SELECT size, note FROM checkpoint WHERE size>?1 ORDER BY size LIMIT 1", "i",
				(int64_t)sequence),
			err);
		json_t *first = json_incref(json_array_get(rows, 0));

		json_decref(rows);
		if (first || !rows)
			return first;
	}
	(void)assay_error_set(err, ASSAY_ENOTFOUND, "not-signed-yet",
		"第 %llu 条还没有签名的检查点，最多等一分钟",
		"no checkpoint covers entry %llu yet; wait a minute at most", (unsigned long long)sequence);
	return NULL;
}

static json_t *path_json(const struct assay_path *path)
{
	json_t *list = json_array();
	char hex[2 * ASSAY_HASH_SIZE + 1];

	for (unsigned i = 0; i < path->count; i++) {
		assay_hex(path->hash[i], ASSAY_HASH_SIZE, hex);
		(void)json_array_append_new(list, json_string(hex));
	}
	return list;
}

json_t *assay_query_inclusion(const char *dir, uint64_t sequence, struct assay_error *err)
{
	struct assay_reader *reader = NULL;
	struct assay_path path;
	json_t *object = NULL, *checkpoint = NULL;
	uint64_t size;
	int status = assay_reader_open(dir, ASSAY_READ_LIVE, &reader, err);

	if (status == ASSAY_OK)
		status = assay_reader_each(reader, sequence, 1, take_leaf, &object, err);
	if (status == ASSAY_OK && !object)
		status = assay_error_set(err, ASSAY_ENOTFOUND, "entry-unknown", "台账没有第 %llu 条",
			"the journal has no entry %llu", (unsigned long long)sequence);
	if (status == ASSAY_OK && !(checkpoint = checkpoint_over(reader, sequence, err)))
		status = ASSAY_ENOTFOUND;
	size = (uint64_t)json_integer_value(json_object_get(checkpoint, "size"));
	if (status == ASSAY_OK)
		status = assay_inclusion_path(reader, sequence, size, &path, err);
	assay_reader_close(reader);
	if (status == ASSAY_OK) {
		(void)json_object_set_new(object, "path", path_json(&path));
		(void)json_object_set(object, "checkpoint", checkpoint);
	} else {
		json_decref(object);
		object = NULL;
	}
	json_decref(checkpoint);
	return object;
}
