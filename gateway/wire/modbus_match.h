/* SPDX-License-Identifier: Apache-2.0
 * Modbus framing and matching, without input or output: is this the answer to that request?
 * Modbus over Serial Line v1.02 (RTU) and Modbus Messaging on TCP/IP v1.0b (MBAP). */
#ifndef ASSAY_WIRE_MODBUS_MATCH_H
#define ASSAY_WIRE_MODBUS_MATCH_H

#include "drivers/driver.h"

#include <stdbool.h>

#define ASSAY_RTU_MAX 256u
#define ASSAY_MBAP_MAX 260u

/* Transaction numbers go up in steps: a device that answers with the number beside the right one is found out. */
#define ASSAY_MBAP_STRIDE 251u
#define ASSAY_MBAP_OLDER_MAX 200u /* further back than so many requests is nobody's */

enum assay_match {
	ASSAY_MATCH_MORE = 0, /* not complete yet */
	ASSAY_MATCH_OURS = 1, /* complete, checked, the answer to this request */
	ASSAY_MATCH_EXCEPTION = 2, /* likewise, and the device refuses */
	ASSAY_MATCH_OLDER = 3, /* TCP: a whole answer to an earlier transaction: drop it and wait on */
	ASSAY_MATCH_FOREIGN =
		4, /* another unit, function, length or transaction: nothing after it can be trusted */
	ASSAY_MATCH_BROKEN = 5 /* CRC or framing wrong */
};

struct assay_match_result {
	enum assay_match match;
	size_t used; /* bytes of the frame, for OURS, EXCEPTION, OLDER */
	size_t pdu_at; /* where the PDU begins */
	size_t pdu_length;
};

uint16_t assay_rtu_crc(const uint8_t *bytes, size_t length);

/* The request's bytes with CRC; returns the length (8). */
size_t assay_rtu_request(const struct assay_request *request, uint8_t out[ASSAY_RTU_MAX]);
/* The read request in a frame that was sent. False: it is no whole read request. */
bool assay_modbus_read_request(const uint8_t *frame, size_t length, bool tcp, struct assay_request *out);
/* Echo test (function 8, sub-function 0) with a nonce. */
size_t assay_rtu_echo(uint8_t unit, uint16_t nonce, uint8_t out[ASSAY_RTU_MAX]);
struct assay_match_result assay_rtu_match(
	const struct assay_request *request, const uint8_t *bytes, size_t length);
/* OURS: the nonce came back; EXCEPTION: the unit knows no function 8 (exception 0x88). */
struct assay_match_result assay_rtu_match_echo(
	uint8_t unit, uint16_t nonce, const uint8_t *bytes, size_t length);

size_t assay_mbap_request(
	const struct assay_request *request, uint16_t transaction, uint8_t out[ASSAY_MBAP_MAX]);
/* earlier: how many requests before this one were sent on this connection, each ASSAY_MBAP_STRIDE apart: OLDER. */
struct assay_match_result assay_mbap_match(const struct assay_request *request, uint16_t transaction,
	uint16_t earlier, const uint8_t *bytes, size_t length);

#endif
