/* SPDX-License-Identifier: Apache-2.0
 * Names of flags and reasons in settings, escapes in texts to send, and character sets, for drivers described in XML. */
#ifndef ASSAY_DRIVERS_WORDS_H
#define ASSAY_DRIVERS_WORDS_H

#include "drivers/driver.h"

#include <string.h>

struct words_name {
	const char *name;
	uint32_t code;
};

static const struct words_name words_flags[] = {{"stable", ASSAY_FLAG_STABLE},
	{"dynamic", ASSAY_FLAG_DYNAMIC}, {"over", ASSAY_FLAG_OVER}, {"under", ASSAY_FLAG_UNDER},
	{"net", ASSAY_FLAG_NET}, {"gross", ASSAY_FLAG_GROSS}, {"typed", ASSAY_FLAG_TYPED},
	{"below_minimum", ASSAY_FLAG_BELOW_MINIMUM}, {"calibrating", ASSAY_FLAG_CALIBRATING},
	{"tare", ASSAY_FLAG_TARE}, {"censored_low", ASSAY_FLAG_CENSORED_LOW},
	{"censored_high", ASSAY_FLAG_CENSORED_HIGH}, {NULL, 0}};

static const struct words_name words_reasons[] = {{"not-mine", ASSAY_REASON_NOT_MINE},
	{"bad-checksum", ASSAY_REASON_BAD_CHECKSUM}, {"bad-format", ASSAY_REASON_BAD_FORMAT},
	{"over", ASSAY_REASON_OVER}, {"under", ASSAY_REASON_UNDER}, {"busy", ASSAY_REASON_BUSY},
	{"not-ready", ASSAY_REASON_NOT_READY}, {"device-error", ASSAY_REASON_DEVICE_ERROR},
	{"refused", ASSAY_REASON_REFUSED}, {"no-sensor", ASSAY_REASON_NO_SENSOR},
	{"unknown-unit", ASSAY_REASON_UNKNOWN_UNIT}, {"too-long", ASSAY_REASON_TOO_LONG}, {NULL, 0}};

/* 0: not in the list. */
static inline uint32_t words_code(const struct words_name *list, const char *name, size_t length)
{
	for (; list->name; list++)
		if (strlen(list->name) == length && memcmp(list->name, name, length) == 0)
			return list->code;
	return 0;
}

/* Blank-separated flags. 0: one is unknown. */
static inline int words_flags_of(const char *text, uint32_t *out)
{
	*out = 0;
	while (*text) {
		size_t length = strcspn(text, " ");
		uint32_t flag = words_code(words_flags, text, length);

		if (!flag)
			return 0;
		*out |= flag;
		text += length + (text[length] == ' ');
	}
	return 1;
}

static inline int words_nibble(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
				      : -1;
}

/* \r \n \t \\ \xHH; returns the length, or -1. */
static inline int words_unescape(const char *text, uint8_t *out, size_t size)
{
	size_t length = 0;

	for (; *text; text++) {
		uint8_t byte = (uint8_t)*text;

		if (*text == '\\') {
			text++;
			if (*text == 'x' && words_nibble(text[1]) >= 0 && words_nibble(text[2]) >= 0) {
				byte = (uint8_t)(words_nibble(text[1]) << 4 | words_nibble(text[2]));
				text += 2;
			} else if (*text == 'r' || *text == 'n' || *text == 't' || *text == '\\') {
				byte = *text == 'r' ? '\r' : *text == 'n' ? '\n' : *text == 't' ? '\t' : '\\';
			} else {
				return -1;
			}
		}
		if (length == size)
			return -1;
		out[length++] = byte;
	}
	return (int)length;
}

enum words_charset { WORDS_ASCII, WORDS_UTF8, WORDS_LATIN1, WORDS_CP850 };

/* 0x80 to 0xFF in code page 850, where instruments use them; 0: not kept. */
static inline uint32_t words_cp850(uint8_t byte)
{
	static const struct {
		uint8_t byte;
		uint16_t point;
	} table[] = {{0x81, 0xfc}, {0x84, 0xe4}, {0x8e, 0xc4}, {0x94, 0xf6}, {0x99, 0xd6}, {0x9a, 0xdc},
		{0xab, 0xbd}, {0xac, 0xbc}, {0xe1, 0xdf}, {0xe6, 0xb5}, {0xf1, 0xb1}, {0xf8, 0xb0},
		{0xfa, 0xb7}, {0xfb, 0xb9}, {0xfc, 0xb3}, {0xfd, 0xb2}};

	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (table[i].byte == byte)
			return table[i].point;
	return 0;
}

/* To UTF-8. Returns the length, or -1 when a byte is outside the set or out is full. UTF-8 itself is checked by who
 * reads it. */
static inline int words_to_utf8(
	enum words_charset charset, const uint8_t *bytes, size_t length, char *out, size_t size)
{
	size_t written = 0;

	for (size_t i = 0; i < length; i++) {
		uint32_t point = bytes[i];

		if (point >= 0x80 && charset == WORDS_ASCII)
			return -1;
		if (point >= 0x80 && charset == WORDS_CP850)
			point = words_cp850(bytes[i]);
		if (point == 0 && bytes[i])
			return -1;
		if (written + 3 > size)
			return -1;
		if (point < 0x80 || charset == WORDS_UTF8) {
			out[written++] = (char)point;
		} else {
			out[written++] = (char)(0xc0 | point >> 6);
			out[written++] = (char)(0x80 | (point & 0x3f));
		}
	}
	return (int)written;
}

static inline int words_is_utf8(const char *text, size_t length)
{
	for (size_t i = 0; i < length;) {
		unsigned char c = (unsigned char)text[i++];
		unsigned more = c < 0x80 ? 0 : c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : 1;

		if ((c >= 0x80 && c < 0xc2) || c > 0xf4 || i + more > length)
			return 0;
		if (more && ((c == 0xe0 && (unsigned char)text[i] < 0xa0) ||
				    (c == 0xed && (unsigned char)text[i] > 0x9f) ||
				    (c == 0xf0 && (unsigned char)text[i] < 0x90) ||
				    (c == 0xf4 && (unsigned char)text[i] > 0x8f)))
			return 0; /* longer than need be, or a surrogate */
		for (; more; more--, i++)
			if (((unsigned char)text[i] & 0xc0) != 0x80)
				return 0;
	}
	return 1;
}

/* Settings are lent for the call of open: a copy of them with their values, in one block of the host's; NULL: no memory.
 * Names and groups stay the driver's own. */
static inline struct assay_setting *words_settings_copy(
	const struct assay_host *host, const struct assay_setting *settings, size_t count)
{
	size_t room = (count + 1) * sizeof *settings;
	struct assay_setting *copies;
	char *at;

	for (size_t i = 0; i < count; i++)
		room += strlen(settings[i].value) + 1;
	copies = host->allocate(room);
	if (!copies)
		return NULL;
	at = (char *)(copies + count + 1);
	for (size_t i = 0; i < count; i++) {
		size_t size = strlen(settings[i].value) + 1;

		copies[i] = settings[i];
		copies[i].value = memcpy(at, settings[i].value, size);
		at += size;
	}
	return copies;
}

static inline void words_copy(char *out, size_t size, const char *text)
{
	size_t length = strlen(text);

	if (size == 0)
		return;
	if (length >= size)
		length = size - 1;
	memcpy(out, text, length);
	out[length] = '\0';
}

static inline uint32_t words_integer(const char *text)
{
	uint32_t value = 0;

	while (*text >= '0' && *text <= '9' && value < 100000000)
		value = value * 10 + (uint32_t)(*text++ - '0');
	return value;
}

/* The part of text without blanks and tabs around it. */
static inline void words_trim(const char **text, size_t *length)
{
	while (*length && (**text == ' ' || **text == '\t'))
		(*text)++, (*length)--;
	while (*length && ((*text)[*length - 1] == ' ' || (*text)[*length - 1] == '\t'))
		(*length)--;
}

static inline int words_same(const char *text, size_t length, const char *word)
{
	return strlen(word) == length && memcmp(text, word, length) == 0;
}

#endif
