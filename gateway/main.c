/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/cli/cli.h"

#include <locale.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *summary;
} commands[] = {
	{"serve", assay_cmd_serve, "run the gateway"},
	{"reload", assay_cmd_reload, "lab.xml is read again by the gateway that runs"},
	{"station", assay_cmd_station, "where one kind of role runs as a user of its own; for systemd"},
	{"demo", assay_cmd_demo, "simulate a laboratory and serve it"},
	{"status", assay_cmd_status, "lines, instruments and journal of a running gateway"},
	{"batch", assay_cmd_batch, "register, list, show and review batches"},
	{"test", assay_cmd_test, "show a test, fill its slots from instruments or by hand"},
	{"user", assay_cmd_user, "who may work here: add, list, roles, disable, password"},
	{"token", assay_cmd_token, "machines that use the API: add, list, revoke"},
	{"who-can", assay_cmd_who_can, "who could do what on a day"},
	{"producer", assay_cmd_producer, "the register of producers"},
	{"district", assay_cmd_district, "risks the producers share: rates, trends, coverage, reports"},
	{"product", assay_cmd_product, "the products the specs know"},
	{"instrument", assay_cmd_instrument, "the register of instruments: calibration, who may use them"},
	{"programme", assay_cmd_programme, "programmes of free tests, with their prices"},
	{"card", assay_cmd_card, "producers' cards: issue, show, list, revoke"},
	{"qc", assay_cmd_qc, "quality control: materials, runs, charts, held results"},
	{"certificate", assay_cmd_certificate, "certificates: list, show, amend"},
	{"print", assay_cmd_print, "labels for samples, and producers' cards"},
	{"review", assay_cmd_review, "what waits for a person, and all about one result"},
	{"alarm", assay_cmd_alarm, "what somebody has to look at now"},
	{"entitlement", assay_cmd_entitlement, "add up the ledger of free tests again"},
	{"split", assay_cmd_split, "a producer's own laboratory against ours"},
	{"judge", assay_cmd_judge, "results against limits; needs no gateway"},
	{"plan", assay_cmd_plan, "all limits of a product on its production date; needs no gateway"},
	{"spec", assay_cmd_spec, "check, list, show and compare standards, products and methods"},
	{"journal", assay_cmd_journal, "print entries of the journal"},
	{"trace", assay_cmd_trace, "from a result back to limit, readings, frames and bytes"},
	{"driver", assay_cmd_driver,
		"drivers: list, show, test, flags, and decode a capture; needs no gateway"},
	{"line", assay_cmd_line, "lines: list, watch, record, replay a capture, probe a port, plan"},
	{"sim", assay_cmd_sim, "a scripted instrument on a pseudo-terminal or socket; needs no gateway"},
	{"verify", assay_cmd_verify, "read every byte of a journal again; needs no gateway"},
	{"key", assay_cmd_key, "change: the journal is signed with a new key"},
	{"qualify", assay_cmd_qualify, "a signed report: versions, digests and self checks"},
	{"proof", assay_cmd_proof, "one file that proves a batch's verdict, and its check"},
	{"export", assay_cmd_export, "records as JSON lines and CSV, readable without assay"},
	{"history", assay_cmd_history, "everything recorded about a batch, test or result"},
	{"trail", assay_cmd_trail, "search: who did what, when, with which instrument and why"},
	{"rebuild", assay_cmd_rebuild, "make the state again from the journal"},
	{"backup", assay_cmd_backup, "copy a data directory while it is in use, verified"},
	{"restore", assay_cmd_restore, "make a data directory from a backup"},
	{"diff", assay_cmd_diff, "compare two journals entry by entry"},
	{"doctor", assay_cmd_doctor, "what is not as it should be, and what to do about it"},
	{"support-bundle", assay_cmd_support_bundle, "one file for whoever helps: no results, no secrets"},
};

static void usage(FILE *out)
{
	(void)fputs("usage: assay COMMAND [OPTIONS]\n"
		    "The gateway between a food laboratory's instruments and its verdicts.\n\n",
		out);
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
		(void)fprintf(out, "  %-15s %s\n", commands[i].name, commands[i].summary);
	(void)fputs("\nassay COMMAND --help explains a command; assay --version prints the version. Manual: "
		    "assay(1).\n",
		out);
}

int main(int argc, char **argv)
{
	(void)setlocale(LC_CTYPE, "C.UTF-8");
	(void)signal(SIGPIPE, SIG_IGN);
	(void)sqlite3_config(
		SQLITE_CONFIG_MEMSTATUS, 0); /* a lock at each allocation, for figures nobody reads */
	if (argc < 2) {
		usage(stderr);
		return ASSAY_EXIT_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
		usage(stdout);
		return assay_cli_flush();
	}
	if (strcmp(argv[1], "--version") == 0) {
		(void)printf("assay %s\n", ASSAY_VERSION);
		return assay_cli_flush();
	}
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(argc - 1, argv + 1);
	(void)fprintf(stderr, "assay: there is no command %s; see assay --help\n", argv[1]);
	return ASSAY_EXIT_USAGE;
}
