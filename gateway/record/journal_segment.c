/* SPDX-License-Identifier: Apache-2.0
 * The writer's file: made, opened, sealed, given up. */
#include "gateway/record/journal_inside.h"
#include "gateway/record/sha256.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define BUSY_MS 1000 /* somebody else holds the file's lock */

static int month_of(uint64_t wall_ns)
{
	time_t seconds = (time_t)(wall_ns / 1000000000u);
	struct tm parts;

	return gmtime_r(&seconds, &parts) ? parts.tm_year * 12 + parts.tm_mon : 0;
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

static int on_wal(void *context, sqlite3 *db, const char *name, int pages)
{
	struct assay_journal *journal = context;

	(void)db;
	(void)name;
	journal->wal_pages = pages;
	return SQLITE_OK;
}

/* What this connection may do to tables: add rows. The triggers say the same to everybody else; here they would cost a
 * third of each insert. Asked when a statement is prepared, never when it runs. */
static int only_add(
	void *context, int action, const char *one, const char *two, const char *three, const char *four)
{
	(void)context;
	(void)one;
	(void)two;
	(void)three;
	(void)four;
	switch (action) {
	case SQLITE_INSERT:
	case SQLITE_SELECT:
	case SQLITE_READ:
	case SQLITE_FUNCTION:
	case SQLITE_PRAGMA:
	case SQLITE_TRANSACTION:
		return SQLITE_OK;
	default:
		return SQLITE_DENY;
	}
}

static int keep_append_only(sqlite3 *db)
{
	int rc = sqlite3_set_authorizer(db, only_add, NULL);

	return rc == SQLITE_OK ? sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL) : rc;
}

/* WAL and FULL are set and read back: a silent fallback would make "committed" a lie. */
static int open_connection(struct assay_journal *journal, struct assay_error *err)
{
	struct assay_segment *segment = &journal->segment;
	int rc;

	assay_segment_path(journal->dir, segment->number, segment->path, sizeof segment->path);
	rc = sqlite3_open_v2(segment->path, &segment->db,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
	if (rc != SQLITE_OK)
		return assay_sqlite_error(err, segment->db, segment->path, rc);
	if (assay_segment_harden(segment->db, segment->path, err) != ASSAY_OK)
		return ASSAY_EIO;
	rc = keep_append_only(segment->db);
	if (rc == SQLITE_OK)
		rc = read_pragma(segment->db, "PRAGMA journal_mode=WAL", "wal");
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(segment->db, "PRAGMA synchronous=FULL", NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = read_pragma(segment->db, "PRAGMA synchronous", "2");
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(segment->db, "PRAGMA journal_size_limit=67108864", NULL, NULL, NULL);
	(void)sqlite3_busy_timeout(segment->db, BUSY_MS);
	/* Instead of SQLite's automatic checkpoint, which swallows a failed sync of the database file. */
	(void)sqlite3_wal_hook(segment->db, on_wal, journal);
	return rc == SQLITE_OK ? ASSAY_OK : assay_sqlite_error(err, segment->db, segment->path, rc);
}

static int prepare(struct assay_journal *journal, struct assay_error *err)
{
	static const char *const sql[STATEMENTS] = {
		[INSERT_TILE] = "INSERT INTO tile(level,n,hashes,root) VALUES(?1,?2,?3,?4)",
		[INSERT_CHECKPOINT] = "INSERT INTO checkpoint(size,note) VALUES(?1,?2)",
		[GROUP_BEGIN] = "BEGIN IMMEDIATE",
		[GROUP_COMMIT] = "COMMIT",
	};
	int rc = journal_rows_prepare(&journal->rows, journal->segment.db);

	for (unsigned i = 0; rc == SQLITE_OK && i < STATEMENTS; i++)
		rc = sqlite3_prepare_v3(journal->segment.db, sql[i], -1, SQLITE_PREPARE_PERSISTENT,
			&journal->statement[i], NULL);
	return rc == SQLITE_OK ? ASSAY_OK
			       : assay_sqlite_error(err, journal->segment.db, journal->segment.path, rc);
}

void journal_detach(struct assay_journal *journal)
{
	journal_rows_finalize(&journal->rows);
	for (unsigned i = 0; i < STATEMENTS; i++) {
		(void)sqlite3_finalize(journal->statement[i]);
		journal->statement[i] = NULL;
	}
	(void)sqlite3_close(journal->segment.db);
	journal->segment.db = NULL;
	journal->wal_pages = 0;
}

static int pragma_number(sqlite3 *db, const char *pragma, uint64_t *out)
{
	sqlite3_stmt *row = NULL;
	int rc = sqlite3_prepare_v2(db, pragma, -1, &row, NULL);

	if (rc == SQLITE_OK && (rc = sqlite3_step(row)) == SQLITE_ROW) {
		*out = (uint64_t)sqlite3_column_int64(row, 0);
		rc = SQLITE_OK;
	}
	(void)sqlite3_finalize(row);
	return rc;
}

int journal_attach(struct assay_journal *journal, struct assay_error *err)
{
	uint64_t pages = 0, page_size = 0;
	int rc, status = open_connection(journal, err);

	if (status != ASSAY_OK)
		return status;
	rc = pragma_number(journal->segment.db, "PRAGMA page_count", &pages);
	if (rc == SQLITE_OK)
		rc = pragma_number(journal->segment.db, "PRAGMA page_size", &page_size);
	if (rc != SQLITE_OK)
		return assay_sqlite_error(err, journal->segment.db, journal->segment.path, rc);
	journal->segment_used = pages * page_size;
	return prepare(journal, err);
}

/* The seal entry carries the digest of the file before into the tree. A segment that a crash left without it gets
 * it at the next start. */
int journal_append_seal(struct assay_journal *journal, struct assay_error *err)
{
	char body[128];
	struct assay_entry entry = {.kind = ASSAY_ENTRY_SEAL, .body = body};
	int status;

	if (journal->segment.number == 1 || journal->segment.end != journal->segment.first)
		return ASSAY_OK;
	entry.body_length = (size_t)snprintf(body, sizeof body, "{\"segment\":%u,\"sha256\":\"%s\"}",
		journal->segment.number - 1, journal->segment.before_file);
	journal->sealing = true;
	status = assay_journal_append(journal, &entry, err);
	if (status == ASSAY_OK)
		status = assay_journal_commit(journal, err);
	journal->sealing = false;
	if (status == ASSAY_OK && journal->wrote)
		journal->wrote(journal->wrote_context, &entry);
	return status;
}

/* The file of the next segment; the open one, if any, is not touched. */
int journal_make_segment(struct assay_journal *journal, const char *before_file, struct assay_error *err)
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
	if (assay_checkpoint_sign(journal_key(journal, next.first), next.first, next.before_root, note) != 0)
		return assay_error_set(err, ASSAY_EIO, "key-unusable", "检查点签名失败",
			"the checkpoint could not be signed");
	status = assay_segment_create(&next, &journal->tree, note, err);
	if (status == ASSAY_OK) {
		journal->segment = next;
		journal->checkpoint_size = next.first;
	}
	return status;
}

/* The month a segment belongs to is that of its first entry, so that a restart does not lose a month's end. */
void journal_load_month(struct assay_journal *journal)
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

/* Beside the segment, for a start after this one: how many entries were durable when it was given up. */
static void given_up_path(const struct assay_journal *journal, char *out, size_t size)
{
	(void)snprintf(out, size, "%s/journal/%04u.given-up", journal->dir, journal->segment.number);
}

void journal_give_up(struct assay_journal *journal)
{
	char path[600], text[32];
	int fd, length;

	if (!journal->segment.db)
		return;
	(void)sqlite3_db_config(journal->segment.db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	journal_detach(journal);
	given_up_path(journal, path, sizeof path);
	length = snprintf(text, sizeof text, "%" PRIu64 "\n", journal->committed.size);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return; /* the next segment, once made, says the same */
	if (write(fd, text, (size_t)length) == length)
		(void)fsync(fd);
	(void)close(fd);
}

uint64_t journal_given_up(const struct assay_journal *journal)
{
	char path[600], text[32] = "";
	uint64_t size = UINT64_MAX;
	FILE *file;

	given_up_path(journal, path, sizeof path);
	file = fopen(path, "re");
	if (!file)
		return UINT64_MAX;
	if (fgets(text, sizeof text, file) && text[0] >= '0' && text[0] <= '9')
		size = strtoull(text, NULL, 10);
	(void)fclose(file);
	return size;
}

/* A first segment that never held an acknowledged entry is no evidence of anything: it is made anew. */
static void forget_first(struct assay_journal *journal)
{
	static const char *const ends[] = {"db", "db-wal", "db-shm", "given-up"};
	char path[600];

	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		(void)snprintf(path, sizeof path, "%s/journal/0001.%s", journal->dir, ends[i]);
		(void)unlink(path);
	}
	journal->segment.number = 0;
}

int journal_next_after_given_up(struct assay_journal *journal, struct assay_error *err)
{
	int status;

	if (journal->segment.number == 1 && journal->committed.size == 0)
		forget_first(journal);
	status = journal_make_segment(journal, "", err);

	if (status == ASSAY_OK)
		status = journal_attach(journal, err);
	if (status == ASSAY_OK)
		status = journal_append_seal(journal, err);
	if (status != ASSAY_OK)
		journal_detach(journal);
	else
		journal_load_month(journal);
	return status;
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
	if (rc != SQLITE_OK) {
		int status = assay_sqlite_error(err, segment->db, segment->path, rc);

		if ((rc & 0xff) == SQLITE_IOERR)
			journal_give_up(journal);
		return status;
	}
	journal_detach(journal);
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

/* Nobody writes it any more; who may read it goes on: roles that are users of their own do so by the group. */
static void write_protect(const char *path)
{
	struct stat about;

	if (stat(path, &about) == 0)
		(void)chmod(path, about.st_mode & (S_IRUSR | S_IRGRP));
}

/* Seal the open segment and begin the next. When the next cannot be made the old one is opened again and goes
 * on. */
int journal_roll(struct assay_journal *journal, struct assay_error *err)
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
		status = journal_make_segment(journal, digest, err);
	if (status == ASSAY_OK)
		write_protect(sealed);
	if (!journal->segment.db && journal_given_up(journal) == UINT64_MAX &&
		journal_attach(journal, &again) != ASSAY_OK) {
		journal_give_up(journal);
		if (status == ASSAY_OK && err)
			*err = again;
		return ASSAY_EIO;
	}
	if (status == ASSAY_OK)
		status = journal_append_seal(journal, err);
	if (journal->segment.db)
		journal_load_month(journal);
	return status;
}

bool journal_roll_due(const struct assay_journal *journal)
{
	if (journal->tree.size == journal->segment.first)
		return false;
	if (journal->segment_month && month_of(journal_now_ns(CLOCK_REALTIME)) > journal->segment_month)
		return true;
	return journal->segment_used >= journal->segment_bytes;
}
