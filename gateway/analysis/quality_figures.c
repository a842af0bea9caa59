/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/analysis/quality_figures.h"

#include "gateway/analysis/calibration.h"
#include "gateway/analysis/figure.h"
#include "gateway/analysis/proficiency.h"
#include "gateway/analysis/uncertainty.h"
#include "gateway/lab/query_row.h"
#include "gateway/lab/steps.h"
#include "limits/decimal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define VALUES_MAX 2000u
#define SERIES_MAX 64u
#define VALID_DAYS 365u
#define NS_A_DAY 86400000000000ll

static double figure_or_zero(const json_t *object, const char *name)
{
	double value = assay_figure_of(lab_text(object, name));

	return isfinite(value) ? value : 0.0;
}

static json_t *shown(double value)
{
	char text[64] = "";

	if (isfinite(value))
		(void)snprintf(text, sizeof text, "%.9g", value);
	return json_string(text);
}

static int32_t day_of(const json_t *row)
{
	return (int32_t)(json_integer_value(json_object_get(row, "wall_ns")) / NS_A_DAY);
}

static void day_text(int32_t day, char out[16])
{
	time_t seconds = (time_t)day * 86400;
	struct tm parts;

	out[0] = '\0';
	if (gmtime_r(&seconds, &parts))
		(void)strftime(out, 16, "%Y-%m-%d", &parts);
}

/* What the laboratory has of a method; everything is owned by it. */
struct data {
	struct assay_control_value value[VALUES_MAX];
	struct assay_control_series series[SERIES_MAX];
	struct assay_reference_material material[SERIES_MAX];
	struct assay_duplicate pair[VALUES_MAX];
	struct assay_proficiency_bias round[SERIES_MAX];
	struct assay_recovery recovery[SERIES_MAX];
	uint32_t values, series_count, materials, pairs, rounds, recoveries;
};

/* A certified material's own mean and scatter, for its bias. */
static void add_material(struct data *data, const json_t *row, const struct assay_control_series *series)
{
	double certified = assay_figure_of(lab_text(row, "certified")),
	       expanded = assay_figure_of(lab_text(row, "expanded")),
	       coverage = assay_figure_of(lab_text(row, "coverage")), sum = 0.0, squares = 0.0;
	struct assay_reference_material *material = &data->material[data->materials];

	if (!isfinite(certified) || !(expanded > 0.0) || !(coverage > 0.0))
		return;
	for (uint32_t i = 0; i < series->count; i++)
		sum += series->value[i].value;
	*material = (struct assay_reference_material){.certified = certified,
		.u_certified = expanded / coverage,
		.mean = sum / series->count,
		.count = series->count,
		.day = series->value[series->count - 1].day};
	for (uint32_t i = 0; i < series->count; i++)
		squares +=
			(series->value[i].value - material->mean) * (series->value[i].value - material->mean);
	material->sd = series->count > 1 ? sqrt(squares / (series->count - 1)) : 0.0;
	data->materials++;
}

/* The newest controls whose run stood or had no chart to stand on yet, with what their material's register says of its
 * uncertainty: what broke a rule is no scatter of a method in control. */
#define CONTROLS(kind)                                                                                       \
	" r.measured_ns AS wall_ns, json_extract(m.body,'$.uncertainty') AS expanded, "                      \
	"json_extract(m.body,'$.coverage') AS coverage FROM control AS c JOIN control_run AS r ON "          \
	"r.id=c.run JOIN control_material AS m ON m.id=c.material WHERE r.method=?1 AND r.kind='" kind       \
	"' AND c.judged=1 AND c.usable=1 AND r.holds=0"

static int read_controls(sqlite3 *state, const char *method, struct data *data, struct assay_error *err)
{
	json_t *rows = query_list(state,
		query_prepare(state, err,
			"SELECT * FROM (SELECT c.material, c.value, r.judged_seq, c.test, "
			"json_extract(m.body,'$.value') AS certified," CONTROLS(
				"control") " ORDER BY r.judged_seq DESC, c.test DESC LIMIT ?2) ORDER BY "
					   "material, judged_seq, test",
			"ti", method, (int64_t)VALUES_MAX),
		err);
	const char *material = "";
	const json_t *row, *first = NULL;
	size_t index;

	json_array_foreach(rows, index, row)
	{
		double value = assay_figure_of(lab_text(row, "value"));

		if (!isfinite(value))
			continue;
		if (strcmp(material, lab_text(row, "material")) != 0) {
			if (first)
				add_material(data, first, &data->series[data->series_count - 1]);
			if (data->series_count == SERIES_MAX)
				break;
			material = lab_text(row, "material");
			first = row;
			data->series[data->series_count++] = (struct assay_control_series){
				.value = &data->value[data->values], .whole_process = true};
		}
		data->value[data->values++] = (struct assay_control_value){value, day_of(row)};
		data->series[data->series_count - 1].count++;
	}
	if (first && data->series_count && data->materials < data->series_count)
		add_material(data, first, &data->series[data->series_count - 1]);
	json_decref(rows);
	return rows ? ASSAY_OK : ASSAY_EIO;
}

/* The first two replicates of every routine test, the newest first; containers of a sampling plan are no duplicates. */
static int read_pairs(sqlite3 *state, const char *method, struct data *data, struct assay_error *err)
{
	json_t *rows = query_list(state,
		query_prepare(state, err,
			"SELECT (SELECT json_extract(value,'$.value') FROM json_each(t.calculated) WHERE "
			"json_extract(value,'$.name')='x' AND json_extract(value,'$.replicate')=1) AS first,"
			" (SELECT json_extract(value,'$.value') FROM json_each(t.calculated) WHERE "
			"json_extract(value,'$.name')='x' AND json_extract(value,'$.replicate')=2) AS second,"
			" (SELECT max(wall_ns) FROM slot WHERE test=t.id AND status='filled') AS wall_ns "
			"FROM test AS "
			"t WHERE t.method=?1 AND t.status='done' AND json_extract(t.sheet,'$.plan.n') IS "
			"NULL AND NOT EXISTS(SELECT 1 FROM control WHERE "
			"test=t.id) ORDER BY t.seq DESC LIMIT ?2",
			"ti", method, (int64_t)VALUES_MAX),
		err);
	const json_t *row;
	size_t index;

	json_array_foreach(rows, index, row)
	{
		double first = assay_figure_of(lab_text(row, "first")),
		       second = assay_figure_of(lab_text(row, "second"));

		if (isfinite(first) && isfinite(second))
			data->pair[data->pairs++] = (struct assay_duplicate){first, second, day_of(row)};
	}
	json_decref(rows);
	return rows ? ASSAY_OK : ASSAY_EIO;
}

static int read_rounds(sqlite3 *state, const char *method, struct data *data, struct assay_error *err)
{
	json_t *rows = query_list(state,
		query_prepare(state, err,
			"SELECT body AS \"{body\" FROM (SELECT body, seq FROM proficiency WHERE method=?1 "
			"ORDER BY seq "
			"DESC LIMIT ?2) ORDER BY seq",
			"ti", method, (int64_t)SERIES_MAX),
		err);
	const json_t *row;
	size_t index;

	json_array_foreach(rows, index, row)
	{
		const json_t *body = json_object_get(row, "body");
		int64_t laboratories = json_integer_value(json_object_get(body, "laboratories"));
		int32_t day = 0;

		if (laboratories < 2 || assay_calibration_day(lab_text(body, "date"), &day) != ASSAY_OK ||
			!isfinite(assay_figure_of(lab_text(body, "sd_between"))))
			continue;
		data->round[data->rounds++] =
			(struct assay_proficiency_bias){.value = assay_figure_of(lab_text(body, "value")),
				.assigned = assay_figure_of(lab_text(body, "assigned")),
				.sd_between = assay_figure_of(lab_text(body, "sd_between")),
				.laboratories = (uint32_t)laboratories,
				.robust = true,
				.day = day};
	}
	json_decref(rows);
	return rows ? ASSAY_OK : ASSAY_EIO;
}

/* What spiked samples gave back of what was added, the newest first. The spike's own uncertainty is what its register says of
 * it; without that a recovery cannot be told from an error of the addition, and is left out. */
static int read_recoveries(sqlite3 *state, const char *method, struct data *data, struct assay_error *err)
{
	json_t *rows = query_list(state,
		query_prepare(state, err,
			"SELECT c.value," CONTROLS("spike") " ORDER BY r.judged_seq DESC, c.test LIMIT ?2",
			"ti", method, (int64_t)SERIES_MAX),
		err);
	const json_t *row;
	size_t index;

	json_array_foreach(rows, index, row)
	{
		double percent = assay_figure_of(lab_text(row, "value")),
		       expanded = assay_figure_of(lab_text(row, "expanded")),
		       coverage = assay_figure_of(lab_text(row, "coverage"));

		if (isfinite(percent) && expanded > 0.0 && coverage > 0.0)
			data->recovery[data->recoveries++] =
				(struct assay_recovery){percent, expanded / coverage, day_of(row)};
	}
	json_decref(rows);
	return rows ? ASSAY_OK : ASSAY_EIO;
}

static json_t *uncertainty_json(
	const struct assay_uncertainty *found, const char *method, const char *unit, const char *today)
{
	static const char *const sources[] = {"", "materials", "rounds", "recoveries"};
	char expanded[ASSAY_DECIMAL_TEXT_MAX] = "", newest[16] = "", until[16] = "";
	struct assay_decimal rounded;
	int32_t day = 0;
	bool dated = assay_calibration_day(today, &day) == ASSAY_OK;

	if (assay_uncertainty_decimal(found, &rounded) == ASSAY_OK)
		(void)assay_decimal_format(&rounded, expanded);
	if (found->known) {
		day_text(found->newest_day, newest);
		day_text(found->stale_after_day, until);
	}
	return json_pack("{s:s,s:b,s:b,s:s,s:s,s:s,s:s,s:o,s:o,s:o,s:s,s:o,s:o,s:i,s:i,s:i,s:s,s:s,s:b}",
		"method", method, "relative", found->relative, "known", found->known && expanded[0], "reason",
		found->reason ? found->reason : "", "expanded", expanded, "coverage", "2", "unit",
		found->relative ? "%" : unit, "s_control", shown(found->s_control), "s_duplicate",
		shown(found->s_duplicate), "u_rw", shown(found->u_rw), "bias_source",
		sources[found->bias_source], "u_bias", shown(found->u_bias), "u_combined",
		shown(found->u_combined), "control_values", (int)found->control_values, "pairs",
		(int)found->pairs, "bias_values", (int)found->bias_values, "newest", newest, "stale_after",
		until, "stale", !dated || assay_uncertainty_stale(found, day));
}

json_t *assay_quality_uncertainty(sqlite3 *state, const char *method, const char *unit, bool relative,
	const char *today, struct assay_error *err)
{
	struct data *data = calloc(1, sizeof *data);
	struct assay_uncertainty found;
	json_t *answer = NULL;
	int status;

	if (!data) {
		(void)lab_no_memory(err);
		return NULL;
	}
	status = read_controls(state, method, data, err);
	if (status == ASSAY_OK)
		status = read_pairs(state, method, data, err);
	if (status == ASSAY_OK)
		status = read_rounds(state, method, data, err);
	if (status == ASSAY_OK)
		status = read_recoveries(state, method, data, err);
	if (status == ASSAY_OK) {
		const struct assay_uncertainty_inputs inputs = {.from = -HUGE_VAL,
			.to = HUGE_VAL,
			.relative = relative,
			.controls = data->series,
			.control_count = data->series_count,
			.pairs = data->pair,
			.pair_count = data->pairs,
			.materials = data->material,
			.material_count = data->materials,
			.rounds = data->round,
			.round_count = data->rounds,
			.recoveries = data->recovery,
			.recovery_count = data->recoveries,
			.valid_days = VALID_DAYS};

		found = assay_uncertainty_of(&inputs);
		answer = uncertainty_json(&found, method, unit, today);
		if (!answer)
			(void)lab_no_memory(err);
	}
	free(data);
	return answer;
}

static struct assay_proficiency_result result_of(const json_t *round)
{
	double coverage = assay_figure_of(lab_text(round, "coverage"));

	return (struct assay_proficiency_result){.value = figure_or_zero(round, "value"),
		.assigned = figure_or_zero(round, "assigned"),
		.sigma = figure_or_zero(round, "sigma"),
		.u_assigned = figure_or_zero(round, "u_assigned"),
		.u_value = figure_or_zero(round, "u_value"),
		.coverage = isfinite(coverage) && coverage > 0.0 ? coverage : 2.0};
}

static void put_score(json_t *round, const char *name, const struct assay_proficiency_score *score)
{
	static const char *const grades[] = {"", "satisfactory", "questionable", "unsatisfactory"};
	char grade[32], text[32] = "";

	(void)snprintf(grade, sizeof grade, "%s_grade", name);
	if (score->grade != ASSAY_PROFICIENCY_UNKNOWN)
		(void)snprintf(text, sizeof text, "%.6f", score->score);
	(void)json_object_set_new(round, name, json_string(text));
	(void)json_object_set_new(round, grade, json_string(grades[score->grade]));
}

json_t *assay_quality_rounds(sqlite3 *state, const char *method, struct assay_error *err)
{
	json_t *list = query_list(state,
		       query_prepare(state, err,
			       "SELECT seq, body AS \"{body\", wall_ns AS \"@at\" FROM proficiency WHERE "
			       "?1='' OR "
			       "method=?1 ORDER BY method, seq",
			       "t", method),
		       err),
	       *round;
	size_t index;

	json_array_foreach(list, index, round)
	{
		json_t *body = json_incref(json_object_get(round, "body"));
		struct assay_proficiency_result result = result_of(body);
		struct assay_proficiency_scores scores = assay_proficiency_score(&result);

		(void)json_object_del(round, "body");
		(void)json_object_update_missing(round, body);
		json_decref(body);
		put_score(round, "z", &scores.z);
		put_score(round, "z_prime", &scores.z_prime);
		put_score(round, "zeta", &scores.zeta);
		put_score(round, "en", &scores.en);
		(void)json_object_set_new(round, "assigned_is_vague", json_boolean(scores.assigned_is_vague));
	}
	return list;
}

json_t *assay_quality_history(const json_t *rounds)
{
	size_t count = json_array_size(rounds), index;
	struct assay_proficiency_result *results = calloc(count ? count : 1, sizeof *results);
	struct assay_proficiency_history history;
	const json_t *round;

	if (!results)
		return NULL;
	json_array_foreach(rounds, index, round)
	{
		results[index] = result_of(round);
	}
	history = assay_proficiency_review(results, (uint32_t)count);
	free(results);
	return json_pack("{s:i,s:i,s:i,s:o,s:o,s:b}", "rounds", (int)history.rounds, "questionable",
		(int)history.questionable, "unsatisfactory", (int)history.unsatisfactory, "mean_score",
		shown(history.mean_score), "rms_score", shown(history.rms_score), "action", history.action);
}
