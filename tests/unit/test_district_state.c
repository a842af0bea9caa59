/* SPDX-License-Identifier: Apache-2.0
 * What is told of a district against counts of its tests made here, one by one. Intervals: their formulas are checked
 * against scipy in tests/analysis; here that they stand beside the right n. */
#include "gateway/lab/district.h"
#include "gateway/lab/product_class.h"
#include "gateway/lab/quarter.h"
#include "tests/built.h"
#include "tests/unit/district_play.h"

static struct district made;
static struct assay_specs *specs;
static struct risk_play play;

static json_t *ask(const char *what, json_t *request)
{
	struct assay_error err = {0};
	int status;
	json_t *answer = assay_district_answer(what, request, risk_db(&play), specs, &status, &err);

	if (!answer)
		fail_msg("%s: %s", err.code, err.text_en);
	json_decref(request);
	return answer;
}

static const char *text(const json_t *object, const char *name)
{
	const char *value = json_string_value(json_object_get(object, name));

	return value ? value : "";
}

static json_int_t number(const json_t *object, const char *name)
{
	return json_integer_value(json_object_get(object, name));
}

struct counted {
	json_int_t n, failed;
};

/* "" any; quarter and origin -1 any. */
static struct counted count(const char *class, const char *analyte, int quarter, int origin)
{
	struct counted counted = {0, 0};
	char name[16];

	for (uint32_t i = 0; i < DISTRICT_TESTS; i++) {
		const struct district_test *test = &made.test[i];

		district_analyte(test->analyte, name);
		if ((*class && strcmp(district_products[test->class].class, class) != 0) ||
			(*analyte && strcmp(name, analyte) != 0) ||
			(quarter >= 0 && test->quarter != (uint32_t)quarter) ||
			(origin >= 0 && test->origin != (uint32_t)origin))
			continue;
		counted.n++;
		counted.failed += test->failed;
	}
	return counted;
}

static void assert_rate(const json_t *rate, struct counted wanted)
{
	assert_int_equal(number(rate, "n"), wanted.n);
	assert_int_equal(number(rate, "count"), wanted.failed);
	assert_true(*text(rate, "figure") && *text(rate, "low") && *text(rate, "high"));
	assert_true(strcmp(text(rate, "low"), text(rate, "figure")) <= 0);
	assert_true(strcmp(text(rate, "figure"), text(rate, "high")) <= 0);
}

static int begin(void **state)
{
	struct assay_error err;

	(void)state;
	assert_int_equal(assay_specs_load("specs", &specs, &err), ASSAY_OK);
	district_make(&made, 1000, true);
	risk_begin(&play);
	district_play(&play, &made);
	return 0;
}

static int end(void **state)
{
	(void)state;
	risk_end(&play);
	assay_specs_free(specs);
	return 0;
}

static void test_rates(void **state)
{
	json_t *rates = ask("rates", json_object()), *group;
	char planted[16];
	size_t index;
	json_int_t n = 0;

	(void)state;
	json_array_foreach(json_object_get(rates, "groups"), index, group)
	{
		assert_rate(json_object_get(group, "failed"),
			count(text(group, "class"), text(group, "analyte"), -1, -1));
		n += number(json_object_get(group, "failed"), "n");
	}
	assert_int_equal(n, DISTRICT_TESTS);
	group = json_array_get(json_object_get(rates, "groups"), 0);
	district_analyte(made.planted_analyte, planted);
	assert_string_equal(text(group, "class"), district_products[made.planted_class].class);
	assert_string_equal(text(group, "analyte"), planted);
	assert_true(json_is_true(json_object_get(group, "alarm")));
	assert_true(*text(group, "class_zh") && *text(group, "class_en"));
	json_decref(rates);
}

/* Every grouping adds up; a filter leaves what fits. */
static void test_groupings(void **state)
{
	static const char *const groupings[] = {"class", "analyte", "process", "quarter", "origin",
		"class,analyte,quarter", "analyte,origin", "class,analyte,process,quarter,origin"};

	(void)state;
	for (size_t i = 0; i < sizeof groupings / sizeof *groupings; i++) {
		json_t *rates = ask("rates", json_pack("{s:s,s:s}", "by", groupings[i], "quarter", "2026Q2")),
		       *group;
		json_int_t n = 0, failed = 0;
		size_t index;

		json_array_foreach(json_object_get(rates, "groups"), index, group)
		{
			n += number(json_object_get(group, "failed"), "n");
			failed += number(json_object_get(group, "failed"), "count");
		}
		if (number(rates, "left_out") == 0) {
			assert_int_equal(n, count("", "", 1, -1).n);
			assert_int_equal(failed, count("", "", 1, -1).failed);
		}
		json_decref(rates);
	}
}

/* The batches behind the planted entry: all of them, and no other. */
static void test_items(void **state)
{
	char analyte[16];
	json_t *items, *item;
	size_t index;
	json_int_t failed = 0;

	(void)state;
	district_analyte(made.planted_analyte, analyte);
	items = ask("items", json_pack("{s:s,s:s}", "class", district_products[made.planted_class].class,
				     "analyte", analyte));
	assert_int_equal(json_array_size(json_object_get(items, "items")), DISTRICT_PLANTED_TESTS);
	json_array_foreach(json_object_get(items, "items"), index, item)
	{
		assert_string_equal(text(item, "product"), district_products[made.planted_class].product);
		assert_true(*text(item, "batch") && *text(item, "result"));
		failed += strcmp(text(item, "outcome"), "fail") == 0;
	}
	assert_int_equal(failed, count(district_products[made.planted_class].class, analyte, -1, -1).failed);
	json_decref(items);
}

/* Page by page everything comes once. */
static void test_item_pages(void **state)
{
	json_int_t before = 0, seen = 0, last = INT64_MAX;

	(void)state;
	do {
		json_t *page = ask("items", json_pack("{s:I,s:s}", "before", before, "quarter", "2026Q1")),
		       *item;
		size_t index;

		json_array_foreach(json_object_get(page, "items"), index, item)
		{
			assert_true(number(item, "seq") < last);
			last = number(item, "seq");
			seen++;
		}
		before = number(page, "next");
		json_decref(page);
	} while (before);
	assert_int_equal(seen, count("", "", 0, -1).n);
}

static void test_trend(void **state)
{
	json_t *trends = ask("trend", json_object()), *series, *quarter;
	size_t index, at;

	(void)state;
	assert_int_equal(
		json_array_size(json_object_get(trends, "groups")), DISTRICT_CLASSES * DISTRICT_ITEMS + 1);
	json_array_foreach(json_object_get(trends, "groups"), index, series)
	{
		json_array_foreach(json_object_get(series, "quarters"), at, quarter)
		{
			int which = text(quarter, "quarter")[5] - '1';

			assert_rate(json_object_get(quarter, "failed"),
				count(text(series, "class"), text(series, "analyte"), which, -1));
		}
	}
	json_decref(trends);
}

/* Batches of the quarter, each planted test in one of its own. */
static int batches(uint32_t quarter)
{
	int count = 0;

	for (uint32_t i = 0; i < DISTRICT_TESTS; i++)
		count += made.test[i].quarter == quarter &&
			 (i >= DISTRICT_BATCHES * DISTRICT_ITEMS || i % DISTRICT_ITEMS == 0);
	return count;
}

static void test_overview(void **state)
{
	json_t *overview = ask("overview", json_pack("{s:s}", "quarter", "2026Q3")), *row;
	size_t index;

	(void)state;
	assert_rate(json_object_get(overview, "failed"), count("", "", 2, -1));
	assert_int_equal(number(overview, "batches"), batches(2));
	assert_int_equal(json_array_size(json_object_get(overview, "by_quarter")), 4);
	json_array_foreach(json_object_get(overview, "by_quarter"), index, row)
	{
		assert_rate(json_object_get(row, "failed"), count("", "", (int)index, -1));
	}
	json_array_foreach(json_object_get(overview, "origins"), index, row)
	{
		int which = 0;

		while (strcmp(district_origins[which], text(row, "origin")) != 0)
			which++;
		assert_rate(json_object_get(row, "failed"), count("", "", 2, which));
	}
	assert_int_equal(index, 4);
	json_decref(overview);
}

/* The plan of each product made here, less what was tested: analytes of this district are none of them. */
static void test_coverage(void **state)
{
	json_t *coverage = ask("coverage", json_object()), *product;
	size_t index;
	json_int_t items = 0;

	(void)state;
	assert_int_equal(json_array_size(json_object_get(coverage, "products")), DISTRICT_CLASSES);
	json_array_foreach(json_object_get(coverage, "products"), index, product)
	{
		assert_int_equal(number(product, "tested"), 0);
		assert_int_equal(
			number(product, "items"), json_array_size(json_object_get(product, "untested")));
		assert_true(number(product, "items") > 0 && number(product, "batches") > 0);
		items += number(product, "items");
	}
	assert_int_equal(items, number(coverage, "items"));
	json_decref(coverage);
	/* one verdict on lead in rice, and one item less is untested */
	risk_batch(&play, "L", "rice", "P001", "sent-in");
	risk_test(&play, "L.1", "L", "lead", "", "");
	risk_verdict(&play, "L.1", "pass", "", "");
	coverage = ask("coverage", json_object());
	assert_int_equal(number(coverage, "tested"), 1);
	assert_int_equal(number(coverage, "items"), items);
	json_decref(coverage);
}

/* PDF and CSV of a quarter by the command, twice the same; the CSV's rows are the groups, its formulas harmless. */
static void test_quarter_report(void **state)
{
	char program[500], command[900], path[2][100], *bytes[2];
	struct assay_error err;
	json_t *figures;
	size_t length[2];
	int status;

	(void)state;
	assert_int_equal(assay_state_commit(play.state, &err), ASSAY_OK);
	for (int again = 0; again < 2; again++) {
		FILE *file;

		(void)snprintf(path[again], sizeof path[again], "%s/report-%d.pdf", play.dir, again);
		(void)snprintf(command, sizeof command, "%s district report --quarter 2026Q2 -d %s --out %s",
			built("assay", program, sizeof program), play.dir, path[again]);
		assert_int_equal(system(command), 0);
		bytes[again] = calloc(1, 1 << 20);
		file = fopen(path[again], "re");
		assert_non_null(file);
		length[again] = fread(bytes[again], 1, 1 << 20, file);
		assert_int_equal(fclose(file), 0);
		assert_int_equal(unlink(path[again]), 0);
	}
	assert_true(length[0] > 10000 && length[0] == length[1]);
	assert_memory_equal(bytes[0], "%PDF-1.5", 8);
	assert_memory_equal(bytes[0], bytes[1], length[0]);
	free(bytes[0]);
	free(bytes[1]);
	figures = lab_quarter_figures(risk_db(&play), specs, "2026Q2", &status, &err);
	assert_non_null(figures);
	bytes[0] = lab_quarter_csv(figures, &length[0]);
	for (char *line = strchr(bytes[0], '\n'); line && line[1]; line = strchr(line + 1, '\n'))
		assert_true(line[1] == '"' && line[-1] == '\r' && line[2] != '=');
	json_decref(figures);
	free(bytes[0]);
	assert_null(lab_quarter_figures(risk_db(&play), specs, "", &status, &err));
	assert_int_equal(status, ASSAY_EREFUSED);
}

static void test_csv_is_harmless(void **state)
{
	json_t *figures = json_pack("{s:s,s:{s:[{s:s,s:s}]},s:{}}", "quarter", "2026Q2", "rates", "groups",
		"class", "=HYPERLINK(\"x\")", "analyte", "a,b\r\nc", "overview");
	size_t length;
	char *text = lab_quarter_csv(figures, &length);

	(void)state;
	assert_non_null(strstr(text, "\"'=HYPERLINK(\"\"x\"\")\""));
	assert_non_null(strstr(text, "\"a,b  c\""));
	free(text);
	json_decref(figures);
}

static void test_refused(void **state)
{
	static const char *const wrong[][2] = {
		{"by", "class,colour"}, {"quarter", "2026"}, {"quarter", "2026Q5"}};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		json_t *request = json_pack("{s:s}", wrong[i][0], wrong[i][1]);
		struct assay_error err = {0};
		int status;

		assert_null(assay_district_answer("rates", request, risk_db(&play), specs, &status, &err));
		assert_int_equal(status, ASSAY_EREFUSED);
		assert_string_equal(err.code, "field-invalid");
		json_decref(request);
	}
}

/* Article 11 of the measures on food production licences (2015, unchanged in order in 2020): applications are made for these
 * classes, and a licence's number counts them "in this order", 01 to 31. The catalogue of 2020 has food additives as 32. */
static void test_classes(void **state)
{
	static const char *const order[] = {"粮食加工品", "食用油、油脂及其制品", "调味品", "肉制品",
		"乳制品", "饮料", "方便食品", "饼干", "罐头", "冷冻饮品", "速冻食品", "薯类和膨化食品",
		"糖果制品", "茶叶及相关制品", "酒类", "蔬菜制品", "水果制品", "炒货食品及坚果制品", "蛋制品",
		"可可及焙烤咖啡产品", "食糖", "水产制品", "淀粉及淀粉制品", "糕点", "豆制品", "蜂产品",
		"保健食品", "特殊医学用途配方食品", "婴幼儿配方食品", "特殊膳食食品", "其他食品",
		"食品添加剂"};
	char code[8];

	(void)state;
	for (unsigned i = 0; i < sizeof order / sizeof *order; i++) {
		(void)snprintf(code, sizeof code, "%02u", i + 1);
		assert_string_equal(lab_class_name(code, true), order[i]);
	}
	assert_string_equal(lab_class_name("33", true), "未说明");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rates),
		cmocka_unit_test(test_groupings),
		cmocka_unit_test(test_items),
		cmocka_unit_test(test_item_pages),
		cmocka_unit_test(test_trend),
		cmocka_unit_test(test_overview),
		cmocka_unit_test(test_quarter_report),
		cmocka_unit_test(test_csv_is_harmless),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_coverage),
		cmocka_unit_test(test_classes),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
