/* SPDX-License-Identifier: Apache-2.0
 * What each role must not: every forbidden thing is tried in a process locked as that role and must fail (S33, S34 of
 * the fault and security list), and what the role needs must still work. */
#include "gateway/confine.h"
#include "gateway/web/files.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <netinet/in.h>
#include <sched.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[64];

static void path_of(char out[128], const char *name)
{
	(void)snprintf(out, 128, "%s/%s", dir, name);
}

static int make_dir(void **state)
{
	char path[128];
	int fd;

	(void)state;
	(void)snprintf(dir, sizeof dir, "/tmp/assay-confine-XXXXXX");
	assert_non_null(mkdtemp(dir));
	path_of(path, "keys");
	assert_int_equal(mkdir(path, 0700), 0);
	path_of(path, "keys/origin.key");
	fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	(void)close(fd);
	path_of(path, "state.db");
	fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	(void)close(fd);
	return 0;
}

static int remove_dir(void **state)
{
	static const char *const files[] = {"keys/origin.key", "state.db", "new"};
	char path[128];

	(void)state;
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		path_of(path, files[i]);
		(void)unlink(path);
	}
	path_of(path, "keys");
	(void)rmdir(path);
	return rmdir(dir);
}

static bool opens(const char *name, int how)
{
	char path[128];
	int fd;

	path_of(path, name);
	fd = open(path, how | O_CLOEXEC, 0600);
	if (fd >= 0)
		(void)close(fd);
	return fd >= 0;
}

static bool socket_opens(int family)
{
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd >= 0)
		(void)close(fd);
	return fd >= 0;
}

static bool connects(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(9)};

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return connect(0, (const struct sockaddr *)&address, sizeof address) == 0 || errno != EPERM;
}

/* Bit n set: forbidden thing n worked. 1: a program, 32: a socket. */
static int common_breaks(void)
{
	int broken = 0;
	static char *const argv[] = {NULL};

	(void)execve("/bin/true", argv, argv);
	broken |= errno != EPERM ? 1 : 0;
	broken |= ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0 ? 2 : 0;
	broken |= mount("none", "/mnt", "tmpfs", 0, NULL) == 0 || errno != EPERM ? 4 : 0;
	broken |= syscall(SYS_bpf, 0, NULL, 0) == 0 || errno != EPERM ? 8 : 0;
	broken |= unshare(CLONE_NEWUSER) == 0 ? 16 : 0;
	broken |= socket_opens(AF_INET) || socket_opens(AF_INET6) || socket_opens(AF_PACKET) ? 32 : 0;
	return broken;
}

/* but: of the forbidden things, what this role may. */
static int in_child_but(int but, enum assay_confined role, const struct assay_confine_path *paths,
	int (*breaks)(bool landlock))
{
	struct assay_error err;
	bool landlock;
	pid_t child;
	int status;

	(void)fflush(NULL);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		if (assay_confine(role, paths, &landlock, &err) != ASSAY_OK)
			_exit(255);
		_exit(common_breaks() & ~but ? common_breaks() & ~but
			: breaks(landlock)   ? 64 + breaks(landlock)
					     : 0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int in_child(
	enum assay_confined role, const struct assay_confine_path *paths, int (*breaks)(bool landlock))
{
	return in_child_but(0, role, paths, breaks);
}

static int host_breaks(bool landlock)
{
	return (socket_opens(AF_UNIX) ? 1 : 0) | (connects() ? 2 : 0) |
	       (landlock && opens("state.db", O_RDONLY) ? 4 : 0) |
	       (landlock && opens("new", O_WRONLY | O_CREAT) ? 8 : 0);
}

static int recorder_breaks(bool landlock)
{
	int elsewhere = open("/tmp/assay-confine-elsewhere", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	if (elsewhere >= 0)
		(void)unlink("/tmp/assay-confine-elsewhere");
	return (landlock && elsewhere >= 0 ? 1 : 0) | (opens("new", O_WRONLY | O_CREAT) ? 0 : 2) |
	       (opens("keys/origin.key", O_RDONLY) ? 0 : 4);
}

static int web_breaks(bool landlock)
{
	return (connects() ? 1 : 0) | (landlock && opens("keys/origin.key", O_RDONLY) ? 2 : 0) |
	       (landlock && opens("state.db", O_RDWR) ? 4 : 0) |
	       (landlock && opens("new", O_WRONLY | O_CREAT) ? 8 : 0) |
	       (opens("state.db", O_RDONLY) ? 0 : 16);
}

/* It reaches out, by programs it may start, and can do nothing else with what it finds. */
static int notify_breaks(bool landlock)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return (fd >= 0 && listen(fd, 1) == 0 ? 1 : 0) |
	       (landlock && opens("keys/origin.key", O_RDONLY) ? 2 : 0) |
	       (landlock && (opens("state.db", O_RDWR) || opens("new", O_WRONLY | O_CREAT)) ? 4 : 0) |
	       (opens("state.db", O_RDONLY) ? 0 : 8) | (connects() ? 0 : 16);
}

static void test_roles(void **state)
{
	char data[128], database[128];
	const struct assay_confine_path none[] = {{NULL, false}};
	const struct assay_confine_path recorder[] = {{data, true}, {"/usr", false}, {NULL, false}};
	const struct assay_confine_path web[] = {
		{database, false}, {"/does/not/exist", false}, {NULL, false}};

	(void)state;
#ifdef ASSAY_INSTRUMENTED
	skip();
#endif
	(void)snprintf(data, sizeof data, "%s", dir);
	path_of(database, "state.db");
	assert_int_equal(in_child(ASSAY_CONFINED_HOST, none, host_breaks), 0);
	assert_int_equal(in_child(ASSAY_CONFINED_RECORDER, recorder, recorder_breaks), 0);
	assert_int_equal(in_child(ASSAY_CONFINED_WEB, web, web_breaks), 0);
	assert_int_equal(in_child_but(1 | 32, ASSAY_CONFINED_NOTIFY, web, notify_breaks), 0);
}

static sqlite3 *open_wal(const char *name)
{
	char path[128];
	sqlite3 *db;

	path_of(path, name);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(
		sqlite3_exec(db,
			"PRAGMA journal_mode=WAL; CREATE TABLE IF NOT EXISTS t(a); INSERT INTO t VALUES(1)",
			NULL, NULL, NULL),
		SQLITE_OK);
	return db;
}

static int rows_of(const char *name)
{
	char path[128];
	sqlite3 *db;
	sqlite3_stmt *count = NULL;
	int rows = -1;

	path_of(path, name);
	if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK &&
		sqlite3_prepare_v2(db, "SELECT count(*) FROM t", -1, &count, NULL) == SQLITE_OK &&
		sqlite3_step(count) == SQLITE_ROW)
		rows = sqlite3_column_int(count, 0);
	(void)sqlite3_finalize(count);
	(void)sqlite3_close(db);
	return rows;
}

static bool meet(int to, int from)
{
	char byte = 0;

	return write(to, &byte, 1) == 1 && read(from, &byte, 1) == 1;
}

/* S30: in the locked web process, which tries the keys, beside a writer that goes on: what broke, as bits. */
static int locked_web(int from_writer, int to_writer)
{
	struct assay_error err;
	struct web_files files;
	char journal[300];
	const struct assay_confine_path more[] = {{journal, false}, {NULL, false}};
	int broken;

	path_of(journal, "journal");
	if (web_files_confine(dir, ASSAY_CONFINED_WEB, more, &files, &err) != ASSAY_OK)
		return 128;
	broken = (opens("keys/origin.key", O_RDONLY) ? 1 : 0) | (opens("keys/people.db", O_RDONLY) ? 1 : 0) |
		 (opens("state.db", O_RDWR) || opens("state.db-wal", O_RDWR) ||
					 opens("journal/0001.db", O_RDWR)
				 ? 2
				 : 0) |
		 (opens("new", O_WRONLY | O_CREAT) || opens("journal/new", O_WRONLY | O_CREAT) ? 4 : 0) |
		 (rows_of("state.db") == 1 && rows_of("journal/0001.db") == 1 ? 0 : 8) |
		 (web_files_replaced(&files) ? 16 : 0);
	if (!meet(to_writer, from_writer))
		return 128;
	broken |= rows_of("state.db") == 2 && rows_of("journal/0001.db") == 2 ? 0 : 32;
	if (!meet(to_writer, from_writer))
		return 128;
	return broken | (web_files_replaced(&files) ? 0 : 64);
}

/* The places the web role is really locked to (S34): it reads what the recorder writes beside it, sees no key, and
 * knows when the state is another file. */
static void test_web_files(void **state)
{
	static const char *const made[] = {"keys/people.db", "journal/0001.db", "journal/0001.db-wal",
		"journal/0001.db-shm", "state.db-wal", "state.db-shm", "state.old"};
	char path[128], old[128], byte;
	int down[2], up[2], status;
	sqlite3 *own, *journal;
	pid_t child;

	(void)state;
#ifdef ASSAY_INSTRUMENTED
	skip();
#endif
	path_of(path, "journal");
	assert_int_equal(mkdir(path, 0700), 0);
	path_of(path, "keys/people.db");
	assert_int_equal(close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600)), 0);
	own = open_wal("state.db");
	journal = open_wal("journal/0001.db");
	assert_int_equal(pipe2(down, O_CLOEXEC), 0);
	assert_int_equal(pipe2(up, O_CLOEXEC), 0);
	(void)fflush(NULL);
	child = fork();
	if (child == 0)
		_exit(locked_web(down[0], up[1]));
	assert_int_equal(read(up[0], &byte, 1), 1);
	assert_int_equal(sqlite3_exec(own, "INSERT INTO t VALUES(2)", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_exec(journal, "INSERT INTO t VALUES(2)", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(write(down[1], &byte, 1), 1);
	assert_int_equal(read(up[0], &byte, 1), 1);
	path_of(path, "state.db");
	path_of(old, "state.old");
	assert_int_equal(rename(path, old), 0);
	assert_int_equal(close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600)), 0);
	assert_int_equal(write(down[1], &byte, 1), 1);
	assert_int_equal(waitpid(child, &status, 0), child);
	(void)sqlite3_close(own);
	(void)sqlite3_close(journal);
	for (size_t i = 0; i < sizeof made / sizeof *made; i++) {
		path_of(path, made[i]);
		(void)unlink(path);
	}
	path_of(path, "journal");
	(void)rmdir(path);
	assert_true(WIFEXITED(status));
	if (syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) < 1)
		assert_int_equal(
			WEXITSTATUS(status) & ~7, 0); /* no Landlock: the files are open, the rest holds */
	else
		assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(test_roles, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(test_web_files, make_dir, remove_dir)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
