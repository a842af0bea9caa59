/* SPDX-License-Identifier: Apache-2.0
 * What the supervisor hands to a role, which it forks, or has forked by a station (station.h). A role function runs its loop until STOP arrives or
 * the supervisor is gone, and returns the process's exit code (0 after STOP). */
#ifndef ASSAY_ROLE_H
#define ASSAY_ROLE_H

#include "gateway/bundle/bundle.h"
#include "gateway/certificate.h"
#include "gateway/config.h"
#include "gateway/wire/channel.h"

#include <stdint.h>
#include <sys/types.h>

#define ASSAY_ROLE_KINDS 6u /* by enum role_kind; 0 is none */
/* How many of each kind live, and were ever started. The supervisor writes, in memory that all roles share and only it may
 * write: an aligned word is read whole. */
struct assay_role_counts {
	volatile uint32_t starts[ASSAY_ROLE_KINDS], living[ASSAY_ROLE_KINDS];
};

struct station_link;

struct assay_role {
	const struct assay_config *config; /* inherited, or handed over by its station; read-only */
	const struct assay_places *places;
	const char *dir; /* data directory */
	struct assay_bundle_keys spec_keys; /* recorder: who may sign specs, who may agree to older ones */
	int control; /* SEQPACKET to the supervisor: STOP, DEVICE, ADD_HOST in; REOPEN, ALIVE out */
	int listener; /* recorder: assay.sock; web: HTTP; already listening; -1 for a host */
	int recorder; /* host, web: its end of the pair with the recorder; -1 for the recorder */
	int kept; /* recorder: the lock of the data directory; notify: run/told, to read and write; -1 none */
	uint32_t generation; /* host: its own; recorder: of the start */
	const uint16_t *lines; /* host: indexes in config->lines */
	uint16_t line_count;
	pid_t supervisor; /* recorder, which records it */
	struct assay_role_counts *counts; /* NULL: nobody counts */
	int counts_fd; /* the same, for a role that is not forked from here; supervisor only */
	struct station_link *stations; /* by enum role_kind; supervisor only */
	struct assay_certificate *certificate; /* of https; NULL: plain HTTP. Wiped in every role but web */
	const struct assay_reload
		*reload; /* recorder: who wanted this configuration, and why; NULL: a start */
	bool demonstration; /* a played laboratory: anybody on this machine may look */
};

/* By enum role_kind: "recorder", "host" ...; NULL: there is no such kind. */
const char *assay_role_kind_name(unsigned kind);

int assay_recorder_main(const struct assay_role *role);
int assay_host_main(const struct assay_role *role);
int assay_report_main(const struct assay_role *role);
int assay_notify_main(const struct assay_role *role);
int assay_web_main(const struct assay_role *role);

/* Takes what the supervisor sends a role that is handed nothing more; false: it is to end, or the supervisor is gone. */
bool assay_role_goes_on(const struct assay_role *role);

#endif
