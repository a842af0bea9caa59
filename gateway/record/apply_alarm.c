/* SPDX-License-Identifier: Apache-2.0
 * What went wrong, and what of it somebody has taken note of. */
#include "gateway/record/state_tables.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static int apply_clock(struct assay_state *state, const struct assay_entry *entry, const json_t *body,
	struct assay_error *err)
{
	char zh[120], en[120];
	int64_t step_ms = body_number(body, "step_ms");

	(void)snprintf(zh, sizeof zh, "网关的时钟自己走了 %" PRId64 " ms", step_ms);
	(void)snprintf(en, sizeof en, "the gateway's clock stepped by %" PRId64 " ms", step_ms);
	return state_run(state, STATE_PUT_FAULT, err, "ittti", (int64_t)entry->sequence, "clock-stepped", zh,
		en, entry->wall_ns);
}

static int apply_damage(struct assay_state *state, const json_t *body, struct assay_error *err)
{
	const json_t *one;
	size_t index;
	int status = ASSAY_OK;

	json_array_foreach(json_object_get(body, "entries"), index, one)
	{
		if (status == ASSAY_OK && json_is_integer(one))
			status = state_run(
				state, STATE_PUT_DAMAGED, err, "i", (int64_t)json_integer_value(one));
	}
	return status;
}

int apply_alarm(struct assay_state *state, const struct assay_entry *entry, const json_t *body,
	struct assay_error *err)
{
	int status;

	if (entry->kind == ASSAY_ENTRY_ALARM)
		return state_run(state, STATE_PUT_ALARM_SEEN, err, "tttii", body_text(body, "alarm"),
			body_text(body, "reason"), body_text(body, "who"), entry->wall_ns,
			(int64_t)entry->sequence);
	status = entry->kind == ASSAY_ENTRY_CLOCK
			 ? apply_clock(state, entry, body, err)
			 : state_run(state, STATE_PUT_FAULT, err, "ittti", (int64_t)entry->sequence,
				   body_text(body, "code"), body_text(body, "text_zh"),
				   body_text(body, "text_en"), entry->wall_ns);
	if (status == ASSAY_OK && strcmp(body_text(body, "code"), "journal-quarantined") == 0)
		status = apply_damage(state, body, err);
	return status == ASSAY_OK ? state_run(state, STATE_PRUNE_FAULTS, err, "") : status;
}
