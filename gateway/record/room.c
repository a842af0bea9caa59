/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/record/room.h"

#include "gateway/record/reserve.h"

#include <sys/stat.h>
#include <sys/statvfs.h>

#define DAY_S INT64_C(86400)
#define HOUR_S INT64_C(3600)
#define GROWTH_S (7 * DAY_S)
#define NS_PER_S INT64_C(1000000000)

static int take_wall(void *context, const struct assay_entry *entry, const uint8_t leaf[ASSAY_HASH_SIZE])
{
	(void)leaf;
	*(int64_t *)context = entry->wall_ns / NS_PER_S;
	return 0;
}

static int wall_of(struct assay_reader *reader, uint64_t sequence, int64_t *out_s, struct assay_error *err)
{
	return assay_reader_each(reader, sequence, 1, take_wall, out_s, err);
}

/* Whole segments, newest first, until they reach back a week. */
int assay_journal_growth(struct assay_reader *reader, struct journal_growth *out, struct assay_error *err)
{
	int64_t last_s = 0, first_s = 0;
	struct stat about;
	int status;

	out->entries = assay_reader_size(reader);
	if (out->entries == 0)
		return ASSAY_OK;
	status = wall_of(reader, out->entries - 1, &last_s, err);
	for (unsigned i = assay_reader_segments(reader); status == ASSAY_OK && i-- > 0;) {
		const struct assay_segment *segment = assay_reader_segment(reader, i);

		if (stat(segment->path, &about) == 0)
			out->bytes += (uint64_t)about.st_size;
		status = wall_of(reader, segment->first, &first_s, err);
		out->span_s = last_s - first_s;
		if (out->span_s >= GROWTH_S)
			break;
	}
	return status;
}

bool assay_journal_room(const char *dir, const struct journal_growth *growth, struct journal_room *out)
{
	struct statvfs about;
	uint64_t left;

	*out = (struct journal_room){.days_left = -1};
	if (statvfs(dir, &about) != 0)
		return false;
	out->free_bytes = (uint64_t)about.f_bavail * about.f_frsize;
	if (growth->span_s >= HOUR_S) /* less says nothing about a day */
		out->bytes_a_day =
			growth->bytes * (uint64_t)DAY_S / (uint64_t)growth->span_s; /* 200 TB fit */
	left = out->free_bytes > 2 * ASSAY_RESERVE_BYTES ? out->free_bytes - 2 * ASSAY_RESERVE_BYTES : 0;
	out->low = left == 0;
	if (out->low)
		out->days_left = 0;
	else if (out->bytes_a_day)
		out->days_left = (int64_t)(left / out->bytes_a_day);
	return true;
}
