/* SPDX-License-Identifier: Apache-2.0
 * Files of specs: what the schema and the checks across rows refuse, and that a refused file leaves nothing behind. */
#include "tests/unit/limits_ask.h"

#include <sys/stat.h>
#include <unistd.h>

static char dir[] = "/tmp/assay-specs-XXXXXX";

static const char *write_file(const char *name, const char *text)
{
	static char path[200];
	FILE *file;

	(void)snprintf(path, sizeof path, "%s/%s", dir, name);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	return path;
}

static void refused(const char *name, const char *text, const char *code, const char *words)
{
	const char *path = write_file(name, text);
	struct assay_specs *bad = NULL;
	struct assay_error err;
	int status = assay_specs_load_with("specs", &path, 1, false, &bad, &err);

	if (status == ASSAY_OK || strcmp(err.code, code) != 0 || !strstr(err.text_en, words))
		(void)fprintf(stderr, "%s: %s: %s\n", name, status ? err.code : "accepted",
			status ? err.text_en : "");
	assert_int_not_equal(status, ASSAY_OK);
	assert_null(bad);
	assert_string_equal(err.code, code);
	assert_non_null(strstr(err.text_en, words));
	assert_int_equal(unlink(path), 0);
	/* the running set is untouched */
	assert_int_equal(
		ASK(.standard = "GB 2762", .category = "F18", .analyte = "lead", .value = "0.51"), FAIL);
}

#define STANDARD(attributes, rows)                                                                           \
	"<?xml version=\"1.0\"?>\n<standard id=\"GB 99999-2020\" number=\"GB 99999\" title-zh=\"x\" "        \
	"title-en=\"x\" tree=\"GB2762\" " attributes " no-row=\"no-limit\">\n" rows "</standard>\n"
#define ROW(attributes)                                                                                      \
	"<limit category=\"F18\" analyte=\"lead\" analyte-zh=\"铅\" text=\"t\" clause=\"1\" source=\"s\" "  \
	"confidence=\"high\" " attributes "/>\n"
#define GOOD ROW("kind=\"le\" upper=\"0.5\" unit=\"mg/kg\"")
#define FROM "from=\"2020-01-01\""

static void test_rows(void **state)
{
	(void)state;
	refused("s.xml", STANDARD(FROM, ROW("kind=\"range\" lower=\"2\" upper=\"1\" unit=\"mg/kg\"")),
		"spec-invalid", ":3: the lower limit is above");
	refused("s.xml", STANDARD(FROM, ROW("kind=\"le\" upper=\"1\" unit=\"\"")), "spec-invalid",
		":3: the unit is missing");
	refused("s.xml", STANDARD(FROM, ROW("kind=\"le\" upper=\"1\" unit=\"furlong\"")), "spec-invalid",
		":3: the unit is missing");
	refused("s.xml", STANDARD(FROM, ROW("kind=\"le\" upper=\"1\"")), "xml-invalid", ":3");
	refused("s.xml", STANDARD(FROM, ROW("kind=\"le\" unit=\"mg/kg\"")), "spec-invalid",
		":3: the bound is missing");
	refused("s.xml", STANDARD(FROM, ROW("kind=\"less\" upper=\"1\" unit=\"mg/kg\"")), "xml-invalid",
		":3");
	refused("s.xml", STANDARD(FROM, ROW("kind=\"le\" upper=\"1,0\" unit=\"mg/kg\"")), "xml-invalid",
		":3");
	refused("s.xml",
		STANDARD(FROM, ROW("kind=\"plan3\" n=\"5\" c=\"2\" m=\"100\" M=\"10\" unit=\"CFU/g\"")),
		"spec-invalid", "sampling plan");
	refused("s.xml", STANDARD(FROM, ROW("kind=\"plan3\" n=\"5\" c=\"2\" m=\"100\" unit=\"CFU/g\"")),
		"spec-invalid", "sampling plan");
	refused("s.xml", STANDARD(FROM, ROW("kind=\"plan2\" n=\"5\" c=\"5\" m=\"1\" unit=\"CFU/g\"")),
		"spec-invalid", "sampling plan");
	refused("s.xml", STANDARD(FROM, ROW("kind=\"sum_le\" upper=\"1\" unit=\"mg/kg\"")), "spec-invalid",
		"which parts the sum has");
	refused("s.xml", STANDARD(FROM, ROW("kind=\"le\" upper=\"1\" unit=\"mg/kg\" when=\"full-moon\"")),
		"spec-invalid", "list of conditions");
	refused("s.xml", STANDARD(FROM, ROW("kind=\"le\" upper=\"1\" unit=\"mg/kg\" except=\"F99\"")),
		"spec-invalid", ":3: category F99 is not");
	refused("s.xml", STANDARD(FROM, ROW("kind=\"le\" upper=\"1\" unit=\"mg/kg\" screen=\"nothing\"")),
		"spec-invalid", "no such analyte");
	refused("s.xml",
		STANDARD(FROM, "<limit category=\"F18.9\" analyte=\"lead\" analyte-zh=\"铅\" text=\"t\" "
			       "clause=\"1\" source=\"s\" confidence=\"high\" kind=\"le\" upper=\"1\" "
			       "unit=\"mg/kg\"/>"),
		"spec-invalid", "F18.9 is not in the tree");
	refused("s.xml",
		STANDARD(FROM, "<limit category=\"F18\" analyte=\"lead\" analyte-zh=\"铅\" text=\"t\" "
			       "clause=\"1\" confidence=\"high\" kind=\"le\" upper=\"1\" unit=\"mg/kg\"/>"),
		"xml-invalid", "source");
	refused("s.xml", STANDARD(FROM, GOOD GOOD), "row-twice", "the same as line 3");
	refused("s.xml", STANDARD(FROM, ""), "xml-invalid", ":2");
	/* a code in lower case must not be taken for a condition */
	refused("s.xml",
		STANDARD(FROM, "<limit category=\"bread\" analyte=\"lead\" analyte-zh=\"铅\" text=\"t\" "
			       "clause=\"1\" source=\"s\" confidence=\"high\" kind=\"le\" upper=\"1\" "
			       "unit=\"mg/kg\"/>"),
		"spec-invalid", "bread is not in the tree");
	refused("s.xml",
		STANDARD(FROM,
			"<limit category=\"\" analyte=\"lead\" analyte-zh=\"铅\" text=\"t\" clause=\"1\" "
			"source=\"s\" confidence=\"high\" kind=\"le\" upper=\"1\" unit=\"mg/kg\"/>"),
		"spec-invalid", "is not in the tree");
}

static void test_editions(void **state)
{
	(void)state;
	refused("s.xml", STANDARD("", GOOD), "spec-invalid", "day of entry into force is missing");
	refused("s.xml", STANDARD("from=\"2020-02-30\"", GOOD), "xml-invalid", ":2");
	refused("s.xml", STANDARD("from=\"2020-01-01\" until=\"2019-01-01\"", GOOD), "spec-invalid",
		"until 2019-01-01 is wrong");
	refused("s.xml",
		STANDARD("from=\"2020-01-01\" until=\"2021-01-01\" successor=\"GB 99999-2021\"", GOOD),
		"spec-successor", "GB 99999-2021 does not exist");
	refused("s.xml",
		STANDARD("from=\"2020-01-01\" until=\"2021-01-01\" successor=\"GB 2762-2025\"", GOOD),
		"spec-successor", "another number");
	refused("s.xml",
		"<?xml version=\"1.0\"?>\n<standard id=\"GB 2762-2027\" number=\"GB 2762\" title-zh=\"x\" "
		"title-en=\"x\" tree=\"GB2762\" from=\"2027-01-01\" no-row=\"no-limit\">\n" GOOD
		"</standard>\n",
		"spec-overlap", "overlaps in time");
	/* an id says which edition is meant: it is given once, whatever the number beside it */
	refused("s.xml",
		"<?xml version=\"1.0\"?>\n<standard id=\"GB 17401-2014\" number=\"GB 99999\" title-zh=\"x\" "
		"title-en=\"x\" tree=\"GB2762\" from=\"2027-01-01\" no-row=\"no-limit\">\n" GOOD
		"</standard>\n",
		"id-twice", "GB 17401-2014 is in");
}

static void test_products_and_methods(void **state)
{
	(void)state;
	refused("p.xml", "<?xml version=\"1.0\"?>\n<product id=\"x\" nam-zh=\"x\"/>", "xml-invalid", ":2");
	refused("p.xml",
		"<product id=\"x\" name-zh=\"x\" name-en=\"x\" source=\"s\"><use standard=\"GB 1\" "
		"category=\"F18\"/></product>",
		"spec-invalid", "no standard GB 1");
	refused("p.xml",
		"<product id=\"x\" name-zh=\"x\" name-en=\"x\" source=\"s\"><use standard=\"GB 2762\" "
		"category=\"F99\"/></product>",
		"spec-invalid", "F99 is not in the tree");
	refused("p.xml",
		"<product id=\"x\" name-zh=\"x\" name-en=\"x\" source=\"s\"><use standard=\"GB 2760\" "
		"category=\"12.06\"/></product>",
		"spec-invalid", "reserved");
	refused("p.xml",
		"<product id=\"x\" name-zh=\"x\" name-en=\"x\" source=\"s\"><use standard=\"GB 2762\" "
		"category=\"F18\"/><condition name=\"new\"/></product>",
		"spec-invalid", "no condition new");
	refused("p.xml",
		"<product id=\"pastry\" name-zh=\"x\" name-en=\"x\" source=\"s\"><use standard=\"GB 2762\" "
		"category=\"F18\"/></product>",
		"id-twice", "pastry is in");
	refused("m.xml",
		"<method id=\"m\" standard=\"s\" title-zh=\"t\" title-en=\"t\" analyte=\"a\" "
		"analyte-zh=\"a\" unit=\"g/kg\" formula=\"a/(b-\" source=\"s\">"
		"<slot name=\"a\" name-zh=\"a\" name-en=\"a\" unit=\"g\"/><duplicates count=\"1\" "
		"source=\"s\"/><digits from=\"0\" significant=\"3\" source=\"s\"/></method>",
		"spec-invalid", "formula cannot be worked out");
	refused("m.xml",
		"<method id=\"m\" standard=\"s\" title-zh=\"t\" title-en=\"t\" analyte=\"a\" "
		"analyte-zh=\"a\" unit=\"g/kg\" formula=\"a\" lod=\"2\" loq=\"1\" source=\"s\">"
		"<slot name=\"a\" name-zh=\"a\" name-en=\"a\" unit=\"g\"/><duplicates count=\"1\" "
		"source=\"s\"/><digits from=\"0\" significant=\"3\" source=\"s\"/></method>",
		"spec-invalid", "the LOD is above the LOQ");
	refused("a.xml", "<analytes><analyte name=\"phlogiston\"/></analytes>", "spec-invalid",
		"no limit is for phlogiston");
	refused("x.xml", "<limits/>", "spec-unknown", "not a file of");
	refused("x.xml", "", "spec-unknown", "not a file of");
	refused("x.xml",
		"<?xml version=\"1.0\"?>\n<!DOCTYPE product [<!ENTITY a SYSTEM "
		"\"file:///etc/passwd\">]><product/>",
		"xml-refused", ":2");
	refused("x.xml", "<product", "xml-refused", ":1");
}

/* What would change if a new edition came into force: it takes over on its first day. */
static void test_supersede(void **state)
{
	static const char text[] =
		"<?xml version=\"1.0\"?>\n<standard id=\"GB 2762-2027\" number=\"GB 2762\" title-zh=\"x\" "
		"title-en=\"x\" tree=\"GB2762\" from=\"2027-01-01\" no-row=\"no-limit\">\n" GOOD
		"</standard>\n";
	const char *path = write_file("gb-2762-2027.xml", text);
	struct assay_specs *later = NULL;
	struct assay_error err;

	(void)state;
	assert_int_equal(assay_specs_load_with("specs", &path, 1, true, &later, &err), ASSAY_OK);
	assert_int_equal(ask_in(later, (struct assay_question){.standard = "GB 2762",
					       .category = "F18",
					       .analyte = "lead",
					       .value = "0.5",
					       .produced = "2027-01-01"}),
		PASS);
	assert_string_equal(verdict.standard->id, "GB 2762-2027");
	(void)ask_in(later, (struct assay_question){.standard = "GB 2762",
				    .category = "F18",
				    .analyte = "lead",
				    .value = "0.5",
				    .produced = "2026-12-31"});
	assert_string_equal(verdict.standard->id, "GB 2762-2025");
	assay_specs_free(later);
	assert_int_equal(unlink(path), 0);
}

/* A folder in memory makes the same sets as the folder on the disk, from texts as from files. */
static void test_texts(void **state)
{
	static const char text[] = STANDARD(FROM, GOOD), bad[] = STANDARD(FROM, GOOD GOOD);
	const struct assay_spec_bytes texts[] = {{"a.xml", text, sizeof text - 1}},
				      twice[] = {{"dir/b.xml", bad, sizeof bad - 1}},
				      empty[] = {{"c.xml", NULL, 0}};
	struct assay_spec_folder *folder = NULL;
	struct assay_specs *set = NULL, *plain = NULL;
	struct assay_error err;

	(void)state;
	assert_int_equal(assay_spec_folder_open("specs/nowhere", &folder, &err), ASSAY_ENOTFOUND);
	assert_null(folder);
	assert_int_equal(assay_spec_folder_open("specs", &folder, &err), ASSAY_OK);
	assert_int_equal(assay_specs_load_texts(folder, NULL, 0, false, &plain, &err), ASSAY_OK);
	assert_int_equal(assay_specs_load_texts(folder, twice, 1, false, &set, &err), ASSAY_EREFUSED);
	assert_string_equal(err.code, "row-twice");
	assert_int_equal(assay_specs_load_texts(folder, empty, 1, false, &set, &err), ASSAY_EREFUSED);
	assert_string_equal(err.code, "spec-unknown");
	assert_null(set);
	assert_int_equal(assay_specs_load_texts(folder, texts, 1, false, &set, &err), ASSAY_OK);
	assay_spec_folder_close(folder); /* the sets owe it nothing */
	assert_int_equal(assay_specs_file_count(plain), assay_specs_file_count(specs));
	for (size_t i = 0; i < assay_specs_file_count(specs); i++) {
		const struct assay_spec_file *a = assay_specs_file(specs, i), *b = assay_specs_file(plain, i);

		assert_string_equal(a->path, b->path);
		assert_string_equal(a->sha256, b->sha256);
		assert_int_equal(a->length, b->length);
		assert_memory_equal(a->bytes, b->bytes, a->length);
	}
	assert_int_equal(assay_specs_standard_count(set), assay_specs_standard_count(specs) + 1);
	assert_int_equal(ask_in(set, (struct assay_question){.standard = "GB 99999",
					     .category = "F18",
					     .analyte = "lead",
					     .value = "0.51",
					     .produced = "2026-10-01"}),
		FAIL);
	assay_specs_free(set);
	assay_specs_free(plain);
}

static bool uses(const struct assay_product *product, const char *standard)
{
	for (unsigned i = 0; i < product->use_count; i++)
		if (strcmp(product->use[i].standard, standard) == 0)
			return true;
	return false;
}

/* Each product has its category in the trees of contaminants, mycotoxins and additives, which hold every food. (Not every
 * food is in GB 29921's.) */
static void test_products(void **state)
{
	(void)state;
	for (size_t i = 0; i < assay_specs_product_count(specs); i++) {
		const struct assay_product *product = assay_specs_product(specs, i);

		assert_true(uses(product, "GB 2760") && uses(product, "GB 2761") && uses(product, "GB 2762"));
	}
}

/* Every row names its source, clause and confidence, and every file its digest; nothing in the set has no name. */
static void test_shipped(void **state)
{
	size_t rows = 0;

	(void)state;
	for (size_t i = 0; i < assay_specs_standard_count(specs); i++) {
		const struct assay_standard *standard = assay_specs_standard(specs, i);

		assert_int_equal(strlen(standard->file->sha256), 64);
		for (size_t j = 0; j < standard->limit_count; j++) {
			const struct assay_limit *limit = &standard->limits[j];

			rows++;
			assert_true(*limit->source && *limit->clause && *limit->text && *limit->analyte_zh);
			assert_true(strcmp(limit->confidence, "high") == 0 ||
				    strcmp(limit->confidence, "medium") == 0);
		}
	}
	assert_int_equal(rows, 1328);
	assert_true(assay_specs_product_count(specs) >= 40);
	assert_true(assay_specs_method_count(specs) >= 30);
	for (const struct assay_reason_text *reason = assay_reasons(); reason->code; reason++) {
		assert_ptr_equal(assay_reason_find(reason->code), reason); /* sorted */
		assert_true(*reason->zh && *reason->en);
	}
}

static int open_dir(void **state)
{
	return mkdtemp(dir) ? load_specs(state) : -1;
}

static int close_dir(void **state)
{
	(void)rmdir(dir);
	return unload_specs(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows), cmocka_unit_test(test_editions),
		cmocka_unit_test(test_products_and_methods), cmocka_unit_test(test_supersede),
		cmocka_unit_test(test_texts), cmocka_unit_test(test_products),
		cmocka_unit_test(test_shipped)};

	return cmocka_run_group_tests(tests, open_dir, close_dir);
}
