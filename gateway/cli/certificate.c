/* SPDX-License-Identifier: Apache-2.0
 * assay certificate: issue, list, show, amend, and the print as it went into the journal, with its proof. */
#include "gateway/cli/client.h"
#include "gateway/cli/form.h"
#include "gateway/cli/local.h"
#include "gateway/record/proof.h"
#include "gateway/record/sha256.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LOOKS_MAX 150u /* for a print that is not there yet, every LOOK_MS */
#define LOOK_MS 100

static const char help[] = "usage: assay certificate issue BATCH [--reason R] [--who NAME]      the same as "
			   "assay batch release\n"
			   "       assay certificate list [--batch BATCH] [--before SEQ] [-d DIR] [--json]\n"
			   "       assay certificate show CERTIFICATE\n"
			   "       assay certificate print CERTIFICATE --out FILE.pdf [--proof FILE]\n"
			   "       assay certificate amend CERTIFICATE --reason R [--who NAME]\n"
			   "Certificates as issued. An amended one has a number of its own and names the one "
			   "it replaces; nothing is\n"
			   "written over. print: the PDF that stands in the journal; --proof: beside it what "
			   "assay proof check needs.\n";

static int call(const char *dir, json_t *request, const char *member, json_t **out, struct assay_error *err)
{
	json_t *answer = NULL;
	int status =
		request ? assay_client_call(dir, request, &answer, err)
			: assay_error_set(err, ASSAY_ENOMEM, "out-of-memory", "内存不足", "out of memory");

	json_decref(request);
	if (status == ASSAY_OK)
		*out = json_incref(json_object_get(answer, member));
	json_decref(answer);
	return status;
}

/* The certificate once it has its print. */
static int wait_for_print(const char *dir, const char *id, json_t **out, struct assay_error *err)
{
	const struct timespec pause = {.tv_nsec = LOOK_MS * 1000000L};
	int status = ASSAY_OK;

	for (unsigned look = 0; status == ASSAY_OK && look < LOOKS_MAX; look++) {
		status = call(dir, json_pack("{s:s,s:s}", "cmd", "certificate.show", "certificate", id),
			"certificate", out, err);
		if (status != ASSAY_OK || json_is_integer(json_object_get(*out, "paper_seq")))
			return status;
		json_decref(*out);
		*out = NULL;
		(void)nanosleep(&pause, NULL);
	}
	return assay_error_set(err, ASSAY_ENOTFOUND, "not-printed-yet",
		"%.60s 还没有打印出来；稍后再取。若一直没有，看 assay journal 里的 fault",
		"%.60s has no print yet; ask again. If it never comes, look for a fault in assay journal",
		id);
}

static uint8_t *from_hex(const char *hex, size_t *length_out)
{
	static const char digits[] = "0123456789abcdef";
	size_t length = strlen(hex) / 2;
	uint8_t *bytes = malloc(length + 1);

	for (size_t i = 0; bytes && i < length; i++) {
		const char *high = strchr(digits, hex[2 * i]), *low = strchr(digits, hex[2 * i + 1]);

		if (!high || !low) {
			free(bytes);
			return NULL;
		}
		bytes[i] = (uint8_t)((high - digits) << 4 | (low - digits));
	}
	*length_out = length;
	return bytes;
}

static int damaged(const char *id, struct assay_error *err)
{
	return assay_error_set(err, ASSAY_EDAMAGED, "paper-damaged",
		"%.60s 的打印件与台账不符；请运行 assay verify",
		"the print of %.60s is not what the journal says; run assay verify", id);
}

static int write_proof(const char *dir, const char *batch, const char *path, struct assay_error *err)
{
	FILE *file = fopen(path, "wbe");
	int status = file ? assay_proof_write(dir, batch, ASSAY_READ_STILL, file, err) : ASSAY_EIO;

	if (!file || (fclose(file) != 0 && status == ASSAY_OK))
		return assay_error_set(
			err, ASSAY_EIO, "file-not-written", "写不了 %s", "%s cannot be written", path);
	return status;
}

static int print(const char *dir, const char *id, const char *out, const char *proof, struct assay_error *err)
{
	json_t *certificate = NULL, *entries = NULL;
	uint8_t digest[32], *bytes = NULL;
	char hex[65];
	size_t length = 0;
	int status = wait_for_print(dir, id, &certificate, err);

	if (status == ASSAY_OK)
		status = call(dir,
			json_pack("{s:s,s:O,s:i,s:b}", "cmd", "journal", "from",
				json_object_get(certificate, "paper_seq"), "limit", 1, "raw", 1),
			"entries", &entries, err);
	if (status == ASSAY_OK) {
		bytes = from_hex(assay_ask_text(json_array_get(entries, 0), "raw"), &length);
		assay_sha256(bytes, bytes ? length : 0, digest);
		assay_hex(digest, sizeof digest, hex);
		status = bytes && strcmp(hex, assay_ask_text(certificate, "paper_sha256")) == 0
				 ? ASSAY_OK
				 : damaged(id, err);
	}
	if (status == ASSAY_OK)
		status = assay_local_write(out, bytes, length, err);
	if (status == ASSAY_OK && proof)
		status = write_proof(dir, assay_ask_text(certificate, "batch"), proof, err);
	free(bytes);
	json_decref(entries);
	json_decref(certificate);
	return status;
}

static int run_print(int argc, char **argv)
{
	static const struct option options[] = {ASSAY_ASK_OPTIONS, {"out", required_argument, NULL, 'o'},
		{"proof", required_argument, NULL, 'p'}, {NULL, 0, NULL, 0}};
	const char *out = NULL, *proof = NULL, *dir;
	struct assay_ask ask = {0};
	struct assay_error err;
	int option, status;

	while ((option = getopt_long(argc, argv, "d:", options, NULL)) != -1) {
		if (option == 'o')
			out = optarg;
		else if (option == 'p')
			proof = optarg;
		else if (!assay_ask_option(&ask, option, optarg))
			return assay_ask_usage(&ask, "certificate");
	}
	if (argc - optind != 2 || !out)
		return assay_ask_usage(&ask, "certificate");
	dir = assay_cli_dir(ask.dir, &err);
	status = dir ? print(dir, argv[optind + 1], out, proof, &err) : ASSAY_EUSAGE;
	return status == ASSAY_OK ? ASSAY_EXIT_DONE : assay_cli_fail(ask.json, status, &err);
}

int assay_cmd_certificate(int argc, char **argv)
{
	static const struct assay_form_field fields[] = {{"reason", 't', NULL}, {"batch", 't', NULL},
		{"before", 'n', NULL}, {"who", 't', NULL}, {NULL, 0, NULL}};
	static const struct assay_form_verb verbs[] = {
		{"issue", "batch.release", "batch", "certificate", false},
		{"amend", "certificate.amend", "certificate", "certificate", false},
		{"show", "certificate.show", "certificate", "certificate", false},
		{"list", "certificate.list", NULL, "certificates", false}, {NULL, NULL, NULL, NULL, false}};
	static const char *const columns[] = {"certificate", "batch", "name", "producer", "verdict",
		"replaces", "replaced_by", "issued", NULL};
	static const struct assay_form form = {"certificate", help, fields, verbs, columns};

	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "print") == 0)
			return run_print(argc, argv);
	return assay_form_run(&form, argc, argv);
}
