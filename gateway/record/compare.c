/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/record/compare.h"

#include "gateway/record/journal_reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One journal, read entry by entry. */
struct cursor {
	struct assay_reader *reader;
	sqlite3_stmt *rows;
	unsigned segment; /* being read, from 0 */
	uint64_t next;
};

static int open_cursor(struct cursor *cursor, const char *dir, struct assay_error *err)
{
	memset(cursor, 0, sizeof *cursor);
	return assay_reader_open(dir, ASSAY_READ_STILL, &cursor->reader, err);
}

static void close_cursor(struct cursor *cursor)
{
	(void)sqlite3_finalize(cursor->rows);
	assay_reader_close(cursor->reader);
}

/* The next entry, borrowed until the next call: 1, 0 at the end, negative with err. */
static int next_entry(struct cursor *cursor, struct assay_entry *entry, struct assay_error *err)
{
	const struct assay_segment *segment;
	const uint8_t *leaf;
	int rc;

	while ((segment = assay_reader_segment(cursor->reader, cursor->segment)) != NULL) {
		if (cursor->next >= segment->end) {
			(void)sqlite3_finalize(cursor->rows);
			cursor->rows = NULL;
			cursor->segment++;
			continue;
		}
		rc = cursor->rows ? SQLITE_OK
				  : sqlite3_prepare_v2(segment->db,
					    "SELECT " ASSAY_SEGMENT_COLUMNS
					    " FROM entry WHERE seq>=?1 ORDER BY seq",
					    -1, &cursor->rows, NULL);
		if (rc == SQLITE_OK && sqlite3_bind_parameter_count(cursor->rows) == 1 &&
			!sqlite3_stmt_busy(cursor->rows))
			rc = sqlite3_bind_int64(cursor->rows, 1, (sqlite3_int64)cursor->next);
		if (rc == SQLITE_OK)
			rc = sqlite3_step(cursor->rows);
		if (rc != SQLITE_ROW)
			return assay_sqlite_error(
				err, segment->db, segment->path, rc == SQLITE_DONE ? SQLITE_CORRUPT : rc);
		rc = assay_segment_row(cursor->rows, cursor->next, segment->number, entry, &leaf, err);
		cursor->next++;
		return rc == ASSAY_OK ? 1 : rc;
	}
	return 0;
}

static bool same_entry(const struct assay_entry *a, const struct assay_entry *b)
{
	uint8_t left[ASSAY_HEADER_SIZE], right[ASSAY_HEADER_SIZE];

	assay_entry_header(a, left);
	assay_entry_header(b, right);
	return memcmp(left, right, sizeof left) == 0 &&
	       (a->body_length == 0 ||
		       (a->body && b->body && memcmp(a->body, b->body, a->body_length) == 0)) &&
	       (a->raw_length == 0 || (a->raw && b->raw && memcmp(a->raw, b->raw, a->raw_length) == 0));
}

int assay_compare_journals(
	const char *a, const char *b, struct assay_journal_difference *out, struct assay_error *err)
{
	struct cursor left = {0}, right = {0};
	struct assay_entry one = {.body = ""}, other = {.body = ""};
	int more, again, status = open_cursor(&left, a, err);

	memset(out, 0, sizeof *out);
	if (status == ASSAY_OK)
		status = open_cursor(&right, b, err);
	if (status != ASSAY_OK)
		goto out;
	out->a_entries = assay_reader_size(left.reader);
	out->b_entries = assay_reader_size(right.reader);
	do {
		more = next_entry(&left, &one, err);
		again = more < 0 ? 0 : next_entry(&right, &other, err);
		if (more < 0 || again < 0) {
			status = more < 0 ? more : again;
			goto out;
		}
		if (more && again && same_entry(&one, &other))
			out->same++;
		else
			break;
	} while (more && again);
	out->equal = !more && !again;
out:
	close_cursor(&left);
	close_cursor(&right);
	return status;
}

/* Rows of one statement that the other does not give in the same place, both ordered by all columns. */
static int compare_row(sqlite3_stmt *a, sqlite3_stmt *b)
{
	for (int i = 0; i < sqlite3_column_count(a); i++) {
		int left = sqlite3_column_type(a, i), right = sqlite3_column_type(b, i);
		int length_a = sqlite3_column_bytes(a, i), length_b = sqlite3_column_bytes(b, i);
		const void *bytes_a = sqlite3_column_blob(a, i), *bytes_b = sqlite3_column_blob(b, i);

		if (left != right || length_a != length_b ||
			(length_a && memcmp(bytes_a, bytes_b, (size_t)length_a) != 0))
			return 1;
	}
	return 0;
}

/* Do both hold the same rows in the same order? Mostly they do, and then nothing has to be sorted. */
static int same_rows(sqlite3 *db, const char *table, bool *same_out)
{
	static const char *const side[2] = {"main", "other"};
	sqlite3_stmt *rows[2] = {NULL, NULL};
	int left = SQLITE_ROW, right = SQLITE_ROW, rc = SQLITE_OK;

	for (unsigned i = 0; rc == SQLITE_OK && i < 2; i++) {
		/* The name of a table cannot be bound; it comes from the schema and is quoted. */
		char *sql = sqlite3_mprintf("SELECT * FROM %s.\"%w\"", side[i], table);

		rc = sql ? sqlite3_prepare_v2(db, sql, -1, &rows[i], NULL) : SQLITE_NOMEM;
		sqlite3_free(sql);
	}
	*same_out = rc == SQLITE_OK;
	while (*same_out && left == SQLITE_ROW) {
		left = sqlite3_step(rows[0]);
		right = sqlite3_step(rows[1]);
		if (left != SQLITE_ROW && left != SQLITE_DONE)
			rc = left;
		else if (right != SQLITE_ROW && right != SQLITE_DONE)
			rc = right;
		*same_out = rc == SQLITE_OK && left == right &&
			    (left == SQLITE_DONE || compare_row(rows[0], rows[1]) == 0);
	}
	(void)sqlite3_finalize(rows[0]);
	(void)sqlite3_finalize(rows[1]);
	return rc;
}

static int count_difference(sqlite3 *db, const char *table, uint64_t only[2])
{
	static const char *const side[2] = {"main", "other"};
	bool same;
	int rc = same_rows(db, table, &same);

	for (unsigned i = 0; rc == SQLITE_OK && !same && i < 2; i++) {
		sqlite3_stmt *count = NULL;
		/* The name of a table cannot be bound; it comes from the schema and is quoted. */
		char *sql = sqlite3_mprintf(
			"SELECT count(*) FROM (SELECT * FROM %s.\"%w\" EXCEPT SELECT * FROM %s.\"%w\")",
			side[i], table, side[1 - i], table);

		rc = sql ? sqlite3_prepare_v2(db, sql, -1, &count, NULL) : SQLITE_NOMEM;
		if (rc == SQLITE_OK && (rc = sqlite3_step(count)) == SQLITE_ROW) {
			only[i] = (uint64_t)sqlite3_column_int64(count, 0);
			rc = SQLITE_OK;
		}
		(void)sqlite3_finalize(count);
		sqlite3_free(sql);
	}
	return rc;
}

static int attach(sqlite3 *db, const char *path)
{
	sqlite3_stmt *attach = NULL;
	int rc = sqlite3_prepare_v2(db, "ATTACH ?1 AS other", -1, &attach, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_bind_text(attach, 1, path, -1, SQLITE_STATIC);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(attach) == SQLITE_DONE ? SQLITE_OK : sqlite3_errcode(db);
	(void)sqlite3_finalize(attach);
	return rc;
}

/* Schemas first: a table that one of them lacks, or has otherwise, differs whole. */
static int compare_schema(sqlite3 *db, assay_table_differs *differs, void *context)
{
	sqlite3_stmt *a = NULL, *b = NULL;
	int left = SQLITE_ROW, right = SQLITE_ROW;
	int rc = sqlite3_prepare_v2(
		db, "SELECT name, sql FROM main.sqlite_schema ORDER BY name", -1, &a, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_prepare_v2(
			db, "SELECT name, sql FROM other.sqlite_schema ORDER BY name", -1, &b, NULL);
	while (rc == SQLITE_OK && left == SQLITE_ROW && right == SQLITE_ROW) {
		left = sqlite3_step(a);
		right = sqlite3_step(b);
		if (left != right || (left == SQLITE_ROW && compare_row(a, b) != 0)) {
			differs(context, "sqlite_schema", 1, 1);
			rc = SQLITE_DONE;
		}
	}
	(void)sqlite3_finalize(a);
	(void)sqlite3_finalize(b);
	return rc;
}

int assay_compare_states(const char *a_path, const char *b_path, assay_table_differs *differs, void *context,
	unsigned *tables_out, struct assay_error *err)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *tables = NULL;
	int rc = sqlite3_open_v2(a_path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_EXRESCODE, NULL);

	*tables_out = 0;
	if (rc == SQLITE_OK)
		rc = attach(db, b_path);
	if (rc == SQLITE_OK)
		rc = compare_schema(db, differs, context);
	if (rc == SQLITE_OK)
		rc = sqlite3_prepare_v2(db,
			"SELECT name FROM main.sqlite_schema WHERE type='table' ORDER BY name", -1, &tables,
			NULL);
	while (rc == SQLITE_OK && (rc = sqlite3_step(tables)) == SQLITE_ROW) {
		const char *table = (const char *)sqlite3_column_text(tables, 0);
		uint64_t only[2] = {0, 0};

		rc = count_difference(db, table, only);
		(*tables_out)++;
		if (rc == SQLITE_OK && (only[0] || only[1]))
			differs(context, table, only[0], only[1]);
	}
	(void)sqlite3_finalize(tables);
	rc = rc == SQLITE_DONE || rc == SQLITE_OK ? ASSAY_OK : assay_sqlite_error(err, db, a_path, rc);
	(void)sqlite3_close(db);
	return rc;
}
