/* SPDX-License-Identifier: Apache-2.0
 * Spec files: scan, parse, schema and reading of one against the test specs, where it takes the place of the file of its
 * kind; a set that is taken can be judged by. The test specs and the schemas are read once. */
#include "limits/limits.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool holds(const uint8_t *data, size_t size, const char *word)
{
	return memmem(data, size, word, strlen(word)) != NULL;
}

static const char *name_for(const uint8_t *data, size_t size)
{
	if (holds(data, size, "<standard"))
		return "forms-2021.xml";
	return holds(data, size, "<method") ? "titration.xml" : "test.xml";
}

static void judge_each(const struct assay_specs *specs, const struct assay_standard *standard)
{
	static const char *const values[] = {"0.5 mg/kg", "ND", "<10 CFU/g", "detected"};
	static struct assay_verdict verdict;
	struct assay_question question = {.standard = standard->id, .produced = "2026-10-01"};

	for (size_t i = 0; i < standard->limit_count; i++)
		for (size_t j = 0; j < sizeof values / sizeof *values; j++) {
			question.category = standard->limits[i].category;
			question.analyte = standard->limits[i].analyte;
			question.value = values[j];
			assay_judge(specs, &question, &verdict);
			if (verdict.kind == ASSAY_VERDICT_PASS && !verdict.limit && !verdict.not_permitted)
				abort();
		}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct assay_spec_folder *folder;
	struct assay_spec_bytes text = {name_for(data, size), (const char *)data, size};
	struct assay_specs *specs = NULL;
	struct assay_error err;

	if (!folder && assay_spec_folder_open("tests/limits/specs", &folder, &err) != ASSAY_OK)
		abort();
	if (assay_specs_load_texts(folder, &text, 1, true, &specs, &err) != ASSAY_OK)
		return 0;
	for (size_t i = 0; i < assay_specs_standard_count(specs); i++)
		judge_each(specs, assay_specs_standard(specs, i));
	assay_specs_free(specs);
	return 0;
}
