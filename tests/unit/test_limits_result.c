/* SPDX-License-Identifier: Apache-2.0
 * The grammar of result texts (CONTRACT.md) and the intervals they stand for (section 4 of the study). */
#include "tests/unit/limits_ask.h"

static void test_accepted(void **state)
{
	static const struct {
		const char *text;
		enum assay_reported_kind kind;
		const char *value, *unit, *lod, *loq;
	} row[] = {
		{"0.50 mg/kg", ASSAY_REPORTED_NUMBER, "0.50", "mg/kg", "", ""},
		{"0.50", ASSAY_REPORTED_NUMBER, "0.50", "", "", ""},
		{"-0.03 g/L", ASSAY_REPORTED_NUMBER, "-0.03", "g/L", "", ""},
		{"0.50(+) mg/kg", ASSAY_REPORTED_NUMBER, "0.50(+)", "mg/kg", "", ""},
		{"0.50(-)", ASSAY_REPORTED_NUMBER, "0.50(-)", "", "", ""},
		{"<10 CFU/g", ASSAY_REPORTED_BELOW, "10", "CFU/g", "", ""},
		{">3.0e5 CFU/g", ASSAY_REPORTED_ABOVE, "300000", "CFU/g", "", ""},
		{"1.1e4 CFU/mL", ASSAY_REPORTED_NUMBER, "11000", "CFU/mL", "", ""},
		{"1.1\xc3\x97"
		 "10^4 CFU/g",
			ASSAY_REPORTED_NUMBER, "11000", "CFU/g", "", ""},
		{"1.25e1 CFU/g", ASSAY_REPORTED_NUMBER, "12.5", "CFU/g", "", ""},
		{"ND", ASSAY_REPORTED_NOT_DETECTED, "", "", "", ""},
		{"未检出", ASSAY_REPORTED_NOT_DETECTED, "", "", "", ""},
		{"ND (LOD 0.01 mg/kg)", ASSAY_REPORTED_NOT_DETECTED, "", "", "0.01", ""},
		{"未检出 (LOQ 0.04 mg/kg)", ASSAY_REPORTED_NOT_DETECTED, "", "", "", "0.04"},
		{"ND (LOD 0.01 mg/kg) (LOQ 0.03 mg/kg)", ASSAY_REPORTED_NOT_DETECTED, "", "", "0.01", "0.03"},
		{"detected", ASSAY_REPORTED_DETECTED, "", "", "", ""},
		{"检出", ASSAY_REPORTED_DETECTED, "", "", "", ""},
		{"negative", ASSAY_REPORTED_NEGATIVE, "", "", "", ""},
		{"阴性", ASSAY_REPORTED_NEGATIVE, "", "", "", ""},
		{"positive", ASSAY_REPORTED_POSITIVE, "", "", "", ""},
		{"阳性", ASSAY_REPORTED_POSITIVE, "", "", "", ""},
		{"3 ug/kg", ASSAY_REPORTED_NUMBER, "3", "ug/kg", "", ""},
		{"3 \xce\xbcg/kg", ASSAY_REPORTED_NUMBER, "3", "ug/kg", "", ""},
		{"3 \xc2\xb5g/kg", ASSAY_REPORTED_NUMBER, "3", "ug/kg", "", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		struct assay_reported out;
		char text[ASSAY_DECIMAL_TEXT_MAX];

		assert_int_equal(assay_result_text_parse(row[i].text, strlen(row[i].text), &out), ASSAY_OK);
		assert_int_equal(out.kind, row[i].kind);
		assert_string_equal(out.unit, row[i].unit);
		if (*row[i].value) {
			(void)assay_decimal_format(&out.value, text);
			assert_string_equal(text, row[i].value);
		}
		assert_int_equal(out.has_lod, *row[i].lod != '\0');
		assert_int_equal(out.has_loq, *row[i].loq != '\0');
		if (out.has_lod) {
			(void)assay_decimal_format(&out.lod, text);
			assert_string_equal(text, row[i].lod);
			assert_string_equal(out.lod_unit, "mg/kg");
		}
	}
}

/* Section 10 item 17: refuse, never repair. */
static void test_refused(void **state)
{
	static const char *const row[] = {"", " ", "0,50 mg/kg", "1,234", "１.5", "0.50  mg/kg", "0.50mg/kg",
		" 0.5", "0.5 ", "NaN", "nan", "inf", "-inf", "9999999E+19", "-----", "+0.5", ".5", "5.", "1e",
		"1e+4", "1e-4", "1e100", "<", "<-1", "<0", ">", "<<1", "<ND", "ND(LOD)", "ND (LOD 0.01)",
		"ND (LOD mg/kg)", "ND (LOD 0 mg/kg)", "ND (LOD -1 mg/kg)", "ND (LOD 0.01 mg/kg",
		"ND (LOD 0.01 mg/kg) x", "ND (LOQ 1 mg/kg) (LOD 1 mg/kg)", "ND mg/kg", "nd", "Nd",
		"detected!", "Detected", "pos", "0.5(+)(+)", "0.5 (+)", "0.5(+", "<0.5(+) mg/kg",
		"0.5 mg/kg x", "0.5 mg kg", "1/3", "0x10",
		"\xef\xbc\x9c"
		"0.5",
		"≤0.5", "about 0.5", "0.5\n", "0.5\t", "0.5 \xff", "1.2.3", "--5", "5-", "1 000"};
	struct assay_reported out;

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++)
		if (assay_result_text_parse(row[i], strlen(row[i]), &out) == ASSAY_OK) {
			(void)fprintf(stderr, "accepted: \"%s\"\n", row[i]);
			fail();
		}
	assert_int_equal(assay_result_text_parse("0.5\0x", 5, &out), ASSAY_EREFUSED);
	assert_int_equal(assay_result_text_parse("1234567890123456789012345678", 28, &out), ASSAY_EOVERFLOW);
	assert_int_equal(assay_result_text_parse("1.234567890123456789e18 CFU/g", 29, &out), ASSAY_OK);
	assert_int_equal(assay_result_text_parse("1e19 CFU/g", 10, &out), ASSAY_EOVERFLOW);
	/* e notation is for counts only */
	assert_int_equal(
		ASK(.standard = "GB 2762", .category = "F04", .analyte = "lead", .value = "1e0 mg/kg"),
		UNDETERMINED);
	assert_true(because("bad-value"));
}

static void interval(const char *text, const char *lo, const char *hi, bool lo_open, bool hi_open)
{
	struct assay_reported reported;
	struct assay_interval out;
	struct assay_decimal bound = decimal(lo);
	struct assay_fraction wanted = assay_fraction_of(&bound);

	assert_int_equal(assay_result_text_parse(text, strlen(text), &reported), ASSAY_OK);
	assert_int_equal(assay_reported_interval(&reported, &out), ASSAY_OK);
	assert_int_equal(assay_fraction_compare(&out.lo, &wanted), 0);
	assert_int_equal(out.lo_open, lo_open);
	assert_int_equal(out.no_hi, hi == NULL);
	if (!hi)
		return;
	bound = decimal(hi);
	wanted = assay_fraction_of(&bound);
	assert_int_equal(assay_fraction_compare(&out.hi, &wanted), 0);
	assert_int_equal(out.hi_open, hi_open);
}

/* Section 4, the table of intervals; section 1.2 for the marks. */
static void test_intervals(void **state)
{
	struct assay_reported reported;
	struct assay_interval out;

	(void)state;
	interval("0.12", "0.12", "0.12", false, false);
	interval("ND (LOD 0.02 mg/kg)", "0", "0.02", false, true);
	interval("<0.01", "0", "0.01", false, true);
	interval("未检出 (LOQ 0.01 g/kg)", "0", "0.01", false, true);
	interval(">3.0e5 CFU/g", "300000", NULL, true, false);
	interval("16.5(+)", "16.5", "16.55", true, false);
	interval("15.5(-)", "15.45", "15.5", false, true);
	interval("-15.5(-)", "-15.5", "-15.45", true, false);
	interval("-16.5(+)", "-16.55", "-16.5", false, true);
	assert_int_equal(assay_result_text_parse("ND", 2, &reported), ASSAY_OK);
	assert_int_equal(assay_reported_interval(&reported, &out), ASSAY_EREFUSED); /* unknown, not zero */
	assert_int_equal(assay_result_text_parse("0.0(-)", 6, &reported), ASSAY_EREFUSED);
	assert_int_equal(assay_result_text_parse("ND (LOD 10 CFU/g(mL))", 21, &reported), ASSAY_OK);
	assert_string_equal(reported.lod_unit, "CFU/g(mL)");
}

/* Section 4 rule 1: limit 0.01 mg/L, "<0.02" undetermined; limit 0.5, "<0.02" pass. */
static void test_censored_upper(void **state)
{
	(void)state;
	assert_int_equal(
		ASK(.standard = "GB 2762", .category = "F14.1", .analyte = "lead", .value = "<0.02 mg/L"),
		UNDETERMINED);
	assert_true(because("lod-above-limit"));
	assert_int_equal(
		ASK(.standard = "GB 2762", .category = "F18", .analyte = "lead", .value = "<0.02 mg/kg"),
		PASS);
	assert_int_equal(
		ASK(.standard = "GB 2762", .category = "F18", .analyte = "lead", .value = "<0.5 mg/kg"),
		PASS);
	assert_int_equal(ASK(.standard = "GB 2762", .category = "F18", .analyte = "lead", .value = "ND"),
		UNDETERMINED);
	assert_true(because("lod-not-stated"));
	assert_int_equal(ASK(.standard = "GB 2762", .category = "F18", .analyte = "lead",
				 .value = "ND (LOD 20 ug/kg)"),
		PASS);
	assert_int_equal(
		ASK(.standard = "GB 2762", .category = "F18", .analyte = "lead", .value = ">0.4 mg/kg"),
		UNDETERMINED);
	assert_int_equal(
		ASK(.standard = "GB 2762", .category = "F18", .analyte = "lead", .value = ">0.5 mg/kg"),
		FAIL);
	assert_int_equal(
		ASK(.standard = "GB 2762", .category = "F18", .analyte = "lead", .value = "detected"),
		UNDETERMINED);
	assert_true(because("result-kind"));
}

/* Section 4 rule 2: a lower limit; not detected with a limit of detection below it fails (published failure). */
static void test_censored_lower(void **state)
{
	(void)state;
	assert_int_equal(ASK(.standard = "GB 2717", .category = "P.2717", .analyte = "amino acid nitrogen",
				 .value = "ND (LOD 0.008 g/100mL)"),
		FAIL);
	assert_int_equal(ASK(.standard = "GB 2717", .category = "P.2717", .analyte = "amino acid nitrogen",
				 .value = "<0.4 g/100mL"),
		FAIL);
	assert_int_equal(ASK(.standard = "GB 2717", .category = "P.2717", .analyte = "amino acid nitrogen",
				 .value = "<0.5 g/100mL"),
		UNDETERMINED);
	assert_int_equal(ASK(.standard = "GB 2717", .category = "P.2717", .analyte = "amino acid nitrogen",
				 .value = ">0.4 g/100mL"),
		PASS);
}

/* Section 4 rule 6: 0.5 against a limit of 0.50 cannot be compared to the last digit. */
static void test_digits(void **state)
{
	(void)state;
	assert_int_equal(ASK_EXAMPLE(.standard = "TEST 1", .category = "T", .analyte = "a", .value = "0.5"),
		UNDETERMINED);
	assert_true(because("digits-too-few"));
	assert_int_equal(
		ASK_EXAMPLE(.standard = "TEST 1", .category = "T", .analyte = "a", .value = "0.50"), PASS);
	assert_int_equal(
		ASK_EXAMPLE(.standard = "TEST 1", .category = "T", .analyte = "a", .value = "0.500"), PASS);
	assert_int_equal(
		ASK_EXAMPLE(.standard = "TEST 1", .category = "T", .analyte = "a", .value = "500 ug/kg"),
		PASS);
	assert_int_equal(
		ASK_EXAMPLE(.standard = "TEST 1", .category = "T", .analyte = "a", .value = "2"), FAIL);
	assert_true(because("digits-too-few")); /* still a fault of the report */
}

/* Negative concentrations are no results; and what cannot be kept exactly is said so. */
static void test_odd_numbers(void **state)
{
	(void)state;
	assert_int_equal(
		ASK(.standard = "GB 2762", .category = "F18", .analyte = "lead", .value = "-0.10 mg/kg"),
		UNDETERMINED);
	assert_true(because("negative-value"));
	assert_int_equal(ASK(.standard = "GB 2762", .category = "F18", .analyte = "lead",
				 .value = "999999999999999999999999999.1 mg/kg"),
		UNDETERMINED);
	assert_true(because("overflow"));
	assert_int_equal(
		ASK(.standard = "GB 2762", .category = "F18", .analyte = "lead", .value = ""), UNDETERMINED);
	assert_true(because("bad-value"));
	assert_int_equal(ASK(.standard = "GB 2762", .category = "F18", .analyte = "lead"), UNDETERMINED);
	assert_true(because("no-result"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_accepted), cmocka_unit_test(test_refused),
		cmocka_unit_test(test_intervals), cmocka_unit_test(test_censored_upper),
		cmocka_unit_test(test_censored_lower), cmocka_unit_test(test_digits),
		cmocka_unit_test(test_odd_numbers)};

	return cmocka_run_group_tests(tests, load_specs, unload_specs);
}
