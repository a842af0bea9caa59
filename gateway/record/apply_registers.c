/* SPDX-License-Identifier: Apache-2.0
 * Registers and the ledger of free tests. What an entry adds to a sum stands in the entry; nothing is worked out
 * here. Bodies: gateway/lab/entries.h. */
#include "gateway/record/state_tables.h"

#include <stdlib.h>
#include <string.h>

static int apply_producer(struct assay_state *state, const struct assay_entry *entry, const json_t *body,
	struct assay_error *err)
{
	const char *id = body_text(body, "producer");
	char *row = body_json(body, "row", "{}");
	const json_t *fields = json_object_get(body, "row");
	int status =
		row ? state_run(state, STATE_PUT_PRODUCER, err, "ttttii", id, body_text(fields, "name"),
			      body_text(fields, "licence"), row, entry->wall_ns, (int64_t)entry->sequence)
		    : body_no_memory(err);

	if (status == ASSAY_OK)
		status = state_run(state, STATE_PUT_PRODUCER_VERSION, err, "tittti", id,
			(int64_t)entry->sequence, row, body_text(body, "reason"), body_text(body, "who"),
			entry->wall_ns);
	free(row);
	return status;
}

static int apply_instrument(struct assay_state *state, const struct assay_entry *entry, const json_t *body,
	struct assay_error *err)
{
	const char *id = body_text(body, "instrument");
	char *users;
	int status;

	if (strcmp(body_text(body, "action"), "calibrate") == 0) {
		status = state_run(state, STATE_PUT_CALIBRATION, err, "tittttttti", id,
			(int64_t)entry->sequence, body_text(body, "certificate"),
			body_text(body, "laboratory"), body_text(body, "calibrated"), body_text(body, "due"),
			body_text(body, "outcome"), body_text(body, "reason"), body_text(body, "who"),
			entry->wall_ns);
		return status == ASSAY_OK ? state_run(state, STATE_CALIBRATED_UNTIL, err, "tt", id,
						    body_text(body, "due"))
					  : status;
	}
	users = body_json(body, "users", "[]");
	status = users ? state_run(state, STATE_PUT_INSTRUMENT_USE, err, "tttttii", id,
				 body_text(body, "location"), users, body_text(body, "reason"),
				 body_text(body, "who"), entry->wall_ns, (int64_t)entry->sequence)
		       : body_no_memory(err);
	free(users);
	return status;
}

static int apply_programme(struct assay_state *state, const struct assay_entry *entry, const json_t *body,
	struct assay_error *err)
{
	const json_t *row = json_object_get(body, "row");
	char *prices = body_json(body, "prices", "[]");
	int status = prices ? state_run(state, STATE_PUT_PROGRAMME, err, "tttiiittttii",
				      body_text(body, "programme"), body_text(row, "name_zh"),
				      body_text(row, "name_en"), body_number(row, "tests"),
				      body_number(row, "producers"), body_number(row, "alarm_at"),
				      body_text(row, "valid_until"), prices, body_text(body, "reason"),
				      body_text(body, "who"), entry->wall_ns, (int64_t)entry->sequence)
			    : body_no_memory(err);

	free(prices);
	return status;
}

static int apply_card(struct assay_state *state, const struct assay_entry *entry, const json_t *body,
	struct assay_error *err)
{
	const char *card = body_text(body, "card"), *programme = body_text(body, "programme"),
		   *action = body_text(body, "action");
	int64_t issued = body_number(body, "issued"), used = body_number(body, "used"),
		saved_fen = body_number(body, "saved_fen"), seq = (int64_t)entry->sequence;
	int status = state_run(state, STATE_PUT_CARD, err, "ttttii", card, programme,
		body_text(body, "producer"), body_text(body, "valid_until"), entry->wall_ns, seq);

	if (status == ASSAY_OK)
		status = state_run(state, STATE_PUT_LEDGER, err, "ittttiitiitti", seq, programme, card,
			body_text(body, "producer"), action, issued, used, body_text(body, "batch"),
			saved_fen, body_number(body, "unpriced"), body_text(body, "reason"),
			body_text(body, "who"), entry->wall_ns);
	if (status == ASSAY_OK)
		status = state_run(
			state, STATE_ADD_TO_PROGRAMME, err, "tiii", programme, issued, used, saved_fen);
	if (status == ASSAY_OK)
		status = state_run(state, STATE_ADD_TO_CARD, err, "tiiti", card, issued, used, action, seq);
	return status;
}

int apply_registers(struct assay_state *state, const struct assay_entry *entry, const json_t *body,
	struct assay_error *err)
{
	switch (entry->kind) {
	case ASSAY_ENTRY_PRODUCER:
		return apply_producer(state, entry, body, err);
	case ASSAY_ENTRY_INSTRUMENT:
		return apply_instrument(state, entry, body, err);
	case ASSAY_ENTRY_PROGRAMME:
		return apply_programme(state, entry, body, err);
	default:
		return apply_card(state, entry, body, err);
	}
}
