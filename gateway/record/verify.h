/* SPDX-License-Identifier: Apache-2.0
 * Reading a journal again as evidence: every byte, every leaf, tile, checkpoint, link between segments. Read-only;
 * no byte in the directory changes. Format: assay-journal.5. One thread. */
#ifndef ASSAY_RECORD_VERIFY_H
#define ASSAY_RECORD_VERIFY_H

#include "gateway/record/checkpoint.h"

#define ASSAY_NO_SEQUENCE UINT64_MAX

/* One thing that does not hold. segment 0 or sequence ASSAY_NO_SEQUENCE: belongs to none. */
struct assay_finding {
	unsigned segment;
	uint64_t sequence;
	struct assay_error what; /* code and sentences */
};

struct assay_verify_options {
	const struct assay_origin_key *key; /* NULL: keys/origin.pub beside the journal */
	const char *
		checkpoint; /* an older checkpoint to compare with: a signed note, or "SIZE ROOT"; NULL none */
	/* Called for each finding in the order of the journal, at most ASSAY_FINDINGS_MAX times. May be NULL. */
	void (*found)(void *context, const struct assay_finding *finding);
	void *context;
};
#define ASSAY_FINDINGS_MAX 1000u

struct assay_verify_report {
	unsigned segments; /* files read */
	uint64_t first, end; /* sequence of the first entry read, one past the last */
	uint64_t bytes; /* header, body and raw of all entries */
	uint64_t tiles, checkpoints;
	uint64_t covered; /* entries below the newest good checkpoint */
	uint64_t tail_ns; /* from the first entry no checkpoint covers to the last, wall time; 0 none */
	uint8_t root[ASSAY_HASH_SIZE]; /* over everything read, from the first entry of the journal */
	bool compared; /* the older checkpoint was reached and agreed */
	uint64_t findings;
	struct assay_finding worst; /* the first one found */
};

/* Verify DIR/journal whole. ASSAY_OK when it could be read through, findings or not; ASSAY_ENOTFOUND no journal;
 * ASSAY_EUSAGE a checkpoint text that is none; other: could not be done. */
int assay_verify_dir(const char *dir, const struct assay_verify_options *options,
	struct assay_verify_report *report, struct assay_error *err) ASSAY_WARN_UNUSED;

/* One segment file by itself, named NNNN.db. options->key must be given. */
int assay_verify_segment(const char *path, const struct assay_verify_options *options,
	struct assay_verify_report *report, struct assay_error *err) ASSAY_WARN_UNUSED;

#endif
