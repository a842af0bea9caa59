/* SPDX-License-Identifier: Apache-2.0
 * What the supervisor says to whoever started it: where it serves, how the first administrator comes, what went wrong. */
#include "gateway/people/people.h"
#include "gateway/service_manager.h"
#include "gateway/supervised.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void supervisor_say(const char *format, ...)
{
	char text[ASSAY_ERROR_TEXT_MAX + 100];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof text, format, args);
	va_end(args);
	(void)fprintf(stderr, "assay: %s\n", text);
}

const char *supervisor_describe(
	const struct supervisor *supervisor, const struct role_process *role, char out[64])
{
	if (role->kind != ROLE_HOST)
		(void)snprintf(out, 64, "%s", role_process_name(role));
	else if (role->line_count == 1 && role->lines[0] != ASSAY_LINE_GONE)
		(void)snprintf(out, 64, "host of line %s", supervisor->config->lines[role->lines[0]].id);
	else
		(void)snprintf(out, 64, "host of %u lines", role->line_count);
	return out;
}

/* Nobody can log in yet: where the code is with which the first administrator is made. The code itself is shown on a
 * terminal only: what goes elsewhere may be a log. */
static void say_first_admin(const char *path)
{
	char code[ASSAY_FIRST_CODE_MAX] = "";
	FILE *file = fopen(path, "re");

	if (file && isatty(STDOUT_FILENO) && fgets(code, sizeof code, file))
		code[strcspn(code, "\n")] = '\0';
	if (file)
		(void)fclose(file);
	if (*code)
		(void)printf("No administrator yet. Open the address and make one with the code %s\n"
			     "还没有管理员。请打开上面的地址，用代码 %s 建立\n",
			code, code);
	else
		(void)printf("No administrator yet. Open the address and make one with the code in %s\n"
			     "还没有管理员。请打开上面的地址，用 %s 里的代码建立\n",
			path, path);
}

static void say_where(const struct supervisor *supervisor)
{
	const struct assay_serve_options *options = supervisor->options;
	char path[1024];
	bool first;
	json_t *line;

	(void)snprintf(path, sizeof path, "%s/run/first-admin", options->dir);
	first = *supervisor->url && access(path, R_OK) == 0;
	if (options->json) {
		line = json_pack("{s:s,s:s,s:s*,s:s*}", "dir", options->dir, "url", supervisor->url,
			"first_admin", first ? path : NULL, "fingerprint",
			supervisor->certificate ? supervisor->certificate->fingerprint : NULL);
		if (line && json_dumpf(line, stdout, JSON_COMPACT) == 0)
			(void)putchar('\n');
		json_decref(line);
	} else {
		(void)printf("assay %s serves %s%s%s\n", ASSAY_VERSION, options->dir,
			*supervisor->url ? " at " : "", supervisor->url);
		if (supervisor->certificate)
			(void)printf("certificate SHA-256 %s\n", supervisor->certificate->fingerprint);
		if (first)
			say_first_admin(path);
	}
	(void)fflush(stdout);
}

void supervisor_announce(const struct supervisor *supervisor)
{
	const struct assay_serve_options *options = supervisor->options;
	char line[ASSAY_URL_MAX + 2];
	int length = snprintf(line, sizeof line, "%s\n", supervisor->url);

	service_manager_ready(supervisor->url);
	if (!options->quiet)
		say_where(supervisor);
	if (options->ready > 0) {
		if (write(options->ready, line, (size_t)length) != length)
			supervisor_say("nobody waits for the address");
		(void)close(options->ready);
	}
}
