/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/record/state_tables.h"

#include <stdio.h>
#include <string.h>

int state_late_mark(struct assay_state *state, const char *line, uint32_t generation, uint64_t id,
	struct assay_error *err)
{
	struct state_late_mark *mark;
	int status = ASSAY_OK;

	for (unsigned i = 0; i < state->late_marks; i++) {
		mark = &state->late_mark[i];
		if (mark->generation == generation && strcmp(mark->line, line) == 0) {
			mark->id = id;
			return ASSAY_OK;
		}
	}
	if (state->late_marks == STATE_LATE_MAX)
		status = state_late_write(state, err);
	if (status != ASSAY_OK)
		return status;
	mark = &state->late_mark[state->late_marks++];
	(void)snprintf(mark->line, sizeof mark->line, "%s", line);
	mark->generation = generation;
	mark->id = id;
	return ASSAY_OK;
}

int state_late_value(struct assay_state *state, const struct state_late_value *value, struct assay_error *err)
{
	int status = ASSAY_OK;

	for (unsigned i = 0; i < state->late_values; i++)
		if (strcmp(state->late_value[i].instrument, value->instrument) == 0 &&
			strcmp(state->late_value[i].channel, value->channel) == 0) {
			state->late_value[i] = *value;
			return ASSAY_OK;
		}
	if (state->late_values == STATE_LATE_MAX)
		status = state_late_write(state, err);
	if (status == ASSAY_OK)
		state->late_value[state->late_values++] = *value;
	return status;
}

int state_late_write(struct assay_state *state, struct assay_error *err)
{
	int status = ASSAY_OK;

	/* In the order they came: of two generations of a line the later one stands. */
	for (unsigned i = 0; status == ASSAY_OK && i < state->late_marks; i++) {
		const struct state_late_mark *mark = &state->late_mark[i];

		status = state_run(state, STATE_MARK_LINE, err, "tiii", mark->line, (int64_t)mark->generation,
			(int64_t)mark->id, (int64_t)0);
	}
	for (unsigned i = 0; status == ASSAY_OK && i < state->late_values; i++) {
		const struct state_late_value *value = &state->late_value[i];

		status = state_run(state, STATE_CHANNEL_VALUE, err, "ttttitiii", value->instrument,
			value->channel, value->value, value->unit, value->flags, value->reason,
			value->wall_ns, value->seq, value->idx);
	}
	state->late_marks = state->late_values = 0;
	return status;
}
