/* SPDX-License-Identifier: Apache-2.0
 * assay line record: what goes over a line, as a capture file. */
#include "gateway/cli/line.h"
#include "gateway/record/events.h"
#include "gateway/wire/capture.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char help[] =
	"usage: assay line record LINE -o FILE [-d DIR] [--from SEQ] [--count N] [--seconds N] [--json]\n"
	"What goes over LINE of the gateway that runs in DIR ($ASSAY_DIR), from now on or from journal entry "
	"SEQ on,\n"
	"into FILE, which must not exist. Ends after --count exchanges, after --seconds, or with Ctrl-C, and "
	"says how\n"
	"much it wrote. FILE is text: seconds, direction, bytes in hexadecimal; `assay line replay` and "
	"`assay driver\n"
	"decode` read it.\n";

struct record {
	FILE *file;
	unsigned left; /* exchanges until it ends; 0: without end */
	unsigned exchanges;
	uint64_t begun_ns, last_ns;
	bool failed;
};

/* One event, in rows a reader takes. */
static bool write_event(struct record *record, const struct assay_event *event)
{
	static char text[3 * ASSAY_CAPTURE_PIECE_MAX + 64];
	const char *word = line_event_name(event->direction);
	bool bytes = event->direction == ASSAY_TX || event->direction == ASSAY_RX;
	struct assay_capture_row row = {.direction = ASSAY_CAPTURE_EVENT};
	const uint8_t *from = bytes ? event->bytes : (const uint8_t *)word;
	size_t left = bytes ? event->length : strlen(word);

	if (!record->begun_ns)
		record->begun_ns = event->mono_ns;
	if (event->mono_ns >
		record->last_ns) /* a new boot counts from the beginning: time stands still there */
		record->last_ns = event->mono_ns;
	row.time_us = (record->last_ns - record->begun_ns) / 1000;
	if (bytes)
		row.direction = event->direction == ASSAY_TX ? ASSAY_CAPTURE_TX : ASSAY_CAPTURE_RX;
	while (left) {
		size_t length;

		row.bytes = from;
		row.length = left < ASSAY_CAPTURE_PIECE_MAX ? left : ASSAY_CAPTURE_PIECE_MAX;
		length = assay_capture_format(&row, text, sizeof text);
		if (length == 0 || fwrite(text, 1, length, record->file) != length)
			return false;
		from += row.length;
		left -= row.length;
	}
	return true;
}

static bool write_exchange(void *context, const struct line_exchange *exchange)
{
	struct record *record = context;
	struct assay_event event;
	size_t at = 0;

	while (!record->failed && assay_event_next(exchange->raw, exchange->raw_length, &at, &event) == 1)
		record->failed = !write_event(record, &event);
	record->exchanges++;
	return !record->failed && (record->left == 0 || --record->left > 0);
}

static int open_file(struct record *record, const char *path, const char *line, struct assay_error *err)
{
	record->file = fopen(path, "wxe");
	if (!record->file)
		return assay_error_set(err, ASSAY_EIO, "capture-unwritable", "不能新建 %s（%s）",
			"%s cannot be made (%s)", path, strerror(errno));
	record->failed = fprintf(record->file, "%s# line %s, recorded by assay " ASSAY_VERSION "\n",
				 ASSAY_CAPTURE_MAGIC, line) < 0;
	return ASSAY_OK;
}

static int record_line(struct record *record, struct line_feed *feed, const char *path, unsigned from,
	unsigned seconds, struct assay_error *err)
{
	int status = line_feed_newest(feed, err);

	if (status == ASSAY_OK)
		status = open_file(record, path, feed->line, err);
	if (status != ASSAY_OK)
		return status;
	if (from)
		feed->next = from;
	status = line_feed_follow(feed, seconds, write_exchange, record, err);
	if (fclose(record->file) != 0 || record->failed)
		status = assay_error_set(err, ASSAY_EIO, "capture-unwritable", "%s 没有写完（%s）",
			"%s is not complete (%s)", path, strerror(errno));
	return status;
}

struct arguments {
	struct assay_ask ask;
	const char *path;
	unsigned from, seconds;
};

static bool take(struct arguments *arguments, struct record *record, int option, const char *argument)
{
	switch (option) {
	case 'o':
		arguments->path = argument;
		return true;
	case 'f':
		return line_number(argument, 1000000000, &arguments->from);
	case 'c':
		return line_number(argument, 1000000000, &record->left);
	case 's':
		return line_number(argument, 1000000000, &arguments->seconds);
	default:
		return assay_ask_option(&arguments->ask, option, argument);
	}
}

int assay_line_record(int argc, char **argv)
{
	static const struct option options[] = {ASSAY_ASK_OPTIONS, {"output", required_argument, NULL, 'o'},
		{"from", required_argument, NULL, 'f'}, {"count", required_argument, NULL, 'c'},
		{"seconds", required_argument, NULL, 's'}, {NULL, 0, NULL, 0}};
	struct arguments arguments = {.path = NULL};
	struct record record = {0};
	struct line_feed feed = {.line = ""};
	struct assay_error err;
	int option, status;

	while ((option = getopt_long(argc, argv, "d:o:", options, NULL)) != -1)
		if (!take(&arguments, &record, option, optarg))
			return option == '?' ? ASSAY_EXIT_USAGE
					     : assay_ask_usage(&arguments.ask, "line record");
	if (arguments.ask.help)
		return fputs(help, stdout) < 0 ? ASSAY_EXIT_REFUSED : assay_cli_flush();
	if (optind + 1 != argc || !arguments.path)
		return assay_ask_usage(&arguments.ask, "line record");
	feed.line = argv[optind];
	feed.dir = assay_cli_dir(arguments.ask.dir, &err);
	status = feed.dir ? record_line(
				    &record, &feed, arguments.path, arguments.from, arguments.seconds, &err)
			  : ASSAY_EUSAGE;
	if (status != ASSAY_OK)
		return assay_cli_fail(arguments.ask.json, status, &err);
	if (arguments.ask.json)
		line_print_json(
			json_pack("{s:s,s:i}", "file", arguments.path, "exchanges", (int)record.exchanges));
	else
		(void)printf("%s: %u exchanges\n", arguments.path, record.exchanges);
	return assay_cli_flush();
}
