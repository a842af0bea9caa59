/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/lab/pinyin.h"
#include "gateway/lab/pinyin_readings.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

/* Bytes of the UTF-8 character at text; 1 for anything that is none. */
static size_t width(const char *text)
{
	unsigned char first = (unsigned char)*text;
	size_t bytes = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1;

	for (size_t i = 1; i < bytes; i++)
		if (((unsigned char)text[i] & 0xc0) != 0x80)
			return 1;
	return bytes;
}

/* No character's bytes stand inside other characters' in UTF-8. */
static bool reads(size_t reading, const char *character, size_t bytes)
{
	char one[5] = "";

	memcpy(one, character, bytes);
	return strstr(readings[reading].characters, one) != NULL;
}

bool assay_pinyin_known(const char *text)
{
	size_t bytes = width(text);

	for (size_t i = 0; bytes > 1 && i < sizeof readings / sizeof *readings; i++)
		if (reads(i, text, bytes))
			return true;
	return false;
}

/* The characters from text on spell all of typed. Brackets, digits and Latin letters between them are passed over. */
static bool spells(const char *text, const char *typed)
{
	size_t bytes, length;

	if (!*typed)
		return true;
	while (*text && width(text) == 1)
		text++;
	if (!*text)
		return false;
	bytes = width(text);
	for (size_t i = 0; i < sizeof readings / sizeof *readings; i++) {
		const char *syllable = readings[i].syllable;

		if (syllable[0] != *typed || !reads(i, text, bytes))
			continue;
		length = strlen(syllable);
		/* the last syllable may be on its way */
		if (strncmp(syllable, typed, strlen(typed)) == 0)
			return true;
		if (strncmp(syllable, typed, length) == 0 && spells(text + bytes, typed + length))
			return true;
		if (length > 1 && spells(text + bytes, typed + 1))
			return true;
	}
	return false;
}

bool assay_pinyin_holds(const char *text, const char *typed)
{
	char letters[ASSAY_PINYIN_QUERY_MAX + 1] = {0};
	size_t length = strlen(typed);

	if (length > ASSAY_PINYIN_QUERY_MAX)
		return false;
	if (strcasestr(text, typed))
		return true;
	if (length < 2 || strspn(typed, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") != length)
		return false;
	for (size_t i = 0; i <= length; i++)
		letters[i] = (char)(typed[i] >= 'A' && typed[i] <= 'Z' ? typed[i] + 'a' - 'A' : typed[i]);
	for (const char *c = text; *c; c += width(c))
		if (width(c) > 1 && spells(c, letters))
			return true;
	return false;
}
