/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/cli/ask.h"

#include "gateway/cli/client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool assay_ask_option(struct assay_ask *ask, int option, const char *argument)
{
	switch (option) {
	case 'd':
		ask->dir = argument;
		return true;
	case 'j':
		ask->json = true;
		return true;
	case 'h':
		ask->help = true;
		return true;
	default:
		return false;
	}
}

int assay_ask_usage(const struct assay_ask *ask, const char *command)
{
	struct assay_error err;
	int status = assay_error_set(&err, ASSAY_EUSAGE, "usage", "参数不对，见 assay %s --help",
		"wrong options; see assay %s --help", command);

	return assay_cli_fail(ask->json, status, &err);
}

int assay_ask_print(
	const struct assay_ask *ask, json_t *request, const char *member, void (*print)(const json_t *value))
{
	return assay_ask_finding(ask, request, member, print, NULL);
}

int assay_ask_finding(const struct assay_ask *ask, json_t *request, const char *member,
	void (*print)(const json_t *value), bool (*finding)(const json_t *value))
{
	return assay_ask_of(assay_client_call, ask, request, member, print, finding);
}

int assay_ask_of(assay_ask_call *call, const struct assay_ask *ask, json_t *request, const char *member,
	void (*print)(const json_t *value), bool (*finding)(const json_t *value))
{
	struct assay_error err = {.code = "out-of-memory", .text_zh = "内存不足", .text_en = "out of memory"};
	const char *dir = assay_cli_dir(ask->dir, &err);
	json_t *answer = NULL, *value;
	bool found;
	int status = !dir ? ASSAY_EUSAGE : request ? call(dir, request, &answer, &err) : ASSAY_ENOMEM;

	json_decref(request);
	if (status != ASSAY_OK)
		return assay_cli_fail(ask->json, status, &err);
	value = *member ? json_object_get(answer, member) : answer;
	if (ask->json) {
		(void)json_object_del(answer, "ok");
		(void)json_dumpf(value, stdout, JSON_COMPACT | JSON_PRESERVE_ORDER);
		(void)putchar('\n');
	} else {
		print(value);
	}
	found = finding && finding(value);
	json_decref(answer);
	return assay_cli_flush() || found ? ASSAY_EXIT_REFUSED : ASSAY_EXIT_DONE;
}

bool assay_ask_chinese(void)
{
	static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const char *locale = getenv(names[i]);

		if (locale && *locale)
			return strncmp(locale, "zh", 2) == 0;
	}
	return false;
}

const char *assay_ask_text(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text ? text : "";
}

const char *assay_ask_words(const json_t *object, const char *name)
{
	char full[48];

	(void)snprintf(full, sizeof full, "%s_%s", name, assay_ask_chinese() ? "zh" : "en");
	return assay_ask_text(object, full);
}

void assay_ask_put(const char *text)
{
	for (; *text; text++)
		(void)putchar((unsigned char)*text < 0x20 || *text == 0x7f ? '?' : *text);
}
