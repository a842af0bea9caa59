/* SPDX-License-Identifier: Apache-2.0
 * Included by limits/limits.h.
 *
 * The plan of a product: every limit of every standard that applies to it on its production date. The verdict of a
 * batch: from the verdicts of the tests ordered for it, with the list of what earned it. */
#ifndef ASSAY_LIMITS_BATCH_H
#define ASSAY_LIMITS_BATCH_H

#include "limits/limits.h"

/* One item of a plan. Borrowed pointers live as long as specs. */
struct assay_plan_item {
	const struct assay_standard *standard;
	const struct assay_limit
		*limit; /* NULL: an additive that is not permitted here (no row in GB 2760) */
	const char *analyte, *analyte_zh;
	const char *category; /* the product's code in the standard's tree */
	const struct assay_method
		*method; /* in force on the test date, NULL: none in the specs, not testable here */
	bool declared; /* a standard the label declares */
	bool applies; /* the conditions of the row hold for the product */
};
typedef int assay_plan_visit(void *context, const struct assay_plan_item *item);

/* Call visit for each item: standards in the product's order, analytes in the standard's order. tested NULL: as
 * produced. A non-zero return of visit stops and is handed back; ASSAY_EREFUSED with "date-invalid". */
int assay_plan(const struct assay_specs *specs, const struct assay_product *product, const char *produced,
	const char *tested, assay_plan_visit *visit, void *context,
	struct assay_error *err) ASSAY_WARN_UNUSED;

/* What a laboratory does with a verdict that rests on a row of medium confidence. */
enum assay_unverified_policy {
	ASSAY_UNVERIFIED_REVIEW = 0, /* the verdict stands, a person looks at it */
	ASSAY_UNVERIFIED_UNDETERMINED = 1
};

/* One ordered test: verdict NULL while there is no result. standards: the verdicts of one analyte against all standards
 * that apply; the strictest decides. */
struct assay_batch_item {
	const char *analyte;
	const struct assay_decision *decisions; /* one for each standard that applies */
	size_t decision_count; /* 0: not tested yet */
};

#define ASSAY_BATCH_ITEMS_MAX 200u

enum assay_batch_role {
	ASSAY_BATCH_HOLDS = 0, /* not a pass: missing, undetermined or failed */
	ASSAY_BATCH_EARNS = 1, /* a pass that the batch's pass rests on */
	ASSAY_BATCH_LISTED = 2 /* no limit or not applicable: listed without verdict, holds nothing */
};

struct assay_batch_verdict {
	enum assay_verdict_kind kind;
	struct assay_reason_list reasons;
	bool needs_review; /* a verdict rests on an unconfirmed row */
	struct {
		const char *analyte;
		enum assay_verdict_kind kind;
		enum assay_batch_role role;
		const struct assay_limit *limit;
	} evidence[ASSAY_BATCH_ITEMS_MAX];
	size_t evidence_count;
};

/* FAIL when an item fails; else undetermined when one is missing or undetermined, or when none has earned a pass; else
 * pass. More than ASSAY_BATCH_ITEMS_MAX items: undetermined, "batch-too-large". Always fills *out. */
void assay_batch_judge(const struct assay_batch_item *items, size_t count,
	enum assay_unverified_policy policy, struct assay_batch_verdict *out);

/* Which of several decisions of one analyte decides: a fail, else an undetermined that is not only "no-limit", else a
 * pass, else the rest. count at least 1. */
size_t assay_decision_strictest(const struct assay_decision *decisions, size_t count);

#endif
