/* SPDX-License-Identifier: Apache-2.0
 * assay history and assay trail search: who did what, when, with which instrument and why. */
#include "gateway/lab/trail.h"
#include "gateway/cli/ask.h"
#include "gateway/cli/cli.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

static const char history_help[] =
	"usage: assay history [-d DIR] [--json] BATCH|TEST|RESULT\n"
	"Everything that was recorded about it, oldest first: orders, fillings, refusals, results, verdicts, "
	"reviews.\n";
static const char trail_help[] =
	"usage: assay trail search [-d DIR] [--who NAME] [--what KIND] [--instrument ID] [--reason TEXT]\n"
	"                          [--about BATCH|TEST|RESULT] [--from TIME] [--to TIME] [--json]\n"
	"Entries of the journal that match all that is given, oldest first.\n"
	"  --what KIND        batch, test, arm, fill, refused, result, verdict, review, config, line, fault "
	"...\n"
	"  --who, --reason    a part of the text\n"
	"  --from, --to TIME  2026-11-25 (with --to: that whole day) or 2026-11-25T08:30:00Z; UTC\n";

static void put(const json_t *row, const char *name, const char *before)
{
	const char *text = json_string_value(json_object_get(row, name));

	if (!text || !*text)
		return;
	(void)fputs(before, stdout);
	assay_ask_put(text);
}

static int print_row(void *context, const json_t *row)
{
	const bool *json = context;

	if (*json) {
		(void)json_dumpf(row, stdout, JSON_COMPACT | JSON_PRESERVE_ORDER);
		(void)putchar('\n');
		return ferror(stdout) ? 1 : 0;
	}
	(void)printf("%" JSON_INTEGER_FORMAT, json_integer_value(json_object_get(row, "seq")));
	put(row, "at", "  ");
	put(row, "kind", "  ");
	put(row, "batch", "  ");
	put(row, "test", "  ");
	put(row, "result", "  ");
	put(row, "slot", "  ");
	put(row, "value", " = ");
	put(row, "unit", " ");
	put(row, "action", "  ");
	put(row, "instrument", "  @");
	put(row, "who", "  by ");
	put(row, "reason", "  : ");
	put(row, "text_zh", "  ");
	put(row, "text_en", " / ");
	(void)putchar('\n');
	return ferror(stdout) ? 1 : 0;
}

static int search(const char *dir, const struct assay_trail_query *query, bool must, bool json)
{
	struct assay_error err;
	uint64_t found = 0;
	int status;

	dir = assay_cli_dir(dir, &err);
	if (!dir)
		return assay_cli_fail(json, ASSAY_EUSAGE, &err);
	status = assay_trail_search(dir, query, print_row, &json, &found, &err);
	if (status == ASSAY_OK && must && found == 0)
		status = assay_error_set(&err, ASSAY_ENOTFOUND, "not-recorded", "台账里没有 %.80s",
			"the journal holds nothing about %.80s", query->subject);
	return status == ASSAY_OK ? assay_cli_flush() : assay_cli_fail(json, status, &err);
}

int assay_cmd_history(int argc, char **argv)
{
	static const struct option options[] = {{"dir", required_argument, NULL, 'd'},
		{"json", no_argument, NULL, 'j'}, {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
	struct assay_trail_query query = {0};
	const char *dir = NULL;
	bool json = false;
	int option;

	while ((option = getopt_long(argc, argv, "d:", options, NULL)) != -1) {
		if (option == 'd')
			dir = optarg;
		else if (option == 'j')
			json = true;
		else if (option == 'h')
			return fputs(history_help, stdout) < 0 ? ASSAY_EXIT_REFUSED : assay_cli_flush();
		else
			return ASSAY_EXIT_USAGE;
	}
	if (argc - optind != 1 || !*argv[optind]) {
		(void)fputs(history_help, stderr);
		return ASSAY_EXIT_USAGE;
	}
	query.subject = argv[optind];
	return search(dir, &query, true, json);
}

static bool take_option(struct assay_trail_query *query, int option, const char *value)
{
	switch (option) {
	case 'w':
		query->who = value;
		return true;
	case 'k':
		query->kind = value;
		return true;
	case 'i':
		query->instrument = value;
		return true;
	case 'r':
		query->reason = value;
		return true;
	case 'a':
		query->subject = value;
		return true;
	case 'f':
		return assay_trail_time(value, false, &query->from_ns);
	case 't':
		return assay_trail_time(value, true, &query->to_ns);
	default:
		return false;
	}
}

int assay_cmd_trail(int argc, char **argv)
{
	static const struct option options[] = {{"dir", required_argument, NULL, 'd'},
		{"who", required_argument, NULL, 'w'}, {"what", required_argument, NULL, 'k'},
		{"instrument", required_argument, NULL, 'i'}, {"reason", required_argument, NULL, 'r'},
		{"about", required_argument, NULL, 'a'}, {"from", required_argument, NULL, 'f'},
		{"to", required_argument, NULL, 't'}, {"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
	struct assay_trail_query query = {0};
	const char *dir = NULL;
	bool json = false;
	int option;

	while ((option = getopt_long(argc, argv, "d:", options, NULL)) != -1) {
		if (option == 'd')
			dir = optarg;
		else if (option == 'j')
			json = true;
		else if (option == 'h')
			return fputs(trail_help, stdout) < 0 ? ASSAY_EXIT_REFUSED : assay_cli_flush();
		else if (!take_option(&query, option, optarg)) {
			(void)fputs(trail_help, stderr);
			return ASSAY_EXIT_USAGE;
		}
	}
	if (argc - optind != 1 || strcmp(argv[optind], "search") != 0) {
		(void)fputs(trail_help, stderr);
		return ASSAY_EXIT_USAGE;
	}
	return search(dir, &query, false, json);
}
