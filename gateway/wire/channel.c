/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/wire/channel.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SOCKET_BUFFER (4 * 1024 * 1024)

int assay_channel_pair(int out[2], struct assay_error *err)
{
	int size = SOCKET_BUFFER;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, out) != 0)
		return assay_error_set(err, ASSAY_EIO, "channel", "不能建立进程间通道（%s）",
			"cannot make a channel between roles (%s)", strerror(errno));
	for (unsigned i = 0; i < 2; i++) {
		(void)setsockopt(out[i], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
		(void)setsockopt(out[i], SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
	}
	return ASSAY_OK;
}

int assay_channel_send(
	int fd, const struct assay_message *head, const void *payload, size_t length, int fd_to_pass)
{
	struct assay_message copy = *head;
	struct iovec part[2] = {{&copy, sizeof copy}, {(void *)(uintptr_t)payload, length}};
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = {0};
	struct msghdr message = {.msg_iov = part, .msg_iovlen = length ? 2 : 1};
	ssize_t sent;

	if (length > ASSAY_CHANNEL_PAYLOAD_MAX)
		return ASSAY_EREFUSED;
	copy.magic = ASSAY_CHANNEL_MAGIC;
	copy.length = (uint32_t)length;
	if (fd_to_pass >= 0) {
		struct cmsghdr *about;

		message.msg_control = control.bytes;
		message.msg_controllen = sizeof control.bytes;
		about = CMSG_FIRSTHDR(&message);
		about->cmsg_level = SOL_SOCKET;
		about->cmsg_type = SCM_RIGHTS;
		about->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(about), &fd_to_pass, sizeof fd_to_pass);
	}
	do
		sent = sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	if (sent >= 0)
		return ASSAY_OK;
	return errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS ? ASSAY_EFULL : ASSAY_EGONE;
}

int assay_channel_receive(int fd, struct assay_message *head, void *payload, int *passed)
{
	struct iovec part[2] = {{head, sizeof *head}, {payload, ASSAY_CHANNEL_PAYLOAD_MAX}};
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int) * 4)];
	} control = {0};
	struct msghdr message = {.msg_iov = part,
		.msg_iovlen = 2,
		.msg_control = control.bytes,
		.msg_controllen = sizeof control.bytes};
	struct cmsghdr *about;
	ssize_t got;

	*passed = -1;
	do
		got = recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : ASSAY_EGONE;
	for (about = CMSG_FIRSTHDR(&message); about; about = CMSG_NXTHDR(&message, about)) {
		size_t count;

		if (about->cmsg_level != SOL_SOCKET || about->cmsg_type != SCM_RIGHTS)
			continue;
		count = (about->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < count; i++) {
			int descriptor;

			memcpy(&descriptor, CMSG_DATA(about) + i * sizeof(int), sizeof descriptor);
			if (*passed >= 0)
				(void)close(descriptor);
			else
				*passed = descriptor;
		}
	}
	if (got == 0)
		return ASSAY_EGONE;
	if ((size_t)got < sizeof *head || head->magic != ASSAY_CHANNEL_MAGIC ||
		head->length != (size_t)got - sizeof *head || (message.msg_flags & MSG_TRUNC)) {
		if (*passed >= 0)
			(void)close(*passed);
		*passed = -1;
		return ASSAY_EREFUSED;
	}
	return 1;
}

const char *assay_outcome_name(uint32_t outcome)
{
	static const char *const names[] = {"?", "ok", "timeout", "bad-frame", "mismatch", "exception",
		"late", "hangup", "host-died", "fence", "identity"};

	return outcome < sizeof names / sizeof *names ? names[outcome] : "?";
}

const char *assay_line_status_name(uint32_t status)
{
	static const char *const names[] = {"?", "opening", "online", "silent", "down", "locked", "disabled"};

	return status < sizeof names / sizeof *names ? names[status] : "?";
}
