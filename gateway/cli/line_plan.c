/* SPDX-License-Identifier: Apache-2.0
 * assay line plan: what will be asked of a Modbus device, byte for byte, and what a cycle will take. Needs no gateway. */
#include "gateway/cli/cli.h"
#include "gateway/cli/line.h"
#include "gateway/record/sha256.h"
#include "gateway/wire/instrument_spec.h"
#include "gateway/wire/loader.h"
#include "gateway/wire/modbus_match.h"
#include "gateway/wire/plan.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
	"usage: assay line plan [LINE] -c LAB.xml [--json]\n"
	"       assay line plan --instrument FILE.xml [--tcp | --baud N --parity none|even|odd --stop 1|2]\n"
	"                       [--turnaround MS] [--gap MS] [--json]\n"
	"What is asked of each Modbus device: the bytes of each request, and the predicted milliseconds of "
	"request and\n"
	"cycle for this baud rate, parity and turnaround; beside it what asking value by value would take.\n"
	"Default: 9600 baud, no parity, 1 stop bit; turnaround as the file states, else 5 ms (TCP: 1 ms).\n";

struct wanted {
	bool json;
	const char *config, *instrument, *line;
	uint32_t turnaround_ms; /* 0: as the map states */
	struct assay_config_line given; /* with --instrument */
};

/* Nanoseconds as milliseconds with one decimal; returns out. */
static const char *ms_text(uint64_t ns, char out[32])
{
	uint64_t tenths = (ns + 50000) / 100000;

	(void)snprintf(out, 32, "%" PRIu64 ".%" PRIu64, tenths / 10, tenths % 10);
	return out;
}

static uint64_t takes_ns(const struct assay_plan *plan, uint32_t from, uint32_t to)
{
	uint64_t ns = 0;

	for (uint32_t i = from; i < to; i++)
		ns += plan->request[i].takes_ns;
	return ns;
}

/* Each value asked for by itself. */
static uint64_t one_by_one_ns(const struct assay_map_piece *pieces, size_t count,
	const struct assay_plan_line *cost, uint32_t period_ms, uint32_t every_ms)
{
	uint64_t ns = 0;

	for (size_t i = 0; i < count; i++)
		if (pieces[i].kind == ASSAY_MAP_VALUE &&
			(pieces[i].period_ms ? pieces[i].period_ms : every_ms) == period_ms)
			ns += assay_plan_request_ns(cost, pieces[i].function, pieces[i].registers);
	return ns;
}

/* The frame as it will be on the wire; a TCP transaction number is written as 0. */
static void frame_hex(const struct assay_plan_request *request, uint8_t unit, bool tcp, char *out)
{
	const struct assay_request read = {.kind = ASSAY_REQUEST_READ,
		.unit = unit,
		.function = (uint8_t)request->function,
		.address = (uint16_t)request->address,
		.count = (uint16_t)request->count};
	uint8_t frame[ASSAY_MBAP_MAX];
	size_t length = tcp ? assay_mbap_request(&read, 0, frame) : assay_rtu_request(&read, frame);

	assay_hex(frame, length, out);
}

static void print_request(const struct wanted *wanted, const char *id, uint8_t unit, bool tcp,
	const struct assay_plan_request *request)
{
	char hex[2 * ASSAY_MBAP_MAX + 1], ms[32];
	json_t *row;

	frame_hex(request, unit, tcp, hex);
	if (!wanted->json) {
		(void)printf("  %s  function %" PRIu32 ", %" PRIu32 " from %" PRIu32 ", %s ms\n", hex,
			request->function, request->count, request->address, ms_text(request->takes_ns, ms));
		return;
	}
	row = json_pack("{s:s,s:I,s:s,s:I,s:I,s:I,s:I}", "instrument", id, "period_ms",
		(json_int_t)request->period_ms, "bytes", hex, "function", (json_int_t)request->function,
		"address", (json_int_t)request->address, "count", (json_int_t)request->count, "predicted_us",
		(json_int_t)(request->takes_ns / 1000));
	if (row && json_dumpf(row, stdout, JSON_COMPACT) == 0)
		(void)putchar('\n');
	json_decref(row);
}

static void print_cycle(const struct wanted *wanted, const char *id, const struct assay_plan *plan,
	uint32_t period, uint64_t single_ns)
{
	uint32_t first = plan->first[period], end = plan->first[period + 1];
	uint64_t cycle = takes_ns(plan, first, end);
	char ms[32], single[32];
	json_t *row;

	if (!wanted->json) {
		(void)printf("%s: every %" PRIu32 " ms %" PRIu32 " requests, %s ms (value by value %s ms)\n",
			id, plan->period_ms[period], end - first, ms_text(cycle, ms),
			ms_text(single_ns, single));
		return;
	}
	row = json_pack("{s:s,s:I,s:I,s:I,s:I}", "instrument", id, "period_ms",
		(json_int_t)plan->period_ms[period], "requests", (json_int_t)(end - first), "cycle_us",
		(json_int_t)(cycle / 1000), "one_by_one_us", (json_int_t)(single_ns / 1000));
	if (row && json_dumpf(row, stdout, JSON_COMPACT) == 0)
		(void)putchar('\n');
	json_decref(row);
}

static int no_map(const char *id, struct assay_error *err)
{
	return assay_error_set(err, ASSAY_EREFUSED, "no-register-map",
		"%s 没有寄存器表：它的请求由驱动决定，见 assay driver show",
		"%s has no register map: its driver decides what is asked, see assay driver show", id);
}

static int plan_one(const struct wanted *wanted, const struct assay_config_line *line, const char *id,
	uint32_t every_ms, const struct assay_plugin *plugin, const struct assay_session *session,
	struct assay_error *err)
{
	static struct assay_map_piece pieces[ASSAY_PLAN_PIECES_MAX];
	static struct assay_plan plan;
	size_t count = assay_plan_read_map(&plugin->driver, session, pieces);
	struct assay_plan_line cost = assay_plan_line_of(line, pieces, count);
	struct assay_request like;
	int status;

	if (!count || plugin->driver.ask(session, ASSAY_WANT_VALUES, 0, &like) < 0)
		return no_map(id, err);
	if (wanted->turnaround_ms)
		cost.turnaround_us = wanted->turnaround_ms * 1000;
	status = assay_plan_make(pieces, count, NULL, 0, &cost, every_ms, &plan, err);
	for (uint32_t period = 0; status == ASSAY_OK && period < plan.periods; period++) {
		print_cycle(wanted, id, &plan, period,
			one_by_one_ns(pieces, count, &cost, plan.period_ms[period], every_ms));
		for (uint32_t i = plan.first[period]; i < plan.first[period + 1]; i++)
			print_request(wanted, id, like.unit, !cost.baud, &plan.request[i]);
	}
	return status;
}

static int plan_settings(const struct wanted *wanted, const struct assay_places *places,
	const struct assay_config_line *line, const char *id, const char *driver, uint32_t every_ms,
	const struct assay_setting *settings, size_t count, struct assay_error *err)
{
	struct assay_plugin plugin;
	struct assay_session *session = NULL;
	char why[200] = "";
	int status = assay_plugin_load(places->drivers, driver, &plugin, err);

	if (status != ASSAY_OK)
		return status;
	status = assay_plugin_check_settings(&plugin, settings, count, id, err);
	if (status == ASSAY_OK && plugin.driver.link != ASSAY_LINK_MODBUS)
		status = no_map(id, err);
	else if (status == ASSAY_OK &&
		 plugin.driver.open(&assay_plugin_host, settings, count, &session, why, sizeof why) < 0)
		status = assay_error_set(err, ASSAY_EREFUSED, "driver-settings", "%s 的设置不能用（%s）",
			"the settings of %s cannot be used (%s)", id, why);
	if (status == ASSAY_OK)
		status = plan_one(wanted, line, id, every_ms, &plugin, session, err);
	plugin.driver.close(session);
	assay_plugin_unload(&plugin);
	return status;
}

static bool is_modbus(const struct assay_config_line *line)
{
	return line->transport == ASSAY_TRANSPORT_MODBUS_RTU ||
	       line->transport == ASSAY_TRANSPORT_MODBUS_TCP || line->transport == ASSAY_TRANSPORT_RTU_TCP;
}

static int plan_lab(const struct wanted *wanted, const struct assay_places *places, struct assay_error *err)
{
	struct assay_config *config = NULL;
	bool found = false;
	int status = assay_config_load(wanted->config, places->specs, places->drivers, &config, err);

	for (size_t i = 0; status == ASSAY_OK && i < config->line_count; i++) {
		const struct assay_config_line *line = &config->lines[i];

		if (!is_modbus(line) || (wanted->line && strcmp(wanted->line, line->id) != 0))
			continue;
		found = true;
		for (size_t j = 0; status == ASSAY_OK && j < line->instrument_count; j++) {
			const struct assay_config_instrument *one = &line->instruments[j];

			status = plan_settings(wanted, places, line, one->id, one->driver, one->every_ms,
				one->settings, one->setting_count, err);
		}
	}
	if (status == ASSAY_OK && !found)
		status = assay_error_set(err, ASSAY_ENOTFOUND, "line-unknown", "%s 里没有 Modbus 线路 %s",
			"%s has no Modbus line %s", wanted->config, wanted->line ? wanted->line : "");
	assay_config_free(config);
	return status;
}

static int plan_file(const struct wanted *wanted, const struct assay_places *places, struct assay_error *err)
{
	struct assay_instrument_spec *spec = NULL;
	int status = assay_instrument_spec_read(places->specs, wanted->instrument, &spec, err);

	if (status == ASSAY_OK)
		status = plan_settings(wanted, places, &wanted->given, spec->model, spec->driver,
			spec->every_ms, spec->settings, spec->setting_count, err);
	assay_instrument_spec_free(spec);
	return status;
}

static bool take_option(int option, const char *text, struct wanted *wanted)
{
	struct assay_config_line *line = &wanted->given;
	unsigned number = 0;

	switch (option) {
	case 'j':
		return wanted->json = true;
	case 'c':
		return (wanted->config = text) != NULL;
	case 'i':
		return (wanted->instrument = text) != NULL;
	case 't':
		line->transport = ASSAY_TRANSPORT_MODBUS_TCP;
		return true;
	case 'p':
		line->parity = (char)(text[0] - 'a' + 'A');
		return strcmp(text, "none") == 0 || strcmp(text, "even") == 0 || strcmp(text, "odd") == 0;
	case 'b':
		return line_number(text, 4000000, &line->baud) && line->baud >= 50;
	case 's':
		line->stop = (uint8_t)(text[0] - '0');
		return strcmp(text, "1") == 0 || strcmp(text, "2") == 0;
	case 'u':
		return line_number(text, 60000, &wanted->turnaround_ms);
	case 'g':
		if (!line_number(text, 60000, &number))
			return false;
		line->gap_ms = number;
		return true;
	default:
		return false;
	}
}

int assay_line_plan(int argc, char **argv)
{
	static const struct option options[] = {{"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'}, {"config", required_argument, NULL, 'c'},
		{"instrument", required_argument, NULL, 'i'}, {"tcp", no_argument, NULL, 't'},
		{"baud", required_argument, NULL, 'b'}, {"parity", required_argument, NULL, 'p'},
		{"stop", required_argument, NULL, 's'}, {"turnaround", required_argument, NULL, 'u'},
		{"gap", required_argument, NULL, 'g'}, {NULL, 0, NULL, 0}};
	struct wanted wanted = {.given = {.id = "",
					.transport = ASSAY_TRANSPORT_MODBUS_RTU,
					.baud = 9600,
					.bits = 8,
					.stop = 1,
					.parity = 'N'}};
	struct assay_places places;
	struct assay_error err;
	bool good = true;
	int option, status;

	while (good && (option = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {
		if (option == 'h')
			return fputs(help, stdout) < 0 ? ASSAY_EXIT_REFUSED : assay_cli_flush();
		good = take_option(option, optarg, &wanted);
	}
	if (optind < argc)
		wanted.line = argv[optind++];
	if (!good || optind < argc || !wanted.config == !wanted.instrument ||
		(wanted.instrument && wanted.line)) {
		(void)assay_error_set(&err, ASSAY_EUSAGE, "usage", "参数不对，见 assay line plan --help",
			"wrong arguments; see assay line plan --help");
		return assay_cli_fail(wanted.json, ASSAY_EUSAGE, &err);
	}
	status = assay_places_find(&places, &err);
	if (status == ASSAY_OK)
		status = wanted.config ? plan_lab(&wanted, &places, &err) : plan_file(&wanted, &places, &err);
	if (status != ASSAY_OK)
		return assay_cli_fail(wanted.json, status, &err);
	return assay_cli_flush() ? ASSAY_EXIT_REFUSED : ASSAY_EXIT_DONE;
}
