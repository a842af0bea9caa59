/* SPDX-License-Identifier: Apache-2.0
 * Rows of the open group on their way to SQLite: sixteen to a statement cost a quarter less than one by one. They are
 * always there before the group's COMMIT; a group that is rolled back forgets them. */
#ifndef ASSAY_RECORD_JOURNAL_ROWS_H
#define ASSAY_RECORD_JOURNAL_ROWS_H

#include "gateway/record/journal.h"

#include <sqlite3.h>

#define JOURNAL_ROWS 16u
#define JOURNAL_ROWS_BYTES 32768u /* bodies and raw bytes together; what is longer goes by itself, uncopied */
#define JOURNAL_ROWS_SQL_MAX 512u

struct journal_row {
	uint64_t sequence;
	uint8_t header[ASSAY_HEADER_SIZE], leaf[ASSAY_HASH_SIZE];
	size_t body_length, raw_length;
};

struct journal_rows {
	sqlite3_stmt *one, *all; /* a row, JOURNAL_ROWS of them */
	unsigned count;
	size_t used;
	struct journal_row row[JOURNAL_ROWS];
	uint8_t bytes[JOURNAL_ROWS_BYTES]; /* body and raw of each row, in order */
};

/* All return SQLite's code. */
int journal_rows_prepare(struct journal_rows *rows, sqlite3 *db);
void journal_rows_finalize(struct journal_rows *rows); /* forgets rows that wait */
int journal_rows_add(struct journal_rows *rows, const struct assay_entry *entry,
	const uint8_t header[ASSAY_HEADER_SIZE], const uint8_t leaf[ASSAY_HASH_SIZE]);
int journal_rows_flush(struct journal_rows *rows);
void journal_rows_forget(struct journal_rows *rows);

#endif
