/* SPDX-License-Identifier: Apache-2.0
 * The journal under faults: allocation, write, sync, open, truncate, rename and unlink failing at the N-th call, once
 * and for ever, for N = 1, 2, ... until nothing fails any more (each N with ASSAY_FULL, else every third to hundredth). Whatever happens: what was acknowledged is there, once,
 * the tree holds, and the next start works. Then a failed sync, a full disk, a second writer, an old file put back, a
 * WAL taken away and a slow disk, one by one. */
#include "tests/fault/allocation.h"
#include "tests/fault/calls.h"
#include "tests/fault/specimen.h"

#include "gateway/record/journal_reader.h"

#include <sys/statvfs.h>
#include <sys/wait.h>
#include <time.h>

#define IDS 18u

/* Free space, for the test of the full disk. */
static uint64_t pretend_free = UINT64_MAX;

int statvfs(const char *path, struct statvfs *about)
{
	(void)path;
	memset(about, 0, sizeof *about);
	about->f_frsize = 4096;
	about->f_bavail = pretend_free / 4096;
	return 0;
}

static struct assay_journal_options options(void)
{
	struct assay_journal_options all = specimen_options(30000);

	all.wal_pages = 10;
	return all;
}

static int append(struct assay_journal *journal, uint16_t kind, uint64_t id, struct assay_error *err)
{
	char body[64];
	uint8_t raw[1500] = {3};
	struct assay_entry entry = {.kind = kind, .body = body};

	if (assay_journal_size(journal) == 0)
		entry.kind = ASSAY_ENTRY_GENESIS;
	else if (kind == ASSAY_ENTRY_EXCHANGE) {
		raw[6] = (uint8_t)((sizeof raw - 16) >> 8);
		raw[7] = (uint8_t)((sizeof raw - 16) & 0xff);
		entry.raw = raw;
		entry.raw_length = sizeof raw;
	}
	entry.body_length = (size_t)snprintf(body, sizeof body, "{\"id\":%lu}", (unsigned long)id);
	return assay_journal_append(journal, &entry, err);
}

struct outcome {
	bool acknowledged[IDS];
	unsigned refused; /* with an error that says what */
};

/* As the recorder would: what was not acknowledged is told again, three times at most. */
static void work(const char *dir, struct outcome *out)
{
	struct assay_journal_options all = options();
	struct assay_journal *journal;
	struct assay_error err;

	memset(out, 0, sizeof *out);
	err.code[0] = '\0';
	if (assay_journal_open(dir, &all, &journal, &err) != ASSAY_OK) {
		SPECIMEN_CHECK(err.code[0] && err.text_en[0] && err.text_zh[0]);
		out->refused++;
		return;
	}
	for (uint64_t id = 0; id < IDS; id += 2) {
		for (unsigned again = 0; again < 3 && !out->acknowledged[id]; again++) {
			int status = append(journal, ASSAY_ENTRY_EXCHANGE, id, &err);

			if (status == ASSAY_OK)
				status = append(journal, ASSAY_ENTRY_EXCHANGE, id + 1, &err);
			if (status == ASSAY_OK)
				status = assay_journal_commit(journal, &err);
			out->acknowledged[id] = out->acknowledged[id + 1] = status == ASSAY_OK;
			out->refused += status != ASSAY_OK;
		}
		if (id % 6 == 4 &&
			(assay_journal_checkpoint(journal, 0, true, NULL, &err) != ASSAY_OK ||
				assay_journal_checkpoint(journal, 0, false, NULL, &err) != ASSAY_OK))
			out->refused++;
		if (id == 10 && assay_journal_change_key(journal, "boss", "test", &err) != ASSAY_OK)
			out->refused++;
	}
	assay_journal_close(journal);
}

struct seen {
	unsigned count[IDS + 1];
};

static int see(void *context, const struct assay_entry *entry, const uint8_t leaf[ASSAY_HASH_SIZE])
{
	struct seen *seen = context;
	uint64_t id = entry->kind == ASSAY_ENTRY_EXCHANGE || entry->kind == ASSAY_ENTRY_GENESIS
			      ? strtoull(entry->body + 6, NULL, 10)
			      : IDS;

	(void)leaf;
	seen->count[id < IDS ? id : IDS]++;
	return 0;
}

/* Every acknowledged id once, no other twice; it opens again, takes an entry, and holds. */
static void check(const char *dir, const struct outcome *outcome, const char *what, uint64_t at)
{
	struct assay_journal_options all = options();
	struct seen seen = {{0}};
	struct assay_verify_report report;
	struct assay_journal *journal;
	struct assay_reader *reader;
	struct assay_error err;
	bool good = assay_journal_open(dir, &all, &journal, &err) == ASSAY_OK;

	if (!good)
		(void)fprintf(stderr, "%s, call %lu: %s (%s)\n", what, (unsigned long)at, err.text_en, dir);
	SPECIMEN_CHECK(good);
	SPECIMEN_CHECK(append(journal, ASSAY_ENTRY_FAULT, IDS, &err) == ASSAY_OK);
	SPECIMEN_CHECK(assay_journal_commit(journal, &err) == ASSAY_OK);
	assay_journal_close(journal);
	SPECIMEN_CHECK(assay_reader_open(dir, ASSAY_READ_STILL, &reader, &err) == ASSAY_OK);
	SPECIMEN_CHECK(assay_reader_each(reader, 0, 0, see, &seen, &err) == ASSAY_OK);
	assay_reader_close(reader);
	for (unsigned id = 0; id < IDS; id++) {
		good = seen.count[id] <= 1 && (seen.count[id] == 1 || !outcome->acknowledged[id]);
		if (!good)
			(void)fprintf(stderr, "%s, call %lu: id %u is there %u times (%s)\n", what,
				(unsigned long)at, id, seen.count[id], dir);
		SPECIMEN_CHECK(good);
	}
	report = specimen_verify(dir, NULL);
	if (report.findings)
		(void)fprintf(stderr, "%s, call %lu: %s (%s)\n", what, (unsigned long)at,
			report.worst.what.text_en, dir);
	SPECIMEN_CHECK(report.findings == 0);
}

static void sweep_calls(enum call call, int error, bool for_ever, unsigned stride, const char *what)
{
	char dir[64];
	struct outcome outcome;
	unsigned rounds = 0, refused = 0;
	bool hit = true;

	for (uint64_t at = 1; hit; at += stride) {
		specimen_dir(dir);
		calls_begin(dir, PLAN_FAIL, 1u << call, at, for_ever, error);
		work(dir, &outcome);
		hit = calls.hit;
		calls_end();
		check(dir, &outcome, what, at);
		specimen_remove(dir);
		rounds += hit;
		refused += outcome.refused != 0;
	}
	(void)printf("%s (%s) %s: %u calls, %u with a word of refusal, 0 acknowledged lost, 0 doubled\n",
		what, strerror(error), for_ever ? "for ever" : "once", rounds, refused);
}

static void sweep_allocation(bool for_ever, unsigned stride)
{
	char dir[64];
	struct outcome outcome;
	unsigned rounds = 0;
	bool hit = ALLOCATION_FAULTS;

	for (uint64_t at = 1; hit; at += stride) {
		specimen_dir(dir);
		memset(&allocation, 0, sizeof allocation);
		allocation.at = at;
		allocation.for_ever = for_ever;
		allocation.watching = true;
		work(dir, &outcome);
		allocation.watching = false;
		hit = allocation.hit;
		check(dir, &outcome, "allocation", at);
		specimen_remove(dir);
		rounds += hit;
	}
	(void)printf("allocation %s: %u calls (each %u.), 0 acknowledged lost, 0 doubled\n",
		for_ever ? "for ever" : "once", rounds, stride);
}

/* A failed sync, then success: nothing more is written to that segment, the rest goes to the next one. */
static void test_failed_sync(void)
{
	char dir[64];
	struct assay_journal_options all = specimen_options(0);
	struct assay_journal *journal;
	struct assay_error err;
	struct outcome outcome = {.refused = 0};

	specimen_dir(dir);
	calls_begin(dir, PLAN_NONE, 0, 0, false, 0);
	SPECIMEN_CHECK(assay_journal_open(dir, &all, &journal, &err) == ASSAY_OK);
	for (uint64_t id = 0; id < 4; id++)
		SPECIMEN_CHECK(append(journal, ASSAY_ENTRY_EXCHANGE, id, &err) == ASSAY_OK &&
			       assay_journal_commit(journal, &err) == ASSAY_OK);
	SPECIMEN_CHECK(append(journal, ASSAY_ENTRY_EXCHANGE, 4, &err) == ASSAY_OK);
	calls_plan(PLAN_FAIL, 1u << CALL_SYNC, 1, EIO);
	SPECIMEN_CHECK(assay_journal_commit(journal, &err) == ASSAY_EIO);
	SPECIMEN_CHECK(calls.hit && strstr(calls.hit_path, "0001.db-wal"));
	SPECIMEN_CHECK(assay_journal_size(journal) == 4);
	SPECIMEN_CHECK(append(journal, ASSAY_ENTRY_EXCHANGE, 4, &err) == ASSAY_OK);
	SPECIMEN_CHECK(assay_journal_commit(journal, &err) == ASSAY_OK);
	SPECIMEN_CHECK(assay_journal_segment(journal) == 2);
	SPECIMEN_CHECK(assay_journal_checkpoint(journal, 0, true, NULL, &err) == ASSAY_OK);
	assay_journal_close(journal);
	SPECIMEN_CHECK(calls.after_hit == 0);
	calls_end();
	for (unsigned id = 0; id < 5; id++)
		outcome.acknowledged[id] = true;
	check(dir, &outcome, "failed sync", 0);
	specimen_remove(dir);
	/* And when the writer ends before it could begin the next segment. */
	specimen_dir(dir);
	calls_begin(dir, PLAN_NONE, 0, 0, false, 0);
	SPECIMEN_CHECK(assay_journal_open(dir, &all, &journal, &err) == ASSAY_OK);
	SPECIMEN_CHECK(append(journal, ASSAY_ENTRY_EXCHANGE, 0, &err) == ASSAY_OK);
	SPECIMEN_CHECK(assay_journal_commit(journal, &err) == ASSAY_OK);
	SPECIMEN_CHECK(append(journal, ASSAY_ENTRY_EXCHANGE, 1, &err) == ASSAY_OK);
	calls_plan(PLAN_FAIL, 1u << CALL_SYNC, 1, EIO);
	SPECIMEN_CHECK(assay_journal_commit(journal, &err) == ASSAY_EIO);
	assay_journal_close(journal);
	SPECIMEN_CHECK(assay_journal_open(dir, &all, &journal, &err) == ASSAY_OK);
	SPECIMEN_CHECK(
		assay_journal_size(journal) == 2 && assay_journal_segment(journal) == 2); /* 1 and the seal */
	assay_journal_close(journal);
	SPECIMEN_CHECK(calls.after_hit == 0);
	calls_end();
	memset(&outcome, 0, sizeof outcome);
	outcome.acknowledged[0] = true;
	check(dir, &outcome, "failed sync", 0);
	specimen_remove(dir);
	(void)printf("failed sync: the segment is given up, the next one holds what follows\n");
}

static void test_full_disk(void)
{
	char dir[64], path[200];
	struct assay_journal_options all = specimen_options(0);
	struct assay_journal *journal;
	struct assay_error err;
	struct timespec pause = {.tv_sec = 1, .tv_nsec = 50000000};
	struct stat about;

	specimen_dir(dir);
	(void)snprintf(path, sizeof path, "%s/journal/reserve", dir);
	all.reserve_bytes = 1 << 20;
	calls_begin(dir, PLAN_NONE, 0, 0, false, 0);
	SPECIMEN_CHECK(assay_journal_open(dir, &all, &journal, &err) == ASSAY_OK);
	SPECIMEN_CHECK(stat(path, &about) == 0 && about.st_blocks * 512 >= 1 << 20);
	SPECIMEN_CHECK(append(journal, ASSAY_ENTRY_EXCHANGE, 0, &err) == ASSAY_OK);
	SPECIMEN_CHECK(assay_journal_commit(journal, &err) == ASSAY_OK && !assay_journal_full(journal));
	/* The disk says full: the group goes back, the reserve is given up, the trouble can be written down. */
	SPECIMEN_CHECK(append(journal, ASSAY_ENTRY_EXCHANGE, 1, &err) == ASSAY_OK);
	pretend_free = 100000;
	calls_plan(PLAN_FAIL, 1u << CALL_WRITE, 1, ENOSPC);
	SPECIMEN_CHECK(assay_journal_commit(journal, &err) == ASSAY_EFULL);
	calls.plan = PLAN_NONE;
	SPECIMEN_CHECK(strcmp(err.code, "journal-full") == 0);
	SPECIMEN_CHECK(assay_journal_full(journal) && stat(path, &about) != 0);
	SPECIMEN_CHECK(append(journal, ASSAY_ENTRY_EXCHANGE, 1, &err) == ASSAY_EFULL);
	SPECIMEN_CHECK(append(journal, ASSAY_ENTRY_FAULT, 2, &err) == ASSAY_OK);
	SPECIMEN_CHECK(assay_journal_commit(journal, &err) == ASSAY_OK);
	/* Room again: it goes on by itself, the reserve is there again, nothing began a new segment. */
	pretend_free = UINT64_MAX;
	(void)nanosleep(&pause, NULL);
	SPECIMEN_CHECK(append(journal, ASSAY_ENTRY_EXCHANGE, 3, &err) == ASSAY_OK);
	SPECIMEN_CHECK(assay_journal_commit(journal, &err) == ASSAY_OK && !assay_journal_full(journal));
	SPECIMEN_CHECK(stat(path, &about) == 0 && assay_journal_segment(journal) == 1);
	/* It warns before it is full. */
	pretend_free = 500000;
	(void)nanosleep(&pause, NULL);
	SPECIMEN_CHECK(assay_journal_checkpoint(journal, 0, false, NULL, &err) == ASSAY_OK);
	SPECIMEN_CHECK(assay_journal_full(journal) && stat(path, &about) == 0);
	SPECIMEN_CHECK(append(journal, ASSAY_ENTRY_EXCHANGE, 4, &err) == ASSAY_EFULL);
	pretend_free = UINT64_MAX;
	assay_journal_close(journal);
	calls_end();
	SPECIMEN_CHECK(specimen_verify(dir, NULL).findings == 0 && specimen_verify(dir, NULL).end == 3);
	specimen_remove(dir);
	(void)printf("full disk: said, written down from the reserve, goes on when there is room\n");
}

static void test_second_writer(void)
{
	char dir[64], path[200];
	struct assay_journal_options all = specimen_options(0);
	struct assay_journal *journal, *other;
	struct assay_error err;
	int go[2], done[2];
	pid_t child;
	char byte;

	specimen_dir(dir);
	(void)snprintf(path, sizeof path, "%s/journal/0001.db", dir);
	SPECIMEN_CHECK(assay_journal_open(dir, &all, &journal, &err) == ASSAY_OK);
	SPECIMEN_CHECK(append(journal, ASSAY_ENTRY_EXCHANGE, 0, &err) == ASSAY_OK);
	SPECIMEN_CHECK(assay_journal_commit(journal, &err) == ASSAY_OK);
	SPECIMEN_CHECK(assay_journal_open(dir, &all, &other, &err) == ASSAY_ETAKEN);
	/* Somebody with the sqlite3 shell holds the write lock. */
	SPECIMEN_CHECK(pipe(go) == 0 && pipe(done) == 0);
	child = fork();
	SPECIMEN_CHECK(child >= 0);
	if (child == 0) {
		sqlite3 *db;

		SPECIMEN_CHECK(sqlite3_open(path, &db) == SQLITE_OK);
		SPECIMEN_CHECK(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK);
		SPECIMEN_CHECK(write(done[1], "x", 1) == 1);
		SPECIMEN_CHECK(read(go[0], &byte, 1) == 1);
		_exit(0);
	}
	SPECIMEN_CHECK(read(done[0], &byte, 1) == 1);
	SPECIMEN_CHECK(
		append(journal, ASSAY_ENTRY_EXCHANGE, 1, &err) == ASSAY_EIO && strstr(err.text_en, path));
	SPECIMEN_CHECK(write(go[1], "x", 1) == 1);
	SPECIMEN_CHECK(waitpid(child, NULL, 0) == child);
	SPECIMEN_CHECK(append(journal, ASSAY_ENTRY_EXCHANGE, 1, &err) == ASSAY_OK);
	SPECIMEN_CHECK(assay_journal_commit(journal, &err) == ASSAY_OK);
	SPECIMEN_CHECK(assay_journal_segment(journal) == 1);
	assay_journal_close(journal);
	SPECIMEN_CHECK(specimen_verify(dir, NULL).findings == 0);
	specimen_remove(dir);
	(void)printf("second writer: refused, and outlived\n");
}

/* Files put back or taken away between two runs: the next start refuses to write and says what is wrong. */
static void test_old_files(void)
{
	static const char *const changes[] = {
		"cp $B/0001.db $A/journal/0001.db && rm -f $A/journal/0001.db-*", /* an old file put back */
		"rm -f $A/journal/0001.db-wal $A/journal/0001.db-shm", /* the WAL taken away */
		"truncate -s -4096 $A/journal/0001.db && rm -f $A/journal/0001.db-*",
	};

	for (unsigned i = 0; i < sizeof changes / sizeof *changes; i++) {
		struct assay_journal_options all = specimen_options(0);
		char dir[64], keep[80];
		struct assay_journal *journal;
		struct assay_error err;
		int how;
		pid_t child;

		specimen_dir(dir);
		(void)snprintf(keep, sizeof keep, "%s-keep", dir);
		specimen_fill(dir, 0, 50, 5, 25);
		specimen_shell("mkdir -p $B && cp $A/journal/0001.db $B", dir, keep);
		child = fork();
		SPECIMEN_CHECK(child >= 0);
		if (child == 0) {
			SPECIMEN_CHECK(assay_journal_open(dir, &all, &journal, &err) == ASSAY_OK);
			for (uint64_t id = 0; id < 30; id++)
				SPECIMEN_CHECK(specimen_append(journal, 50 + id, &err) == ASSAY_OK);
			SPECIMEN_CHECK(assay_journal_commit(journal, &err) == ASSAY_OK);
			SPECIMEN_CHECK(assay_journal_checkpoint(journal, 0, true, NULL, &err) == ASSAY_OK);
			(void)raise(SIGKILL);
		}
		SPECIMEN_CHECK(waitpid(child, &how, 0) == child && WIFSIGNALED(how));
		specimen_shell(changes[i], dir, keep);
		if (assay_journal_open(dir, &all, &journal, &err) != ASSAY_EDAMAGED) {
			(void)fprintf(stderr, "%s: opened\n", changes[i]);
			abort();
		}
		SPECIMEN_CHECK(specimen_verify(dir, NULL).findings > 0);
		specimen_remove(keep);
		specimen_remove(dir);
	}
	(void)printf("old file put back, WAL taken away, file cut: the start refuses and says so\n");
}

static unsigned stall_ms, stalls_left;

static void stall(
	enum call call, const char *path, const char *other, const void *bytes, size_t length, uint64_t at)
{
	(void)path;
	(void)other;
	(void)bytes;
	(void)length;
	(void)at;
	if (call == CALL_SYNC && stalls_left > 0) {
		struct timespec pause = {
			.tv_sec = stall_ms / 1000, .tv_nsec = (long)(stall_ms % 1000) * 1000000};

		(void)nanosleep(&pause, NULL);
		stalls_left--;
	}
}

static void test_slow_disk(unsigned ms, unsigned stalls)
{
	char dir[64];
	struct outcome outcome;

	stall_ms = ms;
	stalls_left = stalls;
	specimen_dir(dir);
	calls.told = stall;
	calls_begin(dir, PLAN_NONE, 0, 0, false, 0);
	work(dir, &outcome);
	calls_end();
	calls.told = NULL;
	SPECIMEN_CHECK(outcome.refused == 0);
	check(dir, &outcome, "slow disk", 0);
	specimen_remove(dir);
	(void)printf("%u syncs stall %u ms: nothing refused, nothing lost\n", stalls - stalls_left, stall_ms);
}

int main(void)
{
	static const struct {
		enum call call;
		int error;
		const char *what;
	} faults[] = {
		{CALL_WRITE, EIO, "write"},
		{CALL_WRITE, ENOSPC, "write"},
		{CALL_WRITE, EROFS, "write"},
		{CALL_SYNC, EIO, "sync"},
		{CALL_SYNC, ENOSPC, "sync"},
		{CALL_OPEN, EMFILE, "open"},
		{CALL_OPEN, EACCES, "open"},
		{CALL_TRUNCATE, EIO, "truncate"},
		{CALL_RENAME, EIO, "rename"},
		{CALL_UNLINK, EACCES, "unlink"},
	};
	bool full = getenv("ASSAY_FULL") != NULL;

	for (unsigned i = 0; i < sizeof faults / sizeof *faults; i++) {
		sweep_calls(faults[i].call, faults[i].error, false, full ? 1 : 3, faults[i].what);
		sweep_calls(faults[i].call, faults[i].error, true, full ? 1 : 11, faults[i].what);
	}
	sweep_allocation(false, full ? 1 : 53);
	sweep_allocation(true, full ? 1 : 101);
	test_failed_sync();
	test_full_disk();
	test_second_writer();
	test_old_files();
	test_slow_disk(20, 1000);
	test_slow_disk(10000, full ? 5 : 1);
	return 0;
}
