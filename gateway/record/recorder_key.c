/* SPDX-License-Identifier: Apache-2.0
 * key.change: the journal is signed with a new key from now on, because somebody wants it for a reason. */
#include "gateway/record/recorder.h"

#include "gateway/lab/steps.h"
#include "gateway/record/checkpoint.h"

#define PUBLIC_LINE_MAX 400u

static int may_change(const struct recorder *recorder, struct assay_error *err)
{
	if (recorder->paused || assay_journal_full(recorder->journal))
		return assay_error_set(err, ASSAY_EFULL, "journal-full",
			"磁盘已满或不能写入，换密钥不能记录，因此不换。请先腾出空间",
			"the disk is full or cannot be written: a change of key cannot be recorded, so the "
			"key "
			"stays; make room first");
	return ASSAY_OK;
}

json_t *recorder_key_change(struct recorder *recorder, const struct recorder_ask *ask)
{
	struct assay_error err = {.code = "out-of-memory", .text_zh = "内存不足", .text_en = "out of memory"};
	const char *reason = lab_need(ask->request, "reason", &err), *dir = recorder->role->dir;
	struct assay_origin_key before, now;
	char was[PUBLIC_LINE_MAX], is[PUBLIC_LINE_MAX];
	json_t *answer = NULL;
	int status = reason ? may_change(recorder, &err) : ASSAY_EREFUSED;

	if (status != ASSAY_OK)
		return recorder_error(status, &err);
	status = recorder_commit(recorder, &err);
	if (status == ASSAY_OK)
		status = assay_origin_key_public(dir, &before, &err);
	if (status == ASSAY_OK)
		status = assay_journal_change_key(recorder->journal, ask->actor.name, reason, &err);
	if (status == ASSAY_OK)
		status = assay_origin_key_public(dir, &now, &err);
	if (status == ASSAY_OK) {
		assay_origin_key_line(&before, was, sizeof was);
		assay_origin_key_line(&now, is, sizeof is);
		answer = json_pack("{s:{s:s,s:s,s:I,s:s,s:s}}", "changed", "key", is, "before", was, "size",
			(json_int_t)assay_journal_size(recorder->journal), "who", ask->actor.name, "reason",
			reason);
		status = answer ? ASSAY_OK : ASSAY_ENOMEM;
	}
	return recorder_settle(recorder, status, answer, &err);
}
