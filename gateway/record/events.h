/* SPDX-License-Identifier: Apache-2.0
 * The raw bytes of an exchange as the journal keeps them: a series of events, in the order they happened.
 *
 *     0 1 direction (enum assay_direction)   1 3 zero   4 4 length of the bytes   8 8 monotonic ns
 *    16 . the bytes
 *
 * Numbers big-endian; events follow each other without padding. Format: assay-journal.5. */
#ifndef ASSAY_RECORD_EVENTS_H
#define ASSAY_RECORD_EVENTS_H

#include "limits/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ASSAY_EVENT_HEADER_SIZE 16u

struct assay_event {
	uint32_t direction; /* enum assay_direction of gateway/wire/channel.h */
	uint64_t mono_ns;
	const uint8_t *bytes; /* borrowed */
	size_t length;
};

/* Bytes of one event as stored. */
size_t assay_event_size(size_t length);
/* Write one event to out, which must hold assay_event_size(event->length) bytes. Returns that size. */
size_t assay_event_put(const struct assay_event *event, uint8_t *out);
/* The event at *at; moves *at past it. 1 an event, 0 the end, ASSAY_EDAMAGED when what is left is no event. */
int assay_event_next(
	const uint8_t *raw, size_t length, size_t *at, struct assay_event *out) ASSAY_WARN_UNUSED;
/* All received bytes (direction ASSAY_RX) joined; value_at and frame_at of readings count in these. out may be NULL
 * to learn the length. At most size bytes are written. ASSAY_EDAMAGED as above. */
int assay_events_received(
	const uint8_t *raw, size_t length, uint8_t *out, size_t size, size_t *length_out) ASSAY_WARN_UNUSED;

#endif
