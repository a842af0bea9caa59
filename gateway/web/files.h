/* SPDX-License-Identifier: Apache-2.0
 * The files the web role may read once it is locked: the state, the journal and its public key, and nothing beside them. The state lies
 * in the same folder as the keys, so its files are allowed one by one; when the recorder makes them anew, this process
 * cannot follow and ends, and the supervisor starts another. */
#ifndef ASSAY_WEB_FILES_H
#define ASSAY_WEB_FILES_H

#include "limits/error.h"

#include <stdbool.h>
#include <sys/types.h>

#define WEB_STATE_FILES 3u /* state.db, its WAL, the WAL's index */

struct web_files {
	const char *dir; /* borrowed */
	ino_t seen[WEB_STATE_FILES]; /* 0: was not there */
};

/* Lock this process. From here on: no connection outwards, no program, no secret key, nothing to write. */
int web_files_confine(const char *dir, struct web_files *out, struct assay_error *err) ASSAY_WARN_UNUSED;

/* The state is another one than the one this process may read. */
bool web_files_replaced(const struct web_files *files);

#endif
