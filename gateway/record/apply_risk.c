/* SPDX-License-Identifier: Apache-2.0
 * What a result's verdict adds to the tables of shared risk. Exact: tenths of the limit are cut from fractions. */
#include "gateway/record/state_tables.h"
#include "limits/decimal.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define CHINA_OFFSET_S 28800 /* quarters are China's, so that every machine derives the same state */
#define BEYOND 10 /* tenths of the limit: above it */
#define NEAR_FROM 8

struct share {
	const char *low_text, *high_text; /* "" not known */
	int low, high; /* tenths, -1 not known */
	bool near, maybe_near;
};

static void quarter_of(int64_t wall_ns, char out[16])
{
	time_t at = (time_t)(wall_ns / 1000000000) + CHINA_OFFSET_S;
	struct tm parts = {0};

	(void)gmtime_r(&at, &parts);
	(void)snprintf(out, 16, "%04dQ%d", (parts.tm_year + 1900) % 10000, parts.tm_mon / 3 + 1);
}

/* Whole tenths; the limit itself counts to the last tenth of what passes. */
static int tenths(const struct assay_fraction *share, bool failed)
{
	int at = BEYOND - 1;

	if (failed || share->n > share->d)
		return BEYOND;
	for (; at > 0; at--) {
		const struct assay_fraction edge = {at, BEYOND};

		if (assay_fraction_compare(&edge, share) <= 0)
			break;
	}
	return at;
}

static struct share share_of(const json_t *body, const char *outcome)
{
	const json_t *member = json_object_get(body, "share");
	struct share share = {"", "", -1, -1, false, false};
	struct assay_fraction low, high;
	bool failed = strcmp(outcome, "fail") == 0;

	if (!json_is_object(member) || assay_fraction_parse(body_text(member, "low"), &low) != ASSAY_OK ||
		assay_fraction_parse(body_text(member, "high"), &high) != ASSAY_OK)
		return share;
	share.low_text = body_text(member, "low");
	share.high_text = body_text(member, "high");
	share.low = tenths(&low, failed && low.n >= low.d);
	share.high = tenths(&high, failed);
	share.near = !failed && share.low >= NEAR_FROM;
	share.maybe_near = !failed && !share.near && share.high >= NEAR_FROM;
	return share;
}

int apply_risk(struct assay_state *state, const struct assay_entry *entry, const json_t *body,
	struct assay_error *err)
{
	const char *outcome = body_text(body, "verdict");
	struct share share;
	char quarter[16];

	if (strcmp(outcome, "pass") != 0 && strcmp(outcome, "fail") != 0 &&
		strcmp(outcome, "undetermined") != 0)
		return ASSAY_OK;
	share = share_of(body, outcome);
	quarter_of(entry->wall_ns, quarter);
	return state_run(state, STATE_PUT_RISK, err, "tttiiiitti", body_text(body, "result"), quarter,
		outcome, (int64_t)share.low, (int64_t)share.high, (int64_t)share.near,
		(int64_t)share.maybe_near, share.low_text, share.high_text, (int64_t)entry->sequence);
}

int apply_risk_hold(
	struct assay_state *state, const struct assay_entry *entry, const char *hold, struct assay_error *err)
{
	char quarter[16];

	quarter_of(entry->wall_ns, quarter);
	return state_run(state, STATE_HOLD_RISK, err, "tt", hold, quarter);
}

int apply_risk_void(struct assay_state *state, const struct assay_entry *entry, const char *batch,
	struct assay_error *err)
{
	char quarter[16];

	quarter_of(entry->wall_ns, quarter);
	return state_run(state, STATE_VOID_RISK, err, "tti", batch, quarter, (int64_t)entry->sequence);
}
