/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/lab/evidence.h"

#include "gateway/lab/entries.h"
#include "gateway/lab/query_row.h"
#include "gateway/record/state.h"

#include <stdio.h>
#include <string.h>

#define GAP_PERIODS 10
#define GAP_LEAST_NS 10000000000ll

struct moment {
	bool there;
	int64_t seq, wall_ns, mono_ns;
	char boot[33]; /* of a filling; readings have none */
};

struct look {
	struct moment from, to, last;
	int64_t gap_ns;
	bool one_boot; /* both fillings, and so what the journal has between them, are of one */
	bool broken; /* a gap */
	struct assay_evidence_found found;
	char min[ASSAY_DECIMAL_TEXT_MAX], max[ASSAY_DECIMAL_TEXT_MAX];
};

/* The last fill of a slot, over its replicates and repeats. */
static int last_fill(
	sqlite3 *state, const char *test, const char *slot, struct moment *out, struct assay_error *err)
{
	sqlite3_stmt *row = query_prepare(state, err,
		"SELECT seq, wall_ns, mono_ns, boot FROM slot WHERE test=?1 AND slot=?2 AND status='filled'"
		" ORDER BY seq DESC LIMIT 1",
		"tt", test, slot);
	int rc;

	if (!row)
		return ASSAY_EIO;
	rc = sqlite3_step(row);
	out->there = rc == SQLITE_ROW;
	if (out->there) {
		out->seq = sqlite3_column_int64(row, 0);
		out->wall_ns = sqlite3_column_int64(row, 1);
		out->mono_ns = sqlite3_column_int64(row, 2);
		(void)snprintf(out->boot, sizeof out->boot, "%s", (const char *)sqlite3_column_text(row, 3));
	}
	(void)sqlite3_finalize(row);
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? ASSAY_OK : query_failed(state, err);
}

static int find_gap(sqlite3 *state, const char *instrument, struct look *look, struct assay_error *err)
{
	sqlite3_stmt *row =
		query_prepare(state, err, "SELECT needed_ms FROM instrument WHERE id=?1", "t", instrument);
	int rc;

	if (!row)
		return ASSAY_EIO;
	rc = sqlite3_step(row);
	look->gap_ns = rc == SQLITE_ROW ? sqlite3_column_int64(row, 0) * 1000000 * GAP_PERIODS : 0;
	if (look->gap_ns < GAP_LEAST_NS)
		look->gap_ns = GAP_LEAST_NS;
	(void)sqlite3_finalize(row);
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? ASSAY_OK : query_failed(state, err);
}

/* The longer of both clocks: the wall clock may have been set, the other begins again at a reboot. When both went
 * back across a reboot nobody knows how long it was; within one boot a reading was only told after a filling of the same
 * moment was written. */
static bool too_long(const struct look *look, const struct moment *before, const struct moment *after)
{
	int64_t wall = after->wall_ns - before->wall_ns, mono = after->mono_ns - before->mono_ns;

	if (wall < 0 && mono < 0 && !look->one_boot)
		return true;
	return wall > look->gap_ns || mono > look->gap_ns;
}

static void add_reading(struct look *look, const struct moment *at, const char *text)
{
	struct assay_decimal value;
	const struct moment *before = look->last.there ? &look->last : &look->from;

	if (assay_decimal_parse(text, strlen(text), &value) != ASSAY_OK)
		return;
	if (too_long(look, before, at))
		look->broken = true;
	if (look->found.count == 0 || assay_decimal_compare(&value, &look->found.min) < 0) {
		look->found.min = value;
		(void)snprintf(look->min, sizeof look->min, "%s", text);
	}
	if (look->found.count == 0 || assay_decimal_compare(&value, &look->found.max) > 0) {
		look->found.max = value;
		(void)snprintf(look->max, sizeof look->max, "%s", text);
	}
	look->found.count++;
	look->last = *at;
}

/* In the order of the journal, so that a clock that was set moves no reading into the window or out of it. */
static int read_window(sqlite3 *state, const char *instrument, const json_t *rule, bool over,
	struct look *look, struct assay_error *err)
{
	sqlite3_stmt *rows = query_prepare(state, err,
		"SELECT seq, wall_ns, mono_ns, value FROM " ASSAY_STATE_READING
		" WHERE instrument=?1 AND channel=?2 AND"
		" seq>?3 AND seq<?4 AND unit=?5 AND reason='' ORDER BY seq",
		"ttiit", instrument, lab_text(rule, "channel"), look->from.seq,
		over ? look->to.seq : INT64_MAX, lab_text(rule, "unit"));
	int rc;

	if (!rows)
		return ASSAY_EIO;
	while ((rc = sqlite3_step(rows)) == SQLITE_ROW) {
		struct moment at = {true, sqlite3_column_int64(rows, 0), sqlite3_column_int64(rows, 1),
			sqlite3_column_int64(rows, 2), ""};
		const char *text = (const char *)sqlite3_column_text(rows, 3);

		add_reading(look, &at, text ? text : "");
	}
	(void)sqlite3_finalize(rows);
	if (over && (!look->last.there || too_long(look, &look->last, &look->to)))
		look->broken = true;
	look->found.present = look->found.count > 0 && !look->broken;
	return rc == SQLITE_DONE ? ASSAY_OK : query_failed(state, err);
}

static const char *status_of(const struct look *look, const json_t *rule, bool over)
{
	const char *low = lab_text(rule, "low"), *high = lab_text(rule, "high");
	struct assay_decimal bound;

	if (!look->from.there)
		return over ? "missing" : "";
	if (look->broken || (over && look->found.count == 0))
		return "missing";
	if (look->found.count == 0)
		return "";
	if (assay_decimal_parse(low, strlen(low), &bound) != ASSAY_OK ||
		assay_decimal_compare(&look->found.min, &bound) < 0)
		return "low";
	if (assay_decimal_parse(high, strlen(high), &bound) != ASSAY_OK ||
		assay_decimal_compare(&look->found.max, &bound) > 0)
		return "high";
	return "in";
}

json_t *lab_evidence(sqlite3 *state, const char *test, const json_t *rule, const char *instrument, bool over,
	struct assay_evidence_found *found_out, struct assay_error *err)
{
	struct look look = {.broken = false};
	char from[32], to[32];
	int status = last_fill(state, test, lab_text(rule, "from_slot"), &look.from, err);

	if (status == ASSAY_OK)
		status = last_fill(state, test, lab_text(rule, "to_slot"), &look.to, err);
	if (status == ASSAY_OK)
		status = find_gap(state, instrument, &look, err);
	over = over && look.to.there;
	look.one_boot = look.from.there && look.to.there && strcmp(look.from.boot, look.to.boot) == 0;
	if (status == ASSAY_OK && look.from.there && *instrument)
		status = read_window(state, instrument, rule, over, &look, err);
	if (status != ASSAY_OK)
		return NULL;
	*found_out = look.found;
	return json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:I,s:s,s:s,s:s}", "role", lab_text(rule, "role"),
		"instrument", instrument, "channel", lab_text(rule, "channel"), "unit",
		lab_text(rule, "unit"), "from", query_time(look.from.there ? look.from.wall_ns : 0, from),
		"to", query_time(over ? look.to.wall_ns : 0, to), "min", look.min, "max", look.max, "count",
		(json_int_t)look.found.count, "low", lab_text(rule, "low"), "high", lab_text(rule, "high"),
		"status", status_of(&look, rule, over));
}
