/* SPDX-License-Identifier: Apache-2.0
 * assay plan: every limit of every standard that applies to a product on its production date; needs no gateway. */
#include "gateway/cli/cli.h"
#include "gateway/cli/json_line.h"
#include "gateway/config.h"
#include "limits/limits.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
	"usage: assay plan PRODUCT --produced YYYY-MM-DD [--tested YYYY-MM-DD] [--json]\n"
	"The list of items for a product: analyte, limit, standard, clause, method, sampling plan, and what "
	"no method here\n"
	"tests. Pesticides and veterinary drugs are not in it. Products: assay spec list --products\n";

struct plan_output {
	struct assay_json_writer writer;
	bool json;
	unsigned count, untested;
};

static void put(struct assay_json_writer *writer, const char *name, const char *value)
{
	assay_json_text(writer, name);
	assay_json_quote(writer, value);
}

static void item_json(struct plan_output *output, const struct assay_plan_item *item)
{
	struct assay_json_writer *writer = &output->writer;
	const struct assay_limit *limit = item->limit;
	char plan[64];

	put(writer, output->count ? ",{\"analyte\":" : "{\"analyte\":", item->analyte);
	put(writer, ",\"analyte_zh\":", item->analyte_zh);
	put(writer, ",\"standard\":", item->standard->id);
	put(writer, ",\"category\":", item->category);
	put(writer, ",\"clause\":", limit ? limit->clause : "");
	put(writer, ",\"kind\":", limit ? limit->kind : "prohibited");
	put(writer, ",\"limit\":", limit ? limit->text : "不得使用 not permitted");
	put(writer, ",\"unit\":", limit ? limit->unit : "");
	put(writer, ",\"confidence\":", limit ? limit->confidence : "high");
	put(writer, ",\"when\":", limit ? limit->when : "");
	put(writer, ",\"unless\":", limit ? limit->unless : "");
	(void)snprintf(plan, sizeof plan, ",\"n\":%u,\"c\":%u", limit ? limit->n : 0, limit ? limit->c : 0);
	assay_json_text(writer, plan);
	assay_json_text(writer, item->declared ? ",\"declared\":true" : ",\"declared\":false");
	assay_json_text(writer, item->applies ? ",\"applies\":true" : ",\"applies\":false");
	put(writer, ",\"method\":", item->method ? item->method->id : "");
	put(writer, ",\"method_standard\":",
		item->method ? item->method->standard : (limit ? limit->method : ""));
	assay_json_text(writer, item->method ? ",\"testable\":true}" : ",\"testable\":false}");
}

static void item_text(const struct assay_plan_item *item)
{
	const struct assay_limit *limit = item->limit;

	(void)printf("%s  %s  %s  %s%s%s\n    %s%s%s%s%s\n", item->analyte_zh, item->analyte,
		limit ? limit->text : "不得使用 not permitted", item->standard->id, limit ? "  " : "",
		limit ? limit->clause : "", item->method ? item->method->standard : "",
		item->method ? "  " : "没有检验方法 no method here", item->method ? item->method->id : "",
		item->applies ? "" : "  [条件不成立 condition does not hold]",
		limit && strcmp(limit->confidence, "high") != 0 ? "  [来源未核实 limit-unverified]" : "");
}

static int on_item(void *context, const struct assay_plan_item *item)
{
	struct plan_output *output = context;

	if (output->json)
		item_json(output, item);
	else
		item_text(item);
	output->count++;
	output->untested += item->method == NULL;
	return 0;
}

static int print_plan(const struct assay_specs *specs, const char *id, const char *produced,
	const char *tested, bool json, struct assay_error *err)
{
	const struct assay_product *product = assay_specs_product_find(specs, id);
	struct plan_output output = {.json = json};
	char numbers[80];
	int status;

	if (!product)
		return assay_error_set(err, ASSAY_ENOTFOUND, "product-unknown",
			"没有产品 %s，见 assay spec list --products",
			"there is no product %s; see assay spec list --products", id);
	if (json) {
		put(&output.writer, "{\"product\":", product->id);
		put(&output.writer, ",\"name_zh\":", product->name_zh);
		put(&output.writer, ",\"name_en\":", product->name_en);
		put(&output.writer, ",\"produced\":", produced);
		assay_json_text(&output.writer, ",\"items\":[");
	} else {
		(void)printf("%s %s（%s）\n", product->name_zh, product->name_en, produced);
	}
	status = assay_plan(specs, product, produced, tested, on_item, &output, err);
	if (status == ASSAY_OK && output.writer.full)
		status = assay_error_set(err, ASSAY_ENOMEM, "out-of-memory", "内存不足", "out of memory");
	if (status == ASSAY_OK && json) {
		(void)snprintf(numbers, sizeof numbers, "],\"count\":%u,\"untested\":%u", output.count,
			output.untested);
		assay_json_text(&output.writer, numbers);
		put(&output.writer, ",\"scope_zh\":", "不含农药残留和兽药残留");
		put(&output.writer, ",\"scope_en\":", "without pesticide and veterinary drug residues");
		assay_json_text(&output.writer, "}\n");
		(void)fwrite(output.writer.bytes, 1, output.writer.length, stdout);
	} else if (status == ASSAY_OK) {
		(void)printf("共 %u 项，其中 %u 项没有检验方法；不含农药残留和兽药残留\n"
			     "%u items, %u without a method here; pesticide and veterinary drug residues are "
			     "not in it\n",
			output.count, output.untested, output.count, output.untested);
	}
	free(output.writer.bytes);
	return status;
}

int assay_cmd_plan(int argc, char **argv)
{
	static const struct option options[] = {{"produced", required_argument, NULL, 'p'},
		{"tested", required_argument, NULL, 't'}, {"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
	const char *produced = NULL, *tested = NULL;
	struct assay_places places;
	struct assay_specs *specs = NULL;
	struct assay_error err;
	bool json = false;
	int option, status;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'h') {
			(void)fputs(help, stdout);
			return assay_cli_flush();
		}
		if (option == 'p')
			produced = optarg;
		else if (option == 't')
			tested = optarg;
		else if (option == 'j')
			json = true;
		else
			return ASSAY_EXIT_USAGE;
	}
	if (optind + 1 != argc || !produced) {
		(void)assay_error_set(&err, ASSAY_EUSAGE, "usage",
			"要给出产品和生产日期，见 assay plan --help",
			"a product and a production date are needed; see assay plan --help");
		return assay_cli_fail(json, ASSAY_EUSAGE, &err);
	}
	status = assay_places_find(&places, &err);
	if (status == ASSAY_OK)
		status = assay_specs_load(places.specs, &specs, &err);
	if (status == ASSAY_OK)
		status = print_plan(specs, argv[optind], produced, tested, json, &err);
	assay_specs_free(specs);
	return status == ASSAY_OK ? assay_cli_flush() : assay_cli_fail(json, status, &err);
}
