/* SPDX-License-Identifier: Apache-2.0
 * Controls, their charts, and the results they hold. What was decided stands in the entry; here it only becomes rows.
 * Bodies: gateway/lab/control.h. */
#include "gateway/record/state_tables.h"

#include <stdlib.h>
#include <string.h>

static int apply_material(struct assay_state *state, const struct assay_entry *entry, const json_t *body,
	struct assay_error *err)
{
	const json_t *row = json_object_get(body, "row");
	char *text = body_json(body, "row", "{}");
	int status =
		text ? state_run(state, STATE_PUT_MATERIAL, err, "ttitttii", body_text(body, "material"),
			       body_text(row, "kind"), body_number(row, "level"), body_text(row, "method"),
			       body_text(body, "status"), text, entry->wall_ns, (int64_t)entry->sequence)
		     : body_no_memory(err);

	free(text);
	return status;
}

static int apply_run(struct assay_state *state, const struct assay_entry *entry, const json_t *body,
	struct assay_error *err)
{
	const char *run = body_text(body, "run");
	const json_t *control;
	size_t index;
	int status = state_run(state, STATE_PUT_CONTROL_RUN, err, "ttttttii", run, body_text(body, "method"),
		body_text(body, "instrument"), body_text(body, "kind"), body_text(body, "next_due"),
		body_text(body, "who"), entry->wall_ns, (int64_t)entry->sequence);

	json_array_foreach(json_object_get(body, "controls"), index, control)
	{
		if (status == ASSAY_OK)
			status = state_run(state, STATE_PUT_CONTROL, err, "tttittti",
				body_text(control, "test"), run, body_text(control, "material"),
				body_number(control, "level"), body_text(control, "of"),
				body_text(control, "added"), body_text(control, "unit"),
				(int64_t)entry->sequence);
	}
	return status;
}

static int64_t truth(const json_t *body, const char *name)
{
	return json_is_true(json_object_get(body, name));
}

static int apply_verdict(struct assay_state *state, const struct assay_entry *entry, const json_t *body,
	struct assay_error *err)
{
	const char *run = body_text(body, "run"), *check = body_text(body, "check");
	char *whole = json_dumps(body, JSON_COMPACT);
	const json_t *control;
	size_t index;
	int status = whole ? state_run(state, STATE_JUDGE_CONTROL_RUN, err, "ttiiti", run,
				     body_text(body, "state"), truth(body, "holds"),
				     body_number(body, "measured_ns"), whole, (int64_t)entry->sequence)
			   : body_no_memory(err);

	free(whole);
	json_array_foreach(json_object_get(body, "controls"), index, control)
	{
		if (status == ASSAY_OK)
			status = state_run(state, STATE_JUDGE_CONTROL, err, "ttiiiiii",
				body_text(control, "test"), body_text(control, "value"),
				truth(control, "usable"), truth(control, "charted"),
				body_number(control, "side"), body_number(control, "beyond"),
				body_number(control, "z_hundredths"), truth(control, "restart"));
	}
	if (status == ASSAY_OK && *check)
		status = state_run(state, STATE_PUT_INSTRUMENT_CHECK, err, "titi", run,
			(int64_t)entry->sequence, check, entry->wall_ns);
	return status;
}

static int apply_chart(struct assay_state *state, const struct assay_entry *entry, const json_t *body,
	struct assay_error *err)
{
	char *whole = json_dumps(body, JSON_COMPACT);
	int status =
		whole ? state_run(state, STATE_PUT_CHART, err, "ttittiitti", body_text(body, "material"),
				body_text(body, "instrument"), (int64_t)entry->sequence,
				body_text(body, "mean"), body_text(body, "variance"), body_number(body, "n"),
				truth(body, "relative"), whole, body_text(body, "who"), entry->wall_ns)
		      : body_no_memory(err);

	free(whole);
	return status;
}

static int open_hold(struct assay_state *state, const struct assay_entry *entry, const json_t *body,
	struct assay_error *err)
{
	char *whole = json_dumps(body, JSON_COMPACT);
	int status =
		whole ? state_run(state, STATE_OPEN_HOLD, err, "tttittttii", body_text(body, "hold"),
				body_text(body, "method"), body_text(body, "instrument"),
				body_number(body, "after"), body_text(body, "run"), body_text(body, "rule"),
				body_text(body, "reason"), whole, entry->wall_ns, (int64_t)entry->sequence)
		      : body_no_memory(err);

	free(whole);
	return status;
}

static int apply_hold(struct assay_state *state, const struct assay_entry *entry, const json_t *body,
	struct assay_error *err)
{
	const char *status_word = body_text(body, "status"), *hold = body_text(body, "hold");
	bool open = strcmp(status_word, "open") == 0;
	int status = open ? open_hold(state, entry, body, err)
			  : state_run(state, STATE_CHANGE_HOLD, err, "tttttii", hold, status_word,
				    body_text(body, "cause"), body_text(body, "action"),
				    body_text(body, "who"), entry->wall_ns, (int64_t)entry->sequence);

	if (status == ASSAY_OK && (open || strcmp(status_word, "released") == 0))
		status = apply_risk_hold(state, entry, hold, err);
	return status;
}

static int apply_split(struct assay_state *state, const struct assay_entry *entry, const json_t *body,
	struct assay_error *err)
{
	return state_run(state, STATE_PUT_SPLIT, err, "titttttttttitti", body_text(body, "test"),
		(int64_t)entry->sequence, body_text(body, "batch"), body_text(body, "producer"),
		body_text(body, "method"), body_text(body, "value"), body_text(body, "unit"),
		body_text(body, "uncertainty"), body_text(body, "coverage"), body_text(body, "date"),
		body_text(body, "note"), (int64_t)json_is_true(json_object_get(body, "blind")),
		body_text(body, "reason"), body_text(body, "who"), entry->wall_ns);
}

int apply_quality(struct assay_state *state, const struct assay_entry *entry, const json_t *body,
	struct assay_error *err)
{
	char *whole;
	int status;

	switch (entry->kind) {
	case ASSAY_ENTRY_CONTROL_MATERIAL:
		return apply_material(state, entry, body, err);
	case ASSAY_ENTRY_CONTROL_RUN:
		return apply_run(state, entry, body, err);
	case ASSAY_ENTRY_CONTROL_CHART:
		return apply_chart(state, entry, body, err);
	case ASSAY_ENTRY_CONTROL_VERDICT:
		return apply_verdict(state, entry, body, err);
	case ASSAY_ENTRY_HOLD:
		return apply_hold(state, entry, body, err);
	case ASSAY_ENTRY_SPLIT:
		return apply_split(state, entry, body, err);
	default:
		break;
	}
	whole = json_dumps(body, JSON_COMPACT);
	if (!whole)
		return body_no_memory(err);
	status = entry->kind == ASSAY_ENTRY_UNCERTAINTY
			 ? state_run(state, STATE_PUT_UNCERTAINTY, err, "titti", body_text(body, "method"),
				   (int64_t)entry->sequence, whole, body_text(body, "who"), entry->wall_ns)
			 : state_run(state, STATE_PUT_PROFICIENCY, err, "ittti", (int64_t)entry->sequence,
				   body_text(body, "method"), whole, body_text(body, "who"), entry->wall_ns);
	free(whole);
	return status;
}
