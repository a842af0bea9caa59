/* SPDX-License-Identifier: Apache-2.0
 * Which device belongs at an instrument's place, told to the line's host: after HELLO, and when a person has confirmed
 * another one. */
#include "gateway/record/recorder.h"

#include <stdio.h>

void known_device_tell(struct recorder *recorder, struct recorder_line *line)
{
	const struct assay_message head = {
		.type = ASSAY_MSG_KNOWN, .line = line->place, .generation = line->generation};
	struct assay_error err;

	for (size_t i = 0; line->known_due && i < line->config->instrument_count; i++) {
		const struct assay_config_instrument *config = &line->config->instruments[i];
		struct assay_known_message known = {.instrument = (uint16_t)i};
		int status = assay_state_accepted(
			recorder->state, config->id, config->serial, known.serial, sizeof known.serial, &err);

		if (status < 0) {
			recorder_failed(recorder, status, &err);
			return;
		}
		if (known.serial[0] &&
			assay_channel_send(line->host->fd, &head, &known, sizeof known, -1) != ASSAY_OK)
			return; /* stays due */
	}
	line->known_due = false;
}
