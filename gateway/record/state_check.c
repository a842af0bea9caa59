/* SPDX-License-Identifier: Apache-2.0
 * Is the file of the state whole? Looked at in two ways, so that a start does not take longer the older it is: at the
 * start every table but the history of readings, which grows for years; the history bit by bit while the recorder has
 * nothing else to do. What is damaged is made again from the journal. */
#include "gateway/record/segment.h"
#include "gateway/record/state_tables.h"

#include <stdio.h>
#include <string.h>

#define TABLES_MAX 64u
#define TABLE_NAME_MAX 64u

static int list_tables(sqlite3 *db, char names[TABLES_MAX][TABLE_NAME_MAX], unsigned *count)
{
	sqlite3_stmt *row = NULL;
	int rc = sqlite3_prepare_v2(
		db, "SELECT name FROM sqlite_schema WHERE type='table' AND name<>'readings'", -1, &row, NULL);

	*count = 0;
	while (rc == SQLITE_OK && *count < TABLES_MAX && (rc = sqlite3_step(row)) == SQLITE_ROW) {
		rc = SQLITE_OK;
		(void)snprintf(
			names[(*count)++], TABLE_NAME_MAX, "%s", (const char *)sqlite3_column_text(row, 0));
	}
	(void)sqlite3_finalize(row);
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int check_table(sqlite3 *db, const char *name)
{
	char pragma[TABLE_NAME_MAX + 32];
	sqlite3_stmt *row = NULL;
	const char *text;
	int rc;

	(void)snprintf(pragma, sizeof pragma, "PRAGMA quick_check('%s')", name);
	rc = sqlite3_prepare_v2(db, pragma, -1, &row, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(row);
	if (rc == SQLITE_ROW) {
		text = (const char *)sqlite3_column_text(row, 0);
		rc = text && strcmp(text, "ok") == 0 ? SQLITE_OK : SQLITE_CORRUPT;
	} else if (rc == SQLITE_DONE) {
		rc = SQLITE_CORRUPT;
	}
	(void)sqlite3_finalize(row);
	return rc;
}

int state_check_tables(sqlite3 *db)
{
	char names[TABLES_MAX][TABLE_NAME_MAX];
	unsigned count;
	int rc = list_tables(db, names, &count);

	for (unsigned i = 0; rc == SQLITE_OK && i < count; i++)
		rc = check_table(db, names[i]);
	return rc;
}

int assay_state_look(struct assay_state *state, unsigned rows, bool *round_out, struct assay_error *err)
{
	sqlite3_stmt *row = state_statement(state, STATE_WALK_READINGS, err);
	unsigned seen = 0;
	int rc;

	if (!row)
		return ASSAY_EDAMAGED;
	(void)sqlite3_bind_int64(row, 1, state->looked_at);
	(void)sqlite3_bind_int64(row, 2, rows);
	while ((rc = sqlite3_step(row)) == SQLITE_ROW)
		if (++seen == rows)
			break;
	if (seen == rows)
		state->looked_at = sqlite3_column_int64(row, 0);
	else if (rc == SQLITE_DONE)
		state->looked_at = 0; /* from the beginning, next time */
	if (round_out)
		*round_out = seen < rows;
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		rc = assay_sqlite_error(err, state->db, state->path, rc);
	else
		rc = ASSAY_OK;
	(void)sqlite3_reset(row);
	return rc;
}
