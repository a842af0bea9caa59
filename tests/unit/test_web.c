/* SPDX-License-Identifier: Apache-2.0
 * The web role over a real socket: routes, headers, limits, what is refused first, live events. The role runs in a child
 * process; its answers are read as bytes. The queries are this file's own (a state of one table), since what is tested is
 * HTTP; tests/e2e drives the same role on the real state. Expected statuses: RFC 9110, RFC 9457, CONTRACT's HTTP part. */
#include "gateway/lab/batch_page.h"
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

static json_t *applied(sqlite3 *state)
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

json_t *assay_query_batch_page(sqlite3 *state, const struct assay_batch_wish *wish, struct assay_error *err)
{
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

/* As the recorder does, the writer keeps the state open: the web role itself may make no file beside it. */
static sqlite3 *writer;

static void write_state(int value)
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

static void remove_state(void)
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

static void fork_web(void)
{
	static const struct assay_config config = {
		.anonymous_read = true, .site = "lab", .name_zh = "理化室", .name_en = "laboratory"};
	struct assay_role role = {
		.config = &config, .dir = dir, .recorder = -1, .listener = listener, .supervisor = getpid()};
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
static void next_web(void)
{
	int status = -1;

	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	(void)close(control);
	fork_web();
}

static void start_web(void)
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

static int stop_web(bool politely)
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

static int dial_with(int receive_buffer)
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

static int dial(void)
{
	return dial_with(0);
}

static void say(int fd, const char *text)
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
static int ask_raw(const char *request)
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

static int ask(const char *method, const char *path, const char *headers)
{
	static char request[16384];

	(void)snprintf(request, sizeof request,
		"%s %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nConnection: close\r\n%s\r\n", method, path, port,
		headers);
	return ask_raw(request);
}

static bool has(const char *text)
{
	return strstr(answer, text) != NULL;
}

static int setup(void **state)
{
	(void)state;
	remove_state();
	write_state(1);
	start_web();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	if (child > 0)
		assert_int_equal(stop_web(true), 0);
	remove_state();
	return 0;
}

static void test_routes(void **state)
{
	static const char *const json[] = {"/healthz", "/api/v1/openapi.json", "/api/v1/lines",
		"/api/v1/frames?limit=7", "/api/v1/history?instrument=b1&channel=weight",
		"/api/v1/history?instrument=b1&channel=weight&from=2026-11-23T06:41:06.812Z",
		"/api/v1/batches", "/api/v1/batches?status=testing", "/api/v1/batches/B1",
		"/api/v1/tests/T-1.2_x", "/api/v1/bench", "/api/v1/journal?from=3&limit=2&raw=1",
		"/api/v1/results/R1/trace"};

	(void)state;
	for (size_t i = 0; i < sizeof json / sizeof *json; i++) {
		assert_int_equal(ask("GET", json[i], ""), 200);
		assert_true(has("\r\nContent-Type: application/json\r\n"));
		assert_true(has("\r\nX-Content-Type-Options: nosniff\r\n"));
		assert_true(has("\r\nReferrer-Policy: no-referrer\r\n"));
		assert_true(has("\r\nContent-Security-Policy: default-src 'none'"));
		assert_true(has("\r\nCross-Origin-Opener-Policy: same-origin\r\n"));
		assert_false(has("Access-Control-Allow-Origin"));
		assert_int_equal(ask("HEAD", json[i], ""), 200);
		assert_string_equal(strstr(answer, "\r\n\r\n"), "\r\n\r\n");
	}
	assert_int_equal(
		ask("GET", "/api/v1/history?instrument=b1&channel=weight&from=1970-01-01T00:00:01.500Z", ""),
		200);
	assert_true(has("\"from\":1500000000}"));
	assert_int_equal(ask("GET", "/api/v1/journal?from=3&limit=2&raw=1", ""), 200);
	assert_true(has("{\"entries\":[{\"seq\":3,\"limit\":2,\"raw\":true}]}"));
	assert_int_equal(ask("GET", "/", ""), 200);
	assert_true(has("\r\nContent-Type: text/html; charset=utf-8\r\n"));
	assert_true(has("\r\nContent-Security-Policy: default-src 'none'; script-src 'self'"));
	assert_false(has("unsafe-inline"));
}

static void test_metrics(void **state)
{
	(void)state;
	assert_int_equal(ask("GET", "/metrics", ""), 200);
	assert_true(has("\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n"));
	assert_true(has("\nassay_line_status{line=\"bal\\\"1\",status=\"online\"} 1\n"));
	assert_true(has("\nassay_channel_value{instrument=\"b1\",channel=\"weight\",unit=\"g\"} 20.1127\n"));
	assert_true(has("\nassay_batches{status=\"released\"} 1187\n"));
	assert_false(has("1e9"));
	for (char *line = strstr(answer, "\r\n\r\n") + 4; line && *line; line = strchr(line, '\n')) {
		if (*line == '\n' && !*++line)
			break;
		assert_true(*line == '#' || strncmp(line, "assay_", 6) == 0);
	}
}

/* Every write under /api/v1, whatever else is wrong with it, is first of all not authenticated. */
static void test_writes(void **state)
{
	static const char *const methods[] = {"POST", "PUT", "PATCH", "DELETE"};
	static const char *const paths[] = {"/api/v1/batches", "/api/v1/batches/B1", "/api/v1/nothing/here",
		"/api/v1", "/api/v1/", "/api/v1/events", "/api/v1/journal?nonsense=1"};
	static const char *const headers[] = {"", "Content-Length: 9000000\r\nContent-Type: text/plain\r\n",
		"Origin: https://evil.example\r\nContent-Type: application/xml\r\nContent-Length: 5\r\n",
		"Transfer-Encoding: chunked\r\n", "Content-Length: 2\r\nExpect: 100-continue\r\n"};
	char request[512];

	(void)state;
	for (size_t m = 0; m < 4; m++)
		for (size_t p = 0; p < sizeof paths / sizeof *paths; p++)
			for (size_t h = 0; h < sizeof headers / sizeof *headers; h++) {
				/* no body is ever sent: the answer must not wait for it */
				assert_int_equal(ask(methods[m], paths[p], headers[h]), 401);
				assert_true(has("\r\nContent-Type: application/problem+json\r\n"));
				assert_true(has("\r\nWWW-Authenticate: "));
				assert_true(has("\"code\":\"login-required\""));
				assert_false(has("100 Continue"));
			}
	(void)snprintf(request, sizeof request,
		"POST /api/v1/batches HTTP/1.1\r\nHost: evil.example\r\n"
		"Connection: close\r\n\r\n");
	assert_int_equal(ask_raw(request), 401);
}

/* A body that is not read must not be taken for the next request. */
static void test_smuggling(void **state)
{
	char request[1024], inner[256];
	static const char *const firsts[] = {"POST /api/v1/batches", "GET /api/v1/bench", "DELETE /nowhere"};

	(void)state;
	(void)snprintf(inner, sizeof inner, "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
	for (size_t i = 0; i < 3; i++) {
		(void)snprintf(request, sizeof request,
			"%s HTTP/1.1\r\nHost: localhost\r\nContent-Length: %zu\r\n\r\n%s", firsts[i],
			strlen(inner), inner);
		assert_in_range(ask_raw(request), 400, 405);
		assert_false(has("assay_build_info"));
		(void)snprintf(request, sizeof request,
			"%s HTTP/1.1\r\nHost: localhost\r\nContent-Length: %zu\r\nTransfer-Encoding: "
			"chunked\r\n\r\n"
			"0\r\n\r\n%s",
			firsts[i], strlen(inner) + 5, inner);
		assert_in_range(ask_raw(request), 400, 405);
		assert_false(has("assay_build_info"));
	}
}

static void test_refused(void **state)
{
	static const struct {
		const char *method, *path, *headers;
		int status;
	} cases[] = {
		{"GET", "/nowhere", "", 404},
		{"GET", "/api/v1/nowhere", "", 404},
		{"GET", "/api/v1/batches/B9", "", 404},
		{"GET", "/api/v1/batches/", "", 404},
		{"GET", "/api/v1/batches/B1/", "", 404},
		{"GET", "/api/v1/batches/..", "", 404},
		{"GET", "/ui/../../etc/passwd", "", 404},
		{"GET", "/ui/%2e%2e/%2e%2e/etc/passwd", "", 404},
		{"GET", "/ui/%252e%252e/etc/passwd", "", 404},
		{"GET", "/ui\\..\\state.db", "", 404},
		{"GET", "/state.db", "", 404},
		{"GET", "//etc/passwd", "", 404},
		{"GET", "/healthz%00.html", "", 404},
		{"GET", "/api/v1/lines?extra=1", "", 400},
		{"GET", "/api/v1/journal?from=1&from=2", "", 400},
		{"GET", "/api/v1/journal?from=-1", "", 400},
		{"GET", "/api/v1/journal?from=1x", "", 400},
		{"GET", "/api/v1/users", "", 401}, /* also where everybody may look */
		{"GET", "/api/v1/tokens", "", 401},
		{"GET", "/api/v1/journal?limit=1001", "", 400},
		{"GET", "/api/v1/journal?limit=101&raw=1", "", 400},
		{"GET", "/api/v1/journal?from=99999999999999999999", "", 400},
		{"GET", "/api/v1/batches?status=issued%00", "", 400},
		{"GET", "/api/v1/batches?status=everything", "", 400},
		{"GET", "/api/v1/batches?order=colour", "", 400},
		{"GET", "/api/v1/batches?limit=0", "", 400},
		{"GET", "/api/v1/batches?limit=201", "", 400},
		{"GET", "/api/v1/batches?after=wrong", "", 400},
		{"GET", "/api/v1/history?instrument=b1", "", 400},
		{"GET", "/api/v1/history?instrument=b1&channel=w&from=yesterday", "", 400},
		{"GET", "/api/v1/history?instrument=b1&channel=w&from=2026-13-01T00:00:00Z", "", 400},
		{"GET", "/api/v1/history?instrument=b1&channel=w&from=2426-11-23T06:41:00Z", "", 400},
		{"GET", "/api/v1/lines", "Content-Length: 3\r\n", 400},
		{"POST", "/", "", 405},
		{"POST", "/healthz", "", 405},
		{"DELETE", "/metrics", "", 405},
		{"OPTIONS", "/api/v1/lines", "", 405},
		{"TRACE", "/api/v1/lines", "", 405},
		{"BREW", "/api/v1/lines", "", 405},
		{"POST", "/nowhere", "", 404},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		int status = ask(cases[i].method, cases[i].path, cases[i].headers);

		if (status != cases[i].status)
			print_error("%s %s\n", cases[i].method, cases[i].path);
		assert_int_equal(status, cases[i].status);
		assert_true(has("\r\nContent-Type: application/problem+json\r\n"));
		assert_true(has("\r\nX-Content-Type-Options: nosniff\r\n"));
		assert_true((status == 405) == has("\r\nAllow: GET, HEAD\r\n"));
	}
}

static void test_sizes(void **state)
{
	static char long_text[12000];

	(void)state;
	memset(long_text, 'a', 5000);
	long_text[0] = '/';
	assert_int_equal(ask("GET", long_text, ""), 414);
	memset(long_text, 'a', 9000);
	memcpy(long_text, "X-Long: ", 8);
	memcpy(long_text + 9000, "\r\n", 3);
	assert_int_equal(ask("GET", "/healthz", long_text), 431);
	long_text[0] = '\0';
	for (int i = 0; i < 70; i++)
		(void)snprintf(long_text + strlen(long_text), 32, "X-%d: 1\r\n", i);
	assert_int_equal(ask("GET", "/healthz", long_text), 431);
	assert_int_equal(ask("GET", "/healthz", ""), 200);
}

static void test_host(void **state)
{
	static const char *const good[] = {
		"localhost", "LOCALHOST:8480", "127.0.0.1", "127.0.0.1:1", "[::1]:8480"};
	static const char *const bad[] = {"evil.example", "localhost.evil.example", "127.0.0.1.evil.example",
		"localhost:80x", "192.0.2.1", ""};
	char request[256];

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		(void)snprintf(request, sizeof request,
			"GET /api/v1/bench HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", good[i]);
		assert_int_equal(ask_raw(request), 200);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		(void)snprintf(request, sizeof request,
			"GET /api/v1/bench HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", bad[i]);
		assert_int_equal(ask_raw(request), 421);
	}
	assert_int_equal(ask_raw("GET /api/v1/bench HTTP/1.1\r\nConnection: close\r\n\r\n"), 400);
}

static void test_language(void **state)
{
	static const struct {
		const char *header;
		bool chinese;
	} cases[] = {
		{"", true},
		{"Accept-Language: en\r\n", false},
		{"Accept-Language: zh-CN,zh;q=0.9,en;q=0.8\r\n", true},
		{"Accept-Language: en-GB,en;q=0.9,zh;q=0.8\r\n", false},
		{"Accept-Language: zh;q=0.2, en;q=0.75\r\n", false},
		{"Accept-Language: fr\r\n", true},
		{"Accept-Language: eng\r\n", true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_int_equal(ask("GET", "/nowhere", cases[i].header), 404);
		assert_true(has("\"text_zh\":\"没有这个地址\""));
		assert_true(has("\"text_en\":\"there is nothing at this address\""));
		assert_true(has(cases[i].chinese ? "\"title\":\"没有" : "\"title\":\"there"));
	}
}

static void test_assets(void **state)
{
	char header[128];

	(void)state;
	for (size_t i = 0; i < assay_asset_count; i++) {
		assert_int_equal(ask("GET", assay_assets[i].path, ""), 200);
		(void)snprintf(header, sizeof header, "\r\nETag: %s\r\n", assay_assets[i].etag);
		assert_true(has(header));
		(void)snprintf(header, sizeof header, "If-None-Match: %s\r\n", assay_assets[i].etag);
		assert_int_equal(ask("GET", assay_assets[i].path, header), 304);
		assert_int_equal(ask("GET", assay_assets[i].path, "If-None-Match: \"other\"\r\n"), 200);
		assert_true(has("\r\nVary: Accept-Encoding\r\n"));
		assert_false(has("Content-Encoding"));
		assert_int_equal(ask("GET", assay_assets[i].path, "Accept-Encoding: gzip;q=0, br\r\n"), 200);
		assert_false(has("Content-Encoding"));
		assert_int_equal(
			ask("GET", assay_assets[i].path, "Accept-Encoding: deflate, gzip;q=0.5\r\n"), 200);
		assert_true(has("\r\nContent-Encoding: gzip\r\n"));
		/* another representation, another tag (RFC 9110, 8.8.1); the bytes begin as RFC 1952 says */
		assert_false(has(header));
		assert_memory_equal(strstr(answer, "\r\n\r\n") + 4, "\x1f\x8b\x08", 3);
	}
}

/* The document and the tables name the same paths, methods, arguments and members. */
static void test_openapi(void **state)
{
	json_t *document, *paths, *item, *parameter;
	char *body;
	const char *path;
	size_t i;

	(void)state;
	assert_int_equal(ask("GET", "/api/v1/openapi.json", ""), 200);
	body = strstr(answer, "\r\n\r\n") + 4;
	document = json_loads(body, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(document);
	assert_int_equal(strncmp(json_string_value(json_object_get(document, "openapi")), "3.1.", 4), 0);
	paths = json_object_get(document, "paths");
	for (i = 0; i < web_write_count; i++) {
		const struct web_write *row = &web_writes[i];
		json_t *operation, *members;
		char method[8] = "";
		unsigned count = 0;

		for (size_t j = 0; row->method[j]; j++)
			method[j] = (char)(row->method[j] | 0x20);
		item = json_object_get(paths, row->path);
		operation = json_object_get(item, method);
		assert_non_null(operation);
		members = json_object_get(
			json_object_get(
				json_object_get(
					json_object_get(json_object_get(operation, "requestBody"), "content"),
					"application/json"),
				"schema"),
			"properties");
		while (count < WEB_FIELDS_MAX && row->field[count].name)
			assert_non_null(json_object_get(members, row->field[count++].name));
		assert_int_equal(json_object_size(members), count);
		assert_int_equal(json_object_del(item, method), 0);
		if (json_object_size(item) == 0)
			assert_int_equal(json_object_del(paths, row->path), 0);
	}
	assert_int_equal(json_object_size(paths), web_route_count);
	json_object_foreach(paths, path, item)
	{
		const struct web_route *route = NULL;
		size_t arguments = 0;

		for (i = 0; i < web_route_count; i++)
			if (strcmp(web_routes[i].path, path) == 0)
				route = &web_routes[i];
		assert_non_null(route);
		assert_int_equal(json_object_size(item), 1);
		assert_non_null(json_object_get(item, "get"));
		json_array_foreach(json_object_get(json_object_get(item, "get"), "parameters"), i, parameter)
		{
			const char *name = json_string_value(json_object_get(parameter, "name"));
			char spaced[64];

			(void)snprintf(spaced, sizeof spaced, " %s ", name);
			if (strcmp(json_string_value(json_object_get(parameter, "in")), "path") == 0) {
				assert_non_null(strstr(path, "{id}"));
			} else {
				assert_non_null(strstr(route->arguments, spaced));
				arguments++;
			}
		}
		for (const char *c = route->arguments; *c; c++)
			if (*c == ' ' && c[1])
				arguments--;
		assert_int_equal(arguments, 0);
	}
	json_decref(document);
}

static void test_state_comes_and_goes(void **state)
{
	(void)state;
	assert_int_equal(ask("GET", "/api/v1/bench", ""), 200);
	assert_true(has("\"applied\":\"1\""));
	remove_state();
	assert_int_equal(ask("GET", "/api/v1/bench", ""), 503);
	assert_true(has("\"code\":\"state-absent\""));
	assert_int_equal(ask("GET", "/healthz", ""), 503);
	assert_int_equal(ask("GET", "/metrics", ""), 200);
	assert_true(has("\nassay_state_ready 0\n"));
	write_state(2);
	{
		int caller = dial(); /* wakes it; whoever calls meanwhile waits at the listener */

		next_web();
		(void)close(caller);
	}
	assert_int_equal(ask("GET", "/api/v1/bench", ""), 200);
	assert_true(has("\"applied\":\"2\""));
	assert_int_equal(ask("GET", "/healthz", ""), 200);
}

/* Events */

static int watch_with(int receive_buffer)
{
	int fd = dial_with(receive_buffer);

	say(fd, "GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n");
	return fd;
}

static int watch(void)
{
	return watch_with(0);
}

/* Read from fd until text has been seen, at most 5 s of silence. Only the end of what was read is kept. */
static bool wait_for(int fd, const char *text)
{
	static char seen[65536];
	size_t length = 0, keep = strlen(text);
	struct pollfd wait = {.fd = fd, .events = POLLIN};

	while (poll(&wait, 1, 5000) == 1) {
		ssize_t got;

		if (length > keep) {
			memmove(seen, seen + length - keep, keep);
			length = keep;
		}
		got = recv(fd, seen + length, sizeof seen - 1 - length, 0);
		if (got <= 0)
			return false;
		length += (size_t)got;
		seen[length] = '\0';
		if (strstr(seen, text))
			return true;
	}
	return false;
}

static void test_events(void **state)
{
	int fd = watch();

	(void)state;
	assert_true(wait_for(fd, "event: batches\nid: 1\ndata: {\"counts\":{\"read\":\"1\","));
	write_state(17);
	assert_true(wait_for(fd, "event: batches\nid: 2\ndata: {\"counts\":{\"read\":\"17\","));
	remove_state();
	assert_true(wait_for(fd, "\"state\":\"state-absent\""));
	write_state(18);
	next_web();
	(void)close(fd);
	fd = watch(); /* as a browser does by itself */
	assert_true(wait_for(fd, "\"state\":\"ready\",\"applied\":18"));
	(void)close(fd);
}

static long resident_kib(void)
{
	char path[64];
	long size = 0, resident = 0;
	FILE *file;

	(void)snprintf(path, sizeof path, "/proc/%d/statm", (int)child);
	file = fopen(path, "r");
	assert_non_null(file);
	assert_int_equal(fscanf(file, "%ld %ld", &size, &resident), 2);
	(void)fclose(file);
	return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

/* Viewers who never read cost a bounded amount and hold up nobody. */
static void test_slow_viewer(void **state)
{
	int slow[10], quick = watch();
	long before, grown;
	char want[64];

	(void)state;
	for (int i = 0; i < 10; i++)
		slow[i] = watch_with(4096);
	assert_true(wait_for(quick, "event: batches\n"));
	before = resident_kib();
	for (int i = 0; i < 12; i++) {
		write_state(100 + i);
		(void)snprintf(want, sizeof want,
			"event: batches\nid: %d\ndata: {\"counts\":{\"read\":\"%d\"", i + 2, 100 + i);
		assert_true(wait_for(quick, want));
		assert_int_equal(ask("GET", "/healthz", ""), 200);
	}
	grown = resident_kib() - before;
#ifdef ASSAY_INSTRUMENTED
	grown = 0; /* a sanitizer keeps what was freed */
#endif
	/* 12 changes of 300 kB each for 10 viewers would be 36 MB; each holds at most one */
	assert_true(grown < 8 * 1024);
	/* one who reads again at last gets the newest */
	assert_true(wait_for(slow[0], "event: batches\nid: 13\ndata: {\"counts\":{\"read\":\"111\""));
	for (int i = 0; i < 10; i++)
		(void)close(slow[i]);
	(void)close(quick);
}

static void test_viewers_are_counted(void **state)
{
	int fd[WEB_VIEWERS_MAX];

	(void)state;
	for (unsigned i = 0; i < WEB_VIEWERS_MAX; i++) {
		fd[i] = watch();
		assert_true(wait_for(fd[i], "event: tick"));
	}
	assert_int_equal(ask("GET", "/api/v1/events", ""), 503);
	assert_true(has("\"code\":\"too-many-viewers\""));
	assert_true(has("\r\nRetry-After: "));
	(void)close(fd[0]);
	write_state(5); /* the one who left is noticed when he is written to */
	for (int i = 0; i < 40; i++) {
		assert_int_equal(ask("GET", "/metrics", ""), 200);
		if (has("\nassay_web_viewers 63\n"))
			break;
		(void)poll(NULL, 0, 50);
		write_state(6 + i);
	}
	assert_true(has("\nassay_web_viewers 63\n"));
	for (unsigned i = 1; i < WEB_VIEWERS_MAX; i++)
		(void)close(fd[i]);
}

static void test_many_connections(void **state)
{
	int fd[WEB_STRANGERS_MAX / 2 - 8];

	(void)state;
	for (size_t i = 0; i < sizeof fd / sizeof *fd; i++) {
		fd[i] = dial();
		say(fd[i], "GET /healthz HTTP/1.1\r\nHost: localho"); /* and never the rest */
	}
	assert_int_equal(ask("GET", "/api/v1/bench", ""), 200);
	for (size_t i = 0; i < sizeof fd / sizeof *fd; i++)
		(void)close(fd[i]);
}

/* A header sent a byte at a time keeps libmicrohttpd's own clock from running out; ours does not care. */
static void test_trickle(void **state)
{
	static const char head[] = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: ";
	int fd = dial();
	uint64_t begun = web_now_ms(), took;
	bool open = true;

	(void)state;
	say(fd, head);
	while (open && web_now_ms() - begun < 20000) {
		struct pollfd wait = {.fd = fd, .events = POLLIN};

		say(fd, "x");
		open = poll(&wait, 1, 500) == 0;
	}
	took = web_now_ms() - begun;
	assert_false(open);
	assert_in_range(took, WEB_HEADER_MS - 1000, WEB_HEADER_MS + 4000);
	(void)close(fd);
	assert_int_equal(ask("GET", "/metrics", ""), 200);
	assert_true(has("\nassay_web_cut_slow_total 1\n"));
}

static void test_stop(void **state)
{
	int fd = watch(), other = watch();

	(void)state;
	assert_true(wait_for(fd, "event: batches\n"));
	assert_int_equal(stop_web(true), 0);
	assert_false(wait_for(fd, "never"));
	(void)close(fd);
	(void)close(other);
	start_web();
	fd = watch();
	assert_true(wait_for(fd, "event: batches\n"));
	assert_int_equal(stop_web(false), 0); /* the supervisor is gone */
	(void)close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_routes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_metrics, setup, teardown),
		cmocka_unit_test_setup_teardown(test_writes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_smuggling, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sizes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_host, setup, teardown),
		cmocka_unit_test_setup_teardown(test_language, setup, teardown),
		cmocka_unit_test_setup_teardown(test_assets, setup, teardown),
		cmocka_unit_test_setup_teardown(test_openapi, setup, teardown),
		cmocka_unit_test_setup_teardown(test_state_comes_and_goes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_events, setup, teardown),
		cmocka_unit_test_setup_teardown(test_slow_viewer, setup, teardown),
		cmocka_unit_test_setup_teardown(test_viewers_are_counted, setup, teardown),
		cmocka_unit_test_setup_teardown(test_many_connections, setup, teardown),
		cmocka_unit_test_setup_teardown(test_trickle, setup, teardown),
		cmocka_unit_test_setup_teardown(test_stop, setup, teardown),
	};
	int failed;

	if (!mkdtemp(dir))
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	remove_state();
	(void)rmdir(dir);
	return failed;
}
