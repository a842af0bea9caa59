/* SPDX-License-Identifier: Apache-2.0
 * assay serve: starts recorder, hosts and web, opens devices and sockets for them, and keeps them running. */
#ifndef ASSAY_SUPERVISOR_H
#define ASSAY_SUPERVISOR_H

#include "limits/error.h"

#include <stdbool.h>

struct assay_serve_options {
	const char *dir; /* data directory; made when it does not exist (its parent must) */
	const char *config; /* lab.xml; NULL: DIR/lab.xml */
	const char *listen; /* ADDR:PORT instead of lab.xml's; "": no web; NULL: as lab.xml says */
	const char *spec_signers, *spec_approvers; /* folders of keys; NULL: those below /etc/assay */
	const char *
		stations; /* folder of the sockets at which the stations of host, web, report and notify wait, each with a
		user of its own; NULL: roles are forked, and have this process's user */
	bool demonstration; /* whoever is on this machine may look without logging in */
	bool quiet; /* say nothing on standard output */
	bool json; /* what is said on standard output is one JSON line: {"dir", "url"}, "first_admin" with the code's
		file while nobody can log in, "fingerprint" of the certificate with https */
	int ready; /* > 0: this descriptor gets one line, the pages' address (or "" without web), when everything
	              runs, and is closed */
	unsigned recorder_silent_ms; /* a recorder that says nothing for so long is replaced; 0: 60 s */
};

/* Run until SIGINT or SIGTERM, or until the recorder refuses to start (second serve on the directory, damaged
 * journal ...). 0 after an orderly stop with no child left; negative with err. Main thread only. */
int assay_serve(const struct assay_serve_options *options, struct assay_error *err) ASSAY_WARN_UNUSED;

#endif
