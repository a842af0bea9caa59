/* SPDX-License-Identifier: Apache-2.0
 * A part of the journal as a folder that can be read without assay: JSON lines with everything, CSV tables of the
 * laboratory's nouns and of the trail, the newest checkpoint, digests. Read-only on the data directory. */
#ifndef ASSAY_LAB_EXPORT_H
#define ASSAY_LAB_EXPORT_H

#include "limits/error.h"

#include <stdint.h>
#include <stdio.h>

struct assay_export_report {
	uint64_t entries, first, last; /* first and last sequence; not meaningful without entries */
	unsigned files;
};

/* Write the entries whose wall time is from from_ns to before to_ns (0 open) to the new folder to; it gets its name only
 * when everything in it is durable. ASSAY_ETAKEN "export-exists": something of that name is there. */
int assay_export(const char *dir, const char *to, int64_t from_ns, int64_t to_ns,
	struct assay_export_report *report, struct assay_error *err) ASSAY_WARN_UNUSED;

/* The lines of entries.jsonl from sequence since on, to out. */
int assay_export_lines(const char *dir, uint64_t since, FILE *out, struct assay_error *err) ASSAY_WARN_UNUSED;

#endif
