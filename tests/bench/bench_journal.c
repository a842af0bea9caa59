/* SPDX-License-Identifier: Apache-2.0
 * What the journal costs: durable entries a second in the tree, alone and in groups, beside bare SQLite that stores the
 * same bytes in the same run; bytes on disk beside what an entry says; verification; how open and append grow.
 *
 * Proofs, catching up and backup at each size.
 *
 * usage: bench_journal [ENTRIES [DIR]]      1,000,000 entries for the last part, 10,000,000 with ASSAY_FULL; DIR is made
 *                                           below $TMPDIR or /tmp */
#include "gateway/record/backup.h"
#include "gateway/record/events.h"
#include "gateway/record/inclusion.h"
#include "gateway/record/journal.h"
#include "gateway/record/journal_reader.h"
#include "gateway/record/state.h"
#include "gateway/record/verify.h"

#include <ftw.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define CHECK(what)                                                                                          \
	do {                                                                                                 \
		if (!(what)) {                                                                               \
			(void)fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #what);                     \
			exit(1);                                                                             \
		}                                                                                            \
	} while (0)
#define ROUNDS 5u

static const char body[] = "{\"instrument\":\"balance-1\",\"generation\":3,\"id\":17,"
			   "\"readings\":[[\"weight\",\"20.1127\",\"g\",1,\"\",4,10,15,1,0,18]]}";
static uint8_t raw[2 * ASSAY_EVENT_HEADER_SIZE + 3 + 18];
static char folder[200];

static uint64_t now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* One weighing: "S" asked, "S S     20.1127 g" answered. */
static void make_raw(void)
{
	struct assay_event event = {
		.direction = 1, .mono_ns = 1, .bytes = (const uint8_t *)"S\r\n", .length = 3};
	size_t at = assay_event_put(&event, raw);

	event.direction = 2;
	event.bytes = (const uint8_t *)"S S    20.1127 g\r\n";
	event.length = 18;
	CHECK(at + assay_event_put(&event, raw + at) == sizeof raw);
}

static int drop(const char *path, const struct stat *about, int kind, struct FTW *where)
{
	(void)about;
	(void)kind;
	(void)where;
	return remove(path);
}

static void fresh(void)
{
	(void)nftw(folder, drop, 8, FTW_DEPTH | FTW_PHYS);
	CHECK(mkdir(folder, 0700) == 0);
}

static struct assay_journal *open_journal(void)
{
	const struct assay_journal_options options = {.site = "bench", .origin = "bench.assay.example"};
	struct assay_journal *journal;
	struct assay_error err;

	CHECK(assay_journal_open(folder, &options, &journal, &err) == ASSAY_OK);
	return journal;
}

/* Both times are given, as hosts give them. */
static void append(struct assay_journal *journal)
{
	struct assay_error err;
	struct assay_entry entry = {.kind = ASSAY_ENTRY_EXCHANGE,
		.wall_ns = 1790000000000000000,
		.mono_ns = 1000000000,
		.line = "com1",
		.body = body,
		.body_length = sizeof body - 1,
		.raw = raw,
		.raw_length = sizeof raw};

	if (assay_journal_size(journal) == 0)
		entry.kind = ASSAY_ENTRY_GENESIS;
	CHECK(assay_journal_append(journal, &entry, &err) == ASSAY_OK);
}

static uint64_t time_journal(struct assay_journal *journal, unsigned count, unsigned group)
{
	struct assay_error err;
	uint64_t start = now_ns();

	for (unsigned i = 0; i < count; i++) {
		append(journal);
		if ((i + 1) % group == 0)
			CHECK(assay_journal_commit(journal, &err) == ASSAY_OK);
	}
	CHECK(assay_journal_commit(journal, &err) == ASSAY_OK);
	return now_ns() - start;
}

/* What SQLite alone costs: a table with the columns and types of the journal's, the same bytes in each, the same
 * opening flags, journal mode, synchronous setting and size at which the WAL is put into the file; no tree, no hashes,
 * no signatures, no triggers. */
static sqlite3 *open_bare(sqlite3_stmt **insert)
{
	sqlite3 *db;
	char path[300];

	(void)snprintf(path, sizeof path, "%s/bare.db", folder);
	CHECK(sqlite3_open_v2(path, &db,
		      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX |
			      SQLITE_OPEN_EXRESCODE,
		      NULL) == SQLITE_OK);
	CHECK(sqlite3_exec(db,
		      "PRAGMA page_size=8192; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA "
		      "wal_autocheckpoint=2000;"
		      "CREATE TABLE entry(seq INTEGER PRIMARY KEY, header BLOB NOT NULL, leaf BLOB NOT NULL,"
		      " body TEXT NOT NULL, raw BLOB NOT NULL) STRICT",
		      NULL, NULL, NULL) == SQLITE_OK);
	CHECK(sqlite3_prepare_v3(db, "INSERT INTO entry(seq,header,leaf,body,raw) VALUES(?1,?2,?3,?4,?5)", -1,
		      SQLITE_PREPARE_PERSISTENT, insert, NULL) == SQLITE_OK);
	return db;
}

static uint64_t time_bare(sqlite3 *db, sqlite3_stmt *insert, uint64_t first, unsigned count, unsigned group)
{
	static const uint8_t header[ASSAY_HEADER_SIZE], leaf[ASSAY_HASH_SIZE];
	uint64_t start = now_ns();

	for (unsigned i = 0; i < count; i++) {
		if (i % group == 0)
			CHECK(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK);
		(void)sqlite3_bind_int64(insert, 1, (sqlite3_int64)(first + i));
		(void)sqlite3_bind_blob(insert, 2, header, sizeof header, SQLITE_STATIC);
		(void)sqlite3_bind_blob(insert, 3, leaf, sizeof leaf, SQLITE_STATIC);
		(void)sqlite3_bind_text(insert, 4, body, sizeof body - 1, SQLITE_STATIC);
		(void)sqlite3_bind_blob(insert, 5, raw, sizeof raw, SQLITE_STATIC);
		CHECK(sqlite3_step(insert) == SQLITE_DONE);
		(void)sqlite3_reset(insert);
		if ((i + 1) % group == 0 || i + 1 == count)
			CHECK(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK);
	}
	return now_ns() - start;
}

static int by_value(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return left < right ? -1 : left > right;
}

/* The two take turns; the middle one of each counts. */
static void compare(unsigned count, unsigned group)
{
	uint64_t ours[ROUNDS], theirs[ROUNDS];
	struct assay_journal *journal;
	sqlite3_stmt *insert;
	sqlite3 *db;

	fresh();
	journal = open_journal();
	db = open_bare(&insert);
	for (unsigned i = 0; i < ROUNDS; i++) {
		theirs[i] = time_bare(db, insert, (uint64_t)i * count, count, group);
		ours[i] = time_journal(journal, count, group);
	}
	qsort(ours, ROUNDS, sizeof *ours, by_value);
	qsort(theirs, ROUNDS, sizeof *theirs, by_value);
	(void)printf("durable, %4u to a commit: journal %8" PRIu64 "/s, bare SQLite %8" PRIu64 "/s: %" PRIu64
		     " %%\n",
		group, count * UINT64_C(1000000000) / ours[ROUNDS / 2],
		count * UINT64_C(1000000000) / theirs[ROUNDS / 2],
		theirs[ROUNDS / 2] * 100 / ours[ROUNDS / 2]);
	(void)sqlite3_finalize(insert);
	(void)sqlite3_close(db);
	assay_journal_close(journal);
}

static uint64_t stored_bytes(void)
{
	uint64_t bytes = 0;
	struct stat about;
	char path[300];

	for (unsigned i = 1;; i++) {
		(void)snprintf(path, sizeof path, "%s/journal/%04u.db", folder, i);
		if (stat(path, &about) != 0)
			return bytes;
		bytes += (uint64_t)about.st_size;
	}
}

static void close_covered(struct assay_journal *journal)
{
	struct assay_error err;

	CHECK(assay_journal_checkpoint(journal, 0, true, NULL, &err) == ASSAY_OK);
	assay_journal_close(journal);
}

static void grow(uint64_t size)
{
	struct assay_journal *journal = open_journal();
	struct assay_error err;

	while (assay_journal_size(journal) < size) {
		uint64_t more = size - assay_journal_size(journal);

		(void)time_journal(journal, more > 1000 ? 1000 : (unsigned)more, 1000);
		CHECK(assay_journal_checkpoint(journal, now_ns(), false, NULL, &err) == ASSAY_OK);
	}
	close_covered(journal);
}

static uint64_t time_open(void)
{
	uint64_t took[ROUNDS];

	for (unsigned i = 0; i < ROUNDS; i++) {
		uint64_t start = now_ns();
		struct assay_journal *journal = open_journal();

		took[i] = now_ns() - start;
		assay_journal_close(journal);
	}
	qsort(took, ROUNDS, sizeof *took, by_value);
	return took[ROUNDS / 2];
}

static uint64_t time_append(void)
{
	struct assay_journal *journal = open_journal();
	uint64_t one[101];

	for (unsigned i = 0; i < 101; i++)
		one[i] = time_journal(journal, 1, 1);
	close_covered(journal);
	qsort(one, 101, sizeof *one, by_value);
	return one[50];
}

/* The state of a laboratory that has all of it but the last thousand entries, as after a kill, is opened and caught up.
 * *whole_out: making it for the first time. */
static uint64_t time_catch_up(uint64_t *whole_out)
{
	struct assay_journal *journal;
	struct assay_state *state;
	struct assay_error err;
	uint64_t start = now_ns();

	CHECK(assay_state_open(folder, &state, &err) == ASSAY_OK);
	CHECK(assay_state_catch_up(state, folder, &err) == ASSAY_OK);
	*whole_out = now_ns() - start;
	assay_state_close(state);
	journal = open_journal();
	(void)time_journal(journal, 1000, 1000);
	close_covered(journal);
	start = now_ns();
	CHECK(assay_state_open(folder, &state, &err) == ASSAY_OK);
	CHECK(assay_state_catch_up(state, folder, &err) == ASSAY_OK);
	start = now_ns() - start;
	assay_state_close(state);
	return start;
}

static uint64_t time_proof(uint64_t size)
{
	struct assay_reader *reader;
	struct assay_error err;
	uint64_t took[101], step = size / 101;

	CHECK(assay_reader_open(folder, ASSAY_READ_STILL, &reader, &err) == ASSAY_OK);
	for (unsigned i = 0; i < 101; i++) {
		struct assay_path path;
		uint64_t start = now_ns();

		CHECK(assay_inclusion_path(reader, i * step, size, &path, &err) == ASSAY_OK);
		took[i] = now_ns() - start;
	}
	assay_reader_close(reader);
	qsort(took, 101, sizeof *took, by_value);
	return took[50];
}

/* What does not grow with age, at this size. */
static void at_size(uint64_t size)
{
	uint64_t opened, one, caught, whole, proof;

	grow(size);
	opened = time_open();
	one = time_append();
	caught = time_catch_up(&whole);
	proof = time_proof(size);
	(void)printf("%9" PRIu64 " entries: open %6" PRIu64 " us, one durable entry %5" PRIu64
		     " us, state caught up by 1,000 %6" PRIu64 " us, inclusion proof %4" PRIu64
		     " us; state made anew %" PRIu64 " entries/s\n",
		size, opened / 1000, one / 1000, caught / 1000, proof / 1000,
		size * UINT64_C(1000000000) / (whole ? whole : 1));
	(void)fflush(stdout);
}

static void back_up(uint64_t size)
{
	struct assay_verify_report report;
	char to[300], back[300];
	bool has_key;
	FILE *lab;
	struct assay_error err;
	uint64_t start = now_ns(), backed, restored;

	(void)snprintf(to, sizeof to, "%s/lab.xml", folder);
	lab = fopen(to, "we");
	CHECK(lab && fputs("<lab/>\n", lab) >= 0 && fclose(lab) == 0);
	(void)snprintf(to, sizeof to, "%s/copy", folder);
	(void)snprintf(back, sizeof back, "%s/again", folder);
	CHECK(assay_backup(folder, to, false, &report, &err) == ASSAY_OK);
	backed = now_ns() - start;
	start = now_ns();
	CHECK(assay_restore(to, back, &has_key, &report, &err) == ASSAY_OK);
	restored = now_ns() - start;
	(void)printf("about %" PRIu64 " entries: backup, verified, %" PRIu64
		     " ms; restore, compared entry by entry, %" PRIu64 " ms\n",
		size, backed / 1000000, restored / 1000000);
	(void)fflush(stdout);
}

static void verify(void)
{
	struct assay_verify_options options = {.key = NULL};
	struct assay_verify_report report;
	struct assay_error err;
	struct timespec begin, end;
	uint64_t cpu_ns, entries;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begin);
	CHECK(assay_verify_dir(folder, &options, &report, &err) == ASSAY_OK);
	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
	CHECK(report.findings == 0);
	entries = report.end - report.first;
	cpu_ns = (uint64_t)(end.tv_sec - begin.tv_sec) * 1000000000u + (uint64_t)end.tv_nsec -
		 (uint64_t)begin.tv_nsec;
	(void)printf("on disk: %" PRIu64 " bytes an entry, %" PRIu64 " beside body (%zu) and raw (%zu)\n",
		stored_bytes() / entries, stored_bytes() / entries - sizeof body + 1 - sizeof raw,
		sizeof body - 1, sizeof raw);
	(void)printf("verify: %" PRIu64 " entries, %" PRIu64 "/s of one core\n", entries,
		entries * 1000000000u / cpu_ns);
}

int main(int argc, char **argv)
{
	uint64_t most = argc > 1 ? strtoull(argv[1], NULL, 10) : getenv("ASSAY_FULL") ? 10000000 : 1000000;
	const char *base = getenv("TMPDIR");

	(void)snprintf(folder, sizeof folder, "%s/assay-bench-XXXXXX",
		argc > 2 ? argv[2]
		: base   ? base
			 : "/tmp");
	CHECK(mkdtemp(folder) != NULL);
	make_raw();
	compare(2000, 1);
	compare(20000, 64);
	compare(40000, 1000);
	fresh();
	for (uint64_t size = 10000; size <= most; size *= 10)
		at_size(size);
	verify();
	back_up(most);
	(void)nftw(folder, drop, 8, FTW_DEPTH | FTW_PHYS);
	return 0;
}
