/* SPDX-License-Identifier: Apache-2.0
 * Capture files: what went over a line, as text that a person can read and mend. `assay line record` writes them,
 * `assay driver decode` and `assay line replay` read them.
 *
 *   assay-capture 1
 *   # anything
 *   0.000000 > 01 04 00 01 00 02 20 0B
 *   0.031250 < 01 04 04 01 31 02 22 2A CE
 *   2.000000 ! timeout
 *
 * Seconds since the beginning, direction (> to the device, < from it, ! event), bytes in hexadecimal. */
#ifndef ASSAY_WIRE_CAPTURE_H
#define ASSAY_WIRE_CAPTURE_H

#include "limits/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ASSAY_CAPTURE_MAGIC "assay-capture 1\n"
#define ASSAY_CAPTURE_PIECE_MAX 4096u /* bytes in one row */

enum assay_capture_direction { ASSAY_CAPTURE_TX = '>', ASSAY_CAPTURE_RX = '<', ASSAY_CAPTURE_EVENT = '!' };

struct assay_capture_row {
	uint64_t time_us;
	char direction; /* enum assay_capture_direction */
	const uint8_t *bytes; /* of the row, or the event's word; lent until the next call */
	size_t length;
};

bool assay_capture_is(const void *bytes, size_t length);

/* Walks the rows. *at is 0 at first and moves on. 1: a row; 0: the end; ASSAY_EREFUSED "capture-invalid" with path:line.
 * row->bytes points into scratch, which holds ASSAY_CAPTURE_PIECE_MAX bytes. */
int assay_capture_next(const char *path, const char *text, size_t length, size_t *at, uint8_t *scratch,
	struct assay_capture_row *row, struct assay_error *err) ASSAY_WARN_UNUSED;

/* The row as text with its newline, no NUL. size: 3 * length + 40 is always enough. Returns the characters written, 0 when
 * it does not fit. */
size_t assay_capture_format(const struct assay_capture_row *row, char *out, size_t size);

#endif
