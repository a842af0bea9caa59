/* SPDX-License-Identifier: Apache-2.0
 * One command of gateway/lab/query.h -> its answer. What changes something is committed before it is answered. */
#include "gateway/record/recorder.h"

#include "gateway/lab/query.h"
#include "gateway/record/sha256.h"

#include <string.h>
#include <unistd.h>

#define ENTRIES_DEFAULT 100
#define ENTRIES_MAX 1000

static json_t *error_json(int status, const struct assay_error *err)
{
	return json_pack("{s:{s:s,s:s,s:s,s:i}}", "error", "code", err->code, "text_zh", err->text_zh,
		"text_en", err->text_en, "status", status);
}

static json_t *roles(const struct recorder *recorder)
{
	json_t *list = json_array();

	(void)json_array_append_new(list, json_pack("{s:s,s:i,s:I}", "role", "recorder", "pid", (int)getpid(),
						  "generation", (json_int_t)recorder->role->generation));
	for (size_t i = 0; i < recorder->host_count; i++) {
		const struct recorder_host *host = recorder->host[i];
		json_t *lines = json_array();

		for (uint16_t j = 0; j < host->line_count; j++)
			(void)json_array_append_new(
				lines, json_string(recorder->line[host->line[j]].config->id));
		(void)json_array_append_new(list, json_pack("{s:s,s:I,s:o}", "role", "host", "generation",
							  (json_int_t)host->generation, "lines", lines));
	}
	return list;
}

static json_t *show_status(struct recorder *recorder, struct assay_error *err)
{
	json_t *lines = assay_query_lines(assay_state_db(recorder->state), err);
	uint8_t root[ASSAY_HASH_SIZE];
	char hex[2 * ASSAY_HASH_SIZE + 1];

	if (!lines)
		return NULL;
	assay_journal_root(recorder->journal, root);
	assay_hex(root, sizeof root, hex);
	return json_pack("{s:b,s:o,s:{s:I,s:s,s:i,s:s,s:s},s:o}", "ok", 1, "lines", lines, "journal", "size",
		(json_int_t)assay_journal_size(recorder->journal), "root", hex, "segment",
		(int)assay_journal_segment(recorder->journal), "boot",
		assay_journal_boot_hex(recorder->journal), "state", recorder->paused ? "paused" : "writing",
		"roles", roles(recorder));
}

static json_t *show_journal(struct recorder *recorder, const json_t *request, struct assay_error *err)
{
	json_int_t from = json_integer_value(json_object_get(request, "from"));
	json_int_t limit = json_integer_value(json_object_get(request, "limit"));
	json_t *entries;

	if (limit <= 0)
		limit = ENTRIES_DEFAULT;
	entries = assay_query_journal(recorder->role->dir, from > 0 ? (uint64_t)from : 0,
		(unsigned)(limit < ENTRIES_MAX ? limit : ENTRIES_MAX),
		json_is_true(json_object_get(request, "raw")), err);
	return entries ? json_pack("{s:b,s:o}", "ok", 1, "entries", entries) : NULL;
}

static json_t *show_trace(struct recorder *recorder, const json_t *request, struct assay_error *err)
{
	const char *result = json_string_value(json_object_get(request, "result"));
	json_t *trace = assay_query_trace(
		assay_state_db(recorder->state), recorder->role->dir, result ? result : "", err);

	return trace ? json_pack("{s:b,s:o}", "ok", 1, "trace", trace) : NULL;
}

static json_t *unknown(const char *command)
{
	struct assay_error err;
	int status = assay_error_set(&err, ASSAY_EUSAGE, "command-unknown", "没有这个命令：%.60s",
		"there is no such command: %.60s", command);

	return error_json(status, &err);
}

static json_t *laboratory(struct recorder *recorder, const char *command, const json_t *request,
	const struct assay_actor *actor)
{
	struct assay_error err = {.code = "out-of-memory", .text_zh = "内存不足", .text_en = "out of memory"};
	bool known = false;
	int status = ASSAY_ENOMEM;
	json_t *answer = assay_lab_command(&recorder->lab, command, request, actor, &known, &status, &err);

	if (!known)
		return unknown(command);
	if (answer)
		status = recorder_commit(recorder, &err);
	if (answer && status == ASSAY_OK) {
		(void)json_object_set_new(answer, "ok", json_true());
		return answer;
	}
	json_decref(answer);
	/* A refusal before anything was written leaves no group open; everything else takes it back. */
	if (recorder->group || (status != ASSAY_EREFUSED && status != ASSAY_ENOTFOUND &&
				       status != ASSAY_EUSAGE && status != ASSAY_ETAKEN))
		recorder_failed(recorder, status, &err);
	return error_json(status, &err);
}

/* Somebody at the machine may say for whom he types. */
static struct assay_actor named(const struct assay_actor *actor, const json_t *request)
{
	const char *name = json_string_value(json_object_get(request, "who"));
	struct assay_actor person = *actor;

	if (actor->how == ASSAY_ACTOR_LOCAL && name && *name)
		person.name = name;
	return person;
}

json_t *recorder_command(
	struct recorder *recorder, const char *line, size_t length, const struct assay_actor *actor)
{
	struct assay_error err = {.code = "out-of-memory", .text_zh = "内存不足", .text_en = "out of memory"};
	json_t *request = json_loadb(line, length, JSON_REJECT_DUPLICATES, NULL), *answer = NULL;
	const char *command = json_string_value(json_object_get(request, "cmd"));
	const struct assay_actor person = named(actor, request);
	int status;

	if (!json_is_object(request) || !command) {
		json_decref(request);
		(void)assay_error_set(&err, ASSAY_EUSAGE, "command-unreadable",
			"命令不是 JSON 对象，或没有 cmd", "the command is not a JSON object, or has no cmd");
		return error_json(ASSAY_EUSAGE, &err);
	}
	status = lab_allows(&person, command, &err);
	if (status != ASSAY_OK) {
		json_decref(request);
		return error_json(status, &err);
	}
	if (strcmp(command, "status") == 0)
		answer = show_status(recorder, &err);
	else if (strcmp(command, "journal") == 0)
		answer = show_journal(recorder, request, &err);
	else if (strcmp(command, "trace") == 0)
		answer = show_trace(recorder, request, &err);
	else
		answer = laboratory(recorder, command, request, &person);
	json_decref(request);
	return answer ? answer
		      : error_json(
				strcmp(err.code, "result-unknown") == 0 ? ASSAY_ENOTFOUND : ASSAY_EIO, &err);
}
