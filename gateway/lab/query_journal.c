/* SPDX-License-Identifier: Apache-2.0
 * Entries of the journal, and the way from a result back to its bytes. */
#include "gateway/lab/entries.h"
#include "gateway/lab/query.h"
#include "gateway/lab/query_row.h"
#include "gateway/record/events.h"
#include "gateway/record/journal_reader.h"
#include "gateway/record/sha256.h"
#include "gateway/wire/channel.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define ANSWER_BYTES_MAX (8u * 1024u * 1024u) /* bodies and raw bytes of one answer */

static json_t *entry_json(const struct assay_entry *entry, const uint8_t leaf[ASSAY_HASH_SIZE])
{
	char at[32], boot[33], hex[2 * ASSAY_HASH_SIZE + 1];
	json_t *body = json_loadb(entry->body, entry->body_length, JSON_DECODE_ANY, NULL);

	assay_hex(entry->boot, sizeof entry->boot, boot);
	assay_hex(leaf, ASSAY_HASH_SIZE, hex);
	return json_pack("{s:I,s:s,s:s,s:I,s:s,s:s,s:o,s:s,s:I}", "seq", (json_int_t)entry->sequence, "kind",
		assay_entry_kind_name(entry->kind), "at", query_time(entry->wall_ns, at), "mono_ns",
		(json_int_t)entry->mono_ns, "boot", boot, "line", entry->line, "body",
		body ? body : json_null(), "leaf", hex, "raw_length", (json_int_t)entry->raw_length);
}

struct collect {
	json_t *list;
	bool raw;
	size_t bytes;
};

static int collect_entry(void *context, const struct assay_entry *entry, const uint8_t leaf[ASSAY_HASH_SIZE])
{
	struct collect *collect = context;
	json_t *one = entry_json(entry, leaf);

	if (one && collect->raw)
		(void)json_object_set_new(one, "raw", query_hex(entry->raw, entry->raw_length));
	if (!one || json_array_append_new(collect->list, one) != 0)
		return ASSAY_ENOMEM;
	collect->bytes += entry->body_length + (collect->raw ? 2 * entry->raw_length : 0);
	return collect->bytes > ANSWER_BYTES_MAX
		       ? 1
		       : 0; /* enough for one answer: the next one begins after it */
}

json_t *assay_query_journal(const char *dir, uint64_t from, unsigned limit, bool raw, struct assay_error *err)
{
	struct collect collect = {.list = json_array(), .raw = raw};
	struct assay_reader *reader = NULL;
	int status =
		collect.list ? assay_reader_open(dir, ASSAY_READ_LIVE, &reader, err) : lab_no_memory(err);

	if (status == ASSAY_OK)
		status = assay_reader_each(reader, from, limit, collect_entry, &collect, err);
	assay_reader_close(reader);
	if (status == ASSAY_ENOMEM)
		(void)lab_no_memory(err);
	if (status >= 0)
		return collect.list;
	json_decref(collect.list);
	return NULL;
}

static json_t *events_json(const struct assay_entry *entry)
{
	static const char *const names[] = {
		"?", "tx", "rx", "gap", "timeout", "line-error", "reset", "hangup"};
	json_t *list = json_array();
	struct assay_event event;
	size_t at = 0;

	while (assay_event_next(entry->raw, entry->raw_length, &at, &event) == 1)
		(void)json_array_append_new(list,
			json_pack("{s:s,s:I,s:o}", "direction", names[event.direction], "at_ns",
				(json_int_t)event.mono_ns, "hex", query_hex(event.bytes, event.length)));
	return list;
}

static json_t *received_json(const struct assay_entry *entry)
{
	size_t length = 0;
	uint8_t *bytes;
	json_t *hex;

	if (assay_events_received(entry->raw, entry->raw_length, NULL, 0, &length) != ASSAY_OK)
		return json_string("");
	bytes = malloc(length ? length : 1);
	if (!bytes)
		return NULL;
	if (assay_events_received(entry->raw, entry->raw_length, bytes, length, &length) != ASSAY_OK)
		length = 0;
	hex = query_hex(bytes, length);
	free(bytes);
	return hex;
}

struct found {
	json_t *exchange; /* of the entry asked for */
	struct assay_exchange *body;
};

static int take_exchange(void *context, const struct assay_entry *entry, const uint8_t leaf[ASSAY_HASH_SIZE])
{
	struct found *found = context;

	if (entry->kind != ASSAY_ENTRY_EXCHANGE ||
		assay_exchange_body_read(entry->body, entry->body_length, found->body, NULL) != ASSAY_OK)
		return ASSAY_EDAMAGED;
	found->exchange = entry_json(entry, leaf);
	if (!found->exchange)
		return ASSAY_ENOMEM;
	(void)json_object_set_new(found->exchange, "events", events_json(entry));
	(void)json_object_set_new(found->exchange, "received", received_json(entry));
	return ASSAY_OK;
}

struct fill_entry {
	json_t *body;
};

static int take_body(void *context, const struct assay_entry *entry, const uint8_t leaf[ASSAY_HASH_SIZE])
{
	struct fill_entry *fill = context;

	(void)leaf;
	fill->body = json_loadb(entry->body, entry->body_length, 0, NULL);
	return fill->body ? ASSAY_OK : ASSAY_EDAMAGED;
}

static void add_positions(json_t *reading, const struct assay_exchange *exchange, json_int_t index)
{
	const struct assay_end_reading *row;

	if (index < 0 || index >= (json_int_t)exchange->end.readings)
		return;
	row = &exchange->reading[index];
	(void)json_object_set_new(reading, "frame_at", json_integer(row->frame_at));
	(void)json_object_set_new(reading, "frame_length", json_integer(row->frame_length));
	(void)json_object_set_new(reading, "value_at", json_integer(row->value_at));
	(void)json_object_set_new(reading, "value_length", json_integer(row->value_length));
	(void)json_object_set_new(reading, "unit_at", json_integer(row->unit_at));
	(void)json_object_set_new(reading, "unit_length", json_integer(row->unit_length));
}

static json_t *driver_json(sqlite3 *state, const json_t *fill, struct assay_error *err)
{
	json_t *list = query_list(state,
		query_prepare(state, err, "SELECT version FROM driver WHERE name=?1 AND sha256=?2", "tt",
			lab_text(fill, "driver"), lab_text(fill, "driver_sha256")),
		err);
	json_t *driver = list ? json_pack("{s:s,s:s,s:s}", "name", lab_text(fill, "driver"), "version",
					lab_text(json_array_get(list, 0), "version"), "sha256",
					lab_text(fill, "driver_sha256"))
			      : NULL;

	json_decref(list);
	return driver;
}

/* One reading of the result: how the slot was filled, and from which exchange. row is changed. */
static int trace_reading(sqlite3 *state, struct assay_reader *reader, json_t *row, struct assay_error *err)
{
	struct fill_entry fill = {NULL};
	struct found found = {NULL, calloc(1, sizeof *found.body)};
	json_int_t exchange =
		json_object_get(row, "exchange") ? json_integer_value(json_object_get(row, "exchange")) : -1;
	int status = found.body ? assay_reader_each(reader,
					  (uint64_t)json_integer_value(json_object_get(row, "fill")), 1,
					  take_body, &fill, err)
				: lab_no_memory(err);

	if (status == ASSAY_OK && exchange >= 0)
		status = assay_reader_each(reader, (uint64_t)exchange, 1, take_exchange, &found, err);
	if (status == ASSAY_OK) {
		(void)json_object_set_new(row, "exchange", found.exchange ? found.exchange : json_null());
		(void)json_object_set_new(row, "instrument", json_string(lab_text(fill.body, "instrument")));
		(void)json_object_set_new(row, "serial", json_string(lab_text(fill.body, "serial")));
		(void)json_object_set_new(row, "reason", json_string(lab_text(fill.body, "reason")));
		(void)json_object_set_new(row, "who", json_string(lab_text(fill.body, "who")));
		if (exchange >= 0) {
			add_positions(row, found.body, json_integer_value(json_object_get(row, "idx")));
			(void)json_object_set_new(row, "driver", driver_json(state, fill.body, err));
		}
	}
	json_decref(fill.body);
	free(found.body);
	return status;
}

static json_t *limit_json(const json_t *verdict)
{
	const json_t *source = json_object_get(verdict, "source");

	if (!*lab_text(verdict, "standard"))
		return json_null();
	return json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:O*}", "standard", lab_text(verdict, "standard"),
		"clause", lab_text(verdict, "clause"), "text", lab_text(verdict, "limit"), "source",
		lab_text(source, "source"), "confidence", lab_text(source, "confidence"), "file",
		lab_text(source, "file"), "sha256", lab_text(source, "sha256"), "line",
		json_object_get(source, "line"));
}

/* Steps of the result, then of its verdict. */
static json_t *steps_json(const json_t *result, const json_t *verdict)
{
	json_t *steps = json_array();

	(void)json_array_extend(steps, json_object_get(result, "derivation"));
	(void)json_array_extend(steps, json_object_get(verdict, "derivation"));
	return steps;
}

static json_t *find_verdict(sqlite3 *state, const char *result, struct assay_error *err)
{
	json_t *list = query_list(state,
		query_prepare(state, err,
			"SELECT verdict, standard, clause, limit_text AS \"limit\", derivation AS "
			"\"{derivation\","
			" source AS \"{source\" FROM verdict WHERE subject=?1 ORDER BY seq DESC LIMIT 1",
			"t", result),
		err);
	json_t *verdict = NULL;

	if (list)
		verdict = json_array_size(list) ? json_incref(json_array_get(list, 0)) : json_object();
	json_decref(list);
	return verdict;
}

json_t *assay_query_trace(sqlite3 *state, const char *dir, const char *id, struct assay_error *err)
{
	json_t *result = query_one(state,
		query_prepare(state, err,
			"SELECT test, method AS \"{method\", derivation AS \"{derivation\", seq FROM result "
			"WHERE id=?1",
			"t", id),
		"result-unknown", id, err);
	json_t *verdict = result ? find_verdict(state, id, err) : NULL;
	json_t *test = verdict ? assay_query_test(state, lab_text(result, "test"), err) : NULL, *row;
	struct assay_reader *reader = NULL;
	struct fill_entry entry = {NULL};
	json_t *trace = NULL;
	size_t index;
	int status = test ? assay_reader_open(dir, ASSAY_READ_LIVE, &reader, err) : ASSAY_EIO;

	if (status == ASSAY_OK)
		status = assay_reader_each(reader,
			(uint64_t)json_integer_value(json_object_get(result, "seq")), 1, take_body, &entry,
			err);
	json_array_foreach(json_object_get(entry.body, "readings"), index, row)
	{
		if (status == ASSAY_OK)
			status = trace_reading(state, reader, row, err);
	}
	if (status == ASSAY_OK)
		trace = json_pack("{s:s,s:o,s:O,s:O,s:O,s:O,s:o,s:O}", "result", id, "limit",
			limit_json(verdict), "method", json_object_get(result, "method"), "batch",
			json_object_get(test, "batch"), "test", test, "readings",
			json_object_get(entry.body, "readings"), "steps", steps_json(result, verdict),
			"evidence", json_object_get(test, "evidence"));
	else if (status == ASSAY_EDAMAGED)
		(void)assay_error_set(err, status, "journal-damaged", "结果 %.60s 的台账条目读不懂",
			"entries of result %.60s cannot be read from the journal", id);
	assay_reader_close(reader);
	json_decref(entry.body);
	json_decref(test);
	json_decref(verdict);
	json_decref(result);
	return trace;
}
