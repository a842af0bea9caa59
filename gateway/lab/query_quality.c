/* SPDX-License-Identifier: Apache-2.0
 * Control materials, runs, charts and holds as pages and commands see them. */
#include "gateway/analysis/qc.h"
#include "gateway/lab/control.h"
#include "gateway/lab/query_row.h"

#include <string.h>

#define POINTS_MAX 400 /* of a chart as it is shown, the newest */
#define RUNS_PAGE 100
#define PERCENT_PLACES 2

/* The members of a row's "row" beside its others. */
static json_t *flat(json_t *list)
{
	json_t *row;
	size_t index;

	json_array_foreach(list, index, row)
	{
		json_t *body = json_incref(json_object_get(row, "row"));

		(void)json_object_del(row, "row");
		(void)json_object_update_missing(row, body);
		json_decref(body);
	}
	return list;
}

/* The one row of a list, which it consumes; NULL with err as query_one. */
static json_t *only(json_t *list, const char *code, const char *what, struct assay_error *err)
{
	json_t *one = list ? json_incref(json_array_get(list, 0)) : NULL;

	if (list && !one)
		(void)assay_error_set(err, ASSAY_ENOTFOUND, code, "没有 %.60s", "there is no %.60s", what);
	json_decref(list);
	return one;
}

#define MATERIAL                                                                                             \
	"SELECT id AS material, kind, level, method, status, body AS \"{row\", wall_ns AS \"@registered\", " \
	"seq FROM control_material"

json_t *assay_query_materials(sqlite3 *state, struct assay_error *err)
{
	return flat(query_list(state, query_prepare(state, err, MATERIAL " ORDER BY id", ""), err));
}

json_t *assay_query_material(sqlite3 *state, const char *id, struct assay_error *err)
{
	return only(flat(query_list(state, query_prepare(state, err, MATERIAL " WHERE id=?1", "t", id), err)),
		"material-unknown", id, err);
}

#define RUN                                                                                                  \
	"SELECT id AS run, method, instrument, kind, next_due, who, wall_ns AS \"@registered\", state,"      \
	" holds AS \"?holds\", measured_ns AS \"@measured\", verdict AS \"{row\", judged_seq, seq,"          \
	" (SELECT h.id FROM hold AS h WHERE h.run=r.id ORDER BY h.seq DESC LIMIT 1) AS hold"                 \
	" FROM control_run AS r"

json_t *assay_query_runs(sqlite3 *state, int64_t before, struct assay_error *err)
{
	return flat(query_list(state,
		query_prepare(state, err, RUN " WHERE ?1=0 OR seq<?1 ORDER BY seq DESC LIMIT ?2", "ii",
			before, (int64_t)RUNS_PAGE),
		err));
}

json_t *assay_query_run(sqlite3 *state, const char *id, struct assay_error *err)
{
	json_t *run =
		only(flat(query_list(state, query_prepare(state, err, RUN " WHERE id=?1", "t", id), err)),
			"run-unknown", id, err);
	json_t *tests;

	if (!run)
		return NULL;
	tests = query_list(state,
		query_prepare(state, err,
			"SELECT c.test, c.material, c.level, c.of_test AS of, c.added, c.unit, t.status, "
			"c.value FROM "
			"control AS c JOIN test AS t ON t.id=c.test WHERE c.run=?1 ORDER BY t.position",
			"t", id),
		err);
	if (tests && json_object_set_new(run, "tests", tests) == 0)
		return run;
	json_decref(run);
	return NULL;
}

/* Every material that was measured on an instrument, and every method's duplicates there. */
#define CHART                                                                                                \
	"SELECT k.material, k.instrument, k.method, coalesce(m.level,1) AS level, coalesce(m.kind,"          \
	"'duplicate') AS kind, coalesce(m.body,'{}') AS \"{row\", k.points, k.last_seq, coalesce(f.mean,'')" \
	" AS mean, coalesce(f.variance,'') AS variance, coalesce(f.n,0) AS n, coalesce(f.relative,0) AS "    \
	"\"?relative\", coalesce(f.body,'{}') AS \"{frozen\" FROM (SELECT CASE r.kind WHEN 'duplicate' THEN" \
	" 'duplicates.'||r.method ELSE c.material END AS material, r.instrument, r.method, count(*) AS "     \
	"points, max(r.seq) AS last_seq FROM control AS c JOIN control_run AS r ON r.id=c.run WHERE "        \
	"c.judged=1 GROUP BY 1, 2) AS k LEFT JOIN control_material AS m ON m.id=k.material LEFT JOIN "       \
	"control_chart AS f ON f.material=k.material AND f.instrument=k.instrument AND f.seq=(SELECT "       \
	"max(seq) FROM control_chart WHERE material=k.material AND instrument=k.instrument)"

/* "history" (frozen), "certificate" or "" (no limits yet). */
static void tell_basis(json_t *chart)
{
	const char *basis = json_integer_value(json_object_get(chart, "n")) ? "history"
			    : *lab_text(chart, "value")                     ? "certificate"
									    : "";
	json_t *frozen = json_object_get(chart, "frozen");

	(void)json_object_set_new(chart, "basis", json_string(basis));
	(void)json_object_del(frozen, "points");
	(void)json_object_del(frozen, "signature");
}

json_t *assay_query_charts(sqlite3 *state, struct assay_error *err)
{
	json_t *list = flat(query_list(state,
		       query_prepare(state, err, CHART " ORDER BY k.method, k.instrument, level, 1", ""),
		       err)),
	       *chart;
	size_t index;

	json_array_foreach(list, index, chart)
	{
		tell_basis(chart);
	}
	return list;
}

static bool decimal(const json_t *object, const char *name, struct assay_decimal *out)
{
	const char *text = lab_text(object, name);

	return assay_decimal_parse(text, strlen(text), out) == ASSAY_OK;
}

/* The mean of the points against the certified value, in per cent. */
static void add_bias(json_t *chart, const json_t *points)
{
	struct assay_decimal value[POINTS_MAX], reference, rounded;
	struct assay_fraction bias;
	const json_t *point;
	size_t index, count = 0;
	char text[ASSAY_DECIMAL_TEXT_MAX] = "";

	json_array_foreach(points, index, point)
	{
		if (count < POINTS_MAX && json_is_true(json_object_get(point, "usable")) &&
			decimal(point, "value", &value[count]))
			count++;
	}
	if (count && decimal(chart, "value", &reference) &&
		assay_qc_bias_percent(value, count, &reference, &bias) == ASSAY_OK &&
		assay_fraction_round(&bias, PERCENT_PLACES, ASSAY_ROUND_HALF_EVEN, &rounded) == ASSAY_OK) {
		rounded.mark = ASSAY_MARK_EXACT;
		(void)assay_decimal_format(&rounded, text);
	}
	(void)json_object_set_new(chart, "bias_percent", json_string(text));
}

/* |first - second| of duplicates, or over their mean in per cent when the chart is relative. */
static void add_range(json_t *point, bool relative)
{
	struct assay_qc_pair pair;
	struct assay_fraction range;
	const struct assay_fraction hundred = {100, 1};
	struct assay_decimal rounded;
	char text[ASSAY_DECIMAL_TEXT_MAX] = "";

	if (decimal(point, "first", &pair.first) && decimal(point, "value", &pair.second) &&
		assay_qc_range(&pair, relative, &range) == ASSAY_OK &&
		(!relative || assay_fraction_apply('*', &range, &hundred, &range) == ASSAY_OK) &&
		assay_fraction_round(&range, 6, ASSAY_ROUND_HALF_EVEN, &rounded) == ASSAY_OK) {
		rounded.mark = ASSAY_MARK_EXACT;
		(void)assay_decimal_format(&rounded, text);
	}
	(void)json_object_set_new(point, "range", json_string(text));
}

/* Oldest first: of the newest POINTS_MAX. rules: of its run. */
static json_t *points_of(sqlite3 *state, const json_t *chart, struct assay_error *err)
{
	bool relative = json_is_true(json_object_get(chart, "relative")), duplicates;
	json_t *list = query_list(state,
		query_prepare(state, err,
			"SELECT * FROM (SELECT c.test, c.run, c.value, coalesce((SELECT value FROM result "
			"WHERE "
			"test=c.of_test),'') AS first, c.usable AS \"?usable\", c.charted AS \"?charted\", "
			"c.side, c.beyond, c.z_hundredths, c.restart AS \"?restart\", r.state, r.measured_ns "
			"AS "
			"\"@at\", r.verdict AS \"{verdict\", r.judged_seq FROM control AS c JOIN control_run "
			"AS r "
			"ON r.id=c.run WHERE c.judged=1 AND r.instrument=?2 AND (c.material=?1 OR "
			"(r.kind='duplicate' AND 'duplicates.'||r.method=?1)) ORDER BY r.judged_seq DESC, "
			"c.test "
			"DESC LIMIT ?3) ORDER BY judged_seq, test",
			"tti", lab_text(chart, "material"), lab_text(chart, "instrument"),
			(int64_t)POINTS_MAX),
		err);
	json_t *point;
	size_t index;

	duplicates = strcmp(lab_text(chart, "kind"), "duplicate") == 0;
	json_array_foreach(list, index, point)
	{
		const json_t *verdict = json_object_get(point, "verdict"), *rule;
		json_t *rules = json_array();
		size_t at;

		json_array_foreach(json_object_get(verdict, "rules"), at, rule)
		{
			const json_t *test;
			size_t i;

			json_array_foreach(json_object_get(rule, "tests"), i, test)
			{
				if (json_equal(test, json_object_get(point, "test")))
					(void)json_array_append(rules, json_object_get(rule, "rule"));
			}
		}
		(void)json_object_set_new(point, "rules", rules);
		(void)json_object_del(point, "verdict");
		if (duplicates)
			add_range(point, relative);
	}
	return list;
}

json_t *assay_query_chart(
	sqlite3 *state, const char *material, const char *instrument, struct assay_error *err)
{
	json_t *chart =
		only(flat(query_list(state,
			     query_prepare(state, err,
				     CHART " WHERE k.material=?1 AND (?2='' OR k.instrument=?2) ORDER BY "
					   "k.last_seq DESC LIMIT 1",
				     "tt", material, instrument),
			     err)),
			"chart-unknown", material, err);
	json_t *points;

	if (!chart)
		return NULL;
	tell_basis(chart);
	points = points_of(state, chart, err);
	if (points) {
		add_bias(chart, points);
		if (json_object_set_new(chart, "list", points) == 0)
			return chart;
	}
	json_decref(chart);
	return NULL;
}

#define HOLD                                                                                                 \
	"SELECT id AS hold, method, instrument, after_seq AS after, run, rule, reason, status, cause, "      \
	"action, explained_by, released_by, released_ns AS \"@released\", wall_ns AS \"@opened\", body AS "  \
	"\"{body\", seq FROM hold"

/* What it holds now: tests with a result that it reaches. */
static json_t *held_tests(sqlite3 *state, const json_t *hold, struct assay_error *err)
{
	return query_list(state,
		query_prepare(state, err,
			"SELECT t.id AS test, t.batch, b.name, b.status, t.analyte, r.value, r.unit FROM "
			"result AS r "
			"JOIN test AS t ON t.id=r.test JOIN batch AS b ON b.id=t.batch WHERE r.seq>?3 AND "
			"(?1='' OR "
			"t.method=?1) AND b.status<>'void' AND " LAB_MEASURED_ON(
				"?2", "?1") " ORDER BY r.seq LIMIT 500",
			"tti", lab_text(hold, "method"), lab_text(hold, "instrument"),
			json_integer_value(json_object_get(hold, "after"))),
		err);
}

static json_t *with_text(json_t *hold)
{
	const struct assay_reason_text *reason = assay_reason_find(lab_text(hold, "reason"));
	json_t *body = json_object_get(hold, "body");

	(void)json_object_set_new(hold, "text_zh", json_string(reason->zh));
	(void)json_object_set_new(hold, "text_en", json_string(reason->en));
	(void)json_object_set(hold, "batches", json_object_get(body, "batches"));
	(void)json_object_set(hold, "released_before", json_object_get(body, "released"));
	(void)json_object_del(hold, "body");
	return hold;
}

json_t *assay_query_holds(sqlite3 *state, bool all, struct assay_error *err)
{
	json_t *list = query_list(state,
		       query_prepare(state, err,
			       HOLD " WHERE ?1=1 OR status<>'released' ORDER BY seq DESC LIMIT 500", "i",
			       (int64_t)all),
		       err),
	       *hold;
	size_t index;

	json_array_foreach(list, index, hold)
	{
		(void)with_text(hold);
	}
	return list;
}

json_t *assay_query_hold(sqlite3 *state, const char *id, struct assay_error *err)
{
	json_t *hold = query_one(
		state, query_prepare(state, err, HOLD " WHERE id=?1", "t", id), "hold-unknown", id, err);
	json_t *tests = hold ? held_tests(state, hold, err) : NULL;

	if (tests && json_object_set_new(with_text(hold), "tests", tests) == 0)
		return hold;
	json_decref(hold);
	return NULL;
}
