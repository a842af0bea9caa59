/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/record/json_text.h"

#include <string.h>

#define DEPTH_MAX 32u

char *json_long_number_at(char *at, uint64_t number)
{
	char digits[JSON_NUMBER_ROOM];
	size_t first = sizeof digits;

	do
		digits[--first] = (char)('0' + number % 10);
	while ((number /= 10) != 0);
	memcpy(at, digits + first, sizeof digits - first);
	return at + sizeof digits - first;
}

void json_put_number(struct json_out *out, uint64_t number)
{
	if (out->size - out->length < JSON_NUMBER_ROOM)
		out->full = true;
	else
		out->length = (size_t)(json_number_at(out->text + out->length, number) - out->text);
}

/* Length of the UTF-8 sequence at text (RFC 3629: no overlong forms, no surrogates), 0 when it is none. */
static size_t sequence(const unsigned char *text)
{
	unsigned char lead = text[0];
	size_t length = lead < 0x80   ? 1
			: lead < 0xc2 ? 0
			: lead < 0xe0 ? 2
			: lead < 0xf0 ? 3
			: lead < 0xf5 ? 4
				      : 0;

	for (size_t i = 1; i < length; i++)
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	if ((lead == 0xe0 && text[1] < 0xa0) || (lead == 0xed && text[1] > 0x9f) ||
		(lead == 0xf0 && text[1] < 0x90) || (lead == 0xf4 && text[1] > 0x8f))
		return 0;
	return length;
}

static char *escaped_at(char *at, unsigned char byte)
{
	static const char hex[] = "0123456789abcdef";
	const char code[6] = {'\\', 'u', '0', '0', hex[byte >> 4], hex[byte & 15]};

	if (byte != '"' && byte != '\\') {
		memcpy(at, code, sizeof code);
		return at + sizeof code;
	}
	*at++ = '\\';
	*at++ = (char)byte;
	return at;
}

char *json_text_at(char *at, const char *text, bool *replaced)
{
	const unsigned char *in = (const unsigned char *)text;

	*at++ = '"';
	while (*in) {
		size_t length;

		if (*in >= 0x20 && *in < 0x7f && *in != '"' && *in != '\\') {
			*at++ = (char)*in++;
			continue;
		}
		length = sequence(in);
		if (length > 1) {
			while (length--)
				*at++ = (char)*in++;
			continue;
		}
		if (length)
			at = escaped_at(at, *in);
		else
			*at++ = '?';
		*replaced = *replaced || length == 0;
		in++;
	}
	*at++ = '"';
	return at;
}

void json_put_text(struct json_out *out, const char *text)
{
	if (out->size - out->length < JSON_TEXT_ROOM(strlen(text)))
		out->full = true;
	else
		out->length =
			(size_t)(json_text_at(out->text + out->length, text, &out->replaced) - out->text);
}

void json_put_name(struct json_out *out, const char *name)
{
	if (out->length && out->text[out->length - 1] != '{')
		json_put_raw(out, ",", 1);
	json_put_raw(out, "\"", 1);
	json_put_raw(out, name, strlen(name));
	json_put_raw(out, "\":", 2);
}

bool json_take_word(struct json_in *in, const char *word)
{
	size_t length = strlen(word);

	if (in->bad || (size_t)(in->end - in->at) < length || memcmp(in->at, word, length) != 0)
		return false;
	in->at += length;
	return true;
}

uint64_t json_get_number(struct json_in *in)
{
	uint64_t number = 0;
	const char *first = in->at;

	if (!in->bad && in->end - in->at > 1 && in->at[0] >= '0' && in->at[0] <= '9' &&
		(in->at[1] < '0' || in->at[1] > '9'))
		return (uint64_t)(*in->at++ - '0');
	while (!in->bad && in->at < in->end && *in->at >= '0' && *in->at <= '9') {
		unsigned digit = (unsigned)(*in->at - '0');

		in->bad = number > (UINT64_MAX - digit) / 10;
		number = number * 10 + digit;
		in->at++;
	}
	in->bad = in->bad || in->at == first;
	return number;
}

static unsigned hex_digits(struct json_in *in)
{
	unsigned code = 0;

	if (in->end - in->at < 4) {
		in->bad = true;
		return 0;
	}
	for (unsigned i = 0; i < 4; i++) {
		char digit = *in->at++;
		const char *found = digit ? strchr("0123456789abcdefABCDEF", digit) : NULL;
		unsigned value = found ? (unsigned)(found - "0123456789abcdefABCDEF") : 0;

		in->bad = in->bad || !found;
		code = code * 16 + (value > 15 ? value - 6 : value);
	}
	return code;
}

/* What our writer escapes: quote, backslash and control characters. */
static char unescape(struct json_in *in)
{
	char mark = in->at < in->end ? *in->at++ : '\0';
	unsigned code;

	switch (mark) {
	case '"':
	case '\\':
	case '/':
		return mark;
	case 'b':
		return '\b';
	case 'f':
		return '\f';
	case 'n':
		return '\n';
	case 'r':
		return '\r';
	case 't':
		return '\t';
	case 'u':
		code = hex_digits(in);
		in->bad = in->bad || code == 0 || code > 0x7f;
		return (char)code;
	default:
		in->bad = true;
		return '\0';
	}
}

void json_get_text(struct json_in *in, char *out, size_t size)
{
	size_t length = 0;

	out[0] = '\0';
	json_get_mark(in, '"');
	while (!in->bad && in->at < in->end && *in->at != '"' && *in->at != '\\' && *in->at &&
		length + 1 < size)
		out[length++] = *in->at++;
	while (!in->bad && !json_take_mark(in, '"')) {
		char byte = in->at < in->end ? *in->at++ : '\0';

		if (byte == '\\')
			byte = unescape(in);
		if (in->bad || (unsigned char)byte == 0 || length + 1 >= size) {
			in->bad = true;
			break;
		}
		out[length++] = byte;
	}
	out[length] = '\0';
}

static void skip_text(struct json_in *in)
{
	json_get_mark(in, '"');
	while (!in->bad && in->at < in->end && *in->at != '"')
		in->at += *in->at == '\\' && in->at + 1 < in->end ? 2 : 1;
	json_get_mark(in, '"');
}

void json_skip(struct json_in *in)
{
	unsigned depth = 0;

	do {
		if (in->bad || in->at == in->end) {
			in->bad = true;
			return;
		}
		if (*in->at == '"') {
			skip_text(in);
		} else if (*in->at == '{' || *in->at == '[') {
			in->bad = ++depth > DEPTH_MAX;
			in->at++;
		} else if (*in->at == '}' || *in->at == ']') {
			in->bad = depth-- == 0;
			in->at++;
		} else if (depth == 0) {
			while (in->at < in->end && !strchr(",}]", *in->at))
				in->at++;
		} else {
			in->at++;
		}
	} while (depth && !in->bad);
}
