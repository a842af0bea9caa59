/* SPDX-License-Identifier: Apache-2.0
 * The parts of the printed certificate: pages (certificate.c), table of tests (certificate_table.c), and the end with
 * codes and signatures (certificate_end.c). A4, in CSS pixels. */
#ifndef ASSAY_REPORT_CERTIFICATE_H
#define ASSAY_REPORT_CERTIFICATE_H

#include "gateway/report/certificate_document.h"
#include "gateway/report/sheet.h"

#define A4_WIDTH (210 * MM)
#define A4_HEIGHT (297 * MM)
#define LEFT 56.0
#define WIDTH (A4_WIDTH - 2 * LEFT)
#define TOP 112.0 /* the first part of a page */
#define FOOT (A4_HEIGHT - 68.0) /* the footer's rule; nothing else goes below it */

struct certificate_pages {
	struct sheet *sheet;
	const struct certificate *certificate;
	unsigned page, page_count; /* page_count 0 while measuring */
	double y; /* where the next part begins */
};

/* Runs that are joined by a separator; texts with "" are left out together with their separator. */
struct line_of_runs {
	struct run run[12];
	size_t count;
};
void line_add(struct line_of_runs *line, const char *separator, const struct style *style, const char *text);

/* Go to a new page unless height fits on this one; true when it did. A part that is higher than a page fails the sheet. */
bool certificate_room(struct certificate_pages *pages, double height);

/* Draws what at y and returns its height. */
typedef double certificate_draw(struct certificate_pages *pages, double y, const void *what);
/* Measure what part draws, make room for it, draw it below what is there. */
void certificate_part(struct certificate_pages *pages, certificate_draw *part, const void *what);

/* "2026-11-23 16:20 +08:00" from RFC 3339, to the minute and as written. */
void certificate_time(const char *time, char out[28]);

void certificate_table(struct certificate_pages *pages);
void certificate_end(struct certificate_pages *pages);

#endif
