/* SPDX-License-Identifier: Apache-2.0
 * Control charts 控制图: limits from a material's certificate, or frozen from at least 20 points of the chart's own history
 * and signed. Points beyond 3 s are shown to who signs; they stay in, unless he leaves them out with a reason. */
#include "gateway/lab/control.h"
#include "gateway/lab/query_row.h"
#include "gateway/lab/sign.h"
#include "gateway/lab/steps.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DIGITS_MAX 38u

/* "-12" -> out; false: no whole number that fits. */
static bool whole(const char *text, size_t length, assay_int128 *out)
{
	bool minus = length > 0 && text[0] == '-';
	assay_int128 value = 0;

	if (length == (size_t)minus || length - minus > DIGITS_MAX)
		return false;
	for (size_t i = minus; i < length; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		value = value * 10 + (text[i] - '0');
	}
	*out = minus ? -value : value;
	return true;
}

/* "n/d" or "n", as assay_fraction_format writes it. */
static bool fraction(const char *text, struct assay_fraction *out)
{
	const char *bar = strchr(text, '/');
	size_t length = bar ? (size_t)(bar - text) : strlen(text);

	out->d = 1;
	return whole(text, length, &out->n) && (!bar || whole(bar + 1, strlen(bar + 1), &out->d)) &&
	       out->d > 0;
}

/* The last frozen chart as a row, or null: new reference; NULL with err. */
static json_t *frozen(sqlite3 *state, const char *material, const char *instrument, struct assay_error *err)
{
	json_t *rows = query_list(state,
		query_prepare(state, err,
			"SELECT mean, variance, n, relative FROM control_chart WHERE material=?1 AND "
			"instrument=?2"
			" ORDER BY seq DESC LIMIT 1",
			"tt", material, instrument),
		err);
	json_t *row = rows ? json_incref(json_array_get(rows, 0)) : NULL;

	json_decref(rows);
	return rows && !row ? json_null() : row;
}

static int unreadable(const char *material, struct assay_error *err)
{
	return assay_error_set(err, ASSAY_EDAMAGED, "chart-unreadable", "%.60s 的控制图读不懂",
		"the chart of %.60s cannot be read", material);
}

int lab_chart_find(struct assay_lab *lab, const json_t *material, const char *instrument,
	struct assay_qc_chart *out, struct assay_error *err)
{
	const char *id = lab_text(material, "material"), *value = lab_text(material, "value"),
		   *expanded = lab_text(material, "uncertainty"), *coverage = lab_text(material, "coverage");
	struct assay_decimal figure[3];
	json_t *chart = frozen(lab->state, id, instrument, err);
	int status = chart ? ASSAY_OK : ASSAY_EIO;

	memset(out, 0, sizeof *out);
	if (status == ASSAY_OK && json_is_object(chart)) {
		out->basis = ASSAY_QC_HISTORY;
		out->n = (unsigned)json_integer_value(json_object_get(chart, "n"));
		if (!fraction(lab_text(chart, "mean"), &out->mean) ||
			!fraction(lab_text(chart, "variance"), &out->variance))
			status = unreadable(id, err);
	} else if (status == ASSAY_OK && *value) {
		if (assay_decimal_parse(value, strlen(value), &figure[0]) != ASSAY_OK ||
			assay_decimal_parse(expanded, strlen(expanded), &figure[1]) != ASSAY_OK ||
			assay_decimal_parse(coverage, strlen(coverage), &figure[2]) != ASSAY_OK)
			status = unreadable(id, err);
		else
			status = assay_qc_certify(&figure[0], &figure[1], &figure[2], out, err);
	}
	json_decref(chart);
	return status;
}

int lab_range_chart_find(struct assay_lab *lab, const char *method, const char *instrument,
	struct assay_qc_range_chart *out, struct assay_error *err)
{
	char key[LAB_ID_MAX + 16];
	json_t *chart;
	int status;

	(void)snprintf(key, sizeof key, LAB_DUPLICATES "%s", method);
	chart = frozen(lab->state, key, instrument, err);
	status = chart ? ASSAY_OK : ASSAY_EIO;
	memset(out, 0, sizeof *out);
	if (json_is_object(chart)) {
		out->n = (unsigned)json_integer_value(json_object_get(chart, "n"));
		out->relative = json_integer_value(json_object_get(chart, "relative")) != 0;
		if (!fraction(lab_text(chart, "mean"), &out->mean_range))
			status = unreadable(key, err);
	}
	json_decref(chart);
	return status;
}

/* What is being frozen. */
struct history {
	json_t *points, *left_out, *outliers; /* points owned by the freeze; left_out as asked for */
	struct assay_decimal first[ASSAY_QC_HISTORY_MAX], value[ASSAY_QC_HISTORY_MAX];
	bool out[ASSAY_QC_HISTORY_MAX], far[ASSAY_QC_HISTORY_MAX];
	size_t count;
};

/* "TEST=why": the reason a point is left out for; NULL when it is not. */
static const char *left_out_reason(const json_t *asked, const char *test)
{
	const json_t *one;
	size_t index, length = strlen(test);

	json_array_foreach(asked, index, one)
	{
		const char *text = json_string_value(one);

		if (text && strncmp(text, test, length) == 0 && text[length] == '=' && text[length + 1])
			return text + length + 1;
	}
	return NULL;
}

static int take_points(
	const json_t *rows, const json_t *asked, struct history *history, struct assay_error *err)
{
	const json_t *row;
	size_t index, named = 0;

	if (json_array_size(rows) > ASSAY_QC_HISTORY_MAX)
		return assay_error_set(err, ASSAY_EREFUSED, "qc-history-long", "控制图最多 %u 个点",
			"a chart takes at most %u points", ASSAY_QC_HISTORY_MAX);
	json_array_foreach(rows, index, row)
	{
		const char *value = lab_text(row, "value"), *first = lab_text(row, "first"),
			   *why = left_out_reason(asked, lab_text(row, "test"));

		if (assay_decimal_parse(value, strlen(value), &history->value[index]) != ASSAY_OK ||
			assay_decimal_parse(first, strlen(first), &history->first[index]) != ASSAY_OK)
			return unreadable(lab_text(row, "test"), err);
		history->out[index] = why != NULL;
		history->count++;
		named += why != NULL;
		if (why)
			(void)json_array_append_new(
				history->left_out, json_pack("{s:s,s:o}", "test", lab_text(row, "test"),
							   "reason", lab_string(why)));
		else
			(void)json_array_append_new(history->points,
				json_pack("{s:s,s:s}", "test", lab_text(row, "test"), "value", value));
	}
	if (named != json_array_size(asked))
		return assay_error_set(err, ASSAY_EREFUSED, "point-unknown",
			"left_out 要写成“检验号=理由”，且是图上的点",
			"left_out names points of the chart, each written TEST=REASON");
	return ASSAY_OK;
}

static int freeze_range(struct history *history, bool relative, struct assay_fraction *mean, unsigned *n,
	struct assay_error *err)
{
	struct assay_qc_pair *pairs = calloc(history->count ? history->count : 1, sizeof *pairs);
	struct assay_qc_range_chart chart;
	size_t kept = 0;
	int status;

	if (!pairs)
		return lab_no_memory(err);
	for (size_t i = 0; i < history->count; i++)
		if (!history->out[i])
			pairs[kept++] = (struct assay_qc_pair){history->first[i], history->value[i]};
	status = assay_qc_range_freeze(pairs, kept, relative, &chart, err);
	free(pairs);
	if (status == ASSAY_OK) {
		*mean = chart.mean_range;
		*n = chart.n;
	}
	return status;
}

/* The entry, without who and signature; NULL with err. */
static json_t *work_out(
	const json_t *rows, struct history *history, bool ranges, bool relative, struct assay_error *err)
{
	char mean[ASSAY_FRACTION_TEXT_MAX] = "", variance[ASSAY_FRACTION_TEXT_MAX] = "";
	struct assay_qc_chart chart = {.n = 0};
	int status = ranges ? freeze_range(history, relative, &chart.mean, &chart.n, err)
			    : assay_qc_freeze(history->value, history->out, history->count, history->far,
				      &chart, err);

	if (status != ASSAY_OK)
		return NULL;
	(void)assay_fraction_format(&chart.mean, mean);
	if (!ranges)
		(void)assay_fraction_format(&chart.variance, variance);
	for (size_t i = 0; i < history->count; i++)
		if (history->far[i])
			(void)json_array_append(
				history->outliers, json_object_get(json_array_get(rows, i), "test"));
	return json_pack("{s:s,s:s,s:i,s:b,s:O,s:O,s:O}", "mean", mean, "variance", variance, "n",
		(int)chart.n, "relative", ranges && relative, "outliers", history->outliers, "points",
		history->points, "left_out", history->left_out);
}

static json_t *points_of(struct assay_lab *lab, const char *material, const char *method,
	const char *instrument, bool ranges, struct assay_error *err)
{
	return query_list(lab->state,
		query_prepare(lab->state, err,
			"SELECT c.test, c.value, CASE WHEN ?4=1 THEN (SELECT value FROM result WHERE "
			"test=c.of_test) ELSE c.value END AS first FROM control AS c JOIN control_run AS r "
			"ON "
			"r.id=c.run WHERE c.judged=1 AND c.usable=1 AND r.instrument=?3 AND ((?4=0 AND "
			"c.material=?1) OR (?4=1 AND r.kind='duplicate' AND r.method=?2)) ORDER BY "
			"r.judged_seq, "
			"c.test",
			"ttti", material, method, instrument, (int64_t)ranges),
		err);
}

static int freeze_now(struct assay_lab *lab, const json_t *request, const char *material, const char *method,
	const struct assay_actor *actor, struct assay_error *err)
{
	const char *instrument = lab_may(request, "instrument", err),
		   *reason = instrument ? lab_need(request, "reason", err) : NULL;
	bool ranges = strncmp(material, LAB_DUPLICATES, strlen(LAB_DUPLICATES)) == 0;
	json_t *rows = reason ? points_of(lab, material, method, instrument, ranges, err) : NULL,
	       *chart = NULL, *signature = NULL;
	struct history *history = calloc(1, sizeof *history);
	int status = !history ? lab_no_memory(err) : rows ? ASSAY_OK : reason ? ASSAY_EIO : ASSAY_EREFUSED;

	if (history && status == ASSAY_OK) {
		history->points = json_array();
		history->left_out = json_array();
		history->outliers = json_array();
		status = take_points(rows, json_object_get(request, "left_out"), history, err);
	}
	if (history && status == ASSAY_OK) {
		chart = work_out(
			rows, history, ranges, json_is_true(json_object_get(request, "relative")), err);
		status = chart ? ASSAY_OK : ASSAY_EREFUSED;
	}
	if (status == ASSAY_OK) {
		(void)json_object_set_new(chart, "material", json_string(material));
		(void)json_object_set_new(chart, "instrument", json_string(instrument));
		(void)json_object_set_new(chart, "method", json_string(method));
		signature = lab_sign(lab, actor, "chart frozen", json_deep_copy(chart), err);
		(void)json_object_set_new(chart, "reason", lab_string(reason));
		(void)json_object_set_new(chart, "who", json_string(actor->name));
		(void)json_object_set(chart, "signature", signature);
		status = signature ? lab_append(lab, ASSAY_ENTRY_CONTROL_CHART, json_incref(chart), NULL, err)
				   : ASSAY_ENOMEM;
	}
	if (history) {
		json_decref(history->points);
		json_decref(history->left_out);
		json_decref(history->outliers);
	}
	free(history);
	json_decref(chart);
	json_decref(signature);
	json_decref(rows);
	return status;
}

static json_t *shown(struct assay_lab *lab, const json_t *request, int *status_out, struct assay_error *err)
{
	return lab_answer_one("chart",
		assay_query_chart(
			lab->state, lab_text(request, "material"), lab_text(request, "instrument"), err),
		status_out, err);
}

static json_t *freeze(struct assay_lab *lab, const json_t *request, const struct assay_actor *actor,
	int *status_out, struct assay_error *err)
{
	const char *material = lab_need(request, "material", err);
	json_t *row = NULL;

	*status_out = material ? ASSAY_OK : ASSAY_EREFUSED;
	if (material && strncmp(material, LAB_DUPLICATES, strlen(LAB_DUPLICATES)) == 0) {
		const char *method = material + strlen(LAB_DUPLICATES);

		*status_out = assay_specs_method(lab->specs, method)
				      ? freeze_now(lab, request, material, method, actor, err)
				      : assay_error_set(err, ASSAY_EREFUSED, "method-unknown",
						"没有方法 %.60s", "there is no method %.60s", method);
	} else if (material) {
		row = assay_query_material(lab->state, material, err);
		*status_out = row ? freeze_now(lab, request, material, lab_text(row, "method"), actor, err)
				  : ASSAY_ENOTFOUND;
	}
	json_decref(row);
	return *status_out == ASSAY_OK ? shown(lab, request, status_out, err) : NULL;
}

static json_t *show(struct assay_lab *lab, const json_t *request, const struct assay_actor *actor,
	int *status_out, struct assay_error *err)
{
	(void)actor;
	*status_out = ASSAY_EREFUSED;
	if (!lab_need(request, "material", err) || !lab_may(request, "instrument", err))
		return NULL;
	return shown(lab, request, status_out, err);
}

static json_t *list(struct assay_lab *lab, const json_t *request, const struct assay_actor *actor,
	int *status_out, struct assay_error *err)
{
	(void)request;
	(void)actor;
	return lab_answer_one("charts", assay_query_charts(lab->state, err), status_out, err);
}

const struct lab_command lab_chart_commands[] = {
	{"qc.chart.freeze", freeze}, {"qc.chart.show", show}, {"qc.chart.list", list}, {NULL, NULL}};
