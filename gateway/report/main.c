/* SPDX-License-Identifier: Apache-2.0
 * assay-report: the helper program that prints; see report.h. */
#include "gateway/report/report.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EXIT_DONE 0
#define EXIT_REFUSED 1
#define EXIT_USAGE 2

static const char help[] =
	"usage: assay-report certificate|labels|card|statement [--svg] [--json] <DOCUMENT >FILE\n"
	"Print one JSON document from standard input as PDF on standard output.\n"
	"  --svg    labels only: one sheet as SVG\n"
	"  --json   errors as JSON\n";

/* One line, whatever the texts hold. */
static int fail(bool json, struct assay_error *err)
{
	json_t *object;

	for (char *at = err->text_en; *at; at++)
		if ((unsigned char)*at < 0x20 || *at == 0x7f)
			*at = '?';
	object = json ? json_pack("{s:{s:s,s:s%,s:s%}}", "error", "code", err->code, "text_zh", err->text_zh,
				strlen(err->text_zh), "text_en", err->text_en, strlen(err->text_en))
		      : NULL;
	if (object && json_dumpf(object, stderr, JSON_COMPACT) == 0)
		(void)fputc('\n', stderr);
	else
		(void)fprintf(stderr, "assay-report: %s\n", err->text_en);
	json_decref(object);
	return EXIT_REFUSED;
}

/* *out is owned by the caller; one byte more than the ceiling is read, so that the reader can refuse it. */
static int read_input(char **out, size_t *length_out, struct assay_error *err)
{
	char *bytes = malloc(ASSAY_REPORT_INPUT_MAX + 1u);
	size_t length = 0;

	if (!bytes)
		return assay_error_set(err, ASSAY_ENOMEM, "no-memory", "内存不足", "out of memory");
	while (length <= ASSAY_REPORT_INPUT_MAX) {
		ssize_t count = read(STDIN_FILENO, bytes + length, ASSAY_REPORT_INPUT_MAX + 1u - length);

		if (count == 0)
			break;
		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0) {
			free(bytes);
			return assay_error_set(err, ASSAY_EIO, "report-not-read", "不能读标准输入：%s",
				"cannot read standard input: %s", strerror(errno));
		}
		length += (size_t)count;
	}
	*out = bytes;
	*length_out = length;
	return ASSAY_OK;
}

static int print(const char *kind, bool svg, struct assay_error *err)
{
	char *bytes = NULL;
	json_t *root = NULL;
	size_t length = 0;
	int status = read_input(&bytes, &length, err);

	if (status == ASSAY_OK)
		status = document_parse(bytes, length, &root, err);
	if (status != ASSAY_OK)
		goto out;
	if (strcmp(kind, "certificate") == 0)
		status = assay_report_certificate(root, stdout, err);
	else if (strcmp(kind, "labels") == 0)
		status = assay_report_labels(root, svg, stdout, err);
	else if (strcmp(kind, "statement") == 0)
		status = assay_report_statement(root, stdout, err);
	else
		status = assay_report_card(root, stdout, err);
out:
	json_decref(root);
	free(bytes);
	return status;
}

#ifdef ASSAY_INSTRUMENTED
/* One document and the process ends: what fontconfig and cairo keep for the next one is no leak of ours, and the threads
 * are Pango's own, in libraries the sanitizer has not been built into. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_options(void);
const char *__tsan_default_options(void);

const char *__lsan_default_suppressions(void)
{
	return "leak:libfontconfig\nleak:libcairo\nleak:libpango\nleak:libglib\n";
}

const char *__lsan_default_options(void)
{
	return "print_suppressions=0";
}

const char *__tsan_default_options(void)
{
	return "ignore_noninstrumented_modules=1";
}
#endif

static bool known(const char *kind)
{
	return strcmp(kind, "certificate") == 0 || strcmp(kind, "labels") == 0 || strcmp(kind, "card") == 0 ||
	       strcmp(kind, "statement") == 0;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {{"svg", no_argument, NULL, 's'},
		{"json", no_argument, NULL, 'j'}, {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
	struct assay_error err = {.code = ""};
	bool svg = false, json = false;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'h')
			return fputs(help, stdout) < 0 ? EXIT_REFUSED : EXIT_DONE;
		if (option == '?') {
			(void)fputs(help, stderr);
			return EXIT_USAGE;
		}
		svg = svg || option == 's';
		json = json || option == 'j';
	}
	if (argc - optind != 1 || !known(argv[optind]) || (svg && strcmp(argv[optind], "labels") != 0)) {
		(void)fputs(help, stderr);
		return EXIT_USAGE;
	}
	/* Nothing of the caller's zone, locale or font settings may reach the page. */
	if (clearenv() != 0 || assay_report_confine(&err) != ASSAY_OK)
		return fail(json, &err);
	if (print(argv[optind], svg, &err) != ASSAY_OK)
		return fail(json, &err);
	return EXIT_DONE;
}
