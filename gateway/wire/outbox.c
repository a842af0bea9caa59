/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/wire/outbox.h"

#include <stdlib.h>
#include <string.h>

bool assay_outbox_full(const struct assay_outbox *outbox)
{
	return outbox->bytes >= ASSAY_OUTBOX_MAX - 2 * ASSAY_CHANNEL_PAYLOAD_MAX;
}

int assay_outbox_put(struct assay_outbox *outbox, int fd, const struct assay_message *head,
	const void *payload, size_t length)
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
	return outbox->blocked ? ASSAY_OK : assay_outbox_flush(outbox, fd);
}

void assay_outbox_committed(struct assay_outbox *outbox, uint16_t line, uint64_t id)
{
	struct assay_outbox_item **at = &outbox->first, *before = NULL;

	while (*at) {
		struct assay_outbox_item *item = *at;

		if (item->head.line == line && item->head.id <= id) {
			*at = item->next;
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
	for (struct assay_outbox_item *item = outbox->first; item; item = item->next)
		if (item->head.line == line)
			item->sent = false;
	if (line < ASSAY_OUTBOX_LINES)
		outbox->greeted[line] = true;
	outbox->blocked = false;
}

void assay_outbox_hold(struct assay_outbox *outbox)
{
	for (struct assay_outbox_item *item = outbox->first; item; item = item->next)
		item->sent = false;
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

int assay_outbox_flush(struct assay_outbox *outbox, int fd)
{
	outbox->blocked = false;
	for (struct assay_outbox_item *item = outbox->first; item; item = item->next) {
		int status;

		if (item->sent || item->head.line >= ASSAY_OUTBOX_LINES || !outbox->greeted[item->head.line])
			continue;
		status = assay_channel_send(fd, &item->head, item->payload, item->head.length, -1);
		if (status == ASSAY_EFULL) {
			outbox->blocked = true;
			return ASSAY_OK;
		}
		if (status != ASSAY_OK)
			return status;
		item->sent = true;
	}
	return ASSAY_OK;
}

void assay_outbox_free(struct assay_outbox *outbox)
{
	while (outbox->first) {
		struct assay_outbox_item *next = outbox->first->next;

		free(outbox->first);
		outbox->first = next;
	}
	outbox->last = NULL;
	outbox->bytes = 0;
}
