/* SPDX-License-Identifier: Apache-2.0
 * assay driver decode: bytes in, one JSON line for each reading out. */
#include "gateway/cli/cli.h"
#include "gateway/cli/driver.h"
#include "gateway/record/sha256.h"
#include "gateway/wire/decode.h"
#include "gateway/wire/instrument_spec.h"
#include "gateway/wire/reading_words.h"
#include "limits/xml_scan.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static json_t *flags_json(uint32_t set)
{
	json_t *list = json_array();

	for (const struct assay_reading_word *word = assay_reading_flags(); word->name; word++)
		if (set & word->code)
			(void)json_array_append_new(list, json_string(word->name));
	return list;
}

/* Identities and replies are no readings; a frame that gives none says why. */
static int print_result(void *context, const struct assay_replay_result *result)
{
	const struct assay_reading *reading = result->reading;
	char *hex;
	json_t *line;

	(void)context;
	if (result->kind != ASSAY_REPLAY_READING && result->kind != ASSAY_REPLAY_REASON)
		return 0;
	hex = malloc(2 * result->frame_length + 1);
	if (!hex)
		return -1;
	assay_hex(result->frame, result->frame_length, hex);
	if (result->kind == ASSAY_REPLAY_READING)
		line = json_pack("{s:s,s:s?,s:s,s:o,s:s?,s:s?,s:s}", "channel", reading->channel, "value",
			reading->value, "unit", reading->unit, "flags", flags_json(reading->flags), "sample",
			reading->sample, "reason",
			reading->value ? NULL : assay_reading_reason_name(reading->reason), "raw", hex);
	else
		line = json_pack("{s:n,s:n,s:s,s:[],s:n,s:s,s:s?,s:s}", "channel", "value", "unit", "",
			"flags", "sample", "reason", assay_reading_reason_name(result->reason), "detail",
			result->detail, "raw", hex);
	free(hex);
	if (!line)
		return -1;
	if (json_dumpf(line, stdout, JSON_COMPACT) != 0 || putchar('\n') == EOF) {
		json_decref(line);
		return -1;
	}
	json_decref(line);
	return 0;
}

static int decode_with(const struct assay_plugin *plugin, const struct assay_setting *settings, size_t count,
	const char *capture, struct assay_error *err)
{
	struct assay_replay *replay = NULL;
	char *bytes = NULL;
	size_t length = 0;
	int status = assay_plugin_check_settings(plugin, settings, count, capture, err);

	if (status == ASSAY_OK)
		status = assay_xml_read(capture, ASSAY_DRIVER_CAPTURE_MAX, &bytes, &length, err);
	if (status == ASSAY_OK)
		status = assay_replay_open(plugin, settings, count, print_result, NULL, &replay, err);
	if (status == ASSAY_OK)
		status = assay_decode(replay, plugin->driver.link == ASSAY_LINK_MODBUS, capture,
			(const uint8_t *)bytes, length, err);
	assay_replay_close(replay);
	free(bytes);
	return status;
}

int assay_driver_decode(const struct assay_places *places, const char *instrument, const char *driver,
	const struct assay_setting *settings, size_t setting_count, const char *capture, bool json)
{
	struct assay_instrument_spec *spec = NULL;
	struct assay_plugin plugin = {0};
	struct assay_error err;
	int status = ASSAY_OK;

	if (instrument)
		status = assay_instrument_spec_read(places->specs, instrument, &spec, &err);
	if (status == ASSAY_OK)
		status = assay_plugin_load(places->drivers, spec ? spec->driver : driver, &plugin, &err);
	if (status == ASSAY_OK) {
		if (spec)
			status = decode_with(&plugin, spec->settings, spec->setting_count, capture, &err);
		else
			status = decode_with(&plugin, settings, setting_count, capture, &err);
		assay_plugin_unload(&plugin);
	}
	assay_instrument_spec_free(spec);
	return status == ASSAY_OK ? ASSAY_EXIT_DONE : assay_cli_fail(json, status, &err);
}
