/* SPDX-License-Identifier: Apache-2.0
 * assay line replay: a capture file, exchange by exchange, and what the driver reads in it. */
#include "gateway/cli/driver.h"
#include "gateway/cli/line.h"
#include "gateway/wire/capture.h"
#include "gateway/wire/decode.h"
#include "gateway/wire/instrument_spec.h"
#include "limits/xml_scan.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char help[] = "usage: assay line replay FILE --instrument FILE.xml [--paced] [--json]\n"
			   "A capture made by `assay line record`: each row with its time, and below it what "
			   "the driver of the instrument\n"
			   "file reads in the bytes received. Cut and decode only: no fence, nothing is "
			   "discarded. --paced: in the\n"
			   "capture's own time. --json: one object a row, and one a reading. A <replay> line "
			   "of lab.xml plays the same\n"
			   "file into a gateway.\n";

struct player {
	struct assay_replay *replay;
	bool modbus, json, paced;
	const char *path;
	char *exchange; /* Modbus: rows since the last request, as a capture of their own */
	size_t exchange_length;
	struct timespec begun;
};

static int show_result(void *context, const struct assay_replay_result *result)
{
	const struct player *player = context;
	struct assay_end_reading row;

	memset(&row, 0, sizeof row);
	if (result->kind == ASSAY_REPLAY_READING) {
		assay_replay_row(result->reading, 0, result->frame_length, &row);
	} else if (result->kind == ASSAY_REPLAY_REASON) {
		row.reason = result->reason;
		(void)snprintf(row.detail, sizeof row.detail, "%s", result->detail ? result->detail : "");
	} else if (result->kind == ASSAY_REPLAY_IDENTITY) {
		const char *model = result->identity->model, *serial = result->identity->serial;

		if (player->json) {
			line_print_json(json_pack("{s:s?,s:s?}", "model", model, "serial", serial));
			return 0;
		}
		(void)printf("    ");
		assay_ask_put(model ? model : "-");
		(void)printf("  serial ");
		assay_ask_put(serial ? serial : "-");
		(void)putchar('\n');
		return 0;
	} else {
		return 0;
	}
	if (player->json)
		line_print_json(line_reading_json(&row));
	else
		line_print_reading(&row);
	return 0;
}

static void show_row(const struct player *player, const struct assay_capture_row *row)
{
	const char mark[2] = {row->direction, '\0'};

	if (player->json) {
		if (row->direction == ASSAY_CAPTURE_EVENT)
			line_print_json(json_pack("{s:I,s:s,s:s%}", "time_us", (json_int_t)row->time_us,
				"direction", mark, "event", (const char *)row->bytes, row->length));
		else
			line_print_json(json_pack("{s:I,s:s,s:o}", "time_us", (json_int_t)row->time_us,
				"direction", mark, "hex", line_hex_json(row->bytes, row->length)));
		return;
	}
	(void)printf("%" PRIu64 ".%06u\n", row->time_us / 1000000, (unsigned)(row->time_us % 1000000));
	if (row->direction == ASSAY_CAPTURE_EVENT)
		(void)printf("  ! %.*s\n", (int)row->length, (const char *)row->bytes);
	else
		line_print_bytes(mark, row->bytes, row->length);
}

static void wait_until(const struct player *player, uint64_t time_us)
{
	struct timespec due = player->begun;

	due.tv_sec += (time_t)(time_us / 1000000);
	due.tv_nsec += (long)(time_us % 1000000) * 1000;
	if (due.tv_nsec >= 1000000000) {
		due.tv_nsec -= 1000000000;
		due.tv_sec++;
	}
	(void)fflush(stdout);
	while (!line_feed_interrupted() && clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL) != 0)
		;
}

static int begin_exchange(struct player *player, struct assay_error *err)
{
	int status = ASSAY_OK;

	if (player->exchange_length > strlen(ASSAY_CAPTURE_MAGIC))
		status = assay_decode(player->replay, true, player->path, (const uint8_t *)player->exchange,
			player->exchange_length, err);
	player->exchange_length = strlen(ASSAY_CAPTURE_MAGIC);
	memcpy(player->exchange, ASSAY_CAPTURE_MAGIC, player->exchange_length);
	return status;
}

/* Streams are cut as they come; a Modbus answer is matched with the request before it. */
static int decode_row(struct player *player, const struct assay_capture_row *row, const char *text,
	size_t length, struct assay_error *err)
{
	if (!player->modbus) {
		if (row->direction == ASSAY_CAPTURE_RX &&
			assay_replay_feed(player->replay, row->bytes, row->length, ASSAY_EVENT_BYTES) < 0)
			return assay_error_set(err, ASSAY_EREFUSED, "decode-failed", "驱动没有按约定切分字节",
				"the driver did not keep its contract");
		return ASSAY_OK;
	}
	memcpy(player->exchange + player->exchange_length, text, length);
	player->exchange_length += length;
	return ASSAY_OK;
}

static int play(struct player *player, const char *text, size_t length, struct assay_error *err)
{
	static uint8_t scratch[ASSAY_CAPTURE_PIECE_MAX];
	struct assay_capture_row row;
	size_t at = 0, before = strlen(ASSAY_CAPTURE_MAGIC);
	int status;

	if (!assay_capture_is(text, length))
		return assay_error_set(err, ASSAY_EREFUSED, "capture-invalid", "%s 不是抓包文件",
			"%s is no capture file; see assay line record", player->path);
	player->exchange = malloc(length + sizeof ASSAY_CAPTURE_MAGIC);
	if (!player->exchange)
		return assay_error_set(err, ASSAY_ENOMEM, "out-of-memory", "内存不足", "out of memory");
	(void)begin_exchange(player, NULL);
	(void)clock_gettime(CLOCK_MONOTONIC, &player->begun);
	while ((status = assay_capture_next(player->path, text, length, &at, scratch, &row, err)) == 1) {
		if (player->modbus && row.direction == ASSAY_CAPTURE_TX)
			status = begin_exchange(player, err);
		if (player->paced)
			wait_until(player, row.time_us);
		if (status < 0 || line_feed_interrupted())
			break;
		show_row(player, &row);
		status = decode_row(player, &row, text + before, at - before, err);
		before = at;
		if (status < 0)
			break;
	}
	if (status == 0)
		status = player->modbus ? begin_exchange(player, err)
					: (assay_replay_end(player->replay) < 0 ? ASSAY_EIO : ASSAY_OK);
	free(player->exchange);
	return status < 0 ? status : ASSAY_OK;
}

static int replay_file(struct player *player, const char *instrument, struct assay_error *err)
{
	struct assay_instrument_spec *spec = NULL;
	struct assay_plugin plugin = {0};
	struct assay_places places;
	char *text = NULL;
	size_t length = 0;
	int status = assay_places_find(&places, err);

	if (status == ASSAY_OK)
		status = assay_instrument_spec_read(places.specs, instrument, &spec, err);
	if (status == ASSAY_OK)
		status = assay_plugin_load(places.drivers, spec->driver, &plugin, err);
	if (status == ASSAY_OK)
		status = assay_plugin_check_settings(
			&plugin, spec->settings, spec->setting_count, instrument, err);
	if (status == ASSAY_OK)
		status = assay_xml_read(player->path, ASSAY_DRIVER_CAPTURE_MAX, &text, &length, err);
	if (status == ASSAY_OK)
		status = assay_replay_open(&plugin, spec->settings, spec->setting_count, show_result, player,
			&player->replay, err);
	if (status == ASSAY_OK) {
		player->modbus = plugin.driver.link == ASSAY_LINK_MODBUS;
		status = play(player, text, length, err);
	}
	assay_replay_close(player->replay);
	free(text);
	assay_plugin_unload(&plugin);
	assay_instrument_spec_free(spec);
	return status;
}

int assay_line_replay(int argc, char **argv)
{
	static const struct option options[] = {{"instrument", required_argument, NULL, 'i'},
		{"paced", no_argument, NULL, 'p'}, {"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
	struct player player = {0};
	struct assay_ask ask = {0};
	struct assay_error err = {.code = "decode-failed",
		.text_zh = "驱动没有按约定切分字节",
		.text_en = "the driver did not keep its contract"};
	const char *instrument = NULL;
	int option, status;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'i')
			instrument = optarg;
		else if (option == 'p')
			player.paced = true;
		else if (!assay_ask_option(&ask, option, optarg))
			return ASSAY_EXIT_USAGE;
	}
	if (ask.help)
		return fputs(help, stdout) < 0 ? ASSAY_EXIT_REFUSED : assay_cli_flush();
	if (optind + 1 != argc || !instrument)
		return assay_ask_usage(&ask, "line replay");
	player.path = argv[optind];
	player.json = ask.json;
	line_feed_catch_signals();
	status = replay_file(&player, instrument, &err);
	return status == ASSAY_OK ? assay_cli_flush() : assay_cli_fail(ask.json, status, &err);
}
