/* SPDX-License-Identifier: Apache-2.0
 * What the laboratory has, as lab.xml, the specs and the plugins said at each start. */
#include "gateway/record/sha256.h"
#include "gateway/record/state_tables.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Another supervisor numbers its hosts from the beginning: the marks of the one before mean nothing to it. */
int apply_start(struct assay_state *state, const struct assay_entry *entry, const json_t *body,
	struct assay_error *err)
{
	char boot[33], now[128], before[128];
	int status = assay_state_meta(state, "supervisor", before, sizeof before, err);

	assay_hex(entry->boot, sizeof entry->boot, boot);
	(void)snprintf(now, sizeof now, "%s %s", boot, body_text(body, "supervisor"));
	if (status == ASSAY_OK && strcmp(now, before) != 0) {
		status = state_run(state, STATE_RESET_MARKS, err, "");
		if (status == ASSAY_OK)
			status = state_run(state, STATE_PUT_META, err, "tt", "supervisor", now);
	}
	return status;
}

static int put_channel(struct assay_state *state, const struct assay_entry *entry, const char *instrument,
	size_t position, const json_t *channel, struct assay_error *err)
{
	return state_run(state, STATE_PUT_CHANNEL, err, "ttittttti", instrument,
		body_text(channel, "channel"), (int64_t)position, body_text(channel, "name_zh"),
		body_text(channel, "name_en"), body_text(channel, "low"), body_text(channel, "high"),
		body_text(channel, "unit"), (int64_t)entry->sequence);
}

static int put_instrument(struct assay_state *state, const struct assay_entry *entry, const char *line,
	size_t position, const json_t *instrument, struct assay_error *err)
{
	const char *id = body_text(instrument, "instrument");
	const json_t *channel;
	size_t index;
	int status = state_run(state, STATE_PUT_INSTRUMENT, err, "ttitttttttttiii", id, line,
		(int64_t)position, body_text(instrument, "driver"), body_text(instrument, "driver_sha256"),
		body_text(instrument, "spec"), body_text(instrument, "name_zh"),
		body_text(instrument, "name_en"), body_text(instrument, "model"),
		body_text(instrument, "serial"), body_text(instrument, "calibrated_until"),
		body_text(instrument, "location"), body_number(instrument, "needed_ms"),
		(int64_t)entry->sequence, body_number(instrument, "every_ms"));

	json_array_foreach(json_object_get(instrument, "channels"), index, channel)
	{
		if (status != ASSAY_OK)
			break;
		status = put_channel(state, entry, id, index, channel, err);
	}
	return status;
}

static int put_line(struct assay_state *state, const struct assay_entry *entry, size_t position,
	const json_t *line, struct assay_error *err)
{
	const char *id = body_text(line, "line");
	const json_t *instrument;
	size_t index;
	int status = state_run(state, STATE_PUT_LINE, err, "tittttttii", id, (int64_t)position,
		body_text(line, "transport"), body_text(line, "address"), body_text(line, "name_zh"),
		body_text(line, "name_en"), body_text(line, "settings"),
		json_is_true(json_object_get(line, "disabled")) ? "disabled" : "opening", entry->wall_ns,
		(int64_t)entry->sequence);

	json_array_foreach(json_object_get(line, "instruments"), index, instrument)
	{
		if (status != ASSAY_OK)
			break;
		status = put_instrument(state, entry, id, index, instrument, err);
	}
	return status;
}

/* Which methods have to have a control, and how often. */
static int put_control_needs(struct assay_state *state, const json_t *body, struct assay_error *err)
{
	const json_t *need;
	size_t index;
	int status = state_run(state, STATE_CLEAR_CONTROL_NEEDS, err, "");

	json_array_foreach(json_object_get(body, "controls"), index, need)
	{
		if (status == ASSAY_OK)
			status = state_run(state, STATE_PUT_CONTROL_NEED, err, "tii",
				body_text(need, "method"), body_number(need, "hours"),
				body_number(need, "results"));
	}
	return status;
}

/* What is no longer named goes; what stays keeps its last values. */
static int apply_lab_xml(struct assay_state *state, const struct assay_entry *entry, const json_t *body,
	struct assay_error *err)
{
	static const enum state_statement before[] = {
		STATE_CLEAR_LINES, STATE_CLEAR_INSTRUMENTS, STATE_CLEAR_CHANNELS};
	static const enum state_statement after[] = {
		STATE_DROP_LINES, STATE_DROP_INSTRUMENTS, STATE_DROP_CHANNELS, STATE_DROP_LATEST};
	/* what the laboratory's own papers and decisions need */
	static const char *const kept[] = {
		"name_zh", "name_en", "address", "contact", "check", "unverified", "decision"};
	const json_t *line;
	size_t index;
	int status = ASSAY_OK;

	for (size_t i = 0; status == ASSAY_OK && i < sizeof before / sizeof *before; i++)
		status = state_run(state, before[i], err, "");
	json_array_foreach(json_object_get(body, "lines"), index, line)
	{
		if (status != ASSAY_OK)
			break;
		status = put_line(state, entry, index, line, err);
	}
	for (size_t i = 0; status == ASSAY_OK && i < sizeof after / sizeof *after; i++)
		status = state_run(state, after[i], err, "");
	state_late_forget(state); /* written before: channels it knows may be gone */
	if (status == ASSAY_OK)
		status = put_control_needs(state, body, err);
	if (status == ASSAY_OK)
		status = state_run(state, STATE_PUT_META, err, "tt", "config", body_text(body, "digest"));
	for (size_t i = 0; status == ASSAY_OK && i < sizeof kept / sizeof *kept; i++)
		status = state_run(state, STATE_PUT_META, err, "tt", kept[i], body_text(body, kept[i]));
	return status;
}

/* serial: of the signed bundle now, and the newest there ever was. */
static int put_serial(struct assay_state *state, const json_t *body, struct assay_error *err)
{
	int64_t serial = body_number(body, "serial");
	char text[24], newest[24];
	int status = assay_state_meta(state, "specs_newest", newest, sizeof newest, err);

	(void)snprintf(text, sizeof text, "%" PRId64, serial);
	if (status == ASSAY_OK)
		status = state_run(state, STATE_PUT_META, err, "tt", "specs_serial", text);
	if (status == ASSAY_OK && serial > strtoll(newest, NULL, 10))
		status = state_run(state, STATE_PUT_META, err, "tt", "specs_newest", text);
	return status;
}

static int apply_spec_set(struct assay_state *state, const struct assay_entry *entry, const json_t *body,
	struct assay_error *err)
{
	char *files = body_json(body, "files", "{}");
	int status =
		files ? state_run(state, STATE_PUT_SPEC_SET, err, "titii", body_text(body, "sha256"),
				body_number(body, "serial"), files, entry->wall_ns, (int64_t)entry->sequence)
		      : body_no_memory(err);

	free(files);
	if (status == ASSAY_OK)
		status = put_serial(state, body, err);
	return status == ASSAY_OK
		       ? state_run(state, STATE_PUT_META, err, "tt", "specs", body_text(body, "sha256"))
		       : status;
}

int apply_config(struct assay_state *state, const struct assay_entry *entry, const json_t *body,
	struct assay_error *err)
{
	if (entry->kind == ASSAY_ENTRY_CONFIG)
		return apply_lab_xml(state, entry, body, err);
	if (entry->kind == ASSAY_ENTRY_SPEC)
		return state_run(state, STATE_PUT_SPEC, err, "tti", body_text(body, "path"),
			body_text(body, "sha256"), (int64_t)entry->sequence);
	if (entry->kind == ASSAY_ENTRY_SPEC_SET)
		return apply_spec_set(state, entry, body, err);
	return state_run(state, STATE_PUT_DRIVER, err, "ttti", body_text(body, "name"),
		body_text(body, "version"), body_text(body, "sha256"), (int64_t)entry->sequence);
}
