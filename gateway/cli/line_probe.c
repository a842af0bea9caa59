/* SPDX-License-Identifier: Apache-2.0
 * assay line probe: who answers on a port that nobody uses. Only questions who is there are asked, none that could move
 * or change anything. */
#include "gateway/cli/line.h"
#include "gateway/cli/line_candidate.h"
#include "gateway/wire/device.h"
#include "gateway/wire/modbus_match.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define HELD_MAX 4096u
#define LISTEN_MS 300 /* for a device that speaks by itself */
#define TEXT_MS 400
#define MODBUS_MS 150
#define QUIET_MS 80 /* silence that ends an answer */
#define CONNECT_MS 3000

static const char help[] =
	"usage: assay line probe PORT|HOST:PORT [--settings LIST] [--units N] [--all] [--json]\n"
	"Who answers on a serial port, or on a device server or Modbus TCP device. Listens, then asks who is "
	"there: the\n"
	"identity queries of all files in specs/instruments, and Modbus units 1 to --units (10) by function "
	"43/14 and\n"
	"a read of one register. LIST: serial settings in turn, such as 9600/8n1,2400/7e1; without it the "
	"common ones.\n"
	"Ends at the first settings that give an answer; --all tries every one. A port in use is refused.\n";

static const char common_settings[] = "9600/8n1,19200/8n1,38400/8n1,115200/8n1,4800/8n1,2400/8n1,1200/8n1,"
				      "9600/8e1,19200/8e1,2400/7e1,9600/7e1,57600/8n1";

struct probe {
	struct line_candidates *candidates;
	int fd;
	bool json, tcp;
	unsigned units, found;
	const char *setting; /* as in the list, or "tcp" */
};

static uint64_t now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000u + (uint64_t)now.tv_nsec / 1000000u;
}

/* What comes within wait_ms, and after the first byte until it is quiet. */
static size_t hear(const struct probe *probe, int wait_ms, uint8_t *out)
{
	uint64_t end = now_ms() + (uint64_t)wait_ms, most = end + 2000;
	size_t length = 0;

	while (length < HELD_MAX && now_ms() < end && now_ms() < most && !line_feed_interrupted()) {
		struct pollfd polled = {probe->fd, POLLIN, 0};
		ssize_t got;

		if (poll(&polled, 1, (int)(end - now_ms())) <= 0)
			continue;
		got = read(probe->fd, out + length, HELD_MAX - length);
		if (got <= 0 && errno != EAGAIN && errno != EINTR)
			return length;
		if (got > 0) {
			length += (size_t)got;
			end = now_ms() + QUIET_MS;
		}
	}
	return length;
}

static size_t ask(const struct probe *probe, const uint8_t *bytes, size_t length, int wait_ms, uint8_t *out)
{
	if (write(probe->fd, bytes, length) != (ssize_t)length)
		return 0;
	return hear(probe, wait_ms, out);
}

static void say_instrument(struct probe *probe, const struct line_candidate *who, bool by_itself)
{
	probe->found++;
	if (probe->json) {
		line_print_json(json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:b}", "settings", probe->setting, "link",
			"text", "spec", who->name, "about", who->spec->model, "model", who->model, "serial",
			who->serial, "by_itself", by_itself));
		return;
	}
	(void)printf("%s  %s  (", probe->setting, who->name);
	assay_ask_put(who->spec->model);
	(void)printf(")  ");
	assay_ask_put(*who->model ? who->model : "-");
	(void)printf("  serial ");
	assay_ask_put(*who->serial ? who->serial : "-");
	(void)printf("%s\n", by_itself ? "  speaks by itself" : "");
}

static void say_unknown(struct probe *probe, const uint8_t *bytes, size_t length)
{
	if (probe->json) {
		line_print_json(json_pack("{s:s,s:s,s:o}", "settings", probe->setting, "link", "unknown",
			"hex", line_hex_json(bytes, length)));
		return;
	}
	(void)printf("%s  bytes that no instrument file explains:\n", probe->setting);
	line_print_bytes("<", bytes, length);
}

static void say_modbus(struct probe *probe, unsigned unit, const char *model, const char *serial)
{
	probe->found++;
	if (probe->json)
		line_print_json(json_pack("{s:s,s:s,s:i,s:s,s:s}", "settings", probe->setting, "link",
			"modbus", "unit", (int)unit, "model", model, "serial", serial));
	else
		(void)printf("%s  modbus unit %u  %s  serial %s\n", probe->setting, unit,
			*model ? model : "-", *serial ? serial : "-");
}

/* Every instrument file that explains these bytes. */
static bool explain(
	struct probe *probe, const struct line_candidate *asked, const uint8_t *bytes, size_t length)
{
	bool explained = false;

	for (size_t i = 0; i < probe->candidates->count; i++) {
		struct line_candidate *who = &probe->candidates->list[i];

		if (asked ? line_candidate_answers(who, asked, bytes, length)
			  : line_candidate_speaks(who, bytes, length)) {
			say_instrument(probe, who, asked == NULL);
			explained = true;
		}
	}
	return explained;
}

static void probe_text(struct probe *probe)
{
	uint8_t bytes[HELD_MAX];
	size_t length = hear(probe, LISTEN_MS, bytes);

	if (length && !explain(probe, NULL, bytes, length))
		say_unknown(probe, bytes, length);
	for (size_t i = 0; i < probe->candidates->count && !line_feed_interrupted(); i++) {
		const struct line_candidate *who = &probe->candidates->list[i];

		if (!who->asks || line_candidate_repeats(probe->candidates, i))
			continue;
		length = ask(probe, who->query.bytes, who->query.length, TEXT_MS, bytes);
		if (length && !explain(probe, who, bytes, length))
			say_unknown(probe, bytes, length);
		if (probe->found)
			return; /* the same device would answer the next query, too */
		/* a device that waits for the rest of a line would take the next query for it */
		if (!length && who->query.bytes[who->query.length - 1] != '\n')
			(void)ask(probe, (const uint8_t *)"\r\n", 2, QUIET_MS, bytes);
	}
}

/* Objects 1 (product) and 80h (serial number, by custom) of a 43/14 answer. */
static void read_identity(const uint8_t *pdu, size_t length, char model[64], char serial[64])
{
	size_t at = 7;

	for (unsigned i = 0; length >= 7 && i < pdu[6] && at + 2 <= length; i++) {
		size_t size = pdu[at + 1];
		char *out = pdu[at] == 1 ? model : pdu[at] == 0x80 ? serial : NULL;

		if (at + 2 + size > length)
			return;
		for (size_t j = 0; out && j < size && j < 63; j++)
			out[j] = pdu[at + 2 + j] >= ' ' && pdu[at + 2 + j] <= '~' ? (char)pdu[at + 2 + j]
										  : '?';
		at += 2 + size;
	}
}

static struct assay_match_result ask_unit(
	const struct probe *probe, const struct assay_request *request, uint16_t transaction, uint8_t *bytes)
{
	uint8_t frame[ASSAY_MBAP_MAX];
	size_t length = probe->tcp ? assay_mbap_request(request, transaction, frame)
				   : assay_rtu_request(request, frame);

	length = ask(probe, frame, length, MODBUS_MS, bytes);
	return probe->tcp ? assay_mbap_match(request, transaction, 0, bytes, length)
			  : assay_rtu_match(request, bytes, length);
}

static void probe_modbus(struct probe *probe)
{
	for (unsigned unit = 1; unit <= probe->units && !line_feed_interrupted(); unit++) {
		const struct assay_request asks[] = {
			{.kind = ASSAY_REQUEST_IDENTIFY, .unit = (uint8_t)unit, .function = 0x2b},
			{.kind = ASSAY_REQUEST_READ, .unit = (uint8_t)unit, .function = 3, .count = 1}};
		char model[64] = "", serial[64] = "";
		bool there = false;

		for (uint16_t i = 0; i < 2 && !there; i++) {
			uint8_t bytes[HELD_MAX];
			struct assay_match_result result =
				ask_unit(probe, &asks[i], (uint16_t)(unit * 2 + i), bytes);

			there = result.match == ASSAY_MATCH_OURS || result.match == ASSAY_MATCH_EXCEPTION;
			if (result.match == ASSAY_MATCH_OURS && i == 0)
				read_identity(bytes + result.pdu_at, result.pdu_length, model, serial);
		}
		if (there)
			say_modbus(probe, unit, model, serial);
	}
}

/* "9600/8n1" */
static bool read_setting(const char *text, size_t length, struct assay_config_line *line, char out[24])
{
	size_t digits;
	const char *word;

	if (length >= 24)
		return false;
	(void)snprintf(out, 24, "%.*s", (int)length, text);
	digits = strspn(out, "0123456789");
	word = out + digits;
	if (digits < 1 || digits > 6 || strlen(word) != 4 || word[0] != '/' || word[1] < '5' ||
		word[1] > '8' || word[3] < '1' || word[3] > '2')
		return false;
	line->baud = (uint32_t)strtoul(out, NULL, 10);
	line->bits = (uint8_t)(word[1] - '0');
	line->stop = (uint8_t)(word[3] - '0');
	line->parity = word[2] == 'n' ? 'N' : word[2] == 'e' ? 'E' : word[2] == 'o' ? 'O' : '?';
	return line->parity != '?';
}

static int usage_error(struct assay_error *err, const char *setting)
{
	return assay_error_set(err, ASSAY_EUSAGE, "usage", "串口设置写作 9600/8n1：%.20s",
		"settings are written 9600/8n1: %.20s", setting);
}

static int probe_serial(
	struct probe *probe, const char *port, const char *settings, bool all, struct assay_error *err)
{
	struct assay_config_line line = {.id = port,
		.transport = ASSAY_TRANSPORT_SERIAL,
		.port = port,
		.flow = 'N',
		.dtr = '-',
		.rts = '-',
		.host = "",
		.path = ""};
	char setting[24];
	int status = ASSAY_OK;

	while (status == ASSAY_OK && *settings && !line_feed_interrupted() && (all || !probe->found)) {
		size_t length = strcspn(settings, ",");

		if (!read_setting(settings, length, &line, setting))
			status = usage_error(err, settings);
		else
			status = assay_device_open(&line, &probe->fd, err);
		if (status != ASSAY_OK)
			break;
		probe->setting = setting;
		probe_text(probe);
		if (!probe->found || all)
			probe_modbus(probe);
		(void)close(probe->fd);
		settings += length + (settings[length] == ',');
	}
	probe->setting = "";
	return status;
}

static int probe_tcp(struct probe *probe, const char *address, struct assay_error *err)
{
	struct assay_config_line line = {
		.id = address, .transport = ASSAY_TRANSPORT_TCP, .port = "", .host = address, .path = ""};
	char host[200];
	const char *colon = strrchr(address, ':');
	unsigned number = 0;
	struct pollfd polled;
	int status, error = 0;
	socklen_t size = sizeof error;

	if (!line_number(colon + 1, 65535, &number) || (size_t)(colon - address) >= sizeof host)
		return assay_error_set(err, ASSAY_EUSAGE, "usage", "要 主机:端口：%.100s",
			"HOST:PORT is wanted: %.100s", address);
	(void)snprintf(host, sizeof host, "%.*s", (int)(colon - address), address);
	line.host = host;
	line.tcp_port = (uint16_t)number;
	status = assay_device_open(&line, &probe->fd, err);
	if (status != ASSAY_OK)
		return status;
	polled = (struct pollfd){probe->fd, POLLOUT, 0};
	if (poll(&polled, 1, CONNECT_MS) != 1 ||
		getsockopt(probe->fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0 || error != 0) {
		(void)close(probe->fd);
		return assay_error_set(err, ASSAY_EIO, "host-unreachable",
			"连不上 %.100s。请检查网线和设备电源",
			"cannot connect to %.100s; check network and power of the device", address);
	}
	probe->tcp = true;
	probe->setting = "tcp";
	probe_modbus(probe);
	if (!probe->found)
		probe_text(probe);
	(void)close(probe->fd);
	return ASSAY_OK;
}

static int run(struct probe *probe, const char *port, const char *settings, bool all, struct assay_error *err)
{
	struct assay_places places;
	int status = assay_places_find(&places, err);

	if (status == ASSAY_OK)
		status = line_candidates_load(&places, &probe->candidates, err);
	if (status == ASSAY_OK)
		status = *port != '/' && strchr(port, ':') ? probe_tcp(probe, port, err)
							   : probe_serial(probe, port, settings, all, err);
	line_candidates_free(probe->candidates);
	if (status == ASSAY_OK && !probe->found)
		status = assay_error_set(err, ASSAY_ENOTFOUND, "no-answer",
			"%.100s 上没有应答。请检查电源、插头和设置，或用 --settings 试别的",
			"nobody answers on %.100s; check power, plug and settings, or try others with "
			"--settings",
			port);
	return status;
}

int assay_line_probe(int argc, char **argv)
{
	static const struct option options[] = {{"settings", required_argument, NULL, 's'},
		{"units", required_argument, NULL, 'u'}, {"all", no_argument, NULL, 'a'},
		{"json", no_argument, NULL, 'j'}, {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
	struct probe probe = {.units = 10};
	struct assay_ask ask = {0};
	struct assay_error err;
	const char *settings = common_settings;
	bool all = false;
	int option, status;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 's')
			settings = optarg;
		else if (option == 'a')
			all = true;
		else if (option == 'u' ? !line_number(optarg, 247, &probe.units)
				       : !assay_ask_option(&ask, option, optarg))
			return option == '?' ? ASSAY_EXIT_USAGE : assay_ask_usage(&ask, "line probe");
	}
	if (ask.help)
		return fputs(help, stdout) < 0 ? ASSAY_EXIT_REFUSED : assay_cli_flush();
	if (optind + 1 != argc)
		return assay_ask_usage(&ask, "line probe");
	probe.json = ask.json;
	line_feed_catch_signals();
	status = run(&probe, argv[optind], settings, all, &err);
	return status == ASSAY_OK ? assay_cli_flush() : assay_cli_fail(ask.json, status, &err);
}
