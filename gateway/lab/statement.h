/* SPDX-License-Identifier: Apache-2.0
 * Statements for assay-report (gateway/report/report.h): what a producer is told and what a quarter was like, in words and
 * tables, Chinese with English. They say what the figures say; nothing is computed here but per cents. */
#ifndef ASSAY_LAB_STATEMENT_H
#define ASSAY_LAB_STATEMENT_H

#include "limits/error.h"

#include <jansson.h>
#include <sqlite3.h>

/* report: gateway/analysis/producer.h. A new reference; NULL with err. */
json_t *lab_producer_statement(sqlite3 *state, const json_t *report, struct assay_error *err);
/* quarter: what lab_quarter_figures (quarter.h) gave. */
json_t *lab_quarter_statement(sqlite3 *state, const json_t *quarter, struct assay_error *err);

/* ---- the parts ---- */

struct statement_column {
	const char *zh, *en;
	int share; /* of the width */
};

void statement_say(json_t *parts, const char *part, const char *zh, const char *en);
/* The rows of a new table: borrowed from parts. */
json_t *statement_table(json_t *parts, const struct statement_column *columns, size_t count);
/* One cell after the other; each is cut to what a cell holds. */
void statement_row(json_t *rows, size_t count, const char *const *cells);
/* "3/12 = 25.0 % (5.5 – 57.2 %)"; "-" when n is 0. */
#define STATEMENT_RATE_MAX 96u
void statement_rate(const json_t *rate, char out[STATEMENT_RATE_MAX]);
/* The document around parts (consumed). issued: RFC 3339 with offset. */
json_t *statement_document(sqlite3 *state, const char *number, const char *title_zh, const char *title_en,
	const char *subject, const char *issued, json_t *parts, struct assay_error *err);

#endif
