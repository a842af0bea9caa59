/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/wire/spin_watch.h"

#include <signal.h>
#include <stddef.h>
#include <sys/time.h>

/* A call of a driver is a matter of microseconds; one over a whole result file of a few milliseconds. */
#ifdef ASSAY_INSTRUMENTED
#define PERIOD_US 900000
#else
#define PERIOD_US 200000
#endif

static volatile sig_atomic_t turn, seen;

static void on_processor_time(int number)
{
	if (turn == seen) {
		(void)signal(number, SIG_DFL);
		(void)raise(number); /* taken when this returns */
	}
	seen = turn;
}

void spin_watch_start(void)
{
	const struct itimerval every = {{0, PERIOD_US}, {0, PERIOD_US}};
	struct sigaction act = {.sa_handler = on_processor_time, .sa_flags = SA_RESTART};

	if (sigaction(SIGVTALRM, &act, NULL) == 0)
		(void)setitimer(ITIMER_VIRTUAL, &every, NULL);
}

void spin_watch_turn(void)
{
	turn = (turn + 1) & 0xffff;
}
