/* SPDX-License-Identifier: Apache-2.0
 * A person decides: confirm what is there, order a retest, void the batch, or say that its trail was read. Signed, always
 * with a reason; nobody confirms a value he typed himself. */
#include "gateway/lab/query_row.h"
#include "gateway/lab/registers.h"
#include "gateway/lab/sign.h"
#include "gateway/lab/steps.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const meanings[][2] = {{"confirm", "reviewed"}, {"void", "voided"},
	{"retest", "retest ordered"}, {"release", "released"}, {"trail-read", "trail read"}};

const char *lab_meaning(const char *action)
{
	for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++)
		if (strcmp(meanings[i][0], action) == 0)
			return meanings[i][1];
	return action;
}

int lab_batch_status(
	struct assay_lab *lab, const char *batch, char out[LAB_STATUS_MAX], struct assay_error *err)
{
	json_t *row = query_one(lab->state,
		query_prepare(lab->state, err, "SELECT status FROM batch WHERE id=?1", "t", batch),
		"batch-unknown", batch, err);

	if (!row)
		return strstr(err->code, "-unknown") ? ASSAY_ENOTFOUND : ASSAY_EIO;
	(void)snprintf(out, LAB_STATUS_MAX, "%s", lab_text(row, "status"));
	json_decref(row);
	if (strcmp(out, "void") == 0)
		return assay_error_set(
			err, ASSAY_EREFUSED, "batch-void", "批次 %.60s 已作废", "batch %.60s is void", batch);
	return ASSAY_OK;
}

int lab_hand_count(struct assay_lab *lab, const char *batch, const char *who, const char *did,
	int64_t *count_out, struct assay_error *err)
{
	json_t *row = query_one(lab->state,
		query_prepare(lab->state, err,
			"SELECT count(*) AS n FROM batch_hand WHERE batch=?1 AND who=?2 AND ((?3='' AND "
			"did<>'released') OR did=?3)",
			"ttt", batch, who, did),
		"batch-unknown", batch, err);

	*count_out = json_integer_value(json_object_get(row, "n"));
	json_decref(row);
	return row ? ASSAY_OK : ASSAY_EIO;
}

static int may(struct assay_lab *lab, const char *action, const char *batch, const char *status,
	const struct assay_actor *actor, struct assay_error *err)
{
	int64_t typed = 0;
	int found;

	if (strcmp(status, "released") == 0)
		return assay_error_set(err, ASSAY_EREFUSED, "batch-released",
			"批次 %.60s 已签发；要改只能出更正证书",
			"batch %.60s is released; only an amended certificate can "
			"change it",
			batch);
	if (strcmp(action, "confirm") != 0)
		return ASSAY_OK;
	if (strcmp(status, "awaiting-review") != 0)
		return assay_error_set(err, ASSAY_EREFUSED, "not-awaiting-review", "批次 %.60s 不在待复核",
			"batch %.60s does not wait for review", batch);
	found = lab_hand_count(lab, batch, actor->name, "typed", &typed, err);
	if (found == ASSAY_OK && typed)
		return assay_error_set(err, ASSAY_EREFUSED, "own-value",
			"%.60s 手工录入过这个批次的数值，要由另一个人复核",
			"%.60s typed a value of this batch; somebody else has to review it", actor->name);
	return found;
}

int lab_review_append(struct assay_lab *lab, const char *batch, const char *action, const char *reason,
	const char *status, const struct assay_actor *actor, json_t *more, struct assay_error *err)
{
	json_t *signature =
		lab_sign(lab, actor, lab_meaning(action), lab_record(lab->state, batch, err), err);
	json_t *body =
		signature ? json_pack("{s:s,s:s,s:s,s:s,s:s,s:O}", "batch", batch, "action", action, "reason",
				    reason, "status", status, "who", actor->name, "signature", signature)
			  : NULL;
	int status_code = signature ? ASSAY_OK : ASSAY_EIO;

	if (body && more && json_object_update(body, more) != 0) {
		json_decref(body);
		body = NULL;
	}
	if (status_code == ASSAY_OK)
		status_code = lab_append(lab, ASSAY_ENTRY_REVIEW, body, NULL, err);
	json_decref(signature);
	json_decref(more);
	return status_code;
}

int lab_review(struct assay_lab *lab, const char *action, const json_t *request,
	const struct assay_actor *actor, struct assay_error *err)
{
	const char *batch = lab_need(request, "batch", err),
		   *reason = batch ? lab_need(request, "reason", err) : NULL;
	char status[LAB_STATUS_MAX];
	int code = reason ? lab_batch_status(lab, batch, status, err) : ASSAY_EREFUSED;

	if (code == ASSAY_OK)
		code = may(lab, action, batch, status, actor, err);
	if (code == ASSAY_OK)
		code = lab_review_append(lab, batch, action, reason,
			strcmp(action, "void") == 0 ? "void" : "awaiting-release", actor, NULL, err);
	if (code == ASSAY_OK && strcmp(action, "void") == 0)
		code = lab_card_return(lab, batch, reason, actor->name, err);
	return code;
}

int lab_trail_read(struct assay_lab *lab, const json_t *request, const struct assay_actor *actor,
	struct assay_error *err)
{
	const char *batch = lab_need(request, "batch", err);
	char status[LAB_STATUS_MAX];
	int64_t last = 0;
	int code = batch ? lab_batch_status(lab, batch, status, err) : ASSAY_EREFUSED;

	if (code == ASSAY_OK)
		code = lab_last_change(lab, batch, &last, err);
	return code == ASSAY_OK ? lab_review_append(lab, batch, "trail-read", "", status, actor,
					  json_pack("{s:I}", "upto", (json_int_t)last), err)
				: code;
}

int lab_last_change(struct assay_lab *lab, const char *batch, int64_t *seq_out, struct assay_error *err)
{
	json_t *row = query_one(lab->state,
		query_prepare(lab->state, err,
			"SELECT max(b.seq, coalesce(b.verdict_seq,0),"
			" coalesce((SELECT max(seq) FROM test WHERE batch=b.id),0),"
			" coalesce((SELECT max(s.seq) FROM slot AS s JOIN test AS t ON t.id=s.test WHERE "
			"t.batch=b.id),0),"
			" coalesce((SELECT max(seq) FROM review WHERE batch=b.id AND "
			"action<>'trail-read'),0)) AS last"
			" FROM batch AS b WHERE id=?1",
			"t", batch),
		"batch-unknown", batch, err);

	*seq_out = json_integer_value(json_object_get(row, "last"));
	json_decref(row);
	return row ? ASSAY_OK : ASSAY_EIO;
}
