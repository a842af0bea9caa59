/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/wire/transcript.h"

#include "gateway/wire/reading_words.h"
#include "gateway/wire/replay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct comparison {
	const struct assay_transcript *transcript;
	size_t seen;
	bool differs;
	char serial[64], model[64];
	char got[300];
};

static void keep(char *out, size_t size, const char *text)
{
	(void)snprintf(out, size, "%s", text ? text : "");
}

static bool same(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "") == 0;
}

/* Remembers the first difference. */
static int compare(void *context, const struct assay_replay_result *result)
{
	static const struct assay_reading none = {.channel = "", .value = "", .unit = "", .sample = ""};
	struct comparison *comparison = context;
	const struct assay_transcript *transcript = comparison->transcript;
	const struct assay_transcript_reading *want;
	const struct assay_reading *got = result->reading ? result->reading : &none;
	char flags[160];

	if (result->kind == ASSAY_REPLAY_IDENTITY) {
		if (result->identity->serial)
			keep(comparison->serial, sizeof comparison->serial, result->identity->serial);
		if (result->identity->model)
			keep(comparison->model, sizeof comparison->model, result->identity->model);
		return 0;
	}
	if (result->kind == ASSAY_REPLAY_REPLY)
		return 0;
	if (result->kind == ASSAY_REPLAY_REASON)
		got = &none;
	want = comparison->seen < transcript->reading_count ? &transcript->readings[comparison->seen] : NULL;
	(void)assay_reading_flags_text(got->flags, flags, sizeof flags);
	comparison->seen++;
	if (want && same(want->channel, got->channel) && same(want->value, got->value) &&
		same(want->unit, got->unit) && same(want->flags, flags) && same(want->sample, got->sample) &&
		same(want->reason, assay_reading_reason_name(result->reason)))
		return 0;
	if (!comparison->differs)
		(void)snprintf(comparison->got, sizeof comparison->got,
			"channel \"%s\" value \"%s\" unit \"%s\" flags \"%s\" sample \"%s\" reason \"%s\"",
			got->channel, got->value ? got->value : "", got->unit, flags,
			got->sample ? got->sample : "", assay_reading_reason_name(result->reason));
	comparison->differs = true;
	return 0;
}

static int verdict(const char *path, const struct comparison *comparison, struct assay_error *err)
{
	const struct assay_transcript *transcript = comparison->transcript;

	if (comparison->differs)
		return assay_error_set(err, ASSAY_EREFUSED, "transcript-differs",
			"%s:%u：样本“%s”读出了意外的结果：%s",
			"%s:%u: transcript \"%s\" gives something else: %s", path, transcript->line,
			transcript->name, comparison->got);
	if (comparison->seen != transcript->reading_count)
		return assay_error_set(err, ASSAY_EREFUSED, "transcript-differs",
			"%s:%u：样本“%s”读出 %zu 个结果，应为 %zu 个",
			"%s:%u: transcript \"%s\" gives %zu readings instead of %zu", path, transcript->line,
			transcript->name, comparison->seen, transcript->reading_count);
	if (!same(comparison->serial, transcript->serial) || !same(comparison->model, transcript->model))
		return assay_error_set(err, ASSAY_EREFUSED, "transcript-differs",
			"%s:%u：样本“%s”认出的仪器是 \"%s\" \"%s\"",
			"%s:%u: transcript \"%s\" identifies \"%s\" \"%s\"", path, transcript->line,
			transcript->name, comparison->serial, comparison->model);
	return ASSAY_OK;
}

static int feed(struct assay_replay *replay, const struct assay_transcript *transcript, const size_t *ends,
	size_t end_count)
{
	size_t at = 0;

	for (size_t i = 0; i < end_count; i++) {
		if (assay_replay_feed(replay, transcript->bytes + at, ends[i] - at, ASSAY_EVENT_BYTES) < 0)
			return -1;
		at = ends[i];
	}
	return assay_replay_end(replay);
}

int assay_transcript_check(const char *path, const struct assay_plugin *plugin,
	const struct assay_instrument_spec *spec, const struct assay_transcript *transcript,
	const size_t *ends, size_t end_count, struct assay_error *err)
{
	struct comparison comparison = {.transcript = transcript};
	bool modbus = plugin->driver.link == ASSAY_LINK_MODBUS;
	struct assay_replay *replay = NULL;
	int status = assay_replay_open(
		plugin, spec->settings, spec->setting_count, compare, &comparison, &replay, err);

	if (status != ASSAY_OK)
		return status;
	if ((modbus || transcript->asked) && !assay_replay_ask(replay, transcript->want, transcript->turn))
		status = assay_error_set(err, ASSAY_EREFUSED, "transcript-differs", "%s:%u：没有第 %u 个请求",
			"%s:%u: there is no request number %u", path, transcript->line, transcript->turn);
	else if ((modbus ? assay_replay_pdu(replay, transcript->bytes, transcript->length)
			 : feed(replay, transcript, ends, end_count)) < 0)
		status = assay_error_set(err, ASSAY_EREFUSED, "transcript-differs",
			"%s:%u：驱动没有按约定切分字节", "%s:%u: the driver did not keep its contract", path,
			transcript->line);
	assay_replay_close(replay);
	return status == ASSAY_OK ? verdict(path, &comparison, err) : status;
}

int assay_transcripts_check(const char *path, const struct assay_plugin *plugin,
	const struct assay_instrument_spec *spec, struct assay_error *err)
{
	int status = assay_plugin_check_settings(plugin, spec->settings, spec->setting_count, path, err);

	for (size_t i = 0; i < spec->transcript_count && status == ASSAY_OK; i++) {
		const struct assay_transcript *transcript = &spec->transcripts[i];
		size_t *ends = calloc(transcript->length + 1, sizeof *ends);

		if (!ends)
			return assay_error_set(
				err, ASSAY_ENOMEM, "out-of-memory", "内存不足", "out of memory");
		for (size_t j = 0; j < transcript->length; j++)
			ends[j] = j + 1;
		status = assay_transcript_check(path, plugin, spec, transcript, &transcript->length, 1, err);
		if (status == ASSAY_OK)
			status = assay_transcript_check(
				path, plugin, spec, transcript, ends, transcript->length, err);
		free(ends);
	}
	return status;
}
