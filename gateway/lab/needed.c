/* SPDX-License-Identifier: Apache-2.0
 * Which instruments the tests need now. */
#include "gateway/lab/lab.h"
#include "gateway/lab/query_row.h"

int assay_lab_needed(struct assay_lab *lab, void (*visit)(void *context, const char *instrument, bool armed),
	void *context, struct assay_error *err)
{
	sqlite3_stmt *rows = query_prepare(lab->state, err,
		"SELECT DISTINCT instrument, 1 FROM slot WHERE status IN ('armed','refused')"
		" UNION ALL SELECT DISTINCT evidence_instrument, 0 FROM test"
		" WHERE status='testing' AND evidence_instrument<>''",
		"");
	int rc;

	if (!rows)
		return ASSAY_EIO;
	while ((rc = sqlite3_step(rows)) == SQLITE_ROW)
		visit(context, (const char *)sqlite3_column_text(rows, 0), sqlite3_column_int(rows, 1) != 0);
	(void)sqlite3_finalize(rows);
	return rc == SQLITE_DONE ? ASSAY_OK : query_failed(lab->state, err);
}
