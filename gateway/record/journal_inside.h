/* SPDX-License-Identifier: Apache-2.0
 * The writer's own parts, shared by journal*.c alone. */
#ifndef ASSAY_RECORD_JOURNAL_INSIDE_H
#define ASSAY_RECORD_JOURNAL_INSIDE_H

#include "gateway/record/checkpoint.h"
#include "gateway/record/journal_rows.h"
#include "gateway/record/merkle.h"
#include "gateway/record/reserve.h"
#include "gateway/record/segment.h"

enum journal_insert { INSERT_TILE, INSERT_CHECKPOINT, GROUP_BEGIN, GROUP_COMMIT, STATEMENTS };

enum key_step { KEY_NO_CHANGE, KEY_ANNOUNCED, KEY_OLD_SIGNED, KEY_IN_FORCE, KEY_NEXT_SIGNED };

/* A change of the signing key that is not finished. */
struct assay_key_change {
	enum key_step step; /* what has been done */
	bool busy; /* its own entries do not wait for it */
	uint64_t announced_size; /* entries up to and with the announcement */
	struct assay_origin_key next;
};

struct assay_journal {
	char dir[512];
	int lock;
	struct assay_segment segment; /* db NULL: given up; the next append begins another */
	struct assay_origin_key key;
	struct assay_key_change change;
	uint64_t segment_bytes, segment_used; /* seal beyond; what the open segment holds, about */
	int segment_month;
	sqlite3_stmt *statement[STATEMENTS];
	struct journal_rows rows;
	struct assay_tree tree, committed; /* committed: the edge to go back to when a group fails */
	bool open_group, sealing; /* sealing: the seal entry is being appended */
	bool clock_good; /* as the kernel last said */
	uint64_t clock_looked_ns;
	uint8_t boot[16];
	char boot_hex[33];
	struct assay_quarantine quarantine;
	uint64_t checkpoint_size, checkpoint_ns;
	char note[ASSAY_NOTE_MAX]; /* the newest checkpoint ... */
	bool publish_due; /* ... and whether it still has to be written beside the segments */
	uint64_t published_ns;
	int wal_pages, wal_limit; /* after the last commit; then it goes into the file */
	struct assay_reserve reserve;
	void (*wrote)(void *context, const struct assay_entry *entry);
	void *wrote_context;
};

/* journal_segment.c: the open segment's file */
int journal_attach(struct assay_journal *journal, struct assay_error *err);
int journal_make_segment(struct assay_journal *journal, const char *before_file, struct assay_error *err);
int journal_append_seal(struct assay_journal *journal, struct assay_error *err);
int journal_roll(struct assay_journal *journal, struct assay_error *err);
bool journal_roll_due(const struct assay_journal *journal);
void journal_load_month(struct assay_journal *journal);
void journal_detach(struct assay_journal *journal);
/* After a failed write or sync: never written, synced or checkpointed again. */
void journal_give_up(struct assay_journal *journal);
/* The size at which segment number was given up by an earlier run; UINT64_MAX when it was not. */
uint64_t journal_given_up(const struct assay_journal *journal);
int journal_next_after_given_up(struct assay_journal *journal, struct assay_error *err);

/* journal_key.c: finish a change of key, now or after a crash; entries wait for it. */
int journal_key_continue(struct assay_journal *journal, struct assay_error *err);
int journal_key_resume(struct assay_journal *journal, struct assay_error *err);
const struct assay_origin_key *journal_key(
	const struct assay_journal *journal, uint64_t size); /* signs this size */

/* journal.c */
void journal_tree_copy(struct assay_tree *to, const struct assay_tree *from);
uint64_t journal_now_ns(int clock);

#endif
