/* SPDX-License-Identifier: Apache-2.0
 * Competence 能力授权 (ISO/IEC 17025:2017, 6.2.6): who works by a method. Once anybody is named for a method, only who is
 * named works by it; who has a list of methods works by those alone. Where nobody is named, nothing is asked. */
#include "gateway/lab/query_row.h"
#include "gateway/lab/registers.h"

#define NAMED " json_each(iif(p.methods='','[]',p.methods)) AS m"

int lab_competent(struct assay_lab *lab, const char *test, const char *who, struct assay_error *err)
{
	sqlite3_stmt *row = query_prepare(lab->state, err,
		"SELECT t.method, EXISTS(SELECT 1 FROM person AS p," NAMED " WHERE p.user=?2 AND p.disabled=0"
		" AND m.value=t.method), EXISTS(SELECT 1 FROM person AS p," NAMED " WHERE p.disabled=0"
		" AND (p.user=?2 OR m.value=t.method)) FROM test AS t WHERE t.id=?1",
		"tt", test, who);
	int rc, status = ASSAY_OK;

	if (!row)
		return ASSAY_EIO;
	rc = sqlite3_step(row);
	if (rc == SQLITE_ROW && !sqlite3_column_int(row, 1) && sqlite3_column_int(row, 2))
		status = assay_error_set(err, ASSAY_EREFUSED, "not-competent",
			"%.60s 没有方法 %.60s 的授权；请管理员在人员里登记",
			"%.60s is not named as competent for method %.60s; an administrator names who is",
			who, (const char *)sqlite3_column_text(row, 0));
	else if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		status = query_failed(lab->state, err);
	(void)sqlite3_finalize(row);
	return status;
}
