/* SPDX-License-Identifier: Apache-2.0
 * assay plan: every limit of every standard that applies to a product on its production date; needs no gateway. */
#include "gateway/cli/cli.h"
#include "gateway/cli/json_line.h"
#include "gateway/config.h"
#include "gateway/lab/equipment.h"
#include "limits/limits.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
	"usage: assay plan PRODUCT --produced YYYY-MM-DD [--tested YYYY-MM-DD] [-c LAB.xml | -d DIR] "
	"[--json]\n"
	"The list of items for a product: analyte, limit, standard, clause, method, sampling plan, and what "
	"no method here\n"
	"tests. With -c, or the lab.xml of DIR, also what the laboratory's instruments cannot test, and the "
	"unit that none\n"
	"of them gives. Pesticides and veterinary drugs are not in it. Products: assay spec list "
	"--products\n";

struct plan_output {
	struct assay_json_writer writer;
	bool json;
	struct assay_config *config; /* the laboratory, NULL: any that has the method */
	const struct assay_specs *specs;
	struct assay_error *err;
	unsigned count, untested;
};

struct plan_wish {
	const char *product, *produced, *tested, *config, *dir;
	bool json;
};

/* Why an item cannot be tested: "no-method", "no-instrument" with the unit nothing gives, or "" when it can. */
struct obstacle {
	const char *reason, *unit;
};

static void put(struct assay_json_writer *writer, const char *name, const char *value)
{
	assay_json_text(writer, name);
	assay_json_quote(writer, value);
}

static void put_level(struct assay_json_writer *writer, const char *name, const struct assay_decimal *level)
{
	char text[ASSAY_DECIMAL_TEXT_MAX] = "";

	if (level)
		(void)assay_decimal_format(level, text);
	put(writer, name, text);
}

static int find_obstacle(
	const struct plan_output *output, const struct assay_plan_item *item, struct obstacle *out)
{
	const char *unit = "";
	int found = 1;

	if (item->method && output->config)
		found = lab_can_run(item->method, lab_config_gives, output->config, &unit, output->err);
	*out = !item->method ? (struct obstacle){"no-method", ""}
	       : found == 0  ? (struct obstacle){"no-instrument", unit}
			     : (struct obstacle){"", ""};
	return found < 0 ? found : ASSAY_OK;
}

static void item_json(
	struct plan_output *output, const struct assay_plan_item *item, const struct obstacle *obstacle)
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
	put(writer, ",\"confidence\":",
		limit                                                         ? limit->confidence
		: assay_specs_standard_partial(output->specs, item->standard) ? "medium"
									      : "high");
	put(writer, ",\"when\":", limit ? limit->when : "");
	put(writer, ",\"unless\":", limit ? limit->unless : "");
	(void)snprintf(plan, sizeof plan, ",\"n\":%u,\"c\":%u", limit ? limit->n : 0, limit ? limit->c : 0);
	assay_json_text(writer, plan);
	put_level(writer, ",\"m\":", limit && limit->has_m ? &limit->m : NULL);
	put_level(writer, ",\"M\":", limit && limit->has_M ? &limit->M : NULL);
	assay_json_text(writer, item->declared ? ",\"declared\":true" : ",\"declared\":false");
	assay_json_text(writer, item->applies ? ",\"applies\":true" : ",\"applies\":false");
	put(writer, ",\"method\":", item->method ? item->method->id : "");
	put(writer, ",\"method_standard\":",
		item->method ? item->method->standard : (limit ? limit->method : ""));
	put(writer, ",\"reason\":", obstacle->reason);
	put(writer, ",\"missing_unit\":", obstacle->unit);
	assay_json_text(writer, *obstacle->reason ? ",\"testable\":false}" : ",\"testable\":true}");
}

static void item_text(const struct assay_plan_item *item, const struct obstacle *obstacle)
{
	const struct assay_limit *limit = item->limit;

	(void)printf("%s  %s  %s  %s%s%s\n    %s%s%s%s%s%s%s\n", item->analyte_zh, item->analyte,
		limit ? limit->text : "不得使用 not permitted", item->standard->id, limit ? "  " : "",
		limit ? limit->clause : "", item->method ? item->method->standard : "",
		item->method ? "  " : "没有检验方法 no method here", item->method ? item->method->id : "",
		*obstacle->unit ? "  没有仪器给出 no instrument here gives " : "", obstacle->unit,
		item->applies ? "" : "  [条件不成立 condition does not hold]",
		limit && strcmp(limit->confidence, "high") != 0 ? "  [来源未核实 limit-unverified]" : "");
}

static int on_item(void *context, const struct assay_plan_item *item)
{
	struct plan_output *output = context;
	struct obstacle obstacle;
	int status = find_obstacle(output, item, &obstacle);

	if (status != ASSAY_OK)
		return status;
	if (output->json)
		item_json(output, item, &obstacle);
	else
		item_text(item, &obstacle);
	output->count++;
	output->untested += *obstacle.reason != '\0';
	return 0;
}

/* Standards of the product that say nothing on that day, or less than their text does. */
static void print_gaps(struct plan_output *output, const struct assay_product *product, const char *produced)
{
	struct assay_json_writer *writer = &output->writer;
	unsigned count = 0;

	if (output->json)
		assay_json_text(writer, "],\"gaps\":[");
	for (unsigned i = 0; i < product->use_count; i++) {
		const char *name = product->use[i].standard;
		bool in_force = false;
		const struct assay_standard *standard =
			assay_specs_standard_at(output->specs, name, produced, &in_force);
		bool partial = in_force && (strcmp(standard->no_row, "left-out") == 0 ||
						   assay_specs_standard_partial(output->specs, standard));
		const char *reason = in_force ? "rows-left-out" : "not-in-force";

		if (in_force && !partial)
			continue;
		if (output->json) {
			put(writer, count++ ? ",{\"standard\":" : "{\"standard\":",
				in_force ? standard->id : name);
			put(writer, ",\"reason\":", reason);
			assay_json_text(writer, "}");
		} else {
			(void)printf("%s  %s  %s\n", in_force ? standard->id : name,
				assay_reason_find(reason)->zh, assay_reason_find(reason)->en);
		}
	}
}

static void print_end(struct plan_output *output)
{
	struct assay_json_writer *writer = &output->writer;
	char numbers[80];

	if (!output->json) {
		(void)printf("共 %u 项，其中 %u 项这里不能检验；不含农药残留和兽药残留\n"
			     "%u items, %u cannot be tested here; pesticide and veterinary drug residues are "
			     "not in "
			     "it\n",
			output->count, output->untested, output->count, output->untested);
		return;
	}
	(void)snprintf(
		numbers, sizeof numbers, "],\"count\":%u,\"untested\":%u", output->count, output->untested);
	assay_json_text(writer, numbers);
	put(writer, ",\"scope_zh\":", "不含农药残留和兽药残留");
	put(writer, ",\"scope_en\":", "without pesticide and veterinary drug residues");
	assay_json_text(writer, "}\n");
	if (!writer->full)
		(void)fwrite(writer->bytes, 1, writer->length, stdout);
}

static int print_plan(struct plan_output *output, const struct plan_wish *wish, struct assay_error *err)
{
	const struct assay_product *product = assay_specs_product_find(output->specs, wish->product);
	int status;

	if (!product)
		return assay_error_set(err, ASSAY_ENOTFOUND, "product-unknown",
			"没有产品 %s，见 assay spec list --products",
			"there is no product %s; see assay spec list --products", wish->product);
	if (output->json) {
		put(&output->writer, "{\"product\":", product->id);
		put(&output->writer, ",\"name_zh\":", product->name_zh);
		put(&output->writer, ",\"name_en\":", product->name_en);
		put(&output->writer, ",\"produced\":", wish->produced);
		assay_json_text(&output->writer, ",\"items\":[");
	} else {
		(void)printf("%s %s（%s）\n", product->name_zh, product->name_en, wish->produced);
	}
	status = assay_plan(output->specs, product, wish->produced, wish->tested, on_item, output, err);
	if (status == ASSAY_OK) {
		print_gaps(output, product, wish->produced);
		print_end(output);
	}
	if (status == ASSAY_OK && output->writer.full)
		status = assay_error_set(err, ASSAY_ENOMEM, "out-of-memory", "内存不足", "out of memory");
	free(output->writer.bytes);
	return status;
}

static int run(const struct plan_wish *wish, struct assay_error *err)
{
	struct plan_output output = {.json = wish->json, .err = err};
	struct assay_specs *specs = NULL;
	struct assay_places places;
	char own[900];
	const char *path = wish->config;
	int status = assay_cli_places(wish->dir, &places, err);

	if (wish->dir) {
		(void)snprintf(own, sizeof own, "%s/lab.xml", wish->dir);
		path = own;
	}
	if (status == ASSAY_OK)
		status = assay_specs_load(places.specs, &specs, err);
	if (status == ASSAY_OK && path)
		status = assay_config_load(path, places.specs, places.drivers, &output.config, err);
	output.specs = specs;
	if (status == ASSAY_OK)
		status = print_plan(&output, wish, err);
	assay_config_free(output.config);
	assay_specs_free(specs);
	return status;
}

int assay_cmd_plan(int argc, char **argv)
{
	static const struct option options[] = {{"produced", required_argument, NULL, 'p'},
		{"tested", required_argument, NULL, 't'}, {"json", no_argument, NULL, 'j'},
		{"config", required_argument, NULL, 'c'}, {"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0}};
	struct plan_wish wish = {0};
	struct assay_error err;
	int option, status;

	while ((option = getopt_long(argc, argv, "c:d:", options, NULL)) != -1) {
		switch (option) {
		case 'h':
			(void)fputs(help, stdout);
			return assay_cli_flush();
		case 'p':
			wish.produced = optarg;
			break;
		case 't':
			wish.tested = optarg;
			break;
		case 'c':
			wish.config = optarg;
			break;
		case 'd':
			wish.dir = optarg;
			break;
		case 'j':
			wish.json = true;
			break;
		default:
			return ASSAY_EXIT_USAGE;
		}
	}
	if (optind + 1 != argc || !wish.produced || (wish.config && wish.dir)) {
		(void)assay_error_set(&err, ASSAY_EUSAGE, "usage",
			"要给出产品和生产日期，-c 和 -d 只能用一个，见 assay plan --help",
			"a product and a production date are needed, and -c or -d, not both; see assay plan "
			"--help");
		return assay_cli_fail(wish.json, ASSAY_EUSAGE, &err);
	}
	wish.product = argv[optind];
	status = run(&wish, &err);
	return status == ASSAY_OK ? assay_cli_flush() : assay_cli_fail(wish.json, status, &err);
}
