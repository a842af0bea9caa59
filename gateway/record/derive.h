/* SPDX-License-Identifier: Apache-2.0
 * The journal derived again: every exchange cut and decoded by the installed drivers, every filling, refusal, result and
 * verdict worked out once more with the specs and settings the journal holds, and compared with what was recorded. Writes
 * nothing into the directory. Driver code runs in this process. One thread. */
#ifndef ASSAY_RECORD_DERIVE_H
#define ASSAY_RECORD_DERIVE_H

#include "gateway/config.h"
#include "gateway/record/verify.h"

struct assay_derive_options {
	const struct assay_places *places; /* drivers, and the schemas the specs are checked against */
	/* One thing that is not as it was recorded; at most ASSAY_FINDINGS_MAX times. */
	void (*found)(void *context, const struct assay_finding *finding);
	/* Something to know that is no difference: a driver is another file than the one recorded. */
	void (*noted)(void *context, const struct assay_finding *note);
	void *context;
};

struct assay_derive_report {
	uint64_t exchanges; /* decoded again */
	uint64_t readings; /* the same as recorded */
	uint64_t set_aside; /* readings of frames nobody asked for that the line's rules did not take */
	uint64_t fills, results, verdicts; /* compared */
	uint64_t differences, notes;
	struct assay_finding worst; /* the first difference */
};

/* ASSAY_OK when the journal was read through, differences or not. */
int assay_derive(const char *dir, const struct assay_derive_options *options,
	struct assay_derive_report *report, struct assay_error *err) ASSAY_WARN_UNUSED;

#endif
