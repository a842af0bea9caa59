/* SPDX-License-Identifier: Apache-2.0
 * Bytes and readings for a person and for a program. */
#include "gateway/cli/line.h"
#include "gateway/record/sha256.h"
#include "gateway/wire/reading_words.h"

#include <stdlib.h>

#define ROW 16u

void line_print_bytes(const char *mark, const uint8_t *bytes, size_t length)
{
	for (size_t at = 0; at < length; at += ROW) {
		size_t count = length - at < ROW ? length - at : ROW;

		(void)printf("  %s", at ? " " : mark);
		for (size_t i = 0; i < ROW; i++)
			(void)(i < count ? printf(" %02X", bytes[at + i]) : printf("   "));
		(void)printf("  ");
		for (size_t i = 0; i < count; i++)
			(void)putchar(bytes[at + i] >= ' ' && bytes[at + i] <= '~' ? bytes[at + i] : '.');
		(void)putchar('\n');
	}
}

void line_print_reading(const struct assay_end_reading *reading)
{
	char flags[160];

	(void)printf("    ");
	assay_ask_put(*reading->channel ? reading->channel : "-");
	(void)printf("  ");
	assay_ask_put(*reading->value ? reading->value : assay_reading_reason_name(reading->reason));
	(void)printf(" ");
	assay_ask_put(reading->unit);
	(void)assay_reading_flags_text(reading->flags, flags, sizeof flags);
	(void)printf("  %s", flags);
	if (*reading->sample) {
		(void)printf("  sample ");
		assay_ask_put(reading->sample);
	}
	if (*reading->detail) {
		(void)printf("  ");
		assay_ask_put(reading->detail);
	}
	(void)putchar('\n');
}

json_t *line_hex_json(const uint8_t *bytes, size_t length)
{
	char *hex = malloc(2 * length + 1);
	json_t *text = NULL;

	if (hex) {
		assay_hex(bytes, length, hex);
		text = json_string(hex);
	}
	free(hex);
	return text;
}

json_t *line_reading_json(const struct assay_end_reading *reading)
{
	json_t *flags = json_array();

	for (const struct assay_reading_word *word = assay_reading_flags(); word->name; word++)
		if (reading->flags & word->code)
			(void)json_array_append_new(flags, json_string(word->name));
	return json_pack("{s:s?,s:s?,s:s,s:o,s:s?,s:s?}", "channel",
		*reading->channel ? reading->channel : NULL, "value", *reading->value ? reading->value : NULL,
		"unit", reading->unit, "flags", flags, "sample", *reading->sample ? reading->sample : NULL,
		"reason", *reading->value ? NULL : assay_reading_reason_name(reading->reason));
}

void line_print_json(json_t *object)
{
	if (object && json_dumpf(object, stdout, JSON_COMPACT | JSON_PRESERVE_ORDER) == 0)
		(void)putchar('\n');
	json_decref(object);
}

const char *line_event_name(uint32_t direction)
{
	static const char *const names[] = {
		"?", "tx", "rx", "gap", "timeout", "line-error", "reset", "hangup"};

	return direction < sizeof names / sizeof *names ? names[direction] : names[0];
}
