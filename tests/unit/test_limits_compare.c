/* SPDX-License-Identifier: Apache-2.0
 * Full-value and rounded-value comparison, kinds of limits, decision rules. Sections 2, 3 and 7.8 of the study. */
#include "tests/unit/limits_ask.h"

/* Section 2: the 32 lines of GB/T 8170-2008's example table. */
static void test_table(void **state)
{
	static const struct {
		const char *analyte, *value;
		bool full, rounded;
	} row[] = {
		{"tensile strength", "1349", false, false},
		{"tensile strength", "1351", false, true},
		{"tensile strength", "1400", true, true},
		{"tensile strength", "1402", true, true},
		{"NaOH", "97.01", true, true},
		{"NaOH", "97.00", true, true},
		{"NaOH", "96.96", false, true},
		{"NaOH", "96.94", false, false},
		{"silicon", "0.452", true, true},
		{"silicon", "0.500", true, true},
		{"silicon", "0.549", false, true},
		{"silicon", "0.551", false, false},
		{"manganese", "1.151", false, true},
		{"manganese", "1.200", true, true},
		{"manganese", "1.649", false, true},
		{"manganese", "1.651", false, false},
		{"rod diameter", "9.89", false, true},
		{"rod diameter", "9.85", false, false},
		{"rod diameter", "10.10", true, true},
		{"rod diameter", "10.16", false, false},
		{"rod diameter, both excluded", "9.94", true, false},
		{"rod diameter, both excluded", "9.96", true, true},
		{"rod diameter, both excluded", "10.06", true, false},
		{"rod diameter, both excluded", "10.05", true, true},
		{"rod diameter, upper excluded", "9.94", true, true},
		{"rod diameter, upper excluded", "9.86", false, true},
		{"rod diameter, upper excluded", "10.06", true, false},
		{"rod diameter, upper excluded", "10.05", true, true},
		{"rod diameter, lower excluded", "9.94", true, false},
		{"rod diameter, lower excluded", "9.86", false, false},
		{"rod diameter, lower excluded", "10.06", true, true},
		{"rod diameter, lower excluded", "10.05", true, true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		assert_int_equal(ASK_EXAMPLE(.standard = "GB/T 8170", .category = "T",
					 .analyte = row[i].analyte, .value = row[i].value),
			row[i].full ? PASS : FAIL);
		assert_int_equal(
			ASK_EXAMPLE(.standard = "GB/T 8170", .category = "T", .analyte = row[i].analyte,
				.value = row[i].value, .compare = ASSAY_COMPARE_ROUNDED),
			row[i].rounded ? PASS : FAIL);
	}
}

static bool last_step_says(const char *zh, const char *en)
{
	const struct assay_step *step = &verdict.steps.step[verdict.steps.count - 1];

	return strcmp(step->zh, zh) == 0 && strcmp(step->en, en) == 0;
}

/* Section 2: the limit as written, with its trailing zeros, and the value rounded to the same place. */
static void test_as_written(void **state)
{
	(void)state;
	(void)ASK_EXAMPLE(.standard = "GB/T 8170", .category = "T", .analyte = "NaOH", .value = "96.96",
		.compare = ASSAY_COMPARE_ROUNDED);
	assert_true(last_step_says("修约值比较：97.0 % 与 ≥97.0 比较，符合",
		"rounded-value comparison: 97.0 % against ≥97.0, conforms"));
	(void)ASK_EXAMPLE(.standard = "GB/T 8170", .category = "T", .analyte = "NaOH", .value = "96.96");
	assert_true(last_step_says("全数值比较：96.96 % 与 ≥97.0 比较，不符合",
		"full-value comparison: 96.96 % against ≥97.0, does not conform"));
	/* as far as 27 digits go */
	(void)ASK_EXAMPLE(.standard = "GB/T 8170", .category = "T", .analyte = "NaOH",
		.value = "99999999999999999999999999.0", .compare = ASSAY_COMPARE_ROUNDED);
	assert_true(last_step_says("修约值比较：99999999999999999999999999.0 % 与 ≥97.0 比较，符合",
		"rounded-value comparison: 99999999999999999999999999.0 % against ≥97.0, conforms"));
	(void)ASK(.standard = "GB/T 18186", .category = "P.18186.1.HS", .analyte = "ammonium salt as N",
		.components = (const struct assay_named_text[]){{"ammonium salt as N", "0.31 g/100mL"},
			{"amino acid nitrogen", "1.00 g/100mL"}},
		.component_count = 2);
	assert_true(last_step_says("全数值比较：0.31 与 ≤0.30 比较，不符合",
		"full-value comparison: 0.31 against ≤0.30, does not conform"));
}

static enum assay_verdict_kind a(const char *value, enum assay_compare compare)
{
	return ASK_EXAMPLE(.standard = "TEST 1", .category = "T", .analyte = "a", .value = value,
		.compare = compare);
}

/* Section 1.2: equal to the limit with a mark. Section 10 item 4: trailing zeros of the limit matter when rounding. */
static void test_marks(void **state)
{
	(void)state;
	assert_int_equal(a("0.50(+)", ASSAY_COMPARE_DEFAULT), FAIL);
	assert_int_equal(a("0.50(-)", ASSAY_COMPARE_DEFAULT), PASS);
	assert_int_equal(
		ASK_EXAMPLE(.standard = "TEST 1", .category = "T", .analyte = "c", .value = "0.40(-)"), FAIL);
	assert_int_equal(
		ASK_EXAMPLE(.standard = "TEST 1", .category = "T", .analyte = "c", .value = "0.40(+)"), PASS);
	assert_int_equal(a("0.504", ASSAY_COMPARE_DEFAULT), FAIL);
	assert_int_equal(a("0.504", ASSAY_COMPARE_ROUNDED), PASS); /* 0.50 */
	assert_int_equal(a("0.545", ASSAY_COMPARE_ROUNDED), FAIL); /* 0.54 */
	assert_int_equal(ASK_EXAMPLE(.standard = "TEST 1", .category = "T", .analyte = "b", .value = "0.545",
				 .compare = ASSAY_COMPARE_ROUNDED),
		PASS); /* limit 0.5: 0.5 */
	assert_int_equal(a("0.505(-)", ASSAY_COMPARE_ROUNDED), PASS); /* below the half: 0.50 */
	assert_int_equal(a("0.505(+)", ASSAY_COMPARE_ROUNDED), FAIL); /* above it: 0.51 */
	assert_int_equal(a("0.505", ASSAY_COMPARE_ROUNDED), PASS); /* half to even */
}

/* Section 2: once set for a spec the method is not switched. */
static void test_fixed_method(void **state)
{
	(void)state;
	assert_int_equal(
		ASK_EXAMPLE(.standard = "TEST 1", .category = "T", .analyte = "g", .value = "0.54"), PASS);
	assert_int_equal(ASK_EXAMPLE(.standard = "TEST 1", .category = "T", .analyte = "g", .value = "0.54",
				 .compare = ASSAY_COMPARE_FULL),
		UNDETERMINED);
	assert_true(because("compare-fixed"));
}

/* Section 3: le and lt, ge and gt at, below and above. Natamycin residue <10 mg/kg. */
static void test_ends(void **state)
{
	(void)state;
	assert_int_equal(
		ASK(.standard = "GB 2760", .category = "07.02", .analyte = "natamycin", .value = "10 mg/kg"),
		FAIL);
	assert_int_equal(ASK(.standard = "GB 2760", .category = "07.02", .analyte = "natamycin",
				 .value = "9.99 mg/kg"),
		PASS);
	assert_int_equal(
		ASK_EXAMPLE(.standard = "TEST 1", .category = "T", .analyte = "d", .value = "2"), FAIL);
	assert_int_equal(
		ASK_EXAMPLE(.standard = "TEST 1", .category = "T", .analyte = "d", .value = "2.01"), PASS);
	assert_int_equal(
		ASK(.standard = "GB 2719", .category = "P.2719", .analyte = "total acid", .value = "3.5"),
		PASS);
	assert_int_equal(
		ASK(.standard = "GB 2719", .category = "P.2719", .analyte = "total acid", .value = "3.49"),
		FAIL);
}

static enum assay_verdict_kind alcohol(const char *declared, const char *value)
{
	struct assay_named_text aux = {"declared_value", declared};

	return ASK(.standard = "GB/T 10781", .category = "P.BAIJIU.ABV", .analyte = "alcohol by volume",
		.value = value, .aux = &aux, .aux_count = declared ? 1 : 0);
}

/* Section 3, worked: label 52 %vol; 50.2 fails, 51.0 and 53.0 pass (published failure). */
static void test_declared(void **state)
{
	struct assay_named_text aux = {"declared_value", "40"};

	(void)state;
	assert_int_equal(alcohol("52 %vol", "50.2 %vol"), FAIL);
	assert_int_equal(alcohol("52", "51.0"), PASS);
	assert_int_equal(alcohol("52.0", "53.0 %vol"), PASS);
	assert_int_equal(alcohol("52.0", "53.1 %vol"), FAIL);
	assert_int_equal(alcohol(NULL, "52.0 %vol"), UNDETERMINED);
	assert_true(because("declared-value-needed"));
	assert_int_equal(alcohol("ND", "52.0 %vol"), UNDETERMINED);
	assert_true(because("aux-invalid"));
	/* A(1 +- 5 %): 40 -> 38 to 42 */
	assert_int_equal(ASK_EXAMPLE(.standard = "TEST 1", .category = "T", .analyte = "e", .value = "38.00",
				 .aux = &aux, .aux_count = 1),
		PASS);
	assert_int_equal(ASK_EXAMPLE(.standard = "TEST 1", .category = "T", .analyte = "e", .value = "42.01",
				 .aux = &aux, .aux_count = 1),
		FAIL);
}

/* Section 3, worked: iodised salt at 25 mg/kg, printed bounds 18 to 33; section 10 item 14. */
static void test_range(void **state)
{
	static const struct {
		const char *value;
		enum assay_verdict_kind kind;
	} row[] = {
		{"18", PASS}, {"17.9", FAIL}, {"17.5", FAIL}, {"33", PASS}, {"33.1", FAIL}, {"32.5", PASS}};

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++)
		assert_int_equal(ASK(.standard = "GB 26878", .category = "P.26878.25", .analyte = "iodine",
					 .value = row[i].value),
			row[i].kind);
}

static enum assay_verdict_kind ruled(
	const char *analyte, const char *value, enum assay_rule rule, const char *u, const char *r)
{
	return ASK_EXAMPLE(.standard = "TEST 1", .category = "T", .analyte = analyte, .value = value,
		.rule = rule, .uncertainty = u, .guard_ratio = r);
}

/* Section 7.8: TL = 0.5, U = 0.05, r = 1, AL = 0.45; lower TL = 0.40, U = 0.02; range 18 to 33, U = 1. */
static void test_decision_rules(void **state)
{
	(void)state;
	assert_int_equal(ruled("b", "0.44", ASSAY_RULE_GUARD, "0.05", "1"), PASS);
	assert_int_equal(ruled("b", "0.45", ASSAY_RULE_GUARD, "0.05", "1"), PASS);
	assert_int_equal(ruled("b", "0.46", ASSAY_RULE_SIMPLE, NULL, NULL), PASS);
	assert_int_equal(ruled("b", "0.46", ASSAY_RULE_GUARD, "0.05", "1"), FAIL);
	assert_true(because("guard-band"));
	assert_int_equal(ruled("b", "0.46", ASSAY_RULE_NON_BINARY, "0.05", NULL), UNDETERMINED);
	assert_true(because("conditional-pass"));
	assert_int_equal(ruled("b", "0.50", ASSAY_RULE_SIMPLE, NULL, NULL), PASS);
	assert_int_equal(ruled("b", "0.53", ASSAY_RULE_NON_BINARY, "0.05 mg/kg", "1"), UNDETERMINED);
	assert_true(because("conditional-fail"));
	assert_int_equal(ruled("b", "0.56", ASSAY_RULE_NON_BINARY, "50 ug/kg", "1"), FAIL);
	assert_int_equal(ruled("b", "0.45", ASSAY_RULE_NON_BINARY, "0.05", "1"), PASS);
	assert_int_equal(ruled("c", "0.42", ASSAY_RULE_GUARD, "0.02", "1"), PASS);
	assert_int_equal(ruled("c", "0.41", ASSAY_RULE_GUARD, "0.02", "1"), FAIL);
	assert_int_equal(ruled("h", "19", ASSAY_RULE_GUARD, "1", "1"), PASS);
	assert_int_equal(ruled("h", "32", ASSAY_RULE_GUARD, "1", "1"), PASS);
	assert_int_equal(ruled("h", "18.9", ASSAY_RULE_GUARD, "1", "1"), FAIL);
	assert_int_equal(ruled("h", "32.1", ASSAY_RULE_GUARD, "1", "1"), FAIL);
	/* r = 0.83: w = 0.0415, AL = 0.4585 */
	assert_int_equal(ruled("b", "0.458", ASSAY_RULE_GUARD, "0.05", "0.83"), PASS);
	assert_int_equal(ruled("b", "0.459", ASSAY_RULE_GUARD, "0.05", "0.83"), FAIL);
	/* guarded rejection: fail only if x - U > TL */
	assert_int_equal(ruled("b", "0.55", ASSAY_RULE_REJECTION, "0.05", NULL), UNDETERMINED);
	assert_true(because("within-uncertainty"));
	assert_int_equal(ruled("b", "0.551", ASSAY_RULE_REJECTION, "0.05", NULL), FAIL);
	assert_int_equal(ruled("b", "0.50", ASSAY_RULE_REJECTION, "0.05", NULL), PASS);
	assert_int_equal(ruled("b", "0.10", ASSAY_RULE_GUARD, NULL, NULL), UNDETERMINED);
	assert_true(because("uncertainty-needed"));
	assert_int_equal(ruled("b", "0.10", ASSAY_RULE_GUARD, "-0.05", NULL), UNDETERMINED);
	assert_true(because("uncertainty-invalid"));
	assert_int_equal(ruled("pc", "10", ASSAY_RULE_GUARD, "0.05", NULL), UNDETERMINED);
	assert_true(because("decision-not-for-kind"));
}

/* Section 3 and 4 rule 3: not detectable, not permitted, negative. */
static void test_absence(void **state)
{
	(void)state;
	/* pressed oil: a value below 10 mg/kg counts as not detected */
	assert_int_equal(ASK(.standard = "GB 2716", .category = "P.2716.PRESSED",
				 .analyte = "solvent residue", .value = "9.99"),
		PASS);
	assert_int_equal(ASK(.standard = "GB 2716", .category = "P.2716.PRESSED",
				 .analyte = "solvent residue", .value = "10.0"),
		FAIL);
	assert_int_equal(ASK(.standard = "GB 2716", .category = "P.2716.PRESSED",
				 .analyte = "solvent residue", .value = "<10"),
		PASS);
	assert_int_equal(ASK(.standard = "GB 2716", .category = "P.2716.PRESSED",
				 .analyte = "solvent residue", .value = "ND"),
		UNDETERMINED);
	assert_true(because("lod-not-stated"));
	assert_int_equal(ASK(.standard = "GB 2716", .category = "P.2716.PRESSED",
				 .analyte = "solvent residue", .value = "ND (LOD 15 mg/kg)"),
		UNDETERMINED);
	/* a rule that names its limit of detection */
	assert_int_equal(ASK_EXAMPLE(.standard = "TEST 1", .category = "T", .analyte = "f",
				 .value = "ND (LOD 0.01 mg/kg)"),
		PASS);
	assert_int_equal(ASK_EXAMPLE(.standard = "TEST 1", .category = "T", .analyte = "f",
				 .value = "ND (LOD 0.02 mg/kg)"),
		UNDETERMINED);
	assert_int_equal(ASK_EXAMPLE(.standard = "TEST 1", .category = "T", .analyte = "f", .value = "ND"),
		UNDETERMINED);
	assert_int_equal(
		ASK_EXAMPLE(.standard = "TEST 1", .category = "T", .analyte = "f", .value = "0.001"), FAIL);
	assert_int_equal(
		ASK_EXAMPLE(.standard = "TEST 1", .category = "T", .analyte = "f", .value = "detected"),
		FAIL);
	assert_int_equal(
		ASK_EXAMPLE(.standard = "TEST 1", .category = "T", .analyte = "f", .value = "<0.005"),
		UNDETERMINED);
	assert_true(because("below-not-nd"));
	assert_int_equal(ASK_EXAMPLE(.standard = "TEST 1", .category = "T", .analyte = "f", .value = "0"),
		UNDETERMINED);
	assert_true(because("zero-not-nd"));
	/* not permitted: section 10 item 7, cyclamate in spirit at 0.000192 g/kg was upheld */
	assert_int_equal(ASK(.standard = "GB 2760", .category = "15.01", .analyte = "cyclamate",
				 .value = "0.000192 g/kg"),
		FAIL);
	assert_int_equal(ASK(.standard = "GB 2760", .category = "15.01", .analyte = "cyclamate",
				 .value = "ND (LOD 0.00003 g/kg)"),
		PASS);
	assert_int_equal(verdict.reasons.count, 0);
	assert_int_equal(
		ASK(.standard = "GB 2760", .category = "15.01", .analyte = "cyclamate", .value = "未检出"),
		PASS);
	assert_true(because("lod-not-stated"));
	/* presence per 25 g */
	assert_int_equal(
		ASK(.standard = "GB 14963", .category = "P.14963", .analyte = "Salmonella", .value = "ND"),
		PASS);
	assert_true(because("lod-not-stated"));
	assert_int_equal(
		ASK(.standard = "GB 14963", .category = "P.14963", .analyte = "Salmonella", .value = "检出"),
		FAIL);
	assert_int_equal(ASK(.standard = "GB 14963", .category = "P.14963", .analyte = "Salmonella",
				 .value = "0 /25g"),
		PASS);
	assert_int_equal(ASK(.standard = "GB 14963", .category = "P.14963", .analyte = "Salmonella",
				 .value = "1 /25g"),
		FAIL);
	assert_int_equal(ASK(.standard = "GB 14963", .category = "P.14963", .analyte = "Salmonella",
				 .value = "0 CFU/g"),
		UNDETERMINED);
	assert_true(because("unit-mismatch"));
	/* qualitative */
	assert_int_equal(ASK(.standard = "GB 2712", .category = "P.2712.SOYMILK", .analyte = "urease test",
				 .value = "阴性"),
		PASS);
	assert_int_equal(ASK(.standard = "GB 2712", .category = "P.2712.SOYMILK", .analyte = "urease test",
				 .value = "positive"),
		FAIL);
	assert_int_equal(ASK(.standard = "GB 2712", .category = "P.2712.SOYMILK", .analyte = "urease test",
				 .value = "ND"),
		UNDETERMINED);
}

/* Section 10 item 8: carry-over and natural background are for a person. */
static void test_excuses(void **state)
{
	const char *carry[] = {"carry-over"}, *background[] = {"natural-background"};

	(void)state;
	assert_int_equal(ASK(.standard = "GB 2760", .category = "07.02", .analyte = "benzoic acid",
				 .value = "0.02 g/kg"),
		FAIL);
	assert_int_equal(ASK(.standard = "GB 2760", .category = "07.02", .analyte = "benzoic acid",
				 .value = "0.02 g/kg", .conditions = carry, .condition_count = 1),
		UNDETERMINED);
	assert_true(because("carry-over-review"));
	assert_int_equal(ASK(.standard = "GB 2760", .category = "07.02", .analyte = "benzoic acid",
				 .value = "0.02 g/kg", .conditions = background, .condition_count = 1),
		UNDETERMINED);
	assert_true(because("background-review"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_table), cmocka_unit_test(test_as_written),
		cmocka_unit_test(test_marks), cmocka_unit_test(test_fixed_method),
		cmocka_unit_test(test_ends), cmocka_unit_test(test_declared), cmocka_unit_test(test_range),
		cmocka_unit_test(test_decision_rules), cmocka_unit_test(test_absence),
		cmocka_unit_test(test_excuses)};

	return cmocka_run_group_tests(tests, load_specs, unload_specs);
}
