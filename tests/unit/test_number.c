/* SPDX-License-Identifier: Apache-2.0
 * Numbers of drivers. Floats: the shortest decimals as Python's repr gives them (an independent implementation): 123456.0
 * is 47F12000 in protocols of many makers; printed forms from instrument manuals. */
#include "drivers/number.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void is_float(uint64_t word, unsigned bits, const char *expected)
{
	struct number number;
	char text[ASSAY_VALUE_MAX];

	if (number_from_ieee(word, bits, &number) != NUMBER_FLOAT_FINITE || !number_print(number, text))
		(void)snprintf(text, sizeof text, "none");
	if (strcmp(text, expected) != 0)
		fail_msg("%llx gives %s, expected %s", (unsigned long long)word, text, expected);
}

#include "tests/unit/floats.h"

static void test_floats(void **state)
{
	struct number number;

	(void)state;
	is_float(0x47f12000, 32, "123456");
	is_float(0x3f800000, 32, "1");
	is_float(0x00000000, 32, "0");
	is_float(0x80000000, 32, "0");
	is_float(0x3dcccccd, 32, "0.1");
	is_float(0xc1480000, 32, "-12.5");
	for (size_t i = 0; i < sizeof floats / sizeof *floats; i++)
		is_float(floats[i].word, floats[i].bits, floats[i].text);
	assert_int_equal(number_from_ieee(0x7fc00000, 32, &number), NUMBER_FLOAT_NAN);
	assert_int_equal(number_from_ieee(0x7f800000, 32, &number), NUMBER_FLOAT_ABOVE);
	assert_int_equal(number_from_ieee(0xff800000, 32, &number), NUMBER_FLOAT_BELOW);
	assert_int_equal(number_from_ieee(0x00000001, 32, &number), NUMBER_FLOAT_RANGE);
	assert_int_equal(number_from_ieee(0x7f7fffff, 32, &number), NUMBER_FLOAT_RANGE);
}

static void test_printed(void **state)
{
	static const struct {
		const char *text;
		unsigned how;
		const char *value; /* NULL: no number */
	} rows[] = {{"100.00", 0, "100.00"}, {"+00012.34", 0, "12.34"}, {"-0000012.3", 0, "-12.3"},
		{"+   1.250", 0, "1.250"}, {"   079", 0, "79"}, {"0", 0, "0"}, {"000", 0, "0"},
		{"-0.00", 0, "-0.00"}, {".5", 0, "0.5"}, {"5.", 0, "5"}, {"123.5[6]", 0, "123.56"},
		{"123.5[6", 0, NULL}, {"[6]", 0, "6"}, {"1[2]3", 0, NULL}, {"+9999999E+19", 0, NULL},
		{"1.23E-02", NUMBER_EXPONENT, "0.0123"}, {"1.5E+3", NUMBER_EXPONENT, "1500"},
		{"1E5", NUMBER_EXPONENT, "100000"}, {"1E", NUMBER_EXPONENT, NULL},
		{"1E+99", NUMBER_EXPONENT, NULL}, {"1,5", NUMBER_COMMA, "1.5"}, {"1.5", NUMBER_COMMA, NULL},
		{"1,234", 0, NULL}, {"1 234", 0, NULL}, {"", 0, NULL}, {"-", 0, NULL}, {"--", 0, NULL},
		{"-----", 0, NULL}, {"nan", 0, NULL}, {"inf", 0, NULL}, {"OL", 0, NULL}, {"0x10", 0, NULL},
		{"1.2.3", 0, NULL}, {"12:07.50", 0, NULL}, {"\xef\xbc\x91", 0, NULL}, {"+-5", 0, NULL},
		{"5-", 0, NULL},
		{"99999999999999999999999999999999999", 0, "99999999999999999999999999999999999"},
		{"999999999999999999999999999999999999", 0, NULL}};
	char out[ASSAY_VALUE_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		int good = number_canonical(rows[i].text, strlen(rows[i].text), rows[i].how, out);

		if (good != (rows[i].value != NULL) || (good && strcmp(out, rows[i].value) != 0))
			fail_msg("\"%s\" gives %s", rows[i].text, good ? out : "no number");
	}
	/* a NUL inside is no digit */
	assert_int_equal(number_canonical("1\0002", 3, 0, out), 0);
}

static void test_scaled(void **state)
{
	struct number a, b, c;
	char text[ASSAY_VALUE_MAX];

	(void)state;
	assert_true(number_read("0.1", &a) && number_read("-273.15", &b));
	a.coefficient *= 2982; /* 2982 tenths of a kelvin */
	assert_true(number_add(a, b, &c) && number_print(c, text));
	assert_string_equal(text, "25.05");
	assert_true(number_read("0.25", &a));
	assert_true(number_multiply((struct number){-3, 0}, a, &c) && number_print(c, text));
	assert_string_equal(text, "-0.75");
	assert_false(number_read("", &a) || number_read("1e3", &a) || number_read(".5", &a) ||
		     number_read("1.2.3", &a));
	a = (struct number){(number_wide)1 << 100, 0};
	assert_false(number_multiply(a, a, &c));
	assert_false(number_print((struct number){1, 40}, text));
	assert_true(number_print((struct number){-5, 3}, text));
	assert_string_equal(text, "-0.005");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_floats), cmocka_unit_test(test_printed), cmocka_unit_test(test_scaled)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
