/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/wire/channel_batch.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

static bool ours(const struct mmsghdr *message, const struct assay_message *head)
{
	return message->msg_len >= sizeof *head && head->magic == ASSAY_CHANNEL_MAGIC && head->type != 0 &&
	       head->length == message->msg_len - sizeof *head && !(message->msg_hdr.msg_flags & MSG_TRUNC);
}

void assay_channel_receive_batch(int fd, struct assay_channel_batch *batch)
{
	struct mmsghdr message[ASSAY_CHANNEL_BATCH_MAX];
	struct iovec part[ASSAY_CHANNEL_BATCH_MAX][2];
	int got;

	for (unsigned i = 0; i < ASSAY_CHANNEL_BATCH_MAX; i++) {
		part[i][0] = (struct iovec){&batch->head[i], sizeof batch->head[i]};
		part[i][1] = (struct iovec){batch->payload[i], sizeof batch->payload[i]};
		/* No room for descriptors: the kernel drops them. */
		message[i] = (struct mmsghdr){.msg_hdr = {.msg_iov = part[i], .msg_iovlen = 2}};
	}
	batch->count = 0;
	batch->gone = false;
	do
		got = recvmmsg(fd, message, ASSAY_CHANNEL_BATCH_MAX, MSG_DONTWAIT | MSG_CMSG_CLOEXEC, NULL);
	while (got < 0 && errno == EINTR);
	if (got < 0) {
		batch->gone = errno != EAGAIN && errno != EWOULDBLOCK;
		return;
	}
	for (int i = 0; i < got && !batch->gone; i++) {
		batch->gone = message[i].msg_len == 0;
		if (batch->gone)
			break;
		if (!ours(&message[i], &batch->head[i]))
			batch->head[i].type = 0;
		batch->count++;
	}
}
