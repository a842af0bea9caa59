/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/analysis/westgard.h"

#include <string.h>

const char *assay_westgard_name(enum assay_westgard_rule rule)
{
	static const char *const name[] = {"1-2s", "1-3s", "2-2s", "R-4s", "4-1s", "10x", "7T"};

	return (unsigned)rule < sizeof name / sizeof *name ? name[rule] : "?";
}

static void add_finding(struct assay_westgard_verdict *out, enum assay_westgard_rule rule,
	const size_t *newest_first, unsigned count)
{
	struct assay_westgard_finding *finding;

	for (unsigned f = 0; f < out->finding_count; f++) {
		const struct assay_westgard_finding *known = &out->finding[f];
		bool same = known->rule == rule && known->count == count;

		for (unsigned i = 0; same && i < count; i++)
			same = known->point[i] == newest_first[count - 1 - i];
		if (same)
			return;
	}
	if (out->finding_count == ASSAY_WESTGARD_FINDINGS_MAX)
		return;
	finding = &out->finding[out->finding_count++];
	finding->rule = rule;
	finding->count = count;
	for (unsigned i = 0; i < count; i++)
		finding->point[i] = newest_first[count - 1 - i];
}

/* The last `most` controls up to `last`, newest first, of one level or of all (level < 0); stops at a restart and at
 * a control that could not be judged. */
static unsigned window(
	const struct assay_control *controls, size_t last, int level, unsigned most, size_t *newest_first)
{
	unsigned found = 0;

	for (size_t i = last + 1; i-- > 0 && found < most;) {
		bool wanted = level < 0 || controls[i].level == (unsigned)level;

		if (wanted && controls[i].unusable)
			break;
		if (wanted)
			newest_first[found++] = i;
		if (controls[i].restart)
			break;
	}
	return found;
}

static bool same_side(const struct assay_control *controls, const size_t *at, unsigned count, unsigned beyond)
{
	const int8_t side = controls[at[0]].point.side;

	if (side == 0)
		return false;
	for (unsigned i = 0; i < count; i++)
		if (controls[at[i]].point.side != side || controls[at[i]].point.beyond < beyond)
			return false;
	return true;
}

static bool steady(const struct assay_control *controls, const size_t *at, unsigned count)
{
	int direction = assay_decimal_compare(&controls[at[0]].point.value, &controls[at[1]].point.value);

	direction = (direction > 0) - (direction < 0);
	for (unsigned i = 0; i + 1 < count; i++) {
		int step =
			assay_decimal_compare(&controls[at[i]].point.value, &controls[at[i + 1]].point.value);

		if (direction == 0 || (step > 0) - (step < 0) != direction)
			return false;
	}
	return true;
}

static void rows_ending_at(
	const struct assay_control *controls, size_t last, int level, struct assay_westgard_verdict *out)
{
	size_t at[ASSAY_WESTGARD_POINTS_MAX];
	unsigned found = window(controls, last, level, ASSAY_WESTGARD_POINTS_MAX, at);

	if (level >= 0 && found >= 2 && same_side(controls, at, 2, 2))
		add_finding(out, ASSAY_WESTGARD_2_2S, at, 2);
	if (found >= 4 && same_side(controls, at, 4, 1))
		add_finding(out, ASSAY_WESTGARD_4_1S, at, 4);
	if (found >= 10 && same_side(controls, at, 10, 0))
		add_finding(out, ASSAY_WESTGARD_10X, at, 10);
	if (level >= 0 && found >= 7 && steady(controls, at, 7))
		add_finding(out, ASSAY_WESTGARD_7T, at, 7);
}

static void within_run(
	const struct assay_control *controls, size_t first, size_t end, struct assay_westgard_verdict *out)
{
	for (size_t i = first; i < end; i++) {
		const struct assay_qc_point *a = &controls[i].point;

		if (a->beyond >= 2)
			add_finding(out, ASSAY_WESTGARD_1_2S, &i, 1);
		if (a->beyond >= 3)
			add_finding(out, ASSAY_WESTGARD_1_3S, &i, 1);
		for (size_t j = first; j < i; j++) {
			const struct assay_qc_point *b = &controls[j].point;
			size_t both[2] = {i, j};

			if (a->beyond >= 2 && b->beyond >= 2)
				add_finding(out,
					a->side == b->side ? ASSAY_WESTGARD_2_2S : ASSAY_WESTGARD_R_4S, both,
					2);
		}
	}
}

static void undetermined(struct assay_westgard_verdict *out, const char *reason)
{
	out->state = ASSAY_WESTGARD_UNDETERMINED;
	out->reason = reason;
	out->holds = true;
}

/* One run, without a look at which earlier run stood. */
static void judge_run(const struct assay_control *controls, size_t count, unsigned run, unsigned levels,
	struct assay_westgard_verdict *out)
{
	size_t first = 0, end;
	bool broken = false;

	memset(out, 0, sizeof *out);
	out->reason = "";
	while (first < count && controls[first].run < run)
		first++;
	for (end = first; end < count && controls[end].run == run; end++) {
		if (controls[end].level >= ASSAY_WESTGARD_LEVELS_MAX || controls[end].unusable) {
			undetermined(out, "control-unusable");
			return;
		}
		levels &= ~(1u << controls[end].level);
	}
	out->missing_levels = levels;
	if (levels || first == end) {
		undetermined(out, "control-missing");
		return;
	}
	for (size_t i = 1; i < end; i++)
		if (controls[i].run < controls[i - 1].run) {
			undetermined(out, "control-unordered");
			return;
		}
	within_run(controls, first, end, out);
	for (size_t i = first; i < end; i++) {
		rows_ending_at(controls, i, (int)controls[i].level, out);
		rows_ending_at(controls, i, -1, out);
	}
	for (unsigned f = 0; f < out->finding_count; f++)
		broken = broken || out->finding[f].rule != ASSAY_WESTGARD_1_2S;
	out->holds = broken;
	out->reason = broken ? "rule-broken" : "";
	out->state = broken               ? ASSAY_WESTGARD_OUT
		     : out->finding_count ? ASSAY_WESTGARD_WARNING
					  : ASSAY_WESTGARD_IN;
}

void assay_westgard_judge(const struct assay_control *controls, size_t count, unsigned run, unsigned levels,
	struct assay_westgard_verdict *out)
{
	struct assay_westgard_verdict earlier;
	size_t i = 0;

	judge_run(controls, count, run, levels, out);
	while (i < count && controls[i].run < run)
		i++;
	while (i > 0 && !out->after_good) {
		unsigned before = controls[i - 1].run;

		judge_run(controls, i, before, levels, &earlier);
		out->after_good = !earlier.holds;
		out->good_run = out->after_good ? before : 0;
		while (i > 0 && controls[i - 1].run == before)
			i--;
	}
}
