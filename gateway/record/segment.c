/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/record/segment.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Nothing here is ever updated: partial tiles live in memory and are made again from the last leaves, so
 * the triggers can refuse every change without an exception. */
#define APPEND_ONLY(table, key)                                                                              \
	"CREATE TRIGGER " table "_no_update BEFORE UPDATE ON " table                                         \
	" BEGIN SELECT RAISE(ABORT,'append-only'); END;"                                                     \
	"CREATE TRIGGER " table "_no_delete BEFORE DELETE ON " table                                         \
	" BEGIN SELECT RAISE(ABORT,'append-only'); END;"                                                     \
	"CREATE TRIGGER " table "_no_replace BEFORE INSERT ON " table " WHEN EXISTS(SELECT 1 FROM " table    \
	" WHERE " key ") BEGIN SELECT RAISE(ABORT,'append-only'); END;"

static const char schema[] =
	"CREATE TABLE segment(key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;"
	"CREATE TABLE entry(seq INTEGER PRIMARY KEY, header BLOB NOT NULL, body TEXT NOT NULL, raw BLOB NOT "
	"NULL,"
	" leaf BLOB NOT NULL) STRICT;"
	"CREATE TABLE tile(level INTEGER NOT NULL, n INTEGER NOT NULL, hashes BLOB NOT NULL, root BLOB NOT "
	"NULL,"
	" PRIMARY KEY(level, n)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE carry(level INTEGER PRIMARY KEY, n INTEGER NOT NULL, hashes BLOB NOT NULL) STRICT;"
	"CREATE TABLE checkpoint(size INTEGER PRIMARY KEY, note TEXT NOT NULL) STRICT;" APPEND_ONLY(
		"entry", "seq=NEW.seq") APPEND_ONLY("tile", "level=NEW.level AND n=NEW.n")
		APPEND_ONLY("carry", "level=NEW.level") APPEND_ONLY("checkpoint", "size=NEW.size")
			APPEND_ONLY("segment", "key=NEW.key");

int assay_sqlite_error(struct assay_error *err, sqlite3 *db, const char *path, int rc)
{
	const char *text = db ? sqlite3_errmsg(db) : sqlite3_errstr(rc);

	switch (rc & 0xff) {
	case SQLITE_FULL:
		return assay_error_set(err, ASSAY_EFULL, "journal-full",
			"%s：磁盘已满（%s）。请腾出空间，采集会自动继续",
			"%s: the disk is full (%s); make room, acquisition goes on by itself", path, text);
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return assay_error_set(err, ASSAY_EDAMAGED, "journal-damaged",
			"%s：文件已损坏（%s）。请停止使用并从备份恢复",
			"%s: the file is damaged (%s); stop and restore from a backup", path, text);
	case SQLITE_NOMEM:
		return assay_error_set(err, ASSAY_ENOMEM, "out-of-memory", "%s：内存不足（%s）",
			"%s: out of memory (%s)", path, text);
	default:
		return assay_error_set(err, ASSAY_EIO, "journal-io", "%s：读写失败（%s，SQLite %d）",
			"%s: cannot read or write (%s, SQLite %d)", path, text, rc);
	}
}

int assay_segment_harden(sqlite3 *db, const char *path, struct assay_error *err)
{
	int rc = sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(db, "PRAGMA cell_size_check=ON; PRAGMA mmap_size=0", NULL, NULL, NULL);
	(void)sqlite3_limit(db, SQLITE_LIMIT_ATTACHED, 0);
	return rc == SQLITE_OK ? ASSAY_OK : assay_sqlite_error(err, db, path, rc);
}

void assay_segment_path(const char *dir, unsigned number, char *out, size_t size)
{
	(void)snprintf(out, size, "%s/journal/%04u.db", dir, number);
}

int assay_segment_last(const char *dir, struct assay_error *err)
{
	char path[600];
	DIR *folder;
	struct dirent *file;
	unsigned long last = 0;

	(void)snprintf(path, sizeof path, "%s/journal", dir);
	folder = opendir(path);
	if (!folder) {
		if (errno == ENOENT)
			return 0;
		return assay_error_set(err, ASSAY_EIO, "journal-io", "%s：不能读取（%s）",
			"%s: cannot be read (%s)", path, strerror(errno));
	}
	while ((file = readdir(folder)) != NULL) {
		char *end;
		unsigned long number = strtoul(file->d_name, &end, 10);

		if (end == file->d_name + 4 && strcmp(end, ".db") == 0 && number > last)
			last = number;
	}
	(void)closedir(folder);
	return (int)last;
}

static int put_meta(sqlite3 *db, const char *key, const char *value)
{
	sqlite3_stmt *insert = NULL;
	int rc = sqlite3_prepare_v2(db, "INSERT INTO segment(key,value) VALUES(?1,?2)", -1, &insert, NULL);

	if (rc == SQLITE_OK) {
		(void)sqlite3_bind_text(insert, 1, key, -1, SQLITE_STATIC);
		(void)sqlite3_bind_text(insert, 2, value, -1, SQLITE_STATIC);
		rc = sqlite3_step(insert) == SQLITE_DONE ? SQLITE_OK : sqlite3_errcode(db);
	}
	(void)sqlite3_finalize(insert);
	return rc;
}

static int put_carry(sqlite3 *db, const struct assay_tree *tree)
{
	sqlite3_stmt *insert = NULL;
	int rc = sqlite3_prepare_v2(
		db, "INSERT INTO carry(level,n,hashes) VALUES(?1,?2,?3)", -1, &insert, NULL);

	for (unsigned level = 0; rc == SQLITE_OK && level < ASSAY_TILE_LEVELS; level++) {
		const struct assay_tile *tile = &tree->level[level];

		if (tile->count == 0)
			continue;
		(void)sqlite3_bind_int64(insert, 1, level);
		(void)sqlite3_bind_int64(insert, 2, (sqlite3_int64)tile->n);
		(void)sqlite3_bind_blob(
			insert, 3, tile->hash, (int)(tile->count * ASSAY_HASH_SIZE), SQLITE_STATIC);
		rc = sqlite3_step(insert) == SQLITE_DONE ? SQLITE_OK : sqlite3_errcode(db);
		(void)sqlite3_reset(insert);
	}
	(void)sqlite3_finalize(insert);
	return rc;
}

int assay_segment_create(
	struct assay_segment *segment, const struct assay_tree *tree, struct assay_error *err)
{
	char first[24], number[16], root[65];
	int rc = sqlite3_exec(segment->db, "BEGIN IMMEDIATE", NULL, NULL, NULL);

	(void)snprintf(first, sizeof first, "%" PRIu64, segment->first);
	(void)snprintf(number, sizeof number, "%u", segment->number);
	for (unsigned i = 0; i < ASSAY_HASH_SIZE; i++)
		(void)snprintf(root + 2 * i, 3, "%02x", segment->before_root[i]);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(segment->db, schema, NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = put_meta(segment->db, "format", "1");
	if (rc == SQLITE_OK)
		rc = put_meta(segment->db, "number", number);
	if (rc == SQLITE_OK)
		rc = put_meta(segment->db, "site", segment->site);
	if (rc == SQLITE_OK)
		rc = put_meta(segment->db, "origin", segment->origin);
	if (rc == SQLITE_OK)
		rc = put_meta(segment->db, "first", first);
	if (rc == SQLITE_OK)
		rc = put_meta(segment->db, "before_root", root);
	if (rc == SQLITE_OK)
		rc = put_meta(segment->db, "before_file", segment->before_file);
	if (rc == SQLITE_OK)
		rc = put_carry(segment->db, tree);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(segment->db, "COMMIT", NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		return ASSAY_OK;
	(void)assay_sqlite_error(err, segment->db, segment->path, rc);
	(void)sqlite3_exec(segment->db, "ROLLBACK", NULL, NULL, NULL);
	return (rc & 0xff) == SQLITE_FULL ? ASSAY_EFULL : ASSAY_EIO;
}

static int get_meta(sqlite3 *db, const char *key, char *out, size_t size)
{
	sqlite3_stmt *select = NULL;
	int rc = sqlite3_prepare_v2(db, "SELECT value FROM segment WHERE key=?1", -1, &select, NULL);

	if (rc == SQLITE_OK) {
		(void)sqlite3_bind_text(select, 1, key, -1, SQLITE_STATIC);
		rc = sqlite3_step(select);
		if (rc == SQLITE_ROW) {
			const char *value = (const char *)sqlite3_column_text(select, 0);

			(void)snprintf(out, size, "%s", value ? value : "");
			rc = SQLITE_OK;
		} else if (rc == SQLITE_DONE) {
			rc = SQLITE_CORRUPT;
		}
	}
	(void)sqlite3_finalize(select);
	return rc;
}

static int parse_hash(const char *hex, uint8_t out[ASSAY_HASH_SIZE])
{
	for (unsigned i = 0; i < ASSAY_HASH_SIZE; i++) {
		char pair[3] = {hex[2 * i], hex[2 * i] ? hex[2 * i + 1] : '\0', '\0'};
		char *end;

		out[i] = (uint8_t)strtoul(pair, &end, 16);
		if (end != pair + 2)
			return -1;
	}
	return hex[64] == '\0' ? 0 : -1;
}

int assay_segment_load(struct assay_segment *segment, struct assay_error *err)
{
	char format[8], first[24], number[16], root[66];
	char *end = NULL;
	sqlite3_stmt *last = NULL;
	int rc = get_meta(segment->db, "format", format, sizeof format);

	if (rc == SQLITE_OK)
		rc = get_meta(segment->db, "number", number, sizeof number);
	if (rc == SQLITE_OK)
		rc = get_meta(segment->db, "site", segment->site, sizeof segment->site);
	if (rc == SQLITE_OK)
		rc = get_meta(segment->db, "origin", segment->origin, sizeof segment->origin);
	if (rc == SQLITE_OK)
		rc = get_meta(segment->db, "first", first, sizeof first);
	if (rc == SQLITE_OK)
		rc = get_meta(segment->db, "before_root", root, sizeof root);
	if (rc == SQLITE_OK)
		rc = get_meta(segment->db, "before_file", segment->before_file, sizeof segment->before_file);
	if (rc == SQLITE_OK)
		rc = sqlite3_prepare_v2(segment->db, "SELECT max(seq) FROM entry", -1, &last, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(last) == SQLITE_ROW ? SQLITE_OK : sqlite3_errcode(segment->db);
	if (rc != SQLITE_OK) {
		(void)sqlite3_finalize(last);
		return assay_sqlite_error(err, segment->db, segment->path, rc);
	}
	segment->first = strtoull(first, &end, 10);
	segment->end = sqlite3_column_type(last, 0) == SQLITE_NULL
			       ? segment->first
			       : (uint64_t)sqlite3_column_int64(last, 0) + 1;
	(void)sqlite3_finalize(last);
	if (strcmp(format, "1") != 0 || *end || parse_hash(root, segment->before_root) != 0 ||
		strtoul(number, NULL, 10) != segment->number || segment->end < segment->first)
		return assay_error_set(err, ASSAY_EDAMAGED, "journal-damaged",
			"%s：段信息不符（格式 %s，编号 %s，起始 %s）。请从备份恢复",
			"%s: the segment's own description is wrong (format %s, number %s, first %s); "
			"restore from a backup",
			segment->path, format, number, first);
	return ASSAY_OK;
}

/* Where the hash of node `index` of a level stands: carried over from the segment before, or in this one. */
static int edge_hash(const struct assay_segment *segment, sqlite3_stmt *carry, sqlite3_stmt *leaf,
	sqlite3_stmt *tile, unsigned level, uint64_t index, uint8_t out[ASSAY_HASH_SIZE])
{
	sqlite3_stmt *from = level == 0 ? leaf : tile;
	const void *blob = NULL;
	int rc;

	(void)sqlite3_reset(carry);
	(void)sqlite3_bind_int64(carry, 1, level);
	rc = sqlite3_step(carry);
	if (rc == SQLITE_ROW) {
		uint64_t start = (uint64_t)sqlite3_column_int64(carry, 0) * ASSAY_TILE_WIDTH;
		uint64_t count = (uint64_t)sqlite3_column_bytes(carry, 1) / ASSAY_HASH_SIZE;

		if (index >= start && index < start + count) {
			const uint8_t *hashes = sqlite3_column_blob(carry, 1);

			memcpy(out, hashes + (index - start) * ASSAY_HASH_SIZE, ASSAY_HASH_SIZE);
			return SQLITE_OK;
		}
	} else if (rc != SQLITE_DONE) {
		return sqlite3_errcode(segment->db);
	}
	(void)sqlite3_reset(from);
	if (level == 0) {
		(void)sqlite3_bind_int64(from, 1, (sqlite3_int64)index);
	} else {
		(void)sqlite3_bind_int64(from, 1, level - 1);
		(void)sqlite3_bind_int64(from, 2, (sqlite3_int64)index);
	}
	if (sqlite3_step(from) == SQLITE_ROW)
		blob = sqlite3_column_blob(from, 0);
	if (!blob || sqlite3_column_bytes(from, 0) != (int)ASSAY_HASH_SIZE)
		return SQLITE_CORRUPT;
	memcpy(out, blob, ASSAY_HASH_SIZE);
	return SQLITE_OK;
}

int assay_segment_edge(const struct assay_segment *segment, struct assay_tree *tree, struct assay_error *err)
{
	sqlite3_stmt *carry = NULL, *leaf = NULL, *tile = NULL;
	uint64_t nodes = segment->end, span = 1, missing = 0;
	int rc = sqlite3_prepare_v2(
		segment->db, "SELECT n, hashes FROM carry WHERE level=?1", -1, &carry, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_prepare_v2(segment->db, "SELECT leaf FROM entry WHERE seq=?1", -1, &leaf, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_prepare_v2(
			segment->db, "SELECT root FROM tile WHERE level=?1 AND n=?2", -1, &tile, NULL);
	tree->size = segment->end;
	for (unsigned level = 0; rc == SQLITE_OK && level < ASSAY_TILE_LEVELS;
		level++, nodes /= ASSAY_TILE_WIDTH, span *= ASSAY_TILE_WIDTH) {
		struct assay_tile *edge = &tree->level[level];

		edge->n = nodes / ASSAY_TILE_WIDTH;
		edge->count = (unsigned)(nodes % ASSAY_TILE_WIDTH);
		for (unsigned i = 0; rc == SQLITE_OK && i < edge->count; i++) {
			missing = (edge->n * ASSAY_TILE_WIDTH + i) * span;
			rc = edge_hash(segment, carry, leaf, tile, level, edge->n * ASSAY_TILE_WIDTH + i,
				edge->hash[i]);
		}
	}
	(void)sqlite3_finalize(carry);
	(void)sqlite3_finalize(leaf);
	(void)sqlite3_finalize(tile);
	if (rc == SQLITE_OK)
		return ASSAY_OK;
	return assay_error_set(err, ASSAY_EDAMAGED, "journal-damaged",
		"%s：从第 %" PRIu64 " 条起哈希缺失。请从备份恢复",
		"%s: hashes are missing from entry %" PRIu64 " on; restore from a backup", segment->path,
		missing);
}

int assay_segment_row(sqlite3_stmt *row, int column, uint64_t sequence, unsigned number,
	struct assay_entry *out, struct assay_error *err)
{
	const uint8_t *header = sqlite3_column_blob(row, column);
	size_t body_length, raw_length;
	bool good = header && sqlite3_column_bytes(row, column) == (int)ASSAY_HEADER_SIZE &&
		    assay_entry_parse_header(header, out, NULL) == ASSAY_OK;

	if (good) {
		body_length = out->body_length;
		raw_length = out->raw_length;
		out->body = (const char *)sqlite3_column_text(row, column + 1);
		out->raw = sqlite3_column_blob(row, column + 2);
		good = out->body && (size_t)sqlite3_column_bytes(row, column + 1) == body_length &&
		       (size_t)sqlite3_column_bytes(row, column + 2) == raw_length &&
		       out->sequence == sequence;
	}
	if (good)
		return ASSAY_OK;
	return assay_error_set(err, ASSAY_EDAMAGED, "journal-damaged",
		"台账第 %04u 段第 %" PRIu64 " 条：条目头与内容不符。请从备份恢复",
		"journal segment %04u, entry %" PRIu64
		": header and contents disagree; restore from a backup",
		number, sequence);
}
