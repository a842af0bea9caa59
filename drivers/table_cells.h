/* SPDX-License-Identifier: Apache-2.0
 * Cells of a table in a text file; part of table.c. */
#ifndef ASSAY_DRIVERS_TABLE_CELLS_H
#define ASSAY_DRIVERS_TABLE_CELLS_H

#include "drivers/text_tables.h"

#define CELLS_MAX 128u

struct cell {
	const char *text;
	size_t length;
};

/* UTF-16 code units to UTF-8; a lone surrogate is no text. */
static inline int utf16(const uint8_t *bytes, size_t length, int little, char *out, size_t *written)
{
	for (size_t i = 0; i + 1 < length; i += 2) {
		uint32_t point = little ? (uint32_t)bytes[i + 1] << 8 | bytes[i]
					: (uint32_t)bytes[i] << 8 | bytes[i + 1];

		if (point >= 0xd800 && point < 0xe000)
			return 0;
		if (point < 0x80) {
			out[(*written)++] = (char)point;
		} else if (point < 0x800) {
			out[(*written)++] = (char)(0xc0 | point >> 6);
			out[(*written)++] = (char)(0x80 | (point & 0x3f));
		} else {
			out[(*written)++] = (char)(0xe0 | point >> 12);
			out[(*written)++] = (char)(0x80 | (point >> 6 & 0x3f));
			out[(*written)++] = (char)(0x80 | (point & 0x3f));
		}
	}
	return length % 2 == 0;
}

static inline struct cell trimmed(const char *text, size_t length)
{
	struct cell cell = {text, length};

	words_trim(&cell.text, &cell.length);
	return cell;
}

/* Fields between delimiters; a field in quotes keeps delimiters, its doubled quotes are no part of any number. */
static inline uint32_t split(char delimiter, struct cell line, struct cell *cells)
{
	uint32_t count = 0;
	size_t at = 0;

	while (count < CELLS_MAX) {
		size_t start = at, end;
		int quoted = at < line.length && line.text[at] == '"';

		if (quoted) {
			start = ++at;
			while (at < line.length &&
				(line.text[at] != '"' || (at + 1 < line.length && line.text[at + 1] == '"')))
				at += line.text[at] == '"' ? 2 : 1;
			end = at < line.length ? at : line.length;
			while (at < line.length && line.text[at] != delimiter)
				at++;
		} else {
			while (at < line.length && line.text[at] != delimiter)
				at++;
			end = at;
		}
		cells[count++] = trimmed(line.text + start, end - start);
		if (at >= line.length)
			break;
		at++;
	}
	return count;
}

/* [a-z0-9_-] of a name, for channels that the file names. */
static inline int channel_name(struct cell name, char out[ASSAY_NAME_MAX])
{
	size_t written = 0;

	for (size_t i = 0; i < name.length && written + 1 < ASSAY_NAME_MAX; i++) {
		char c = name.text[i];

		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		out[written++] = (char)((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ? c : '-');
	}
	out[written] = '\0';
	return written > 0;
}

#endif
