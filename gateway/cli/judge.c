/* SPDX-License-Identifier: Apache-2.0
 * assay judge: one value against one limit; needs no gateway. */
#include "gateway/cli/cli.h"
#include "gateway/config.h"
#include "limits/limits.h"

#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

static const char help[] =
	"usage: assay judge --standard S --category C --analyte A --value V --produced YYYY-MM-DD [--json]\n"
	"Judge one value by full-value comparison. A fail is a job done: exit 0.\n"
	"  --standard S   \"GB 17401\" (the production date chooses the edition) or \"GB 17401-2014\" "
	"(pinned)\n"
	"  --category C   code in the standard's tree, as in specs/categories\n"
	"  --analyte A    name in English or Chinese, or CAS number, as in specs/standards\n"
	"  --value V      \"5.42 g/100g\" or \"5.42\" in the limit's unit; (+) and (-) marks are "
	"understood\n";

static json_t *steps_json(const struct assay_step_list *steps)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < steps->count; i++)
		(void)json_array_append_new(
			list, json_pack("{s:s,s:s}", "zh", steps->step[i].zh, "en", steps->step[i].en));
	return list;
}

static void print_json(const struct assay_verdict *verdict)
{
	json_t *reasons = json_array();
	json_t *object;

	for (unsigned i = 0; i < verdict->reasons.count; i++)
		(void)json_array_append_new(reasons, json_string(verdict->reasons.code[i]));
	object = json_pack("{s:s,s:o,s:s,s:s,s:s,s:s,s:s,s:s,s:o}", "verdict",
		assay_verdict_name(verdict->kind), "reasons", reasons, "text_zh", verdict->text_zh, "text_en",
		verdict->text_en, "standard", verdict->standard ? verdict->standard->id : "", "clause",
		verdict->limit ? verdict->limit->clause : "", "limit",
		verdict->limit ? verdict->limit->text : "", "compared", verdict->compared, "derivation",
		steps_json(&verdict->steps));
	(void)json_dumpf(object, stdout, JSON_COMPACT);
	(void)putchar('\n');
	json_decref(object);
}

static void print_text(const struct assay_verdict *verdict)
{
	(void)printf("%s\n%s\n", verdict->text_zh, verdict->text_en);
	for (unsigned i = 0; i < verdict->steps.count; i++)
		(void)printf("  %s\n  %s\n", verdict->steps.step[i].zh, verdict->steps.step[i].en);
}

int assay_cmd_judge(int argc, char **argv)
{
	static const struct option options[] = {{"standard", required_argument, NULL, 's'},
		{"category", required_argument, NULL, 'c'}, {"analyte", required_argument, NULL, 'a'},
		{"value", required_argument, NULL, 'v'}, {"produced", required_argument, NULL, 'p'},
		{"json", no_argument, NULL, 'j'}, {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
	static struct assay_verdict verdict;
	struct assay_question question = {0};
	struct assay_places places;
	struct assay_specs *specs = NULL;
	struct assay_error err;
	bool json = false;
	int status, option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 's':
			question.standard = optarg;
			break;
		case 'c':
			question.category = optarg;
			break;
		case 'a':
			question.analyte = optarg;
			break;
		case 'v':
			question.value = optarg;
			break;
		case 'p':
			question.produced = optarg;
			break;
		case 'j':
			json = true;
			break;
		case 'h':
			(void)fputs(help, stdout);
			return assay_cli_flush();
		default:
			return ASSAY_EXIT_USAGE;
		}
	}
	if (optind != argc || !question.standard || !question.category || !question.analyte ||
		!question.value || !question.produced) {
		(void)assay_error_set(&err, ASSAY_EUSAGE, "usage", "缺少参数，见 assay judge --help",
			"an option is missing; see assay judge --help");
		return assay_cli_fail(json, ASSAY_EUSAGE, &err);
	}
	status = assay_places_find(&places, &err);
	if (status == ASSAY_OK)
		status = assay_specs_load(places.specs, &specs, &err);
	if (status != ASSAY_OK)
		return assay_cli_fail(json, status, &err);
	assay_judge(specs, &question, &verdict);
	if (json)
		print_json(&verdict);
	else
		print_text(&verdict);
	assay_specs_free(specs);
	return assay_cli_flush();
}
