/* SPDX-License-Identifier: Apache-2.0
 * Devices that misbehave, in virtual time. Each answers in the order it was asked and no later than LATE_MS after it
 * was asked or has last answered; within that it is late, doubles requests and answers, and the line cuts, tears,
 * echoes, loses and disturbs; strangers answer, but nobody under the address of another device on the map, and TCP keeps
 * frames whole or breaks off. Every answer carries the number of the request it belongs to, so that a wrong value shows. */
#ifndef ASSAY_TESTS_SIM_ADVERSARY_H
#define ASSAY_TESTS_SIM_ADVERSARY_H

#include "gateway/wire/modbus_match.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define ADV_EVENTS 512u
#define ADV_CHUNK 300u
#define ADV_UNITS 4u /* addresses 1 to 3 */
#define ADV_MS 1000000ull
#define ADV_TIMEOUT_MS 200u
#define ADV_LATE_MS 1600u /* stated maximum delay */
#define ADV_CHAR_NS 1145833ull /* 9600 baud, 11 bits */

enum adv_fault {
	ADV_NONE,
	ADV_LATE,
	ADV_DOUBLED_REQUEST,
	ADV_DOUBLED_REPLY,
	ADV_ECHO,
	ADV_CUT,
	ADV_TORN,
	ADV_FOREIGN_UNIT,
	ADV_FOREIGN_FUNCTION,
	ADV_SHIFTED, /* TCP: transaction number off; RTU: the answer to another count */
	ADV_NOISE,
	ADV_FLIP,
	ADV_LOST_REQUEST,
	ADV_LOST_REPLY,
	ADV_EXCEPTION,
	ADV_FAULTS
};

static const char *const adv_names[] = {"none", "late", "doubled request", "doubled answer", "echoed", "cut",
	"torn", "foreign unit", "foreign function", "shifted", "noise", "bits flipped", "request lost",
	"answer lost", "exception"};

struct adv_event {
	uint64_t at_ns;
	uint32_t order;
	uint16_t length;
	uint8_t bytes[ADV_CHUNK];
};

struct adversary {
	uint64_t now_ns, random;
	uint32_t sequence; /* of the last request on the wire */
	uint32_t order;
	unsigned fault_percent;
	bool tcp;
	uint64_t free_ns[ADV_UNITS]; /* when the unit has answered all it was asked */
	unsigned events;
	struct adv_event event[ADV_EVENTS];
	uint64_t faults[ADV_FAULTS];
	uint8_t pending[ADV_CHUNK]; /* what the host can read now */
	size_t pending_length;
};

static inline uint32_t adv_random(struct adversary *adv, uint32_t below)
{
	adv->random ^= adv->random << 13;
	adv->random ^= adv->random >> 7;
	adv->random ^= adv->random << 17;
	return (uint32_t)((adv->random >> 11) % below);
}

/* What register `address` of `unit` holds in the answer to request number `sequence`. */
static inline uint16_t adv_register(uint32_t sequence, uint8_t unit, uint16_t address)
{
	uint32_t x = sequence * 2654435761u ^ (uint32_t)unit << 24 ^ (uint32_t)address * 40503u;

	x ^= x >> 15;
	x *= 2246822519u;
	x ^= x >> 13;
	return (uint16_t)(x ^ x >> 16);
}

/* No bytes: the connection is closed. */
static inline void adv_put(struct adversary *adv, uint64_t at_ns, const uint8_t *bytes, size_t length)
{
	struct adv_event *event;
	unsigned place = adv->events;

	if (adv->events == ADV_EVENTS || length > ADV_CHUNK)
		return;
	while (place > 0 && adv->event[place - 1].at_ns <= at_ns)
		place--;
	memmove(&adv->event[place + 1], &adv->event[place], (adv->events - place) * sizeof *event);
	event = &adv->event[place]; /* the earliest stands last */
	event->at_ns = at_ns;
	event->length = (uint16_t)length;
	memcpy(event->bytes, bytes, length);
	adv->events++;
}

static inline uint64_t adv_next_ns(const struct adversary *adv)
{
	return adv->events ? adv->event[adv->events - 1].at_ns : UINT64_MAX;
}

/* Move the earliest event's bytes to where the host reads them. */
static inline void adv_deliver(struct adversary *adv)
{
	const struct adv_event *event = &adv->event[--adv->events];

	memcpy(adv->pending, event->bytes, event->length);
	adv->pending_length = event->length;
}

/* On the wire from start on, in pieces; returns when the last byte has passed. */
static inline uint64_t adv_send(
	struct adversary *adv, uint64_t start_ns, const uint8_t *bytes, size_t length, uint64_t pause_ns)
{
	size_t at = 0, torn = pause_ns && length > 1 ? 1 + adv_random(adv, (uint32_t)length - 1) : 0;
	uint64_t character = adv->tcp ? 0 : ADV_CHAR_NS;

	while (at < length) {
		size_t piece =
			adv_random(adv, 4) ? length - at : 1 + adv_random(adv, (uint32_t)(length - at));

		if (torn > at && at + piece > torn)
			piece = torn - at;
		if (torn && at == torn)
			start_ns += pause_ns;
		start_ns += piece * character;
		adv_put(adv, start_ns, bytes + at, piece);
		at += piece;
	}
	return start_ns;
}

static inline size_t adv_close_rtu(uint8_t *frame, size_t length)
{
	uint16_t crc = assay_rtu_crc(frame, length);

	frame[length] = (uint8_t)crc;
	frame[length + 1] = (uint8_t)(crc >> 8);
	return length + 2;
}

/* The frame around a PDU: unit, and for TCP the request's transaction number plus shift. */
static inline size_t adv_frame(const struct adversary *adv, const uint8_t *request, uint8_t unit, int shift,
	const uint8_t *pdu, size_t length, uint8_t *out)
{
	uint16_t number;

	if (!adv->tcp) {
		out[0] = unit;
		memcpy(out + 1, pdu, length);
		return adv_close_rtu(out, length + 1);
	}
	number = (uint16_t)((request[0] << 8 | request[1]) + shift);
	out[0] = (uint8_t)(number >> 8);
	out[1] = (uint8_t)number;
	out[2] = out[3] = out[4] = 0;
	out[5] = (uint8_t)(length + 1);
	out[6] = unit;
	memcpy(out + 7, pdu, length);
	return length + 7;
}

/* A good answer to the request PDU (read, or echo test); 0: this unit says nothing to that. Units: 1 knows the echo
 * test, 2 refuses it, 3 is mute to it. */
static inline size_t adv_answer(uint32_t sequence, uint8_t unit, const uint8_t *request, uint8_t *pdu)
{
	uint16_t address = (uint16_t)(request[1] << 8 | request[2]),
		 count = (uint16_t)(request[3] << 8 | request[4]);

	pdu[0] = request[0];
	if (request[0] == 8) {
		if (unit == 3)
			return 0;
		if (unit == 2) {
			pdu[0] = 0x88;
			pdu[1] = 1;
			return 2;
		}
		memcpy(pdu, request, 5);
		return 5;
	}
	pdu[1] = (uint8_t)(2 * count);
	for (unsigned i = 0; i < count; i++) {
		uint16_t value = adv_register(sequence, unit, (uint16_t)(address + i));

		pdu[2 + 2 * i] = (uint8_t)(value >> 8);
		pdu[3 + 2 * i] = (uint8_t)value;
	}
	return 2 + 2u * count;
}

static inline void adv_disturb(struct adversary *adv, uint64_t at_ns)
{
	uint8_t noise[12];
	size_t length = 1 + adv_random(adv, sizeof noise);

	for (size_t i = 0; i < length; i++)
		noise[i] = (uint8_t)adv_random(adv, 256);
	(void)adv_send(adv, at_ns, noise, length, 0);
}

/* A burst of at most 16 bits: CRC-16 finds each of them. TCP has no CRC and flips nothing. */
static inline void adv_flip(struct adversary *adv, uint8_t *frame, size_t length)
{
	uint32_t at = adv_random(adv, (uint32_t)length - 1), burst = 1 + adv_random(adv, 65535);

	if (adv->tcp)
		return;
	frame[at] = (uint8_t)(frame[at] ^ burst >> 8);
	frame[at + 1] = (uint8_t)(frame[at + 1] ^ (burst & 0xff));
}

/* One answer, from `start` on; returns when the unit is free again. */
static inline uint64_t adv_reply(struct adversary *adv, const uint8_t *request, const uint8_t *request_pdu,
	uint8_t unit, uint32_t sequence, enum adv_fault fault, uint64_t start_ns)
{
	uint8_t pdu[256], frame[ADV_CHUNK];
	size_t length = adv_answer(sequence, unit, request_pdu, pdu), size;
	uint64_t delay = (5 + adv_random(adv, 30)) * ADV_MS, end, pause = 0;
	int shift = fault == ADV_SHIFTED ? (adv_random(adv, 2) ? 1 : -1) : 0;

	if (length == 0 || fault == ADV_LOST_REPLY)
		return start_ns;
	if (fault == ADV_LATE || (fault == ADV_DOUBLED_REQUEST && adv_random(adv, 2)))
		delay = (ADV_TIMEOUT_MS - 20 + adv_random(adv, ADV_LATE_MS - ADV_TIMEOUT_MS - 60)) * ADV_MS;
	if (fault == ADV_EXCEPTION) {
		pdu[0] = (uint8_t)(request_pdu[0] | 0x80);
		pdu[1] = (uint8_t)(1 + adv_random(adv, 6));
		length = 2;
	}
	if (fault == ADV_FOREIGN_FUNCTION)
		pdu[0] = (uint8_t)(pdu[0] == 3 ? 4 : 3);
	if (fault == ADV_SHIFTED && !adv->tcp && length > 4) {
		pdu[1] = (uint8_t)(pdu[1] - 2);
		length -= 2;
	}
	size = adv_frame(adv, request, (uint8_t)(fault == ADV_FOREIGN_UNIT ? ADV_UNITS + unit : unit), shift,
		pdu, length, frame);
	if (fault == ADV_FLIP)
		adv_flip(adv, frame, size);
	if (fault == ADV_CUT)
		size = 1 + adv_random(adv, (uint32_t)size - 1);
	/* TCP keeps the bytes of a frame together; nothing can stand inside it */
	if (fault == ADV_TORN && !adv->tcp)
		pause = adv_random(adv, 300) * ADV_MS;
	if (fault == ADV_NOISE && adv_random(adv, 2))
		adv_disturb(adv,
			start_ns + (adv->tcp ? delay : adv_random(adv, (uint32_t)(delay / ADV_MS)) * ADV_MS));
	end = adv_send(adv, start_ns + delay, frame, size, pause);
	if (fault == ADV_CUT && adv->tcp)
		adv_put(adv, end, frame, 0);
	if (fault == ADV_NOISE)
		adv_disturb(adv, end + (adv->tcp ? 0 : adv_random(adv, 40)) * ADV_MS);
	if (fault == ADV_DOUBLED_REPLY)
		end = adv_send(adv, end + adv_random(adv, 150) * ADV_MS, frame, size, 0);
	return end;
}

/* The host has sent these bytes: a whole request. */
static inline void adv_request(struct adversary *adv, const uint8_t *bytes, size_t length)
{
	const uint8_t *pdu = bytes + (adv->tcp ? 7 : 1);
	uint8_t unit = bytes[adv->tcp ? 6 : 0];
	uint64_t start, arrived = adv->now_ns + (adv->tcp ? 0 : length * ADV_CHAR_NS);
	enum adv_fault fault = ADV_NONE;

	adv->sequence++;
	if (adv_random(adv, 100) < adv->fault_percent)
		fault = (enum adv_fault)(1 + adv_random(adv, ADV_FAULTS - 1));
	adv->faults[fault]++;
	if (unit == 0 || unit >= ADV_UNITS || fault == ADV_LOST_REQUEST)
		return;
	if (fault == ADV_ECHO)
		(void)adv_send(adv, adv->now_ns, bytes, length, 0);
	start = arrived > adv->free_ns[unit] ? arrived : adv->free_ns[unit];
	adv->free_ns[unit] = adv_reply(adv, bytes, pdu, unit, adv->sequence, fault, start);
	if (fault == ADV_DOUBLED_REQUEST)
		adv->free_ns[unit] =
			adv_reply(adv, bytes, pdu, unit, adv->sequence, fault, adv->free_ns[unit]);
}

#endif
