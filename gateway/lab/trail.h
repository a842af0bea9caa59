/* SPDX-License-Identifier: Apache-2.0
 * The trail 审计追踪: who did what, when, with which instrument and why; read from the journal, every entry in the same
 * few columns. Read-only, needs no running gateway. */
#ifndef ASSAY_LAB_TRAIL_H
#define ASSAY_LAB_TRAIL_H

#include "gateway/record/journal.h"

#include <jansson.h>

/* What to look for; NULL or "" any. A text is found anywhere in its column, upper and lower case alike (ASCII). */
struct assay_trail_query {
	int64_t from_ns, to_ns; /* wall time, to exclusive; 0 open */
	const char *who, *reason; /* parts of the text */
	const char *kind; /* name of the kind of entry, whole */
	const char *instrument; /* id, whole */
	const char *subject; /* a batch, test or result: it and everything below it */
};

/* {seq, at, kind, line, batch, test, result, slot, instrument, who, action, value, unit, reason, text_zh, text_en}: all
 * texts but seq, "" where the entry has nothing of the kind. New reference; NULL: no memory. */
json_t *assay_trail_row(const struct assay_entry *entry);

bool assay_trail_matches(const json_t *row, int64_t wall_ns, const struct assay_trail_query *query);

/* visit is lent each row that matches, in order; its non-zero return stops. *found_out counts them. */
int assay_trail_search(const char *dir, const struct assay_trail_query *query,
	int (*visit)(void *context, const json_t *row), void *context, uint64_t *found_out,
	struct assay_error *err) ASSAY_WARN_UNUSED;

/* One page beside the running recorder: what matches from a sequence on, at most limit rows; looks at no more than
 * ASSAY_TRAIL_LOOKED_MAX entries. {entries: [row], next: sequence to go on from, -1 at the end of the journal}. NULL with
 * err. */
#define ASSAY_TRAIL_LOOKED_MAX 20000u
json_t *assay_trail_page(const char *dir, const struct assay_trail_query *query, uint64_t from,
	unsigned limit, struct assay_error *err);

/* "2026-11-25" or "2026-11-25T08:30:00Z" (UTC) as ns since 1970; end: a day alone means its end. false: neither. */
bool assay_trail_time(const char *text, bool end, int64_t *ns_out);

#endif
