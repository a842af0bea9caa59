/* SPDX-License-Identifier: Apache-2.0
 * What a host tells the recorder: a packet of messages, and the end of an exchange. Hosts run driver code, so any bytes may
 * come. What is taken lies within the packet, can be written again, and makes a body that reads back to the same readings and the
 * same gist. */
#include "gateway/record/body.h"
#include "gateway/wire/channel_packet.h"
#include "gateway/wire/end_message.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_gist(const char *body, size_t length, const struct assay_exchange_gist *told)
{
	struct assay_exchange_gist read;
	struct assay_error err;

	if (assay_exchange_gist_read(body, length, &read, &err) != ASSAY_OK)
		abort();
	if (told->known &&
		(told->usable != read.usable || told->solicited != read.solicited ||
			told->offers != read.offers || told->outcome != read.outcome ||
			told->generation != read.generation || told->id != read.id ||
			told->shape != read.shape || told->list_at != read.list_at ||
			told->list_length != read.list_length ||
			strcmp(told->instrument, read.instrument) != 0 ||
			strcmp(told->serial, read.serial) != 0 || strcmp(told->model, read.model) != 0))
		abort();
}

static void check_body(const struct assay_exchange *exchange)
{
	static struct assay_exchange again;
	static char body[ASSAY_EXCHANGE_BODY_MAX];
	struct assay_exchange_gist gist;
	struct assay_error err;
	size_t length = assay_exchange_body_write(exchange, body, &gist);

	if (length > sizeof body || assay_exchange_body_read(body, length, &again, &err) != ASSAY_OK ||
		again.end.readings != exchange->end.readings || again.end.outcome != exchange->end.outcome ||
		(again.end.usable != 0) != (exchange->end.usable != 0))
		abort();
	for (uint32_t i = 0; i < again.end.readings; i++) {
		const struct assay_end_reading *told = &exchange->reading[i], *read = &again.reading[i];

		/* neither a good reading out of a refused one, nor one fewer that may fill a slot */
		if ((told->reason == 0) != (read->reason == 0) || told->flags != read->flags ||
			assay_exchange_offers(exchange, told) != assay_exchange_offers(&again, read))
			abort();
	}
	check_gist(body, length, &gist);
}

static void check_end(const uint8_t *payload, size_t length)
{
	static struct assay_exchange exchange, again;
	static uint8_t out[ASSAY_CHANNEL_PAYLOAD_MAX];
	size_t written;

	if (assay_end_read(payload, length, &exchange.end, exchange.reading) != ASSAY_OK)
		return;
	written = assay_end_write(&exchange.end, exchange.reading, out);
	if (assay_end_read(out, written, &again.end, again.reading) != ASSAY_OK ||
		again.end.readings != exchange.end.readings)
		abort();
	/* the recorder asks the same before it keeps one */
	if (strcmp(assay_outcome_name(exchange.end.outcome), "?") != 0)
		check_body(&exchange);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct assay_channel_packet packet;
	const struct assay_message *head;
	const void *payload;

	if (size > sizeof packet.bytes)
		return 0;
	check_end(data, size);
	if (size)
		memcpy(packet.bytes, data, size);
	packet.length = size;
	packet.at = 0;
	while ((head = assay_channel_next(&packet, &payload)) != NULL) {
		if ((const uint8_t *)payload + head->length > packet.bytes + packet.length ||
			packet.at > packet.length)
			abort();
		if (head->type == ASSAY_MSG_END)
			check_end(payload, head->length);
	}
	return 0;
}
