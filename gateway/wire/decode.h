/* SPDX-License-Identifier: Apache-2.0
 * A capture into a driver: raw bytes from the device, or a capture file with both directions. Cut and decode only. */
#ifndef ASSAY_WIRE_DECODE_H
#define ASSAY_WIRE_DECODE_H

#include "gateway/wire/replay.h"

/* bytes: the whole file; path is for messages. Results go to the receiver replay was opened with. Modbus plugins get
 * answers matched to the requests of their map: by the requests in the capture, else by shape, in the order they are
 * asked; RTU and TCP framing are told apart by their checks. 0, or negative with err. */
int assay_decode(struct assay_replay *replay, bool modbus, const char *path, const uint8_t *bytes,
	size_t length, struct assay_error *err) ASSAY_WARN_UNUSED;

#endif
