/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/role_process.h"

#include "gateway/station_link.h"
#include "gateway/wire/channel.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

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

struct role_process *role_process_room(size_t count)
{
	void *room = mmap(NULL, count * sizeof(struct role_process), PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return room == MAP_FAILED ? NULL : room;
}

void role_process_room_free(struct role_process *room, size_t count)
{
	if (room)
		(void)munmap(room, count * sizeof *room);
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

const char *role_process_name(const struct role_process *process)
{
	return assay_role_kind_name(process->kind);
}

static int fork_role(struct role_process *process, const struct assay_role *role, struct assay_error *err)
{
	const int keep[] = {role->control, role->listener, role->recorder, role->kept};
	pid_t pid = role_process_fork(role_process_title(process->kind), keep, sizeof keep / sizeof *keep);

	if (pid == 0)
		exit(role_run(process->kind, role));
	if (pid < 0)
		return assay_error_set(err, ASSAY_EIO, "no-process", "不能启动 %s 进程（%s）",
			"cannot start the %s process (%s)", assay_role_kind_name(process->kind),
			strerror(errno));
	process->pid = pid;
	return ASSAY_OK;
}

int role_process_start(struct role_process *process, const struct assay_role *base, int host_end, int kept,
	uint64_t now_ns, struct assay_error *err)
{
	struct assay_role role = *base;
	struct station_link *station = base->stations ? &base->stations[process->kind] : NULL;
	int pair[2], status = assay_channel_pair(pair, err);

	if (status != ASSAY_OK)
		goto out;
	role.control = pair[1];
	role.listener = process->listener;
	role.recorder = host_end;
	role.kept = kept;
	role.generation = process->generation;
	role.lines = process->lines;
	role.line_count = process->line_count;
	process->station = station && *station->path ? station : NULL;
	status = process->station
			 ? station_link_start(process->station, process->kind, &role, &process->pid, err)
			 : fork_role(process, &role, err);
	(void)close(pair[1]);
	if (status != ASSAY_OK) {
		process->pid = 0;
		(void)close(pair[0]);
		goto out;
	}
	process->era = process->station ? process->station->era : 0;
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
		role_process_kill(process);
}

void role_process_kill(const struct role_process *process)
{
	if (process->pid <= 0)
		return;
	if (process->station)
		station_link_kill(process->station, process->pid);
	else
		(void)kill(process->pid, SIGKILL);
}

bool role_process_ended(const struct role_process *process, int *how)
{
	if (process->pid <= 0)
		return false;
	if (process->station)
		return station_link_ended(process->station, process->era, process->pid, how);
	return waitpid(process->pid, how, WNOHANG) == process->pid;
}
