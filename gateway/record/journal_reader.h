/* SPDX-License-Identifier: Apache-2.0
 * Reading the journal without writing a byte into its directory. */
#ifndef ASSAY_RECORD_JOURNAL_READER_H
#define ASSAY_RECORD_JOURNAL_READER_H

#include "gateway/record/journal.h"
#include "gateway/record/segment.h"

enum assay_reader_mode {
	ASSAY_READ_STILL =
		1, /* as evidence: sealed files in place, a segment with a WAL from a private copy */
	ASSAY_READ_LIVE = 2 /* beside the running recorder: shares its WAL index, sees the last commit */
};

struct assay_reader;

int assay_reader_open(const char *dir, enum assay_reader_mode mode, struct assay_reader **out,
	struct assay_error *err) ASSAY_WARN_UNUSED;
/* One segment file by itself. */
int assay_reader_open_segment(
	const char *path, struct assay_reader **out, struct assay_error *err) ASSAY_WARN_UNUSED;
void assay_reader_close(struct assay_reader *reader); /* NULL allowed */

unsigned assay_reader_segments(const struct assay_reader *reader);
const struct assay_segment *assay_reader_segment(const struct assay_reader *reader, unsigned index);

typedef int assay_entry_visit(
	void *context, const struct assay_entry *entry, const uint8_t leaf[ASSAY_HASH_SIZE]);

/* Entries from `from` on, at most limit (0: all), in order. visit's non-zero return stops and is handed back. */
int assay_reader_each(struct assay_reader *reader, uint64_t from, uint64_t limit, assay_entry_visit *visit,
	void *context, struct assay_error *err) ASSAY_WARN_UNUSED;

/* Entries (one past the last sequence). */
uint64_t assay_reader_size(const struct assay_reader *reader);

#endif
