/* SPDX-License-Identifier: Apache-2.0
 * Talking to the recorder over DIR/run/assay.sock: one JSON object a line each way. The commands and their answers:
 * gateway/lab/query.h. */
#ifndef ASSAY_CLI_CLIENT_H
#define ASSAY_CLI_CLIENT_H

#include "limits/error.h"

#include <jansson.h>

/* Send request {"cmd": ...}, wait for the answer (at most 10 s). request is borrowed; *answer is the caller's.
 * ASSAY_ENOTFOUND "not-running" when no recorder answers in DIR; ASSAY_EGONE when it hung up before it answered (a
 * change may or may not have been made); else the status and error the recorder gave. */
int assay_client_call(
	const char *dir, const json_t *request, json_t **answer, struct assay_error *err) ASSAY_WARN_UNUSED;

#endif
