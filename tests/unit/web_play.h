/* SPDX-License-Identifier: Apache-2.0
 * The web role over a real socket, for the tests of it. The role runs in a child process; its answers are read as bytes. The
 * queries are this file's own (a state of one table), since what is tested is HTTP; tests/e2e drives the same role on the
 * real state. Expected statuses: RFC 9110, RFC 9457, CONTRACT's HTTP part. */
#ifndef TESTS_UNIT_WEB_PLAY_H
#define TESTS_UNIT_WEB_PLAY_H

#include "gateway/lab/batch_page.h"
#include "gateway/lab/district.h"
#include "gateway/lab/query.h"
#include "gateway/web/asset.h"
#include "gateway/web/route.h"
#include "gateway/web/write.h"
#include "gateway/wire/channel.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define ANSWER_MAX 1048576u
#define BIG 300000 /* bytes of one frames topic, so that a reader who does not read fills his socket */

static char dir[] = "/tmp/assay-web-XXXXXX";
static uint16_t port;
static pid_t child = -1;
static int control = -1;
static char answer[ANSWER_MAX];

/* The queries: each answers with what meta says, so that a change of the state shows. */

int assay_query_open(const char *where, sqlite3 **out, struct assay_error *err)
{
	char path[256];

	(void)snprintf(path, sizeof path, "%s/state.db", where);
	if (sqlite3_open_v2(path, out, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK)
		return ASSAY_OK;
	return assay_error_set(err, ASSAY_EIO, "state-unreadable", "读不出", "unreadable");
}

static inline json_t *applied(sqlite3 *state)
{
	sqlite3_stmt *statement = NULL;
	json_t *value = NULL;

	if (sqlite3_prepare_v2(state, "SELECT value FROM meta WHERE key = 'applied'", -1, &statement, NULL) ==
			SQLITE_OK &&
		sqlite3_step(statement) == SQLITE_ROW)
		value = json_string((const char *)sqlite3_column_text(statement, 0));
	(void)sqlite3_finalize(statement);
	return value;
}

json_t *assay_query_lines(sqlite3 *state, struct assay_error *err)
{
	(void)err;
	return json_pack("[{s:s,s:s,s:o,s:[{s:s,s:[{s:s,s:s,s:s},{s:s,s:s,s:s}]}]}]", "line", "bal\"1",
		"status", "online", "applied", applied(state), "instruments", "instrument", "b1", "channels",
		"channel", "weight", "value", "20.1127", "unit", "g", "channel", "odd", "value", "1e9",
		"unit", "g");
}

json_t *assay_query_frames(sqlite3 *state, unsigned limit, struct assay_error *err)
{
	char *big = malloc(BIG + 1);
	json_t *list;

	(void)err;
	assert_non_null(big);
	memset(big, 'a', BIG);
	big[limit == 7 ? 10 : BIG] = '\0';
	list = json_pack("[{s:o,s:s}]", "applied", applied(state), "received", big);
	free(big);
	return list;
}

json_t *assay_query_history(sqlite3 *state, const char *instrument, const char *channel, int64_t from_ns,
	unsigned limit, struct assay_error *err)
{
	(void)state;
	(void)limit;
	(void)err;
	return json_pack(
		"[{s:s,s:s,s:I}]", "instrument", instrument, "channel", channel, "from", (json_int_t)from_ns);
}

bool assay_batch_kind_known(const char *kind)
{
	return !*kind || strcmp(kind, "testing") == 0;
}

bool assay_batch_order_known(const char *order)
{
	return strcmp(order, "need") == 0;
}

/* Three pages of two rows, with what spreadsheets take for formulas (OWASP, CSV injection) and what they do not. */
static inline json_t *many_batches(const char *after)
{
	static const char *const cells[] = {"=cmd|' /C calc'!A0", "+1+1", "-x", "@SUM(A1)", "\t=1", "＝1+1",
		"-0.50", "+2", "a,b", "say \"no\"", "two\r\nlines", "中文"};
	size_t from = strtoul(after, NULL, 10);
	json_t *list = json_array();
	char next[8] = "";

	for (size_t i = from; i < from + 4; i += 2)
		(void)json_array_append_new(
			list, json_pack("{s:s,s:s,s:i,s:[s,s],s:n}", "name", cells[i], "lot", cells[i + 1],
				      "n", (int)i, "reasons", "a", "b", "none"));
	if (from + 4 < sizeof cells / sizeof *cells)
		(void)snprintf(next, sizeof next, "%zu", from + 4);
	return json_pack("{s:o,s:s}", "batches", list, "next", next);
}

json_t *assay_query_batch_page(sqlite3 *state, const struct assay_batch_wish *wish, struct assay_error *err)
{
	if (strcmp(wish->typed, "many") == 0)
		return many_batches(wish->after);
	if (strcmp(wish->after, "wrong") != 0)
		return json_pack("{s:[{s:o,s:s}],s:s}", "batches", "applied", applied(state), "status",
			wish->kind, "next", "");
	(void)assay_error_set(err, ASSAY_EREFUSED, "cursor-invalid", "不对", "wrong");
	return NULL;
}

json_t *assay_query_batch_counts(sqlite3 *state, struct assay_error *err)
{
	(void)err;
	return json_pack("{s:o,s:i}", "read", applied(state), "released", 1187);
}

json_t *assay_query_batch(sqlite3 *state, const char *id, struct assay_error *err)
{
	(void)state;
	if (strcmp(id, "B1") == 0)
		return json_pack("{s:s}", "batch", id);
	(void)assay_error_set(
		err, ASSAY_ENOTFOUND, "no-such-batch", "没有批次 %s", "there is no batch %s", id);
	return NULL;
}

json_t *assay_query_test(sqlite3 *state, const char *id, struct assay_error *err)
{
	(void)state;
	(void)err;
	return json_pack("{s:s}", "test", id);
}

json_t *assay_query_bench(sqlite3 *state, struct assay_error *err)
{
	(void)err;
	return json_pack("{s:[],s:[],s:o}", "tests", "frames", "applied", applied(state));
}

json_t *assay_query_journal(
	const char *where, uint64_t from, unsigned limit, bool raw, struct assay_error *err)
{
	(void)where;
	(void)err;
	return json_pack("[{s:I,s:i,s:b}]", "seq", (json_int_t)from, "limit", (int)limit, "raw", (int)raw);
}

json_t *assay_query_trace(sqlite3 *state, const char *where, const char *result, struct assay_error *err)
{
	(void)state;
	(void)where;
	(void)err;
	return json_pack("{s:s}", "result", result);
}

#define SLOW_MS 1500

/* The district's figures of a laboratory so large that they take their time. */
json_t *assay_district_answer(const char *what, const json_t *request, sqlite3 *state,
	const struct assay_specs *specs, int *status_out, struct assay_error *err)
{
	const struct timespec pause = {.tv_sec = SLOW_MS / 1000, .tv_nsec = SLOW_MS % 1000 * 1000000};

	(void)request;
	(void)state;
	(void)specs;
	(void)err;
	(void)nanosleep(&pause, NULL);
	*status_out = ASSAY_OK;
	return json_pack("{s:s}", "slow", what);
}

/* As the recorder does, the writer keeps the state open: the web role itself may make no file beside it. */
static sqlite3 *writer;

static inline void write_state(int value)
{
	char path[256], sql[256];

	(void)snprintf(path, sizeof path, "%s/state.db", dir);
	(void)snprintf(sql, sizeof sql,
		"PRAGMA journal_mode=WAL; CREATE TABLE IF NOT EXISTS meta(key TEXT PRIMARY KEY, value TEXT);"
		"INSERT OR REPLACE INTO meta VALUES('applied', '%d')",
		value);
	if (!writer) {
		assert_int_equal(sqlite3_open(path, &writer), SQLITE_OK);
		assert_int_equal(sqlite3_busy_timeout(writer, 2000), SQLITE_OK);
	}
	assert_int_equal(sqlite3_exec(writer, sql, NULL, NULL, NULL), SQLITE_OK);
}

static inline void remove_state(void)
{
	static const char *const names[] = {"state.db", "state.db-wal", "state.db-shm"};
	char path[256];

	assert_int_equal(sqlite3_close(writer), SQLITE_OK);
	writer = NULL;
	for (size_t i = 0; i < 3; i++) {
		(void)snprintf(path, sizeof path, "%s/%s", dir, names[i]);
		(void)unlink(path);
	}
}

static int listener = -1; /* kept open here, as the supervisor keeps it */

static const struct assay_places *places; /* NULL: no specs are read */

static inline void fork_web(void)
{
	static const struct assay_config config = {
		.anonymous_read = true, .site = "lab", .name_zh = "理化室", .name_en = "laboratory"};
	struct assay_role role = {.config = &config,
		.dir = dir,
		.recorder = -1,
		.listener = listener,
		.supervisor = getpid(),
		.places = places};
	int pair[2];

	assert_int_equal(assay_channel_pair(pair, NULL), ASSAY_OK);
	child = fork();
	if (child == 0) {
		(void)close(pair[0]);
		role.control = pair[1];
		_exit(assay_web_main(&role));
	}
	assert_true(child > 0);
	(void)close(pair[1]);
	control = pair[0];
}

/* The state is another file: the process that may not read it has ended, in good order, and the next is started. */
static inline void next_web(void)
{
	int status = -1;

	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	(void)close(control);
	fork_web();
}

static inline void start_web(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof address;

	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(listener >= 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(listen(listener, 128), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &length), 0);
	port = ntohs(address.sin_port);
	fork_web();
}

static inline int stop_web(bool politely)
{
	struct assay_message head = {.type = ASSAY_MSG_STOP};
	int status = -1;

	if (politely)
		assert_int_equal(assay_channel_send(control, &head, NULL, 0, -1), ASSAY_OK);
	(void)close(control);
	assert_int_equal(waitpid(child, &status, 0), child);
	(void)close(listener);
	child = -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
}

static inline int dial_with(int receive_buffer)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct timeval limit = {.tv_sec = 5};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (receive_buffer)
		assert_int_equal(
			setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer), 0);
	address.sin_port = htons(port);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit), 0);
	return fd;
}

static inline int dial(void)
{
	return dial_with(0);
}

static inline void say(int fd, const char *text)
{
	size_t length = strlen(text);

	while (length > 0) {
		ssize_t sent = send(fd, text, length, MSG_NOSIGNAL);

		if (sent <= 0)
			return;
		text += sent;
		length -= (size_t)sent;
	}
}

/* Send request as it is and read until the other side closes; returns the status. */
static inline int ask_raw(const char *request)
{
	int fd = dial(), status = 0;
	size_t length = 0;
	ssize_t got;

	say(fd, request);
	while (length < sizeof answer - 1 &&
		(got = recv(fd, answer + length, sizeof answer - 1 - length, 0)) > 0)
		length += (size_t)got;
	answer[length] = '\0';
	(void)close(fd);
	if (sscanf(answer, "HTTP/1.1 %d", &status) != 1)
		return 0;
	return status;
}

static inline int ask(const char *method, const char *path, const char *headers)
{
	static char request[16384];

	(void)snprintf(request, sizeof request,
		"%s %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nConnection: close\r\n%s\r\n", method, path, port,
		headers);
	return ask_raw(request);
}

static inline bool has(const char *text)
{
	return strstr(answer, text) != NULL;
}

static inline int setup(void **state)
{
	(void)state;
	remove_state();
	write_state(1);
	start_web();
	return 0;
}

static inline int teardown(void **state)
{
	(void)state;
	if (child > 0)
		assert_int_equal(stop_web(true), 0);
	remove_state();
	return 0;
}

static inline int web_play(const struct CMUnitTest *tests, size_t count)
{
	int failed;

	if (!mkdtemp(dir))
		return 1;
	failed = _cmocka_run_group_tests("web", tests, count, NULL, NULL); /* the macro wants an array */
	remove_state();
	(void)rmdir(dir);
	return failed;
}

#endif
