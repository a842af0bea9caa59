/* SPDX-License-Identifier: Apache-2.0
 * assay test: show a test, fill its slots from instruments or by hand. */
#include "gateway/cli/ask.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
	"usage: assay test show TEST [-d DIR] [--json]\n"
	"       assay test fill TEST SLOT --instrument I [--replicate N] [--take]\n"
	"       assay test disarm TEST\n"
	"       assay test enter TEST SLOT VALUE --reason R [--replicate N]\n"
	"       assay test missing TEST --replicate N --reason R\n"
	"       assay test take-back TEST --reason R\n"
	"       assay test retest TEST --rule retest-decides|worst-decides --reason R [--who NAME]\n"
	"fill: the slot waits for the instrument's next stable reading sent by its print key; with --take "
	"one stable\n"
	"value is asked for now. enter: a value by hand, \"20.1127 g\"; it always waits for review.\n"
	"missing: container N of a sampling plan cannot be counted. take-back: the last filling of a test "
	"that has\n"
	"no result yet; its slot is empty again, and the result waits for review.\n"
	"retest: the test once more; the rule says which result counts, before the new one is seen.\n"
	"A test is named like S26-1125-01.1; --replicate counts from 1, which is the default.\n";

static void print_slot(const json_t *slot)
{
	(void)printf("  %s.%d  ", assay_ask_text(slot, "slot"),
		(int)json_integer_value(json_object_get(slot, "replicate")));
	assay_ask_put(assay_ask_words(slot, "name"));
	(void)printf("  %s  ", assay_ask_text(slot, "status"));
	assay_ask_put(assay_ask_text(slot, "value"));
	(void)printf(" %s", assay_ask_text(slot, "unit"));
	if (*assay_ask_text(slot, "instrument")) {
		(void)printf("  ");
		assay_ask_put(assay_ask_text(slot, "instrument"));
	}
	if (json_is_true(json_object_get(slot, "typed")))
		(void)printf("  %s", assay_ask_chinese() ? "手工值" : "typed");
	if (*assay_ask_words(slot, "reason")) {
		(void)printf("  ");
		assay_ask_put(assay_ask_words(slot, "reason"));
	}
	(void)printf("\n");
}

static void print_test(const json_t *test)
{
	const json_t *row, *result = json_object_get(test, "result");
	size_t index;

	(void)printf("%s  ", assay_ask_text(test, "test"));
	assay_ask_put(assay_ask_words(test, "analyte"));
	(void)printf("  %s  %s  %s\n", assay_ask_text(test, "method_standard"),
		assay_ask_text(test, "formula"), assay_ask_text(test, "status"));
	json_array_foreach(json_object_get(test, "slots"), index, row)
	{
		print_slot(row);
	}

	json_array_foreach(json_object_get(test, "calculated"), index, row)
	{
		(void)printf("  %s.%d = %s %s\n", assay_ask_text(row, "name"),
			(int)json_integer_value(json_object_get(row, "replicate")),
			assay_ask_text(row, "value"), assay_ask_text(row, "unit"));
	}
	json_array_foreach(json_object_get(test, "evidence"), index, row)
	{
		(void)printf("  %s  %s..%s %s  (%d)  %s\n", assay_ask_text(row, "instrument"),
			assay_ask_text(row, "min"), assay_ask_text(row, "max"), assay_ask_text(row, "unit"),
			(int)json_integer_value(json_object_get(row, "count")),
			assay_ask_text(row, "status"));
	}
	if (json_is_object(result)) {
		(void)printf("  %s  %s %s  ", assay_ask_text(result, "result"),
			assay_ask_text(result, "value"), assay_ask_text(result, "unit"));
		assay_ask_put(assay_ask_words(json_object_get(result, "verdict"), "text"));
		(void)printf("\n");
	}
}

struct wanted {
	const char *instrument, *reason, *rule, *who;
	int replicate;
	bool take;
};

static json_t *request(const struct wanted *wanted, int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[0], "show") == 0)
		return json_pack("{s:s,s:s}", "cmd", "test.show", "test", argv[1]);
	if (argc == 2 && strcmp(argv[0], "disarm") == 0)
		return json_pack("{s:s,s:s}", "cmd", "test.disarm", "test", argv[1]);
	if (argc == 3 && strcmp(argv[0], "fill") == 0 && wanted->instrument)
		return json_pack("{s:s,s:s,s:s,s:i,s:s,s:b}", "cmd", "test.fill", "test", argv[1], "slot",
			argv[2], "replicate", wanted->replicate, "instrument", wanted->instrument, "take",
			wanted->take);
	if (argc == 2 && strcmp(argv[0], "retest") == 0 && wanted->reason && wanted->rule)
		return json_pack("{s:s,s:s,s:s,s:s,s:s*}", "cmd", "test.retest", "test", argv[1], "rule",
			wanted->rule, "reason", wanted->reason, "who", wanted->who);
	if (argc == 2 && strcmp(argv[0], "missing") == 0 && wanted->reason)
		return json_pack("{s:s,s:s,s:i,s:s}", "cmd", "test.missing", "test", argv[1], "replicate",
			wanted->replicate, "reason", wanted->reason);
	if (argc == 2 && strcmp(argv[0], "take-back") == 0 && wanted->reason)
		return json_pack(
			"{s:s,s:s,s:s}", "cmd", "test.take-back", "test", argv[1], "reason", wanted->reason);
	if (argc == 4 && strcmp(argv[0], "enter") == 0 && wanted->reason)
		return json_pack("{s:s,s:s,s:s,s:i,s:s,s:s}", "cmd", "test.enter", "test", argv[1], "slot",
			argv[2], "replicate", wanted->replicate, "value", argv[3], "reason", wanted->reason);
	return NULL;
}

int assay_cmd_test(int argc, char **argv)
{
	static const struct option options[] = {ASSAY_ASK_OPTIONS,
		{"instrument", required_argument, NULL, 'i'}, {"reason", required_argument, NULL, 'r'},
		{"replicate", required_argument, NULL, 'n'}, {"take", no_argument, NULL, 't'},
		{"rule", required_argument, NULL, 'u'}, {"who", required_argument, NULL, 'w'},
		{NULL, 0, NULL, 0}};
	struct assay_ask ask = {0};
	struct wanted wanted = {.replicate = 1};
	char *end = NULL;
	json_t *asked;
	int option;

	while ((option = getopt_long(argc, argv, "d:", options, NULL)) != -1) {
		if (option == 'i')
			wanted.instrument = optarg;
		else if (option == 'r')
			wanted.reason = optarg;
		else if (option == 'n')
			wanted.replicate = (int)strtol(optarg, &end, 10);
		else if (option == 'u')
			wanted.rule = optarg;
		else if (option == 'w')
			wanted.who = optarg;
		else if (option == 't')
			wanted.take = true;
		else if (!assay_ask_option(&ask, option, optarg))
			return ASSAY_EXIT_USAGE;
	}
	if (ask.help) {
		(void)fputs(help, stdout);
		return assay_cli_flush();
	}
	asked = end && *end ? NULL : request(&wanted, argc - optind, argv + optind);
	return asked ? assay_ask_print(&ask, asked, "test", print_test) : assay_ask_usage(&ask, "test");
}
