/* SPDX-License-Identifier: Apache-2.0
 * F40: number traps over every text instrument. In each transcript of specs/instruments the printed number is replaced by
 * something that looks like one and is none, or is another: the driver may say nothing or exactly what stands there, never
 * another number. What is acceptable is written down here, trap by trap. */
#include "gateway/wire/instrument_spec.h"
#include "gateway/wire/loader.h"
#include "gateway/wire/replay.h"
#include "tests/built.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ROWS_MAX 200u
#define BYTES_MAX 65536u

struct row {
	char value[ASSAY_VALUE_MAX + 1];
	size_t at, length; /* of the printed number, in the transcript; length 0: not told */
};

struct rows {
	unsigned count;
	struct row row[ROWS_MAX];
};

/* text replaces the number; "" as exact: no number at all is acceptable, else that one as well. */
static const struct {
	const char *name, *text, *exact;
} traps[] = {
	{"overload in full digits", "9999999E+19", ""},
	{"exponent", "1E5", ""},
	{"not a number", "NaN", ""},
	{"infinite", "inf", ""},
	{"overload mark OL", "OL", ""},
	{"dashes", "-----", ""},
	{"plus signs", "+++++", ""},
	{"stars", "*****", ""},
	{"below detection, in words", "<LOD", ""},
	{"serial number line", "SerNo. 12345678", ""},
	{"error number", "Err 54", ""},
	{"decimal comma", "12,34", ""},
	{"thousands and comma", "1.234,5", ""},
	{"bracketed last digit", "12.3[4]", "12.34"},
	{"full-width digits", "\xef\xbc\x91\xef\xbc\x92.\xef\xbc\x93", ""},
	{"23 digits", "12345678901234567890123", "12345678901234567890123"},
	{"two points", "12.5.3", ""},
	{"two signs", "--12.5", ""},
	{"sign behind", "12.5-", "-12.5"},
	{"blank inside", "12 345", ""},
	{"hexadecimal", "0x1F", ""},
	{"a time", "12:07.50", ""},
	{"a ratio", "1/2", ""},
	{"sign, blank, number", "- 12.5", "-12.5"},
	{"digits and a letter O", "1O.5", ""},
};

static char drivers[512], specs[512];
static struct assay_plugin plugins[16];
static unsigned plugin_count, tried;

static int receive(void *context, const struct assay_replay_result *result)
{
	struct rows *rows = context;
	struct row *row = &rows->row[rows->count];

	if (result->kind != ASSAY_REPLAY_READING || !result->reading->value || rows->count == ROWS_MAX)
		return 0;
	(void)snprintf(row->value, sizeof row->value, "%s", result->reading->value);
	row->at = (size_t)result->frame_at + result->reading->value_at;
	row->length = result->reading->value_length;
	rows->count++;
	return 0;
}

static const struct assay_plugin *plugin_of(const char *name)
{
	struct assay_error err;

	for (unsigned i = 0; i < plugin_count; i++)
		if (strcmp(plugins[i].driver.name, name) == 0)
			return &plugins[i];
	assert_true(plugin_count < sizeof plugins / sizeof *plugins);
	if (assay_plugin_load(drivers, name, &plugins[plugin_count], &err) != ASSAY_OK)
		fail_msg("%s", err.text_en);
	return &plugins[plugin_count++];
}

static void run(const struct assay_instrument_spec *spec, const struct assay_transcript *transcript,
	const uint8_t *bytes, size_t length, struct rows *rows)
{
	struct assay_replay *replay = NULL;
	struct assay_error err;

	rows->count = 0;
	if (assay_replay_open(plugin_of(spec->driver), spec->settings, spec->setting_count, receive, rows,
		    &replay, &err) != ASSAY_OK)
		fail_msg("%s", err.text_en);
	if (transcript->asked)
		assert_true(assay_replay_ask(replay, transcript->want, transcript->turn));
	assert_int_equal(assay_replay_feed(replay, bytes, length, ASSAY_EVENT_BYTES), 0);
	assert_int_equal(assay_replay_end(replay), 0);
	assay_replay_close(replay);
}

static bool stood_before(const struct rows *rows, const char *value)
{
	for (unsigned i = 0; i < rows->count; i++)
		if (strcmp(rows->row[i].value, value) == 0)
			return true;
	return false;
}

/* As it is, and as wide as the number was where that is wider: many formats have columns. */
static size_t splice(const struct assay_transcript *transcript, const struct row *row, const char *text,
	bool wide, uint8_t *out)
{
	size_t length = strlen(text), pad = wide && row->length > length ? row->length - length : 0,
	       at = row->at;

	memcpy(out, transcript->bytes, at);
	memset(out + at, ' ', pad);
	memcpy(out + at + pad, text, length);
	at += pad + length;
	memcpy(out + at, transcript->bytes + row->at + row->length,
		transcript->length - row->at - row->length);
	return at + transcript->length - row->at - row->length;
}

static void check(const char *file, const struct assay_transcript *transcript, const char *trap,
	const char *exact, const struct rows *before, const struct rows *after)
{
	for (unsigned i = 0; i < after->count; i++)
		if (strcmp(after->row[i].value, exact) != 0 && !stood_before(before, after->row[i].value))
			fail_msg("%s:%u: %s gives %s", file, transcript->line, trap, after->row[i].value);
}

static void one_transcript(
	const char *file, const struct assay_instrument_spec *spec, const struct assay_transcript *transcript)
{
	static struct rows before, after;
	static uint8_t bytes[BYTES_MAX + 64];
	struct row *row = NULL;

	if (transcript->length > BYTES_MAX / 2)
		return;
	run(spec, transcript, transcript->bytes, transcript->length, &before);
	for (unsigned i = 0; i < before.count && !row; i++)
		if (before.row[i].length && before.row[i].at + before.row[i].length <= transcript->length)
			row = &before.row[i];
	if (!row)
		return;
	for (unsigned i = 0; i < 2 * sizeof traps / sizeof *traps; i++) {
		size_t length = splice(transcript, row, traps[i / 2].text, i % 2, bytes);

		/* where the comma is the declared mark it is no trap */
		if (strcmp(traps[i / 2].name, "decimal comma") == 0 &&
			memchr(transcript->bytes + row->at, ',', row->length))
			continue;
		run(spec, transcript, bytes, length, &after);
		check(file, transcript, traps[i / 2].name, traps[i / 2].exact, &before, &after);
		tried++;
	}
	/* a NUL among the digits: either no number, or the one that stood there */
	memcpy(bytes, transcript->bytes, row->at + 1);
	bytes[row->at + 1] = '\0';
	memcpy(bytes + row->at + 2, transcript->bytes + row->at + 1, transcript->length - row->at - 1);
	run(spec, transcript, bytes, transcript->length + 1, &after);
	check(file, transcript, "NUL", "", &before, &after);
}

static int is_spec(const struct dirent *entry)
{
	const char *dot = strrchr(entry->d_name, '.');

	return dot && strcmp(dot, ".xml") == 0;
}

static void test_every_text_instrument(void **state)
{
	struct dirent **names = NULL;
	char dir[600];
	int count;

	(void)state;
	(void)snprintf(dir, sizeof dir, "%s/instruments", specs);
	count = scandir(dir, &names, is_spec, alphasort);
	assert_true(count > 0);
	for (int i = 0; i < count; i++) {
		struct assay_instrument_spec *spec = NULL;
		struct assay_error err;

		*strrchr(names[i]->d_name, '.') = '\0';
		if (assay_instrument_spec_load(specs, names[i]->d_name, &spec, &err) != ASSAY_OK)
			fail_msg("%s", err.text_en);
		/* registers hold no text; ASTM's checksum is tried in test_transcripts, its X and ----- stand in its file */
		for (size_t j = 0; plugin_of(spec->driver)->driver.link == ASSAY_LINK_STREAM &&
				   strcmp(spec->driver, "astm") != 0 && j < spec->transcript_count;
			j++)
			one_transcript(names[i]->d_name, spec, &spec->transcripts[j]);
		assay_instrument_spec_free(spec);
		free(names[i]);
	}
	free(names);
	print_message("%u traps\n", tried);
	assert_true(tried > 2000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_text_instrument)};

	(void)built("drivers", drivers, sizeof drivers);
	(void)built("specs", specs, sizeof specs);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
