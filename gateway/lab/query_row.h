/* SPDX-License-Identifier: Apache-2.0
 * A row of the state -> a JSON object. The column's name is the member's, a mark before it says how it is shown:
 * "@at" nanoseconds since 1970 as RFC 3339 ("" for 0), "#flags" bits as a list of names, "%received" bytes as hex,
 * "{reasons" JSON text as it is, "?within" 0 or 1 as false or true; without a mark text, a number or null. */
#ifndef ASSAY_LAB_QUERY_ROW_H
#define ASSAY_LAB_QUERY_ROW_H

#include "limits/error.h"

#include <jansson.h>
#include <sqlite3.h>
#include <stdint.h>

/* values: one letter for each parameter - t text, i int64_t. NULL with err. The caller finalizes. */
sqlite3_stmt *query_prepare(
	sqlite3 *state, struct assay_error *err, const char *sql, const char *values, ...);
/* sqlite3_prepare_v2 and sqlite3_step for who reads beside a writer: a reader that may not write the index of the log can meet it
 * half written and is told that it wants recovery (SQLITE_READONLY_RECOVERY). The writer is through with it in a moment. */
int query_compile(sqlite3 *state, const char *sql, sqlite3_stmt **out);
int query_step(sqlite3_stmt *row);
json_t *query_row(sqlite3_stmt *row); /* NULL: no memory */
/* All rows as a list, in order; finalizes. NULL with err. */
json_t *query_list(sqlite3 *state, sqlite3_stmt *rows, struct assay_error *err);
/* The first row; finalizes. NULL with err: ASSAY_ENOTFOUND's code and texts when there is none. */
json_t *query_one(
	sqlite3 *state, sqlite3_stmt *rows, const char *code, const char *what, struct assay_error *err);

char *query_time(int64_t wall_ns, char out[32]); /* RFC 3339 UTC with milliseconds, "" for 0 */
json_t *query_flags(uint32_t flags);
json_t *query_hex(const void *bytes, size_t length);
int query_failed(sqlite3 *state, struct assay_error *err); /* fills err from the connection */

#endif
