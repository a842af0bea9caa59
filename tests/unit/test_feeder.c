/* SPDX-License-Identifier: Apache-2.0
 * A watched folder: a file is sent once, whole, when it stands still; what failed is never counted as imported. */
#include "gateway/wire/capture.h"
#include "gateway/wire/device.h"
#include "gateway/wire/feeder.h"

#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[64];

static void put(const char *name, const char *text, size_t length)
{
	char path[200];
	FILE *file;

	(void)snprintf(path, sizeof path, "%s/%s", dir, name);
	file = fopen(path, "wb");
	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, length, file), length);
	assert_int_equal(fclose(file), 0);
}

/* The next file's length and first byte; -1 when none comes within ms. */
static long next_file(int fd, int ms, char *first)
{
	static char packet[20000];
	long length = 0;

	for (;;) {
		struct pollfd polled = {fd, POLLIN, 0};
		ssize_t got;

		if (poll(&polled, 1, ms) <= 0)
			return -1;
		got = read(fd, packet, sizeof packet);
		assert_true(got > 0);
		if (packet[0] == 'E')
			return length;
		assert_int_equal(packet[0], 'D');
		if (length == 0)
			*first = packet[1];
		length += got - 1;
	}
}

static int open_folder(void)
{
	const struct assay_config_line line = {
		.id = "files", .transport = ASSAY_TRANSPORT_FOLDER, .path = dir, .settle_ms = 200};
	struct assay_error err;
	int fd = -1;

	if (assay_device_open(&line, &fd, &err) != ASSAY_OK)
		fail_msg("%s", err.text_en);
	return fd;
}

static void test_folder(void **state)
{
	static char large[50000];
	char first = 0, command[200];
	int fd;

	(void)state;
	memset(large, 'L', sizeof large);
	put("a.csv", "A1", 2);
	put("b.tmp", "never", 5);
	put(".hidden", "never", 5);
	fd = open_folder();
	assert_int_equal(next_file(fd, 3000, &first), 2);
	assert_int_equal(first, 'A');
	assert_int_equal(write(fd, "A", 1), 1);
	put("copy.csv", "A1", 2); /* the same bytes under another name */
	assert_int_equal(next_file(fd, 1500, &first), -1);
	put("large.csv", large, sizeof large);
	assert_int_equal(next_file(fd, 3000, &first), (long)sizeof large);
	assert_int_equal(write(fd, "F", 1), 1); /* it failed: not imported, and not sent for ever */
	assert_int_equal(next_file(fd, 1500, &first), -1);
	(void)close(fd);
	fd = open_folder(); /* a new start: the failed one again, the imported one not */
	assert_int_equal(next_file(fd, 3000, &first), (long)sizeof large);
	assert_int_equal(first, 'L');
	assert_int_equal(write(fd, "A", 1), 1);
	assert_int_equal(next_file(fd, 1500, &first), -1);
	(void)close(fd);
	(void)snprintf(command, sizeof command, "grep -c . %s/%s > %s/n", dir, ASSAY_FOLDER_LEDGER, dir);
	assert_int_equal(system(command), 0);
	(void)snprintf(command, sizeof command, "test $(cat %s/n) = 2", dir);
	assert_int_equal(system(command), 0);
}

static void test_replay(void **state)
{
	static const char capture[] = ASSAY_CAPTURE_MAGIC "0.0 > 53490D0A\n0.05 < 532053\n0.3 < 0D0A\n";
	char path[100], bytes[16];
	struct assay_config_line line = {.id = "again", .transport = ASSAY_TRANSPORT_REPLAY, .path = path};
	struct assay_error err;
	struct pollfd polled = {.events = POLLIN};

	(void)state;
	put("x.cap", capture, sizeof capture - 1);
	(void)snprintf(path, sizeof path, "%s/x.cap", dir);
	assert_int_equal(assay_device_open(&line, &polled.fd, &err), ASSAY_OK);
	assert_int_equal(poll(&polled, 1, 3000), 1);
	assert_int_equal(read(polled.fd, bytes, sizeof bytes), 3);
	assert_memory_equal(bytes, "S S", 3);
	assert_int_equal(poll(&polled, 1, 3000), 1);
	assert_int_equal(read(polled.fd, bytes, sizeof bytes), 2);
	(void)close(polled.fd);
}

static void test_refusals(void **state)
{
	struct assay_config_line line = {
		.id = "files", .transport = ASSAY_TRANSPORT_FOLDER, .path = "/no/such/folder"};
	struct assay_error err;
	int fd;

	(void)state;
	assert_int_equal(assay_device_open(&line, &fd, &err), ASSAY_ENOTFOUND);
	assert_string_equal(err.code, "folder-missing");
	line.transport = ASSAY_TRANSPORT_REPLAY;
	assert_int_equal(assay_device_open(&line, &fd, &err), ASSAY_ENOTFOUND);
	assert_string_equal(err.code, "capture-missing");
}

static int make(void **state)
{
	(void)state;
	(void)snprintf(dir, sizeof dir, "/tmp/assay-feeder-XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int clear(void **state)
{
	char command[100];

	(void)state;
	(void)snprintf(command, sizeof command, "rm -rf %s", dir);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(test_folder, make, clear),
		cmocka_unit_test_setup_teardown(test_replay, make, clear), cmocka_unit_test(test_refusals)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
