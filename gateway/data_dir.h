/* SPDX-License-Identifier: Apache-2.0
 * The data directory: its folders, the lock that makes one gateway its owner, and the counter of generations. */
#ifndef ASSAY_DATA_DIR_H
#define ASSAY_DATA_DIR_H

#include "limits/error.h"

#include <stdint.h>

struct assay_data_dir {
	const char *path; /* borrowed */
	int lock; /* held as long as it is open; -1 none */
	uint32_t generation; /* last one given out */
};

/* Make dir (its parent must exist) with journal, keys and run, mode 0700, and become its owner. ASSAY_ETAKEN
 * "directory-taken" when another gateway serves it; a dying one is waited for, at most 2 s. */
int assay_data_dir_take(
	const char *dir, struct assay_data_dir *out, struct assay_error *err) ASSAY_WARN_UNUSED;
void assay_data_dir_release(struct assay_data_dir *dir);

/* Roles with users of their own, in this user's group, read the state and the journal, and pass keys/ for its public key:
 * the group is let in there (0750, 0640, 0710), never to write, and what only its owner reads (0600: keys, people) stays so.
 * What is made later has the same rights by the process's umask, 0027. ASSAY_EIO. */
int assay_data_dir_share(const char *dir, struct assay_error *err) ASSAY_WARN_UNUSED;

/* A number no process of this directory ever had, also not in earlier runs: it names the sender of what is in the
 * journal. Kept in run/generation; when that is lost, the wall clock leads. */
int assay_data_dir_generation(
	struct assay_data_dir *dir, uint32_t *out, struct assay_error *err) ASSAY_WARN_UNUSED;

#endif
