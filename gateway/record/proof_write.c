/* SPDX-License-Identifier: Apache-2.0
 * Which entries tell the story of a batch, and writing them down with their paths. */
#include "gateway/record/inclusion.h"
#include "gateway/record/proof.h"
#include "gateway/record/sha256.h"

#include <inttypes.h>
#include <jansson.h>
#define OPENSSL_API_COMPAT 0x10100000L
#include <openssl/sha.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define DIGEST_MAX 65

/* An entry that is told of only if something of the batch names its digest. */
struct origin {
	uint64_t sequence;
	char sha256[DIGEST_MAX];
};

struct story {
	const char *batch;
	json_t *tests, *results, *digests, *instruments; /* objects used as sets */
	uint64_t *wanted;
	size_t count, room;
	struct origin *origin;
	size_t origins, origin_room;
	uint64_t config; /* the last one before the batch */
	bool begun, out_of_memory;
	unsigned open_tests; /* filled and without result: their evidence counts */
};

static void want(struct story *story, uint64_t sequence)
{
	if (story->count == story->room) {
		size_t room = story->room ? story->room * 2 : 256;
		uint64_t *grown = realloc(story->wanted, room * sizeof *grown);

		story->out_of_memory = story->out_of_memory || !grown;
		if (!grown)
			return;
		story->wanted = grown;
		story->room = room;
	}
	story->wanted[story->count++] = sequence;
}

static void remember_origin(struct story *story, uint64_t sequence, const char *sha256)
{
	if (story->origins == story->origin_room) {
		size_t room = story->origin_room ? story->origin_room * 2 : 256;
		struct origin *grown = realloc(story->origin, room * sizeof *grown);

		story->out_of_memory = story->out_of_memory || !grown;
		if (!grown)
			return;
		story->origin = grown;
		story->origin_room = room;
	}
	story->origin[story->origins].sequence = sequence;
	(void)snprintf(story->origin[story->origins++].sha256, DIGEST_MAX, "%s", sha256 ? sha256 : "");
}

static void add(json_t *set, const char *name)
{
	if (name && *name)
		(void)json_object_set_new(set, name, json_true());
}

static const char *text(const json_t *body, const char *name)
{
	const char *value = json_string_value(json_object_get(body, name));

	return value ? value : "";
}

static bool in(const json_t *set, const char *name)
{
	return *name && json_object_get(set, name) != NULL;
}

/* Digests and exchanges that a body names, at any depth. */
static void follow(struct story *story, const json_t *value)
{
	const char *name;
	json_t *member;

	for (size_t i = 0; i < json_array_size(value); i++)
		follow(story, json_array_get(value, i));
	if (!json_is_object(value))
		return;
	json_object_foreach((json_t *)(uintptr_t)value, name, member)
	{
		size_t length = strlen(name);

		if (json_is_string(member) && length >= 6 && strcmp(name + length - 6, "sha256") == 0)
			add(story->digests, json_string_value(member));
		else if (json_is_integer(member) &&
			 (strcmp(name, "exchange") == 0 || strcmp(name, "exchange_seq") == 0) &&
			 json_integer_value(member) >= 0)
			want(story, (uint64_t)json_integer_value(member));
		else
			follow(story, member);
	}
}

static bool ours(struct story *story, const struct assay_entry *entry, const json_t *body)
{
	if (strcmp(text(body, "batch"), story->batch) != 0 && !in(story->tests, text(body, "test")) &&
		!in(story->results, text(body, "result")))
		return false;
	if (entry->kind == ASSAY_ENTRY_TEST) {
		add(story->tests, text(body, "test"));
		add(story->instruments, text(body, "evidence_instrument"));
	}
	if (entry->kind == ASSAY_ENTRY_RESULT) {
		add(story->results, text(body, "result"));
		story->open_tests = 0;
	}
	if (entry->kind == ASSAY_ENTRY_FILL)
		story->open_tests = 1;
	return true;
}

static bool evidence(const struct story *story, const struct assay_entry *entry)
{
	bool found = false;
	json_t *body;

	if (!story->open_tests)
		return false;
	body = json_loadb(entry->body, entry->body_length, 0, NULL);
	found = in(story->instruments, text(body, "instrument"));
	json_decref(body);
	return found;
}

static int visit(void *context, const struct assay_entry *entry, const uint8_t leaf[ASSAY_HASH_SIZE])
{
	struct story *story = context;
	json_t *body;

	(void)leaf;
	switch (entry->kind) {
	case ASSAY_ENTRY_GENESIS:
	case ASSAY_ENTRY_KEY:
		want(story, entry->sequence);
		return 0;
	case ASSAY_ENTRY_CONFIG:
		if (!story->begun)
			story->config = entry->sequence;
		return 0;
	case ASSAY_ENTRY_EXCHANGE:
		if (evidence(story, entry))
			want(story, entry->sequence);
		return 0;
	case ASSAY_ENTRY_START:
	case ASSAY_ENTRY_STOP:
	case ASSAY_ENTRY_LINE:
	case ASSAY_ENTRY_CLOCK:
	case ASSAY_ENTRY_FAULT:
	case ASSAY_ENTRY_SEAL:
	case ASSAY_ENTRY_RETENTION:
	case ASSAY_ENTRY_PERSON:
		return 0;
	default:
		break;
	}
	body = json_loadb(entry->body, entry->body_length, 0, NULL);
	if (entry->kind == ASSAY_ENTRY_SPEC || entry->kind == ASSAY_ENTRY_SPEC_SET ||
		entry->kind == ASSAY_ENTRY_DRIVER) {
		remember_origin(story, entry->sequence, text(body, "sha256"));
	} else if (ours(story, entry, body)) {
		story->begun = true;
		want(story, entry->sequence);
		follow(story, body);
	}
	json_decref(body);
	return 0;
}

static int by_sequence(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return left < right ? -1 : left > right;
}

static int gather(struct story *story, struct assay_reader *reader, struct assay_error *err)
{
	size_t kept = 0;
	int status = assay_reader_each(reader, 0, 0, visit, story, err);

	if (status == ASSAY_OK && !story->begun)
		return assay_error_set(err, ASSAY_ENOTFOUND, "no-such-batch", "没有批次 %s",
			"there is no batch %s", story->batch);
	for (size_t i = 0; i < story->origins; i++)
		if (in(story->digests, story->origin[i].sha256)) {
			want(story, story->origin[i].sequence);
			(void)json_object_del(story->digests, story->origin[i].sha256);
		}
	if (story->config)
		want(story, story->config);
	if (status != ASSAY_OK || story->out_of_memory)
		return status != ASSAY_OK ? status
					  : assay_error_set(err, ASSAY_ENOMEM, "out-of-memory", "内存不足",
						    "out of memory");
	qsort(story->wanted, story->count, sizeof *story->wanted, by_sequence);
	for (size_t i = 0; i < story->count; i++)
		if (kept == 0 || story->wanted[kept - 1] != story->wanted[i])
			story->wanted[kept++] = story->wanted[i];
	story->count = kept;
	return ASSAY_OK;
}

/* What is written, and its digest so far. */
struct sink {
	FILE *out;
	SHA256_CTX digest;
	bool failed, out_of_memory;
	struct assay_reader *reader;
	uint64_t size;
	int status;
	struct assay_error *err;
};

static void put(struct sink *sink, const char *bytes, size_t length)
{
	(void)SHA256_Update(&sink->digest, bytes, length);
	sink->failed = sink->failed || fwrite(bytes, 1, length, sink->out) != length;
}

static void put_text(struct sink *sink, const char *string)
{
	put(sink, string, strlen(string));
}

static void put_base64(struct sink *sink, const void *bytes, size_t length)
{
	size_t room = sodium_base64_encoded_len(length, sodium_base64_VARIANT_ORIGINAL);
	char *encoded;

	if (length == 0) {
		put_text(sink, "-");
		return;
	}
	encoded = malloc(room);
	sink->out_of_memory = sink->out_of_memory || !encoded;
	if (!encoded)
		return;
	(void)sodium_bin2base64(encoded, room, bytes, length, sodium_base64_VARIANT_ORIGINAL);
	put_text(sink, encoded);
	free(encoded);
}

static void put_hex(struct sink *sink, const uint8_t *bytes, size_t length)
{
	char hex[2 * ASSAY_HEADER_SIZE + 1];

	assay_hex(bytes, length, hex);
	put_text(sink, hex);
}

static int put_entry(void *context, const struct assay_entry *entry, const uint8_t leaf[ASSAY_HASH_SIZE])
{
	struct sink *sink = context;
	uint8_t header[ASSAY_HEADER_SIZE];
	struct assay_path path;
	char number[32];

	(void)leaf;
	sink->status = assay_inclusion_path(sink->reader, entry->sequence, sink->size, &path, sink->err);
	if (sink->status != ASSAY_OK)
		return sink->status;
	(void)snprintf(number, sizeof number, "entry %" PRIu64 " ", entry->sequence);
	put_text(sink, number);
	assay_entry_header(entry, header);
	put_hex(sink, header, sizeof header);
	put_text(sink, " ");
	put_base64(sink, entry->body, entry->body_length);
	put_text(sink, " ");
	put_base64(sink, entry->raw, entry->raw_length);
	put_text(sink, " ");
	for (unsigned i = 0; i < path.count; i++) {
		put_text(sink, i ? "," : "");
		put_hex(sink, path.hash[i], ASSAY_HASH_SIZE);
	}
	put_text(sink, path.count ? "\n" : "-\n");
	return 0;
}

/* The newest checkpoint in the journal. */
static int newest_note(
	const struct assay_reader *reader, char note[ASSAY_NOTE_MAX], uint64_t *size, struct assay_error *err)
{
	const struct assay_segment *segment = assay_reader_segment(reader, assay_reader_segments(reader) - 1);
	sqlite3_stmt *last = NULL;
	int rc = sqlite3_prepare_v2(
		segment->db, "SELECT size, note FROM checkpoint ORDER BY size DESC LIMIT 1", -1, &last, NULL);

	if (rc == SQLITE_OK && (rc = sqlite3_step(last)) == SQLITE_ROW) {
		const char *stored = (const char *)sqlite3_column_text(last, 1);

		*size = (uint64_t)sqlite3_column_int64(last, 0);
		(void)snprintf(note, ASSAY_NOTE_MAX, "%s", stored ? stored : "");
	}
	(void)sqlite3_finalize(last);
	return rc == SQLITE_ROW ? ASSAY_OK
				: assay_sqlite_error(err, segment->db, segment->path,
					  rc == SQLITE_DONE ? SQLITE_CORRUPT : rc);
}

static int write_all(const struct story *story, struct sink *sink, const char *key, const char *note,
	struct assay_error *err)
{
	uint8_t digest[ASSAY_HASH_SIZE];
	int status = ASSAY_OK;

	(void)SHA256_Init(&sink->digest);
	put_text(sink, "assay-proof 1\nbatch ");
	put_text(sink, story->batch);
	put_text(sink, "\nkey ");
	put_text(sink, key);
	put_text(sink, "\nnote ");
	put_base64(sink, note, strlen(note));
	put_text(sink, "\n");
	for (size_t i = 0; status == ASSAY_OK && i < story->count; i++)
		status = assay_reader_each(sink->reader, story->wanted[i], 1, put_entry, sink, err);
	if (status != ASSAY_OK)
		return status;
	(void)SHA256_Final(digest, &sink->digest); /* of every byte before the last line */
	put_text(sink, "end ");
	put_hex(sink, digest, sizeof digest);
	put_text(sink, "\n");
	if (sink->out_of_memory)
		return assay_error_set(err, ASSAY_ENOMEM, "out-of-memory", "内存不足", "out of memory");
	return sink->failed ? assay_error_set(err, ASSAY_EIO, "output-io", "证明文件写不完整",
				      "the proof could not be written in full")
			    : ASSAY_OK;
}

int assay_proof_write(
	const char *dir, const char *batch, enum assay_reader_mode mode, FILE *out, struct assay_error *err)
{
	struct story story = {.batch = batch,
		.tests = json_object(),
		.results = json_object(),
		.digests = json_object(),
		.instruments = json_object()};
	struct sink sink = {.out = out, .err = err};
	struct assay_origin_key key;
	char line[400], note[ASSAY_NOTE_MAX];
	uint8_t root[ASSAY_HASH_SIZE];
	int status = assay_origin_key_public(dir, &key, err);

	if (status == ASSAY_OK)
		status = assay_reader_open(dir, mode, &sink.reader, err);
	if (status == ASSAY_OK)
		status = gather(&story, sink.reader, err);
	if (status == ASSAY_OK)
		status = newest_note(sink.reader, note, &sink.size, err);
	if (status == ASSAY_OK)
		status = assay_checkpoint_check(&key, note, &sink.size, root, err);
	if (status == ASSAY_OK && story.wanted[story.count - 1] >= sink.size)
		status = assay_error_set(err, ASSAY_EREFUSED, "not-signed-yet",
			"批次 %s 的最后几条还没有检查点，请一分钟后再试",
			"no checkpoint covers the last entries of batch %s yet; try again in a minute",
			batch);
	if (status == ASSAY_OK) {
		assay_origin_key_line(&key, line, sizeof line);
		status = write_all(&story, &sink, line, note, err);
	}
	assay_reader_close(sink.reader);
	json_decref(story.tests);
	json_decref(story.results);
	json_decref(story.digests);
	json_decref(story.instruments);
	free(story.wanted);
	free(story.origin);
	return status;
}
