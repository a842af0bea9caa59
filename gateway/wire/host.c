/* SPDX-License-Identifier: Apache-2.0
 * The host role: lines and their plugins, one poll loop, nothing else in its hands. */
#include "gateway/wire/host_line.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ALIVE_NS (1000 * ASSAY_MS)
#define HAND_OVER_NS (3000 * ASSAY_MS)
#define LINES_PER_HOST 64

static const struct assay_plugin *find_plugin(struct host *host, const char *name, struct assay_error *err)
{
	struct assay_plugin *plugin;

	for (unsigned i = 0; i < host->plugin_count; i++)
		if (strcmp(host->plugins[i].driver.name, name) == 0)
			return &host->plugins[i];
	if (host->plugin_count == sizeof host->plugins / sizeof *host->plugins)
		return NULL;
	plugin = &host->plugins[host->plugin_count];
	if (assay_plugin_load(host->role->places->drivers, name, plugin, err) != ASSAY_OK)
		return NULL;
	host->plugin_count++;
	return plugin;
}

static int open_instruments(struct host *host, struct host_line *line, struct assay_error *err)
{
	line->instrument = calloc(line->config->instrument_count ? line->config->instrument_count : 1,
		sizeof *line->instrument);
	if (!line->instrument)
		return assay_error_set(err, ASSAY_ENOMEM, "out-of-memory", "内存不足", "out of memory");
	for (size_t i = 0; i < line->config->instrument_count; i++) {
		struct host_instrument *who = &line->instrument[i];
		char why[200] = "";

		who->config = &line->config->instruments[i];
		who->plugin = find_plugin(host, who->config->driver, err);
		if (!who->plugin)
			return ASSAY_EREFUSED;
		if (who->plugin->driver.open(&assay_plugin_host_ending, who->config->settings,
			    who->config->setting_count, &who->session, why, sizeof why) < 0)
			return assay_error_set(err, ASSAY_EREFUSED, "driver-settings",
				"仪器 %s 的设置不能用（%s）",
				"the settings of instrument %s cannot be used (%s)", who->config->id, why);
		line->instrument_count++;
	}
	return ASSAY_OK;
}

static int setup(struct host *host, const struct assay_role *role, struct assay_error *err)
{
	host->role = role;
	host->recorder = role->recorder;
	host->port = &host_port_real;
	host->port_context = host;
	host->line_count = role->line_count;
	host->lines = calloc(role->line_count, sizeof *host->lines);
	if (!host->lines || role->line_count > LINES_PER_HOST)
		return assay_error_set(err, ASSAY_ENOMEM, "out-of-memory", "内存不足", "out of memory");
	for (uint16_t i = 0; i < role->line_count; i++) {
		struct host_line *line = &host->lines[i];

		line->host = host;
		line->index = role->lines[i];
		line->config = &role->config->lines[line->index];
		line->fd = line->listener = -1;
		line->broken = open_instruments(host, line, err) != ASSAY_OK;
		if (line->broken)
			exchange_status(line, ASSAY_LINE_DOWN, err->code, err->text_zh, err->text_en);
		else
			exchange_status(line, ASSAY_LINE_OPENING, "opening", "正在打开", "opening");
	}
	return ASSAY_OK;
}

static struct host_line *line_by_index(struct host *host, uint16_t index)
{
	for (uint16_t i = 0; i < host->line_count; i++)
		if (host->lines[i].index == index)
			return &host->lines[i];
	return NULL;
}

static void lose_recorder(struct host *host)
{
	if (host->recorder >= 0)
		(void)close(host->recorder);
	host->recorder = -1;
	assay_outbox_hold(&host->outbox);
}

static void flush(struct host *host)
{
	if (host->recorder >= 0 && assay_outbox_flush(&host->outbox, host->recorder) != ASSAY_OK)
		lose_recorder(host);
}

static void from_recorder(struct host *host, const struct assay_message *head, const void *payload)
{
	struct host_line *line = line_by_index(host, head->line);

	switch (head->type) {
	case ASSAY_MSG_HELLO:
		assay_outbox_again(&host->outbox, head->line, head->id);
		flush(host);
		break;
	case ASSAY_MSG_COMMITTED:
		assay_outbox_committed(&host->outbox, head->line, head->id);
		if (line)
			line_committed(line, head->id);
		break;
	case ASSAY_MSG_WANT:
		if (line && head->length == sizeof(struct assay_want_message))
			line_wanted(line, payload);
		break;
	case ASSAY_MSG_KNOWN:
		if (line && head->length == sizeof(struct assay_known_message))
			line_known(line, payload);
		break;
	case ASSAY_MSG_PAUSE:
		host->paused = true;
		break;
	case ASSAY_MSG_RESUME:
		if (host->paused)
			for (uint16_t i = 0; i < host->line_count; i++)
				line_suspended(&host->lines[i]);
		host->paused = false;
		break;
	default:
		break;
	}
}

/* The supervisor's words about a device it could not open travel as a line state in the payload. */
static void from_supervisor(struct host *host, const struct assay_message *head, const void *payload, int fd)
{
	struct host_line *line = line_by_index(host, head->line);

	if (head->type == ASSAY_MSG_STOP) {
		host->stop = true;
	} else if (head->type == ASSAY_MSG_DEVICE && line && !line->broken && fd >= 0) {
		line_device(line, fd);
		return;
	} else if (head->type == ASSAY_MSG_RECORDER && fd >= 0) {
		lose_recorder(host);
		host->recorder = fd;
		host->paused = false;
		return;
	} else if (head->type == ASSAY_MSG_LINE && line && head->length == sizeof(struct assay_line_state)) {
		const struct assay_line_state *state = payload;

		exchange_status(line, state->status, state->code, state->text_zh, state->text_en);
	}
	if (fd >= 0)
		(void)close(fd);
}

static void drain_channel(struct host *host, int channel, bool supervisor)
{
	static uint8_t payload[ASSAY_CHANNEL_PAYLOAD_MAX];
	struct assay_message head;
	int fd, got;

	while ((got = assay_channel_receive(channel, &head, payload, &fd)) != 0) {
		if (got == ASSAY_EGONE && supervisor) {
			host->stop = host->orphan = true;
			return;
		}
		if (got == ASSAY_EGONE) {
			lose_recorder(host);
			return;
		}
		if (got < 0)
			continue;
		if (supervisor) {
			from_supervisor(host, &head, payload, fd);
		} else {
			from_recorder(host, &head, payload);
			if (fd >= 0)
				(void)close(fd);
		}
	}
}

static void say_alive(struct host *host, uint64_t now)
{
	struct assay_message alive = {.type = ASSAY_MSG_ALIVE, .generation = host->role->generation};

	if (now < host->alive_ns)
		return;
	host->alive_ns = now + ALIVE_NS;
	if (assay_channel_send(host->role->control, &alive, NULL, 0, -1) == ASSAY_EGONE)
		host->stop = host->orphan = true;
}

static int wait_ms(const struct host *host, uint64_t now)
{
	uint64_t next = host->alive_ns, left;

	for (uint16_t i = 0; i < host->line_count && !host->stop; i++) {
		uint64_t due = line_next_ns(&host->lines[i]);

		if (due < next)
			next = due;
	}
	left = next > now ? next - now : 0;
	return (int)((left + ASSAY_MS - 1) / ASSAY_MS);
}

static void step(struct host *host)
{
	struct pollfd polled[LINES_PER_HOST + 2];
	nfds_t count = 2;
	uint16_t line_of[LINES_PER_HOST + 2];
	bool full = assay_outbox_full(&host->outbox);
	uint64_t now;

	polled[0] = (struct pollfd){host->role->control, POLLIN, 0};
	polled[1] =
		(struct pollfd){host->recorder, (short)(POLLIN | (host->outbox.blocked ? POLLOUT : 0)), 0};
	for (uint16_t i = 0; i < host->line_count; i++) {
		const struct host_line *line = &host->lines[i];

		int fd = line->phase == PHASE_LISTENING ? line->listener : line->fd;

		if (fd < 0 || host->stop || ((full || host->paused) && line->phase != PHASE_CONNECTING))
			continue;
		line_of[count] = i;
		polled[count++] =
			(struct pollfd){fd, (short)(line->phase == PHASE_CONNECTING ? POLLOUT : POLLIN), 0};
	}
	if (poll(polled, count, wait_ms(host, host_now_ns(host))) < 0 && errno != EINTR) {
		host->stop = host->orphan = true;
		return;
	}
	if (polled[1].revents & POLLOUT)
		flush(host);
	if (polled[1].revents)
		drain_channel(host, host->recorder, false);
	if (polled[0].revents)
		drain_channel(host, host->role->control, true);
	for (nfds_t i = 2; i < count; i++)
		if (polled[i].revents && (host->lines[line_of[i]].fd == polled[i].fd ||
						 host->lines[line_of[i]].listener == polled[i].fd))
			line_readable(&host->lines[line_of[i]], polled[i].revents);
	now = host_now_ns(host);
	for (uint16_t i = 0; i < host->line_count && !host->stop; i++)
		line_tick(&host->lines[i], now);
	say_alive(host, now);
}

/* What was read is handed over before the end; a recorder that is just coming back gets time for it. */
static void hand_over(struct host *host)
{
	uint64_t until = host_now_ns(host) + HAND_OVER_NS;

	for (uint16_t i = 0; i < host->line_count; i++)
		exchange_end(&host->lines[i], ASSAY_OUTCOME_HANGUP, "the gateway was stopped");
	while (!host->orphan && assay_outbox_waits(&host->outbox) && host_now_ns(host) < until)
		step(host);
}

int assay_host_main(const struct assay_role *role)
{
	static struct host host;
	struct assay_error err;
	int code = 0;

	if (setup(&host, role, &err) != ASSAY_OK) {
		(void)fprintf(stderr, "assay: host: %s\n", err.text_en);
		return 1;
	}
	while (!host.stop)
		step(&host);
	hand_over(&host);
	for (uint16_t i = 0; i < host.line_count; i++)
		line_free(&host.lines[i]);
	assay_outbox_free(&host.outbox);
	free(host.lines);
	return code;
}
