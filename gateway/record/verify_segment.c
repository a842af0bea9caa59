/* SPDX-License-Identifier: Apache-2.0
 * One segment against its own tables, its tree, its checkpoints and the segment before it. */
#include "gateway/record/verify_segment.h"

#include "gateway/record/journal_reader.h"
#include "gateway/record/sha256.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The segment being read. */
struct pass {
	struct verify *verify;
	const struct assay_segment *segment;
	uint64_t tiles; /* completed in this segment */
	uint64_t gone; /* entries without payload */
	sqlite3_stmt *notes; /* checkpoints in order of size ... */
	bool note_there; /* ... and whether it stands on one */
	uint64_t note_size;
	uint64_t covered; /* size of the newest good one */
	uint64_t expected; /* sequence of the next entry */
	uint64_t end; /* what lies beyond was never acknowledged */
};

#define FOUND(pass, sequence, code, zh, en, ...)                                                             \
	do {                                                                                                 \
		struct assay_error found_here;                                                               \
		(void)assay_error_set(&found_here, ASSAY_EDAMAGED, code, "台账第 %04u 段" zh,                \
			"journal segment %04u" en, (pass)->segment->number __VA_ARGS__);                     \
		(void)verify_found((pass)->verify, (pass)->segment->number, sequence, &found_here);          \
	} while (0)

static void found_sqlite(struct pass *pass, int rc)
{
	struct assay_error what;

	(void)assay_sqlite_error(&what, pass->segment->db, pass->segment->path, rc);
	(void)verify_found(pass->verify, pass->segment->number, pass->expected, &what);
}

/* Is the digest this segment names that of the file before it? */
static void check_before(struct pass *pass)
{
	struct verify *verify = pass->verify;
	const struct assay_segment *segment = pass->segment;
	char digest[65];
	struct assay_error what;

	if (segment->number == 1 || !verify->before_known) {
		if (segment->number == 1 && (segment->before_file[0] || segment->first != 0))
			FOUND(pass, 0, "segment-chain", "：第一段不应有前一段",
				": the first segment cannot follow another", );
		return;
	}
	if (segment->first != verify->before_end)
		FOUND(pass, segment->first, "segment-chain",
			"从第 %" PRIu64 " 条开始，前一段到第 %" PRIu64 " 条",
			" begins at entry %" PRIu64 ", the segment before it ends at %" PRIu64, ,
			segment->first, verify->before_end);
	if (!verify->before_covered && segment->before_file[0])
		FOUND(pass, segment->first, "segment-uncovered", "：前一段的末尾没有检查点",
			": the end of the segment before it has no checkpoint", );
	if (segment->before_file[0] == '\0')
		return; /* the one before was given up after a failed write: no digest was taken */
	if (assay_sha256_file(verify->before_path, digest) != 0) {
		(void)assay_error_set(&what, ASSAY_EIO, "journal-io", "%s：不能读取（%s）",
			"%s: cannot be read (%s)", verify->before_path, strerror(errno));
		(void)verify_found(verify, verify->before_number, ASSAY_NO_SEQUENCE, &what);
	} else if (strcmp(digest, segment->before_file) != 0) {
		verify_gone_file(verify, verify->before_number, segment->before_file, digest);
	}
}

#define SETTINGS 7 /* rows of the table segment */

/* Exactly the rows the carried edge needs, and no setting more than there are. */
static bool carry_exact(struct pass *pass)
{
	sqlite3_stmt *rows = NULL;
	uint64_t nodes = pass->segment->first;
	int rc = sqlite3_prepare_v2(
		pass->segment->db, "SELECT level, n, hashes FROM carry ORDER BY level", -1, &rows, NULL);
	bool same = rc == SQLITE_OK;

	for (int level = 0; same && level < (int)ASSAY_TILE_LEVELS; level++, nodes /= ASSAY_TILE_WIDTH) {
		int count = (int)(nodes % ASSAY_TILE_WIDTH);

		if (count == 0)
			continue;
		same = sqlite3_step(rows) == SQLITE_ROW && sqlite3_column_int(rows, 0) == level &&
		       (uint64_t)sqlite3_column_int64(rows, 1) == nodes / ASSAY_TILE_WIDTH &&
		       sqlite3_column_type(rows, 2) == SQLITE_BLOB &&
		       sqlite3_column_bytes(rows, 2) == count * (int)ASSAY_HASH_SIZE;
	}
	same = same && sqlite3_step(rows) == SQLITE_DONE;
	(void)sqlite3_finalize(rows);
	return same;
}

static bool count_is(struct pass *pass, const char *sql, uint64_t wanted)
{
	sqlite3_stmt *count = NULL;
	bool same = sqlite3_prepare_v2(pass->segment->db, sql, -1, &count, NULL) == SQLITE_OK &&
		    (sqlite3_bind_parameter_count(count) == 0 ||
			    sqlite3_bind_int64(count, 1, (sqlite3_int64)pass->end) == SQLITE_OK) &&
		    sqlite3_step(count) == SQLITE_ROW && (uint64_t)sqlite3_column_int64(count, 0) == wanted;

	(void)sqlite3_finalize(count);
	return same;
}

static bool same_edge(const struct assay_tree *a, const struct assay_tree *b)
{
	if (a->size != b->size)
		return false;
	for (unsigned level = 0; level < ASSAY_TILE_LEVELS; level++) {
		const struct assay_tile *left = &a->level[level], *right = &b->level[level];

		if (left->n != right->n || left->count != right->count ||
			memcmp(left->hash, right->hash, (size_t)left->count * ASSAY_HASH_SIZE) != 0)
			return false;
	}
	return true;
}

/* The tree at the segment's start: as carried over, which must be what the segments before gave. */
static void check_start(struct pass *pass)
{
	static struct assay_tree carried;
	struct verify *verify = pass->verify;
	uint8_t root[ASSAY_HASH_SIZE];
	struct assay_error what;
	int status;

	memset(&carried, 0, sizeof carried);
	status = assay_segment_edge(pass->segment, pass->segment->first, &carried, &what);
	if (status != ASSAY_OK) {
		(void)verify_found(verify, pass->segment->number, pass->segment->first, &what);
		return;
	}
	assay_tree_root(&carried, root);
	if (!carry_exact(pass) || !count_is(pass, "SELECT count(*) FROM segment", SETTINGS) ||
		memcmp(root, pass->segment->before_root, sizeof root) != 0 ||
		(verify->tree_valid && !same_edge(&carried, &verify->tree)))
		FOUND(pass, pass->segment->first, "segment-chain", "：起始的树与前面的条目不符",
			": the tree it begins with does not agree with the entries before it", );
	if (!verify->tree_valid) {
		verify->tree = carried;
		verify->tree_valid = true;
	}
}

static int on_tile(
	void *context, unsigned level, const struct assay_tile *tile, const uint8_t root[ASSAY_HASH_SIZE])
{
	struct pass *pass = context;
	struct assay_error what;

	if (assay_segment_tile(pass->segment, level, tile, root, &what) != ASSAY_OK)
		(void)verify_found(pass->verify, pass->segment->number,
			level == 0 ? tile->n * ASSAY_TILE_WIDTH : ASSAY_NO_SEQUENCE, &what);
	pass->tiles++;
	return 0;
}

static void next_note(struct pass *pass)
{
	int rc = sqlite3_step(pass->notes);

	pass->note_there = rc == SQLITE_ROW;
	if (pass->note_there)
		pass->note_size = (uint64_t)sqlite3_column_int64(pass->notes, 0);
	else if (rc != SQLITE_DONE)
		found_sqlite(pass, rc);
}

static void check_note(struct pass *pass)
{
	struct verify *verify = pass->verify;
	const char *note = (const char *)sqlite3_column_text(pass->notes, 1);
	uint8_t root[ASSAY_HASH_SIZE], signed_root[ASSAY_HASH_SIZE];
	struct assay_error what;
	uint64_t size = 0;

	if (!note || sqlite3_column_type(pass->notes, 1) != SQLITE_TEXT ||
		strlen(note) != (size_t)sqlite3_column_bytes(pass->notes, 1))
		note = "";
	verify_key_reach(verify, pass->segment->number, pass->note_size);
	if (assay_checkpoint_check(verify_key(verify), note, &size, signed_root, &what) != ASSAY_OK) {
		(void)verify_found(verify, pass->segment->number, pass->note_size, &what);
		return;
	}
	assay_tree_root(&verify->tree, root);
	if (size != pass->note_size || memcmp(root, signed_root, sizeof root) != 0) {
		FOUND(pass, verify->report->covered, "checkpoint-disagrees",
			"：检查点（%" PRIu64 " 条）与条目不符，第 %" PRIu64 " 至 %" PRIu64 " 条中有改动",
			": the checkpoint over %" PRIu64
			" entries does not agree with them; something in %" PRIu64 " to %" PRIu64
			" was changed",
			, pass->note_size, verify->report->covered,
			pass->note_size ? pass->note_size - 1 : 0);
		return;
	}
	verify_key_signed(verify, size);
	verify->report->checkpoints++;
	pass->covered = verify->report->covered = size;
	verify->first_uncovered_ns = 0;
}

/* Checkpoints whose size the tree has just reached; those it has passed stand in the wrong segment. */
static void check_notes(struct pass *pass)
{
	while (pass->note_there && pass->note_size <= pass->verify->tree.size) {
		if (pass->note_size == pass->verify->tree.size && pass->verify->tree_valid)
			check_note(pass);
		else
			FOUND(pass, pass->note_size, "checkpoint-misplaced",
				"：检查点（%" PRIu64 " 条）不该在这一段",
				": the checkpoint over %" PRIu64 " entries does not belong here", ,
				pass->note_size);
		next_note(pass);
	}
}

static void check_site(struct pass *pass)
{
	if (pass->verify->site[0] && strcmp(pass->verify->site, pass->segment->site) != 0)
		FOUND(pass, ASSAY_NO_SEQUENCE, "segment-chain", "写的站点是 %s，起始条目写的是 %s",
			" names the site %s, the genesis entry %s", , pass->segment->site,
			pass->verify->site);
}

/* A seal begins each segment after the first; genesis is the first entry that is no seal; neither stands anywhere
 * else. payload: body and raw are there. */
static void check_place(struct pass *pass, const struct assay_entry *entry, bool payload)
{
	bool seal_due = pass->segment->number > 1 && entry->sequence == pass->segment->first;
	char body[128];
	int length;

	if (seal_due) {
		length = snprintf(body, sizeof body, "{\"segment\":%u,\"sha256\":\"%s\"}",
			pass->segment->number - 1, pass->segment->before_file);
		if (entry->kind != ASSAY_ENTRY_SEAL || !payload || entry->body_length != (size_t)length ||
			memcmp(entry->body, body, (size_t)length) != 0 || entry->raw_length != 0)
			FOUND(pass, entry->sequence, "seal-bad", "：第一条不是前一段的封存条目",
				": its first entry is not the seal of the segment before it", );
		return;
	}
	if ((entry->kind == ASSAY_ENTRY_GENESIS) == pass->verify->begun || entry->kind == ASSAY_ENTRY_SEAL)
		FOUND(pass, entry->sequence, "kind-misplaced",
			"第 %" PRIu64 " 条：起始或封存条目不在它的位置",
			", entry %" PRIu64 ": a genesis or seal entry is not where it belongs", ,
			entry->sequence);
	if (entry->kind == ASSAY_ENTRY_GENESIS && payload && !pass->verify->begun) {
		verify_genesis(pass->verify, entry);
		check_site(pass);
	}
	pass->verify->begun = true;
}

static void check_row(struct pass *pass, sqlite3_stmt *row)
{
	struct verify *verify = pass->verify;
	uint8_t leaf[ASSAY_HASH_SIZE];
	const uint8_t *stored = NULL;
	struct assay_entry entry;
	struct assay_error what;
	bool there = true;

	if (assay_segment_row(row, pass->expected, pass->segment->number, &entry, &stored, &what) ==
		ASSAY_OK) {
		assay_entry_leaf(&entry, leaf);
	} else if (verify_gone_row(verify, pass->segment, row, pass->expected, &entry, leaf)) {
		stored = sqlite3_column_blob(row, 2);
		there = false;
		pass->gone++;
	} else {
		(void)verify_found(verify, pass->segment->number, pass->expected, &what);
		verify->tree_valid = false;
		return;
	}
	if (memcmp(leaf, stored, sizeof leaf) != 0)
		FOUND(pass, pass->expected, "entry-changed", "第 %" PRIu64 " 条：内容与哈希不符",
			", entry %" PRIu64 ": contents and hash disagree", , pass->expected);
	verify->report->bytes += ASSAY_HEADER_SIZE + entry.body_length + entry.raw_length;
	verify->last_ns = (uint64_t)entry.wall_ns;
	if (verify->first_uncovered_ns == 0)
		verify->first_uncovered_ns = verify->last_ns;
	check_place(pass, &entry, there);
	if (there)
		verify_entry(verify, pass->segment->number, &entry);
	if (!verify->tree_valid)
		return;
	(void)assay_tree_append(&verify->tree, leaf, on_tile, pass);
	if (pass->note_there && pass->note_size <= verify->tree.size)
		check_notes(pass);
	if (verify->tree.size >= verify->next_stop)
		verify_stop_compare(verify);
}

static void check_entries(struct pass *pass)
{
	sqlite3_stmt *rows = NULL;
	int rc = sqlite3_prepare_v2(pass->segment->db,
		"SELECT " ASSAY_SEGMENT_COLUMNS " FROM entry WHERE seq<=?1 ORDER BY seq", -1, &rows, NULL);

	if (rc == SQLITE_OK)
		(void)sqlite3_bind_int64(
			rows, 1, (sqlite3_int64)(pass->end == INT64_MAX ? pass->end : pass->end - 1));
	while (rc == SQLITE_OK && (rc = sqlite3_step(rows)) == SQLITE_ROW) {
		uint64_t sequence = (uint64_t)sqlite3_column_int64(rows, 0);

		rc = SQLITE_OK;
		if (sequence != pass->expected) {
			FOUND(pass, pass->expected, "entry-missing",
				"：第 %" PRIu64 " 条缺失，其后是第 %" PRIu64 " 条",
				": entry %" PRIu64 " is missing, entry %" PRIu64 " follows", , pass->expected,
				sequence);
			pass->verify->tree_valid = false;
			pass->expected = sequence;
		}
		check_row(pass, rows);
		pass->expected++;
	}
	if (rc != SQLITE_DONE) {
		found_sqlite(pass, rc);
		pass->verify->tree_valid = false;
	}
	(void)sqlite3_finalize(rows);
}

static void check_end(struct pass *pass)
{
	struct verify *verify = pass->verify;
	for (; pass->note_there; next_note(pass))
		FOUND(pass, pass->expected, "entry-missing",
			"：有 %" PRIu64 " 条的检查点，条目只到第 %" PRIu64 " 条；末尾被截或中间缺失",
			": there is a checkpoint over %" PRIu64 " entries, but they end at %" PRIu64
			" or cannot be followed; the end was cut",
			, pass->note_size, pass->expected);
	if (verify->tree_valid &&
		!count_is(pass,
			"SELECT count(*) FROM tile WHERE (n+1)<<(8*level+8)<=?1 OR ?1=9223372036854775807",
			pass->tiles))
		FOUND(pass, ASSAY_NO_SEQUENCE, "tile-bad", "：哈希块不是 %" PRIu64 " 块",
			": it does not have exactly %" PRIu64 " tiles", , pass->tiles);
	if (!count_is(pass, "SELECT count(*) FROM gone", pass->gone))
		FOUND(pass, ASSAY_NO_SEQUENCE, "payload-missing", "：应有 %" PRIu64 " 条无内容的条目",
			": it does not have exactly %" PRIu64 " entries whose payloads are gone", ,
			pass->gone);
	verify->report->tiles += pass->tiles;
}

static void verify_open_segment(struct pass *pass)
{
	struct verify *verify = pass->verify;
	struct assay_error what;
	int rc;

	if (assay_segment_schema(pass->segment, &what) != ASSAY_OK)
		(void)verify_found(verify, pass->segment->number, ASSAY_NO_SEQUENCE, &what);
	if (strcmp(pass->segment->origin, verify_key(verify)->origin) != 0)
		FOUND(pass, ASSAY_NO_SEQUENCE, "origin-foreign", "属于 %s，公钥属于 %s",
			" belongs to %s, the public key to %s", , pass->segment->origin,
			verify_key(verify)->origin);
	check_site(pass);
	check_before(pass);
	check_start(pass);
	rc = sqlite3_prepare_v2(
		pass->segment->db, "SELECT size, note FROM checkpoint ORDER BY size", -1, &pass->notes, NULL);
	if (rc != SQLITE_OK) {
		found_sqlite(pass, rc);
	} else {
		next_note(pass);
		if (!pass->note_there || pass->note_size != pass->segment->first)
			FOUND(pass, pass->segment->first, "checkpoint-missing", "：开头没有检查点",
				": the checkpoint it begins with is missing", );
		check_notes(pass);
	}
	verify_stop_compare(verify);
	check_entries(pass);
	check_end(pass);
	(void)sqlite3_finalize(pass->notes);
}

void verify_segment(struct verify *verify, const char *path, unsigned number, uint64_t end)
{
	struct assay_reader *reader = NULL;
	struct assay_error what;
	struct pass pass = {.verify = verify, .end = end > INT64_MAX ? INT64_MAX : end};
	int status = assay_reader_open_segment(path, &reader, &what);

	if (status != ASSAY_OK) {
		(void)verify_found(verify, number, ASSAY_NO_SEQUENCE, &what);
		verify->tree_valid = false;
		verify->before_known = false;
		return;
	}
	pass.segment = assay_reader_segment(reader, 0);
	pass.expected = pass.segment->first;
	if (verify->report->segments++ == 0) {
		verify->report->first = pass.segment->first;
		verify->begun = number > 1;
	}
	if (verify->report->covered < pass.segment->first)
		verify->report->covered = pass.segment->first;
	verify_open_segment(&pass);
	verify->before_known = true;
	verify->before_number = number;
	verify->before_end = pass.expected;
	verify->before_covered = pass.covered == pass.expected;
	(void)snprintf(verify->before_path, sizeof verify->before_path, "%s", path);
	verify->report->end = pass.expected;
	verify->report->tail_ns = verify->first_uncovered_ns && verify->last_ns > verify->first_uncovered_ns
					  ? verify->last_ns - verify->first_uncovered_ns
					  : 0;
	assay_reader_close(reader);
}
