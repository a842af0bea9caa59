/* SPDX-License-Identifier: Apache-2.0
 * assay line watch: frames as they come. */
#include "gateway/cli/line.h"
#include "gateway/record/events.h"

#include <inttypes.h>
#include <string.h>

static const char help[] = "usage: assay line watch [LINE] [-d DIR] [--count N] [--seconds N] [--json]\n"
			   "Every exchange of the gateway that runs in DIR ($ASSAY_DIR), of LINE or of all "
			   "lines, once it is in the\n"
			   "journal: bytes sent (>) and received (<) in hexadecimal, and what the driver "
			   "read in them. Ends after --count\n"
			   "exchanges, after --seconds, or with Ctrl-C. --json: one object a line.\n";

struct watch {
	unsigned left; /* exchanges until it ends; 0: without end */
	bool json;
};

static json_t *events_json(const struct line_exchange *exchange)
{
	json_t *list = json_array();
	struct assay_event event;
	size_t at = 0;

	while (assay_event_next(exchange->raw, exchange->raw_length, &at, &event) == 1)
		(void)json_array_append_new(list,
			json_pack("{s:s,s:I,s:o}", "direction", line_event_name(event.direction), "mono_ns",
				(json_int_t)event.mono_ns, "hex", line_hex_json(event.bytes, event.length)));
	return list;
}

static void show_json(const struct line_exchange *exchange)
{
	const struct assay_exchange *body = exchange->body;
	json_t *readings = json_array();

	for (uint32_t i = 0; i < body->end.readings; i++)
		(void)json_array_append_new(readings, line_reading_json(&body->reading[i]));
	line_print_json(json_pack("{s:I,s:s,s:s,s:s,s:s,s:b,s:s,s:s,s:s,s:o,s:o}", "seq",
		(json_int_t)exchange->sequence, "at", exchange->at, "line", exchange->line, "instrument",
		body->instrument, "outcome", assay_outcome_name(body->end.outcome), "usable",
		body->end.usable != 0, "serial", body->end.serial, "model", body->end.model, "detail",
		body->end.detail, "events", events_json(exchange), "readings", readings));
}

static void show_text(const struct line_exchange *exchange)
{
	const struct assay_exchange *body = exchange->body;
	struct assay_event event;
	size_t at = 0;

	(void)printf("%s  ", exchange->at);
	assay_ask_put(exchange->line);
	(void)printf("  ");
	assay_ask_put(*body->instrument ? body->instrument : "-");
	(void)printf("  %s", assay_outcome_name(body->end.outcome));
	if (*body->end.detail) {
		(void)printf("  ");
		assay_ask_put(body->end.detail);
	}
	(void)putchar('\n');
	while (assay_event_next(exchange->raw, exchange->raw_length, &at, &event) == 1) {
		if (event.direction == ASSAY_TX || event.direction == ASSAY_RX)
			line_print_bytes(event.direction == ASSAY_TX ? ">" : "<", event.bytes, event.length);
		else
			(void)printf("  ! %s\n", line_event_name(event.direction));
	}
	if (*body->end.serial || *body->end.model) {
		(void)printf("    ");
		assay_ask_put(body->end.model);
		(void)printf("  serial ");
		assay_ask_put(body->end.serial);
		(void)putchar('\n');
	}
	for (uint32_t i = 0; i < body->end.readings; i++)
		line_print_reading(&body->reading[i]);
}

static bool show(void *context, const struct line_exchange *exchange)
{
	struct watch *watch = context;

	if (watch->json)
		show_json(exchange);
	else
		show_text(exchange);
	return watch->left == 0 || --watch->left > 0;
}

int assay_line_watch(int argc, char **argv)
{
	static const struct option options[] = {ASSAY_ASK_OPTIONS, {"count", required_argument, NULL, 'c'},
		{"seconds", required_argument, NULL, 's'}, {NULL, 0, NULL, 0}};
	struct assay_ask ask = {0};
	struct watch watch = {0};
	struct line_feed feed = {.line = ""};
	struct assay_error err;
	unsigned seconds = 0;
	int option, status;

	while ((option = getopt_long(argc, argv, "d:", options, NULL)) != -1) {
		bool good = option == 'c'   ? line_number(optarg, 1000000000, &watch.left)
			    : option == 's' ? line_number(optarg, 1000000000, &seconds)
					    : assay_ask_option(&ask, option, optarg);

		if (!good)
			return option == '?' ? ASSAY_EXIT_USAGE : assay_ask_usage(&ask, "line watch");
	}
	if (ask.help)
		return fputs(help, stdout) < 0 ? ASSAY_EXIT_REFUSED : assay_cli_flush();
	if (argc - optind > 1)
		return assay_ask_usage(&ask, "line watch");
	if (optind < argc)
		feed.line = argv[optind];
	watch.json = ask.json;
	feed.dir = assay_cli_dir(ask.dir, &err);
	status = feed.dir ? line_feed_newest(&feed, &err) : ASSAY_EUSAGE;
	if (status == ASSAY_OK)
		status = line_feed_follow(&feed, seconds, show, &watch, &err);
	return status == ASSAY_OK ? assay_cli_flush() : assay_cli_fail(ask.json, status, &err);
}
