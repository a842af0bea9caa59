/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/wire/replay.h"

#include "gateway/wire/modbus_match.h"
#include "gateway/wire/reading_words.h"

#include <stdlib.h>
#include <string.h>

struct assay_replay {
	const struct assay_plugin *plugin;
	struct assay_session *session;
	assay_replay_receiver receiver;
	void *context;
	struct assay_request request;
	uint64_t consumed; /* bytes before the window */
	uint8_t *window;
	size_t length, room;
	int stopped; /* what the receiver said */
	bool answered; /* by the frame being decoded */
	struct assay_replay_result result; /* of the frame being decoded */
};

static int tell(struct assay_replay *replay, enum assay_replay_kind kind)
{
	int status;

	replay->result.kind = kind;
	status = replay->receiver(replay->context, &replay->result);
	if (status < 0)
		replay->stopped = status;
	return status;
}

static int on_reading(void *context, const struct assay_reading *reading)
{
	struct assay_replay *replay = context;

	replay->result.reading = NULL;
	if (!assay_reading_holds(reading)) {
		replay->result.reason = ASSAY_REASON_BAD_FORMAT;
		replay->result.detail = "the driver broke its contract";
		return tell(replay, ASSAY_REPLAY_REASON);
	}
	replay->result.reading = reading;
	replay->result.reason = reading->reason;
	return tell(replay, ASSAY_REPLAY_READING);
}

static int on_identity(void *context, const struct assay_identity *identity)
{
	struct assay_replay *replay = context;

	replay->result.identity = identity;
	return tell(replay, ASSAY_REPLAY_IDENTITY);
}

static int on_reply(void *context, const uint8_t *bytes, size_t length)
{
	struct assay_replay *replay = context;

	replay->result.reply = bytes;
	replay->result.reply_length = length;
	return tell(replay, ASSAY_REPLAY_REPLY);
}

static int on_reason(void *context, uint32_t reason, const char *detail)
{
	struct assay_replay *replay = context;

	if (reason == ASSAY_REASON_NONE)
		return 0;
	replay->result.reading = NULL;
	replay->result.reason = reason;
	replay->result.detail = detail;
	return tell(replay, ASSAY_REPLAY_REASON);
}

static int decode(struct assay_replay *replay, const uint8_t *bytes, size_t length)
{
	bool asked = replay->request.kind != ASSAY_REQUEST_NONE;
	const struct assay_frame frame = {bytes, length, asked ? &replay->request : NULL};
	const struct assay_sink sink = {replay, on_reading, on_identity, on_reply, on_reason};

	replay->result = (struct assay_replay_result){
		.frame = bytes, .frame_length = length, .frame_at = replay->consumed, .asked = asked};
	replay->answered = false;
	if (replay->plugin->driver.decode(replay->session, &frame, &sink) < 0 && !replay->stopped)
		(void)on_reason(replay, ASSAY_REASON_BAD_FORMAT, "the driver could not read the frame");
	return replay->stopped;
}

int assay_replay_open(const struct assay_plugin *plugin, const struct assay_setting *settings, size_t count,
	assay_replay_receiver receiver, void *context, struct assay_replay **out, struct assay_error *err)
{
	struct assay_replay *replay = calloc(1, sizeof *replay);
	char why[200] = "";

	if (!replay)
		return assay_error_set(err, ASSAY_ENOMEM, "out-of-memory", "内存不足", "out of memory");
	replay->plugin = plugin;
	replay->receiver = receiver;
	replay->context = context;
	if (plugin->driver.open(&assay_plugin_host, settings, count, &replay->session, why, sizeof why) < 0) {
		free(replay);
		return assay_error_set(err, ASSAY_EREFUSED, "driver-settings", "驱动 %s 不接受这些设置（%s）",
			"driver %s does not take these settings (%s)", plugin->driver.name, why);
	}
	*out = replay;
	return ASSAY_OK;
}

void assay_replay_close(struct assay_replay *replay)
{
	if (!replay)
		return;
	replay->plugin->driver.close(replay->session);
	free(replay->window);
	free(replay);
}

bool assay_replay_ask(struct assay_replay *replay, uint32_t want, uint32_t turn)
{
	memset(&replay->request, 0, sizeof replay->request);
	if (replay->plugin->driver.ask(replay->session, want, turn, &replay->request) < 0)
		replay->request.kind = ASSAY_REQUEST_NONE;
	return replay->request.kind != ASSAY_REQUEST_NONE;
}

bool assay_replay_planned(struct assay_replay *replay, const uint8_t *frame, size_t length)
{
	struct assay_request sent = {.kind = ASSAY_REQUEST_NONE};
	bool read = assay_modbus_read_request(frame, length, false, &sent) ||
		    assay_modbus_read_request(frame, length, true, &sent);
	bool ours = assay_replay_ask(replay, ASSAY_WANT_VALUES, 0) && replay->request.unit == sent.unit;

	replay->request = sent;
	if (!read || !ours)
		replay->request.kind = ASSAY_REQUEST_NONE;
	return replay->request.kind != ASSAY_REQUEST_NONE;
}

void assay_replay_begin(struct assay_replay *replay)
{
	replay->length = 0;
	replay->consumed = 0;
	replay->stopped = 0;
	replay->request.kind = ASSAY_REQUEST_NONE;
}

void assay_replay_answered(struct assay_replay *replay)
{
	replay->answered = true;
}

size_t assay_replay_pending(const struct assay_replay *replay)
{
	return replay->length;
}

const struct assay_request *assay_replay_request(const struct assay_replay *replay)
{
	return &replay->request;
}

static int append(struct assay_replay *replay, const uint8_t *bytes, size_t length)
{
	if (length > ASSAY_FRAME_MAX || replay->length + length > 2 * ASSAY_FRAME_MAX)
		return ASSAY_EREFUSED;
	if (replay->length + length > replay->room) {
		size_t room = 2 * (replay->length + length);
		uint8_t *window = realloc(replay->window, room);

		if (!window)
			return ASSAY_ENOMEM;
		replay->window = window;
		replay->room = room;
	}
	if (length)
		memcpy(replay->window + replay->length, bytes, length);
	replay->length += length;
	return ASSAY_OK;
}

static void consume(struct assay_replay *replay, size_t count)
{
	if (count)
		memmove(replay->window, replay->window + count, replay->length - count);
	replay->length -= count;
	replay->consumed += count;
}

static int skipped(struct assay_replay *replay, size_t count, uint32_t reason)
{
	int status = 0;

	if (reason) {
		replay->result = (struct assay_replay_result){.frame = replay->window,
			.frame_length = count,
			.frame_at = replay->consumed,
			.reason = reason};
		status = tell(replay, ASSAY_REPLAY_REASON);
	}
	consume(replay, count);
	return status;
}

int assay_replay_feed(struct assay_replay *replay, const uint8_t *bytes, size_t length, uint32_t event)
{
	const struct assay_driver *driver = &replay->plugin->driver;
	int status = driver->cut ? append(replay, bytes, length) : ASSAY_EREFUSED;

	while (status == ASSAY_OK) {
		const struct assay_window window = {replay->window, replay->length, event,
			replay->request.kind != ASSAY_REQUEST_NONE ? &replay->request : NULL};
		struct assay_cut cut = {0};

		if (driver->cut(replay->session, &window, &cut) < 0 || cut.skip > replay->length ||
			cut.frame > replay->length - cut.skip || cut.frame > ASSAY_FRAME_MAX)
			return ASSAY_EREFUSED;
		if (cut.skip == 0 && cut.frame == 0)
			break;
		status = skipped(replay, cut.skip, cut.skip ? cut.bad : 0);
		if (status == ASSAY_OK && cut.frame) {
			status = decode(replay, replay->window, cut.frame);
			consume(replay, cut.frame);
			if (replay->answered && !cut.more)
				replay->request.kind = ASSAY_REQUEST_NONE;
		}
	}
	return status;
}

int assay_replay_pdu(struct assay_replay *replay, const uint8_t *pdu, size_t length)
{
	int status = decode(replay, pdu, length);

	replay->consumed += length;
	return status;
}

int assay_replay_refuse(
	struct assay_replay *replay, const uint8_t *bytes, size_t length, uint32_t reason, const char *detail)
{
	replay->result = (struct assay_replay_result){.frame = bytes,
		.frame_length = length,
		.frame_at = replay->consumed,
		.reason = reason,
		.detail = detail};
	replay->consumed += length;
	return tell(replay, ASSAY_REPLAY_REASON);
}

int assay_replay_end(struct assay_replay *replay)
{
	int status = replay->plugin->driver.cut ? assay_replay_feed(replay, NULL, 0, ASSAY_EVENT_GAP) : 0;

	if (status == ASSAY_OK && replay->length)
		status = skipped(replay, replay->length, ASSAY_REASON_BAD_FORMAT);
	return status;
}
