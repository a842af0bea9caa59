/* SPDX-License-Identifier: Apache-2.0
 * The recorder role: everything the hosts tell and people decide -> journal -> state. The only writer. */
#include "gateway/record/recorder.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define LOOK_ROWS 1000u /* of the state's history, each second: a millisecond's work */
#define TELL_AGAIN_NS (50ull * 1000000u)
#define CLOCK_STEP_NS 250000000ll /* the wall clock moved by itself; slewing stays far below */

uint64_t recorder_now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

int64_t recorder_wall_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

void recorder_touch(struct recorder *recorder, struct recorder_line *line)
{
	if (line->touched)
		return;
	line->touched = true;
	line->touched_next = recorder->touched;
	recorder->touched = line;
}

static int give_state(struct recorder *recorder, const struct assay_entry *entry, struct assay_error *err)
{
	int status;

	if (entry->kind == ASSAY_ENTRY_EXCHANGE)
		return recorder_follow_add(recorder, entry, err);
	status = recorder_follow_settle(recorder, err);
	return status == ASSAY_OK
		       ? recorder_state_took(recorder, assay_state_apply(recorder->state, entry, err))
		       : status;
}

int recorder_append(struct recorder *recorder, struct assay_entry *entry, struct assay_error *err)
{
	int status;

	if (recorder->paused)
		return assay_error_set(err, ASSAY_EFULL, "journal-full",
			"磁盘已满或不能写入，暂不能记录。请腾出空间，网关会自动继续",
			"the disk is full or cannot be written, nothing can be recorded; make room, the "
			"gateway goes on "
			"by itself");
	status = assay_journal_append(recorder->journal, entry, err);
	if (status != ASSAY_OK)
		return status;
	status = give_state(recorder, entry, err);
	if (status != ASSAY_OK)
		return status;
	if (recorder->group++ == 0)
		recorder->group_ns = recorder_now_ns();
	if (entry->kind >= ASSAY_ENTRY_BATCH && entry->kind <= ASSAY_ENTRY_REVIEW)
		recorder->lab_changed = true;
	for (size_t i = 0; entry->kind == ASSAY_ENTRY_IDENTITY && i < recorder->line_count; i++)
		recorder->line[i].known_due = recorder->line[i].host != NULL;
	recorder->tell_due = recorder->tell_due || entry->kind == ASSAY_ENTRY_IDENTITY;
	if (entry->kind == ASSAY_ENTRY_CERTIFICATE)
		printer_soon(&recorder->printer);
	return ASSAY_OK;
}

int recorder_append_json(struct recorder *recorder, uint16_t kind, const char *line, const json_t *body,
	const void *raw, size_t raw_length, uint64_t *sequence_out, struct assay_error *err)
{
	struct assay_entry entry = {.kind = kind, .raw = raw, .raw_length = raw_length};
	char *text = json_dumps(body, JSON_COMPACT | JSON_PRESERVE_ORDER);
	int status;

	if (!text)
		return assay_error_set(err, ASSAY_ENOMEM, "out-of-memory", "内存不足", "out of memory");
	entry.body = text;
	entry.body_length = strlen(text);
	(void)snprintf(entry.line, sizeof entry.line, "%s", line);
	status = recorder_append(recorder, &entry, err);
	if (status == ASSAY_OK && sequence_out)
		*sequence_out = entry.sequence;
	free(text);
	return status;
}

void recorder_state_behind(struct recorder *recorder)
{
	assay_state_rollback(recorder->state);
	recorder_follow_forget(&recorder->follow);
	recorder->state_behind = true;
}

int recorder_state_took(struct recorder *recorder, int status)
{
	bool no_room = status == ASSAY_EFULL || status == ASSAY_EIO;

	if (no_room)
		recorder_state_behind(recorder);
	recorder->state_failed = status != ASSAY_OK && !no_room;
	return status;
}

static void state_is_behind(struct recorder *recorder, const struct assay_error *err)
{
	recorder_state_behind(recorder);
	recorder->paused = true;
	recorder->retry_ns = recorder_now_ns();
	host_end_forget_uncommitted(recorder);
	(void)fprintf(stderr, "assay: recorder: %s\n", err->text_en);
}

int recorder_commit(struct recorder *recorder, struct assay_error *err)
{
	struct assay_error behind;
	uint64_t began = recorder_now_ns();
	int status;

	if (recorder->group == 0)
		return ASSAY_OK;
	status = assay_journal_commit(recorder->journal, err);
	if (status != ASSAY_OK)
		return status;
	commit_times_add(&recorder->commits, recorder_now_ns() - began);
	recorder->group = 0;
	for (struct recorder_line *line = recorder->touched; line; line = line->touched_next) {
		line->touched = false;
		line->safe_done_id = line->done_id;
		line->safe_line_id = line->line_id;
		if (line->host && line->done_id > line->ack_id) {
			line->ack_id = line->done_id;
			line->ack_due = line->host->ack_due = true;
		}
	}
	recorder->touched = NULL;
	/* Durable from here on; the state is only a picture of it. */
	if (assay_state_commit(recorder->state, &behind) != ASSAY_OK)
		state_is_behind(recorder, &behind);
	recorder_follow_committed(&recorder->follow);
	return ASSAY_OK;
}

void recorder_wrote(void *context, const struct assay_entry *entry)
{
	struct recorder *recorder = context;
	struct assay_error err;
	int status;

	if (!recorder->state || recorder->state_behind)
		return; /* at start, or until it has caught up: then it comes from the journal */
	status = recorder_follow_settle(recorder, &err);
	if (status == ASSAY_OK)
		status = assay_state_apply(recorder->state, entry, &err);
	if (status == ASSAY_OK)
		status = assay_state_commit(recorder->state, &err);
	recorder->state_failed = false;
	if (status != ASSAY_OK)
		state_is_behind(recorder, &err);
}

static int append_fault(
	struct recorder *recorder, const char *code, const char *zh, const char *en, struct assay_error *err)
{
	json_t *body = json_pack("{s:s,s:s,s:s}", "code", code, "text_zh", zh, "text_en", en);
	int status = body ? recorder_append_json(recorder, ASSAY_ENTRY_FAULT, "", body, NULL, 0, NULL, err)
			  : assay_error_set(err, ASSAY_ENOMEM, "out-of-memory", "内存不足", "out of memory");

	json_decref(body);
	return status;
}

static void take_back(struct recorder *recorder)
{
	assay_journal_rollback(recorder->journal);
	recorder_follow_take_back(&recorder->follow);
	if (!recorder->state_behind)
		assay_state_rollback(recorder->state);
	recorder->group = 0;
	recorder->lab_changed = true;
	host_end_forget_uncommitted(recorder);
}

/* Nothing is taken any more until there is room; said once, from the journal's reserve. */
static void pause_taking(struct recorder *recorder, const struct assay_error *why)
{
	struct assay_error err;

	if (recorder->paused)
		return; /* when to look for room stays as it is: those who keep asking would put it off for ever */
	recorder->retry_ns = recorder_now_ns() + RECORDER_SECOND_NS;
	(void)fprintf(stderr, "assay: recorder: %s\n", why->text_en);
	if (!recorder->state_behind &&
		(append_fault(recorder, why->code, why->text_zh, why->text_en, &err) != ASSAY_OK ||
			recorder_commit(recorder, &err) != ASSAY_OK))
		take_back(recorder);
	recorder->paused = true;
	host_end_forget_uncommitted(recorder);
}

void recorder_failed(struct recorder *recorder, int status, const struct assay_error *err)
{
	bool state_failed = recorder->state_failed;

	take_back(recorder);
	recorder->state_failed = false;
	if (status == ASSAY_EFULL || (status == ASSAY_EIO && !state_failed)) {
		pause_taking(recorder, err);
		return;
	}
	(void)fprintf(stderr, "assay: recorder: %s\n", err->text_en);
	if (state_failed)
		assay_state_remove(recorder->role->dir); /* made again at the next start */
	recorder->stop = recorder->fatal = true;
	recorder->code = 1;
}

/* Is there room again? */
static void retry(struct recorder *recorder)
{
	struct assay_error err;
	int status = ASSAY_OK;

	if (!recorder->paused || recorder_now_ns() < recorder->retry_ns)
		return;
	recorder->retry_ns = recorder_now_ns() + RECORDER_SECOND_NS;
	if (recorder->state_behind)
		status = assay_state_catch_up(recorder->state, recorder->role->dir, &err);
	if (status != ASSAY_OK)
		return;
	recorder->state_behind = false;
	recorder->paused = false;
	status = append_fault(recorder, "journal-writes-again", "磁盘又能写入，采集继续；未丢失数据",
		"the disk can be written again, acquisition goes on; nothing was lost", &err);
	if (status == ASSAY_OK && assay_journal_full(recorder->journal))
		status = ASSAY_EFULL; /* that one came from the reserve */
	if (status == ASSAY_OK)
		status = recorder_commit(recorder, &err);
	if (status != ASSAY_OK) {
		take_back(recorder);
		recorder->paused = true;
	}
}

static void watch_clock(struct recorder *recorder)
{
	int64_t offset = recorder_wall_ns() - (int64_t)recorder_now_ns(),
		step = offset - recorder->clock_offset_ns;
	struct assay_error err;
	json_t *body;
	int status;

	recorder->clock_offset_ns = offset;
	if (step < CLOCK_STEP_NS && step > -CLOCK_STEP_NS)
		return;
	body = json_pack("{s:I}", "step_ms", (json_int_t)(step / 1000000));
	status = recorder_append_json(recorder, ASSAY_ENTRY_CLOCK, "", body, NULL, 0, NULL, &err);
	json_decref(body);
	if (status == ASSAY_OK)
		status = recorder_commit(recorder, &err);
	if (status != ASSAY_OK)
		recorder_failed(recorder, status, &err);
}

static void look_at_state(struct recorder *recorder)
{
	struct assay_error err;
	int status = assay_state_look(recorder->state, LOOK_ROWS, NULL, &err);

	if (status == ASSAY_OK)
		return;
	recorder->state_failed = status == ASSAY_EDAMAGED;
	recorder_failed(recorder, status, &err);
}

static void tick(struct recorder *recorder)
{
	struct assay_message alive = {.type = ASSAY_MSG_ALIVE,
		.generation = recorder->role->generation,
		.id = assay_journal_size(recorder->journal)};
	uint64_t now = recorder_now_ns();
	struct assay_error err;
	int status;

	if (now < recorder->tick_ns)
		return;
	recorder->tick_ns = now + RECORDER_SECOND_NS;
	client_end_tell_commits(recorder);
	if (assay_channel_send(recorder->role->control, &alive, NULL, 0, -1) == ASSAY_EGONE)
		recorder->stop = true;
	if (!recorder->paused && assay_journal_full(recorder->journal)) {
		(void)assay_error_set(&err, ASSAY_EFULL, "journal-full",
			"磁盘快满了，采集已暂停。请腾出空间，采集会自动继续",
			"the disk is nearly full, acquisition has paused; make room, it goes on by itself");
		pause_taking(recorder, &err);
	}
	if (recorder->paused)
		return;
	watch_clock(recorder);
	status = recorder->paused || recorder->stop
			 ? ASSAY_OK
			 : assay_journal_checkpoint(recorder->journal, now, false, NULL, &err);
	if (status != ASSAY_OK)
		recorder_failed(recorder, status, &err);
	if (!recorder->paused && !recorder->stop)
		look_at_state(recorder);
}

/* What the supervisor saw: a role that hung, and what became of it. */
static void on_fault(struct recorder *recorder, const void *payload)
{
	struct assay_error seen, err;
	int status;

	memcpy(&seen, payload, sizeof seen);
	seen.code[sizeof seen.code - 1] = seen.text_zh[sizeof seen.text_zh - 1] =
		seen.text_en[sizeof seen.text_en - 1] = '\0';
	status = append_fault(recorder, seen.code, seen.text_zh, seen.text_en, &err);
	if (status != ASSAY_OK)
		recorder_failed(recorder, status, &err);
}

static void from_supervisor(struct recorder *recorder)
{
	static uint8_t payload[ASSAY_CHANNEL_PAYLOAD_MAX];
	struct assay_message head;
	int fd, got;

	while (!recorder->stop &&
		(got = assay_channel_receive(recorder->role->control, &head, payload, &fd)) != 0) {
		if (got == ASSAY_EGONE) {
			recorder->stop = true;
			recorder->code = 1;
			return;
		}
		if (got < 0)
			continue;
		if (head.type == ASSAY_MSG_STOP) {
			recorder->stop = true;
			recorder->hosts_go_on = head.id == 1;
		} else if (head.type == ASSAY_MSG_RELOAD && head.length == sizeof(struct assay_reload)) {
			recorder_reload_asked(recorder, payload);
		} else if (head.type == ASSAY_MSG_RELOADED && head.length == sizeof(struct assay_reloaded)) {
			recorder_reload_done(recorder, payload);
		} else if (head.type == ASSAY_MSG_FAULT && head.length == sizeof(struct assay_error)) {
			on_fault(recorder, payload);
		} else if (head.type == ASSAY_MSG_ADD_WEB && fd >= 0) {
			client_end_add_web(recorder, fd);
			continue;
		} else if (head.type == ASSAY_MSG_ADD_HOST && fd >= 0 &&
			   head.length == sizeof(struct assay_add_host)) {
			host_end_add(recorder, &head, payload, fd);
			continue;
		}
		if (fd >= 0)
			(void)close(fd);
	}
}

/* A host's channel was full. */
static bool tells_again(const struct recorder *recorder)
{
	bool again = recorder->tell_due;

	for (size_t i = 0; i < recorder->host_count; i++)
		again = again || recorder->host[i]->ack_due;
	return again;
}

static int wait_ms(const struct recorder *recorder)
{
	uint64_t now = recorder_now_ns(), until = recorder->tick_ns;

	if (recorder->paused && recorder->retry_ns < until)
		until = recorder->retry_ns;
	if (recorder_follow_due_ns(recorder) < until)
		until = recorder_follow_due_ns(recorder);
	if (!recorder->paused && until > now + TELL_AGAIN_NS && tells_again(recorder))
		until = now + TELL_AGAIN_NS;
	return until > now ? (int)((until - now) / 1000000u) + 1 : 0;
}

static void end_group(struct recorder *recorder)
{
	struct assay_error err;
	int status = recorder_commit(recorder, &err);

	if (status != ASSAY_OK)
		recorder_failed(recorder, status, &err);
}

static void settle_state(struct recorder *recorder)
{
	struct assay_error err;
	int status = recorder_follow_settle(recorder, &err);

	if (status != ASSAY_OK)
		recorder_failed(recorder, status, &err);
}

static void step(struct recorder *recorder)
{
	static struct pollfd polled[4 + RECORDER_HOSTS_MAX + RECORDER_CLIENTS_MAX];
	struct recorder_host *hosts[RECORDER_HOSTS_MAX];
	struct recorder_client *clients[RECORDER_CLIENTS_MAX];
	size_t host_count = recorder->host_count, client_count = recorder->client_count;
	nfds_t count = 0;
	int ready;

	polled[count++] = (struct pollfd){recorder->role->control, POLLIN, 0};
	polled[count++] = (struct pollfd){
		client_count < RECORDER_CLIENTS_MAX ? recorder->role->listener : -1, POLLIN, 0};
	for (size_t i = 0; i < host_count; i++) {
		hosts[i] = recorder->host[i];
		polled[count++] = (struct pollfd){hosts[i]->fd, POLLIN, 0};
	}
	for (size_t i = 0; i < client_count; i++) {
		clients[i] = recorder->client[i];
		polled[count++] = (struct pollfd){
			clients[i]->fd, (short)(clients[i]->out_length ? POLLOUT : POLLIN), 0};
	}
	polled[count++] = (struct pollfd){recorder->passwords_fd, POLLIN, 0};
	polled[count++] = (struct pollfd){recorder->printer.fd, printer_events(&recorder->printer), 0};
	ready = poll(polled, count, wait_ms(recorder));
	if (ready < 0 && errno != EINTR) {
		recorder->stop = true;
		recorder->code = 1;
		return;
	}
	recorder_follow_rest(recorder, ready == 0);
	for (size_t i = 0; i < host_count && !recorder->stop; i++)
		if (polled[2 + i].revents) {
			host_end_readable(recorder, hosts[i]);
			if (recorder->group >= RECORDER_GROUP_ENTRIES ||
				(recorder->group &&
					recorder_now_ns() - recorder->group_ns > RECORDER_GROUP_NS))
				end_group(recorder);
		}
	end_group(recorder);
	host_end_tell(recorder);
	if (polled[0].revents)
		from_supervisor(recorder);
	for (nfds_t i = 2 + host_count; i < count; i++)
		if (polled[i].revents) {
			settle_state(recorder); /* what clients ask is answered from it */
			break;
		}
	for (size_t i = 0; i < client_count && !recorder->stop; i++)
		if (polled[2 + host_count + i].revents)
			client_end_ready(recorder, clients[i], polled[2 + host_count + i].revents);
	/* these may hang up on a client: after the loop that holds them all */
	if (polled[count - 2].revents && !recorder->stop)
		recorder_command_go_on(recorder);
	recorder_people_tell(recorder);
	if (polled[1].revents)
		client_end_accept(recorder);
	if (recorder->printer.fd >= 0 && polled[count - 1].revents && !recorder->stop)
		printer_ready(recorder);
	retry(recorder);
	end_group(recorder);
	if (!recorder->stop) {
		tick(recorder);
		printer_tick(recorder, recorder_now_ns());
	}
	host_end_tell(recorder);
}

/* In good order: what is held, a last entry, a checkpoint over everything. */
static void finish(struct recorder *recorder)
{
	struct assay_error err;
	json_t *body = json_pack("{s:s}", "reason",
		recorder->code          ? "the supervisor is gone"
		: recorder->hosts_go_on ? "another configuration"
					: "stop");
	int status;

	if (!recorder->hosts_go_on)
		host_end_flush(recorder, "the gateway was stopped");
	status = recorder_append_json(recorder, ASSAY_ENTRY_STOP, "", body, NULL, 0, NULL, &err);
	json_decref(body);
	if (status == ASSAY_OK)
		status = recorder_commit(recorder, &err);
	if (status == ASSAY_OK)
		status = assay_journal_checkpoint(recorder->journal, recorder_now_ns(), true, NULL, &err);
	if (status == ASSAY_OK)
		host_end_tell(recorder);
	if (status != ASSAY_OK)
		(void)fprintf(stderr, "assay: recorder: %s\n", err.text_en);
}

static void release(struct recorder *recorder)
{
	while (recorder->host_count) {
		struct recorder_host *host = recorder->host[--recorder->host_count];

		(void)close(host->fd);
		free(host);
	}
	while (recorder->client_count)
		client_end_close(recorder, recorder->client[recorder->client_count - 1]);
	recorder_people_release(recorder);
	for (size_t i = 0; i < recorder->line_count; i++)
		free(recorder->line[i].held);
	free(recorder->line);
	printer_stop(&recorder->printer);
	assay_state_close(recorder->state);
	recorder_follow_close(&recorder->follow);
	assay_journal_close(recorder->journal);
	assay_spec_sets_free(&recorder->sets);
	assay_specs_free(recorder->specs);
	free(recorder);
}

int assay_recorder_main(const struct assay_role *role)
{
	struct recorder *recorder = calloc(1, sizeof *recorder);
	struct assay_message answer = {.type = ASSAY_MSG_READY, .generation = role->generation};
	struct assay_error err = {.code = "out-of-memory", .text_zh = "内存不足", .text_en = "out of memory"};
	int status = recorder ? ASSAY_OK : ASSAY_ENOMEM, code = 1;

	if (recorder) {
		recorder->role = role;
		recorder->passwords_fd = -1;
		printer_start(&recorder->printer);
		status = recorder_start(recorder, &err);
	}
	if (status != ASSAY_OK) {
		answer.type = ASSAY_MSG_REFUSED;
		if (assay_channel_send(role->control, &answer, &err, sizeof err, -1) != ASSAY_OK)
			(void)fprintf(stderr, "assay: recorder: %s\n", err.text_en);
	} else if (assay_channel_send(role->control, &answer, NULL, 0, -1) == ASSAY_OK) {
		while (!recorder->stop)
			step(recorder);
		if (!recorder->fatal && !recorder->paused)
			finish(recorder);
		code = recorder->code;
	}
	if (recorder)
		release(recorder);
	return code;
}
