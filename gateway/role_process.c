/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/role_process.h"

#include "gateway/confine.h"
#include "gateway/wire/channel.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#define HOST_MEMORY_MAX 536870912u /* bytes of data: 64 lines keep at most 1 MiB each, and the outbox */
#define TIMER_SLACK_NS                                                                                       \
	1000ul /* silences of a bus are some milliseconds; the kernel would add 50 us to each */
#define NS_PER_MS 1000000ull
#define BACKOFF_MIN_MS 500u
#define BACKOFF_MAX_MS 60000u
#define KEEP_MAX 8u

static int by_number(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

/* Everything above 2 that is not kept is somebody else's. */
static void close_others(const int *keep, size_t count)
{
	int sorted[KEEP_MAX] = {0}, from = 3;
	size_t used = 0;

	for (size_t i = 0; i < count && used < KEEP_MAX; i++)
		if (keep[i] > 2)
			sorted[used++] = keep[i];
	qsort(sorted, used, sizeof *sorted, by_number);
	for (size_t i = 0; i < used; i++) {
		if (sorted[i] > from)
			(void)close_range((unsigned)from, (unsigned)sorted[i] - 1, 0);
		from = sorted[i] + 1;
	}
	(void)close_range((unsigned)from, ~0u, 0);
}

pid_t role_process_fork(const char *name, const int *keep, size_t keep_count)
{
	static const int deaf[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};
	sigset_t none;
	pid_t parent = getpid(), child;

	(void)fflush(NULL);
	child = fork();
	if (child != 0)
		return child;
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(0);
	(void)prctl(PR_SET_NAME, name);
	for (size_t i = 0; i < sizeof deaf / sizeof *deaf; i++)
		(void)signal(deaf[i], SIG_IGN);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	close_others(keep, keep_count);
	return 0;
}

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

const char *role_process_name(const struct role_process *process)
{
	return assay_role_kind_name(process->kind);
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

static int run_role(enum role_kind kind, const struct assay_role *role)
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

int role_process_start(struct role_process *process, const struct assay_role *base, int host_end, int extra,
	uint64_t now_ns, struct assay_error *err)
{
	struct assay_role role = *base;
	int pair[2], status = assay_channel_pair(pair, err), keep[4];

	if (status != ASSAY_OK)
		goto out;
	keep[0] = role.control = pair[1];
	keep[1] = role.listener = process->listener;
	keep[2] = role.recorder = host_end;
	keep[3] = extra;
	role.generation = process->generation;
	role.lines = process->lines;
	role.line_count = process->line_count;
	process->pid = role_process_fork(kinds[process->kind].process, keep, sizeof keep / sizeof *keep);
	if (process->pid == 0)
		exit(run_role(process->kind, &role));
	(void)close(pair[1]);
	if (process->pid < 0) {
		process->pid = 0;
		(void)close(pair[0]);
		status = assay_error_set(err, ASSAY_EIO, "no-process", "不能启动 %s 进程（%s）",
			"cannot start the %s process (%s)", assay_role_kind_name(process->kind),
			strerror(errno));
		goto out;
	}
	process->counts = base->counts;
	if (process->counts) {
		process->counts->starts[process->kind]++;
		process->counts->living[process->kind]++;
	}
	process->control = pair[0];
	process->ready = process->refused = false;
	process->started_ns = process->heard_ns = now_ns;
out:
	if (host_end >= 0)
		(void)close(host_end);
	return status;
}

unsigned role_process_deaths(const struct role_process *process, uint64_t now_ns, uint64_t span_ns)
{
	unsigned count = 0;

	for (unsigned i = 0; i < ROLE_DEATHS; i++)
		if (process->died_ns[i] && now_ns - process->died_ns[i] < span_ns)
			count++;
	return count;
}

void role_process_died(struct role_process *process, uint64_t now_ns)
{
	if (process->control >= 0)
		(void)close(process->control);
	process->control = -1;
	if (process->counts && process->pid > 0)
		process->counts->living[process->kind]--;
	process->pid = 0;
	process->ready = false;
	memmove(process->died_ns + 1, process->died_ns, (ROLE_DEATHS - 1) * sizeof *process->died_ns);
	process->died_ns[0] = now_ns;
	if (role_process_deaths(process, now_ns, ROLE_DEATHS_NS) < ROLE_DEATHS) {
		process->backoff_ms = 0;
	} else {
		process->backoff_ms = process->backoff_ms ? process->backoff_ms * 2 : BACKOFF_MIN_MS;
		if (process->backoff_ms > BACKOFF_MAX_MS)
			process->backoff_ms = BACKOFF_MAX_MS;
	}
	process->start_at_ns = now_ns + process->backoff_ms * NS_PER_MS;
}

void role_process_stop(const struct role_process *process)
{
	struct assay_message stop = {.type = ASSAY_MSG_STOP, .generation = process->generation};

	if (process->pid > 0 && process->control >= 0 &&
		assay_channel_send(process->control, &stop, NULL, 0, -1) != ASSAY_OK)
		(void)kill(process->pid, SIGKILL);
}
