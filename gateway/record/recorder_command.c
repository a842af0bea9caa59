/* SPDX-License-Identifier: Apache-2.0
 * One command of gateway/lab/query.h -> its answer. What changes something is committed before it is answered. */
#include "gateway/record/recorder.h"

#include "gateway/lab/query.h"
#include "gateway/record/room.h"
#include "gateway/record/sha256.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ENTRIES_DEFAULT 100
#define ENTRIES_MAX 1000

json_t *recorder_error(int status, const struct assay_error *err)
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
			if (host->line[j] != ASSAY_LINE_GONE)
				(void)json_array_append_new(
					lines, json_string(recorder->line[host->line[j]].config->id));
		(void)json_array_append_new(list, json_pack("{s:s,s:I,s:o}", "role", "host", "generation",
							  (json_int_t)host->generation, "lines", lines));
	}
	return list;
}

/* Free bytes, what the journal takes a day, and for how long that will do; null where it is not known yet. */
static json_t *disk(const struct recorder *recorder)
{
	struct journal_growth growth = {0};
	struct journal_room room;
	struct assay_reader *reader = NULL;
	struct assay_error ignored;
	int status = assay_reader_open(recorder->role->dir, ASSAY_READ_LIVE, &reader, &ignored);

	if (status == ASSAY_OK)
		status = assay_journal_growth(reader, &growth, &ignored);
	assay_reader_close(reader);
	if (status != ASSAY_OK || !assay_journal_room(recorder->role->dir, &growth, &room))
		return json_null();
	return json_pack("{s:I,s:o,s:o,s:b}", "free_bytes", (json_int_t)room.free_bytes,
		"journal_bytes_per_day",
		room.bytes_a_day ? json_integer((json_int_t)room.bytes_a_day) : json_null(), "days_left",
		room.days_left >= 0 ? json_integer((json_int_t)room.days_left) : json_null(), "low",
		room.low);
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
	return json_pack("{s:b,s:o,s:{s:I,s:s,s:i,s:s,s:s},s:s,s:o,s:o}", "ok", 1, "lines", lines, "journal",
		"size", (json_int_t)assay_journal_size(recorder->journal), "root", hex, "segment",
		(int)assay_journal_segment(recorder->journal), "boot",
		assay_journal_boot_hex(recorder->journal), "state", recorder->paused ? "paused" : "writing",
		"config", recorder->role->config->sha256, "roles", roles(recorder), "disk", disk(recorder));
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

static json_t *show_review(struct recorder *recorder, const json_t *request, struct assay_error *err)
{
	const char *result = json_string_value(json_object_get(request, "result"));
	json_t *review = assay_query_review(
		assay_state_db(recorder->state), recorder->role->dir, result ? result : "", err);

	return review ? json_pack("{s:b,s:o}", "ok", 1, "review", review) : NULL;
}

static json_t *unknown(const char *command)
{
	struct assay_error err;
	int status = assay_error_set(&err, ASSAY_EUSAGE, "command-unknown", "没有这个命令：%.60s",
		"there is no such command: %.60s", command);

	return recorder_error(status, &err);
}

json_t *recorder_settle(struct recorder *recorder, int status, json_t *answer, struct assay_error *err)
{
	if (answer && status == ASSAY_OK)
		status = recorder_commit(recorder, err);
	if (answer && status == ASSAY_OK) {
		(void)json_object_set_new(answer, "ok", json_true());
		return answer;
	}
	json_decref(answer);
	/* A refusal before anything was written leaves no group open; everything else takes it back. */
	if (recorder->group || (status != ASSAY_EREFUSED && status != ASSAY_ENOTFOUND &&
				       status != ASSAY_EUSAGE && status != ASSAY_ETAKEN))
		recorder_failed(recorder, status, err);
	return recorder_error(status, err);
}

/* What the asker has seen is still what there is: If-Match. */
static int still_so(struct recorder *recorder, const struct recorder_ask *ask, struct assay_error *err)
{
	static const struct {
		const char *command; /* how it begins */
		const char *member; /* that names what is decided about */
		json_t *(*show)(sqlite3 *state, const char *id, struct assay_error *err);
	} about[] = {{"batch.", "batch", assay_query_batch}, {"test.", "test", assay_query_test},
		{"certificate.", "certificate", assay_query_certificate},
		{"producer.", "producer", assay_query_producer},
		{"instrument.", "instrument", assay_query_instrument},
		{"programme.", "programme", assay_query_programme}, {"card.", "card", assay_query_card}};
	const char *wanted = json_string_value(json_object_get(ask->request, "if_match")), *id = NULL;
	char now[ASSAY_QUERY_ETAG_MAX];
	json_t *object;
	size_t which = 0;

	while (which < sizeof about / sizeof *about &&
		strncmp(ask->command, about[which].command, strlen(about[which].command)) != 0)
		which++;
	if (wanted && which < sizeof about / sizeof *about)
		id = json_string_value(json_object_get(ask->request, about[which].member));
	if (!id)
		return ASSAY_OK;
	object = about[which].show(recorder->lab.state, id, err);
	if (!object)
		return ASSAY_ENOTFOUND;
	assay_query_etag(object, now);
	json_decref(object);
	if (strcmp(now, wanted) == 0)
		return ASSAY_OK;
	return assay_error_set(err, ASSAY_ETAKEN, "changed-meanwhile",
		"%.60s 在您查看之后已有变化，请重新查看后再决定",
		"%.60s has changed since you looked; look again, then decide", id);
}

static json_t *laboratory(struct recorder *recorder, const struct recorder_ask *ask)
{
	struct assay_error err = {.code = "out-of-memory", .text_zh = "内存不足", .text_en = "out of memory"};
	bool known = false;
	int status = still_so(recorder, ask, &err);
	json_t *answer;

	if (status != ASSAY_OK)
		return recorder_error(status, &err);
	answer = assay_lab_command(
		&recorder->lab, ask->command, ask->request, &ask->actor, &known, &status, &err);
	return known ? recorder_settle(recorder, status, answer, &err) : unknown(ask->command);
}

/* Everything but people: the command has been found allowed. */
static json_t *run(struct recorder *recorder, const struct recorder_ask *ask)
{
	struct assay_error err = {.code = "out-of-memory", .text_zh = "内存不足", .text_en = "out of memory"};
	json_t *answer;

	if (strcmp(ask->command, "status") == 0)
		answer = show_status(recorder, &err);
	else if (strcmp(ask->command, "journal") == 0)
		answer = show_journal(recorder, ask->request, &err);
	else if (strcmp(ask->command, "review.show") == 0)
		answer = show_review(recorder, ask->request, &err);
	else if (strcmp(ask->command, "trace") == 0)
		answer = show_trace(recorder, ask->request, &err);
	else if (strcmp(ask->command, "key.change") == 0)
		answer = recorder_key_change(recorder, ask);
	else
		answer = laboratory(recorder, ask);
	return answer ? answer : recorder_error(ASSAY_EIO, &err);
}

/* The request as it is compared with an earlier one of the same key: without what says who asks. */
static char *request_text(const struct recorder_ask *ask)
{
	static const char *const who[] = {"id", "by_session", "by_token", "from_address", "password", "key"};
	json_t *copy = json_copy(ask->request);
	char *text;

	for (size_t i = 0; i < sizeof who / sizeof *who; i++)
		(void)json_object_del(copy, who[i]);
	text = copy ? json_dumps(copy, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
	json_decref(copy);
	return text;
}

/* A request that is repeated with its Idempotency-Key is answered as it was, not done again. */
static json_t *run_once(struct recorder *recorder, const struct recorder_ask *ask)
{
	const char *key = json_string_value(json_object_get(ask->request, "key"));
	bool keyed = key && *key && *ask->actor.name;
	char *request = keyed ? request_text(ask) : NULL, *before = NULL, *after;
	struct assay_error err = {.code = "out-of-memory", .text_zh = "内存不足", .text_en = "out of memory"};
	int status = request ? assay_answered_find(recorder->people, ask->actor.name, key, request,
				       recorder_wall_ns(), &before, &err)
		     : keyed ? ASSAY_ENOMEM
			     : ASSAY_OK;
	json_t *answer = status != ASSAY_OK ? recorder_error(status, &err)
			 : before           ? json_loads(before, 0, NULL)
					    : run(recorder, ask);

	if (request && !before && json_object_get(answer, "ok")) {
		after = json_dumps(answer, JSON_COMPACT | JSON_PRESERVE_ORDER);
		/* it is done and durable; when this cannot be kept, a repetition meets what is there and is refused by that */
		if (after && assay_answered_keep(recorder->people, ask->actor.name, key, request, after,
				     recorder_wall_ns(), &err) != ASSAY_OK)
			(void)fprintf(stderr, "assay: recorder: %s\n", err.text_en);
		free(after);
	}
	free(request);
	free(before);
	return answer;
}

static json_t *signed_now(
	struct recorder *recorder, struct recorder_ask *ask, const struct assay_password_result *result)
{
	(void)result;
	return run_once(recorder, ask);
}

/* A paper may be asked for as what it is, or as its print. Takes answer. */
static json_t *printed(struct recorder *recorder, struct recorder_ask *ask, json_t *answer)
{
	const json_t *document = NULL;

	if (json_is_true(json_object_get(ask->request, "pdf"))) {
		if (strcmp(ask->command, "batch.labels") == 0)
			document = json_object_get(answer, "labels");
		else if (strcmp(ask->command, "card.paper") == 0)
			document = json_object_get(answer, "paper");
	}
	if (document) {
		json_t *whole = answer;

		answer = printer_ask(recorder, ask, document);
		json_decref(whole);
	}
	return answer;
}

/* A statement that the web role has made of what it reads: printed for whoever asked it. Nothing else is, so that no paper
 * that looks like a certificate can come from there. */
static json_t *print_statement(struct recorder *recorder, struct recorder_ask *ask)
{
	const json_t *document = json_object_get(ask->request, "document");
	const char *kind = json_string_value(json_object_get(document, "kind"));
	struct assay_error err;
	int status;

	if (ask->client->web && kind && strcmp(kind, "statement") == 0)
		return printer_ask(recorder, ask, document);
	status = assay_error_set(&err, ASSAY_EREFUSED, "document-refused", "这里只打印报告",
		"only statements are printed this way");
	return recorder_error(status, &err);
}

static json_t *begin(struct recorder *recorder, struct recorder_ask *ask)
{
	struct assay_error err = {0};
	json_t *answer = NULL;
	int status;

	recorder_identify(recorder, ask);
	if (recorder_people_command(recorder, ask, &answer))
		return answer;
	status = lab_allows(&ask->actor, ask->command, &err);
	if (status == ASSAY_OK && strcmp(ask->command, "config.reload") == 0)
		return recorder_reload_command(recorder, ask);
	if (status == ASSAY_OK && strcmp(ask->command, "statement.print") == 0)
		return print_statement(recorder, ask);
	if (status == ASSAY_OK)
		return printed(recorder, ask, run_once(recorder, ask));
	if (strcmp(err.code, "signature-needed") == 0 && ask->actor.how == ASSAY_ACTOR_SESSION &&
		json_object_get(ask->request, "password"))
		return recorder_sign(recorder, ask, signed_now);
	return recorder_error(status, &err);
}

/* Takes ask and answer; the answer carries the number of the question. */
static json_t *finish(struct recorder_ask *ask, json_t *answer)
{
	json_t *id = json_object_get(ask->request, "id");

	if (id)
		(void)json_object_set(answer, "id", id);
	json_decref(ask->request);
	free(ask);
	return answer;
}

json_t *recorder_command(
	struct recorder *recorder, struct recorder_client *client, const char *line, size_t length)
{
	struct assay_error err = {.code = "out-of-memory", .text_zh = "内存不足", .text_en = "out of memory"};
	struct recorder_ask *ask = calloc(1, sizeof *ask);
	json_t *answer;

	if (!ask)
		return recorder_error(ASSAY_ENOMEM, &err);
	ask->client = client;
	ask->request = json_loadb(line, length, JSON_REJECT_DUPLICATES, NULL);
	ask->command = json_string_value(json_object_get(ask->request, "cmd"));
	if (!json_is_object(ask->request) || !ask->command) {
		(void)assay_error_set(&err, ASSAY_EUSAGE, "command-unreadable",
			"命令不是 JSON 对象，或没有 cmd", "the command is not a JSON object, or has no cmd");
		return finish(ask, recorder_error(ASSAY_EUSAGE, &err));
	}
	answer = begin(recorder, ask);
	if (answer)
		return finish(ask, answer);
	ask->next = recorder->asks;
	recorder->asks = ask;
	client->pending++;
	return NULL;
}

static void unlink_ask(struct recorder *recorder, const struct recorder_ask *ask)
{
	struct recorder_ask **at = &recorder->asks;

	while (*at && *at != ask)
		at = &(*at)->next;
	if (*at)
		*at = ask->next;
}

void recorder_command_answer(struct recorder *recorder, struct recorder_ask *ask, json_t *answer)
{
	struct recorder_client *client = ask->client;

	unlink_ask(recorder, ask);
	if (client)
		client->pending--;
	answer = finish(ask, answer);
	if (client)
		client_end_tell(recorder, client, answer);
	else
		json_decref(answer);
}

void recorder_command_go_on(struct recorder *recorder)
{
	struct assay_password_result result;

	while (assay_password_work_done(recorder->passwords, &result)) {
		struct recorder_ask *ask = result.context;
		/* who has hung up has not been told yes; what he asked is not done */
		json_t *answer = ask->client ? ask->then(recorder, ask, &result) : json_null();

		if (answer) /* else another look is under way */
			recorder_command_answer(recorder, ask, answer);
	}
}

void recorder_command_forget(struct recorder *recorder, const struct recorder_client *client)
{
	for (struct recorder_ask *ask = recorder->asks; ask; ask = ask->next)
		if (ask->client == client)
			ask->client = NULL;
}
