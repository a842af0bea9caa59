/* SPDX-License-Identifier: Apache-2.0
 * The files the web role may read once it is locked: the state, the journal and its public key, and nothing beside them. The state lies
 * in the same folder as the keys, so its files are allowed one by one; when the recorder makes them anew, this process
 * cannot follow and ends, and the supervisor starts another. */
#ifndef ASSAY_WEB_FILES_H
#define ASSAY_WEB_FILES_H

#include "gateway/confine.h"

#include <stdbool.h>
#include <sys/types.h>

#define WEB_MORE_PATHS_MAX 12u
#define WEB_STATE_FILES 3u /* state.db, its WAL, the WAL's index */

struct web_files {
	const char *dir; /* borrowed */
	ino_t seen[WEB_STATE_FILES]; /* 0: was not there */
};

/* Lock this process as role; more (ends with a NULL path, at most WEB_MORE_PATHS_MAX) is allowed beside the state. For web: no connection outwards, no program, no secret key, nothing to write. */
int web_files_confine(const char *dir, enum assay_confined role, const struct assay_confine_path *more,
	struct web_files *out, struct assay_error *err) ASSAY_WARN_UNUSED;

/* The state is another one than the one this process may read. */
bool web_files_replaced(const struct web_files *files);

#endif
