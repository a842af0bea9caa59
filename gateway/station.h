/* SPDX-License-Identifier: Apache-2.0
 * A station: a small process that a service manager starts as the user of one kind of role. It waits for the supervisor
 * on a socket, and forks, in its place, the roles it is told to: so each kind of role has a user of its own and nobody
 * has to hold the right to change users. What a role needs - descriptors, the checked configuration - comes with the order;
 * the station itself reads no file of the laboratory. When the supervisor goes, or the station ends, its roles are killed,
 * as roles that the supervisor forks are. The other end: station_link.h. */
#ifndef ASSAY_STATION_H
#define ASSAY_STATION_H

#include "gateway/role_process.h"

/* Serve one supervisor, who connects to listening (SOCK_SEQPACKET, kept by the caller), until it goes or SIGTERM or SIGINT
 * comes. 0; ASSAY_EIO with err. Main thread only. */
int assay_station(enum role_kind kind, int listening, struct assay_error *err) ASSAY_WARN_UNUSED;

#endif
