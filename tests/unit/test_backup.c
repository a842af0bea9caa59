/* SPDX-License-Identifier: Apache-2.0
 * Backup while the journal is written, restore, comparison, and the state made again. */
#include "gateway/record/backup.h"
#include "gateway/record/compare.h"
#include "gateway/record/rebuild.h"
#include "gateway/record/state.h"
#include "tests/fault/specimen.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* Until killed: entries in groups, tells when the first is durable. */
static pid_t start_writer(const char *dir, int ready)
{
	struct assay_journal_options options = specimen_options(60000);
	struct assay_journal *journal;
	struct assay_error err;
	pid_t child = fork();

	if (child != 0)
		return child;
	SPECIMEN_CHECK(assay_journal_open(dir, &options, &journal, &err) == ASSAY_OK);
	for (uint64_t i = 0;; i++) {
		SPECIMEN_CHECK(specimen_append(journal, i, &err) == ASSAY_OK);
		if (i % 7 == 6)
			SPECIMEN_CHECK(assay_journal_commit(journal, &err) == ASSAY_OK);
		if (i % 70 == 69)
			SPECIMEN_CHECK(assay_journal_checkpoint(journal, 0, true, NULL, &err) == ASSAY_OK &&
				       assay_journal_checkpoint(journal, 0, false, NULL, &err) == ASSAY_OK);
		if (i == 500)
			SPECIMEN_CHECK(write(ready, "x", 1) == 1);
		(void)usleep(100);
	}
}

static void test_online(void **state)
{
	char dir[64], copy[100], back[100], byte;
	struct assay_journal_difference difference;
	struct assay_verify_report report, restored;
	struct assay_journal_options options = specimen_options(60000);
	struct assay_journal *journal;
	struct assay_error err;
	char boot[33];
	bool has_key;
	pid_t child;
	int fds[2];

	(void)state;
	specimen_dir(dir);
	(void)snprintf(copy, sizeof copy, "%s-copy", dir);
	(void)snprintf(back, sizeof back, "%s-back", dir);
	assert_int_equal(pipe(fds), 0);
	child = start_writer(dir, fds[1]);
	assert_true(child > 0);
	assert_int_equal(read(fds[0], &byte, 1), 1);
	for (unsigned i = 0; i < 5; i++) {
		specimen_remove(copy);
		assert_int_equal(assay_backup(dir, copy, true, &report, &err), ASSAY_OK);
		assert_int_equal(report.findings, 0);
		assert_true(report.end >= 490 && report.segments >= 2);
	}
	assert_int_equal(assay_backup(dir, copy, true, &report, &err), ASSAY_EREFUSED);
	(void)kill(child, SIGKILL);
	assert_int_equal(waitpid(child, NULL, 0), child);
	/* The copy is the beginning of the original. */
	assert_int_equal(assay_compare_journals(dir, copy, &difference, &err), ASSAY_OK);
	assert_int_equal(difference.same, difference.b_entries);
	assert_int_equal(difference.b_entries, specimen_verify(copy, NULL).end);
	assert_true(difference.a_entries >= difference.b_entries);
	/* Restored it is equal, goes on, and what it writes bears another boot id. */
	assert_int_equal(assay_restore(copy, back, &has_key, &restored, &err), ASSAY_OK);
	assert_true(has_key);
	assert_int_equal(assay_compare_journals(copy, back, &difference, &err), ASSAY_OK);
	assert_true(difference.equal);
	assert_int_equal(assay_journal_open(copy, &options, &journal, &err), ASSAY_OK);
	(void)snprintf(boot, sizeof boot, "%s", assay_journal_boot_hex(journal));
	assay_journal_close(journal);
	assert_int_equal(assay_journal_open(back, &options, &journal, &err), ASSAY_OK);
	assert_string_not_equal(boot, assay_journal_boot_hex(journal));
	assert_int_equal(specimen_append(journal, 9, &err), ASSAY_OK);
	assert_int_equal(assay_journal_commit(journal, &err), ASSAY_OK);
	assay_journal_close(journal);
	assert_int_equal(specimen_verify(back, NULL).findings, 0);
	assert_int_equal(assay_compare_journals(copy, back, &difference, &err), ASSAY_OK);
	assert_false(difference.equal);
	assert_int_equal(difference.same, difference.a_entries);
	specimen_remove(dir);
	specimen_remove(copy);
	specimen_remove(back);
}

/* The key of another time, or of another laboratory: what opens the journal says what to put there. */
static void test_another_key(void **state)
{
	char dir[64], other[64], copy[100], command[400];
	struct assay_journal_options options = specimen_options(60000);
	struct assay_verify_report report;
	struct assay_journal *journal;
	struct assay_error err;

	(void)state;
	specimen_dir(dir);
	specimen_dir(other);
	specimen_fill(dir, 0, 20, 10, 20);
	specimen_fill(other, 0, 20, 10, 20);
	(void)snprintf(copy, sizeof copy, "%s-copy", dir);
	assert_int_equal(assay_backup(dir, copy, false, &report, &err), ASSAY_OK);
	(void)snprintf(command, sizeof command, "cp -p %s/keys/origin.key %s/keys/", other, copy);
	assert_int_equal(system(command), 0);
	assert_int_equal(assay_journal_open(copy, &options, &journal, &err), ASSAY_EDAMAGED);
	assert_string_equal(err.code, "checkpoint-bad");
	assert_non_null(strstr(err.text_en, "needs the keys/origin.key of that time"));
	(void)snprintf(command, sizeof command, "cp -p %s/keys/origin.key %s/keys/", dir, copy);
	assert_int_equal(system(command), 0);
	assert_int_equal(assay_journal_open(copy, &options, &journal, &err), ASSAY_OK);
	assay_journal_close(journal);
	specimen_remove(dir);
	specimen_remove(other);
	specimen_remove(copy);
}

/* A restored laboratory judges by the bundle that was in force, not by what came with the program. */
static void test_specs_go_along(void **state)
{
	static const char *const files[] = {
		"specs/25.json", "specs/25/standards/a.xml", "specs/25/schema/b.xsd"};
	char dir[64], copy[100], back[100], path[500], text[32];
	struct assay_verify_report report;
	struct assay_error err;
	bool has_key;
	ssize_t length;

	(void)state;
	specimen_dir(dir);
	(void)snprintf(copy, sizeof copy, "%s-copy", dir);
	(void)snprintf(back, sizeof back, "%s-back", dir);
	specimen_fill(dir, 0, 20, 10, 20);
	(void)snprintf(path, sizeof path,
		"cd %s && mkdir -p specs/25/standards specs/25/schema specs/.26.1/standards && ln -s 25 "
		"specs/current && "
		"for i in specs/25.json specs/25/standards/a.xml specs/25/schema/b.xsd; do echo $i >$i; done",
		dir);
	assert_int_equal(system(path), 0);
	assert_int_equal(assay_backup(dir, copy, true, &report, &err), ASSAY_OK);
	assert_int_equal(assay_restore(copy, back, &has_key, &report, &err), ASSAY_OK);
	(void)snprintf(path, sizeof path, "%s/specs/current", back);
	length = readlink(path, text, sizeof text - 1);
	assert_int_equal(length, 2);
	assert_memory_equal(text, "25", 2);
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		FILE *file;

		(void)snprintf(path, sizeof path, "%s/%s", back, files[i]);
		file = fopen(path, "re");
		assert_non_null(file);
		assert_non_null(fgets(text, sizeof text, file));
		(void)fclose(file);
		text[strcspn(text, "\n")] = '\0';
		assert_string_equal(text, files[i]);
	}
	(void)snprintf(path, sizeof path, "%s/specs/.26.1", back);
	assert_int_equal(access(path, F_OK), -1);
	specimen_remove(dir);
	specimen_remove(copy);
	specimen_remove(back);
}

/* What does not hold is no backup, and nothing is left of the try. */
static void test_damaged_is_refused(void **state)
{
	char dir[64], copy[100], partial[120];
	struct assay_verify_report report;
	struct assay_error err;

	(void)state;
	specimen_dir(dir);
	(void)snprintf(copy, sizeof copy, "%s-copy", dir);
	(void)snprintf(partial, sizeof partial, "%s.partial", copy);
	specimen_fill(dir, 0, 60, 10, 20);
	assert_int_equal(specimen_change(dir, 1, "UPDATE entry SET body='{}' WHERE seq=7"), 0);
	assert_int_equal(assay_backup(dir, copy, false, &report, &err), ASSAY_EDAMAGED);
	assert_non_null(strstr(err.text_en, "entry 7"));
	assert_int_not_equal(access(copy, F_OK), 0);
	assert_int_not_equal(access(partial, F_OK), 0);
	specimen_remove(dir);
}

static unsigned differing;

static void on_differs(void *context, const char *table, uint64_t only_a, uint64_t only_b)
{
	(void)context;
	(void)table;
	differing += only_a || only_b;
}

static void test_rebuild(void **state)
{
	char dir[64], path[100];
	struct assay_rebuild_report report;
	struct assay_journal_options options = specimen_options(0);
	struct assay_journal *journal;
	struct assay_error err;
	sqlite3 *db;

	(void)state;
	specimen_dir(dir);
	(void)snprintf(path, sizeof path, "%s/state.db", dir);
	assert_int_equal(assay_journal_open(dir, &options, &journal, &err), ASSAY_OK);
	for (unsigned i = 0; i < 40; i++)
		if (i % 10 != 7) /* the specimen's result entries belong to no test */
			assert_int_equal(specimen_append(journal, i, &err), ASSAY_OK);
	assert_int_equal(assay_journal_commit(journal, &err), ASSAY_OK);
	assert_int_equal(assay_rebuild(dir, on_differs, NULL, &report, &err), ASSAY_ETAKEN);
	assay_journal_close(journal);
	assert_int_equal(assay_rebuild(dir, on_differs, NULL, &report, &err), ASSAY_OK);
	assert_int_equal(report.entries, 36);
	assert_false(report.compared);
	assert_int_equal(assay_rebuild(dir, on_differs, NULL, &report, &err), ASSAY_OK);
	assert_true(report.compared && report.tables > 5);
	assert_int_equal(differing, 0);
	/* A row changed behind our back is told, and gone after. */
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(
		sqlite3_exec(db, "UPDATE exchange SET outcome='forged' WHERE seq=3", NULL, NULL, NULL),
		SQLITE_OK);
	assert_int_equal(sqlite3_changes(db), 1);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	assert_int_equal(assay_rebuild(dir, on_differs, NULL, &report, &err), ASSAY_OK);
	assert_int_equal(differing, 1);
	assert_int_equal(assay_rebuild(dir, on_differs, NULL, &report, &err), ASSAY_OK);
	assert_int_equal(differing, 1);
	specimen_remove(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_online),
		cmocka_unit_test(test_another_key),
		cmocka_unit_test(test_specs_go_along),
		cmocka_unit_test(test_damaged_is_refused),
		cmocka_unit_test(test_rebuild),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
