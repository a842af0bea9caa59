/* SPDX-License-Identifier: Apache-2.0
 * The host role: lines and their plugins, one epoll loop, nothing else in its hands. */
#include "gateway/wire/channel_packet.h"
#include "gateway/wire/host_line.h"
#include "gateway/wire/spin_watch.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
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
	if (!line_open(line))
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
	host->poller = host->watched_recorder = -1;
	host->lines = calloc(role->line_count, sizeof *host->lines);
	if (!host->lines || role->line_count > LINES_PER_HOST)
		return assay_error_set(err, ASSAY_ENOMEM, "out-of-memory", "内存不足", "out of memory");
	for (uint16_t i = 0; i < role->line_count; i++) {
		struct host_line *line = &host->lines[i];

		line->place = i;
		line->tick_ns = UINT64_MAX;
		line->host = host;
		line->index = i;
		line->config = &role->config->lines[role->lines[i]];
		line->fd = line->listener = line->watched_fd = -1;
		line->broken = open_instruments(host, line, err) != ASSAY_OK;
		if (line->broken)
			exchange_status(line, ASSAY_LINE_DOWN, err->code, err->text_zh, err->text_en);
		else
			exchange_status(line, ASSAY_LINE_OPENING, "opening", "正在打开", "opening");
	}
	if (!host_wait_open(host))
		return assay_error_set(err, ASSAY_EIO, "epoll", "不能等待设备（%s）",
			"cannot wait for devices (%s)", strerror(errno));
	return ASSAY_OK;
}

static struct host_line *line_at(struct host *host, uint16_t place)
{
	return place < host->line_count ? &host->lines[place] : NULL;
}

static void lose_recorder(struct host *host)
{
	host_unwatch_recorder(host);
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

static void suspended(struct host *host)
{
	for (uint16_t i = 0; i < host->line_count; i++) {
		line_suspended(&host->lines[i]);
		host_watch(&host->lines[i]);
	}
}

static uint64_t boot_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void from_recorder(struct host *host, const struct assay_message *head, const void *payload)
{
	struct host_line *line = line_at(host, head->line);

	switch (head->type) {
	case ASSAY_MSG_HELLO:
		assay_outbox_again(&host->outbox, head->line, head->id);
		if (line)
			line_committed(line, head->id);
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
			suspended(host);
		host->paused = false;
		break;
	default:
		break;
	}
	if (line)
		host_watch(line);
}

/* The supervisor's words about a device it could not open travel as a line state in the payload. */
static void from_supervisor(struct host *host, const struct assay_message *head, const void *payload, int fd)
{
	struct host_line *line = line_at(host, head->line);

	spin_watch_turn();
	if (head->type == ASSAY_MSG_STOP) {
		host->stop = true;
	} else if (head->type == ASSAY_MSG_DEVICE && line && !line->broken && fd >= 0) {
		line_device(line, fd);
		host_watch(line);
		return;
	} else if (head->type == ASSAY_MSG_CLOSE_LINE && line) {
		line_close(line);
		host_watch(line);
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

static void drain_recorder(struct host *host)
{
	static struct assay_channel_packet packet;
	const struct assay_message *head;
	const void *payload;
	int got;

	while (host->recorder >= 0 && (got = assay_channel_receive_packet(host->recorder, &packet)) != 0) {
		if (got < 0)
			lose_recorder(host);
		while (got > 0 && (head = assay_channel_next(&packet, &payload)) != NULL)
			from_recorder(host, head, payload);
		assay_outbox_sweep(&host->outbox);
	}
}

static void drain_control(struct host *host)
{
	static uint8_t payload[ASSAY_CHANNEL_PAYLOAD_MAX];
	struct assay_message head;
	int fd, got;

	while ((got = assay_channel_receive(host->role->control, &head, payload, &fd)) != 0) {
		if (got == ASSAY_EGONE) {
			host->stop = host->orphan = true;
			return;
		}
		if (got > 0)
			from_supervisor(host, &head, payload, fd);
	}
}

/* A line the laboratory no longer has here: said once everything it gave is durable. */
static void say_closed(struct host *host)
{
	for (uint16_t i = 0; i < host->line_count; i++) {
		struct assay_message closed = {
			.type = ASSAY_MSG_CLOSED, .line = i, .generation = host->role->generation};

		if (host->lines[i].closing && !assay_outbox_holds(&host->outbox, i) &&
			assay_channel_send(host->role->control, &closed, NULL, 0, -1) == ASSAY_OK)
			host->lines[i].closing = false;
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

static void watch_all(struct host *host)
{
	for (uint16_t i = 0; i < host->line_count; i++)
		host_watch(&host->lines[i]);
}

/* What was read in this turn, told to the recorder and not cut yet. */
struct arrivals {
	struct host_line *line[HOST_EVENTS];
	size_t length[HOST_EVENTS], used;
	unsigned count;
	uint8_t bytes[4 * LINE_READ_MAX];
};

/* The recorder is sent what all these lines have told, in one packet mostly; then driver code sees it. */
static void cut_arrived(struct host *host, struct arrivals *arrived)
{
	const uint8_t *bytes = arrived->bytes;

	host->gathering = false;
	if (arrived->count)
		flush(host);
	for (unsigned i = 0; i < arrived->count; i++) {
		spin_watch_turn();
		line_take(arrived->line[i], bytes, arrived->length[i]);
		bytes += arrived->length[i];
		host_watch(arrived->line[i]);
	}
	arrived->count = 0;
	arrived->used = 0;
	host->gathering = true;
}

static void read_line(struct host *host, struct host_line *line, short events, struct arrivals *arrived)
{
	ssize_t got;

	if (line->watched_fd < 0) /* it may have been closed by what came before */
		return;
	if (line->phase == PHASE_LISTENING || line->phase == PHASE_CONNECTING) {
		line_readable(line, events);
		host_watch(line);
		return;
	}
	if (arrived->used + LINE_READ_MAX > sizeof arrived->bytes)
		cut_arrived(host, arrived);
	got = line_read(line, arrived->bytes + arrived->used, LINE_READ_MAX);
	if (got <= 0) {
		line_read_failed(line, got);
		host_watch(line);
		return;
	}
	arrived->line[arrived->count] = line;
	arrived->length[arrived->count++] = (size_t)got;
	arrived->used += (size_t)got;
}

static void from_lines(struct host *host, const struct host_event events[], int count)
{
	static struct arrivals arrived;

	host->gathering = true;
	for (int i = 0; i < count; i++) {
		struct host_line *line;

		if (events[i].source < HOST_LINES)
			continue;
		line = &host->lines[events[i].source - HOST_LINES];
		if (host->deaf && line->phase != PHASE_CONNECTING)
			continue;
		read_line(host, line, events[i].events, &arrived);
	}
	cut_arrived(host, &arrived);
	host->gathering = false;
}

/* Before any line is touched: they may take a line's device away. */
static void from_roles(struct host *host, const struct host_event events[], int count)
{
	for (int i = 0; i < count; i++) {
		if (events[i].source == HOST_CONTROL)
			drain_control(host);
		if (events[i].source != HOST_RECORDER)
			continue;
		if (events[i].events & POLLOUT)
			flush(host);
		drain_recorder(host);
	}
}

/* Each line at most once, so that none keeps the others waiting. */
static void tick_due(struct host *host)
{
	uint64_t now = host_now_ns(host);

	for (uint16_t i = 0; i < host->line_count && !host->stop; i++) {
		struct host_line *line = &host->lines[host->heap[0]];

		if (line->tick_ns > now)
			break;
		spin_watch_turn();
		line_tick(line, now);
		host_watch(line);
	}
	say_alive(host, now);
}

static void step(struct host *host)
{
	struct host_event events[HOST_EVENTS];
	bool deaf = host->stop || host->paused || assay_outbox_full(&host->outbox);
	uint64_t until = host->alive_ns, now, due;
	int count;

	spin_watch_turn();
	flush(host);
	if (deaf != host->deaf) {
		host->deaf = deaf;
		watch_all(host);
	}
	host_watch_recorder(host);
	if (!host->stop && host->line_count && host->lines[host->heap[0]].tick_ns < until)
		until = host->lines[host->heap[0]].tick_ns;
	now = host_now_ns(host);
	due = until > now ? until : now;
	count = host_wait(host, until, events);
	if (host_stood_still(host, due, host_now_ns(host), boot_ns()))
		suspended(host);
	if (count < 0) {
		host->stop = host->orphan = true;
		return;
	}
	from_roles(host, events, count);
	from_lines(host, events, count);
	tick_due(host);
	say_closed(host);
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

/* The driver is given whole files. Such a line has a host of its own. */
static bool reads_files(const struct assay_role *role)
{
	uint32_t transport = role->line_count ? role->config->lines[role->lines[0]].transport : 0;

	return transport == ASSAY_TRANSPORT_FOLDER || transport == ASSAY_TRANSPORT_REPLAY;
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
	spin_watch_start(reads_files(role));
	while (!host.stop)
		step(&host);
	hand_over(&host);
	for (uint16_t i = 0; i < host.line_count; i++)
		line_free(&host.lines[i]);
	assay_outbox_free(&host.outbox);
	host_wait_close(&host);
	free(host.lines);
	return code;
}
