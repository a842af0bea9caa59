/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/lab/equipment.h"

#include <string.h>

/* What a person reads off a burette, a plate or a word list; everything else comes from an instrument. */
static bool read_by_eye(const struct assay_slot *slot)
{
	return slot->typed || strcmp(slot->unit, "mL") == 0 || strcmp(slot->unit, "1") == 0 || !*slot->unit;
}

int lab_can_run(const struct assay_method *method, lab_gives *gives, void *context, const char **missing_out,
	struct assay_error *err)
{
	int found = 1;

	for (unsigned i = 0; found > 0 && i < method->slot_count; i++)
		if (!read_by_eye(&method->slot[i])) {
			found = gives(context, NULL, method->slot[i].unit, err);
			*missing_out = method->slot[i].unit;
		}
	for (unsigned i = 0; found > 0 && i < method->evidence_count; i++) {
		found = gives(context, method->evidence[i].channel, method->evidence[i].unit, err);
		*missing_out = method->evidence[i].unit;
	}
	return found;
}

static bool instrument_gives(
	const struct assay_config_instrument *instrument, const char *channel, const char *unit)
{
	for (size_t i = 0; i < instrument->channel_count; i++)
		if (strcmp(instrument->channels[i].unit, unit) == 0 &&
			(!channel || strcmp(instrument->channels[i].name, channel) == 0))
			return true;
	return false;
}

int lab_config_gives(void *context, const char *channel, const char *unit, struct assay_error *err)
{
	const struct assay_config *config = context;

	(void)err;
	for (size_t i = 0; i < config->line_count; i++) {
		const struct assay_config_line *line = &config->lines[i];

		for (size_t j = 0; j < line->instrument_count && !line->disabled; j++)
			if (instrument_gives(&line->instruments[j], channel, unit))
				return 1;
	}
	return 0;
}
