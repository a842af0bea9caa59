/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/cli/json_line.h"

#include <stdlib.h>
#include <string.h>

static bool broken(struct assay_json_reader *reader)
{
	reader->broken = true;
	return false;
}

static void skip_blanks(struct assay_json_reader *reader)
{
	while (*reader->at == ' ' || *reader->at == '\t' || *reader->at == '\r' || *reader->at == '\n')
		reader->at++;
}

/* Longest UTF-8 sequence at text, 0 when it is none (RFC 3629: no surrogates, no overlong forms). */
static size_t utf8_length(const unsigned char *text)
{
	if (text[0] < 0x80)
		return 1;
	if (text[0] >= 0xc2 && text[0] <= 0xdf && (text[1] & 0xc0) == 0x80)
		return 2;
	if ((text[0] & 0xf0) == 0xe0 && (text[1] & 0xc0) == 0x80 && (text[2] & 0xc0) == 0x80 &&
		(text[0] != 0xe0 || text[1] >= 0xa0) && (text[0] != 0xed || text[1] <= 0x9f))
		return 3;
	if (text[0] >= 0xf0 && text[0] <= 0xf4 && (text[1] & 0xc0) == 0x80 && (text[2] & 0xc0) == 0x80 &&
		(text[3] & 0xc0) == 0x80 && (text[0] != 0xf0 || text[1] >= 0x90) &&
		(text[0] != 0xf4 || text[1] <= 0x8f))
		return 4;
	return 0;
}

void assay_json_open(struct assay_json_reader *reader, char *bytes, size_t length)
{
	bytes[length] = '\0';
	reader->at = bytes;
	reader->end = bytes + length;
	reader->depth = 0;
	reader->broken = false;
}

bool assay_json_peek(struct assay_json_reader *reader, enum assay_json_kind *kind)
{
	skip_blanks(reader);
	switch (*reader->at) {
	case '"':
		*kind = ASSAY_JSON_STRING;
		return true;
	case '{':
		*kind = ASSAY_JSON_OBJECT;
		return true;
	case '[':
		*kind = ASSAY_JSON_ARRAY;
		return true;
	case 'n':
		*kind = ASSAY_JSON_NULL;
		return true;
	case 't':
	case 'f':
		*kind = ASSAY_JSON_BOOL;
		return true;
	default:
		*kind = ASSAY_JSON_NUMBER;
		return *reader->at == '-' || (*reader->at >= '0' && *reader->at <= '9') ? true
											: broken(reader);
	}
}

static int hex4(const char *text)
{
	int value = 0;

	for (int i = 0; i < 4; i++) {
		char c = text[i];
		int digit = c >= '0' && c <= '9'   ? c - '0'
			    : c >= 'a' && c <= 'f' ? c - 'a' + 10
			    : c >= 'A' && c <= 'F' ? c - 'A' + 10
						   : -1;

		if (digit < 0)
			return -1;
		value = value * 16 + digit;
	}
	return value;
}

/* \uXXXX at text (after the u); bytes to out, how many were read in *used; NULL when wrong. U+0000 is refused: texts end
 * with it here. */
static char *unescape_unicode(const char *text, char *out, size_t *used)
{
	int high = hex4(text), low;
	unsigned code;

	if (high <= 0 || (high >= 0xdc00 && high <= 0xdfff))
		return NULL;
	code = (unsigned)high;
	*used = 4;
	if (high >= 0xd800 && high <= 0xdbff) {
		if (text[4] != '\\' || text[5] != 'u')
			return NULL;
		low = hex4(text + 6);
		if (low < 0xdc00 || low > 0xdfff)
			return NULL;
		code = 0x10000u + ((code - 0xd800u) << 10) + ((unsigned)low - 0xdc00u);
		*used = 10;
	}
	if (code < 0x80) {
		*out++ = (char)code;
	} else if (code < 0x800) {
		*out++ = (char)(0xc0 | code >> 6);
		*out++ = (char)(0x80 | (code & 0x3f));
	} else if (code < 0x10000) {
		*out++ = (char)(0xe0 | code >> 12);
		*out++ = (char)(0x80 | (code >> 6 & 0x3f));
		*out++ = (char)(0x80 | (code & 0x3f));
	} else {
		*out++ = (char)(0xf0 | code >> 18);
		*out++ = (char)(0x80 | (code >> 12 & 0x3f));
		*out++ = (char)(0x80 | (code >> 6 & 0x3f));
		*out++ = (char)(0x80 | (code & 0x3f));
	}
	return out;
}

/* One escape at *from (after the backslash); NULL when wrong. */
static char *unescape(const char **from, char *out)
{
	static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
	const char *name = **from ? strchr(names, **from) : NULL;
	size_t used;

	if (name) {
		*out++ = values[name - names];
		(*from)++;
		return out;
	}
	if (**from != 'u')
		return NULL;
	out = unescape_unicode(*from + 1, out, &used);
	*from += 1 + (out ? used : 0);
	return out;
}

bool assay_json_string(struct assay_json_reader *reader, char **out)
{
	const char *from;
	char *to;

	skip_blanks(reader);
	if (*reader->at != '"')
		return broken(reader);
	from = to = *out = reader->at + 1;
	while (*from != '"') {
		unsigned char c = (unsigned char)*from;

		if (c == '\\') {
			from++;
			to = unescape(&from, to);
			if (!to)
				return broken(reader);
		} else {
			size_t length = utf8_length((const unsigned char *)from);

			if (c < 0x20 || length == 0)
				return broken(reader); /* NUL too: the line ended inside */
			while (length-- > 0)
				*to++ = *from++;
		}
	}
	reader->at = *out + (from - *out) + 1;
	*to = '\0';
	return true;
}

bool assay_json_number(struct assay_json_reader *reader, char **out, size_t *length_out)
{
	char *at;

	skip_blanks(reader);
	at = *out = reader->at;
	at += *at == '-';
	if (*at < '0' || *at > '9')
		return broken(reader);
	if (*at == '0')
		at++;
	else
		at += strspn(at, "0123456789");
	if (*at == '.') {
		size_t digits = strspn(++at, "0123456789");

		if (!digits)
			return broken(reader);
		at += digits;
	}
	if (*at == 'e' || *at == 'E') {
		size_t digits;

		at++;
		at += *at == '+' || *at == '-';
		digits = strspn(at, "0123456789");
		if (!digits)
			return broken(reader);
		at += digits;
	}
	*length_out = (size_t)(at - *out);
	reader->at = at;
	return true;
}

static bool word(struct assay_json_reader *reader, const char *text)
{
	size_t length = strlen(text);

	if (strncmp(reader->at, text, length) != 0)
		return broken(reader);
	reader->at += length;
	return true;
}

bool assay_json_enter(struct assay_json_reader *reader, char open)
{
	skip_blanks(reader);
	if (*reader->at != open || ++reader->depth > ASSAY_JSON_DEPTH_MAX)
		return broken(reader);
	reader->at++;
	skip_blanks(reader);
	if (*reader->at == (open == '{' ? '}' : ']')) {
		reader->at++;
		reader->depth--;
		return false;
	}
	return true;
}

bool assay_json_key(struct assay_json_reader *reader, char **out)
{
	if (!assay_json_string(reader, out))
		return false;
	skip_blanks(reader);
	if (*reader->at != ':')
		return broken(reader);
	reader->at++;
	return true;
}

bool assay_json_more(struct assay_json_reader *reader, char close)
{
	if (reader->broken)
		return false;
	skip_blanks(reader);
	if (*reader->at == close) {
		reader->at++;
		reader->depth--;
		return false;
	}
	if (*reader->at != ',')
		return broken(reader);
	reader->at++;
	return true;
}

/* Containers inside are walked with the same functions, so depth is bounded. */
bool assay_json_skip(struct assay_json_reader *reader) /* NOLINT(misc-no-recursion) */
{
	enum assay_json_kind kind;
	char *text;
	size_t length;
	bool more;

	if (!assay_json_peek(reader, &kind))
		return false;
	switch (kind) {
	case ASSAY_JSON_STRING:
		return assay_json_string(reader, &text);
	case ASSAY_JSON_NUMBER:
		return assay_json_number(reader, &text, &length);
	case ASSAY_JSON_NULL:
		return word(reader, "null");
	case ASSAY_JSON_BOOL:
		return word(reader, *reader->at == 't' ? "true" : "false");
	case ASSAY_JSON_ARRAY:
		for (more = assay_json_enter(reader, '['); more; more = assay_json_more(reader, ']'))
			if (!assay_json_skip(reader))
				return false;
		break;
	case ASSAY_JSON_OBJECT:
	default:
		for (more = assay_json_enter(reader, '{'); more; more = assay_json_more(reader, '}'))
			if (!assay_json_key(reader, &text) || !assay_json_skip(reader))
				return false;
	}
	return !reader->broken;
}

bool assay_json_done(struct assay_json_reader *reader)
{
	skip_blanks(reader);
	return !reader->broken && reader->at == reader->end;
}

/* ---- writing ----------------------------------------------------------------------------------------------- */

static bool make_room(struct assay_json_writer *writer, size_t length)
{
	size_t room = writer->room ? writer->room : 65536;
	char *grown;

	if (writer->length + length <= writer->room)
		return true;
	while (room < writer->length + length)
		room *= 2;
	grown = room > ASSAY_JSON_WRITER_MAX ? NULL : realloc(writer->bytes, room);
	if (!grown) {
		writer->full = true;
		return false;
	}
	writer->bytes = grown;
	writer->room = room;
	return true;
}

void assay_json_raw(struct assay_json_writer *writer, const char *text, size_t length)
{
	if (!make_room(writer, length))
		return;
	memcpy(writer->bytes + writer->length, text, length);
	writer->length += length;
}

void assay_json_text(struct assay_json_writer *writer, const char *literal)
{
	assay_json_raw(writer, literal, strlen(literal));
}

void assay_json_quote(struct assay_json_writer *writer, const char *text)
{
	static const char hex[] = "0123456789abcdef";
	size_t length = strlen(text);
	char *to;

	if (!make_room(writer, length * 6 + 2))
		return;
	to = writer->bytes + writer->length;
	*to++ = '"';
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c >= 0x20 && c != '"' && c != '\\') {
			*to++ = (char)c;
		} else if (c == '"' || c == '\\') {
			*to++ = '\\';
			*to++ = (char)c;
		} else {
			to[0] = '\\';
			to[1] = 'u';
			to[2] = to[3] = '0';
			to[4] = hex[c >> 4];
			to[5] = hex[c & 15];
			to += 6;
		}
	}
	*to++ = '"';
	writer->length = (size_t)(to - writer->bytes);
}
