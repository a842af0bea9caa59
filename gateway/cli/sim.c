/* SPDX-License-Identifier: Apache-2.0
 * assay sim: a scripted instrument on a pseudo-terminal or socket. Needs no gateway. */
#include "gateway/sim/sim.h"
#include "gateway/cli/cli.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
	"usage: assay sim FILE.xml [--link PATH | --listen ADDR:PORT [--rtu]] [--baud N] [--json]\n"
	"                 [--chaos SEED [--percent N] [--faults LIST]]\n"
	"A scripted instrument on a pseudo-terminal, or on a socket. FILE.xml: a script, see assay-sim(5), "
	"or a file\n"
	"of specs/instruments, whose transcripts it then says. Prints its port first; SIGINT ends it, and it "
	"says\n"
	"how much it answered and what it did wrong.\n"
	"  --link PATH    a symbolic link to the pseudo-terminal: the stable name of the port\n"
	"  --listen       a TCP socket instead; port 0 takes a free one. Modbus is Modbus TCP there, or "
	"with\n"
	"  --rtu          RTU frames, as behind a device server\n"
	"  --baud N       let the bytes take their time, as on a line of that speed\n"
	"  --chaos SEED   answers go wrong by chance, the same for the same seed: --percent of them (20), in "
	"the\n"
	"                 ways of --faults, comma-separated (all but swap)\n"
	"Faults: late doubled torn cut foreign noise echo lost flip hang-up swap. A line of standard input "
	"orders one\n"
	"for the next answer; swap and hang-up happen at once, as do \"say TEXT\", \"mute\" and \"speak\".\n";

static int usage(bool json)
{
	struct assay_error err;

	(void)assay_error_set(&err, ASSAY_EUSAGE, "usage", "参数不对，见 assay sim --help",
		"wrong options; see assay sim --help");
	return assay_cli_fail(json, ASSAY_EUSAGE, &err);
}

static bool number_of(const char *text, uint64_t max, uint64_t *out)
{
	char *end;

	if (*text < '0' || *text > '9' || strlen(text) > 19)
		return false;
	*out = strtoull(text, &end, 10);
	return *end == '\0' && *out <= max;
}

static bool faults_of(const char *list, uint32_t *out)
{
	*out = 0;
	while (*list) {
		size_t length = strcspn(list, ",");
		enum sim_fault fault = sim_fault_of(list, length);

		if (fault == SIM_FAULT_NONE)
			return false;
		*out |= 1u << fault;
		list += length + (list[length] == ',');
	}
	return *out != 0;
}

static bool take(struct sim_options *options, int option, const char *argument)
{
	uint64_t number = 0;

	switch (option) {
	case 'l':
		options->link = argument;
		return true;
	case 'L':
		options->listen = argument;
		return true;
	case 'r':
		options->rtu = true;
		return true;
	case 'j':
		options->json = true;
		return true;
	case 'c':
		options->chaos = true;
		return number_of(argument, UINT64_MAX, &options->seed);
	case 'p':
		if (!number_of(argument, 100, &number))
			return false;
		options->percent = (unsigned)number;
		return true;
	case 'f':
		return faults_of(argument, &options->chaos_faults);
	case 'b':
		if (!number_of(argument, 4000000, &number) || number < 300)
			return false;
		options->baud = (unsigned)number;
		return true;
	default:
		return false;
	}
}

/* An instrument that writes files has no port, and a line has one end. */
static int check(const struct sim_script *script, const char *path, struct assay_error *err)
{
	if (script->answer_count || script->say_count || script->register_count)
		return ASSAY_OK;
	return assay_error_set(err, ASSAY_EREFUSED, "sim-empty", "%s 里没有可以模拟的应答",
		"%s has nothing a simulated instrument could say", path);
}

int assay_cmd_sim(int argc, char **argv)
{
	static const struct option long_options[] = {{"link", required_argument, NULL, 'l'},
		{"listen", required_argument, NULL, 'L'}, {"rtu", no_argument, NULL, 'r'},
		{"baud", required_argument, NULL, 'b'}, {"chaos", required_argument, NULL, 'c'},
		{"percent", required_argument, NULL, 'p'}, {"faults", required_argument, NULL, 'f'},
		{"json", no_argument, NULL, 'j'}, {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
	struct sim_options options = {.link = "", .percent = 20};
	struct sim_script *script = NULL;
	struct assay_places places;
	struct assay_error err;
	int option, status;

	options.chaos_faults = (1u << SIM_FAULTS) - 2 - (1u << SIM_FAULT_SWAP);
	while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		if (option == 'h')
			return fputs(help, stdout) < 0 ? ASSAY_EXIT_REFUSED : assay_cli_flush();
		if (option == '?')
			return ASSAY_EXIT_USAGE;
		if (!take(&options, option, optarg))
			return usage(options.json);
	}
	if (optind + 1 != argc || (options.listen && *options.link) || (options.rtu && !options.listen))
		return usage(options.json);
	status = assay_places_find(&places, &err);
	if (status == ASSAY_OK)
		status = sim_script_load(&places, argv[optind], &script, &err);
	if (status == ASSAY_OK)
		status = check(script, argv[optind], &err);
	/* chance that breaks text unseen would be the simulator's own wrong number */
	if (status == ASSAY_OK && !(script->modbus && !(options.listen && !options.rtu)))
		options.chaos_faults &= ~(1u << SIM_FAULT_FLIP);
	if (status == ASSAY_OK && options.chaos && !options.chaos_faults)
		status = assay_error_set(&err, ASSAY_EUSAGE, "usage", "没有剩下能用的故障",
			"no fault is left: flip needs the CRC of Modbus RTU");
	if (status == ASSAY_OK)
		status = sim_run(script, &options, &err);
	sim_script_free(script);
	return status == ASSAY_OK ? assay_cli_flush() : assay_cli_fail(options.json, status, &err);
}
