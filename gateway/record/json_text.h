/* SPDX-License-Identifier: Apache-2.0
 * JSON text written and read without a tree in between, for the one body that is written for every exchange. Texts,
 * whole numbers, true and false; other values can only be skipped. Everything else uses jansson. */
#ifndef ASSAY_RECORD_JSON_TEXT_H
#define ASSAY_RECORD_JSON_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct json_out {
	char *text; /* not NUL-terminated */
	size_t size, length;
	bool full; /* something did not fit: what is there is not JSON */
	bool replaced; /* a byte that is not UTF-8 became a question mark */
};

static inline void json_put_raw(struct json_out *out, const char *text, size_t length)
{
	if (length > out->size - out->length) {
		out->full = true;
		return;
	}
	memcpy(out->text + out->length, text, length);
	out->length += length;
}

static inline void json_put_mark(struct json_out *out, char mark)
{
	if (out->length < out->size)
		out->text[out->length++] = mark;
	else
		out->full = true;
}

void json_put_number(struct json_out *out, uint64_t number);
/* Quoted and escaped; bytes that are not UTF-8 become ?, so that it never grows beyond its field. */
void json_put_text(struct json_out *out, const char *text);
/* The same at a place where there is room for sure, 20 bytes for a number and JSON_TEXT_ROOM for a text of that length;
 * they return where it ends. For what is written fifty times an exchange. */
#define JSON_NUMBER_ROOM 20u
#define JSON_TEXT_ROOM(length) (6 * (length) + 2)
char *json_long_number_at(char *at, uint64_t number);
char *json_text_at(char *at, const char *text, bool *replaced);

static inline char *json_number_at(char *at, uint64_t number)
{
	unsigned small = (unsigned)number;

	if (number >= 1000)
		return json_long_number_at(at, number);
	if (small >= 100)
		*at++ = (char)('0' + small / 100);
	if (small >= 10)
		*at++ = (char)('0' + small / 10 % 10);
	*at++ = (char)('0' + small % 10);
	return at;
}

/* "name": with a comma before it unless it is the first of its object. */
void json_put_name(struct json_out *out, const char *name);

struct json_in {
	const char *at, *end;
	bool bad; /* sticky: the text is not what was expected */
};

/* False, and nothing taken, when it is another. */
static inline bool json_take_mark(struct json_in *in, char mark)
{
	if (in->bad || in->at == in->end || *in->at != mark)
		return false;
	in->at++;
	return true;
}

static inline void json_get_mark(struct json_in *in, char mark)
{
	if (!json_take_mark(in, mark))
		in->bad = true;
}

bool json_take_word(struct json_in *in, const char *word);
uint64_t json_get_number(struct json_in *in);
/* A text that fits size bytes with its NUL; longer, or with a NUL inside: bad. */
void json_get_text(struct json_in *in, char *out, size_t size);
void json_skip(struct json_in *in); /* any value, at most 32 deep */

#endif
