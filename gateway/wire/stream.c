/* SPDX-License-Identifier: Apache-2.0
 * Byte streams: the driver cuts, as often as it finds something. An exchange ends when the window is empty. */
#include "gateway/wire/host_line.h"
#include "gateway/wire/spin_watch.h"

#include <stdio.h>
#include <string.h>

#define COPY_NS (250 * ASSAY_MS) /* a second copy of an answer comes within so long */

/* What a frame turned out to be. */
enum meaning { MEANS_READING, MEANS_READY, MEANS_IDENTITY, MEANS_REFUSAL, MEANS_OTHER, MEANS_NONSENSE };

static void consume(struct host_line *line, size_t count)
{
	if (count)
		memmove(line->window, line->window + count, line->length - count);
	line->length -= count;
	line->consumed += count;
}

static enum meaning meaning_of(const struct host_line *line, uint32_t readings_before, bool identified)
{
	enum meaning found = identified ? MEANS_IDENTITY : MEANS_OTHER;

	for (uint32_t i = readings_before; i < line->end.readings; i++) {
		const struct assay_end_reading *row = &line->reading[i];

		if (row->channel[0])
			return MEANS_READING;
		if (row->reason == ASSAY_REASON_BAD_FORMAT || row->reason == ASSAY_REASON_BAD_CHECKSUM ||
			row->reason == ASSAY_REASON_TOO_LONG)
			return MEANS_NONSENSE;
		if (row->reason != ASSAY_REASON_NOT_MINE && !identified)
			found = MEANS_REFUSAL;
	}
	return found;
}

static enum meaning decode(struct host_line *line, size_t length, bool asked)
{
	struct assay_frame frame = {line->window, length, asked ? &line->request : NULL};
	uint32_t before = line->end.readings;
	char serial = line->end.serial[0], model = line->end.model[0];
	bool ready = readings_decode(line, 0, line->consumed, &frame, asked),
	     identified = line->end.serial[0] != serial || line->end.model[0] != model;
	enum meaning meaning = meaning_of(line, before, identified);

	return ready && meaning == MEANS_OTHER ? MEANS_READY : meaning;
}

/* A frame while the fence is up: only who it is counts. Returns false when the line has moved on. */
static bool fence_frame(struct host_line *line, enum meaning meaning, bool more)
{
	struct host_instrument *who = &line->instrument[0];

	line->end.readings = line->kept;
	if (meaning == MEANS_REFUSAL && who->turn == 0) {
		line->end.readings = 0;
		exchange_end(line, ASSAY_OUTCOME_FENCE, "it does not tell who it is: waiting for silence");
		fence_refused(line);
		return false;
	}
	if (more || (meaning != MEANS_IDENTITY && meaning != MEANS_REFUSAL))
		return true; /* older bytes: keep waiting within the deadline */
	if (!fence_known_device(line))
		return false;
	if (line->kept)
		line->request.kind = ASSAY_REQUEST_NONE; /* what matters came unasked */
	exchange_end(line, line->kept ? (uint32_t)ASSAY_OUTCOME_OK : (uint32_t)ASSAY_OUTCOME_IDENTITY, "");
	who->turn++;
	if (!line->between && ask_request(line, 0, ASSAY_WANT_IDENTITY, &line->request)) {
		line->want = ASSAY_WANT_IDENTITY;
		if (line->config->gap_ms) {
			line->request.kind = ASSAY_REQUEST_NONE;
			line->phase = PHASE_IDLE;
			who->fence_goes_on = true;
		} else {
			fence_send(line, PHASE_FENCE);
		}
		return false;
	}
	who->turn = 0;
	who->identified = true;
	line->discard_first = false;
	fence_answered(line);
	line_say_status(line); /* one that never rests is asked no more */
	return false;
}

static uint32_t mark_of(const uint8_t *bytes, size_t length)
{
	uint32_t mark = 2166136261u; /* FNV-1a */

	for (size_t i = 0; i < length; i++)
		mark = (mark ^ bytes[i]) * 16777619u;
	return mark;
}

/* The same bytes right after an answer may be its second copy or a key, and no byte tells which. They fill no slot, but
 * whoever waits for one is told to press again; a third copy is a key. */
static bool is_copy(const struct host_line *line, uint32_t mark)
{
	return line->answer_ns && mark == line->answer_mark && line->last_rx_ns < line->answer_ns + COPY_NS;
}

static void set_aside(struct host_line *line, enum meaning meaning, uint32_t before)
{
	line->end.readings = before;
	line->answer_ns = 0;
	if (meaning != MEANS_READING)
		return;
	line->end.set_aside++;
	(void)snprintf(line->end.detail, sizeof line->end.detail,
		"the same bytes right after an answer: its copy, or a print key");
}

/* A frame that came by itself: a print key, or a line nobody can place. */
static bool unasked_frame(struct host_line *line, enum meaning meaning, uint32_t mark, uint32_t before)
{
	if (is_copy(line, mark)) {
		line->discard_first = false;
		set_aside(line, meaning, before);
		return true;
	}
	if (fence_unit(line, 0)->dirty || line->discard_first) {
		line->discard_first = false;
		line->end.readings = before;
		return true;
	}
	if (meaning == MEANS_NONSENSE) {
		line_refuse(line, ASSAY_OUTCOME_BAD_FRAME, "a line outside the grammar");
		return false;
	}
	if ((meaning == MEANS_IDENTITY || meaning == MEANS_REFUSAL) && !line_is_fed(line)) {
		/* no key prints that: an answer to an earlier request, and more may follow */
		line_refuse(line, ASSAY_OUTCOME_LATE, "an answer to an earlier request");
		return false;
	}
	return true;
}

static bool asked_frame(struct host_line *line, enum meaning meaning, bool more)
{
	bool wanted = line->want == ASSAY_WANT_IDENTITY ? meaning == MEANS_IDENTITY
							: meaning == MEANS_READING || meaning == MEANS_READY;

	if (meaning == MEANS_OTHER)
		return true; /* a line beside the matter, a date or a heading */
	if (wanted) {
		line->answered = !more;
		return true;
	}
	if (meaning == MEANS_REFUSAL) {
		/* An answer, but one that might as well belong to an earlier request: prove the line again. */
		exchange_end(line, ASSAY_OUTCOME_EXCEPTION, "the device refuses the request");
		fence_unit(line, 0)->dirty = true;
		line->phase = PHASE_IDLE;
		ask_failed(line);
		return false;
	}
	line_refuse(line, ASSAY_OUTCOME_MISMATCH, "an answer, but not to this request");
	return false;
}

/* A weight while the fence stands between two polls; false: the frame is something else. */
static bool weight_between(struct host_line *line, size_t length, uint32_t mark)
{
	uint32_t before = line->end.readings;
	struct assay_end was = line->end;

	if (decode(line, length, false) != MEANS_READING) {
		line->end = was;
		return false;
	}
	if (is_copy(line, mark))
		set_aside(line, MEANS_READING, before);
	line->kept = line->end.readings;
	consume(line, length);
	return true;
}

static bool one_frame(struct host_line *line, const struct assay_cut *cut)
{
	bool asked = (line->phase == PHASE_WAITING || line->phase == PHASE_FENCE) && !line->answered;
	uint32_t mark = mark_of(line->window, cut->frame), before = line->end.readings;
	bool copy = mark == line->answer_mark && line->instrument[0].turn > 0;
	enum meaning meaning;

	if (line->phase == PHASE_FENCE && line->between && weight_between(line, cut->frame, mark))
		return true;
	meaning = decode(line, cut->frame, asked);

	if (asked && !(line->phase == PHASE_FENCE && line->between)) {
		line->answer_ns = line->last_rx_ns;
		line->answer_mark = mark;
	}
	consume(line, cut->frame);
	if (line->phase == PHASE_FENCE && copy) {
		line->end.readings = 0; /* the answer to the query before, once more */
		return true;
	}
	if (line->phase == PHASE_FENCE)
		return fence_frame(line, meaning, cut->more != 0);
	return asked ? asked_frame(line, meaning, cut->more != 0)
		     : unasked_frame(line, meaning, mark, before);
}

/* Returns false when there is nothing more to cut. */
static bool cut_once(struct host_line *line, uint32_t event)
{
	const struct assay_driver *driver = &line->instrument[0].plugin->driver;
	bool waiting = line->phase == PHASE_WAITING || line->phase == PHASE_FENCE;
	struct assay_window window = {
		line->window, line->length, event, waiting && !line->answered ? &line->request : NULL};
	struct assay_cut cut = {0};

	spin_watch_turn();
	if (driver->cut(line->instrument[0].session, &window, &cut) < 0 || cut.skip > line->length ||
		cut.frame > line->length - cut.skip) {
		line_refuse(line, ASSAY_OUTCOME_BAD_FRAME, "the driver could not cut the bytes");
		return false;
	}
	if (cut.skip == 0 && cut.frame == 0)
		return false;
	consume(line, cut.skip);
	if (cut.skip && cut.bad) {
		line_refuse(line, ASSAY_OUTCOME_BAD_FRAME, "bytes that are no frame");
		return false;
	}
	return cut.frame == 0 || one_frame(line, &cut);
}

void stream_bytes(struct host_line *line, uint32_t event)
{
	while (cut_once(line, event) && line->open)
		;
	if (line->length || !line->open || line->phase == PHASE_QUIET || line->phase == PHASE_LOCKED)
		return; /* part of a frame: wait for the rest */
	if (line->phase == PHASE_WAITING && line->answered)
		line_answered(line, ASSAY_OUTCOME_OK, "");
	else if (line->phase == PHASE_IDLE)
		exchange_end(line,
			fence_unit(line, 0)->dirty ? (uint32_t)ASSAY_OUTCOME_LATE
						   : (uint32_t)ASSAY_OUTCOME_OK,
			"");
}
