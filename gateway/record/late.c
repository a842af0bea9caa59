/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/record/state_tables.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROOM_MIN 64u
#define LATEST_SHAPES 64u

static uint32_t hash_text(uint32_t hash, const char *text)
{
	for (; *text; text++)
		hash = (hash ^ (uint8_t)*text) * 16777619u; /* FNV-1a */
	return (hash ^ 0xffu) * 16777619u; /* so that "a","bc" is not "ab","c" */
}

static uint32_t hash_mark(const void *row)
{
	const struct state_late_mark *mark = row;

	return hash_text(2166136261u ^ mark->generation, mark->line);
}

static uint32_t hash_latest(const void *row)
{
	const struct state_late_latest *latest = row;

	return hash_text(2166136261u ^ (uint32_t)latest->shape, latest->instrument);
}

static bool same_mark(const void *a, const void *b)
{
	const struct state_late_mark *left = a, *right = b;

	return left->generation == right->generation && strcmp(left->line, right->line) == 0;
}

static bool same_latest(const void *a, const void *b)
{
	const struct state_late_latest *left = a, *right = b;

	return left->shape == right->shape && strcmp(left->instrument, right->instrument) == 0;
}

struct kind {
	size_t size;
	uint32_t (*hash)(const void *row);
	bool (*same)(const void *a, const void *b);
};

static const struct kind marks = {sizeof(struct state_late_mark), hash_mark, same_mark},
			 latest = {sizeof(struct state_late_latest), hash_latest, same_latest};

static void *row_at(const struct state_late *late, const struct kind *kind, uint32_t number)
{
	return (char *)late->row + number * kind->size;
}

/* Where the row's number stands, or is to stand. */
static uint32_t *find_place(const struct state_late *late, const struct kind *kind, const void *row)
{
	uint32_t mask = 2 * late->room - 1, at = kind->hash(row) & mask;

	while (late->place[at] && !kind->same(row_at(late, kind, late->place[at] - 1), row))
		at = (at + 1) & mask;
	return &late->place[at];
}

static bool grow(struct state_late *late, const struct kind *kind)
{
	uint32_t room = late->room ? 2 * late->room : ROOM_MIN;
	uint32_t *place = calloc((size_t)2 * room, sizeof *place);
	void *rows = place ? realloc(late->row, room * kind->size) : NULL;

	if (!rows) {
		free(place);
		return false;
	}
	free(late->place);
	late->row = rows;
	late->place = place;
	late->room = room;
	for (uint32_t i = 0; i < late->count; i++)
		*find_place(late, kind, row_at(late, kind, i)) = i + 1;
	return true;
}

static void forget(struct state_late *late)
{
	if (late->count)
		memset(late->place, 0, (size_t)2 * late->room * sizeof *late->place);
	late->count = 0;
}

void state_late_forget(struct assay_state *state)
{
	forget(&state->late_marks);
	forget(&state->late_latest);
}

static int write_and_forget(struct assay_state *state, struct assay_error *err)
{
	int status = state_late_write(state, err);

	state_late_forget(state);
	return status;
}

/* The later one stands. */
static int put(struct assay_state *state, struct state_late *late, const struct kind *kind, const void *row,
	struct assay_error *err)
{
	uint32_t *place = late->room ? find_place(late, kind, row) : NULL;
	int status = ASSAY_OK;

	if (!place || (!*place && late->count == late->room)) {
		if (late->count == STATE_LATE_MAX)
			status = write_and_forget(state, err);
		else if (!grow(late, kind))
			status = assay_error_set(
				err, ASSAY_ENOMEM, "out-of-memory", "内存不足", "out of memory");
		if (status != ASSAY_OK)
			return status;
		place = find_place(late, kind, row);
	}
	if (!*place)
		*place = ++late->count;
	memcpy(row_at(late, kind, *place - 1), row, kind->size);
	return ASSAY_OK;
}

int state_late_mark(struct assay_state *state, const char *line, uint32_t generation, uint64_t id,
	struct assay_error *err)
{
	struct state_late_mark mark = {.generation = generation, .id = id};

	memcpy(mark.line, line, strnlen(line, sizeof mark.line - 1));
	return put(state, &state->late_marks, &marks, &mark, err);
}

/* The instrument's older lists are gone: what comes again of them makes its row again. */
static void forget_instrument(struct state_late *late, const char *instrument)
{
	for (uint32_t i = 0; i < late->count; i++) {
		struct state_late_latest *row = row_at(late, &latest, i);

		row->known = row->known && strcmp(row->instrument, instrument) != 0;
	}
}

/* A list of channels that was not met before, or not since the tables were gone over. What is done here is done
 * whenever a row is made, and does nothing to one that is there: so it does not matter what is remembered. */
static int meet(struct assay_state *state, const struct assay_entry *entry, struct state_late_latest *row,
	struct assay_error *err)
{
	static struct assay_exchange exchange;
	int status = assay_exchange_body_read(entry->body, entry->body_length, &exchange, err);

	if (status == ASSAY_OK)
		status = state_late_write(state, err);
	for (uint32_t i = 0; status == ASSAY_OK && i < exchange.end.readings; i++)
		if (exchange.reading[i].channel[0])
			status = state_run(state, STATE_CHANNEL_SEEN, err, "tti", row->instrument,
				exchange.reading[i].channel, (int64_t)row->seq);
	if (status == ASSAY_OK)
		status = state_run(
			state, STATE_PUT_LATEST, err, "tii", row->instrument, row->shape, (int64_t)row->seq);
	if (status == ASSAY_OK)
		status = state_run(
			state, STATE_PRUNE_LATEST, err, "ti", row->instrument, (int64_t)LATEST_SHAPES);
	if (status != ASSAY_OK)
		return status;
	if (sqlite3_changes(state->db) > 0)
		forget_instrument(&state->late_latest, row->instrument);
	row->known = true;
	row->due = false;
	return put(state, &state->late_latest, &latest, row, err);
}

int state_late_latest(struct assay_state *state, const struct assay_entry *entry,
	const struct assay_exchange_gist *gist, struct assay_error *err)
{
	struct state_late *late = &state->late_latest;
	struct state_late_latest row = {.shape = gist->shape, .seq = entry->sequence}, *kept;
	const uint32_t *place;

	if (row.shape == 0)
		return ASSAY_OK;
	memcpy(row.instrument, gist->instrument, sizeof row.instrument);
	place = late->room ? find_place(late, &latest, &row) : NULL;
	kept = place && *place ? row_at(late, &latest, *place - 1) : NULL;
	if (!kept || !kept->known)
		return meet(state, entry, &row, err);
	kept->seq = entry->sequence;
	kept->due = true;
	return ASSAY_OK;
}

void state_late_free(struct assay_state *state)
{
	free(state->late_marks.row);
	free(state->late_marks.place);
	free(state->late_latest.row);
	free(state->late_latest.place);
}

int state_late_write(struct assay_state *state, struct assay_error *err)
{
	int status = ASSAY_OK;

	/* In the order they came: of two generations of a line the later one stands. */
	for (uint32_t i = 0; status == ASSAY_OK && i < state->late_marks.count; i++) {
		const struct state_late_mark *mark = row_at(&state->late_marks, &marks, i);

		status = state_run(state, STATE_MARK_LINE, err, "tiii", mark->line, (int64_t)mark->generation,
			(int64_t)mark->id, (int64_t)0);
	}
	for (uint32_t i = 0; status == ASSAY_OK && i < state->late_latest.count; i++) {
		struct state_late_latest *row = row_at(&state->late_latest, &latest, i);

		if (!row->due)
			continue;
		row->due = false;
		status = state_run(
			state, STATE_PUT_LATEST, err, "tii", row->instrument, row->shape, (int64_t)row->seq);
	}
	forget(&state->late_marks);
	return status;
}
