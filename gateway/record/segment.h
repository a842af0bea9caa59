/* SPDX-License-Identifier: Apache-2.0
 * One segment file of the journal: its tables, its settings, its digest. Used by the writer and by readers. */
#ifndef ASSAY_RECORD_SEGMENT_H
#define ASSAY_RECORD_SEGMENT_H

#include "gateway/record/journal.h"
#include "gateway/record/merkle.h"

#include <sqlite3.h>

#define ASSAY_SEGMENTS_MAX 9999u

struct assay_segment {
	sqlite3 *db;
	unsigned number; /* 1 ... */
	char path[600];
	uint64_t first; /* sequence of its first entry */
	uint64_t end; /* one past its last entry */
	uint8_t before_root[ASSAY_HASH_SIZE]; /* root over everything before it */
	char before_file[65]; /* digest of the previous segment's file as sealed, "" for the first */
	char site[64], origin[128];
};

/* Hardening every connection gets: defensive, no triggers from untrusted schema, cells checked, no mmap. */
int assay_segment_harden(sqlite3 *db, const char *path, struct assay_error *err) ASSAY_WARN_UNUSED;

/* Make DIR/journal/NNNN.db with its tables and meta. tree is the edge at this point. */
int assay_segment_create(struct assay_segment *segment, const struct assay_tree *tree,
	struct assay_error *err) ASSAY_WARN_UNUSED;

/* Read meta, first and end from an open connection. */
int assay_segment_load(struct assay_segment *segment, struct assay_error *err) ASSAY_WARN_UNUSED;

/* The growing edge of the tree at segment->end, from carry, tiles and the last leaves. */
int assay_segment_edge(const struct assay_segment *segment, struct assay_tree *tree,
	struct assay_error *err) ASSAY_WARN_UNUSED;

/* Fill entry from columns header, body, raw (in that order from column) of a row; body and raw are borrowed
 * from the statement. ASSAY_EDAMAGED when lengths or sequence do not agree with the header. */
int assay_segment_row(sqlite3_stmt *row, int column, uint64_t sequence, unsigned number,
	struct assay_entry *out, struct assay_error *err) ASSAY_WARN_UNUSED;

/* Highest segment number in DIR/journal, 0 when there is none; -1 with err. */
int assay_segment_last(const char *dir, struct assay_error *err) ASSAY_WARN_UNUSED;
void assay_segment_path(const char *dir, unsigned number, char *out, size_t size);

int assay_sqlite_error(struct assay_error *err, sqlite3 *db, const char *path, int rc);

#endif
