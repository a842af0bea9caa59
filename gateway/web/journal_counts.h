/* SPDX-License-Identifier: Apache-2.0
 * Counts over the journal since this web process was first asked for them: what came over each line and how it ended.
 * Each question reads on from where the last one stopped. One thread. */
#ifndef ASSAY_WEB_JOURNAL_COUNTS_H
#define ASSAY_WEB_JOURNAL_COUNTS_H

#include "gateway/record/journal.h"

#include <stdbool.h>

#define WEB_OUTCOMES 16u /* enum assay_outcome is below it */
#define WEB_KINDS 64u /* enum assay_entry_kind is below it */
#define WEB_COUNT_ENTRIES 5000u /* read for one question at most: the rest at the next */

struct web_line_counts {
	char line[25];
	uint64_t exchanges[WEB_OUTCOMES]; /* by enum assay_outcome */
	uint64_t received_bytes, sent_bytes;
};

struct web_journal_counts {
	bool begun;
	uint64_t next; /* sequence of the first entry not counted yet */
	uint64_t size; /* entries of the journal */
	uint64_t covered; /* entries below the newest checkpoint */
	uint64_t entries[WEB_KINDS];
	struct web_line_counts *lines;
	size_t line_count;
};

int web_journal_counts_read(
	struct web_journal_counts *counts, const char *dir, struct assay_error *err) ASSAY_WARN_UNUSED;
void web_journal_counts_free(struct web_journal_counts *counts);

#endif
