/* SPDX-License-Identifier: Apache-2.0
 * wire -> bytes: what arrives on a line goes to the recorder first, then into the window that is cut. */
#include "gateway/wire/host_line.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#define ROOM_MIN 512u /* an answer of Modbus, a line of text */

static bool grow(struct host_line *line, size_t wanted)
{
	size_t room = line->room ? line->room : ROOM_MIN;
	uint8_t *window;

	while (room < wanted)
		room *= 2;
	if (room == line->room)
		return true;
	window = realloc(line->window, room);
	if (!window)
		return false;
	line->window = window;
	line->room = room;
	return true;
}

static void bytes_arrived(struct host_line *line, const uint8_t *bytes, size_t length)
{
	line->last_rx_ns = host_now_ns(line->host);
	if (line->line_error) {
		line->line_error = false;
		exchange_event(line, ASSAY_LINE_ERROR, NULL, 0);
		if (line->phase != PHASE_QUIET && line->phase != PHASE_LOCKED) {
			line_refuse(line, ASSAY_OUTCOME_BAD_FRAME,
				"parity or framing error, or a break: check baud rate, parity and wiring");
			return;
		}
	}
	if (line->phase == PHASE_QUIET || line->phase == PHASE_LOCKED) {
		/* kept in the journal, never cut: nobody knows what they answer */
		if (line->received > ASSAY_EXCHANGE_MAX) {
			line->overrun = true;
			fence_burst(line);
			exchange_end(line, ASSAY_OUTCOME_LATE, "bytes without end");
		}
		if (line->length + length > ASSAY_EXCHANGE_MAX || !grow(line, line->length + length)) {
			line->overrun = true;
			return;
		}
	} else if (line->length + length > ASSAY_WINDOW_MAX || !grow(line, line->length + length)) {
		line_refuse(line, ASSAY_OUTCOME_BAD_FRAME, "too many bytes without a frame");
		return;
	}
	memcpy(line->window + line->length, bytes, length);
	line->length += length;
	if (line->phase == PHASE_QUIET || line->phase == PHASE_LOCKED)
		return;
	if (line_is_stream(line))
		stream_bytes(line, ASSAY_EVENT_BYTES);
	else if (line_is_tcp(line))
		modbus_tcp_bytes(line);
	else
		modbus_rtu_bytes(line);
}

static void connected(struct host_line *line)
{
	if (!line->host->port->connected(line->host->port_context, line)) {
		line_hangup(line, "cannot connect");
		return;
	}
	if (!line_is_tcp(line)) {
		line->last_rx_ns = host_now_ns(line->host);
		line_be_quiet(line);
		return;
	}
	line->phase = PHASE_IDLE;
	line_say_status(line);
}

static void accepted(struct host_line *line)
{
	int fd = line->host->port->accept(line->host->port_context, line);

	if (fd < 0)
		return;
	line->fd = fd;
	line->length = 0;
	ask_setup(line);
	if (line->instrument_count && line->instrument[0].listens) {
		line_begin_fresh(line);
		return;
	}
	line->last_rx_ns = host_now_ns(line->host);
	fence_all_dirty(line);
	line_be_quiet(line);
}

/* A packet from the feeder: 'D' and bytes, or 'E' at the end of a file. */
static void fed(struct host_line *line, const uint8_t *packet, size_t length)
{
	if (packet[0] == 'D' && length > 1) {
		bytes_arrived(line, packet + 1, length - 1);
	} else if (packet[0] == 'E') {
		stream_bytes(line, ASSAY_EVENT_GAP);
		if (line->open)
			exchange_end(line, ASSAY_OUTCOME_BAD_FRAME, "the driver made nothing of the file");
		if (line->phase == PHASE_QUIET)
			line_begin_fresh(line);
		line->file_word = 'F';
		for (uint32_t i = 0; i < line->end.readings && line->end.outcome == ASSAY_OUTCOME_OK; i++)
			if (line->reading[i].channel[0])
				line->file_word = 'A';
		line->file_end_id = line->id;
	}
}

/* Tell the recorder of what a read gave, before anything looks at it. */
static void told(struct host_line *line, const uint8_t *bytes, size_t length)
{
	if (line->config->transport != ASSAY_TRANSPORT_FOLDER)
		exchange_event(line, ASSAY_RX, bytes, length);
	else if (bytes[0] == 'D' && length > 1) /* a packet from the feeder */
		exchange_event(line, ASSAY_RX, bytes + 1, length - 1);
}

ssize_t line_read(struct host_line *line, uint8_t *bytes, size_t size)
{
	ssize_t got;

	errno = 0;
	got = line->host->port->read(line->host->port_context, line, bytes, size);
	if (got > 0)
		told(line, bytes, (size_t)got);
	return got;
}

void line_take(struct host_line *line, const uint8_t *bytes, size_t length)
{
	if (line->config->transport == ASSAY_TRANSPORT_FOLDER)
		fed(line, bytes, length);
	else
		bytes_arrived(line, bytes, length);
}

void line_read_failed(struct host_line *line, ssize_t got)
{
	if (got == 0 || (errno != EAGAIN && errno != EINTR))
		line_hangup(line, "the line hung up");
}

void line_readable(struct host_line *line, short events)
{
	static uint8_t bytes[LINE_READ_MAX];
	ssize_t got;

	if (line->phase == PHASE_LISTENING) {
		accepted(line);
		return;
	}
	if (line->phase == PHASE_CONNECTING) {
		if (events & (POLLOUT | POLLERR | POLLHUP))
			connected(line);
		return;
	}
	got = line_read(line, bytes, sizeof bytes);
	if (got > 0)
		line_take(line, bytes, (size_t)got);
	else
		line_read_failed(line, got);
}
