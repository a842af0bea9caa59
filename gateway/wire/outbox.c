/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/wire/outbox.h"

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
	struct assay_outbox_item **at = &outbox->first, *before = NULL;

	while (*at) {
		struct assay_outbox_item *item = *at;

		if (item->head.line == line && item->head.id <= id) {
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

/* Up to ASSAY_CHANNEL_BATCH that are not sent yet and may be, from *at on. */
static unsigned gather(
	struct assay_outbox *outbox, struct assay_outbox_item **at, struct assay_outbox_item *batch[])
{
	unsigned count = 0;

	for (; *at && count < ASSAY_CHANNEL_BATCH; *at = (*at)->next)
		if (!(*at)->sent && (*at)->head.line < ASSAY_OUTBOX_LINES &&
			outbox->greeted[(*at)->head.line])
			batch[count++] = *at;
	return count;
}

int assay_outbox_flush(struct assay_outbox *outbox, int fd)
{
	struct assay_outbox_item *batch[ASSAY_CHANNEL_BATCH], *at = outbox->unsent;
	unsigned count;

	outbox->blocked = false;
	while ((count = gather(outbox, &at, batch)) > 0) {
		const struct assay_message *heads[ASSAY_CHANNEL_BATCH];
		const void *payloads[ASSAY_CHANNEL_BATCH];
		int sent;

		for (unsigned i = 0; i < count; i++) {
			heads[i] = &batch[i]->head;
			payloads[i] = batch[i]->payload;
		}
		sent = assay_channel_send_many(fd, heads, payloads, count);
		if (sent < 0)
			return sent;
		for (unsigned i = 0; i < (unsigned)sent && i < count; i++)
			batch[i]->sent = true;
		if ((unsigned)sent < count) {
			outbox->blocked = true;
			break;
		}
	}
	while (outbox->unsent && outbox->unsent->sent)
		outbox->unsent = outbox->unsent->next;
	return ASSAY_OK;
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
