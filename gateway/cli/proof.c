/* SPDX-License-Identifier: Apache-2.0
 * assay proof: one file that proves a batch's verdict, and its check without the database. */
#include "gateway/record/proof.h"

#include "gateway/cli/cli.h"
#include "gateway/record/sha256.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static const char help[] = "usage: assay proof [-d DIR] BATCH > FILE\n"
			   "       assay proof check FILE [--key FILE] [--json]\n"
			   "Write one file with everything a batch's verdict rests on: bytes from the "
			   "instruments, specs, driver\n"
			   "digests, results, verdicts, for each entry its path to a signed checkpoint. "
			   "check needs nothing but the\n"
			   "file: it prints the verdict, or the place that does not hold.\n"
			   "  --key FILE  the laboratory's public key, known from elsewhere; without it the "
			   "key in the file is taken,\n"
			   "              which proves only that the file is whole\n";

static char *read_whole(const char *path, size_t *length, struct assay_error *err)
{
	FILE *file = fopen(path, "rbe");
	char *bytes = NULL, *grown;
	size_t room = 0;

	*length = 0;
	while (file && !ferror(file) && !feof(file) && *length < ASSAY_PROOF_BYTES_MAX) {
		if (*length == room) {
			room = room ? room * 2 : 1 << 20;
			grown = realloc(bytes, room);
			if (!grown)
				break;
			bytes = grown;
		}
		*length += fread(bytes + *length, 1, room - *length, file);
	}
	if (!file || ferror(file) || !feof(file)) {
		(void)assay_error_set(err, ASSAY_EIO, "file-unreadable", "%s：不能读取（%s）",
			"%s: cannot be read (%s)", path, errno ? strerror(errno) : "too long");
		free(bytes);
		bytes = NULL;
	}
	if (file)
		(void)fclose(file);
	return bytes;
}

static void print(const struct assay_proof_report *report, bool known, bool json)
{
	char root[2 * ASSAY_HASH_SIZE + 1];
	json_t *object;

	assay_hex(report->root, ASSAY_HASH_SIZE, root);
	if (json) {
		object = json_pack("{s:b,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:I,s:I,s:s,s:s,s:b}", "ok", 1,
			"batch", report->batch, "verdict", report->verdict, "text_zh", report->text_zh,
			"text_en", report->text_en, "scope_zh", report->scope_zh, "scope_en",
			report->scope_en, "status", report->status, "results", report->results, "entries",
			(json_int_t)report->entries, "size", (json_int_t)report->size, "root", root, "key",
			report->key, "key_known", known);
		(void)json_dumpf(object, stdout, JSON_COMPACT);
		(void)putchar('\n');
		json_decref(object);
		return;
	}
	(void)printf("%s: %s\n%s\n%s\n%s\n%s\n%s", report->batch, report->verdict, report->text_zh,
		report->text_en, report->scope_zh, report->scope_en, report->results);
	(void)printf("%" PRIu64 " 条，都在前 %" PRIu64 " 条的签名检查点之下\n%" PRIu64
		     " entries, all under the signed checkpoint over %" PRIu64 " entries\n%s\n",
		report->entries, report->size, report->entries, report->size, report->key);
	if (!known)
		(void)printf("公钥取自文件本身：请与实验室公布的公钥比对\n"
			     "the key is the one in the file: compare it with the one the laboratory has "
			     "published\n");
}

static int check(const char *path, const char *key_path, bool json)
{
	struct assay_origin_key key;
	struct assay_proof_report report;
	struct assay_error err;
	size_t length, key_length = 0;
	char *key_text = NULL, *bytes;
	int status = ASSAY_OK;

	if (key_path) {
		key_text = read_whole(key_path, &key_length, &err);
		if (!key_text || key_length >= 400)
			status = ASSAY_EUSAGE;
		else {
			char line[400] = "";

			memcpy(line, key_text, key_length);
			status = assay_origin_key_parse(line, &key, &err) == ASSAY_OK ? ASSAY_OK
										      : ASSAY_EUSAGE;
		}
	}
	free(key_text);
	bytes = status == ASSAY_OK ? read_whole(path, &length, &err) : NULL;
	if (status == ASSAY_OK && !bytes)
		status = ASSAY_EIO;
	if (status == ASSAY_OK)
		status = assay_proof_check(bytes, length, key_path ? &key : NULL, &report, &err);
	free(bytes);
	if (status != ASSAY_OK)
		return assay_cli_fail(json, status, &err);
	print(&report, key_path != NULL, json);
	return assay_cli_flush();
}

int assay_cmd_proof(int argc, char **argv)
{
	static const struct option options[] = {{"dir", required_argument, NULL, 'd'},
		{"key", required_argument, NULL, 'k'}, {"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
	const char *dir = NULL, *key = NULL;
	struct assay_error err;
	bool json = false;
	int option, status;

	while ((option = getopt_long(argc, argv, "d:", options, NULL)) != -1) {
		if (option == 'd')
			dir = optarg;
		else if (option == 'k')
			key = optarg;
		else if (option == 'j')
			json = true;
		else if (option == 'h')
			return fputs(help, stdout) < 0 ? ASSAY_EXIT_REFUSED : assay_cli_flush();
		else
			return ASSAY_EXIT_USAGE;
	}
	if (argc - optind == 2 && strcmp(argv[optind], "check") == 0)
		return check(argv[optind + 1], key, json);
	if (argc - optind != 1) {
		(void)fputs(help, stderr);
		return ASSAY_EXIT_USAGE;
	}
	dir = assay_cli_dir(dir, &err);
	if (!dir)
		return assay_cli_fail(json, ASSAY_EUSAGE, &err);
	status = assay_proof_write(dir, argv[optind], ASSAY_READ_STILL, stdout, &err);
	return status == ASSAY_OK ? assay_cli_flush() : assay_cli_fail(json, status, &err);
}
