/* SPDX-License-Identifier: Apache-2.0
 * assay serve: the gateway, until SIGINT or SIGTERM. */
#include "gateway/bundle/bundle.h"
#include "gateway/cli/cli.h"
#include "gateway/supervisor.h"

#include <getopt.h>
#include <jansson.h>
#include <stdio.h>

static const char help[] =
	"usage: assay serve -d DIR [-c FILE] [--listen ADDR:PORT] [--stations DIR] [--check] [--json]\n"
	"Run the gateway: read the instruments of lab.xml, record, judge, and serve the pages, until SIGINT "
	"or "
	"SIGTERM.\n"
	"SIGHUP: lab.xml is read again, as by assay reload (started on a terminal it ends instead).\n"
	"  -d DIR         data directory, made when it does not exist; else $ASSAY_DIR\n"
	"  -c FILE        the laboratory's configuration, default DIR/lab.xml; see assay.xml(5)\n"
	"  --listen A:P   where the pages are served, instead of lab.xml's; \"\" serves none; port 0 takes a "
	"free "
	"one\n"
	"  --keys DIR     who may sign spec bundles, as for assay spec bundle; default " ASSAY_BUNDLE_KEYS
	"\n"
	"  --approvers DIR  who may agree to an older one, default " ASSAY_BUNDLE_APPROVERS "\n"
	"  --stations DIR  host, web, report and notify are started by their stations, whose sockets are in "
	"DIR, each as\n"
	"                 a user of its own (assay station); default: as the user that starts this\n"
	"  --check        read and check the configuration, change nothing, and exit\n"
	"  --json         say where it serves, and errors, in JSON\n"
	"Exit codes: 0 stopped in good order (or checked), 1 refused or failed, 2 usage.\n";

struct serve_command {
	struct assay_serve_options options;
	bool check;
};

static int check(const struct serve_command *command, struct assay_error *err)
{
	struct assay_places places;
	struct assay_config *config = NULL;
	char path[1024];
	size_t instruments = 0;
	int status = assay_bundle_places(command->options.dir, &places, err);

	if (command->options.config)
		(void)snprintf(path, sizeof path, "%s", command->options.config);
	else
		(void)snprintf(path, sizeof path, "%s/lab.xml", command->options.dir);
	if (status == ASSAY_OK)
		status = assay_config_load(path, places.specs, places.drivers, &config, err);
	if (status != ASSAY_OK)
		return status;
	for (size_t i = 0; i < config->line_count; i++)
		instruments += config->lines[i].instrument_count;
	if (command->options.json)
		(void)printf("{\"lines\":%zu,\"instruments\":%zu,\"sha256\":\"%s\"}\n", config->line_count,
			instruments, config->sha256);
	else
		(void)printf("%s: %zu lines, %zu instruments, no mistake found\n", path, config->line_count,
			instruments);
	assay_config_free(config);
	return ASSAY_OK;
}

/* 0 go on, else the exit code + 1 */
static int read_options(int argc, char **argv, struct serve_command *command)
{
	static const struct option options[] = {{"dir", required_argument, NULL, 'd'},
		{"config", required_argument, NULL, 'c'}, {"listen", required_argument, NULL, 'l'},
		{"check", no_argument, NULL, 'k'}, {"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'}, {"keys", required_argument, NULL, 'K'},
		{"approvers", required_argument, NULL, 'A'}, {"stations", required_argument, NULL, 's'},
		{NULL, 0, NULL, 0}};
	struct assay_error err;
	int option;

	while ((option = getopt_long(argc, argv, "d:c:", options, NULL)) != -1) {
		switch (option) {
		case 'd':
			command->options.dir = optarg;
			break;
		case 'c':
			command->options.config = optarg;
			break;
		case 'l':
			command->options.listen = optarg;
			break;
		case 'k':
			command->check = true;
			break;
		case 'K':
			command->options.spec_signers = optarg;
			break;
		case 'A':
			command->options.spec_approvers = optarg;
			break;
		case 's':
			command->options.stations = optarg;
			break;
		case 'j':
			command->options.json = true;
			break;
		case 'h':
			(void)fputs(help, stdout);
			return assay_cli_flush() + 1;
		default:
			return ASSAY_EXIT_USAGE + 1;
		}
	}
	if (optind == argc)
		return 0;
	(void)assay_error_set(&err, ASSAY_EUSAGE, "usage", "多余的参数 %s，见 assay serve --help",
		"%s is not understood; see assay serve --help", argv[optind]);
	return assay_cli_fail(command->options.json, ASSAY_EUSAGE, &err) + 1;
}

int assay_cmd_serve(int argc, char **argv)
{
	struct serve_command command = {0};
	struct assay_error err;
	int status = read_options(argc, argv, &command);

	if (status != 0)
		return status - 1;
	if (!command.check || !command.options.config) {
		command.options.dir = assay_cli_dir(command.options.dir, &err);
		if (!command.options.dir)
			return assay_cli_fail(command.options.json, ASSAY_EUSAGE, &err);
	}
	status = command.check ? check(&command, &err) : assay_serve(&command.options, &err);
	if (status != ASSAY_OK)
		return assay_cli_fail(command.options.json, status, &err);
	return assay_cli_flush();
}
