/* SPDX-License-Identifier: Apache-2.0
 * Which specs are in force, as one set, and the older sets that batches under way were registered under. */
#include "gateway/record/recorder.h"

#include "gateway/bundle/bundle.h"
#include "gateway/lab/query_row.h"
#include "gateway/record/journal_reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUNDLE_RECORD_MAX 4096u

struct taken {
	char *bytes;
	size_t length;
};

static int take_raw(void *context, const struct assay_entry *entry, const uint8_t leaf[ASSAY_HASH_SIZE])
{
	struct taken *taken = context;

	(void)leaf;
	taken->bytes = malloc(entry->raw_length + 1);
	if (!taken->bytes)
		return ASSAY_ENOMEM;
	memcpy(taken->bytes, entry->raw, entry->raw_length);
	taken->bytes[entry->raw_length] = '\0';
	taken->length = entry->raw_length;
	return ASSAY_OK;
}

/* From the journal, which holds every file that ever took part. */
static int kept_file(void *context, const char *path, const char *sha256, char **out, size_t *length_out,
	struct assay_error *err)
{
	struct recorder *recorder = context;
	struct assay_reader *reader = NULL;
	struct taken taken = {0};
	json_t *row = query_one(recorder->lab.state,
		query_prepare(recorder->lab.state, err, "SELECT seq FROM spec WHERE path=?1 AND sha256=?2",
			"tt", path, sha256),
		"spec-missing", path, err);
	int status =
		row ? assay_reader_open(recorder->role->dir, ASSAY_READ_LIVE, &reader, err) : ASSAY_ENOTFOUND;

	if (status == ASSAY_OK)
		status = assay_reader_each(reader, (uint64_t)json_integer_value(json_object_get(row, "seq")),
			1, take_raw, &taken, err);
	assay_reader_close(reader);
	json_decref(row);
	if (status == ASSAY_OK && !taken.bytes)
		status = assay_error_set(err, ASSAY_ENOTFOUND, "spec-missing", "台账里没有规范文件 %.160s",
			"the journal does not hold the spec %.160s", path);
	*out = taken.bytes;
	*length_out = taken.length;
	return status;
}

const struct assay_specs *recorder_specs_of(void *context, const char *set)
{
	struct recorder *recorder = context;
	struct assay_error err;
	const struct assay_specs *specs = assay_spec_sets_get(&recorder->sets, set, &err);

	if (!specs && err.code[0])
		(void)fprintf(stderr,
			"assay: recorder: the specs %.12s of an older batch cannot be read: %s\n", set,
			err.text_en);
	return specs;
}

int64_t recorder_bundle_serial(const struct recorder *recorder)
{
	char text[BUNDLE_RECORD_MAX];
	json_t *record;
	int64_t serial;

	assay_bundle_record(recorder->role->dir, text, sizeof text);
	record = *text ? json_loads(text, JSON_REJECT_DUPLICATES, NULL) : NULL;
	serial = json_integer_value(json_object_get(record, "serial"));
	json_decref(record);
	return serial;
}

int recorder_specs_start(struct recorder *recorder, struct assay_error *err)
{
	char before[65];
	json_t *files = assay_spec_set_files(recorder->specs), *body = NULL;
	int status = files ? assay_spec_set_digest(files, recorder->specs_sha256, err)
			   : assay_error_set(err, ASSAY_ENOMEM, "out-of-memory", "内存不足", "out of memory");

	recorder->sets = (struct assay_spec_sets){.state = recorder->lab.state,
		.schemas = recorder->role->places->specs,
		.file = kept_file,
		.context = recorder};
	if (status == ASSAY_OK)
		status = assay_state_meta(recorder->state, "specs", before, sizeof before, err);
	if (status == ASSAY_OK && strcmp(before, recorder->specs_sha256) != 0) {
		body = json_pack("{s:s,s:I,s:O}", "sha256", recorder->specs_sha256, "serial",
			(json_int_t)recorder_bundle_serial(recorder), "files", files);
		status = body ? recorder_append_json(
					recorder, ASSAY_ENTRY_SPEC_SET, "", body, NULL, 0, NULL, err)
			      : assay_error_set(
					err, ASSAY_ENOMEM, "out-of-memory", "内存不足", "out of memory");
	}
	json_decref(body);
	json_decref(files);
	return status;
}
