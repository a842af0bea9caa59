/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/supervised.h"
#include "gateway/wire/channel.h"

#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#define NS_PER_S 1000000000ull
#define PAUSED_NS (5 * NS_PER_S) /* the machine or we stood still: nobody else is to blame for silence */
#define HOST_SILENT_NS (10 * NS_PER_S)
/* Two heartbeats missed, and a second of processor time used since: a driver that spins, and that the host's own watch
 * (wire/spin_watch.h) has not ended. A healthy host that is not given the processor uses none. */
#define SPIN_SILENT_NS (2 * NS_PER_S)
#define SPIN_CPU_NS NS_PER_S
/* The recorder speaks when a turn of its loop has committed everything: a disk that takes ten seconds for each of the
 * few syncs of a turn keeps a healthy one silent, and ending it would not make the disk faster. */
#define RECORDER_SILENT_NS (60 * NS_PER_S)

static uint64_t allowed_ns(const struct supervisor *supervisor, const struct role_process *role)
{
	unsigned recorder_ms = supervisor->options->recorder_silent_ms;

	switch (role->kind) {
	case ROLE_HOST:
		return HOST_SILENT_NS;
	case ROLE_RECORDER: /* before it is ready it may have a long state to make again */
		if (!role->ready)
			return UINT64_MAX;
		return recorder_ms ? recorder_ms * UINT64_C(1000000) : RECORDER_SILENT_NS;
	default:
		return UINT64_MAX;
	}
}

static bool cpu_ns(pid_t pid, uint64_t *out)
{
	struct timespec used;
	clockid_t clock;

	if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &used) != 0)
		return false;
	*out = (uint64_t)used.tv_sec * NS_PER_S + (uint64_t)used.tv_nsec;
	return true;
}

static bool spins(struct role_process *role, uint64_t now_ns)
{
	uint64_t used_ns;

	if (role->kind != ROLE_HOST || now_ns - role->heard_ns < SPIN_SILENT_NS ||
		!cpu_ns(role->pid, &used_ns))
		return false;
	if (role->silence_ns != role->heard_ns) {
		role->silence_ns = role->heard_ns;
		role->silence_cpu_ns = used_ns;
		return false;
	}
	return used_ns - role->silence_cpu_ns >= SPIN_CPU_NS;
}

void role_watch(struct supervisor *supervisor, uint64_t now_ns)
{
	bool paused = now_ns - supervisor->looked_ns > PAUSED_NS;

	for (size_t i = 0; i < supervisor->role_count; i++) {
		struct role_process *role = &supervisor->roles[i];
		unsigned silent_s = (unsigned)((now_ns - role->heard_ns) / NS_PER_S);
		char name[64];

		if (paused)
			role->heard_ns = now_ns;
		if (role->pid <= 0 ||
			(now_ns - role->heard_ns < allowed_ns(supervisor, role) && !spins(role, now_ns)))
			continue;
		(void)supervisor_describe(supervisor, role, name);
		(void)assay_error_set(&role->hung, ASSAY_EGONE,
			role->kind == ROLE_HOST ? "host-hung" : "recorder-hung",
			"%s 已 %u 秒没有动静，已结束并重新启动；已确认的数据不受影响",
			"%s has said nothing for %u s and is ended; another one is started, nothing "
			"acknowledged is lost",
			name, silent_s);
		supervisor_say("%s", role->hung.text_en);
		role_process_kill(role);
		role->heard_ns = now_ns;
		role->ready = role->kind == ROLE_HOST; /* a recorder: the next one is told, not this one */
	}
}

void role_watch_ended(const struct supervisor *supervisor, struct role_process *role, int wait_status)
{
	char name[64];

	if (role->kind != ROLE_HOST || !WIFSIGNALED(wait_status) || WTERMSIG(wait_status) != SIGVTALRM)
		return;
	(void)supervisor_describe(supervisor, role, name);
	(void)assay_error_set(&role->hung, ASSAY_EGONE, "host-hung",
		"%s 的驱动程序一直没有返回，已结束并重新启动；已确认的数据不受影响",
		"a driver of %s has not come back and is ended; another one is started, nothing acknowledged "
		"is lost",
		name);
	supervisor_say("%s", role->hung.text_en);
}

void role_watch_tell(struct supervisor *supervisor)
{
	const struct role_process *recorder = &supervisor->roles[SERVE_RECORDER];
	struct assay_message head = {.type = ASSAY_MSG_FAULT, .generation = recorder->generation};

	for (size_t i = 0; recorder->ready && recorder->control >= 0 && i < supervisor->role_count; i++) {
		struct role_process *role = &supervisor->roles[i];

		if (*role->hung.code && assay_channel_send(recorder->control, &head, &role->hung,
						sizeof role->hung, -1) == ASSAY_OK)
			role->hung.code[0] = '\0';
	}
}
