/* SPDX-License-Identifier: Apache-2.0
 * Many small messages of a channel (channel.h) taken with one system call: what the recorder does while hosts tell it
 * three messages for each exchange. */
#ifndef ASSAY_WIRE_CHANNEL_BATCH_H
#define ASSAY_WIRE_CHANNEL_BATCH_H

#include "gateway/wire/channel.h"

#define ASSAY_CHANNEL_BATCH_MAX 32u

struct assay_channel_batch {
	unsigned count;
	bool gone; /* the other side is closed; what is here came before */
	struct assay_message head[ASSAY_CHANNEL_BATCH_MAX]; /* type 0: not a message of ours */
	uint8_t payload[ASSAY_CHANNEL_BATCH_MAX][ASSAY_CHANNEL_PAYLOAD_MAX];
};

/* Take what is there, without waiting: batch->count messages, 0 when there is nothing. Descriptors that come along are
 * closed: nobody sends any on such a channel. */
void assay_channel_receive_batch(int fd, struct assay_channel_batch *batch);

#endif
