/* SPDX-License-Identifier: Apache-2.0
 * A tar archive (POSIX ustar) of short texts, written from memory. */
#ifndef ASSAY_CARE_TAR_FILE_H
#define ASSAY_CARE_TAR_FILE_H

#include "limits/error.h"

#include <stddef.h>
#include <stdint.h>

struct care_tar {
	int fd; /* -1 none */
	const char *path; /* borrowed, for messages */
	int64_t at_s; /* time of all members */
};

/* A new file, mode 0600; ASSAY_ETAKEN "file-exists". */
int care_tar_open(
	const char *path, int64_t at_s, struct care_tar *out, struct assay_error *err) ASSAY_WARN_UNUSED;
/* name: at most 99 bytes. */
int care_tar_add(struct care_tar *tar, const char *name, const void *data, size_t length,
	struct assay_error *err) ASSAY_WARN_UNUSED;
/* The end of the archive, on disk. */
int care_tar_close(struct care_tar *tar, struct assay_error *err) ASSAY_WARN_UNUSED;
/* Give it up: nothing is left behind. */
void care_tar_abandon(struct care_tar *tar);

#endif
