/* SPDX-License-Identifier: Apache-2.0
 * What the host asked, and the answer of a device without faults. */
#include "gateway/sim/sim.h"

#include "gateway/wire/modbus_match.h"

#include <string.h>

#define FRAME_MAX 4096u
#define PIECE_NS 100000000ull /* RTU: a request that stands still for so long is dropped */

static void drop(struct sim *sim, size_t count)
{
	memmove(sim->held, sim->held + count, sim->held_length - count);
	sim->held_length -= count;
}

/* The answer whose turn it is among those to this request. NULL: none. */
static struct sim_answer *find(struct sim *sim, const uint8_t *bytes, size_t length, bool whole)
{
	struct sim_answer *least = NULL;

	for (size_t i = 0; i < sim->script->answer_count; i++) {
		struct sim_answer *answer = &sim->script->answers[i];
		bool fits = whole ? answer->request.length == length : answer->request.length <= length;

		if (fits && memcmp(answer->request.bytes, bytes, answer->request.length) == 0 &&
			(!least || answer->served < least->served))
			least = answer;
	}
	return least;
}

/* May the rest of a request still come? */
static bool begins_request(const struct sim *sim)
{
	for (size_t i = 0; i < sim->script->answer_count; i++) {
		const struct sim_bytes *request = &sim->script->answers[i].request;

		if (sim->held_length < request->length &&
			memcmp(request->bytes, sim->held, sim->held_length) == 0)
			return true;
	}
	return false;
}

/* Where a line that is not understood ends: behind its first CR or LF. 0: not yet. */
static size_t line_end(const struct sim *sim)
{
	for (size_t i = 0; i < sim->held_length; i++)
		if (sim->held[i] == '\r' || sim->held[i] == '\n')
			return i + 1;
	return sim->held_length == sizeof sim->held ? sim->held_length : 0;
}

static void answer_text(struct sim *sim, uint64_t now_ns)
{
	while (sim->held_length) {
		struct sim_answer *answer = find(sim, sim->held, sim->held_length, false);
		uint8_t frame[FRAME_MAX];
		size_t length;

		if (answer) {
			answer->served++;
			length = sim_fill_in(sim, &answer->reply, frame, sizeof frame);
			sim_send(sim, now_ns + answer->after_ms * 1000000ull, answer->request.bytes,
				answer->request.length, frame, length);
			drop(sim, answer->request.length);
			continue;
		}
		length = begins_request(sim) ? 0 : line_end(sim);
		if (length == 0)
			return;
		drop(sim, length);
	}
}

/* The range whose turn it is among those that hold the register. */
static const struct sim_registers *holding(
	const struct sim *sim, const uint8_t *pdu, uint8_t unit, uint16_t address, unsigned turn)
{
	unsigned states = 0;

	for (unsigned pass = 0; pass < 2; pass++) {
		unsigned seen = 0;

		for (size_t i = 0; i < sim->script->register_count; i++) {
			const struct sim_registers *range = &sim->script->registers[i];

			if (range->unit != unit || range->function != pdu[0] || address < range->address ||
				address - range->address >= (int)range->count)
				continue;
			if (pass && seen == turn % states)
				return range;
			seen++;
		}
		states = seen;
		if (states == 0)
			return NULL;
	}
	return NULL;
}

static size_t refuse(uint8_t *pdu, uint8_t function, uint8_t code)
{
	pdu[0] = function | 0x80;
	pdu[1] = code;
	return 2;
}

/* Registers first, bits packed; 2: one of them does not exist. */
static size_t read_registers(struct sim *sim, uint8_t unit, const uint8_t *request, uint8_t *pdu)
{
	uint16_t address = (uint16_t)(request[1] << 8 | request[2]),
		 count = (uint16_t)(request[3] << 8 | request[4]);
	bool bits = request[0] <= 2;
	unsigned turn = 0;

	if (count == 0 || count > (bits ? 2000 : 125))
		return refuse(pdu, request[0], 3);
	for (size_t i = 0; i < sim->script->register_count; i++) {
		struct sim_registers *first = &sim->script->registers[i];

		if (first == holding(sim, request, unit, address, 0)) {
			turn = first->served++;
			break;
		}
	}
	memset(pdu, 0, 256);
	pdu[0] = request[0];
	pdu[1] = (uint8_t)(bits ? (count + 7) / 8 : 2 * count);
	for (uint16_t i = 0; i < count; i++) {
		uint16_t at = (uint16_t)(address + i);
		const struct sim_registers *range = holding(sim, request, unit, at, turn);
		uint16_t value;

		if (!range)
			return refuse(pdu, request[0], 2);
		value = (uint16_t)(range->values[at - range->address] < 0
					   ? sim->answers + 1
					   : (unsigned)range->values[at - range->address]);
		if (bits) {
			pdu[2 + i / 8] = (uint8_t)(pdu[2 + i / 8] | (value & 1) << (i % 8));
		} else {
			pdu[2 + 2 * i] = (uint8_t)(value >> 8);
			pdu[3 + 2 * i] = (uint8_t)value;
		}
	}
	return 2u + pdu[1];
}

/* 43/14, basic: vendor, product, revision, and the serial number among the private objects (80h). */
static size_t identify(const struct sim *sim, uint8_t *pdu)
{
	static const uint8_t head[] = {0x2b, 0x0e, 1, 1, 0, 0, 4};
	const struct {
		uint8_t id;
		const char *text;
	} objects[] = {{0, "assay sim"}, {1, sim->script->model}, {2, "1"},
		{0x80, sim->swapped ? sim->script->swapped : sim->script->serial}};
	size_t at = sizeof head;

	memcpy(pdu, head, sizeof head);
	for (unsigned i = 0; i < 4; i++) {
		size_t length = strlen(objects[i].text);

		pdu[at] = objects[i].id;
		pdu[at + 1] = (uint8_t)length;
		memcpy(pdu + at + 2, objects[i].text, length);
		at += 2 + length;
	}
	return at;
}

static bool serves(const struct sim *sim, uint8_t unit)
{
	for (size_t i = 0; i < sim->script->register_count; i++)
		if (sim->script->registers[i].unit == unit)
			return true;
	return unit && unit == sim->script->unit;
}

/* The answer PDU; 0: this unit is not here. */
static size_t answer_pdu(struct sim *sim, uint8_t unit, const uint8_t *request, size_t length, uint8_t *pdu)
{
	struct sim_answer *own = find(sim, request, length, true);

	if (!serves(sim, unit))
		return 0;
	if (own) {
		own->served++;
		return sim_fill_in(sim, &own->reply, pdu, 253);
	}
	if (request[0] >= 1 && request[0] <= 4 && length == 5)
		return read_registers(sim, unit, request, pdu);
	if (request[0] == 8 && length == 5) {
		memcpy(pdu, request, 5);
		return 5;
	}
	if (request[0] == 0x2b && (*sim->script->serial || *sim->script->model))
		return identify(sim, pdu);
	return refuse(pdu, request[0], 1);
}

/* Bytes of the RTU request that begins here, by its function; all that a reader sends have a fixed length. */
static size_t rtu_length(const uint8_t *bytes)
{
	return bytes[1] == 0x2b ? 7 : 8;
}

static void answer_rtu(struct sim *sim, uint64_t now_ns)
{
	while (sim->held_length >= 4 && sim->held_length >= rtu_length(sim->held)) {
		size_t asked = rtu_length(sim->held), length;
		uint8_t frame[ASSAY_RTU_MAX + 16];
		uint16_t crc = assay_rtu_crc(sim->held, asked - 2);

		if (sim->held[asked - 2] != (uint8_t)crc || sim->held[asked - 1] != (uint8_t)(crc >> 8)) {
			drop(sim, 1);
			continue;
		}
		frame[0] = sim->held[0];
		length = answer_pdu(sim, sim->held[0], sim->held + 1, asked - 3, frame + 1);
		crc = assay_rtu_crc(frame, length + 1);
		frame[length + 1] = (uint8_t)crc;
		frame[length + 2] = (uint8_t)(crc >> 8);
		if (length)
			sim_send(sim, now_ns + sim->script->delay_ms * 1000000ull, sim->held, asked, frame,
				length + 3);
		drop(sim, asked);
	}
}

static void answer_mbap(struct sim *sim, uint64_t now_ns)
{
	while (sim->held_length >= 8) {
		size_t asked = 6u + (size_t)(sim->held[4] << 8 | sim->held[5]), length;
		uint8_t frame[ASSAY_MBAP_MAX + 16];

		if (asked < 8 || asked > ASSAY_MBAP_MAX) {
			sim->held_length = 0;
			return;
		}
		if (sim->held_length < asked)
			return;
		memcpy(frame, sim->held, 7);
		length = answer_pdu(sim, sim->held[6], sim->held + 7, asked - 7, frame + 7);
		frame[4] = (uint8_t)((length + 1) >> 8);
		frame[5] = (uint8_t)(length + 1);
		if (length)
			sim_send(sim, now_ns + sim->script->delay_ms * 1000000ull, sim->held, asked, frame,
				length + 7);
		drop(sim, asked);
	}
}

void sim_answer_held(struct sim *sim, uint64_t now_ns)
{
	/* the request is heard once its last byte would have left the line */
	now_ns += sim->held_length * sim->outlet.char_ns;
	if (sim->mute)
		sim->held_length = 0;
	else if (!sim->script->modbus)
		answer_text(sim, now_ns);
	else if (sim->mbap)
		answer_mbap(sim, now_ns);
	else
		answer_rtu(sim, now_ns);
}

void sim_forget_piece(struct sim *sim, uint64_t now_ns)
{
	if (sim->script->modbus && !sim->mbap && now_ns > sim->held_ns + PIECE_NS)
		sim->held_length = 0;
}
