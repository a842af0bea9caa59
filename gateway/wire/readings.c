/* SPDX-License-Identifier: Apache-2.0
 * frame -> readings: one call of the driver, every field checked for length before it travels. */
#include "gateway/wire/host_line.h"
#include "gateway/wire/reading_words.h"
#include "gateway/wire/replay.h"
#include "gateway/wire/spin_watch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct collector {
	struct host_line *line;
	const struct assay_frame *frame;
	size_t frame_at;
	bool asked;
	bool ready; /* it is an answer, with nothing to read in it */
};

static bool copy(char *out, size_t size, const char *text)
{
	size_t length = text ? strnlen(text, size) : 0;

	if (length >= size)
		return false;
	if (length)
		memcpy(out, text, length);
	out[length] = '\0';
	return true;
}

/* Only while an exchange is open has a line rows: a few hundred bytes each, they would be most of a host's memory. What one
 * line needs no more the next one takes. */
static bool grow(struct host_line *line)
{
	struct host *host = line->host;
	uint32_t room = line->reading_room ? line->reading_room * 2 : 4;
	struct assay_end_reading *grown;

	if (!line->reading_room && host->spare_room) {
		line->reading = host->spare;
		line->reading_room = host->spare_room;
		host->spare = NULL;
		host->spare_room = 0;
		return true;
	}
	if (room > ASSAY_END_READINGS_MAX)
		room = ASSAY_END_READINGS_MAX;
	grown = room > line->reading_room ? realloc(line->reading, room * sizeof *grown) : NULL;
	if (!grown)
		return false;
	line->reading = grown;
	line->reading_room = room;
	return true;
}

void readings_put_back(struct host_line *line)
{
	struct host *host = line->host;

	line->end.readings = 0;
	if (line->reading_room > host->spare_room) {
		free(host->spare);
		host->spare = line->reading;
		host->spare_room = line->reading_room;
	} else {
		free(line->reading);
	}
	line->reading = NULL;
	line->reading_room = 0;
}

static struct assay_end_reading *next(struct collector *collector)
{
	struct host_line *line = collector->line;
	struct assay_end_reading *row;

	if (line->end.readings == line->reading_room && !grow(line))
		return NULL;
	row = &line->reading[line->end.readings++];
	/* not cleared whole: a few hundred bytes for each of the thousands a second */
	row->channel[0] = row->value[0] = row->unit[0] = row->sample[0] = row->detail[0] = '\0';
	row->flags = row->reason = row->reserved = 0;
	row->value_at = row->value_length = row->unit_at = row->unit_length = 0;
	row->frame_at = (uint32_t)collector->frame_at;
	row->frame_length = (uint32_t)collector->frame->length;
	row->asked = collector->asked;
	return row;
}

void assay_replay_row(const struct assay_reading *reading, size_t frame_at, size_t frame_length,
	struct assay_end_reading *row)
{
	bool fits = copy(row->channel, sizeof row->channel, reading->channel) &&
		    copy(row->value, sizeof row->value, reading->value) &&
		    copy(row->unit, sizeof row->unit, reading->unit) &&
		    copy(row->sample, sizeof row->sample, reading->sample);

	row->flags = reading->flags;
	row->reason = reading->reason;
	if (!fits) {
		row->value[0] = '\0';
		row->reason = ASSAY_REASON_TOO_LONG;
	}
	row->frame_at = (uint32_t)frame_at;
	row->frame_length = (uint32_t)frame_length;
	/* places outside the frame are nobody's */
	if (reading->value_length && reading->value_at <= frame_length &&
		reading->value_length <= frame_length - reading->value_at) {
		row->value_at = (uint32_t)frame_at + reading->value_at;
		row->value_length = reading->value_length;
	}
	if (reading->unit_length && reading->unit_at <= frame_length &&
		reading->unit_length <= frame_length - reading->unit_at) {
		row->unit_at = (uint32_t)frame_at + reading->unit_at;
		row->unit_length = reading->unit_length;
	}
}

static int on_reading(void *context, const struct assay_reading *reading)
{
	struct collector *collector = context;
	struct assay_end_reading *row = next(collector);

	if (!row)
		return -1;
	if (assay_reading_holds(reading)) {
		assay_replay_row(reading, collector->frame_at, collector->frame->length, row);
		return 0;
	}
	row->reason = ASSAY_REASON_BAD_FORMAT;
	(void)snprintf(row->detail, sizeof row->detail, "the driver broke its contract");
	return 0;
}

static int on_identity(void *context, const struct assay_identity *identity)
{
	struct collector *collector = context;
	struct assay_end *end = &collector->line->end;

	if (identity->serial && !copy(end->serial, sizeof end->serial, identity->serial))
		return -1;
	if (identity->model && !copy(end->model, sizeof end->model, identity->model))
		return -1;
	return 0;
}

static int on_reply(void *context, const uint8_t *bytes, size_t length)
{
	struct collector *collector = context;
	struct host_line *line = collector->line;

	if (length > sizeof line->reply - line->reply_length)
		return -1;
	memcpy(line->reply + line->reply_length, bytes, length);
	line->reply_length += length;
	line->reply_after_id = 0;
	return 0;
}

static int on_reason(void *context, uint32_t reason, const char *detail)
{
	struct collector *collector = context;
	struct assay_end_reading *row;

	if (reason == ASSAY_REASON_NONE) {
		collector->ready = true;
		return 0;
	}
	row = next(collector);
	if (!row)
		return -1;
	row->reason = reason;
	if (detail && !copy(row->detail, sizeof row->detail, detail))
		(void)snprintf(row->detail, sizeof row->detail, "%.*s", (int)sizeof row->detail - 1, detail);
	return 0;
}

bool readings_decode(struct host_line *line, uint16_t instrument, size_t frame_at,
	const struct assay_frame *frame, bool asked)
{
	struct host_instrument *who = &line->instrument[instrument];
	struct collector collector = {line, frame, frame_at, asked, false};
	const struct assay_sink sink = {&collector, on_reading, on_identity, on_reply, on_reason};
	int status;

	spin_watch_turn();
	status = who->plugin->driver.decode(who->session, frame, &sink);

	line->end.instrument = instrument;
	if (status < 0)
		(void)on_reason(&collector, ASSAY_REASON_BAD_FORMAT, "the driver could not read the frame");
	return collector.ready;
}
