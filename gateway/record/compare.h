/* SPDX-License-Identifier: Apache-2.0
 * Two journals, entry by entry; two states, table by table. Read-only. */
#ifndef ASSAY_RECORD_COMPARE_H
#define ASSAY_RECORD_COMPARE_H

#include "limits/error.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

struct assay_journal_difference {
	uint64_t a_entries, b_entries;
	uint64_t same; /* entries equal byte by byte, from the first on */
	bool equal; /* all of both */
};

/* Headers, bodies and raw bytes of DIR a and DIR b, from entry 0 to the first that differs or is missing in one. */
int assay_compare_journals(const char *a, const char *b, struct assay_journal_difference *out,
	struct assay_error *err) ASSAY_WARN_UNUSED;

/* Called for each table that is not the same in both: rows only in a, rows only in b. */
typedef void assay_table_differs(void *context, const char *table, uint64_t only_a, uint64_t only_b);

/* Two state files. *tables_out: how many tables were compared. ASSAY_OK also when they differ. */
int assay_compare_states(const char *a_path, const char *b_path, assay_table_differs *differs, void *context,
	unsigned *tables_out, struct assay_error *err) ASSAY_WARN_UNUSED;

#endif
