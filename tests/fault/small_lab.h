/* SPDX-License-Identifier: Apache-2.0
 * A small laboratory in a folder of its own, served by the real binary: for tests that wound it. */
#ifndef ASSAY_TESTS_SMALL_LAB_H
#define ASSAY_TESTS_SMALL_LAB_H

#include "gateway/cli/client.h"
#include "tests/fault/running_gateway.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define START_MS 15000u

static char folder[] = "/tmp/assay-lab-XXXXXX";
static char dir[64], errors[64], port[64], lab[80];

#define LAB "<lab site=\"t\" origin=\"t.example\" name-zh=\"测\" name-en=\"test\">\n"
#define BALANCE_LINE                                                                                           \
	"<line id=\"com1\" name-zh=\"COM1\" name-en=\"COM1\"><serial port=\"%s\"/>\n"                          \
	"<instrument id=\"b1\" name-zh=\"天平\" name-en=\"balance\" spec=\"mettler-mt-sics\" serial=\"T1\" " \
	"calibrated-until=\"2099-12-31\" every=\"1s\" needed-every=\"1s\"/></line>\n"
#define ROOM_LINE                                                                                            \
	"<line id=\"room\" name-zh=\"室\" name-en=\"room\"><modbus-tcp host=\"127.0.0.1\" port=\"%u\"/>\n"  \
	"<instrument id=\"r1\" name-zh=\"室\" name-en=\"room\" spec=\"xy-md02\"/></line>\n"

/* A fresh data directory, and paths in it, for one test. */
static inline int fresh(void **state)
{
	static unsigned number;

	(void)state;
	number++;
	(void)snprintf(dir, sizeof dir, "%s/d%u", folder, number);
	(void)snprintf(errors, sizeof errors, "%s/d%u.err", folder, number);
	(void)snprintf(port, sizeof port, "%s/d%u.port", folder, number);
	(void)snprintf(lab, sizeof lab, "%s/lab.xml", dir);
	return mkdir(dir, 0700);
}

__attribute__((format(printf, 1, 2))) static inline void write_lab(const char *format, ...)
{
	FILE *file = fopen(lab, "we");
	va_list args;

	assert_non_null(file);
	va_start(args, format);
	assert_true(vfprintf(file, format, args) > 0);
	va_end(args);
	assert_int_equal(fclose(file), 0);
}

static inline void serve(struct running_gateway *gateway)
{
	const char *const argv[] = {"assay", "serve", "-d", dir, NULL};
	char line[256];

	gateway_start(gateway, argv, errors, 0);
	assert_true(gateway_line(gateway, line, sizeof line, START_MS));
}

/* The line's state as the recorder tells it: wait until status (and code, when given) are as wanted. */
static inline void line_becomes(const char *id, const char *status, const char *code, unsigned timeout_ms)
{
	uint64_t until = test_now_ms() + timeout_ms;
	char last[200] = "nothing";

	while (test_now_ms() < until) {
		struct assay_error err;
		json_t *request = json_pack("{s:s}", "cmd", "status"), *answer = NULL, *line;
		size_t index;
		bool right = false;

		if (assay_client_call(dir, request, &answer, &err) == ASSAY_OK)
			json_array_foreach(json_object_get(answer, "lines"), index, line)
			{
				const char *is = json_string_value(json_object_get(line, "status")),
					   *why = json_string_value(json_object_get(line, "code"));

				if (strcmp(json_string_value(json_object_get(line, "line")), id) != 0)
					continue;
				(void)snprintf(last, sizeof last, "%s %s", is, why);
				right = strcmp(is, status) == 0 && (!code || strcmp(why, code) == 0);
			}
		json_decref(request);
		json_decref(answer);
		if (right)
			return;
		test_pause_ms(50);
	}
	fail_msg("line %s is %s, not %s %s", id, last, status, code ? code : "");
}

static inline int clear(void **state)
{
	(void)state;
	if (!getenv("ASSAY_KEEP"))
		remove_folder(folder);
	return 0;
}

#endif
