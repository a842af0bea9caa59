/* SPDX-License-Identifier: Apache-2.0
 * Batches, tests, slots, results, verdicts and reviews. What was decided stands in the entry; here it only becomes
 * rows. Bodies: gateway/lab/entries.h. */
#include "gateway/record/sha256.h"
#include "gateway/record/state_tables.h"

#include <stdlib.h>
#include <string.h>

static int put_samples(struct assay_state *state, const struct assay_entry *entry, const json_t *body,
	struct assay_error *err)
{
	const json_t *sample;
	size_t index;
	int status = ASSAY_OK;

	json_array_foreach(json_object_get(body, "samples"), index, sample)
	{
		if (status == ASSAY_OK)
			status = state_run(state, STATE_PUT_SAMPLE, err, "ttttiti",
				body_text(sample, "sample"), body_text(body, "batch"),
				body_text(sample, "role"), body_text(sample, "amount"),
				(int64_t)entry->sequence, body_text(sample, "counted_for"),
				body_number(sample, "container"));
	}
	return status;
}

static int apply_batch(struct assay_state *state, const struct assay_entry *entry, const json_t *body,
	struct assay_error *err)
{
	char *cannot = body_json(body, "cannot_test", "[]");
	int status = cannot ? state_run(state, STATE_PUT_BATCH, err, "ttttttttttittitttttt",
				      body_text(body, "batch"), body_text(body, "product"),
				      body_text(body, "product_zh"), body_text(body, "product_en"),
				      body_text(body, "name"), body_text(body, "producer"),
				      body_text(body, "lot"), body_text(body, "produced"),
				      body_text(body, "amount"), body_text(body, "origin"), entry->wall_ns,
				      body_text(body, "sample"), body_text(body, "who"),
				      (int64_t)entry->sequence, body_text(body, "producer_id"),
				      body_text(body, "card"), cannot, body_text(body, "key"),
				      body_text(body, "request_digest"), body_text(body, "specs_sha256"))
			    : body_no_memory(err);

	free(cannot);
	if (status == ASSAY_OK)
		status = state_run(state, STATE_PUT_HAND, err, "ttt", body_text(body, "batch"),
			body_text(body, "who"), "registered");
	return status == ASSAY_OK ? put_samples(state, entry, body, err) : status;
}

static int put_slots(struct assay_state *state, const struct assay_entry *entry, const json_t *body,
	struct assay_error *err)
{
	const json_t *sheet = json_object_get(body, "sheet"), *slot;
	int64_t replicates = body_number(sheet, "replicates");
	size_t index;
	int status = ASSAY_OK;

	json_array_foreach(json_object_get(sheet, "slots"), index, slot)
	{
		for (int64_t replicate = 1; status == ASSAY_OK && replicate <= replicates; replicate++)
			status = state_run(state, STATE_PUT_SLOT, err, "ttiiiti", body_text(body, "test"),
				body_text(slot, "slot"), replicate, (int64_t)1, (int64_t)index,
				body_text(slot, "unit"), (int64_t)entry->sequence);
	}
	return status;
}

static int apply_test(struct assay_state *state, const struct assay_entry *entry, const json_t *body,
	struct assay_error *err)
{
	char *sheet = body_json(body, "sheet", "{}");
	int status = sheet ? state_run(state, STATE_PUT_TEST, err, "ttittttitt", body_text(body, "test"),
				     body_text(body, "batch"), body_number(body, "position"),
				     body_text(body, "analyte"), body_text(body, "method"),
				     body_text(body, "evidence_instrument"), sheet, (int64_t)entry->sequence,
				     body_text(body, "retest_of"), body_text(body, "rule"))
			   : body_no_memory(err);

	free(sheet);
	return status == ASSAY_OK ? put_slots(state, entry, body, err) : status;
}

static int apply_arm(struct assay_state *state, const struct assay_entry *entry, const json_t *body,
	struct assay_error *err)
{
	char boot[33];
	int status;

	if (json_is_false(json_object_get(body, "armed")))
		return state_run(state, STATE_DISARM_TEST, err, "t", body_text(body, "test"));
	assay_hex(entry->boot, sizeof entry->boot, boot);
	status = state_run(state, STATE_PUT_HAND_OF_TEST, err, "ttt", body_text(body, "test"),
		body_text(body, "who"), "armed");
	if (status == ASSAY_OK)
		status = state_run(state, STATE_DISARM_INSTRUMENT, err, "t", body_text(body, "instrument"));
	if (status != ASSAY_OK)
		return status;
	return state_run(state, STATE_ARM_SLOT, err, "ttiittiiti", body_text(body, "test"),
		body_text(body, "slot"), body_number(body, "replicate"), body_number(body, "ordinal"),
		body_text(body, "instrument"), body_text(body, "channel"), entry->wall_ns,
		(int64_t)entry->mono_ns, boot, (int64_t)entry->sequence);
}

static int64_t number_or(const json_t *body, const char *name, int64_t fallback)
{
	const json_t *member = json_object_get(body, name);

	return json_is_integer(member) ? json_integer_value(member) : fallback;
}

static int apply_fill(struct assay_state *state, const struct assay_entry *entry, const json_t *body,
	struct assay_error *err)
{
	const char *test = body_text(body, "test"), *slot = body_text(body, "slot");
	int64_t replicate = body_number(body, "replicate"), ordinal = body_number(body, "ordinal"),
		exchange = number_or(body, "exchange", -1);
	char boot[33], *calculated = body_json(body, "calculated", "[]");
	int status;

	if (!calculated)
		return body_no_memory(err);
	assay_hex(entry->boot, sizeof entry->boot, boot);
	status = state_run(state, STATE_FILL_SLOT, err, "ttiittttitiiiiti", test, slot, replicate, ordinal,
		body_text(body, "instrument"), body_text(body, "channel"), body_text(body, "value"),
		body_text(body, "unit"), (int64_t)json_is_true(json_object_get(body, "typed")),
		body_text(body, "reason"), exchange, number_or(body, "idx", -1), entry->wall_ns,
		(int64_t)entry->mono_ns, boot, (int64_t)entry->sequence);
	if (status == ASSAY_OK && json_is_true(json_object_get(body, "again")))
		status = state_run(state, STATE_PUT_SLOT, err, "ttiiiti", test, slot, replicate, ordinal + 1,
			number_or(body, "position", 0), body_text(body, "unit"), (int64_t)entry->sequence);
	if (status == ASSAY_OK)
		status = state_run(state, STATE_TEST_TESTING, err, "tt", test, calculated);
	if (status == ASSAY_OK)
		status = state_run(state, STATE_BATCH_TESTING, err, "t", test);
	if (status == ASSAY_OK && json_is_true(json_object_get(body, "typed")))
		status = state_run(
			state, STATE_PUT_HAND_OF_TEST, err, "ttt", test, body_text(body, "who"), "typed");
	if (status == ASSAY_OK && exchange >= 0)
		status = state_run(state, STATE_FATE, err, "it", exchange, "filled");
	free(calculated);
	return status;
}

static int apply_slot(struct assay_state *state, const struct assay_entry *entry, const json_t *body,
	struct assay_error *err)
{
	const char *test = body_text(body, "test"), *slot = body_text(body, "slot");
	int64_t replicate = body_number(body, "replicate"), ordinal = body_number(body, "ordinal");
	char *calculated;
	int status;

	if (strcmp(body_text(body, "action"), "missing") == 0) {
		status = state_run(state, STATE_MISS_CONTAINER, err, "titi", test, replicate,
			body_text(body, "reason"), (int64_t)entry->sequence);
		if (status == ASSAY_OK)
			status = state_run(state, STATE_TEST_BEGUN, err, "t", test);
		if (status == ASSAY_OK)
			status = state_run(state, STATE_BATCH_TESTING, err, "t", test);
		return status == ASSAY_OK ? state_run(state, STATE_PUT_HAND_OF_TEST, err, "ttt", test,
						    body_text(body, "who"), "missed")
					  : status;
	}
	calculated = body_json(body, "calculated", "[]");
	if (!calculated)
		return body_no_memory(err);
	status = state_run(state, STATE_DROP_LATER_SLOTS, err, "ttii", test, slot, replicate, ordinal);
	if (status == ASSAY_OK)
		status = state_run(state, STATE_EMPTY_SLOT, err, "ttiii", test, slot, replicate, ordinal,
			(int64_t)entry->sequence);
	if (status == ASSAY_OK)
		status = state_run(state, STATE_TEST_TESTING, err, "tt", test, calculated);
	if (status == ASSAY_OK)
		status = state_run(
			state, STATE_PUT_HAND_OF_TEST, err, "ttt", test, body_text(body, "who"), "took-back");
	free(calculated);
	return status;
}

static int apply_refused(struct assay_state *state, const json_t *body, struct assay_error *err)
{
	int status = state_run(state, STATE_REFUSE_SLOT, err, "ttiittttii", body_text(body, "test"),
		body_text(body, "slot"), body_number(body, "replicate"), body_number(body, "ordinal"),
		body_text(body, "reason"), body_text(body, "text_zh"), body_text(body, "text_en"), "",
		body_number(body, "exchange"), body_number(body, "idx"));

	if (status == ASSAY_OK)
		status = state_run(state, STATE_FATE, err, "it", body_number(body, "exchange"), "refused");
	return status;
}

static int apply_result(struct assay_state *state, const struct assay_entry *entry, const json_t *body,
	struct assay_error *err)
{
	char *reasons = body_json(body, "reasons", "[]"), *steps = body_json(body, "derivation", "[]"),
	     *evidence = body_json(body, "evidence", "[]"), *method = body_json(body, "method", "{}"),
	     *calculated = body_json(body, "calculated", "[]"),
	     *containers = body_json(body, "containers", "[]");
	int status = ASSAY_ENOMEM;

	if (reasons && steps && evidence && method && calculated && containers) {
		status = state_run(state, STATE_PUT_RESULT, err, "tttttttttit", body_text(body, "result"),
			body_text(body, "test"), body_text(body, "value"), body_text(body, "unit"),
			body_text(body, "exact"), reasons, steps, evidence, method, (int64_t)entry->sequence,
			containers);
		if (status == ASSAY_OK)
			status = state_run(state, STATE_TEST_DONE, err, "ttt", body_text(body, "test"),
				body_text(body, "result"), calculated);
	} else {
		status = body_no_memory(err);
	}
	free(reasons);
	free(steps);
	free(evidence);
	free(method);
	free(calculated);
	free(containers);
	return status;
}

static int apply_verdict(struct assay_state *state, const struct assay_entry *entry, const json_t *body,
	struct assay_error *err)
{
	const char *batch = body_text(body, "batch");
	char *reasons = body_json(body, "reasons", "[]"), *steps = body_json(body, "derivation", "[]"),
	     *source = body_json(body, "source", "{}");
	int status;

	if (!reasons || !steps || !source)
		status = body_no_memory(err);
	else
		status = state_run(state, STATE_PUT_VERDICT, err, "titttttttttttt",
			*batch ? batch : body_text(body, "result"), (int64_t)entry->sequence,
			body_text(body, "verdict"), reasons, body_text(body, "standard"),
			body_text(body, "clause"), body_text(body, "limit"), body_text(body, "compared"),
			body_text(body, "text_zh"), body_text(body, "text_en"), body_text(body, "scope_zh"),
			body_text(body, "scope_en"), steps, source);
	if (status == ASSAY_OK && *batch)
		status = state_run(state, STATE_BATCH_VERDICT, err, "ttit", batch, body_text(body, "verdict"),
			(int64_t)entry->sequence, body_text(body, "status"));
	else if (status == ASSAY_OK)
		status = apply_risk(state, entry, body, err);
	free(reasons);
	free(steps);
	free(source);
	return status;
}

static int apply_review(struct assay_state *state, const struct assay_entry *entry, const json_t *body,
	struct assay_error *err)
{
	const char *batch = body_text(body, "batch"), *action = body_text(body, "action");
	char *whole = json_dumps(body, JSON_COMPACT);
	int status = whole ? state_run(state, STATE_PUT_REVIEW, err, "ittttit", (int64_t)entry->sequence,
				     batch, action, body_text(body, "reason"), body_text(body, "who"),
				     entry->wall_ns, whole)
			   : body_no_memory(err);

	free(whole);
	if (status != ASSAY_OK || strcmp(action, "trail-read") == 0)
		return status;
	status = state_run(state, STATE_PUT_HAND, err, "ttt", batch, body_text(body, "who"),
		strcmp(action, "release") == 0 || strcmp(action, "amend") == 0 ? "released" : "reviewed");
	if (status != ASSAY_OK)
		return status;
	if (strcmp(action, "retest") == 0)
		return state_run(state, STATE_BATCH_RETEST, err, "t", batch);
	status = state_run(state, STATE_BATCH_STATUS, err, "tt", batch, body_text(body, "status"));
	if (status != ASSAY_OK || strcmp(action, "void") != 0)
		return status;
	status = state_run(state, STATE_DISARM_BATCH, err, "t", batch);
	if (status == ASSAY_OK)
		status = apply_risk_void(state, entry, batch, err);
	return status == ASSAY_OK ? state_run(state, STATE_TEST_VOID, err, "t", batch) : status;
}

static int apply_rack(struct assay_state *state, const struct assay_entry *entry, const json_t *body,
	struct assay_error *err)
{
	const char *instrument = body_text(body, "instrument");
	const json_t *place;
	size_t index;
	int status = state_run(state, STATE_CLEAR_RACK, err, "t", instrument);

	json_array_foreach(json_object_get(body, "places"), index, place)
	{
		if (status == ASSAY_OK)
			status = state_run(state, STATE_PUT_RACK, err, "ttttii", instrument,
				body_text(place, "position"), body_text(place, "test"),
				body_text(place, "slot"), number_or(place, "replicate", 1),
				(int64_t)entry->sequence);
	}
	return status;
}

int apply_lab(struct assay_state *state, const struct assay_entry *entry, const json_t *body,
	struct assay_error *err)
{
	switch (entry->kind) {
	case ASSAY_ENTRY_RACK:
		return apply_rack(state, entry, body, err);
	case ASSAY_ENTRY_BATCH:
		return apply_batch(state, entry, body, err);
	case ASSAY_ENTRY_TEST:
		return apply_test(state, entry, body, err);
	case ASSAY_ENTRY_ARM:
		return apply_arm(state, entry, body, err);
	case ASSAY_ENTRY_FILL:
		return apply_fill(state, entry, body, err);
	case ASSAY_ENTRY_SLOT:
		return apply_slot(state, entry, body, err);
	case ASSAY_ENTRY_REFUSED:
		return apply_refused(state, body, err);
	case ASSAY_ENTRY_RESULT:
		return apply_result(state, entry, body, err);
	case ASSAY_ENTRY_VERDICT:
		return apply_verdict(state, entry, body, err);
	default:
		return apply_review(state, entry, body, err);
	}
}
