/* SPDX-License-Identifier: Apache-2.0
 * A driver that does not come back ends its host. What is counted is the processor time of the process, so that a busy
 * machine ends nobody; the supervisor starts another host at once, and the recorder has what was read. */
#ifndef ASSAY_WIRE_SPIN_WATCH_H
#define ASSAY_WIRE_SPIN_WATCH_H

#include <stdbool.h>

/* From now on: SIGVTALRM ends a process whose driver has not come back for one period of processor time at least, two at
 * most: 50 ms, for a host of result files 200 ms. One for each process; without timers nothing is watched but by the
 * supervisor, which is slower. */
void spin_watch_start(bool files);

/* The host is at work: called for each line it touches, and for each frame that a driver cuts or decodes. */
void spin_watch_turn(void);

#endif
