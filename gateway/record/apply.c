/* SPDX-License-Identifier: Apache-2.0
 * entry -> rows of the state. Depends on the entry and the rows before it alone: no clock, no file, no driver. */
#include "drivers/driver.h"
#include "gateway/record/body.h"
#include "gateway/record/segment.h"
#include "gateway/record/state_tables.h"
#include "gateway/wire/reading_words.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define FLOOD_ENTRIES 2048u /* in one call */
#define FLOOD_PAGES 3000 /* 12 MiB */
#define PRUNE_EXCHANGES_EVERY 256u
#define PRUNE_READINGS_EVERY 65536u /* a multiple of the other */

const char *body_text(const json_t *body, const char *name)
{
	const char *text = json_string_value(json_object_get(body, name));

	return text ? text : "";
}

int64_t body_number(const json_t *body, const char *name)
{
	return json_integer_value(json_object_get(body, name));
}

char *body_json(const json_t *body, const char *name, const char *fallback)
{
	const json_t *member = json_object_get(body, name);

	return member && !json_is_null(member) ? json_dumps(member, JSON_COMPACT | JSON_ENCODE_ANY)
					       : strdup(fallback);
}

int body_no_memory(struct assay_error *err)
{
	return assay_error_set(err, ASSAY_ENOMEM, "out-of-memory", "内存不足", "out of memory");
}

void assay_state_expect(struct assay_state *state, uint64_t sequence)
{
	uint64_t last_prune = sequence / PRUNE_EXCHANGES_EVERY * PRUNE_EXCHANGES_EVERY;

	state->exchanges_from = last_prune > ASSAY_STATE_EXCHANGES ? last_prune - ASSAY_STATE_EXCHANGES : 0;
}

/* Bounded, and at the same sequences whenever the state is made. */
static int prune(struct assay_state *state, uint64_t sequence, struct assay_error *err)
{
	int status = sequence % PRUNE_EXCHANGES_EVERY == 0 ? state_rows_flush(state, err) : ASSAY_OK;

	if (status == ASSAY_OK && sequence % PRUNE_EXCHANGES_EVERY == 0 && sequence > ASSAY_STATE_EXCHANGES)
		status = state_run(
			state, STATE_PRUNE_EXCHANGES, err, "i", (int64_t)(sequence - ASSAY_STATE_EXCHANGES));
	if (status != ASSAY_OK || sequence % PRUNE_READINGS_EVERY != 0 || sequence <= ASSAY_STATE_READINGS)
		return status;
	status = state_late_write(state, err);
	if (status == ASSAY_OK)
		status = state_run(
			state, STATE_PRUNE_READINGS, err, "i", (int64_t)(sequence - ASSAY_STATE_READINGS));
	return status;
}

static int apply_exchange(struct assay_state *state, const struct assay_entry *entry, struct assay_error *err)
{
	struct assay_exchange_gist read;
	const struct assay_exchange_gist *gist = entry->gist;
	int status = ASSAY_OK;
	bool values;

	if (!gist || !gist->known) {
		status = assay_exchange_gist_read(entry->body, entry->body_length, &read, err);
		gist = &read;
	}
	if (status != ASSAY_OK)
		return status;
	values = gist->usable && gist->list_length;
	status = state_late_mark(state, entry->line, gist->generation, gist->id, err);
	if (status == ASSAY_OK)
		status = state_rows_frame(state, entry, gist, entry->sequence >= state->exchanges_from, err);
	if (status == ASSAY_OK && values)
		status = state_rows_readings(state, entry, gist, err);
	if (status == ASSAY_OK && values)
		status = state_late_latest(state, entry, gist, err);
	if (status == ASSAY_OK && (gist->serial[0] || gist->model[0]))
		status = state_run(
			state, STATE_IDENTITY, err, "ttt", gist->instrument, gist->serial, gist->model);
	if (status == ASSAY_OK && gist->serial[0])
		status = state_run(state, STATE_FIRST_SEEN, err, "tti", gist->instrument, gist->serial,
			(int64_t)entry->sequence);
	return status;
}

static int apply_line(struct assay_state *state, const struct assay_entry *entry, const json_t *body,
	struct assay_error *err)
{
	int64_t id = body_number(body, "id");
	bool within = json_is_true(json_object_get(body, "within"));
	int status = state_run(state, STATE_MARK_LINE, err, "tiii", entry->line,
		body_number(body, "generation"), within ? (int64_t)0 : id, id);

	if (status == ASSAY_OK)
		status = state_run(state, STATE_LINE_STATUS, err, "tttttii", entry->line,
			body_text(body, "status"), body_text(body, "code"), body_text(body, "text_zh"),
			body_text(body, "text_en"), entry->wall_ns, (int64_t)entry->sequence);
	return status;
}

static int apply_parsed(struct assay_state *state, const struct assay_entry *entry, struct assay_error *err)
{
	json_t *body = json_loadb(entry->body, entry->body_length, 0, NULL);
	int status = state_rows_flush(state, err);

	if (status == ASSAY_OK)
		status = state_late_write(state, err);
	if (status != ASSAY_OK) {
		json_decref(body);
		return status;
	}
	if (!json_is_object(body)) {
		json_decref(body);
		return assay_error_set(err, ASSAY_EDAMAGED, "journal-damaged",
			"第 %" PRIu64 " 条：正文不是 JSON 对象",
			"entry %" PRIu64 ": its body is no JSON object", entry->sequence);
	}
	switch (entry->kind) {
	case ASSAY_ENTRY_START:
		status = apply_start(state, entry, body, err);
		break;
	case ASSAY_ENTRY_CONFIG:
	case ASSAY_ENTRY_SPEC:
	case ASSAY_ENTRY_SPEC_SET:
	case ASSAY_ENTRY_DRIVER:
		status = apply_config(state, entry, body, err);
		break;
	case ASSAY_ENTRY_LINE:
		status = apply_line(state, entry, body, err);
		break;
	case ASSAY_ENTRY_RACK:
	case ASSAY_ENTRY_BATCH:
	case ASSAY_ENTRY_TEST:
	case ASSAY_ENTRY_ARM:
	case ASSAY_ENTRY_FILL:
	case ASSAY_ENTRY_SLOT:
	case ASSAY_ENTRY_REFUSED:
	case ASSAY_ENTRY_RESULT:
	case ASSAY_ENTRY_VERDICT:
	case ASSAY_ENTRY_REVIEW:
		status = apply_lab(state, entry, body, err);
		break;
	case ASSAY_ENTRY_PERSON:
		status = apply_person(state, entry, body, err);
		break;
	case ASSAY_ENTRY_IDENTITY:
		status = state_run(state, STATE_ACCEPT, err, "ttti", body_text(body, "instrument"),
			body_text(body, "serial"), body_text(body, "was"), (int64_t)entry->sequence);
		break;
	case ASSAY_ENTRY_PRODUCER:
	case ASSAY_ENTRY_INSTRUMENT:
	case ASSAY_ENTRY_PROGRAMME:
	case ASSAY_ENTRY_CARD:
		status = apply_registers(state, entry, body, err);
		break;
	case ASSAY_ENTRY_CONTROL_MATERIAL:
	case ASSAY_ENTRY_CONTROL_RUN:
	case ASSAY_ENTRY_CONTROL_CHART:
	case ASSAY_ENTRY_CONTROL_VERDICT:
	case ASSAY_ENTRY_HOLD:
	case ASSAY_ENTRY_UNCERTAINTY:
	case ASSAY_ENTRY_PROFICIENCY:
	case ASSAY_ENTRY_SPLIT:
		status = apply_quality(state, entry, body, err);
		break;
	case ASSAY_ENTRY_CERTIFICATE:
	case ASSAY_ENTRY_PAPER:
		status = apply_certificate(state, entry, body, err);
		break;
	case ASSAY_ENTRY_FAULT:
	case ASSAY_ENTRY_CLOCK:
	case ASSAY_ENTRY_ALARM:
		status = apply_alarm(state, entry, body, err);
		break;
	default:
		status = ASSAY_OK; /* genesis, stop, and kinds a later version adds */
		break;
	}
	json_decref(body);
	return status;
}

/* Its turn, in a transaction. */
static int begin(struct assay_state *state, const struct assay_entry *entry, struct assay_error *err)
{
	int rc;

	if (entry->sequence != state->applied)
		return assay_error_set(err, ASSAY_EDAMAGED, "state-order",
			"状态要第 %" PRIu64 " 条，来的是第 %" PRIu64 " 条",
			"the state needs entry %" PRIu64 ", entry %" PRIu64 " came", state->applied,
			entry->sequence);
	if (state->open)
		return ASSAY_OK;
	rc = sqlite3_exec(state->db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
	if (rc != SQLITE_OK)
		return assay_sqlite_error(err, state->db, state->path, rc);
	state->open = true;
	return ASSAY_OK;
}

static void applied(struct assay_state *state, const struct assay_entry *entry)
{
	assay_entry_header(entry, state->header);
	state->applied++;
}

int assay_state_pass_over(struct assay_state *state, const struct assay_entry *entry, struct assay_error *err)
{
	int status = begin(state, entry, err);

	if (status == ASSAY_OK)
		status = state_run(state, STATE_PUT_DAMAGED, err, "i", (int64_t)entry->sequence);
	if (status == ASSAY_OK)
		applied(state, entry);
	return status;
}

int assay_state_apply(struct assay_state *state, const struct assay_entry *entry, struct assay_error *err)
{
	int status = begin(state, entry, err);

	if (status == ASSAY_OK)
		status = entry->kind == ASSAY_ENTRY_EXCHANGE ? apply_exchange(state, entry, err)
							     : apply_parsed(state, entry, err);
	if (status == ASSAY_OK)
		status = prune(state, entry->sequence, err);
	if (status == ASSAY_OK)
		applied(state, entry);
	return status;
}

/* Pages of a transaction that may wait in memory for its end; below the size of the cache: that. A thousand instruments
 * have a thousand leaves of the index, and each is needed again before the transaction ends. */
static void spill_beyond(struct assay_state *state, int pages)
{
	char pragma[40];

	(void)snprintf(pragma, sizeof pragma, "PRAGMA cache_spill=%d", pages);
	(void)sqlite3_exec(state->db, pragma, NULL, NULL, NULL); /* a hint */
}

int assay_state_apply_all(
	struct assay_state *state, const struct assay_entry entries[], size_t count, struct assay_error *err)
{
	int status = ASSAY_OK;

	if (count >= FLOOD_ENTRIES)
		spill_beyond(state, FLOOD_PAGES);
	state->gathers = true;
	for (size_t i = 0; i < count && status == ASSAY_OK; i++)
		status = assay_state_apply(state, &entries[i], err);
	if (status == ASSAY_OK)
		status = state_rows_flush(state, err);
	state->gathers = false;
	state_rows_forget(state); /* on failure */
	if (count >= FLOOD_ENTRIES)
		spill_beyond(state, 1);
	return status;
}
