/* SPDX-License-Identifier: Apache-2.0
 * assay export: the records as files that need no assay to read. */
#include "gateway/lab/export.h"
#include "gateway/cli/cli.h"
#include "gateway/lab/trail.h"

#include <getopt.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>

static const char help[] =
	"usage: assay export [-d DIR] [--from TIME] [--to TIME] [--json] DEST\n"
	"Write what was recorded to the new folder DEST: entries.jsonl with everything, CSV tables of "
	"batches, "
	"tests,\n"
	"fillings, results, verdicts, reviews and of the trail, the newest checkpoint, SHA256SUMS. Changes "
	"nothing in "
	"DIR.\n"
	"  --from, --to TIME  2026-11-25 (with --to: that whole day) or 2026-11-25T08:30:00Z; UTC\n";

static int bad_time(bool json, const char *text)
{
	struct assay_error err;

	(void)assay_error_set(&err, ASSAY_EUSAGE, "time-invalid",
		"时间 %.40s 读不懂；写成 2026-11-25 或 2026-11-25T08:30:00Z",
		"the time %.40s cannot be read; write 2026-11-25 or 2026-11-25T08:30:00Z", text);
	return assay_cli_fail(json, ASSAY_EUSAGE, &err);
}

static int print(const struct assay_export_report *report, const char *to, bool json)
{
	json_t *object;

	if (!json) {
		(void)printf("已导出 %" PRIu64 " 条到 %s（%u 个文件）\n%" PRIu64
			     " entries written to %s (%u files)\n",
			report->entries, to, report->files, report->entries, to, report->files);
		return assay_cli_flush();
	}
	object = json_pack("{s:s,s:I,s:i}", "export", to, "entries", (json_int_t)report->entries, "files",
		(int)report->files);
	(void)json_dumpf(object, stdout, JSON_COMPACT);
	(void)putchar('\n');
	json_decref(object);
	return assay_cli_flush();
}

int assay_cmd_export(int argc, char **argv)
{
	static const struct option options[] = {{"dir", required_argument, NULL, 'd'},
		{"from", required_argument, NULL, 'f'}, {"to", required_argument, NULL, 't'},
		{"json", no_argument, NULL, 'j'}, {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
	const char *dir = NULL, *from = NULL, *to = NULL;
	struct assay_export_report report;
	struct assay_error err;
	int64_t from_ns = 0, to_ns = 0;
	bool json = false;
	int option, status;

	while ((option = getopt_long(argc, argv, "d:", options, NULL)) != -1) {
		if (option == 'd')
			dir = optarg;
		else if (option == 'f')
			from = optarg;
		else if (option == 't')
			to = optarg;
		else if (option == 'j')
			json = true;
		else if (option == 'h')
			return fputs(help, stdout) < 0 ? ASSAY_EXIT_REFUSED : assay_cli_flush();
		else
			return ASSAY_EXIT_USAGE;
	}
	if (from && !assay_trail_time(from, false, &from_ns))
		return bad_time(json, from);
	if (to && !assay_trail_time(to, true, &to_ns))
		return bad_time(json, to);
	if (argc - optind != 1) {
		(void)fputs(help, stderr);
		return ASSAY_EXIT_USAGE;
	}
	dir = assay_cli_dir(dir, &err);
	if (!dir)
		return assay_cli_fail(json, ASSAY_EUSAGE, &err);
	status = assay_export(dir, argv[optind], from_ns, to_ns, &report, &err);
	return status == ASSAY_OK ? print(&report, argv[optind], json) : assay_cli_fail(json, status, &err);
}
