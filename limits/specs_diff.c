/* SPDX-License-Identifier: Apache-2.0
 * Two editions of a standard side by side. */
#include "limits/limits.h"

#include <string.h>

static bool same_key(const struct assay_limit *a, const struct assay_limit *b)
{
	return strcmp(a->category, b->category) == 0 && strcmp(a->analyte, b->analyte) == 0 &&
	       strcmp(a->unit, b->unit) == 0 && strcmp(a->measure, b->measure) == 0;
}

static bool same_conditions(const struct assay_limit *a, const struct assay_limit *b)
{
	return strcmp(a->when, b->when) == 0 && strcmp(a->unless, b->unless) == 0 &&
	       strcmp(a->only, b->only) == 0;
}

static bool same_limit(const struct assay_limit *a, const struct assay_limit *b)
{
	return strcmp(a->kind, b->kind) == 0 && strcmp(a->text, b->text) == 0 &&
	       strcmp(a->except, b->except) == 0 && strcmp(a->convert, b->convert) == 0 &&
	       same_conditions(a, b);
}

/* The row that says the same thing to the same foods; else the only row of that key: its conditions are what changed. */
static const struct assay_limit *counterpart(
	const struct assay_standard *standard, const struct assay_limit *limit)
{
	const struct assay_limit *only = NULL;
	unsigned of_key = 0;

	for (size_t i = 0; i < standard->limit_count; i++) {
		if (!same_key(&standard->limits[i], limit))
			continue;
		if (same_conditions(&standard->limits[i], limit))
			return &standard->limits[i];
		only = &standard->limits[i];
		of_key++;
	}
	return of_key == 1 ? only : NULL;
}

void assay_standard_compare(const struct assay_standard *before, const struct assay_standard *after,
	assay_on_change *on_change, void *context)
{
	for (size_t i = 0; i < before->limit_count; i++) {
		const struct assay_limit *old = &before->limits[i], *new = counterpart(after, old);

		if (new &&counterpart(before, new) != old)
			new = NULL;
		if (!new || !same_limit(old, new))
			on_change(context, old, new);
	}
	for (size_t i = 0; i < after->limit_count; i++) {
		const struct assay_limit *new = &after->limits[i], *old = counterpart(before, new);

		if (!old || counterpart(after, old) != new)
			on_change(context, NULL, new);
	}
}
