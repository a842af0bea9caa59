/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/lab/quarter.h"

#include "gateway/analysis/district.h"
#include "gateway/lab/entries.h"

#include <stdio.h>
#include <string.h>

/* First and last day. */
static void days_of(const char *quarter, char first[16], char last[16])
{
	static const char *const begins[] = {"01-01", "04-01", "07-01", "10-01"};
	static const char *const ends[] = {"03-31", "06-30", "09-30", "12-31"};
	int number = quarter[5] - '1';

	(void)snprintf(first, 16, "%.4s-%s", quarter, begins[number]);
	(void)snprintf(last, 16, "%.4s-%s", quarter, ends[number]);
}

static bool put(json_t *object, const char *name, json_t *value)
{
	return value && json_object_set_new(object, name, value) == 0;
}

json_t *lab_quarter_figures(sqlite3 *state, const struct assay_specs *specs, const char *quarter,
	int *status_out, struct assay_error *err)
{
	const struct assay_district_wish wish = {.quarter = quarter}, everything = {0};
	char first[16], last[16];
	json_t *figures;

	if (!*quarter || !assay_district_quarter_valid(quarter)) {
		*status_out = assay_error_set(err, ASSAY_EREFUSED, "field-invalid",
			"季度要写成 2026Q4，收到 %.20s", "a quarter is written 2026Q4, %.20s came", quarter);
		return NULL;
	}
	days_of(quarter, first, last);
	*status_out = ASSAY_EIO;
	figures = json_pack("{s:s,s:s,s:s}", "quarter", quarter, "first", first, "last", last);
	if (figures && put(figures, "overview", assay_district_overview(state, specs, quarter, last, err)) &&
		put(figures, "rates", assay_district_rates(state, specs, &wish, err)) &&
		put(figures, "trends", assay_district_trends(state, specs, &everything, err)) &&
		put(figures, "coverage", assay_district_coverage(state, specs, last, err))) {
		*status_out = ASSAY_OK;
		return figures;
	}
	json_decref(figures);
	return NULL;
}

/* ---- CSV ---- */

static void cell(FILE *out, const char *text)
{
	(void)fputc('"', out);
	if (*text && strchr("=+-@\t\r", *text))
		(void)fputc('\'', out);
	for (; *text; text++) {
		if (*text == '"')
			(void)fputc('"', out);
		(void)fputc((unsigned char)*text < 0x20 ? ' ' : *text, out);
	}
	(void)fputc('"', out);
}

static void cells(FILE *out, const json_t *object, const char *const *names)
{
	for (size_t i = 0; names[i]; i++) {
		(void)fputc(',', out);
		cell(out, lab_text(object, names[i]));
	}
}

static void rate(FILE *out, const json_t *of)
{
	static const char *const figures[] = {"figure", "low", "high", NULL};

	(void)fprintf(out, ",%lld,%lld", (long long)json_integer_value(json_object_get(of, "count")),
		(long long)json_integer_value(json_object_get(of, "n")));
	cells(out, of, figures);
}

static void groups(FILE *out, const char *list, const json_t *rows, const char *quarter)
{
	static const char *const keys[] = {
		"class", "class_zh", "class_en", "analyte", "analyte_zh", "origin", "origin_zh", NULL};
	static const char *const tests[] = {"p", "q", NULL};
	const json_t *row;
	size_t index;

	json_array_foreach(rows, index, row)
	{
		const char *own = lab_text(row, "quarter");

		cell(out, list);
		(void)fputc(',', out);
		cell(out, *own ? own : quarter);
		cells(out, row, keys);
		rate(out, json_object_get(row, "failed"));
		rate(out, json_object_get(row, "near"));
		(void)fprintf(
			out, ",%lld", (long long)json_integer_value(json_object_get(row, "undetermined")));
		cells(out, row, tests);
		(void)fprintf(out, ",%s,%lld\r\n", json_is_true(json_object_get(row, "alarm")) ? "yes" : "no",
			(long long)json_integer_value(json_object_get(row, "held")));
	}
}

char *lab_quarter_csv(const json_t *figures, size_t *length_out)
{
	const json_t *overview = json_object_get(figures, "overview");
	const char *quarter = lab_text(figures, "quarter");
	char *text = NULL;
	FILE *out = open_memstream(&text, length_out);

	if (!out)
		return NULL;
	(void)fputs("\xef\xbb\xbf"
		    "list,quarter,class,class_zh,class_en,analyte,analyte_zh,origin,origin_zh,failed,n,"
		    "failure_rate,low_95,"
		    "high_95,near,near_n,near_rate,near_low_95,near_high_95,undetermined,p,q,alarm,held\r\n",
		out);
	groups(out, "risks", json_object_get(json_object_get(figures, "rates"), "groups"), quarter);
	groups(out, "origins", json_object_get(overview, "origins"), quarter);
	groups(out, "sentinel points", json_object_get(overview, "sentinel"), quarter);
	groups(out, "quarters", json_object_get(overview, "by_quarter"), quarter);
	return fclose(out) == 0 ? text : NULL;
}
