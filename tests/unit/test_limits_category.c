/* SPDX-License-Identifier: Apache-2.0
 * Finding the row: trees, cut branches, second parents, foods named inside a category, editions, no row. Sections 6.2,
 * 7.1 and 7.5 of the study; CONTRACT.md "Verdicts". */
#include "tests/unit/limits_ask.h"

static enum assay_verdict_kind cadmium(const char *category, const char *value)
{
	return ASK(.standard = "GB 2762", .category = category, .analyte = "cadmium", .value = value);
}

/* Section 7.1: celery has its own row 0.2, not 0.1 of stem vegetables, not 0.05 of fresh vegetables. */
static void test_most_specific(void **state)
{
	(void)state;
	assert_int_equal(cadmium("F02.1.5.CELERY", "0.20"), PASS);
	assert_int_equal(cadmium("F02.1.5.CELERY", "0.21"), FAIL);
	assert_int_equal(cadmium("F02.1.5", "0.11"), FAIL);
	assert_int_equal(cadmium("F02.1.6", "0.051"), FAIL);
	assert_int_equal(cadmium("F02.1.6", "0.050"), PASS);
	/* section 10 item 18: peanuts 0.5, other nuts none */
	assert_int_equal(cadmium("F07.PEANUT", "0.50"), PASS);
	assert_int_equal(cadmium("F07.1", "0.50"), UNDETERMINED);
	assert_true(because("no-limit"));
}

/* Section 10 item 19: inorganic arsenic, polished rice 0.2, brown rice and paddy 0.35. */
static void test_rice(void **state)
{
	(void)state;
	assert_int_equal(ASK(.standard = "GB 2762", .category = "F04.2.2", .analyte = "inorganic arsenic",
				 .value = "0.21"),
		FAIL);
	assert_int_equal(ASK(.standard = "GB 2762", .category = "F04.2.1", .analyte = "inorganic arsenic",
				 .value = "0.35"),
		PASS);
	/* the row of total arsenic in milled cereals cuts rice out */
	assert_int_equal(
		ASK(.standard = "GB 2762", .category = "F04.2.2", .analyte = "total arsenic", .value = "0.1"),
		UNDETERMINED);
	assert_true(because("no-limit"));
	assert_int_equal(
		ASK(.standard = "GB 2762", .category = "F04.2.3", .analyte = "total arsenic", .value = "0.5"),
		PASS);
}

/* Rows that print an exclusion which has no row of its own. */
static void test_cut_branches(void **state)
{
	(void)state;
	assert_int_equal(cadmium("F08.1.1", "0.1"), PASS);
	assert_int_equal(cadmium("F08.1.2", "0.1"), UNDETERMINED); /* offal other than liver and kidney */
	assert_int_equal(cadmium("F08.1.2.LIVER", "0.5"), PASS);
	assert_int_equal(cadmium("F08.1.2.KIDNEY", "1.0"), PASS);
	assert_int_equal(
		ASK(.standard = "GB 2762", .category = "F13.8", .analyte = "total arsenic", .value = "0.1"),
		UNDETERMINED);
	/* canned fish reaches the N-dimethylnitrosamine row that excludes it */
	assert_int_equal(ASK(.standard = "GB 2762", .category = "F09.2.CANFISH",
				 .analyte = "N-nitrosodimethylamine", .value = "1.0"),
		UNDETERMINED);
	assert_true(because("no-limit"));
	assert_int_equal(ASK(.standard = "GB 2762", .category = "F09.2.3",
				 .analyte = "N-nitrosodimethylamine", .value = "4.1"),
		FAIL);
	/* GB 2760: sorbic acid in 14.0 cuts out 14.01 and 14.02.01 */
	assert_int_equal(
		ASK(.standard = "GB 2760", .category = "14.04", .analyte = "sorbic acid", .value = "0.5"),
		PASS);
	assert_int_equal(ASK(.standard = "GB 2760", .category = "14.01.02", .analyte = "sorbic acid",
				 .value = "0.001"),
		FAIL);
	assert_true(verdict.not_permitted);
	assert_int_equal(ASK(.standard = "GB 2760", .category = "14.02.01", .analyte = "sorbic acid",
				 .value = "0.001"),
		FAIL);
	/* printed "(03.04 edible ice excepted)" */
	assert_int_equal(
		ASK(.standard = "GB 2760", .category = "03.01", .analyte = "saccharin", .value = "0.15"),
		PASS);
	assert_int_equal(
		ASK(.standard = "GB 2760", .category = "03.04", .analyte = "saccharin", .value = "0.001"),
		FAIL);
}

/* categories.md 2: a second parent counts like the first, nearest level first. */
static void test_second_parents(void **state)
{
	(void)state;
	/* oat flakes also belong to the group of flakes, gluten, canned congee, filled dough: lead 0.5, not 0.2 */
	assert_int_equal(
		ASK(.standard = "GB 2762", .category = "F04.2.5", .analyte = "lead", .value = "0.50"), PASS);
	assert_int_equal(
		ASK(.standard = "GB 2762", .category = "F04.2.6", .analyte = "lead", .value = "0.21"), FAIL);
	/* and still are milled cereals for cadmium */
	assert_int_equal(cadmium("F04.2.5", "0.11"), FAIL);
	/* tuna: mercury 1.2 for the species, whichever way it is coded */
	assert_int_equal(ASK(.standard = "GB 2762", .category = "F09.1.1.2.TUNA", .analyte = "methylmercury",
				 .value = "1.2"),
		PASS);
	assert_int_equal(ASK(.standard = "GB 2762", .category = "F09.2.FISH.PRED.TUNA",
				 .analyte = "methylmercury", .value = "1.21"),
		FAIL);
	/* chanterelles: lead from group B (1.0), cadmium from group E (0.6) */
	assert_int_equal(
		ASK(.standard = "GB 2762", .category = "F03.1.10", .analyte = "lead", .value = "1.0"), PASS);
	assert_int_equal(cadmium("F03.1.10", "0.61"), FAIL);
	/* two parents at one distance, each with a row: the strictest wins for a pass */
	assert_int_equal(
		ASK_EXAMPLE(.standard = "TEST 1", .category = "T.3", .analyte = "t", .value = "1"), PASS);
	assert_int_equal(
		ASK_EXAMPLE(.standard = "TEST 1", .category = "T.3", .analyte = "t", .value = "3"), FAIL);
	/* a cut branch is cut on every way up */
	assert_int_equal(
		ASK_EXAMPLE(.standard = "TEST 1", .category = "T.3", .analyte = "u", .value = "9"), PASS);
	assert_int_equal(
		ASK_EXAMPLE(.standard = "TEST 1", .category = "T.1", .analyte = "u", .value = "9"), FAIL);
}

/* Section 6.2: the exact code, then each ancestor; sweeteners of 14.0 cut out 14.02.02 as well. Section 7.2: paddy as
 * brown rice. Section 10 item 5: steamed cake is no pastry, so sorbic acid is not permitted in it. Section 6.3: added and residue. */
static void test_ancestors(void **state)
{
	(void)state;
	assert_int_equal(ASK(.standard = "GB 2760", .category = "14.02.03", .analyte = "sucralose",
				 .value = "0.25 g/kg"),
		PASS);
	assert_string_equal(verdict.limit->category, "14.0");
	assert_int_equal(ASK(.standard = "GB 2760", .category = "14.02.02", .analyte = "sucralose",
				 .value = "0.001 g/kg"),
		FAIL);
	assert_true(verdict.not_permitted);
	assert_int_equal(ASK(.standard = "GB 2762", .category = "F04.1.1", .analyte = "inorganic arsenic",
				 .value = "0.35"),
		PASS);
	assert_int_equal(ASK(.standard = "GB 2762", .category = "F04.1.1", .analyte = "inorganic arsenic",
				 .value = "0.36"),
		FAIL);
	/* fermented dough products (steamed cake) and pastry */
	assert_int_equal(ASK(.standard = "GB 2760", .category = "06.03.02.03", .analyte = "sorbic acid",
				 .value = "0.1 g/kg"),
		FAIL);
	assert_int_equal(ASK(.standard = "GB 2760", .category = "07.02", .analyte = "sorbic acid",
				 .value = "0.1 g/kg"),
		PASS);
	/* nitrite in cured meat: a residue of 30 mg/kg; what was added is another limit and is not compared with it */
	assert_int_equal(ASK(.standard = "GB 2760", .category = "08.03.01",
				 .analyte = "nitrite residue as NaNO2", .value = "30 mg/kg"),
		PASS);
	assert_int_equal(ASK(.standard = "GB 2760", .category = "08.03.01",
				 .analyte = "nitrite residue as NaNO2", .value = "31 mg/kg"),
		FAIL);
	assert_int_equal(ASK(.standard = "GB 2760", .category = "08.03.01",
				 .analyte = "nitrite residue as NaNO2", .value = "0.15 g/kg",
				 .conditions = (const char *[]){"use-level"}, .condition_count = 1),
		NOT_APPLICABLE);
}

/* A code ending in .X1: star anise in spices; it says nothing about the rest, and takes only its own rows. */
static void test_named_foods(void **state)
{
	(void)state;
	assert_int_equal(ASK(.standard = "GB 2760", .category = "12.09.01.X1", .analyte = "sulfur dioxide",
				 .value = "0.15 g/kg"),
		PASS);
	assert_int_equal(ASK(.standard = "GB 2760", .category = "12.09.01.X1", .analyte = "sulfur dioxide",
				 .value = "0.151 g/kg"),
		FAIL);
	assert_int_equal(ASK(.standard = "GB 2760", .category = "12.09.01", .analyte = "sulfur dioxide",
				 .value = "0.01 g/kg"),
		FAIL);
	assert_true(verdict.not_permitted);
	assert_int_equal(ASK(.standard = "GB 2760", .category = "12.09.01.X1", .analyte = "sorbic acid",
				 .value = "0.01 g/kg"),
		UNDETERMINED);
	assert_true(because("category-restricted"));
	assert_int_equal(
		ASK_EXAMPLE(.standard = "TEST 1", .category = "T.1.X1", .analyte = "t", .value = "2"), PASS);
	assert_int_equal(
		ASK_EXAMPLE(.standard = "TEST 1", .category = "T.1.X1", .analyte = "u", .value = "2"),
		UNDETERMINED);
	assert_int_equal(
		ASK_EXAMPLE(.standard = "TEST 1", .category = "T.1", .analyte = "t", .value = "2"), FAIL);
}

/* Section 10 item 5: sorbic acid in reprocessed dried tofu 1.0, in tofu and plain dried tofu not permitted. */
static void test_tofu(void **state)
{
	(void)state;
	assert_int_equal(ASK(.standard = "GB 2760", .category = "04.04.01.03", .analyte = "sorbic acid",
				 .value = "1.0"),
		PASS);
	assert_int_equal(ASK(.standard = "GB 2760", .category = "04.04.01.01", .analyte = "sorbic acid",
				 .value = "0.01"),
		FAIL);
	assert_int_equal(ASK(.standard = "GB 2760", .category = "04.04.01.02", .analyte = "sorbic acid",
				 .value = "0.01"),
		FAIL);
}

/* Codes outside the tree and reserved numbers. categories.md 3: ten of them. */
static void test_unknown_codes(void **state)
{
	static const char *const reserved[] = {"01.05.02", "03.02", "04.01.02.08.02", "04.05.02.02",
		"06.03.02.04", "08.03.07.03", "12.06", "12.08", "12.10.02.03", "14.06.01"};
	static const char *const unknown[] = {"", "F99", "f04", "F04 ", "F4", "04.02", "F04.2.2.9", "GB2762"};

	(void)state;
	for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++) {
		assert_int_equal(ASK(.standard = "GB 2760", .category = reserved[i], .analyte = "sorbic acid",
					 .value = "0.01"),
			UNDETERMINED);
		assert_true(because("category-reserved"));
	}
	for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
		assert_int_equal(cadmium(unknown[i], "0.01"), UNDETERMINED);
		assert_true(because("category-unknown"));
	}
}

/* Section 10 item 10: opposite defaults. Additives the file does not know; 11.04 is for a person. */
static void test_no_row(void **state)
{
	(void)state;
	assert_int_equal(ASK(.standard = "GB 2762", .category = "F22.3", .analyte = "cadmium", .value = "9"),
		UNDETERMINED);
	assert_true(because("no-limit"));
	assert_int_equal(ASK(.standard = "GB 2760", .category = "07.01", .analyte = "neotame",
				 .value = "ND (LOD 0.001 g/kg)"),
		PASS);
	assert_int_equal(
		ASK(.standard = "GB 2760", .category = "06.01", .analyte = "neotame", .value = "0.001 g/kg"),
		FAIL);
	assert_true(verdict.not_permitted);
	assert_int_equal(
		ASK(.standard = "GB 2760", .category = "06.01", .analyte = "neotame", .value = "ND"), PASS);
	assert_true(because("lod-not-stated"));
	assert_int_equal(
		ASK(.standard = "GB 2760", .category = "06.01", .analyte = "neotame", .value = "<0.001 g/kg"),
		UNDETERMINED);
	assert_int_equal(
		ASK(.standard = "GB 2760", .category = "06.01", .analyte = "citric acid", .value = "1 g/kg"),
		UNDETERMINED);
	assert_true(because("analyte-unknown"));
	assert_int_equal(
		ASK(.standard = "GB 2762", .category = "F04", .analyte = "unobtainium", .value = "1"),
		UNDETERMINED);
	assert_true(because("analyte-unknown"));
	assert_int_equal(
		ASK(.standard = "GB 2760", .category = "11.04", .analyte = "aspartame", .value = "1 g/kg"),
		UNDETERMINED);
	assert_true(because("as-needed-review"));
	assert_int_equal(ASK(.standard = "GB 2760", .category = "11.04", .analyte = "benzoic acid",
				 .value = "0.1 g/kg"),
		FAIL);
	/* rows the file leaves out */
	assert_int_equal(ASK(.standard = "GB 2762", .category = "F21.1", .analyte = "lead", .value = "0.01",
				 .produced = "2025-01-01"),
		UNDETERMINED);
	assert_true(because("rows-left-out"));
	assert_int_equal(ASK(.standard = "GB 2762", .category = "F18", .analyte = "lead", .value = "0.01",
				 .produced = "2020-01-01"),
		UNDETERMINED);
	assert_true(because("rows-left-out"));
}

/* Table A.2's 68 categories are in the tree, and its fourteen headings ask for the leaf. categories.md 4. */
static void test_table_a2(void **state)
{
	unsigned numbers = 0, headings = 0;

	(void)state;
	for (size_t i = 0; i < assay_specs_category_count(specs); i++) {
		const struct assay_category *category = assay_specs_category_at(specs, i);

		numbers += *category->a2 >= '0' && *category->a2 <= '9';
		headings += strcmp(category->a2, "leaves") == 0;
	}
	assert_int_equal(numbers, 68);
	assert_int_equal(headings, 14);
	assert_string_equal(assay_specs_category(specs, "GB2760", "01.01.01")->a2, "1");
}

/* Section 7.5 and 10 item 23: from <= day < successor's from; the day itself belongs to the new edition. */
static void test_editions(void **state)
{
	static const struct {
		const char *standard, *produced, *applies, *reason;
	} row[] = {
		{"GB 2762", "2026-09-01", "GB 2762-2022", NULL},
		{"GB 2762", "2026-09-02", "GB 2762-2025", NULL},
		{"GB 2762", "2023-06-30", "GB 2762-2022", NULL},
		{"GB 2762", "2023-06-29", "GB 2762-2017", "rows-left-out"},
		{"GB 2762", "2017-09-16", NULL, "not-in-force"},
		{"GB 2762-2022", "2026-09-02", "GB 2762-2022", "not-in-force"},
		{"GB 2762-2025", "2026-09-01", "GB 2762-2025", "not-in-force"},
		{"GB 2762-2025", "2026-09-02", "GB 2762-2025", NULL},
		{"GB 2762", "2026-02-29", NULL, "date-invalid"},
		{"GB 2762", "20260901", NULL, "date-invalid"},
		{"GB 99999", "2026-09-02", NULL, "standard-unknown"},
	};
	/* the other days of the chain: GB 7101-2022, GB 29921-2021, GB 2760-2014 */
	static const struct {
		const char *standard, *category, *analyte, *value, *produced;
		bool applies;
	} day[] = {
		{"GB 7101", "P.7101.SOLID", "moulds", "1 CFU/g", "2022-12-29", false},
		{"GB 7101", "P.7101.SOLID", "moulds", "1 CFU/g", "2022-12-30", true},
		{"GB 29921", "M2.1", "Salmonella", "detected", "2021-11-21", false},
		{"GB 29921", "M2.1", "Salmonella", "detected", "2021-11-22", true},
		{"GB 2760", "07.02", "dehydroacetic acid", "0.30 g/kg", "2015-05-23", false},
		{"GB 2760", "07.02", "dehydroacetic acid", "0.30 g/kg", "2015-05-24", true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		enum assay_verdict_kind kind = ASK(.standard = row[i].standard, .category = "F18",
			.analyte = "lead", .value = "0.10", .produced = row[i].produced);

		assert_int_equal(kind, row[i].reason ? UNDETERMINED : PASS);
		if (row[i].reason)
			assert_true(because(row[i].reason));
		if (row[i].applies)
			assert_string_equal(verdict.standard->id, row[i].applies);
	}
	for (size_t i = 0; i < sizeof day / sizeof *day; i++) {
		enum assay_verdict_kind kind = ASK(.standard = day[i].standard, .category = day[i].category,
			.analyte = day[i].analyte, .value = day[i].value, .produced = day[i].produced);

		assert_int_equal(because("not-in-force"), !day[i].applies);
		assert_int_equal(kind == UNDETERMINED, !day[i].applies);
	}
	/* dehydroacetic acid in pastry: 0.5 g/kg to 2025-02-07, not permitted from 2025-02-08 */
	assert_int_equal(ASK(.standard = "GB 2760", .category = "07.02", .analyte = "dehydroacetic acid",
				 .value = "0.30 g/kg", .produced = "2025-02-07"),
		PASS);
	assert_int_equal(ASK(.standard = "GB 2760", .category = "07.02", .analyte = "dehydroacetic acid",
				 .value = "0.30 g/kg", .produced = "2025-02-08"),
		FAIL);
	/* lead in cereals is one row in both; packaged-water nitrite changed: 0.005 -> 0.1 mg/L */
	assert_int_equal(ASK(.standard = "GB 2762", .category = "F14.1.2", .analyte = "nitrite as NO2-",
				 .value = "0.05 mg/L", .produced = "2026-09-01"),
		FAIL);
	assert_int_equal(ASK(.standard = "GB 2762", .category = "F14.1.2", .analyte = "nitrite as NO2-",
				 .value = "0.05 mg/L", .produced = "2026-09-02"),
		PASS);
	/* tested before it was made */
	assert_int_equal(ASK(.standard = "GB 2762", .category = "F18", .analyte = "lead", .value = "0.10",
				 .tested = "2026-09-30"),
		UNDETERMINED);
	assert_true(because("date-invalid"));
}

/* Names: English, Chinese, CAS; a CAS number that two analytes share; confidence of the row. */
static void test_names(void **state)
{
	(void)state;
	assert_int_equal(
		ASK(.standard = "GB 2762", .category = "F18", .analyte = "铅(以Pb计)", .value = "0.50"),
		PASS);
	assert_int_equal(
		ASK(.standard = "GB 2762", .category = "F18", .analyte = "7439-92-1", .value = "0.51"), FAIL);
	assert_int_equal(
		ASK(.standard = "GB 2762", .category = "F18", .analyte = "铅", .value = "0.50"), PASS);
	assert_int_equal(
		ASK(.standard = "GB 2762", .category = "F02.2.3", .analyte = "14797-65-0", .value = "20"),
		PASS);
	assert_int_equal(
		ASK(.standard = "GB 2721", .category = "P.2721", .analyte = "barium", .value = "15"), PASS);
	assert_true(because("limit-unverified"));
}

/* Section 10 item 13 and CONTRACT: a condition that does not hold is not applicable, never pass. */
static void test_conditions(void **state)
{
	const char *tinplate[] = {"tinplate"}, *cheese[] = {"mould-ripened-cheese"}, *use[] = {"use-level"},
		   *sweet[] = {"sweet-wine"}, *unknown[] = {"tin"},
		   *cocoa[] = {"milk-tea-soymilk-cocoa-powder"};
	const char *counts[] = {"1", "1", "1", "1", "1"};

	(void)state;
	assert_int_equal(ASK(.standard = "GB 2762", .category = "F14.4", .analyte = "tin", .value = "100"),
		NOT_APPLICABLE);
	assert_true(because("condition-not-met"));
	assert_int_equal(ASK(.standard = "GB 2762", .category = "F14.4", .analyte = "tin", .value = "150",
				 .conditions = tinplate, .condition_count = 1),
		PASS);
	assert_int_equal(ASK(.standard = "GB 2762", .category = "F01.2.1", .analyte = "tin", .value = "251",
				 .conditions = tinplate, .condition_count = 1),
		FAIL);
	assert_int_equal(ASK(.standard = "GB 2762", .category = "F13.8", .analyte = "3-MCPD", .value = "0.1"),
		NOT_APPLICABLE);
	assert_int_equal(
		ASK(.standard = "GB 7099", .category = "P.7099", .analyte = "moulds", .value = "150"), PASS);
	assert_int_equal(ASK(.standard = "GB 7099", .category = "P.7099", .analyte = "moulds", .value = "10",
				 .conditions = cheese, .condition_count = 1),
		NOT_APPLICABLE);
	assert_int_equal(ASK(.standard = "GB 2762", .category = "F14.4", .analyte = "tin", .value = "1",
				 .conditions = unknown, .condition_count = 1),
		UNDETERMINED);
	assert_true(because("condition-unknown"));
	/* section 6.3: use level and residue are different limits */
	assert_int_equal(
		ASK(.standard = "GB 2760", .category = "07.02", .analyte = "natamycin", .value = "0.20 g/kg"),
		FAIL);
	assert_int_equal(ASK(.standard = "GB 2760", .category = "07.02", .analyte = "natamycin",
				 .value = "0.20 g/kg", .conditions = use, .condition_count = 1),
		PASS);
	assert_int_equal(ASK(.standard = "GB 2760", .category = "15.03.01", .analyte = "sulfur dioxide",
				 .value = "0.30 g/L"),
		FAIL);
	assert_int_equal(ASK(.standard = "GB 2760", .category = "15.03.01", .analyte = "sulfur dioxide",
				 .value = "0.40 g/L", .conditions = sweet, .condition_count = 1),
		PASS);
	/* other values exist that the file does not have */
	assert_int_equal(
		ASK(.standard = "GB 7101", .category = "P.7101.SOLID", .analyte = "aerobic plate count",
			.results = counts, .result_count = 5, .conditions = cocoa, .condition_count = 1),
		UNDETERMINED);
	assert_true(because("rows-left-out"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_most_specific), cmocka_unit_test(test_rice),
		cmocka_unit_test(test_cut_branches), cmocka_unit_test(test_second_parents),
		cmocka_unit_test(test_ancestors), cmocka_unit_test(test_named_foods),
		cmocka_unit_test(test_tofu), cmocka_unit_test(test_unknown_codes),
		cmocka_unit_test(test_no_row), cmocka_unit_test(test_table_a2),
		cmocka_unit_test(test_editions), cmocka_unit_test(test_names),
		cmocka_unit_test(test_conditions)};

	return cmocka_run_group_tests(tests, load_specs, unload_specs);
}
