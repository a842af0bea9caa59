/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/care/care.h"

#include "gateway/bundle/bundle.h"
#include "gateway/care/advice.h"
#include "gateway/cli/client.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

void care_found_texts(
	struct care *care, const char *code, const char *subject, const char *text_zh, const char *text_en)
{
	const struct care_advice *advice = care_advice_find(code);

	if (!advice)
		abort(); /* a mistake of ours: tests/e2e/care.sh compares source and table */
	care->faults += advice->fault;
	(void)json_array_append_new(
		care->findings, json_pack("{s:s,s:b,s:s,s:s,s:s,s:s,s:s}", "code", code, "fault",
					advice->fault, "subject", subject, "text_zh", text_zh, "text_en",
					text_en, "do_zh", advice->do_zh, "do_en", advice->do_en));
}

void care_found(struct care *care, const char *code, const char *subject, const char *zh, const char *en, ...)
{
	char text_zh[ASSAY_ERROR_TEXT_MAX], text_en[ASSAY_ERROR_TEXT_MAX];
	va_list args, again;

	va_start(args, en);
	va_copy(again, args);
	(void)vsnprintf(text_zh, sizeof text_zh, zh, args);
	(void)vsnprintf(text_en, sizeof text_en, en, again);
	va_end(again);
	va_end(args);
	care_found_texts(care, code, subject, text_zh, text_en);
}

static void ask_recorder(struct care *care)
{
	json_t *request = json_pack("{s:s}", "cmd", "status");
	struct assay_error err;

	if (assay_client_call(care->dir, request, &care->status, &err) == ASSAY_OK) {
		(void)json_object_set_new(care->figures, "running", json_true());
	} else {
		(void)json_object_set_new(care->figures, "running", json_false());
		if (strcmp(err.code, "not-running") == 0)
			care_found(care, "not-running", "", "网关没有运行", "no gateway is running");
		else
			care_found_texts(care, "no-answer", "", err.text_zh, err.text_en);
	}
	json_decref(request);
}

int care_examine(const char *dir, struct care *out, struct assay_error *err)
{
	struct assay_error why;
	struct stat about;
	int status;

	*out = (struct care){.dir = dir, .now_s = (int64_t)time(NULL)};
	out->findings = json_array();
	out->figures = json_object();
	if (!out->findings || !out->figures)
		return assay_error_set(err, ASSAY_ENOMEM, "out-of-memory", "内存不足", "out of memory");
	status = assay_places_find(&out->places, err);
	if (status != ASSAY_OK)
		return status;
	care_machine(out);
	if (stat(dir, &about) != 0 || !S_ISDIR(about.st_mode)) {
		care_found(out, "directory-missing", dir, "数据目录 %s 不存在或不能进入",
			"the data directory %s does not exist or cannot be entered", dir);
		return ASSAY_OK;
	}
	if (assay_bundle_places(dir, &out->places, &why) != ASSAY_OK)
		care_found_texts(out, "specs-unreadable", dir, why.text_zh, why.text_en);
	ask_recorder(out);
	care_laboratory(out);
	care_records(out);
	return ASSAY_OK;
}

void care_free(struct care *care)
{
	json_decref(care->status);
	json_decref(care->findings);
	json_decref(care->figures);
	assay_config_free(care->config);
}
