/* SPDX-License-Identifier: Apache-2.0
 * A device that is not there, goes away and comes back: opened again after 1, 2, 4 ... at most 60 s, each time by the name
 * in lab.xml, and the trouble is told. Time is the test's own; the opener is the real process. */
#include "gateway/line_port.h"

#include <poll.h>
#include <pty.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define SECOND 1000000000ull

static char folder[] = "/tmp/assay-port-XXXXXX", name[64];
static struct assay_config_line config = {.id = "com1",
	.transport = ASSAY_TRANSPORT_SERIAL,
	.port = name,
	.baud = 9600,
	.bits = 8,
	.stop = 1,
	.parity = 'N',
	.flow = 'N',
	.dtr = '-',
	.rts = '-',
	.host = "",
	.path = ""};

/* The opener's answer, whatever it is. True: fd or trouble has changed. */
static bool answer(struct line_port *port, uint64_t now_ns)
{
	struct pollfd polled = {port->answer, POLLIN, 0};

	assert_true(port->opener > 0);
	assert_int_equal(poll(&polled, 1, 10000), 1);
	return line_port_answered(port, now_ns);
}

struct device {
	int master, slave;
	char tty[64];
};

static void plug(struct device *device)
{
	assert_int_equal(openpty(&device->master, &device->slave, device->tty, NULL, NULL), 0);
	assert_int_equal(symlink(device->tty, name), 0);
}

static void unplug(struct device *device)
{
	assert_int_equal(unlink(name), 0);
	(void)close(device->master);
	(void)close(device->slave);
}

static void test_missing_then_there(void **state)
{
	static const unsigned waits_s[] = {1, 2, 4, 8, 16, 32, 60, 60, 60};
	struct line_port port;
	struct device device;
	uint64_t now = 100 * SECOND;

	(void)state;
	line_port_init(&port, &config, 0);
	assert_int_equal(line_port_next_ns(&port), UINT64_MAX);
	line_port_want(&port, now);
	for (unsigned i = 0; i < sizeof waits_s / sizeof *waits_s; i++) {
		(void)line_port_tick(&port, now);
		/* told the first time; the same trouble again is no news */
		assert_int_equal(answer(&port, now), i == 0);
		assert_int_equal(port.trouble.status, ASSAY_LINE_DOWN);
		assert_string_equal(port.trouble.code, "port-missing");
		assert_int_equal(line_port_next_ns(&port) - now, waits_s[i] * SECOND);
		assert_false(line_port_tick(&port, now + waits_s[i] * SECOND - 1)); /* not before */
		assert_int_equal(port.opener, 0);
		now += waits_s[i] * SECOND;
	}
	plug(&device);
	(void)line_port_tick(&port, now);
	assert_true(answer(&port, now));
	assert_true(port.fd >= 0);
	assert_int_equal(port.trouble.status, 0);
	assert_string_equal(ttyname(port.fd), device.tty);
	line_port_close(&port);
	unplug(&device);
}

/* It comes back under another number; a device that worked for a while is looked for after a second again. */
static void test_replug(void **state)
{
	struct line_port port;
	struct device first, second;
	uint64_t now = 100 * SECOND;

	(void)state;
	line_port_init(&port, &config, 0);
	plug(&first);
	line_port_want(&port, now);
	(void)line_port_tick(&port, now);
	assert_true(answer(&port, now));
	now += 20 * SECOND;
	line_port_reopen(&port, now); /* the host saw it hang up */
	assert_int_equal(port.fd, -1);
	assert_int_equal(line_port_next_ns(&port) - now, SECOND);
	line_port_reopen(&port, now); /* told twice: once is enough */
	assert_int_equal(line_port_next_ns(&port) - now, SECOND);
	assert_int_equal(unlink(name), 0);
	plug(&second); /* while the first still takes up its number */
	assert_string_not_equal(first.tty, second.tty);
	now += SECOND;
	(void)line_port_tick(&port, now);
	assert_true(answer(&port, now));
	assert_string_equal(ttyname(port.fd), second.tty);
	now += SECOND; /* a loose plug: gone again at once, so the waits grow */
	line_port_reopen(&port, now);
	assert_int_equal(line_port_next_ns(&port) - now, 2 * SECOND);
	line_port_close(&port);
	(void)close(first.master);
	(void)close(first.slave);
	unplug(&second);
}

static int set_up(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	(void)snprintf(name, sizeof name, "%s/balance", folder);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_missing_then_there), cmocka_unit_test(test_replug)};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
