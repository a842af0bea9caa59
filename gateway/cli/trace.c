/* SPDX-License-Identifier: Apache-2.0
 * assay trace: from a result back to its limit, its readings, their frames and bytes. */
#include "gateway/cli/ask.h"

#include <stdio.h>
#include <string.h>

static const char help[] =
	"usage: assay trace RESULT [-d DIR] [--json]\n"
	"From a result (S26-1125-01.1.R1, see assay batch show) back to its limit, readings, frames and\n"
	"bytes, with the digests of driver and specs.\n";

/* The bytes of the value stand between brackets. */
static void print_bytes(const json_t *reading)
{
	const char *hex = assay_ask_text(json_object_get(reading, "exchange"), "received");
	json_int_t at = json_integer_value(json_object_get(reading, "value_at"));
	json_int_t end = at + json_integer_value(json_object_get(reading, "value_length"));

	(void)printf("      ");
	for (json_int_t i = 0; hex[0] && hex[1]; i++, hex += 2)
		(void)printf("%s%.2s%s", i == at && end > at ? "[" : "", hex,
			i + 1 == end && end > at ? "] " : " ");
	(void)printf("\n");
}

static void print_reading(const json_t *reading)
{
	const json_t *exchange = json_object_get(reading, "exchange"),
		     *driver = json_object_get(reading, "driver");

	(void)printf("  %s.%d  %s %s  ", assay_ask_text(reading, "slot"),
		(int)json_integer_value(json_object_get(reading, "replicate")),
		assay_ask_text(reading, "value"), assay_ask_text(reading, "unit"));
	if (!json_is_object(exchange)) {
		(void)printf("%s  ", assay_ask_chinese() ? "手工值" : "typed");
		assay_ask_put(assay_ask_text(reading, "who"));
		(void)printf("  ");
		assay_ask_put(assay_ask_text(reading, "reason"));
		(void)printf("\n");
		return;
	}
	assay_ask_put(assay_ask_text(reading, "instrument"));
	(void)printf("  ");
	assay_ask_put(assay_ask_text(reading, "serial"));
	(void)printf("\n      entry %" JSON_INTEGER_FORMAT "  %s  leaf %s\n      driver %s %s  sha256 %s\n",
		json_integer_value(json_object_get(exchange, "seq")), assay_ask_text(exchange, "at"),
		assay_ask_text(exchange, "leaf"), assay_ask_text(driver, "name"),
		assay_ask_text(driver, "version"), assay_ask_text(driver, "sha256"));
	print_bytes(reading);
}

static void print_trace(const json_t *trace)
{
	const json_t *limit = json_object_get(trace, "limit"), *method = json_object_get(trace, "method"),
		     *row;
	size_t index;

	(void)printf("%s\n", assay_ask_text(trace, "result"));
	if (json_is_object(limit)) {
		(void)printf("  %s  ", assay_ask_text(limit, "standard"));
		assay_ask_put(assay_ask_text(limit, "text"));
		(void)printf("  ");
		assay_ask_put(assay_ask_text(limit, "clause"));
		(void)printf("\n      %s:%d  sha256 %s\n", assay_ask_text(limit, "file"),
			(int)json_integer_value(json_object_get(limit, "line")),
			assay_ask_text(limit, "sha256"));
	}
	(void)printf("  %s\n      %s  sha256 %s\n", assay_ask_text(method, "id"),
		assay_ask_text(method, "file"), assay_ask_text(method, "sha256"));
	json_array_foreach(json_object_get(trace, "readings"), index, row)
	{
		print_reading(row);
	}

	json_array_foreach(json_object_get(trace, "steps"), index, row)
	{
		(void)printf("  ");
		assay_ask_put(assay_ask_text(row, assay_ask_chinese() ? "zh" : "en"));
		(void)printf("\n");
	}
}

int assay_cmd_trace(int argc, char **argv)
{
	static const struct option options[] = {ASSAY_ASK_OPTIONS, {NULL, 0, NULL, 0}};
	struct assay_ask ask = {0};
	int option;

	while ((option = getopt_long(argc, argv, "d:", options, NULL)) != -1)
		if (!assay_ask_option(&ask, option, optarg))
			return ASSAY_EXIT_USAGE;
	if (ask.help) {
		(void)fputs(help, stdout);
		return assay_cli_flush();
	}
	if (argc - optind != 1)
		return assay_ask_usage(&ask, "trace");
	return assay_ask_print(
		&ask, json_pack("{s:s,s:s}", "cmd", "trace", "result", argv[optind]), "trace", print_trace);
}
