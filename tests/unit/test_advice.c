/* SPDX-License-Identifier: Apache-2.0
 * The advice that is shipped, and files that must be refused whole. */
#include "gateway/lab/advice.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define SCHEMA "specs/schema/advice.xsd"

static bool has_chinese(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text >= 0xe4)
			return true;
	return false;
}

static void look_at(const struct assay_sentence *sentence, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		assert_true(has_chinese(sentence[i].zh));
		assert_false(has_chinese(sentence[i].en));
		assert_true(strlen(sentence[i].source) >= 10);
	}
}

static void test_shipped(void **state)
{
	static const char *const asked[][2] = {
		{"dehydroacetic acid and sodium salt as dehydroacetic acid", "pickling"},
		{"aerobic plate count", "baking"}, {"acid value (fat basis)", "puffing"}, {"lead", "drying"}};
	struct assay_advice *advice = NULL;
	struct assay_error err;

	(void)state;
	assert_int_equal(assay_advice_load("specs/advice", SCHEMA, &advice, &err), ASSAY_OK);
	assert_true(assay_advice_count(advice) >= 15);
	for (size_t i = 0; i < assay_advice_count(advice); i++) {
		const struct assay_measure *measure = assay_advice_at(advice, i);

		assert_true(measure->cause_count > 0 && measure->step_count > 0);
		look_at(measure->cause, measure->cause_count);
		look_at(measure->step, measure->step_count);
		look_at(measure->next, measure->next_count);
	}
	for (size_t i = 0; i < sizeof asked / sizeof *asked; i++)
		assert_non_null(assay_advice_find(advice, asked[i][0], asked[i][1]));
	assert_null(assay_advice_find(advice, "lead", "bottling"));
	assert_null(assay_advice_find(advice, "no such analyte", "drying"));
	assay_advice_free(advice);
	assay_advice_free(NULL);
}

#define SENTENCE "zh=\"称量\" en=\"weigh\" source=\"made for this test\" verified=\"no\"/>"
#define MEASURE(id, process)                                                                                 \
	"<measure id=\"" id "\" analyte=\"lead\" process=\"" process "\"><cause " SENTENCE "<do " SENTENCE   \
	"</measure>"

static int load_text(const char *text, struct assay_advice **advice, struct assay_error *err)
{
	char dir[] = "/tmp/assay-advice-XXXXXX", path[64];
	FILE *file;
	int status;

	assert_non_null(mkdtemp(dir));
	(void)snprintf(path, sizeof path, "%s/one.xml", dir);
	if (text) {
		file = fopen(path, "we");
		assert_non_null(file);
		assert_true(fputs(text, file) >= 0);
		assert_int_equal(fclose(file), 0);
	}
	status = assay_advice_load(dir, SCHEMA, advice, err);
	(void)unlink(path);
	assert_int_equal(rmdir(dir), 0);
	return status;
}

static void test_refused(void **state)
{
	static const struct {
		const char *text, *code;
	} row[] = {{NULL, "advice-missing"}, {"<advice></advice>", "xml-invalid"},
		{"<!DOCTYPE advice><advice/>", "xml-refused"},
		{"<advice>" MEASURE("a", "smelting") "</advice>", "xml-invalid"},
		{"<advice>" MEASURE("a", "drying") MEASURE("a", "frying") "</advice>", "advice-twice"},
		{"<advice>" MEASURE("a", "drying") MEASURE("b", "drying") "</advice>", "advice-twice"},
		{"<advice><measure id=\"a\" analyte=\"lead\" process=\"drying\"><cause " SENTENCE
		 "</measure></advice>",
			"xml-invalid"}};

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		struct assay_advice *advice = NULL;
		struct assay_error err = {{0}, {0}, {0}};

		assert_int_not_equal(load_text(row[i].text, &advice, &err), ASSAY_OK);
		assert_string_equal(err.code, row[i].code);
		assert_null(advice);
	}
}

static void test_any_process(void **state)
{
	struct assay_advice *advice = NULL;
	struct assay_error err;

	(void)state;
	assert_int_equal(
		load_text("<advice>" MEASURE("a", "any") MEASURE("b", "frying") "</advice>", &advice, &err),
		ASSAY_OK);
	assert_string_equal(assay_advice_find(advice, "lead", "frying")->id, "b");
	assert_string_equal(assay_advice_find(advice, "lead", "drying")->id, "a");
	assay_advice_free(advice);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shipped),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_any_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
