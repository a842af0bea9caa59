/* SPDX-License-Identifier: Apache-2.0
 * A host, its pair with the recorder, and its devices. The supervisor keeps the recorder's end of each pair, so a
 * recorder that dies does not hang up on the hosts: they go on until they get a new pair. */
#include "gateway/supervised.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct role_process *recorder_of(struct supervisor *supervisor)
{
	return &supervisor->roles[0];
}

static void add_to_recorder(struct supervisor *supervisor, const struct role_process *host)
{
	struct assay_message head = {.type = ASSAY_MSG_ADD_HOST, .generation = host->generation};
	struct assay_add_host add = {.lines = host->line_count};
	struct role_process *recorder = recorder_of(supervisor);

	memcpy(add.line, host->lines, host->line_count * sizeof *add.line);
	if (recorder->control >= 0 && assay_channel_send(recorder->control, &head, &add, sizeof add,
					      host->recorder_end) == ASSAY_EFULL)
		role_process_kill(recorder); /* it does not listen: a new one gets all hosts again */
}

/* An open device, or the trouble with it. */
static void tell_port(const struct role_process *host, uint16_t place, const struct line_port *port)
{
	struct assay_message head = {.line = place, .generation = host->generation};
	int status = ASSAY_OK;

	if (host->control < 0)
		return;
	if (port->fd >= 0) {
		head.type = ASSAY_MSG_DEVICE;
		status = assay_channel_send(host->control, &head, NULL, 0, port->fd);
	} else if (port->trouble.status != 0) {
		head.type = ASSAY_MSG_LINE;
		status = assay_channel_send(host->control, &head, &port->trouble, sizeof port->trouble, -1);
	}
	if (status == ASSAY_EFULL)
		role_process_kill(host);
}

int host_link_start(struct supervisor *supervisor, struct role_process *host, struct assay_error *err)
{
	uint64_t now = supervisor_now_ns();
	int pair[2], status = assay_data_dir_generation(&supervisor->dir, &host->generation, err);

	if (status == ASSAY_OK)
		status = assay_channel_pair(pair, err);
	if (status != ASSAY_OK)
		return status;
	host->recorder_end = pair[0];
	status = role_process_start(host, &supervisor->role, pair[1], -1, now, err);
	if (status != ASSAY_OK) {
		(void)close(host->recorder_end);
		host->recorder_end = -1;
		return status;
	}
	add_to_recorder(supervisor, host);
	for (uint16_t i = 0; i < host->line_count; i++) {
		struct line_port *port = &supervisor->ports[host->lines[i]];

		tell_port(host, i, port);
		line_port_want(port, now);
	}
	return ASSAY_OK;
}

void host_link_died(struct supervisor *supervisor, struct role_process *host)
{
	uint64_t now = supervisor_now_ns();

	/* The recorder has its own descriptor, reads what is left in the pair and then its end. */
	if (host->recorder_end >= 0)
		(void)close(host->recorder_end);
	host->recorder_end = -1;
	for (uint16_t i = 0; i < host->line_count; i++)
		if (host->lines[i] != ASSAY_LINE_GONE)
			line_port_host_died(&supervisor->ports[host->lines[i]], now);
	if (supervisor->reload.stage == RELOAD_NONE)
		host_plan_compact(host);
}

static void new_pair(struct supervisor *supervisor, struct role_process *host)
{
	struct assay_message head = {.type = ASSAY_MSG_RECORDER, .generation = host->generation};
	struct assay_error err;
	int pair[2];

	if (assay_channel_pair(pair, &err) != ASSAY_OK ||
		assay_channel_send(host->control, &head, NULL, 0, pair[1]) != ASSAY_OK) {
		role_process_kill(host); /* a new host begins with a new pair */
		return;
	}
	(void)close(pair[1]);
	if (host->recorder_end >= 0)
		(void)close(host->recorder_end);
	host->recorder_end = pair[0];
	add_to_recorder(supervisor, host);
}

/* Takes fd. */
static void add_web_to_recorder(struct supervisor *supervisor, int fd)
{
	struct assay_message head = {.type = ASSAY_MSG_ADD_WEB};
	struct role_process *recorder = recorder_of(supervisor);

	if (recorder->control >= 0 &&
		assay_channel_send(recorder->control, &head, NULL, 0, fd) == ASSAY_EFULL)
		role_process_kill(recorder);
	(void)close(fd);
}

static int web_pair(int pair[2], struct assay_error *err)
{
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) == 0)
		return ASSAY_OK;
	return assay_error_set(err, ASSAY_EIO, "socket", "不能建立进程间的连接（%s）",
		"the processes cannot be connected (%s)", strerror(errno));
}

int host_link_web(struct supervisor *supervisor, struct role_process *web, struct assay_error *err)
{
	int pair[2], status = web_pair(pair, err);

	if (status != ASSAY_OK)
		return status;
	status = role_process_start(web, &supervisor->role, pair[1], -1, supervisor_now_ns(), err);
	if (status == ASSAY_OK)
		add_web_to_recorder(supervisor, pair[0]);
	else
		(void)close(pair[0]);
	return status;
}

static void new_web_pair(struct supervisor *supervisor, const struct role_process *web)
{
	struct assay_message head = {.type = ASSAY_MSG_RECORDER};
	struct assay_error err;
	int pair[2];

	if (web_pair(pair, &err) != ASSAY_OK) {
		role_process_kill(web);
		return;
	}
	if (assay_channel_send(web->control, &head, NULL, 0, pair[1]) != ASSAY_OK)
		role_process_kill(web);
	(void)close(pair[1]);
	add_web_to_recorder(supervisor, pair[0]);
}

void host_link_recorder(struct supervisor *supervisor)
{
	for (size_t i = 0; i < supervisor->role_count; i++)
		if (supervisor->roles[i].kind == ROLE_HOST && supervisor->roles[i].pid > 0)
			new_pair(supervisor, &supervisor->roles[i]);
		else if (supervisor->roles[i].kind == ROLE_WEB && supervisor->roles[i].pid > 0)
			new_web_pair(supervisor, &supervisor->roles[i]);
}

void host_link_port(struct supervisor *supervisor, const struct line_port *port)
{
	for (size_t i = 0; i < supervisor->role_count; i++) {
		const struct role_process *host = &supervisor->roles[i];

		for (uint16_t j = 0; host->kind == ROLE_HOST && j < host->line_count; j++)
			if (host->lines[j] == port->index)
				tell_port(host, j, port);
	}
}
