/* SPDX-License-Identifier: Apache-2.0
 * LIS2-A2 (ASTM E1394) records: fields, components and escapes by the delimiters that the H record declares; part of
 * astm.c. */
#ifndef ASSAY_DRIVERS_ASTM_RECORDS_H
#define ASSAY_DRIVERS_ASTM_RECORDS_H

#include "drivers/number.h"
#include "drivers/words.h"

struct astm_delimiters {
	char field, repeat, component, escape;
};

struct astm_part {
	const char *text;
	size_t length;
};

/* H|\^& : some instruments double the backslash. */
static inline struct astm_delimiters astm_declared(const char *record, size_t length)
{
	struct astm_delimiters delimiters = {'|', '\\', '^', '&'};

	if (length < 5)
		return delimiters;
	delimiters.field = record[1];
	delimiters.repeat = record[2];
	if (record[3] == record[2] && length > 5) {
		record++;
	}
	delimiters.component = record[3];
	delimiters.escape = record[4];
	return delimiters;
}

/* The index-th (from 0) part between separators. Empty when there is none. */
static inline struct astm_part astm_split(struct astm_part whole, char separator, unsigned index)
{
	size_t start = 0, end;

	for (; index; index--) {
		while (start < whole.length && whole.text[start] != separator)
			start++;
		if (start == whole.length)
			return (struct astm_part){whole.text + whole.length, 0};
		start++;
	}
	end = start;
	while (end < whole.length && whole.text[end] != separator)
		end++;
	return (struct astm_part){whole.text + start, end - start};
}

/* Field number as the standard counts: 1 is the record's letter. */
static inline struct astm_part astm_field(
	const char *record, size_t length, const struct astm_delimiters *delimiters, unsigned number)
{
	struct astm_part part = astm_split((struct astm_part){record, length}, delimiters->field, number - 1);

	words_trim(&part.text, &part.length);
	return part;
}

static inline struct astm_part astm_component(
	struct astm_part field, const struct astm_delimiters *delimiters, unsigned index)
{
	struct astm_part part = astm_split(field, delimiters->component, index);

	words_trim(&part.text, &part.length);
	return part;
}

/* In place, when it is no UTF-8: a micro or degree sign is sent as one byte by some. 0: no text either. */
static inline int astm_latin1(char *text, size_t length, size_t size)
{
	char copy[ASSAY_SAMPLE_MAX];
	int written;

	if (length >= sizeof copy)
		return 0;
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)text[i] >= 0x80 && (unsigned char)text[i] < 0xa0)
			return 0;
	memcpy(copy, text, length);
	written = words_to_utf8(WORDS_LATIN1, (const uint8_t *)copy, length, text, size - 1);
	text[written > 0 ? written : 0] = '\0';
	return written >= 0;
}

/* Letter by letter, &F& &S& &R& &E& and &Xhh& written out. 0: too long or no text. */
static inline int astm_text(
	struct astm_part part, const struct astm_delimiters *delimiters, char *out, size_t size)
{
	size_t written = 0;

	for (size_t i = 0; i < part.length; i++) {
		char c = part.text[i];

		if (c == delimiters->escape && i + 2 < part.length &&
			part.text[i + 2] == delimiters->escape) {
			char which = part.text[i + 1];

			c = which == 'F'   ? delimiters->field
			    : which == 'S' ? delimiters->component
			    : which == 'R' ? delimiters->repeat
			    : which == 'E' ? delimiters->escape
					   : ' ';
			i += 2;
		} else if (c == delimiters->escape && i + 4 < part.length && part.text[i + 1] == 'X' &&
			   part.text[i + 4] == delimiters->escape) {
			c = ' ';
			i += 4;
		}
		if ((unsigned char)c < ' ' || c == 127 || written + 1 >= size)
			return 0;
		out[written++] = c;
	}
	out[written] = '\0';
	return words_is_utf8(out, written) || astm_latin1(out, written, size);
}

/* The first component that says something: some put the specimen into the third one, padded with blanks. */
static inline struct astm_part astm_first(struct astm_part field, const struct astm_delimiters *delimiters)
{
	struct astm_part part = {field.text, 0};

	for (unsigned i = 0; i < 6 && part.length == 0; i++)
		part = astm_component(field, delimiters, i);
	return part;
}

/* ^^^FAT or ^^^FAT^1, FAT, 4^FAT: the test's code is the fourth component, else the last that is not empty. */
static inline struct astm_part astm_test(struct astm_part field, const struct astm_delimiters *delimiters)
{
	struct astm_part code = astm_component(field, delimiters, 3), part;

	for (unsigned i = 0; i < 6 && code.length == 0; i++) {
		part = astm_component(field, delimiters, 5 - i);
		if (part.length)
			code = part;
	}
	return code;
}

#endif
