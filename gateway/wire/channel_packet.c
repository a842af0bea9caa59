/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/wire/channel_packet.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#define STEP _Alignof(struct assay_message)

static size_t padded(size_t length)
{
	return (length + STEP - 1) / STEP * STEP;
}

bool assay_channel_add(
	struct assay_channel_packet *packet, const struct assay_message *head, const void *payload)
{
	uint8_t *at = packet->bytes + packet->length;
	size_t size = sizeof *head + head->length, room = ASSAY_CHANNEL_PACKET_MAX - packet->length;
	struct assay_message copy = *head;

	if (head->length > ASSAY_CHANNEL_PAYLOAD_MAX || padded(size) > room)
		return false;
	copy.magic = ASSAY_CHANNEL_MAGIC;
	memcpy(at, &copy, sizeof copy);
	if (head->length)
		memcpy(at + sizeof copy, payload, head->length);
	memset(at + size, 0, padded(size) - size);
	packet->length += padded(size);
	return true;
}

int assay_channel_send_packet(int fd, struct assay_channel_packet *packet)
{
	ssize_t sent = 0;

	if (packet->length == 0)
		return ASSAY_OK;
	do
		sent = send(fd, packet->bytes, packet->length, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	if (sent < 0)
		return errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS ? ASSAY_EFULL
										   : ASSAY_EGONE;
	packet->length = 0;
	return ASSAY_OK;
}

int assay_channel_receive_packet(int fd, struct assay_channel_packet *packet)
{
	return assay_channel_receive_packets(fd, packet, 1);
}

int assay_channel_receive_packets(int fd, struct assay_channel_packet packet[], unsigned count)
{
	struct mmsghdr message[ASSAY_CHANNEL_PACKETS_MAX];
	struct iovec part[ASSAY_CHANNEL_PACKETS_MAX];
	int got, full = 0;

	if (count > ASSAY_CHANNEL_PACKETS_MAX)
		count = ASSAY_CHANNEL_PACKETS_MAX;
	for (unsigned i = 0; i < count; i++) {
		part[i] = (struct iovec){packet[i].bytes, sizeof packet[i].bytes};
		/* No room for descriptors: the kernel drops them. */
		message[i] = (struct mmsghdr){.msg_hdr = {.msg_iov = &part[i], .msg_iovlen = 1}};
	}
	do
		got = recvmmsg(fd, message, count, MSG_DONTWAIT | MSG_CMSG_CLOEXEC, NULL);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : ASSAY_EGONE;
	for (; full < got && message[full].msg_len > 0;
		full++) { /* nothing in one: the other side is closed */
		packet[full].at = 0;
		packet[full].length = message[full].msg_len;
	}
	return full ? full : ASSAY_EGONE;
}

const struct assay_message *assay_channel_next(struct assay_channel_packet *packet, const void **payload)
{
	size_t left = packet->length - packet->at;
	const struct assay_message *head = (const void *)(packet->bytes + packet->at);

	if (left < sizeof *head || head->magic != ASSAY_CHANNEL_MAGIC || head->length > left - sizeof *head) {
		packet->at = packet->length;
		return NULL;
	}
	*payload = head + 1;
	packet->at += padded(sizeof *head + head->length);
	if (packet->at > packet->length) /* a message by itself is not padded */
		packet->at = packet->length;
	return head;
}
