/* SPDX-License-Identifier: Apache-2.0
 * The mark of a verdict: shape, word, colour, in that order. Disc with check, octagon with cross, diamond with question
 * mark belong to verdicts alone; "not applicable" has no shape. */
#ifndef ASSAY_REPORT_VERDICT_MARK_H
#define ASSAY_REPORT_VERDICT_MARK_H

#include "gateway/report/sheet.h"

struct verdict_mark {
	const char *verdict, *zh, *en;
	unsigned colour, tint; /* tint: of a table row */
};

/* verdict: one of the four names of the document; anything else is undetermined. */
const struct verdict_mark *verdict_mark(const char *verdict);
/* The shape in a square. */
void verdict_mark_draw(struct sheet *sheet, const struct verdict_mark *mark, double x, double y, double side);

#endif
