/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/wire/outbox.h"

#include "gateway/wire/channel_packet.h"

#include <stdlib.h>
#include <string.h>

bool assay_outbox_full(const struct assay_outbox *outbox)
{
	return outbox->bytes >= ASSAY_OUTBOX_MAX - 2 * ASSAY_CHANNEL_PAYLOAD_MAX;
}

int assay_outbox_put(struct assay_outbox *outbox, int fd, const struct assay_message *head,
	const void *payload, size_t length, bool now)
{
	struct assay_outbox_item *item = malloc(sizeof *item + length);

	if (!item)
		return ASSAY_ENOMEM;
	item->next = NULL;
	item->head = *head;
	item->head.length = (uint32_t)length;
	item->sent = false;
	if (length)
		memcpy(item->payload, payload, length);
	if (outbox->last)
		outbox->last->next = item;
	else
		outbox->first = item;
	outbox->last = item;
	outbox->bytes += sizeof *item + length;
	if (!outbox->unsent)
		outbox->unsent = item;
	return now && !outbox->blocked ? assay_outbox_flush(outbox, fd) : ASSAY_OK;
}

void assay_outbox_committed(struct assay_outbox *outbox, uint16_t line, uint64_t id)
{
	if (line < ASSAY_OUTBOX_LINES && id > outbox->durable[line])
		outbox->durable[line] = id;
}

void assay_outbox_sweep(struct assay_outbox *outbox)
{
	struct assay_outbox_item **at = &outbox->first, *before = NULL;

	while (*at) {
		struct assay_outbox_item *item = *at;

		if (item->head.line < ASSAY_OUTBOX_LINES &&
			item->head.id <= outbox->durable[item->head.line]) {
			*at = item->next;
			if (outbox->unsent == item)
				outbox->unsent = item->next;
			outbox->bytes -= sizeof *item + item->head.length;
			free(item);
		} else {
			before = item;
			at = &item->next;
		}
	}
	outbox->last = before;
}

void assay_outbox_again(struct assay_outbox *outbox, uint16_t line, uint64_t id)
{
	assay_outbox_committed(outbox, line, id);
	assay_outbox_sweep(outbox);
	for (struct assay_outbox_item *item = outbox->first; item; item = item->next)
		if (item->head.line == line)
			item->sent = false;
	outbox->unsent = outbox->first;
	if (line < ASSAY_OUTBOX_LINES)
		outbox->greeted[line] = true;
	outbox->blocked = false;
}

void assay_outbox_hold(struct assay_outbox *outbox)
{
	for (struct assay_outbox_item *item = outbox->first; item; item = item->next)
		item->sent = false;
	outbox->unsent = outbox->first;
	memset(outbox->greeted, 0, sizeof outbox->greeted);
	outbox->blocked = false;
}

bool assay_outbox_waits(const struct assay_outbox *outbox)
{
	for (const struct assay_outbox_item *item = outbox->first; item; item = item->next)
		if (item->head.type == ASSAY_MSG_END)
			return true;
	return false;
}

bool assay_outbox_holds(const struct assay_outbox *outbox, uint16_t line)
{
	for (const struct assay_outbox_item *item = outbox->first; item; item = item->next)
		if (item->head.line == line)
			return true;
	return false;
}

static bool may_go(const struct assay_outbox *outbox, const struct assay_outbox_item *item)
{
	return !item->sent && item->head.line < ASSAY_OUTBOX_LINES && outbox->greeted[item->head.line];
}

/* From `from` on as many as a packet takes; the one after them. */
static struct assay_outbox_item *pack(const struct assay_outbox *outbox, struct assay_outbox_item *from,
	struct assay_channel_packet *packet)
{
	while (from && (!may_go(outbox, from) || assay_channel_add(packet, &from->head, from->payload)))
		from = from->next;
	return from;
}

int assay_outbox_flush(struct assay_outbox *outbox, int fd)
{
	static struct assay_channel_packet packet;
	struct assay_outbox_item *from = outbox->unsent, *end;
	int status = ASSAY_OK;

	outbox->blocked = false;
	for (packet.length = 0; from && status == ASSAY_OK; from = end) {
		end = pack(outbox, from, &packet);
		status = assay_channel_send_packet(fd, &packet);
		for (; status == ASSAY_OK && from != end; from = from->next)
			from->sent = from->sent || may_go(outbox, from);
	}
	outbox->blocked = status == ASSAY_EFULL;
	while (outbox->unsent && outbox->unsent->sent)
		outbox->unsent = outbox->unsent->next;
	return status == ASSAY_EFULL ? ASSAY_OK : status;
}

void assay_outbox_free(struct assay_outbox *outbox)
{
	while (outbox->first) {
		struct assay_outbox_item *next = outbox->first->next;

		free(outbox->first);
		outbox->first = next;
	}
	outbox->last = outbox->unsent = NULL;
	outbox->bytes = 0;
}
