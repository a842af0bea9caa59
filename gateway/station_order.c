/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/station_order.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

union station_control {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(sizeof(int) * STATION_DESCRIPTORS)];
};

int station_say(int fd, struct station_order *order, const int descriptor[STATION_DESCRIPTORS])
{
	union station_control control = {0};
	struct iovec part = {order, sizeof *order};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
	int passed[STATION_DESCRIPTORS];
	size_t count = 0;
	ssize_t sent;

	order->magic = STATION_MAGIC;
	order->given = 0;
	memset(order->version, 0, sizeof order->version);
	memcpy(order->version, ASSAY_VERSION, sizeof ASSAY_VERSION);
	for (unsigned i = 0; descriptor && i < STATION_DESCRIPTORS; i++)
		if (descriptor[i] >= 0) {
			order->given |= 1u << i;
			passed[count++] = descriptor[i];
		}
	if (count > 0) {
		struct cmsghdr *about;

		message.msg_control = control.bytes;
		message.msg_controllen = CMSG_SPACE(sizeof(int) * count);
		about = CMSG_FIRSTHDR(&message);
		about->cmsg_level = SOL_SOCKET;
		about->cmsg_type = SCM_RIGHTS;
		about->cmsg_len = CMSG_LEN(sizeof(int) * count);
		memcpy(CMSG_DATA(about), passed, sizeof(int) * count);
	}
	do
		sent = sendmsg(fd, &message, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	return sent < 0 ? -1 : 0;
}

static size_t take_descriptors(struct msghdr *message, int got[STATION_DESCRIPTORS])
{
	size_t count = 0;

	for (struct cmsghdr *about = CMSG_FIRSTHDR(message); about; about = CMSG_NXTHDR(message, about)) {
		size_t there;

		if (about->cmsg_level != SOL_SOCKET || about->cmsg_type != SCM_RIGHTS)
			continue;
		there = (about->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < there && count < STATION_DESCRIPTORS; i++)
			memcpy(&got[count++], CMSG_DATA(about) + i * sizeof(int), sizeof *got);
	}
	return count;
}

int station_hear(int fd, struct station_order *order, int descriptor[STATION_DESCRIPTORS])
{
	union station_control control = {0};
	struct iovec part = {order, sizeof *order};
	struct msghdr message = {.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof control.bytes};
	int came[STATION_DESCRIPTORS];
	size_t count, used = 0;
	ssize_t got;

	for (unsigned i = 0; i < STATION_DESCRIPTORS; i++)
		descriptor[i] = -1;
	do
		got = recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	while (got < 0 && errno == EINTR);
	if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return 0;
	count = got < 0 ? 0 : take_descriptors(&message, came);
	if (got != (ssize_t)sizeof *order || order->magic != STATION_MAGIC ||
		(message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) ||
		strncmp(order->version, ASSAY_VERSION, sizeof order->version) != 0 ||
		order->given >= 1u << STATION_DESCRIPTORS ||
		(size_t)__builtin_popcount(order->given) != count || order->line_count > ROLE_LINES_MAX) {
		for (size_t i = 0; i < count; i++)
			(void)close(came[i]);
		return -1;
	}
	for (unsigned i = 0; i < STATION_DESCRIPTORS; i++)
		if (order->given & 1u << i)
			descriptor[i] = came[used++];
	order->dir[sizeof order->dir - 1] = '\0';
	order->places.drivers[sizeof order->places.drivers - 1] =
		order->places.specs[sizeof order->places.specs - 1] = '\0';
	return 1;
}
