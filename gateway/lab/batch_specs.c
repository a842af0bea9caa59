/* SPDX-License-Identifier: Apache-2.0
 * A batch is judged to its end by the specs it was registered under, whatever came in force meanwhile. */
#include "gateway/lab/lab.h"
#include "gateway/lab/query_row.h"

#include <stdio.h>
#include <string.h>

const struct assay_specs *lab_specs_of(struct assay_lab *lab, const char *batch)
{
	struct assay_error ignored;
	sqlite3_stmt *row =
		query_prepare(lab->state, &ignored, "SELECT specs FROM batch WHERE id=?1", "t", batch);
	char set[65] = "";
	int rc = row ? sqlite3_step(row) : SQLITE_ERROR;

	if (rc == SQLITE_ROW)
		(void)snprintf(set, sizeof set, "%s", (const char *)sqlite3_column_text(row, 0));
	(void)sqlite3_finalize(row);
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		return NULL;
	if (!*set || !lab->set || strcmp(set, lab->set) == 0)
		return lab->specs;
	return lab->specs_of ? lab->specs_of(lab->context, set) : NULL;
}
