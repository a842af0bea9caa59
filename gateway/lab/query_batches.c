/* SPDX-License-Identifier: Apache-2.0
 * Batches, tests, results and verdicts as pages and commands see them. */
#include "gateway/lab/control.h"
#include "gateway/lab/evidence.h"
#include "gateway/lab/query.h"
#include "gateway/lab/query_row.h"
#include "gateway/lab/steps.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BENCH_FRAMES 20u

static int set(json_t *object, const char *name, json_t *value)
{
	return value ? json_object_set_new(object, name, value) : -1;
}

static json_t *set_or_drop(json_t *object, const char *name, json_t *value)
{
	if (set(object, name, value) == 0)
		return object;
	json_decref(object);
	return NULL;
}

/* The first row, null when there is none, NULL with err. Takes rows. */
static json_t *first(sqlite3 *state, sqlite3_stmt *rows, struct assay_error *err)
{
	json_t *list = query_list(state, rows, err), *one = NULL;

	if (list)
		one = json_array_size(list) ? json_incref(json_array_get(list, 0)) : json_null();
	json_decref(list);
	return one;
}

/* The latest verdict of a subject; null when there is none, NULL with err. */
static json_t *verdict(sqlite3 *state, const char *subject, struct assay_error *err)
{
	return first(state,
		query_prepare(state, err,
			"SELECT verdict, reasons AS \"{reasons\", standard, clause, limit_text AS \"limit\", "
			"compared,"
			" text_zh, text_en, derivation AS \"{derivation\", seq FROM verdict WHERE subject=?1"
			" ORDER BY seq DESC LIMIT 1",
			"t", subject),
		err);
}

static json_t *result(sqlite3 *state, const char *id, struct assay_error *err)
{
	json_t *one;

	if (!*id)
		return json_null();
	one = first(state,
		query_prepare(state, err,
			"SELECT id AS result, value, unit, exact, derivation AS \"{derivation\","
			" reasons AS \"{reasons\", containers AS \"{containers\", seq FROM result WHERE "
			"id=?1",
			"t", id),
		err);
	return json_is_object(one) ? set_or_drop(one, "verdict", verdict(state, id, err)) : one;
}

/* Names and repeats stand in the sheet, what happened stands in the rows. */
static void name_slot(json_t *row, const json_t *sheet)
{
	const json_t *slot;
	size_t index;

	json_array_foreach(json_object_get(sheet, "slots"), index, slot)
	{
		if (strcmp(lab_text(slot, "slot"), lab_text(row, "slot")) != 0)
			continue;
		(void)json_object_set(row, "name_zh", json_object_get(slot, "name_zh"));
		(void)json_object_set(row, "name_en", json_object_get(slot, "name_en"));
		(void)json_object_set(row, "repeat", json_object_get(slot, "repeat"));
	}
}

static json_t *slots(sqlite3 *state, const char *test, const json_t *sheet, struct assay_error *err)
{
	json_t *list = query_list(state,
		query_prepare(state, err,
			"SELECT slot, unit, replicate, ordinal, status, instrument, value, typed AS "
			"\"?typed\", reason,"
			" reason_zh, reason_en, CASE status WHEN 'filled' THEN wall_ns ELSE 0 END AS \"@at\","
			" exchange_seq, exchange_idx, seq FROM slot WHERE test=?1"
			" ORDER BY position, replicate, ordinal",
			"t", test),
		err);
	json_t *row;
	size_t index;

	json_array_foreach(list, index, row)
	{
		name_slot(row, sheet);
	}

	return list;
}

/* As the result saw it, or as it is until now. */
static json_t *evidence(sqlite3 *state, const json_t *test, const json_t *sheet, struct assay_error *err)
{
	const char *result_id = lab_text(test, "result_id");
	json_t *rows, *list, *rule;
	size_t index;

	if (*result_id) {
		rows = query_list(state,
			query_prepare(state, err, "SELECT evidence AS \"{evidence\" FROM result WHERE id=?1",
				"t", result_id),
			err);
		list = rows ? json_incref(json_object_get(json_array_get(rows, 0), "evidence")) : NULL;
		json_decref(rows);
		return list;
	}
	list = json_array();
	json_array_foreach(json_object_get(sheet, "evidence"), index, rule)
	{
		struct assay_evidence_found ignored;
		json_t *one = lab_evidence(state, lab_text(test, "test"), rule,
			lab_text(test, "evidence_instrument"), false, &ignored, err);

		if (!one) {
			json_decref(list);
			return NULL;
		}
		(void)json_array_append_new(list, one);
	}
	return list;
}

static bool from_sheet(json_t *test, const json_t *sheet)
{
	static const char *const names[] = {"analyte_zh", "analyte_en", "method_standard", "method_zh",
		"method_en", "formula", "unit", "limit"};
	bool good = true;

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		good = good && json_object_set(test, names[i], json_object_get(sheet, names[i])) == 0;
	/* of its sampling plan, with the bar codes of the containers; null when it has none */
	return good && json_object_set_new(test, "plan",
			       json_object_get(sheet, "plan") ? json_incref(json_object_get(sheet, "plan"))
							      : json_null()) == 0;
}

/* What is held is undetermined wherever it is shown; what it was judged as by itself stands beside it. */
static json_t *with_holds(sqlite3 *state, json_t *test, const char *id, struct assay_error *err)
{
	json_t *held = lab_held(state, id, err), *verdict, *reasons;
	const json_t *one;
	size_t index;

	verdict = json_object_get(json_object_get(test, "result"), "verdict");
	if (held && json_array_size(held) && json_is_object(verdict)) {
		const struct assay_reason_text *why =
			assay_reason_find(lab_text(json_array_get(held, 0), "reason"));

		reasons = json_object_get(verdict, "reasons");
		json_array_foreach(held, index, one)
		{
			(void)json_array_append(reasons, json_object_get(one, "reason"));
		}
		(void)json_object_set(verdict, "judged", json_object_get(verdict, "verdict"));
		(void)json_object_set_new(verdict, "verdict", json_string("undetermined"));
		(void)json_object_set_new(verdict, "text_zh", json_sprintf("不能判定：%s", why->zh));
		(void)json_object_set_new(verdict, "text_en", json_sprintf("undetermined: %s", why->en));
	}
	return set_or_drop(test, "held", held);
}

json_t *assay_query_test(sqlite3 *state, const char *id, struct assay_error *err)
{
	json_t *test = query_one(state,
		query_prepare(state, err,
			"SELECT id AS test, batch, position, analyte, method, status, evidence_instrument, "
			"retest_of, rule,"
			" sheet AS \"{sheet\", calculated AS \"{calculated\", result AS result_id FROM test "
			"WHERE id=?1",
			"t", id),
		"test-unknown", id, err);
	json_t *sheet;

	if (!test)
		return NULL;
	sheet = json_incref(json_object_get(test, "sheet"));
	(void)json_object_del(test, "sheet");
	if (from_sheet(test, sheet))
		test = set_or_drop(test, "slots", slots(state, id, sheet, err));
	if (test)
		test = set_or_drop(test, "evidence", evidence(state, test, sheet, err));
	if (test)
		test = set_or_drop(test, "result", result(state, lab_text(test, "result_id"), err));
	if (test)
		test = with_holds(state, test, id, err);
	if (test)
		(void)json_object_del(test, "result_id");
	json_decref(sheet);
	return test;
}

/* What a person has to know first. */
static void add_attention(json_t *batch)
{
	const char *status = lab_text(batch, "status"), *zh = "", *en = "";

	if (strcmp(status, "awaiting-review") == 0) {
		zh = lab_text(batch, "text_zh");
		en = lab_text(batch, "text_en");
	}
	(void)json_object_set_new(batch, "attention_zh", json_string(zh));
	(void)json_object_set_new(batch, "attention_en", json_string(en));
}

/* +status: by the batch's tests, not by the index of all that are done. */
#define BATCH_COLUMNS                                                                                        \
	"SELECT b.id AS batch, product, product_zh, product_en, name, producer, producer_id, card, "         \
	"cannot_test AS \"{cannot_test\", lot, "                                                             \
	"produced, amount, "                                                                                 \
	"origin,"                                                                                            \
	" sample, received_ns AS \"@received\", b.who, b.status, b.verdict,"                                 \
	" coalesce(v.reasons,'[]') AS \"{reasons\", coalesce(v.text_zh,'') AS text_zh,"                      \
	" coalesce(v.text_en,'') AS text_en, b.seq,"                                                         \
	" (SELECT count(*) FROM test WHERE batch=b.id) AS tests_total,"                                      \
	" (SELECT count(*) FROM test WHERE batch=b.id AND +status='done') AS tests_done"                     \
	" FROM batch AS b LEFT JOIN verdict AS v ON v.subject=b.id AND v.seq=b.verdict_seq"

json_t *assay_query_batches(sqlite3 *state, const char *status, struct assay_error *err)
{
	json_t *list = query_list(state,
		query_prepare(state, err, BATCH_COLUMNS " WHERE ?1='' OR b.status=?1 ORDER BY b.seq DESC",
			"t", status),
		err);
	json_t *batch;
	size_t index;

	json_array_foreach(list, index, batch)
	{
		json_t *scope = lab_scope(state, lab_text(batch, "batch"), err);

		if (!scope) {
			json_decref(list);
			return NULL;
		}
		(void)json_object_set_new(batch, "scope", scope);
		add_attention(batch);
	}
	return list;
}

static json_t *tests_of(sqlite3 *state, const char *batch, struct assay_error *err)
{
	json_t *rows = query_list(state,
		query_prepare(
			state, err, "SELECT id FROM test WHERE batch=?1 ORDER BY position, id", "t", batch),
		err);
	json_t *list = rows ? json_array() : NULL, *row;
	size_t index;

	json_array_foreach(rows, index, row)
	{
		json_t *test = assay_query_test(state, lab_text(row, "id"), err);

		if (!test) {
			json_decref(list);
			list = NULL;
			break;
		}
		(void)json_array_append_new(list, test);
	}
	json_decref(rows);
	return list;
}

/* Damaged entries that the batch, its tests, fillings, readings, evidence, results or verdicts stand in. Of evidence any
 * between the first filling and the result that is not known to be another instrument's. */
static json_t *unverified(sqlite3 *state, const char *batch, struct assay_error *err)
{
	json_t *rows = query_list(state,
		query_prepare(state, err,
			"WITH own AS (SELECT * FROM test WHERE batch=?1),"
			" filled AS (SELECT s.* FROM slot AS s JOIN own AS t ON t.id=s.test WHERE "
			"s.status='filled'),"
			" reported AS (SELECT r.*, t.evidence_instrument AS watched FROM result AS r JOIN "
			"own AS t"
			" ON t.id=r.test)"
			" SELECT d.seq FROM damaged AS d WHERE d.seq IN (SELECT seq FROM batch WHERE id=?1"
			" UNION SELECT seq FROM own UNION SELECT seq FROM filled UNION SELECT exchange_seq "
			"FROM"
			" filled UNION SELECT seq FROM reported UNION SELECT seq FROM verdict WHERE "
			"subject=?1"
			" OR subject IN (SELECT id FROM reported) UNION SELECT seq FROM review WHERE "
			"batch=?1)"
			" OR EXISTS(SELECT 1 FROM reported AS r WHERE r.watched<>'' AND d.seq BETWEEN (SELECT"
			" min(seq) FROM filled AS f WHERE f.test=r.test) AND r.seq AND NOT EXISTS(SELECT 1 "
			"FROM"
			" exchange AS e WHERE e.seq=d.seq AND e.instrument<>r.watched))"
			" ORDER BY d.seq",
			"t", batch),
		err);
	json_t *list = rows ? json_array() : NULL, *row;
	size_t index;

	json_array_foreach(rows, index, row)
	{
		(void)json_array_append(list, json_object_get(row, "seq"));
	}
	json_decref(rows);
	return list;
}

/* Beside what every review says, what only its action says. */
static json_t *reviews_of(sqlite3 *state, const char *batch, struct assay_error *err)
{
	json_t *list = query_list(state,
		       query_prepare(state, err,
			       "SELECT seq, action, reason, who, wall_ns AS \"@at\", body AS \"{body\" FROM "
			       "review"
			       " WHERE batch=?1 ORDER BY seq",
			       "t", batch),
		       err),
	       *row, *body;
	size_t index;

	json_array_foreach(list, index, row)
	{
		body = json_incref(json_object_get(row, "body"));
		(void)json_object_del(row, "body");
		(void)json_object_update_missing(row, body);
		json_decref(body);
	}
	return list;
}

/* The set of specs it was registered under and is judged by until it is released; null: before sets were recorded. */
static json_t *specs_of(sqlite3 *state, const char *batch, struct assay_error *err)
{
	return first(state,
		query_prepare(state, err,
			"SELECT s.sha256, s.serial, s.wall_ns AS \"@since\", s.seq, s.sha256=(SELECT value "
			"FROM "
			"meta WHERE key='specs') AS \"?in_force\" FROM batch AS b JOIN spec_set AS s ON "
			"s.sha256=b.specs WHERE b.id=?1",
			"t", batch),
		err);
}

json_t *assay_query_batch(sqlite3 *state, const char *id, struct assay_error *err)
{
	json_t *batch = query_one(state, query_prepare(state, err, BATCH_COLUMNS " WHERE b.id=?1", "t", id),
		"batch-unknown", id, err);

	if (!batch)
		return NULL;
	batch = set_or_drop(batch, "scope", lab_scope(state, id, err));
	if (batch)
		batch = set_or_drop(batch, "unverified", unverified(state, id, err));
	if (batch)
		batch = set_or_drop(batch, "tests", tests_of(state, id, err));
	if (batch)
		batch = set_or_drop(batch, "reviews", reviews_of(state, id, err));
	if (batch)
		batch = set_or_drop(batch, "samples",
			query_list(state,
				query_prepare(state, err,
					"SELECT id AS sample, role, amount, test, container FROM sample "
					"WHERE batch=?1 ORDER "
					"BY seq, role"
					" DESC, length(id), id",
					"t", id),
				err));
	if (batch)
		batch = set_or_drop(batch, "specs", specs_of(state, id, err));
	if (batch)
		batch = set_or_drop(batch, "certificates", assay_query_certificates(state, id, 0, err));
	if (batch)
		add_attention(batch);
	return batch;
}

/* Armed first, then what was begun last, then what was ordered last. */
static json_t *bench_ids(sqlite3 *state, struct assay_error *err)
{
	/* a control's test has no batch: its material stands there */
#define BENCH_ID                                                                                             \
	" t.id, coalesce(b.name, json_extract(m.body,'$.name_zh'), t.batch) AS name, coalesce(b.lot,"        \
	"json_extract(m.body,'$.lot'),'') AS lot, coalesce(b.sample, t.batch) AS sample, c.test IS NOT NULL" \
	" AS control FROM test AS t LEFT JOIN batch AS b ON b.id=t.batch LEFT JOIN control AS c ON "         \
	"c.test=t.id LEFT JOIN control_material AS m ON m.id=c.material "
	static const char *const choices[] = {
		("SELECT" BENCH_ID "JOIN (SELECT test, max(seq) AS armed FROM slot WHERE status IN "
		 "('armed','refused') GROUP BY test) AS s ON s.test=t.id ORDER BY s.armed DESC LIMIT 8"),
		("SELECT" BENCH_ID
		 "WHERE t.batch=(SELECT batch FROM test WHERE status IN ('testing','to-test')"
		 "  ORDER BY status='testing' DESC, seq DESC LIMIT 1) ORDER BY t.position LIMIT 8"),
		("SELECT" BENCH_ID "WHERE t.batch=(SELECT id FROM batch ORDER BY seq DESC LIMIT 1) ORDER BY "
		 "t.position LIMIT 8"),
		/* nothing was ever taken in: controls, and so few that all are looked at */
		("SELECT" BENCH_ID
		 "WHERE t.batch=(SELECT batch FROM test ORDER BY seq DESC LIMIT 1) AND NOT EXISTS(SELECT 1 "
		 "FROM batch) ORDER BY t.position LIMIT 8")};
	json_t *list = NULL;

	for (size_t i = 0; i < sizeof choices / sizeof *choices; i++) {
		json_decref(list);
		list = query_list(state, query_prepare(state, err, choices[i], ""), err);
		if (!list || json_array_size(list))
			break;
	}
	return list;
}

json_t *assay_query_bench(sqlite3 *state, struct assay_error *err)
{
	json_t *ids = bench_ids(state, err), *tests = ids ? json_array() : NULL, *frames, *row;
	size_t index;

	json_array_foreach(ids, index, row)
	{
		json_t *test = assay_query_test(state, lab_text(row, "id"), err);

		if (!test) {
			json_decref(tests);
			tests = NULL;
			break;
		}
		(void)json_object_set(test, "batch_name", json_object_get(row, "name"));
		(void)json_object_set(test, "lot", json_object_get(row, "lot"));
		(void)json_object_set(test, "sample", json_object_get(row, "sample"));
		(void)json_object_set_new(
			test, "control", json_boolean(json_integer_value(json_object_get(row, "control"))));
		(void)json_array_append_new(tests, test);
	}
	json_decref(ids);
	frames = tests ? assay_query_frames(state, BENCH_FRAMES, err) : NULL;
	if (frames)
		return json_pack("{s:o,s:o}", "tests", tests, "frames", frames);
	json_decref(tests);
	return NULL;
}
