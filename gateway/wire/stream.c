/* SPDX-License-Identifier: Apache-2.0
 * Byte streams: the driver cuts, as often as it finds something. An exchange ends when the window is empty. */
#include "gateway/wire/host_line.h"

#include <string.h>

static void consume(struct host_line *line, size_t count)
{
	memmove(line->window, line->window + count, line->length - count);
	line->length -= count;
	line->consumed += count;
}

/* The first whole frame after a request answers it; what follows came by itself. */
static void one_frame(struct host_line *line, size_t length, bool more)
{
	bool asked = line->request.kind != ASSAY_REQUEST_NONE && !line->answered;
	struct assay_frame frame = {line->window, length, asked ? &line->request : NULL};

	(void)readings_decode(line, line->asked, line->consumed, &frame, asked);
	if (asked && !more)
		line->answered = true;
	consume(line, length);
}

void stream_bytes(struct host_line *line, uint32_t event)
{
	const struct assay_driver *driver = &line->instrument[0].plugin->driver;
	bool waiting = line->phase == PHASE_WAITING || line->phase == PHASE_FENCE;

	line->asked = 0;
	for (;;) {
		struct assay_window window = {line->window, line->length, event,
			waiting && !line->answered ? &line->request : NULL};
		struct assay_cut cut = {0};

		if (driver->cut(line->instrument[0].session, &window, &cut) < 0 || cut.skip > line->length ||
			cut.frame > line->length - cut.skip) {
			line_dirty(line, ASSAY_OUTCOME_BAD_FRAME, "the driver could not cut the bytes");
			return;
		}
		if (cut.skip == 0 && cut.frame == 0)
			break;
		consume(line, cut.skip);
		if (cut.bad) {
			line_dirty(line, ASSAY_OUTCOME_BAD_FRAME, "bytes that are no frame");
			return;
		}
		if (cut.frame)
			one_frame(line, cut.frame, cut.more != 0);
	}
	if (line->length == ASSAY_WINDOW_MAX) {
		line_dirty(line, ASSAY_OUTCOME_BAD_FRAME, "too many bytes without a frame");
		return;
	}
	if (line->length)
		return; /* part of a frame: wait for the rest */
	if (waiting && line->answered)
		line_answered(line, ASSAY_OUTCOME_OK, "");
	else if (!waiting && line->open)
		line_answered(line, ASSAY_OUTCOME_OK, "");
}
