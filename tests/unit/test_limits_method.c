/* SPDX-License-Identifier: Apache-2.0
 * Methods: slots, formula, blank, duplicates and precision, digits, limits of detection. Figures worked out by hand from
 * GB 5009.3-2016's formula, the working written beside them; sections 5, 7.7 of the study for the rest. */
#include "tests/unit/limits_ask.h"

#include <unistd.h>

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
	static struct assay_verdict judged;
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
		assay_judge(specs, &question, &judged);
		assert_int_equal(judged.kind, drop == 8 ? ASSAY_VERDICT_PASS : ASSAY_VERDICT_UNDETERMINED);
	}
	{
		struct assay_evidence_found none = {0};

		assay_method_calculate(method, all, 8, &none, &result);
		question.exact = result.exact;
		assay_judge(specs, &question, &judged);
		assert_int_equal(judged.kind, ASSAY_VERDICT_UNDETERMINED);
	}
}

/* Blank and titrant are filled once; x = (v - v0) * c / m. tests/limits/specs/methods/titration.xml. */
static void test_shared_blank(void **state)
{
	const struct assay_method *method = assay_specs_method(examples, "titration");
	struct assay_slot_value values[] = {fill("v0", 1, 1, "0.50"), fill("c", 1, 1, "0.1000"),
		fill("m", 1, 1, "2.0000"), fill("v", 1, 1, "10.50"), fill("m", 2, 1, "2.0000"),
		fill("v", 2, 1, "10.90")};
	static struct assay_result result;

	(void)state;
	assert_non_null(method);
	assert_int_equal(assay_method_slot_state(method, "v0", 2, values, 6), ASSAY_SLOT_COMPLETE);
	assert_int_equal(assay_method_slot_state(method, "v", 2, values, 5), ASSAY_SLOT_EMPTY);
	assay_method_calculate(method, values, 6, NULL, &result);
	/* (10.00 * 0.1)/2 = 0.500; (10.40 * 0.1)/2 = 0.520; mean 0.510; 0.020/0.510 = 3.9 % <= 15 % */
	assert_int_equal(result.reasons.count, 0);
	assert_string_equal(result.value, "0.51");
	assert_string_equal(result.reported, "0.51 g/kg");
	assert_false(result.censored);
	/* without the blank nothing is worked out */
	assay_method_calculate(method, values + 1, 5, NULL, &result);
	assert_true(has_reason(&result, "incomplete"));
}

static void pair(const char *v1, const char *v2, struct assay_result *result)
{
	const struct assay_method *method = assay_specs_method(examples, "titration");
	/* c/m = 1/10: x = (v - 0)/10 */
	struct assay_slot_value values[] = {fill("v0", 1, 1, "0"), fill("c", 1, 1, "0.1"),
		fill("m", 1, 1, "1"), fill("v", 1, 1, v1), fill("m", 2, 1, "1"), fill("v", 2, 1, v2)};

	assay_method_calculate(method, values, 6, NULL, result);
}

/* Section 7.7 with ranges: 10 % from 1, 15 % from 0.1, 0.02 absolute below; equality is accepted. */
static void test_precision_by_range(void **state)
{
	static struct assay_result result;

	(void)state;
	pair("9.5", "10.5", &result); /* 0.95, 1.05: mean 1.00, 10 % */
	assert_int_equal(result.reasons.count, 0);
	pair("9.49", "10.51", &result); /* 10.2 % */
	assert_true(has_reason(&result, "duplicate-failed"));
	pair("9.4", "10.5", &result); /* mean 0.995: 15 % is allowed, 11.06 % */
	assert_int_equal(result.reasons.count, 0);
	pair("0.70", "0.90", &result); /* mean 0.08: 0.02 absolute, exactly */
	assert_int_equal(result.reasons.count, 0);
	pair("0.70", "0.91", &result);
	assert_true(has_reason(&result, "duplicate-failed"));
	pair("2.1", "2.6", &result); /* 0.21 and 0.26: 21.3 % > 15 %, the study's example */
	assert_true(has_reason(&result, "duplicate-failed"));
}

/* Lead, graphite furnace: (r - r0) * V / (m * 1000) with V = 10, m = 1: r / 100. */
static void lead(const char *r1, const char *r2, struct assay_result *result)
{
	struct assay_slot_value values[] = {fill("r0", 1, 1, "0"), fill("V", 1, 1, "10"),
		fill("m", 1, 1, "1"), fill("r", 1, 1, r1), fill("m", 2, 1, "1"), fill("r", 2, 1, r2)};

	assay_method_calculate(assay_specs_method(specs, "gb-5009.12-lead"), values, 6, NULL, result);
}

/* Section 7.7 and standards-check.md section 7, lead 2023: 10 % above 1 mg/kg, 15 % from 0.1 to 1, 20 % to 0.1. */
static void test_lead(void **state)
{
	static const struct {
		const char *r1, *r2;
		bool good;
	} row[] = {{"21", "26", false}, /* 0.21, 0.26: mean 0.235, 21.3 % > 15 % */
		{"48", "52", true}, /* 8.0 % */
		{"92.5", "107.5", true}, /* mean 1.000 exactly, not above 1: 15.0 % */
		{"92.6", "107.6", false}, /* mean 1.001: 14.99 % > 10 % */
		{"9", "11", true}, /* mean 0.100 exactly: 20.0 % */
		{"9.1", "11.0", false}, /* mean 0.1005: 18.9 % > 15 % */
		{"4.5", "5.5", true}}; /* mean 0.05: 20.0 % */
	static struct assay_result result;

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		lead(row[i].r1, row[i].r2, &result);
		assert_int_equal(has_reason(&result, "duplicate-failed"), !row[i].good);
	}
}

/* standards-check.md section 7, acid value: to 1 mg/g two decimals, to 100 one, above an integer. (v - v0) * c * 56.1 / m
 * with v0 = 0, c = 0.1, m = 5.61: x = v. */
static void test_acid_value_digits(void **state)
{
	static const char *const row[][2] = {{"1", "1.00"}, {"1.001", "1.0"}, {"2.96", "3.0"},
		{"100", "100.0"}, {"100.4", "100"}, {"0.504", "0.50"}};
	static struct assay_result result;

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		struct assay_slot_value values[] = {fill("v0", 1, 1, "0"), fill("c", 1, 1, "0.1"),
			fill("m", 1, 1, "5.61"), fill("v", 1, 1, row[i][0]), fill("m", 2, 1, "5.61"),
			fill("v", 2, 1, row[i][0])};

		assay_method_calculate(
			assay_specs_method(specs, "gb-5009.229-acid-value"), values, 6, NULL, &result);
		assert_int_equal(result.reasons.count, 0);
		assert_string_equal(result.value, row[i][1]);
	}
}

/* Section 7.5: methods follow the test date; the day of entry into force belongs to the new edition. */
static void test_editions_by_test_date(void **state)
{
	static const char first[] =
		"<method id=\"first\" standard=\"GB 1-2000\" title-zh=\"t\" title-en=\"t\" analyte=\"lead\" "
		"analyte-zh=\"x\" unit=\"mg/kg\" formula=\"a\" from=\"2000-01-01\" until=\"2001-01-01\" "
		"source=\"s\">"
		"<slot name=\"a\" name-zh=\"a\" name-en=\"a\" unit=\"g\"/><duplicates count=\"1\" "
		"source=\"s\"/>"
		"<digits from=\"0\" significant=\"3\" source=\"s\"/></method>";
	static const char second[] =
		"<method id=\"second\" standard=\"GB 1-2001\" title-zh=\"t\" title-en=\"t\" analyte=\"lead\" "
		"analyte-zh=\"x\" unit=\"mg/kg\" formula=\"a\" from=\"2001-01-01\" source=\"s\">"
		"<slot name=\"a\" name-zh=\"a\" name-en=\"a\" unit=\"g\"/><duplicates count=\"1\" "
		"source=\"s\"/>"
		"<digits from=\"0\" significant=\"3\" source=\"s\"/></method>";
	static const struct {
		const char *tested, *id;
	} row[] = {{"1999-12-31", NULL}, {"2000-01-01", "first"}, {"2000-12-31", "first"},
		{"2001-01-01", "second"}, {"2026-11-20", "second"}};
	char directory[] = "/tmp/assay-methods-XXXXXX", path[2][64];
	const char *files[2] = {path[0], path[1]};
	struct assay_specs *set = NULL;
	struct assay_error err;

	(void)state;
	assert_non_null(mkdtemp(directory));
	for (size_t i = 0; i < 2; i++) {
		FILE *file;

		(void)snprintf(path[i], sizeof path[i], "%s/%zu.xml", directory, i);
		file = fopen(path[i], "w");
		assert_non_null(file);
		assert_true(fputs(i ? second : first, file) >= 0);
		assert_int_equal(fclose(file), 0);
	}
	assert_int_equal(assay_specs_load_with("specs", files, 2, false, &set, &err), ASSAY_OK);
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		const struct assay_method *method = assay_specs_method_on(set, "lead", "GB 1", row[i].tested);

		assert_int_equal(method != NULL, row[i].id != NULL);
		if (row[i].id)
			assert_string_equal(method->id, row[i].id);
	}
	assay_specs_free(set);
	assert_int_equal(unlink(path[0]) + unlink(path[1]) + rmdir(directory), 0);
}

/* Not detected is never a number; one found and one not is a failed pair unless it is below the LOQ. */
static void test_below_lod(void **state)
{
	static struct assay_result result;

	(void)state;
	pair("0.2", "0.3", &result); /* 0.02, 0.03 < LOD 0.05 */
	assert_int_equal(result.reasons.count, 0);
	assert_true(result.censored);
	assert_string_equal(result.reported, "ND (LOD 0.05 g/kg)");
	assert_string_equal(result.value, "ND");
	pair("0.2", "1.2", &result); /* 0.02 and 0.12: below LOQ 0.15 */
	assert_false(has_reason(&result, "pair-failed"));
	pair("0.2", "1.6", &result);
	assert_true(has_reason(&result, "pair-failed"));
}

/* GB 4789.2: below 100 an integer, from 100 two significant digits, both half up: 12500 -> 13000. */
static void test_counts(void **state)
{
	const struct assay_method *method = assay_specs_method(specs, "gb-4789.2");
	static const struct {
		const char *a, *b, *dilution, *reported;
	} row[] = {{"124", "126", "100", "13000"}, {"12", "13", "1", "13"}, {"98", "101", "1", "100"}};
	static struct assay_result result;

	(void)state;
	assert_non_null(method);
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		struct assay_slot_value values[] = {fill("c1", 1, 1, row[i].a), fill("c2", 1, 1, row[i].b),
			fill("d", 1, 1, row[i].dilution)};

		assay_method_calculate(method, values, 3, NULL, &result);
		assert_string_equal(result.value, row[i].reported);
	}
}

/* GB 4789.2 (section 5 of the study, source S11): no colonies on any plate is "less than 1 x the lowest dilution factor",
 * never zero. Coliforms of drinks, GB 7101-2022: m = 1 CFU/mL, n = 5, c = 2: "<10" cannot be told from above m. */
static void test_no_colonies(void **state)
{
	const struct assay_method *method = assay_specs_method(specs, "gb-4789.3-plate-ml");
	static const struct {
		const char *dilution, *reported;
		enum assay_verdict_kind kind;
	} row[] = {{"10", "<10 CFU/mL", UNDETERMINED}, {"1", "<1 CFU/mL", PASS}};
	static struct assay_result result;

	(void)state;
	assert_non_null(method);
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		struct assay_slot_value values[] = {
			fill("c1", 1, 1, "0"), fill("c2", 1, 1, "0"), fill("d", 1, 1, row[i].dilution)};
		const char *results[5];

		assay_method_calculate(method, values, 3, NULL, &result);
		assert_string_equal(result.reported, row[i].reported);
		assert_true(result.censored && result.has_value);
		for (size_t j = 0; j < 5; j++)
			results[j] = result.reported;
		assert_int_equal(ASK(.standard = "GB 7101", .category = "P.7101.LIQ", .analyte = "coliforms",
					 .results = results, .result_count = 5),
			row[i].kind);
	}
	/* a dilution of nothing, or one that no plate has, leaves no result */
	for (size_t i = 0; i < 2; i++) {
		struct assay_slot_value values[] = {
			fill("c1", 1, 1, "0"), fill("c2", 1, 1, "0"), fill("d", 1, 1, i ? "0" : "0.5")};

		assay_method_calculate(method, values, 3, NULL, &result);
		assert_true(has_reason(&result, "bad-value"));
		assert_false(result.has_value);
	}
}

/* A derivation is read by people: what the method calls oven and sample inside has its Chinese name in Chinese. */
static void test_derivation_in_both_languages(void **state)
{
	const struct assay_method *method = assay_specs_method(specs, "gb-5009.3-direct");
	struct assay_slot_value values[] = {fill("m3", 1, 1, "20.1127"), fill("m1", 1, 1, "23.1486"),
		fill("m2", 1, 1, "22.9855"), fill("m2", 1, 2, "22.9841"), fill("m3", 2, 1, "21.7046"),
		fill("m1", 2, 1, "24.8962"), fill("m2", 2, 1, "24.7239"), fill("m2", 2, 2, "24.7219")};
	static struct assay_result result;
	bool oven = false, sample = false;

	(void)state;
	for (unsigned present = 0; present < 2; present++) {
		struct assay_evidence_found found = {present != 0, decimal("102.6"), decimal("103.5"), 40};

		assay_method_calculate(method, values, 8, &found, &result);
		oven = sample = false;
		for (unsigned i = 0; i < result.steps.count; i++) {
			const struct assay_step *step = &result.steps.step[i];

			assert_null(strstr(step->zh, "oven"));
			assert_null(strstr(step->zh, "sample"));
			oven = oven || (strstr(step->zh, "烘箱") && strncmp(step->en, "oven: ", 6) == 0);
			sample = sample ||
				 (strstr(step->zh, "（试样质量）") && strstr(step->en, "(sample mass)"));
		}
		assert_true(oven);
		assert_true(sample);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_moisture), cmocka_unit_test(test_duplicates),
		cmocka_unit_test(test_nothing_falls_through), cmocka_unit_test(test_shared_blank),
		cmocka_unit_test(test_precision_by_range), cmocka_unit_test(test_below_lod),
		cmocka_unit_test(test_counts), cmocka_unit_test(test_lead),
		cmocka_unit_test(test_acid_value_digits), cmocka_unit_test(test_editions_by_test_date),
		cmocka_unit_test(test_no_colonies), cmocka_unit_test(test_derivation_in_both_languages)};

	return cmocka_run_group_tests(tests, load_specs, unload_specs);
}
