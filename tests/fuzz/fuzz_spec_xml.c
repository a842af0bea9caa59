/* SPDX-License-Identifier: Apache-2.0
 * Spec files: scan, parse, schema and reading of a standard against the test specs; a file that is taken can be judged by. */
#include "limits/limits.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char path[64];

static void remove_file(void)
{
	(void)unlink(path);
}

/* One file of this process, written anew for each input. */
static const char *file_of(const uint8_t *data, size_t size)
{
	FILE *file;

	if (!*path) {
		(void)snprintf(path, sizeof path, "/tmp/assay-fuzz-%ld.xml", (long)getpid());
		(void)atexit(remove_file);
	}
	file = fopen(path, "wb");
	if (!file || fwrite(data, 1, size, file) != size)
		abort();
	(void)fclose(file);
	return path;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct assay_verdict verdict;
	struct assay_specs *specs = NULL;
	struct assay_error err;
	const char *file = file_of(data, size);
	struct assay_question question = {.category = "T.3", .value = "0.5 mg/kg", .produced = "2026-10-01"};

	if (assay_specs_load_with("tests/limits/specs", &file, 1, true, &specs, &err) != ASSAY_OK)
		return 0;
	for (size_t i = 0; i < assay_specs_standard_count(specs); i++) {
		const struct assay_standard *standard = assay_specs_standard(specs, i);

		for (size_t j = 0; j < standard->limit_count; j++) {
			question.standard = standard->id;
			question.analyte = standard->limits[j].analyte;
			assay_judge(specs, &question, &verdict);
		}
	}
	assay_specs_free(specs);
	return 0;
}
