/* SPDX-License-Identifier: Apache-2.0
 * Reading beside a writer whose index of the log (the -shm file, https://sqlite.org/walformat.html: two copies of a 48-byte
 * header) may be seen half written. The writer is a process of its own, as the recorder is; the reader may not write the index,
 * as the web role may not. */
#include "gateway/lab/query_row.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[64], path[80];
static int to_writer[2], from_writer[2];
static pid_t writer;

static void wait_ms(long ms)
{
	const struct timespec pause = {.tv_nsec = ms * 1000000};

	(void)nanosleep(&pause, NULL);
}

static void tell(int fd)
{
	if (write(fd, "x", 1) != 1)
		abort();
}

/* Told once: the first copy of the header is another than the second, for 20 ms. Told again: for good. */
static void write_and_tear(void)
{
	sqlite3 *db;
	char shm[90], byte, torn;
	int fd;

	if (sqlite3_open(path, &db) != SQLITE_OK ||
		sqlite3_exec(db, "PRAGMA journal_mode=WAL; CREATE TABLE t(a); INSERT INTO t VALUES(7)", NULL,
			NULL, NULL) != SQLITE_OK)
		abort();
	(void)snprintf(shm, sizeof shm, "%s-shm", path);
	fd = open(shm, O_RDWR | O_CLOEXEC); /* stays open: closing it would let go of SQLite's locks */
	if (fd < 0 || pread(fd, &byte, 1, 8) != 1)
		abort();
	torn = (char)(byte + 1);
	tell(from_writer[1]);
	for (int turn = 0; turn < 2; turn++) {
		if (read(to_writer[0], &shm, 1) != 1 || pwrite(fd, &torn, 1, 8) != 1)
			abort();
		tell(from_writer[1]);
		wait_ms(20);
		if (turn == 0 && pwrite(fd, &byte, 1, 8) != 1)
			abort();
	}
	if (read(to_writer[0], &shm, 1) != 0) /* until the test is over */
		abort();
	_exit(0);
}

static int begin(void **state)
{
	char byte;

	(void)state;
	(void)snprintf(dir, sizeof dir, "/tmp/assay-row-XXXXXX");
	assert_non_null(mkdtemp(dir));
	(void)snprintf(path, sizeof path, "%s/state.db", dir);
	assert_int_equal(pipe(to_writer), 0);
	assert_int_equal(pipe(from_writer), 0);
	writer = fork();
	assert_true(writer >= 0);
	if (writer == 0) {
		(void)close(to_writer[1]);
		write_and_tear();
	}
	assert_int_equal(read(from_writer[0], &byte, 1), 1);
	return 0;
}

static int end(void **state)
{
	static const char *const ends[] = {"", "-wal", "-shm"};
	int status;

	(void)state;
	(void)close(to_writer[1]);
	assert_int_equal(waitpid(writer, &status, 0), writer);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	for (size_t i = 0; i < 3; i++) {
		char name[96];

		(void)snprintf(name, sizeof name, "%s%s", path, ends[i]);
		(void)unlink(name);
	}
	assert_int_equal(rmdir(dir), 0);
	return 0;
}

static json_t *rows(sqlite3 *db, struct assay_error *err)
{
	return query_list(db, query_prepare(db, err, "SELECT a FROM t WHERE a=?1", "i", (int64_t)7), err);
}

static void tear(void)
{
	char byte;

	tell(to_writer[1]);
	assert_int_equal(read(from_writer[0], &byte, 1), 1);
}

static void test_half_written_index(void **state)
{
	struct assay_error err = {.code = ""};
	char uri[128];
	sqlite3 *db;
	json_t *list;

	(void)state;
	(void)snprintf(uri, sizeof uri, "file:%s?mode=ro&readonly_shm=1", path);
	assert_int_equal(sqlite3_open_v2(uri, &db,
				 SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_EXRESCODE, NULL),
		SQLITE_OK);
	list = rows(db, &err);
	assert_int_equal(json_array_size(list), 1);
	json_decref(list);
	tear();
	list = rows(db, &err); /* the writer is through in 20 ms */
	assert_int_equal(json_array_size(list), 1);
	json_decref(list);
	tear();
	assert_null(rows(db, &err)); /* it is not: said, after a moment, and not waited for any longer */
	assert_string_equal(err.code, "journal-io");
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_half_written_index)};

	return cmocka_run_group_tests(tests, begin, end);
}
