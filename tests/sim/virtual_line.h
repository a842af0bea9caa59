/* SPDX-License-Identifier: Apache-2.0
 * A host's line in virtual time: its clock, descriptor and recorder are the test's. */
#ifndef ASSAY_TESTS_SIM_VIRTUAL_LINE_H
#define ASSAY_TESTS_SIM_VIRTUAL_LINE_H

#include "gateway/wire/end_message.h"
#include "gateway/wire/host_line.h"
#include "tests/sim/adversary.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

struct bench {
	struct adversary adv;
	struct host host;
	struct host_line *line;
	struct assay_role role;
	uint32_t read_sequence; /* number of the request that is out */
	uint8_t read_unit;
	uint64_t good, wrong, refused, exchanges, reopened, unasked;
	uint64_t bytes_read, bytes_told; /* each byte is told once, before an exchange is judged by it */
	bool reopen;
	uint64_t reopen_ns;
	void (*asked)(struct bench *bench, const uint8_t *bytes, size_t length);
	void (*told)(struct bench *bench, const struct assay_end *end, const struct assay_end_reading *rows);
};

/* The last that happened, printed when a value is wrong. */
#define TRACE_LINES 64u
static char trace[TRACE_LINES][160];
static unsigned trace_at;

static void note(const struct bench *bench, const char *what, const uint8_t *bytes, size_t length)
{
	char *line = trace[trace_at++ % TRACE_LINES];
	int at = snprintf(line, sizeof trace[0], "%8llu.%03u ms %s",
		(unsigned long long)(bench->adv.now_ns / ADV_MS), (unsigned)(bench->adv.now_ns / 1000 % 1000),
		what);

	for (size_t i = 0; i < length && at + 4 < (int)sizeof trace[0]; i++)
		at += snprintf(line + at, sizeof trace[0] - (size_t)at, " %02X", bytes[i]);
}

static inline void print_trace(void)
{
	static bool printed;

	if (printed)
		return;
	printed = true;
	for (unsigned i = trace_at > TRACE_LINES ? trace_at - TRACE_LINES : 0; i < trace_at; i++)
		print_message("    %s\n", trace[i % TRACE_LINES]);
}

static uint64_t v_now(void *context)
{
	return ((struct bench *)context)->adv.now_ns;
}

static int64_t v_wall(void *context)
{
	return (int64_t)((struct bench *)context)->adv.now_ns;
}

static ssize_t v_read(void *context, struct host_line *line, void *bytes, size_t size)
{
	struct bench *bench = context;
	size_t length = bench->adv.pending_length;

	(void)line;
	assert_true(length <= size);
	memcpy(bytes, bench->adv.pending, length);
	bench->adv.pending_length = 0;
	bench->bytes_read += length;
	note(bench, "<-", bytes, length);
	return (ssize_t)length;
}

static bool v_send(void *context, struct host_line *line, const uint8_t *bytes, size_t length)
{
	struct bench *bench = context;

	(void)line;
	note(bench, "->", bytes, length);
	bench->asked(bench, bytes, length);
	return true;
}

static int v_accept(void *context, struct host_line *line)
{
	(void)context;
	(void)line;
	return -1;
}

static bool v_connected(void *context, struct host_line *line)
{
	(void)context;
	(void)line;
	return true;
}

static void v_close(void *context, struct host_line *line, int fd)
{
	(void)context;
	(void)line;
	(void)fd;
}

static bool v_reopen(void *context, struct host_line *line)
{
	struct bench *bench = context;

	(void)line;
	bench->reopen = true;
	bench->reopen_ns = bench->adv.now_ns + 50 * ADV_MS;
	bench->reopened++;
	return true;
}

static bool v_nonce(void *context, uint16_t *out)
{
	*out = (uint16_t)adv_random(&((struct bench *)context)->adv, 65536);
	return true;
}

static bool v_tell(void *context, const struct assay_message *head, const void *payload, size_t length)
{
	static struct assay_end_reading rows[ASSAY_END_READINGS_MAX];
	struct bench *bench = context;
	struct assay_end end;

	if (head->type == ASSAY_MSG_EVENT &&
		((const struct assay_event_head *)payload)->direction == ASSAY_RX)
		bench->bytes_told += length - sizeof(struct assay_event_head);
	if (head->type != ASSAY_MSG_END)
		return true;
	assert_int_equal(bench->bytes_told, bench->bytes_read);
	assert_int_equal(assay_end_read(payload, length, &end, rows), ASSAY_OK);
	if (end.solicited)
		bench->exchanges++;
	note(bench, end.detail[0] ? end.detail : assay_outcome_name(end.outcome), NULL, 0);
	bench->told(bench, &end, rows);
	return true;
}

static inline void bench_wrong(struct bench *bench, const struct assay_end_reading *row)
{
	if (bench->wrong++ == 0)
		print_trace();
	if (bench->wrong < 5)
		print_message("WRONG: %s=%s at %llu ms, request %u unit %u\n", row->channel, row->value,
			(unsigned long long)(bench->adv.now_ns / ADV_MS), bench->read_sequence,
			bench->read_unit);
}

static const struct host_port virtual_port = {
	v_now, v_wall, v_read, v_send, v_accept, v_connected, v_close, v_reopen, v_nonce, v_tell};

/* The caller opens the instruments and calls line_device. */
static void bench_line(struct bench *bench, const struct assay_config_line *config, size_t instruments)
{
	bench->host.role = &bench->role;
	bench->host.port = &virtual_port;
	bench->host.port_context = bench;
	bench->line = calloc(1, sizeof *bench->line);
	assert_non_null(bench->line);
	bench->host.lines = bench->line;
	bench->host.line_count = 1;
	bench->line->host = &bench->host;
	bench->line->config = config;
	bench->line->fd = bench->line->listener = -1;
	assert_true(instruments <= (config->instrument_count ? config->instrument_count : 1));
	assert_true(line_open(bench->line));
}

static void bench_free(struct bench *bench)
{
	line_free(bench->line);
	free(bench->line);
	assay_plugin_unload(&bench->host.plugins[0]);
}

/* One step of virtual time: the next byte, deadline or reconnection. */
static void bench_step(struct bench *bench)
{
	uint64_t device = adv_next_ns(&bench->adv), line;

	if (bench->line->durable_id < bench->line->end_id)
		bench->line->durable_id = bench->line->end_id; /* the recorder is as fast as can be */
	line = line_next_ns(bench->line);

	if (bench->reopen) {
		if (device < bench->reopen_ns) { /* bytes to a closed connection are lost */
			adv_deliver(&bench->adv);
			bench->adv.pending_length = 0;
			return;
		}
		bench->adv.now_ns = bench->reopen_ns;
		bench->reopen = false;
		line_device(bench->line, 5);
		return;
	}
	if (bench->line->phase == PHASE_CONNECTING) {
		line_readable(bench->line, POLLOUT);
		return;
	}
	if (device <= line) {
		if (device > bench->adv.now_ns)
			bench->adv.now_ns = device;
		adv_deliver(&bench->adv);
		line_readable(bench->line, POLLIN);
		return;
	}
	assert_true(line != UINT64_MAX);
	if (line > bench->adv.now_ns)
		bench->adv.now_ns = line;
	line_tick(bench->line, bench->adv.now_ns);
}

#endif
