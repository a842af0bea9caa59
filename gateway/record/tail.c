/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/record/tail.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define LEAF_COLUMN 2 /* of ASSAY_SEGMENT_COLUMNS */

struct tail {
	const struct assay_segment *segment;
	const struct assay_origin_key *key, *next;
	bool next_signed; /* the note checked last */
	const char *dir;
	struct assay_tree *tree;
	struct assay_tail *out;
	uint64_t checkpoint_size;
	uint8_t checkpoint_root[ASSAY_HASH_SIZE]; /* as signed, and as the tree has it */
};

static int check_signature(struct tail *tail, const char *note, uint64_t *size, uint8_t root[ASSAY_HASH_SIZE],
	struct assay_error *err)
{
	tail->next_signed =
		tail->next && assay_checkpoint_check(tail->next, note, size, root, NULL) == ASSAY_OK;
	return tail->next_signed ? ASSAY_OK : assay_checkpoint_check(tail->key, note, size, root, err);
}

static int damaged_checkpoint(struct tail *tail, uint64_t size, struct assay_error *err)
{
	return assay_error_set(err, ASSAY_EDAMAGED, "journal-damaged",
		"台账第 %04u 段：与检查点（%" PRIu64 " 条）不符，末尾被截或被改。请从备份恢复",
		"journal segment %04u: it disagrees with its checkpoint over %" PRIu64
		" entries, the end was cut or changed; restore from a backup",
		tail->segment->number, size);
}

/* Does the tree have the root that note signs? Loads journal->tree as it stood at the note's size. */
static int check_note(struct tail *tail, const char *note, uint64_t *size_out,
	uint8_t signed_root[ASSAY_HASH_SIZE], struct assay_error *err)
{
	uint8_t root[ASSAY_HASH_SIZE];
	int status = check_signature(tail, note, size_out, signed_root, err);

	if (status != ASSAY_OK)
		return status;
	if (*size_out > tail->segment->end || *size_out < tail->segment->first)
		return damaged_checkpoint(tail, *size_out, err);
	memset(tail->tree, 0, sizeof *tail->tree);
	status = assay_segment_edge(tail->segment, *size_out, tail->tree, err);
	if (status != ASSAY_OK)
		return status;
	assay_tree_root(tail->tree, root);
	return memcmp(root, signed_root, sizeof root) == 0 ? ASSAY_OK
							   : damaged_checkpoint(tail, *size_out, err);
}

/* The newest note is also kept outside the segment: an older copy of the segment put back does not match it. */
static int check_published(struct tail *tail, struct assay_error *err)
{
	char path[600], note[ASSAY_NOTE_MAX];
	uint8_t root[ASSAY_HASH_SIZE];
	uint64_t size = 0;
	FILE *file;
	size_t got;
	int status;

	assay_checkpoint_path(tail->dir, path, sizeof path);
	file = fopen(path, "re");
	if (!file && errno == ENOENT)
		return ASSAY_OK;
	got = file ? fread(note, 1, sizeof note - 1, file) : 0;
	if (file)
		(void)fclose(file);
	note[got] = '\0';
	status = check_signature(tail, note, &size, root, err);
	if (status != ASSAY_OK || size < tail->segment->first)
		return status;
	if (size > tail->segment->end)
		return assay_error_set(err, ASSAY_EDAMAGED, "journal-rolled-back",
			"台账只有 %" PRIu64 " 条，但已为 %" PRIu64
			" 条签过检查点：末尾被截，或放回了旧文件。请从备份恢复",
			"the journal has %" PRIu64 " entries but signed a checkpoint over %" PRIu64
			": its end was cut or an old file was put back; restore from a backup",
			tail->segment->end, size);
	if (size == tail->checkpoint_size && memcmp(root, tail->checkpoint_root, sizeof root) == 0)
		return ASSAY_OK; /* the same note, nearly always */
	return check_note(tail, note, &size, root, err);
}

static int last_checkpoint(struct tail *tail, struct assay_error *err)
{
	sqlite3_stmt *last = NULL;
	int rc = sqlite3_prepare_v2(tail->segment->db,
		"SELECT size, note FROM checkpoint ORDER BY size DESC LIMIT 1", -1, &last, NULL);
	int status = ASSAY_OK;

	if (rc == SQLITE_OK)
		rc = sqlite3_step(last);
	if (rc == SQLITE_ROW) {
		const char *note = (const char *)sqlite3_column_text(last, 1);

		status = check_note(
			tail, note ? note : "", &tail->checkpoint_size, tail->checkpoint_root, err);
	} else if (rc == SQLITE_DONE) {
		status = damaged_checkpoint(tail, tail->segment->first, err);
	} else {
		status = assay_sqlite_error(err, tail->segment->db, tail->segment->path, rc);
	}
	(void)sqlite3_finalize(last);
	return status;
}

static int check_tile(
	void *context, unsigned level, const struct assay_tile *tile, const uint8_t root[ASSAY_HASH_SIZE])
{
	const struct tail *tail = context;

	return assay_segment_tile(tail->segment, level, tile, root, NULL);
}

/* The leaf stands in the tree, so the tree can go on without the contents. False: too many, or no leaf either. */
static bool tail_damaged(struct tail *tail, sqlite3_stmt *row, uint64_t sequence)
{
	if (tail->out->damaged_count == ASSAY_TAIL_DAMAGED ||
		sqlite3_column_type(row, LEAF_COLUMN) != SQLITE_BLOB ||
		sqlite3_column_bytes(row, LEAF_COLUMN) != (int)ASSAY_HASH_SIZE)
		return false;
	tail->out->damaged[tail->out->damaged_count++] = sequence;
	return true;
}

/* One entry of the tail: contents against leaf, and beyond the checkpoint into the tree. */
static int check_tail_row(struct tail *tail, sqlite3_stmt *row, uint64_t expected, struct assay_error *err)
{
	const struct assay_segment *segment = tail->segment;
	uint8_t leaf[ASSAY_HASH_SIZE] = {0};
	const uint8_t *stored = NULL;
	struct assay_entry entry;

	if ((uint64_t)sqlite3_column_int64(row, 0) != expected)
		return assay_error_set(err, ASSAY_EDAMAGED, "journal-damaged",
			"台账第 %04u 段：第 %" PRIu64 " 条缺失。请从备份恢复",
			"journal segment %04u: entry %" PRIu64 " is missing; restore from a backup",
			segment->number, expected);
	if (assay_segment_row(row, expected, segment->number, &entry, &stored, err) == ASSAY_OK)
		assay_entry_leaf(&entry, leaf);
	else
		stored = NULL;
	if (!stored || memcmp(leaf, stored, ASSAY_HASH_SIZE) != 0)
		stored = tail_damaged(tail, row, expected)
				 ? memcpy(leaf, sqlite3_column_blob(row, LEAF_COLUMN), ASSAY_HASH_SIZE)
				 : NULL;
	if (stored &&
		(expected < tail->tree->size || assay_tree_append(tail->tree, leaf, check_tile, tail) == 0))
		return ASSAY_OK;
	return assay_error_set(err, ASSAY_EDAMAGED, "journal-damaged",
		"台账第 %04u 段第 %" PRIu64 " 条：内容与哈希不符。请从备份恢复",
		"journal segment %04u, entry %" PRIu64 ": contents and hash disagree; restore from a backup",
		segment->number, expected);
}

static int check_rows(struct tail *tail, struct assay_error *err)
{
	const struct assay_segment *segment = tail->segment;
	sqlite3_stmt *rows = NULL;
	uint64_t expected = tail->checkpoint_size / ASSAY_TILE_WIDTH * ASSAY_TILE_WIDTH;
	int status = ASSAY_OK;
	int rc = sqlite3_prepare_v2(segment->db,
		"SELECT " ASSAY_SEGMENT_COLUMNS " FROM entry WHERE seq>=?1 AND seq<?2 ORDER BY seq", -1,
		&rows, NULL);

	if (expected < segment->first)
		expected = segment->first;
	if (rc == SQLITE_OK) {
		(void)sqlite3_bind_int64(rows, 1, (sqlite3_int64)expected);
		(void)sqlite3_bind_int64(rows, 2, (sqlite3_int64)segment->end);
	}
	while (rc == SQLITE_OK && status == ASSAY_OK && (rc = sqlite3_step(rows)) == SQLITE_ROW) {
		rc = SQLITE_OK;
		status = check_tail_row(tail, rows, expected++, err);
	}
	(void)sqlite3_finalize(rows);
	if (status == ASSAY_OK && rc != SQLITE_DONE)
		return assay_sqlite_error(err, segment->db, segment->path, rc);
	return status;
}

int assay_tail_check(const struct assay_segment *segment, const struct assay_origin_key *key,
	const struct assay_origin_key *next, const char *dir, struct assay_tree *tree, struct assay_tail *out,
	struct assay_error *err)
{
	struct tail state = {
		.segment = segment, .key = key, .next = next, .dir = dir, .tree = tree, .out = out};
	struct tail *tail = &state;
	/* One transaction around the few hundred look-ups: each by itself would take and drop the file's lock. */
	int rc = sqlite3_exec(segment->db, "BEGIN", NULL, NULL, NULL);
	int status = rc == SQLITE_OK ? last_checkpoint(tail, err)
				     : assay_sqlite_error(err, segment->db, segment->path, rc);

	out->next_signed = tail->next_signed;
	out->checkpoint_size = tail->checkpoint_size;
	if (status == ASSAY_OK)
		status = check_published(tail, err);
	if (status == ASSAY_OK && tree->size != tail->checkpoint_size) {
		memset(tree, 0, sizeof *tree);
		status = assay_segment_edge(segment, tail->checkpoint_size, tree, err);
	}
	if (status == ASSAY_OK)
		status = check_rows(tail, err);
	if (rc == SQLITE_OK)
		(void)sqlite3_exec(segment->db, "COMMIT", NULL, NULL, NULL);
	return status;
}
