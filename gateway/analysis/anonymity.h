/* SPDX-License-Identifier: Apache-2.0
 * Which figures about the others a producer may see: groups of coarse class by quarter, with their totals. Every figure
 * may be published as counts or means over the group's producers, the viewer included; whoever looks knows its own
 * share. Pure functions, any thread. */
#ifndef ASSAY_ANALYSIS_ANONYMITY_H
#define ASSAY_ANALYSIS_ANONYMITY_H

#include "limits/error.h"

#include <stdbool.h>
#include <stdint.h>

#define ASSAY_ANONYMITY_GROUP_MIN 5u
#define ASSAY_ANONYMITY_PRODUCERS_MAX 256u
#define ASSAY_ANONYMITY_CLASSES_MAX 24u
#define ASSAY_ANONYMITY_QUARTERS_MAX 12u

struct assay_cohort {
	uint64_t member[ASSAY_ANONYMITY_PRODUCERS_MAX /
			64]; /* bit p % 64 of word p / 64: producer p has a result here */
};

/* member sets by class and quarter. */
struct assay_cohorts {
	unsigned classes, quarters;
	struct assay_cohort cell[ASSAY_ANONYMITY_CLASSES_MAX][ASSAY_ANONYMITY_QUARTERS_MAX];
};

enum assay_cohort_answer {
	ASSAY_COHORT_EMPTY = 0, /* nobody has a result here */
	ASSAY_COHORT_TOO_FEW, /* under 5 producers */
	ASSAY_COHORT_WITHHELD, /* large enough, but a smaller group could be worked out from it and other figures */
	ASSAY_COHORT_ALLOWED
};

/* answer[class][quarter]; index classes is "all classes", index quarters is "all quarters". */
struct assay_cohort_answers {
	uint8_t answer[ASSAY_ANONYMITY_CLASSES_MAX + 1][ASSAY_ANONYMITY_QUARTERS_MAX + 1];
};

/* Decide every figure of the table at once; the answers hold for this table only, all of them together. Promised of the
 * allowed figures, for whoever knows them all and one producer's own share: no figure is of fewer than 5 producers; no
 * figure less another that lies within it is; no group of too few is a sum or difference of figures (any rational
 * combination); no combination is about one producer. ASSAY_EREFUSED when classes or quarters are beyond the ceilings, ASSAY_ENOMEM.
 * Arithmetic that does not fit withholds every total. */
int assay_anonymity_decide(
	const struct assay_cohorts *cohorts, struct assay_cohort_answers *out) ASSAY_WARN_UNUSED;

/* A figure of count in n that tells about each of them (all failed) must not be shown, however large the group. */
bool assay_anonymity_tells_each(uint64_t count, uint64_t n);

void assay_cohort_add(
	struct assay_cohort *cohort, unsigned producer); /* producer < ASSAY_ANONYMITY_PRODUCERS_MAX */
unsigned assay_cohort_size(const struct assay_cohort *cohort);

#endif
