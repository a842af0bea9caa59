/* SPDX-License-Identifier: Apache-2.0
 * The writer's start and end: lock, boot id, key, the last segment and its tail. */
#include "gateway/record/journal_inside.h"
#include "gateway/record/sha256.h"
#include "gateway/record/tail.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define WAL_PAGES 2000
#define SEGMENT_BYTES (1024ull * 1024 * 1024)

/* A restored directory has a boot id of its own, on the same machine, too (backup.c). */
static void mix_lineage(struct assay_journal *journal)
{
	uint8_t both[32], digest[32];
	char path[600];
	int fd;

	(void)snprintf(path, sizeof path, "%s/journal/lineage", journal->dir);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	memcpy(both, journal->boot, 16);
	if (read(fd, both + 16, 16) == 16) {
		assay_sha256(both, sizeof both, digest);
		memcpy(journal->boot, digest, 16);
		assay_hex(journal->boot, 16, journal->boot_hex);
	}
	(void)close(fd);
}

static int read_boot(struct assay_journal *journal, struct assay_error *err)
{
	char text[40] = "";
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
	unsigned digits = 0;

	if (fd >= 0)
		(void)close(fd);
	for (ssize_t i = 0; i < got && digits < 32; i++)
		if (text[i] != '-' && text[i] != '\n')
			journal->boot_hex[digits++] = text[i];
	if (digits != 32)
		return assay_error_set(err, ASSAY_EIO, "boot-id-missing",
			"读不到系统启动号（/proc/sys/kernel/random/boot_id）",
			"the boot id cannot be read (/proc/sys/kernel/random/boot_id)");
	for (unsigned i = 0; i < 16; i++) {
		char pair[3] = {journal->boot_hex[(size_t)2 * i], journal->boot_hex[(size_t)2 * i + 1], '\0'};

		journal->boot[i] = (uint8_t)strtoul(pair, NULL, 16);
	}
	mix_lineage(journal);
	return ASSAY_OK;
}

static int take_lock(struct assay_journal *journal, struct assay_error *err)
{
	char path[600];

	(void)snprintf(path, sizeof path, "%s/journal", journal->dir);
	if (mkdir(path, 0700) != 0 && errno != EEXIST)
		return assay_error_set(err, ASSAY_EIO, "journal-io", "%s：不能建立（%s）",
			"%s: cannot be made (%s)", path, strerror(errno));
	(void)snprintf(path, sizeof path, "%s/journal/lock", journal->dir);
	journal->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (journal->lock < 0)
		return assay_error_set(err, ASSAY_EIO, "journal-io", "%s：不能打开（%s）",
			"%s: cannot be opened (%s)", path, strerror(errno));
	if (flock(journal->lock, LOCK_EX | LOCK_NB) != 0)
		return assay_error_set(err, ASSAY_ETAKEN, "journal-taken",
			"%s/journal 正由另一个 assay 写入；同一目录只能有一个",
			"%s/journal is being written by another assay; a directory has one writer",
			journal->dir);
	return ASSAY_OK;
}

/* *next_out: the key that a change of key left waiting, origin "" when there is none. */
static int check_tail(struct assay_journal *journal, struct assay_tail *tail,
	struct assay_origin_key *next_out, struct assay_error *err)
{
	int status = assay_origin_key_next(journal->dir, journal->key.origin, false, next_out, err);

	if (status == ASSAY_ENOTFOUND)
		memset(next_out, 0, sizeof *next_out);
	else if (status != ASSAY_OK)
		return status;
	return assay_tail_check(&journal->segment, &journal->key, next_out->origin[0] ? next_out : NULL,
		journal->dir, &journal->tree, tail, err);
}

/* The damaged segment is left as it is, like one that could not be written. */
static void set_aside(struct assay_journal *journal, const struct assay_tail *tail)
{
	journal->quarantine.segment = journal->segment.number;
	journal->quarantine.count = tail->damaged_count;
	memcpy(journal->quarantine.sequence, tail->damaged, tail->damaged_count * sizeof *tail->damaged);
	journal_give_up(journal);
}

const struct assay_quarantine *assay_journal_quarantine(const struct assay_journal *journal)
{
	return &journal->quarantine;
}

static int open_last(
	struct assay_journal *journal, const struct assay_journal_options *options, struct assay_error *err)
{
	struct assay_segment *segment = &journal->segment;
	struct assay_origin_key next = {0};
	struct assay_tail tail = {0};
	uint64_t given_up = journal_given_up(journal);
	int status = journal_attach(journal, err);

	if (status == ASSAY_OK && given_up != UINT64_MAX)
		(void)sqlite3_db_config(segment->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);

	if (status == ASSAY_OK)
		status = assay_segment_load(segment, err);
	if (status == ASSAY_OK && given_up != UINT64_MAX && given_up > segment->end)
		status = assay_error_set(err, ASSAY_EDAMAGED, "journal-damaged",
			"台账第 %04u 段：第 %" PRIu64 " 条缺失。请从备份恢复",
			"journal segment %04u: entry %" PRIu64 " is missing; restore from a backup",
			segment->number, segment->end);
	if (status == ASSAY_OK && given_up < segment->end)
		segment->end = given_up;
	if (status == ASSAY_OK)
		status = assay_segment_schema(segment, err);
	if (status == ASSAY_OK &&
		(strcmp(segment->site, options->site) != 0 || strcmp(segment->origin, options->origin) != 0))
		return assay_error_set(err, ASSAY_EREFUSED, "journal-foreign",
			"%s 的台账属于站点 %s（%s），lab.xml 写的是另一个站点",
			"the journal in %s belongs to site %s (%s), lab.xml names another", journal->dir,
			segment->site, segment->origin);
	if (status == ASSAY_OK)
		status = check_tail(journal, &tail, &next, err);
	if (status != ASSAY_OK)
		return status;
	journal->checkpoint_size = tail.checkpoint_size;
	journal->change.next = next;
	journal->change.busy = true; /* until it is seen what is left to do */
	if (tail.next_signed)
		journal->change.step = KEY_NEXT_SIGNED;
	journal_tree_copy(&journal->committed, &journal->tree);
	journal_load_month(journal);
	if (tail.damaged_count)
		set_aside(journal, &tail);
	else if (given_up == UINT64_MAX)
		return ASSAY_OK;
	else
		journal_detach(journal);
	return journal_next_after_given_up(journal, err);
}

int assay_journal_open(const char *dir, const struct assay_journal_options *options,
	struct assay_journal **out, struct assay_error *err)
{
	struct assay_journal *journal = calloc(1, sizeof *journal);
	int status, last;

	if (!journal)
		return assay_error_set(err, ASSAY_ENOMEM, "out-of-memory", "内存不足", "out of memory");
	journal->lock = -1;
	(void)snprintf(journal->dir, sizeof journal->dir, "%s", dir);
	journal->segment_bytes = options->segment_bytes ? options->segment_bytes : SEGMENT_BYTES;
	(void)snprintf(journal->segment.site, sizeof journal->segment.site, "%s", options->site);
	(void)snprintf(journal->segment.origin, sizeof journal->segment.origin, "%s", options->origin);
	journal->wal_limit = options->wal_pages ? options->wal_pages : WAL_PAGES;
	journal->wrote = options->wrote;
	journal->wrote_context = options->wrote_context;
	status = read_boot(journal, err);
	if (status == ASSAY_OK)
		status = take_lock(journal, err);
	if (status != ASSAY_OK)
		goto out;
	if (options->reserve_bytes != UINT64_MAX)
		assay_reserve_open(&journal->reserve, dir,
			options->reserve_bytes ? options->reserve_bytes : ASSAY_RESERVE_BYTES);
	last = assay_segment_last(dir, err);
	if (last < 0) {
		status = ASSAY_EIO;
		goto out;
	}
	status = assay_origin_key_load(dir, options->origin, last == 0, &journal->key, err);
	if (status != ASSAY_OK)
		goto out;
	journal->segment.number = (unsigned)last;
	if (last == 0)
		status = journal_make_segment(journal, "", err);
	if (status == ASSAY_OK)
		status = open_last(journal, options, err);
	if (status == ASSAY_OK)
		status = journal_append_seal(journal, err);
	if (status == ASSAY_OK)
		status = journal_key_resume(journal, err);
	journal->change.busy = false;
	journal->checkpoint_ns = journal_now_ns(CLOCK_MONOTONIC);
out:
	if (status != ASSAY_OK) {
		/* What is damaged stays as it was found. */
		if (journal->segment.db)
			(void)sqlite3_db_config(
				journal->segment.db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
		assay_journal_close(journal);
		return status;
	}
	*out = journal;
	return ASSAY_OK;
}

void assay_journal_close(struct assay_journal *journal)
{
	if (!journal)
		return;
	if (journal->open_group)
		assay_journal_rollback(journal);
	journal_detach(journal);
	if (journal->lock >= 0)
		(void)close(journal->lock);
	sodium_memzero(&journal->key, sizeof journal->key);
	sodium_memzero(&journal->change, sizeof journal->change);
	free(journal);
}
