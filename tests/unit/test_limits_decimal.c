/* SPDX-License-Identifier: Apache-2.0
 * Exact numbers and rounding. Expected values: the worked examples of GB/T 8170-2008 (clauses 3.2 to 3.4, as printed
 * there; sections 1.1 to 1.3 of the study), and figures that follow from the rule by hand, the working beside them. */
#include "tests/unit/limits_ask.h"

static void test_grammar(void **state)
{
	static const char *const good[] = {
		"0", "-0.036", "100.00", "0.50", "007.10", "123456789012345678901234567"};
	static const char *const bad[] = {"", "-", ".5", "5.", "+1", " 1", "1 ", "1,234", "1,5", "1e5", "NaN",
		"inf", "0x1", "--1", "1.2.3", "１", "9999999E+19", "-----", "1\xc2\xa0"};
	struct assay_decimal value;
	char text[ASSAY_DECIMAL_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		assert_int_equal(assay_decimal_parse(good[i], strlen(good[i]), &value), ASSAY_OK);
		(void)assay_decimal_format(&value, text);
		assert_string_equal(text, i == 4 ? "7.10" : good[i]);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(assay_decimal_parse(bad[i], strlen(bad[i]), &value), ASSAY_EREFUSED);
	assert_int_equal(assay_decimal_parse("1234567890123456789012345678", 28, &value), ASSAY_EOVERFLOW);
}

/* GB/T 8170-2008 3.2, 3.3 and 3.4: value, place, unit, result. */
static void test_rounding(void **state)
{
	static const struct {
		const char *value;
		int scale;
		unsigned unit;
		const char *result;
	} row[] = {
		{"12.1498", 0, 1, "12"},
		{"12.1498", 1, 1, "12.1"},
		{"1268", -2, 1, "1300"},
		{"10.5002", 0, 1, "11"},
		{"1.050", 1, 1, "1.0"},
		{"0.35", 1, 1, "0.4"},
		{"2500", -3, 1, "2000"},
		{"3500", -3, 1, "4000"},
		{"-355", -1, 1, "-360"},
		{"-325", -1, 1, "-320"},
		{"-365", -1, 1, "-360"},
		{"-0.0365", 3, 1, "-0.036"},
		{"97.46", 0, 1, "97"},
		{"15.4546", 0, 1, "15"},
		{"15.5(-)", 0, 1, "15"},
		{"-15.5(-)", 0, 1, "-15"},
		{"16.5(+)", 0, 1, "17"},
		{"-16.5(+)", 0, 1, "-17"},
		{"17.5", 0, 1, "18"},
		{"60.25", 0, 5, "60.0"},
		{"60.38", 0, 5, "60.5"},
		{"60.28", 0, 5, "60.5"},
		{"-60.75", 0, 5, "-61.0"},
		{"830", -2, 2, "840"},
		{"842", -2, 2, "840"},
		{"832", -2, 2, "840"},
		{"-930", -2, 2, "-920"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		struct assay_decimal value = decimal(row[i].value), out;
		char text[ASSAY_DECIMAL_TEXT_MAX];

		assert_int_equal(
			assay_decimal_round(&value, row[i].scale, row[i].unit, ASSAY_ROUND_HALF_EVEN, &out),
			ASSAY_OK);
		out.mark = ASSAY_MARK_EXACT;
		(void)assay_decimal_format(&out, text);
		assert_string_equal(text, row[i].result);
	}
}

static void test_significant(void **state)
{
	/* 8.53459 to three digits is GB/T 8170's own chain example; the others follow from the rule by hand. */
	static const char *const row[][2] = {{"8.53459", "8.53"}, {"9.996", "10.0"}, {"0.09996", "0.100"},
		{"12500", "12500"}, {"7.005", "7.00"}, {"7.015", "7.02"}, {"-7.015", "-7.02"},
		{"0.0004565", "0.000456"}};

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		struct assay_decimal value = decimal(row[i][0]), out;
		struct assay_fraction exact = assay_fraction_of(&value);
		char text[ASSAY_DECIMAL_TEXT_MAX];

		assert_int_equal(
			assay_fraction_round_significant(&exact, 3, ASSAY_ROUND_HALF_EVEN, &out), ASSAY_OK);
		out.mark = ASSAY_MARK_EXACT;
		(void)assay_decimal_format(&out, text);
		assert_string_equal(text, row[i][1]);
	}
	{
		/* GB 4789.2: 12500 to two digits half up is 13000; half to even would be 12000. */
		struct assay_decimal value = decimal("12500"), out;
		struct assay_fraction exact = assay_fraction_of(&value);

		assert_int_equal(
			assay_fraction_round_significant(&exact, 2, ASSAY_ROUND_HALF_UP, &out), ASSAY_OK);
		assert_true(out.coefficient == 13000);
		assert_int_equal(
			assay_fraction_round_significant(&exact, 2, ASSAY_ROUND_HALF_EVEN, &out), ASSAY_OK);
		assert_true(out.coefficient == 12000);
	}
}

/* A count times 0.1 against its own decimal limit: never above it (it is, in double, for a third of the counts). */
static void test_counts(void **state)
{
	(void)state;
	for (int count = 1; count <= 10000; count++)
		for (uint8_t scale = 1; scale <= 3; scale++) {
			struct assay_decimal factor = {.coefficient = 1, .scale = scale},
					     whole = {.coefficient = count};
			struct assay_decimal limit = {.coefficient = count, .scale = scale};
			struct assay_fraction a = assay_fraction_of(&whole), b = assay_fraction_of(&factor);
			struct assay_fraction wanted = assay_fraction_of(&limit);

			assert_int_equal(assay_fraction_apply('*', &a, &b, &a), ASSAY_OK);
			assert_int_equal(assay_fraction_compare(&a, &wanted), 0);
		}
}

/* Overflow is an error value; comparing is exact at the edge of what fits. */
static void test_fractions(void **state)
{
	struct assay_decimal big = decimal("999999999999999999999999999"),
			     small = decimal("0.000000000000000000000000001");
	struct assay_fraction a = assay_fraction_of(&big), b = assay_fraction_of(&small), out = {1, 1};
	struct assay_fraction near = {a.n - 1, 1}, zero = {0, 1};

	(void)state;
	assert_int_equal(assay_fraction_apply('*', &a, &a, &out), ASSAY_EOVERFLOW);
	assert_int_equal(assay_fraction_apply('/', &a, &b, &out), ASSAY_EOVERFLOW);
	assert_int_equal(assay_fraction_apply('/', &a, &zero, &out), ASSAY_EREFUSED);
	assert_int_equal(assay_fraction_apply('%', &a, &b, &out), ASSAY_EREFUSED);
	assert_true(assay_fraction_compare(&a, &near) > 0);
	assert_true(assay_fraction_compare(&near, &a) < 0);
	assert_true(assay_fraction_compare(&b, &zero) > 0);
	assert_int_equal(assay_fraction_compare(&a, &a), 0);
}

/* Section 1.1: never chain. 97.46 -> 97, not 97.5 -> 98; 15.4546 -> 15; 8.53459 -> 8.53. */
static void test_one_rounding_only(void **state)
{
	struct assay_decimal value = decimal("97.46"), step, out;

	(void)state;
	assert_int_equal(assay_decimal_round(&value, 1, 1, ASSAY_ROUND_HALF_EVEN, &step), ASSAY_OK);
	assert_int_equal(step.mark, ASSAY_MARK_MINUS); /* 97.5(-) */
	assert_int_equal(assay_decimal_round(&step, 0, 1, ASSAY_ROUND_HALF_EVEN, &out), ASSAY_OK);
	assert_true(out.coefficient == 97); /* the mark keeps even a chain right */
}

/* Section 1.2: what the first department reports, with its mark, and what it is rounded to later. */
static void test_reported_marks(void **state)
{
	static const struct {
		const char *measured, *reported;
		int8_t mark;
		const char *units;
	} row[] = {{"15.4546", "15.5(-)", ASSAY_MARK_MINUS, "15"},
		{"-15.4546", "-15.5(-)", ASSAY_MARK_MINUS, "-15"},
		{"16.5203", "16.5(+)", ASSAY_MARK_PLUS, "17"},
		{"-16.5203", "-16.5(+)", ASSAY_MARK_PLUS, "-17"},
		{"17.5000", "17.5", ASSAY_MARK_EXACT, "18"}};

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		struct assay_decimal value = decimal(row[i].measured), reported, rounded;
		char text[ASSAY_DECIMAL_TEXT_MAX];

		assert_int_equal(
			assay_decimal_round(&value, 1, 1, ASSAY_ROUND_HALF_EVEN, &reported), ASSAY_OK);
		assert_int_equal(reported.mark, row[i].mark);
		(void)assay_decimal_format(&reported, text);
		assert_string_equal(text, row[i].reported);
		assert_int_equal(
			assay_decimal_round(&reported, 0, 1, ASSAY_ROUND_HALF_EVEN, &rounded), ASSAY_OK);
		rounded.mark = ASSAY_MARK_EXACT;
		(void)assay_decimal_format(&rounded, text);
		assert_string_equal(text, row[i].units);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_grammar), cmocka_unit_test(test_rounding),
		cmocka_unit_test(test_significant), cmocka_unit_test(test_counts),
		cmocka_unit_test(test_fractions), cmocka_unit_test(test_one_rounding_only),
		cmocka_unit_test(test_reported_marks)};

	(void)load_specs;
	(void)unload_specs;
	(void)ask_in;
	(void)because;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
