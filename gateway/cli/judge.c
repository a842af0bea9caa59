/* SPDX-License-Identifier: Apache-2.0
 * assay judge: one result against one limit, or a stream of them; needs no gateway. */
#include "gateway/cli/cli.h"
#include "gateway/cli/judge_lines.h"
#include "gateway/config.h"
#include "limits/limits.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LIST_MAX 64u

static const char help[] =
	"usage: assay judge --standard S --category C --analyte A --value V... --produced YYYY-MM-DD "
	"[OPTIONS] [--json]\n"
	"       assay judge --jsonl <questions >verdicts\n"
	"Judge a result against a limit. A fail is a job done: exit 0.\n"
	"  --standard S        \"GB 17401\" (the production date chooses the edition) or \"GB 17401-2014\" "
	"(pinned)\n"
	"  --category C        code in the standard's tree; assay spec list --categories TREE\n"
	"  --analyte A         name in English or Chinese, or CAS number; assay spec show S\n"
	"  --value V           \"5.42 g/100g\", \"5.42\" in the limit's unit, \"0.50(+)\", \"<10 CFU/g\", "
	"\"ND (LOD 0.01 mg/kg)\",\n"
	"                      \"detected\", \"negative\"; once for each container of a sampling plan\n"
	"  --component N=V     part of a sum, a ratio or a sum of shares\n"
	"  --aux N=V           moisture, fat, abv, density, dilution, declared_value, total_arsenic ...\n"
	"  --condition NAME    a condition that holds; assay spec conditions\n"
	"  --compare full|rounded\n"
	"  --rule simple|guard|non-binary|guarded-rejection  --U UNCERTAINTY  --r FACTOR\n"
	"  --fresh-category C  for dried goods: the fresh food's category\n"
	"  --tested YYYY-MM-DD\n"
	"  -d DIR              by the specs in force there ($ASSAY_DIR); else those that came with the "
	"program\n"
	"  --jsonl             one JSON object a line from standard input to standard output, order kept\n";

enum {
	OPT_COMPONENT = 256,
	OPT_AUX,
	OPT_CONDITION,
	OPT_COMPARE,
	OPT_RULE,
	OPT_U,
	OPT_R,
	OPT_FRESH,
	OPT_TESTED,
	OPT_JSONL
};

struct judge_options {
	struct assay_question question;
	const char *results[LIST_MAX], *conditions[LIST_MAX];
	struct assay_named_text components[LIST_MAX], aux[LIST_MAX];
	const char *dir; /* whose specs */
	bool json, jsonl;
};

/* NAME=TEXT, split in place. */
static bool add_named(struct assay_named_text *list, size_t *count, char *argument)
{
	char *equals = strchr(argument, '=');

	if (!equals || *count == LIST_MAX)
		return false;
	*equals = '\0';
	list[*count].name = argument;
	list[(*count)++].text = equals + 1;
	return true;
}

static bool add_text(const char **list, size_t *count, const char *argument)
{
	if (*count == LIST_MAX)
		return false;
	list[(*count)++] = argument;
	return true;
}

static bool take_compare(struct assay_question *question, const char *argument)
{
	question->compare = strcmp(argument, "rounded") == 0 ? ASSAY_COMPARE_ROUNDED : ASSAY_COMPARE_FULL;
	return strcmp(argument, "rounded") == 0 || strcmp(argument, "full") == 0;
}

static bool take(struct judge_options *options, int option, char *argument)
{
	struct assay_question *question = &options->question;

	switch (option) {
	case 's':
		question->standard = argument;
		return true;
	case 'c':
		question->category = argument;
		return true;
	case 'a':
		question->analyte = argument;
		return true;
	case 'v':
		return add_text(options->results, &question->result_count, argument);
	case 'p':
		question->produced = argument;
		return true;
	case OPT_COMPONENT:
		return add_named(options->components, &question->component_count, argument);
	case OPT_AUX:
		return add_named(options->aux, &question->aux_count, argument);
	case OPT_CONDITION:
		return add_text(options->conditions, &question->condition_count, argument);
	case OPT_COMPARE:
		return take_compare(question, argument);
	case OPT_RULE:
		return assay_rule_find(argument, &question->rule);
	case OPT_U:
		question->uncertainty = argument;
		return true;
	case OPT_R:
		question->guard_ratio = argument;
		return true;
	case OPT_FRESH:
		question->fresh_category = argument;
		return true;
	case OPT_TESTED:
		question->tested = argument;
		return true;
	case 'j':
		return options->json = true;
	case OPT_JSONL:
		return options->jsonl = true;
	default:
		return false;
	}
}

static void print_text(const struct assay_verdict *verdict)
{
	(void)printf("%s\n%s\n", verdict->text_zh, verdict->text_en);
	for (unsigned i = 0; i < verdict->steps.count; i++)
		(void)printf("  %s\n  %s\n", verdict->steps.step[i].zh, verdict->steps.step[i].en);
}

static int print_json(const struct assay_verdict *verdict, struct assay_error *err)
{
	struct assay_json_writer writer = {0};

	assay_json_text(&writer, "{");
	assay_verdict_fields(verdict, &writer);
	assay_json_text(&writer, "}\n");
	if (!writer.full)
		(void)fwrite(writer.bytes, 1, writer.length, stdout);
	free(writer.bytes);
	return writer.full ? assay_error_set(err, ASSAY_ENOMEM, "out-of-memory", "内存不足", "out of memory")
			   : ASSAY_OK;
}

static int run(const struct judge_options *options, struct assay_error *err)
{
	static struct assay_verdict verdict;
	struct assay_places places;
	struct assay_specs *specs = NULL;
	int status = assay_cli_places(options->dir, &places, err);

	if (status == ASSAY_OK)
		status = assay_specs_load(places.specs, &specs, err);
	if (status == ASSAY_OK && options->jsonl) {
		status = assay_judge_lines(specs, STDIN_FILENO, STDOUT_FILENO, err);
	} else if (status == ASSAY_OK) {
		assay_judge(specs, &options->question, &verdict);
		if (options->json)
			status = print_json(&verdict, err);
		else
			print_text(&verdict);
	}
	assay_specs_free(specs);
	return status;
}

int assay_cmd_judge(int argc, char **argv)
{
	static const struct option long_options[] = {{"standard", required_argument, NULL, 's'},
		{"category", required_argument, NULL, 'c'}, {"analyte", required_argument, NULL, 'a'},
		{"value", required_argument, NULL, 'v'}, {"produced", required_argument, NULL, 'p'},
		{"component", required_argument, NULL, OPT_COMPONENT},
		{"aux", required_argument, NULL, OPT_AUX},
		{"condition", required_argument, NULL, OPT_CONDITION},
		{"compare", required_argument, NULL, OPT_COMPARE},
		{"rule", required_argument, NULL, OPT_RULE}, {"U", required_argument, NULL, OPT_U},
		{"r", required_argument, NULL, OPT_R}, {"fresh-category", required_argument, NULL, OPT_FRESH},
		{"tested", required_argument, NULL, OPT_TESTED}, {"jsonl", no_argument, NULL, OPT_JSONL},
		{"json", no_argument, NULL, 'j'}, {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
	static struct judge_options options;
	struct assay_error err;
	int option, status;

	while ((option = getopt_long(argc, argv, "d:", long_options, NULL)) != -1) {
		if (option == 'h') {
			(void)fputs(help, stdout);
			return assay_cli_flush();
		}
		if (option == '?')
			return ASSAY_EXIT_USAGE;
		if (option == 'd') {
			options.dir = optarg;
		} else if (!take(&options, option, optarg)) {
			(void)assay_error_set(&err, ASSAY_EUSAGE, "usage",
				"参数的值不对，见 assay judge --help",
				"an option's value is wrong; see assay judge --help");
			return assay_cli_fail(options.json, ASSAY_EUSAGE, &err);
		}
	}
	options.question.results = options.results;
	options.question.components = options.components;
	options.question.aux = options.aux;
	options.question.conditions = options.conditions;
	if (optind != argc ||
		(!options.jsonl && (!options.question.standard || !options.question.category ||
					   !options.question.analyte || !options.question.produced))) {
		(void)assay_error_set(&err, ASSAY_EUSAGE, "usage", "缺少参数，见 assay judge --help",
			"an option is missing; see assay judge --help");
		return assay_cli_fail(options.json, ASSAY_EUSAGE, &err);
	}
	status = run(&options, &err);
	return status == ASSAY_OK ? assay_cli_flush() : assay_cli_fail(options.json, status, &err);
}
