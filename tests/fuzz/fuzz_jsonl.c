/* SPDX-License-Identifier: Apache-2.0
 * S10: lines of assay judge --jsonl: one line out for each in, whatever stands in it, and what comes out is JSON. */
#include "gateway/cli/judge_lines.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct assay_specs *specs;
	static struct assay_verdict verdict;
	struct assay_json_writer writer = {0};
	struct assay_error err;
	json_t *answer;
	char *line;

	if (!specs && assay_specs_load("tests/limits/specs", &specs, &err) != ASSAY_OK)
		abort();
	line = malloc(size + 1);
	if (!line)
		abort();
	if (size)
		memcpy(line, data, size);
	assay_judge_line(specs, line, size, 1, &verdict, &writer);
	if (writer.length < 2 || writer.bytes[writer.length - 1] != '\n' ||
		memchr(writer.bytes, '\n', writer.length - 1))
		abort();
	/* an id may be a number of any size: too large for jansson is not our fault */
	answer = json_loadb(writer.bytes, writer.length, JSON_DECODE_INT_AS_REAL, NULL);
	if (!answer && !memchr(writer.bytes, 'e', 60) && writer.length < 300)
		abort();
	json_decref(answer);
	free(writer.bytes);
	free(line);
	return 0;
}
