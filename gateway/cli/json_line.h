/* SPDX-License-Identifier: Apache-2.0
 * One line of JSON, read in place and written into a buffer. Numbers keep the digits they were written with, which no
 * library of ours does. RFC 8259, UTF-8 only, nothing beyond it. */
#ifndef ASSAY_CLI_JSON_LINE_H
#define ASSAY_CLI_JSON_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ASSAY_JSON_DEPTH_MAX 16u

enum assay_json_kind {
	ASSAY_JSON_NULL = 1,
	ASSAY_JSON_BOOL,
	ASSAY_JSON_NUMBER,
	ASSAY_JSON_STRING,
	ASSAY_JSON_ARRAY,
	ASSAY_JSON_OBJECT
};

struct assay_json_reader {
	char *at, *end; /* end points at a NUL */
	unsigned depth;
	bool broken;
};

/* bytes[length] must be writable; a NUL is put there. Strings are unescaped in place and end with NUL. */
void assay_json_open(struct assay_json_reader *reader, char *bytes, size_t length);
/* What the next value is, without reading it; false when there is none. */
bool assay_json_peek(struct assay_json_reader *reader, enum assay_json_kind *kind);
/* Each returns false, with broken set, when the text is not JSON or not of that kind. */
bool assay_json_string(struct assay_json_reader *reader, char **out);
/* The digits as written; borrowed from the line and not yet ended by NUL: *length_out characters. */
bool assay_json_number(struct assay_json_reader *reader, char **out, size_t *length_out);
bool assay_json_skip(struct assay_json_reader *reader); /* any value */
/* for (more = assay_json_enter(r, '{'); more && assay_json_key(r, &key); more = assay_json_more(r, '}')) ...
 * enter and more return false at the end of the container, and when broken. A value must be read or skipped after each
 * key. */
bool assay_json_enter(struct assay_json_reader *reader, char open);
bool assay_json_key(struct assay_json_reader *reader, char **out);
bool assay_json_more(struct assay_json_reader *reader, char close);
/* Nothing but blanks is left. */
bool assay_json_done(struct assay_json_reader *reader);

/* A buffer that grows up to a ceiling; what does not fit sets full and is left out whole. */
struct assay_json_writer {
	char *bytes;
	size_t length, room;
	bool full;
};

#define ASSAY_JSON_WRITER_MAX 8388608u

void assay_json_raw(struct assay_json_writer *writer, const char *text, size_t length);
void assay_json_text(struct assay_json_writer *writer, const char *literal); /* as it is */
void assay_json_quote(struct assay_json_writer *writer, const char *text); /* a JSON string, escaped */

#endif
