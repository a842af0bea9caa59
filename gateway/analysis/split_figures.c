/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/analysis/split_figures.h"

#include "gateway/analysis/agreement.h"
#include "gateway/analysis/district_read.h"
#include "gateway/analysis/figure.h"
#include "gateway/lab/control.h"
#include "gateway/lab/query_row.h"
#include "gateway/lab/steps.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CHINA_OFFSET_NS 28800000000000ll

/* 0 when it is none. */
static double figure(const char *text)
{
	double value = assay_figure_of(text);

	return isfinite(value) ? value : 0.0;
}

/* Six significant digits without an exponent. */
static json_t *shown(double value)
{
	int before = value == 0.0 ? 1 : (int)floor(log10(fabs(value))) + 1, after = 6 - before;
	char text[64];

	(void)snprintf(text, sizeof text, "%.*f", after < 0 ? 0 : after > 15 ? 15 : after, value);
	return json_string(text);
}

/* Ours is a figure that may be told: it stands, nothing holds it and no retest of it is under way. */
static bool comparable(sqlite3 *state, const json_t *row, bool final, struct assay_error *err)
{
	const char *value = lab_text(row, "ours"), *status = lab_text(row, "batch_status");
	json_t *held;
	bool is_held;

	if (!isfinite(assay_figure_of(value)) || json_is_true(json_object_get(row, "retesting")) ||
		strcmp(lab_text(row, "ours_unit"), lab_text(row, "unit")) != 0)
		return false;
	held = lab_held(state, lab_text(row, "ours_of"), err);
	is_held = !held || json_array_size(held) > 0;
	json_decref(held);
	return !is_held &&
	       (!final || strcmp(status, "released") == 0 || strcmp(status, "awaiting-release") == 0);
}

/* U of our result, k = 2: the one adopted for the method, while its data were fresh. */
static double our_expanded(const json_t *row, double value)
{
	const json_t *adopted = json_object_get(row, "adopted");
	time_t measured =
		(time_t)((json_integer_value(json_object_get(row, "measured_ns")) + CHINA_OFFSET_NS) /
			 1000000000);
	double expanded = figure(lab_text(adopted, "expanded"));
	struct tm parts = {0};
	char day[16];

	(void)gmtime_r(&measured, &parts);
	(void)strftime(day, sizeof day, "%Y-%m-%d", &parts);
	if (!*lab_text(adopted, "stale_after") || strcmp(day, lab_text(adopted, "stale_after")) > 0)
		return 0.0;
	return json_is_true(json_object_get(adopted, "relative")) ? expanded / 100.0 * fabs(value) : expanded;
}

/* U of their result with k = 2. */
static double their_expanded(const json_t *row)
{
	double expanded = figure(lab_text(row, "uncertainty")), coverage = figure(lab_text(row, "coverage"));

	return coverage > 0.0 ? expanded * 2.0 / coverage : 0.0;
}

static json_t *maybe(double value)
{
	return value > 0.0 ? shown(value) : json_string("");
}

struct group {
	json_t *object, *samples;
	struct assay_split_sample sample[ASSAY_SPLITS_MAX];
	uint32_t n, blind;
};

static json_t *sample_json(const json_t *row, const struct assay_split_sample *sample)
{
	double en = sample ? (sample->theirs - sample->ours) /
				     hypot(sample->expanded_theirs, sample->expanded_ours)
			   : 0.0;
	bool stated = sample && sample->expanded_theirs > 0.0 && sample->expanded_ours > 0.0;

	return json_pack("{s:O,s:O,s:O,s:O,s:O,s:o,s:s,s:s,s:o,s:o,s:o,s:o,s:s,s:O,s:b}", "test",
		json_object_get(row, "test"), "batch", json_object_get(row, "batch"), "name",
		json_object_get(row, "name"), "date", json_object_get(row, "date"), "theirs",
		json_object_get(row, "value"), "u_theirs", maybe(their_expanded(row)), "ours",
		sample ? lab_text(row, "ours") : "", "ours_of", sample ? lab_text(row, "ours_of") : "",
		"u_ours", maybe(sample ? sample->expanded_ours : 0.0), "difference",
		sample ? shown(sample->theirs - sample->ours) : json_string(""), "mean",
		sample ? shown((sample->theirs + sample->ours) / 2.0) : json_string(""), "en",
		stated ? shown(en) : json_string(""), "en_grade",
		!stated           ? ""
		: fabs(en) <= 1.0 ? "satisfactory"
				  : "unsatisfactory",
		"blind", json_object_get(row, "blind"), "waits", sample == NULL);
}

static void put_bounds(json_t *object, const char *name, const struct assay_bounds *bounds, bool known)
{
	const double part[] = {bounds->figure, bounds->low, bounds->high};
	static const char *const end[] = {"", "_low", "_high"};
	char key[24];

	for (size_t i = 0; i < 3; i++) {
		(void)snprintf(key, sizeof key, "%s%s", name, end[i]);
		(void)json_object_set_new(object, key, known ? shown(part[i]) : json_string(""));
	}
}

static int finish(struct group *group, json_t *list, struct assay_error *err)
{
	struct assay_agreement found;
	json_t *more;

	if (!group->object)
		return ASSAY_OK;
	found = assay_agreement_of(group->sample, group->n, NULL);
	more = json_pack("{s:I,s:I,s:b,s:o,s:I,s:I}", "n", (json_int_t)group->n, "blind",
		(json_int_t)group->blind, "known", found.known, "sd",
		found.known ? shown(found.sd) : json_string(""), "en_count", (json_int_t)found.en_count,
		"en_failed", (json_int_t)found.en_failed);
	put_bounds(group->object, "bias", &found.bias, found.known);
	put_bounds(group->object, "lower", &found.lower, found.known);
	put_bounds(group->object, "upper", &found.upper, found.known);
	if (!more || json_object_update(group->object, more) != 0 ||
		json_object_set_new(group->object, "samples", group->samples) != 0 ||
		json_array_append_new(list, group->object) != 0) {
		json_decref(more);
		return district_no_memory(err);
	}
	json_decref(more);
	group->object = NULL;
	return ASSAY_OK;
}

static void begin(struct group *group, const json_t *row)
{
	static const char *const names[] = {
		"producer", "producer_name", "method", "analyte", "analyte_zh", "analyte_en", "unit"};

	group->n = group->blind = 0;
	group->object = json_object();
	group->samples = json_array();
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		(void)json_object_set(group->object, names[i], json_object_get(row, names[i]));
}

static void add(struct group *group, const json_t *row, bool usable)
{
	struct assay_split_sample *sample = &group->sample[group->n];

	if (usable && group->n < ASSAY_SPLITS_MAX) {
		sample->theirs = figure(lab_text(row, "value"));
		sample->ours = figure(lab_text(row, "ours"));
		sample->expanded_theirs = their_expanded(row);
		sample->expanded_ours = our_expanded(row, sample->ours);
		group->n++;
		group->blind += json_is_true(json_object_get(row, "blind"));
	} else {
		sample = NULL;
	}
	(void)json_array_append_new(group->samples, sample_json(row, sample));
}

static bool same(const struct group *group, const json_t *row)
{
	return group->object && strcmp(lab_text(group->object, "producer"), lab_text(row, "producer")) == 0 &&
	       strcmp(lab_text(group->object, "method"), lab_text(row, "method")) == 0;
}

/* The newest entry of each test, grouped by producer and method, the newest ASSAY_SPLITS_MAX of each. What is compared is what
 * is reported: a retest takes the first test's place as in the certificate (its rule says so and it has decided, or it is the
 * worse of the two where the worse one decides). */
#define NEWEST                                                                                               \
	"WITH newest AS (SELECT s.*, row_number() OVER (PARTITION BY s.producer, s.method ORDER BY s.seq "   \
	"DESC) AS place FROM split AS s JOIN batch AS b ON b.id=s.batch WHERE s.seq=(SELECT max(seq) FROM "  \
	"split WHERE test=s.test) AND b.status<>'void' AND (?1='' OR s.producer=?1) AND (?2='' OR "          \
	"s.method=?2)),"
#define WEIGHT(verdict) "instr('pass undetermined fail'," verdict ")"
#define AGAIN                                                                                                \
	" again AS (SELECT n.*, t.analyte, t.sheet, coalesce(a.id,'') AS retest, coalesce(a.rule,'') AS "    \
	"rule, a.id IS NOT NULL AND a.result='' AS retesting, coalesce((SELECT verdict FROM verdict WHERE "  \
	"subject=t.result ORDER BY seq DESC LIMIT 1),'') AS first, coalesce((SELECT verdict FROM verdict "   \
	"WHERE subject=a.result ORDER BY seq DESC LIMIT 1),'') AS second FROM newest AS n JOIN test AS t "   \
	"ON t.id=n.test LEFT JOIN test AS a ON a.batch=t.batch AND a.retest_of=t.id AND a.status<>'void' "   \
	"WHERE n.place<=?3),"                                                                                \
	" stands AS (SELECT *, CASE WHEN second IN ('pass','fail') AND (rule='" LAB_RETEST_DECIDES           \
	"' OR " WEIGHT("second") ">" WEIGHT("first") ") THEN retest ELSE test END AS ours_of FROM again)"

static json_t *rows_of(sqlite3 *state, const char *producer, const char *method, struct assay_error *err)
{
	return query_list(state,
		query_prepare(state, err,
			NEWEST AGAIN
			" SELECT s.test, s.batch, s.producer, s.method, s.value, s.unit, s.uncertainty, "
			"s.coverage, s.date, s.blind AS \"?blind\", s.ours_of, s.retesting AS "
			"\"?retesting\", s.analyte, json_extract(s.sheet,'$.analyte_zh') AS analyte_zh, "
			"json_extract(s.sheet,'$.analyte_en') AS analyte_en, b.name, b.status AS "
			"batch_status, coalesce(p.name,'') AS producer_name, coalesce(r.value,'') AS ours, "
			"coalesce(r.unit,'') AS ours_unit, coalesce((SELECT body FROM uncertainty WHERE "
			"method=s.method ORDER BY seq DESC LIMIT 1),'{}') AS \"{adopted\", "
			"coalesce((SELECT max(wall_ns) FROM slot WHERE test=s.ours_of AND "
			"status='filled'),0) AS measured_ns FROM stands AS s JOIN test AS t ON "
			"t.id=s.ours_of JOIN batch AS b ON b.id=s.batch LEFT JOIN producer AS p ON "
			"p.id=s.producer LEFT JOIN result AS r ON r.id=t.result ORDER BY s.producer, "
			"s.method, s.seq",
			"tti", producer, method, (int64_t)ASSAY_SPLITS_MAX),
		err);
}

static int compare_all(sqlite3 *state, const json_t *rows, bool final, struct group *group, json_t *list,
	struct assay_error *err)
{
	const json_t *row;
	size_t index;
	int status = ASSAY_OK;

	json_array_foreach(rows, index, row)
	{
		bool usable;

		if (!same(group, row)) {
			status = finish(group, list, err);
			if (status != ASSAY_OK)
				return status;
			begin(group, row);
		}
		usable = comparable(state, row, final, err);
		add(group, row, usable);
	}
	return finish(group, list, err);
}

json_t *assay_split_figures(
	sqlite3 *state, const char *producer, const char *method, bool final, struct assay_error *err)
{
	json_t *rows = rows_of(state, producer, method, err), *list;
	struct group *group;

	if (!rows)
		return NULL;
	list = json_array();
	group = calloc(1, sizeof *group);
	if (!list || !group) {
		(void)district_no_memory(err);
	} else if (compare_all(state, rows, final, group, list, err) == ASSAY_OK) {
		free(group);
		json_decref(rows);
		return list;
	}
	free(group);
	json_decref(list);
	json_decref(rows);
	return NULL;
}
