/* SPDX-License-Identifier: Apache-2.0
 * S37 of the fault and security list: every connection to journal and state is defensive, trusts no schema, attaches
 * nothing, loads no extension, maps no file, checks cells. Asked of SQLite itself, by each thing being tried. */
#include "gateway/lab/query.h"
#include "gateway/record/journal_inside.h"
#include "gateway/record/journal_reader.h"
#include "gateway/record/state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int64_t number(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *statement = NULL;
	int64_t value = -1;

	if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK &&
		sqlite3_step(statement) == SQLITE_ROW)
		value = sqlite3_column_int64(statement, 0);
	(void)sqlite3_finalize(statement);
	return value;
}

static void is_hardened(sqlite3 *db, const char *which)
{
	int defensive = 0, trusted = 1, extensions = 1;

	print_message("%s\n", which);
	assert_non_null(db);
	assert_int_equal(sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, -1, &defensive), SQLITE_OK);
	assert_int_equal(sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, -1, &trusted), SQLITE_OK);
	assert_int_equal(
		sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, -1, &extensions), SQLITE_OK);
	assert_int_equal(defensive, 1);
	assert_int_equal(trusted, 0);
	assert_int_equal(extensions, 0);
	assert_int_equal(number(db, "PRAGMA cell_size_check"), 1);
	assert_true(number(db, "PRAGMA mmap_size") <= 0);
	assert_int_not_equal(sqlite3_exec(db, "ATTACH ':memory:' AS other", NULL, NULL, NULL), SQLITE_OK);
	assert_int_not_equal(sqlite3_exec(db, "SELECT load_extension('x')", NULL, NULL, NULL), SQLITE_OK);
	/* defensive: the tables' own text cannot be rewritten */
	(void)sqlite3_exec(db, "PRAGMA writable_schema=ON", NULL, NULL, NULL);
	assert_int_not_equal(
		sqlite3_exec(db, "UPDATE sqlite_schema SET sql=''", NULL, NULL, NULL), SQLITE_OK);
}

static void test_connections(void **state_unused)
{
	char dir[] = "/tmp/assay-settings-XXXXXX", command[64];
	const struct assay_journal_options options = {
		.site = "t", .origin = "t.example", .reserve_bytes = UINT64_MAX};
	struct assay_journal *journal = NULL;
	struct assay_reader *reader = NULL;
	struct assay_state *state = NULL;
	struct assay_error err = {0};
	sqlite3 *query = NULL;

	(void)state_unused;
	assert_non_null(mkdtemp(dir));
	assert_int_equal(assay_journal_open(dir, &options, &journal, &err), ASSAY_OK);
	is_hardened(journal->segment.db, "the journal's writer");
	assert_int_equal(assay_reader_open(dir, ASSAY_READ_LIVE, &reader, &err), ASSAY_OK);
	is_hardened(assay_reader_segment(reader, 0)->db, "a reader of the journal");
	assert_int_equal(assay_state_open(dir, &state, &err), ASSAY_OK);
	is_hardened(assay_state_db(state), "the state's writer");
	assert_int_equal(assay_query_open(dir, &query, &err), ASSAY_OK);
	is_hardened(query, "a reader of the state");
	(void)sqlite3_close(query);
	assay_state_close(state);
	assay_reader_close(reader);
	assay_journal_close(journal);
	(void)snprintf(command, sizeof command, "rm -rf %s", dir);
	assert_int_equal(system(command), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_connections)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
