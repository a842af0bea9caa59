/* SPDX-License-Identifier: Apache-2.0
 * Modbus TCP devices that answer every read of holding registers at once: one process, any number of connections, on
 * every address of 127.0.0.0/8. Register r of a device holds 1000 + r + a small count that moves. */
#ifndef ASSAY_TESTS_SIM_FAST_DEVICES_H
#define ASSAY_TESTS_SIM_FAST_DEVICES_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define FAST_EVENTS 512

static inline int fast_listen(uint16_t *port_out)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_ANY)};
	socklen_t size = sizeof at;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof at) != 0 || listen(fd, 4096) != 0 ||
		getsockname(fd, (struct sockaddr *)&at, &size) != 0)
		return -1;
	*port_out = ntohs(at.sin_port);
	return fd;
}

static inline size_t fast_answer(const uint8_t *request, uint8_t *out)
{
	static uint16_t moves;
	unsigned from = (unsigned)request[8] << 8 | request[9],
		 count = (unsigned)request[10] << 8 | request[11];

	if (request[7] != 3 || count == 0 || count > 125) {
		memcpy(out, request, 8);
		out[5] = 3;
		out[7] |= 0x80;
		out[8] = 2;
		return 9;
	}
	memcpy(out, request, 8);
	out[4] = 0;
	out[5] = (uint8_t)(3 + 2 * count);
	out[8] = (uint8_t)(2 * count);
	moves++;
	for (unsigned i = 0; i < count; i++) {
		unsigned value = 1000 + from + i + moves % 7;

		out[9 + 2 * i] = (uint8_t)(value >> 8);
		out[10 + 2 * i] = (uint8_t)value;
	}
	return 9 + 2 * count;
}

/* Requests are 12 bytes and come whole on loopback; anything else ends the connection. */
static inline void fast_serve(int fd)
{
	uint8_t request[12], answer[260];
	ssize_t got = read(fd, request, sizeof request);

	if (got == (ssize_t)sizeof request) {
		size_t length = fast_answer(request, answer);

		if (write(fd, answer, length) == (ssize_t)length)
			return;
	}
	(void)close(fd);
}

static inline void fast_devices(int listener)
{
	struct epoll_event event = {.events = EPOLLIN, .data.fd = listener}, events[FAST_EVENTS];
	int poll = epoll_create1(EPOLL_CLOEXEC), one = 1;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)epoll_ctl(poll, EPOLL_CTL_ADD, listener, &event);
	for (;;) {
		int count = epoll_wait(poll, events, FAST_EVENTS, -1);

		for (int i = 0; i < count; i++) {
			int fd = events[i].data.fd;

			if (fd != listener) {
				fast_serve(fd);
				continue;
			}
			while ((fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
				(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
				event.data.fd = fd;
				(void)epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event);
			}
		}
	}
}

#endif
