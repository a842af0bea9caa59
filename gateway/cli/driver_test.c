/* SPDX-License-Identifier: Apache-2.0
 * assay driver test: do the transcripts of an instrument file give the readings it names? */
#include "gateway/cli/cli.h"
#include "gateway/cli/driver.h"
#include "gateway/wire/transcript.h"

#include <dirent.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int is_spec(const struct dirent *entry)
{
	const char *dot = strrchr(entry->d_name, '.');

	return dot && strcmp(dot, ".xml") == 0;
}

static void say(const char *file, size_t transcripts, const struct assay_error *err, bool json)
{
	json_t *line;

	if (!json) {
		if (err)
			(void)fprintf(stderr, "assay: %s\n", err->text_en);
		else
			(void)printf("%s: %zu transcripts good\n", file, transcripts);
		return;
	}
	line = err ? json_pack("{s:s,s:b,s:s,s:s,s:s}", "file", file, "good", 0, "code", err->code, "text_zh",
			     err->text_zh, "text_en", err->text_en)
		   : json_pack("{s:s,s:b,s:i}", "file", file, "good", 1, "transcripts", (int)transcripts);
	if (line && json_dumpf(line, stdout, JSON_COMPACT) == 0)
		(void)putchar('\n');
	json_decref(line);
}

static int test_file(const struct assay_places *places, const char *path, bool json)
{
	struct assay_instrument_spec *spec = NULL;
	struct assay_plugin plugin;
	struct assay_error err;
	size_t count = 0;
	int status = assay_instrument_spec_read(places->specs, path, &spec, &err);

	if (status == ASSAY_OK) {
		count = spec->transcript_count;
		status = assay_plugin_load(places->drivers, spec->driver, &plugin, &err);
	}
	if (status == ASSAY_OK) {
		status = assay_transcripts_check(path, &plugin, spec, &err);
		assay_plugin_unload(&plugin);
	}
	assay_instrument_spec_free(spec);
	say(path, count, status == ASSAY_OK ? NULL : &err, json);
	return status == ASSAY_OK ? ASSAY_EXIT_DONE : ASSAY_EXIT_REFUSED;
}

int assay_driver_test(const struct assay_places *places, char **files, size_t count, bool json)
{
	struct dirent **names = NULL;
	char dir[600], path[900];
	int code = ASSAY_EXIT_DONE, found = 0;

	for (size_t i = 0; i < count; i++)
		if (test_file(places, files[i], json) != ASSAY_EXIT_DONE)
			code = ASSAY_EXIT_REFUSED;
	if (count)
		return code;
	(void)snprintf(dir, sizeof dir, "%s/instruments", places->specs);
	found = scandir(dir, &names, is_spec, alphasort);
	for (int i = 0; i < found; i++) {
		(void)snprintf(path, sizeof path, "%s/%s", dir, names[i]->d_name);
		if (test_file(places, path, json) != ASSAY_EXIT_DONE)
			code = ASSAY_EXIT_REFUSED;
		free(names[i]);
	}
	free(names);
	return found > 0 ? code : ASSAY_EXIT_REFUSED;
}
