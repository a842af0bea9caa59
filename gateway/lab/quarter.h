/* SPDX-License-Identifier: Apache-2.0
 * A quarter's report: its figures from the state, as a statement for assay-report and as CSV. The same state gives the same
 * bytes. */
#ifndef ASSAY_LAB_QUARTER_H
#define ASSAY_LAB_QUARTER_H

#include "limits/limits.h"

#include <jansson.h>
#include <sqlite3.h>

/* {quarter, first DATE, last DATE, overview, rates, trends, coverage} (gateway/analysis/district.h); quarter "2026Q4". A new
 * reference; NULL with *status_out and err: ASSAY_EREFUSED "field-invalid". */
json_t *lab_quarter_figures(sqlite3 *state, const struct assay_specs *specs, const char *quarter,
	int *status_out, struct assay_error *err);

/* UTF-8 with a mark, comma, CR LF; a cell that a spreadsheet would take for a formula begins with an apostrophe. The
 * caller frees. NULL: no memory. */
char *lab_quarter_csv(const json_t *figures, size_t *length_out);

#endif
