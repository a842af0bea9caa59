/* SPDX-License-Identifier: Apache-2.0
 * Which device is clean. A Modbus answer carries no address and a text line no question, so a late answer looks like the
 * next one. What is assumed of a device: it answers in the order it was asked, and no later than its stated maximum
 * delay. Then
 *
 *   - a device that owes an answer is left alone until it has been silent for that delay, and
 *   - must then give an answer that nothing older could be: the echo of a fresh nonce (Modbus function 8), the
 *     exception to it (0x88), or who it is. Silence alone is enough only for devices that answer none of these.
 *   - A stream's print key speaks like an answer, and may be taken for one; who it is stands between two polls, so that
 *     no answer comes later than the next poll. Behind a value of a device that does not say who it is stands the delay:
 *     whatever was taken for the answer, the answer itself has come by then, and counts as a key, a value of now, too.
 *   - Two Modbus requests of one shape do not follow each other within that delay (a doubled request gives two answers):
 *     between them stands a read of another shape, or the silence.
 *
 * The nonce holds even against a device that is later than it states; the silence even against a line that echoes. What
 * remains is a device that does not say who it is and is later than it states. */
#include "gateway/wire/host_line.h"

#include <stdio.h>
#include <string.h>

#define COPY_NS (250 * ASSAY_MS) /* stream: a second copy of an answer comes within so long */
#define WAIT_NS (200 * ASSAY_MS) /* rather wait so long than send a separator */

struct host_unit *fence_unit(struct host_line *line, uint16_t index)
{
	return &line->unit[line_is_bus(line) ? line->instrument[index].address : index];
}

static uint64_t late_ns(const struct host_line *line, uint16_t index)
{
	return line->instrument[index].late_ms * ASSAY_MS;
}

void fence_all_dirty(struct host_line *line)
{
	uint64_t now = host_now_ns(line->host);

	for (size_t i = 0; i < line->instrument_count; i++) {
		struct host_unit *unit = fence_unit(line, (uint16_t)i);

		unit->dirty = true;
		unit->busy_ns = now;
	}
}

void fence_burst(struct host_line *line)
{
	uint16_t crc = 0xffff;
	bool whole = line->length >= 4 && !line->overrun && line_is_bus(line);

	if (line->length == 0 && !line->overrun)
		return;
	for (size_t i = 0; whole && i < line->length; i++) {
		crc = (uint16_t)(crc ^ line->window[i]);
		for (unsigned bit = 0; bit < 8; bit++)
			crc = (uint16_t)(crc & 1 ? (crc >> 1) ^ 0xa001 : crc >> 1);
	}
	/* The CRC over a frame and its own CRC is 0: one whole frame, of the unit it names. */
	if (whole && crc == 0) {
		struct host_unit *unit = &line->unit[line->window[0]];

		unit->dirty = true;
		unit->busy_ns = host_now_ns(line->host);
		return;
	}
	fence_all_dirty(line);
}

static void clean(struct host_unit *unit)
{
	unit->dirty = false;
	unit->owed = 0;
}

/* What the characters themselves take on a serial line: the request, and an answer whose length the plan chose. */
static uint64_t transfer_ns(const struct host_line *line)
{
	uint64_t characters = line->request.length + 8;

	if (line->config->transport != ASSAY_TRANSPORT_SERIAL &&
		line->config->transport != ASSAY_TRANSPORT_MODBUS_RTU)
		return 0;
	if (line->request.kind == ASSAY_REQUEST_READ)
		characters += 5u + (line->request.function <= 2 ? line->request.count / 8u + 1u
								: 2u * line->request.count);
	return characters * 12u * 1000000000u / (line->config->baud ? line->config->baud : 9600);
}

void fence_send(struct host_line *line, enum host_phase phase)
{
	bool sent;

	line->phase = phase;
	line->answered = false;
	line->complete = false;
	line->length = 0;
	if (line->request.kind != ASSAY_REQUEST_BYTES)
		sent = phase == PHASE_FENCE ? modbus_echo(line) : modbus_send(line);
	else
		sent = exchange_send(line, line->request.bytes, line->request.length);
	fence_sent(line);
	line->deadline_ns = host_now_ns(line->host) + line->request.timeout_ms * ASSAY_MS + transfer_ns(line);
	if (!sent)
		line_hangup(line, "the request could not be sent");
}

void fence_sent(struct host_line *line)
{
	struct host_unit *unit = fence_unit(line, line->asked);

	line->instrument[line->asked].proved = false;
	if (unit->owed < UINT8_MAX)
		unit->owed++;
	unit->busy_ns = host_now_ns(line->host);
}

/* False: there is no query that could serve as a fence. */
static bool begin_fence(struct host_line *line, uint16_t index)
{
	struct host_instrument *who = &line->instrument[index];
	struct host_unit *unit = fence_unit(line, index);

	if (!who->fence_goes_on)
		who->turn = 0;
	who->fence_goes_on = false;
	if (!ask_request(line, index, line_is_stream(line) ? ASSAY_WANT_IDENTITY : ASSAY_WANT_VALUES,
		    &line->request))
		return false;
	line->asked = index;
	line->want = ASSAY_WANT_IDENTITY;
	if (unit->silent_fences < UINT8_MAX)
		unit->silent_fences++; /* until it is answered */
	fence_send(line, PHASE_FENCE);
	return true;
}

bool fence_between(struct host_line *line, uint16_t index, uint64_t now)
{
	struct host_instrument *who = &line->instrument[index];
	struct host_unit *unit = fence_unit(line, index);

	line->between = false;
	if (!line_is_stream(line) || who->proved || unit->dirty)
		return true;
	line->between = unit->answers_fences && who->turn == 0;
	unit->dirty = line->between || (who->take && !unit->mute);
	if (unit->dirty || unit->answers_fences || !unit->valued ||
		now >= unit->busy_ns + late_ns(line, index))
		return true;
	who->hold_ns = unit->busy_ns + late_ns(line, index);
	return false;
}

bool fence_allows(struct host_line *line, uint16_t index, uint64_t now)
{
	struct host_instrument *who = &line->instrument[index];
	struct host_unit *unit = fence_unit(line, index);
	/* A device that has never answered a fence perhaps knows none: an answer to the next request will tell. */
	bool by_silence = unit->mute || (unit->silent_fences && !unit->answers_fences);

	if (!unit->dirty || line->config->transport == ASSAY_TRANSPORT_MODBUS_TCP)
		return true;
	if (who->fence_goes_on && begin_fence(line, index))
		return false;
	if ((unit->owed || by_silence) && now < unit->busy_ns + late_ns(line, index)) {
		who->hold_ns = unit->busy_ns + late_ns(line, index);
		return false;
	}
	if (by_silence) {
		clean(unit);
		who->proved = true;
		return true;
	}
	if (begin_fence(line, index))
		return false;
	unit->mute = true;
	who->hold_ns = unit->busy_ns + late_ns(line, index);
	return false;
}

bool fence_keeps_apart(
	struct host_line *line, uint16_t index, const struct assay_request *request, uint64_t now)
{
	struct host_instrument *who = &line->instrument[index];
	const struct host_unit *unit = fence_unit(line, index);
	uint64_t free_ns;

	if (line->config->transport == ASSAY_TRANSPORT_MODBUS_TCP)
		return true;
	if (line_is_stream(line)) {
		who->hold_ns = line->last_rx_ns + COPY_NS;
		return now >= who->hold_ns;
	}
	free_ns = unit->busy_ns + late_ns(line, index);
	/* after an exception (count 0) any answer to that function may be the exception's second copy */
	if (unit->function != request->function || (unit->count && unit->count != request->count) ||
		now >= free_ns)
		return true;
	if (unit->count < 2 || request->function < 3 || free_ns - now <= WAIT_NS) {
		who->hold_ns = free_ns;
		return false;
	}
	/* the same registers without the last one: an answer of another length */
	line->request = *request;
	line->request.count--;
	line->asked = index;
	line->want = ASSAY_WANT_VALUES;
	line->separator = true;
	fence_send(line, PHASE_WAITING);
	return false;
}

void fence_answered(struct host_line *line)
{
	struct host_unit *unit = fence_unit(line, line->asked);

	clean(unit);
	unit->silent_fences = 0;
	unit->answers_fences = true;
	line->instrument[line->asked].proved = true;
	unit->busy_ns = host_now_ns(line->host);
	line->phase = PHASE_IDLE;
}

void fence_refused(struct host_line *line)
{
	struct host_unit *unit = fence_unit(line, line->asked);

	unit->mute = !unit->answers_fences; /* from now on silence, unless it has known the query before */
	unit->dirty = true;
	unit->owed = 0;
	unit->busy_ns = host_now_ns(line->host);
	line->phase = PHASE_IDLE;
}

bool fence_known_device(struct host_line *line)
{
	struct host_instrument *who = &line->instrument[line->asked];
	const char *wanted = known_serial(who);
	const char *id = who->config->id;

	if (!line->end.serial[0])
		return true;
	if (!*wanted || strcmp(wanted, line->end.serial) == 0) {
		memcpy(who->seen_serial, line->end.serial, sizeof who->seen_serial);
		who->locked = false;
		return true;
	}
	who->locked = true;
	who->turn = 0;
	who->due_ns = host_now_ns(line->host) + 60000 * ASSAY_MS; /* look again once a minute */
	(void)snprintf(line->end.detail, sizeof line->end.detail,
		"identity changed: %s answers instead of %s at %s", line->end.serial, wanted, id);
	exchange_end(line, ASSAY_OUTCOME_IDENTITY, NULL);
	fence_unit(line, line->asked)->busy_ns = host_now_ns(line->host);
	line->phase = PHASE_IDLE;
	if (line_is_stream(line)) {
		line->phase = PHASE_LOCKED;
		line->deadline_ns = who->due_ns;
	}
	line_say_status(line);
	return false;
}
