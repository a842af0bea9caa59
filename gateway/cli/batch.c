/* SPDX-License-Identifier: Apache-2.0
 * assay batch: register, list, show, review. */
#include "gateway/cli/ask.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
	"usage: assay batch new --product P --name N --producer P --lot L --produced YYYY-MM-DD [--test "
	"ANALYTE ...]\n"
	"                       [--amount A] [--origin O] [--samples N] [--retained A] [--key K]\n"
	"                       [--evidence INSTRUMENT] [--card CARD] [--who NAME] [-d DIR] [--json]\n"
	"       assay batch list [--status S]\n"
	"       assay batch show BATCH\n"
	"       assay batch review                        what waits for a person\n"
	"       assay batch confirm BATCH --reason R      accept the verdict as it stands\n"
	"       assay batch trail-read BATCH              its trail (assay history BATCH) was read, up to "
	"now\n"
	"       assay batch release BATCH [--reason R]    sign for it: the certificate gets its number\n"
	"       assay batch void BATCH --reason R         the batch no longer counts; nothing is deleted\n"
	"Batches of the gateway that runs in DIR ($ASSAY_DIR).\n"
	"  --test A       an analyte the specs have a method for; give it again for each test. Without "
	"--test:\n"
	"                 everything the product's plan asks for; what cannot be tested here is listed\n"
	"  --origin O     sent-in, collected, field-visit, market-check, citizens-choice or sentinel-point\n"
	"  --samples N    containers to be tested, 1 to 12; --retained AMOUNT: one more that is kept back\n"
	"  --key K        your own name for this request: asked again, the same batch is shown\n"
	"  --status S     to-test, testing, awaiting-review, awaiting-release, released or void\n"
	"  --who NAME     for whom you type (at the gateway's machine only)\n"
	"  --card CARD    the producer's card pays for it\n"
	"  --evidence I   the instrument that records the conditions, when there are several\n";

static void print_row(const json_t *batch)
{
	static const char *const names[] = {
		"batch", "status", "verdict", "name", "producer", "lot", "produced"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const char *text = assay_ask_text(batch, names[i]);

		(void)printf(i ? "  " : "");
		assay_ask_put(*text ? text : "-");
	}
	if (*assay_ask_words(batch, "attention")) {
		(void)printf("  ");
		assay_ask_put(assay_ask_words(batch, "attention"));
	}
	(void)printf("\n");
}

static void print_list(const json_t *batches)
{
	const json_t *batch;
	size_t index;

	json_array_foreach(batches, index, batch)
	{
		print_row(batch);
	}
}

static void print_test(const json_t *test)
{
	const json_t *result = json_object_get(test, "result"), *verdict = json_object_get(result, "verdict");

	(void)printf("  %s  ", assay_ask_text(test, "test"));
	assay_ask_put(assay_ask_words(test, "analyte"));
	(void)printf("  %s", assay_ask_text(test, "status"));
	if (*assay_ask_text(result, "result")) {
		(void)printf("  %s %s  %s  ", assay_ask_text(result, "value"), assay_ask_text(result, "unit"),
			assay_ask_text(verdict, "limit"));
		assay_ask_put(assay_ask_words(verdict, "text"));
		(void)printf("  (%s)", assay_ask_text(result, "result"));
	}
	(void)printf("\n");
}

/* The set that judges it, and whether it is still the one in force. */
static void print_specs(const json_t *specs)
{
	bool now = json_is_true(json_object_get(specs, "in_force"));
	const char *is = assay_ask_chinese() ? (now ? "现行" : "登记时的，已非现行")
					     : (now ? "in force" : "of its registration, no longer in force");

	if (!json_is_object(specs))
		return;
	(void)printf("  %s %.16s", assay_ask_chinese() ? "规格" : "specs", assay_ask_text(specs, "sha256"));
	if (json_integer_value(json_object_get(specs, "serial")))
		(void)printf("  %s %lld", assay_ask_chinese() ? "包" : "bundle",
			(long long)json_integer_value(json_object_get(specs, "serial")));
	(void)printf("  %.10s  %s\n", assay_ask_text(specs, "since"), is);
}

static void print_unverified(const json_t *entries)
{
	const json_t *one;
	size_t index;

	if (json_array_size(entries) == 0)
		return;
	(void)printf("  %s", assay_ask_chinese()
				     ? "未核实：所依据的台账条目已损坏："
				     : "not verified, it rests on damaged entries of the journal:");
	json_array_foreach(entries, index, one)
	{
		(void)printf(" %lld", (long long)json_integer_value(one));
	}
	(void)printf("\n");
}

static void print_batch(const json_t *batch)
{
	const json_t *row;
	size_t index;

	print_row(batch);
	if (*assay_ask_text(batch, "verdict")) {
		(void)printf("  ");
		assay_ask_put(assay_ask_words(batch, "text"));
		(void)printf("\n  ");
		assay_ask_put(assay_ask_words(json_object_get(batch, "scope"), "text"));
		(void)printf("\n");
	}
	print_unverified(json_object_get(batch, "unverified"));
	print_specs(json_object_get(batch, "specs"));
	json_array_foreach(json_object_get(batch, "cannot_test"), index, row)
	{
		(void)printf("  %s ", assay_ask_chinese() ? "不能检验：" : "cannot be tested here:");
		assay_ask_put(assay_ask_text(row, assay_ask_chinese() ? "analyte_zh" : "analyte"));
		(void)printf("  %s\n", assay_ask_text(row, "reason"));
	}
	json_array_foreach(json_object_get(batch, "tests"), index, row)
	{
		print_test(row);
	}

	json_array_foreach(json_object_get(batch, "reviews"), index, row)
	{
		(void)printf("  %s  %s  ", assay_ask_text(row, "at"), assay_ask_text(row, "action"));
		assay_ask_put(assay_ask_text(row, "who"));
		(void)printf("  ");
		assay_ask_put(assay_ask_text(row, "reason"));
		(void)printf("\n");
	}
}

static bool put_count(json_t *fields, const char *text)
{
	size_t length = strspn(text, "0123456789");

	return length && length <= 3 && !text[length] &&
	       json_object_set_new(fields, "samples", json_integer(strtol(text, NULL, 10))) == 0;
}

static void print_certificate(const json_t *certificate)
{
	(void)printf("%s  %s  %s  ", assay_ask_text(certificate, "certificate"),
		assay_ask_text(certificate, "batch"), assay_ask_text(certificate, "verdict"));
	assay_ask_put(assay_ask_text(certificate, "who"));
	(void)printf("\n");
}

static int one_batch(
	const struct assay_ask *ask, const char *command, int argc, char **argv, const json_t *fields)
{
	const char *reason = json_string_value(json_object_get(fields, "reason")),
		   *who = json_string_value(json_object_get(fields, "who"));
	bool release = strcmp(command, "release") == 0;
	char name[24];

	if (argc != 1)
		return assay_ask_usage(ask, "batch");
	(void)snprintf(name, sizeof name, "batch.%s", command);
	return assay_ask_print(ask,
		json_pack("{s:s,s:s,s:s*,s:s*}", "cmd", name, "batch", argv[0], "reason", reason, "who", who),
		release ? "certificate" : "batch", release ? print_certificate : print_batch);
}

static int run(const struct assay_ask *ask, json_t *fields, int argc, char **argv)
{
	static const char *const of_one[] = {"show", "confirm", "void", "trail-read", "release"};
	const char *command = argc ? argv[0] : "";

	if (strcmp(command, "review") == 0 && argc > 1) {
		argc--;
		argv++;
		command = argv[0];
	}
	if (strcmp(command, "new") == 0 && argc == 1) {
		(void)json_object_set_new(fields, "cmd", json_string("batch.new"));
		return assay_ask_print(ask, json_incref(fields), "batch", print_batch);
	}
	if (strcmp(command, "list") == 0 && argc == 1)
		return assay_ask_print(ask,
			json_pack("{s:s,s:s*}", "cmd", "batch.list", "status",
				json_string_value(json_object_get(fields, "status"))),
			"batches", print_list);
	if (strcmp(command, "review") == 0)
		return assay_ask_print(ask,
			json_pack("{s:s,s:s}", "cmd", "batch.list", "status", "awaiting-review"), "batches",
			print_list);
	for (size_t i = 0; i < sizeof of_one / sizeof *of_one; i++)
		if (strcmp(command, of_one[i]) == 0)
			return one_batch(ask, command, argc - 1, argv + 1, fields);
	return assay_ask_usage(ask, "batch");
}

int assay_cmd_batch(int argc, char **argv)
{
	static const struct option options[] = {ASSAY_ASK_OPTIONS, {"product", required_argument, NULL, 1},
		{"name", required_argument, NULL, 2}, {"producer", required_argument, NULL, 3},
		{"lot", required_argument, NULL, 4}, {"produced", required_argument, NULL, 5},
		{"amount", required_argument, NULL, 6}, {"origin", required_argument, NULL, 7},
		{"evidence", required_argument, NULL, 8}, {"status", required_argument, NULL, 9},
		{"reason", required_argument, NULL, 10}, {"card", required_argument, NULL, 11},
		{"retained", required_argument, NULL, 12}, {"key", required_argument, NULL, 13},
		{"who", required_argument, NULL, 14}, {"samples", required_argument, NULL, 's'},
		{"test", required_argument, NULL, 't'}, {NULL, 0, NULL, 0}};
	static const char *const names[] = {"", "product", "name", "producer", "lot", "produced", "amount",
		"origin", "evidence", "status", "reason", "card", "retained", "key", "who"};
	struct assay_ask ask = {0};
	json_t *fields = json_object(), *tests = json_array();
	int option, code = -1;

	while (code < 0 && (option = getopt_long(argc, argv, "d:", options, NULL)) != -1) {
		if (option >= 1 && option <= 14)
			code = json_object_set_new(fields, names[option], json_string(optarg)) == 0
				       ? -1
				       : ASSAY_EXIT_USAGE;
		else if (option == 's')
			code = put_count(fields, optarg) ? -1 : assay_ask_usage(&ask, "batch");
		else if (option == 't')
			code = json_array_append_new(tests, json_string(optarg)) == 0 ? -1 : ASSAY_EXIT_USAGE;
		else if (!assay_ask_option(&ask, option, optarg))
			code = ASSAY_EXIT_USAGE;
	}
	if (json_array_size(tests))
		(void)json_object_set(fields, "tests", tests);
	if (code < 0 && ask.help) {
		(void)fputs(help, stdout);
		code = assay_cli_flush();
	}
	if (code < 0)
		code = run(&ask, fields, argc - optind, argv + optind);
	json_decref(tests);
	json_decref(fields);
	return code;
}
