/* SPDX-License-Identifier: Apache-2.0
 * An instrument file's transcripts as a script: what the driver would ask is answered with the bytes the file shows. */
#include "gateway/sim/script.h"

#include "gateway/wire/instrument_spec.h"
#include "gateway/wire/replay.h"

#include <string.h>

static int ignore(void *context, const struct assay_replay_result *result)
{
	(void)context;
	(void)result;
	return 0;
}

struct reader {
	struct sim_script *script;
	const struct assay_instrument_spec *spec;
	struct assay_replay *replay;
};

/* Does another transcript name this request as its own? */
static bool has_own(const struct reader *reader, uint32_t want, uint32_t turn)
{
	for (size_t i = 0; i < reader->spec->transcript_count; i++) {
		const struct assay_transcript *transcript = &reader->spec->transcripts[i];

		if (transcript->asked && transcript->want == want && transcript->turn == turn)
			return true;
	}
	return false;
}

static bool answers(
	const struct reader *reader, const struct assay_transcript *transcript, uint32_t want, uint32_t turn)
{
	if (!assay_replay_ask(reader->replay, want, turn))
		return true;
	return sim_add_answer(reader->script, assay_replay_request(reader->replay)->bytes,
		assay_replay_request(reader->replay)->length, transcript->bytes, transcript->length, 0);
}

/* A transcript that names no request answers any: who it is, or else every question for values. */
static bool stream_transcript(const struct reader *reader, const struct assay_transcript *transcript)
{
	static const uint32_t wants[] = {ASSAY_WANT_VALUES, ASSAY_WANT_STABLE};

	if (transcript->asked)
		return answers(reader, transcript, transcript->want, transcript->turn);
	if (*transcript->serial || *transcript->model) {
		bool second =
			!*transcript->serial && assay_replay_ask(reader->replay, ASSAY_WANT_IDENTITY, 1);

		if (assay_replay_ask(reader->replay, ASSAY_WANT_IDENTITY, second))
			return answers(reader, transcript, ASSAY_WANT_IDENTITY, second);
	} else if (assay_replay_ask(reader->replay, ASSAY_WANT_VALUES, 0)) {
		for (unsigned i = 0; i < 2; i++)
			if (assay_replay_ask(reader->replay, wants[i], 0) && !has_own(reader, wants[i], 0) &&
				!answers(reader, transcript, wants[i], 0))
				return false;
		return true;
	}
	return sim_add_say(reader->script, transcript->bytes, transcript->length, SIM_SAY_EVERY_MS);
}

/* A reply that is whole for its request is one state of its registers; others (exceptions, wrong counts) are not
 * what a device holds. */
static bool modbus_transcript(const struct reader *reader, const struct assay_transcript *transcript)
{
	const struct assay_request *request;
	const uint8_t *pdu = transcript->bytes;
	struct sim_registers *registers;
	bool bits;

	if (!assay_replay_ask(reader->replay, transcript->want, transcript->turn))
		return true;
	request = assay_replay_request(reader->replay);
	reader->script->unit = request->unit;
	if (request->kind == ASSAY_REQUEST_IDENTIFY) {
		static const uint8_t ask[] = {0x2b, 0x0e, 0x01, 0x00};

		return sim_add_answer(
			reader->script, ask, sizeof ask, transcript->bytes, transcript->length, 0);
	}
	bits = request->function <= 2;
	if (transcript->length < 2 || pdu[0] != request->function || pdu[1] != transcript->length - 2 ||
		pdu[1] != (bits ? (request->count + 7) / 8 : 2 * request->count))
		return true;
	registers = sim_add_registers(reader->script, request->count);
	if (!registers)
		return false;
	registers->unit = request->unit;
	registers->function = request->function;
	registers->address = request->address;
	for (size_t i = 0; i < request->count; i++)
		registers->values[i] =
			bits ? pdu[2 + i / 8] >> (i % 8) & 1 : pdu[2 + 2 * i] << 8 | pdu[3 + 2 * i];
	return true;
}

static void take_serial(struct sim_script *script, const struct assay_transcript *transcript)
{
	if (*transcript->serial && !*script->serial && strlen(transcript->serial) < sizeof script->serial)
		memcpy(script->serial, transcript->serial, strlen(transcript->serial) + 1);
}

int sim_script_from_instrument(const struct assay_places *places, const char *path, struct sim_script *script,
	struct assay_error *err)
{
	struct assay_instrument_spec *spec = NULL;
	struct assay_plugin plugin = {0};
	struct reader reader = {.script = script};
	bool kept = true;
	int status = assay_instrument_spec_read(places->specs, path, &spec, err);

	if (status == ASSAY_OK)
		status = assay_plugin_load(places->drivers, spec->driver, &plugin, err);
	if (status == ASSAY_OK)
		status = assay_replay_open(
			&plugin, spec->settings, spec->setting_count, ignore, NULL, &reader.replay, err);
	reader.spec = spec;
	script->modbus = status == ASSAY_OK && plugin.driver.link == ASSAY_LINK_MODBUS;
	for (size_t i = 0; status == ASSAY_OK && kept && i < spec->transcript_count; i++) {
		take_serial(script, &spec->transcripts[i]);
		kept = script->modbus ? modbus_transcript(&reader, &spec->transcripts[i])
				      : stream_transcript(&reader, &spec->transcripts[i]);
	}
	assay_replay_close(reader.replay);
	assay_plugin_unload(&plugin);
	assay_instrument_spec_free(spec);
	if (status == ASSAY_OK && !kept)
		status = assay_error_set(err, ASSAY_ENOMEM, "out-of-memory", "内存不足", "out of memory");
	return status;
}
