/* SPDX-License-Identifier: Apache-2.0
 * What a producer can do about a failure: specs/advice/, one file for each kind of trouble, each sentence in Chinese and
 * English with its source. Read once; immutable afterwards, so any thread may look. */
#ifndef ASSAY_LAB_ADVICE_H
#define ASSAY_LAB_ADVICE_H

#include "limits/error.h"

#include <stdbool.h>
#include <stddef.h>

#define ASSAY_ADVICE_CAUSES_MAX 4u
#define ASSAY_ADVICE_STEPS_MAX 6u
#define ASSAY_ADVICE_NEXT_MAX 2u
#define ASSAY_ADVICE_FILES_MAX 64u
#define ASSAY_ADVICE_MEASURES_MAX 2000u

struct assay_sentence {
	char *zh, *en, *source;
	bool verified; /* the source says so itself; false: from knowledge or reasoning, print it as a suggestion */
};

struct assay_measure {
	char *id, *analyte, *process; /* analyte as in specs/standards; process "any" fits every one */
	struct assay_sentence cause[ASSAY_ADVICE_CAUSES_MAX];
	struct assay_sentence step[ASSAY_ADVICE_STEPS_MAX]; /* what to do, in order */
	struct assay_sentence next[ASSAY_ADVICE_NEXT_MAX]; /* what to test next time */
	unsigned cause_count, step_count, next_count;
};

struct assay_advice;

/* Read every *.xml of dir, in order of name, against schema_path (advice.xsd). All or nothing: ASSAY_ENOTFOUND
 * "advice-missing" without a file, ASSAY_EREFUSED "xml-refused", "xml-invalid", or "advice-twice" when an id, or an
 * analyte with a process, stands twice. The caller owns *out. */
int assay_advice_load(const char *dir, const char *schema_path, struct assay_advice **out,
	struct assay_error *err) __attribute__((warn_unused_result));
/* The same of a specs folder: SPECS/advice by SPECS/schema/advice.xsd. */
int assay_advice_shipped(const char *specs, struct assay_advice **out, struct assay_error *err)
	__attribute__((warn_unused_result));
void assay_advice_free(struct assay_advice *advice);

size_t assay_advice_count(const struct assay_advice *advice);
/* i < assay_advice_count. Borrowed from advice. */
const struct assay_measure *assay_advice_at(const struct assay_advice *advice, size_t i);
/* The measure for this analyte and process, else the analyte's "any", else NULL: nothing is known, nothing is made up.
 * Borrowed from advice. */
const struct assay_measure *assay_advice_find(
	const struct assay_advice *advice, const char *analyte, const char *process);

#endif
