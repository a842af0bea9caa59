/* SPDX-License-Identifier: Apache-2.0
 * What a host has told the recorder and the recorder has not yet called committed: kept, in order, and told
 * again to a new recorder. When it is full the host reads no device. */
#ifndef ASSAY_WIRE_OUTBOX_H
#define ASSAY_WIRE_OUTBOX_H

#include "gateway/wire/channel.h"

#define ASSAY_OUTBOX_MAX (4u * 1024u * 1024u) /* bytes */
#define ASSAY_OUTBOX_LINES 1024u

struct assay_outbox_item {
	struct assay_outbox_item *next;
	struct assay_message head;
	bool sent;
	uint8_t payload[];
};

struct assay_outbox {
	struct assay_outbox_item *first, *last;
	struct assay_outbox_item *unsent; /* everything before it is sent */
	size_t bytes;
	bool blocked; /* the channel would not take more: wait until it is writable */
	bool greeted[ASSAY_OUTBOX_LINES]; /* the recorder has said HELLO for this line: it may be sent */
	uint64_t durable[ASSAY_OUTBOX_LINES];
};

bool assay_outbox_full(const struct assay_outbox *outbox);
/* Keep a copy; with now, send it and what waits before it. ASSAY_ENOMEM; ASSAY_EGONE when the channel is closed. */
int assay_outbox_put(struct assay_outbox *outbox, int fd, const struct assay_message *head,
	const void *payload, size_t length, bool now) ASSAY_WARN_UNUSED;
/* Everything of this line up to id is durable: it is let go of at the next sweep. */
void assay_outbox_committed(struct assay_outbox *outbox, uint16_t line, uint64_t id);
void assay_outbox_sweep(struct assay_outbox *outbox);
/* Another channel, perhaps another recorder: everything is unsent, and waits for its line's HELLO. */
void assay_outbox_hold(struct assay_outbox *outbox);
/* HELLO: the recorder knows this line up to id; the rest may be sent. */
void assay_outbox_again(struct assay_outbox *outbox, uint16_t line, uint64_t id);
/* Send what is not sent and whose line was greeted. 0, or ASSAY_EGONE. */
int assay_outbox_flush(struct assay_outbox *outbox, int fd) ASSAY_WARN_UNUSED;
/* An exchange is kept that is not durable yet. */
bool assay_outbox_waits(const struct assay_outbox *outbox);
/* Anything of this line is kept. */
bool assay_outbox_holds(const struct assay_outbox *outbox, uint16_t line);
void assay_outbox_free(struct assay_outbox *outbox);

#endif
