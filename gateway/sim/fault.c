/* SPDX-License-Identifier: Apache-2.0
 * What goes wrong with an answer on its way. */
#include "gateway/sim/sim.h"

#include "gateway/wire/modbus_match.h"

#include <stdio.h>
#include <string.h>

#define NS_PER_MS 1000000ull
#define NOISE_MAX 12u

/* splitmix64: the same seed makes the same faults everywhere. */
uint32_t sim_random(struct sim *sim, uint32_t below)
{
	uint64_t z = (sim->random += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	z ^= z >> 31;
	return below ? (uint32_t)(z % below) : 0;
}

static enum sim_fault by_chaos(struct sim *sim)
{
	enum sim_fault fault;

	if (!sim->options->chaos || sim_random(sim, 100) >= sim->options->percent)
		return SIM_FAULT_NONE;
	do
		fault = (enum sim_fault)(1 + sim_random(sim, SIM_FAULTS - 1));
	while (!(sim->options->chaos_faults & 1u << fault));
	return fault;
}

/* Ordered by a person, else by the script, else by chance. */
static enum sim_fault next_fault(struct sim *sim)
{
	enum sim_fault fault = sim->ordered;

	sim->ordered = SIM_FAULT_NONE;
	for (size_t i = 0; i < sim->script->rule_count && fault == SIM_FAULT_NONE; i++) {
		const struct sim_rule *rule = &sim->script->rules[i];

		if ((rule->at && sim->answers == rule->at) ||
			(rule->every && sim->answers % rule->every == 0))
			fault = rule->fault;
	}
	return fault != SIM_FAULT_NONE ? fault : by_chaos(sim);
}

static size_t replace(uint8_t *bytes, size_t length, size_t at, size_t old, const char *with, size_t size)
{
	size_t fresh = strlen(with);

	if (length - old + fresh > size)
		return length;
	memmove(bytes + at + fresh, bytes + at + old, length - at - old);
	for (size_t i = 0; i < fresh; i++)
		bytes[at + i] = (uint8_t)with[i];
	return length - old + fresh;
}

static size_t replace_all(uint8_t *bytes, size_t length, const char *what, const char *with, size_t size)
{
	size_t old = strlen(what), at = 0;

	while (old && at + old <= length) {
		size_t before = length;

		if (memcmp(bytes + at, what, old) != 0) {
			at++;
			continue;
		}
		length = replace(bytes, length, at, old, with, size);
		at += before == length && strlen(with) != old ? old : strlen(with);
	}
	return length;
}

size_t sim_fill_in(const struct sim *sim, const struct sim_bytes *from, uint8_t *out, size_t size)
{
	size_t length = from->length < size ? from->length : size;
	char count[16];

	memcpy(out, from->bytes, length);
	(void)snprintf(count, sizeof count, "%u", sim->answers + 1);
	length = replace_all(out, length, "{count}", count, size);
	return sim->swapped ? replace_all(out, length, sim->script->serial, sim->script->swapped, size)
			    : length;
}

static void noise(struct sim *sim, uint64_t at_ns)
{
	uint8_t bytes[NOISE_MAX];
	size_t length = 1 + sim_random(sim, NOISE_MAX);

	/* What a bad contact makes: on a text line never digits, which nobody could tell from the device's own. */
	for (size_t i = 0; i < length; i++)
		bytes[i] = (uint8_t)(sim->script->modbus ? sim_random(sim, 256) : 128 + sim_random(sim, 128));
	sim_outlet_put(&sim->outlet, at_ns, bytes, length);
}

/* Another unit's answer, whole and with the right check; on a text line the answer to another request. */
static size_t make_foreign(struct sim *sim, uint8_t *frame, size_t length)
{
	const struct sim_script *script = sim->script;
	uint16_t crc;

	if (script->modbus && sim->mbap) {
		frame[6] = (uint8_t)(frame[6] + 1);
	} else if (script->modbus) {
		frame[0] = (uint8_t)(frame[0] + 1);
		crc = assay_rtu_crc(frame, length - 2);
		frame[length - 2] = (uint8_t)crc;
		frame[length - 1] = (uint8_t)(crc >> 8);
	} else if (script->answer_count) {
		const struct sim_answer *other =
			&script->answers[sim_random(sim, (uint32_t)script->answer_count)];

		return sim_fill_in(sim, &other->reply, frame, 4096);
	}
	return length;
}

static void leave(struct sim *sim, uint64_t at_ns)
{
	sim_outlet_put_hangup(&sim->outlet, at_ns);
}

/* All of it, or in two pieces, or only the first. */
static void put_pieces(
	struct sim *sim, enum sim_fault fault, uint64_t at_ns, const uint8_t *frame, size_t length)
{
	struct sim_outlet *outlet = &sim->outlet;
	size_t cut = length > 1 ? 1 + sim_random(sim, (uint32_t)length - 1) : length;

	if (fault != SIM_FAULT_TORN && fault != SIM_FAULT_CUT && fault != SIM_FAULT_HANGUP) {
		sim_outlet_put(outlet, at_ns, frame, length);
		return;
	}
	sim_outlet_put(outlet, at_ns, frame, cut);
	if (fault == SIM_FAULT_TORN)
		sim_outlet_put(outlet,
			(outlet->last_ns > at_ns ? outlet->last_ns : at_ns) +
				sim->script->torn_ms * NS_PER_MS,
			frame + cut, length - cut);
	if (fault == SIM_FAULT_HANGUP)
		leave(sim, at_ns);
}

void sim_send(struct sim *sim, uint64_t at_ns, const uint8_t *request, size_t request_length, uint8_t *frame,
	size_t length)
{
	enum sim_fault fault;

	sim->answers++;
	fault = next_fault(sim);
	sim->faults[fault]++;
	if (fault == SIM_FAULT_LOST)
		return;
	if (fault == SIM_FAULT_SWAP)
		sim->swapped = !sim->swapped; /* the next answer is the other device's */
	if (fault == SIM_FAULT_LATE)
		at_ns += sim->script->late_ms * NS_PER_MS;
	if (fault == SIM_FAULT_ECHO)
		sim_outlet_put(&sim->outlet, at_ns, request, request_length);
	if (fault == SIM_FAULT_FOREIGN)
		length = make_foreign(sim, frame, length);
	if (fault == SIM_FAULT_FLIP && length)
		frame[sim_random(sim, (uint32_t)length)] ^= (uint8_t)(1u << sim_random(sim, 8));
	if (fault == SIM_FAULT_NOISE && sim_random(sim, 2))
		noise(sim, at_ns);
	put_pieces(sim, fault, at_ns, frame, length);
	if (fault == SIM_FAULT_NOISE)
		noise(sim, at_ns);
	if (fault == SIM_FAULT_DOUBLED)
		sim_outlet_put(&sim->outlet, at_ns, frame, length);
}
