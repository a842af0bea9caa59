/* SPDX-License-Identifier: Apache-2.0
 * A text line in virtual time under a device that says anything at any moment: no crash, and no reading counts while the
 * line is not proved clean. Input: pairs of a byte that says what happens, and its argument. */
#include "drivers/sics.c"

#include "gateway/wire/end_message.h"
#include "gateway/wire/host_line.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct world {
	struct host host;
	struct host_line line;
	struct host_instrument instrument;
	struct host_unit unit; /* of a stream: one */
	uint64_t now_ns;
	const uint8_t *bytes; /* the device says next */
	size_t length;
	bool reopen;
};

static uint64_t f_now(void *context)
{
	return ((struct world *)context)->now_ns;
}

static int64_t f_wall(void *context)
{
	return (int64_t)((struct world *)context)->now_ns;
}

static ssize_t f_read(void *context, struct host_line *line, void *bytes, size_t room)
{
	struct world *world = context;
	size_t length = world->length < room ? world->length : room;

	(void)line;
	memcpy(bytes, world->bytes, length);
	world->length = 0;
	return (ssize_t)length;
}

static bool f_send(void *context, struct host_line *line, const uint8_t *bytes, size_t length)
{
	(void)context;
	(void)line;
	(void)bytes;
	return length > 0;
}

static int f_accept(void *context, struct host_line *line)
{
	(void)context;
	(void)line;
	return -1;
}

static bool f_connected(void *context, struct host_line *line)
{
	(void)context;
	(void)line;
	return true;
}

static void f_close(void *context, struct host_line *line, int fd)
{
	(void)context;
	(void)line;
	(void)fd;
}

static bool f_reopen(void *context, struct host_line *line)
{
	(void)line;
	((struct world *)context)->reopen = true;
	return true;
}

static bool f_nonce(void *context, uint16_t *out)
{
	(void)context;
	*out = 4711;
	return true;
}

static bool f_tell(void *context, const struct assay_message *head, const void *payload, size_t length)
{
	static struct assay_end_reading rows[ASSAY_END_READINGS_MAX];
	const struct world *world = context;
	struct assay_end end;

	if (head->type != ASSAY_MSG_END)
		return true;
	if (assay_end_read(payload, length, &end, rows) != ASSAY_OK)
		abort();
	if (end.usable && end.readings && end.outcome == ASSAY_OUTCOME_OK &&
		(world->line.unit[0].dirty || world->line.phase == PHASE_QUIET ||
			world->line.phase == PHASE_FENCE || world->instrument.locked))
		abort();
	return true;
}

/* What a balance might say, so that the fuzzer need not find the words. */
static const char *const words[] = {"S S     100.00 g\r\n", "S D      1.5 g\r\n", "I4 A \"B1\"\r\n",
	"I4 A \"C2\"\r\n", "I2 A \"XS204\"\r\n", "ES\r\n", "S I\r\n", "S +\r\n", "S S   1", "\r\n", "\0\xff",
	"I4 A \"B", "SI\r\n"};

static void happen(
	struct world *world, uint8_t what, uint8_t argument, const uint8_t *rest, size_t rest_length)
{
	static struct assay_want_message want = {.take = 1, .needed = 1};
	struct assay_known_message known = {.serial = "B1"};

	switch (what % 8) {
	case 0:
	case 1:
		world->bytes = (const uint8_t *)words[argument % (sizeof words / sizeof *words)];
		world->length = argument % (sizeof words / sizeof *words) == 10
					? 2
					: strlen((const char *)world->bytes);
		break;
	case 2:
		world->bytes = rest;
		world->length = rest_length < argument ? rest_length : argument;
		break;
	case 3:
		line_suspended(&world->line);
		return;
	case 4:
		line_wanted(&world->line, &want);
		return;
	case 5:
		known.serial[1] = (char)('0' + argument % 3);
		line_known(&world->line, &known);
		return;
	case 6:
		if (world->line.fd >= 0)
			line_hangup(&world->line, "fuzzed");
		return;
	default:
		world->now_ns += argument * 20 * ASSAY_MS;
		return;
	}
	if (world->line.fd >= 0 && world->length)
		line_readable(&world->line, POLLIN);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct host_port port = {
		f_now, f_wall, f_read, f_send, f_accept, f_connected, f_close, f_reopen, f_nonce, f_tell};
	static const struct assay_config_instrument config = {
		.id = "balance", .serial = "", .every_ms = 200, .needed_ms = 100};
	static const struct assay_config_line config_line = {.id = "line",
		.transport = ASSAY_TRANSPORT_SERIAL,
		.baud = 9600,
		.instruments = &config,
		.instrument_count = 1};
	struct world *world = calloc(1, sizeof *world);
	struct assay_role role = {0};
	char why[200];

	if (!world)
		return 0;
	world->now_ns = 1000 * ASSAY_MS;
	world->host.role = &role;
	world->host.port = &port;
	world->host.port_context = world;
	world->host.lines = &world->line;
	world->host.line_count = 1;
	world->host.plugins[0].driver = assay_driver;
	world->line.host = &world->host;
	world->line.config = &config_line;
	world->line.fd = world->line.listener = -1;
	world->line.instrument = &world->instrument;
	world->line.unit = &world->unit;
	world->line.instrument_count = 1;
	world->instrument.config = &config;
	world->instrument.plugin = &world->host.plugins[0];
	if (assay_driver.open(&assay_plugin_host, NULL, 0, &world->instrument.session, why, sizeof why) != 0)
		abort();
	line_device(&world->line, 1000);
	for (size_t at = 0; at + 2 <= size && at < 2000; at += 2) {
		happen(world, data[at], data[at + 1], data + at + 2, size - at - 2);
		if (world->reopen) {
			world->reopen = false;
			line_device(&world->line, 1000);
		}
		world->now_ns += 5 * ASSAY_MS;
		line_tick(&world->line, world->now_ns);
	}
	assay_driver.close(world->instrument.session);
	free(world->line.window);
	free(world->line.reading);
	free(world->host.spare);
	free(world);
	return 0;
}
