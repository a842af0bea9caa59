/* SPDX-License-Identifier: Apache-2.0
 * assay producer report: what one producer is told, as JSON or as a PDF. Reads the state by itself. */
#include "gateway/cli/producer_report.h"

#include "gateway/analysis/producer.h"
#include "gateway/cli/ask.h"
#include "gateway/cli/local.h"
#include "gateway/lab/report_run.h"
#include "gateway/lab/statement.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static int find_report(struct assay_local *local, const char *id, json_t **out, struct assay_error *err)
{
	*out = assay_producer_report(local->state, local->specs, local->advice, id, (int64_t)time(NULL), err);
	return *out ? ASSAY_OK : ASSAY_ENOTFOUND;
}

int assay_cmd_producer_report(int argc, char **argv)
{
	static const struct option options[] = {
		ASSAY_ASK_OPTIONS, {"out", required_argument, NULL, 'o'}, {NULL, 0, NULL, 0}};
	struct assay_ask ask = {0};
	struct assay_local local = {0};
	struct assay_error err = {0};
	json_t *report = NULL, *document = NULL;
	const char *out = NULL, *dir;
	int option, status;

	while ((option = getopt_long(argc, argv, "d:", options, NULL)) != -1) {
		if (option == 'o')
			out = optarg;
		else if (!assay_ask_option(&ask, option, optarg))
			return assay_ask_usage(&ask, "producer");
	}
	if (argc - optind != 2)
		return assay_ask_usage(&ask, "producer");
	dir = assay_cli_dir(ask.dir, &err);
	status = dir ? assay_local_open(dir, true, &local, &err) : ASSAY_EUSAGE;
	if (status == ASSAY_OK)
		status = find_report(&local, argv[optind + 1], &report, &err);
	if (status == ASSAY_OK && (ask.json || !out)) {
		(void)json_dumpf(report, stdout, ask.json ? JSON_COMPACT : JSON_INDENT(2));
		(void)putchar('\n');
	}
	if (status == ASSAY_OK && out) {
		document = lab_producer_statement(local.state, report, &err);
		status = document ? assay_local_print(document, out, &err) : ASSAY_EIO;
	}
	json_decref(document);
	json_decref(report);
	assay_local_close(&local);
	if (status != ASSAY_OK)
		return assay_cli_fail(ask.json, status, &err);
	return assay_cli_flush() ? ASSAY_EXIT_REFUSED : ASSAY_EXIT_DONE;
}
