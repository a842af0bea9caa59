/* SPDX-License-Identifier: Apache-2.0
 * assay district: shared risk, read from the state by this process, so that the gateway does not wait for it. */
#include "gateway/lab/district.h"
#include "gateway/cli/ask.h"
#include "gateway/cli/local.h"
#include "gateway/lab/quarter.h"
#include "gateway/lab/statement.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
	"usage: assay district rates [--by KEY,KEY ...] [what to look at] [-d DIR] [--json]\n"
	"       assay district trend [what to look at]            quarters of each class and analyte\n"
	"       assay district items [what to look at] [--before SEQ]   the batches behind a figure\n"
	"       assay district coverage                           legal items nobody has tested\n"
	"       assay district overview [--quarter Q]             the whole picture\n"
	"       assay district report --quarter Q [--out FILE.pdf] [--csv FILE.csv]   the same state, the "
	"same bytes\n"
	"What to look at: --class 16, --analyte lead, --process pickling, --quarter 2026Q4, --origin "
	"market-check; "
	"all when left\n"
	"out. KEY: class, analyte, process, quarter, origin. Every rate stands with its n and its 95 % "
	"interval; the "
	"list is\n"
	"ranked, alarms (false-discovery rate 5 %) first. Reads the state; the gateway may run or not.\n";

static const char *verb; /* of this run */

static int answer(const char *dir, const json_t *request, json_t **out, struct assay_error *err)
{
	struct assay_local local;
	int status = assay_local_open(dir, false, &local, err);

	*out = NULL;
	if (status == ASSAY_OK)
		*out = assay_district_answer(verb, request, local.state, local.specs, &status, err);
	assay_local_close(&local);
	return status;
}

/* "report": the quarter to files, or as JSON when no file is named. */
static int report(const struct assay_ask *ask, const json_t *request, const char *out, const char *csv)
{
	struct assay_local local = {0};
	struct assay_error err = {0};
	const char *dir = assay_cli_dir(ask->dir, &err);
	json_t *figures = NULL, *document = NULL;
	char *text = NULL;
	size_t length = 0;
	int status = dir ? assay_local_open(dir, false, &local, &err) : ASSAY_EUSAGE;

	if (status == ASSAY_OK)
		figures = lab_quarter_figures(
			local.state, local.specs, assay_ask_text(request, "quarter"), &status, &err);
	if (figures && out) {
		document = lab_quarter_statement(local.state, figures, &err);
		status = document ? assay_local_print(document, out, &err) : ASSAY_EIO;
	}
	if (figures && csv && status == ASSAY_OK) {
		text = lab_quarter_csv(figures, &length);
		status = text ? assay_local_write(csv, text, length, &err)
			      : assay_error_set(
					&err, ASSAY_ENOMEM, "out-of-memory", "内存不足", "out of memory");
	}
	if (status == ASSAY_OK && (ask->json || (!out && !csv))) {
		(void)json_dumpf(figures, stdout, ask->json ? JSON_COMPACT : JSON_INDENT(2));
		(void)putchar('\n');
	}
	free(text);
	json_decref(document);
	json_decref(figures);
	assay_local_close(&local);
	if (status != ASSAY_OK)
		return assay_cli_fail(ask->json, status, &err);
	return assay_cli_flush() ? ASSAY_EXIT_REFUSED : ASSAY_EXIT_DONE;
}

static json_int_t count_in(const json_t *object, const char *name)
{
	return json_integer_value(json_object_get(object, name));
}

/* "3 of 12, 25.0 % (5.5 to 57.2)" */
static void print_rate(const json_t *rate)
{
	(void)printf("%" JSON_INTEGER_FORMAT "/%" JSON_INTEGER_FORMAT " %s (%s-%s)", count_in(rate, "count"),
		count_in(rate, "n"), assay_ask_text(rate, "figure"), assay_ask_text(rate, "low"),
		assay_ask_text(rate, "high"));
}

static void print_keys(const json_t *group)
{
	static const char *const named[] = {"class", "analyte", "process", "origin"};

	for (size_t i = 0; i < sizeof named / sizeof *named; i++)
		if (json_object_get(group, named[i])) {
			assay_ask_put(assay_ask_words(group, named[i]));
			(void)printf("  ");
		}
	if (json_object_get(group, "quarter"))
		(void)printf("%s  ", assay_ask_text(group, "quarter"));
}

static void print_group(const json_t *group)
{
	(void)printf("%s  ", json_is_true(json_object_get(group, "alarm")) ? "ALARM" : "-");
	print_keys(group);
	print_rate(json_object_get(group, "failed"));
	(void)printf("  near ");
	print_rate(json_object_get(group, "near"));
	if (json_object_get(group, "shrunk")) {
		(void)printf("  shrunk %s (%s-%s)",
			assay_ask_text(json_object_get(group, "shrunk"), "figure"),
			assay_ask_text(json_object_get(group, "shrunk"), "low"),
			assay_ask_text(json_object_get(group, "shrunk"), "high"));
		(void)printf("  q %s", assay_ask_text(group, "q"));
	}
	(void)printf("\n");
}

static void print_list(const json_t *list, void (*print)(const json_t *one))
{
	const json_t *one;
	size_t index;

	json_array_foreach(list, index, one)
	{
		print(one);
	}
}

static void print_series(const json_t *series)
{
	const json_t *trend = json_object_get(series, "trend"), *quarter;
	size_t index;

	print_keys(series);
	(void)printf("%s  p %s  q %s\n", assay_ask_text(trend, "direction"), assay_ask_text(trend, "p"),
		assay_ask_text(trend, "q"));
	json_array_foreach(json_object_get(series, "quarters"), index, quarter)
	{
		(void)printf("  %s  ", assay_ask_text(quarter, "quarter"));
		print_rate(json_object_get(quarter, "failed"));
		(void)printf("\n");
	}
}

static void print_item(const json_t *item)
{
	static const char *const columns[] = {"batch", "name", "lot", "producer", "analyte", "quarter",
		"origin", "outcome", "value", "unit", "limit"};

	for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
		const char *text = assay_ask_text(item, columns[i]);

		(void)printf(i ? "  " : "");
		assay_ask_put(*text ? text : "-");
	}
	(void)printf("\n");
}

static void print_product(const json_t *product)
{
	const json_t *item;
	size_t index;

	assay_ask_put(assay_ask_words(product, "name"));
	(void)printf("  %" JSON_INTEGER_FORMAT " of %" JSON_INTEGER_FORMAT " items tested\n",
		count_in(product, "tested"), count_in(product, "items"));
	json_array_foreach(json_object_get(product, "untested"), index, item)
	{
		(void)printf("  ");
		assay_ask_put(assay_ask_text(item, assay_ask_chinese() ? "analyte_zh" : "analyte"));
		(void)printf("  %s  %s\n", assay_ask_text(item, "standard"),
			json_is_true(json_object_get(item, "testable")) ? "" : "no method here");
	}
}

static void print_overview(const json_t *overview)
{
	static const char *const lists[] = {"origins", "sentinel", "risks"};

	(void)printf("batches %" JSON_INTEGER_FORMAT "  producers %" JSON_INTEGER_FORMAT "\nfailed  ",
		count_in(overview, "batches"), count_in(overview, "producers"));
	print_rate(json_object_get(overview, "failed"));
	(void)printf("\nundetermined %" JSON_INTEGER_FORMAT ", held and left out %" JSON_INTEGER_FORMAT "\n",
		count_in(overview, "undetermined"), count_in(overview, "held"));
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
		(void)printf("%s\n", lists[i]);
		print_list(json_object_get(overview, lists[i]), print_group);
	}
	(void)printf("items tested %" JSON_INTEGER_FORMAT " of %" JSON_INTEGER_FORMAT "\n",
		count_in(json_object_get(overview, "coverage"), "tested"),
		count_in(json_object_get(overview, "coverage"), "items"));
	(void)printf("saved %" JSON_INTEGER_FORMAT ".%02d yuan\n", count_in(overview, "saved_fen") / 100,
		(int)(count_in(overview, "saved_fen") % 100));
}

static void print_answer(const json_t *value)
{
	if (strcmp(verb, "trend") == 0)
		print_list(json_object_get(value, "groups"), print_series);
	else if (strcmp(verb, "items") == 0)
		print_list(json_object_get(value, "items"), print_item);
	else if (strcmp(verb, "coverage") == 0)
		print_list(json_object_get(value, "products"), print_product);
	else if (strcmp(verb, "overview") == 0)
		print_overview(value);
	else
		print_list(json_object_get(value, "groups"), print_group);
}

static bool known(const char *name)
{
	static const char *const verbs[] = {"rates", "trend", "items", "coverage", "overview", "report"};

	for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
		if (strcmp(verbs[i], name) == 0)
			return true;
	return false;
}

int assay_cmd_district(int argc, char **argv)
{
	static const struct option options[] = {ASSAY_ASK_OPTIONS, {"by", required_argument, NULL, 1000},
		{"class", required_argument, NULL, 1001}, {"analyte", required_argument, NULL, 1002},
		{"process", required_argument, NULL, 1003}, {"quarter", required_argument, NULL, 1004},
		{"origin", required_argument, NULL, 1005}, {"before", required_argument, NULL, 'b'},
		{"out", required_argument, NULL, 'o'}, {"csv", required_argument, NULL, 'c'},
		{NULL, 0, NULL, 0}};
	static const char *const members[] = {"by", "class", "analyte", "process", "quarter", "origin"};
	struct assay_ask ask = {0};
	json_t *request = json_object();
	bool good = true;
	const char *out = NULL, *csv = NULL;
	char *end = NULL;
	int option;

	while ((option = getopt_long(argc, argv, "d:", options, NULL)) != -1) {
		if (option >= 1000)
			(void)json_object_set_new(request, members[option - 1000], json_string(optarg));
		else if (option == 'b')
			(void)json_object_set_new(request, "before", json_integer(strtoll(optarg, &end, 10)));
		else if (option == 'o')
			out = optarg;
		else if (option == 'c')
			csv = optarg;
		else if (!assay_ask_option(&ask, option, optarg))
			good = false;
	}
	if (ask.help) {
		json_decref(request);
		(void)fputs(help, stdout);
		return assay_cli_flush();
	}
	if (!good || (end && *end) || argc - optind != 1 || !known(argv[optind])) {
		json_decref(request);
		return assay_ask_usage(&ask, "district");
	}
	verb = argv[optind];
	if (strcmp(verb, "report") == 0) {
		int code = report(&ask, request, out, csv);

		json_decref(request);
		return code;
	}
	return assay_ask_of(answer, &ask, request, "", print_answer, NULL);
}
