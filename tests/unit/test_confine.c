/* SPDX-License-Identifier: Apache-2.0
 * What each role must not: every forbidden thing is tried in a process locked as that role and must fail (S33, S34 of
 * the fault and security list), and what the role needs must still work. */
#include "gateway/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <setjmp.h>
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

/* Bit n set: forbidden thing n worked. */
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

static int in_child(
	enum assay_confined role, const struct assay_confine_path *paths, int (*breaks)(bool landlock))
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
		_exit(common_breaks() ? common_breaks() : breaks(landlock) ? 64 + breaks(landlock) : 0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
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
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(test_roles, make_dir, remove_dir)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
