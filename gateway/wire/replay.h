/* SPDX-License-Identifier: Apache-2.0
 * Bytes through a driver without a line: cut and decode only, as a journal replay, `assay driver decode` and the
 * transcripts of specs/instruments do. No fence, no discarded first line. */
#ifndef ASSAY_WIRE_REPLAY_H
#define ASSAY_WIRE_REPLAY_H

#include "gateway/wire/channel.h"
#include "gateway/wire/loader.h"

#include <stdbool.h>

enum assay_replay_kind {
	ASSAY_REPLAY_READING = 1, /* reading is set */
	ASSAY_REPLAY_IDENTITY = 2, /* identity is set */
	ASSAY_REPLAY_REASON = 3, /* the frame, or skipped bytes, give no reading: reason and detail are set */
	ASSAY_REPLAY_REPLY = 4 /* bytes the driver would send back: reply, reply_length */
};

/* Lent for one call of the receiver. */
struct assay_replay_result {
	enum assay_replay_kind kind;
	const struct assay_reading *reading;
	const struct assay_identity *identity;
	uint32_t reason;
	const char *detail; /* may be NULL */
	const uint8_t *reply;
	size_t reply_length;
	const uint8_t *frame; /* the bytes it came from */
	size_t frame_length;
	uint64_t frame_at; /* offset in everything fed so far */
	bool asked; /* a request was outstanding */
};

typedef int (*assay_replay_receiver)(void *context, const struct assay_replay_result *result);

struct assay_replay;

/* Open a session of the plugin with these settings. receiver returns 0, or negative to stop. The caller owns *out;
 * plugin must outlive it. ASSAY_EREFUSED "driver-settings". */
int assay_replay_open(const struct assay_plugin *plugin, const struct assay_setting *settings, size_t count,
	assay_replay_receiver receiver, void *context, struct assay_replay **out,
	struct assay_error *err) ASSAY_WARN_UNUSED;
void assay_replay_close(struct assay_replay *replay); /* NULL allowed */

/* What the driver would send as the turn-th request for want becomes the outstanding request of what follows.
 * False when there is no such request; then nothing is outstanding. */
bool assay_replay_ask(struct assay_replay *replay, uint32_t want, uint32_t turn);

/* Modbus: the read in this frame (RTU or TCP), as it was sent, becomes the outstanding request: a host plans the reads of
 * a register map by itself. False, and nothing is outstanding: it is no read, or of another unit. */
bool assay_replay_planned(struct assay_replay *replay, const uint8_t *frame, size_t length);

/* A new exchange: the window is empty, nothing is outstanding, offsets count from 0. What the driver keeps in its
 * session stays. */
void assay_replay_begin(struct assay_replay *replay);
/* For the receiver: this frame answers the request. Nothing is outstanding for the frames after it, unless the driver
 * says that more belongs to the answer. */
void assay_replay_answered(struct assay_replay *replay);
/* Bytes of an incomplete frame in the window. */
size_t assay_replay_pending(const struct assay_replay *replay);

/* Bytes of a stream, with the event that brought them (enum assay_event_kind). 0, or negative: the receiver
 * stopped, or ASSAY_EREFUSED when the driver broke its contract. */
int assay_replay_feed(
	struct assay_replay *replay, const uint8_t *bytes, size_t length, uint32_t event) ASSAY_WARN_UNUSED;
/* A whole Modbus reply PDU, the answer to the outstanding request. */
int assay_replay_pdu(struct assay_replay *replay, const uint8_t *pdu, size_t length) ASSAY_WARN_UNUSED;
/* Bytes that are no frame for the driver: told as this reason. */
int assay_replay_refuse(struct assay_replay *replay, const uint8_t *bytes, size_t length, uint32_t reason,
	const char *detail) ASSAY_WARN_UNUSED;
/* End of the file: what stands incomplete in the window is told as bad format. */
int assay_replay_end(struct assay_replay *replay) ASSAY_WARN_UNUSED;

/* The reading as an entry has it, every field checked for length; the frame stands at frame_at in the exchange. */
void assay_replay_row(const struct assay_reading *reading, size_t frame_at, size_t frame_length,
	struct assay_end_reading *out);

/* The request outstanding, kind NONE when there is none. Borrowed. */
const struct assay_request *assay_replay_request(const struct assay_replay *replay);

#endif
