/* SPDX-License-Identifier: Apache-2.0
 * bytes -> recorder: events as they happen, one end for each exchange. */
#include "gateway/wire/end_message.h"
#include "gateway/wire/host_line.h"

#include <stdio.h>
#include <string.h>

static void tell(struct host_line *line, uint16_t type, const void *payload, size_t length)
{
	struct host *host = line->host;
	struct assay_message head = {.type = type,
		.line = line->index,
		.generation = host->role->generation,
		.id = ++line->id,
		.wall_ns = host->port->wall_ns(host->port_context),
		.mono_ns = host_now_ns(host)};

	if (!host->port->tell(host->port_context, &head, payload, length))
		host->stop = true; /* no memory: a new host starts clean */
}

static void begin(struct host_line *line)
{
	if (line->open)
		return;
	line->open = true;
	line->begun_mono_ns = host_now_ns(line->host);
	line->consumed = 0;
	line->received = 0;
	line->kept = 0;
	memset(&line->end, 0, sizeof line->end);
	line->end.instrument = 0xffff;
}

void exchange_event(struct host_line *line, uint32_t direction, const void *bytes, size_t length)
{
	static uint8_t payload[ASSAY_CHANNEL_PAYLOAD_MAX];
	struct assay_event_head head = {direction, (uint32_t)length};

	begin(line);
	if (direction == ASSAY_RX)
		line->received += length;
	memcpy(payload, &head, sizeof head);
	if (length)
		memcpy(payload + sizeof head, bytes, length);
	tell(line, ASSAY_MSG_EVENT, payload, sizeof head + length);
}

void exchange_end(struct host_line *line, uint32_t outcome, const char *detail)
{
	static uint8_t payload[ASSAY_CHANNEL_PAYLOAD_MAX];

	if (!line->open)
		return;
	line->end.outcome = (uint16_t)outcome;
	line->end.solicited = line->request.kind != ASSAY_REQUEST_NONE;
	line->end.want = line->request.kind != ASSAY_REQUEST_NONE ? line->want : 0;
	line->end.usable = outcome == ASSAY_OUTCOME_OK;
	if (line->end.instrument == 0xffff && line_is_stream(line))
		line->end.instrument = 0;
	else if (line->request.kind != ASSAY_REQUEST_NONE)
		line->end.instrument = line->asked;
	/* whatever the fence has let through: a stranger counts for nothing until a person says otherwise */
	if (line->end.instrument < line->instrument_count && line->instrument[line->end.instrument].locked)
		line->end.usable = 0;
	if (detail && *detail)
		(void)snprintf(line->end.detail, sizeof line->end.detail, "%s", detail);
	tell(line, ASSAY_MSG_END, payload, assay_end_write(&line->end, line->reading, payload));
	if (line->config->transport != ASSAY_TRANSPORT_FOLDER) /* the feeder hears whether there were any */
		readings_put_back(line);
	line->end_id = line->id;
	line->open = false;
	line->request.kind = ASSAY_REQUEST_NONE;
	line->answered = line->complete = line->overrun = line->separator = false;
	line->refusal = 0;
	line->length = 0;
	if (line->reply_length && !line->reply_after_id)
		line->reply_after_id = line->id;
}

void exchange_status(
	struct host_line *line, uint32_t status, const char *code, const char *zh, const char *en)
{
	struct assay_line_state state = {.status = status};

	if (line->status == status && strcmp(line->code, code) == 0 &&
		strncmp(line->text, en, sizeof line->text - 1) == 0)
		return;
	line->status = status;
	(void)snprintf(line->code, sizeof line->code, "%s", code);
	(void)snprintf(line->text, sizeof line->text, "%s", en);
	(void)snprintf(state.code, sizeof state.code, "%s", code);
	(void)snprintf(state.text_zh, sizeof state.text_zh, "%s", zh);
	(void)snprintf(state.text_en, sizeof state.text_en, "%s", en);
	tell(line, ASSAY_MSG_LINE, &state, sizeof state);
}

bool exchange_send(struct host_line *line, const uint8_t *bytes, size_t length)
{
	exchange_event(line, ASSAY_TX, bytes, length);
	return line->host->port->send(line->host->port_context, line, bytes, length);
}
