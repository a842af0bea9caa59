/* SPDX-License-Identifier: Apache-2.0
 * assay qualify: is what is installed here fit for use? Versions and digests, and the checks a program can make of itself, as
 * a report that the gateway's own key signs (ISO/IEC 17025 7.11.2: before use and after each change). */
#include "gateway/care/worked_examples.h"
#include "gateway/cli/cli.h"
#include "gateway/cli/local.h"
#include "gateway/config.h"
#include "gateway/lab/query_row.h"
#include "gateway/record/checkpoint.h"
#include "gateway/record/sha256.h"
#include "gateway/record/verify.h"
#include "gateway/wire/instrument_spec.h"
#include "gateway/wire/loader.h"
#include "gateway/wire/transcript.h"

#include <dirent.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>

#define REPORT_MAX 4194304u

static const char help[] = "usage: assay qualify -d DIR --out FILE [--json]\n"
			   "       assay qualify check FILE [-d DIR] [--key FILE]\n"
			   "Versions and SHA-256 of program, drivers and specs; rounding, comparing and "
			   "judging by worked examples; every\n"
			   "transcript of the instrument files; the journal of DIR verified. Written to FILE "
			   "as JSON, signed with the key\n"
			   "of DIR. Exit 1 when something does not hold; the report says what. check: is the "
			   "report's signature DIR's, or\n"
			   "that of the key in --key FILE? Its findings stand inside.\n";

static json_t *binary_json(void)
{
	char digest[65] = "";
	struct utsname system;

	(void)assay_sha256_file("/proc/self/exe", digest);
	if (uname(&system) != 0)
		memset(&system, 0, sizeof system);
	return json_pack("{s:s,s:s,s:s,s:s}", "version", ASSAY_VERSION, "sha256", digest, "system",
		system.release, "machine", system.machine);
}

static int is_file(const struct dirent *entry, const char *end)
{
	const char *dot = strrchr(entry->d_name, '.');

	return dot && strcmp(dot, end) == 0;
}

static int is_plugin(const struct dirent *entry)
{
	return is_file(entry, ".so");
}

static int is_spec(const struct dirent *entry)
{
	return is_file(entry, ".xml");
}

static json_t *drivers_json(const struct assay_places *places, bool *good)
{
	struct dirent **names = NULL;
	int count = scandir(places->drivers, &names, is_plugin, alphasort);
	json_t *list = json_array();

	*good = count > 0;
	for (int i = 0; i < count; i++) {
		struct assay_plugin plugin;
		struct assay_error err;
		char name[64];

		(void)snprintf(
			name, sizeof name, "%.*s", (int)strcspn(names[i]->d_name, "."), names[i]->d_name);
		if (assay_plugin_load(places->drivers, name, &plugin, &err) == ASSAY_OK) {
			(void)json_array_append_new(
				list, json_pack("{s:s,s:s,s:s,s:i}", "driver", name, "version",
					      plugin.driver.version, "sha256", plugin.sha256, "abi",
					      (int)plugin.driver.abi));
			assay_plugin_unload(&plugin);
		} else {
			*good = false;
			(void)json_array_append_new(
				list, json_pack("{s:s,s:s}", "driver", name, "error", err.text_en));
		}
		free(names[i]);
	}
	free(names);
	return list;
}

static json_t *specs_json(const struct assay_specs *specs)
{
	json_t *list = json_array();

	for (size_t i = 0; i < assay_specs_file_count(specs); i++)
		(void)json_array_append_new(
			list, json_pack("{s:s,s:s}", "file", assay_specs_file(specs, i)->path, "sha256",
				      assay_specs_file(specs, i)->sha256));
	return list;
}

/* The instrument's transcripts; the error's text, "" when all hold. */
static size_t try_transcripts(
	const struct assay_places *places, const char *path, char why[ASSAY_ERROR_TEXT_MAX])
{
	struct assay_instrument_spec *spec = NULL;
	struct assay_plugin plugin;
	struct assay_error err = {.text_en = ""};
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
	(void)snprintf(why, ASSAY_ERROR_TEXT_MAX, "%s", status == ASSAY_OK ? "" : err.text_en);
	return count;
}

static json_t *transcripts_json(const struct assay_places *places)
{
	struct dirent **names = NULL;
	char dir[600], path[900], why[ASSAY_ERROR_TEXT_MAX];
	json_t *failed = json_array(), *files = json_array();
	size_t ran = 0;
	int count;

	(void)snprintf(dir, sizeof dir, "%s/instruments", places->specs);
	count = scandir(dir, &names, is_spec, alphasort);
	for (int i = 0; i < count; i++) {
		char digest[65] = "";

		(void)snprintf(path, sizeof path, "%s/%s", dir, names[i]->d_name);
		(void)assay_sha256_file(path, digest);
		(void)json_array_append_new(
			files, json_pack("{s:s,s:s}", "file", names[i]->d_name, "sha256", digest));
		ran += try_transcripts(places, path, why);
		if (*why)
			(void)json_array_append_new(
				failed, json_pack("{s:s,s:s,s:s}", "example", names[i]->d_name, "wanted", "",
						"found", why));
		free(names[i]);
	}
	free(names);
	return json_pack("{s:s,s:i,s:b,s:o,s:o}", "check", "transcripts", "ran", (int)ran, "good",
		ran > 0 && json_array_size(failed) == 0, "failed", failed, "files", files);
}

static json_t *journal_json(const char *dir)
{
	struct assay_verify_options options = {.found = NULL};
	struct assay_verify_report report = {0};
	struct assay_error err = {.text_en = ""};
	char root[2 * ASSAY_HASH_SIZE + 1];
	int status = assay_verify_dir(dir, &options, &report, &err);
	json_t *failed = json_array();

	assay_hex(report.root, ASSAY_HASH_SIZE, root);
	if (status != ASSAY_OK || report.findings)
		(void)json_array_append_new(
			failed, json_pack("{s:s,s:s,s:s}", "example", "journal", "wanted", "", "found",
					status == ASSAY_OK ? report.worst.what.text_en : err.text_en));
	return json_pack("{s:s,s:I,s:b,s:o,s:I,s:s}", "check", "journal", "ran",
		(json_int_t)(report.end - report.first), "good", json_array_size(failed) == 0, "failed",
		failed, "checkpoints", (json_int_t)report.checkpoints, "root", root);
}

/* Everything; NULL with err. */
static json_t *qualify(const char *dir, const char *origin, struct assay_error *err)
{
	struct assay_places places;
	struct assay_specs *specs = NULL;
	struct timespec now;
	char at[32];
	json_t *checks, *drivers, *one, *report;
	size_t index;
	bool good = true;

	if (assay_places_find(&places, err) != ASSAY_OK ||
		assay_specs_load(places.specs, &specs, err) != ASSAY_OK)
		return NULL;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	drivers = drivers_json(&places, &good);
	checks = json_pack("[o,o,o,o,o]", care_check_rounding(), care_check_comparing(),
		care_check_judging(specs), transcripts_json(&places), journal_json(dir));
	json_array_foreach(checks, index, one)
	{
		good = good && json_is_true(json_object_get(one, "good"));
	}
	report = json_pack("{s:s,s:s,s:s,s:b,s:o,s:o,s:o,s:o}", "report", "assay qualification", "origin",
		origin, "at", query_time((int64_t)now.tv_sec * 1000000000 + now.tv_nsec, at), "good", good,
		"program", binary_json(), "drivers", drivers, "specs", specs_json(specs), "checks", checks);
	assay_specs_free(specs);
	if (!report)
		(void)assay_error_set(err, ASSAY_ENOMEM, "out-of-memory", "内存不足", "out of memory");
	return report;
}

/* Text, an empty line, the signature. */
static int write_signed(
	const json_t *report, const struct assay_origin_key *key, const char *path, struct assay_error *err)
{
	char *text = json_dumps(report, JSON_INDENT(1) | JSON_PRESERVE_ORDER), *note = NULL;
	char line[ASSAY_NOTE_LINE_MAX];
	int length = 0, status;

	if (text && asprintf(&note, "%s\n", text) > 0 && assay_note_sign(key, note, line) == 0) {
		free(note);
		length = asprintf(&note, "%s\n\n%s", text, line);
	}
	status = length > 0
			 ? assay_local_write(path, note, (size_t)length, err)
			 : assay_error_set(err, ASSAY_ENOMEM, "out-of-memory", "内存不足", "out of memory");
	free(text);
	free(note);
	return status;
}

static void say(const json_t *report, bool json)
{
	const json_t *one, *failed;
	size_t index, at;

	if (json) {
		(void)json_dumpf(report, stdout, JSON_COMPACT | JSON_PRESERVE_ORDER);
		(void)putchar('\n');
		return;
	}
	json_array_foreach(json_object_get(report, "checks"), index, one)
	{
		(void)printf("%s  %s  %" JSON_INTEGER_FORMAT "\n",
			json_string_value(json_object_get(one, "check")),
			json_is_true(json_object_get(one, "good")) ? "good" : "FAILED",
			json_integer_value(json_object_get(one, "ran")));
		json_array_foreach(json_object_get(one, "failed"), at, failed)
		{
			(void)printf("    %s: %s %s\n", json_string_value(json_object_get(failed, "example")),
				json_string_value(json_object_get(failed, "wanted")),
				json_string_value(json_object_get(failed, "found")));
		}
	}
	(void)printf("%s\n", json_is_true(json_object_get(report, "good")) ? "good" : "NOT good");
}

static int run(const char *dir, const char *out, bool json, bool *good, struct assay_error *err)
{
	struct assay_origin_key public, key;
	json_t *report = NULL;
	int status = assay_origin_key_public(dir, &public, err);

	if (status == ASSAY_OK)
		status = assay_origin_key_load(dir, public.origin, false, &key, err);
	if (status != ASSAY_OK)
		return status;
	report = qualify(dir, key.origin, err);
	status = report ? write_signed(report, &key, out, err) : ASSAY_EREFUSED;
	explicit_bzero(&key, sizeof key);
	if (status == ASSAY_OK) {
		*good = json_is_true(json_object_get(report, "good"));
		say(report, json);
	}
	json_decref(report);
	return status;
}

static int read_text(const char *path, char **out, struct assay_error *err)
{
	FILE *file = fopen(path, "rbe");
	char *text = malloc(REPORT_MAX + 1);
	size_t got = file && text ? fread(text, 1, REPORT_MAX, file) : 0;

	if (file)
		(void)fclose(file);
	*out = text;
	if (got > 0) {
		text[got] = '\0';
		return ASSAY_OK;
	}
	return assay_error_set(
		err, ASSAY_ENOTFOUND, "file-unreadable", "%s：不能读取", "%s: cannot be read", path);
}

static int check(const char *path, const char *dir, const char *key_file, struct assay_error *err)
{
	struct assay_origin_key key;
	char *note = NULL, *line = NULL;
	int status = read_text(path, &note, err);

	if (status == ASSAY_OK && key_file) {
		status = read_text(key_file, &line, err);
		if (status == ASSAY_OK)
			status = assay_origin_key_parse(line, &key, err);
	} else if (status == ASSAY_OK) {
		status = assay_origin_key_public(dir, &key, err);
	}
	if (status == ASSAY_OK && assay_note_check(&key, note) != ASSAY_OK)
		status = assay_error_set(err, ASSAY_EDAMAGED, "signature-wrong",
			"%s：签名不是 %.60s 的，或内容被改过", "%s: not signed by %.60s, or changed since",
			path, key.origin);
	if (status == ASSAY_OK)
		(void)printf("%s\n", key.origin);
	free(line);
	free(note);
	return status;
}

static int usage_error(bool json)
{
	struct assay_error err;

	(void)assay_error_set(
		&err, ASSAY_EUSAGE, "usage", "用法见 assay qualify --help", "see assay qualify --help");
	return assay_cli_fail(json, ASSAY_EUSAGE, &err);
}

int assay_cmd_qualify(int argc, char **argv)
{
	static const struct option options[] = {{"dir", required_argument, NULL, 'd'},
		{"out", required_argument, NULL, 'o'}, {"key", required_argument, NULL, 'k'},
		{"json", no_argument, NULL, 'j'}, {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
	const char *dir = NULL, *out = NULL, *key = NULL;
	struct assay_error err;
	bool json = false, good = true, checks;
	int option, status;

	while ((option = getopt_long(argc, argv, "d:o:", options, NULL)) != -1) {
		if (option == 'd')
			dir = optarg;
		else if (option == 'o')
			out = optarg;
		else if (option == 'k')
			key = optarg;
		else if (option == 'j')
			json = true;
		else if (option == 'h')
			return fputs(help, stdout) < 0 ? ASSAY_EXIT_REFUSED : assay_cli_flush();
		else
			return ASSAY_EXIT_USAGE;
	}
	checks = argc - optind == 2 && strcmp(argv[optind], "check") == 0;
	if (!checks && (argc != optind || !out))
		return usage_error(json);
	if (!key || !checks) {
		dir = assay_cli_dir(dir, &err);
		if (!dir)
			return assay_cli_fail(json, ASSAY_EUSAGE, &err);
	}
	status = checks ? check(argv[optind + 1], dir, key, &err) : run(dir, out, json, &good, &err);
	if (status != ASSAY_OK)
		return assay_cli_fail(json, status, &err);
	return good ? assay_cli_flush() : ASSAY_EXIT_REFUSED;
}
