/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/record/segment.h"

#include "gateway/record/sha256.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Nothing here is ever updated: partial tiles live in memory and are made again from the last leaves, so
 * the triggers can refuse every change without an exception. */
#define APPEND_ONLY(table, key)                                                                              \
	"CREATE TRIGGER " table "_no_update BEFORE UPDATE ON " table                                         \
	" BEGIN SELECT RAISE(ABORT,'append-only'); END;"                                                     \
	"CREATE TRIGGER " table "_no_delete BEFORE DELETE ON " table                                         \
	" BEGIN SELECT RAISE(ABORT,'append-only'); END;"                                                     \
	"CREATE TRIGGER " table "_no_replace BEFORE INSERT ON " table " WHEN EXISTS(SELECT 1 FROM " table    \
	" WHERE " key ") BEGIN SELECT RAISE(ABORT,'append-only'); END;"

/* An entry of fifty registers takes a little more than half of 4 KiB: one to a page, and the rest of it empty. Readers ask
 * the file; older segments keep theirs. */
#define PAGE_SIZE "PRAGMA page_size=8192;"

/* leaf stands before body and raw so that reading it never walks the pages of a long payload. A tile of level 0 keeps
 * its root alone: its 256 hashes are the leaves. gone: digests of payloads that were lawfully dropped; their entries keep header and
 * leaf. */
static const char schema[] =
	"PRAGMA application_id=1095977521; PRAGMA user_version=1;"
	"CREATE TABLE segment(key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;"
	"CREATE TABLE entry(seq INTEGER PRIMARY KEY, header BLOB NOT NULL, leaf BLOB NOT NULL,"
	" body TEXT NOT NULL, raw BLOB NOT NULL) STRICT;"
	"CREATE TABLE tile(level INTEGER NOT NULL, n INTEGER NOT NULL, hashes BLOB NOT NULL, root BLOB NOT "
	"NULL,"
	" PRIMARY KEY(level, n)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE carry(level INTEGER PRIMARY KEY, n INTEGER NOT NULL, hashes BLOB NOT NULL) STRICT;"
	"CREATE TABLE checkpoint(size INTEGER PRIMARY KEY, note TEXT NOT NULL) STRICT;"
	"CREATE TABLE gone(seq INTEGER PRIMARY KEY, body BLOB NOT NULL, raw BLOB NOT NULL) "
	"STRICT;" APPEND_ONLY("entry", "seq=NEW.seq") APPEND_ONLY("gone", "seq=NEW.seq")
		APPEND_ONLY("tile", "level=NEW.level AND n=NEW.n") APPEND_ONLY("carry", "level=NEW.level")
			APPEND_ONLY("checkpoint", "size=NEW.size") APPEND_ONLY("segment", "key=NEW.key");

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
	if (rc == SQLITE_OK) /* Debian's build has it on */
		rc = sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(db,
			"PRAGMA cell_size_check=ON; PRAGMA mmap_size=0; PRAGMA temp_store=MEMORY", NULL, NULL,
			NULL);
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

static int put_checkpoint(sqlite3 *db, uint64_t size, const char *note)
{
	sqlite3_stmt *insert = NULL;
	int rc = sqlite3_prepare_v2(db, "INSERT INTO checkpoint(size,note) VALUES(?1,?2)", -1, &insert, NULL);

	if (rc == SQLITE_OK) {
		(void)sqlite3_bind_int64(insert, 1, (sqlite3_int64)size);
		(void)sqlite3_bind_text(insert, 2, note, -1, SQLITE_STATIC);
		rc = sqlite3_step(insert) == SQLITE_DONE ? SQLITE_OK : sqlite3_errcode(db);
	}
	(void)sqlite3_finalize(insert);
	return rc;
}

static int fill_new(
	sqlite3 *db, const struct assay_segment *segment, const struct assay_tree *tree, const char *note)
{
	char first[24], number[16], root[65];
	int rc = sqlite3_exec(db, PAGE_SIZE " BEGIN IMMEDIATE", NULL, NULL, NULL);

	(void)snprintf(first, sizeof first, "%" PRIu64, segment->first);
	(void)snprintf(number, sizeof number, "%u", segment->number);
	assay_hex(segment->before_root, ASSAY_HASH_SIZE, root);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(db, schema, NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = put_meta(db, "format", "1");
	if (rc == SQLITE_OK)
		rc = put_meta(db, "number", number);
	if (rc == SQLITE_OK)
		rc = put_meta(db, "site", segment->site);
	if (rc == SQLITE_OK)
		rc = put_meta(db, "origin", segment->origin);
	if (rc == SQLITE_OK)
		rc = put_meta(db, "first", first);
	if (rc == SQLITE_OK)
		rc = put_meta(db, "before_root", root);
	if (rc == SQLITE_OK)
		rc = put_meta(db, "before_file", segment->before_file);
	if (rc == SQLITE_OK)
		rc = put_carry(db, tree);
	if (rc == SQLITE_OK)
		rc = put_checkpoint(db, segment->first, note);
	return rc == SQLITE_OK ? sqlite3_exec(db, "COMMIT", NULL, NULL, NULL) : rc;
}

static int sync_path(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC);
	int result = fd < 0 ? -1 : fsync(fd);

	if (fd >= 0)
		(void)close(fd);
	return result;
}

int assay_segment_create(struct assay_segment *segment, const struct assay_tree *tree, const char *note,
	struct assay_error *err)
{
	char path[620], folder[620], journal[640];
	sqlite3 *db = NULL;
	int rc, status = ASSAY_OK;

	(void)snprintf(path, sizeof path, "%s", segment->path);
	(void)snprintf(path + strlen(path) - 2, 4, "new");
	(void)snprintf(journal, sizeof journal, "%s-journal", path);
	(void)snprintf(folder, sizeof folder, "%s", segment->path);
	*strrchr(folder, '/') = '\0';
	(void)unlink(journal); /* what a crash left of an earlier try */
	(void)unlink(path);
	rc = sqlite3_open_v2(path, &db,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
		NULL);
	if (rc == SQLITE_OK)
		rc = fill_new(db, segment, tree, note);
	if (rc != SQLITE_OK)
		status = assay_sqlite_error(err, db, path, rc);
	(void)sqlite3_close(db);
	if (status != ASSAY_OK) {
		(void)unlink(path);
		(void)unlink(journal);
		return status;
	}
	if (sync_path(path, O_RDWR) != 0 || rename(path, segment->path) != 0 ||
		sync_path(folder, O_RDONLY | O_DIRECTORY) != 0)
		return assay_error_set(err, errno == ENOSPC ? ASSAY_EFULL : ASSAY_EIO, "journal-io",
			"%s：不能建立（%s）", "%s: cannot be made (%s)", segment->path, strerror(errno));
	return ASSAY_OK;
}

/* select gives the value of one key. */
static int get_meta(sqlite3_stmt *select, const char *key, char *out, size_t size)
{
	int rc = sqlite3_bind_text(select, 1, key, -1, SQLITE_STATIC);

	if (rc == SQLITE_OK)
		rc = sqlite3_step(select);
	if (rc == SQLITE_ROW) {
		const char *value = (const char *)sqlite3_column_text(select, 0);

		/* Nothing is cut off: what follows would be outside every comparison. */
		rc = value && strlen(value) == (size_t)sqlite3_column_bytes(select, 0) &&
				     (size_t)snprintf(out, size, "%s", value) < size
			     ? SQLITE_OK
			     : SQLITE_CORRUPT;
	} else if (rc == SQLITE_DONE) {
		rc = SQLITE_CORRUPT;
	}
	(void)sqlite3_reset(select);
	return rc;
}

static int parse_hash(const char *hex, uint8_t out[ASSAY_HASH_SIZE])
{
	char again[2 * ASSAY_HASH_SIZE + 1];

	if (strlen(hex) != sizeof again - 1)
		return -1;
	for (size_t i = 0; i < ASSAY_HASH_SIZE; i++) {
		char pair[3] = {hex[2 * i], hex[2 * i + 1], '\0'};

		out[i] = (uint8_t)strtoul(pair, NULL, 16);
	}
	assay_hex(out, ASSAY_HASH_SIZE, again);
	return strcmp(again, hex) == 0 ? 0 : -1;
}

int assay_segment_load(struct assay_segment *segment, struct assay_error *err)
{
	char format[8], first[24], number[16], root[66], expected[16], expected_first[24];
	sqlite3_stmt *last = NULL, *meta = NULL;
	int rc = sqlite3_prepare_v2(segment->db, "SELECT value FROM segment WHERE key=?1", -1, &meta, NULL);

	if (rc == SQLITE_OK)
		rc = get_meta(meta, "format", format, sizeof format);
	if (rc == SQLITE_OK)
		rc = get_meta(meta, "number", number, sizeof number);
	if (rc == SQLITE_OK)
		rc = get_meta(meta, "site", segment->site, sizeof segment->site);
	if (rc == SQLITE_OK)
		rc = get_meta(meta, "origin", segment->origin, sizeof segment->origin);
	if (rc == SQLITE_OK)
		rc = get_meta(meta, "first", first, sizeof first);
	if (rc == SQLITE_OK)
		rc = get_meta(meta, "before_root", root, sizeof root);
	if (rc == SQLITE_OK)
		rc = get_meta(meta, "before_file", segment->before_file, sizeof segment->before_file);
	(void)sqlite3_finalize(meta);
	if (rc == SQLITE_OK)
		rc = sqlite3_prepare_v2(segment->db, "SELECT max(seq) FROM entry", -1, &last, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(last) == SQLITE_ROW ? SQLITE_OK : sqlite3_errcode(segment->db);
	if (rc != SQLITE_OK) {
		(void)sqlite3_finalize(last);
		return assay_sqlite_error(err, segment->db, segment->path, rc);
	}
	segment->first = strtoull(first, NULL, 10);
	segment->end = sqlite3_column_type(last, 0) == SQLITE_NULL
			       ? segment->first
			       : (uint64_t)sqlite3_column_int64(last, 0) + 1;
	(void)sqlite3_finalize(last);
	(void)snprintf(expected, sizeof expected, "%u", segment->number);
	(void)snprintf(expected_first, sizeof expected_first, "%" PRIu64, segment->first);
	if (strcmp(format, "1") != 0 || strcmp(first, expected_first) != 0 ||
		parse_hash(root, segment->before_root) != 0 || strcmp(number, expected) != 0 ||
		segment->end < segment->first)
		return assay_error_set(err, ASSAY_EDAMAGED, "journal-damaged",
			"%s：段信息不符（格式 %s，编号 %s，起始 %s）。请从备份恢复",
			"%s: the segment's own description is wrong (format %s, number %s, first %s); "
			"restore from a backup",
			segment->path, format, number, first);
	return ASSAY_OK;
}

int assay_segment_tile(const struct assay_segment *segment, unsigned level, const struct assay_tile *tile,
	const uint8_t root[ASSAY_HASH_SIZE], struct assay_error *err)
{
	sqlite3_stmt *select = NULL;
	bool same = false;
	int width = level ? (int)sizeof tile->hash : 0;
	int rc = sqlite3_prepare_v2(
		segment->db, "SELECT hashes, root FROM tile WHERE level=?1 AND n=?2", -1, &select, NULL);

	if (rc == SQLITE_OK) {
		(void)sqlite3_bind_int64(select, 1, level);
		(void)sqlite3_bind_int64(select, 2, (sqlite3_int64)tile->n);
		rc = sqlite3_step(select);
	}
	if (rc == SQLITE_ROW)
		same = sqlite3_column_type(select, 0) == SQLITE_BLOB &&
		       sqlite3_column_bytes(select, 0) == width &&
		       (width == 0 ||
			       memcmp(sqlite3_column_blob(select, 0), tile->hash, (size_t)width) == 0) &&
		       sqlite3_column_type(select, 1) == SQLITE_BLOB &&
		       sqlite3_column_bytes(select, 1) == (int)ASSAY_HASH_SIZE &&
		       memcmp(sqlite3_column_blob(select, 1), root, ASSAY_HASH_SIZE) == 0;
	(void)sqlite3_finalize(select);
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		return assay_sqlite_error(err, segment->db, segment->path, rc);
	if (same)
		return ASSAY_OK;
	return assay_error_set(err, ASSAY_EDAMAGED, "tile-bad",
		"台账第 %04u 段：%u 级第 %" PRIu64 " 块哈希与条目不符或缺失",
		"journal segment %04u: the level %u tile %" PRIu64
		" is missing or does not agree with the entries",
		segment->number, level, tile->n);
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

int assay_segment_edge(
	const struct assay_segment *segment, uint64_t size, struct assay_tree *tree, struct assay_error *err)
{
	sqlite3_stmt *carry = NULL, *leaf = NULL, *tile = NULL;
	uint64_t nodes = size, span = 1, missing = 0;
	int rc = sqlite3_prepare_v2(
		segment->db, "SELECT n, hashes FROM carry WHERE level=?1", -1, &carry, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_prepare_v2(segment->db, "SELECT leaf FROM entry WHERE seq=?1", -1, &leaf, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_prepare_v2(
			segment->db, "SELECT root FROM tile WHERE level=?1 AND n=?2", -1, &tile, NULL);
	tree->size = size;
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

int assay_segment_row(sqlite3_stmt *row, uint64_t sequence, unsigned number, struct assay_entry *out,
	const uint8_t **leaf, struct assay_error *err)
{
	const uint8_t *header = sqlite3_column_blob(row, 1);
	uint8_t canonical[ASSAY_HEADER_SIZE];
	bool good = header && sqlite3_column_type(row, 1) == SQLITE_BLOB &&
		    sqlite3_column_bytes(row, 1) == (int)ASSAY_HEADER_SIZE &&
		    sqlite3_column_type(row, 2) == SQLITE_BLOB &&
		    sqlite3_column_bytes(row, 2) == (int)ASSAY_HASH_SIZE &&
		    sqlite3_column_type(row, 3) == SQLITE_TEXT &&
		    sqlite3_column_type(row, 4) == SQLITE_BLOB &&
		    (uint64_t)sqlite3_column_int64(row, 0) == sequence &&
		    assay_entry_parse_header(header, out, NULL) == ASSAY_OK;

	if (good) {
		/* Bytes after the line id's NUL would otherwise be outside every hash. */
		assay_entry_header(out, canonical);
		*leaf = sqlite3_column_blob(row, 2);
		out->body = (const char *)sqlite3_column_text(row, 3);
		out->raw = sqlite3_column_blob(row, 4);
		good = memcmp(canonical, header, sizeof canonical) == 0 && out->body &&
		       (size_t)sqlite3_column_bytes(row, 3) == out->body_length &&
		       (size_t)sqlite3_column_bytes(row, 4) == out->raw_length && out->sequence == sequence;
	}
	if (good)
		return ASSAY_OK;
	return assay_error_set(err, ASSAY_EDAMAGED, "journal-damaged",
		"台账第 %04u 段第 %" PRIu64 " 条：条目头与内容不符。请从备份恢复",
		"journal segment %04u, entry %" PRIu64
		": header and contents disagree; restore from a backup",
		number, sequence);
}

#define SCHEMA_TEXT_MAX 16384u

/* Every row of the schema, one line each, in an order that does not depend on how it came about. */
static int schema_text(sqlite3 *db, char out[SCHEMA_TEXT_MAX])
{
	sqlite3_stmt *rows = NULL;
	size_t at = 0;
	int rc = sqlite3_prepare_v2(db,
		"SELECT type||' '||name||' '||tbl_name||' '||coalesce(sql,'') FROM sqlite_schema"
		" ORDER BY type, name",
		-1, &rows, NULL);

	out[0] = '\0';
	while (rc == SQLITE_OK && (rc = sqlite3_step(rows)) == SQLITE_ROW) {
		const char *row = (const char *)sqlite3_column_text(rows, 0);

		rc = row ? SQLITE_OK : SQLITE_NOMEM;
		if (row && at < SCHEMA_TEXT_MAX)
			at += (size_t)snprintf(out + at, SCHEMA_TEXT_MAX - at, "%s\n", row);
	}
	(void)sqlite3_finalize(rows);
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static char expected_text[SCHEMA_TEXT_MAX];
static pthread_mutex_t expected_lock = PTHREAD_MUTEX_INITIALIZER;

/* Made once by SQLite from the statements a segment is made with. */
static int expected_schema(void)
{
	sqlite3 *model = NULL;
	int rc = SQLITE_OK;

	(void)pthread_mutex_lock(&expected_lock);
	if (!expected_text[0]) {
		rc = sqlite3_open_v2(":memory:", &model, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);
		if (rc == SQLITE_OK)
			rc = sqlite3_exec(model, schema, NULL, NULL, NULL);
		if (rc == SQLITE_OK)
			rc = schema_text(model, expected_text);
		if (rc != SQLITE_OK)
			expected_text[0] = '\0';
		(void)sqlite3_close(model);
	}
	(void)pthread_mutex_unlock(&expected_lock);
	return rc;
}

static int pragma_is(sqlite3 *db, const char *sql, int wanted)
{
	sqlite3_stmt *pragma = NULL;
	int same = sqlite3_prepare_v2(db, sql, -1, &pragma, NULL) == SQLITE_OK &&
		   sqlite3_step(pragma) == SQLITE_ROW && sqlite3_column_int(pragma, 0) == wanted;

	(void)sqlite3_finalize(pragma);
	return same;
}

int assay_segment_schema(const struct assay_segment *segment, struct assay_error *err)
{
	char text[SCHEMA_TEXT_MAX];
	int rc = expected_schema();

	if (rc == SQLITE_OK)
		rc = schema_text(segment->db, text);
	if (rc != SQLITE_OK)
		return assay_sqlite_error(err, segment->db, segment->path, rc);
	if (strcmp(text, expected_text) == 0 &&
		pragma_is(segment->db, "PRAGMA application_id", ASSAY_SEGMENT_APPLICATION) &&
		pragma_is(segment->db, "PRAGMA user_version", 1))
		return ASSAY_OK;
	return assay_error_set(err, ASSAY_EDAMAGED, "schema-changed",
		"%s：表或触发器不是 assay 建立的样子，有人改过这个文件",
		"%s: its tables or triggers are not as assay makes them, somebody changed the file",
		segment->path);
}
