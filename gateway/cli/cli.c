/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/cli/cli.h"

#include "gateway/bundle/bundle.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

int assay_cli_fail(bool json, int status, const struct assay_error *err)
{
	json_t *object = NULL;

	if (json) {
		object = json_pack("{s:{s:s,s:s,s:s}}", "error", "code", err->code, "text_zh", err->text_zh,
			"text_en", err->text_en);
		if (object && json_dumpf(object, stderr, JSON_COMPACT) == 0)
			(void)fputc('\n', stderr);
		json_decref(object);
	}
	if (!object)
		(void)fprintf(stderr, "assay: %s\n", err->text_en);
	return status == ASSAY_EUSAGE ? ASSAY_EXIT_USAGE : ASSAY_EXIT_REFUSED;
}

int assay_cli_places(const char *dir, struct assay_places *out, struct assay_error *err)
{
	const char *of = dir ? dir : getenv("ASSAY_DIR");

	return assay_bundle_places(of && *of ? of : NULL, out, err);
}

const char *assay_cli_dir(const char *dir, struct assay_error *err)
{
	if (!dir)
		dir = getenv("ASSAY_DIR");
	if (!dir || !*dir) {
		(void)assay_error_set(err, ASSAY_EUSAGE, "no-directory",
			"没有给出数据目录：请用 -d DIR，或设置 ASSAY_DIR",
			"no data directory: give -d DIR, or set ASSAY_DIR");
		return NULL;
	}
	return dir;
}

int assay_cli_flush(void)
{
	return fflush(stdout) != 0 || ferror(stdout) ? 1 : 0;
}
