/* SPDX-License-Identifier: Apache-2.0
 * assay backup, restore and diff: copies of a data directory that can be trusted. */
#include "gateway/record/backup.h"

#include "gateway/care/last_backup.h"
#include "gateway/cli/cli.h"
#include "gateway/record/compare.h"
#include "gateway/record/sha256.h"

#include <getopt.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static const char backup_help[] =
	"usage: assay backup [-d DIR] DEST [--with-key] [--json]\n"
	"Copy the journal of DIR to DEST, a new directory, while the gateway may run; the copy is verified "
	"before\n"
	"it counts. DEST can be verified and restored. Exit 0: done; 1: failed, nothing left behind.\n"
	"  --with-key  the secret signing key, too. Without it a restored gateway cannot go on signing "
	"until\n"
	"              keys/origin.key is put back: keep it apart from the copies.\n";
static const char restore_help[] = "usage: assay restore BACKUP -d DIR [--json]\n"
				   "Make DIR, a new directory, from a backup: copied, verified, compared "
				   "with it entry by entry. What it\n"
				   "records from then on bears another boot id.\n";
static const char diff_help[] =
	"usage: assay diff A B [--json]\n"
	"Compare the journals of two data directories entry by entry. Exit 0: equal; 1: not.\n";

struct arguments {
	const char *dir, *word[2];
	unsigned words;
	bool json, with_key;
};

/* -1 to go on, else the exit code. */
static int parse(int argc, char **argv, const char *help, struct arguments *out)
{
	static const struct option options[] = {{"dir", required_argument, NULL, 'd'},
		{"with-key", no_argument, NULL, 'k'}, {"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
	int option;

	while ((option = getopt_long(argc, argv, "d:", options, NULL)) != -1) {
		if (option == 'd')
			out->dir = optarg;
		else if (option == 'k')
			out->with_key = true;
		else if (option == 'j')
			out->json = true;
		else if (option == 'h')
			return fputs(help, stdout) < 0 ? ASSAY_EXIT_REFUSED : assay_cli_flush();
		else
			return ASSAY_EXIT_USAGE;
	}
	while (optind < argc && out->words < 2)
		out->word[out->words++] = argv[optind++];
	if (optind == argc)
		return -1;
	(void)fputs(help, stderr);
	return ASSAY_EXIT_USAGE;
}

static int done(const struct assay_verify_report *report, const char *to, bool has_key, bool json)
{
	char root[2 * ASSAY_HASH_SIZE + 1];
	json_t *object;

	assay_hex(report->root, ASSAY_HASH_SIZE, root);
	if (json) {
		object = json_pack("{s:s,s:I,s:i,s:s,s:b}", "directory", to, "entries",
			(json_int_t)report->end, "segments", (int)report->segments, "root", root, "key",
			has_key);
		(void)json_dumpf(object, stdout, JSON_COMPACT);
		(void)putchar('\n');
		json_decref(object);
	} else {
		(void)printf("%s：%" PRIu64 " 条，%u 段，已核对\n%s: %" PRIu64
			     " entries in %u segments, verified\n",
			to, report->end, report->segments, to, report->end, report->segments);
		if (!has_key)
			(void)printf(
				"不含签名密钥 keys/origin.key\nwithout the signing key keys/origin.key\n");
	}
	return assay_cli_flush();
}

/* So that assay doctor knows of it. The copy is good without. */
static void mark(const struct arguments *arguments, const struct assay_verify_report *report)
{
	struct care_last_backup last = {.at_s = (int64_t)time(NULL), .entries = report->end};
	char *whole = realpath(arguments->word[0], NULL);
	struct assay_error err;

	(void)snprintf(last.to, sizeof last.to, "%s", whole ? whole : arguments->word[0]);
	free(whole);
	if (care_last_backup_write(arguments->dir, &last, &err) != ASSAY_OK)
		(void)fprintf(stderr, "assay: %s\n", err.text_en);
}

int assay_cmd_backup(int argc, char **argv)
{
	struct arguments arguments = {.words = 0};
	struct assay_verify_report report;
	struct assay_error err;
	int status = parse(argc, argv, backup_help, &arguments);

	if (status >= 0)
		return status;
	if (arguments.words != 1) {
		(void)fputs(backup_help, stderr);
		return ASSAY_EXIT_USAGE;
	}
	arguments.dir = assay_cli_dir(arguments.dir, &err);
	if (!arguments.dir)
		return assay_cli_fail(arguments.json, ASSAY_EUSAGE, &err);
	status = assay_backup(arguments.dir, arguments.word[0], arguments.with_key, &report, &err);
	if (status == ASSAY_OK)
		mark(&arguments, &report);
	return status == ASSAY_OK ? done(&report, arguments.word[0], arguments.with_key, arguments.json)
				  : assay_cli_fail(arguments.json, status, &err);
}

int assay_cmd_restore(int argc, char **argv)
{
	struct arguments arguments = {.words = 0};
	struct assay_verify_report report;
	struct assay_error err;
	bool has_key = false;
	int status = parse(argc, argv, restore_help, &arguments);

	if (status >= 0)
		return status;
	if (arguments.words != 1 || !arguments.dir) {
		(void)fputs(restore_help, stderr);
		return ASSAY_EXIT_USAGE;
	}
	status = assay_restore(arguments.word[0], arguments.dir, &has_key, &report, &err);
	return status == ASSAY_OK ? done(&report, arguments.dir, has_key, arguments.json)
				  : assay_cli_fail(arguments.json, status, &err);
}

int assay_cmd_diff(int argc, char **argv)
{
	struct arguments arguments = {.words = 0};
	struct assay_journal_difference difference;
	struct assay_error err;
	json_t *object;
	int status = parse(argc, argv, diff_help, &arguments);

	if (status >= 0)
		return status;
	if (arguments.words != 2) {
		(void)fputs(diff_help, stderr);
		return ASSAY_EXIT_USAGE;
	}
	status = assay_compare_journals(arguments.word[0], arguments.word[1], &difference, &err);
	if (status != ASSAY_OK)
		return assay_cli_fail(arguments.json, status, &err);
	if (arguments.json) {
		object = json_pack("{s:b,s:I,s:I,s:I}", "equal", difference.equal, "same",
			(json_int_t)difference.same, "a_entries", (json_int_t)difference.a_entries,
			"b_entries", (json_int_t)difference.b_entries);
		(void)json_dumpf(object, stdout, JSON_COMPACT);
		(void)putchar('\n');
		json_decref(object);
	} else if (difference.equal) {
		(void)printf("相同：%" PRIu64 " 条\nequal: %" PRIu64 " entries\n", difference.same,
			difference.same);
	} else {
		(void)printf("从第 %" PRIu64 " 条起不同（A %" PRIu64 " 条，B %" PRIu64 " 条）\n",
			difference.same, difference.a_entries, difference.b_entries);
		(void)printf("they differ from entry %" PRIu64 " on (A has %" PRIu64 ", B %" PRIu64 ")\n",
			difference.same, difference.a_entries, difference.b_entries);
	}
	return assay_cli_flush() != 0 || !difference.equal ? ASSAY_EXIT_REFUSED : ASSAY_EXIT_DONE;
}
