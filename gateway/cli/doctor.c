/* SPDX-License-Identifier: Apache-2.0
 * assay doctor: what is not as it should be, and what to do about it. */
#include "gateway/care/advice.h"
#include "gateway/care/care.h"
#include "gateway/cli/ask.h"

#include <stdio.h>

static const char help[] =
	"usage: assay doctor [-d DIR] [--json] [--codes]\n"
	"Look at permissions, ports, clock, disk, journal, checkpoint, backup, calibrations, limits and "
	"library versions,\n"
	"while the gateway of DIR ($ASSAY_DIR) runs or not; change nothing. Each finding has a code and says "
	"what to do.\n"
	"  --codes  list every code with what to do\n"
	"Exit 0: nothing has to be done (notes may be printed); 1: there is a fault; 2: usage.\n";

static void put(const char *before, const char *text, const char *after)
{
	(void)printf("%s", before);
	assay_ask_put(text);
	(void)printf("%s", after);
}

static void print_finding(const json_t *finding)
{
	bool fault = json_is_true(json_object_get(finding, "fault"));

	(void)printf("%s  %s  ", fault ? "FAULT" : "note ", assay_ask_text(finding, "code"));
	put("", assay_ask_text(finding, "subject"), "\n");
	put("       ", assay_ask_text(finding, "text_zh"), "\n");
	put("       ", assay_ask_text(finding, "text_en"), "\n");
	put("       -> ", assay_ask_text(finding, "do_zh"), "\n");
	put("       -> ", assay_ask_text(finding, "do_en"), "\n");
}

static void print_figure(
	const json_t *figures, const char *key, const char *zh, const char *en, const char *unit)
{
	const json_t *value = json_object_get(figures, key);

	if (json_is_integer(value))
		(void)printf(
			"%s / %s: %" JSON_INTEGER_FORMAT "%s\n", zh, en, json_integer_value(value), unit);
}

static void print_care(const struct care *care)
{
	const json_t *finding;
	size_t index;

	json_array_foreach(care->findings, index, finding)
	{
		print_finding(finding);
	}
	print_figure(care->figures, "journal_entries", "台账条数", "entries in the journal", "");
	print_figure(care->figures, "journal_bytes_per_day", "每天增长", "growth a day", " bytes");
	print_figure(care->figures, "disk_days_left", "磁盘还够", "the disk will do for", " d");
	print_figure(care->figures, "checkpoint_age_s", "检查点距今", "age of the checkpoint", " s");
	print_figure(care->figures, "backup_age_s", "备份距今", "age of the backup", " s");
	if (care->faults == 0)
		(void)printf("没有需要处理的问题 / nothing has to be done\n");
	else
		(void)printf("%u 个问题需要处理 / faults to be dealt with: %u\n", care->faults, care->faults);
}

static int print_codes(bool json)
{
	json_t *list = json_array();

	for (const struct care_advice *row = care_advice_all(); row->code; row++) {
		if (json)
			(void)json_array_append_new(
				list, json_pack("{s:s,s:b,s:s,s:s}", "code", row->code, "fault", row->fault,
					      "do_zh", row->do_zh, "do_en", row->do_en));
		else
			(void)printf("%s  %s\n       -> %s\n       -> %s\n", row->fault ? "FAULT" : "note ",
				row->code, row->do_zh, row->do_en);
	}
	if (json && json_dumpf(list, stdout, JSON_COMPACT) == 0)
		(void)putchar('\n');
	json_decref(list);
	return assay_cli_flush();
}

int assay_cmd_doctor(int argc, char **argv)
{
	static const struct option options[] = {
		ASSAY_ASK_OPTIONS, {"codes", no_argument, NULL, 'c'}, {NULL, 0, NULL, 0}};
	struct assay_ask ask = {0};
	struct assay_error err;
	struct care care;
	bool codes = false;
	int option, status;

	while ((option = getopt_long(argc, argv, "d:", options, NULL)) != -1) {
		if (option == 'c')
			codes = true;
		else if (!assay_ask_option(&ask, option, optarg))
			return ASSAY_EXIT_USAGE;
	}
	if (ask.help) {
		(void)fputs(help, stdout);
		return assay_cli_flush();
	}
	if (optind != argc)
		return assay_ask_usage(&ask, "doctor");
	if (codes)
		return print_codes(ask.json);
	ask.dir = assay_cli_dir(ask.dir, &err);
	if (!ask.dir)
		return assay_cli_fail(ask.json, ASSAY_EUSAGE, &err);
	status = care_examine(ask.dir, &care, &err);
	if (status != ASSAY_OK) {
		care_free(&care);
		return assay_cli_fail(ask.json, status, &err);
	}
	if (ask.json) {
		json_t *answer = json_pack("{s:s,s:b,s:O,s:O}", "directory", ask.dir, "good",
			care.faults == 0, "findings", care.findings, "figures", care.figures);

		if (answer && json_dumpf(answer, stdout, JSON_COMPACT) == 0)
			(void)putchar('\n');
		json_decref(answer);
	} else {
		print_care(&care);
	}
	status = care.faults > 0;
	care_free(&care);
	return assay_cli_flush() != 0 || status ? ASSAY_EXIT_REFUSED : ASSAY_EXIT_DONE;
}
