/* SPDX-License-Identifier: Apache-2.0
 * assay journal: entries as they stand, one a line. */
#include "gateway/cli/ask.h"
#include "gateway/cli/client.h"
#include "gateway/lab/export.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE 200u

static const char help[] =
	"usage: assay journal [--from N] [--limit N] [--raw] [-d DIR] [--json]\n"
	"Entries of the journal, oldest first: sequence, time, kind, line, body. To the "
	"end, or --limit of them.\n"
	"  --from N    first sequence, default 0\n"
	"  --raw       the raw bytes too, as hex\n"
	"  --json      one JSON object a line\n"
	"       assay journal export [--since N] [-d DIR]\n"
	"The same from the files, without a gateway and changing nothing: the lines of assay "
	"export's entries.jsonl\n"
	"from sequence N on. Ask again with the last seq and one.\n";

struct range {
	unsigned long long from, limit; /* limit 0: to the end */
	bool raw, since;
};

static void print_entry(const struct assay_ask *ask, const json_t *entry)
{
	char *body;

	if (ask->json) {
		(void)json_dumpf(entry, stdout, JSON_COMPACT | JSON_PRESERVE_ORDER);
		(void)putchar('\n');
		return;
	}
	body = json_dumps(
		json_object_get(entry, "body"), JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_ENCODE_ANY);
	(void)printf("%" JSON_INTEGER_FORMAT "  %s  %s  ", json_integer_value(json_object_get(entry, "seq")),
		assay_ask_text(entry, "at"), assay_ask_text(entry, "kind"));
	assay_ask_put(*assay_ask_text(entry, "line") ? assay_ask_text(entry, "line") : "-");
	(void)printf("  ");
	assay_ask_put(body ? body : "");
	if (*assay_ask_text(entry, "raw"))
		(void)printf("\n    %s", assay_ask_text(entry, "raw"));
	(void)printf("\n");
	free(body);
}

/* In pages, so that neither side holds a long journal at once. *printed_out: entries; 0 at the end. */
static int print_page(const struct assay_ask *ask, const char *dir, struct range *range, size_t *printed_out,
	struct assay_error *err)
{
	unsigned long long want = range->limit && range->limit < PAGE ? range->limit : PAGE;
	json_t *request = json_pack("{s:s,s:I,s:I,s:b}", "cmd", "journal", "from", (json_int_t)range->from,
		"limit", (json_int_t)want, "raw", range->raw);
	json_t *answer = NULL, *entry;
	size_t index;
	int status =
		request ? assay_client_call(dir, request, &answer, err)
			: assay_error_set(err, ASSAY_ENOMEM, "out-of-memory", "内存不足", "out of memory");

	json_decref(request);
	*printed_out = 0;
	if (status != ASSAY_OK)
		return status;
	json_array_foreach(json_object_get(answer, "entries"), index, entry)
	{
		print_entry(ask, entry);
		range->from = (unsigned long long)json_integer_value(json_object_get(entry, "seq")) + 1;
		(*printed_out)++;
	}
	json_decref(answer);
	return ASSAY_OK;
}

static int print_range(const struct assay_ask *ask, struct range *range)
{
	struct assay_error err;
	const char *dir = assay_cli_dir(ask->dir, &err);
	bool limited = range->limit > 0;
	size_t printed = 1;
	int status = dir ? ASSAY_OK : ASSAY_EUSAGE;

	while (status == ASSAY_OK && printed && (!limited || range->limit) && !ferror(stdout)) {
		status = print_page(ask, dir, range, &printed, &err);
		if (limited)
			range->limit -= printed < range->limit ? printed : range->limit;
	}
	return status == ASSAY_OK ? assay_cli_flush() : assay_cli_fail(ask->json, status, &err);
}

static bool number(const char *text, unsigned long long *out)
{
	char *end;

	*out = strtoull(text, &end, 10);
	return *text >= '0' && *text <= '9' && !*end && *out <= INT64_MAX;
}

static int export_since(const struct assay_ask *ask, const struct range *range)
{
	struct assay_error err;
	const char *dir = assay_cli_dir(ask->dir, &err);
	int status = dir ? assay_export_lines(dir, range->from, stdout, &err) : ASSAY_EUSAGE;

	return status == ASSAY_OK ? assay_cli_flush() : assay_cli_fail(ask->json, status, &err);
}

int assay_cmd_journal(int argc, char **argv)
{
	static const struct option options[] = {ASSAY_ASK_OPTIONS, {"from", required_argument, NULL, 'f'},
		{"limit", required_argument, NULL, 'l'}, {"raw", no_argument, NULL, 'r'},
		{"since", required_argument, NULL, 's'}, {NULL, 0, NULL, 0}};
	struct assay_ask ask = {0};
	struct range range = {0};
	bool good = true;
	int option;

	while ((option = getopt_long(argc, argv, "d:", options, NULL)) != -1) {
		if (option == 'f')
			good = number(optarg, &range.from) && good;
		else if (option == 'l')
			good = number(optarg, &range.limit) && range.limit > 0 && good;
		else if (option == 's')
			good = range.since = number(optarg, &range.from) && good;
		else if (option == 'r')
			range.raw = true;
		else if (!assay_ask_option(&ask, option, optarg))
			return ASSAY_EXIT_USAGE;
	}
	if (ask.help) {
		(void)fputs(help, stdout);
		return assay_cli_flush();
	}
	if (good && argc - optind == 1 && strcmp(argv[optind], "export") == 0 && !range.raw && !range.limit)
		return export_since(&ask, &range);
	good = good && !range.since;
	return good && optind == argc ? print_range(&ask, &range) : assay_ask_usage(&ask, "journal");
}
