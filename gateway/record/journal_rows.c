/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/record/journal_rows.h"

#include <stdio.h>
#include <string.h>

#define COLUMNS 5

int journal_rows_prepare(struct journal_rows *rows, sqlite3 *db)
{
	char sql[JOURNAL_ROWS_SQL_MAX];
	int length =
		snprintf(sql, sizeof sql, "INSERT INTO entry(seq,header,leaf,body,raw) VALUES(?,?,?,?,?)");
	int rc = sqlite3_prepare_v3(db, sql, length, SQLITE_PREPARE_PERSISTENT, &rows->one, NULL);

	for (unsigned i = 1; i < JOURNAL_ROWS; i++)
		length += snprintf(sql + length, sizeof sql - (size_t)length, ",(?,?,?,?,?)");
	if (rc == SQLITE_OK)
		rc = sqlite3_prepare_v3(db, sql, length, SQLITE_PREPARE_PERSISTENT, &rows->all, NULL);
	return rc;
}

void journal_rows_finalize(struct journal_rows *rows)
{
	(void)sqlite3_finalize(rows->one);
	(void)sqlite3_finalize(rows->all);
	rows->one = rows->all = NULL;
	journal_rows_forget(rows);
}

void journal_rows_forget(struct journal_rows *rows)
{
	rows->count = 0;
	rows->used = 0;
}

/* Every column is bound anew each time, so what stays bound afterwards is never read. */
static void bind(
	sqlite3_stmt *insert, unsigned at, const struct journal_row *row, const char *body, const void *raw)
{
	int column = (int)at * COLUMNS;

	(void)sqlite3_bind_int64(insert, column + 1, (sqlite3_int64)row->sequence);
	(void)sqlite3_bind_blob(insert, column + 2, row->header, sizeof row->header, SQLITE_STATIC);
	(void)sqlite3_bind_blob(insert, column + 3, row->leaf, sizeof row->leaf, SQLITE_STATIC);
	(void)sqlite3_bind_text(
		insert, column + 4, row->body_length ? body : "", (int)row->body_length, SQLITE_STATIC);
	(void)sqlite3_bind_blob(
		insert, column + 5, row->raw_length ? raw : "", (int)row->raw_length, SQLITE_STATIC);
}

static int step(sqlite3_stmt *insert)
{
	int rc = sqlite3_step(insert);

	(void)sqlite3_reset(insert);
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

int journal_rows_flush(struct journal_rows *rows)
{
	bool whole = rows->count == JOURNAL_ROWS;
	const uint8_t *at = rows->bytes;
	int rc = SQLITE_OK;

	for (unsigned i = 0; rc == SQLITE_OK && i < rows->count; i++) {
		const struct journal_row *row = &rows->row[i];

		bind(whole ? rows->all : rows->one, whole ? i : 0, row, (const char *)at,
			at + row->body_length);
		at += row->body_length + row->raw_length;
		if (!whole)
			rc = step(rows->one);
	}
	if (whole)
		rc = step(rows->all);
	journal_rows_forget(rows);
	return rc;
}

int journal_rows_add(struct journal_rows *rows, const struct assay_entry *entry,
	const uint8_t header[ASSAY_HEADER_SIZE], const uint8_t leaf[ASSAY_HASH_SIZE])
{
	size_t length = entry->body_length + entry->raw_length;
	struct journal_row *row;
	int rc = SQLITE_OK;

	if (length > JOURNAL_ROWS_BYTES - rows->used)
		rc = journal_rows_flush(rows);
	if (rc != SQLITE_OK)
		return rc;
	row = &rows->row[rows->count];
	row->sequence = entry->sequence;
	row->body_length = entry->body_length;
	row->raw_length = entry->raw_length;
	memcpy(row->header, header, sizeof row->header);
	memcpy(row->leaf, leaf, sizeof row->leaf);
	if (length > JOURNAL_ROWS_BYTES) {
		bind(rows->one, 0, row, entry->body, entry->raw);
		return step(rows->one);
	}
	if (entry->body_length)
		memcpy(rows->bytes + rows->used, entry->body, entry->body_length);
	if (entry->raw_length)
		memcpy(rows->bytes + rows->used + entry->body_length, entry->raw, entry->raw_length);
	rows->used += length;
	return ++rows->count == JOURNAL_ROWS ? journal_rows_flush(rows) : SQLITE_OK;
}
