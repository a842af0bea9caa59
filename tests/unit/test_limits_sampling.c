/* SPDX-License-Identifier: Apache-2.0
 * Sampling plans n, c, m, M. Section 5 of the study; GB 4789.1's own example is (5, 2, 100, 1000). */
#include "tests/unit/limits_ask.h"

static enum assay_verdict_kind plan(const struct assay_specs *set, const char *standard, const char *category,
	const char *analyte, const char *texts)
{
	static char copy[400];
	const char *results[12];
	size_t count = 0;
	char *save = NULL;

	(void)snprintf(copy, sizeof copy, "%s", texts);
	for (char *text = strtok_r(copy, ";", &save); text && count < 12; text = strtok_r(NULL, ";", &save))
		results[count++] = text;
	return ask_in(set, (struct assay_question){.standard = standard,
				   .category = category,
				   .analyte = analyte,
				   .results = results,
				   .result_count = count});
}

static enum assay_verdict_kind example(const char *texts)
{
	return plan(examples, "TEST 1", "T", "pc", texts);
}

static enum assay_verdict_kind meat(const char *texts) /* GB 2726: n=5, c=2, m=1e4, M=1e5 */
{
	return plan(specs, "GB 2726", "P.2726", "aerobic plate count", texts);
}

/* GB 4789.1: all at most 100; up to 2 in (100, 1000]; 3 or more there, or any above 1000. x = m good, x = M marginal. */
static void test_example(void **state)
{
	(void)state;
	assert_int_equal(example("100 CFU/g;100 CFU/g;10 CFU/g;<10 CFU/g;100 CFU/g"), PASS);
	assert_int_equal(example("101;1000;100;100;100"), PASS);
	assert_int_equal(example("101;101;101;1;1"), FAIL);
	assert_int_equal(example("1001;1;1;1;1"), FAIL);
	assert_int_equal(example("1000;1000;1;1;1"), PASS);
	assert_int_equal(example("1000;1000;1000;1;1"), FAIL);
}

/* Section 5, the three worked plans (two of them published failures). */
static void test_worked(void **state)
{
	(void)state;
	assert_int_equal(meat("1.3e3;6.8e4;3.4e4;2.4e5;1.2e4"), FAIL);
	assert_int_equal(meat("2.2e2;4.8e4;5.5e4;4.4e4;7.2e4"), FAIL);
	assert_int_equal(meat("1.1e4;1.2e4;9e3;8e3;1e4"), PASS);
	/* the mean of this one is 8.2e3, below m: never averaged */
	assert_int_equal(meat("1.1e4;1.1e4;1.1e4;4e3;4e3"), FAIL);
}

/* Section 1.2: 10,499 is reported as 1.0e4(+), and lies above m = 1e4; 9,950 as 1.0e4(-), and does not. 1.0e5(+) is above M. */
static void test_marked(void **state)
{
	(void)state;
	assert_int_equal(meat("1.0e4;1.0e4;1.0e4 CFU/g;1;1"), PASS);
	assert_int_equal(meat("1.0e4(+);1.0e4(+);1.0×10^4(+) CFU/g;1;1"), FAIL);
	assert_int_equal(meat("1.0e4(+);1.0e4(+);1.0e4(-);1;1"), PASS);
	assert_int_equal(meat("1.0e5(+);1;1;1;1"), FAIL);
	assert_int_equal(meat("1.0e5(-);1.0e5;1;1;1"), PASS);
}

static void test_missing_containers(void **state)
{
	(void)state;
	assert_int_equal(meat("1e3;1e3;1e3;1e3"), UNDETERMINED);
	assert_true(because("too-few-results"));
	assert_int_equal(meat("2.4e5"), FAIL); /* final already */
	assert_int_equal(meat("1.1e4;1.1e4;1.1e4"), FAIL);
	assert_int_equal(meat("1.1e4;1.1e4;1e4"), UNDETERMINED);
	assert_int_equal(meat("1;1;1;1;1;1"), UNDETERMINED);
	assert_true(because("too-many-results"));
	assert_int_equal(meat("1;1;1;1;abc"), UNDETERMINED);
	assert_true(because("bad-value"));
	assert_int_equal(ASK(.standard = "GB 2726", .category = "P.2726", .analyte = "aerobic plate count"),
		UNDETERMINED);
	assert_true(because("no-result"));
}

/* "<10" with m = 10 is good, with m = 1 undecidable; ">3.0e5" with M = 1e5 fails. */
static void test_censored(void **state)
{
	(void)state;
	assert_int_equal(
		plan(specs, "GB 7099", "P.7099", "coliforms", "<10;<10;<10;<10;<10"), PASS); /* m = 10 */
	assert_int_equal(
		plan(examples, "TEST 1", "T", "cc", "<10;<10;<10;<10;<10"), UNDETERMINED); /* m = 1 */
	assert_true(because("lod-above-limit"));
	assert_int_equal(plan(examples, "TEST 1", "T", "cc", "<10;<10;<1;<1;<1"),
		PASS); /* at most two marginal: c = 2 */
	assert_int_equal(meat(">3.0e5 CFU/g;1;1;1;1"), FAIL);
	assert_int_equal(meat(">5e4 CFU/g;1;1;1;1"), UNDETERMINED);
	assert_int_equal(meat("ND;1;1;1;1"), UNDETERMINED);
	assert_true(because("lod-not-stated"));
	assert_int_equal(meat("ND (LOD 10 CFU/g);1;1;1;1"), PASS);
}

/* Section 7.6: CFU and MPN never convert, nor /g with /mL, nor presence with counts. */
static void test_units(void **state)
{
	(void)state;
	assert_int_equal(meat("1 MPN/g;1;1;1;1"), UNDETERMINED);
	assert_true(because("unit-mismatch"));
	assert_int_equal(meat("1 CFU/mL;1;1;1;1"), UNDETERMINED);
	assert_int_equal(
		plan(specs, "GB 29921", "M8", "Staphylococcus aureus", "10 CFU/g;10 CFU/mL;1;1;1"), PASS);
	assert_true(because("limit-unverified") || verdict.reasons.count == 0);
	assert_int_equal(ASK(.standard = "GB 14963", .category = "P.14963", .analyte = "coliforms",
				 .value = "30 MPN/100g"),
		PASS);
	assert_int_equal(ASK(.standard = "GB 14963", .category = "P.14963", .analyte = "coliforms",
				 .value = "31 MPN/100g"),
		FAIL);
	assert_int_equal(ASK(.standard = "GB 14963", .category = "P.14963", .analyte = "coliforms",
				 .value = "0.3 CFU/g"),
		UNDETERMINED);
}

/* Two-class, 0/25 g: any find is above m. */
static void test_presence(void **state)
{
	(void)state;
	assert_int_equal(plan(specs, "GB 29921", "M2.1", "Salmonella", "ND;ND;ND;ND;ND"), PASS);
	assert_true(because("lod-not-stated"));
	assert_int_equal(
		plan(specs, "GB 29921", "M2.1", "Salmonella", "negative;阴性;0 /25g;0;未检出 (LOD 1 /25g)"),
		PASS);
	assert_false(because("lod-not-stated"));
	assert_int_equal(plan(specs, "GB 29921", "M2.1", "Salmonella", "ND;detected"), FAIL);
	assert_int_equal(plan(specs, "GB 29921", "M2.1", "Salmonella", "ND;ND;ND;ND"), UNDETERMINED);
	assert_int_equal(plan(specs, "GB 29921", "M2.1", "Salmonella", "ND;ND;ND;ND;10 CFU/g"), UNDETERMINED);
	assert_true(because("unit-mismatch"));
	/* colonies of one filtered portion are whole numbers: below one is none */
	assert_int_equal(
		plan(specs, "GB 19298", "P.19298", "Pseudomonas aeruginosa", "<1 CFU/250mL;0;0;0;0"), PASS);
	assert_int_equal(
		plan(specs, "GB 19298", "P.19298", "Pseudomonas aeruginosa", "1 CFU/250mL;0;0;0;0"), FAIL);
	assert_int_equal(plan(specs, "GB 19298", "P.19298", "coliforms", "<1 CFU/mL;0;0;0;0"), UNDETERMINED);
}

/* A limit without a plan takes one result: several are never averaged. Section 5. */
static void test_single(void **state)
{
	(void)state;
	assert_int_equal(plan(specs, "GB 7099", "P.7099", "moulds", "150 CFU/g"), PASS);
	assert_int_equal(plan(specs, "GB 7099", "P.7099", "moulds", "151 CFU/g"), FAIL);
	assert_int_equal(plan(specs, "GB 7099", "P.7099", "moulds", "1e2;1e2"), UNDETERMINED);
	assert_true(because("several-results"));
	assert_int_equal(plan(specs, "GB 2762", "F04", "lead", "0.10;0.11"), UNDETERMINED);
	assert_true(because("several-results"));
}

/* Section 7.9: microbiological verdicts are final. */
static void test_retest(void **state)
{
	(void)state;
	(void)meat("1;1;1;1;1");
	assert_false(assay_retest_allowed(verdict.limit));
	(void)ASK(.standard = "GB 2762", .category = "F04", .analyte = "lead", .value = "0.10");
	assert_true(assay_retest_allowed(verdict.limit));
	(void)plan(specs, "GB 7099", "P.7099", "moulds", "150 CFU/g");
	assert_false(assay_retest_allowed(verdict.limit));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_example), cmocka_unit_test(test_worked),
		cmocka_unit_test(test_marked), cmocka_unit_test(test_missing_containers),
		cmocka_unit_test(test_censored), cmocka_unit_test(test_units),
		cmocka_unit_test(test_presence), cmocka_unit_test(test_single),
		cmocka_unit_test(test_retest)};

	return cmocka_run_group_tests(tests, load_specs, unload_specs);
}
