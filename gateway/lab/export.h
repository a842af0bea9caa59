/* SPDX-License-Identifier: Apache-2.0
 * A part of the journal as a folder that can be read without assay: JSON lines with everything, CSV tables of the
 * laboratory's nouns and of the trail, the newest checkpoint, digests. Read-only on the data directory. */
#ifndef ASSAY_LAB_EXPORT_H
#define ASSAY_LAB_EXPORT_H

#include "gateway/record/verify.h"

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

struct assay_export_check {
	uint64_t entries, first, last;
	uint64_t signed_size; /* entries the checkpoint in the export covers, 0 none */
	uint64_t missing; /* between first and last; the wall clock may have been set while they were made */
	bool whole; /* every entry from 0 on, and all the checkpoint covers: its root was worked out again */
	bool tied; /* with tree.txt the entries give the signed root, whether all are there or a part */
	bool own_key; /* the checkpoint was checked with the key inside the export */
	uint64_t
		gone; /* entries whose payload went by a signed entry: their leaves are taken as they stand */
	uint64_t findings;
	struct assay_finding worst; /* the first one */
};

/* Is the export in folder what assay would have written? Each leaf is worked out from header, body and raw, every file
 * is made again from these entries and compared byte for byte, the digests too, the checkpoint's signature with
 * options->key (NULL: the export's own origin.pub), and the signed root with the leaves and what tree.txt says stands beside
 * them.
 * Findings as assay_verify_dir tells them. ASSAY_ENOTFOUND: no export there. */
int assay_export_verify(const char *folder, const struct assay_verify_options *options,
	struct assay_export_check *check, struct assay_error *err) ASSAY_WARN_UNUSED;

/* The lines of entries.jsonl from sequence since on, to out. */
int assay_export_lines(const char *dir, uint64_t since, FILE *out, struct assay_error *err) ASSAY_WARN_UNUSED;

#endif
