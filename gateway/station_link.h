/* SPDX-License-Identifier: Apache-2.0
 * The supervisor's end of a station (station.h): roles of one kind are started, killed and waited for through it. */
#ifndef ASSAY_STATION_LINK_H
#define ASSAY_STATION_LINK_H

#include "gateway/role_process.h"

#include <stdint.h>

#define STATION_ENDED_MAX                                                                                    \
	2048u /* ends that have been told and not asked for: at most one for each line and kind */

struct station_link {
	char path[108]; /* of its socket; "" none: roles of this kind are forked by the supervisor itself */
	int fd; /* -1: not connected */
	uint32_t era; /* counts connections; the roles of an earlier one are dead */
	bool told; /* it has the configuration */
	struct station_ended {
		pid_t pid;
		int how; /* as waitpid tells it */
	} * ended;
	size_t ended_count;
};

/* FOLDER/KIND.station for host, web, report and notify; the recorder is always forked. "" or NULL folder: no stations.
 * links has ASSAY_ROLE_KINDS places. ASSAY_EREFUSED when a path is too long. */
int station_links_open(
	struct station_link *links, const char *folder, struct assay_error *err) ASSAY_WARN_UNUSED;
void station_links_close(struct station_link *links);
/* Another configuration: told before the next start. */
void station_links_changed(struct station_link *links);

/* Start a role with what role holds; connects, and waits for the answer (a station that the service manager has to start
 * first takes some 100 ms), at most STATION_ANSWER_MS. ASSAY_EIO "no-station" when there is none. */
#define STATION_ANSWER_MS 5000
int station_link_start(struct station_link *link, enum role_kind kind, const struct assay_role *role,
	pid_t *pid_out, struct assay_error *err) ASSAY_WARN_UNUSED;
void station_link_kill(struct station_link *link, pid_t pid);
/* Take what has been told. */
void station_link_listen(struct station_link *link);
/* True once for a role that has ended: *how as waitpid tells it; killed by signal 9 when its station went. */
bool station_link_ended(struct station_link *link, uint32_t era, pid_t pid, int *how);

#endif
