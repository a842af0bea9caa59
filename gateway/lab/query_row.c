/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/lab/query_row.h"

#include "gateway/lab/query.h"
#include "gateway/record/segment.h"
#include "gateway/record/sha256.h"
#include "gateway/wire/reading_words.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define WRITER_MS 50u

char *query_time(int64_t wall_ns, char out[32])
{
	time_t seconds = (time_t)(wall_ns / 1000000000);
	struct tm parts;
	size_t length;

	out[0] = '\0';
	if (wall_ns <= 0 || !gmtime_r(&seconds, &parts))
		return out;
	length = strftime(out, 32, "%Y-%m-%dT%H:%M:%S", &parts);
	(void)snprintf(out + length, 32 - length, ".%03dZ", (int)(wall_ns / 1000000 % 1000));
	return out;
}

json_t *query_flags(uint32_t flags)
{
	json_t *list = json_array();

	for (const struct assay_reading_word *word = assay_reading_flags(); word->name; word++)
		if (flags & word->code)
			(void)json_array_append_new(list, json_string(word->name));
	return list;
}

json_t *query_hex(const void *bytes, size_t length)
{
	char *hex = malloc(2 * length + 1);
	json_t *text;

	if (!hex)
		return NULL;
	assay_hex(bytes, length, hex);
	text = json_string(hex);
	free(hex);
	return text;
}

int query_failed(sqlite3 *state, struct assay_error *err)
{
	return assay_sqlite_error(err, state, "state.db", sqlite3_errcode(state));
}

/* false: that was not it, or it has lasted too long. */
static bool wait_for_writer(sqlite3 *state, int rc, unsigned *waited)
{
	const struct timespec pause = {.tv_nsec = 1000000};

	if ((rc & 0xff) != SQLITE_READONLY || sqlite3_extended_errcode(state) != SQLITE_READONLY_RECOVERY ||
		++*waited > WRITER_MS)
		return false;
	(void)nanosleep(&pause, NULL);
	return true;
}

int query_compile(sqlite3 *state, const char *sql, sqlite3_stmt **out)
{
	unsigned waited = 0;
	int rc;

	do
		rc = sqlite3_prepare_v2(state, sql, -1, out, NULL);
	while (wait_for_writer(state, rc, &waited));
	return rc;
}

int query_step(sqlite3_stmt *row)
{
	unsigned waited = 0;
	int rc = sqlite3_step(row);

	while (wait_for_writer(sqlite3_db_handle(row), rc, &waited)) {
		(void)sqlite3_reset(row); /* it has not begun: the parameters stay bound */
		rc = sqlite3_step(row);
	}
	return rc;
}

sqlite3_stmt *query_prepare(sqlite3 *state, struct assay_error *err, const char *sql, const char *values, ...)
{
	sqlite3_stmt *row = NULL;
	va_list args;
	int rc = query_compile(state, sql, &row);

	va_start(args, values);
	for (int column = 1; rc == SQLITE_OK && values[column - 1]; column++) {
		if (values[column - 1] == 't')
			rc = sqlite3_bind_text(row, column, va_arg(args, const char *), -1, SQLITE_TRANSIENT);
		else
			rc = sqlite3_bind_int64(row, column, va_arg(args, int64_t));
	}
	va_end(args);
	if (rc == SQLITE_OK)
		return row;
	(void)assay_sqlite_error(err, state, "state.db", rc);
	(void)sqlite3_finalize(row);
	return NULL;
}

static json_t *plain(sqlite3_stmt *row, int column)
{
	switch (sqlite3_column_type(row, column)) {
	case SQLITE_INTEGER:
		return json_integer(sqlite3_column_int64(row, column));
	case SQLITE_TEXT:
		return json_string((const char *)sqlite3_column_text(row, column));
	default:
		return json_null();
	}
}

static json_t *marked(sqlite3_stmt *row, int column, char mark)
{
	char time[32];
	const char *text;

	switch (mark) {
	case '@':
		return json_string(query_time(sqlite3_column_int64(row, column), time));
	case '#':
		return query_flags((uint32_t)sqlite3_column_int64(row, column));
	case '%': {
		const void *bytes = sqlite3_column_blob(row, column);

		return query_hex(bytes, (size_t)sqlite3_column_bytes(row, column));
	}
	case '?':
		return json_boolean(sqlite3_column_int64(row, column));
	default:
		text = (const char *)sqlite3_column_text(row, column);
		return text && *text ? json_loads(text, JSON_DECODE_ANY, NULL) : json_null();
	}
}

json_t *query_row(sqlite3_stmt *row)
{
	json_t *object = json_object();

	for (int column = 0; object && column < sqlite3_column_count(row); column++) {
		const char *name = sqlite3_column_name(row, column);
		char mark = strchr("@#%{?", name[0]) ? name[0] : '\0';
		json_t *value = mark ? marked(row, column, mark) : plain(row, column);

		if (json_object_set_new(object, name + (mark ? 1 : 0), value ? value : json_null()) != 0) {
			json_decref(object);
			object = NULL;
		}
	}
	return object;
}

json_t *query_list(sqlite3 *state, sqlite3_stmt *rows, struct assay_error *err)
{
	json_t *list = rows ? json_array() : NULL;
	int rc = SQLITE_DONE;

	if (!rows)
		return NULL;
	while (list && (rc = query_step(rows)) == SQLITE_ROW)
		(void)json_array_append_new(list, query_row(rows));
	if (rc != SQLITE_DONE) {
		(void)query_failed(state, err);
		json_decref(list);
		list = NULL;
	}
	(void)sqlite3_finalize(rows);
	return list;
}

void assay_query_etag(const json_t *object, char out[ASSAY_QUERY_ETAG_MAX])
{
	char *text = json_dumps(object, JSON_COMPACT | JSON_SORT_KEYS), hex[65];
	uint8_t digest[32];

	assay_sha256(text ? text : "", text ? strlen(text) : 0, digest);
	assay_hex(digest, sizeof digest, hex);
	(void)snprintf(out, ASSAY_QUERY_ETAG_MAX, "%.32s", text ? hex : "");
	free(text);
}

json_t *query_one(
	sqlite3 *state, sqlite3_stmt *rows, const char *code, const char *what, struct assay_error *err)
{
	json_t *object = NULL;
	int rc;

	if (!rows)
		return NULL;
	rc = query_step(rows);
	if (rc == SQLITE_ROW)
		object = query_row(rows);
	else if (rc == SQLITE_DONE)
		(void)assay_error_set(
			err, ASSAY_ENOTFOUND, code, "没有找到：%.80s", "there is no %.80s", what);
	else
		(void)query_failed(state, err);
	(void)sqlite3_finalize(rows);
	return object;
}
