/* SPDX-License-Identifier: Apache-2.0
 * The real binary as a test starts, asks, wounds and stops it. Every process is ended with the test. */
#ifndef ASSAY_TESTS_RUNNING_GATEWAY_H
#define ASSAY_TESTS_RUNNING_GATEWAY_H

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define GATEWAY_CHILDREN_MAX 64
#define GATEWAY_OUTPUT_MAX 65536

struct running_gateway {
	pid_t pid;
	int out; /* its standard output */
	char errors[128]; /* file with its standard error */
};

static inline uint64_t test_now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static inline void test_pause_ms(unsigned ms)
{
	struct timespec left = {ms / 1000, (long)(ms % 1000) * 1000000};

	while (nanosleep(&left, &left) != 0)
		;
}

/* Up to size - 1 bytes of a file, as a string; "" when it cannot be read. */
static inline void read_text(const char *path, char *out, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd >= 0 ? read(fd, out, size - 1) : 0;

	if (fd >= 0)
		(void)close(fd);
	out[got > 0 ? got : 0] = '\0';
}

/* $ASSAY, else build/assay as seen from build/tests/fault. */
static inline const char *assay_binary(void)
{
	static char path[1024];
	const char *given = getenv("ASSAY");
	ssize_t length;

	if (given)
		return given;
	length = readlink("/proc/self/exe", path, sizeof path - 40);
	path[length > 0 ? length : 0] = '\0';
	for (unsigned i = 0; i < 3; i++) {
		char *slash = strrchr(path, '/');

		if (slash)
			*slash = '\0';
	}
	(void)snprintf(path + strlen(path), sizeof path - strlen(path), "/assay");
	return path;
}

/* argv[0] is replaced by the binary. file_max: no file it writes may grow beyond (bytes), 0 no limit. */
static inline void gateway_start(
	struct running_gateway *gateway, const char *const argv[], const char *errors, uint64_t file_max)
{
	int ends[2], log;

	(void)snprintf(gateway->errors, sizeof gateway->errors, "%s", errors);
	if (pipe2(ends, O_CLOEXEC) != 0)
		abort();
	gateway->pid = fork();
	if (gateway->pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		log = open(errors, O_WRONLY | O_CREAT | O_APPEND, 0600);
		(void)dup2(ends[1], 1);
		(void)dup2(log, 2);
		if (file_max) {
			struct rlimit limit = {file_max, RLIM_INFINITY};

			(void)signal(SIGXFSZ, SIG_IGN);
			(void)setrlimit(RLIMIT_FSIZE, &limit);
		}
		(void)execv(assay_binary(), (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	(void)close(ends[1]);
	gateway->out = ends[0];
}

/* One line of its standard output, without the newline. */
static inline bool gateway_line(struct running_gateway *gateway, char *out, size_t size, unsigned timeout_ms)
{
	uint64_t until = test_now_ms() + timeout_ms;
	size_t length = 0;

	while (length + 1 < size && test_now_ms() < until) {
		struct pollfd polled = {gateway->out, POLLIN, 0};

		if (poll(&polled, 1, 50) != 1)
			continue;
		if (read(gateway->out, out + length, 1) != 1)
			break;
		if (out[length] == '\n') {
			out[length] = '\0';
			return true;
		}
		length++;
	}
	out[length] = '\0';
	return false;
}

/* Exit code, 128 + signal, or -1 when it does not end in time (it is killed then). */
static inline int gateway_wait(struct running_gateway *gateway, unsigned timeout_ms)
{
	uint64_t until = test_now_ms() + timeout_ms;
	int status = 0, code = -1;

	while (code == -1 && test_now_ms() < until) {
		char rest[4096];
		struct pollfd polled = {gateway->out, POLLIN, 0};

		if (poll(&polled, 1, 0) == 1 && polled.revents & POLLIN &&
			read(gateway->out, rest, sizeof rest) < 0)
			break;
		if (waitpid(gateway->pid, &status, WNOHANG) == gateway->pid)
			code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
		else
			test_pause_ms(10);
	}
	if (code == -1) {
		(void)kill(gateway->pid, SIGKILL);
		(void)waitpid(gateway->pid, NULL, 0);
	}
	(void)close(gateway->out);
	gateway->pid = 0;
	return code;
}

static inline int gateway_stop(struct running_gateway *gateway)
{
	(void)kill(gateway->pid, SIGTERM);
	return gateway_wait(gateway, 30000);
}

/* Is this a living process (no zombie) whose name begins with name? */
static inline bool process_is(pid_t pid, const char *name)
{
	char path[64], about[256], *named;

	(void)snprintf(path, sizeof path, "/proc/%d/stat", pid);
	read_text(path, about, sizeof about);
	named = strchr(about, '(');
	return named && strncmp(named + 1, name, strlen(name)) == 0 && strstr(about, ") Z") == NULL;
}

static inline size_t gateway_children(pid_t parent, const char *name, pid_t out[GATEWAY_CHILDREN_MAX])
{
	char path[64], text[4096], *at = text, *end;
	size_t count = 0;

	(void)snprintf(path, sizeof path, "/proc/%d/task/%d/children", parent, parent);
	read_text(path, text, sizeof text);
	for (long pid = strtol(at, &end, 10); end != at && count < GATEWAY_CHILDREN_MAX;
		at = end, pid = strtol(at, &end, 10))
		if (process_is((pid_t)pid, name))
			out[count++] = (pid_t)pid;
	return count;
}

/* Run a command of the binary to its end: exit code; standard output and standard error together in out. */
static inline int assay_command(const char *const argv[], char *out, size_t size, unsigned timeout_ms)
{
	uint64_t until = test_now_ms() + timeout_ms;
	int ends[2], status = 0;
	size_t length = 0;
	pid_t child;

	if (pipe2(ends, O_CLOEXEC) != 0)
		abort();
	child = fork();
	if (child == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		(void)dup2(ends[1], 1);
		(void)dup2(ends[1], 2);
		(void)execv(assay_binary(), (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	(void)close(ends[1]);
	for (;;) {
		struct pollfd polled = {ends[0], POLLIN, 0};
		char over[256];
		bool room = length + 1 < size;
		ssize_t got;

		if (test_now_ms() >= until)
			(void)kill(child, SIGKILL);
		if (poll(&polled, 1, 50) != 1)
			continue;
		got = room ? read(ends[0], out + length, size - 1 - length)
			   : read(ends[0], over, sizeof over);
		if (got <= 0)
			break;
		if (room)
			length += (size_t)got;
	}
	out[length] = '\0';
	(void)close(ends[0]);
	(void)waitpid(child, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Does the file (standard error, say) hold the words? Waits for them. */
static inline bool file_says(const char *path, const char *words, unsigned timeout_ms)
{
	uint64_t until = test_now_ms() + timeout_ms;
	static char text[GATEWAY_OUTPUT_MAX];

	do {
		read_text(path, text, sizeof text);
		if (strstr(text, words))
			return true;
		test_pause_ms(20);
	} while (test_now_ms() < until);
	return false;
}

static inline void remove_folder(const char *folder)
{
	char command[256];

	(void)snprintf(command, sizeof command, "rm -rf '%s'", folder);
	if (system(command) != 0) /* NOLINT(cert-env33-c): our own folder */
		(void)fprintf(stderr, "%s stays\n", folder);
}

#endif
