/* SPDX-License-Identifier: Apache-2.0
 * Whether what lab.xml asks for is there: a control that stood before a result, and an instrument whose last check was good.
 * Fails closed. */
#include "gateway/lab/control.h"
#include "gateway/lab/query_row.h"
#include "gateway/lab/steps.h"

#include <string.h>

#define HOUR_NS 3600000000000ll

/* Controls and spikes vouch for a method; a blank or a duplicate that stands does not, one that broke a rule counts against it.
 * The newest verdict on controls before the result was reached has to be a good one, near enough in hours and in results. */
static bool covers(const json_t *row)
{
	int64_t hours = json_integer_value(json_object_get(row, "hours")),
		most = json_integer_value(json_object_get(row, "most")),
		since = json_integer_value(json_object_get(row, "since")),
		age_ns = json_integer_value(json_object_get(row, "age_ns"));

	return (strcmp(lab_text(row, "state"), "in") == 0 ||
		       strcmp(lab_text(row, "state"), "warning") == 0) &&
	       age_ns >= 0 && /* the clock went back: nobody knows how long it was */
	       (hours == 0 || age_ns <= hours * HOUR_NS) && (most == 0 || since <= most);
}

int lab_control_missing(sqlite3 *state, const char *test, bool *out, struct assay_error *err)
{
	/* for each instrument that filled a slot; typed values count as the instrument '' when there is no other */
	json_t *rows = query_list(state,
		query_prepare(state, err,
			"WITH t AS (SELECT t.id, t.method, n.hours, n.results, r.seq FROM test AS t JOIN "
			"control_need AS n ON n.method=t.method LEFT JOIN result AS r ON r.id=t.result WHERE "
			"t.id=?1),"
			" used AS (SELECT DISTINCT s.instrument FROM t JOIN slot AS s ON s.test=t.id AND "
			"s.status='filled' AND (s.instrument<>'' OR NOT EXISTS(SELECT 1 FROM slot AS o WHERE "
			"o.test=t.id AND o.status='filled' AND o.instrument<>'')))"
			" SELECT u.instrument, t.hours, t.results AS most, coalesce(c.state,'') AS state,"
			" (SELECT max(wall_ns) FROM slot WHERE test=t.id AND "
			"status='filled')-coalesce(c.measured_ns,0) AS age_ns,"
			" (SELECT count(*) FROM result AS r JOIN test AS o ON o.id=r.test WHERE "
			"o.method=t.method AND r.seq>c.judged_seq AND r.seq<=t.seq AND NOT EXISTS(SELECT 1 "
			"FROM "
			"control WHERE test=o.id) AND EXISTS(SELECT 1 FROM slot WHERE test=o.id AND "
			"status='filled' AND instrument=u.instrument)) AS since"
			" FROM t CROSS JOIN used AS u LEFT JOIN control_run AS c ON c.id=(SELECT id FROM "
			"control_run WHERE method=t.method AND instrument=u.instrument AND judged_seq>0 AND "
			"judged_seq<coalesce(t.seq,9223372036854775807) AND (holds=1 OR (kind IN "
			"('control','spike') AND state IN "
			"('in','warning'))) ORDER BY judged_seq DESC LIMIT 1)",
			"t", test),
		err);
	const json_t *row;
	size_t index;

	*out = false;
	json_array_foreach(rows, index, row)
	{
		*out = *out || !covers(row);
	}
	json_decref(rows);
	return rows ? ASSAY_OK : ASSAY_EIO;
}

int lab_check_blocks(sqlite3 *state, const char *instrument, const char *test, int64_t wall_ns,
	const char **why_out, struct assay_error *err)
{
	json_t *rows = query_list(state,
		query_prepare(state, err,
			"SELECT outcome, due FROM instrument_check WHERE instrument=?1 AND NOT EXISTS(SELECT "
			"1 "
			"FROM control AS c JOIN control_run AS r ON r.id=c.run WHERE c.test=?2 AND "
			"r.kind='check-weight') AND seq>coalesce((SELECT max(seq) FROM calibration WHERE "
			"instrument=?1 AND outcome='fit'),0) ORDER BY seq DESC LIMIT 1",
			"tt", instrument, test),
		err);
	const json_t *row = json_array_get(rows, 0);

	*why_out = NULL;
	if (!rows || (row && strcmp(lab_text(row, "outcome"), "passed") != 0))
		*why_out = "check-failed";
	else if (row && lab_overdue(lab_text(row, "due"), wall_ns))
		*why_out = "check-overdue";
	json_decref(rows);
	return rows ? ASSAY_OK : ASSAY_EIO;
}
