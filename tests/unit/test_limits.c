/* SPDX-License-Identifier: Apache-2.0
 * Exact numbers, rounding, comparison, methods and judging. Expected values: the worked examples of GB/T 8170-2008
 * (clauses 3.2 to 3.4 and 4.3, as printed there), GB 17401-2014 and GB 2762-2025 rows, and figures worked out by hand
 * from GB 5009.3-2016's formula, the working written beside them. */
#include "limits/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct assay_specs *specs;

static struct assay_decimal decimal(const char *text)
{
	struct assay_decimal value = {0};
	size_t length = strlen(text);
	int8_t mark = ASSAY_MARK_EXACT;

	if (length > 3 && text[length - 1] == ')') {
		mark = text[length - 2] == '+' ? ASSAY_MARK_PLUS : ASSAY_MARK_MINUS;
		length -= 3;
	}
	assert_int_equal(assay_decimal_parse(text, length, &value), ASSAY_OK);
	value.mark = mark;
	return value;
}

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

static enum assay_verdict_kind judge(const char *standard, const char *category, const char *analyte,
	const char *value, const char *produced, const char *reason)
{
	static struct assay_verdict verdict;
	struct assay_question question = {.standard = standard,
		.category = category,
		.analyte = analyte,
		.value = value,
		.produced = produced};

	assay_judge(specs, &question, &verdict);
	if (reason) {
		assert_true(verdict.reasons.count >= 1);
		assert_string_equal(verdict.reasons.code[0], reason);
	} else {
		assert_int_equal(verdict.reasons.count, 0);
	}
	return verdict.kind;
}

static void test_judge(void **state)
{
	const char *m = "moisture", *g = "GB 17401", *c = "P.17401", *d = "2026-11-20";

	(void)state;
	/* GB 17401-2014: moisture <= 7 g/100g */
	assert_int_equal(judge(g, c, m, "7", d, NULL), ASSAY_VERDICT_PASS);
	assert_int_equal(judge(g, c, m, "7.00", d, NULL), ASSAY_VERDICT_PASS);
	assert_int_equal(judge(g, c, m, "7.000000000000000001", d, NULL), ASSAY_VERDICT_FAIL);
	assert_int_equal(judge(g, c, m, "6.999999999999999999", d, NULL), ASSAY_VERDICT_PASS);
	assert_int_equal(judge(g, c, m, "7.00(+) g/100g", d, NULL), ASSAY_VERDICT_FAIL);
	assert_int_equal(judge(g, c, m, "7.00(-)", d, NULL), ASSAY_VERDICT_PASS);
	assert_int_equal(judge(g, c, "水分", "70 g/kg", d, NULL), ASSAY_VERDICT_PASS);
	assert_int_equal(judge(g, c, m, "70.1 g/kg", d, NULL), ASSAY_VERDICT_FAIL);
	assert_int_equal(judge(g, c, m, "70 g/L", d, "unit-mismatch"), ASSAY_VERDICT_UNDETERMINED);
	assert_int_equal(judge(g, c, m, "7,0", d, "bad-value"), ASSAY_VERDICT_UNDETERMINED);
	assert_int_equal(judge(g, c, m, "", d, "bad-value"), ASSAY_VERDICT_UNDETERMINED);
	assert_int_equal(
		judge(g, "P.17401.OIL", m, "7.1", d, NULL), ASSAY_VERDICT_FAIL); /* covered by its parent */
	assert_int_equal(judge(g, "P.99999", m, "1", d, "category-unknown"), ASSAY_VERDICT_UNDETERMINED);
	assert_int_equal(judge(g, c, "protein", "1", d, "no-limit"), ASSAY_VERDICT_UNDETERMINED);
	assert_int_equal(judge("GB 99999", c, m, "1", d, "standard-unknown"), ASSAY_VERDICT_UNDETERMINED);
	assert_int_equal(judge(g, c, m, "1", "2015-05-23", "not-in-force"), ASSAY_VERDICT_UNDETERMINED);
	assert_int_equal(judge(g, c, m, "1", "2015-05-24", NULL), ASSAY_VERDICT_PASS); /* the day itself */
	assert_int_equal(judge(g, c, m, "1", "2026-02-29", "date-invalid"), ASSAY_VERDICT_UNDETERMINED);
	assert_int_equal(
		judge(g, c, "aerobic plate count", "10", d, "kind-unsupported"), ASSAY_VERDICT_UNDETERMINED);
	/* GB 2762-2025 table 1: lead in cereals 0.2 mg/kg; 2025 from 2026-09-02, 2022 before */
	assert_int_equal(
		judge("GB 2762", "F04", "7439-92-1", "0.2 mg/kg", "2026-09-02", NULL), ASSAY_VERDICT_PASS);
	assert_int_equal(
		judge("GB 2762", "F04", "7439-92-1", "201 ug/kg", "2026-09-02", NULL), ASSAY_VERDICT_FAIL);
	assert_int_equal(judge("GB 2762-2022", "F04", "lead", "0.1", "2026-09-02", "not-in-force"),
		ASSAY_VERDICT_UNDETERMINED);
	assert_int_equal(judge("GB 2762-2025", "F04", "lead", "0.1", "2026-09-01", "not-in-force"),
		ASSAY_VERDICT_UNDETERMINED);
}

/* Below, at and above every limit of every standard that can be judged, in its own digits. */
static void test_every_row(void **state)
{
	unsigned rows = 0;

	(void)state;
	for (size_t i = 0; i < assay_specs_standard_count(specs); i++) {
		const struct assay_standard *standard = assay_specs_standard(specs, i);

		for (size_t j = 0; j < standard->limit_count; j++) {
			const struct assay_limit *limit = &standard->limits[j];
			const char *weak = strcmp(limit->confidence, "high") == 0 ? NULL : "limit-unverified";
			struct assay_decimal step = limit->upper;
			char at[ASSAY_DECIMAL_TEXT_MAX], above[ASSAY_DECIMAL_TEXT_MAX],
				below[ASSAY_DECIMAL_TEXT_MAX];

			if (strcmp(limit->kind, "le") != 0)
				continue;
			rows++;
			(void)assay_decimal_format(&step, at);
			step.scale++;
			step.coefficient = limit->upper.coefficient * 10 + 1;
			(void)assay_decimal_format(&step, above);
			step.coefficient -= 2;
			(void)assay_decimal_format(&step, below);
			assert_int_equal(judge(standard->id, limit->category, limit->analyte, at,
						 standard->from, weak),
				ASSAY_VERDICT_PASS);
			assert_int_equal(judge(standard->id, limit->category, limit->analyte, below,
						 standard->from, weak),
				ASSAY_VERDICT_PASS);
			assert_int_equal(judge(standard->id, limit->category, limit->analyte, above,
						 standard->from, weak),
				ASSAY_VERDICT_FAIL);
		}
	}
	assert_true(rows > 150);
}

static struct assay_slot_value fill(const char *slot, unsigned replicate, unsigned ordinal, const char *value)
{
	struct assay_slot_value out = {slot, replicate, ordinal, decimal(value)};

	return out;
}

static bool has_reason(const struct assay_result *result, const char *code)
{
	for (unsigned i = 0; i < result->reasons.count; i++)
		if (strcmp(result->reasons.code[i], code) == 0)
			return true;
	return false;
}

static void test_moisture(void **state)
{
	const struct assay_method *method = assay_specs_method(specs, "gb-5009.3-direct");
	struct assay_slot_value values[] = {fill("m3", 1, 1, "20.1127"), fill("m1", 1, 1, "23.1486"),
		fill("m2", 1, 1, "22.9855"), fill("m2", 1, 2, "22.9841"), fill("m3", 2, 1, "21.7046"),
		fill("m1", 2, 1, "24.8962"), fill("m2", 2, 1, "24.7240"), fill("m2", 2, 2, "24.7219")};
	struct assay_evidence_found oven = {true, decimal("102.6"), decimal("103.5"), 40};
	static struct assay_result result;
	char exact[ASSAY_FRACTION_TEXT_MAX];

	(void)state;
	assert_non_null(method);
	assert_int_equal(assay_method_slot_state(method, "m2", 1, values, 3), ASSAY_SLOT_MORE);
	assert_int_equal(
		assay_method_slot_state(method, "m2", 1, values, 8), ASSAY_SLOT_COMPLETE); /* 1.4 mg */
	assert_int_equal(assay_method_slot_state(method, "m2", 2, values, 8), ASSAY_SLOT_MORE); /* 2.1 mg */
	assay_method_calculate(method, values, 8, &oven, &result);
	assert_false(result.has_value);
	assert_true(has_reason(&result, "incomplete"));
	values[6] = fill("m2", 2, 1, "24.7239");
	assert_int_equal(
		assay_method_slot_state(method, "m2", 2, values, 8), ASSAY_SLOT_COMPLETE); /* exactly 2 mg */
	/* x1 = (23.1486-22.9841)/(23.1486-20.1127)*100 = 23500/4337, x2 = (24.8962-24.7219)/(24.8962-21.7046)*100 =
	 * 43575/7979; mean by python3 fractions 376491275/69209846 = 5.43985..., three digits: 5.44 */
	assay_method_calculate(method, values, 8, &oven, &result);
	assert_int_equal(result.reasons.count, 0);
	assert_true(result.has_value);
	assert_string_equal(result.value, "5.44");
	(void)assay_fraction_format(&result.exact, exact);
	assert_string_equal(exact, "376491275/69209846");
	oven.min = decimal("100.9");
	assay_method_calculate(method, values, 8, &oven, &result);
	assert_true(has_reason(&result, "condition-out-of-range"));
	oven.min = decimal("101.0");
	oven.max = decimal("105");
	assay_method_calculate(method, values, 8, &oven, &result);
	assert_int_equal(result.reasons.count, 0); /* both ends are allowed */
	oven.present = false;
	assay_method_calculate(method, values, 8, &oven, &result);
	assert_true(has_reason(&result, "evidence-missing"));
}

static void test_duplicates(void **state)
{
	/* standards.md 7.7 with X = 10: 0.48 and 0.52 differ by 8.0 % of 0.50; 0.21 and 0.26 by 21.3 %. Sample 10 g. */
	const struct assay_method *method = assay_specs_method(specs, "gb-5009.3-direct");
	struct assay_evidence_found oven = {true, decimal("103"), decimal("103"), 9};
	struct assay_slot_value values[] = {fill("m3", 1, 1, "20.0000"), fill("m1", 1, 1, "30.0000"),
		fill("m2", 1, 1, "29.9520"), fill("m2", 1, 2, "29.9520"), fill("m3", 2, 1, "20.0000"),
		fill("m1", 2, 1, "30.0000"), fill("m2", 2, 1, "29.9480"), fill("m2", 2, 2, "29.9480")};
	static struct assay_result result;

	(void)state;
	assay_method_calculate(method, values, 8, &oven, &result);
	assert_int_equal(result.reasons.count, 0);
	assert_string_equal(result.value, "0.50"); /* two digits below 1 g/100g */
	values[2] = values[3] = fill("m2", 1, 1, "29.9790");
	values[3].ordinal = 2;
	values[6] = values[7] = fill("m2", 2, 1, "29.9740");
	values[7].ordinal = 2;
	assay_method_calculate(method, values, 8, &oven, &result);
	assert_true(has_reason(&result, "duplicate-failed"));
	values[1] = fill("m1", 1, 1, "30.0001"); /* 10.0001 g of sample */
	assay_method_calculate(method, values, 8, &oven, &result);
	assert_true(has_reason(&result, "check-out-of-range"));
}

/* Take away each piece of evidence in turn: not one pass remains. */
static void test_nothing_falls_through(void **state)
{
	const struct assay_method *method = assay_specs_method(specs, "gb-5009.3-direct");
	struct assay_evidence_found oven = {true, decimal("103"), decimal("103"), 9};
	const struct assay_slot_value all[] = {fill("m3", 1, 1, "20.1127"), fill("m1", 1, 1, "23.1486"),
		fill("m2", 1, 1, "22.9855"), fill("m2", 1, 2, "22.9841"), fill("m3", 2, 1, "21.7046"),
		fill("m1", 2, 1, "24.8962"), fill("m2", 2, 1, "24.7230"), fill("m2", 2, 2, "24.7219")};
	static struct assay_result result;
	static struct assay_verdict verdict;
	struct assay_question question = {.standard = "GB 17401",
		.category = "P.17401",
		.analyte = "moisture",
		.produced = "2026-11-20",
		.has_exact = true,
		.unit = "g/100g",
		.reasons = &result.reasons};

	(void)state;
	for (unsigned drop = 0; drop <= 8; drop++) {
		struct assay_slot_value some[8];
		size_t count = 0;

		for (unsigned i = 0; i < 8; i++)
			if (i != drop)
				some[count++] = all[i];
		assay_method_calculate(method, some, count, &oven, &result);
		question.exact = result.exact;
		assay_judge(specs, &question, &verdict);
		assert_int_equal(verdict.kind, drop == 8 ? ASSAY_VERDICT_PASS : ASSAY_VERDICT_UNDETERMINED);
	}
	{
		struct assay_evidence_found none = {0};

		assay_method_calculate(method, all, 8, &none, &result);
		question.exact = result.exact;
		assay_judge(specs, &question, &verdict);
		assert_int_equal(verdict.kind, ASSAY_VERDICT_UNDETERMINED);
	}
}

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void test_bad_specs(void **state)
{
	static const char head[] =
		"<?xml version=\"1.0\"?>\n<product id=\"x\" name-zh=\"x\" name-en=\"x\" source=\"s\">\n";
	static const struct {
		const char *text, *code, *at;
	} row[] = {
		{"<?xml version=\"1.0\"?>\n<!DOCTYPE product [<!ENTITY a SYSTEM "
		 "\"file:///etc/passwd\">]><product/>",
			"xml-refused", ":2"},
		{"<?xml version=\"1.0\"?>\n<product id=\"x\" nam-zh=\"x\"/>", "xml-invalid", ":2"},
		{"<?xml version=\"1.0\"?>\n<product", "xml-refused", ":2"},
		{"", "xml-invalid", "x.xml"},
	};
	char dir[] = "/tmp/assay-specs-XXXXXX", command[200], path[200];
	struct assay_specs *bad = NULL;
	struct assay_error err;

	(void)state;
	(void)head;
	assert_non_null(mkdtemp(dir));
	(void)snprintf(command, sizeof command, "cp -r specs/. %s", dir);
	assert_int_equal(system(command), 0);
	(void)snprintf(path, sizeof path, "%s/products/x.xml", dir);
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		write_file(path, row[i].text);
		assert_int_equal(assay_specs_load(dir, &bad, &err), ASSAY_EREFUSED);
		assert_string_equal(err.code, row[i].code);
		assert_non_null(strstr(err.text_en, row[i].at));
		assert_null(bad);
	}
	(void)snprintf(command, sizeof command, "rm -rf %s", dir);
	assert_int_equal(system(command), 0);
}

static int load(void **state)
{
	struct assay_error err;

	(void)state;
	if (assay_specs_load("specs", &specs, &err) == ASSAY_OK)
		return 0;
	(void)fprintf(stderr, "%s\n", err.text_en);
	return -1;
}

static int unload(void **state)
{
	(void)state;
	assay_specs_free(specs);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_grammar), cmocka_unit_test(test_rounding),
		cmocka_unit_test(test_significant), cmocka_unit_test(test_counts),
		cmocka_unit_test(test_judge), cmocka_unit_test(test_every_row),
		cmocka_unit_test(test_moisture), cmocka_unit_test(test_duplicates),
		cmocka_unit_test(test_nothing_falls_through), cmocka_unit_test(test_bad_specs)};

	return cmocka_run_group_tests(tests, load, unload);
}
