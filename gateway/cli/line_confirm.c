/* SPDX-License-Identifier: Apache-2.0
 * assay line confirm: another device answers on a line, and a person says that this is right. */
#include "gateway/cli/line.h"

static const char help[] =
	"usage: assay line confirm LINE --reason TEXT [--instrument ID] [-d DIR] [--json]\n"
	"A line on which another device answers than belongs there is locked: no reading counts. This says "
	"that the\n"
	"device which answers now is right, and why; it goes into the journal, and the line works again. It "
	"counts\n"
	"until lab.xml names another serial number. --instrument: which one, when several were changed on a "
	"bus.\n";

static void print_confirmed(const json_t *confirmed)
{
	assay_ask_put(assay_ask_text(confirmed, "instrument"));
	(void)printf(": ");
	assay_ask_put(assay_ask_text(confirmed, "serial"));
	(void)printf("\n");
}

int assay_line_confirm(int argc, char **argv)
{
	static const struct option options[] = {ASSAY_ASK_OPTIONS, {"reason", required_argument, NULL, 'r'},
		{"instrument", required_argument, NULL, 'i'}, {NULL, 0, NULL, 0}};
	struct assay_ask ask = {0};
	const char *reason = NULL, *instrument = "";
	int option;

	while ((option = getopt_long(argc, argv, "d:", options, NULL)) != -1) {
		if (option == 'r')
			reason = optarg;
		else if (option == 'i')
			instrument = optarg;
		else if (!assay_ask_option(&ask, option, optarg))
			return ASSAY_EXIT_USAGE;
	}
	if (ask.help)
		return fputs(help, stdout) < 0 ? ASSAY_EXIT_REFUSED : assay_cli_flush();
	if (optind + 1 != argc || !reason)
		return assay_ask_usage(&ask, "line confirm");
	return assay_ask_print(&ask,
		json_pack("{s:s,s:s,s:s,s:s}", "cmd", "line.confirm", "line", argv[optind], "instrument",
			instrument, "reason", reason),
		"confirmed", print_confirmed);
}
