/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/lab/statement.h"

#include "gateway/lab/certificate.h"
#include "gateway/lab/entries.h"
#include "limits/decimal.h"

#include <stdio.h>
#include <string.h>

#define CELL_CHARACTERS 400u
#define COLUMNS_MAX 10u

void statement_say(json_t *parts, const char *part, const char *zh, const char *en)
{
	(void)json_array_append_new(
		parts, json_pack("{s:s,s:o,s:o,s:[],s:[]}", "part", part, "text_zh", lab_cut(zh, 800),
			       "text_en", lab_cut(en, 1200), "heads", "rows"));
}

json_t *statement_table(json_t *parts, const struct statement_column *columns, size_t count)
{
	json_t *heads = json_array(), *rows = json_array();

	for (size_t i = 0; i < count && i < COLUMNS_MAX; i++)
		(void)json_array_append_new(
			heads, json_pack("{s:s,s:s,s:i}", "text_zh", columns[i].zh, "text_en", columns[i].en,
				       "share", columns[i].share));
	(void)json_array_append_new(parts, json_pack("{s:s,s:s,s:s,s:o,s:o}", "part", "table", "text_zh", "",
						   "text_en", "", "heads", heads, "rows", rows));
	return rows;
}

void statement_row(json_t *rows, size_t count, const char *const *cells)
{
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++)
		(void)json_array_append_new(list,
			json_pack("{s:o}", "text", lab_cut(*cells[i] ? cells[i] : "-", CELL_CHARACTERS)));
	(void)json_array_append_new(rows, json_pack("{s:o}", "cells", list));
}

/* "0.083333" -> "8.3" */
static void per_cent(const char *text, char out[ASSAY_DECIMAL_TEXT_MAX])
{
	const struct assay_fraction hundred = {100, 1};
	struct assay_decimal value;
	struct assay_fraction share;

	(void)snprintf(out, ASSAY_DECIMAL_TEXT_MAX, "-");
	if (assay_decimal_parse(text, strlen(text), &value) != ASSAY_OK)
		return;
	share = assay_fraction_of(&value);
	if (assay_fraction_apply('*', &share, &hundred, &share) != ASSAY_OK ||
		assay_fraction_round(&share, 1, ASSAY_ROUND_HALF_EVEN, &value) != ASSAY_OK)
		return;
	value.mark = ASSAY_MARK_EXACT;
	(void)assay_decimal_format(&value, out);
}

void statement_rate(const json_t *rate, char out[STATEMENT_RATE_MAX])
{
	char figure[ASSAY_DECIMAL_TEXT_MAX], low[ASSAY_DECIMAL_TEXT_MAX], high[ASSAY_DECIMAL_TEXT_MAX];
	json_int_t n = json_integer_value(json_object_get(rate, "n"));

	(void)snprintf(out, STATEMENT_RATE_MAX, "-");
	if (n <= 0)
		return;
	per_cent(lab_text(rate, "figure"), figure);
	per_cent(lab_text(rate, "low"), low);
	per_cent(lab_text(rate, "high"), high);
	(void)snprintf(out, STATEMENT_RATE_MAX, "%lld/%lld = %.10s %% (%.10s – %.10s %%)",
		(long long)json_integer_value(json_object_get(rate, "count")), (long long)n, figure, low,
		high);
}

json_t *statement_document(sqlite3 *state, const char *number, const char *title_zh, const char *title_en,
	const char *subject, const char *issued, json_t *parts, struct assay_error *err)
{
	struct assay_lab lab = {.state = state};
	json_t *site = lab_site(&lab, err), *document;

	if (!site) {
		json_decref(parts);
		return NULL;
	}
	document = json_pack("{s:s,s:s,s:s,s:s,s:s,s:o,s:o,s:o}", "kind", "statement", "issued", issued,
		"number", number, "title_zh", title_zh, "title_en", title_en, "subject",
		lab_cut(subject, 200), "laboratory", lab_laboratory_paper(site), "parts", parts);
	json_decref(site);
	if (!document)
		(void)lab_no_memory(err);
	return document;
}
