/* SPDX-License-Identifier: Apache-2.0
 * Which device belongs at an instrument's place. A person's word counts before lab.xml, lab.xml before the first device
 * that answered; the recorder remembers the first and the last of these. */
#include "gateway/wire/host_line.h"

#include <string.h>

const char *known_serial(const struct host_instrument *who)
{
	if (*who->known_serial)
		return who->known_serial;
	return *who->config->serial ? who->config->serial : who->seen_serial;
}

void line_known(struct host_line *line, const struct assay_known_message *known)
{
	struct host_instrument *who;
	uint64_t now = host_now_ns(line->host);

	if (known->instrument >= line->instrument_count || known->serial[sizeof known->serial - 1] != '\0')
		return;
	who = &line->instrument[known->instrument];
	if (strcmp(who->known_serial, known->serial) == 0)
		return;
	memcpy(who->known_serial, known->serial, sizeof who->known_serial);
	/* Who answers now, compared with that: asked again, and nothing counts before. */
	if (line->asked == known->instrument && (line->phase == PHASE_WAITING || line->phase == PHASE_FENCE))
		line_refuse(line, ASSAY_OUTCOME_LATE, "who belongs here has changed");
	who->identified = false;
	who->due_ns = now;
	fence_unit(line, known->instrument)->dirty = true;
	if (line->phase == PHASE_LOCKED)
		line->deadline_ns = now;
}
