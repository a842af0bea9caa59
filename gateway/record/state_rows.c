/* SPDX-License-Identifier: Apache-2.0
 * The two rows that nearly every exchange makes: its values, and itself in the list of frames. Of many exchanges that are
 * applied in one call sixteen go to a statement, as in the journal (journal_rows.h). */
#include "gateway/record/events.h"
#include "gateway/record/segment.h"
#include "gateway/record/state_tables.h"

#include <inttypes.h>

#define READINGS_COLUMNS 5
#define FRAME_COLUMNS 9

static void bind_text(sqlite3_stmt *insert, int column, const char *text)
{
	(void)sqlite3_bind_text(insert, column, text, -1, SQLITE_STATIC);
}

/* Every column is bound anew each time, so what stays bound afterwards is never read. */
static void bind_readings(sqlite3_stmt *insert, unsigned at, const struct state_row *row)
{
	int column = (int)at * READINGS_COLUMNS;

	(void)sqlite3_bind_int64(insert, column + 1, (sqlite3_int64)row->entry->sequence);
	bind_text(insert, column + 2, row->gist->instrument);
	(void)sqlite3_bind_int64(insert, column + 3, row->entry->wall_ns);
	(void)sqlite3_bind_int64(insert, column + 4, (sqlite3_int64)row->entry->mono_ns);
	(void)sqlite3_bind_text(insert, column + 5, row->entry->body + row->gist->list_at,
		(int)row->gist->list_length, SQLITE_STATIC);
}

static void bind_frame(sqlite3_stmt *insert, unsigned at, const struct state_row *row)
{
	int column = (int)at * FRAME_COLUMNS;

	(void)sqlite3_bind_int64(insert, column + 1, (sqlite3_int64)row->entry->sequence);
	bind_text(insert, column + 2, row->entry->line);
	bind_text(insert, column + 3, row->gist->instrument);
	(void)sqlite3_bind_int64(insert, column + 4, row->entry->wall_ns);
	bind_text(insert, column + 5, assay_outcome_name(row->gist->outcome));
	(void)sqlite3_bind_int(insert, column + 6, row->gist->solicited);
	(void)sqlite3_bind_blob(insert, column + 7, row->received, (int)row->received_length, SQLITE_STATIC);
	(void)sqlite3_bind_text(
		insert, column + 8, row->entry->body, (int)row->entry->body_length, SQLITE_STATIC);
	bind_text(insert, column + 9, row->gist->offers ? "unassigned" : "");
}

struct kind {
	enum state_statement one, all;
	void (*bind)(sqlite3_stmt *insert, unsigned at, const struct state_row *row);
};

static const struct kind readings = {STATE_PUT_READINGS, STATE_PUT_READINGS_ROWS, bind_readings},
			 frames = {STATE_PUT_EXCHANGE, STATE_PUT_EXCHANGE_ROWS, bind_frame};

static int step(struct assay_state *state, sqlite3_stmt *insert, struct assay_error *err)
{
	int rc = sqlite3_step(insert);
	int status = rc == SQLITE_DONE ? ASSAY_OK : assay_sqlite_error(err, state->db, state->path, rc);

	(void)sqlite3_reset(insert);
	return status;
}

static int flush(
	struct assay_state *state, const struct kind *kind, struct state_rows *rows, struct assay_error *err)
{
	bool whole = rows->count == STATE_ROWS;
	sqlite3_stmt *insert = state_statement(state, whole ? kind->all : kind->one, err);
	unsigned count = rows->count;
	int status = insert ? ASSAY_OK : ASSAY_EDAMAGED;

	rows->count = 0;
	for (unsigned i = 0; status == ASSAY_OK && i < count; i++) {
		kind->bind(insert, whole ? i : 0, &rows->row[i]);
		if (!whole || i + 1 == count)
			status = step(state, insert, err);
	}
	return status;
}

/* The row is there before the call returns, unless entry and gist stay until the rows are flushed. */
static int added(struct assay_state *state, const struct kind *kind, struct state_rows *rows,
	const struct assay_entry *entry, const struct assay_exchange_gist *gist, struct assay_error *err)
{
	bool waits = state->gathers && gist == entry->gist;

	rows->row[rows->count].entry = entry;
	rows->row[rows->count].gist = gist;
	rows->count++;
	return waits && rows->count < STATE_ROWS ? ASSAY_OK : flush(state, kind, rows, err);
}

int state_rows_readings(struct assay_state *state, const struct assay_entry *entry,
	const struct assay_exchange_gist *gist, struct assay_error *err)
{
	return added(state, &readings, &state->readings_rows, entry, gist, err);
}

int state_rows_frame(struct assay_state *state, const struct assay_entry *entry,
	const struct assay_exchange_gist *gist, bool listed, struct assay_error *err)
{
	struct state_row *row = &state->frame_rows.row[state->frame_rows.count];

	if (assay_events_received(entry->raw, entry->raw_length, row->received, sizeof row->received,
		    &row->received_length) != ASSAY_OK)
		return assay_error_set(err, ASSAY_EDAMAGED, "journal-damaged",
			"第 %" PRIu64 " 条：原始字节不成事件", "entry %" PRIu64 ": its bytes are no events",
			entry->sequence);
	if (row->received_length > sizeof row->received)
		row->received_length = sizeof row->received;
	if (!listed)
		return ASSAY_OK;
	return added(state, &frames, &state->frame_rows, entry, gist, err);
}

int state_rows_flush(struct assay_state *state, struct assay_error *err)
{
	int status = ASSAY_OK;

	if (state->readings_rows.count)
		status = flush(state, &readings, &state->readings_rows, err);
	if (status == ASSAY_OK && state->frame_rows.count)
		status = flush(state, &frames, &state->frame_rows, err);
	return status;
}

void state_rows_forget(struct assay_state *state)
{
	state->readings_rows.count = state->frame_rows.count = 0;
}
