/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/wire/decode.h"

#include "gateway/wire/capture.h"
#include "gateway/wire/modbus_match.h"

#include <stdlib.h>
#include <string.h>

#define TURNS_MAX 256u

struct decoder {
	struct assay_replay *replay;
	bool modbus;
	uint32_t turn; /* the request expected to be answered next */
	uint8_t planned[ASSAY_MBAP_MAX]; /* a read of the map's unit that is none of the map's requests */
	size_t planned_length; /* 0: none */
	const uint8_t *skipped; /* bytes that fit no answer */
	size_t skipped_length;
};

static int stopped(struct assay_error *err)
{
	return assay_error_set(err, ASSAY_EREFUSED, "decode-failed", "驱动没有按约定切分字节，或输出中断",
		"the driver did not keep its contract, or the output broke off");
}

/* Does an answer to the present request begin here? Its length is known from the request. */
static struct assay_match_result answer_at(
	const struct assay_request *request, const uint8_t *bytes, size_t length)
{
	size_t wanted = 5 + (request->function <= 2 ? (request->count + 7u) / 8u : 2u * request->count);
	struct assay_match_result result = {ASSAY_MATCH_FOREIGN, 0, 0, 0};

	if (length >= 5 && bytes[1] == (request->function | 0x80))
		wanted = 5;
	if (length >= wanted)
		result = assay_rtu_match(request, bytes, wanted);
	if (result.match != ASSAY_MATCH_OURS && result.match != ASSAY_MATCH_EXCEPTION && length >= 9)
		result = assay_mbap_match(request, (uint16_t)(bytes[0] << 8 | bytes[1]), 0, bytes, length);
	return result;
}

static int tell_skipped(struct decoder *decoder)
{
	int status = 0;

	/* The frame is no answer: decode says so in the driver's name. */
	if (decoder->skipped_length)
		status = assay_replay_refuse(decoder->replay, decoder->skipped, decoder->skipped_length,
			ASSAY_REASON_BAD_FORMAT,
			"no answer to a request of this map (unit, function, count or CRC)");
	decoder->skipped_length = 0;
	return status;
}

/* The first request, from the expected one on, whose answer stands here. Leaves it outstanding. */
static bool find_turn(
	struct decoder *decoder, const uint8_t *bytes, size_t length, struct assay_match_result *out)
{
	if (decoder->planned_length &&
		assay_replay_planned(decoder->replay, decoder->planned, decoder->planned_length)) {
		*out = answer_at(assay_replay_request(decoder->replay), bytes, length);
		return out->match == ASSAY_MATCH_OURS || out->match == ASSAY_MATCH_EXCEPTION;
	}
	for (uint32_t i = 0, turn = decoder->turn; i < TURNS_MAX; i++, turn++) {
		if (!assay_replay_ask(decoder->replay, ASSAY_WANT_VALUES, turn)) {
			if (turn == 0)
				return false;
			turn = 0;
			if (!assay_replay_ask(decoder->replay, ASSAY_WANT_VALUES, turn))
				return false;
		}
		*out = answer_at(assay_replay_request(decoder->replay), bytes, length);
		if (out->match == ASSAY_MATCH_OURS || out->match == ASSAY_MATCH_EXCEPTION) {
			decoder->turn = turn + 1;
			return true;
		}
		if (turn + 1 == decoder->turn || (i && turn == decoder->turn))
			return false;
	}
	return false;
}

static int modbus_bytes(struct decoder *decoder, const uint8_t *bytes, size_t length)
{
	size_t at = 0;

	while (at < length) {
		struct assay_match_result result;

		if (!find_turn(decoder, bytes + at, length - at, &result)) {
			if (decoder->skipped_length == 0)
				decoder->skipped = bytes + at;
			decoder->skipped_length++;
			at++;
			continue;
		}
		if (tell_skipped(decoder) < 0 ||
			assay_replay_pdu(decoder->replay, bytes + at + result.pdu_at, result.pdu_length) < 0)
			return -1;
		at += result.used;
	}
	return tell_skipped(decoder);
}

/* Which of the map's requests was this? The answer to anything else will fit none. */
static void request_seen(struct decoder *decoder, const uint8_t *bytes, size_t length)
{
	decoder->planned_length = 0;
	for (uint32_t turn = 0;
		turn < TURNS_MAX && assay_replay_ask(decoder->replay, ASSAY_WANT_VALUES, turn); turn++) {
		const struct assay_request *request = assay_replay_request(decoder->replay);
		uint8_t frame[ASSAY_MBAP_MAX];
		size_t size;
		bool known;

		if (request->kind != ASSAY_REQUEST_READ)
			continue;
		size = assay_rtu_request(request, frame);
		known = size == length && memcmp(frame, bytes, size) == 0;
		size = assay_mbap_request(request, 0, frame);
		known = known || (size == length && memcmp(frame + 2, bytes + 2, size - 2) == 0);
		if (known) {
			decoder->turn = turn;
			return;
		}
	}
	if (length <= sizeof decoder->planned && assay_replay_planned(decoder->replay, bytes, length)) {
		memcpy(decoder->planned, bytes, length);
		decoder->planned_length = length;
	}
}

static int capture_rows(struct decoder *decoder, const char *path, const char *text, size_t length,
	uint8_t *scratch, struct assay_error *err)
{
	struct assay_capture_row row;
	uint8_t *joined = malloc(length + 1); /* an answer may stand in several rows */
	size_t at = 0, held = 0;
	int status = joined ? 0 : ASSAY_ENOMEM;

	while (status == 0) {
		int got = assay_capture_next(path, text, length, &at, scratch, &row, err);

		if (got < 0) {
			status = got;
			break;
		}
		if (decoder->modbus && (got == 0 || row.direction != ASSAY_CAPTURE_RX)) {
			if (held && modbus_bytes(decoder, joined, held) < 0)
				status = stopped(err);
			held = 0;
			if (got && row.direction == ASSAY_CAPTURE_TX)
				request_seen(decoder, row.bytes, row.length);
		} else if (got && row.direction == ASSAY_CAPTURE_RX && decoder->modbus) {
			memcpy(joined + held, row.bytes, row.length);
			held += row.length;
		} else if (got && row.direction == ASSAY_CAPTURE_RX) {
			if (assay_replay_feed(decoder->replay, row.bytes, row.length, ASSAY_EVENT_BYTES) < 0)
				status = stopped(err);
		}
		if (got == 0)
			break;
	}
	free(joined);
	return status;
}

int assay_decode(struct assay_replay *replay, bool modbus, const char *path, const uint8_t *bytes,
	size_t length, struct assay_error *err)
{
	struct decoder decoder = {.replay = replay, .modbus = modbus};
	uint8_t *scratch;
	int status = 0;

	if (assay_capture_is(bytes, length)) {
		scratch = malloc(ASSAY_CAPTURE_PIECE_MAX);
		if (!scratch)
			return assay_error_set(
				err, ASSAY_ENOMEM, "out-of-memory", "内存不足", "out of memory");
		status = capture_rows(&decoder, path, (const char *)bytes, length, scratch, err);
		free(scratch);
	} else if (modbus) {
		status = modbus_bytes(&decoder, bytes, length) < 0 ? stopped(err) : 0;
	} else {
		for (size_t at = 0; at < length && status == 0; at += 65536) {
			size_t piece = length - at < 65536 ? length - at : 65536;

			if (assay_replay_feed(replay, bytes + at, piece, ASSAY_EVENT_BYTES) < 0)
				status = stopped(err);
		}
	}
	if (status == 0 && assay_replay_end(replay) < 0)
		status = stopped(err);
	return status;
}
