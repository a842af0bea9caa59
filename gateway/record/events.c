/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/record/events.h"

#include "gateway/wire/channel.h"

#include <string.h>

static void put(uint8_t *out, uint64_t value, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		out[i] = (uint8_t)(value >> (8 * (bytes - 1 - i)));
}

static uint64_t get(const uint8_t *in, unsigned bytes)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < bytes; i++)
		value = value << 8 | in[i];
	return value;
}

size_t assay_event_size(size_t length)
{
	return ASSAY_EVENT_HEADER_SIZE + length;
}

size_t assay_event_put(const struct assay_event *event, uint8_t *out)
{
	memset(out, 0, ASSAY_EVENT_HEADER_SIZE);
	out[0] = (uint8_t)event->direction;
	put(out + 4, event->length, 4);
	put(out + 8, event->mono_ns, 8);
	if (event->length)
		memcpy(out + ASSAY_EVENT_HEADER_SIZE, event->bytes, event->length);
	return assay_event_size(event->length);
}

int assay_event_next(const uint8_t *raw, size_t length, size_t *at, struct assay_event *out)
{
	const uint8_t *head = raw + *at;

	if (*at == length)
		return 0;
	if (length - *at < ASSAY_EVENT_HEADER_SIZE || head[1] || head[2] || head[3] || head[0] < ASSAY_TX ||
		head[0] > ASSAY_HANGUP || get(head + 4, 4) > length - *at - ASSAY_EVENT_HEADER_SIZE)
		return ASSAY_EDAMAGED;
	out->direction = head[0];
	out->length = (size_t)get(head + 4, 4);
	out->mono_ns = get(head + 8, 8);
	out->bytes = head + ASSAY_EVENT_HEADER_SIZE;
	*at += assay_event_size(out->length);
	return 1;
}

int assay_events_received(const uint8_t *raw, size_t length, uint8_t *out, size_t size, size_t *length_out)
{
	struct assay_event event;
	size_t at = 0, total = 0;
	int got;

	while ((got = assay_event_next(raw, length, &at, &event)) == 1) {
		size_t room = total < size ? size - total : 0;

		if (event.direction != ASSAY_RX)
			continue;
		if (out && room)
			memcpy(out + total, event.bytes, event.length < room ? event.length : room);
		total += event.length;
	}
	if (got < 0)
		return got;
	*length_out = total;
	return ASSAY_OK;
}
