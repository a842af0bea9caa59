/* SPDX-License-Identifier: Apache-2.0
 * One segment file of the journal: its tables, its settings, its digest. Used by the writer and by readers. */
#ifndef ASSAY_RECORD_SEGMENT_H
#define ASSAY_RECORD_SEGMENT_H

#include "gateway/record/journal.h"
#include "gateway/record/merkle.h"

#include <sqlite3.h>

#define ASSAY_SEGMENTS_MAX 9999u
#define ASSAY_SEGMENT_APPLICATION 0x41534a31 /* application_id: "ASJ1" */

struct assay_segment {
	sqlite3 *db;
	unsigned number; /* 1 ... */
	char path[600];
	uint64_t first; /* sequence of its first entry */
	uint64_t end; /* one past its last entry */
	uint8_t before_root[ASSAY_HASH_SIZE]; /* root over everything before it */
	char before_file
		[65]; /* digest of the previous segment's file as sealed; "" for the first, and after a suspect one */
	char site[64], origin[128];
};

/* Hardening every connection gets: defensive, no triggers from untrusted schema, cells checked, no mmap. */
int assay_segment_harden(sqlite3 *db, const char *path, struct assay_error *err) ASSAY_WARN_UNUSED;

/* Make the file segment->path whole or not at all (written beside it as NNNN.new, synced, renamed): tables,
 * meta, the carried edge of the tree, and note, the signed checkpoint over everything before it. segment->db is
 * not touched. */
int assay_segment_create(struct assay_segment *segment, const struct assay_tree *tree, const char *note,
	struct assay_error *err) ASSAY_WARN_UNUSED;

/* Read meta, first and end from an open connection. segment->number says which number it must bear. */
int assay_segment_load(struct assay_segment *segment, struct assay_error *err) ASSAY_WARN_UNUSED;

/* Are the tables, triggers and settings of the file exactly those assay makes? ASSAY_EDAMAGED names what is not. */
int assay_segment_schema(const struct assay_segment *segment, struct assay_error *err) ASSAY_WARN_UNUSED;

/* Does the segment hold this complete tile as the tree made it? context-free form for assay_tree_append's callback:
 * 0 yes; ASSAY_EDAMAGED missing or other; ASSAY_EIO. err may be NULL. */
int assay_segment_tile(const struct assay_segment *segment, unsigned level, const struct assay_tile *tile,
	const uint8_t root[ASSAY_HASH_SIZE], struct assay_error *err) ASSAY_WARN_UNUSED;

/* The growing edge of the tree at size (segment->first to segment->end), from carry, tiles and stored leaves. */
int assay_segment_edge(const struct assay_segment *segment, uint64_t size, struct assay_tree *tree,
	struct assay_error *err) ASSAY_WARN_UNUSED;

/* The columns every reader of entries selects, in the order assay_segment_row expects. */
#define ASSAY_SEGMENT_COLUMNS "seq, header, leaf, body, raw"

/* Fill entry from a row of ASSAY_SEGMENT_COLUMNS; body, raw and *leaf are borrowed from the statement.
 * ASSAY_EDAMAGED when types, lengths or sequence do not agree with the header, or the header is not in the one form
 * the format allows. The leaf is not compared with the contents. */
int assay_segment_row(sqlite3_stmt *row, uint64_t sequence, unsigned number, struct assay_entry *out,
	const uint8_t **leaf, struct assay_error *err) ASSAY_WARN_UNUSED;

/* Highest segment number in DIR/journal, 0 when there is none; -1 with err. */
int assay_segment_last(const char *dir, struct assay_error *err) ASSAY_WARN_UNUSED;
void assay_segment_path(const char *dir, unsigned number, char *out, size_t size);

int assay_sqlite_error(struct assay_error *err, sqlite3 *db, const char *path, int rc);

#endif
