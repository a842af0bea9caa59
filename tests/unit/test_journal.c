/* SPDX-License-Identifier: Apache-2.0
 * Journal, tree and checkpoints. Known answers: RFC 6962 section 2.1 and its public test vectors (root of the
 * empty tree, leaf hash of the empty string); header bytes are laid out by hand from journal.h. */
#include "gateway/record/checkpoint.h"
#include "gateway/record/journal_inside.h"
#include "gateway/record/journal_reader.h"
#include "gateway/record/merkle.h"
#include "gateway/record/sha256.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static const struct assay_journal_options options = {.site = "test", .origin = "test.assay.example"};

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

static void append(struct assay_journal *journal, unsigned i)
{
	struct assay_error err;
	char body[64];
	uint8_t raw[300];
	struct assay_entry entry = {.kind = ASSAY_ENTRY_EXCHANGE};

	memset(raw, (int)(i & 0xff), sizeof raw);
	entry.body = body;
	entry.body_length = (size_t)snprintf(body, sizeof body, "{\"i\":\"%u\"}", i);
	entry.raw = raw;
	entry.raw_length = i % sizeof raw;
	(void)snprintf(entry.line, sizeof entry.line, "com1");
	assert_int_equal(assay_journal_append(journal, &entry, &err), ASSAY_OK);
}

static void test_known_answers(void **state)
{
	uint8_t hash[32];
	char hex[65];
	struct assay_entry entry = {.kind = 7,
		.flags = 1,
		.sequence = 0x0102030405060708u,
		.wall_ns = -1,
		.mono_ns = 2,
		.line = "com1",
		.body = "{}",
		.body_length = 2};
	uint8_t header[ASSAY_HEADER_SIZE];
	static const uint8_t start[] = {'A', 'S', 'J', '1', 0, 7, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8, 255, 255, 255,
		255, 255, 255, 255, 255, 0, 0, 0, 0, 0, 0, 0, 2};

	(void)state;
	assay_subtree_root(NULL, 0, hash);
	assay_hex(hash, 32, hex);
	assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	assay_sha256("\0", 1, hash);
	assay_hex(hash, 32, hex);
	assert_string_equal(hex, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
	assay_entry_header(&entry, header);
	assert_memory_equal(header, start, sizeof start);
	assert_memory_equal(header + 48, "com1\0\0", 6);
	assert_int_equal(header[75], 2);
	assert_int_equal(header[79], 0);
}

/* RFC 6962 section 2.1, written down as it stands there: the largest power of two below n to the left. */
static void plain_root(const uint8_t (*leaf)[32], size_t count, uint8_t out[32])
{
	uint8_t left[32], right[32];
	size_t k = 1;

	if (count == 1) {
		memcpy(out, leaf[0], 32);
		return;
	}
	while (k * 2 < count)
		k *= 2;
	plain_root(leaf, k, left);
	plain_root(leaf + k, count - k, right);
	assay_node(left, right, out);
}

static void test_tree_equals_definition(void **state)
{
	static struct assay_tree tree;
	static uint8_t leaf[70000][32];
	uint8_t got[32], wanted[32];

	(void)state;
	for (unsigned i = 0; i < 70000; i++) {
		assay_sha256(&i, sizeof i, leaf[i]);
		assert_int_equal(assay_tree_append(&tree, leaf[i], NULL, NULL), 0);
		if (i < 600 || i % 997 == 0 || (i > 65500 && i < 65560)) {
			assay_tree_root(&tree, got);
			plain_root((const uint8_t(*)[32])leaf, i + 1, wanted);
			assert_memory_equal(got, wanted, 32);
		}
	}
}

static int count_visit(void *context, const struct assay_entry *entry, const uint8_t leaf[32])
{
	uint8_t again[32];

	assay_entry_leaf(entry, again);
	assert_memory_equal(again, leaf, 32);
	assert_int_equal(entry->sequence, (*(uint64_t *)context)++);
	return 0;
}

static void test_reopen_and_read(void **state)
{
	char dir[64];
	struct assay_journal *journal, *second;
	struct assay_reader *reader;
	struct assay_error err;
	struct assay_journal_options small = options;
	uint8_t root[32], again[32];
	uint64_t seen = 0, size = 0;

	(void)state;
	make_dir(dir);
	small.segment_bytes = 65536;
	for (unsigned round = 0; round < 8; round++) {
		bool made;

		assert_int_equal(assay_journal_open(dir, &small, &journal, &err), ASSAY_OK);
		assert_int_equal(assay_journal_size(journal), size);
		assert_int_equal(assay_journal_open(dir, &small, &second, &err), ASSAY_ETAKEN);
		assert_string_equal(err.code, "journal-taken");
		if (round) {
			assay_journal_root(journal, again);
			assert_memory_equal(root, again, 32);
		}
		for (unsigned i = 0; i < 700; i++) {
			append(journal, i);
			if (i % 50 == 49)
				assert_int_equal(assay_journal_commit(journal, &err), ASSAY_OK);
		}
		append(journal, 9999);
		assay_journal_rollback(journal);
		assert_int_equal(assay_journal_size(journal), size + 700);
		assert_int_equal(
			assay_journal_checkpoint(journal, UINT64_MAX / 2, false, &made, &err), ASSAY_OK);
		assert_true(made);
		assay_journal_root(journal, root);
		size = assay_journal_size(journal);
		assay_journal_close(journal);
	}
	assert_int_equal(assay_reader_open(dir, ASSAY_READ_STILL, &reader, &err), ASSAY_OK);
	assert_true(assay_reader_segments(reader) > 2);
	assert_int_equal(assay_reader_each(reader, 0, 0, count_visit, &seen, &err), 0);
	/* each segment after the first begins with its seal entry */
	assert_int_equal(seen, 5600 + assay_reader_segments(reader) - 1);
	seen = 3000;
	assert_int_equal(assay_reader_each(reader, 3000, 10, count_visit, &seen, &err), 0);
	assert_int_equal(seen, 3010);
	assay_reader_close(reader);
	remove_dir(dir);
}

static mode_t sealed_with(mode_t mode)
{
	char dir[64], path[100];
	struct assay_journal *journal;
	struct assay_error err;
	struct assay_journal_options small = options;
	struct stat about;

	make_dir(dir);
	small.segment_bytes = 65536;
	assert_int_equal(assay_journal_open(dir, &small, &journal, &err), ASSAY_OK);
	(void)snprintf(path, sizeof path, "%s/journal/0001.db", dir);
	assert_int_equal(chmod(path, mode), 0);
	for (unsigned i = 0; i < 700; i++)
		append(journal, i);
	assert_int_equal(assay_journal_commit(journal, &err), ASSAY_OK);
	assert_int_equal(assay_journal_checkpoint(journal, UINT64_MAX / 2, false, NULL, &err), ASSAY_OK);
	assert_int_equal(assay_journal_segment(journal), 2);
	assay_journal_close(journal);
	assert_int_equal(stat(path, &about), 0);
	remove_dir(dir);
	return about.st_mode & 07777;
}

/* A sealed segment is nobody's to write; the group that could read it still can. */
static void test_sealed_modes(void **state)
{
	(void)state;
	assert_int_equal(sealed_with(0640), 0440);
	assert_int_equal(sealed_with(0600), 0400);
	assert_int_equal(sealed_with(0644), 0440);
}

/* Rows wait for each other before SQLite gets them: the groups, lengths and the rollback are chosen so that statements of
 * sixteen, single ones, full buffers and entries longer than the buffer all come, in an order known beforehand. */
static size_t length_of(uint64_t sequence)
{
	static const size_t lengths[] = {0, 1, 53, 200, JOURNAL_ROWS_BYTES / 3, JOURNAL_ROWS_BYTES - 20,
		JOURNAL_ROWS_BYTES, JOURNAL_ROWS_BYTES + 1, 100000};

	return lengths[sequence * sequence / 3 % (sizeof lengths / sizeof *lengths)];
}

static void append_long(struct assay_journal *journal, int fill)
{
	static uint8_t raw[100000];
	struct assay_error err;
	char body[32];
	struct assay_entry entry = {.kind = ASSAY_ENTRY_EXCHANGE, .body = body, .raw = raw};
	uint64_t sequence = assay_journal_size(journal);

	memset(raw, fill + (int)(sequence & 0x7f), sizeof raw);
	entry.body_length = (size_t)snprintf(body, sizeof body, "{\"n\":%u}", (unsigned)sequence);
	entry.raw_length = length_of(sequence);
	assert_int_equal(assay_journal_append(journal, &entry, &err), ASSAY_OK);
}

static int row_visit(void *context, const struct assay_entry *entry, const uint8_t leaf[32])
{
	char body[32];

	(void)count_visit(context, entry, leaf);
	(void)snprintf(body, sizeof body, "{\"n\":%u}", (unsigned)entry->sequence);
	if (entry->sequence == 0)
		return 0;
	assert_int_equal(entry->body_length, strlen(body));
	assert_memory_equal(entry->body, body, strlen(body));
	assert_int_equal(entry->raw_length, length_of(entry->sequence));
	for (size_t i = 0; i < entry->raw_length; i++)
		if (entry->raw[i] != (entry->sequence & 0x7f))
			fail_msg("entry %u, byte %zu", (unsigned)entry->sequence, i);
	return 0;
}

static void test_rows_of_a_group(void **state)
{
	static const unsigned groups[] = {1, 2, 15, 16, 17, 31, 32, 33, 64, 100};
	char dir[64];
	struct assay_journal *journal;
	struct assay_reader *reader;
	struct assay_error err;
	uint64_t seen = 0;

	(void)state;
	make_dir(dir);
	assert_int_equal(assay_journal_open(dir, &options, &journal, &err), ASSAY_OK);
	append(journal, 0);
	assert_int_equal(assay_journal_commit(journal, &err), ASSAY_OK);
	for (unsigned i = 0; i < sizeof groups / sizeof *groups; i++) {
		for (unsigned wrong = 0; wrong < groups[i]; wrong++)
			append_long(journal, 0x80);
		assay_journal_rollback(journal);
		for (unsigned j = 0; j < groups[i]; j++)
			append_long(journal, 0);
		assert_int_equal(assay_journal_commit(journal, &err), ASSAY_OK);
	}
	assert_int_equal(assay_journal_size(journal), 312);
	append_long(journal, 0x80);
	assay_journal_close(journal);
	assert_int_equal(assay_reader_open(dir, ASSAY_READ_STILL, &reader, &err), ASSAY_OK);
	assert_int_equal(assay_reader_each(reader, 0, 0, row_visit, &seen, &err), ASSAY_OK);
	assert_int_equal(seen, 312); /* 1 + 311, the last and the rolled back ones never were */
	assay_reader_close(reader);
	remove_dir(dir);
}

static void test_kill(void **state)
{
	char dir[64];
	uint64_t total = 0, seen = 0;
	struct assay_journal *journal;
	struct assay_reader *reader;
	struct assay_error err;

	(void)state;
	make_dir(dir);
	srand(20261124);
	/* On a busy disk some rounds more, until there is something to lose. */
	for (unsigned round = 0; round < 60 || (total <= 100 && round < 1000); round++) {
		int fds[2];
		pid_t child;
		uint64_t acknowledged, got;

		assert_int_equal(pipe(fds), 0);
		child = fork();
		assert_true(child >= 0);
		if (child == 0) {
			if (assay_journal_open(dir, &options, &journal, &err) != ASSAY_OK)
				_exit(9);
			acknowledged = assay_journal_size(journal);
			if (write(fds[1], &acknowledged, sizeof acknowledged) != (ssize_t)sizeof acknowledged)
				_exit(7);
			for (unsigned i = 0;; i++) {
				append(journal, i);
				if (rand() % 3 == 0)
					continue;
				if (assay_journal_commit(journal, &err) != ASSAY_OK)
					_exit(8);
				acknowledged = assay_journal_size(journal);
				if (write(fds[1], &acknowledged, sizeof acknowledged) !=
					(ssize_t)sizeof acknowledged)
					_exit(7);
			}
		}
		(void)close(fds[1]);
		/* Killed while it writes; tests/fault kills it while it opens, too. */
		assert_int_equal(read(fds[0], &got, sizeof got), sizeof got);
		assert_true(got >= total);
		(void)usleep((useconds_t)(2000 + rand() % 28000));
		(void)kill(child, SIGKILL);
		(void)waitpid(child, NULL, 0);
		acknowledged = total;
		while (read(fds[0], &got, sizeof got) == (ssize_t)sizeof got)
			acknowledged = got;
		(void)close(fds[0]);
		assert_int_equal(assay_journal_open(dir, &options, &journal, &err), ASSAY_OK);
		total = assay_journal_size(journal);
		assert_true(total >= acknowledged);
		assay_journal_close(journal);
	}
	assert_true(total > 100);
	assert_int_equal(assay_reader_open(dir, ASSAY_READ_STILL, &reader, &err), ASSAY_OK);
	assert_int_equal(assay_reader_each(reader, 0, 0, count_visit, &seen, &err), 0);
	assert_int_equal(seen, total);
	assay_reader_close(reader);
	remove_dir(dir);
}

/* The file-size limit stands in for a full disk: the write fails, the group goes back whole, the journal works
 * again when there is room. */
static void test_full_disk(void **state)
{
	char dir[64];
	struct assay_journal *journal;
	struct assay_error err;
	struct rlimit old, tight;
	uint8_t before[32], after[32];
	int status = ASSAY_OK;

	(void)state;
	make_dir(dir);
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(assay_journal_open(dir, &options, &journal, &err), ASSAY_OK);
	append(journal, 1);
	assert_int_equal(assay_journal_commit(journal, &err), ASSAY_OK);
	assay_journal_root(journal, before);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	tight = old;
	tight.rlim_cur = 200000;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
	for (unsigned i = 0; i < 2000 && status == ASSAY_OK; i++) {
		struct assay_entry entry = {.kind = ASSAY_ENTRY_EXCHANGE, .body = "{}", .body_length = 2};

		status = assay_journal_append(journal, &entry, &err);
		if (status == ASSAY_OK)
			status = assay_journal_commit(journal, &err);
		if (status == ASSAY_OK)
			assay_journal_root(journal, before);
	}
	assert_int_not_equal(status, ASSAY_OK);
	assay_journal_root(journal, after);
	assert_memory_equal(before, after, 32);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	append(journal, 3);
	assert_int_equal(assay_journal_commit(journal, &err), ASSAY_OK);
	assay_journal_close(journal);
	assert_int_equal(assay_journal_open(dir, &options, &journal, &err), ASSAY_OK);
	assay_journal_close(journal);
	remove_dir(dir);
}

/* Change rows of a table as somebody with the file would: its triggers are taken away and put back as they were. */
static void tamper(const char *dir, const char *table, const char *change)
{
	sqlite3 *db;
	sqlite3_stmt *triggers;
	char path[200], sql[4000] = "", drop[400] = "";

	(void)snprintf(path, sizeof path, "%s/journal/0001.db", dir);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db,
				 "SELECT name, sql FROM sqlite_schema WHERE type='trigger' AND tbl_name=?1",
				 -1, &triggers, NULL),
		SQLITE_OK);
	(void)sqlite3_bind_text(triggers, 1, table, -1, SQLITE_STATIC);
	while (sqlite3_step(triggers) == SQLITE_ROW) {
		(void)snprintf(drop + strlen(drop), sizeof drop - strlen(drop), "DROP TRIGGER %s;",
			(const char *)sqlite3_column_text(triggers, 0));
		(void)snprintf(sql + strlen(sql), sizeof sql - strlen(sql), "%s;",
			(const char *)sqlite3_column_text(triggers, 1));
	}
	(void)sqlite3_finalize(triggers);
	assert_int_equal(sqlite3_exec(db, drop, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, change, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* Contents that are damaged while the tree is the signed one: set aside, the journal goes on in the next segment, and
 * the damaged one stays byte for byte as it was found. */
static void test_damage_is_set_aside(void **state)
{
	static const char *const damage[] = {
		"UPDATE entry SET body='{\"i\":\"8\"}' WHERE seq=7",
		"UPDATE entry SET raw=x'00' WHERE seq=7",
	};

	(void)state;
	for (unsigned i = 0; i < sizeof damage / sizeof *damage; i++) {
		char dir[64], path[100], before[65], after[65];
		struct assay_journal *journal;
		struct assay_error err;

		make_dir(dir);
		assert_int_equal(assay_journal_open(dir, &options, &journal, &err), ASSAY_OK);
		for (unsigned j = 0; j < 20; j++)
			append(journal, j);
		assert_int_equal(assay_journal_commit(journal, &err), ASSAY_OK);
		assert_int_equal(assay_journal_checkpoint(journal, 0, true, NULL, &err), ASSAY_OK);
		assay_journal_close(journal);
		tamper(dir, "entry", damage[i]);
		(void)snprintf(path, sizeof path, "%s/journal/0001.db", dir);
		assert_int_equal(assay_sha256_file(path, before), 0);
		for (unsigned again = 0; again < 2; again++) {
			const struct assay_quarantine *found;

			assert_int_equal(assay_journal_open(dir, &options, &journal, &err), ASSAY_OK);
			found = assay_journal_quarantine(journal);
			assert_int_equal(found->count, again ? 0 : 1);
			if (!again) {
				assert_int_equal(found->segment, 1);
				assert_int_equal(found->sequence[0], 7);
			}
			assert_int_equal(assay_journal_segment(journal), 2);
			append(journal, 20 + again);
			assert_int_equal(assay_journal_commit(journal, &err), ASSAY_OK);
			assay_journal_close(journal);
		}
		assert_int_equal(assay_sha256_file(path, after), 0);
		assert_string_equal(before, after);
		remove_dir(dir);
	}
}

static void test_refuses_to_write_on_damage(void **state)
{
	static const char *const damage[] = {
		"DELETE FROM entry WHERE seq=7",
		"DELETE FROM entry WHERE seq=19",
	};

	(void)state;
	for (unsigned i = 0; i < sizeof damage / sizeof *damage; i++) {
		char dir[64];
		struct assay_journal *journal;
		struct assay_error err;

		make_dir(dir);
		assert_int_equal(assay_journal_open(dir, &options, &journal, &err), ASSAY_OK);
		for (unsigned j = 0; j < 20; j++)
			append(journal, j);
		assert_int_equal(assay_journal_commit(journal, &err), ASSAY_OK);
		assert_int_equal(assay_journal_checkpoint(journal, 0, true, NULL, &err), ASSAY_OK);
		assay_journal_close(journal);
		tamper(dir, "entry", damage[i]);
		assert_int_equal(assay_journal_open(dir, &options, &journal, &err), ASSAY_EDAMAGED);
		assert_string_equal(err.code, "journal-damaged");
		assert_non_null(strstr(err.text_en, i == 1 ? "over 20 entries" : "entry 7"));
		remove_dir(dir);
	}
}

static void test_append_only(void **state)
{
	static const char *const change[] = {"UPDATE entry SET body='{}'", "DELETE FROM entry",
		"INSERT OR REPLACE INTO entry SELECT seq, header, '{}', raw, leaf FROM entry WHERE seq=0",
		"DELETE FROM checkpoint", "UPDATE segment SET value='x' WHERE key='origin'"};
	char dir[64], path[200];
	struct assay_journal *journal;
	struct assay_error err;
	sqlite3 *db;

	(void)state;
	make_dir(dir);
	assert_int_equal(assay_journal_open(dir, &options, &journal, &err), ASSAY_OK);
	append(journal, 0);
	assert_int_equal(assay_journal_commit(journal, &err), ASSAY_OK);
	assert_int_equal(assay_journal_checkpoint(journal, 0, true, NULL, &err), ASSAY_OK);
	assay_journal_close(journal);
	(void)snprintf(path, sizeof path, "%s/journal/0001.db", dir);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	for (unsigned i = 0; i < sizeof change / sizeof *change; i++)
		assert_int_equal(sqlite3_exec(db, change[i], NULL, NULL, NULL) & 0xff, SQLITE_CONSTRAINT);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	remove_dir(dir);
}

/* The writer's own connection has no triggers in its way and is held to the same: SQLite's documentation of
 * sqlite3_set_authorizer (SQLITE_AUTH), and a row twice is a broken key. */
static void test_writer_only_adds(void **state)
{
	static const char *const change[] = {"UPDATE entry SET body='{}'", "DELETE FROM entry",
		"DROP TABLE gone", "DROP TRIGGER entry_no_update", "ALTER TABLE entry RENAME TO x",
		"CREATE TABLE x(y)", "ATTACH ':memory:' AS other"};
	struct assay_journal *journal;
	struct assay_error err;
	char dir[64];

	(void)state;
	make_dir(dir);
	assert_int_equal(assay_journal_open(dir, &options, &journal, &err), ASSAY_OK);
	append(journal, 0);
	assert_int_equal(assay_journal_commit(journal, &err), ASSAY_OK);
	for (unsigned i = 0; i < sizeof change / sizeof *change; i++)
		assert_int_equal(
			sqlite3_exec(journal->segment.db, change[i], NULL, NULL, NULL) & 0xff, SQLITE_AUTH);
	assert_int_equal(
		sqlite3_exec(journal->segment.db,
			"INSERT INTO entry SELECT seq, header, leaf, '{}', raw FROM entry", NULL, NULL, NULL),
		SQLITE_CONSTRAINT_PRIMARYKEY);
	assay_journal_close(journal);
	remove_dir(dir);
}

static void test_checkpoint_note(void **state)
{
	char dir[64], note[ASSAY_NOTE_MAX], bad[ASSAY_NOTE_MAX];
	struct assay_origin_key key, public_only;
	struct assay_error err;
	uint8_t root[32], got[32];
	uint64_t size;

	(void)state;
	make_dir(dir);
	memset(root, 0x5a, sizeof root);
	assert_int_equal(assay_origin_key_load(dir, "lab.example/x", true, &key, &err), ASSAY_OK);
	assert_int_equal(assay_origin_key_public(dir, &public_only, &err), ASSAY_OK);
	assert_memory_equal(key.public_key, public_only.public_key, 32);
	assert_int_equal(assay_checkpoint_sign(&key, 42, root, note), 0);
	assert_memory_equal(note, "lab.example/x\n42\nWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlo=\n\n", 62);
	assert_int_equal(assay_checkpoint_check(&public_only, note, &size, got, &err), ASSAY_OK);
	assert_int_equal(size, 42);
	assert_memory_equal(root, got, 32);
	/* Every other value of every byte: libsodium's decoder alone would take some above 127 for base64 letters. */
	for (size_t i = 0; i < strlen(note); i++)
		for (unsigned change = 1; change < 256; change++) {
			memcpy(bad, note, sizeof bad);
			bad[i] = (char)(bad[i] ^ (char)change);
			assert_int_equal(
				assay_checkpoint_check(&public_only, bad, &size, got, &err), ASSAY_EDAMAGED);
		}
	remove_dir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known_answers),
		cmocka_unit_test(test_tree_equals_definition),
		cmocka_unit_test(test_reopen_and_read),
		cmocka_unit_test(test_sealed_modes),
		cmocka_unit_test(test_rows_of_a_group),
		cmocka_unit_test(test_kill),
		cmocka_unit_test(test_full_disk),
		cmocka_unit_test(test_damage_is_set_aside),
		cmocka_unit_test(test_refuses_to_write_on_damage),
		cmocka_unit_test(test_append_only),
		cmocka_unit_test(test_writer_only_adds),
		cmocka_unit_test(test_checkpoint_note),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
