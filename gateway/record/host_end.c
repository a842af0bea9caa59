/* SPDX-License-Identifier: Apache-2.0
 * The recorder's end of a host: events are held by line, an end makes them one entry, and only what is committed is
 * acknowledged. */
#include "gateway/record/recorder.h"

#include "gateway/record/events.h"
#include "gateway/wire/channel_packet.h"
#include "gateway/wire/end_message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HELD_ROOM_MIN 512u /* a Modbus exchange, a line of text; there are a thousand lines */

/* ASSAY_EREFUSED: no event; it is left out. */
static int hold(struct recorder_line *line, const struct assay_message *head, const void *payload)
{
	struct assay_event_head about;
	struct assay_event event;
	size_t need;

	if (head->length < sizeof about)
		return ASSAY_EREFUSED;
	memcpy(&about, payload, sizeof about);
	if (about.length != head->length - sizeof about || about.direction < ASSAY_TX ||
		about.direction > ASSAY_HANGUP)
		return ASSAY_EREFUSED;
	event = (struct assay_event){.direction = about.direction,
		.mono_ns = head->mono_ns,
		.bytes = (const uint8_t *)payload + sizeof about,
		.length = about.length};
	need = line->held_length + assay_event_size(event.length);
	if (need > line->held_room) {
		size_t room = line->held_room ? line->held_room * 2 : HELD_ROOM_MIN;
		uint8_t *grown;

		while (room < need)
			room *= 2;
		grown = realloc(line->held, room);
		if (!grown)
			return ASSAY_ENOMEM;
		line->held = grown;
		line->held_room = room;
	}
	line->held_length += assay_event_put(&event, line->held + line->held_length);
	line->held_id = head->id;
	line->held_mono_ns = head->mono_ns;
	line->held_wall_ns = head->wall_ns;
	return ASSAY_OK;
}

/* exchange -> entry; the id in it says how far this host is. */
static int record(struct recorder *recorder, struct recorder_line *line,
	const struct assay_exchange *exchange, int64_t wall_ns, uint64_t mono_ns, struct assay_error *err)
{
	static char body[ASSAY_EXCHANGE_BODY_MAX];
	struct assay_exchange_gist gist;
	struct assay_entry entry = {.kind = ASSAY_ENTRY_EXCHANGE,
		.wall_ns = wall_ns,
		.mono_ns = mono_ns,
		.body = body,
		.raw = line->held_length ? line->held : NULL,
		.raw_length = line->held_length,
		.gist = &gist};
	int status;

	memcpy(entry.line, line->config->id, strnlen(line->config->id, sizeof entry.line - 1));
	entry.body_length = assay_exchange_body_write(exchange, body, &gist);
	status = recorder_append(recorder, &entry, err);
	if (status != ASSAY_OK)
		return status;
	line->done_id = exchange->id;
	recorder_touch(recorder, line);
	line->last_sequence = entry.sequence;
	line->held_length = 0;
	return ASSAY_OK;
}

/* What is held, as it is, without an end from the host. */
static int record_held(struct recorder *recorder, struct recorder_line *line, uint16_t outcome,
	const char *detail, struct assay_error *err)
{
	static struct assay_exchange exchange;

	exchange.instrument[0] = '\0';
	if (line->config->instrument_count == 1)
		(void)snprintf(exchange.instrument, sizeof exchange.instrument, "%s",
			line->config->instruments[0].id);
	exchange.generation = line->generation;
	exchange.id = line->held_id;
	memset(&exchange.end, 0, sizeof exchange.end);
	exchange.end.outcome = outcome;
	(void)snprintf(exchange.end.detail, sizeof exchange.end.detail, "%s", detail);
	return record(recorder, line, &exchange, line->held_wall_ns, line->held_mono_ns, err);
}

/* Hosts run driver code: nothing they say is taken for granted. Nonsense becomes an entry without readings. */
static void take_end(struct recorder_line *line, const struct assay_message *head, const void *payload,
	struct assay_exchange *exchange)
{
	struct assay_end *end = &exchange->end;

	if (assay_end_read(payload, head->length, end, exchange->reading) != ASSAY_OK ||
		strcmp(assay_outcome_name(end->outcome), "?") == 0) {
		memset(end, 0, sizeof *end);
		end->outcome = ASSAY_OUTCOME_BAD_FRAME;
		end->instrument = 0xffff;
		(void)snprintf(end->detail, sizeof end->detail, "the host's report could not be read");
	}
	if (line->parted) {
		end->usable = 0; /* positions of its readings count in bytes that stand in another entry */
		line->parted = false;
	}
	exchange->generation = head->generation;
	exchange->id = head->id;
	exchange->instrument[0] = '\0';
	if (end->instrument < line->config->instrument_count)
		(void)snprintf(exchange->instrument, sizeof exchange->instrument, "%s",
			line->config->instruments[end->instrument].id);
}

static uint64_t begun_ns(const struct recorder_line *line, uint64_t fallback)
{
	struct assay_event first;
	size_t at = 0;

	return assay_event_next(line->held, line->held_length, &at, &first) == 1 ? first.mono_ns : fallback;
}

static int on_end(struct recorder *recorder, struct recorder_line *line, const struct assay_message *head,
	const void *payload, struct assay_error *err)
{
	static struct assay_exchange exchange;
	uint64_t begun = begun_ns(line, head->mono_ns);
	int status;

	take_end(line, head, payload, &exchange);
	if (exchange.end.want == ASSAY_WANT_STABLE && exchange.end.outcome == ASSAY_OUTCOME_OK &&
		exchange.end.instrument < ASSAY_LINE_INSTRUMENTS_MAX)
		line->take_told &= ~(UINT64_C(1) << exchange.end.instrument);
	status = record(recorder, line, &exchange, head->wall_ns, head->mono_ns, err);
	if (status == ASSAY_OK && recorder->lab_changed)
		status = host_want_refresh(recorder, err);
	if (status != ASSAY_OK || (!exchange.end.readings && !exchange.end.set_aside) ||
		(!line->armed && !assay_lab_named(&exchange)))
		return status;
	status = recorder_follow_settle(recorder, err);
	if (status == ASSAY_OK)
		status = assay_lab_exchange(
			&recorder->lab, line->last_sequence, head->wall_ns, begun, &exchange, err);
	return status;
}

static void end_text(char *text, size_t size)
{
	text[size - 1] = '\0';
}

static int on_line(struct recorder *recorder, struct recorder_line *line, const struct assay_message *head,
	const void *payload, struct assay_error *err)
{
	struct assay_line_state said;
	json_t *body;
	int status;

	if (head->length != sizeof said)
		return ASSAY_OK;
	memcpy(&said, payload, sizeof said);
	end_text(said.code, sizeof said.code);
	end_text(said.text_zh, sizeof said.text_zh);
	end_text(said.text_en, sizeof said.text_en);
	body = json_pack("{s:s,s:s,s:s,s:s,s:I,s:I}", "status", assay_line_status_name(said.status), "code",
		said.code, "text_zh", said.text_zh, "text_en", said.text_en, "generation",
		(json_int_t)head->generation, "id", (json_int_t)head->id);
	if (!body) /* a text that is not UTF-8 */
		return ASSAY_OK;
	/* Within an exchange its events before this message are not recorded yet: the host must keep them. */
	if (line->held_length)
		(void)json_object_set_new(body, "within", json_true());
	status = recorder_append_json(
		recorder, ASSAY_ENTRY_LINE, line->config->id, body, NULL, 0, &line->last_sequence, err);
	json_decref(body);
	if (status != ASSAY_OK)
		return status;
	line->line_id = head->id;
	recorder_touch(recorder, line);
	if (!line->held_length)
		line->done_id = head->id;
	return ASSAY_OK;
}

/* NULL: this place's line has left the configuration. */
static struct recorder_line *line_at(
	struct recorder *recorder, const struct recorder_host *host, uint16_t place)
{
	return place < host->line_count && host->line[place] != ASSAY_LINE_GONE
		       ? &recorder->line[host->line[place]]
		       : NULL;
}

static struct recorder_line *line_of(
	struct recorder *recorder, const struct recorder_host *host, const struct assay_message *head)
{
	struct recorder_line *line = line_at(recorder, host, head->line);

	if (!line || head->generation != host->generation)
		return NULL;
	return line->host == host && line->generation == head->generation ? line : NULL;
}

static void on_message(struct recorder *recorder, struct recorder_host *host,
	const struct assay_message *head, const void *payload)
{
	struct recorder_line *line = line_of(recorder, host, head);
	struct assay_error err;
	int status = ASSAY_OK;

	/* Smaller ids are told again and known; larger ones were sent before our last HELLO and come again. */
	if (!line || line->mark_due || recorder->paused || head->id != line->next_id)
		return;
	line->next_id++;
	if (head->type == ASSAY_MSG_EVENT && hold(line, head, payload) == ASSAY_ENOMEM)
		status = assay_error_set(&err, ASSAY_ENOMEM, "out-of-memory", "内存不足", "out of memory");
	else if (head->type == ASSAY_MSG_EVENT && line->held_length >= RECORDER_HELD_MAX) {
		status = record_held(recorder, line, ASSAY_OUTCOME_LATE, "goes on in the next entry", &err);
		line->parted = true;
	} else if (head->type == ASSAY_MSG_END)
		status = on_end(recorder, line, head, payload, &err);
	else if (head->type == ASSAY_MSG_LINE && head->id > line->line_id)
		status = on_line(recorder, line, head, payload, &err);
	if (status != ASSAY_OK)
		recorder_failed(recorder, status, &err);
}

static void take_packet(
	struct recorder *recorder, struct recorder_host *host, struct assay_channel_packet *packet)
{
	const struct assay_message *head;
	const void *payload;

	while (!recorder->stop && (head = assay_channel_next(packet, &payload)) != NULL)
		on_message(recorder, host, head, payload);
}

static bool take_messages(struct recorder *recorder, struct recorder_host *host, bool all)
{
	static struct assay_channel_packet packet[ASSAY_CHANNEL_PACKETS_MAX];
	int got = 1;

	while (got > 0 && !recorder->stop && (all || recorder->group < RECORDER_GROUP_ENTRIES)) {
		got = assay_channel_receive_packets(host->fd, packet, ASSAY_CHANNEL_PACKETS_MAX);
		for (int i = 0; i < got; i++)
			take_packet(recorder, host, &packet[i]);
	}
	return got >= 0;
}

void host_end_readable(struct recorder *recorder, struct recorder_host *host)
{
	if (!take_messages(recorder, host, false))
		host_end_gone(recorder, host);
}

void host_end_gone(struct recorder *recorder, struct recorder_host *host)
{
	struct assay_error err;
	int status = ASSAY_OK;

	(void)take_messages(recorder, host, true);
	for (uint16_t i = 0; i < host->line_count; i++) {
		struct recorder_line *line = line_at(recorder, host, i);

		if (!line || line->host != host)
			continue;
		if (line->held_length && !recorder->paused && status == ASSAY_OK)
			status = record_held(recorder, line, ASSAY_OUTCOME_HOST_DIED,
				"the host ended in the middle of this exchange", &err);
		line->held_length = 0;
		line->host = NULL;
		line->hello_due = line->ack_due = line->parted = false;
		line->take_due =
			(line->take_due | line->take_told) & line->armed; /* the next host is asked again */
		line->take_told = 0;
	}
	if (status == ASSAY_OK)
		status = recorder_commit(recorder, &err);
	for (size_t i = 0; i < recorder->host_count; i++)
		if (recorder->host[i] == host)
			recorder->host[i] = recorder->host[--recorder->host_count];
	(void)close(host->fd);
	free(host);
	if (status != ASSAY_OK)
		recorder_failed(recorder, status, &err);
}

void host_end_flush(struct recorder *recorder, const char *why)
{
	struct assay_error err;
	int status = ASSAY_OK;

	for (size_t i = 0; i < recorder->host_count; i++)
		(void)take_messages(recorder, recorder->host[i], true);
	for (size_t i = 0; i < recorder->line_count && status == ASSAY_OK; i++)
		if (recorder->line[i].host && recorder->line[i].held_length)
			status =
				record_held(recorder, &recorder->line[i], ASSAY_OUTCOME_HOST_DIED, why, &err);
	if (status != ASSAY_OK)
		(void)fprintf(stderr, "assay: recorder: %s\n", err.text_en);
}

_Static_assert(RECORDER_HOST_LINES_MAX <= 64, "a bit for each line of a host");

static bool load_marks(struct recorder *recorder, struct recorder_line *line)
{
	struct assay_error err;
	int status = recorder_follow_settle(recorder, &err);

	if (status == ASSAY_OK)
		status = assay_state_mark(recorder->state, line->config->id, line->generation, &line->done_id,
			&line->line_id, &err);

	if (status != ASSAY_OK) {
		recorder_failed(recorder, status, &err);
		return false;
	}
	line->safe_done_id = line->ack_id = line->done_id;
	line->safe_line_id = line->line_id;
	line->next_id = line->done_id + 1;
	line->mark_due = false;
	return true;
}

void host_end_add(struct recorder *recorder, const struct assay_message *head, const void *payload, int fd)
{
	struct recorder_host *host = calloc(1, sizeof *host);
	struct assay_add_host about;

	memcpy(&about, payload, sizeof about);
	if (!host || about.lines > RECORDER_HOST_LINES_MAX || recorder->host_count == RECORDER_HOSTS_MAX)
		goto refuse;
	for (uint16_t i = 0; i < about.lines; i++)
		if (about.line[i] != ASSAY_LINE_GONE &&
			(about.line[i] >= recorder->line_count ||
				(recorder->line[about.line[i]].host &&
					recorder->line[about.line[i]].generation > head->generation)))
			goto refuse;
	host->fd = fd;
	host->generation = head->generation;
	host->line_count = about.lines;
	memcpy(host->line, about.line, sizeof host->line);
	for (uint16_t i = 0; i < about.lines; i++) {
		struct recorder_line *line;

		if (about.line[i] == ASSAY_LINE_GONE)
			continue;
		line = &recorder->line[about.line[i]];
		if (line->host)
			host_end_gone(recorder, line->host);
		line->host = host;
		line->place = i;
		line->generation = head->generation;
		line->mark_due = line->hello_due = line->known_due = true;
		line->ack_due = line->parted = false;
		line->ack_id = line->done_id = line->line_id = line->safe_done_id = line->safe_line_id = 0;
		line->held_length = 0;
		line->needed_told = 0;
		if (!recorder->paused && !load_marks(recorder, line))
			break;
	}
	recorder->host[recorder->host_count++] = host;
	recorder->tell_due = true;
	return;
refuse:
	(void)close(fd);
	free(host);
}

void host_end_forget_uncommitted(struct recorder *recorder)
{
	recorder->touched = NULL;
	recorder->tell_due = true;
	for (size_t i = 0; i < recorder->line_count; i++) {
		struct recorder_line *line = &recorder->line[i];

		line->touched = false;
		line->done_id = line->safe_done_id;
		line->line_id = line->safe_line_id;
		line->next_id = line->done_id + 1;
		line->held_length = 0;
		line->parted = false;
		line->hello_due = line->host != NULL;
	}
}

static struct assay_message message_to(const struct recorder_line *line, uint16_t type, uint64_t id)
{
	return (struct assay_message){.type = type,
		.line = line->place,
		.generation = line->generation,
		.id = id,
		.wall_ns = recorder_wall_ns(),
		.mono_ns = recorder_now_ns()};
}

/* Everything but COMMITTED. True: nothing is due any more. */
static bool tell_line(struct recorder *recorder, struct recorder_line *line)
{
	if (line->hello_due) {
		struct assay_message hello;

		if (line->mark_due && !load_marks(recorder, line))
			return false;
		hello = message_to(line, ASSAY_MSG_HELLO, line->safe_done_id);
		line->hello_due = assay_channel_send(line->host->fd, &hello, NULL, 0, -1) != ASSAY_OK;
	}
	if (line->known_due && !line->hello_due)
		known_device_tell(recorder, line);
	return host_want_tell(recorder, line) && !line->hello_due && !line->known_due;
}

static void tell_lines(struct recorder *recorder)
{
	bool all = true;

	if (!recorder->tell_due)
		return;
	for (size_t i = 0; i < recorder->line_count; i++)
		if (recorder->line[i].host && recorder->group == 0 &&
			!tell_line(recorder, &recorder->line[i]))
			all = false;
	recorder->tell_due = !all || recorder->group != 0;
}

/* COMMITTED to every line of a host that is due, in one packet: there is room for far more than it has lines. */
static void tell_committed(struct recorder *recorder, struct recorder_host *host)
{
	static struct assay_channel_packet packet;
	uint64_t told = 0;

	packet.length = 0;
	for (uint16_t i = 0; i < host->line_count; i++) {
		struct recorder_line *line = line_at(recorder, host, i);
		struct assay_message head;

		if (!line || line->host != host || !line->ack_due)
			continue;
		if (line->hello_due)
			return; /* that comes first */
		head = message_to(line, ASSAY_MSG_COMMITTED, line->ack_id);
		head.length = sizeof line->last_sequence;
		if (assay_channel_add(&packet, &head, &line->last_sequence))
			told |= UINT64_C(1) << i;
	}
	if (!told || assay_channel_send_packet(host->fd, &packet) != ASSAY_OK)
		return; /* stays due */
	host->ack_due = false;
	for (uint16_t i = 0; i < host->line_count; i++)
		if (told >> i & 1)
			recorder->line[host->line[i]].ack_due = false;
}

void host_end_tell(struct recorder *recorder)
{
	struct assay_error err;

	for (size_t i = 0; i < recorder->host_count; i++) {
		struct recorder_host *host = recorder->host[i];
		struct assay_message head = {.type = recorder->paused ? ASSAY_MSG_PAUSE : ASSAY_MSG_RESUME,
			.generation = host->generation};

		if (host->paused_told != recorder->paused &&
			assay_channel_send(host->fd, &head, NULL, 0, -1) == ASSAY_OK)
			host->paused_told = recorder->paused;
	}
	if (recorder->paused || recorder->stop)
		return;
	if (recorder->lab_changed && host_want_refresh(recorder, &err) != ASSAY_OK) {
		recorder_failed(recorder, ASSAY_EIO, &err);
		return;
	}
	tell_lines(recorder);
	for (size_t i = 0; i < recorder->host_count && recorder->group == 0; i++)
		if (recorder->host[i]->ack_due)
			tell_committed(recorder, recorder->host[i]);
}
