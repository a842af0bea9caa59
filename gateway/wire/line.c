/* SPDX-License-Identifier: Apache-2.0
 * The course of one line: open, drain, fence, ask, wait, and again. Nothing read on a dirty line counts. */
#include "gateway/wire/host_line.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define QUIET_NS (60 * ASSAY_MS) /* no byte for so long before a fence is tried */
#define GAP_NS (500 * ASSAY_MS) /* a frame that stands still for so long is given up */
#define RETRY_MIN_NS (1000 * ASSAY_MS)
#define RETRY_MAX_NS (60000 * ASSAY_MS)

static bool is_stream(const struct host_line *line)
{
	return line->config->transport == ASSAY_TRANSPORT_SERIAL;
}

static uint64_t retry_ns(uint32_t failures)
{
	uint64_t wait = RETRY_MIN_NS;

	for (uint32_t i = 2; i < failures && wait < RETRY_MAX_NS; i++)
		wait *= 2;
	return wait < RETRY_MAX_NS ? wait : RETRY_MAX_NS;
}

static void drain(struct host_line *line)
{
	line->phase = PHASE_DRAIN;
	line->quiet_ns = QUIET_NS;
	line->last_rx_ns = host_now_ns();
	line->answered = false;
	line->length = 0;
}

void line_device(struct host_line *line, int fd)
{
	if (line->fd >= 0)
		(void)close(line->fd);
	line->fd = fd;
	line->transaction = line->outstanding = 0;
	line->request.kind = ASSAY_REQUEST_NONE;
	line->length = 0;
	if (line->config->transport == ASSAY_TRANSPORT_MODBUS_TCP) {
		line->phase = PHASE_CONNECTING;
		line->deadline_ns = host_now_ns() + 5000 * ASSAY_MS;
	} else {
		drain(line);
	}
	for (size_t i = 0; i < line->instrument_count; i++) {
		line->instrument[i].turn = 0;
		line->instrument[i].due_ns = 0;
	}
}

void line_hangup(struct host_line *line, const char *why)
{
	struct assay_message reopen = {
		.type = ASSAY_MSG_REOPEN, .line = line->index, .generation = line->host->role->generation};

	if (line->open) {
		exchange_event(line, ASSAY_HANGUP, NULL, 0);
		exchange_end(line, ASSAY_OUTCOME_HANGUP, why);
	}
	if (line->fd >= 0)
		(void)close(line->fd);
	line->fd = -1;
	line->phase = PHASE_CLOSED;
	exchange_status(line, ASSAY_LINE_DOWN, "hang-up", "线路断开。请检查插头与电源，网关会自动重连",
		"the line hung up; check plug and power, the gateway reconnects by itself");
	if (assay_channel_send(line->host->role->control, &reopen, NULL, 0, -1) != ASSAY_OK)
		line->host->stop = true;
}

static void failed(struct host_line *line)
{
	struct host_instrument *who = &line->instrument[line->asked];

	who->failures++;
	who->turn = 0;
	who->due_ns = host_now_ns() + retry_ns(who->failures);
	if (who->failures >= 2)
		exchange_status(line, ASSAY_LINE_SILENT, "no-answer",
			"没有应答。请检查电源、插头、波特率和地址",
			"no answer; check power, plug, baud rate and address");
}

void line_dirty(struct host_line *line, uint32_t outcome, const char *detail)
{
	bool fencing = line->phase == PHASE_DRAIN || line->phase == PHASE_FENCE;

	line->end.readings = 0; /* nothing of a bad exchange counts, not even what looked right */
	exchange_end(
		line, fencing && outcome != ASSAY_OUTCOME_TIMEOUT ? ASSAY_OUTCOME_LATE : outcome, detail);
	failed(line);
	drain(line);
}

void line_clean(struct host_line *line)
{
	line->phase = PHASE_IDLE;
	for (size_t i = 0; i < line->instrument_count; i++)
		line->instrument[i].failures = 0;
	exchange_status(line, ASSAY_LINE_ONLINE, "", "在线", "online");
}

/* Who answers must be who was agreed: another serial number locks the line until a person has looked. */
static bool known_device(struct host_line *line)
{
	const char *wanted = line->instrument[line->asked].config->serial;
	char zh[200], en[200];

	if (!*wanted || !line->end.serial[0] || strcmp(wanted, line->end.serial) == 0)
		return true;
	(void)snprintf(zh, sizeof zh, "应答的是另一台仪器：序列号 %s，登记为 %s。核对后改 lab.xml",
		line->end.serial, wanted);
	(void)snprintf(en, sizeof en,
		"another device answers: serial number %s, registered is %s; check, then correct lab.xml",
		line->end.serial, wanted);
	exchange_end(line, ASSAY_OUTCOME_IDENTITY, "identity changed");
	exchange_status(line, ASSAY_LINE_LOCKED, "identity-changed", zh, en);
	line->phase = PHASE_LOCKED;
	line->deadline_ns = host_now_ns() + RETRY_MAX_NS;
	return false;
}

static bool next_request(struct host_line *line, uint16_t index, uint32_t want)
{
	struct host_instrument *who = &line->instrument[index];

	memset(&line->request, 0, sizeof line->request);
	line->asked = index;
	line->want = want;
	if (who->plugin->driver.ask(who->session, want, who->turn, &line->request) < 0 ||
		line->request.length > ASSAY_REQUEST_MAX)
		line->request.kind = ASSAY_REQUEST_NONE;
	return line->request.kind != ASSAY_REQUEST_NONE;
}

static void send_request(struct host_line *line, enum host_phase phase)
{
	bool sent;

	line->phase = phase;
	line->answered = false;
	line->length = 0;
	if (line->request.kind == ASSAY_REQUEST_READ)
		sent = modbus_send(line);
	else
		sent = exchange_send(line, line->request.bytes, line->request.length);
	line->deadline_ns = host_now_ns() + line->request.timeout_ms * ASSAY_MS;
	if (!sent)
		line_hangup(line, "the request could not be sent");
}

/* The fence of a text line is an identity query: whatever arrives before its answer is older. */
static void begin_fence(struct host_line *line)
{
	if (line->answered || line->instrument_count == 0) {
		line_clean(line);
		return;
	}
	if (!is_stream(line)) {
		line->phase = PHASE_FENCE;
		line->length = 0;
		if (!modbus_fence(line))
			line_hangup(line, "the echo test could not be sent");
		line->deadline_ns = host_now_ns() + line->request.timeout_ms * ASSAY_MS;
		return;
	}
	line->instrument[0].turn = 0;
	if (next_request(line, 0, ASSAY_WANT_IDENTITY))
		send_request(line, PHASE_FENCE);
	else
		line_clean(line); /* no identity in this device: the silence before was all there is */
}

static void fence_passed(struct host_line *line)
{
	struct host_instrument *who = &line->instrument[line->asked];
	bool answered = line->end.serial[0] || line->end.model[0];

	if (!answered) {
		/* a frame, but no identity: older bytes; keep waiting within the deadline */
		line->answered = false;
		line->end.readings = 0;
		return;
	}
	if (!known_device(line))
		return;
	exchange_end(line, ASSAY_OUTCOME_IDENTITY, "");
	who->turn++;
	if (next_request(line, line->asked, ASSAY_WANT_IDENTITY)) {
		send_request(line, PHASE_FENCE);
		return;
	}
	who->turn = 0;
	line_clean(line);
}

void line_answered(struct host_line *line, uint32_t outcome, const char *detail)
{
	struct host_instrument *who = &line->instrument[line->asked];
	bool asked = line->request.kind != ASSAY_REQUEST_NONE;
	uint64_t period;

	if (line->phase == PHASE_FENCE) {
		fence_passed(line);
		return;
	}
	if (line->phase != PHASE_WAITING && line->phase != PHASE_IDLE)
		outcome = ASSAY_OUTCOME_LATE;
	exchange_end(line, outcome, detail);
	if (line->phase != PHASE_WAITING || !asked)
		return;
	line->phase = PHASE_IDLE;
	who->failures = 0;
	if (line->want == ASSAY_WANT_STABLE)
		who->take = false;
	exchange_status(line, ASSAY_LINE_ONLINE, "", "在线", "online");
	who->turn++;
	period = who->needed ? who->config->needed_ms : who->config->every_ms;
	{
		struct assay_request more = {0};

		if (line->want == ASSAY_WANT_STABLE ||
			who->plugin->driver.ask(who->session, line->want, who->turn, &more) < 0 ||
			more.kind == ASSAY_REQUEST_NONE) {
			who->turn = 0;
			who->due_ns = period ? host_now_ns() + period * ASSAY_MS : UINT64_MAX;
		} else {
			who->due_ns = 0; /* the cycle goes on at once */
		}
	}
}

static void bytes_arrived(struct host_line *line, const uint8_t *bytes, size_t length)
{
	exchange_event(line, ASSAY_RX, bytes, length);
	line->last_rx_ns = host_now_ns();
	if (line->phase == PHASE_DRAIN || line->phase == PHASE_LOCKED)
		return; /* kept in the journal, never cut: nobody knows what they answer */
	if (length > ASSAY_WINDOW_MAX - line->length) {
		line_dirty(line, ASSAY_OUTCOME_BAD_FRAME, "too many bytes without a frame");
		return;
	}
	memcpy(line->window + line->length, bytes, length);
	line->length += length;
	if (is_stream(line))
		stream_bytes(line, ASSAY_EVENT_BYTES);
	else if (line->config->transport == ASSAY_TRANSPORT_MODBUS_RTU)
		modbus_rtu_bytes(line);
	else
		modbus_tcp_bytes(line);
}

static void connected(struct host_line *line)
{
	int error = 0;
	socklen_t size = sizeof error;

	if (getsockopt(line->fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0 || error != 0) {
		line_hangup(line, "cannot connect");
		return;
	}
	line_clean(line);
}

void line_readable(struct host_line *line, short events)
{
	uint8_t bytes[16384];
	ssize_t got;

	if (line->phase == PHASE_CONNECTING) {
		if (events & (POLLOUT | POLLERR | POLLHUP))
			connected(line);
		return;
	}
	got = read(line->fd, bytes, sizeof bytes);
	if (got > 0)
		bytes_arrived(line, bytes, (size_t)got);
	else if (got == 0 || (errno != EAGAIN && errno != EINTR))
		line_hangup(line, "the line hung up");
}

static void expire(struct host_line *line)
{
	exchange_event(line, ASSAY_TIMEOUT, NULL, 0);
	if (line->config->transport == ASSAY_TRANSPORT_MODBUS_TCP) {
		/* the answer may still come: it will carry an older number */
		line->end.readings = 0;
		exchange_end(line, ASSAY_OUTCOME_TIMEOUT, "no answer in time");
		line->phase = PHASE_IDLE;
		failed(line);
		return;
	}
	line_dirty(line, ASSAY_OUTCOME_TIMEOUT, "no answer in time");
}

static void ask_next(struct host_line *line, uint64_t now)
{
	uint16_t best = 0xffff;

	if (line->host->paused)
		return;
	for (uint16_t i = 0; i < line->instrument_count; i++)
		if (line->instrument[i].due_ns <= now && (best == 0xffff || line->instrument[i].take))
			best = i;
	if (best == 0xffff)
		return;
	if (next_request(line, best, line->instrument[best].take ? ASSAY_WANT_STABLE : ASSAY_WANT_VALUES)) {
		send_request(line, PHASE_WAITING);
		return;
	}
	line->instrument[best].turn = 0;
	line->instrument[best].due_ns = UINT64_MAX; /* a device that only speaks by itself */
}

void line_tick(struct host_line *line, uint64_t now)
{
	switch (line->phase) {
	case PHASE_CONNECTING:
		if (now >= line->deadline_ns)
			line_hangup(line, "cannot connect in time");
		break;
	case PHASE_DRAIN:
		if (now < line->last_rx_ns + line->quiet_ns)
			break;
		if (line->open)
			exchange_end(line, ASSAY_OUTCOME_LATE, "bytes before the line was proved clean");
		if (line->answered || line->instrument[line->asked].due_ns <= now)
			begin_fence(line);
		break;
	case PHASE_FENCE:
	case PHASE_WAITING:
		if (now >= line->deadline_ns)
			expire(line);
		break;
	case PHASE_LOCKED:
		if (now >= line->deadline_ns)
			drain(line); /* look again once a minute */
		break;
	case PHASE_IDLE:
		if (line->open && now >= line->last_rx_ns + GAP_NS)
			line_dirty(line, ASSAY_OUTCOME_BAD_FRAME, "a frame that never ended");
		else if (!line->open)
			ask_next(line, now);
		break;
	default:
		break;
	}
}

uint64_t line_next_ns(const struct host_line *line)
{
	uint64_t next = UINT64_MAX;

	switch (line->phase) {
	case PHASE_CONNECTING:
	case PHASE_FENCE:
	case PHASE_WAITING:
	case PHASE_LOCKED:
		return line->deadline_ns;
	case PHASE_DRAIN:
		next = line->last_rx_ns + line->quiet_ns;
		if (!line->answered && line->instrument_count && line->instrument[line->asked].due_ns > next)
			next = line->instrument[line->asked].due_ns;
		return next;
	case PHASE_IDLE:
		if (line->open)
			return line->last_rx_ns + GAP_NS;
		for (size_t i = 0; i < line->instrument_count && !line->host->paused; i++)
			if (line->instrument[i].due_ns < next)
				next = line->instrument[i].due_ns;
		return next;
	default:
		return UINT64_MAX;
	}
}

void line_committed(struct host_line *line, uint64_t id)
{
	if (!line->reply_length || !line->reply_after_id || id < line->reply_after_id || line->fd < 0)
		return;
	(void)exchange_send(line, line->reply, line->reply_length);
	line->reply_length = 0;
	line->reply_after_id = 0;
}

void line_wanted(struct host_line *line, const struct assay_want_message *want)
{
	struct host_instrument *who;
	uint64_t now = host_now_ns(), period;

	if (want->instrument >= line->instrument_count)
		return;
	who = &line->instrument[want->instrument];
	who->needed = want->needed != 0;
	if (want->take) {
		who->take = true;
		who->turn = 0;
		who->due_ns = now;
		return;
	}
	period = who->needed ? who->config->needed_ms : who->config->every_ms;
	if (who->failures == 0 && period && who->due_ns > now + period * ASSAY_MS)
		who->due_ns = now;
}
