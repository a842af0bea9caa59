/* SPDX-License-Identifier: Apache-2.0
 * Live events and many connections: slow readers, tricklers, how many there may be. */
#include "tests/unit/web_play.h"

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
	char one_less[40];

	(void)state;
	(void)snprintf(one_less, sizeof one_less, "\nassay_web_viewers %u\n", WEB_VIEWERS_MAX - 1);
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
		if (has(one_less))
			break;
		(void)poll(NULL, 0, 50);
		write_state(6 + i);
	}
	assert_true(has(one_less));
	for (unsigned i = 1; i < WEB_VIEWERS_MAX; i++)
		(void)close(fd[i]);
}

/* S05 */
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
		cmocka_unit_test_setup_teardown(test_events, setup, teardown),
		cmocka_unit_test_setup_teardown(test_slow_viewer, setup, teardown),
		cmocka_unit_test_setup_teardown(test_viewers_are_counted, setup, teardown),
		cmocka_unit_test_setup_teardown(test_many_connections, setup, teardown),
		cmocka_unit_test_setup_teardown(test_trickle, setup, teardown),
		cmocka_unit_test_setup_teardown(test_stop, setup, teardown),
	};

	return web_play(tests, sizeof tests / sizeof *tests);
}
