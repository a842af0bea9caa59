/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/sim/outlet.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

static int failed(struct assay_error *err, const char *what)
{
	return assay_error_set(err, ASSAY_EIO, "sim-port", "模拟仪器的端口 %s：%s",
		"port of the simulated instrument, %s: %s", what, strerror(errno));
}

static int open_terminal(struct sim_outlet *outlet, struct assay_error *err)
{
	struct termios settings;

	outlet->fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	if (outlet->fd < 0 || grantpt(outlet->fd) != 0 || unlockpt(outlet->fd) != 0 ||
		ptsname_r(outlet->fd, outlet->name, sizeof outlet->name) != 0)
		return failed(err, "pseudo-terminal");
	outlet->slave = open(outlet->name, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (outlet->slave < 0 || tcgetattr(outlet->slave, &settings) != 0)
		return failed(err, outlet->name);
	cfmakeraw(&settings);
	if (tcsetattr(outlet->slave, TCSANOW, &settings) != 0)
		return failed(err, outlet->name);
	if (!*outlet->link)
		return ASSAY_OK;
	/* Only a link of an earlier run is replaced, never a file. */
	if (readlink(outlet->link, (char[2]){0}, 1) >= 0)
		(void)unlink(outlet->link);
	return symlink(outlet->name, outlet->link) == 0 ? ASSAY_OK : failed(err, outlet->link);
}

static int open_listener(struct sim_outlet *outlet, const char *listen_on, struct assay_error *err)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV | AI_PASSIVE}, *found;
	struct sockaddr_storage bound;
	socklen_t size = sizeof bound;
	char host[100], digits[8];
	const char *colon = strrchr(listen_on, ':');
	int one = 1, rc = EAI_NONAME;

	if (colon && (size_t)(colon - listen_on) < sizeof host) {
		(void)snprintf(host, sizeof host, "%.*s", (int)(colon - listen_on), listen_on);
		rc = getaddrinfo(host, colon + 1, &hints, &found);
	}
	if (rc != 0)
		return assay_error_set(err, ASSAY_EUSAGE, "usage",
			"--listen 要 地址:端口，例如 127.0.0.1:0：%.100s",
			"--listen wants ADDR:PORT, such as 127.0.0.1:0: %.100s", listen_on);
	outlet->listener = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (outlet->listener >= 0)
		(void)setsockopt(outlet->listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	rc = outlet->listener < 0 || bind(outlet->listener, found->ai_addr, found->ai_addrlen) != 0 ||
	     listen(outlet->listener, 4) != 0 ||
	     getsockname(outlet->listener, (struct sockaddr *)&bound, &size) != 0 ||
	     getnameinfo((struct sockaddr *)&bound, size, NULL, 0, digits, sizeof digits, NI_NUMERICSERV) !=
		     0;
	freeaddrinfo(found);
	if (rc)
		return failed(err, listen_on);
	(void)snprintf(outlet->name, sizeof outlet->name, "%s:%s", host, digits);
	return ASSAY_OK;
}

int sim_outlet_open(
	struct sim_outlet *outlet, const char *link, const char *listen_on, struct assay_error *err)
{
	uint64_t char_ns = outlet->char_ns;
	int status;

	*outlet =
		(struct sim_outlet){.fd = -1, .slave = -1, .listener = -1, .link = link, .char_ns = char_ns};
	outlet->queue = calloc(SIM_QUEUE_MAX, sizeof *outlet->queue);
	if (!outlet->queue)
		return assay_error_set(err, ASSAY_ENOMEM, "out-of-memory", "内存不足", "out of memory");
	status = listen_on ? open_listener(outlet, listen_on, err) : open_terminal(outlet, err);
	if (status != ASSAY_OK)
		sim_outlet_close(outlet);
	return status;
}

void sim_outlet_drop(struct sim_outlet *outlet)
{
	if (outlet->fd >= 0)
		(void)close(outlet->fd);
	if (outlet->slave >= 0)
		(void)close(outlet->slave);
	outlet->fd = outlet->slave = -1;
	outlet->count = 0;
	outlet->last_ns = 0;
}

void sim_outlet_close(struct sim_outlet *outlet)
{
	sim_outlet_drop(outlet);
	if (outlet->listener >= 0)
		(void)close(outlet->listener);
	else if (*outlet->link && readlink(outlet->link, (char[2]){0}, 1) >= 0)
		(void)unlink(outlet->link);
	outlet->listener = -1;
	free(outlet->queue);
	outlet->queue = NULL;
}

static void put(struct sim_outlet *outlet, const struct sim_byte *byte)
{
	if (outlet->count == SIM_QUEUE_MAX)
		return;
	outlet->queue[(outlet->head + outlet->count++) % SIM_QUEUE_MAX] = *byte;
}

void sim_outlet_put(struct sim_outlet *outlet, uint64_t at_ns, const uint8_t *bytes, size_t length)
{
	if (outlet->fd < 0)
		return;
	if (outlet->last_ns < at_ns)
		outlet->last_ns = at_ns;
	for (size_t i = 0; i < length; i++) {
		outlet->last_ns += outlet->char_ns;
		put(outlet, &(struct sim_byte){outlet->last_ns, bytes[i], false});
	}
}

void sim_outlet_put_hangup(struct sim_outlet *outlet, uint64_t at_ns)
{
	if (outlet->last_ns < at_ns)
		outlet->last_ns = at_ns;
	put(outlet, &(struct sim_byte){outlet->last_ns, 0, true});
}

int sim_outlet_send(struct sim_outlet *outlet, uint64_t now_ns)
{
	while (outlet->count && outlet->queue[outlet->head].due_ns <= now_ns) {
		uint8_t piece[512];
		size_t length = 0;
		ssize_t sent;

		if (outlet->queue[outlet->head].hangup)
			return 1;
		while (length < sizeof piece && length < outlet->count) {
			const struct sim_byte *next = &outlet->queue[(outlet->head + length) % SIM_QUEUE_MAX];

			if (next->hangup || next->due_ns > now_ns)
				break;
			piece[length++] = next->byte;
		}
		sent = write(outlet->fd, piece, length);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0 && errno == EAGAIN)
			sent = (ssize_t)length; /* nobody reads: a serial line does not wait */
		if (sent <= 0)
			return -1;
		outlet->head = (outlet->head + (size_t)sent) % SIM_QUEUE_MAX;
		outlet->count -= (size_t)sent;
	}
	return 0;
}

uint64_t sim_outlet_next_ns(const struct sim_outlet *outlet)
{
	return outlet->count ? outlet->queue[outlet->head].due_ns : UINT64_MAX;
}

void sim_outlet_leave(struct sim_outlet *outlet, uint64_t back_ns)
{
	sim_outlet_drop(outlet);
	outlet->back_ns = back_ns;
	if (outlet->listener < 0 && *outlet->link)
		(void)unlink(outlet->link);
}

int sim_outlet_return(struct sim_outlet *outlet, struct assay_error *err)
{
	outlet->back_ns = 0;
	return outlet->listener < 0 ? open_terminal(outlet, err) : ASSAY_OK;
}

void sim_outlet_accept(struct sim_outlet *outlet)
{
	int one = 1, fd = accept4(outlet->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0)
		return;
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	sim_outlet_drop(outlet); /* the newest connection is served, as small device servers do */
	outlet->fd = fd;
}
