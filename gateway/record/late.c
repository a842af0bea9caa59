/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/record/state_tables.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROOM_MIN 64u

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

static uint32_t hash_value(const void *row)
{
	const struct state_late_value *value = row;

	return hash_text(hash_text(2166136261u, value->instrument), value->channel);
}

static bool same_mark(const void *a, const void *b)
{
	const struct state_late_mark *left = a, *right = b;

	return left->generation == right->generation && strcmp(left->line, right->line) == 0;
}

static bool same_value(const void *a, const void *b)
{
	const struct state_late_value *left = a, *right = b;

	return strcmp(left->instrument, right->instrument) == 0 && strcmp(left->channel, right->channel) == 0;
}

struct kind {
	size_t size;
	uint32_t (*hash)(const void *row);
	bool (*same)(const void *a, const void *b);
};

static const struct kind marks = {sizeof(struct state_late_mark), hash_mark, same_mark},
			 values = {sizeof(struct state_late_value), hash_value, same_value};

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

/* The later one stands. */
static int put(struct assay_state *state, struct state_late *late, const struct kind *kind, const void *row,
	struct assay_error *err)
{
	uint32_t *place = late->room ? find_place(late, kind, row) : NULL;
	int status = ASSAY_OK;

	if (!place || (!*place && late->count == late->room)) {
		if (late->count == STATE_LATE_MAX)
			status = state_late_write(state, err);
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

	(void)snprintf(mark.line, sizeof mark.line, "%s", line);
	return put(state, &state->late_marks, &marks, &mark, err);
}

int state_late_value(struct assay_state *state, const struct state_late_value *value, struct assay_error *err)
{
	return put(state, &state->late_values, &values, value, err);
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
	forget(&state->late_values);
}

void state_late_free(struct assay_state *state)
{
	free(state->late_marks.row);
	free(state->late_marks.place);
	free(state->late_values.row);
	free(state->late_values.place);
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
	for (uint32_t i = 0; status == ASSAY_OK && i < state->late_values.count; i++) {
		const struct state_late_value *value = row_at(&state->late_values, &values, i);

		status = state_run(state, STATE_CHANNEL_VALUE, err, "ttttitiii", value->instrument,
			value->channel, value->value, value->unit, value->flags, value->reason,
			value->wall_ns, value->seq, value->idx);
	}
	state_late_forget(state);
	return status;
}
