/* SPDX-License-Identifier: Apache-2.0
 * What pages, command line and API read from the state: one function for each answer, used by the recorder
 * (for commands) and by web (read-only connection). JSON as in the manual; quantities are text.
 * Returned objects are new references, owned by the caller; NULL with err filled on failure. */
#ifndef ASSAY_LAB_QUERY_H
#define ASSAY_LAB_QUERY_H

#include "limits/error.h"

#include <jansson.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

/* Open DIR/state.db read-only for queries (busy time-out set). */
int assay_query_open(const char *dir, sqlite3 **out, struct assay_error *err) ASSAY_WARN_UNUSED;

json_t *assay_query_lines(sqlite3 *state, struct assay_error *err); /* [{line with instruments, channels}] */
json_t *assay_query_frames(
	sqlite3 *state, unsigned limit, struct assay_error *err); /* latest exchanges, newest first */
json_t *assay_query_history(sqlite3 *state, const char *instrument, const char *channel, int64_t from_ns,
	unsigned limit,
	struct assay_error *err); /* [{wall_ns,value,unit,seq,idx}], oldest first, for traces */
json_t *assay_query_batches(sqlite3 *state, const char *status, struct assay_error *err); /* status "" all */
json_t *assay_query_batch(sqlite3 *state, const char *id, struct assay_error *err);
json_t *assay_query_test(sqlite3 *state, const char *id, struct assay_error *err);
/* The active job for the bench: tests with an armed slot, else the newest not finished. {"tests":[...]} */
json_t *assay_query_bench(sqlite3 *state, struct assay_error *err);

/* These read the journal in DIR as well, read-only. */
json_t *assay_query_journal(
	const char *dir, uint64_t from, unsigned limit, bool raw, struct assay_error *err);
json_t *assay_query_trace(sqlite3 *state, const char *dir, const char *result, struct assay_error *err);

#endif
