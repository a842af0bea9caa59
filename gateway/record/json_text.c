/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/record/json_text.h"

#include <string.h>

#define DEPTH_MAX 32u

void json_put_number(struct json_out *out, uint64_t number)
{
	char digits[20];
	size_t at = sizeof digits;

	if (number < 10) { /* places and flags, mostly */
		json_put_mark(out, (char)('0' + number));
		return;
	}
	do
		digits[--at] = (char)('0' + number % 10);
	while ((number /= 10) != 0);
	json_put_raw(out, digits + at, sizeof digits - at);
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

static void put_escaped(struct json_out *out, unsigned char byte)
{
	static const char hex[] = "0123456789abcdef";
	char code[6] = {'\\', 'u', '0', '0', hex[byte >> 4], hex[byte & 15]};

	if (byte == '"' || byte == '\\') {
		code[1] = (char)byte;
		json_put_raw(out, code, 2);
	} else {
		json_put_raw(out, code, sizeof code);
	}
}

/* How much of the text stands for itself: letters, digits and marks of ASCII. */
static size_t plain_ascii(const unsigned char *text)
{
	const unsigned char *at = text;

	while (*at >= 0x20 && *at < 0x7f && *at != '"' && *at != '\\')
		at++;
	return (size_t)(at - text);
}

void json_put_text(struct json_out *out, const char *text)
{
	const unsigned char *plain = (const unsigned char *)text, *at = plain + plain_ascii(plain);

	json_put_mark(out, '"');
	while (*at) {
		size_t length = sequence(at);

		if (length && *at >= 0x20 && *at != '"' && *at != '\\' && *at != 0x7f) {
			at += length;
			continue;
		}
		json_put_raw(out, (const char *)plain, (size_t)(at - plain));
		if (length)
			put_escaped(out, *at);
		else
			json_put_raw(out, "?", 1);
		out->replaced = out->replaced || length == 0;
		plain = ++at;
	}
	json_put_raw(out, (const char *)plain, (size_t)(at - plain));
	json_put_mark(out, '"');
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
