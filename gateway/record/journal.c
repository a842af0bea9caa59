/* SPDX-License-Identifier: Apache-2.0
 * The writer: entries -> group -> one transaction in the open segment -> durable. */
#include "gateway/record/journal_inside.h"
#include "gateway/record/sha256.h"

#include <string.h>
#include <sys/timex.h>
#include <time.h>

#define CHECKPOINT_ENTRIES 1000u
#define CHECKPOINT_NS (60ull * 1000000000u)
#define PUBLISH_NS (900ull * 1000000u) /* looked at once a second */
#define CLOCK_LOOK_NS (1000ull * 1000000u)
#define ENTRY_OVERHEAD 140u /* bytes on disk beside body and raw */

uint64_t journal_now_ns(int clock)
{
	struct timespec now;

	(void)clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* The kernel takes some microseconds to tell, and needs seconds to notice: asked once a second. */
static void look_at_clock(struct assay_journal *journal)
{
	struct timex state = {0};
	uint64_t now = journal_now_ns(CLOCK_MONOTONIC);

	if (journal->clock_looked_ns && now - journal->clock_looked_ns < CLOCK_LOOK_NS)
		return;
	journal->clock_looked_ns = now;
	journal->clock_good = adjtimex(&state) != TIME_ERROR && !(state.status & STA_UNSYNC);
}

/* Only what counts: the tiles are 64 KiB, the hashes in use mostly a few. */
void journal_tree_copy(struct assay_tree *to, const struct assay_tree *from)
{
	to->size = from->size;
	for (unsigned level = 0; level < ASSAY_TILE_LEVELS; level++) {
		struct assay_tile *tile = &to->level[level];
		const struct assay_tile *source = &from->level[level];

		tile->n = source->n;
		tile->count = source->count;
		memcpy(tile->hash, source->hash, (size_t)source->count * ASSAY_HASH_SIZE);
	}
}

/* A failed write or sync is believed once: the segment is given up, the group rolled back. */
static int failed(struct assay_journal *journal, int rc, struct assay_error *err)
{
	int status = assay_sqlite_error(err, journal->segment.db, journal->segment.path, rc);

	assay_journal_rollback(journal);
	if (status == ASSAY_EFULL)
		assay_reserve_release(&journal->reserve);
	if ((rc & 0xff) == SQLITE_IOERR)
		journal_give_up(journal);
	return status;
}

static int step(sqlite3_stmt *statement)
{
	int rc = sqlite3_step(statement);

	(void)sqlite3_reset(statement);
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int step_insert(sqlite3_stmt *insert)
{
	int rc = step(insert);

	(void)sqlite3_clear_bindings(insert);
	return rc;
}

static int begin(struct assay_journal *journal, struct assay_error *err)
{
	int rc, status;

	if (journal->open_group)
		return ASSAY_OK;
	if (journal->change.step != KEY_NO_CHANGE && !journal->change.busy) {
		status = journal_key_continue(journal, err);
		if (status != ASSAY_OK)
			return status;
	}
	if (!journal->segment.db) {
		status = journal_next_after_given_up(journal, err);
		if (status != ASSAY_OK)
			return status;
	}
	if (!journal->sealing && journal->segment.number > 1 &&
		journal->committed.size == journal->segment.first) {
		status = journal_append_seal(journal, err); /* it failed when the segment was made */
		if (status != ASSAY_OK)
			return status;
	}
	rc = step(journal->statement[GROUP_BEGIN]);
	if (rc != SQLITE_OK)
		return failed(journal, rc, err);
	look_at_clock(journal);
	journal->open_group = true;
	return ASSAY_OK;
}

/* While there is no room only what describes the trouble is written, from the reserve. */
static bool needs_room(uint16_t kind)
{
	return kind != ASSAY_ENTRY_FAULT && kind != ASSAY_ENTRY_LINE && kind != ASSAY_ENTRY_STOP &&
	       kind != ASSAY_ENTRY_CLOCK && kind != ASSAY_ENTRY_START && kind != ASSAY_ENTRY_SEAL;
}

static int check_entry(
	struct assay_journal *journal, const struct assay_entry *entry, struct assay_error *err)
{
	if (entry->body_length > ASSAY_BODY_MAX || entry->raw_length > ASSAY_RAW_MAX)
		return assay_error_set(err, ASSAY_EFULL, "entry-too-long",
			"条目过长（正文 %zu，原始字节 %zu）",
			"the entry is too long (body %zu, raw %zu bytes)", entry->body_length,
			entry->raw_length);
	if (!journal->reserve.full)
		return ASSAY_OK;
	assay_reserve_look(&journal->reserve, journal_now_ns(CLOCK_MONOTONIC));
	if (!journal->reserve.full || !needs_room(entry->kind))
		return ASSAY_OK;
	return assay_error_set(err, ASSAY_EFULL, "journal-full", "%s：磁盘快满了。请腾出空间，采集会自动继续",
		"%s: the disk is nearly full; make room, acquisition goes on by itself", journal->dir);
}

static int write_tile(
	void *context, unsigned level, const struct assay_tile *tile, const uint8_t root[ASSAY_HASH_SIZE])
{
	struct assay_journal *journal = context;

	(void)sqlite3_bind_int64(journal->statement[INSERT_TILE], 1, level);
	(void)sqlite3_bind_int64(journal->statement[INSERT_TILE], 2, (sqlite3_int64)tile->n);
	(void)sqlite3_bind_blob(journal->statement[INSERT_TILE], 3, tile->hash,
		level ? (int)sizeof tile->hash : 0, SQLITE_STATIC);
	(void)sqlite3_bind_blob(journal->statement[INSERT_TILE], 4, root, ASSAY_HASH_SIZE, SQLITE_STATIC);
	return step_insert(journal->statement[INSERT_TILE]);
}

int assay_journal_append(struct assay_journal *journal, struct assay_entry *entry, struct assay_error *err)
{
	uint8_t header[ASSAY_HEADER_SIZE], leaf[ASSAY_HASH_SIZE];
	int status = check_entry(journal, entry, err);
	int rc;

	if (status == ASSAY_OK)
		status = begin(journal, err);
	if (status != ASSAY_OK)
		return status;
	entry->sequence = journal->tree.size;
	if (entry->wall_ns == 0)
		entry->wall_ns = (int64_t)journal_now_ns(CLOCK_REALTIME);
	if (entry->mono_ns == 0)
		entry->mono_ns = journal_now_ns(CLOCK_MONOTONIC);
	entry->flags = journal->clock_good ? 1 : 0;
	memcpy(entry->boot, journal->boot, sizeof entry->boot);
	assay_entry_header(entry, header);
	assay_entry_leaf_of(header, entry, leaf);
	rc = journal_rows_add(&journal->rows, entry, header, leaf);
	if (rc == SQLITE_OK)
		rc = assay_tree_append(&journal->tree, leaf, write_tile, journal);
	if (rc != SQLITE_OK)
		return failed(journal, rc, err);
	journal->segment_used += ENTRY_OVERHEAD + entry->body_length + entry->raw_length;
	return ASSAY_OK;
}

void assay_journal_rollback(struct assay_journal *journal)
{
	/* After some errors SQLite has rolled back by itself; then this finds nothing to do. */
	if (journal->segment.db)
		(void)sqlite3_exec(journal->segment.db, "ROLLBACK", NULL, NULL, NULL);
	journal_rows_forget(&journal->rows);
	journal_tree_copy(&journal->tree, &journal->committed);
	journal->open_group = false;
}

static bool checkpoint_due(const struct assay_journal *journal, uint64_t mono_ns)
{
	uint64_t uncovered = journal->committed.size - journal->checkpoint_size;

	return uncovered >= CHECKPOINT_ENTRIES ||
	       (uncovered > 0 && mono_ns - journal->checkpoint_ns >= CHECKPOINT_NS);
}

/* Sign what is durable already, never the open group: a group that fails must not leave a signature behind. */
static int insert_checkpoint(struct assay_journal *journal, struct assay_error *err)
{
	sqlite3_stmt *insert = journal->statement[INSERT_CHECKPOINT];
	uint8_t root[ASSAY_HASH_SIZE];
	int rc;

	assay_tree_root(&journal->committed, root);
	if (assay_checkpoint_sign(journal_key(journal, journal->committed.size), journal->committed.size,
		    root, journal->note) != 0) {
		assay_journal_rollback(journal);
		return assay_error_set(err, ASSAY_EIO, "key-unusable", "检查点签名失败",
			"the checkpoint could not be signed");
	}
	(void)sqlite3_bind_int64(insert, 1, (sqlite3_int64)journal->committed.size);
	(void)sqlite3_bind_text(insert, 2, journal->note, -1, SQLITE_STATIC);
	rc = step_insert(insert);
	return rc == SQLITE_OK ? ASSAY_OK : failed(journal, rc, err);
}

static void checkpoint_made(struct assay_journal *journal, uint64_t mono_ns)
{
	journal->checkpoint_size = journal->committed.size;
	journal->checkpoint_ns = mono_ns;
	journal->publish_due = true;
}

/* The group is durable whatever happens here; but a file that cannot be synced is not written again. */
static void empty_wal(struct assay_journal *journal)
{
	int rc;

	if (journal->wal_pages < journal->wal_limit)
		return;
	rc = sqlite3_wal_checkpoint_v2(journal->segment.db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	if ((rc & 0xff) == SQLITE_FULL)
		assay_reserve_release(&journal->reserve);
	else if ((rc & 0xff) == SQLITE_IOERR)
		journal_give_up(journal);
}

int assay_journal_commit(struct assay_journal *journal, struct assay_error *err)
{
	uint64_t mono_ns = journal_now_ns(CLOCK_MONOTONIC);
	bool due = checkpoint_due(journal, mono_ns);
	int rc, status;

	if (!journal->open_group)
		return ASSAY_OK;
	status = due ? insert_checkpoint(journal, err) : ASSAY_OK;
	if (status != ASSAY_OK)
		return status;
	rc = journal_rows_flush(&journal->rows);
	if (rc == SQLITE_OK)
		rc = step(journal->statement[GROUP_COMMIT]);
	if (rc != SQLITE_OK)
		return failed(journal, rc, err);
	if (due)
		checkpoint_made(journal, mono_ns);
	journal->open_group = false;
	journal_tree_copy(&journal->committed, &journal->tree);
	journal->segment.end = journal->tree.size;
	empty_wal(journal);
	return ASSAY_OK;
}

/* The copy beside the segments costs two syncs of its own: under a flood of entries not for each note. */
static bool publish_now(const struct assay_journal *journal, bool force)
{
	return journal->publish_due &&
	       (force || !journal->published_ns ||
		       journal_now_ns(CLOCK_MONOTONIC) - journal->published_ns >= PUBLISH_NS);
}

int assay_journal_checkpoint(
	struct assay_journal *journal, uint64_t mono_ns, bool force, bool *made_out, struct assay_error *err)
{
	bool due = journal->committed.size != journal->checkpoint_size &&
		   (force || checkpoint_due(journal, mono_ns));
	int status;

	if (made_out)
		*made_out = false;
	if (journal->open_group || !journal->segment.db)
		return ASSAY_OK;
	if (journal->change.step != KEY_NO_CHANGE && !journal->change.busy)
		return journal_key_continue(journal, err);
	if (due) {
		status = insert_checkpoint(journal, err);
		if (status != ASSAY_OK)
			return status;
		checkpoint_made(journal, mono_ns ? mono_ns : journal_now_ns(CLOCK_MONOTONIC));
		if (made_out)
			*made_out = true;
	}
	if (publish_now(journal, force)) {
		status = assay_checkpoint_publish(journal->dir, journal->note, err);
		if (status != ASSAY_OK)
			return status;
		journal->publish_due = false;
		journal->published_ns = journal_now_ns(CLOCK_MONOTONIC);
	}
	assay_reserve_look(&journal->reserve, journal_now_ns(CLOCK_MONOTONIC));
	return !force && journal_roll_due(journal) ? journal_roll(journal, err) : ASSAY_OK;
}

bool assay_journal_full(const struct assay_journal *journal)
{
	return journal->reserve.full;
}

void assay_journal_trim(struct assay_journal *journal)
{
	if (journal->segment.db)
		(void)sqlite3_db_release_memory(journal->segment.db);
}

uint64_t assay_journal_size(const struct assay_journal *journal)
{
	return journal->tree.size;
}

void assay_journal_root(const struct assay_journal *journal, uint8_t out[ASSAY_HASH_SIZE])
{
	assay_tree_root(&journal->tree, out);
}

unsigned assay_journal_segment(const struct assay_journal *journal)
{
	return journal->segment.number;
}

const char *assay_journal_boot_hex(const struct assay_journal *journal)
{
	return journal->boot_hex;
}
