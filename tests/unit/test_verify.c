/* SPDX-License-Identifier: Apache-2.0
 * Verification of a journal: it holds as written, each change is found and placed, and no byte in the directory
 * changes by looking, not even beside a WAL that a crash left. */
#include "gateway/record/journal.h"
#include "gateway/record/sha256.h"
#include "gateway/record/verify.h"

#include <dirent.h>
#include <setjmp.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* A segment takes more than one of the checkpoints below: so the last one holds entries that a checkpoint covers. */
#define SEGMENT_BYTES 98304u

static struct assay_journal_options options = {
	.site = "test", .origin = "test.assay.example", .segment_bytes = SEGMENT_BYTES};

static void make_dir(char *dir)
{
	static const char pattern[] = "/tmp/assay-test-XXXXXX";

	memcpy(dir, pattern, sizeof pattern);
	assert_non_null(mkdtemp(dir));
}

static void remove_dir(const char *dir)
{
	char command[200];

	(void)snprintf(command, sizeof command, "rm -rf %s", dir);
	assert_int_equal(system(command), 0);
}

static void append(struct assay_journal *journal, uint16_t kind, const char *body, size_t raw_length)
{
	struct assay_error err;
	static uint8_t raw[4096] = {2, 0, 0, 0};
	struct assay_entry entry = {.kind = kind, .body = body, .body_length = strlen(body)};

	if (raw_length) {
		raw[6] = (uint8_t)(raw_length >> 8);
		raw[7] = (uint8_t)raw_length;
		entry.raw = raw;
		entry.raw_length = 16 + raw_length;
	}
	assert_int_equal(assay_journal_append(journal, &entry, &err), ASSAY_OK);
}

/* Genesis and count exchanges in groups of 10, a checkpoint every 100. */
static void fill(const char *dir, unsigned count, bool close)
{
	struct assay_journal *journal;
	struct assay_error err;
	char body[40];

	assert_int_equal(assay_journal_open(dir, &options, &journal, &err), ASSAY_OK);
	if (assay_journal_size(journal) == 0)
		append(journal, ASSAY_ENTRY_GENESIS, "{\"site\":\"test\",\"origin\":\"test.assay.example\"}",
			0);
	for (unsigned i = 0; i < count; i++) {
		(void)snprintf(body, sizeof body, "{\"i\":\"%u\"}", i);
		append(journal, ASSAY_ENTRY_EXCHANGE, body, i % 200);
		if (i % 10 == 9)
			assert_int_equal(assay_journal_commit(journal, &err), ASSAY_OK);
		if (i % 100 == 99) {
			assert_int_equal(assay_journal_checkpoint(journal, 0, true, NULL, &err), ASSAY_OK);
			assert_int_equal(assay_journal_checkpoint(journal, 0, false, NULL, &err), ASSAY_OK);
		}
	}
	assert_int_equal(assay_journal_commit(journal, &err), ASSAY_OK);
	if (close)
		assay_journal_close(journal);
}

static struct assay_verify_report verify(const char *dir, const char *checkpoint)
{
	struct assay_verify_report report;
	struct assay_verify_options how = {.checkpoint = checkpoint};
	struct assay_error err;

	assert_int_equal(assay_verify_dir(dir, &how, &report, &err), ASSAY_OK);
	if (getenv("SHOW") && report.findings)
		print_message("%s\n", report.worst.what.text_en);
	return report;
}

static void read_note(const char *dir, char note[2000])
{
	char path[200];
	FILE *file;
	size_t got;

	(void)snprintf(path, sizeof path, "%s/journal/checkpoint", dir);
	file = fopen(path, "re");
	assert_non_null(file);
	got = fread(note, 1, 1999, file);
	note[got] = '\0';
	(void)fclose(file);
}

/* Name, size, times and digest of every file in DIR/journal and DIR/keys. */
static void snapshot(const char *dir, char *out, size_t size)
{
	static const char *const folders[] = {"journal", "keys", "."};

	*out = '\0';
	for (unsigned i = 0; i < 3; i++) {
		char path[300], digest[65];
		struct dirent **names;
		int count;

		(void)snprintf(path, sizeof path, "%s/%s", dir, folders[i]);
		count = scandir(path, &names, NULL, alphasort);
		assert_true(count > 0);
		for (int j = 0; j < count; j++) {
			struct stat about;

			if (strcmp(names[j]->d_name, "..") == 0) {
				free(names[j]);
				continue;
			}
			(void)snprintf(path, sizeof path, "%s/%s/%s", dir, folders[i], names[j]->d_name);
			assert_int_equal(lstat(path, &about), 0);
			*digest = '\0';
			if (S_ISREG(about.st_mode))
				assert_int_equal(assay_sha256_file(path, digest), 0);
			(void)snprintf(out + strlen(out), size - strlen(out),
				"%s %ld %ld.%ld %ld.%ld %o %s\n", path, (long)about.st_size,
				(long)about.st_mtim.tv_sec, about.st_mtim.tv_nsec, (long)about.st_ctim.tv_sec,
				about.st_ctim.tv_nsec, about.st_mode, digest);
			free(names[j]);
		}
		free(names);
	}
	assert_true(strlen(out) + 1 < size);
}

static void test_holds_and_changes_nothing(void **state)
{
	static char before[65536], after[65536];
	char dir[64], note[2000];
	struct assay_verify_report report;

	(void)state;
	make_dir(dir);
	fill(dir, 1200, true);
	snapshot(dir, before, sizeof before);
	report = verify(dir, NULL);
	snapshot(dir, after, sizeof after);
	assert_string_equal(before, after);
	assert_int_equal(report.findings, 0);
	assert_true(report.segments >= 3);
	assert_int_equal(report.end, 1201 + report.segments - 1);
	assert_true(report.tiles >= 4);
	assert_true(report.checkpoints >= 12);
	assert_true(report.end - report.covered < 100);
	assert_false(report.compared);
	read_note(dir, note);
	fill(dir, 300, true);
	report = verify(dir, note);
	assert_int_equal(report.findings, 0);
	assert_true(report.compared);
	remove_dir(dir);
}

static void test_hot_wal(void **state)
{
	static char before[65536], after[65536];
	char dir[64];
	struct assay_verify_report report;
	pid_t child;
	int how;

	(void)state;
	make_dir(dir);
	fill(dir, 700, true);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		fill(dir, 57, false);
		(void)kill(getpid(), SIGKILL);
	}
	assert_int_equal(waitpid(child, &how, 0), child);
	assert_true(WIFSIGNALED(how));
	snapshot(dir, before, sizeof before);
	assert_non_null(strstr(before, "db-wal"));
	report = verify(dir, NULL);
	snapshot(dir, after, sizeof after);
	assert_string_equal(before, after);
	assert_int_equal(report.findings, 0);
	assert_int_equal(report.end, 758 + report.segments - 1);
	remove_dir(dir);
}

/* Change rows of a table as somebody with the file would: its triggers are taken away and put back as they were. */
static void tamper(const char *dir, unsigned segment, const char *change)
{
	sqlite3 *db;
	sqlite3_stmt *triggers;
	char path[200], sql[8000] = "", drop[2000] = "";

	(void)snprintf(path, sizeof path, "%s/journal/%04u.db", dir, segment);
	(void)chmod(path, 0600);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, "SELECT name, sql FROM sqlite_schema WHERE type='trigger'",
				 -1, &triggers, NULL),
		SQLITE_OK);
	while (sqlite3_step(triggers) == SQLITE_ROW) {
		(void)snprintf(drop + strlen(drop), sizeof drop - strlen(drop), "DROP TRIGGER %s;",
			(const char *)sqlite3_column_text(triggers, 0));
		(void)snprintf(sql + strlen(sql), sizeof sql - strlen(sql), "%s;",
			(const char *)sqlite3_column_text(triggers, 1));
	}
	(void)sqlite3_finalize(triggers);
	assert_int_equal(sqlite3_exec(db, drop, NULL, NULL, NULL), SQLITE_OK);
	if (sqlite3_exec(db, change, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s: %s", change, sqlite3_errmsg(db));
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void test_changes_are_found(void **state)
{
	static const struct {
		const char *sql, *code;
		uint64_t sequence;
	} changes[] = {
		{"UPDATE entry SET body='{\"i\":\"8\"}' WHERE seq=7", "entry-changed", 7},
		{"UPDATE entry SET raw=CAST(raw||x'00' AS BLOB) WHERE seq=7", "journal-damaged", 7},
		{"UPDATE entry SET leaf=zeroblob(32) WHERE seq=7", "entry-changed", 7},
		{"DELETE FROM entry WHERE seq=7", "entry-missing", 7},
		{"DELETE FROM entry WHERE seq>=150", "entry-missing", 150},
		{"UPDATE entry SET header=CAST(substr(header,1,71)||x'41'||substr(header,73) AS BLOB) WHERE "
		 "seq=9",
			"journal-damaged", 9},
		{"UPDATE tile SET root=zeroblob(32)", "tile-bad", 0},
		{"DELETE FROM tile", "tile-bad", 0},
		{"INSERT INTO tile SELECT 5, 5, hashes, root FROM tile LIMIT 1", "tile-bad",
			ASSAY_NO_SEQUENCE},
		{"DELETE FROM checkpoint WHERE size=0", "checkpoint-missing", 0},
		{"UPDATE checkpoint SET note=note||char(10) WHERE size>0", "checkpoint-bad", 101},
		{"UPDATE checkpoint SET size=size+1 WHERE size=101", "checkpoint-disagrees", 0},
		{"UPDATE segment SET value='lab.example' WHERE key='origin'", "origin-foreign",
			ASSAY_NO_SEQUENCE},
		{"INSERT INTO segment VALUES('x','y')", "segment-chain", 0},
		{"PRAGMA user_version=2", "schema-changed", ASSAY_NO_SEQUENCE},
		{"INSERT INTO gone VALUES(7,zeroblob(32),zeroblob(32))", "payload-missing",
			ASSAY_NO_SEQUENCE},
		{"CREATE TABLE more(x)", "schema-changed", ASSAY_NO_SEQUENCE},
		{"INSERT INTO carry VALUES(0,0,zeroblob(32))", "segment-chain", 0},
	};

	(void)state;
	options.segment_bytes = 0;
	for (unsigned i = 0; i < sizeof changes / sizeof *changes; i++) {
		char dir[64];
		struct assay_verify_report report;

		make_dir(dir);
		fill(dir, 290, true);
		assert_int_equal(verify(dir, NULL).findings, 0);
		tamper(dir, 1, changes[i].sql);
		report = verify(dir, NULL);
		assert_true(report.findings > 0);
		if (strcmp(report.worst.what.code, changes[i].code) != 0)
			fail_msg("%s: %s, %s", changes[i].sql, report.worst.what.code,
				report.worst.what.text_en);
		assert_int_equal(report.worst.segment, 1);
		assert_int_equal(report.worst.sequence, changes[i].sequence);
		remove_dir(dir);
	}
	options.segment_bytes = SEGMENT_BYTES;
}

static void test_segments(void **state)
{
	char dir[64], path[200], command[400], note[2000];
	struct assay_verify_report report;

	(void)state;
	make_dir(dir);
	fill(dir, 1500, true);
	read_note(dir, note);
	assert_true(verify(dir, NULL).segments >= 4);
	/* one byte of a sealed file */
	(void)snprintf(path, sizeof path, "%s/journal/0002.db", dir);
	(void)snprintf(command, sizeof command,
		"cp -r %s %s-x && chmod u+w %s-x/journal/* && printf X | dd of=%s-x/journal/0002.db bs=1 "
		"seek=20000 "
		"conv=notrunc 2>/dev/null",
		dir, dir, dir, dir);
	assert_int_equal(system(command), 0);
	(void)snprintf(path, sizeof path, "%s-x", dir);
	assert_true(verify(path, NULL).findings > 0);
	/* a segment missing in the middle; the last one missing */
	(void)snprintf(command, sizeof command, "rm -rf %s-x && cp -r %s %s-x && rm -f %s-x/journal/0002.db",
		dir, dir, dir, dir);
	assert_int_equal(system(command), 0);
	report = verify(path, NULL);
	assert_string_equal(report.worst.what.code, "segment-missing");
	assert_int_equal(report.worst.segment, 2);
	(void)snprintf(command, sizeof command, "rm -rf %s-x && cp -r %s %s-x && rm -f %s-x/journal/%04u.db",
		dir, dir, dir, dir, verify(dir, NULL).segments);
	assert_int_equal(system(command), 0);
	report = verify(path, NULL);
	assert_string_equal(report.worst.what.code, "journal-rolled-back");
	/* without the published note only the older checkpoint tells */
	(void)snprintf(command, sizeof command, "rm %s-x/journal/checkpoint", dir);
	assert_int_equal(system(command), 0);
	assert_int_equal(verify(path, NULL).findings, 0);
	report = verify(path, note);
	assert_string_equal(report.worst.what.code, "journal-rolled-back");
	remove_dir(path);
	remove_dir(dir);
}

static void test_one_segment(void **state)
{
	char dir[64], path[200];
	struct assay_origin_key key;
	struct assay_verify_options how = {0};
	struct assay_verify_report report;
	struct assay_error err;

	(void)state;
	make_dir(dir);
	fill(dir, 1200, true);
	(void)snprintf(path, sizeof path, "%s/journal/0002.db", dir);
	assert_int_equal(assay_verify_segment(path, &how, &report, &err), ASSAY_EUSAGE);
	assert_int_equal(assay_origin_key_public(dir, &key, &err), ASSAY_OK);
	how.key = &key;
	assert_int_equal(assay_verify_segment(path, &how, &report, &err), ASSAY_OK);
	assert_int_equal(report.findings, 0);
	assert_true(report.first > 100);
	tamper(dir, 2, "UPDATE entry SET body='{}' WHERE seq=(SELECT max(seq) FROM entry)");
	assert_int_equal(assay_verify_segment(path, &how, &report, &err), ASSAY_OK);
	assert_true(report.findings > 0);
	remove_dir(dir);
}

static int copy_dir(const char *from, const char *to)
{
	char command[300];

	(void)snprintf(command, sizeof command, "rm -rf %s && cp -a %s %s", to, from, to);
	return system(command);
}

/* Three keys in a row; the first or any later one vouches for the journal, another one does not. */
static void test_change_of_key(void **state)
{
	char dir[64], other[80], note[2000];
	struct assay_origin_key keys[3], foreign;
	struct assay_journal *journal;
	struct assay_verify_report report;
	struct assay_verify_options how = {0};
	struct assay_error err;

	(void)state;
	make_dir(dir);
	fill(dir, 300, true);
	assert_int_equal(assay_origin_key_public(dir, &keys[0], &err), ASSAY_OK);
	read_note(dir, note);
	for (unsigned i = 1; i < 3; i++) {
		assert_int_equal(assay_journal_open(dir, &options, &journal, &err), ASSAY_OK);
		assert_int_equal(
			assay_journal_change_key(journal, "boss", "two\nlines", &err), ASSAY_EREFUSED);
		assert_int_equal(assay_journal_change_key(journal, "boss", "", &err), ASSAY_EREFUSED);
		assert_int_equal(
			assay_journal_change_key(journal, "boss", "yearly \"change\" \\", &err), ASSAY_OK);
		assay_journal_close(journal);
		fill(dir, 200, true);
		assert_int_equal(assay_origin_key_public(dir, &keys[i], &err), ASSAY_OK);
		assert_memory_not_equal(keys[i].public_key, keys[i - 1].public_key, 32);
	}
	report = verify(dir, note);
	assert_int_equal(report.findings, 0);
	assert_true(report.compared);
	for (unsigned i = 0; i < 3; i++) {
		how.key = &keys[i];
		assert_int_equal(assay_verify_dir(dir, &how, &report, &err), ASSAY_OK);
		assert_int_equal(report.findings, 0);
	}
	(void)snprintf(other, sizeof other, "%s-x", dir);
	assert_int_equal(mkdir(other, 0700), 0);
	assert_int_equal(assay_origin_key_load(other, "test.assay.example", true, &foreign, &err), ASSAY_OK);
	how.key = &foreign;
	assert_int_equal(assay_verify_dir(dir, &how, &report, &err), ASSAY_OK);
	assert_string_equal(report.worst.what.code, "key-foreign");
	/* the old key's signature for the change taken away */
	assert_int_equal(copy_dir(dir, other), 0);
	tamper(other, 1,
		"DELETE FROM checkpoint WHERE size=(SELECT min(seq)+1 FROM entry WHERE body LIKE "
		"'%yearly%')");
	report = verify(other, NULL);
	assert_true(report.findings > 0);
	remove_dir(other);
	remove_dir(dir);
}

/* A crash after the new key's first signature leaves the old public part: that holds. Later it does not. */
static void test_crash_in_change_of_key(void **state)
{
	char dir[64], command[300];
	struct assay_journal *journal;
	struct assay_verify_report report;
	struct assay_error err;

	(void)state;
	make_dir(dir);
	fill(dir, 100, true);
	(void)snprintf(command, sizeof command, "cp %s/keys/origin.pub %s/old.pub", dir, dir);
	assert_int_equal(system(command), 0);
	assert_int_equal(assay_journal_open(dir, &options, &journal, &err), ASSAY_OK);
	assert_int_equal(assay_journal_change_key(journal, "boss", "yearly change", &err), ASSAY_OK);
	assay_journal_close(journal);
	(void)snprintf(command, sizeof command, "cp %s/old.pub %s/keys/origin.pub", dir, dir);
	assert_int_equal(system(command), 0);
	report = verify(dir, NULL);
	assert_int_equal(report.findings, 0);
	fill(dir, 100, true); /* opening writes the new public part */
	report = verify(dir, NULL);
	assert_int_equal(report.findings, 0);
	assert_int_equal(system(command), 0);
	report = verify(dir, NULL);
	assert_int_equal(report.findings, 1);
	assert_string_equal(report.worst.what.code, "key-foreign");
	(void)snprintf(command, sizeof command, "%s/old.pub", dir);
	(void)unlink(command);
	remove_dir(dir);
}

static void digest_of(const char *dir, unsigned segment, char digest[65])
{
	char path[200];

	(void)snprintf(path, sizeof path, "%s/journal/%04u.db", dir, segment);
	assert_int_equal(assay_sha256_file(path, digest), 0);
}

/* What a retention job will do: payloads of a sealed segment dropped, their digests kept, a signed entry for it. */
static void test_retention(void **state)
{
	char dir[64], other[80], before[65], after[65], body[400], sql[4000] = "";
	struct assay_journal *journal;
	struct assay_verify_report report;
	struct assay_error err;
	uint8_t digest[32];
	char hex[2][65];

	(void)state;
	make_dir(dir);
	(void)snprintf(other, sizeof other, "%s-x", dir);
	fill(dir, 700, true);
	digest_of(dir, 1, before);
	/* entries 21 to 23 are the exchanges i = 20 to 22 with raw of i bytes: digests made here from the contents */
	for (unsigned i = 20; i < 23; i++) {
		uint8_t raw[64] = {2, 0, 0, 0, 0, 0, 0, (uint8_t)i};

		(void)snprintf(body, sizeof body, "{\"i\":\"%u\"}", i);
		assay_sha256(body, strlen(body), digest);
		assay_hex(digest, 32, hex[0]);
		assay_sha256(raw, 16 + i, digest);
		assay_hex(digest, 32, hex[1]);
		(void)snprintf(sql + strlen(sql), sizeof sql - strlen(sql),
			"INSERT INTO gone VALUES(%u,x'%s',x'%s');UPDATE entry SET body='',raw=x'' WHERE "
			"seq=%u;",
			i + 1, hex[0], hex[1], i + 1);
	}
	tamper(dir, 1, sql);
	digest_of(dir, 1, after);
	report = verify(dir, NULL);
	assert_string_equal(report.worst.what.code, "payload-missing");
	assert_int_equal(report.worst.sequence, 21);
	(void)snprintf(body, sizeof body,
		"{\"segment\":1,\"from\":21,\"to\":23,\"before\":\"%s\",\"after\":\"%s\",\"reason\":\"six "
		"years\"}",
		before, after);
	assert_int_equal(assay_journal_open(dir, &options, &journal, &err), ASSAY_OK);
	append(journal, ASSAY_ENTRY_RETENTION, body, 0);
	assert_int_equal(assay_journal_commit(journal, &err), ASSAY_OK);
	assert_int_equal(verify(dir, NULL).findings, 1); /* not signed yet */
	assert_int_equal(assay_journal_checkpoint(journal, 0, true, NULL, &err), ASSAY_OK);
	assay_journal_close(journal);
	assert_int_equal(verify(dir, NULL).findings, 0);
	/* one payload more than the entry says; a digest that is not the payload's */
	assert_int_equal(copy_dir(dir, other), 0);
	tamper(other, 1,
		"INSERT INTO gone SELECT 24,body,raw FROM gone WHERE seq=23;UPDATE entry SET body='',raw=x'' "
		"WHERE seq=24");
	assert_true(verify(other, NULL).findings > 0);
	assert_int_equal(copy_dir(dir, other), 0);
	tamper(other, 1, "UPDATE gone SET raw=body WHERE seq=22");
	assert_true(verify(other, NULL).findings > 0);
	remove_dir(other);
	remove_dir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_holds_and_changes_nothing),
		cmocka_unit_test(test_hot_wal),
		cmocka_unit_test(test_changes_are_found),
		cmocka_unit_test(test_segments),
		cmocka_unit_test(test_one_segment),
		cmocka_unit_test(test_change_of_key),
		cmocka_unit_test(test_crash_in_change_of_key),
		cmocka_unit_test(test_retention),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
