/* SPDX-License-Identifier: Apache-2.0
 * Which specs are in force, as one set, and the older sets that batches under way were registered under. */
#include "gateway/record/recorder.h"

#include "gateway/bundle/bundle.h"
#include "gateway/lab/query_row.h"
#include "gateway/record/journal_reader.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* What was written down at the installation of the bundle in force; NULL: none is. */
static json_t *bundle_record(const struct recorder *recorder)
{
	char text[ASSAY_BUNDLE_RECORD_MAX];

	assay_bundle_record(recorder->role->dir, text, sizeof text);
	return *text ? json_loads(text, JSON_REJECT_DUPLICATES, NULL) : NULL;
}

static int64_t meta_number(const struct recorder *recorder, const char *name)
{
	struct assay_error ignored;
	char text[24] = "";

	return assay_state_meta(recorder->state, name, text, sizeof text, &ignored) == ASSAY_OK
		       ? strtoll(text, NULL, 10)
		       : 0;
}

/* Was this set in force at some time? */
static bool known(const struct recorder *recorder, const char *sha256)
{
	struct assay_error ignored;
	json_t *row = query_one(assay_state_db(recorder->state),
		query_prepare(assay_state_db(recorder->state), &ignored,
			"SELECT 1 AS found FROM spec_set WHERE sha256=?1", "t", sha256),
		"specs-unknown", sha256, &ignored);
	bool found = row != NULL;

	json_decref(row);
	return found;
}

/* The installer lets nothing in that is not signed, and nothing older without two people; what came to the folder past it
 * is refused here. What is in force already has been looked at. A set that came with the program and was never in force
 * cannot be called older. */
static int check_order(const struct recorder *recorder, const json_t *record, const char *folder,
	const char *sha256, struct assay_error *err)
{
	int64_t serial = json_integer_value(json_object_get(record, "serial")),
		newest = meta_number(recorder, "specs_newest");
	unsigned agreed = 0;
	char now[65] = "";
	int status = assay_state_meta(recorder->state, "specs", now, sizeof now, err);

	if (status != ASSAY_OK ||
		(strcmp(now, sha256) == 0 && serial == meta_number(recorder, "specs_serial")))
		return status;
	if (serial > 0)
		status = assay_bundle_trusted(folder, record, &recorder->role->spec_keys, &agreed, err);
	if (status != ASSAY_OK || serial >= newest || agreed >= ASSAY_BUNDLE_APPROVALS ||
		(serial == 0 && (strcmp(now, sha256) == 0 || !known(recorder, sha256))))
		return status;
	return assay_error_set(err, ASSAY_EREFUSED, "specs-older",
		"规格（包 %" PRId64 "）比本台账用过的包 %" PRId64
		" 旧，又没有两个人同意，不予使用。请用 assay spec bundle install "
		"装回新包；要退回旧包，先由两人 approve",
		"the specs (bundle %" PRId64 ") are older than bundle %" PRId64
		", which this journal has had, and two people have not agreed: they are not used. Install "
		"the newer "
		"one with assay spec bundle install; to go back, two people approve first",
		serial, newest);
}

int recorder_specs_may(const struct recorder *recorder, struct assay_error *err)
{
	struct assay_places places;
	struct assay_specs *specs = NULL;
	json_t *record = bundle_record(recorder), *files = NULL;
	char sha256[65];
	int status = assay_bundle_places(recorder->role->dir, &places, err);

	if (status == ASSAY_OK)
		status = assay_specs_load(places.specs, &specs, err);
	if (status == ASSAY_OK) {
		files = assay_spec_set_files(specs);
		status = files ? assay_spec_set_digest(files, sha256, err)
			       : assay_error_set(
					 err, ASSAY_ENOMEM, "out-of-memory", "内存不足", "out of memory");
	}
	if (status == ASSAY_OK)
		status = check_order(recorder, record, places.specs, sha256, err);
	json_decref(files);
	json_decref(record);
	assay_specs_free(specs);
	return status;
}

static int append_set(struct recorder *recorder, const json_t *record, json_t *files, struct assay_error *err)
{
	json_t *body = json_pack("{s:s,s:I,s:O}", "sha256", recorder->specs_sha256, "serial",
		json_integer_value(json_object_get(record, "serial")), "files", files);
	int status = body ? recorder_append_json(recorder, ASSAY_ENTRY_SPEC_SET, "", body, NULL, 0, NULL, err)
			  : assay_error_set(err, ASSAY_ENOMEM, "out-of-memory", "内存不足", "out of memory");

	json_decref(body);
	return status;
}

int recorder_specs_start(struct recorder *recorder, struct assay_error *err)
{
	char before[65] = "";
	json_t *files = assay_spec_set_files(recorder->specs), *record = bundle_record(recorder);
	int status = files ? assay_spec_set_digest(files, recorder->specs_sha256, err)
			   : assay_error_set(err, ASSAY_ENOMEM, "out-of-memory", "内存不足", "out of memory");

	recorder->sets = (struct assay_spec_sets){.state = recorder->lab.state,
		.schemas = recorder->role->places->specs,
		.file = kept_file,
		.context = recorder};
	if (status == ASSAY_OK)
		status = assay_state_meta(recorder->state, "specs", before, sizeof before, err);
	if (status == ASSAY_OK)
		status = check_order(
			recorder, record, recorder->role->places->specs, recorder->specs_sha256, err);
	if (status == ASSAY_OK && (strcmp(before, recorder->specs_sha256) != 0 ||
					  meta_number(recorder, "specs_serial") !=
						  json_integer_value(json_object_get(record, "serial"))))
		status = append_set(recorder, record, files, err);
	json_decref(record);
	json_decref(files);
	return status;
}
