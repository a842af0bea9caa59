/* SPDX-License-Identifier: Apache-2.0
 * A role's process, from its first line on: what it has no use for is taken from it, then it does its work. */
#include "gateway/role_process.h"

#include "gateway/confine.h"
#include "gateway/wire/channel.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#define HOST_MEMORY_MAX 536870912u /* bytes of data: 64 lines keep at most 1 MiB each, and the outbox */
#define TIMER_SLACK_NS                                                                                       \
	1000ul /* silences of a bus are some milliseconds; the kernel would add 50 us to each */

static const struct {
	const char *process;
	int (*run)(const struct assay_role *role);
} kinds[] = {
	[ROLE_RECORDER] = {"assay-recorder", assay_recorder_main},
	[ROLE_HOST] = {"assay-host", assay_host_main},
	[ROLE_WEB] = {"assay-web", assay_web_main},
	[ROLE_REPORT] = {"assay-report-role", assay_report_main},
	[ROLE_NOTIFY] = {"assay-notify", assay_notify_main},
};

const char *role_process_title(enum role_kind kind)
{
	return kinds[kind].process;
}

/* The report program, its libraries and its fonts; nothing of the laboratory. */
static int confine_report(const struct assay_role *role, struct assay_error *err)
{
	char programs[sizeof role->places->drivers + 8];
	const struct assay_confine_path report[] = {{programs, false}, {"/usr", false}, {"/lib", false},
		{"/lib64", false}, {"/etc", false}, {"/var/cache/fontconfig", false}, {"/dev/null", true},
		{"/dev/urandom", false}, {NULL, false}};

	(void)snprintf(programs, sizeof programs, "%s/..", role->places->drivers);
	return assay_confine(ASSAY_CONFINED_REPORT, report, NULL, err);
}

/* What the role has no use for is taken from it before it runs anything. Web and notify lock themselves in once they
 * have what they need (gateway/web/files.c). */
static int confine(enum role_kind kind, const struct assay_role *role, struct assay_error *err)
{
	/* a plugin may stand on a library (ascii on PCRE2), which is looked up when it is loaded */
	const struct assay_confine_path host[] = {{role->places->drivers, false}, {"/etc/ld.so.cache", false},
		{"/lib", false}, {"/usr/lib", false}, {"/usr/local/lib", false}, {NULL, false}};
	struct assay_places shipped; /* what a reload may go back to */
	bool found = assay_places_find(&shipped, NULL) == ASSAY_OK;
	const struct assay_confine_path recorder[] = {{role->dir, true}, {role->places->drivers, false},
		{found ? shipped.specs : role->places->specs, false}, {role->places->specs, false},
		{"/proc/sys/kernel/random", false}, {"/dev/urandom", false}, {"/etc", false}, {"/usr", false},
		{"/lib", false}, {"/var/tmp", true}, {"/tmp", true}, /* SQLite's large sorts */
		{role->spec_keys.signers, false}, {role->spec_keys.approvers, false}, {NULL, false}};

	if (kind == ROLE_HOST)
		return assay_confine(ASSAY_CONFINED_HOST, host, NULL, err);
	if (kind == ROLE_REPORT)
		return confine_report(role, err);
	if (kind == ROLE_RECORDER)
		return assay_confine(ASSAY_CONFINED_RECORDER, recorder, NULL, err);
	return ASSAY_OK;
}

/* A driver that leaks is not to take the machine with it. What a host needs is far below. */
static void limit_memory(void)
{
#ifndef ASSAY_INSTRUMENTED /* a sanitizer's own tables are larger */
	const struct rlimit limit = {HOST_MEMORY_MAX, HOST_MEMORY_MAX};

	(void)setrlimit(RLIMIT_DATA, &limit);
#endif
}

int role_run(enum role_kind kind, const struct assay_role *role)
{
	struct assay_message refused = {.type = ASSAY_MSG_REFUSED, .generation = role->generation};
	struct assay_error err;

	if (role->counts) /* the supervisor's to write */
		(void)mprotect(role->counts, sizeof *role->counts, PROT_READ);
	if (kind != ROLE_WEB && role->certificate) /* this process's copy */
		explicit_bzero(role->certificate, sizeof *role->certificate);
	if (kind == ROLE_HOST) {
		limit_memory();
		(void)prctl(PR_SET_TIMERSLACK, TIMER_SLACK_NS);
	}
	if (confine(kind, role, &err) == ASSAY_OK)
		return kinds[kind].run(role);
	if (assay_channel_send(role->control, &refused, &err, sizeof err, -1) != ASSAY_OK)
		(void)fprintf(stderr, "assay: %s: %s\n", assay_role_kind_name(kind), err.text_en);
	return 1;
}
