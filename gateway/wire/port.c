/* SPDX-License-Identifier: Apache-2.0
 * The world outside, for lines: clock, descriptors, libmodbus, the channel to the recorder. */
#include "gateway/wire/host_line.h"

#include <errno.h>
#include <modbus.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static uint64_t now_ns(void *context)
{
	struct timespec now;

	(void)context;
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static int64_t wall_ns(void *context)
{
	struct timespec now;

	(void)context;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static bool is_serial(const struct host_line *line)
{
	return line->config->transport == ASSAY_TRANSPORT_SERIAL ||
	       line->config->transport == ASSAY_TRANSPORT_MODBUS_RTU;
}

static ssize_t port_read(void *context, struct host_line *line, void *bytes, size_t size)
{
	ssize_t got = read(line->fd, bytes, size);

	(void)context;
	if (got <= 0 || !is_serial(line))
		return got;
	tty_marks_look(&line->marks, line->fd);
	got = (ssize_t)tty_marks_take(&line->marks, bytes, (size_t)got, &line->line_error);
	errno = EAGAIN; /* half a mark */
	return got > 0 ? got : -1;
}

/* Modbus RTU leaves through libmodbus, which adds the CRC itself: it must come to as many bytes as were journalled. */
static bool send_rtu(const struct host_line *line, const uint8_t *bytes, size_t length)
{
	modbus_t *context = modbus_new_rtu(line->config->port, (int)line->config->baud, line->config->parity,
		line->config->bits, line->config->stop);
	int sent = -1;

	if (!context)
		return false;
	if (modbus_set_socket(context, line->fd) == 0)
		sent = modbus_send_raw_request(context, (uint8_t *)(uintptr_t)bytes, (int)length - 2);
	modbus_free(context);
	return sent == (int)length;
}

static bool port_send(void *context, struct host_line *line, const uint8_t *bytes, size_t length)
{
	ssize_t written;

	(void)context;
	if (is_serial(line) && !tty_marks_settled(&line->marks, line->fd))
		return false; /* another program has changed the port: it is opened anew */
	if (line->config->transport == ASSAY_TRANSPORT_MODBUS_RTU)
		return send_rtu(line, bytes, length);
	do
		written = write(line->fd, bytes, length);
	while (written < 0 && errno == EINTR);
	return written == (ssize_t)length;
}

static bool port_connected(void *context, struct host_line *line)
{
	int error = 0;
	socklen_t size = sizeof error;

	(void)context;
	return getsockopt(line->fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0;
}

/* The supervisor keeps a descriptor of the same device: closing ours does not end the watch. */
static void port_close(void *context, struct host_line *line, int fd)
{
	(void)context;
	if (line->watched_fd == fd)
		host_unwatch(line);
	(void)close(fd);
}

static bool port_reopen(void *context, struct host_line *line)
{
	const struct host *host = context;
	struct assay_message reopen = {
		.type = ASSAY_MSG_REOPEN, .line = line->index, .generation = host->role->generation};

	return assay_channel_send(host->role->control, &reopen, NULL, 0, -1) == ASSAY_OK;
}

static bool port_nonce(void *context, uint16_t *out)
{
	(void)context;
	return getrandom(out, sizeof *out, 0) == (ssize_t)sizeof *out;
}

static bool port_tell(void *context, const struct assay_message *head, const void *payload, size_t length)
{
	struct host *host = context;
	/* What a device has sent is out before driver code sees it; the rest goes with the next of these, or at the end of the
	 * host's turn. */
	bool now = !host->gathering && head->type == ASSAY_MSG_EVENT &&
		   ((const struct assay_event_head *)payload)->direction == ASSAY_RX;

	/* A recorder that is gone comes back with a new pair, and is told again what is kept. */
	return assay_outbox_put(&host->outbox, host->recorder, head, payload, length, now) != ASSAY_ENOMEM;
}

static int port_accept(void *context, struct host_line *line)
{
	(void)context;
	return accept4(line->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

const struct host_port host_port_real = {now_ns, wall_ns, port_read, port_send, port_accept, port_connected,
	port_close, port_reopen, port_nonce, port_tell};

uint64_t host_now_ns(const struct host *host)
{
	return host->port->now_ns(host->port_context);
}
