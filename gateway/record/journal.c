/* SPDX-License-Identifier: Apache-2.0
 * The writer: entries -> group -> one transaction in the open segment -> durable. */
#include "gateway/record/journal.h"

#include "gateway/record/checkpoint.h"
#include "gateway/record/merkle.h"
#include "gateway/record/segment.h"
#include "gateway/record/sha256.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

#define SEGMENT_BYTES (1024ull * 1024 * 1024)
#define CHECKPOINT_ENTRIES 1000u
#define CHECKPOINT_NS (60ull * 1000000000u)
#define WAL_PAGES 4000

struct assay_journal {
	char dir[512];
	int lock;
	struct assay_segment segment;
	struct assay_origin_key key;
	uint64_t segment_bytes;
	sqlite3_stmt *insert_entry, *insert_tile, *insert_checkpoint;
	struct assay_tree tree, committed; /* committed: the edge to go back to when a group fails */
	bool open_group;
	uint8_t boot[16];
	char boot_hex[33];
	uint64_t checkpoint_size, checkpoint_ns;
	int segment_month;
};

static uint64_t now_ns(clockid_t clock)
{
	struct timespec now;

	(void)clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static bool clock_synchronised(void)
{
	struct timex state = {0};

	return adjtimex(&state) != TIME_ERROR && !(state.status & STA_UNSYNC);
}

static int month_of(uint64_t wall_ns)
{
	time_t seconds = (time_t)(wall_ns / 1000000000u);
	struct tm parts;

	return gmtime_r(&seconds, &parts) ? parts.tm_year * 12 + parts.tm_mon : 0;
}

static int read_boot(struct assay_journal *journal, struct assay_error *err)
{
	char text[40] = "";
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
	unsigned digits = 0;

	if (fd >= 0)
		(void)close(fd);
	for (ssize_t i = 0; i < got && digits < 32; i++)
		if (text[i] != '-' && text[i] != '\n')
			journal->boot_hex[digits++] = text[i];
	if (digits != 32)
		return assay_error_set(err, ASSAY_EIO, "boot-id-missing",
			"读不到系统启动号（/proc/sys/kernel/random/boot_id）",
			"the boot id cannot be read (/proc/sys/kernel/random/boot_id)");
	for (unsigned i = 0; i < 16; i++) {
		char pair[3] = {journal->boot_hex[2 * i], journal->boot_hex[2 * i + 1], '\0'};

		journal->boot[i] = (uint8_t)strtoul(pair, NULL, 16);
	}
	return ASSAY_OK;
}

static int take_lock(struct assay_journal *journal, struct assay_error *err)
{
	char path[600];

	(void)snprintf(path, sizeof path, "%s/journal", journal->dir);
	if (mkdir(path, 0700) != 0 && errno != EEXIST)
		return assay_error_set(err, ASSAY_EIO, "journal-io", "%s：不能建立（%s）",
			"%s: cannot be made (%s)", path, strerror(errno));
	(void)snprintf(path, sizeof path, "%s/journal/lock", journal->dir);
	journal->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (journal->lock < 0)
		return assay_error_set(err, ASSAY_EIO, "journal-io", "%s：不能打开（%s）",
			"%s: cannot be opened (%s)", path, strerror(errno));
	if (flock(journal->lock, LOCK_EX | LOCK_NB) != 0)
		return assay_error_set(err, ASSAY_ETAKEN, "journal-taken",
			"%s/journal 正由另一个 assay 写入；同一目录只能有一个",
			"%s/journal is being written by another assay; a directory has one writer",
			journal->dir);
	return ASSAY_OK;
}

static int read_pragma(sqlite3 *db, const char *sql, const char *wanted)
{
	sqlite3_stmt *pragma = NULL;
	const char *got;
	int rc = sqlite3_prepare_v2(db, sql, -1, &pragma, NULL);

	if (rc == SQLITE_OK) {
		rc = sqlite3_step(pragma);
		got = rc == SQLITE_ROW ? (const char *)sqlite3_column_text(pragma, 0) : NULL;
		rc = got && strcmp(got, wanted) == 0 ? SQLITE_OK : SQLITE_IOERR;
	}
	(void)sqlite3_finalize(pragma);
	return rc;
}

/* WAL and FULL are set and read back: a silent fallback would make "committed" a lie. */
static int open_connection(struct assay_journal *journal, struct assay_error *err)
{
	struct assay_segment *segment = &journal->segment;
	char pages[64];
	int rc;

	assay_segment_path(journal->dir, segment->number, segment->path, sizeof segment->path);
	rc = sqlite3_open_v2(segment->path, &segment->db,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
		NULL);
	if (rc != SQLITE_OK)
		return assay_sqlite_error(err, segment->db, segment->path, rc);
	if (assay_segment_harden(segment->db, segment->path, err) != ASSAY_OK)
		return ASSAY_EIO;
	(void)snprintf(pages, sizeof pages, "PRAGMA wal_autocheckpoint=%d", WAL_PAGES);
	rc = read_pragma(segment->db, "PRAGMA journal_mode=WAL", "wal");
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(segment->db, "PRAGMA synchronous=FULL", NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = read_pragma(segment->db, "PRAGMA synchronous", "2");
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(segment->db, pages, NULL, NULL, NULL);
	return rc == SQLITE_OK ? ASSAY_OK : assay_sqlite_error(err, segment->db, segment->path, rc);
}

static int prepare(struct assay_journal *journal, struct assay_error *err)
{
	sqlite3 *db = journal->segment.db;
	int rc = sqlite3_prepare_v3(db, "INSERT INTO entry(seq,header,body,raw,leaf) VALUES(?1,?2,?3,?4,?5)",
		-1, SQLITE_PREPARE_PERSISTENT, &journal->insert_entry, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_prepare_v3(db, "INSERT INTO tile(level,n,hashes,root) VALUES(?1,?2,?3,?4)", -1,
			SQLITE_PREPARE_PERSISTENT, &journal->insert_tile, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_prepare_v3(db, "INSERT INTO checkpoint(size,note) VALUES(?1,?2)", -1,
			SQLITE_PREPARE_PERSISTENT, &journal->insert_checkpoint, NULL);
	return rc == SQLITE_OK ? ASSAY_OK : assay_sqlite_error(err, db, journal->segment.path, rc);
}

static void close_segment(struct assay_journal *journal)
{
	(void)sqlite3_finalize(journal->insert_entry);
	(void)sqlite3_finalize(journal->insert_tile);
	(void)sqlite3_finalize(journal->insert_checkpoint);
	journal->insert_entry = journal->insert_tile = journal->insert_checkpoint = NULL;
	(void)sqlite3_close(journal->segment.db);
	journal->segment.db = NULL;
}

/* Constant in the age of the archive: the entries of the last, incomplete tile are hashed again, and when the
 * last checkpoint covers exactly what is there its root and signature must hold. */
static int check_tail(struct assay_journal *journal, struct assay_error *err)
{
	struct assay_segment *segment = &journal->segment;
	uint64_t from = journal->tree.level[0].n * ASSAY_TILE_WIDTH;
	uint8_t leaf[ASSAY_HASH_SIZE], root[ASSAY_HASH_SIZE], signed_root[ASSAY_HASH_SIZE];
	sqlite3_stmt *rows = NULL;
	uint64_t expected = from < segment->first ? segment->first : from;
	int rc = sqlite3_prepare_v2(segment->db,
		"SELECT seq, header, body, raw, leaf FROM entry WHERE seq>=?1 ORDER BY seq", -1, &rows, NULL);
	int status = ASSAY_OK;

	if (rc == SQLITE_OK)
		(void)sqlite3_bind_int64(rows, 1, (sqlite3_int64)expected);
	while (rc == SQLITE_OK && status == ASSAY_OK && (rc = sqlite3_step(rows)) == SQLITE_ROW) {
		struct assay_entry entry;

		rc = SQLITE_OK;
		status = assay_segment_row(rows, 1, expected, segment->number, &entry, err);
		if (status == ASSAY_OK) {
			assay_entry_leaf(&entry, leaf);
			if (sqlite3_column_bytes(rows, 4) != (int)ASSAY_HASH_SIZE ||
				memcmp(leaf, sqlite3_column_blob(rows, 4), ASSAY_HASH_SIZE) != 0)
				status = assay_error_set(err, ASSAY_EDAMAGED, "journal-damaged",
					"台账第 %04u 段第 %" PRIu64 " 条：内容与哈希不符。请从备份恢复",
					"journal segment %04u, entry %" PRIu64
					": contents and hash disagree; restore from a backup",
					segment->number, expected);
		}
		expected++;
	}
	(void)sqlite3_finalize(rows);
	if (status != ASSAY_OK)
		return status;
	if (rc != SQLITE_DONE)
		return assay_sqlite_error(err, segment->db, segment->path, rc);
	if (expected != segment->end)
		return assay_error_set(err, ASSAY_EDAMAGED, "journal-damaged",
			"台账第 %04u 段：第 %" PRIu64 " 条缺失。请从备份恢复",
			"journal segment %04u: entry %" PRIu64 " is missing; restore from a backup",
			segment->number, expected);
	rc = sqlite3_prepare_v2(
		segment->db, "SELECT size, note FROM checkpoint ORDER BY size DESC LIMIT 1", -1, &rows, NULL);
	if (rc == SQLITE_OK && sqlite3_step(rows) == SQLITE_ROW) {
		uint64_t size = 0;

		status = assay_checkpoint_check(
			&journal->key, (const char *)sqlite3_column_text(rows, 1), &size, signed_root, err);
		assay_tree_root(&journal->tree, root);
		if (status == ASSAY_OK &&
			(size > journal->tree.size ||
				(size == journal->tree.size && memcmp(root, signed_root, 32) != 0)))
			status = assay_error_set(err, ASSAY_EDAMAGED, "journal-damaged",
				"台账第 %04u 段：与检查点（%" PRIu64
				" 条）不符，末尾被截或被改。请从备份恢复",
				"journal segment %04u: it disagrees with its checkpoint over %" PRIu64
				" entries, the end was cut or changed; restore from a backup",
				segment->number, size);
		journal->checkpoint_size = size;
	}
	(void)sqlite3_finalize(rows);
	return status;
}

static int start_segment(struct assay_journal *journal, const char *before_file, struct assay_error *err)
{
	struct assay_segment *segment = &journal->segment;
	int status;

	segment->number++;
	if (segment->number > ASSAY_SEGMENTS_MAX)
		return assay_error_set(err, ASSAY_EFULL, "journal-full", "台账段数已满（%u）",
			"the journal has %u segments, no more", ASSAY_SEGMENTS_MAX);
	segment->first = segment->end = journal->tree.size;
	assay_tree_root(&journal->tree, segment->before_root);
	(void)snprintf(segment->before_file, sizeof segment->before_file, "%s", before_file);
	status = open_connection(journal, err);
	if (status == ASSAY_OK)
		status = assay_segment_create(segment, &journal->tree, err);
	if (status == ASSAY_OK)
		status = prepare(journal, err);
	journal->segment_month = month_of(now_ns(CLOCK_REALTIME));
	return status;
}

static int open_last(
	struct assay_journal *journal, const struct assay_journal_options *options, struct assay_error *err)
{
	struct assay_segment *segment = &journal->segment;
	int status = open_connection(journal, err);

	if (status == ASSAY_OK)
		status = assay_segment_load(segment, err);
	if (status == ASSAY_OK)
		status = assay_segment_edge(segment, &journal->tree, err);
	if (status == ASSAY_OK)
		status = check_tail(journal, err);
	if (status == ASSAY_OK &&
		(strcmp(segment->site, options->site) != 0 || strcmp(segment->origin, options->origin) != 0))
		status = assay_error_set(err, ASSAY_EREFUSED, "journal-foreign",
			"%s 的台账属于站点 %s（%s），lab.xml 写的是另一个站点",
			"the journal in %s belongs to site %s (%s), lab.xml names another", journal->dir,
			segment->site, segment->origin);
	if (status == ASSAY_OK)
		status = prepare(journal, err);
	journal->segment_month = month_of(now_ns(CLOCK_REALTIME));
	return status;
}

int assay_journal_open(const char *dir, const struct assay_journal_options *options,
	struct assay_journal **out, struct assay_error *err)
{
	struct assay_journal *journal = calloc(1, sizeof *journal);
	int status, last;

	if (!journal)
		return assay_error_set(err, ASSAY_ENOMEM, "out-of-memory", "内存不足", "out of memory");
	journal->lock = -1;
	(void)snprintf(journal->dir, sizeof journal->dir, "%s", dir);
	journal->segment_bytes = options->segment_bytes ? options->segment_bytes : SEGMENT_BYTES;
	(void)snprintf(journal->segment.site, sizeof journal->segment.site, "%s", options->site);
	(void)snprintf(journal->segment.origin, sizeof journal->segment.origin, "%s", options->origin);
	status = read_boot(journal, err);
	if (status == ASSAY_OK)
		status = take_lock(journal, err);
	if (status != ASSAY_OK)
		goto out;
	last = assay_segment_last(dir, err);
	if (last < 0) {
		status = ASSAY_EIO;
		goto out;
	}
	status = assay_origin_key_load(dir, options->origin, last == 0, &journal->key, err);
	if (status != ASSAY_OK)
		goto out;
	journal->segment.number = (unsigned)last;
	status = last == 0 ? start_segment(journal, "", err) : open_last(journal, options, err);
	journal->committed = journal->tree;
	journal->checkpoint_ns = now_ns(CLOCK_MONOTONIC);
out:
	if (status != ASSAY_OK) {
		assay_journal_close(journal);
		return status;
	}
	*out = journal;
	return ASSAY_OK;
}

void assay_journal_close(struct assay_journal *journal)
{
	if (!journal)
		return;
	if (journal->open_group)
		assay_journal_rollback(journal);
	close_segment(journal);
	if (journal->lock >= 0)
		(void)close(journal->lock);
	free(journal);
}

static int begin(struct assay_journal *journal, struct assay_error *err)
{
	int rc;

	if (journal->open_group)
		return ASSAY_OK;
	rc = sqlite3_exec(journal->segment.db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
	if (rc != SQLITE_OK)
		return assay_sqlite_error(err, journal->segment.db, journal->segment.path, rc);
	journal->open_group = true;
	return ASSAY_OK;
}

static int step_insert(sqlite3_stmt *insert)
{
	int rc = sqlite3_step(insert);

	(void)sqlite3_reset(insert);
	(void)sqlite3_clear_bindings(insert);
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int write_tile(
	void *context, unsigned level, const struct assay_tile *tile, const uint8_t root[ASSAY_HASH_SIZE])
{
	struct assay_journal *journal = context;

	(void)sqlite3_bind_int64(journal->insert_tile, 1, level);
	(void)sqlite3_bind_int64(journal->insert_tile, 2, (sqlite3_int64)tile->n);
	(void)sqlite3_bind_blob(journal->insert_tile, 3, tile->hash, sizeof tile->hash, SQLITE_STATIC);
	(void)sqlite3_bind_blob(journal->insert_tile, 4, root, ASSAY_HASH_SIZE, SQLITE_STATIC);
	return step_insert(journal->insert_tile);
}

int assay_journal_append(struct assay_journal *journal, struct assay_entry *entry, struct assay_error *err)
{
	uint8_t header[ASSAY_HEADER_SIZE], leaf[ASSAY_HASH_SIZE];
	int status, rc;

	if (entry->body_length > ASSAY_BODY_MAX || entry->raw_length > ASSAY_RAW_MAX)
		return assay_error_set(err, ASSAY_EFULL, "entry-too-long",
			"条目过长（正文 %zu，原始字节 %zu）",
			"the entry is too long (body %zu, raw %zu bytes)", entry->body_length,
			entry->raw_length);
	status = begin(journal, err);
	if (status != ASSAY_OK)
		return status;
	entry->sequence = journal->tree.size;
	if (entry->wall_ns == 0)
		entry->wall_ns = (int64_t)now_ns(CLOCK_REALTIME);
	if (entry->mono_ns == 0)
		entry->mono_ns = now_ns(CLOCK_MONOTONIC);
	entry->flags = (uint16_t)(clock_synchronised() ? 1 : 0);
	memcpy(entry->boot, journal->boot, sizeof entry->boot);
	assay_entry_header(entry, header);
	assay_entry_leaf(entry, leaf);
	(void)sqlite3_bind_int64(journal->insert_entry, 1, (sqlite3_int64)entry->sequence);
	(void)sqlite3_bind_blob(journal->insert_entry, 2, header, sizeof header, SQLITE_STATIC);
	(void)sqlite3_bind_text(
		journal->insert_entry, 3, entry->body, (int)entry->body_length, SQLITE_STATIC);
	(void)sqlite3_bind_blob(journal->insert_entry, 4, entry->raw ? entry->raw : (const uint8_t *)"",
		(int)entry->raw_length, SQLITE_STATIC);
	(void)sqlite3_bind_blob(journal->insert_entry, 5, leaf, sizeof leaf, SQLITE_STATIC);
	rc = step_insert(journal->insert_entry);
	if (rc == SQLITE_OK)
		rc = assay_tree_append(&journal->tree, leaf, write_tile, journal);
	if (rc != SQLITE_OK) {
		status = assay_sqlite_error(err, journal->segment.db, journal->segment.path, rc);
		assay_journal_rollback(journal);
		return status;
	}
	return ASSAY_OK;
}

void assay_journal_rollback(struct assay_journal *journal)
{
	/* After some errors SQLite has rolled back by itself; then this finds nothing to do. */
	(void)sqlite3_exec(journal->segment.db, "ROLLBACK", NULL, NULL, NULL);
	journal->tree = journal->committed;
	journal->open_group = false;
}

/* Seal: everything from the WAL into the file, closed, its digest into the next segment. */
static int roll_segment(struct assay_journal *journal, struct assay_error *err)
{
	char digest[65], wal[620];
	int rc, status;

	status = assay_journal_checkpoint(journal, 0, true, NULL, err);
	if (status != ASSAY_OK)
		return status;
	rc = sqlite3_wal_checkpoint_v2(journal->segment.db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	if (rc != SQLITE_OK)
		return assay_sqlite_error(err, journal->segment.db, journal->segment.path, rc);
	close_segment(journal);
	(void)snprintf(wal, sizeof wal, "%s-wal", journal->segment.path);
	if (access(wal, F_OK) == 0 || assay_sha256_file(journal->segment.path, digest) != 0)
		return assay_error_set(err, ASSAY_EIO, "journal-io", "%s：不能封存（%s）",
			"%s: cannot be sealed (%s)", journal->segment.path, strerror(errno));
	(void)chmod(journal->segment.path, 0400);
	return start_segment(journal, digest, err);
}

static bool roll_due(struct assay_journal *journal)
{
	struct stat about;

	if (journal->tree.size == journal->segment.first)
		return false;
	if (month_of(now_ns(CLOCK_REALTIME)) != journal->segment_month)
		return true;
	return stat(journal->segment.path, &about) == 0 && (uint64_t)about.st_size >= journal->segment_bytes;
}

int assay_journal_commit(struct assay_journal *journal, struct assay_error *err)
{
	int rc, status;

	if (!journal->open_group)
		return ASSAY_OK;
	rc = sqlite3_exec(journal->segment.db, "COMMIT", NULL, NULL, NULL);
	if (rc != SQLITE_OK) {
		status = assay_sqlite_error(err, journal->segment.db, journal->segment.path, rc);
		assay_journal_rollback(journal);
		return status;
	}
	journal->open_group = false;
	journal->committed = journal->tree;
	journal->segment.end = journal->tree.size;
	return ASSAY_OK;
}

int assay_journal_checkpoint(
	struct assay_journal *journal, uint64_t mono_ns, bool force, bool *made_out, struct assay_error *err)
{
	uint8_t root[ASSAY_HASH_SIZE];
	char note[ASSAY_NOTE_MAX];
	uint64_t uncovered = journal->committed.size - journal->checkpoint_size;
	int rc;

	if (made_out)
		*made_out = false;
	if (journal->open_group || uncovered == 0)
		return ASSAY_OK;
	if (!force && uncovered < CHECKPOINT_ENTRIES && mono_ns - journal->checkpoint_ns < CHECKPOINT_NS)
		return ASSAY_OK;
	assay_tree_root(&journal->committed, root);
	if (assay_checkpoint_sign(&journal->key, journal->committed.size, root, note) != 0)
		return assay_error_set(err, ASSAY_EIO, "key-unusable", "检查点签名失败",
			"the checkpoint could not be signed");
	(void)sqlite3_bind_int64(journal->insert_checkpoint, 1, (sqlite3_int64)journal->committed.size);
	(void)sqlite3_bind_text(journal->insert_checkpoint, 2, note, -1, SQLITE_STATIC);
	rc = step_insert(journal->insert_checkpoint);
	if (rc != SQLITE_OK)
		return assay_sqlite_error(err, journal->segment.db, journal->segment.path, rc);
	journal->checkpoint_size = journal->committed.size;
	journal->checkpoint_ns = mono_ns ? mono_ns : now_ns(CLOCK_MONOTONIC);
	if (made_out)
		*made_out = true;
	return !force && roll_due(journal) ? roll_segment(journal, err) : ASSAY_OK;
}

uint64_t assay_journal_size(const struct assay_journal *journal)
{
	return journal->tree.size;
}

void assay_journal_root(const struct assay_journal *journal, uint8_t out[ASSAY_HASH_SIZE])
{
	assay_tree_root(&journal->tree, out);
}

unsigned assay_journal_segment(const struct assay_journal *journal)
{
	return journal->segment.number;
}

const char *assay_journal_boot_hex(const struct assay_journal *journal)
{
	return journal->boot_hex;
}
