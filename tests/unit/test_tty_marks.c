/* SPDX-License-Identifier: Apache-2.0
 * Marks of a terminal: sequences as termios(3) describes PARMRK, whole and cut at each place; a pseudo-terminal, which marks
 * FF as real ports do (it has no parity to fail); a second program that changes the settings (F42). */
#include "gateway/wire/tty_marks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <pty.h>

struct row {
	const char *marked, *clean;
	size_t length, left;
	bool error;
};

static const struct row rows[] = {
	{"S S 1.00 g", "S S 1.00 g", 10, 10, false},
	{"a\xff\xff"
	 "b",
		"a\xff"
		"b",
		4, 3, false},
	{"\xff\x00"
	 "Ab",
		"Ab", 4, 2, true}, /* parity or framing error on A */
	{"\xff\x00\x00x", "\x00x", 4, 2, true}, /* a break */
	{"\xff\x00\xff\xff\xff", "\xff\xff", 5, 2, true}, /* a bad FF, then a good one */
	{"\x00\xff\xff\x00", "\x00\xff\x00", 4, 3, false},
};

static void test_marks(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		for (size_t cut = 0; cut <= rows[i].length; cut++) {
			struct tty_marks marks = {.known = true, .marked = true};
			uint8_t bytes[16];
			bool error = false;
			size_t first, rest;

			memcpy(bytes, rows[i].marked, rows[i].length);
			first = tty_marks_take(&marks, bytes, cut, &error);
			rest = tty_marks_take(&marks, bytes + cut, rows[i].length - cut, &error);
			memmove(bytes + first, bytes + cut, rest);
			assert_int_equal(first + rest, rows[i].left);
			assert_memory_equal(bytes, rows[i].clean, rows[i].left);
			assert_int_equal(error, rows[i].error);
		}
}

static void test_terminal(void **state)
{
	const uint8_t sent[] = {1, 0xff, 0, 0xff, 2};
	struct tty_marks marks = {0};
	struct termios raw;
	uint8_t bytes[32];
	int master, slave;
	bool error = false;
	ssize_t got;

	(void)state;
	assert_int_equal(openpty(&master, &slave, NULL, NULL, NULL), 0);
	assert_int_equal(tcgetattr(slave, &raw), 0);
	cfmakeraw(&raw);
	assert_int_equal(tcsetattr(slave, TCSANOW, &raw), 0);
	assert_true(tty_marks_on(slave));
	assert_int_equal(write(master, sent, sizeof sent), sizeof sent);
	tty_marks_look(&marks, slave);
	got = read(slave, bytes, sizeof bytes);
	assert_int_equal(got, 7); /* each FF twice: the terminal marks */
	assert_int_equal(tty_marks_take(&marks, bytes, (size_t)got, &error), sizeof sent);
	assert_memory_equal(bytes, sent, sizeof sent);
	assert_false(error);
	assert_true(tty_marks_settled(&marks, slave));
	assert_true(tty_marks_settled(&marks, slave));
	assert_int_equal(tcgetattr(slave, &raw), 0);
	assert_int_equal(cfsetspeed(&raw, B1200), 0); /* somebody else */
	assert_int_equal(tcsetattr(slave, TCSANOW, &raw), 0);
	assert_false(tty_marks_settled(&marks, slave));
	(void)close(slave);
	(void)close(master);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_marks), cmocka_unit_test(test_terminal)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
