/* SPDX-License-Identifier: Apache-2.0
 * The payload of an END message (channel.h): how an exchange ended and what it gave. Names and values take the bytes
 * they have, so that fifty readings are two kilobytes and not fifteen. Hosts run driver code: what is read back is
 * checked whole. */
#ifndef ASSAY_WIRE_END_MESSAGE_H
#define ASSAY_WIRE_END_MESSAGE_H

#include "gateway/wire/channel.h"

/* out holds ASSAY_CHANNEL_PAYLOAD_MAX bytes, the most 150 readings can take is less. Texts end at their NUL. Returns the
 * length. Any thread. */
size_t assay_end_write(const struct assay_end *end, const struct assay_end_reading *reading, uint8_t *out);

/* reading holds ASSAY_END_READINGS_MAX, end->readings of them are filled. ASSAY_EREFUSED: not the payload of an END, as a
 * whole: neither is to be used. Any thread. */
int assay_end_read(const uint8_t *bytes, size_t length, struct assay_end *end,
	struct assay_end_reading *reading) ASSAY_WARN_UNUSED;

#endif
