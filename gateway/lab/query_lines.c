/* SPDX-License-Identifier: Apache-2.0
 * Lines, instruments, channels and frames as pages and commands see them. */
#include "gateway/lab/query.h"
#include "gateway/lab/query_row.h"
#include "gateway/record/body.h"
#include "gateway/record/segment.h"
#include "gateway/record/state.h"
#include "gateway/wire/reading_words.h"
#include "limits/decimal.h"

#include <stdio.h>
#include <string.h>

int assay_query_open(const char *dir, sqlite3 **out, struct assay_error *err)
{
	char path[600];
	sqlite3 *state = NULL;
	int rc;

	(void)snprintf(path, sizeof path, "%s/state.db", dir);
	rc = sqlite3_open_v2(
		path, &state, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_busy_timeout(state, 2000);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(state, "PRAGMA query_only=ON", NULL, NULL, NULL);
	if (rc == SQLITE_OK && assay_segment_harden(state, path, err) != ASSAY_OK)
		rc = sqlite3_errcode(state);
	if (rc != SQLITE_OK) {
		(void)sqlite3_close(state);
		return assay_error_set(err, ASSAY_EIO, "state-unreadable", "%s：不能读取（%s）",
			"%s: cannot be read (%s)", path, sqlite3_errstr(rc));
	}
	*out = state;
	return ASSAY_OK;
}

/* "in", "low", "high", or "" when there is no band or no number. Exact. */
static const char *band(const json_t *channel)
{
	const char *text[3] = {json_string_value(json_object_get(channel, "value")),
		json_string_value(json_object_get(channel, "band_low")),
		json_string_value(json_object_get(channel, "band_high"))};
	struct assay_decimal number[3];
	bool there[3];

	for (unsigned i = 0; i < 3; i++)
		there[i] = text[i] && *text[i] &&
			   assay_decimal_parse(text[i], strlen(text[i]), &number[i]) == ASSAY_OK;
	if (!there[0] || (!there[1] && !there[2]))
		return "";
	if (there[1] && assay_decimal_compare(&number[0], &number[1]) < 0)
		return "low";
	return there[2] && assay_decimal_compare(&number[0], &number[2]) > 0 ? "high" : "in";
}

static json_t *channels(sqlite3 *state, const char *instrument, struct assay_error *err)
{
	json_t *list = query_list(state,
		query_prepare(state, err,
			"SELECT c.channel AS channel, name_zh, name_en, band_low, band_high,"
			" coalesce(value,'') AS value, coalesce(unit,'') AS unit, coalesce(flags,0) AS "
			"\"#flags\", coalesce(reason,'') AS reason, coalesce(wall_ns,0) AS \"@at\","
			" coalesce(v.seq,c.seq) AS seq, coalesce(idx,0) AS idx FROM channel AS c LEFT "
			"JOIN " ASSAY_STATE_LAST " AS v ON v.channel=c.channel WHERE c.instrument=?1"
			" ORDER BY position, c.channel",
			"t", instrument),
		err);
	json_t *channel;
	size_t index;

	json_array_foreach(list, index, channel)
	{
		(void)json_object_set_new(channel, "band", json_string(band(channel)));
	}

	return list;
}

/* needed: a slot waits for it, or it is evidence of a test that has begun. */
static json_t *instruments(sqlite3 *state, const char *line, struct assay_error *err)
{
	json_t *list = query_list(state,
		query_prepare(state, err,
			"SELECT id AS instrument, driver, driver_sha256, spec, name_zh, name_en, model, "
			"serial,"
			" serial_seen, model_seen, calibrated_until, location,"
			" EXISTS(SELECT 1 FROM slot WHERE status IN ('armed','refused') AND "
			"slot.instrument=i.id)"
			" OR EXISTS(SELECT 1 FROM test WHERE status='testing' AND evidence_instrument=i.id)"
			" AS \"?needed\" FROM instrument AS i WHERE line=?1 ORDER BY position",
			"t", line),
		err);
	json_t *instrument;
	size_t index;

	json_array_foreach(list, index, instrument)
	{
		json_t *inside =
			channels(state, json_string_value(json_object_get(instrument, "instrument")), err);

		if (!inside) {
			json_decref(list);
			return NULL;
		}
		(void)json_object_set_new(instrument, "channels", inside);
	}
	return list;
}

json_t *assay_query_lines(sqlite3 *state, struct assay_error *err)
{
	json_t *list = query_list(state,
		query_prepare(state, err,
			"SELECT id AS line, transport, address, settings, name_zh, name_en, status, code, "
			"text_zh,"
			" text_en, since_ns AS \"@since\" FROM line ORDER BY position",
			""),
		err);
	json_t *line;
	size_t index;

	json_array_foreach(list, index, line)
	{
		json_t *inside = instruments(state, json_string_value(json_object_get(line, "line")), err);

		if (!inside) {
			json_decref(list);
			return NULL;
		}
		(void)json_object_set_new(line, "instruments", inside);
	}
	return list;
}

static void add_body(json_t *frame, const char *body)
{
	static _Thread_local struct assay_exchange exchange;
	json_t *readings = json_array();

	if (!body || assay_exchange_body_read(body, strlen(body), &exchange, NULL) != ASSAY_OK)
		exchange.end.readings = 0;
	for (uint32_t i = 0; i < exchange.end.readings; i++) {
		const struct assay_end_reading *row = &exchange.reading[i];

		(void)json_array_append_new(readings,
			json_pack("{s:s,s:s,s:s,s:o,s:s,s:s}", "channel", row->channel, "value", row->value,
				"unit", row->unit, "flags", query_flags(row->flags), "reason",
				assay_reading_reason_name(row->reason), "detail", row->detail));
	}
	(void)json_object_set_new(frame, "detail", json_string(exchange.end.detail));
	(void)json_object_set_new(frame, "readings", readings);
}

json_t *assay_query_frames(sqlite3 *state, unsigned limit, struct assay_error *err)
{
	sqlite3_stmt *rows = query_prepare(state, err,
		"SELECT seq, line, instrument, wall_ns AS \"@at\", outcome, solicited AS \"?solicited\","
		" received AS \"%received\","
		" CASE WHEN fate='' AND solicited=1 AND outcome='ok' AND EXISTS(SELECT 1 FROM test WHERE"
		"  status='testing' AND evidence_instrument=e.instrument) THEN 'evidence' ELSE fate END AS "
		"fate,"
		" body FROM exchange AS e ORDER BY seq DESC LIMIT ?1",
		"i", (int64_t)limit);
	json_t *list = query_list(state, rows, err), *frame;
	size_t index;

	json_array_foreach(list, index, frame)
	{
		add_body(frame, json_string_value(json_object_get(frame, "body")));
		(void)json_object_del(frame, "body");
	}
	return list;
}

json_t *assay_query_history(sqlite3 *state, const char *instrument, const char *channel, int64_t from_ns,
	unsigned limit, struct assay_error *err)
{
	sqlite3_stmt *rows = query_prepare(state, err,
		"SELECT wall_ns AS \"@at\", value, unit, seq, idx, wall_ns FROM " ASSAY_STATE_READING
		" WHERE instrument=?1 AND channel=?2 ORDER BY seq DESC LIMIT ?3",
		"tti", instrument, channel, (int64_t)limit);
	json_t *list = rows ? json_array() : NULL;
	int64_t sequence = -1;
	size_t place = 0;

	/* Newest exchange first, so that a long history is not read beyond from_ns; within one, in its own order. */
	while (list && query_step(rows) == SQLITE_ROW && sqlite3_column_int64(rows, 5) >= from_ns) {
		json_t *point = query_row(rows);

		place = sqlite3_column_int64(rows, 3) == sequence ? place + 1 : 0;
		sequence = sqlite3_column_int64(rows, 3);
		(void)json_object_del(point, "wall_ns");
		(void)json_array_insert_new(list, place, point);
	}
	(void)sqlite3_finalize(rows);
	return list;
}
