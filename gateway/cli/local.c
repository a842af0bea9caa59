/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/cli/local.h"

#include "gateway/cli/cli.h"
#include "gateway/lab/query.h"
#include "gateway/lab/report_run.h"

#include <stdio.h>
#include <stdlib.h>

int assay_local_open(const char *dir, bool advice, struct assay_local *out, struct assay_error *err)
{
	struct assay_places places;
	int status = assay_cli_places(dir, &places, err);

	*out = (struct assay_local){.state = NULL};
	if (status == ASSAY_OK)
		status = assay_specs_load(places.specs, &out->specs, err);
	if (status == ASSAY_OK && advice)
		status = assay_advice_shipped(places.specs, &out->advice, err);
	if (status == ASSAY_OK)
		status = assay_query_open(dir, &out->state, err);
	return status;
}

void assay_local_close(struct assay_local *local)
{
	(void)sqlite3_close_v2(local->state);
	assay_advice_free(local->advice);
	assay_specs_free(local->specs);
	*local = (struct assay_local){.state = NULL};
}

int assay_local_write(const char *path, const void *bytes, size_t length, struct assay_error *err)
{
	FILE *file = fopen(path, "wbe");
	bool good = file && fwrite(bytes, 1, length, file) == length;

	if ((file && fclose(file) != 0) || !good)
		return assay_error_set(
			err, ASSAY_EIO, "file-not-written", "写不了 %s", "%s cannot be written", path);
	return ASSAY_OK;
}

int assay_local_print(const json_t *document, const char *path, struct assay_error *err)
{
	char program[ASSAY_REPORT_PATH_MAX];
	unsigned char *bytes = NULL;
	size_t length = 0;
	int status = assay_report_find(program, err);

	if (status == ASSAY_OK)
		status = assay_report_run(program, "statement", document, 0, &bytes, &length, err);
	if (status == ASSAY_OK)
		status = assay_local_write(path, bytes, length, err);
	free(bytes);
	return status;
}
