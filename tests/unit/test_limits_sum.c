/* SPDX-License-Identifier: Apache-2.0
 * Sums, ratios, sums of shares, declared limits, batches. Sections 3, 4 rule 4, 6.1, 7.10, 10 item 6 of the study. */
#include "tests/unit/limits_ask.h"

#define PARTS(...)                                                                                           \
	.components = (const struct assay_named_text[]){__VA_ARGS__},                                        \
	.component_count =                                                                                   \
		sizeof((const struct assay_named_text[]){__VA_ARGS__}) / sizeof(struct assay_named_text)
#define AUX(...)                                                                                             \
	.aux = (const struct assay_named_text[]){__VA_ARGS__},                                               \
	.aux_count =                                                                                         \
		sizeof((const struct assay_named_text[]){__VA_ARGS__}) / sizeof(struct assay_named_text)

static enum assay_verdict_kind pcbs(const char *first, const char *others, unsigned count)
{
	static const char *const names[] = {
		"PCB28", "PCB52", "PCB101", "PCB118", "PCB138", "PCB153", "PCB180"};
	struct assay_named_text parts[7];

	for (unsigned i = 0; i < count; i++) {
		parts[i].name = names[i];
		parts[i].text = i ? others : first;
	}
	return ASK(.standard = "GB 2762", .category = "F09.1.1", .analyte = "PCBs", .components = parts,
		.component_count = count);
}

/* Section 4 rule 4: PCBs limit 20: 18.0 and six <0.5 -> [18.0, 21.0) undetermined; six <0.3 -> [18.0, 19.8) pass. */
static void test_sum(void **state)
{
	(void)state;
	assert_int_equal(pcbs("18.0", "<0.5", 7), UNDETERMINED);
	assert_true(because("lod-above-limit"));
	assert_int_equal(pcbs("18.0", "<0.3", 7), PASS);
	assert_int_equal(pcbs("18.0 ug/kg", "ND (LOD 0.3 ug/kg)", 7), PASS);
	assert_int_equal(pcbs("18.0", "ND", 7), UNDETERMINED);
	assert_true(because("lod-not-stated"));
	assert_int_equal(pcbs("20.1", "<0.3", 7), FAIL);
	assert_int_equal(pcbs("20.1", "<0.3", 2), FAIL); /* what is missing can only add */
	assert_int_equal(pcbs("1.0", "1.0", 6), UNDETERMINED);
	assert_true(because("component-missing"));
	assert_int_equal(pcbs("1.0", "2.857", 7), PASS);
	assert_int_equal(
		ASK(.standard = "GB 2762", .category = "F09.1.1", .analyte = "PCBs", .value = "20 ug/kg"),
		PASS);
	assert_int_equal(ASK(.standard = "GB 2762", .category = "F09.1.1", .analyte = "PCBs",
				 PARTS({"PCB28", "1"}, {"PCB29", "1"})),
		UNDETERMINED);
	assert_true(because("component-unknown"));
	assert_int_equal(ASK(.standard = "GB 2762", .category = "F09.1.1", .analyte = "PCBs",
				 PARTS({"PCB28", "1"}, {"PCB 28", "1"})),
		UNDETERMINED);
	assert_true(because("component-twice"));
	/* section 3: fructose + glucose >= 60; Zn + Cu + Fe <= 20 mg/L */
	assert_int_equal(ASK(.standard = "GB 14963", .category = "P.14963", .analyte = "fructose + glucose",
				 PARTS({"fructose", "35.0"}, {"葡萄糖", "25.0"})),
		PASS);
	assert_int_equal(ASK(.standard = "GB 14963", .category = "P.14963", .analyte = "fructose + glucose",
				 PARTS({"fructose", "35.0"}, {"glucose", "24.9"})),
		FAIL);
	assert_int_equal(ASK(.standard = "GB 14963", .category = "P.14963", .analyte = "fructose + glucose",
				 PARTS({"fructose", "60.0"})),
		UNDETERMINED);
	assert_int_equal(
		ASK(.standard = "GB 7101", .category = "P.7101.METALCAN", .analyte = "sum of Zn, Cu, Fe",
			PARTS({"Zn", "10.0 mg/L"}, {"Cu", "5 mg/L"}, {"Fe", "5000 ug/L"})),
		PASS);
	assert_int_equal(
		ASK(.standard = "GB 7101", .category = "P.7101.METALCAN", .analyte = "sum of Zn, Cu, Fe",
			PARTS({"Zn", "10.0"}, {"Cu", "5"}, {"Fe", "5.1"})),
		FAIL);
}

/* Section 3: ammonium salt at most 30 % of amino acid nitrogen. */
static void test_ratio(void **state)
{
	(void)state;
	assert_int_equal(
		ASK(.standard = "GB/T 18186", .category = "P.18186.1.HS", .analyte = "ammonium salt as N",
			PARTS({"ammonium salt as N", "0.21 g/100mL"},
				{"amino acid nitrogen", "0.70 g/100mL"})),
		PASS);
	assert_int_equal(
		ASK(.standard = "GB/T 18186", .category = "P.18186.1.HS", .analyte = "ammonium salt as N",
			PARTS({"ammonium salt as N", "0.22 g/100mL"},
				{"amino acid nitrogen", "0.70 g/100mL"})),
		FAIL);
	assert_int_equal(
		ASK(.standard = "GB/T 18186", .category = "P.18186.1.HS", .analyte = "ammonium salt as N",
			.value = "2.1 g/L", AUX({"amino_acid_nitrogen", "0.70 g/100mL"})),
		PASS);
	assert_int_equal(ASK(.standard = "GB/T 18186", .category = "P.18186.1.HS",
				 .analyte = "ammonium salt as N", .value = "30 %"),
		PASS);
	assert_int_equal(ASK(.standard = "GB/T 18186", .category = "P.18186.1.HS",
				 .analyte = "ammonium salt as N", .value = "30.1 %"),
		FAIL);
	assert_int_equal(ASK(.standard = "GB/T 18186", .category = "P.18186.1.HS",
				 .analyte = "ammonium salt as N", .value = "0.10 g/100mL"),
		UNDETERMINED);
	assert_true(because("component-missing"));
	assert_int_equal(
		ASK(.standard = "GB/T 18186", .category = "P.18186.1.HS", .analyte = "ammonium salt as N",
			.value = "<0.21 g/100mL", AUX({"amino_acid_nitrogen", "0.70"})),
		PASS);
	assert_int_equal(
		ASK(.standard = "GB/T 18186", .category = "P.18186.1.HS", .analyte = "ammonium salt as N",
			.value = "0.1", AUX({"amino_acid_nitrogen", "0"})),
		UNDETERMINED);
	assert_true(because("ratio-undefined"));
}

#define PRESERVATIVES "sum over preservatives of (amount / max level)"
#define COLOURS "sum over same-colour colourants of (amount / max level)"

/* Section 6.1, pickles (max 1.0, 1.0, 0.3): 0.60, 0.30, 0.10 -> 1.233 fail; 0.50, 0.30, 0.06 -> 1.000 pass. */
static void test_shares(void **state)
{
	(void)state;
	assert_int_equal(ASK(.standard = "GB 2760", .category = "04.02.02.03", .analyte = PRESERVATIVES,
				 PARTS({"benzoic acid", "0.60"}, {"sorbic acid", "0.30"},
					 {"dehydroacetic acid", "0.10"})),
		FAIL);
	assert_int_equal(ASK(.standard = "GB 2760", .category = "04.02.02.03", .analyte = PRESERVATIVES,
				 PARTS({"benzoic acid", "0.50"}, {"山梨酸", "0.30 g/kg"},
					 {"dehydroacetic acid", "60 mg/kg"})),
		PASS);
	assert_int_equal(verdict.reasons.count, 0);
	assert_int_equal(ASK(.standard = "GB 2760", .category = "04.02.02.03", .analyte = PRESERVATIVES,
				 PARTS({"benzoic acid", "0.50"}, {"sorbic acid", "0.30"},
					 {"dehydroacetic acid", "0.0600000001"})),
		FAIL);
	/* not detected is nothing; below a value is an interval */
	assert_int_equal(ASK(.standard = "GB 2760", .category = "04.02.02.03", .analyte = PRESERVATIVES,
				 PARTS({"benzoic acid", "0.70"}, {"sorbic acid", "0.30"},
					 {"dehydroacetic acid", "ND (LOD 0.002 g/kg)"})),
		PASS);
	assert_int_equal(ASK(.standard = "GB 2760", .category = "04.02.02.03", .analyte = PRESERVATIVES,
				 PARTS({"benzoic acid", "0.70"}, {"sorbic acid", "0.30"},
					 {"dehydroacetic acid", "<0.002 g/kg"})),
		UNDETERMINED);
	/* each single limit must hold too, and a prohibited additive fails by itself */
	assert_int_equal(ASK(.standard = "GB 2760", .category = "07.02", .analyte = PRESERVATIVES,
				 PARTS({"sorbic acid", "0.10"}, {"dehydroacetic acid", "0.001"})),
		FAIL);
	assert_int_equal(
		ASK(.standard = "GB 2760", .category = "07.02", .analyte = PRESERVATIVES,
			PARTS({"sorbic acid", "0.10"}, {"dehydroacetic acid", "ND (LOD 0.002 g/kg)"})),
		PASS);
	assert_true(because(
		"sum-scope")); /* propionic acid and natamycin are permitted here too and were not given */
	assert_int_equal(ASK(.standard = "GB 2760", .category = "04.02.02.03", .analyte = PRESERVATIVES,
				 PARTS({"benzoic acid", "0.50"})),
		UNDETERMINED);
	assert_true(because("component-missing"));
	assert_int_equal(ASK(.standard = "GB 2760", .category = "04.02.02.03", .analyte = PRESERVATIVES,
				 PARTS({"benzoic acid", "0.50"}, {"tartrazine", "0.05"})),
		UNDETERMINED);
	assert_true(because("component-not-in-group"));
	/* by hue: red with red, not with yellow */
	assert_int_equal(ASK(.standard = "GB 2760", .category = "05.02", .analyte = COLOURS,
				 PARTS({"amaranth", "0.03"}, {"ponceau 4R", "0.03"})),
		FAIL);
	assert_int_equal(ASK(.standard = "GB 2760", .category = "05.02", .analyte = COLOURS,
				 PARTS({"amaranth", "0.02"}, {"ponceau 4R", "0.02"})),
		PASS);
	assert_int_equal(ASK(.standard = "GB 2760", .category = "05.02", .analyte = COLOURS,
				 PARTS({"amaranth", "0.02"}, {"tartrazine", "0.02"})),
		UNDETERMINED);
	assert_true(because("component-not-in-group"));
}

/* Section 10 item 6: a declared limit is judged too, the strictest wins for a pass. Sesame oil acid value 2.5 against 3. */
static void test_declared(void **state)
{
	struct assay_declared label = {"le", "2.5", "mg/g", "label"}, broken = {"le", "2,5", "mg/g", "label"};

	(void)state;
	assert_int_equal(ASK(.standard = "GB 2716", .category = "P.2716.EDIBLE", .analyte = "acid value",
				 .value = "2.7"),
		PASS);
	assert_int_equal(ASK(.standard = "GB 2716", .category = "P.2716.EDIBLE", .analyte = "acid value",
				 .value = "2.7", .declared = &label, .declared_count = 1),
		FAIL);
	assert_true(because("declared-limit"));
	assert_int_equal(ASK(.standard = "GB 2716", .category = "P.2716.EDIBLE", .analyte = "acid value",
				 .value = "2.5", .declared = &label, .declared_count = 1),
		PASS);
	assert_int_equal(ASK(.standard = "GB 2716", .category = "P.2716.EDIBLE", .analyte = "acid value",
				 .value = "2.4", .declared = &broken, .declared_count = 1),
		UNDETERMINED);
}

static struct assay_decision decision(
	const char *standard, const char *category, const char *analyte, const char *value)
{
	struct assay_question question = {.standard = standard,
		.category = category,
		.analyte = analyte,
		.value = value,
		.produced = "2026-10-01"};
	struct assay_decision out;

	assay_decide(specs, &question, &out);
	return out;
}

/* Section 7.10: fail if one fails; else undetermined if one is missing or undetermined; else pass, listing what earned it. */
static void test_batch(void **state)
{
	static struct assay_batch_verdict batch;
	struct assay_decision pass = decision("GB 17401", "P.17401", "moisture", "5.4"),
			      fail = decision("GB 17401", "P.17401", "moisture", "7.1"),
			      none = decision("GB 2762", "F22.2", "cadmium", "0.1"),
			      open = decision("GB 2762", "F22.2", "lead", "<2"),
			      weak = decision("GB 2721", "P.2721", "barium", "1"), both[2];
	struct assay_batch_item items[3] = {{"moisture", &pass, 1}, {"cadmium", &none, 1}, {"lead", NULL, 0}};

	(void)state;
	assay_batch_judge(items, 2, ASSAY_UNVERIFIED_REVIEW, &batch);
	assert_int_equal(batch.kind, PASS);
	assert_int_equal(batch.evidence_count, 2);
	assert_int_equal(batch.evidence[0].role, ASSAY_BATCH_EARNS);
	assert_ptr_equal(batch.evidence[0].limit, pass.limit);
	assert_int_equal(batch.evidence[1].role, ASSAY_BATCH_LISTED);
	assay_batch_judge(items, 3, ASSAY_UNVERIFIED_REVIEW, &batch);
	assert_int_equal(batch.kind, UNDETERMINED);
	assert_true(assay_reason_has(&batch.reasons, "not-tested"));
	items[2].decisions = &open;
	items[2].decision_count = 1;
	assay_batch_judge(items, 3, ASSAY_UNVERIFIED_REVIEW, &batch);
	assert_int_equal(batch.kind, UNDETERMINED);
	items[0].decisions = &fail;
	assay_batch_judge(items, 3, ASSAY_UNVERIFIED_REVIEW, &batch);
	assert_int_equal(batch.kind, FAIL);
	assay_batch_judge(items + 1, 1, ASSAY_UNVERIFIED_REVIEW, &batch);
	assert_int_equal(batch.kind, UNDETERMINED); /* nothing has earned a pass */
	assert_true(assay_reason_has(&batch.reasons, "nothing-judged"));
	assay_batch_judge(NULL, 0, ASSAY_UNVERIFIED_REVIEW, &batch);
	assert_int_equal(batch.kind, UNDETERMINED);
	items[0].decisions = &weak;
	assay_batch_judge(items, 1, ASSAY_UNVERIFIED_REVIEW, &batch);
	assert_int_equal(batch.kind, PASS);
	assert_true(batch.needs_review);
	assay_batch_judge(items, 1, ASSAY_UNVERIFIED_UNDETERMINED, &batch);
	assert_int_equal(batch.kind, UNDETERMINED);
	both[0] = pass;
	both[1] = fail;
	assert_int_equal(assay_decision_strictest(both, 2), 1);
}

static int count_items(void *context, const struct assay_plan_item *item)
{
	unsigned *count = context;

	count[0]++;
	count[1] += item->limit != NULL;
	count[2] += item->method != NULL;
	assert_non_null(item->standard);
	assert_non_null(item->analyte);
	return 0;
}

/* Every product has a plan, and each of its standards gives it at least one item or is not in force. */
static void test_plans(void **state)
{
	struct assay_error err;

	(void)state;
	assert_true(assay_specs_product_count(specs) >= 1);
	for (size_t i = 0; i < assay_specs_product_count(specs); i++) {
		unsigned count[3] = {0};

		assert_int_equal(assay_plan(specs, assay_specs_product(specs, i), "2026-10-01", NULL,
					 count_items, count, &err),
			0);
		assert_true(count[0] >= 3 && count[1] >= 1);
	}
	assert_int_equal(
		assay_plan(specs, assay_specs_product(specs, 0), "2026-13-01", NULL, count_items, NULL, &err),
		ASSAY_EREFUSED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_sum), cmocka_unit_test(test_ratio),
		cmocka_unit_test(test_shares), cmocka_unit_test(test_declared), cmocka_unit_test(test_batch),
		cmocka_unit_test(test_plans)};

	return cmocka_run_group_tests(tests, load_specs, unload_specs);
}
