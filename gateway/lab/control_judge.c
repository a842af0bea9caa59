/* SPDX-License-Identifier: Apache-2.0
 * controls -> verdict of their run: each is placed on its chart, then Westgard's rules are asked over the run and what came
 * before it on the same method and instrument. Exact throughout (gateway/analysis/westgard.h). */
#include "gateway/analysis/calibration.h"
#include "gateway/lab/control.h"
#include "gateway/lab/query_row.h"
#include "gateway/lab/steps.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HISTORY_MAX 80 /* controls looked back on: ten in a row of each of eight levels */
#define CODE_MAX 32u
#define RECOVERY_PLACES 1 /* of a recovery in per cent */

struct judged {
	struct assay_control control[HISTORY_MAX + LAB_CONTROLS_MAX];
	char test[HISTORY_MAX + LAB_CONTROLS_MAX][LAB_ID_MAX];
	size_t count, before; /* before: of earlier runs */
	unsigned run; /* number of this run among them */
	json_t *run_row, *rows, *list,
		*rules; /* owned: the run, its controls, what is said of them, findings */
	int64_t measured_ns, last_seq; /* last_seq: of the verdict before */
	bool complete, any_charted, any_unusable, restarted, checks_failed;
	const char *state;
	char code[CODE_MAX];
	bool holds;
};

static void judged_free(struct judged *judged)
{
	json_decref(judged->run_row);
	json_decref(judged->rows);
	json_decref(judged->list);
	json_decref(judged->rules);
	free(judged);
}

static int64_t number(const json_t *row, const char *name)
{
	return json_integer_value(json_object_get(row, name));
}

static bool decimal(const char *text, struct assay_decimal *out)
{
	return assay_decimal_parse(text, strlen(text), out) == ASSAY_OK;
}

static int load_run(struct assay_lab *lab, const char *run, struct judged *judged, struct assay_error *err)
{
	judged->run_row = query_one(lab->state,
		query_prepare(lab->state, err,
			"SELECT id AS run, method, instrument, kind, (SELECT coalesce(max(judged_seq),0) "
			"FROM "
			"control_run AS o WHERE o.method=r.method AND o.instrument=r.instrument AND "
			"o.kind=r.kind AND o.id<>r.id) AS last_seq FROM control_run AS r WHERE id=?1",
			"t", run),
		"run-unknown", run, err);
	if (!judged->run_row)
		return strstr(err->code, "-unknown") ? ASSAY_ENOTFOUND : ASSAY_EIO;
	judged->last_seq = number(judged->run_row, "last_seq");
	judged->rows = query_list(lab->state,
		query_prepare(lab->state, err,
			"SELECT c.test, c.material, c.level, c.of_test AS of, c.added, t.status,"
			" coalesce(r.value,'') AS value, coalesce(r.reasons,'[]') AS \"{reasons\","
			" coalesce((SELECT max(wall_ns) FROM slot WHERE test=c.test AND status='filled'),0) "
			"AS "
			"measured_ns,"
			" EXISTS(SELECT 1 FROM slot WHERE test=c.test AND status='filled' AND instrument=?2) "
			"AS "
			"used,"
			" coalesce((SELECT value FROM result WHERE test=c.of_test),'') AS of_value,"
			" coalesce((SELECT p.material FROM control AS p JOIN control_run AS o ON o.id=p.run "
			"WHERE"
			"  o.method=t.method AND o.instrument=?2 AND p.level=c.level AND p.judged=1 AND "
			"o.id<>?1 "
			"AND o.kind=?3"
			"  ORDER BY o.judged_seq DESC LIMIT 1),c.material) AS material_before"
			" FROM control AS c JOIN test AS t ON t.id=c.test LEFT JOIN result AS r ON "
			"r.id=t.result"
			" WHERE c.run=?1 ORDER BY t.position",
			"ttt", run, lab_text(judged->run_row, "instrument"),
			lab_text(judged->run_row, "kind")),
		err);
	return judged->rows ? ASSAY_OK : ASSAY_EIO;
}

/* Earlier controls of the same method, instrument and kind, oldest first, each run with a number of its own. */
static int load_history(struct assay_lab *lab, struct judged *judged, struct assay_error *err)
{
	json_t *rows = query_list(lab->state,
		query_prepare(lab->state, err,
			"SELECT * FROM (SELECT c.test, c.run, c.level, c.value, c.side, c.beyond, c.usable, "
			"c.restart, r.judged_seq"
			" FROM control_run AS r JOIN control AS c ON c.run=r.id WHERE r.method=?1 AND "
			"r.instrument=?2 AND r.kind=?3 AND r.id<>?4 AND c.judged=1 AND (c.charted=1 OR "
			"c.usable=0) ORDER BY r.judged_seq DESC, c.test DESC LIMIT ?5) ORDER BY judged_seq, "
			"test",
			"tttti", lab_text(judged->run_row, "method"), lab_text(judged->run_row, "instrument"),
			lab_text(judged->run_row, "kind"), lab_text(judged->run_row, "run"),
			(int64_t)HISTORY_MAX),
		err);
	const char *run = "";
	const json_t *row;
	size_t index;

	json_array_foreach(rows, index, row)
	{
		struct assay_control *control = &judged->control[judged->count];

		judged->run += strcmp(run, lab_text(row, "run")) != 0;
		run = lab_text(row, "run");
		control->run = judged->run;
		control->level = (unsigned)number(row, "level") - 1;
		control->unusable =
			!number(row, "usable") || !decimal(lab_text(row, "value"), &control->point.value);
		control->restart = number(row, "restart") != 0;
		control->point.side = (int8_t)number(row, "side");
		control->point.beyond = (uint8_t)number(row, "beyond");
		(void)snprintf(judged->test[judged->count++], LAB_ID_MAX, "%s", lab_text(row, "test"));
	}
	judged->before = judged->count;
	judged->run++;
	json_decref(rows);
	return rows ? ASSAY_OK : ASSAY_EIO;
}

/* A hold on this method and instrument was released since the last verdict: the rules begin anew. */
static int load_restart(struct assay_lab *lab, struct judged *judged, struct assay_error *err)
{
	json_t *rows = query_list(lab->state,
		query_prepare(lab->state, err,
			"SELECT 1 AS one FROM hold WHERE method=?1 AND instrument=?2 AND status='released' "
			"AND"
			" released_seq>?3 LIMIT 1",
			"tti", lab_text(judged->run_row, "method"), lab_text(judged->run_row, "instrument"),
			judged->last_seq),
		err);

	judged->restarted = json_array_size(rows) > 0;
	json_decref(rows);
	return rows ? ASSAY_OK : ASSAY_EIO;
}

/* What was found of what was added, in per cent, rounded once; "" when it cannot be told. */
static void recovery(const json_t *row, char out[ASSAY_DECIMAL_TEXT_MAX])
{
	struct assay_decimal spiked, unspiked, added, rounded;
	struct assay_fraction percent;

	out[0] = '\0';
	if (decimal(lab_text(row, "value"), &spiked) && decimal(lab_text(row, "of_value"), &unspiked) &&
		decimal(lab_text(row, "added"), &added) &&
		assay_qc_recovery_percent(&spiked, &unspiked, &added, &percent) == ASSAY_OK &&
		assay_fraction_round(&percent, RECOVERY_PLACES, ASSAY_ROUND_HALF_EVEN, &rounded) ==
			ASSAY_OK) {
		rounded.mark = ASSAY_MARK_EXACT;
		(void)assay_decimal_format(&rounded, out);
	}
}

/* Why a control says nothing; "" when it does. */
static const char *unusable(const json_t *row, const json_t *material, const char *value)
{
	if (json_array_size(json_object_get(row, "reasons")))
		return json_string_value(json_array_get(json_object_get(row, "reasons"), 0));
	if (!*value)
		return "incomplete";
	if (!number(row, "used"))
		return "instrument-other";
	if (material && lab_overdue(lab_text(material, "expires"), number(row, "measured_ns")))
		return "material-expired";
	return "";
}

/* 1 placed, 0 there is no chart, negative with err. A figure too long to be placed is unusable, not an error. */
static int place(struct assay_lab *lab, const struct judged *judged, const json_t *row,
	const json_t *material, const struct assay_decimal *value, struct assay_control *control,
	struct assay_error *err)
{
	const char *instrument = lab_text(judged->run_row, "instrument");
	struct assay_qc_chart chart;
	struct assay_qc_range_chart range;
	struct assay_qc_pair pair = {.second = *value};
	enum assay_qc_range_state state;
	int status;

	control->point.value = *value;
	if (material) {
		status = lab_chart_find(lab, material, instrument, &chart, err);
		if (status != ASSAY_OK || chart.basis == ASSAY_QC_NONE)
			return status;
		control->unusable = assay_qc_place(&chart, value, &control->point, err) != ASSAY_OK;
		return 1;
	}
	status = lab_range_chart_find(lab, lab_text(judged->run_row, "method"), instrument, &range, err);
	if (status != ASSAY_OK || range.n == 0)
		return status;
	state = decimal(lab_text(row, "of_value"), &pair.first) ? assay_qc_range_place(&range, &pair)
								: ASSAY_QC_RANGE_UNKNOWN;
	control->unusable = state == ASSAY_QC_RANGE_UNKNOWN;
	control->point.side = 1;
	control->point.beyond = state == ASSAY_QC_RANGE_ACTION ? 3 : state == ASSAY_QC_RANGE_WARNING ? 2 : 0;
	return 1;
}

static void check_weight(struct judged *judged, const json_t *material, const struct assay_decimal *value)
{
	struct assay_decimal reference, tolerance;

	if (!decimal(lab_text(material, "value"), &reference) ||
		!decimal(lab_text(material, "uncertainty"), &tolerance) ||
		assay_calibration_check(value, &reference, &tolerance, NULL) != ASSAY_CHECK_PASSED)
		judged->checks_failed = true;
}

static int add_control(
	struct assay_lab *lab, struct judged *judged, const json_t *row, struct assay_error *err)
{
	const char *id = lab_text(row, "material"), *why;
	bool spike = strcmp(lab_text(judged->run_row, "kind"), "spike") == 0;
	json_t *material = *id ? assay_query_material(lab->state, id, err) : NULL;
	struct assay_control *control = &judged->control[judged->count];
	char value[ASSAY_DECIMAL_TEXT_MAX];
	struct assay_decimal figure;
	int placed = *id && !material ? ASSAY_EIO : 0;

	(void)snprintf(value, sizeof value, "%s", lab_text(row, "value"));
	if (spike)
		recovery(row, value);
	why = unusable(row, material, value);
	memset(control, 0, sizeof *control);
	control->run = judged->run;
	control->level = (unsigned)number(row, "level") - 1;
	control->restart = (judged->restarted && judged->count == judged->before) ||
			   strcmp(id, lab_text(row, "material_before")) != 0;
	control->unusable = *why || !decimal(value, &figure);
	if (placed == 0 && !control->unusable)
		placed = place(lab, judged, row, material, &figure, control, err);
	if (placed >= 0 && !control->unusable &&
		strcmp(lab_text(judged->run_row, "kind"), "check-weight") == 0)
		check_weight(judged, material, &figure);
	if (placed >= 0) {
		(void)json_array_append_new(judged->list,
			json_pack("{s:s,s:s,s:b,s:b,s:i,s:i,s:i,s:b,s:s}", "test", lab_text(row, "test"),
				"value", value, "usable", !control->unusable, "charted", placed == 1, "side",
				control->point.side, "beyond", control->point.beyond, "z_hundredths",
				(int)control->point.z_hundredths, "restart", control->restart, "why", why));
		(void)snprintf(judged->test[judged->count], LAB_ID_MAX, "%s", lab_text(row, "test"));
		judged->any_charted = judged->any_charted || placed == 1;
		judged->any_unusable = judged->any_unusable || control->unusable;
		/* what has no chart yet takes no part in the rules */
		judged->count += placed == 1 || control->unusable;
	}
	json_decref(material);
	return placed < 0 ? placed : ASSAY_OK;
}

static int add_controls(struct assay_lab *lab, struct judged *judged, struct assay_error *err)
{
	const json_t *row;
	size_t index;
	int status = ASSAY_OK;

	judged->complete = true;
	json_array_foreach(judged->rows, index, row)
	{
		if (strcmp(lab_text(row, "status"), "done") != 0) {
			judged->complete = false;
			continue;
		}
		if (number(row, "measured_ns") > judged->measured_ns)
			judged->measured_ns = number(row, "measured_ns");
		if (status == ASSAY_OK)
			status = add_control(lab, judged, row, err);
	}
	return status;
}

/* "R-4s" -> "control-r-4s": the reason code of the verdict. */
static void code_of(const char *rule, char out[CODE_MAX])
{
	size_t length = (size_t)snprintf(out, CODE_MAX, "control-");

	for (; *rule && length + 1 < CODE_MAX; rule++)
		out[length++] = *rule >= 'A' && *rule <= 'Z' ? (char)(*rule - 'A' + 'a') : *rule;
	out[length] = '\0';
}

static void tell_findings(struct judged *judged, const struct assay_westgard_verdict *verdict)
{
	for (unsigned i = 0; i < verdict->finding_count; i++) {
		const struct assay_westgard_finding *finding = &verdict->finding[i];
		json_t *tests = json_array();

		for (unsigned j = 0; j < finding->count; j++)
			(void)json_array_append_new(tests, json_string(judged->test[finding->point[j]]));
		(void)json_array_append_new(judged->rules,
			json_pack("{s:s,s:o}", "rule", assay_westgard_name(finding->rule), "tests", tests));
		if (finding->rule != ASSAY_WESTGARD_1_2S && !judged->code[0])
			code_of(assay_westgard_name(finding->rule), judged->code);
	}
}

static void ask_rules(struct judged *judged)
{
	static const char *const words[] = {"undetermined", "in", "warning", "out"};
	struct assay_westgard_verdict verdict;
	unsigned levels = 0;

	for (size_t i = judged->before; i < judged->count; i++)
		levels |= 1u << judged->control[i].level;
	assay_westgard_judge(judged->control, judged->count, judged->run, levels, &verdict);
	judged->state = words[verdict.state];
	judged->holds = verdict.holds;
	tell_findings(judged, &verdict);
	if (verdict.holds && !judged->code[0])
		(void)snprintf(judged->code, CODE_MAX, "control-unusable");
}

/* The range of duplicates: beyond 2 is the warning limit, 3 the action limit (analysis/qc.h). */
static void ask_range(struct judged *judged)
{
	uint8_t beyond = judged->control[judged->before].point.beyond;

	judged->holds = beyond == 3;
	judged->state = beyond == 3 ? "out" : beyond == 2 ? "warning" : "in";
	if (beyond >= 2)
		(void)json_array_append_new(judged->rules,
			json_pack("{s:s,s:[s]}", "rule", beyond == 3 ? "range" : "range-warning", "tests",
				judged->test[judged->before]));
	if (beyond == 3)
		(void)snprintf(judged->code, CODE_MAX, "control-range");
}

/* Three check weights and more: a line through them, whose residuals stay within the smallest of their tolerances. */
static void check_line(struct judged *judged, struct assay_lab *lab)
{
	struct assay_decimal reference[LAB_CONTROLS_MAX], reading[LAB_CONTROLS_MAX], tolerance,
		smallest = {0};
	struct assay_calibration_line line;
	struct assay_error ignored;
	const json_t *row;
	size_t index, count = 0;

	json_array_foreach(judged->rows, index, row)
	{
		json_t *material = assay_query_material(lab->state, lab_text(row, "material"), &ignored);
		bool good = material && decimal(lab_text(material, "value"), &reference[count]) &&
			    decimal(lab_text(material, "uncertainty"), &tolerance) &&
			    decimal(lab_text(row, "value"), &reading[count]);

		if (good && (count == 0 || assay_decimal_compare(&tolerance, &smallest) < 0))
			smallest = tolerance;
		count += good;
		json_decref(material);
	}
	if (count < ASSAY_CALIBRATION_POINTS_MIN)
		return;
	if (assay_calibration_fit(reference, reading, count, &smallest, &line, &ignored) != ASSAY_OK ||
		line.state != ASSAY_CHECK_PASSED) {
		judged->checks_failed = true;
		(void)json_array_append_new(
			judged->rules, json_pack("{s:s,s:[]}", "rule", "linearity", "tests"));
	}
}

static void ask_check(struct judged *judged, struct assay_lab *lab)
{
	if (judged->complete && !judged->checks_failed && !judged->any_unusable)
		check_line(judged, lab);
	judged->holds = judged->checks_failed || judged->any_unusable;
	judged->state = judged->holds ? "out" : "in";
	if (judged->holds)
		(void)snprintf(judged->code, CODE_MAX, "control-check");
}

static void decide(struct judged *judged, struct assay_lab *lab)
{
	const char *kind = lab_text(judged->run_row, "kind");

	if (strcmp(kind, "check-weight") == 0)
		ask_check(judged, lab);
	else if (judged->any_unusable || (judged->any_charted && strcmp(kind, "duplicate") != 0))
		ask_rules(judged);
	else if (judged->any_charted)
		ask_range(judged);
	else /* a chart that is being built judges nothing and vouches for nothing */
		(void)snprintf(judged->code, CODE_MAX, "qc-chart-missing");
}

static json_t *verdict_json(const struct judged *judged)
{
	const char *run = lab_text(judged->run_row, "run"),
		   *instrument = lab_text(judged->run_row, "instrument");
	const struct assay_reason_text *reason = assay_reason_find(judged->code);
	bool check = strcmp(lab_text(judged->run_row, "kind"), "check-weight") == 0;
	char zh[300], en[300];

	if (judged->holds) {
		(void)snprintf(zh, sizeof zh, "质控 %.40s（%.40s）：%.160s", run, instrument, reason->zh);
		(void)snprintf(en, sizeof en, "controls %.40s on %.40s: %.180s", run, instrument, reason->en);
	} else if (judged->code[0]) {
		(void)snprintf(zh, sizeof zh, "质控 %.40s：还没有控制图，不能判断", run);
		(void)snprintf(en, sizeof en, "controls %.40s: no chart yet, nothing can be told", run);
	} else {
		(void)snprintf(zh, sizeof zh, "质控 %.40s：%s", run,
			judged->state[0] == 'w' ? "警告，结果有效" : "受控");
		(void)snprintf(en, sizeof en, "controls %.40s: %s", run,
			judged->state[0] == 'w' ? "a warning, results stand" : "in control");
	}
	return json_pack("{s:s,s:s,s:b,s:s,s:O,s:I,s:O,s:s,s:s,s:s}", "run", run, "state", judged->state,
		"holds", judged->holds, "reason", judged->code, "rules", judged->rules, "measured_ns",
		(json_int_t)judged->measured_ns, "controls", judged->list, "check",
		!check          ? ""
		: judged->holds ? "failed"
				: "passed",
		"text_zh", zh, "text_en", en);
}

int lab_control_judge(struct assay_lab *lab, const char *run, struct assay_error *err)
{
	struct judged *judged = calloc(1, sizeof *judged);
	bool holds;
	int status;

	if (!judged)
		return lab_no_memory(err);
	judged->list = json_array();
	judged->rules = json_array();
	judged->state = "undetermined";
	status = judged->list && judged->rules ? load_run(lab, run, judged, err) : lab_no_memory(err);
	if (status == ASSAY_OK)
		status = load_history(lab, judged, err);
	if (status == ASSAY_OK)
		status = load_restart(lab, judged, err);
	if (status == ASSAY_OK)
		status = add_controls(lab, judged, err);
	if (status == ASSAY_OK)
		decide(judged, lab);
	holds = judged->holds;
	/* a broken rule is said at once; that all is well only when every control of the run has been measured */
	if (status == ASSAY_OK && (judged->complete || holds)) {
		status = lab_append(lab, ASSAY_ENTRY_CONTROL_VERDICT, verdict_json(judged), NULL, err);
		if (status == ASSAY_OK && holds)
			status = lab_hold_open(lab, run, err);
	}
	judged_free(judged);
	return status;
}

int lab_control_done(struct assay_lab *lab, const char *test, bool *is_control_out, struct assay_error *err)
{
	json_t *rows = query_list(lab->state,
		query_prepare(lab->state, err, "SELECT run FROM control WHERE test=?1", "t", test), err);
	int status = rows ? ASSAY_OK : ASSAY_EIO;

	*is_control_out = json_array_size(rows) > 0;
	if (*is_control_out)
		status = lab_control_judge(lab, lab_text(json_array_get(rows, 0), "run"), err);
	json_decref(rows);
	return status;
}
