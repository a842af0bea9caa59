/* SPDX-License-Identifier: Apache-2.0
 * The standards as pages see them: found by pinyin, paged, compared. Limits expected: GB 2760-2014 and GB 2760-2024, table A.1
 * (dehydroacetic acid in pickled vegetables 1.0 then 0.3 g/kg; bread 0.5 then not listed). Readings: Xiandai Hanyu Cidian. */
#include "gateway/lab/pinyin.h"
#include "gateway/lab/standards.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct assay_specs *specs;

static void test_pinyin(void **state)
{
	static const struct {
		const char *text, *typed;
		bool holds;
	} cases[] = {
		{"脱氢乙酸及其钠盐(以脱氢乙酸计)", "tqys", true},
		{"脱氢乙酸及其钠盐(以脱氢乙酸计)", "tuoqingyisuan", true},
		{"脱氢乙酸及其钠盐(以脱氢乙酸计)", "tuoqys", true},
		{"脱氢乙酸及其钠盐(以脱氢乙酸计)", "TQYS", true},
		{"脱氢乙酸及其钠盐(以脱氢乙酸计)", "nayan", true},
		{"脱氢乙酸及其钠盐(以脱氢乙酸计)", "tuoqin", true}, /* qing is on its way */
		{"脱氢乙酸及其钠盐(以脱氢乙酸计)", "tuoqinyi", false},
		{"脱氢乙酸及其钠盐(以脱氢乙酸计)", "氢乙", true},
		{"苯并[a]芘", "bbb", true}, /* what stands between is passed over */
		{"苯并[a]芘", "benbingbi", true},
		{"番茄", "fanqie", true},
		{"茄子", "qz", true},
		{"铝的残留量", "lv", true},
		{"铝的残留量", "lu", true},
		{"铅", "qian", true},
		{"铅", "q", false}, /* one letter says nothing */
		{"铅", "qiang", false},
		{"铅(以Pb计)", "pb", true},
		{"lead", "EAD", true},
		{"铅", "", true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		if (assay_pinyin_holds(cases[i].text, cases[i].typed) != cases[i].holds)
			fail_msg("%s %s %s", cases[i].text, cases[i].holds ? "does not hold" : "holds",
				cases[i].typed);
}

/* A standard that brings a character without a reading fails here. */
static void all_known(const char *text)
{
	for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
		bool han = *c >= 0xe4 && *c <= 0xe9; /* U+4000 to U+9FFF in UTF-8 */

		if (han && !assay_pinyin_known((const char *)c))
			fail_msg("no reading for %.3s of %s", (const char *)c, text);
		if (han)
			c += 2;
	}
}

static void test_readings(void **state)
{
	(void)state;
	for (size_t i = 0; i < assay_specs_standard_count(specs); i++) {
		const struct assay_standard *standard = assay_specs_standard(specs, i);

		all_known(standard->title_zh);
		for (size_t j = 0; j < standard->limit_count; j++) {
			all_known(standard->limits[j].analyte_zh);
			all_known(standard->limits[j].food_zh);
		}
	}
	for (size_t i = 0; i < assay_specs_product_count(specs); i++)
		all_known(assay_specs_product(specs, i)->name_zh);
	for (size_t i = 0; i < assay_specs_category_count(specs); i++)
		all_known(assay_specs_category_at(specs, i)->name_zh);
	assert_false(assay_pinyin_known("A"));
}

static const char *text(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

static void test_search(void **state)
{
	json_t *all = assay_editions_json(specs, "", NULL), *found = assay_editions_json(specs, "tqys", NULL);
	json_t *nothing = assay_editions_json(specs, "no such food", NULL);

	(void)state;
	assert_int_equal(json_array_size(all), assay_specs_standard_count(specs));
	assert_int_equal(json_array_size(nothing), 0);
	/* dehydroacetic acid is regulated by GB 2760 alone, in both editions, the newest first */
	assert_int_equal(json_array_size(found), 2);
	assert_string_equal(text(json_array_get(found, 0), "edition"), "gb-2760-2024");
	assert_string_equal(text(json_array_get(found, 1), "edition"), "gb-2760-2014");
	assert_true(json_is_true(json_object_get(json_array_get(found, 1), "partial")));
	json_decref(all);
	json_decref(found);
	json_decref(nothing);
}

/* Page after page is the whole, each row once, in order. */
static void test_pages(void **state)
{
	const struct assay_standard *standard = assay_edition_find(specs, "gb-2762-2025", NULL);
	json_int_t from = 0, row = 0;

	(void)state;
	assert_non_null(standard);
	while (from >= 0) {
		json_t *page = assay_edition_limits_json(specs, standard, "", (size_t)from, 50, NULL);
		json_t *limits = json_object_get(page, "limits"), *one;
		size_t index;

		json_array_foreach(limits, index, one)
		{
			assert_int_equal(json_integer_value(json_object_get(one, "row")), row);
			row++;
		}
		assert_int_equal(json_integer_value(json_object_get(page, "total")), standard->limit_count);
		from = json_integer_value(json_object_get(page, "next"));
		json_decref(page);
	}
	assert_int_equal(row, standard->limit_count);
}

static void test_unknown(void **state)
{
	struct assay_error err = {0};

	(void)state;
	assert_null(assay_edition_find(specs, "gb-2762", &err));
	assert_string_equal(err.code, "standard-unknown");
}

static void test_changes(void **state)
{
	const struct assay_standard *before = assay_edition_find(specs, "gb-2760-2014", NULL);
	const struct assay_standard *after = assay_edition_find(specs, "gb-2760-2024", NULL);
	json_t *report = assay_edition_changes_json(specs, before, after, NULL);
	json_t *same = assay_edition_changes_json(specs, after, after, NULL), *one;
	size_t index, pickles = 0, bread = 0;

	(void)state;
	assert_int_equal(json_array_size(json_object_get(same, "changes")), 0);
	json_array_foreach(json_object_get(report, "changes"), index, one)
	{
		const json_t *old = json_object_get(one, "before"), *new = json_object_get(one, "after");

		if (strcmp(text(one, "change"), "changed") != 0 ||
			strncmp(text(new, "analyte"), "dehydroacetic", 13) != 0)
			continue;
		if (strcmp(text(new, "category"), "04.02.02.03") == 0) {
			assert_string_equal(text(old, "limit"), "≤1.0 g/kg");
			assert_string_equal(text(new, "limit"), "≤0.3 g/kg");
			pickles++;
		} else if (strcmp(text(new, "category"), "07.01") == 0) {
			assert_string_equal(text(old, "limit"), "≤0.5 g/kg");
			assert_string_equal(text(new, "kind"), "prohibited");
			bread++;
		}
	}
	assert_int_equal(pickles, 1);
	assert_int_equal(bread, 1);
	json_decref(report);
	json_decref(same);
}

static int load(void **state)
{
	struct assay_error err = {0};

	(void)state;
	return assay_specs_load("specs", &specs, &err);
}

static int unload(void **state)
{
	(void)state;
	assay_specs_free(specs);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pinyin),
		cmocka_unit_test(test_readings),
		cmocka_unit_test(test_search),
		cmocka_unit_test(test_pages),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_changes),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
