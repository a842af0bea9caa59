/* SPDX-License-Identifier: Apache-2.0
 * One role as a process: forking it with nothing but its own descriptors, or having it forked by a station (station.h), and
 * when to start it again. */
#ifndef ASSAY_ROLE_PROCESS_H
#define ASSAY_ROLE_PROCESS_H

#include "gateway/role.h"

#include <stddef.h>

#define ROLE_LINES_MAX 64u
#define ROLE_DEATHS 3u /* so many within ROLE_DEATHS_NS: wait before the next start */
#define ROLE_DEATHS_NS 10000000000ull

enum role_kind { ROLE_RECORDER = 1, ROLE_HOST, ROLE_WEB, ROLE_REPORT, ROLE_NOTIFY };

struct role_process {
	enum role_kind kind; /* 0: slot not used */
	struct assay_role_counts *counts; /* since it was started; NULL none */
	pid_t pid; /* 0: not running */
	struct station_link *station; /* that started it; NULL: we did */
	uint32_t era; /* of the station's connection */
	int control; /* our end, -1 none */
	int listener; /* what it answers on, -1 none; ours, outlives it */
	uint32_t generation;
	bool ready; /* has been heard */
	uint64_t started_ns, heard_ns;
	uint64_t silence_ns,
		silence_cpu_ns; /* the silence looked at (its heard_ns), and its processor time then */
	uint64_t start_at_ns; /* when not running; UINT64_MAX: not again */
	uint64_t died_ns[ROLE_DEATHS]; /* latest first; 0 none */
	unsigned backoff_ms;
	bool refused;
	struct assay_error refusal;
	struct assay_error
		hung; /* why it was ended, until the recorder has been told; code "" nothing to tell */

	/* host */
	uint16_t lines[ROLE_LINES_MAX], line_count; /* by place: index in lab.xml, or ASSAY_LINE_GONE */
	uint64_t
		closing; /* bit i: place i leaves, and the host has not said yet that nothing of it is left */
	bool leaving; /* all its lines leave: it ends and is not started again */
	int recorder_end; /* our copy of the recorder's end of its pair: kept while the host lives, -1 none */
};

/* Zeroed room for so many: pages of its own, since most of it is for the worst case and never touched (calloc would clear
 * what the document of a large lab.xml has left). NULL: no memory. */
struct role_process *role_process_room(size_t count);
void role_process_room_free(struct role_process *room, size_t count); /* NULL allowed */

/* Fork. In the child (0): dies with the parent, has the name, default signals but deaf to INT, TERM and HUP (the
 * supervisor stops it in order), and of all descriptors above 2 only keep[]. Parent: pid, or -1 with errno. */
pid_t role_process_fork(const char *name, const int *keep, size_t keep_count);

/* Start it, in a fork of this process or by its station: control channel made, role function run there. host_end: host
 * and web, given away (closed here). kept: the role's own (struct assay_role), -1 none. */
int role_process_start(struct role_process *process, const struct assay_role *base, int host_end, int kept,
	uint64_t now_ns, struct assay_error *err) ASSAY_WARN_UNUSED;

/* role_run.c: what is done in the role's own process, once it has only what it is to have; returns its exit code. */
int role_run(enum role_kind kind, const struct assay_role *role);
const char *role_process_title(enum role_kind kind); /* "assay-host" ... */

/* End it at once; it is dead when role_process_ended says so. */
void role_process_kill(const struct role_process *process);
/* True once when it has ended: *how as waitpid tells it. */
bool role_process_ended(const struct role_process *process, int *how);

/* It has died (and was reaped): closes its channel and sets start_at_ns: at once, or after 0.5 to 60 s when it
 * has died ROLE_DEATHS times within ROLE_DEATHS_NS. */
void role_process_died(struct role_process *process, uint64_t now_ns);
/* Deaths within the last span_ns. */
unsigned role_process_deaths(const struct role_process *process, uint64_t now_ns, uint64_t span_ns);

void role_process_stop(const struct role_process *process); /* tell it to end in good order */
const char *role_process_name(const struct role_process *process); /* "host" ... */

#endif
