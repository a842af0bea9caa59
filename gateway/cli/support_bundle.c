/* SPDX-License-Identifier: Apache-2.0
 * assay support-bundle: one file for whoever helps from afar. */
#include "gateway/care/bundle.h"
#include "gateway/cli/ask.h"

#include <stdio.h>

static const char help[] =
	"usage: assay support-bundle [-d DIR] FILE.tar [--json]\n"
	"Write one tar archive for whoever helps from afar: the doctor's report, versions, names and sizes "
	"of "
	"files, lines and\n"
	"instruments, the signed checkpoint, and what the journal says of the machine. It holds no key, no "
	"person, no batch, no\n"
	"result and no byte of an instrument. FILE.tar must not exist. Look into it before you send it.\n";

int assay_cmd_support_bundle(int argc, char **argv)
{
	static const struct option options[] = {ASSAY_ASK_OPTIONS, {NULL, 0, NULL, 0}};
	struct assay_ask ask = {0};
	struct assay_error err;
	int option, status;

	while ((option = getopt_long(argc, argv, "d:", options, NULL)) != -1)
		if (!assay_ask_option(&ask, option, optarg))
			return ASSAY_EXIT_USAGE;
	if (ask.help) {
		(void)fputs(help, stdout);
		return assay_cli_flush();
	}
	if (optind + 1 != argc)
		return assay_ask_usage(&ask, "support-bundle");
	ask.dir = assay_cli_dir(ask.dir, &err);
	if (!ask.dir)
		return assay_cli_fail(ask.json, ASSAY_EUSAGE, &err);
	status = care_bundle(ask.dir, argv[optind], &err);
	if (status != ASSAY_OK)
		return assay_cli_fail(ask.json, status, &err);
	if (ask.json) {
		json_t *answer = json_pack("{s:s}", "file", argv[optind]);

		(void)json_dumpf(answer, stdout, JSON_COMPACT);
		json_decref(answer);
	} else {
		(void)printf("%s 已写好；发送前请先看一遍 / is written; look into it before you send it",
			argv[optind]);
	}
	(void)putchar('\n');
	return assay_cli_flush();
}
