/* SPDX-License-Identifier: Apache-2.0
 * What a role may still ask of the kernel once it runs: nothing but what its work needs (DESIGN section 3).
 *
 * Two locks. A system-call filter refuses, with EPERM, new programs, other processes, mounts, modules, namespaces,
 * BPF and every socket the role has no use for. Landlock, where the kernel has it, leaves only the paths named below.
 * Neither can be taken off again; children inherit both. */
#ifndef ASSAY_CONFINE_H
#define ASSAY_CONFINE_H

#include "limits/error.h"

#include <stdbool.h>
#include <stddef.h>

enum assay_confined {
	ASSAY_CONFINED_HOST = 1, /* no socket at all, no file to write */
	ASSAY_CONFINED_RECORDER = 2, /* Unix sockets only; writes below its data directory only */
	ASSAY_CONFINED_REPORT =
		4, /* no socket, no file to write; may start programs below what it may read */
	ASSAY_CONFINED_NOTIFY =
		5, /* connects anywhere, never listens; writes no file; may start programs below
				      what it may read */
	ASSAY_CONFINED_WEB = 3 /* accepts, never connects; writes no file; sees no key */
};

/* One place a role may use; what is beneath it is included. A path that does not exist is passed over. */
struct assay_confine_path {
	const char *path;
	bool write;
};

/* Lock this process and its threads to come. Paths end with a row whose path is NULL. *landlock_out (may be NULL)
 * says whether the kernel has Landlock; without it the filter still holds. Sanitizer builds lock nothing: their
 * runtime needs what is refused. ASSAY_EIO "confine" when a lock does not close; the role must not go on then. Call
 * it before the first thread. */
int assay_confine(enum assay_confined role, const struct assay_confine_path *paths, bool *landlock_out,
	struct assay_error *err) ASSAY_WARN_UNUSED;

#endif
