/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/lab/query.h"
#include "gateway/lab/query_row.h"
#include "gateway/web/web.h"

#include <stdio.h>
#include <stdlib.h>

static int look(const struct web_state *state, struct stat *out)
{
	char path[4096];
	int length = snprintf(path, sizeof path, "%s/state.db", state->dir);

	if (length < 0 || (size_t)length >= sizeof path)
		return -1;
	return stat(path, out);
}

void web_state_close(struct web_state *state)
{
	(void)sqlite3_close_v2(state->db);
	state->db = NULL;
	state->data_version = 0;
}

sqlite3 *web_state_get(struct web_state *state, struct assay_error *err)
{
	struct stat now;

	if (look(state, &now) != 0) {
		web_state_close(state);
		(void)assay_error_set(err, ASSAY_EGONE, "state-absent",
			"状态库还没有建好，请稍候；台账不受影响",
			"the state is not there yet, wait a moment; the journal is not affected");
		return NULL;
	}
	if (state->db && (now.st_dev != state->device || now.st_ino != state->inode))
		web_state_close(state);
	if (!state->db) {
		if (assay_query_open(state->dir, &state->db, err) != ASSAY_OK) {
			web_state_close(state);
			return NULL;
		}
		state->device = now.st_dev;
		state->inode = now.st_ino;
	}
	return state->db;
}

static int64_t number(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *statement = NULL;
	int64_t value = -1;

	if (query_compile(db, sql, &statement) == SQLITE_OK && query_step(statement) == SQLITE_ROW)
		value = sqlite3_column_int64(statement, 0);
	(void)sqlite3_finalize(statement);
	return value;
}

bool web_state_changed(struct web_state *state)
{
	const sqlite3 *before = state->db;
	sqlite3 *db = web_state_get(state, NULL);
	int64_t version;

	if (!db)
		return before != NULL;
	version = number(db, "PRAGMA data_version");
	if (db == before && version == state->data_version)
		return false;
	state->data_version = version;
	return true;
}

int64_t web_state_applied(sqlite3 *db)
{
	return number(db, "SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'applied'");
}
