/* SPDX-License-Identifier: Apache-2.0
 * assay who-can: who could do what on a day, from the journal's entries about people. */
#include "gateway/cli/ask.h"

#include <stdio.h>

static const char help[] =
	"usage: assay who-can [ACT] --on DATE [-d DIR] [--json]\n"
	"Who could do ACT on a day (YYYY-MM-DD), users and machines' tokens, from when until when of that "
	"day, and\n"
	"the entry that gave the right. ACT is a command's name, like batch.release, or its last word: a "
	"batch's act,\n"
	"or that of the only command that ends so. Without it everybody is listed with all his rights.\n"
	"What a role may do is as in this version.\n";

static void print_who(const json_t *answer)
{
	static const char *const names[] = {"subject", "name", "roles", "producer", "from", "until"};
	const json_t *row, *method;
	size_t index, at;

	json_array_foreach(json_object_get(answer, "who"), index, row)
	{
		for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
			(void)printf(i ? "  " : "");
			assay_ask_put(assay_ask_text(row, names[i]));
		}
		(void)printf("  #%" JSON_INTEGER_FORMAT, json_integer_value(json_object_get(row, "seq")));
		json_array_foreach(json_object_get(row, "methods"), at, method)
		{
			(void)printf("%s%s", at ? " " : "  ", json_string_value(method));
		}
		(void)printf("\n");
	}
}

int assay_cmd_who_can(int argc, char **argv)
{
	static const struct option options[] = {
		ASSAY_ASK_OPTIONS, {"on", required_argument, NULL, 'o'}, {NULL, 0, NULL, 0}};
	struct assay_ask ask = {0};
	const char *on = NULL;
	int option;

	while ((option = getopt_long(argc, argv, "d:", options, NULL)) != -1) {
		if (option == 'o')
			on = optarg;
		else if (!assay_ask_option(&ask, option, optarg))
			return ASSAY_EXIT_USAGE;
	}
	if (ask.help) {
		(void)fputs(help, stdout);
		return assay_cli_flush();
	}
	if (!on || argc - optind > 1)
		return assay_ask_usage(&ask, "who-can");
	return assay_ask_print(&ask,
		json_pack("{s:s,s:s,s:s}", "cmd", "who.can", "act", argc > optind ? argv[optind] : "", "on",
			on),
		"who_can", print_who);
}
