/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/line_port.h"

#include "gateway/role_process.h"
#include "gateway/wire/device.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define NS_PER_MS 1000000ull
#define BACKOFF_MIN_MS 1000u
#define BACKOFF_MAX_MS 60000u
#define PROVEN_NS (10000 * NS_PER_MS) /* a device that stayed so long starts over with the shortest wait */
#define OPEN_MAX_NS (15000 * NS_PER_MS)

void line_port_init(struct line_port *port, const struct assay_config_line *config, uint16_t index)
{
	memset(port, 0, sizeof *port);
	port->config = config;
	port->index = index;
	port->fd = port->answer = -1;
	port->open_at_ns = UINT64_MAX;
}

void line_port_want(struct line_port *port, uint64_t now_ns)
{
	if (port->fd < 0 && port->opener == 0 && port->open_at_ns == UINT64_MAX)
		port->open_at_ns = now_ns;
}

static void later(struct line_port *port, uint64_t now_ns)
{
	port->backoff_ms = port->backoff_ms ? port->backoff_ms * 2 : BACKOFF_MIN_MS;
	if (port->backoff_ms > BACKOFF_MAX_MS)
		port->backoff_ms = BACKOFF_MAX_MS;
	port->open_at_ns = now_ns + port->backoff_ms * NS_PER_MS;
}

static void drop(struct line_port *port)
{
	if (port->fd >= 0)
		(void)close(port->fd);
	port->fd = -1;
}

void line_port_reopen(struct line_port *port, uint64_t now_ns)
{
	if (port->opener != 0 || (port->fd < 0 && port->open_at_ns != UINT64_MAX))
		return; /* on its way already */
	if (port->fd >= 0 && now_ns - port->opened_ns >= PROVEN_NS)
		port->backoff_ms = 0;
	drop(port);
	later(port, now_ns);
}

void line_port_host_died(struct line_port *port, uint64_t now_ns)
{
	if (port->config->transport != ASSAY_TRANSPORT_MODBUS_TCP || port->fd < 0)
		return;
	drop(port);
	port->open_at_ns = now_ns;
}

/* In the opener: one message back, the descriptor or the error. */
static int open_and_tell(const struct assay_config_line *config, int answer)
{
	struct assay_message head = {.type = ASSAY_MSG_DEVICE};
	struct assay_error err;
	int fd = -1;

	if (assay_device_open(config, &fd, &err) == ASSAY_OK)
		return assay_channel_send(answer, &head, NULL, 0, fd) == ASSAY_OK ? 0 : 1;
	head.type = ASSAY_MSG_REFUSED;
	return assay_channel_send(answer, &head, &err, sizeof err, -1) == ASSAY_OK ? 0 : 1;
}

static bool set_trouble(struct line_port *port, const char *code, const char *zh, const char *en)
{
	bool news = port->trouble.status == 0 || strcmp(port->trouble.code, code) != 0 ||
		    strcmp(port->trouble.text_en, en) != 0;

	port->trouble.status = ASSAY_LINE_DOWN;
	(void)snprintf(port->trouble.code, sizeof port->trouble.code, "%s", code);
	(void)snprintf(port->trouble.text_zh, sizeof port->trouble.text_zh, "%s", zh);
	(void)snprintf(port->trouble.text_en, sizeof port->trouble.text_en, "%s", en);
	return news;
}

static bool start_opener(struct line_port *port, uint64_t now_ns)
{
	struct assay_error err;
	int pair[2];

	port->open_at_ns = UINT64_MAX;
	if (assay_channel_pair(pair, &err) != ASSAY_OK) {
		later(port, now_ns);
		return set_trouble(port, err.code, err.text_zh, err.text_en);
	}
	port->opener = role_process_fork("assay-open", &pair[1], 1);
	if (port->opener == 0)
		_exit(open_and_tell(port->config, pair[1]));
	(void)close(pair[1]);
	if (port->opener < 0) {
		port->opener = 0;
		(void)close(pair[0]);
		later(port, now_ns);
		return set_trouble(
			port, "no-process", "系统不能再启动进程", "the system cannot start a process");
	}
	port->answer = pair[0];
	port->give_up_ns = now_ns + OPEN_MAX_NS;
	return false;
}

static void end_opener(struct line_port *port)
{
	if (port->opener > 0) {
		(void)kill(port->opener, SIGKILL);
		(void)waitpid(port->opener, NULL, 0);
	}
	port->opener = 0;
	if (port->answer >= 0)
		(void)close(port->answer);
	port->answer = -1;
}

bool line_port_tick(struct line_port *port, uint64_t now_ns)
{
	if (port->opener != 0 && now_ns >= port->give_up_ns) {
		end_opener(port);
		later(port, now_ns);
		return set_trouble(port, "port-stuck", "打开这条线路时系统没有反应。请拔下再插上，或检查网络",
			"the system does not answer while the line is opened; unplug and plug it, or check "
			"the "
			"network");
	}
	if (port->opener == 0 && port->fd < 0 && now_ns >= port->open_at_ns)
		return start_opener(port, now_ns);
	return false;
}

bool line_port_answered(struct line_port *port, uint64_t now_ns)
{
	static uint8_t payload[ASSAY_CHANNEL_PAYLOAD_MAX];
	struct assay_message head;
	const struct assay_error *err = (const void *)payload;
	int fd, got = assay_channel_receive(port->answer, &head, payload, &fd);

	if (got == 0)
		return false;
	end_opener(port);
	if (got == 1 && head.type == ASSAY_MSG_DEVICE && fd >= 0) {
		port->fd = fd;
		port->opened_ns = now_ns;
		port->trouble.status = 0;
		return true;
	}
	if (fd >= 0)
		(void)close(fd);
	later(port, now_ns);
	if (got == 1 && head.type == ASSAY_MSG_REFUSED && head.length == sizeof *err)
		return set_trouble(port, err->code, err->text_zh, err->text_en);
	return set_trouble(
		port, "port-stuck", "打开这条线路的进程中断了", "the process that opens the line broke off");
}

uint64_t line_port_next_ns(const struct line_port *port)
{
	if (port->opener != 0)
		return port->give_up_ns;
	return port->fd < 0 ? port->open_at_ns : UINT64_MAX;
}

void line_port_close(struct line_port *port)
{
	end_opener(port);
	drop(port);
	port->open_at_ns = UINT64_MAX;
}
