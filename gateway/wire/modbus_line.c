/* SPDX-License-Identifier: Apache-2.0
 * Modbus lines. RTU is built and sent by libmodbus; every byte that comes back is cut and matched here, because
 * 3.1.6's own confirmation drops refused frames and takes late ones. TCP is ours both ways. */
#include "gateway/wire/host_line.h"
#include "gateway/wire/modbus_match.h"

#include <modbus.h>
#include <string.h>
#include <sys/random.h>

static bool rtu_send(struct host_line *line, const uint8_t *frame, size_t length)
{
	modbus_t *context = modbus_new_rtu(line->config->port, (int)line->config->baud, line->config->parity,
		line->config->bits, line->config->stop);
	int sent = -1;

	if (!context)
		return false;
	/* libmodbus adds the CRC itself; the journalled bytes are the whole frame, and must be as many. */
	exchange_event(line, ASSAY_TX, frame, length);
	if (modbus_set_socket(context, line->fd) == 0)
		sent = modbus_send_raw_request(context, (uint8_t *)(uintptr_t)frame, (int)length - 2);
	modbus_free(context);
	return sent == (int)length;
}

bool modbus_send(struct host_line *line)
{
	uint8_t frame[ASSAY_MBAP_MAX];

	if (line->config->transport == ASSAY_TRANSPORT_MODBUS_RTU)
		return rtu_send(line, frame, assay_rtu_request(&line->request, frame));
	line->transaction++;
	if (line->outstanding < 30000)
		line->outstanding++;
	return exchange_send(line, frame, assay_mbap_request(&line->request, line->transaction, frame));
}

bool modbus_fence(struct host_line *line)
{
	uint8_t frame[ASSAY_RTU_MAX];
	struct assay_request *request = &line->request;

	memset(request, 0, sizeof *request);
	(void)line->instrument[line->asked].plugin->driver.ask(
		line->instrument[line->asked].session, ASSAY_WANT_VALUES, 0, request);
	if (getrandom(&line->nonce, sizeof line->nonce, 0) != (ssize_t)sizeof line->nonce)
		return false;
	return rtu_send(line, frame, assay_rtu_echo(request->unit, line->nonce, frame));
}

static void matched(struct host_line *line, const struct assay_match_result *result)
{
	struct assay_frame frame = {line->window + result->pdu_at, result->pdu_length, &line->request};

	(void)readings_decode(line, line->asked, line->consumed + result->pdu_at, &frame, true);
}

void modbus_rtu_bytes(struct host_line *line)
{
	struct assay_match_result result;

	if (line->phase == PHASE_FENCE) {
		result = assay_rtu_match_echo(line->request.unit, line->nonce, line->window, line->length);
		if (result.match == ASSAY_MATCH_OURS) {
			exchange_end(line, ASSAY_OUTCOME_FENCE, "");
			line_clean(line);
		} else if (result.match == ASSAY_MATCH_EXCEPTION) {
			/* No echo in this device: its answer 0x88 is one no reading can have; then as long a silence as an
			 * answer may take, so that nothing older can still be on its way. */
			uint64_t quiet = line->request.timeout_ms * ASSAY_MS;

			exchange_end(
				line, ASSAY_OUTCOME_FENCE, "no echo test in the device: waiting for silence");
			line->phase = PHASE_DRAIN;
			line->quiet_ns = quiet;
			line->answered = true; /* silence alone is enough now */
		} else if (result.match != ASSAY_MATCH_MORE) {
			line_dirty(line, ASSAY_OUTCOME_LATE, "bytes before the line was proved clean");
		}
		return;
	}
	if (line->phase != PHASE_WAITING) {
		line_dirty(line, ASSAY_OUTCOME_MISMATCH, "bytes nobody asked for");
		return;
	}
	result = assay_rtu_match(&line->request, line->window, line->length);
	switch (result.match) {
	case ASSAY_MATCH_MORE:
		return;
	case ASSAY_MATCH_OURS:
		matched(line, &result);
		line_answered(line, ASSAY_OUTCOME_OK, "");
		return;
	case ASSAY_MATCH_EXCEPTION:
		matched(line, &result);
		line_answered(line, ASSAY_OUTCOME_EXCEPTION, "the device refuses the request");
		return;
	case ASSAY_MATCH_FOREIGN:
	case ASSAY_MATCH_OLDER:
		line_dirty(line, ASSAY_OUTCOME_MISMATCH, "an answer, but not to this request");
		return;
	default:
		line_dirty(line, ASSAY_OUTCOME_BAD_FRAME, "CRC or length wrong");
	}
}

void modbus_tcp_bytes(struct host_line *line)
{
	while (line->length) {
		struct assay_match_result result;

		if (line->phase != PHASE_WAITING && line->outstanding == 0) {
			line_hangup(line, "bytes nobody asked for");
			return;
		}
		result = assay_mbap_match(&line->request, line->transaction,
			line->phase == PHASE_WAITING ? (uint16_t)(line->outstanding - 1) : line->outstanding,
			line->window, line->length);
		if (line->phase != PHASE_WAITING && result.match != ASSAY_MATCH_MORE &&
			result.match != ASSAY_MATCH_OLDER) {
			/* the answer to the request that has timed out carries the present number */
			if (result.match == ASSAY_MATCH_OURS || result.match == ASSAY_MATCH_EXCEPTION)
				result.match = ASSAY_MATCH_OLDER;
		}
		if (result.match == ASSAY_MATCH_MORE)
			return;
		if (result.match == ASSAY_MATCH_OLDER) {
			memmove(line->window, line->window + result.used, line->length - result.used);
			line->length -= result.used;
			line->consumed += result.used;
			if (line->length == 0 && line->phase != PHASE_WAITING)
				exchange_end(line, ASSAY_OUTCOME_LATE, "the answer to an earlier request");
			continue;
		}
		if (result.match != ASSAY_MATCH_OURS && result.match != ASSAY_MATCH_EXCEPTION) {
			line_hangup(line, "an answer with another unit, function, length or transaction");
			return;
		}
		if (line->length > result.used) {
			line_hangup(line, "more bytes than the answer has");
			return;
		}
		matched(line, &result);
		line->outstanding = 0;
		line_answered(line,
			result.match == ASSAY_MATCH_OURS ? ASSAY_OUTCOME_OK : ASSAY_OUTCOME_EXCEPTION,
			result.match == ASSAY_MATCH_OURS ? "" : "the device refuses the request");
	}
}
