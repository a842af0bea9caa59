/* SPDX-License-Identifier: Apache-2.0
 * The state made again from the journal. */
#ifndef ASSAY_RECORD_REBUILD_H
#define ASSAY_RECORD_REBUILD_H

#include "gateway/record/compare.h"

struct assay_rebuild_report {
	uint64_t entries; /* applied */
	bool compared; /* there was a state that had applied as many entries */
	unsigned tables; /* compared */
};

/* Make DIR/state.db again beside the old one, compare table by table, put it in its place. Takes the writer's lock:
 * ASSAY_ETAKEN while a recorder runs. differs is called for each table that is not the same; may not be NULL. */
int assay_rebuild(const char *dir, assay_table_differs *differs, void *context,
	struct assay_rebuild_report *report, struct assay_error *err) ASSAY_WARN_UNUSED;

#endif
