/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/lab/report_run.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SAID_MAX 4096u /* bytes of what the helper says when it refuses */

struct run {
	pid_t pid;
	int in, out, said; /* our ends; -1 closed */
	const char *input;
	size_t input_length, input_sent;
	unsigned char *bytes;
	size_t length, room;
	char words[SAID_MAX];
	size_t words_length;
	int64_t deadline_ms;
	struct assay_error *err;
};

int assay_report_find(char out[ASSAY_REPORT_PATH_MAX], struct assay_error *err)
{
	static const char *const places[] = {"assay-report", "../lib/assay/assay-report"};
	char self[ASSAY_REPORT_PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
	char *slash;

	self[length > 0 ? length : 0] = '\0';
	slash = strrchr(self, '/');
	for (size_t i = 0; slash && i < sizeof places / sizeof *places; i++) {
		int written =
			snprintf(out, ASSAY_REPORT_PATH_MAX, "%.*s/%s", (int)(slash - self), self, places[i]);

		if (written > 0 && (unsigned)written < ASSAY_REPORT_PATH_MAX && access(out, X_OK) == 0)
			return ASSAY_OK;
	}
	return assay_error_set(err, ASSAY_ENOTFOUND, "report-program-missing",
		"找不到 assay-report：请重新安装 assay", "assay-report is missing: install assay again");
}

static int64_t now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void shut(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

static int failed(struct run *run, const char *what, int number)
{
	return assay_error_set(run->err, ASSAY_EIO, "report-failed", "打印程序没有完成：%s %s",
		"the report program did not finish: %s %s", what, number ? strerror(number) : "");
}

static int timed_out(struct run *run, unsigned timeout_ms)
{
	return assay_error_set(run->err, ASSAY_EIO, "report-timeout", "打印程序超过 %u ms 未完成",
		"the report program took more than %u ms", timeout_ms);
}

/* ---- starting ----------------------------------------------------------------------------------------------- */

/* ends: the helper's standard input, output and error. It gets these, no other descriptor and an empty environment. */
static int spawn(struct run *run, const char *program, const char *kind, const int ends[3])
{
	bool svg = strcmp(kind, "labels.svg") == 0;
	char name[] = "assay-report", verb[16], json[] = "--json", svg_option[] = "--svg";
	char *arguments[] = {name, verb, json, svg ? svg_option : NULL, NULL}, *environment[] = {NULL};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none, all;
	int number;

	(void)snprintf(verb, sizeof verb, "%s", svg ? "labels" : kind);
	(void)sigemptyset(&none);
	(void)sigfillset(&all);
	number = posix_spawn_file_actions_init(&actions);
	if (number)
		return failed(run, "posix_spawn", number);
	number = posix_spawnattr_init(&attributes);
	if (number) {
		(void)posix_spawn_file_actions_destroy(&actions);
		return failed(run, "posix_spawn", number);
	}
	for (int i = 0; i < 3 && !number; i++)
		number = posix_spawn_file_actions_adddup2(&actions, ends[i], i);
	if (!number)
		number = posix_spawn_file_actions_addclosefrom_np(&actions, 3);
	if (!number)
		number = posix_spawnattr_setsigmask(&attributes, &none);
	if (!number)
		number = posix_spawnattr_setsigdefault(&attributes, &all);
	if (!number)
		number =
			posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	if (!number)
		number = posix_spawn(&run->pid, program, &actions, &attributes, arguments, environment);
	(void)posix_spawnattr_destroy(&attributes);
	(void)posix_spawn_file_actions_destroy(&actions);
	return number ? failed(run, program, number) : ASSAY_OK;
}

/* A descriptor below 3 would be overwritten while the others are put in place. */
static bool above_standard(int *fd)
{
	int moved;

	if (*fd > 2)
		return true;
	moved = fcntl(*fd, F_DUPFD_CLOEXEC, 3);
	shut(fd);
	*fd = moved;
	return moved >= 0;
}

/* A socket towards the helper, so that a helper that is gone is an error and not a signal. */
static int start(struct run *run, const char *program, const char *kind)
{
	int in[2] = {-1, -1}, out[2] = {-1, -1}, said[2] = {-1, -1}, ends[3];
	int status = ASSAY_OK;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, in) != 0 || pipe2(out, O_CLOEXEC) != 0 ||
		pipe2(said, O_CLOEXEC) != 0 || !above_standard(&in[0]) || !above_standard(&out[1]) ||
		!above_standard(&said[1]))
		status = failed(run, "pipe", errno);
	run->in = in[1];
	run->out = out[0];
	run->said = said[0];
	ends[0] = in[0];
	ends[1] = out[1];
	ends[2] = said[1];
	if (status == ASSAY_OK &&
		(fcntl(run->in, F_SETFL, O_NONBLOCK) != 0 || fcntl(run->out, F_SETFL, O_NONBLOCK) != 0 ||
			fcntl(run->said, F_SETFL, O_NONBLOCK) != 0))
		status = failed(run, "fcntl", errno);
	if (status == ASSAY_OK)
		status = spawn(run, program, kind, ends);
	for (size_t i = 0; i < 3; i++)
		shut(&ends[i]);
	return status;
}

/* ---- talking ------------------------------------------------------------------------------------------------ */

static void feed(struct run *run)
{
	ssize_t count = send(
		run->in, run->input + run->input_sent, run->input_length - run->input_sent, MSG_NOSIGNAL);

	if (count > 0)
		run->input_sent += (size_t)count;
	else if (count < 0 && errno != EAGAIN && errno != EINTR)
		run->input_sent = run->input_length; /* it has stopped reading; its exit says why */
	if (run->input_sent == run->input_length)
		shut(&run->in);
}

static int collect(struct run *run)
{
	ssize_t count;

	if (run->length == run->room) {
		size_t room = run->room ? run->room * 2 : 65536;
		unsigned char *bytes;

		bytes = realloc(run->bytes, room);
		if (!bytes)
			return assay_error_set(
				run->err, ASSAY_ENOMEM, "no-memory", "内存不足", "out of memory");
		run->bytes = bytes;
		run->room = room;
	}
	count = read(run->out, run->bytes + run->length, run->room - run->length);
	if (count > 0)
		run->length += (size_t)count;
	else if (count == 0)
		shut(&run->out);
	else if (errno != EAGAIN && errno != EINTR)
		return failed(run, "read", errno);
	if (run->length > ASSAY_REPORT_PAPER_MAX)
		return assay_error_set(run->err, ASSAY_EFULL, "report-too-large", "报告超过 %u 字节",
			"the report is larger than %u bytes", ASSAY_REPORT_PAPER_MAX);
	return ASSAY_OK;
}

/* What goes beyond the room for words is read and dropped. */
static void listen_to(struct run *run)
{
	char dropped[512];
	size_t room = sizeof run->words - 1 - run->words_length;
	ssize_t count = read(
		run->said, room ? run->words + run->words_length : dropped, room ? room : sizeof dropped);

	if (count > 0 && room)
		run->words_length += (size_t)count;
	else if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR))
		shut(&run->said);
}

static int talk(struct run *run, unsigned timeout_ms)
{
	int status = ASSAY_OK;

	while (status == ASSAY_OK && (run->out >= 0 || run->said >= 0)) {
		struct pollfd fds[3] = {{run->in, POLLOUT, 0}, {run->out, POLLIN, 0}, {run->said, POLLIN, 0}};
		int64_t left_ms = run->deadline_ms - now_ms();

		if (left_ms <= 0)
			return timed_out(run, timeout_ms);
		if (poll(fds, 3, (int)left_ms) < 0 && errno != EINTR)
			return failed(run, "poll", errno);
		if (fds[0].revents)
			feed(run);
		if (fds[1].revents)
			status = collect(run);
		if (fds[2].revents)
			listen_to(run);
	}
	return status;
}

/* ---- ending ------------------------------------------------------------------------------------------------- */

/* The helper's own words, or that there are none. */
static int refused(struct run *run, int how)
{
	json_t *root = json_loadb(run->words, run->words_length, 0, NULL);
	const char *code, *zh, *en;
	char what[48];
	int status;

	if (root && json_unpack(root, "{s:{s:s,s:s,s:s}}", "error", "code", &code, "text_zh", &zh, "text_en",
			    &en) == 0) {
		status = assay_error_set(run->err, ASSAY_EREFUSED, code, "%s", "%s", zh);
		if (run->err)
			(void)snprintf(run->err->text_en, sizeof run->err->text_en, "%s", en);
	} else {
		(void)snprintf(what, sizeof what, WIFSIGNALED(how) ? "signal %d" : "exit %d",
			WIFSIGNALED(how) ? WTERMSIG(how) : WEXITSTATUS(how));
		status = failed(run, what, 0);
	}
	json_decref(root);
	return status;
}

/* The helper's exit, or its end at the deadline: one that has closed its outputs may still hang. */
static int reap(struct run *run, int status, unsigned timeout_ms)
{
	const struct timespec pause = {.tv_nsec = 2000000};
	pid_t done = 0;
	int how = 0;

	while (status == ASSAY_OK && (done = waitpid(run->pid, &how, WNOHANG)) == 0) {
		if (now_ms() >= run->deadline_ms)
			status = timed_out(run, timeout_ms);
		else
			(void)nanosleep(&pause, NULL);
	}
	if (done == 0) {
		(void)kill(run->pid, SIGKILL);
		while (waitpid(run->pid, &how, 0) < 0 && errno == EINTR)
			;
	}
	if (status != ASSAY_OK)
		return status;
	if (done < 0)
		return failed(run, "waitpid", errno);
	if (!WIFEXITED(how) || WEXITSTATUS(how) != 0)
		return refused(run, how);
	return run->length ? ASSAY_OK : failed(run, "empty", 0);
}

static bool is_kind(const char *kind)
{
	static const char *const kinds[] = {"certificate", "labels", "labels.svg", "card", "statement"};

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (strcmp(kinds[i], kind) == 0)
			return true;
	return false;
}

int assay_report_run(const char *program, const char *kind, const json_t *document, unsigned timeout_ms,
	unsigned char **bytes_out, size_t *length_out, struct assay_error *err)
{
	struct run run = {.in = -1, .out = -1, .said = -1, .err = err};
	char *input;
	int status;

	if (!is_kind(kind))
		return assay_error_set(err, ASSAY_EREFUSED, "report-kind", "没有这种报告：%s",
			"there is no such report: %s", kind);
	input = json_dumps(document, JSON_COMPACT);
	if (!input)
		return assay_error_set(err, ASSAY_ENOMEM, "no-memory", "内存不足", "out of memory");
	timeout_ms = timeout_ms ? timeout_ms : ASSAY_REPORT_TIMEOUT_MS;
	run.input = input;
	run.input_length = strlen(input);
	run.deadline_ms = now_ms() + timeout_ms;
	status = start(&run, program, kind);
	if (status == ASSAY_OK)
		status = reap(&run, talk(&run, timeout_ms), timeout_ms);
	shut(&run.in);
	shut(&run.out);
	shut(&run.said);
	free(input);
	if (status == ASSAY_OK) {
		*bytes_out = run.bytes;
		*length_out = run.length;
	} else {
		free(run.bytes);
	}
	return status;
}
