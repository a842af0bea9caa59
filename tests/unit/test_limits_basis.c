/* SPDX-License-Identifier: Apache-2.0
 * Units and bases: dry matter, fat, pure alcohol, salts, dilution, density, dried goods. Sections 6.3, 6.4, 7.2 to 7.4
 * and 7.6 of the study. */
#include "tests/unit/limits_ask.h"

#define AUX(...)                                                                                             \
	.aux = (const struct assay_named_text[]){__VA_ARGS__},                                               \
	.aux_count =                                                                                         \
		sizeof((const struct assay_named_text[]){__VA_ARGS__}) / sizeof(struct assay_named_text)
#define HOLDS(...)                                                                                           \
	.conditions = (const char *const[]){__VA_ARGS__},                                                    \
	.condition_count = sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *)

/* 7.2: 0.90 at 11.0 % moisture -> 1.011 on dry matter (lead in black fungus, 1.0 dry weight). */
static void test_dry(void **state)
{
	(void)state;
	assert_int_equal(ASK(.standard = "GB 2762", .category = "F03.1.15", .analyte = "lead",
				 .value = "0.90 mg/kg", AUX({"moisture", "11.0"})),
		FAIL);
	assert_non_null(strstr(verdict.compared, "1.0112"));
	assert_int_equal(ASK(.standard = "GB 2762", .category = "F03.1.15", .analyte = "lead",
				 .value = "0.89 mg/kg", AUX({"moisture", "11.0 g/100g"})),
		PASS);
	assert_int_equal(ASK(.standard = "GB 2762", .category = "F03.1.15", .analyte = "lead",
				 .value = "0.89 mg/kg", AUX({"moisture", "110 g/kg"})),
		PASS);
	assert_int_equal(
		ASK(.standard = "GB 2762", .category = "F03.1.15", .analyte = "lead", .value = "0.10 mg/kg"),
		UNDETERMINED);
	assert_true(because("moisture-needed"));
	assert_int_equal(ASK(.standard = "GB 2762", .category = "F03.1.15", .analyte = "lead",
				 .value = "1.0 mg/kg", HOLDS("dry-basis")),
		PASS);
	static const char *const bad[] = {"100", "101", "-1", "ND", "<5", "11 mg/L", "x", "", "1e1"};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		assert_int_equal(ASK(.standard = "GB 2762", .category = "F03.1.15", .analyte = "lead",
					 .value = "0.10", AUX({"moisture", bad[i]})),
			UNDETERMINED);
		assert_true(because("aux-invalid"));
	}
	assert_int_equal(ASK(.standard = "GB 2762", .category = "F18", .analyte = "lead", .value = "0.10",
				 AUX({"mositure", "11"})),
		UNDETERMINED);
	assert_true(because("aux-unknown"));
}

/* 7.2: methanol by pure alcohol: 0.31 at 52.0 -> 0.596 pass, 0.32 -> 0.615 fail (limit 0.6). */
static void test_alcohol(void **state)
{
	(void)state;
	assert_int_equal(ASK(.standard = "GB 2757", .category = "P.2757.GRAIN", .analyte = "methanol",
				 .value = "0.31 g/L", AUX({"abv", "52.0"})),
		PASS);
	assert_non_null(strstr(verdict.compared, "0.5961"));
	assert_int_equal(ASK(.standard = "GB 2757", .category = "P.2757.GRAIN", .analyte = "methanol",
				 .value = "0.32 g/L", AUX({"abv", "52.0 %vol"})),
		FAIL);
	assert_int_equal(ASK(.standard = "GB 2757", .category = "P.2757.GRAIN", .analyte = "methanol",
				 .value = "0.10 g/L"),
		UNDETERMINED);
	assert_true(because("alcohol-needed"));
	assert_int_equal(ASK(.standard = "GB 2757", .category = "P.2757", .analyte = "cyanide as HCN",
				 .value = "4.0 mg/L", AUX({"abv", "50"})),
		PASS);
}

/* 6.3: antioxidants on the fat: 0.03 g/kg in a cake with 20 % fat is 0.15 g/kg (limit 0.2). Peroxide and acid value are
 * measured on the fat already. */
static void test_fat(void **state)
{
	(void)state;
	assert_int_equal(ASK(.standard = "GB 2760", .category = "07.03", .analyte = "TBHQ",
				 .value = "0.03 g/kg", AUX({"fat", "20"})),
		PASS);
	assert_non_null(strstr(verdict.compared, "0.15"));
	assert_int_equal(ASK(.standard = "GB 2760", .category = "07.03", .analyte = "TBHQ",
				 .value = "0.041 g/kg", AUX({"fat", "20"})),
		FAIL);
	assert_int_equal(
		ASK(.standard = "GB 2760", .category = "07.03", .analyte = "TBHQ", .value = "0.03 g/kg"),
		UNDETERMINED);
	assert_true(because("fat-needed"));
	assert_int_equal(ASK(.standard = "GB 7100", .category = "P.7100",
				 .analyte = "peroxide value (fat basis)", .value = "0.25"),
		PASS);
}

/* 7.6: 0.25 g/100g = 9.85 mmol/kg = 19.7 meq/kg. */
static void test_peroxide(void **state)
{
	(void)state;
	assert_int_equal(ASK(.standard = "GB 2716", .category = "P.2716.EDIBLE", .analyte = "peroxide value",
				 .value = "9.85 mmol/kg"),
		PASS);
	assert_int_equal(ASK(.standard = "GB 2716", .category = "P.2716.EDIBLE", .analyte = "peroxide value",
				 .value = "9.86 mmol/kg"),
		FAIL);
	assert_int_equal(ASK(.standard = "GB 2716", .category = "P.2716.EDIBLE", .analyte = "peroxide value",
				 .value = "19.7 meq/kg"),
		PASS);
	assert_int_equal(ASK(.standard = "GB 2716", .category = "P.2716.EDIBLE", .analyte = "peroxide value",
				 .value = "19.8 meq/kg"),
		FAIL);
	assert_int_equal(ASK(.standard = "GB 2716", .category = "P.2716.EDIBLE", .analyte = "acid value",
				 .value = "1 meq/kg"),
		UNDETERMINED);
	assert_true(because("unit-mismatch"));
}

/* 6.3: salts. Potassium sorbate x 0.7464, sodium benzoate x 0.8474, sodium dehydroacetate x 0.884. 6.4: the salt of two
 * sweeteners counts into both. 10 item 11: nitrite as NO2- and as NaNO2. */
static void test_salts(void **state)
{
	(void)state;
	assert_int_equal(ASK(.standard = "GB 2760", .category = "04.02.02.03", .analyte = "potassium sorbate",
				 .value = "1.33 g/kg"),
		PASS); /* 0.9927 */
	assert_int_equal(ASK(.standard = "GB 2760", .category = "04.02.02.03", .analyte = "potassium sorbate",
				 .value = "1.34 g/kg"),
		FAIL); /* 1.0002 */
	assert_int_equal(ASK(.standard = "GB 2760", .category = "04.02.02.03", .analyte = "苯甲酸钠",
				 .value = "1.18 g/kg"),
		PASS); /* 0.99993 */
	assert_int_equal(ASK(.standard = "GB 2760", .category = "04.02.02.03", .analyte = "532-32-1",
				 .value = "1.19 g/kg"),
		FAIL);
	assert_int_equal(ASK(.standard = "GB 2760", .category = "04.02.02.03",
				 .analyte = "sodium dehydroacetate", .value = "0.339 g/kg"),
		PASS); /* 0.29968 */
	assert_int_equal(ASK(.standard = "GB 2760", .category = "04.02.02.03",
				 .analyte = "sodium dehydroacetate", .value = "0.340 g/kg"),
		FAIL); /* 0.30056 */
	assert_int_equal(ASK(.standard = "GB 2762", .category = "F02.2.3", .analyte = "nitrite as NO2-",
				 .value = "13.3 mg/kg"),
		PASS); /* 19.946 */
	assert_int_equal(ASK(.standard = "GB 2762", .category = "F02.2.3", .analyte = "nitrite as NO2-",
				 .value = "13.4 mg/kg"),
		FAIL); /* 20.096 */
	assert_int_equal(ASK(.standard = "GB 2762", .category = "F14.1.2", .analyte = "nitrite as NaNO2",
				 .value = "0.149 mg/L"),
		PASS);
	assert_int_equal(ASK(.standard = "GB 2762", .category = "F14.1.2", .analyte = "nitrite as NaNO2",
				 .value = "0.150 mg/L"),
		FAIL); /* 0.10002 */
	/* candy: acesulfame 2.0, aspartame 3.0 g/kg; 4.5 of the salt is 2.88 and 1.98; 4.6 is 2.94 and 2.02 */
	assert_int_equal(ASK(.standard = "GB 2760", .category = "05.02",
				 .analyte = "aspartame-acesulfame salt", .value = "4.5 g/kg"),
		PASS);
	assert_int_equal(ASK(.standard = "GB 2760", .category = "05.02",
				 .analyte = "aspartame-acesulfame salt", .value = "4.6 g/kg"),
		FAIL);
}

/* 6.3: aluminium on the dry sample: 90 mg/kg at 10 % moisture is 100 (limit 100, fried dough products). */
static void test_aluminium(void **state)
{
	(void)state;
	assert_int_equal(ASK(.standard = "GB 2760", .category = "06.03.02.05", .analyte = "aluminium residue",
				 .value = "90 mg/kg", AUX({"moisture", "10"})),
		PASS);
	assert_int_equal(ASK(.standard = "GB 2760", .category = "06.03.02.05", .analyte = "aluminium residue",
				 .value = "90.1 mg/kg", AUX({"moisture", "10"})),
		FAIL);
	assert_int_equal(ASK(.standard = "GB 2760", .category = "06.03.02.05", .analyte = "aluminium residue",
				 .value = "50 mg/kg"),
		UNDETERMINED);
	assert_true(because("moisture-needed"));
}

/* 7.6, the table: the exact ratio from the first unit to the second, as a fraction; no ratio where a density, or another
 * way of counting, stands between. */
static void test_ratios(void **state)
{
	static const struct {
		const char *from, *to;
		int n, d;
	} row[] = {{"mg/kg", "ug/g", 1, 1}, {"mg/kg", "ug/kg", 1000, 1}, {"g/kg", "mg/kg", 1000, 1},
		{"g/100g", "%", 1, 1}, {"g/100g", "g/kg", 10, 1}, {"mg/100g", "mg/kg", 10, 1},
		{"g/100mL", "g/L", 10, 1}, {"MPN/100g", "MPN/g", 1, 100}};
	static const char *const none[][2] = {{"mg/L", "mg/kg"}, {"CFU/g", "MPN/g"}, {"MPN/g", "CFU/g"},
		{"CFU/g", "CFU/mL"}, {"/25g", "CFU/g"}, {"mg/kg", "furlong"}, {"g/100mL", "g/100g"}};
	struct assay_fraction ratio;

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		struct assay_fraction wanted = {row[i].n, row[i].d};

		assert_true(assay_unit_ratio(row[i].from, row[i].to, &ratio));
		assert_int_equal(assay_fraction_compare(&ratio, &wanted), 0);
	}
	for (size_t i = 0; i < sizeof none / sizeof *none; i++)
		assert_false(assay_unit_ratio(none[i][0], none[i][1], &ratio));
}

/* 6.3: solid drinks, limit x dilution: 0.3 x 34.3 = 10.29 g/kg acesulfame (published limit). */
static void test_dilution(void **state)
{
	(void)state;
	assert_int_equal(ASK(.standard = "GB 2760", .category = "14.06.04", .analyte = "acesulfame potassium",
				 .value = "10.29 g/kg", AUX({"dilution", "34.3"})),
		PASS);
	assert_int_equal(ASK(.standard = "GB 2760", .category = "14.06.04", .analyte = "acesulfame potassium",
				 .value = "10.30 g/kg", AUX({"dilution", "34.3"})),
		FAIL);
	assert_int_equal(ASK(.standard = "GB 2760", .category = "14.06.04", .analyte = "acesulfame potassium",
				 .value = "0.1 g/kg"),
		UNDETERMINED);
	assert_true(because("dilution-needed"));
	assert_int_equal(ASK(.standard = "GB 2760", .category = "14.06.04", .analyte = "acesulfame potassium",
				 .value = "0.1 g/kg", AUX({"dilution", "0.5"})),
		UNDETERMINED);
	assert_true(because("aux-invalid"));
	assert_int_equal(ASK(.standard = "GB 2760", .category = "14.04", .analyte = "acesulfame potassium",
				 .value = "0.3 g/kg"),
		PASS);
	assert_int_equal(
		ASK(.standard = "GB 2760", .category = "16.01", .analyte = "amaranth", .value = "0.05 g/kg"),
		PASS);
	assert_int_equal(ASK(.standard = "GB 2760", .category = "16.01", .analyte = "amaranth",
				 .value = "0.05 g/kg", HOLDS("jelly-powder")),
		UNDETERMINED);
}

/* 7.2: infant formula, liquid limit = solid / 8: lead 0.08 -> 0.01. */
static void test_infant_formula(void **state)
{
	(void)state;
	assert_int_equal(
		ASK(.standard = "GB 2762", .category = "F21.1.1", .analyte = "lead", .value = "0.08"), PASS);
	assert_int_equal(ASK(.standard = "GB 2762", .category = "F21.1.1", .analyte = "lead",
				 .value = "0.010", HOLDS("liquid")),
		PASS);
	assert_int_equal(ASK(.standard = "GB 2762", .category = "F21.1.1", .analyte = "lead",
				 .value = "0.011", HOLDS("liquid")),
		FAIL);
}

/* 7.3: the total first: at most the limit is a pass, above it the species must be measured. */
static void test_screening(void **state)
{
	(void)state;
	assert_int_equal(ASK(.standard = "GB 2762", .category = "F04.2.2", .analyte = "inorganic arsenic",
				 AUX({"total_arsenic", "0.20 mg/kg"})),
		PASS);
	assert_int_equal(ASK(.standard = "GB 2762", .category = "F04.2.2", .analyte = "inorganic arsenic",
				 AUX({"total_arsenic", "0.21"})),
		UNDETERMINED);
	assert_true(because("speciation-required"));
	assert_int_equal(ASK(.standard = "GB 2762", .category = "F04.2.2", .analyte = "inorganic arsenic",
				 .value = "0.15", AUX({"total_arsenic", "0.30"})),
		PASS);
	assert_int_equal(ASK(.standard = "GB 2762", .category = "F04.2.2", .analyte = "inorganic arsenic",
				 .value = "0.25", AUX({"total_arsenic", "0.30"})),
		FAIL);
	assert_int_equal(ASK(.standard = "GB 2762", .category = "F09.1.1", .analyte = "methylmercury",
				 AUX({"total_mercury", "<0.5 mg/kg"})),
		PASS);
	assert_int_equal(ASK(.standard = "GB 2762", .category = "F04.2.2", .analyte = "inorganic arsenic"),
		UNDETERMINED);
	assert_true(because("no-result"));
}

/* 7.4: dried goods: fresh limit x factor; under the fresh limit they pass without it. */
static void test_dried(void **state)
{
	(void)state;
	/* dried shiitake, lead 0.3 for the mushroom and its products */
	assert_int_equal(ASK(.standard = "GB 2762", .category = "F03.1.3", .analyte = "lead", .value = "0.29",
				 HOLDS("dried")),
		PASS);
	assert_int_equal(ASK(.standard = "GB 2762", .category = "F03.1.3", .analyte = "lead", .value = "1.0",
				 HOLDS("dried")),
		UNDETERMINED);
	assert_true(because("drying-factor-needed"));
	assert_int_equal(ASK(.standard = "GB 2762", .category = "F03.1.3", .analyte = "lead", .value = "1.5",
				 HOLDS("dried"), AUX({"drying_factor", "5"})),
		PASS);
	assert_int_equal(ASK(.standard = "GB 2762", .category = "F03.1.3", .analyte = "lead", .value = "1.51",
				 HOLDS("dried"), AUX({"drying_factor", "5"})),
		FAIL);
	/* (100 - 10)/(100 - 90) = 9: 2.7 */
	assert_int_equal(ASK(.standard = "GB 2762", .category = "F03.1.3", .analyte = "lead", .value = "2.7",
				 HOLDS("dried"), AUX({"moisture", "10"}, {"fresh_moisture", "90"})),
		PASS);
	assert_int_equal(ASK(.standard = "GB 2762", .category = "F03.1.3", .analyte = "lead", .value = "2.71",
				 HOLDS("dried"), AUX({"moisture", "10"}, {"fresh_moisture", "90"})),
		FAIL);
	/* dried fish: products and fresh fish have limits: the fresh one's counts */
	assert_int_equal(ASK(.standard = "GB 2762", .category = "F09.2.FISH", .analyte = "lead",
				 .value = "0.4", HOLDS("dried")),
		UNDETERMINED);
	assert_true(because("fresh-category-needed"));
	assert_int_equal(
		ASK(.standard = "GB 2762", .category = "F09.2.FISH", .analyte = "lead", .value = "0.9",
			HOLDS("dried"), AUX({"drying_factor", "2"}), .fresh_category = "F09.1.1"),
		PASS);
	assert_int_equal(ASK(.standard = "GB 2762", .category = "F09.2.DRY",
				 .analyte = "N-nitrosodimethylamine", .value = "4.0"),
		PASS);
	/* dried meat: only in the 2022 edition */
	assert_int_equal(ASK(.standard = "GB 2762", .category = "F08.2.2.8", .analyte = "lead",
				 .value = "0.5", .produced = "2026-09-01", .fresh_category = "F08.1.1"),
		UNDETERMINED);
	assert_true(because("drying-factor-needed"));
	assert_int_equal(ASK(.standard = "GB 2762", .category = "F08.2.2.8", .analyte = "lead",
				 .value = "0.5", .fresh_category = "F08.1.1"),
		FAIL);
}

/* 7.6: the closed unit table. */
static void test_units(void **state)
{
	static const char *const same[] = {"500 ug/kg", "500 \xce\xbcg/kg", "500 \xc2\xb5g/kg", "0.5 mg/kg",
		"0.0005 g/kg", "500 ng/g", "0.5 ug/g", "0.00005 %", "0.00005 g/100g", "0.05 mg/100g",
		"500000 ng/kg", "0.0005 mg/g"};
	static const char *const unknown[] = {
		"1 ppm", "1 MG/KG", "1 mg/Kg", "1 kg", "1 g", "1 mg", "1 mg/l", "1 CFU"};

	(void)state;
	for (size_t i = 0; i < sizeof same / sizeof *same; i++)
		assert_int_equal(
			ASK(.standard = "GB 2762", .category = "F18", .analyte = "lead", .value = same[i]),
			PASS);
	for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
		assert_int_equal(
			ASK(.standard = "GB 2762", .category = "F18", .analyte = "lead", .value = unknown[i]),
			UNDETERMINED);
		assert_true(because("unit-unknown"));
	}
	assert_int_equal(ASK(.standard = "GB 2762", .category = "F18", .analyte = "lead", .value = "1 CFU/g"),
		UNDETERMINED);
	assert_true(because("unit-mismatch"));
	/* a density needed is a density asked for: 0.1 mg/L at 0.92 g/mL is 0.1087 mg/kg, lead in oil 0.08 */
	assert_int_equal(
		ASK(.standard = "GB 2762", .category = "F12", .analyte = "lead", .value = "0.070 mg/L"),
		UNDETERMINED);
	assert_true(because("density-needed"));
	assert_int_equal(ASK(.standard = "GB 2762", .category = "F12", .analyte = "lead",
				 .value = "0.070 mg/L", AUX({"density", "0.92"})),
		PASS);
	assert_int_equal(ASK(.standard = "GB 2762", .category = "F12", .analyte = "lead",
				 .value = "0.074 mg/L", AUX({"density", "0.92 g/mL"})),
		FAIL); /* 0.0804 */
	assert_int_equal(ASK(.standard = "GB 2762", .category = "F14.1", .analyte = "lead",
				 .value = "0.010 mg/kg", AUX({"density", "1.01"})),
		FAIL); /* 0.0101 mg/L */
}

static enum assay_verdict_kind nitrate(const char *category, const char *analyte, const char *value)
{
	return ASK(.standard = "GB 2762", .category = category, .analyte = analyte, .value = value);
}

/* 7.6: NO3- x 1.3708 = NaNO3. Infant formula is limited as NaNO3 (100 mg/kg), mineral water as NO3- (45 mg/L). */
static void test_nitrate(void **state)
{
	(void)state;
	assert_int_equal(nitrate("F21.1", "nitrate as NO3-", "72.9 mg/kg"), PASS); /* 99.931 */
	assert_int_equal(nitrate("F21.1", "nitrate as NO3-", "73.0 mg/kg"), FAIL); /* 100.068 */
	assert_int_equal(nitrate("F14.1.1", "nitrate as NaNO3", "61.6 mg/L"), PASS); /* 44.937 */
	assert_int_equal(nitrate("F14.1.1", "nitrate as NaNO3", "61.7 mg/L"), FAIL); /* 45.010 */
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_dry), cmocka_unit_test(test_alcohol),
		cmocka_unit_test(test_fat), cmocka_unit_test(test_peroxide), cmocka_unit_test(test_salts),
		cmocka_unit_test(test_dilution), cmocka_unit_test(test_infant_formula),
		cmocka_unit_test(test_screening), cmocka_unit_test(test_dried), cmocka_unit_test(test_units),
		cmocka_unit_test(test_aluminium), cmocka_unit_test(test_ratios),
		cmocka_unit_test(test_nitrate)};

	return cmocka_run_group_tests(tests, load_specs, unload_specs);
}
