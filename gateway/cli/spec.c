/* SPDX-License-Identifier: Apache-2.0
 * assay spec: what the limit library knows; needs no gateway. */
#include "gateway/cli/spec.h"

#include "gateway/cli/cli.h"
#include "gateway/config.h"

#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
	"usage: assay spec check [FILE...]\n"
	"       assay spec list [--standards|--products|--methods|--categories TREE] [--json]\n"
	"       assay spec show NAME [--json]        a standard, product, method or category code\n"
	"       assay spec diff OLD NEW [--json]     two editions, by id or file\n"
	"       assay spec whatif FILE --since YYYY-MM-DD [-d DIR] [--json]\n"
	"       assay spec bundle key|make|check|approve|install ...   all specs as one signed file; see its "
	"--help\n"
	"       assay spec reasons|conditions [--json]\n"
	"check reads all specs, with FILEs added or in place of those of the same name: schema, sources, "
	"overlaps in time,\n"
	"unknown categories, rows twice ...; the first mistake is named with file:line, exit 1.\n"
	"whatif names the recorded verdicts that would be others if FILE were in force; none is changed.\n";

struct spec_options {
	const char *dir, *since, *tree;
	bool json, standards, products, methods, categories;
	char **names;
	int name_count;
};

static int print_list(json_t *list, bool json)
{
	size_t index;
	json_t *row;

	if (json) {
		(void)json_dumpf(list, stdout, JSON_COMPACT);
		(void)putchar('\n');
	}
	json_array_foreach(list, index, row)
	{
		const char *key;
		json_t *value;
		bool first = true;

		if (json)
			break;
		json_object_foreach(row, key, value)
		{
			(void)printf("%s%s", first ? "" : "\t", json_string_value(value));
			first = false;
		}
		(void)putchar('\n');
	}
	json_decref(list);
	return ASSAY_OK;
}

static json_t *texts(
	const char *a, const char *av, const char *b, const char *bv, const char *c, const char *cv)
{
	return json_pack("{s:s,s:s,s:s}", a, av, b, bv, c, cv);
}

static int reasons(bool json)
{
	json_t *list = json_array();

	for (const struct assay_reason_text *row = assay_reasons(); row->code; row++)
		(void)json_array_append_new(list, texts("code", row->code, "zh", row->zh, "en", row->en));
	return print_list(list, json);
}

static int conditions(bool json)
{
	json_t *list = json_array();

	for (const struct assay_condition *row = assay_conditions(); row->name; row++)
		(void)json_array_append_new(list, texts("name", row->name, "zh", row->zh, "en", row->en));
	return print_list(list, json);
}

static void list_standards(const struct assay_specs *specs, json_t *list)
{
	char rows[24];

	for (size_t i = 0; i < assay_specs_standard_count(specs); i++) {
		const struct assay_standard *standard = assay_specs_standard(specs, i);

		(void)snprintf(rows, sizeof rows, "%zu", standard->limit_count);
		(void)json_array_append_new(list,
			json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s}", "standard", standard->id, "from",
				standard->from, "until", standard->until, "tree", standard->tree, "rows",
				rows, "title_zh", standard->title_zh, "title_en", standard->title_en));
	}
}

static void list_products(const struct assay_specs *specs, json_t *list)
{
	for (size_t i = 0; i < assay_specs_product_count(specs); i++) {
		const struct assay_product *product = assay_specs_product(specs, i);

		(void)json_array_append_new(list, texts("product", product->id, "name_zh", product->name_zh,
							  "name_en", product->name_en));
	}
}

static void list_methods(const struct assay_specs *specs, json_t *list)
{
	for (size_t i = 0; i < assay_specs_method_count(specs); i++) {
		const struct assay_method *method = assay_specs_method_at(specs, i);

		(void)json_array_append_new(
			list, json_pack("{s:s,s:s,s:s,s:s,s:s}", "method", method->id, "standard",
				      method->standard, "analyte", method->analyte, "analyte_zh",
				      method->analyte_zh, "unit", method->unit));
	}
}

static void list_categories(const struct assay_specs *specs, const char *tree, json_t *list)
{
	for (size_t i = 0; i < assay_specs_category_count(specs); i++) {
		const struct assay_category *category = assay_specs_category_at(specs, i);

		if (strcmp(category->tree, tree) == 0)
			(void)json_array_append_new(
				list, json_pack("{s:s,s:s,s:s,s:s}", "code", category->code, "parent",
					      category->parent, "name_zh", category->name_zh, "name_en",
					      category->name_en));
	}
}

static int list_specs(
	const struct assay_specs *specs, const struct spec_options *options, struct assay_error *err)
{
	json_t *list = json_array();
	bool all = !options->standards && !options->products && !options->methods && !options->categories;

	if (options->standards || all)
		list_standards(specs, list);
	if (options->products || all)
		list_products(specs, list);
	if (options->methods || all)
		list_methods(specs, list);
	if (options->categories)
		list_categories(specs, options->tree, list);
	if (options->categories && json_array_size(list) == 0) {
		json_decref(list);
		return assay_error_set(err, ASSAY_ENOTFOUND, "tree-unknown", "没有类别树 %s",
			"there is no tree of categories %s", options->tree);
	}
	return print_list(list, options->json);
}

static int check(const char *dir, const struct spec_options *options, struct assay_error *err)
{
	struct assay_specs *specs = NULL;
	size_t rows = 0, medium = 0;
	int status = assay_specs_load_with(
		dir, (const char *const *)options->names, (size_t)options->name_count, false, &specs, err);

	if (status != ASSAY_OK)
		return status;
	for (size_t i = 0; i < assay_specs_standard_count(specs); i++) {
		const struct assay_standard *standard = assay_specs_standard(specs, i);

		rows += standard->limit_count;
		for (size_t j = 0; j < standard->limit_count; j++)
			medium += strcmp(standard->limits[j].confidence, "high") != 0;
	}
	if (options->json)
		(void)printf(
			"{\"files\":%zu,\"standards\":%zu,\"rows\":%zu,\"unverified\":%zu,\"products\":%zu,"
			"\"methods\":%zu,\"categories\":%zu}\n",
			assay_specs_file_count(specs), assay_specs_standard_count(specs), rows, medium,
			assay_specs_product_count(specs), assay_specs_method_count(specs),
			assay_specs_category_count(specs));
	else
		(void)printf("%zu files: %zu editions of standards, %zu limits (%zu rest on one unconfirmed "
			     "source), %zu "
			     "products, %zu methods, %zu categories\n",
			assay_specs_file_count(specs), assay_specs_standard_count(specs), rows, medium,
			assay_specs_product_count(specs), assay_specs_method_count(specs),
			assay_specs_category_count(specs));
	assay_specs_free(specs);
	return ASSAY_OK;
}

static int usage(struct assay_error *err)
{
	return assay_error_set(err, ASSAY_EUSAGE, "usage", "参数不对，见 assay spec --help",
		"the arguments are wrong; see assay spec --help");
}

static int with_specs(const char *command, const struct assay_places *places,
	const struct spec_options *options, struct assay_error *err)
{
	struct assay_specs *specs = NULL;
	int status = assay_specs_load(places->specs, &specs, err);

	if (status != ASSAY_OK)
		return status;
	status = strcmp(command, "list") == 0 ? list_specs(specs, options, err)
					      : assay_spec_show(specs, options->names[0], options->json, err);
	assay_specs_free(specs);
	return status;
}

static int run(const char *command, const struct spec_options *options, struct assay_error *err)
{
	struct assay_places places;
	int count = options->name_count, status;

	if (strcmp(command, "reasons") == 0 && count == 0)
		return reasons(options->json);
	if (strcmp(command, "conditions") == 0 && count == 0)
		return conditions(options->json);
	status = assay_places_find(&places, err);
	if (status != ASSAY_OK)
		return status;
	if (strcmp(command, "check") == 0)
		return check(places.specs, options, err);
	if ((strcmp(command, "list") == 0 && count == 0) || (strcmp(command, "show") == 0 && count == 1))
		return with_specs(command, &places, options, err);
	if (strcmp(command, "diff") == 0 && count == 2)
		return assay_spec_diff(
			places.specs, options->names[0], options->names[1], options->json, err);
	if (strcmp(command, "whatif") == 0 && count == 1 && options->since) {
		const char *dir = assay_cli_dir(options->dir, err);

		return dir ? assay_spec_whatif(
				     places.specs, dir, options->names[0], options->since, options->json, err)
			   : ASSAY_EUSAGE;
	}
	return usage(err);
}

int assay_cmd_spec(int argc, char **argv)
{
	static const struct option long_options[] = {{"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'}, {"since", required_argument, NULL, 's'},
		{"standards", no_argument, NULL, 'S'}, {"products", no_argument, NULL, 'P'},
		{"methods", no_argument, NULL, 'M'}, {"categories", required_argument, NULL, 'C'},
		{NULL, 0, NULL, 0}};
	struct spec_options options = {0};
	struct assay_error err;
	int option, status;

	if (argc > 1 && strcmp(argv[1], "bundle") == 0)
		return assay_spec_bundle(argc - 1, argv + 1);
	while ((option = getopt_long(argc, argv, "d:", long_options, NULL)) != -1) {
		switch (option) {
		case 'd':
			options.dir = optarg;
			break;
		case 's':
			options.since = optarg;
			break;
		case 'j':
			options.json = true;
			break;
		case 'S':
			options.standards = true;
			break;
		case 'P':
			options.products = true;
			break;
		case 'M':
			options.methods = true;
			break;
		case 'C':
			options.categories = true;
			options.tree = optarg;
			break;
		case 'h':
			(void)fputs(help, stdout);
			return assay_cli_flush();
		default:
			return ASSAY_EXIT_USAGE;
		}
	}
	options.names = argv + optind + 1;
	options.name_count = argc - optind - 1;
	status = optind < argc ? run(argv[optind], &options, &err) : usage(&err);
	return status == ASSAY_OK ? assay_cli_flush() : assay_cli_fail(options.json, status, &err);
}
