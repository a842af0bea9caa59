/* SPDX-License-Identifier: Apache-2.0
 * What a verification carries from one segment to the next. Used by verify*.c alone. */
#ifndef ASSAY_RECORD_VERIFY_SEGMENT_H
#define ASSAY_RECORD_VERIFY_SEGMENT_H

#include "gateway/record/merkle.h"
#include "gateway/record/segment.h"
#include "gateway/record/verify.h"

/* The writer signs at 1,000 entries, at the latest with the group after; a group is far smaller than this. */
#define VERIFY_TAIL_ENTRIES 3000u

#define VERIFY_KEYS 64u

enum { VERIFY_STOP_PUBLISHED, VERIFY_STOP_OLDER, VERIFY_STOPS };

/* A size at which the root is known from elsewhere. */
struct verify_stop {
	bool wanted, reached, agrees;
	char note[ASSAY_NOTE_MAX]; /* its signature is checked at the end, when all keys are known; "" none */
	uint64_t size;
	uint8_t root[ASSAY_HASH_SIZE];
	const char *name;
};

struct verify_gone;

struct verify {
	const struct assay_verify_options *options;
	struct assay_verify_report *report;
	struct assay_origin_key keys[VERIFY_KEYS]; /* in the order they signed; the last one signs now */
	unsigned key_count;
	struct assay_origin_key next_key; /* announced ... */
	uint64_t next_key_size; /* ... by the entry before this size; 0 none */
	bool next_key_signed, given_key_seen;
	unsigned signed_by_key; /* checkpoints by the key in force */
	const char *dir; /* NULL: a segment by itself */
	struct assay_tree tree;
	bool tree_valid; /* tree holds everything before the next entry */
	bool before_known; /* before_path is the segment before */
	char before_path[600];
	uint64_t before_end;
	bool before_covered; /* its last checkpoint covered its end */
	unsigned before_number;
	struct verify_stop stop[VERIFY_STOPS];
	uint64_t next_stop; /* smallest wanted size above tree.size */
	uint8_t *exchange_bits; /* one bit for each sequence: it is an exchange */
	uint64_t exchange_room;
	bool out_of_memory;
	char site[64]; /* as the genesis entry names it; "" not known */
	bool begun; /* the genesis entry is behind us */
	struct verify_gone *gone; /* segments whose file or payloads are not as they were sealed */
	size_t gone_count;
	uint64_t first_uncovered_ns, last_ns;
};

int verify_found(struct verify *verify, unsigned segment, uint64_t sequence, const struct assay_error *what);
void verify_stop_compare(struct verify *verify); /* at tree.size; finds next_stop */

/* Read one segment through, up to entry `end` where it was given up (else UINT64_MAX); everything that does not hold
 * goes to verify_found. */
void verify_segment(struct verify *verify, const char *path, unsigned number, uint64_t end);

/* verify_key.c */
int verify_key_begin(struct verify *verify, struct assay_error *err);
const struct assay_origin_key *verify_key(const struct verify *verify); /* in force */
void verify_key_entry(struct verify *verify, unsigned segment, const struct assay_entry *entry);
void verify_key_reach(
	struct verify *verify, unsigned segment, uint64_t size); /* before a checkpoint of size */
void verify_key_signed(struct verify *verify, uint64_t size); /* after a good one */
int verify_key_any(const struct verify *verify, const char *note, uint64_t *size,
	uint8_t root[ASSAY_HASH_SIZE], struct assay_error *err);
void verify_key_end(struct verify *verify);

/* verify_gone.c: payloads that went by a signed entry */
void verify_gone_file(struct verify *verify, unsigned segment, const char *sealed, const char *found);
/* Is this a row whose payload is gone and whose digests are kept? Then its leaf. */
bool verify_gone_row(struct verify *verify, const struct assay_segment *segment, sqlite3_stmt *row,
	uint64_t sequence, struct assay_entry *entry, uint8_t leaf[ASSAY_HASH_SIZE]);
void verify_gone_entry(struct verify *verify, const struct assay_entry *entry);
void verify_gone_end(struct verify *verify);

/* What bodies and raw bytes say about each other: verify_entry.c. */
void verify_entry(struct verify *verify, unsigned segment, const struct assay_entry *entry);
/* The site a genesis entry names, "" none. */
void verify_genesis(struct verify *verify, const struct assay_entry *entry);

#endif
