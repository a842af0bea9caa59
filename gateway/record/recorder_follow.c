/* SPDX-License-Identifier: Apache-2.0
 * The state follows the journal: exchanges, which come by the thousand, are acknowledged when the journal has them and
 * given to the state in one transaction when the recorder has a moment, at the latest after FOLLOW_NS, at the earliest
 * REST_NS after the last time. Whoever needs the
 * state as it is now - a command, an entry of another kind, a slot that waits - settles it first. */
#include "gateway/record/recorder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FOLLOW_ENTRIES 12288u
#define FOLLOW_BYTES (2u * (ASSAY_BODY_MAX + ASSAY_RAW_MAX))
#define FOLLOW_NS (500ull * 1000000u)
#define REST_NS (100ull * 1000000u) /* the more at once, the less an exchange costs the state */

int recorder_follow_open(struct recorder_follow *follow, struct assay_error *err)
{
	/* Touched as far as it is used: a few pages, mostly. */
	follow->entry = malloc(FOLLOW_ENTRIES * sizeof *follow->entry);
	follow->gist = malloc(FOLLOW_ENTRIES * sizeof *follow->gist);
	follow->bytes = malloc(FOLLOW_BYTES);
	if (follow->entry && follow->gist && follow->bytes)
		return ASSAY_OK;
	return assay_error_set(err, ASSAY_ENOMEM, "out-of-memory", "内存不足", "out of memory");
}

void recorder_follow_close(struct recorder_follow *follow)
{
	free(follow->entry);
	free(follow->gist);
	free(follow->bytes);
	memset(follow, 0, sizeof *follow);
}

void recorder_follow_forget(struct recorder_follow *follow)
{
	follow->count = follow->committed = 0;
	follow->length = follow->committed_length = 0;
}

void recorder_follow_take_back(struct recorder_follow *follow)
{
	follow->count = follow->committed;
	follow->length = follow->committed_length;
}

void recorder_follow_committed(struct recorder_follow *follow)
{
	follow->committed = follow->count;
	follow->committed_length = follow->length;
}

int recorder_follow_add(struct recorder *recorder, const struct assay_entry *entry, struct assay_error *err)
{
	struct recorder_follow *follow = &recorder->follow;
	struct assay_entry *kept;
	uint8_t *at;

	if (follow->count == FOLLOW_ENTRIES ||
		follow->length + entry->body_length + entry->raw_length > FOLLOW_BYTES) {
		int status = recorder_follow_settle(recorder, err);

		if (status != ASSAY_OK)
			return status;
	}
	if (follow->count == 0)
		follow->since_ns = recorder_now_ns();
	at = follow->bytes + follow->length;
	kept = &follow->entry[follow->count];
	*kept = *entry;
	if (entry->gist) {
		follow->gist[follow->count] = *entry->gist;
		kept->gist = &follow->gist[follow->count];
	}
	follow->count++;
	kept->body = (const char *)at;
	memcpy(at, entry->body, entry->body_length);
	at += entry->body_length;
	if (entry->raw_length) {
		kept->raw = at;
		memcpy(at, entry->raw, entry->raw_length);
	}
	follow->length += entry->body_length + entry->raw_length;
	return ASSAY_OK;
}

static int apply(struct recorder *recorder, size_t from, size_t end, struct assay_error *err)
{
	return assay_state_apply_all(recorder->state, &recorder->follow.entry[from], end - from, err);
}

int recorder_follow_settle(struct recorder *recorder, struct assay_error *err)
{
	struct recorder_follow *follow = &recorder->follow;
	size_t count = follow->count, committed = follow->committed;
	int status = ASSAY_OK;

	if (count == 0)
		return ASSAY_OK;
	if (committed) {
		assay_state_expect(recorder->state, follow->entry[committed - 1].sequence);
		status = apply(recorder, 0, committed, err);
		if (status == ASSAY_OK)
			status = assay_state_commit(recorder->state, err);
		if (status != ASSAY_OK) {
			/* the journal has them: they are applied from there, once that is possible */
			recorder_state_behind(recorder);
			return recorder_state_took(recorder, status);
		}
	}
	status = apply(recorder, committed, count, err);
	recorder_follow_forget(follow);
	follow->settled_ns = recorder_now_ns();
	return recorder_state_took(recorder, status);
}

uint64_t recorder_follow_due_ns(const struct recorder *recorder)
{
	return recorder->follow.count ? recorder->follow.settled_ns + REST_NS : UINT64_MAX;
}

void recorder_follow_rest(struct recorder *recorder, bool idle)
{
	const struct recorder_follow *follow = &recorder->follow;
	struct assay_error err;
	uint64_t now;
	int status;

	now = recorder_now_ns();
	if (follow->count == 0 || recorder->group != 0 || recorder->stop ||
		(follow->count < FOLLOW_ENTRIES / 2 &&
			now < (idle ? follow->settled_ns + REST_NS : follow->since_ns + FOLLOW_NS)))
		return;
	status = recorder_follow_settle(recorder, &err);
	if (status != ASSAY_OK)
		recorder_failed(recorder, status, &err);
}
