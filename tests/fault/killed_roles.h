/* SPDX-License-Identifier: Apache-2.0
 * kill -9 of a gateway's roles, one by one or all at once, at moments that a seed chooses. */
#ifndef ASSAY_TESTS_KILLED_ROLES_H
#define ASSAY_TESTS_KILLED_ROLES_H

#include "tests/fault/running_gateway.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define BACK_MS 1000u
#define BACK_BESIDE_MS 10000u /* with many gateways on one processor */
#define SPAN_MS 10500u
#define KILLS_IN_SPAN 2u
#define START_MS 30000u

static unsigned back_ms = BACK_MS;
static uint32_t seed;

/* xorshift: the same series from the same seed */
static inline uint32_t random_below(uint32_t bound)
{
	seed ^= seed << 13;
	seed ^= seed >> 17;
	seed ^= seed << 5;
	return seed % bound;
}

/* A role that may be killed, the process that has it now, and its latest kills. */
struct target {
	const char *name;
	pid_t pid;
	uint64_t killed_ms[KILLS_IN_SPAN]; /* latest first */
};

static inline bool is_taken(const struct target *targets, size_t count, pid_t pid)
{
	for (size_t i = 0; i < count; i++)
		if (targets[i].pid == pid)
			return true;
	return false;
}

/* The processes there are, as they appear; the same name may stand in several targets (hosts). */
static inline void find_targets(pid_t parent, struct target *targets, size_t count)
{
	pid_t pids[GATEWAY_CHILDREN_MAX];
	uint64_t until = test_now_ms() + START_MS;

	for (size_t i = 0; i < count;) {
		size_t found = gateway_children(parent, targets[i].name, pids), next = 0;

		while (next < found && is_taken(targets, i, pids[next]))
			next++;
		if (next < found) {
			memset(targets[i].killed_ms, 0, sizeof targets[i].killed_ms);
			targets[i++].pid = pids[next];
			continue;
		}
		assert_true(test_now_ms() < until);
		test_pause_ms(5);
	}
}

static unsigned late; /* roles that took longer than a second */

/* Kill one of them and wait until a new process has its role. NULL when it may not be killed now. */
static inline const char *kill_one(pid_t parent, struct target *targets, size_t count)
{
	pid_t pids[GATEWAY_CHILDREN_MAX];
	struct target *target = &targets[random_below((uint32_t)count)];
	uint64_t oldest = target->killed_ms[KILLS_IN_SPAN - 1], begun = test_now_ms();

	if (oldest != 0 && begun - oldest < SPAN_MS)
		return NULL;
	assert_int_equal(kill(target->pid, SIGKILL), 0);
	memmove(target->killed_ms + 1, target->killed_ms, (KILLS_IN_SPAN - 1) * sizeof *target->killed_ms);
	target->killed_ms[0] = begun;
	while (test_now_ms() - begun <= back_ms) {
		size_t found = gateway_children(parent, target->name, pids);

		for (size_t i = 0; i < found; i++)
			if (!is_taken(targets, count, pids[i])) {
				target->pid = pids[i];
				late += test_now_ms() - begun > BACK_MS;
				return target->name;
			}
		test_pause_ms(5);
	}
	fail_msg("%s is not back within %u ms", target->name, back_ms);
	return NULL;
}

/* All processes at once, the supervisor first. */
static inline void kill_whole(struct running_gateway *gateway)
{
	pid_t pids[GATEWAY_CHILDREN_MAX];
	size_t count = gateway_children(gateway->pid, "", pids);
	uint64_t until = test_now_ms() + START_MS;

	assert_int_equal(kill(gateway->pid, SIGKILL), 0);
	for (size_t i = 0; i < count; i++)
		(void)kill(pids[i], SIGKILL);
	assert_int_equal(waitpid(gateway->pid, NULL, 0), gateway->pid);
	(void)close(gateway->out);
	for (size_t i = 0; i < count; i++)
		while (process_is(pids[i], "")) {
			assert_true(test_now_ms() < until);
			test_pause_ms(1);
		}
}

#endif
