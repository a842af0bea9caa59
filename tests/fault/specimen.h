/* SPDX-License-Identifier: Apache-2.0
 * A small journal to damage: with several kinds of entry, groups, checkpoints, segments; and ways to damage it that
 * put the append-only triggers back as they were, as somebody who knows the format would. */
#ifndef ASSAY_TESTS_FAULT_SPECIMEN_H
#define ASSAY_TESTS_FAULT_SPECIMEN_H

#include "gateway/record/journal.h"
#include "gateway/record/verify.h"

#include <ftw.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SPECIMEN_CHECK(what)                                                                                 \
	do {                                                                                                 \
		if (!(what)) {                                                                               \
			(void)fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #what);                     \
			abort();                                                                             \
		}                                                                                            \
	} while (0)

static inline struct assay_journal_options specimen_options(uint64_t segment_bytes)
{
	struct assay_journal_options options = {.site = "specimen",
		.origin = "specimen.assay.example",
		.segment_bytes = segment_bytes,
		.reserve_bytes = UINT64_MAX};

	return options;
}

static inline void specimen_dir(char dir[64])
{
	(void)snprintf(dir, 64, "%s/assay-test-XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	SPECIMEN_CHECK(mkdtemp(dir) != NULL);
}

/* A shell command in which $A and $B are the names given. */
static inline void specimen_shell(const char *command, const char *a, const char *b)
{
	SPECIMEN_CHECK(setenv("A", a, 1) == 0 && setenv("B", b, 1) == 0);
	SPECIMEN_CHECK(system(command) == 0);
}

static inline int specimen_unlink(const char *path, const struct stat *about, int kind, struct FTW *where)
{
	(void)about;
	(void)kind;
	(void)where;
	return remove(path);
}

static inline void specimen_remove(const char *dir)
{
	(void)nftw(dir, specimen_unlink, 8, FTW_DEPTH | FTW_PHYS);
}

static inline void specimen_copy(const char *from, const char *to)
{
	specimen_shell("rm -rf $B && cp -a $A $B && chmod -R u+w $B", from, to);
}

/* Entry number i of a specimen: exchange bytes, a fill that names them, a result. */
static inline int specimen_append(struct assay_journal *journal, uint64_t i, struct assay_error *err)
{
	uint8_t raw[16 + 64] = {2};
	char body[120];
	size_t length = i % 61;
	uint64_t size = assay_journal_size(journal);
	struct assay_entry entry = {.kind = ASSAY_ENTRY_EXCHANGE, .line = "com1", .raw = raw, .body = body};

	raw[7] = (uint8_t)length;
	for (size_t j = 0; j < length; j++)
		raw[16 + j] = (uint8_t)(i * 7 + j);
	entry.raw_length = 16 + length;
	entry.body_length = (size_t)snprintf(
		body, sizeof body, "{\"instrument\":\"balance-1\",\"id\":%lu}", (unsigned long)i);
	if (size == 0) {
		entry.kind = ASSAY_ENTRY_GENESIS;
		entry.raw_length = 0;
		entry.body_length = (size_t)snprintf(body, sizeof body,
			"{\"site\":\"specimen\",\"origin\":\"specimen.assay.example\",\"format\":1}");
	} else if (i % 10 == 7) {
		entry.kind = ASSAY_ENTRY_RESULT;
		entry.raw_length = 0;
		entry.body_length = (size_t)snprintf(
			body, sizeof body, "{\"result\":\"r%lu\",\"value\":\"5.42\"}", (unsigned long)i);
	}
	return assay_journal_append(journal, &entry, err);
}

/* count entries in groups of group, a checkpoint each `sign` entries (0 none forced). */
static inline void specimen_fill(
	const char *dir, uint64_t segment_bytes, unsigned count, unsigned group, unsigned sign)
{
	struct assay_journal_options options = specimen_options(segment_bytes);
	struct assay_journal *journal;
	struct assay_error err;

	SPECIMEN_CHECK(assay_journal_open(dir, &options, &journal, &err) == ASSAY_OK);
	for (unsigned i = 0; i < count; i++) {
		SPECIMEN_CHECK(specimen_append(journal, i, &err) == ASSAY_OK);
		if ((i + 1) % group == 0)
			SPECIMEN_CHECK(assay_journal_commit(journal, &err) == ASSAY_OK);
		if (sign && (i + 1) % sign == 0) {
			SPECIMEN_CHECK(assay_journal_commit(journal, &err) == ASSAY_OK);
			SPECIMEN_CHECK(assay_journal_checkpoint(journal, 0, true, NULL, &err) == ASSAY_OK);
			SPECIMEN_CHECK(assay_journal_checkpoint(journal, 0, false, NULL, &err) == ASSAY_OK);
		}
	}
	SPECIMEN_CHECK(assay_journal_commit(journal, &err) == ASSAY_OK);
	assay_journal_close(journal);
}

/* Run change on a segment with its triggers taken away and put back. 0, or -1 when the change was not possible. */
static inline int specimen_change(const char *dir, unsigned segment, const char *change)
{
	sqlite3 *db;
	sqlite3_stmt *triggers;
	char path[200], sql[8000] = "BEGIN;", back[8000] = "";
	int rc;

	(void)snprintf(path, sizeof path, "%s/journal/%04u.db", dir, segment);
	SPECIMEN_CHECK(sqlite3_open(path, &db) == SQLITE_OK);
	(void)sqlite3_exec(db, "PRAGMA synchronous=OFF", NULL, NULL, NULL);
	SPECIMEN_CHECK(sqlite3_prepare_v2(db, "SELECT name, sql FROM sqlite_schema WHERE type='trigger'", -1,
			       &triggers, NULL) == SQLITE_OK);
	while (sqlite3_step(triggers) == SQLITE_ROW) {
		(void)snprintf(sql + strlen(sql), sizeof sql - strlen(sql), "DROP TRIGGER %s;",
			(const char *)sqlite3_column_text(triggers, 0));
		(void)snprintf(back + strlen(back), sizeof back - strlen(back), "%s;",
			(const char *)sqlite3_column_text(triggers, 1));
	}
	(void)sqlite3_finalize(triggers);
	SPECIMEN_CHECK(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK);
	rc = sqlite3_exec(db, change, NULL, NULL, NULL);
	if (rc != SQLITE_OK)
		(void)fprintf(stderr, "%s: %s\n", change, sqlite3_errmsg(db));
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(db, back, NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
	SPECIMEN_CHECK(sqlite3_close(db) == SQLITE_OK);
	return rc == SQLITE_OK ? 0 : -1;
}

static inline struct assay_verify_report specimen_verify(const char *dir, const char *checkpoint)
{
	struct assay_verify_options options = {.checkpoint = checkpoint};
	struct assay_verify_report report;
	struct assay_error err;

	if (assay_verify_dir(dir, &options, &report, &err) != ASSAY_OK) {
		memset(&report, 0, sizeof report);
		report.findings = 1;
		report.worst.what = err;
	}
	return report;
}

static inline void specimen_note(const char *dir, char note[ASSAY_NOTE_MAX])
{
	char path[200];
	FILE *file;

	assay_checkpoint_path(dir, path, sizeof path);
	file = fopen(path, "re");
	SPECIMEN_CHECK(file != NULL);
	note[fread(note, 1, ASSAY_NOTE_MAX - 1, file)] = '\0';
	(void)fclose(file);
}

#endif
