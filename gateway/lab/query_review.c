/* SPDX-License-Identifier: Apache-2.0
 * The review queue, and everything about one result on one screen. */
#include "gateway/lab/query.h"
#include "gateway/lab/query_row.h"
#include "gateway/lab/steps.h"

#include <string.h>

#define EARLIER 10 /* results of the same producer and analyte */

static bool has(const json_t *codes, const char *wanted)
{
	const json_t *code;
	size_t index;

	json_array_foreach(codes, index, code)
	{
		if (strcmp(json_string_value(code), wanted) == 0)
			return true;
	}
	return false;
}

/* Why a person has to look: the words the queue is sorted and coloured by. */
static json_t *why(const json_t *row)
{
	static const struct {
		const char *reason, *word;
	} words[] = {{"typed-value", "typed"}, {"reading-taken-back", "taken-back"},
		{"near-limit", "near-limit"}, {"duplicate-failed", "duplicate"}, {"pair-failed", "duplicate"},
		{"condition-out-of-range", "condition"}, {"evidence-missing", "condition"},
		{"calibration-overdue", "calibration"}, {"limit-unverified", "limit-unverified"}};
	const char *verdict = lab_text(row, "verdict");
	json_t *list = json_array();

	if (strcmp(verdict, "fail") == 0)
		(void)json_array_append_new(list, json_string("out-of-limit"));
	if (strcmp(verdict, "undetermined") == 0)
		(void)json_array_append_new(list, json_string("undetermined"));
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (has(json_object_get(row, "reasons"), words[i].reason) && !has(list, words[i].word))
			(void)json_array_append_new(list, json_string(words[i].word));
	if (*lab_text(row, "retest_of"))
		(void)json_array_append_new(list, json_string("retest"));
	return list;
}

/* A page that is full may end in the middle of a batch, and the next one begins before it. */
static void drop_last_batch(json_t *list)
{
	size_t count = json_array_size(list), keep = count;
	const char *last = lab_text(json_array_get(list, count - 1), "batch");

	while (keep && strcmp(lab_text(json_array_get(list, keep - 1), "batch"), last) == 0)
		keep--;
	while (keep && json_array_size(list) > keep)
		(void)json_array_remove(list, json_array_size(list) - 1);
}

json_t *assay_query_reviews(sqlite3 *state, int64_t before, struct assay_error *err)
{
	json_t *list = query_list(state,
		query_prepare(state, err,
			"SELECT b.id AS batch, b.name, b.lot, b.producer, b.producer_id, b.seq AS batch_seq, "
			"t.id AS test,"
			" t.analyte, json_extract(t.sheet,'$.analyte_zh') AS analyte_zh,"
			" json_extract(t.sheet,'$.analyte_en') AS analyte_en, t.retest_of, r.id AS result, "
			"r.value, r.unit,"
			" coalesce(v.verdict,'') AS verdict, coalesce(v.reasons,r.reasons) AS \"{reasons\","
			" coalesce(v.standard,'') AS standard, coalesce(v.clause,'') AS clause,"
			" coalesce(v.limit_text,'') AS \"limit\", coalesce(v.text_zh,'') AS text_zh,"
			" coalesce(v.text_en,'') AS text_en, r.seq FROM batch AS b JOIN test AS t ON "
			"t.batch=b.id"
			" JOIN result AS r ON r.id=t.result LEFT JOIN verdict AS v ON v.subject=r.id AND"
			" v.seq=(SELECT max(seq) FROM verdict WHERE subject=r.id)"
			" WHERE b.status='awaiting-review' AND b.seq<?1 AND (v.verdict IN "
			"('fail','undetermined') OR"
			" v.reasons<>'[]' OR r.reasons<>'[]' OR t.retest_of<>'')"
			" ORDER BY b.seq DESC, t.position, t.id LIMIT ?2",
			"ii", before > 0 ? before : INT64_MAX, (int64_t)ASSAY_QUERY_PAGE),
		err);
	json_t *row;
	size_t index;

	if (json_array_size(list) == ASSAY_QUERY_PAGE)
		drop_last_batch(list);
	json_array_foreach(list, index, row)
	{
		(void)json_object_set_new(row, "why", why(row));
	}
	return list;
}

static json_t *earlier(sqlite3 *state, const json_t *head, struct assay_error *err)
{
	bool known = *lab_text(head, "producer_id");

	return query_list(state,
		query_prepare(state, err,
			known ? "SELECT b.id AS batch, b.lot, b.produced, r.id AS result, r.value, r.unit,"
				" coalesce(v.verdict,'') AS verdict, r.seq FROM batch AS b JOIN test AS t ON "
				"t.batch=b.id AND"
				" t.analyte=?2 JOIN result AS r ON r.id=t.result LEFT JOIN verdict AS v ON "
				"v.subject=r.id AND"
				" v.seq=(SELECT max(seq) FROM verdict WHERE subject=r.id) WHERE "
				"b.producer_id=?1 AND r.id<>?3"
				" AND b.status<>'void' ORDER BY b.seq DESC LIMIT ?4"
			      : "SELECT b.id AS batch, b.lot, b.produced, r.id AS result, r.value, r.unit,"
				" coalesce(v.verdict,'') AS verdict, r.seq FROM batch AS b JOIN test AS t ON "
				"t.batch=b.id AND"
				" t.analyte=?2 JOIN result AS r ON r.id=t.result LEFT JOIN verdict AS v ON "
				"v.subject=r.id AND"
				" v.seq=(SELECT max(seq) FROM verdict WHERE subject=r.id) WHERE "
				"b.producer=?1 AND r.id<>?3"
				" AND b.status<>'void' ORDER BY b.seq DESC LIMIT ?4",
			"ttti", lab_text(head, known ? "producer_id" : "producer"), lab_text(head, "analyte"),
			lab_text(head, "result"), (int64_t)EARLIER),
		err);
}

/* The instruments the values came from, each once, with their calibrations. */
static json_t *instruments(sqlite3 *state, const json_t *test, struct assay_error *err)
{
	json_t *list = json_array(), *seen = json_object();
	const json_t *slot;
	size_t index;

	json_array_foreach(json_object_get(test, "slots"), index, slot)
	{
		const char *id = lab_text(slot, "instrument");
		json_t *one =
			*id && !json_object_get(seen, id) ? assay_query_instrument(state, id, err) : NULL;

		if (one && json_object_set_new(seen, id, json_true()) == 0)
			(void)json_array_append_new(list, one);
	}
	json_decref(seen);
	return list;
}

json_t *assay_query_review(sqlite3 *state, const char *dir, const char *result, struct assay_error *err)
{
	json_t *head = query_one(state,
		query_prepare(state, err,
			"SELECT r.id AS result, t.id AS test, t.analyte, b.id AS batch, b.name, b.lot, "
			"b.produced, b.producer,"
			" b.producer_id, b.status, b.received_ns AS \"@received\" FROM result AS r JOIN test "
			"AS t ON"
			" t.id=r.test JOIN batch AS b ON b.id=t.batch WHERE r.id=?1",
			"t", result),
		"result-unknown", result, err);
	json_t *test = head ? assay_query_test(state, lab_text(head, "test"), err) : NULL,
	       *before = test ? earlier(state, head, err) : NULL,
	       *trace = before ? assay_query_trace(state, dir, result, err) : NULL;

	if (trace)
		return json_pack("{s:o,s:o,s:o,s:o,s:o}", "head", head, "instruments",
			instruments(state, test, err), "test", test, "earlier", before, "trace", trace);
	json_decref(before);
	json_decref(test);
	json_decref(head);
	return NULL;
}
