/* SPDX-License-Identifier: Apache-2.0
 * The course of one line: open, be quiet, prove clean, ask, wait, and again. Nothing a dirty device says counts. */
#include "gateway/wire/host_line.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CONNECT_NS (5000 * ASSAY_MS)
#define QUIET_TEXT_NS (200 * ASSAY_MS)
#define QUIET_RTU_NS (20 * ASSAY_MS)
#define QUIET_CHARACTERS 20u
#define QUIET_MOST_NS (2000 * ASSAY_MS) /* a stream that never rests is read all the same */
#define NOISE_NS (5000 * ASSAY_MS)
#define GAP_TEXT_NS (500 * ASSAY_MS) /* a frame that stands still for so long is given up */
#define GAP_RTU_NS (100 * ASSAY_MS)
#define GAP_RTU_TCP_NS (5 * ASSAY_MS)

bool line_is_stream(const struct host_line *line)
{
	switch (line->config->transport) {
	case ASSAY_TRANSPORT_SERIAL:
	case ASSAY_TRANSPORT_TCP:
	case ASSAY_TRANSPORT_FOLDER:
	case ASSAY_TRANSPORT_REPLAY:
		return true;
	default:
		return false;
	}
}

/* Whole messages from a feeder of our own: nothing is cut off at the beginning, nothing comes late. */
bool line_is_fed(const struct host_line *line)
{
	return line->config->transport == ASSAY_TRANSPORT_FOLDER ||
	       line->config->transport == ASSAY_TRANSPORT_REPLAY;
}

static bool is_dialled(const struct host_line *line)
{
	return line->config->transport == ASSAY_TRANSPORT_MODBUS_TCP ||
	       line->config->transport == ASSAY_TRANSPORT_RTU_TCP ||
	       (line->config->transport == ASSAY_TRANSPORT_TCP && !line->config->listens);
}

bool line_is_tcp(const struct host_line *line)
{
	return line->config->transport == ASSAY_TRANSPORT_MODBUS_TCP;
}

bool line_is_bus(const struct host_line *line)
{
	return !line_is_stream(line) && !line_is_tcp(line);
}

bool line_open(struct host_line *line)
{
	size_t instruments = line->config->instrument_count ? line->config->instrument_count : 1;

	line->instrument = calloc(instruments, sizeof *line->instrument);
	line->unit = calloc(line_is_bus(line) ? LINE_UNITS : instruments, sizeof *line->unit);
	return line->instrument && line->unit;
}

static uint64_t characters_ns(const struct host_line *line, uint64_t tenths)
{
	uint32_t bits = 1u + line->config->bits +
			(line->config->parity == 'E' || line->config->parity == 'O') + line->config->stop;

	if (!line->config->bits)
		bits = 11; /* not told */
	return line->config->baud ? tenths * bits * 100000000u / line->config->baud : 0;
}

uint64_t line_frame_gap_ns(const struct host_line *line)
{
	if (line->config->transport == ASSAY_TRANSPORT_RTU_TCP)
		return GAP_RTU_TCP_NS; /* the network spreads the bytes */
	/* 3.5 characters; fixed above 19200 baud (Modbus over Serial Line v1.02, 2.5.1.1) */
	if (line->config->baud > 19200 || line->config->baud == 0)
		return 1750000;
	return characters_ns(line, 35);
}

static uint64_t quiet_ns(const struct host_line *line)
{
	uint64_t least = line_is_stream(line) ? QUIET_TEXT_NS : QUIET_RTU_NS;
	uint64_t wait = characters_ns(line, QUIET_CHARACTERS * 10);

	return wait > least ? wait : least;
}

static uint64_t gap_ns(const struct host_line *line)
{
	return line_is_stream(line) || line->config->transport == ASSAY_TRANSPORT_RTU_TCP ? GAP_TEXT_NS
											  : GAP_RTU_NS;
}

/* From the last byte received to the next request. */
static uint64_t pause_ns(const struct host_line *line)
{
	uint64_t gap = line_is_stream(line) || line_is_tcp(line) ? 0 : line_frame_gap_ns(line);
	uint64_t stated = line->config->gap_ms * ASSAY_MS;

	return stated > gap ? stated : gap;
}

/* A TCP device answers faster than a disk syncs: it is asked again when its last answer is durable, so that what is on
 * the way never grows. A bus has a pace of its own. */
static bool owes_disk(const struct host_line *line)
{
	return line_is_tcp(line) && line->durable_id < line->end_id;
}

void line_be_quiet(struct host_line *line)
{
	line->phase = PHASE_QUIET;
	line->quiet_since_ns = host_now_ns(line->host);
	for (size_t i = 0; i < line->instrument_count; i++) {
		struct host_instrument *who = &line->instrument[i];

		who->turn = who->fence_goes_on ? 0 : who->turn; /* the fence begins again */
		who->fence_goes_on = false;
	}
}

/* A conversation that begins here: no tail of a line, no answer to an earlier request. */
void line_begin_fresh(struct host_line *line)
{
	line->discard_first = false;
	for (size_t i = 0; i < line->instrument_count; i++)
		if (line->instrument[i].listens)
			fence_unit(line, (uint16_t)i)->dirty = false;
	line->phase = PHASE_IDLE;
	line_say_status(line);
}

static void await_connection(struct host_line *line)
{
	line->phase = PHASE_LISTENING;
	exchange_status(line, ASSAY_LINE_OPENING, "listening", "等待仪器连接",
		"waiting for the instrument to connect");
}

void line_device(struct host_line *line, int fd)
{
	uint64_t now = host_now_ns(line->host);

	if (line->open) {
		line->end.readings = 0;
		exchange_end(line, ASSAY_OUTCOME_HANGUP, "reopened");
	}
	if (line->fd >= 0)
		line->host->port->close(line->host->port_context, line, line->fd);
	line->fd = fd;
	if (line->config->listens) {
		if (line->listener >= 0)
			line->host->port->close(line->host->port_context, line, line->listener);
		line->listener = fd;
		line->fd = -1;
	}
	line->sent_here = 0;
	line->marks = (struct tty_marks){0};
	line->line_error = false;
	line->request.kind = ASSAY_REQUEST_NONE;
	line->length = 0;
	line->discard_first = true;
	line->last_rx_ns = now;
	line->reply_length = 0;
	if (!line->transaction && !line->host->port->nonce(line->host->port_context, &line->transaction))
		line->transaction = (uint16_t)now;
	ask_setup(line);
	for (size_t i = 0; i < line->instrument_count; i++)
		fence_unit(line, (uint16_t)i)->mute = fence_unit(line, (uint16_t)i)->answers_fences = false;
	fence_all_dirty(line);
	line_be_quiet(line);
	if (line->config->listens)
		await_connection(line);
	else if (line_is_fed(line))
		line_begin_fresh(line);
	else if (is_dialled(line)) {
		line->phase = PHASE_CONNECTING;
		line->deadline_ns = now + CONNECT_NS;
	}
}

void line_hangup(struct host_line *line, const char *why)
{
	if (line->open) {
		exchange_event(line, ASSAY_HANGUP, NULL, 0);
		line->end.readings = 0;
		exchange_end(line, ASSAY_OUTCOME_HANGUP, why);
	}
	line->length = 0;
	if (line->fd >= 0)
		line->host->port->close(line->host->port_context, line, line->fd);
	line->fd = -1;
	if (line->config->listens && line->listener >= 0) {
		await_connection(line);
		return;
	}
	line->phase = PHASE_CLOSED;
	exchange_status(line, ASSAY_LINE_DOWN, "hang-up", "线路断开。请检查插头与电源，网关会自动重连",
		"the line hung up; check plug and power, the gateway reconnects by itself");
	if (!line->host->port->reopen(line->host->port_context, line))
		line->host->stop = true;
}

void line_close(struct host_line *line)
{
	if (line->open) {
		exchange_event(line, ASSAY_HANGUP, NULL, 0);
		line->end.readings = 0;
		exchange_end(line, ASSAY_OUTCOME_HANGUP, "the line left the configuration");
	}
	if (line->fd >= 0)
		line->host->port->close(line->host->port_context, line, line->fd);
	if (line->listener >= 0)
		line->host->port->close(line->host->port_context, line, line->listener);
	line->fd = line->listener = -1;
	line->length = 0;
	line->phase = PHASE_CLOSED;
	line->broken = line->closing = true;
}

void line_suspended(struct host_line *line)
{
	if (line->fd < 0 || line->phase == PHASE_CONNECTING || line_is_tcp(line) || line_is_fed(line))
		return;
	if (line->phase == PHASE_FENCE || line->phase == PHASE_WAITING || line->open)
		line_refuse(line, ASSAY_OUTCOME_LATE, "the line was not watched for a while");
	else
		line_be_quiet(line);
	line->last_rx_ns = host_now_ns(line->host);
	fence_all_dirty(line);
}

void line_free(struct host_line *line)
{
	for (size_t j = 0; j < line->instrument_count; j++) {
		line_plan_free(&line->instrument[j]);
		line->instrument[j].plugin->driver.close(line->instrument[j].session);
	}
	free(line->instrument);
	free(line->unit);
	free(line->window);
	free(line->reading);
	free(line->host->spare);
	line->host->spare = NULL;
	line->host->spare_room = 0;
	if (line->fd >= 0)
		line->host->port->close(line->host->port_context, line, line->fd);
	if (line->listener >= 0)
		line->host->port->close(line->host->port_context, line, line->listener);
}

/* What a person sees of the whole line: locked, silent as a whole or in part, or in order. */
void line_say_status(struct host_line *line)
{
	const struct host_instrument *silent = NULL, *locked = NULL;
	size_t silent_count = 0;
	char zh[200], en[200];

	for (size_t i = 0; i < line->instrument_count; i++) {
		const struct host_instrument *who = &line->instrument[i];

		if (who->locked && !locked)
			locked = who;
		if (who->failures >= 2 && silent_count++ == 0)
			silent = who;
	}
	if (locked) {
		(void)snprintf(zh, sizeof zh,
			"%s 处应答的是另一台仪器，登记的是 %s。核对后用 assay line confirm 确认",
			locked->config->id, known_serial(locked));
		(void)snprintf(en, sizeof en,
			"another device answers at %s, registered is %s; check it, then assay line confirm",
			locked->config->id, known_serial(locked));
		exchange_status(line, ASSAY_LINE_LOCKED, "identity-changed", zh, en);
	} else if (silent && silent_count == line->instrument_count) {
		exchange_status(line, ASSAY_LINE_SILENT, "no-answer",
			"没有应答。请检查电源、插头、波特率和地址",
			"no answer; check power, plug, baud rate and address");
	} else if (silent) {
		(void)snprintf(zh, sizeof zh, "在线，但 %s 没有应答。请检查其电源和地址", silent->config->id);
		(void)snprintf(en, sizeof en, "online, but %s does not answer; check its power and address",
			silent->config->id);
		exchange_status(line, ASSAY_LINE_ONLINE, "unit-silent", zh, en);
	} else {
		exchange_status(line, ASSAY_LINE_ONLINE, "", "在线", "online");
	}
}

void line_refuse(struct host_line *line, uint32_t outcome, const char *detail)
{
	bool asked = line->phase == PHASE_FENCE || line->phase == PHASE_WAITING;

	if (line_is_tcp(line)) {
		line_hangup(line, detail);
		return;
	}
	line->end.readings = 0; /* nothing of a bad exchange counts, not even what looked right */
	line->end.set_aside += line->kept > 0; /* whoever waits for it prints again */
	line->kept = 0;
	if (line->phase == PHASE_FENCE && outcome != ASSAY_OUTCOME_TIMEOUT)
		outcome = ASSAY_OUTCOME_LATE;
	line->refusal = outcome;
	line->refusal_detail = detail;
	line->complete = false;
	if (asked)
		fence_unit(line, line->asked)->dirty = true;
	line_be_quiet(line);
	if (asked)
		ask_failed(line);
}

static void quiet_over(struct host_line *line)
{
	fence_burst(line);
	if (line->open)
		exchange_end(line, line->refusal ? line->refusal : (uint32_t)ASSAY_OUTCOME_LATE,
			line->refusal ? line->refusal_detail : "bytes before the line was proved clean");
	line->length = 0;
	line->refusal = 0;
	line->overrun = false;
	line->phase = PHASE_IDLE;
	for (size_t i = 0; i < line->instrument_count; i++) {
		line->instrument[i].hold_ns = 0;
		if (line->instrument[i].listens) /* it was asked nothing, so nothing it says can be late */
			fence_unit(line, (uint16_t)i)->dirty = false;
	}
}

static bool cycle_is_over(struct host_line *line)
{
	struct host_instrument *who = &line->instrument[line->asked];
	struct assay_request more;
	bool over;

	if (line->want == ASSAY_WANT_STABLE && !who->plan)
		return true;
	who->turn++;
	over = !ask_request(line, line->asked, line->want, &more);
	who->turn--;
	return over;
}

void line_answered(struct host_line *line, uint32_t outcome, const char *detail)
{
	struct host_instrument *who = &line->instrument[line->asked];
	struct host_unit *unit = fence_unit(line, line->asked);
	bool over = cycle_is_over(line), separator = line->separator;

	unit->owed = 0;
	unit->silent_fences = 0;
	unit->busy_ns = host_now_ns(line->host);
	unit->function = line->request.function;
	unit->count = outcome == ASSAY_OUTCOME_OK ? line->request.count : 0;
	unit->valued = line->end.readings > 0;
	line->discard_first = false;
	if (separator)
		line->end.readings = 0;
	if (line->want == ASSAY_WANT_IDENTITY && outcome == ASSAY_OUTCOME_OK) {
		if (!fence_known_device(line))
			return;
		outcome = ASSAY_OUTCOME_IDENTITY;
	}
	exchange_end(line, separator ? (uint32_t)ASSAY_OUTCOME_FENCE : outcome, detail);
	line->phase = PHASE_IDLE;
	if (separator)
		return;
	if (line->want == ASSAY_WANT_IDENTITY) {
		who->turn = over ? 0 : who->turn + 1;
		who->identified = over && (!*who->config->serial || *who->seen_serial);
		if (over && !who->identified)
			ask_failed(line); /* it must say who it is, and does not */
		return;
	}
	ask_succeeded(line, over);
}

static void expire(struct host_line *line)
{
	exchange_event(line, ASSAY_TIMEOUT, NULL, 0);
	if (line_is_tcp(line) && line->length) {
		line_hangup(line, "an answer that stopped half way");
		return;
	}
	if (line_is_tcp(line)) {
		/* the answer may still come: it will carry an older number */
		line->end.readings = 0;
		exchange_end(line, ASSAY_OUTCOME_TIMEOUT, "no answer in time");
		line->phase = PHASE_IDLE;
		ask_failed(line);
		return;
	}
	line_refuse(line, ASSAY_OUTCOME_TIMEOUT, "no answer in time");
}

static void tick_quiet(struct host_line *line, uint64_t now)
{
	if (now >= line->last_rx_ns + quiet_ns(line)) {
		quiet_over(line);
		return;
	}
	if (now < line->quiet_since_ns + QUIET_MOST_NS)
		return;
	if (line_is_stream(line)) {
		line->discard_first = true;
		quiet_over(line);
	} else if (now >= line->quiet_since_ns + NOISE_NS) {
		line->quiet_since_ns = now; /* again after as long */
		line->overrun = true;
		fence_burst(line);
		if (line->open)
			exchange_end(line, ASSAY_OUTCOME_LATE, "bytes without end");
		line->length = 0;
		exchange_status(line, ASSAY_LINE_SILENT, "noise",
			"线上一直有杂乱字节。请检查波特率、校验位和接线",
			"bytes without end or meaning; check baud rate, parity and wiring");
	}
}

/* Silence, or the end of patience with a line that is never silent. */
static uint64_t next_quiet(const struct host_line *line)
{
	uint64_t silent = line->last_rx_ns + quiet_ns(line);
	uint64_t most = line->quiet_since_ns + (line_is_stream(line) ? QUIET_MOST_NS : NOISE_NS);

	return silent < most ? silent : most;
}

static void tick_idle(struct host_line *line, uint64_t now)
{
	if (!line->open) {
		if (!owes_disk(line) && now >= line->last_rx_ns + pause_ns(line))
			ask_next(line, now);
		return;
	}
	if (now < line->last_rx_ns + GAP_TEXT_NS || line_is_fed(line))
		return;
	if (line->length || line->received)
		line_refuse(line, ASSAY_OUTCOME_BAD_FRAME, "a frame that never ended");
	else
		exchange_end(line, ASSAY_OUTCOME_OK, "");
}

static void tick_waiting(struct host_line *line, uint64_t now)
{
	if (line->complete) {
		if (now < line->last_rx_ns + line_frame_gap_ns(line))
			return;
		modbus_rtu_complete(line);
		if (line->phase ==
			PHASE_IDLE) /* the bus is free: the recorder is told while the next request is on its way */
			tick_idle(line, host_now_ns(line->host));
	} else if (line->length && !line_is_tcp(line) && now >= line->last_rx_ns + gap_ns(line)) {
		line_refuse(line, ASSAY_OUTCOME_BAD_FRAME, "an answer that stopped half way");
	} else if (now >= line->deadline_ns) {
		expire(line);
	}
}

void line_tick(struct host_line *line, uint64_t now)
{
	switch (line->phase) {
	case PHASE_CONNECTING:
		if (now >= line->deadline_ns)
			line_hangup(line, "cannot connect in time");
		break;
	case PHASE_QUIET:
		tick_quiet(line, now);
		break;
	case PHASE_FENCE:
	case PHASE_WAITING:
		tick_waiting(line, now);
		break;
	case PHASE_LOCKED:
		if (now < line->deadline_ns)
			break;
		if (line->open)
			exchange_end(line, ASSAY_OUTCOME_LATE, "another device answers here");
		fence_all_dirty(line);
		line->instrument[0].identified = false;
		line_be_quiet(line);
		break;
	case PHASE_IDLE:
		tick_idle(line, now);
		break;
	default:
		break;
	}
}

static uint64_t next_waiting(const struct host_line *line)
{
	uint64_t next = line->deadline_ns;

	if (line->complete)
		return line->last_rx_ns + line_frame_gap_ns(line);
	if (line->length && !line_is_tcp(line) && line->last_rx_ns + gap_ns(line) < next)
		next = line->last_rx_ns + gap_ns(line);
	return next;
}

uint64_t line_next_ns(const struct host_line *line)
{
	uint64_t next, least;

	switch (line->phase) {
	case PHASE_CONNECTING:
	case PHASE_LOCKED:
		return line->deadline_ns;
	case PHASE_FENCE:
	case PHASE_WAITING:
		return next_waiting(line);
	case PHASE_QUIET:
		return next_quiet(line);
	case PHASE_IDLE:
		if (line->open)
			return line_is_fed(line) ? UINT64_MAX : line->last_rx_ns + GAP_TEXT_NS;
		if (owes_disk(line))
			return UINT64_MAX;
		next = ask_due_ns(line);
		least = line->last_rx_ns + pause_ns(line);
		return next < least ? least : next;
	default:
		return UINT64_MAX;
	}
}

/* Only what is durable is imported; what gave no reading has failed, and is told so. */
static void file_committed(struct host_line *line)
{
	const uint8_t word = (uint8_t)line->file_word;

	line->file_word = 0;
	if (line->fd >= 0 && !line->host->port->send(line->host->port_context, line, &word, 1))
		line_hangup(line, "the folder is no longer watched");
}

void line_committed(struct host_line *line, uint64_t id)
{
	if (id > line->durable_id)
		line->durable_id = id;
	if (line->file_word && id >= line->file_end_id)
		file_committed(line);
	if (!line->reply_length || !line->reply_after_id || id < line->reply_after_id || line->fd < 0)
		return;
	if (!exchange_send(line, line->reply, line->reply_length))
		line_hangup(line, "the reply could not be sent");
	line->reply_length = 0;
	line->reply_after_id = 0;
}
