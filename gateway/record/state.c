/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/record/state.h"

#include "gateway/record/journal_reader.h"
#include "gateway/record/sha256.h"
#include "gateway/record/state_tables.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CATCH_UP_GROUP 2000u /* entries in one transaction */

void assay_state_remove(const char *dir)
{
	static const char *const tails[] = {"", "-wal", "-shm", "-journal"};
	char path[620];

	for (size_t i = 0; i < sizeof tails / sizeof *tails; i++) {
		(void)snprintf(path, sizeof path, "%s/state.db%s", dir, tails[i]);
		(void)unlink(path);
	}
}

static int pragma_text(sqlite3 *db, const char *pragma, char *out, size_t size)
{
	sqlite3_stmt *row = NULL;
	int rc = sqlite3_prepare_v2(db, pragma, -1, &row, NULL);

	out[0] = '\0';
	if (rc == SQLITE_OK && (rc = sqlite3_step(row)) == SQLITE_ROW) {
		const char *text = (const char *)sqlite3_column_text(row, 0);

		(void)snprintf(out, size, "%s", text ? text : "");
		rc = SQLITE_OK;
	}
	(void)sqlite3_finalize(row);
	return rc;
}

static int make_tables(struct assay_state *state)
{
	char version[48];
	int rc = sqlite3_exec(state->db, "BEGIN IMMEDIATE", NULL, NULL, NULL);

	for (size_t i = 0; rc == SQLITE_OK && assay_state_schema[i]; i++)
		rc = sqlite3_exec(state->db, assay_state_schema[i], NULL, NULL, NULL);
	(void)snprintf(version, sizeof version, "PRAGMA user_version=%d", ASSAY_STATE_VERSION);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(state->db, version, NULL, NULL, NULL);
	return rc == SQLITE_OK ? sqlite3_exec(state->db, "COMMIT", NULL, NULL, NULL) : rc;
}

/* SQLITE_OK: usable. SQLITE_MISMATCH: of another version. Else what SQLite says. */
static int open_database(struct assay_state *state)
{
	char text[64] = "", expected[16];
	int rc = sqlite3_open_v2(state->path, &state->db,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
		NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_busy_timeout(state->db, 5000);
	if (rc == SQLITE_OK)
		rc = sqlite3_db_config(state->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_db_config(state->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_db_config(state->db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
	if (rc == SQLITE_OK)
		rc = pragma_text(state->db, "PRAGMA journal_mode=WAL", text, sizeof text);
	if (rc == SQLITE_OK && strcmp(text, "wal") != 0)
		rc = SQLITE_IOERR;
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(state->db,
			"PRAGMA synchronous=NORMAL; PRAGMA wal_autocheckpoint=8000; PRAGMA "
			"cell_size_check=ON; PRAGMA mmap_size=0;"
			" PRAGMA temp_store=MEMORY",
			NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		(void)sqlite3_limit(state->db, SQLITE_LIMIT_ATTACHED, 0);
	if (rc == SQLITE_OK)
		rc = state_check_tables(state->db);
	if (rc == SQLITE_OK)
		rc = pragma_text(state->db, "SELECT count(*) FROM sqlite_schema", text, sizeof text);
	if (rc == SQLITE_OK && strcmp(text, "0") == 0)
		return make_tables(state);
	(void)snprintf(expected, sizeof expected, "%d", ASSAY_STATE_VERSION);
	if (rc == SQLITE_OK)
		rc = pragma_text(state->db, "PRAGMA user_version", text, sizeof text);
	return rc == SQLITE_OK && strcmp(text, expected) != 0 ? SQLITE_MISMATCH : rc;
}

static void close_database(struct assay_state *state)
{
	for (size_t i = 0; i < STATE_STATEMENTS; i++) {
		(void)sqlite3_finalize(state->statement[i]);
		state->statement[i] = NULL;
	}
	(void)sqlite3_close(state->db);
	state->db = NULL;
}

static int same_header(void *context, const struct assay_entry *entry, const uint8_t leaf[ASSAY_HASH_SIZE])
{
	struct assay_state *state = context;
	char hex[2 * ASSAY_HEADER_SIZE + 1], kept[2 * ASSAY_HEADER_SIZE + 1];

	(void)leaf;
	assay_entry_header(entry, state->header);
	assay_hex(state->header, sizeof state->header, hex);
	if (assay_state_meta(state, "header", kept, sizeof kept, NULL) != ASSAY_OK)
		return ASSAY_EDAMAGED;
	return strcmp(hex, kept) == 0 ? 1 : ASSAY_EDAMAGED;
}

/* The last entry applied is the journal's: true. */
static bool belongs(struct assay_state *state, const char *dir)
{
	struct assay_reader *reader = NULL;
	bool good;

	if (state->applied == 0)
		return true;
	good = assay_reader_open(dir, ASSAY_READ_LIVE, &reader, NULL) == ASSAY_OK &&
	       state->applied <= assay_reader_size(reader) &&
	       assay_reader_each(reader, state->applied - 1, 1, same_header, state, NULL) == 1;
	assay_reader_close(reader);
	return good;
}

static int load_applied(struct assay_state *state, struct assay_error *err)
{
	char text[24];
	int status = assay_state_meta(state, "applied", text, sizeof text, err);

	if (status == ASSAY_OK)
		state->applied = state->committed = strtoull(text, NULL, 10);
	return status;
}

int assay_state_open(const char *dir, struct assay_state **out, struct assay_error *err)
{
	struct assay_state *state = calloc(1, sizeof *state);
	int rc;

	if (!state)
		return assay_error_set(err, ASSAY_ENOMEM, "out-of-memory", "内存不足", "out of memory");
	(void)snprintf(state->path, sizeof state->path, "%s/state.db", dir);
	rc = open_database(state);
	if (rc == SQLITE_OK && load_applied(state, err) == ASSAY_OK && belongs(state, dir)) {
		*out = state;
		return ASSAY_OK;
	}
	if ((rc & 0xff) != SQLITE_FULL && (rc & 0xff) != SQLITE_NOMEM && (rc & 0xff) != SQLITE_BUSY &&
		(rc & 0xff) != SQLITE_CANTOPEN) {
		close_database(state);
		assay_state_remove(dir);
		state->applied = state->committed = 0;
		rc = open_database(state);
	}
	if (rc == SQLITE_OK) {
		*out = state;
		return ASSAY_OK;
	}
	rc = assay_sqlite_error(err, state->db, state->path, rc);
	assay_state_close(state);
	return rc;
}

void assay_state_close(struct assay_state *state)
{
	if (!state)
		return;
	if (state->open)
		assay_state_rollback(state);
	close_database(state);
	state_late_free(state);
	free(state);
}

static int apply_visit(void *context, const struct assay_entry *entry, const uint8_t leaf[ASSAY_HASH_SIZE])
{
	struct assay_state *state = context;
	uint8_t contents[ASSAY_HASH_SIZE];
	int status;

	assay_entry_leaf(entry, contents);
	status = memcmp(contents, leaf, sizeof contents) == 0
			 ? assay_state_apply(state, entry, &state->failed)
			 : assay_state_pass_over(state, entry, &state->failed);
	if (status == ASSAY_OK && state->applied - state->committed >= CATCH_UP_GROUP)
		status = assay_state_commit(state, &state->failed);
	return status;
}

int assay_state_catch_up(struct assay_state *state, const char *dir, struct assay_error *err)
{
	struct assay_reader *reader = NULL;
	struct assay_error failed;
	int status = assay_reader_open(dir, ASSAY_READ_LIVE, &reader, err);

	memset(&state->failed, 0, sizeof state->failed);
	memset(&failed, 0, sizeof failed);
	if (status == ASSAY_OK) {
		if (assay_reader_size(reader))
			assay_state_expect(state, assay_reader_size(reader) - 1);
		status = assay_reader_each(reader, state->applied, 0, apply_visit, state, &failed);
		if (status != ASSAY_OK && err)
			*err = state->failed.code[0] ? state->failed : failed;
	}
	if (status == ASSAY_OK && state->open)
		status = assay_state_commit(state, err);
	if (status != ASSAY_OK && state->open)
		assay_state_rollback(state);
	assay_reader_close(reader);
	return status;
}

int assay_state_commit(struct assay_state *state, struct assay_error *err)
{
	char applied[24], header[2 * ASSAY_HEADER_SIZE + 1];
	int rc, status;

	if (!state->open)
		return ASSAY_OK;
	(void)snprintf(applied, sizeof applied, "%" PRIu64, state->applied);
	assay_hex(state->header, sizeof state->header, header);
	status = state_late_write(state, err);
	if (status == ASSAY_OK)
		status = state_run(state, STATE_PUT_META, err, "tt", "applied", applied);
	if (status == ASSAY_OK)
		status = state_run(state, STATE_PUT_META, err, "tt", "header", header);
	if (status != ASSAY_OK)
		return status;
	rc = sqlite3_exec(state->db, "COMMIT", NULL, NULL, NULL);
	if (rc != SQLITE_OK)
		return assay_sqlite_error(err, state->db, state->path, rc);
	state->open = false;
	state->committed = state->applied;
	return ASSAY_OK;
}

void assay_state_rollback(struct assay_state *state)
{
	(void)sqlite3_exec(state->db, "ROLLBACK", NULL, NULL, NULL);
	state->open = false;
	state->applied = state->committed;
	state_late_forget(state);
	state_rows_forget(state);
}

uint64_t assay_state_applied(const struct assay_state *state)
{
	return state->applied;
}

sqlite3 *assay_state_db(struct assay_state *state)
{
	return state->db;
}

int assay_state_mark(struct assay_state *state, const char *line, uint32_t generation, uint64_t *done_id_out,
	uint64_t *line_id_out, struct assay_error *err)
{
	sqlite3_stmt *row;
	int rc;

	if (state_late_write(state, err) != ASSAY_OK || !(row = state_statement(state, STATE_GET_MARK, err)))
		return ASSAY_EDAMAGED;
	*done_id_out = *line_id_out = 0;
	(void)sqlite3_bind_text(row, 1, line, -1, SQLITE_STATIC);
	rc = sqlite3_step(row);
	if (rc == SQLITE_ROW && sqlite3_column_int64(row, 0) == (sqlite3_int64)generation) {
		*done_id_out = (uint64_t)sqlite3_column_int64(row, 1);
		*line_id_out = (uint64_t)sqlite3_column_int64(row, 2);
	}
	(void)sqlite3_reset(row);
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? ASSAY_OK
						     : assay_sqlite_error(err, state->db, state->path, rc);
}

int assay_state_accepted(struct assay_state *state, const char *instrument, const char *was, char *out,
	size_t size, struct assay_error *err)
{
	sqlite3_stmt *row = state_statement(state, STATE_GET_ACCEPTED, err);
	int rc;

	if (!row)
		return ASSAY_EDAMAGED;
	out[0] = '\0';
	(void)sqlite3_bind_text(row, 1, instrument, -1, SQLITE_STATIC);
	(void)sqlite3_bind_text(row, 2, was, -1, SQLITE_STATIC);
	rc = sqlite3_step(row);
	if (rc == SQLITE_ROW)
		(void)snprintf(out, size, "%s", (const char *)sqlite3_column_text(row, 0));
	(void)sqlite3_reset(row);
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? ASSAY_OK
						     : assay_sqlite_error(err, state->db, state->path, rc);
}

int assay_state_meta(
	struct assay_state *state, const char *key, char *out, size_t size, struct assay_error *err)
{
	sqlite3_stmt *row = state_statement(state, STATE_GET_META, err);
	int rc;

	if (!row)
		return ASSAY_EDAMAGED;
	out[0] = '\0';
	(void)sqlite3_bind_text(row, 1, key, -1, SQLITE_STATIC);
	rc = sqlite3_step(row);
	if (rc == SQLITE_ROW) {
		const char *value = (const char *)sqlite3_column_text(row, 0);

		(void)snprintf(out, size, "%s", value ? value : "");
	}
	(void)sqlite3_reset(row);
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? ASSAY_OK
						     : assay_sqlite_error(err, state->db, state->path, rc);
}
