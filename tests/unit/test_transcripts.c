/* SPDX-License-Identifier: Apache-2.0
 * Every transcript of specs/instruments through its driver: whole, byte by byte, in random pieces and cut at each
 * offset the readings named in the file, and with each byte flipped no crash. Expected values stand in the instrument
 * files with their origin (captured, printed in a manual, made from the grammar). */
#include "gateway/wire/instrument_spec.h"
#include "gateway/wire/loader.h"
#include "gateway/wire/modbus_match.h"
#include "gateway/wire/reading_words.h"
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

#define ROWS_MAX 400u
#define RANDOM_SLICINGS 8u

struct row {
	char channel[ASSAY_NAME_MAX + 1], value[ASSAY_VALUE_MAX + 1], unit[ASSAY_UNIT_MAX + 1], sample[65];
	char flags[160], reason[32];
};

struct rows {
	unsigned count;
	bool overflow;
	char serial[64], model[64];
	struct row row[ROWS_MAX];
};

static char drivers[512], specs[512];
static struct assay_plugin plugins[16];
static unsigned plugin_count;
static unsigned transcripts_seen, runs;

static void text(char *out, size_t size, const char *from)
{
	(void)snprintf(out, size, "%s", from ? from : "");
}

static int receive(void *context, const struct assay_replay_result *result)
{
	struct rows *rows = context;
	struct row *row = &rows->row[rows->count];

	if (result->kind == ASSAY_REPLAY_IDENTITY) {
		if (result->identity->serial)
			text(rows->serial, sizeof rows->serial, result->identity->serial);
		if (result->identity->model)
			text(rows->model, sizeof rows->model, result->identity->model);
		return 0;
	}
	if (result->kind == ASSAY_REPLAY_REPLY)
		return 0;
	if (rows->count == ROWS_MAX) {
		rows->overflow = true;
		return -1;
	}
	memset(row, 0, sizeof *row);
	rows->count++;
	text(row->reason, sizeof row->reason, assay_reading_reason_name(result->reason));
	if (result->kind == ASSAY_REPLAY_REASON)
		return 0;
	text(row->channel, sizeof row->channel, result->reading->channel);
	text(row->value, sizeof row->value, result->reading->value);
	text(row->unit, sizeof row->unit, result->reading->unit);
	text(row->sample, sizeof row->sample, result->reading->sample);
	(void)assay_reading_flags_text(result->reading->flags, row->flags, sizeof row->flags);
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

/* Feed in pieces that end where `end_of` says. */
struct slicing {
	size_t cut; /* 0: none */
	bool bytewise;
	unsigned *seed; /* random pieces */
};

static void run(const struct assay_instrument_spec *spec, const struct assay_transcript *transcript,
	const uint8_t *bytes, const struct slicing *slicing, struct rows *rows)
{
	const struct assay_plugin *plugin = plugin_of(spec->driver);
	struct assay_replay *replay = NULL;
	struct assay_error err;
	size_t at = 0, length = transcript->length;

	memset(rows, 0, offsetof(struct rows, row));
	runs++;
	if (assay_replay_open(plugin, spec->settings, spec->setting_count, receive, rows, &replay, &err) !=
		ASSAY_OK)
		fail_msg("%s", err.text_en);
	if (plugin->driver.link == ASSAY_LINK_MODBUS) {
		(void)assay_replay_ask(replay, transcript->want, transcript->turn);
		assert_int_equal(assay_replay_pdu(replay, bytes, length), 0);
		assay_replay_close(replay);
		return;
	}
	if (transcript->asked)
		assert_true(assay_replay_ask(replay, transcript->want, transcript->turn));
	while (at < length) {
		size_t piece = length - at;

		if (slicing->bytewise)
			piece = 1;
		else if (slicing->cut > at)
			piece = slicing->cut - at;
		else if (slicing->seed)
			piece = 1 + (size_t)rand_r(slicing->seed) % (piece < 40 ? piece : 40);
		assert_int_equal(assay_replay_feed(replay, bytes + at, piece, ASSAY_EVENT_BYTES), 0);
		at += piece;
	}
	assert_int_equal(assay_replay_end(replay), 0);
	assay_replay_close(replay);
}

static void check(const char *file, const struct assay_transcript *transcript, const struct rows *rows)
{
	if (rows->overflow || rows->count != transcript->reading_count)
		fail_msg("%s:%u: %u readings, expected %zu", file, transcript->line, rows->count,
			transcript->reading_count);
	for (unsigned i = 0; i < rows->count; i++) {
		const struct row *got = &rows->row[i];
		const struct assay_transcript_reading *want = &transcript->readings[i];

		if (strcmp(got->channel, want->channel) != 0 || strcmp(got->value, want->value) != 0 ||
			strcmp(got->unit, want->unit) != 0 || strcmp(got->flags, want->flags) != 0 ||
			strcmp(got->reason, want->reason) != 0 || strcmp(got->sample, want->sample) != 0)
			fail_msg("%s:%u: reading %u is %s \"%s\" \"%s\" [%s] %s sample \"%s\", expected %s "
				 "\"%s\" \"%s\" [%s] %s sample \"%s\"",
				file, transcript->line, i + 1, got->channel, got->value, got->unit,
				got->flags, got->reason, got->sample, want->channel, want->value, want->unit,
				want->flags, want->reason, want->sample);
	}
	if (strcmp(rows->serial, transcript->serial) != 0 || strcmp(rows->model, transcript->model) != 0)
		fail_msg("%s:%u: identity \"%s\" \"%s\", expected \"%s\" \"%s\"", file, transcript->line,
			rows->serial, rows->model, transcript->serial, transcript->model);
}

/* A flip must not crash; where a checksum guards the bytes, no reading may differ from what was sent. */
static void flip(const char *file, const struct assay_instrument_spec *spec,
	const struct assay_transcript *transcript, bool checksum, struct rows *rows)
{
	const struct slicing whole = {0};
	uint8_t *bytes = malloc(transcript->length + 1);

	assert_non_null(bytes);
	for (size_t i = 0; i < transcript->length; i++) {
		memcpy(bytes, transcript->bytes, transcript->length);
		bytes[i] ^= 0xff;
		run(spec, transcript, bytes, &whole, rows);
		for (unsigned j = 0; checksum && j < rows->count; j++) {
			bool known = !rows->row[j].value[0];

			for (size_t k = 0; k < transcript->reading_count; k++)
				known = known ||
					strcmp(rows->row[j].value, transcript->readings[k].value) == 0;
			if (!known)
				fail_msg("%s:%u: with byte %zu flipped it gives %s", file, transcript->line,
					i, rows->row[j].value);
		}
	}
	free(bytes);
}

/* On a Modbus line the CRC guards the PDU: a frame with any byte flipped is never the answer. */
static void flip_on_the_line(
	const char *file, const struct assay_instrument_spec *spec, const struct assay_transcript *transcript)
{
	const struct assay_plugin *plugin = plugin_of(spec->driver);
	struct assay_request request = {0};
	struct assay_session *session = NULL;
	uint8_t frame[ASSAY_RTU_MAX];
	size_t length = transcript->length + 3;
	char why[200];
	uint16_t crc;

	assert_int_equal(plugin->driver.open(&assay_plugin_host, spec->settings, spec->setting_count,
				 &session, why, sizeof why),
		0);
	assert_int_equal(plugin->driver.ask(session, transcript->want, transcript->turn, &request), 0);
	plugin->driver.close(session);
	assert_true(length <= sizeof frame);
	frame[0] = request.unit;
	memcpy(frame + 1, transcript->bytes, transcript->length);
	crc = assay_rtu_crc(frame, length - 2);
	frame[length - 2] = (uint8_t)crc;
	frame[length - 1] = (uint8_t)(crc >> 8);
	for (size_t i = 0; i < length; i++) {
		enum assay_match match;

		frame[i] ^= 0xff;
		match = assay_rtu_match(&request, frame, length).match;
		frame[i] ^= 0xff;
		if (match == ASSAY_MATCH_OURS || match == ASSAY_MATCH_EXCEPTION)
			fail_msg("%s:%u: byte %zu flipped passes", file, transcript->line, i);
	}
}

static void one_transcript(
	const char *file, const struct assay_instrument_spec *spec, const struct assay_transcript *transcript)
{
	static struct rows rows;
	bool modbus = plugin_of(spec->driver)->driver.link == ASSAY_LINK_MODBUS;
	unsigned seed = transcript->line;
	struct slicing slicing = {0};

	transcripts_seen++;
	run(spec, transcript, transcript->bytes, &slicing, &rows);
	check(file, transcript, &rows);
	if (modbus) {
		flip_on_the_line(file, spec, transcript);
	} else {
		slicing.bytewise = true;
		run(spec, transcript, transcript->bytes, &slicing, &rows);
		check(file, transcript, &rows);
		slicing = (struct slicing){.seed = &seed};
		for (unsigned i = 0; i < RANDOM_SLICINGS; i++) {
			run(spec, transcript, transcript->bytes, &slicing, &rows);
			check(file, transcript, &rows);
		}
		/* long files would take the square of their length: every seventh offset is enough there */
		for (size_t cut = 1; cut<transcript->length; cut += transcript->length> 4096 ? 7 : 1) {
			slicing = (struct slicing){.cut = cut};
			run(spec, transcript, transcript->bytes, &slicing, &rows);
			check(file, transcript, &rows);
		}
	}
	flip(file, spec, transcript, strcmp(spec->driver, "astm") == 0, &rows);
}

static int is_spec(const struct dirent *entry)
{
	const char *dot = strrchr(entry->d_name, '.');

	return dot && strcmp(dot, ".xml") == 0;
}

static void test_every_transcript(void **state)
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
		if (assay_plugin_check_settings(plugin_of(spec->driver), spec->settings, spec->setting_count,
			    names[i]->d_name, &err) != ASSAY_OK)
			fail_msg("%s", err.text_en);
		for (size_t j = 0; j < spec->transcript_count; j++)
			one_transcript(names[i]->d_name, spec, &spec->transcripts[j]);
		assay_instrument_spec_free(spec);
		free(names[i]);
	}
	free(names);
	print_message("%d instrument files, %u transcripts, %u runs\n", count, transcripts_seen, runs);
	assert_true(transcripts_seen >= 200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_transcript)};

	(void)built("drivers", drivers, sizeof drivers);
	(void)built("specs", specs, sizeof specs);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
