/* SPDX-License-Identifier: Apache-2.0
 * Worked examples that every installation can run: the rounding examples of GB/T 8170-2008 (clauses 3.2, 3.3), its table of
 * limits compared in full (clause 4), and results judged by the installed editions named here: the sampling plan of GB 4789.1 with
 * two published rejections, and both sides of single limits. What must come out is the standards' own, never ours. */
#include "gateway/care/worked_examples.h"

#include "limits/limits.h"

#include <stdio.h>
#include <string.h>

static const struct {
	const char *value;
	int scale;
	const char *rounded;
} roundings[] = {
	{"12.1498", 0, "12"},
	{"12.1498", 1, "12.1"},
	{"1268", -2, "1300"},
	{"10.5002", 0, "11"},
	{"1.050", 1, "1.0"},
	{"0.35", 1, "0.4"},
	{"2500", -3, "2000"},
	{"3500", -3, "4000"},
	{"-355", -1, "-360"},
	{"-325", -1, "-320"},
	{"-365", -1, "-360"},
	{"-0.0365", 3, "-0.036"},
	{"97.46", 0, "97"},
	{"15.4546", 0, "15"},
	{"16.5203", 1, "16.5"},
	{"17.5000", 0, "18"},
};

/* limit kind, bounds, measured, verdict by full-value comparison */
static const struct {
	const char *lower, *upper, *measured;
	bool conforms;
} comparisons[] = {
	{"97.0", NULL, "97.01", true},
	{"97.0", NULL, "97.00", true},
	{"97.0", NULL, "96.96", false},
	{"97.0", NULL, "96.94", false},
	{NULL, "0.5", "0.452", true},
	{NULL, "0.5", "0.500", true},
	{NULL, "0.5", "0.549", false},
	{NULL, "0.5", "0.551", false},
	{"1.2", "1.6", "1.151", false},
	{"1.2", "1.6", "1.200", true},
	{"1.2", "1.6", "1.649", false},
	{"1.2", "1.6", "1.651", false},
	{"9.9", "10.1", "9.89", false},
	{"9.9", "10.1", "9.85", false},
	{"9.9", "10.1", "10.10", true},
	{"9.9", "10.1", "10.16", false},
};

/* An installed edition, pinned; results are the containers of a plan, or one text. */
static const struct {
	const char *standard, *category, *analyte, *produced, *results[6], *verdict;
} verdicts[] = {
	{"GB 2726-2016", "P.2726", "aerobic plate count", "2026-01-20",
		{"1.3e3 CFU/g", "6.8e4 CFU/g", "3.4e4 CFU/g", "2.4e5 CFU/g", "1.2e4 CFU/g"}, "fail"},
	{"GB 2726-2016", "P.2726", "aerobic plate count", "2026-01-20",
		{"2.2e2 CFU/g", "4.8e4 CFU/g", "5.5e4 CFU/g", "4.4e4 CFU/g", "7.2e4 CFU/g"}, "fail"},
	{"GB 2726-2016", "P.2726", "aerobic plate count", "2026-01-20",
		{"1.1e4 CFU/g", "1.2e4 CFU/g", "9e3 CFU/g", "8e3 CFU/g", "1e4 CFU/g"}, "pass"},
	{"GB 2726-2016", "P.2726", "aerobic plate count", "2026-01-20", {"1e3 CFU/g", "1e3 CFU/g"},
		"undetermined"},
	{"GB 2726-2016", "P.2726", "aerobic plate count", "2026-01-20", {">3.0e5 CFU/g"}, "fail"},
	{"GB 17401-2014", "P.17401", "moisture", "2026-01-20", {"7.00 g/100g"}, "pass"},
	{"GB 17401-2014", "P.17401", "moisture", "2026-01-20", {"7.01 g/100g"}, "fail"},
	{"GB 17401-2014", "P.17401", "moisture", "2026-01-20", {"<7.5 g/100g"}, "undetermined"},
	{"GB 17401-2014", "P.17401", "moisture", "2026-01-20", {"7.01 mg/L"}, "undetermined"},
};

static void failed(json_t *list, const char *what, const char *wanted, const char *found)
{
	(void)json_array_append_new(
		list, json_pack("{s:s,s:s,s:s}", "example", what, "wanted", wanted, "found", found));
}

/* {check, ran, failed: [{example, wanted, found}]}; failures is taken. */
static json_t *report(const char *check, size_t ran, json_t *failures)
{
	return json_pack("{s:s,s:i,s:b,s:o}", "check", check, "ran", (int)ran, "good",
		ran > 0 && json_array_size(failures) == 0, "failed", failures);
}

json_t *care_check_rounding(void)
{
	json_t *failures = json_array();

	for (size_t i = 0; i < sizeof roundings / sizeof *roundings; i++) {
		struct assay_decimal value, rounded;
		struct assay_fraction exact;
		char text[ASSAY_DECIMAL_TEXT_MAX] = "?";

		if (assay_decimal_parse(roundings[i].value, strlen(roundings[i].value), &value) == ASSAY_OK) {
			exact = assay_fraction_of(&value);
			if (assay_fraction_round(&exact, roundings[i].scale, ASSAY_ROUND_HALF_EVEN,
				    &rounded) == ASSAY_OK) {
				rounded.mark = ASSAY_MARK_EXACT;
				(void)assay_decimal_format(&rounded, text);
			}
		}
		if (strcmp(text, roundings[i].rounded) != 0)
			failed(failures, roundings[i].value, roundings[i].rounded, text);
	}
	return report("rounding", sizeof roundings / sizeof *roundings, failures);
}

static bool at_least(const char *value, const char *bound)
{
	struct assay_decimal a, b;

	return assay_decimal_parse(value, strlen(value), &a) == ASSAY_OK &&
	       assay_decimal_parse(bound, strlen(bound), &b) == ASSAY_OK &&
	       assay_decimal_compare(&a, &b) >= 0;
}

json_t *care_check_comparing(void)
{
	json_t *failures = json_array();

	for (size_t i = 0; i < sizeof comparisons / sizeof *comparisons; i++) {
		bool good =
			(!comparisons[i].lower || at_least(comparisons[i].measured, comparisons[i].lower)) &&
			(!comparisons[i].upper || at_least(comparisons[i].upper, comparisons[i].measured));

		if (good != comparisons[i].conforms)
			failed(failures, comparisons[i].measured,
				comparisons[i].conforms ? "conforms" : "does not",
				good ? "conforms" : "does not");
	}
	return report("comparing", sizeof comparisons / sizeof *comparisons, failures);
}

json_t *care_check_judging(const struct assay_specs *specs)
{
	json_t *failures = json_array();

	for (size_t i = 0; i < sizeof verdicts / sizeof *verdicts; i++) {
		struct assay_question question = {.standard = verdicts[i].standard,
			.category = verdicts[i].category,
			.analyte = verdicts[i].analyte,
			.produced = verdicts[i].produced,
			.results = verdicts[i].results};
		struct assay_decision decision;
		char what[200];

		while (verdicts[i].results[question.result_count])
			question.result_count++;
		assay_decide(specs, &question, &decision);
		(void)snprintf(what, sizeof what, "%s %s %s%s", verdicts[i].standard, verdicts[i].analyte,
			verdicts[i].results[0], verdicts[i].results[1] ? " ..." : "");
		if (strcmp(assay_verdict_name(decision.kind), verdicts[i].verdict) != 0)
			failed(failures, what, verdicts[i].verdict, assay_verdict_name(decision.kind));
	}
	return report("judging", sizeof verdicts / sizeof *verdicts, failures);
}
