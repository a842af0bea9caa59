/* SPDX-License-Identifier: Apache-2.0
 * assay print: labels of a batch's samples, a producer's card. assay-report draws them. */
#include "gateway/cli/ask.h"
#include "gateway/cli/client.h"
#include "gateway/cli/local.h"
#include "gateway/lab/report_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] = "usage: assay print labels BATCH --out FILE.pdf [--first N] [-d DIR] [--json]\n"
			   "       assay print labels BATCH --out FILE.svg --svg\n"
			   "       assay print card CARD --out FILE.pdf\n"
			   "labels: a bar code (Code 128) for each sample, on A4 sheets of three by eight "
			   "labels, 70 mm by 37 mm; --first N\n"
			   "begins at place N of the first sheet. card: 85.6 mm by 54 mm, with its QR code. "
			   "Certificates: assay certificate print.\n";

static int print(const char *dir, json_t *request, const char *member, const char *kind, const char *out,
	struct assay_error *err)
{
	json_t *answer = NULL;
	char program[ASSAY_REPORT_PATH_MAX];
	unsigned char *bytes = NULL;
	size_t length = 0;
	int status =
		request ? assay_client_call(dir, request, &answer, err)
			: assay_error_set(err, ASSAY_ENOMEM, "out-of-memory", "内存不足", "out of memory");

	if (status == ASSAY_OK)
		status = assay_report_find(program, err);
	if (status == ASSAY_OK)
		status = assay_report_run(
			program, kind, json_object_get(answer, member), 0, &bytes, &length, err);
	if (status == ASSAY_OK)
		status = assay_local_write(out, bytes, length, err);
	free(bytes);
	json_decref(answer);
	json_decref(request);
	return status;
}

int assay_cmd_print(int argc, char **argv)
{
	static const struct option options[] = {ASSAY_ASK_OPTIONS, {"out", required_argument, NULL, 'o'},
		{"first", required_argument, NULL, 'f'}, {"svg", no_argument, NULL, 's'}, {NULL, 0, NULL, 0}};
	struct assay_ask ask = {0};
	struct assay_error err;
	const char *out = NULL, *dir;
	bool svg = false, labels;
	char *end = NULL;
	long first = 1;
	int option, status;

	while ((option = getopt_long(argc, argv, "d:", options, NULL)) != -1) {
		if (option == 'o')
			out = optarg;
		else if (option == 'f')
			first = strtol(optarg, &end, 10);
		else if (option == 's')
			svg = true;
		else if (!assay_ask_option(&ask, option, optarg))
			return assay_ask_usage(&ask, "print");
	}
	if (ask.help) {
		(void)fputs(help, stdout);
		return assay_cli_flush();
	}
	labels = argc - optind == 2 && strcmp(argv[optind], "labels") == 0;
	if (!out || (end && *end) || (!labels && !(argc - optind == 2 && strcmp(argv[optind], "card") == 0)))
		return assay_ask_usage(&ask, "print");
	dir = assay_cli_dir(ask.dir, &err);
	if (!dir)
		status = ASSAY_EUSAGE;
	else if (labels)
		status = print(dir,
			json_pack("{s:s,s:s,s:I}", "cmd", "batch.labels", "batch", argv[optind + 1], "first",
				(json_int_t)first),
			"labels", svg ? "labels.svg" : "labels", out, &err);
	else
		status = print(dir, json_pack("{s:s,s:s}", "cmd", "card.paper", "card", argv[optind + 1]),
			"paper", "card", out, &err);
	return status == ASSAY_OK ? ASSAY_EXIT_DONE : assay_cli_fail(ask.json, status, &err);
}
