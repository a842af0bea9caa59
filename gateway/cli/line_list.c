/* SPDX-License-Identifier: Apache-2.0
 * assay line list: the lines of the running gateway, or of a lab.xml that nobody runs. */
#include "gateway/cli/client.h"
#include "gateway/cli/line.h"

#include <string.h>

static const char help[] = "usage: assay line list [-d DIR | -c LAB.xml] [--json]\n"
			   "The lines of the gateway that runs in DIR ($ASSAY_DIR) with their state; with "
			   "-c, or when no gateway runs\n"
			   "there, those of lab.xml. --json: one object a line of the laboratory.\n";

static const char *transport_name(uint32_t transport)
{
	static const char *const names[] = {
		"?", "serial", "modbus-rtu", "modbus-tcp", "tcp", "rtu-tcp", "folder", "replay"};

	return transport < sizeof names / sizeof *names ? names[transport] : names[0];
}

static json_t *configured(const struct assay_config_line *line)
{
	json_t *instruments = json_array();
	char address[300];

	if (*line->port)
		(void)snprintf(address, sizeof address, "%s", line->port);
	else if (*line->host)
		(void)snprintf(address, sizeof address, "%s:%u", line->host, line->tcp_port);
	else
		(void)snprintf(address, sizeof address, "%s", line->path);
	for (size_t i = 0; i < line->instrument_count; i++)
		(void)json_array_append_new(instruments,
			json_pack("{s:s,s:s,s:s,s:s,s:s}", "instrument", line->instruments[i].id, "driver",
				line->instruments[i].driver, "spec", line->instruments[i].spec, "name_zh",
				line->instruments[i].name_zh, "name_en", line->instruments[i].name_en));
	return json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:o}", "line", line->id, "transport",
		transport_name(line->transport), "address", address, "name_zh", line->name_zh, "name_en",
		line->name_en, "status", line->disabled ? "disabled" : "not-running", "instruments",
		instruments);
}

static json_t *lines_of_file(const char *path, struct assay_error *err, int *status_out)
{
	struct assay_config *config = NULL;
	struct assay_places places;
	json_t *list = NULL;

	*status_out = assay_places_find(&places, err);
	if (*status_out == ASSAY_OK)
		*status_out = assay_config_load(path, places.specs, places.drivers, &config, err);
	if (*status_out != ASSAY_OK)
		return NULL;
	list = json_array();
	for (size_t i = 0; i < config->line_count; i++)
		(void)json_array_append_new(list, configured(&config->lines[i]));
	assay_config_free(config);
	return list;
}

static json_t *lines_of_gateway(const char *dir, struct assay_error *err, int *status_out)
{
	json_t *request = json_pack("{s:s}", "cmd", "status"), *answer = NULL, *list;

	*status_out =
		request ? assay_client_call(dir, request, &answer, err)
			: assay_error_set(err, ASSAY_ENOMEM, "out-of-memory", "内存不足", "out of memory");
	json_decref(request);
	list = json_incref(json_object_get(answer, "lines"));
	json_decref(answer);
	return list;
}

static void print_line(const json_t *line)
{
	const json_t *instrument;
	size_t index;

	assay_ask_put(assay_ask_text(line, "line"));
	(void)printf("  %s  %s  ", assay_ask_text(line, "status"), assay_ask_text(line, "transport"));
	assay_ask_put(assay_ask_text(line, "address"));
	if (*assay_ask_text(line, "code")) {
		(void)printf("  ");
		assay_ask_put(assay_ask_words(line, "text"));
	}
	(void)putchar('\n');
	json_array_foreach(json_object_get(line, "instruments"), index, instrument)
	{
		(void)printf("   ");
		assay_ask_put(assay_ask_text(instrument, "instrument"));
		(void)printf("  %s  ", assay_ask_text(instrument, "driver"));
		assay_ask_put(assay_ask_words(instrument, "name"));
		if (*assay_ask_text(instrument, "serial_seen")) {
			(void)printf("  serial ");
			assay_ask_put(assay_ask_text(instrument, "serial_seen"));
		}
		(void)putchar('\n');
	}
}

int assay_line_list(int argc, char **argv)
{
	static const struct option options[] = {
		ASSAY_ASK_OPTIONS, {"config", required_argument, NULL, 'c'}, {NULL, 0, NULL, 0}};
	struct assay_ask ask = {0};
	struct assay_error err;
	const char *path = NULL, *dir;
	char own[900];
	json_t *list = NULL, *line;
	size_t index;
	int option, status = ASSAY_OK;

	while ((option = getopt_long(argc, argv, "d:c:", options, NULL)) != -1) {
		if (option == 'c')
			path = optarg;
		else if (!assay_ask_option(&ask, option, optarg))
			return ASSAY_EXIT_USAGE;
	}
	if (ask.help)
		return fputs(help, stdout) < 0 ? ASSAY_EXIT_REFUSED : assay_cli_flush();
	if (optind < argc || (path && ask.dir))
		return assay_ask_usage(&ask, "line list");
	if (!path) {
		dir = assay_cli_dir(ask.dir, &err);
		if (!dir)
			return assay_cli_fail(ask.json, ASSAY_EUSAGE, &err);
		list = lines_of_gateway(dir, &err, &status);
		(void)snprintf(own, sizeof own, "%s/lab.xml", dir);
		path = status == ASSAY_ENOTFOUND ? own : NULL;
	}
	if (path)
		list = lines_of_file(path, &err, &status);
	if (status != ASSAY_OK)
		return assay_cli_fail(ask.json, status, &err);
	json_array_foreach(list, index, line)
	{
		if (ask.json)
			line_print_json(json_incref(line));
		else
			print_line(line);
	}
	json_decref(list);
	return assay_cli_flush();
}
