/* SPDX-License-Identifier: Apache-2.0
 * assay status: lines, instruments and the journal of a running gateway. */
#include "gateway/cli/ask.h"

#include <stdio.h>

static const char help[] =
	"usage: assay status [-d DIR] [--json]\n"
	"Lines, instruments and their last readings, and the journal of the gateway that runs in "
	"DIR ($ASSAY_DIR).\n";

static void print_channel(const json_t *channel)
{
	const char *value = assay_ask_text(channel, "value"), *band = assay_ask_text(channel, "band");

	(void)printf("      ");
	assay_ask_put(assay_ask_text(channel, "channel"));
	(void)printf("  ");
	assay_ask_put(*value                               ? value
		      : *assay_ask_text(channel, "reason") ? assay_ask_text(channel, "reason")
							   : "-");
	(void)printf(" ");
	assay_ask_put(assay_ask_text(channel, "unit"));
	if (*band)
		(void)printf("  (%s %s..%s)", band, assay_ask_text(channel, "band_low"),
			assay_ask_text(channel, "band_high"));
	(void)printf("  %s\n", assay_ask_text(channel, "at"));
}

static void print_line(const json_t *line)
{
	const json_t *instrument, *channel;
	size_t i, j;

	assay_ask_put(assay_ask_text(line, "line"));
	(void)printf("  %s  ", assay_ask_text(line, "status"));
	assay_ask_put(assay_ask_text(line, "address"));
	if (*assay_ask_text(line, "code")) {
		(void)printf("  ");
		assay_ask_put(assay_ask_words(line, "text"));
	}
	(void)printf("\n");
	json_array_foreach(json_object_get(line, "instruments"), i, instrument)
	{
		(void)printf("   ");
		assay_ask_put(assay_ask_text(instrument, "instrument"));
		(void)printf("  ");
		assay_ask_put(assay_ask_words(instrument, "name"));
		(void)printf("  ");
		assay_ask_put(assay_ask_text(instrument, "serial_seen"));
		(void)printf("%s\n",
			json_is_true(json_object_get(instrument, "needed")) ? "  (needed by a test)" : "");
		json_array_foreach(json_object_get(instrument, "channels"), j, channel)
		{
			print_channel(channel);
		}
	}
}

static void print_status(const json_t *answer)
{
	const json_t *journal = json_object_get(answer, "journal"), *line;
	size_t index;

	json_array_foreach(json_object_get(answer, "lines"), index, line)
	{
		print_line(line);
	}

	(void)printf("journal  %" JSON_INTEGER_FORMAT " entries, segment %04d, %s\n  root %s\n",
		json_integer_value(json_object_get(journal, "size")),
		(int)json_integer_value(json_object_get(journal, "segment")),
		assay_ask_text(journal, "state"), assay_ask_text(journal, "root"));
}

int assay_cmd_status(int argc, char **argv)
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
	if (optind != argc)
		return assay_ask_usage(&ask, "status");
	return assay_ask_print(&ask, json_pack("{s:s}", "cmd", "status"), "", print_status);
}
