/* SPDX-License-Identifier: Apache-2.0
 * A person decides: confirm what is there, or void the batch. Always with a reason. */
#include "gateway/lab/query_row.h"
#include "gateway/lab/registers.h"
#include "gateway/lab/steps.h"

#include <string.h>

static int may(const char *action, const char *batch, const char *status, struct assay_error *err)
{
	if (strcmp(status, "void") == 0)
		return assay_error_set(
			err, ASSAY_EREFUSED, "batch-void", "批次 %.60s 已作废", "batch %.60s is void", batch);
	if (strcmp(action, "confirm") == 0 && strcmp(status, "awaiting-review") != 0)
		return assay_error_set(err, ASSAY_EREFUSED, "not-awaiting-review", "批次 %.60s 不在待复核",
			"batch %.60s does not wait for review", batch);
	return ASSAY_OK;
}

int lab_review(struct assay_lab *lab, const char *action, const json_t *request,
	const struct assay_actor *actor, struct assay_error *err)
{
	const char *batch = lab_need(request, "batch", err),
		   *reason = batch ? lab_need(request, "reason", err) : NULL;
	sqlite3_stmt *row;
	int rc, status = ASSAY_EREFUSED;

	if (!reason)
		return status;
	row = query_prepare(lab->state, err, "SELECT status FROM batch WHERE id=?1", "t", batch);
	if (!row)
		return ASSAY_EIO;
	rc = sqlite3_step(row);
	if (rc == SQLITE_ROW)
		status = may(action, batch, (const char *)sqlite3_column_text(row, 0), err);
	else if (rc == SQLITE_DONE)
		status = assay_error_set(err, ASSAY_ENOTFOUND, "batch-unknown", "没有这个批次：%.60s",
			"there is no batch %.60s", batch);
	else
		status = query_failed(lab->state, err);
	(void)sqlite3_finalize(row);
	if (status != ASSAY_OK)
		return status;
	status = lab_append(lab, ASSAY_ENTRY_REVIEW,
		json_pack("{s:s,s:s,s:s,s:s,s:s}", "batch", batch, "action", action, "reason", reason,
			"status", strcmp(action, "void") == 0 ? "void" : "awaiting-release", "who",
			actor->name),
		NULL, err);
	if (status == ASSAY_OK && strcmp(action, "void") == 0)
		status = lab_card_return(lab, batch, reason, actor->name, err);
	return status;
}
