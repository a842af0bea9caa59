/* SPDX-License-Identifier: Apache-2.0
 * assay rebuild: the state made again from the journal. */
#include "gateway/record/rebuild.h"
#include "gateway/cli/cli.h"

#include <getopt.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>

static const char help[] =
	"usage: assay rebuild [-d DIR] [--json]\n"
	"Make DIR/state.db again from the journal and compare it with the one that was there, table by "
	"table.\n"
	"The gateway must not run. Exit 0: made (and the same); 1: a table was not the same, or it failed.\n";

static void on_differs(void *context, const char *table, uint64_t only_a, uint64_t only_b)
{
	(void)json_array_append_new(context, json_pack("{s:s,s:I,s:I}", "table", table, "only_old",
						     (json_int_t)only_a, "only_new", (json_int_t)only_b));
}

static void print(const struct assay_rebuild_report *report, const json_t *tables, bool json)
{
	json_t *object, *table;
	size_t index;

	if (json) {
		object = json_pack("{s:I,s:b,s:i,s:O}", "entries", (json_int_t)report->entries, "compared",
			report->compared, "tables", (int)report->tables, "differences", tables);
		(void)json_dumpf(object, stdout, JSON_COMPACT);
		(void)putchar('\n');
		json_decref(object);
		return;
	}
	(void)printf("状态已由 %" PRIu64 " 条重建\nthe state was made again from %" PRIu64 " entries\n",
		report->entries, report->entries);
	if (!report->compared)
		(void)printf("没有可比较的旧状态\nthere was no state to compare it with\n");
	else if (json_array_size(tables) == 0)
		(void)printf("与原来的 %u 张表相同\nthe same as before in all %u tables\n", report->tables,
			report->tables);
	json_array_foreach((json_t *)(uintptr_t)tables, index, table)(void)
		printf("%s: %lld / %lld\n", json_string_value(json_object_get(table, "table")),
			json_integer_value(json_object_get(table, "only_old")),
			json_integer_value(json_object_get(table, "only_new")));
}

int assay_cmd_rebuild(int argc, char **argv)
{
	static const struct option options[] = {{"dir", required_argument, NULL, 'd'},
		{"json", no_argument, NULL, 'j'}, {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
	struct assay_rebuild_report report;
	const char *dir = NULL;
	struct assay_error err;
	json_t *tables;
	bool json = false, same;
	int option, status;

	while ((option = getopt_long(argc, argv, "d:", options, NULL)) != -1) {
		if (option == 'd')
			dir = optarg;
		else if (option == 'j')
			json = true;
		else if (option == 'h')
			return fputs(help, stdout) < 0 ? ASSAY_EXIT_REFUSED : assay_cli_flush();
		else
			return ASSAY_EXIT_USAGE;
	}
	if (optind < argc && !dir)
		dir = argv[optind++];
	dir = assay_cli_dir(dir, &err);
	if (!dir || optind != argc)
		return dir ? ASSAY_EXIT_USAGE : assay_cli_fail(json, ASSAY_EUSAGE, &err);
	tables = json_array();
	status = assay_rebuild(dir, on_differs, tables, &report, &err);
	if (status == ASSAY_OK)
		print(&report, tables, json);
	same = json_array_size(tables) == 0;
	json_decref(tables);
	if (status != ASSAY_OK)
		return assay_cli_fail(json, status, &err);
	return assay_cli_flush() != 0 || !same ? ASSAY_EXIT_REFUSED : ASSAY_EXIT_DONE;
}
