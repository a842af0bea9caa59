/* SPDX-License-Identifier: Apache-2.0
 * The writer: entries -> group -> one transaction in the open segment -> durable. */
#include "gateway/record/journal.h"

#include "gateway/record/checkpoint.h"
#include "gateway/record/merkle.h"
#include "gateway/record/segment.h"
#include "gateway/record/sha256.h"
#include "gateway/record/tail.h"

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
#define ENTRY_OVERHEAD 140u /* bytes on disk beside body and raw */

struct assay_journal {
	char dir[512];
	int lock;
	struct assay_segment segment;
	struct assay_origin_key key;
	uint64_t segment_bytes, segment_used; /* seal beyond; what the open segment holds, about */
	sqlite3_stmt *insert_entry, *insert_tile, *insert_checkpoint;
	struct assay_tree tree, committed; /* committed: the edge to go back to when a group fails */
	bool open_group;
	uint8_t boot[16];
	char boot_hex[33];
	uint64_t checkpoint_size, checkpoint_ns;
	char note[ASSAY_NOTE_MAX]; /* the newest checkpoint ... */
	bool publish_due; /* ... and whether it still has to be written beside the segments */
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
		char pair[3] = {journal->boot_hex[(size_t)2 * i], journal->boot_hex[(size_t)2 * i + 1], '\0'};

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
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
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
	int rc = sqlite3_prepare_v3(db, "INSERT INTO entry(seq,header,leaf,body,raw) VALUES(?1,?2,?3,?4,?5)",
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

/* The seal entry carries the digest of the file before into the tree. A segment that a crash left without it gets
 * it at the next start. */
static int append_seal(struct assay_journal *journal, struct assay_error *err)
{
	char body[128];
	struct assay_entry entry = {.kind = ASSAY_ENTRY_SEAL, .body = body};
	int status;

	if (journal->segment.number == 1 || journal->segment.end != journal->segment.first)
		return ASSAY_OK;
	entry.body_length = (size_t)snprintf(body, sizeof body, "{\"segment\":%u,\"sha256\":\"%s\"}",
		journal->segment.number - 1, journal->segment.before_file);
	status = assay_journal_append(journal, &entry, err);
	return status == ASSAY_OK ? assay_journal_commit(journal, err) : status;
}

/* Make the next segment's file; the open one, if any, is not touched. */
static int make_segment(struct assay_journal *journal, const char *before_file, struct assay_error *err)
{
	struct assay_segment next = journal->segment;
	char note[ASSAY_NOTE_MAX];
	int status;

	if (next.number >= ASSAY_SEGMENTS_MAX)
		return assay_error_set(err, ASSAY_EFULL, "journal-full", "台账段数已满（%u）",
			"the journal has %u segments, no more", ASSAY_SEGMENTS_MAX);
	next.db = NULL;
	next.number++;
	next.first = next.end = journal->tree.size;
	assay_segment_path(journal->dir, next.number, next.path, sizeof next.path);
	assay_tree_root(&journal->tree, next.before_root);
	(void)snprintf(next.before_file, sizeof next.before_file, "%s", before_file);
	if (assay_checkpoint_sign(&journal->key, next.first, next.before_root, note) != 0)
		return assay_error_set(err, ASSAY_EIO, "key-unusable", "检查点签名失败",
			"the checkpoint could not be signed");
	status = assay_segment_create(&next, &journal->tree, note, err);
	if (status == ASSAY_OK) {
		journal->segment = next;
		journal->checkpoint_size = next.first;
	}
	return status;
}

/* Connection and statements for journal->segment, whose file exists. */
static int attach_segment(struct assay_journal *journal, struct assay_error *err)
{
	sqlite3_stmt *size = NULL;
	int status = open_connection(journal, err);

	if (status == ASSAY_OK &&
		sqlite3_prepare_v2(journal->segment.db,
			"SELECT page_count * page_size FROM pragma_page_count, pragma_page_size", -1, &size,
			NULL) == SQLITE_OK &&
		sqlite3_step(size) == SQLITE_ROW)
		journal->segment_used = (uint64_t)sqlite3_column_int64(size, 0);
	(void)sqlite3_finalize(size);
	return status == ASSAY_OK ? prepare(journal, err) : status;
}

/* The month a segment belongs to is that of its first entry, so that a restart does not lose a month's end. */
static void load_month(struct assay_journal *journal)
{
	sqlite3_stmt *first = NULL;
	struct assay_entry entry;
	const void *header;

	journal->segment_month = 0;
	if (sqlite3_prepare_v2(journal->segment.db, "SELECT header FROM entry ORDER BY seq LIMIT 1", -1,
		    &first, NULL) == SQLITE_OK &&
		sqlite3_step(first) == SQLITE_ROW && (header = sqlite3_column_blob(first, 0)) != NULL &&
		sqlite3_column_bytes(first, 0) == (int)ASSAY_HEADER_SIZE &&
		assay_entry_parse_header(header, &entry, NULL) == ASSAY_OK && entry.wall_ns > 0)
		journal->segment_month = month_of((uint64_t)entry.wall_ns);
	(void)sqlite3_finalize(first);
}

static int open_last(
	struct assay_journal *journal, const struct assay_journal_options *options, struct assay_error *err)
{
	struct assay_segment *segment = &journal->segment;
	int status = attach_segment(journal, err);

	if (status == ASSAY_OK)
		status = assay_segment_load(segment, err);
	if (status == ASSAY_OK)
		status = assay_segment_schema(segment, err);
	if (status == ASSAY_OK &&
		(strcmp(segment->site, options->site) != 0 || strcmp(segment->origin, options->origin) != 0))
		return assay_error_set(err, ASSAY_EREFUSED, "journal-foreign",
			"%s 的台账属于站点 %s（%s），lab.xml 写的是另一个站点",
			"the journal in %s belongs to site %s (%s), lab.xml names another", journal->dir,
			segment->site, segment->origin);
	if (status == ASSAY_OK)
		status = assay_tail_check(
			segment, &journal->key, journal->dir, &journal->tree, &journal->checkpoint_size, err);
	if (status == ASSAY_OK)
		load_month(journal);
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
	if (last == 0)
		status = make_segment(journal, "", err);
	if (status == ASSAY_OK)
		status = open_last(journal, options, err);
	journal->committed = journal->tree;
	if (status == ASSAY_OK)
		status = append_seal(journal, err);
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
	if (!journal->segment.db)
		return assay_error_set(err, ASSAY_EIO, "journal-io", "%s：已不能写入，请重新启动记录进程",
			"%s: cannot be written any more; the recorder must start again",
			journal->segment.path);
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
	(void)sqlite3_bind_blob(
		journal->insert_tile, 3, tile->hash, level ? (int)sizeof tile->hash : 0, SQLITE_STATIC);
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
	(void)sqlite3_bind_blob(journal->insert_entry, 3, leaf, sizeof leaf, SQLITE_STATIC);
	(void)sqlite3_bind_text(
		journal->insert_entry, 4, entry->body, (int)entry->body_length, SQLITE_STATIC);
	(void)sqlite3_bind_blob(journal->insert_entry, 5, entry->raw ? entry->raw : (const uint8_t *)"",
		(int)entry->raw_length, SQLITE_STATIC);
	rc = step_insert(journal->insert_entry);
	if (rc == SQLITE_OK)
		rc = assay_tree_append(&journal->tree, leaf, write_tile, journal);
	if (rc != SQLITE_OK) {
		status = assay_sqlite_error(err, journal->segment.db, journal->segment.path, rc);
		assay_journal_rollback(journal);
		return status;
	}
	journal->segment_used += ENTRY_OVERHEAD + entry->body_length + entry->raw_length;
	return ASSAY_OK;
}

void assay_journal_rollback(struct assay_journal *journal)
{
	/* After some errors SQLite has rolled back by itself; then this finds nothing to do. */
	(void)sqlite3_exec(journal->segment.db, "ROLLBACK", NULL, NULL, NULL);
	journal->tree = journal->committed;
	journal->open_group = false;
}

/* Everything from the WAL into the file, closed, synced: its digest. ASSAY_ETAKEN while a reader still needs
 * the WAL; the connection is then left open. */
static int seal_file(struct assay_journal *journal, char digest[65], struct assay_error *err)
{
	struct assay_segment *segment = &journal->segment;
	char side[620];
	int rc = sqlite3_wal_checkpoint_v2(segment->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);

	if (rc == SQLITE_BUSY)
		return ASSAY_ETAKEN;
	if (rc != SQLITE_OK)
		return assay_sqlite_error(err, segment->db, segment->path, rc);
	close_segment(journal);
	/* A reader's connection may have kept them; they are empty now and nobody writes any more. */
	(void)snprintf(side, sizeof side, "%s-wal", segment->path);
	(void)unlink(side);
	(void)snprintf(side, sizeof side, "%s-shm", segment->path);
	(void)unlink(side);
	if (assay_sha256_file(segment->path, digest) != 0)
		return assay_error_set(err, ASSAY_EIO, "journal-io", "%s：不能封存（%s）",
			"%s: cannot be sealed (%s)", segment->path, strerror(errno));
	return ASSAY_OK;
}

/* Seal the open segment and begin the next. When the next cannot be made the old one is opened again and goes
 * on. */
static int roll_segment(struct assay_journal *journal, struct assay_error *err)
{
	char digest[65], sealed[600];
	struct assay_error again;
	int status = assay_journal_checkpoint(journal, 0, true, NULL, err);

	if (status != ASSAY_OK)
		return status;
	status = seal_file(journal, digest, err);
	if (status == ASSAY_ETAKEN)
		return ASSAY_OK;
	(void)snprintf(sealed, sizeof sealed, "%s", journal->segment.path);
	if (status == ASSAY_OK)
		status = make_segment(journal, digest, err);
	if (status == ASSAY_OK)
		(void)chmod(sealed, 0400);
	if (!journal->segment.db && attach_segment(journal, &again) != ASSAY_OK) {
		close_segment(journal);
		if (status == ASSAY_OK && err)
			*err = again;
		return ASSAY_EIO;
	}
	if (status == ASSAY_OK)
		status = append_seal(journal, err);
	load_month(journal);
	return status;
}

static bool roll_due(const struct assay_journal *journal)
{
	if (journal->tree.size == journal->segment.first)
		return false;
	if (journal->segment_month && month_of(now_ns(CLOCK_REALTIME)) > journal->segment_month)
		return true;
	return journal->segment_used >= journal->segment_bytes;
}

static bool checkpoint_due(const struct assay_journal *journal, uint64_t mono_ns)
{
	uint64_t uncovered = journal->committed.size - journal->checkpoint_size;

	return uncovered >= CHECKPOINT_ENTRIES ||
	       (uncovered > 0 && mono_ns - journal->checkpoint_ns >= CHECKPOINT_NS);
}

/* Sign what is durable already, never the open group: a group that fails must not leave a signature behind. */
static int insert_checkpoint(struct assay_journal *journal, struct assay_error *err)
{
	uint8_t root[ASSAY_HASH_SIZE];
	int rc;

	assay_tree_root(&journal->committed, root);
	if (assay_checkpoint_sign(&journal->key, journal->committed.size, root, journal->note) != 0)
		return assay_error_set(err, ASSAY_EIO, "key-unusable", "检查点签名失败",
			"the checkpoint could not be signed");
	(void)sqlite3_bind_int64(journal->insert_checkpoint, 1, (sqlite3_int64)journal->committed.size);
	(void)sqlite3_bind_text(journal->insert_checkpoint, 2, journal->note, -1, SQLITE_STATIC);
	rc = step_insert(journal->insert_checkpoint);
	return rc == SQLITE_OK ? ASSAY_OK
			       : assay_sqlite_error(err, journal->segment.db, journal->segment.path, rc);
}

static void checkpoint_made(struct assay_journal *journal, uint64_t size, uint64_t mono_ns)
{
	journal->checkpoint_size = size;
	journal->checkpoint_ns = mono_ns;
	journal->publish_due = true;
}

int assay_journal_commit(struct assay_journal *journal, struct assay_error *err)
{
	uint64_t mono_ns = now_ns(CLOCK_MONOTONIC);
	bool due = checkpoint_due(journal, mono_ns);
	int rc, status = ASSAY_OK;

	if (!journal->open_group)
		return ASSAY_OK;
	if (due)
		status = insert_checkpoint(journal, err);
	rc = status == ASSAY_OK ? sqlite3_exec(journal->segment.db, "COMMIT", NULL, NULL, NULL) : SQLITE_OK;
	if (rc != SQLITE_OK)
		status = assay_sqlite_error(err, journal->segment.db, journal->segment.path, rc);
	if (status != ASSAY_OK) {
		assay_journal_rollback(journal);
		return status;
	}
	if (due)
		checkpoint_made(journal, journal->committed.size, mono_ns);
	journal->open_group = false;
	journal->committed = journal->tree;
	journal->segment.end = journal->tree.size;
	return ASSAY_OK;
}

int assay_journal_checkpoint(
	struct assay_journal *journal, uint64_t mono_ns, bool force, bool *made_out, struct assay_error *err)
{
	bool due = journal->committed.size != journal->checkpoint_size &&
		   (force || checkpoint_due(journal, mono_ns));
	int status;

	if (made_out)
		*made_out = false;
	if (journal->open_group || !journal->segment.db)
		return ASSAY_OK;
	if (due) {
		status = insert_checkpoint(journal, err);
		if (status != ASSAY_OK)
			return status;
		checkpoint_made(
			journal, journal->committed.size, mono_ns ? mono_ns : now_ns(CLOCK_MONOTONIC));
		if (made_out)
			*made_out = true;
	}
	if (journal->publish_due) {
		status = assay_checkpoint_publish(journal->dir, journal->note, err);
		if (status != ASSAY_OK)
			return status;
		journal->publish_due = false;
	}
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
