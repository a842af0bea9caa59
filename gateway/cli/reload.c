/* SPDX-License-Identifier: Apache-2.0
 * assay reload: lab.xml is read again by the gateway that runs. */
#include "gateway/cli/ask.h"
#include "gateway/cli/client.h"

#include <stdio.h>
#include <time.h>

#define IN_FORCE_S 60
#define LOOK_NS 100000000

static const char help[] = "usage: assay reload --reason TEXT [-d DIR] [--json]\n"
			   "The gateway that runs in DIR ($ASSAY_DIR) reads lab.xml again. It is checked "
			   "whole first: refused, with file and\n"
			   "line, everything stays as it was. A line that did not change is not touched. The "
			   "journal keeps the file, who wanted\n"
			   "it and why. Returns when the new configuration is in force. site, origin, listen "
			   "and certificate take a restart.\n";

static void print_reload(const json_t *done)
{
	(void)printf("lab.xml %s is in force: %d lines stay, %d changed, %d new, %d gone\n",
		assay_ask_text(done, "sha256"), (int)json_integer_value(json_object_get(done, "kept")),
		(int)json_integer_value(json_object_get(done, "changed")),
		(int)json_integer_value(json_object_get(done, "added")),
		(int)json_integer_value(json_object_get(done, "removed")));
}

/* Is it another recorder than the one that was asked, with this file? */
static bool in_force(const char *dir, const json_t *done)
{
	json_t *request = json_pack("{s:s}", "cmd", "status"), *answer = NULL;
	struct assay_error err;
	bool yes = request && assay_client_call(dir, request, &answer, &err) == ASSAY_OK &&
		   json_integer_value(json_object_get(json_array_get(json_object_get(answer, "roles"), 0),
			   "generation")) != json_integer_value(json_object_get(done, "generation"));

	json_decref(request);
	json_decref(answer);
	return yes;
}

static int reload(const struct assay_ask *ask, const char *reason, struct assay_error *err)
{
	const struct timespec pause = {0, LOOK_NS};
	const char *dir = assay_cli_dir(ask->dir, err);
	json_t *request = json_pack("{s:s,s:s}", "cmd", "config.reload", "reason", reason), *answer = NULL,
	       *done;
	int status = !dir ? ASSAY_EUSAGE : assay_client_call(dir, request, &answer, err);

	json_decref(request);
	if (status != ASSAY_OK)
		return status;
	done = json_object_get(answer, "reload");
	status = ASSAY_EGONE;
	for (unsigned i = 0; status != ASSAY_OK && i < IN_FORCE_S * (1000000000 / LOOK_NS); i++) {
		if (in_force(dir, done))
			status = ASSAY_OK;
		else
			(void)nanosleep(&pause, NULL);
	}
	if (status != ASSAY_OK)
		(void)assay_error_set(err, status, "reload-slow",
			"新配置已通过检查，但 %d 秒内仍未启用；请看 assay doctor 和网关的日志",
			"the new configuration was found good and is not in force after %d s; see assay "
			"doctor and the "
			"gateway's log",
			IN_FORCE_S);
	else if (ask->json && json_dumpf(done, stdout, JSON_COMPACT | JSON_PRESERVE_ORDER) == 0)
		(void)putchar('\n');
	else if (!ask->json)
		print_reload(done);
	json_decref(answer);
	return status;
}

int assay_cmd_reload(int argc, char **argv)
{
	static const struct option options[] = {
		ASSAY_ASK_OPTIONS, {"reason", required_argument, NULL, 'r'}, {NULL, 0, NULL, 0}};
	struct assay_ask ask = {0};
	struct assay_error err;
	const char *reason = NULL;
	int option, status;

	while ((option = getopt_long(argc, argv, "d:", options, NULL)) != -1) {
		if (option == 'r')
			reason = optarg;
		else if (!assay_ask_option(&ask, option, optarg))
			return ASSAY_EXIT_USAGE;
	}
	if (ask.help)
		return fputs(help, stdout) < 0 ? ASSAY_EXIT_REFUSED : assay_cli_flush();
	if (optind != argc || !reason)
		return assay_ask_usage(&ask, "reload");
	status = reload(&ask, reason, &err);
	return status == ASSAY_OK ? assay_cli_flush() : assay_cli_fail(ask.json, status, &err);
}
