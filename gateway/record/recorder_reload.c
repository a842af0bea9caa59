/* SPDX-License-Identifier: Apache-2.0
 * Another configuration, as the recorder sees it: who wants it and why, whether it can be written down now, and what the
 * supervisor, who reads and checks the file, says. The entry with the file itself is the next recorder's first. */
#include "gateway/record/recorder.h"

#include <stdio.h>
#include <string.h>

static bool tell_supervisor(struct recorder *recorder, const char *who, const char *reason)
{
	struct assay_message head = {.type = ASSAY_MSG_RELOAD, .generation = recorder->role->generation};
	struct assay_reload reload = {0};

	(void)snprintf(reload.who, sizeof reload.who, "%s", who);
	(void)snprintf(reload.reason, sizeof reload.reason, "%s", reason);
	return assay_channel_send(recorder->role->control, &head, &reload, sizeof reload, -1) == ASSAY_OK;
}

static int may_reload(const struct recorder *recorder, const char *reason, struct assay_error *err)
{
	if (!*reason || strlen(reason) >= sizeof((struct assay_reload *)0)->reason)
		return assay_error_set(err, ASSAY_EUSAGE, "reason-needed",
			"请写明为什么改配置（最多 255 字节）",
			"say why the configuration changes (at most 255 bytes)");
	if (recorder->reload)
		return assay_error_set(err, ASSAY_ETAKEN, "reload-under-way", "另一次重新读取配置正在进行",
			"the configuration is being read again already");
	if (recorder->paused || assay_journal_full(recorder->journal))
		return assay_error_set(err, ASSAY_EFULL, "journal-full",
			"磁盘已满或不能写入，新配置不能记录，因此不能启用。请先腾出空间",
			"the disk is full or cannot be written: a new configuration cannot be recorded, so "
			"it is not "
			"taken; make room first");
	return recorder_specs_may(recorder, err);
}

json_t *recorder_reload_command(struct recorder *recorder, struct recorder_ask *ask)
{
	const char *reason = json_string_value(json_object_get(ask->request, "reason"));
	struct assay_error err;
	int status = may_reload(recorder, reason ? reason : "", &err);

	if (status == ASSAY_OK && !tell_supervisor(recorder, ask->actor.name, reason))
		status = assay_error_set(&err, ASSAY_EGONE, "no-answer", "监管进程没有反应，请稍后再试",
			"the supervisor does not listen; try again");
	if (status != ASSAY_OK)
		return recorder_error(status, &err);
	recorder->reload = ask;
	return NULL;
}

void recorder_reload_asked(struct recorder *recorder, const void *payload)
{
	struct assay_reload asked;
	struct assay_error err;

	memcpy(&asked, payload, sizeof asked);
	asked.who[sizeof asked.who - 1] = asked.reason[sizeof asked.reason - 1] = '\0';
	if (may_reload(recorder, asked.reason, &err) != ASSAY_OK)
		(void)fprintf(stderr, "assay: %s\n", err.text_en);
	else if (!tell_supervisor(recorder, asked.who, asked.reason))
		(void)fprintf(
			stderr, "assay: the supervisor does not listen; lab.xml stays as it was read\n");
}

/* A configuration that was refused is a fact about the laboratory, too. */
static void journal_refusal(struct recorder *recorder, const struct assay_reloaded *done)
{
	json_t *body = json_pack("{s:s,s:s,s:s,s:s,s:s,s:s}", "code", "config-refused", "text_zh",
		done->err.text_zh, "text_en", done->err.text_en, "why", done->err.code, "who",
		done->asked.who, "reason", done->asked.reason);
	struct assay_error err = {.code = "out-of-memory", .text_zh = "内存不足", .text_en = "out of memory"};
	int status = body ? recorder_append_json(recorder, ASSAY_ENTRY_FAULT, "", body, NULL, 0, NULL, &err)
			  : ASSAY_ENOMEM;

	json_decref(body);
	if (status == ASSAY_OK)
		status = recorder_commit(recorder, &err);
	if (status != ASSAY_OK)
		recorder_failed(recorder, status, &err);
}

void recorder_reload_done(struct recorder *recorder, const void *payload)
{
	struct recorder_ask *ask = recorder->reload;
	struct assay_reloaded done;

	memcpy(&done, payload, sizeof done);
	recorder->reload = NULL;
	if (done.status != ASSAY_OK)
		journal_refusal(recorder, &done);
	if (!ask)
		return;
	recorder_command_answer(recorder, ask,
		done.status != ASSAY_OK
			? recorder_error(done.status, &done.err)
			: json_pack("{s:b,s:{s:s,s:I,s:i,s:i,s:i,s:i}}", "ok", 1, "reload", "sha256",
				  done.sha256, "generation", (json_int_t)recorder->role->generation, "kept",
				  (int)done.kept, "changed", (int)done.changed, "added", (int)done.added,
				  "removed", (int)done.removed));
}
