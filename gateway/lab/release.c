/* SPDX-License-Identifier: Apache-2.0
 * Release 签发: a second person, who had no hand in the batch and has read its trail, signs for it; the certificate gets
 * its number. An amended certificate has a number of its own and names the one it replaces, and why. */
#include "gateway/lab/certificate.h"
#include "gateway/lab/control.h"
#include "gateway/lab/fields.h"
#include "gateway/lab/query.h"
#include "gateway/lab/query_row.h"
#include "gateway/lab/steps.h"

#include <stdio.h>
#include <string.h>

/* "C2026-0001" */
static int next_certificate(struct assay_lab *lab, char out[LAB_ID_MAX], struct assay_error *err)
{
	char day[16], from[16], until[16];
	json_t *row;

	if (!lab_today(lab, day))
		return assay_error_set(err, ASSAY_EIO, "clock", "读不到日期", "the date cannot be read");
	(void)snprintf(from, sizeof from, "C%.4s-", day);
	(void)snprintf(until, sizeof until, "C%.4s.", day); /* '.' follows '-' */
	row = query_one(lab->state,
		query_prepare(lab->state, err,
			"SELECT coalesce(max(CAST(substr(id,7) AS INTEGER)),0) AS last FROM certificate "
			"WHERE id>=?1"
			" AND id<?2",
			"tt", from, until),
		"certificate-unknown", from, err);
	if (!row)
		return ASSAY_EIO;
	(void)snprintf(out, LAB_ID_MAX, "%s%04lld", from,
		(long long)json_integer_value(json_object_get(row, "last")) + 1);
	json_decref(row);
	return ASSAY_OK;
}

static int had_no_hand(
	struct assay_lab *lab, const char *batch, const struct assay_actor *actor, struct assay_error *err)
{
	int64_t hands = 0;
	int status = lab_hand_count(lab, batch, actor->name, "", &hands, err);

	if (status == ASSAY_OK && hands)
		return assay_error_set(err, ASSAY_EREFUSED, "own-work",
			"%.60s 参与过这个批次（登记、检验、录入或复核），要由另一个人签发",
			"%.60s had a hand in this batch (registered, tested, typed or reviewed); somebody "
			"else has to "
			"release it",
			actor->name);
	return status;
}

static int has_read(
	struct assay_lab *lab, const char *batch, const struct assay_actor *actor, struct assay_error *err)
{
	int64_t last = 0;
	json_t *row;
	int status = lab_last_change(lab, batch, &last, err);

	if (status != ASSAY_OK)
		return status;
	row = query_one(lab->state,
		query_prepare(lab->state, err,
			"SELECT coalesce(max(seq),0) AS seq FROM review WHERE batch=?1 AND "
			"action='trail-read' AND"
			" who=?2",
			"tt", batch, actor->name),
		"batch-unknown", batch, err);
	if (!row)
		return ASSAY_EIO;
	if (json_integer_value(json_object_get(row, "seq")) <= last)
		status = assay_error_set(err, ASSAY_EREFUSED, "trail-unread",
			"请先读完批次 %.60s 的审计追踪并确认已读",
			"read the trail of batch %.60s first, and say so", batch);
	json_decref(row);
	return status;
}

static int may_release(struct assay_lab *lab, const char *batch, const char *wanted,
	const struct assay_actor *actor, struct assay_error *err)
{
	char status[LAB_STATUS_MAX];
	int code = lab_batch_status(lab, batch, status, err);

	if (code != ASSAY_OK)
		return code;
	if (strcmp(status, wanted) != 0)
		return strcmp(wanted, "released") == 0
			       ? assay_error_set(err, ASSAY_EREFUSED, "not-released", "批次 %.60s 还没有签发",
					 "batch %.60s is not released", batch)
			       : assay_error_set(err, ASSAY_EREFUSED, "not-awaiting-release",
					 "批次 %.60s 不在待签发", "batch %.60s does not wait for release",
					 batch);
	code = lab_hold_none(lab, batch, err);
	if (code == ASSAY_OK)
		code = had_no_hand(lab, batch, actor, err);
	return code == ASSAY_OK ? has_read(lab, batch, actor, err) : code;
}

static int issue(struct assay_lab *lab, struct lab_certificate *of, const struct assay_actor *actor,
	const char *reason, struct assay_error *err)
{
	json_t *document;
	int status;

	of->signature =
		lab_sign(lab, actor, lab_meaning("release"), lab_record(lab->state, of->batch, err), err);
	document = of->signature ? lab_certificate_document(lab, of, err) : NULL;
	status = document ? lab_append(lab, ASSAY_ENTRY_REVIEW,
				    json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:O}", "batch", of->batch, "action",
					    of->replaces ? "amend" : "release", "reason", reason, "status",
					    "released", "certificate", of->certificate, "who", actor->name,
					    "signature", of->signature),
				    NULL, err)
			  : ASSAY_EIO;
	if (status == ASSAY_OK)
		status = lab_append(lab, ASSAY_ENTRY_CERTIFICATE,
			json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:O}", "certificate", of->certificate, "batch",
				of->batch, "verdict", lab_text(json_object_get(document, "batch"), "verdict"),
				"replaces", lab_text(of->replaces, "certificate"), "reason", of->reason,
				"who", actor->name, "document", document),
			NULL, err);
	json_decref(document);
	json_decref(of->signature);
	return status;
}

static json_t *shown(struct assay_lab *lab, const char *id, int *status_out, struct assay_error *err)
{
	return lab_answer_one("certificate", assay_query_certificate(lab->state, id, err), status_out, err);
}

static json_t *release(struct assay_lab *lab, const json_t *request, const struct assay_actor *actor,
	int *status_out, struct assay_error *err)
{
	const char *batch = lab_need(request, "batch", err),
		   *reason = batch ? lab_may(request, "reason", err) : NULL;
	struct lab_certificate of = {.batch = batch, .reason = ""};
	char id[LAB_ID_MAX];

	*status_out = reason ? may_release(lab, batch, "awaiting-release", actor, err) : ASSAY_EREFUSED;
	if (*status_out == ASSAY_OK)
		*status_out = next_certificate(lab, id, err);
	if (*status_out == ASSAY_OK)
		*status_out = lab->checkpoint(lab->context, &of.checkpoint, err);
	of.certificate = id;
	if (*status_out == ASSAY_OK)
		*status_out = issue(lab, &of, actor, reason, err);
	return *status_out == ASSAY_OK ? shown(lab, id, status_out, err) : NULL;
}

static json_t *amend(struct assay_lab *lab, const json_t *request, const struct assay_actor *actor,
	int *status_out, struct assay_error *err)
{
	const char *old = lab_need(request, "certificate", err),
		   *reason = old ? lab_need(request, "reason", err) : NULL;
	json_t *before = reason ? assay_query_certificate(lab->state, old, err) : NULL;
	struct lab_certificate of = {
		.batch = lab_text(before, "batch"), .replaces = before, .reason = reason};
	char id[LAB_ID_MAX];

	*status_out = before                          ? ASSAY_OK
		      : !reason                       ? ASSAY_EREFUSED
		      : strstr(err->code, "-unknown") ? ASSAY_ENOTFOUND
						      : ASSAY_EIO;
	if (before && *lab_text(before, "replaced_by"))
		*status_out = assay_error_set(err, ASSAY_EREFUSED, "certificate-replaced",
			"证书 %.40s 已由 %.40s 替代，请更正后者",
			"certificate %.40s was replaced by %.40s; amend that one", old,
			lab_text(before, "replaced_by"));
	if (*status_out == ASSAY_OK)
		*status_out = may_release(lab, of.batch, "released", actor, err);
	if (*status_out == ASSAY_OK)
		*status_out = next_certificate(lab, id, err);
	if (*status_out == ASSAY_OK)
		*status_out = lab->checkpoint(lab->context, &of.checkpoint, err);
	of.certificate = id;
	if (*status_out == ASSAY_OK)
		*status_out = issue(lab, &of, actor, reason, err);
	json_decref(before);
	return *status_out == ASSAY_OK ? shown(lab, id, status_out, err) : NULL;
}

static json_t *show(struct assay_lab *lab, const json_t *request, const struct assay_actor *actor,
	int *status_out, struct assay_error *err)
{
	const char *id = lab_need(request, "certificate", err);

	(void)actor;
	*status_out = ASSAY_EREFUSED;
	return id ? shown(lab, id, status_out, err) : NULL;
}

static json_t *list(struct assay_lab *lab, const json_t *request, const struct assay_actor *actor,
	int *status_out, struct assay_error *err)
{
	const char *batch = lab_may(request, "batch", err);
	json_int_t before = json_integer_value(json_object_get(request, "before"));

	(void)actor;
	*status_out = ASSAY_EREFUSED;
	return batch ? lab_answer_one("certificates",
			       assay_query_certificates(lab->state, batch, before, err), status_out, err)
		     : NULL;
}

const struct lab_command lab_certificate_commands[] = {{"batch.release", release},
	{"certificate.amend", amend}, {"certificate.show", show}, {"certificate.list", list}, {NULL, NULL}};
