/* SPDX-License-Identifier: Apache-2.0
 * Modbus lines. RTU is sent by libmodbus (port.c); every byte that comes back is cut and matched here, because 3.1.6's
 * own confirmation drops refused frames and takes late ones. TCP is ours both ways. */
#include "gateway/wire/host_line.h"
#include "gateway/wire/modbus_match.h"

#include <string.h>

bool modbus_send(struct host_line *line)
{
	uint8_t frame[ASSAY_MBAP_MAX];

	if (line->config->transport != ASSAY_TRANSPORT_MODBUS_TCP)
		return exchange_send(line, frame, assay_rtu_request(&line->request, frame));
	line->transaction = (uint16_t)(line->transaction + ASSAY_MBAP_STRIDE);
	if (line->sent_here < 30000)
		line->sent_here++;
	return exchange_send(line, frame, assay_mbap_request(&line->request, line->transaction, frame));
}

bool modbus_echo(struct host_line *line)
{
	uint8_t frame[ASSAY_RTU_MAX];

	return line->host->port->nonce(line->host->port_context, &line->nonce) &&
	       exchange_send(line, frame, assay_rtu_echo(line->request.unit, line->nonce, frame));
}

static void matched(struct host_line *line, const struct assay_match_result *result)
{
	struct assay_frame frame = {line->window + result->pdu_at, result->pdu_length, &line->request};

	if (!line->separator)
		(void)readings_decode(line, line->asked, line->consumed + result->pdu_at, &frame, true);
}

static struct assay_match_result match(const struct host_line *line)
{
	if (line->phase == PHASE_FENCE)
		return assay_rtu_match_echo(line->request.unit, line->nonce, line->window, line->length);
	return assay_rtu_match(&line->request, line->window, line->length);
}

void modbus_rtu_bytes(struct host_line *line)
{
	struct assay_match_result result;

	line->complete = false;
	if (line->phase == PHASE_IDLE) {
		line_refuse(line, ASSAY_OUTCOME_MISMATCH, "bytes nobody asked for");
		return;
	}
	result = match(line);
	switch (result.match) {
	case ASSAY_MATCH_MORE:
		return;
	case ASSAY_MATCH_OURS:
	case ASSAY_MATCH_EXCEPTION:
		line->complete = true; /* if silence follows */
		return;
	case ASSAY_MATCH_BROKEN:
		line_refuse(line, ASSAY_OUTCOME_BAD_FRAME, "CRC or length wrong");
		return;
	default:
		line_refuse(line, ASSAY_OUTCOME_MISMATCH, "an answer, but not to this request");
	}
}

/* 5 and 6: it is busy and is asked the same again after a while. 2 and 3: less is asked for at a time. 0A and 0B: a
 * gateway has no path to it, or no answer from it. */
static void refused(struct host_line *line, uint8_t exception)
{
	char detail[sizeof line->end.detail] = "the device refuses the request";
	bool absent = exception == 0x0a || exception == 0x0b;

	ask_refused(line, exception, detail, sizeof detail);
	line_answered(line, ASSAY_OUTCOME_EXCEPTION, absent ? "the gateway cannot reach the device" : detail);
	if (absent)
		ask_failed(line);
}

static void answered(struct host_line *line, const struct assay_match_result *result)
{
	uint8_t exception = line->window[result->pdu_at + 1];

	matched(line, result);
	if (result->match == ASSAY_MATCH_EXCEPTION) {
		refused(line, exception);
		return;
	}
	line->instrument[line->asked].busy = 0;
	line_answered(line, ASSAY_OUTCOME_OK, "");
}

void modbus_rtu_complete(struct host_line *line)
{
	struct assay_match_result result = match(line);

	line->complete = false;
	if (line->phase == PHASE_FENCE) {
		exchange_end(line, ASSAY_OUTCOME_FENCE,
			result.match == ASSAY_MATCH_EXCEPTION
				? "no echo test in the device: its exception will do"
				: "");
		fence_answered(line);
		return;
	}
	answered(line, &result);
}

static void drop(struct host_line *line, size_t count)
{
	memmove(line->window, line->window + count, line->length - count);
	line->length -= count;
	line->consumed += count;
	if (line->length == 0 && line->phase == PHASE_IDLE)
		exchange_end(line, ASSAY_OUTCOME_LATE, "the answer to an earlier request");
}

/* Returns false when there is nothing more to look at. */
static bool one_adu(struct host_line *line)
{
	bool waiting = line->phase == PHASE_WAITING;
	/* While nothing is asked, the answer to the last request is an earlier one too: its number is one behind. */
	struct assay_match_result result = assay_mbap_match(&line->request,
		(uint16_t)(line->transaction + (waiting ? 0 : ASSAY_MBAP_STRIDE)),
		(uint16_t)(line->sent_here - (waiting ? 1 : 0)), line->window, line->length);

	switch (result.match) {
	case ASSAY_MATCH_MORE:
		return false;
	case ASSAY_MATCH_OLDER:
		drop(line, result.used);
		return true;
	case ASSAY_MATCH_OURS:
	case ASSAY_MATCH_EXCEPTION:
		break;
	default:
		line_hangup(line, "an answer with another unit, function, length or transaction");
		return false;
	}
	if (!waiting) {
		line_hangup(line, "an answer to a request not yet made");
		return false;
	}
	if (line->length > result.used) {
		/* what follows can only be older answers; it is looked at first, so that the value is not given away */
		struct assay_match_result rest =
			assay_mbap_match(&line->request, (uint16_t)(line->transaction + ASSAY_MBAP_STRIDE),
				line->sent_here, line->window + result.used, line->length - result.used);

		if (rest.match != ASSAY_MATCH_OLDER || rest.used != line->length - result.used) {
			line_hangup(line, "more bytes than the answer has");
			return false;
		}
	}
	answered(line, &result);
	return false;
}

void modbus_tcp_bytes(struct host_line *line)
{
	while (line->length && line->phase != PHASE_CLOSED && one_adu(line))
		;
}
