/* SPDX-License-Identifier: Apache-2.0
 * When a data directory was last backed up, kept in DIR/run/last-backup: one line, "SECONDS ENTRIES DEST". It serves
 * assay doctor; nothing else depends on it. */
#ifndef ASSAY_CARE_LAST_BACKUP_H
#define ASSAY_CARE_LAST_BACKUP_H

#include "limits/error.h"

#include <stdint.h>

struct care_last_backup {
	int64_t at_s; /* wall clock, s since 1970 UTC */
	uint64_t entries;
	char to[1024];
};

int care_last_backup_write(
	const char *dir, const struct care_last_backup *backup, struct assay_error *err) ASSAY_WARN_UNUSED;
/* ASSAY_ENOTFOUND "backup-missing": none is known. */
int care_last_backup_read(
	const char *dir, struct care_last_backup *out, struct assay_error *err) ASSAY_WARN_UNUSED;

#endif
