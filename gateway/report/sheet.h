/* SPDX-License-Identifier: Apache-2.0
 * The paper: pages of one size, and text set on them with Noto Sans CJK (DejaVu Sans where it lacks a character). Lengths are CSS pixels (1/96 inch);
 * y runs down; texts are placed by their top left corner. Everything can be run without painting, to measure.
 *
 * Errors stick: the first one is kept, what follows does nothing, and sheet_print returns it. */
#ifndef ASSAY_REPORT_SHEET_H
#define ASSAY_REPORT_SHEET_H

#include "limits/error.h"

#include <cairo.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define MM (96.0 / 25.4) /* pixels in a millimetre */

/* 0xRRGGBB; the tokens of the pages, light. */
#define INK 0x14181cu
#define INK_2 0x414a53u
#define INK_3 0x545e67u
#define HAIRLINE 0xc9cfd5u
#define PASS_COLOUR 0x116b37u
#define FAIL_COLOUR 0xb01f1au
#define UNDETERMINED_COLOUR 0x774c00u
#define FAIL_TINT 0xfdf1f0u
#define UNDETERMINED_TINT 0xfdf7eau
#define WHITE 0xffffffu

struct style {
	double size, line; /* line: height of a line */
	unsigned colour;
	bool bold, mono;
};
struct run {
	const struct style *style;
	const char *text; /* runs with "" leave nothing */
};

enum paper {
	PAPER_PDF = 1,
	PAPER_SVG /* one page */
};

struct sheet;
struct print {
	enum paper paper;
	double width, height;
	const char *title, *author; /* of the document */
	const char *issued; /* RFC 3339 with offset: the only date that gets into the file */
	void (*draw)(struct sheet *sheet, void *what);
	void *what;
};

/* Draw twice, once to measure and to learn which characters are needed, then on paper, and write the bytes to out when
 * nothing failed. draw may keep what it learns in what. */
int sheet_print(const struct print *print, FILE *out, struct assay_error *err) ASSAY_WARN_UNUSED;

/* End this page and begin the next. */
void sheet_next(struct sheet *sheet);
/* Only measure for a while, on a sheet that paints otherwise. */
void sheet_measure(struct sheet *sheet, bool only);
/* Keep the error, unless there is one already. */
void sheet_fail(struct sheet *sheet, int status, const char *code, const char *zh, const char *en);
bool sheet_failed(const struct sheet *sheet);

/* The runs one after another as one paragraph, wrapped at width; the first style's line height holds. Characters that
 * the fonts lack are refused ("report-no-glyph"). Returns the height. */
double sheet_runs(
	struct sheet *sheet, double x, double y, double width, const struct run *runs, size_t run_count);
double sheet_text(
	struct sheet *sheet, double x, double y, double width, const struct style *style, const char *text);
/* One line that ends at x; centre: one line around x. */
void sheet_text_right(struct sheet *sheet, double x, double y, const struct style *style, const char *text);
void sheet_text_centre(struct sheet *sheet, double x, double y, const struct style *style, const char *text);
/* Of the text on one line. */
double sheet_width(struct sheet *sheet, const struct style *style, const char *text);

void sheet_fill(struct sheet *sheet, double x, double y, double width, double height, unsigned colour);
void sheet_rule(struct sheet *sheet, double x, double y, double width, double thickness, unsigned colour);
void sheet_frame(struct sheet *sheet, double x, double y, double width, double height, double thickness,
	unsigned colour, bool dashed);
/* NULL while measuring. For shapes and codes; what is set on it must be restored. */
cairo_t *sheet_cairo(struct sheet *sheet);

#endif
