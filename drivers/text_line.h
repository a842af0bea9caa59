/* SPDX-License-Identifier: Apache-2.0
 * Where a line of text begins in what was received, and what is no line; part of sics.c, sbi.c and ascii.c. Line ends
 * and NULs between lines belong to none (converters emit NUL at power-up). */
#ifndef ASSAY_DRIVERS_TEXT_LINE_H
#define ASSAY_DRIVERS_TEXT_LINE_H

#include "drivers/driver.h"

#include <string.h>

/* Clears out and sets what to skip; 0: the line's own state spoils all that stands there. */
static inline int text_line_begins(const struct assay_window *window, struct assay_cut *out)
{
	memset(out, 0, sizeof *out);
	if (window->event == ASSAY_EVENT_LINE_ERROR || window->event == ASSAY_EVENT_RESET) {
		out->skip = window->length;
		out->bad = ASSAY_REASON_BAD_FORMAT;
		return 0;
	}
	while (out->skip < window->length &&
		(window->bytes[out->skip] == '\r' || window->bytes[out->skip] == '\n' ||
			window->bytes[out->skip] == '\0'))
		out->skip++;
	return 1;
}

/* For a line that has not ended: longest bytes of it are given up as too long. */
static inline void text_line_waits(const struct assay_window *window, size_t longest, struct assay_cut *out)
{
	if (window->length - out->skip < longest)
		return;
	out->skip += longest;
	out->bad = ASSAY_REASON_TOO_LONG;
}

/* A line that ends with LF. */
static inline void text_line_cut(const struct assay_window *window, size_t longest, struct assay_cut *out)
{
	if (!text_line_begins(window, out))
		return;
	for (size_t i = out->skip; i < window->length && i - out->skip < longest; i++)
		if (window->bytes[i] == '\n') {
			out->frame = i + 1 - out->skip;
			return;
		}
	text_line_waits(window, longest, out);
}

#endif
