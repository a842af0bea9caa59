/* SPDX-License-Identifier: Apache-2.0
 * assay line: what goes over the lines. */
#include "gateway/cli/line.h"

#include <stdlib.h>
#include <string.h>

static const char help[] = "usage: assay line VERB [OPTIONS]\n"
			   "  list     lines of the running gateway, or of a lab.xml\n"
			   "  watch    frames as they come, in hexadecimal and decoded\n"
			   "  record   what goes over a line, into a capture file\n"
			   "  replay   a capture file, decoded\n"
			   "  probe    who answers on a port that nobody uses\n"
			   "  confirm  the other device that answers on a locked line is right\n"
			   "  plan     what is asked of a Modbus device, and how long a cycle takes\n"
			   "assay line VERB --help explains one.\n";

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
} verbs[] = {
	{"list", assay_line_list},
	{"watch", assay_line_watch},
	{"record", assay_line_record},
	{"replay", assay_line_replay},
	{"probe", assay_line_probe},
	{"confirm", assay_line_confirm},
	{"plan", assay_line_plan},
};

int assay_cmd_line(int argc, char **argv)
{
	const struct assay_ask ask = {0};

	if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0))
		return fputs(help, stdout) < 0 ? ASSAY_EXIT_REFUSED : assay_cli_flush();
	for (size_t i = 0; argc > 1 && i < sizeof verbs / sizeof *verbs; i++)
		if (strcmp(argv[1], verbs[i].name) == 0)
			return verbs[i].run(argc - 1, argv + 1);
	return assay_ask_usage(&ask, "line");
}

bool line_number(const char *text, unsigned max, unsigned *out)
{
	char *end;
	unsigned long number;

	if (*text < '0' || *text > '9' || strlen(text) > 9)
		return false;
	number = strtoul(text, &end, 10);
	*out = (unsigned)number;
	return *end == '\0' && number >= 1 && number <= max;
}
