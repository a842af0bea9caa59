/* SPDX-License-Identifier: Apache-2.0
 * assay station: started by a service manager as the user of one kind of role. */
#include "gateway/station.h"
#include "gateway/cli/cli.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LISTENING 3 /* the first descriptor that a service manager passes on; sd_listen_fds(3) */

static const char help[] =
	"usage: assay station host|web|report|notify\n"
	"Fork this kind of role for the gateway (assay serve --stations) under the user that this is started "
	"as.\n"
	"Started by systemd when the gateway connects to the station's socket (assay-host.socket ...), which "
	"it\n"
	"inherits as descriptor 3; ends when the gateway ends. Nothing to be run by hand.\n"
	"Exit codes: 0 ended in good order, 1 refused or failed, 2 usage.\n";

static bool kind_of(const char *word, enum role_kind *out)
{
	for (unsigned kind = ROLE_HOST; kind < ASSAY_ROLE_KINDS; kind++)
		if (strcmp(word, assay_role_kind_name(kind)) == 0) {
			*out = (enum role_kind)kind;
			return true;
		}
	return false;
}

static bool has_socket(void)
{
	const char *count = getenv("LISTEN_FDS"), *whose = getenv("LISTEN_PID");

	return count && whose && strcmp(count, "1") == 0 && strtol(whose, NULL, 10) == (long)getpid();
}

int assay_cmd_station(int argc, char **argv)
{
	static const struct option options[] = {{"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
	enum role_kind kind;
	struct assay_error err;
	int option, status;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option != 'h')
			return ASSAY_EXIT_USAGE;
		(void)fputs(help, stdout);
		return assay_cli_flush();
	}
	if (optind + 1 != argc || !kind_of(argv[optind], &kind)) {
		(void)assay_error_set(&err, ASSAY_EUSAGE, "usage",
			"应为 host、web、report 或 notify 之一，见 assay station --help",
			"say one of host, web, report and notify; see assay station --help");
		return assay_cli_fail(false, ASSAY_EUSAGE, &err);
	}
	status = has_socket() ? assay_station(kind, LISTENING, &err)
			      : assay_error_set(&err, ASSAY_EREFUSED, "no-socket",
					"没有交来套接字：请由 systemd 通过 assay-%s.socket 启动",
					"no socket was handed over; let systemd start it, by assay-%s.socket",
					argv[optind]);
	return status == ASSAY_OK ? 0 : assay_cli_fail(false, status, &err);
}
