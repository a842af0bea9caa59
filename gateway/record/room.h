/* SPDX-License-Identifier: Apache-2.0
 * How fast the journal grows, and how long the disk will do. */
#ifndef ASSAY_RECORD_ROOM_H
#define ASSAY_RECORD_ROOM_H

#include "gateway/record/journal_reader.h"

struct journal_growth {
	uint64_t entries, bytes; /* bytes: of the segments the span touches */
	int64_t span_s;
};
/* Over the last week, or since the beginning. */
int assay_journal_growth(
	struct assay_reader *reader, struct journal_growth *out, struct assay_error *err) ASSAY_WARN_UNUSED;

struct journal_room {
	uint64_t free_bytes;
	uint64_t bytes_a_day; /* 0: the journal is too young to say */
	int64_t days_left; /* until acquisition pauses; -1: not known */
	bool low; /* acquisition pauses, or will very soon */
};
/* false: the disk cannot be asked. */
bool assay_journal_room(const char *dir, const struct journal_growth *growth, struct journal_room *out);

#endif
