/* SPDX-License-Identifier: Apache-2.0
 * HTTP: routes, headers, limits, languages, assets, what is refused. */
#include "tests/unit/web_play.h"

/* S08: each answer says exactly what it is, and that nobody is to guess. */
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

/* S06, S07: paths that are none, methods that are none. */
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

/* S03 */
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

/* S09 */
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

/* S22. Expected lines: RFC 4180 and the rule that a formula begins with an apostrophe, written by hand. */
static void test_tables(void **state)
{
	static const char table[] = "\xef\xbb\xbf"
				    "name,lot,n,reasons,none\r\n"
				    "\"'=cmd|' /C calc'!A0\",\"'+1+1\",0,a; b,\r\n"
				    "\"'-x\",\"'@SUM(A1)\",2,a; b,\r\n"
				    "\"'\t=1\",\"'＝1+1\",4,a; b,\r\n"
				    "-0.50,+2,6,a; b,\r\n"
				    "\"a,b\",\"say \"\"no\"\"\",8,a; b,\r\n"
				    "\"two\r\nlines\",中文,10,a; b,\r\n";
	static const char *const ways[][2] = {{"/api/v1/batches?q=many&format=csv", ""},
		{"/api/v1/batches?q=many", "Accept: text/csv\r\n"}};
	char plain[2048];

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		const char *body;
		size_t length = 0;

		assert_int_equal(ask("GET", ways[i][0], ways[i][1]), 200);
		assert_true(has("\r\nContent-Type: text/csv; charset=utf-8; header=present\r\n"));
		assert_true(has("\r\nContent-Disposition: attachment; filename=\"batches.csv\"\r\n"));
		assert_true(has("\r\nTransfer-Encoding: chunked\r\n"));
		/* chunks put together (RFC 9112, 7.1) */
		body = strstr(answer, "\r\n\r\n") + 4;
		for (size_t size = strtoul(body, NULL, 16); size > 0; size = strtoul(body, NULL, 16)) {
			body = strstr(body, "\r\n") + 2;
			assert_true(length + size < sizeof plain);
			memcpy(plain + length, body, size);
			length += size;
			body += size + 2;
		}
		plain[length] = '\0';
		assert_string_equal(plain, table);
	}
	assert_int_equal(
		ask("GET", "/api/v1/batches?q=many&format=json&after=4", "Accept: text/csv\r\n"), 200);
	assert_true(has("\"next\":\"8\""));
	assert_int_equal(ask("GET", "/api/v1/batches?format=xml", ""), 400);
	assert_int_equal(ask("GET", "/api/v1/frames?format=xml", ""), 400);
	assert_int_equal(ask("GET", "/api/v1/bench?format=csv", ""), 400);
	assert_int_equal(ask("GET", "/api/v1/frames?limit=7&format=csv", ""), 200);
	assert_true(has("\xef\xbb\xbf"
			"applied,received\r\n1,aaaaaaaaaa\r\n"));
}

static int64_t now_ms(void)
{
	struct timespec at;

	(void)clock_gettime(CLOCK_MONOTONIC, &at);
	return (int64_t)at.tv_sec * 1000 + at.tv_nsec / 1000000;
}

/* While the district's figures are worked out, which take 1.5 s here, everybody else is answered at once: whether the gateway
 * lives, and what pages show. Each of them within a third of it (the machine is shared), and all before the slow one. */
static void test_slow_answer_delays_nobody(void **state)
{
	char request[256];
	struct pollfd slow = {.events = POLLIN};
	int64_t worst = 0;

	(void)state;
	(void)snprintf(request, sizeof request,
		"GET /api/v1/district/overview HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nConnection: close\r\n\r\n",
		port);
	assert_int_equal(ask("GET", "/healthz", ""), 200);
	slow.fd = dial();
	say(slow.fd, request);
	for (int i = 0; i < 6; i++) {
		int64_t begun = now_ms(), took;

		assert_int_equal(ask("GET", "/healthz", ""), 200);
		assert_int_equal(ask("GET", "/api/v1/batches", ""), 200);
		assert_int_equal(ask("GET", "/api/v1/bench", ""), 200);
		took = now_ms() - begun;
		worst = took > worst ? took : worst;
	}
	print_message("three answers beside a slow one took %lld ms at most\n", (long long)worst);
	assert_true(worst < SLOW_MS / 3);
	assert_int_equal(poll(&slow, 1, 0), 0); /* the slow one still is at work */
	assert_int_equal(poll(&slow, 1, 20 * SLOW_MS), 1);
	memset(answer, 0, 4096);
	assert_true(recv(slow.fd, answer, 4095, MSG_WAITALL) > 0);
	(void)close(slow.fd);
	assert_true(has("HTTP/1.1 200"));
	assert_true(has("\"slow\":\"overview\""));
}

static int setup_with_specs(void **state)
{
	static struct assay_places found = {.specs = "specs"};

	places = &found;
	return setup(state);
}

static int teardown_with_specs(void **state)
{
	places = NULL;
	return teardown(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_routes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_metrics, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sizes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_host, setup, teardown),
		cmocka_unit_test_setup_teardown(test_language, setup, teardown),
		cmocka_unit_test_setup_teardown(test_assets, setup, teardown),
		cmocka_unit_test_setup_teardown(test_openapi, setup, teardown),
		cmocka_unit_test_setup_teardown(test_tables, setup, teardown),
		cmocka_unit_test_setup_teardown(test_state_comes_and_goes, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_slow_answer_delays_nobody, setup_with_specs, teardown_with_specs),
	};

	return web_play(tests, sizeof tests / sizeof *tests);
}
