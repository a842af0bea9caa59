/* SPDX-License-Identifier: Apache-2.0
 * The gateway's side of assay-report: what comes back, what is refused, and helpers that misbehave. The printed pages
 * themselves are looked at by tests/report/report.sh. */
#include "gateway/lab/report_run.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char program[ASSAY_REPORT_PATH_MAX];
static char folder[] = "/tmp/assay-report-XXXXXX";
static struct assay_error err;

static json_t *card(const char *code)
{
	return json_pack("{s:s,s:s,s:{s:s,s:s,s:s,s:s},s:s,s:{s:s,s:s,s:s},s:s,s:s,s:s,s:s,s:s}", "kind",
		"card", "issued", "2026-01-05T09:00:00+08:00", "laboratory", "name_zh", "检测中心", "name_en",
		"Centre", "address", "", "contact", "", "card", "K1", "producer", "name", "陈家酱园",
		"licence", "", "address", "", "programme_zh", "检测卡", "programme_en", "Card", "tests", "7",
		"valid_until", "", "code", code);
}

static int run(const char *path, const char *kind, json_t *document, unsigned timeout_ms,
	unsigned char **bytes, size_t *length)
{
	int status = assay_report_run(path, kind, document, timeout_ms, bytes, length, &err);

	json_decref(document);
	return status;
}

/* A helper that is a shell script with this body. */
static const char *helper(const char *body)
{
	static char path[64];
	FILE *file;

	(void)snprintf(path, sizeof path, "%s/helper", folder);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fprintf(file, "#!/bin/sh\n%s\n", body) > 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, 0700), 0);
	return path;
}

static void test_prints(void **state)
{
	unsigned char *bytes = NULL;
	size_t length = 0;

	(void)state;
	assert_int_equal(
		run(program, "card", card("https://lab.example/k/K1"), 0, &bytes, &length), ASSAY_OK);
	assert_true(length > 1000);
	assert_memory_equal(bytes, "%PDF-1.5", 8);
	free(bytes);
}

static void test_refusals_come_back(void **state)
{
	unsigned char *bytes = NULL;
	size_t length = 0;
	json_t *document = card("https://lab.example/k/K1");

	(void)state;
	assert_int_equal(
		run(program, "card", card("https://lab.example/k/K2"), 0, &bytes, &length), ASSAY_EREFUSED);
	assert_string_equal(err.code, "report-contradiction");
	assert_non_null(strstr(err.text_zh, "卡号"));
	assert_non_null(strstr(err.text_en, "card's id"));
	assert_int_equal(json_object_set_new(document, "colour", json_string("red")), 0);
	assert_int_equal(run(program, "card", document, 0, &bytes, &length), ASSAY_EREFUSED);
	assert_string_equal(err.code, "report-field-unknown");
	assert_int_equal(run(program, "poster", card("K1"), 0, &bytes, &length), ASSAY_EREFUSED);
	assert_string_equal(err.code, "report-kind");
	assert_null(bytes);
}

static void test_missing_helper(void **state)
{
	unsigned char *bytes = NULL;
	size_t length = 0;

	(void)state;
	assert_int_equal(run("/nonexistent/assay-report", "card", card("K1"), 0, &bytes, &length), ASSAY_EIO);
	assert_string_equal(err.code, "report-failed");
}

static void test_hanging_helper(void **state)
{
	static const char *const bodies[] = {"exec sleep 30", "exec sleep 30 >&- 2>&- <&-"};
	unsigned char *bytes = NULL;
	size_t length = 0;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(run(helper(bodies[i]), "card", card("K1"), 300, &bytes, &length), ASSAY_EIO);
		assert_string_equal(err.code, "report-timeout");
		assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* nothing is left to reap */
	}
}

static void test_failing_helper(void **state)
{
	static const char *const bodies[] = {"exit 3", "kill -SEGV $$", "cat >/dev/null",
		"echo '{\"error\":1}' >&2; exit 1", "printf '%5000s' x >&2; exit 1", "echo half; exit 1"};
	unsigned char *bytes = NULL;
	size_t length = 0;

	(void)state;
	for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
		assert_int_equal(
			run(helper(bodies[i]), "card", card("K1"), 5000, &bytes, &length), ASSAY_EIO);
		assert_string_equal(err.code, "report-failed");
		assert_null(bytes);
	}
}

/* A helper that answers too much, and one that leaves a large document unread and is gone: no signal, an error. */
static void test_limits(void **state)
{
	unsigned char *bytes = NULL;
	size_t length = 0;
	char *long_text = calloc(1, 3000001);
	json_t *document;

	(void)state;
	assert_int_equal(
		run(helper("exec head -c 9000000 /dev/zero"), "card", card("K1"), 10000, &bytes, &length),
		ASSAY_EFULL);
	assert_string_equal(err.code, "report-too-large");
	assert_non_null(long_text);
	memset(long_text, 'x', 3000000);
	document = json_pack("{s:s}", "kind", long_text);
	free(long_text);
	assert_int_equal(run(helper("exit 1"), "card", document, 10000, &bytes, &length), ASSAY_EIO);
	assert_string_equal(err.code, "report-failed");
	assert_null(bytes);
}

/* The helper holds no descriptor of ours beyond its three, and no environment. */
static void test_inherits_nothing(void **state)
{
	unsigned char *bytes = NULL;
	size_t length = 0;
	int fd = open("/dev/null", O_RDONLY); /* NOLINT: without O_CLOEXEC on purpose */

	(void)state;
	assert_true(fd > 2);
	assert_int_equal(setenv("ASSAY_SECRET", "x", 1), 0);
	assert_int_equal(
		run(helper("cd /proc/self/fd; echo 0 1 2 3 4 5 6 7 8 9 | tr ' ' '\\n' | while read n; do "
			   "[ -e /proc/$$/fd/$n ] && [ \"$(readlink /proc/$$/fd/$n)\" = /dev/null ] && echo "
			   "$n; done; "
			   "echo \"env:$ASSAY_SECRET\""),
			"card", card("K1"), 5000, &bytes, &length),
		ASSAY_OK);
	assert_int_equal(length, 5);
	assert_memory_equal(bytes, "env:\n", 5);
	free(bytes);
	assert_int_equal(close(fd), 0);
}

static int set_up(void **state)
{
	char self[ASSAY_REPORT_PATH_MAX - 32];
	ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);

	(void)state;
	assert_true(length > 0);
	self[length] = '\0';
	*strrchr(self, '/') = '\0';
	(void)snprintf(program, sizeof program, "%s/../../assay-report", self);
	return mkdtemp(folder) ? 0 : -1;
}

static int tear_down(void **state)
{
	char path[64];

	(void)state;
	(void)snprintf(path, sizeof path, "%s/helper", folder);
	(void)unlink(path);
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_prints),
		cmocka_unit_test(test_refusals_come_back),
		cmocka_unit_test(test_missing_helper),
		cmocka_unit_test(test_hanging_helper),
		cmocka_unit_test(test_failing_helper),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_inherits_nothing),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
