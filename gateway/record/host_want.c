/* SPDX-License-Identifier: Apache-2.0
 * Which instruments the tests need now: those are asked often, the others in their steady round. */
#include "gateway/record/recorder.h"

#include <string.h>

#define LINE_INSTRUMENTS_MAX 64u /* bits of the masks */

static struct recorder_line *find(struct recorder *recorder, const char *instrument, unsigned *index_out)
{
	for (size_t i = 0; i < recorder->line_count; i++) {
		const struct assay_config_line *config = recorder->line[i].config;

		for (unsigned j = 0; j < config->instrument_count && j < LINE_INSTRUMENTS_MAX; j++)
			if (strcmp(config->instruments[j].id, instrument) == 0) {
				*index_out = j;
				return &recorder->line[i];
			}
	}
	return NULL;
}

static void on_needed(void *context, const char *instrument, bool armed)
{
	unsigned index = 0;
	struct recorder_line *line = find(context, instrument, &index);

	if (!line)
		return;
	line->needed |= 1ull << index;
	if (armed)
		line->armed |= 1ull << index;
}

int host_want_refresh(struct recorder *recorder, struct assay_error *err)
{
	int status;

	for (size_t i = 0; i < recorder->line_count; i++)
		recorder->line[i].needed = recorder->line[i].armed = 0;
	status = assay_lab_needed(&recorder->lab, on_needed, recorder, err);
	recorder->lab_changed = status != ASSAY_OK;
	recorder->tell_due = true;
	return status;
}

void host_want_take(struct recorder *recorder, const char *instrument)
{
	unsigned index = 0;
	struct recorder_line *line = find(recorder, instrument, &index);

	if (line)
		line->take_due |= 1ull << index;
	recorder->tell_due = true;
}

bool host_want_tell(struct recorder *recorder, struct recorder_line *line)
{
	uint64_t changed = (line->needed ^ line->needed_told) | line->take_due;

	bool all = true;

	(void)recorder;
	for (uint16_t i = 0; changed; i++, changed >>= 1) {
		uint64_t bit = 1ull << i;
		struct assay_want_message want = {.instrument = i,
			.needed = (line->needed & bit) != 0,
			.take = (line->take_due & bit) != 0};
		struct assay_message head = {
			.type = ASSAY_MSG_WANT, .line = line->place, .generation = line->generation};

		if (!(changed & 1))
			continue;
		if (assay_channel_send(line->host->fd, &head, &want, sizeof want, -1) != ASSAY_OK) {
			all = false;
			continue;
		}
		line->take_told |= line->take_due & bit;
		line->take_due &= ~bit;
		line->needed_told = (line->needed_told & ~bit) | (line->needed & bit);
	}
	return all;
}
