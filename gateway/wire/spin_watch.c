/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/wire/spin_watch.h"

#include <signal.h>
#include <stddef.h>
#include <sys/time.h>

/* A call of a driver is a matter of microseconds, with the worst grammar of some milliseconds; one over a whole result
 * file of tens. On a machine that is busy with ten others a period is ten times as long to whoever waits for the line. */
#ifdef ASSAY_INSTRUMENTED
#define PERIOD_US 900000
#define PERIOD_FILES_US 900000
#else
#define PERIOD_US 50000
#define PERIOD_FILES_US 200000
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

void spin_watch_start(bool files)
{
	const long period_us = files ? PERIOD_FILES_US : PERIOD_US;
	const struct itimerval every = {{0, period_us}, {0, period_us}};
	struct sigaction act = {.sa_handler = on_processor_time, .sa_flags = SA_RESTART};

	if (sigaction(SIGVTALRM, &act, NULL) == 0)
		(void)setitimer(ITIMER_VIRTUAL, &every, NULL);
}

void spin_watch_turn(void)
{
	turn = (turn + 1) & 0xffff;
}
