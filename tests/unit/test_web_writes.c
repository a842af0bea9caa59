/* SPDX-License-Identifier: Apache-2.0
 * What is written over HTTP: who it is comes first, a body is never the next request. */
#include "tests/unit/web_play.h"

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

/* S01: a body that is not read must not be taken for the next request. */
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_writes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_smuggling, setup, teardown),
	};

	return web_play(tests, sizeof tests / sizeof *tests);
}
