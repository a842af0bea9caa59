/* SPDX-License-Identifier: Apache-2.0
 * Pass is earned: a passing question for every kind of limit and for every row a product meets; take away each piece of its
 * evidence in turn, and not one pass remains. The count of what was taken away is printed. */
#include "tests/unit/limits_ask.h"

struct evidence {
	struct assay_question question;
	const char *results[16], *conditions[8];
	struct assay_named_text components[8], aux[8];
};

static unsigned taken, passes;

/* How often each piece was taken away. */
static struct {
	const char *what;
	unsigned times;
} pieces[32];

static void count_piece(const char *what)
{
	size_t i = 0;

	while (pieces[i].what && strcmp(pieces[i].what, what) != 0)
		i++;
	assert_true(i + 1 < sizeof pieces / sizeof *pieces);
	pieces[i].what = what;
	pieces[i].times++;
}

/* Ask with one thing changed; a pass is a fault. */
static void must_not_pass(const struct evidence *with, const char *what)
{
	struct evidence less = *with;

	taken++;
	count_piece(what);
	if (less.question.results)
		less.question.results = less.results;
	if (less.question.components)
		less.question.components = less.components;
	if (less.question.aux)
		less.question.aux = less.aux;
	if (less.question.conditions)
		less.question.conditions = less.conditions;
	if (ask_in(specs, less.question) != PASS)
		return;
	(void)fprintf(stderr, "still a pass without %s: %s %s %s\n", what, less.question.standard,
		less.question.category, less.question.analyte);
	fail();
}

static void drop_text(const struct evidence *with, size_t offset, const char *name)
{
	struct evidence less = *with;
	const char *bad[] = {NULL, "", "?"};

	for (size_t i = 0; i < 3; i++) {
		memcpy((char *)&less.question + offset, &bad[i], sizeof bad[i]);
		if (i == 0 && offset == offsetof(struct assay_question, produced))
			continue; /* the helper fills a date */
		must_not_pass(&less, name);
	}
}

static void without_named(const struct evidence *with, bool aux)
{
	size_t count = aux ? with->question.aux_count : with->question.component_count;

	for (size_t i = 0; i < count; i++) {
		struct evidence less = *with;
		struct assay_named_text *list = aux ? less.aux : less.components;

		list[i].text = "";
		must_not_pass(&less, "a value");
		list[i].text = aux ? "ND" : "1 furlong";
		must_not_pass(&less, "a good value");
		list[i].name = "nonsense";
		must_not_pass(&less, "a name");
		memmove(list + i,
			with->question.aux_count && aux ? with->aux + i + 1 : with->components + i + 1,
			(count - i - 1) * sizeof *list);
		if (aux)
			less.question.aux_count--;
		else
			less.question.component_count--;
		must_not_pass(&less, aux ? "an auxiliary value" : "a component");
	}
}

static void take_away(const struct evidence *with)
{
	struct evidence less = *with;
	struct assay_reason_list reasons = {.code = {"incomplete"}, .count = 1};

	passes++;
	if (ask_in(specs, with->question) != PASS) {
		(void)fprintf(stderr, "no pass to begin with: %s %s %s: %s\n", with->question.standard,
			with->question.category, with->question.analyte, verdict.text_en);
		fail();
	}
	drop_text(with, offsetof(struct assay_question, standard), "the standard");
	drop_text(with, offsetof(struct assay_question, category), "the category");
	drop_text(with, offsetof(struct assay_question, analyte), "the analyte");
	drop_text(with, offsetof(struct assay_question, produced), "the date");
	less.question.produced = "1999-01-01";
	if (strcmp(with->question.standard, "GB/T 10781") != 0) /* applies by the label, on any day */
		must_not_pass(&less, "an edition in force");
	less = *with;
	less.question.reasons = &reasons;
	must_not_pass(&less, "a result without faults");
	for (size_t i = 0; i < with->question.result_count; i++) {
		static const char *const bad[] = {"", "?", "1 furlong", "1,0", "NaN", "positive", "-1"};

		for (size_t j = 0; j < sizeof bad / sizeof *bad; j++) {
			less = *with;
			less.results[i] = bad[j];
			must_not_pass(&less, "a readable result");
		}
		less = *with;
		memmove(less.results + i, with->results + i + 1,
			(with->question.result_count - i - 1) * sizeof *less.results);
		less.question.result_count--;
		must_not_pass(&less, "a result");
	}
	if (with->question.result_count) {
		less = *with;
		less.results[less.question.result_count++] = with->results[0];
		must_not_pass(&less, "the right number of results");
	}
	without_named(with, true);
	without_named(with, false);
	for (size_t i = 0; i < with->question.condition_count; i++) {
		less = *with;
		less.conditions[i] = "nonsense";
		must_not_pass(&less, "a known condition");
		less = *with;
		less.conditions[i] = less.conditions[--less.question.condition_count];
		must_not_pass(&less, "a condition");
	}
	less = *with;
	less.question.rule = ASSAY_RULE_GUARD;
	must_not_pass(&less, "the uncertainty its decision rule needs");
}

static void start(struct evidence *evidence, const char *standard, const char *category, const char *analyte)
{
	memset(evidence, 0, sizeof *evidence);
	evidence->question = (struct assay_question){.standard = standard,
		.category = category,
		.analyte = analyte,
		.produced = "2026-10-01",
		.results = evidence->results,
		.components = evidence->components,
		.aux = evidence->aux,
		.conditions = evidence->conditions};
}

static void add_part(struct evidence *evidence, const char *name, const char *text)
{
	evidence->components[evidence->question.component_count++] = (struct assay_named_text){name, text};
}

/* Kinds whose evidence is more than one result. */
static void test_kinds(void **state)
{
	static const char *const pcbs[] = {
		"PCB28", "PCB52", "PCB101", "PCB118", "PCB138", "PCB153", "PCB180"};
	struct evidence one;

	(void)state;
	start(&one, "GB 2762", "F09.1.1", "PCBs");
	for (size_t i = 0; i < 7; i++)
		add_part(&one, pcbs[i], "1.0 ug/kg");
	take_away(&one);
	start(&one, "GB 14963", "P.14963", "fructose + glucose");
	add_part(&one, "fructose", "35.0 g/100g");
	add_part(&one, "glucose", "30.0 g/100g");
	take_away(&one);
	start(&one, "GB 7101", "P.7101.METALCAN", "sum of Zn, Cu, Fe");
	add_part(&one, "Zn", "1 mg/L");
	add_part(&one, "Cu", "1 mg/L");
	add_part(&one, "Fe", "1 mg/L");
	take_away(&one);
	start(&one, "GB/T 18186", "P.18186.1.HS", "ammonium salt as N");
	add_part(&one, "ammonium salt as N", "0.10 g/100mL");
	add_part(&one, "amino acid nitrogen", "0.70 g/100mL");
	take_away(&one);
	start(&one, "GB 2760", "04.02.02.03", "sum over preservatives of (amount / max level)");
	add_part(&one, "benzoic acid", "0.30 g/kg");
	add_part(&one, "sorbic acid", "0.30 g/kg");
	take_away(&one);
	start(&one, "GB/T 10781", "P.BAIJIU.ABV", "alcohol by volume");
	one.results[one.question.result_count++] = "52.0 %vol";
	one.aux[one.question.aux_count++] = (struct assay_named_text){"declared_value", "52.0"};
	take_away(&one);
	start(&one, "GB 2760", "06.01", "neotame"); /* not listed: not permitted */
	one.results[one.question.result_count++] = "ND (LOD 0.001 g/kg)";
	take_away(&one);
	start(&one, "GB 2760", "07.02", "natamycin"); /* two rows, each with its result: use and residue */
	one.results[one.question.result_count++] = "5.0 mg/kg";
	take_away(&one);
	start(&one, "GB 2762", "F03.1.3", "lead"); /* dried, with its factor */
	one.results[one.question.result_count++] = "1.0 mg/kg";
	one.aux[one.question.aux_count++] = (struct assay_named_text){"drying_factor", "5"};
	take_away(&one);
}

/* A result that passes the row, in its own digits, or false when the row needs more than one. */
static bool passing(
	const struct assay_limit *limit, struct evidence *evidence, char text[ASSAY_DECIMAL_TEXT_MAX])
{
	static const char *const converts[][3] = {
		{"dry", "moisture", "1"}, {"fat", "fat", "99"}, {"alcohol", "abv", "99"}};
	struct assay_decimal value = limit->has_lower ? limit->lower : limit->upper;
	size_t count = limit->n ? limit->n : 1;

	if (strncmp(limit->kind, "ratio", 5) == 0 || strncmp(limit->kind, "sum", 3) == 0 ||
		strcmp(limit->kind, "tol_pm") == 0)
		return false;
	if (!limit->has_lower && value.coefficient > 9)
		value.coefficient /= 2;
	else if (!limit->has_lower && value.coefficient > 0) { /* a smaller number with one more digit */
		value.coefficient = value.coefficient * 10 / 2;
		value.scale++;
	} else if (limit->has_lower) {
		value.coefficient += 1;
	}
	(void)assay_decimal_format(&value, text);
	if (strcmp(limit->kind, "qual_negative") == 0)
		(void)snprintf(text, ASSAY_DECIMAL_TEXT_MAX, "negative");
	else if (strcmp(limit->kind, "prohibited") == 0 ||
		 (strcmp(limit->kind, "nd") == 0 && value.coefficient == 0))
		(void)snprintf(text, ASSAY_DECIMAL_TEXT_MAX, "ND");
	else if (limit->n)
		(void)snprintf(text, ASSAY_DECIMAL_TEXT_MAX, "0");
	for (size_t i = 0; i < count; i++)
		evidence->results[evidence->question.result_count++] = text;
	for (size_t i = 0; i < 3; i++)
		if (strcmp(limit->convert, converts[i][0]) == 0)
			evidence->aux[evidence->question.aux_count++] =
				(struct assay_named_text){converts[i][1], converts[i][2]};
	return true;
}

static void add_conditions(struct evidence *evidence, const char *words, char copy[100])
{
	char *save = NULL;

	(void)snprintf(copy, 100, "%s", words);
	for (char *word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save))
		evidence->conditions[evidence->question.condition_count++] = word;
}

/* Every row of every edition, in its own category. */
static void test_every_row(void **state)
{
	(void)state;
	for (size_t i = 0; i < assay_specs_standard_count(specs); i++) {
		const struct assay_standard *standard = assay_specs_standard(specs, i);

		for (size_t j = 0; j < standard->limit_count; j++) {
			const struct assay_limit *limit = &standard->limits[j];
			struct evidence one;
			char text[ASSAY_DECIMAL_TEXT_MAX], words[100];

			if (strcmp(limit->analyte, "natamycin") == 0)
				continue; /* two rows at once: its own test */
			start(&one, standard->id, limit->category, limit->analyte);
			one.question.produced = *standard->from ? standard->from : "2026-10-01";
			if (!passing(limit, &one, text))
				continue;
			add_conditions(&one, limit->when, words);
			if (strstr(limit->dilution, "14.06") && strncmp(limit->category, "14.06", 5) == 0)
				one.aux[one.question.aux_count++] =
					(struct assay_named_text){"dilution", "2"};
			take_away(&one);
		}
	}
}

static int product_item(void *context, const struct assay_plan_item *item)
{
	const struct assay_product *product = context;
	struct evidence one;
	char text[ASSAY_DECIMAL_TEXT_MAX];

	if (!item->limit || !item->applies || strcmp(item->analyte, "natamycin") == 0 ||
		*item->limit->left_out_when)
		return 0;
	start(&one, item->standard->id, item->category, item->analyte);
	if (!passing(item->limit, &one, text))
		return 0;
	if (strcmp(item->category, "F09.2.DRY") ==
		0) /* a dried product is judged by its fresh food's limit */
		one.question.fresh_category = "F09.1.1";
	for (unsigned i = 0; i < product->condition_count; i++)
		if (strstr(item->limit->when, product->condition[i]))
			one.conditions[one.question.condition_count++] = product->condition[i];
	if (strstr(item->limit->dilution, "14.06") && strncmp(item->category, "14.06", 5) == 0)
		one.aux[one.question.aux_count++] = (struct assay_named_text){"dilution", "2"};
	take_away(&one);
	return 0;
}

/* Every item of the plan of every product, in the product's category. */
static void test_every_product(void **state)
{
	struct assay_error err;

	(void)state;
	for (size_t i = 0; i < assay_specs_product_count(specs); i++) {
		const struct assay_product *product = assay_specs_product(specs, i);

		assert_int_equal(assay_plan(specs, product, "2026-10-01", NULL, product_item,
					 (void *)(uintptr_t)product, &err),
			0);
	}
	(void)fprintf(stderr, "%u passes, %u pieces of evidence taken away, no pass left\n", passes, taken);
	for (size_t i = 0; pieces[i].what; i++)
		(void)fprintf(stderr, "  without %s: %u\n", pieces[i].what, pieces[i].times);
	assert_true(passes > 2000 && taken > 50000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_kinds), cmocka_unit_test(test_every_row),
		cmocka_unit_test(test_every_product)};

	return cmocka_run_group_tests(tests, load_specs, unload_specs);
}
