/* SPDX-License-Identifier: Apache-2.0
 * Inside of assay_serve: what the supervisor holds. */
#ifndef ASSAY_SUPERVISED_H
#define ASSAY_SUPERVISED_H

#include "gateway/data_dir.h"
#include "gateway/line_port.h"
#include "gateway/listener.h"
#include "gateway/role_process.h"
#include "gateway/station_link.h"
#include "gateway/supervisor.h"

#include <signal.h>
#include <sys/types.h>

enum {
	SERVE_RECORDER = 0,
	SERVE_WEB = 1,
	SERVE_REPORT = 2,
	SERVE_NOTIFY = 3,
	SERVE_FIRST_HOST = 4
}; /* in supervisor.roles */

enum serve_phase {
	SERVE_STARTING = 0, /* the recorder opens the journal; no device is touched */
	SERVE_RUNNING,
	SERVE_STOPPING_HOSTS,
	SERVE_STOPPING_REST,
	SERVE_STOPPED
};

enum reload_stage {
	RELOAD_NONE = 0,
	RELOAD_CLOSING, /* what changed or left hands over what it has */
	RELOAD_RECORDER /* the recorder ends; the next one begins with the new configuration */
};

struct supervisor_reload {
	enum reload_stage stage;
	uint64_t deadline_ns;
	struct assay_reload asked;
	struct assay_config *config; /* checked, not in force yet */
	struct assay_places places; /* and the specs it was checked with */
	uint16_t *place; /* for each line now: its index in config, or ASSAY_LINE_GONE */
	struct line_port *ports; /* room for the lines of config */
	struct role_process *roles;
	size_t role_max;
};

struct supervisor {
	const struct assay_serve_options *options;
	struct assay_places places;
	struct assay_config *config;
	struct assay_data_dir dir;
	struct assay_certificate *certificate; /* NULL: plain HTTP, on this machine only */
	struct assay_role role; /* what all roles are handed */
	struct station_link stations[ASSAY_ROLE_KINDS];
	char url[ASSAY_URL_MAX];
	enum serve_phase phase;
	uint64_t deadline_ns; /* of a stopping phase */
	uint64_t looked_ns; /* last turn of the loop */
	int signals; /* signalfd */
	sigset_t old_mask;
	struct line_port *ports; /* one for each line of lab.xml */
	struct role_process *roles; /* 0 recorder, 1 web, 2 report, 3 notify, then hosts */
	size_t role_count, role_max;
	struct assay_error refusal; /* why it cannot go on; code "" none */
	struct supervisor_reload reload;
	struct assay_reload taken; /* what the roles are told about the last reload */
	bool mask_set;
	bool on_terminal; /* a hang-up means that whoever started it has gone */
};

/* announce.c: ready, and where; to whoever asked for the address, too. */
void supervisor_announce(const struct supervisor *supervisor);
uint64_t supervisor_now_ns(void);
/* Where lab.xml is. */
void supervisor_lab_path(const struct supervisor *supervisor, char out[1024]);
/* One line on standard error. */
void supervisor_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* "recorder", "web", "host of line com1", "host of 12 lines" */
const char *supervisor_describe(
	const struct supervisor *supervisor, const struct role_process *role, char out[64]);

/* role_watch.c: a role that lives but says nothing any more is ended, so that another one takes over. */
void role_watch(struct supervisor *supervisor, uint64_t now_ns);
/* What it came to is written to the journal as soon as a recorder is there to do it. */
void role_watch_tell(struct supervisor *supervisor);
/* A host that its own watch has ended: a fault, to be told. */
void role_watch_ended(const struct supervisor *supervisor, struct role_process *role, int wait_status);

/* reload.c: lab.xml is read again, checked whole, and taken without touching a line that stays as it is */
void reload_hang_up(const struct supervisor *supervisor, uid_t who); /* SIGHUP: ask the recorder first */
void reload_asked(struct supervisor *supervisor, const struct assay_reload *asked);
/* The host says that nothing is left of this place. */
void reload_closed(struct role_process *host, uint16_t place);
void reload_step(struct supervisor *supervisor, uint64_t now_ns);
void reload_abandon(struct supervisor *supervisor);

/* host_plan.c: which of the lines that have no host yet share one. Appends roles; 0 or ASSAY_ENOMEM. */
int host_plan(struct supervisor *supervisor, struct assay_error *err) ASSAY_WARN_UNUSED;
/* Places whose lines have left are forgotten; the host must not be running. */
void host_plan_compact(struct role_process *host);
/* A shared host died twice in a short time: each of its lines gets a host of its own. */
void host_plan_split(struct supervisor *supervisor, struct role_process *host);

/* host_link.c: hosts and what ties them to recorder and devices. */
int host_link_start(
	struct supervisor *supervisor, struct role_process *host, struct assay_error *err) ASSAY_WARN_UNUSED;
void host_link_died(struct supervisor *supervisor, struct role_process *host);
/* A recorder has been started: every living host, and web, get a new pair. */
void host_link_recorder(struct supervisor *supervisor);
/* The web role, and what ties it to the recorder: a pair of its own, so that nobody at the other end is taken for a
 * person at this machine. */
int host_link_web(
	struct supervisor *supervisor, struct role_process *web, struct assay_error *err) ASSAY_WARN_UNUSED;
/* A port was opened, or has new trouble: its host is told. */
void host_link_port(struct supervisor *supervisor, const struct line_port *port);

#endif
