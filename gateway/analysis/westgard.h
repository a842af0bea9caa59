/* SPDX-License-Identifier: Apache-2.0
 * Westgard's multirule: does a run of controls stand, and if not, which rule, by which points, and from where on are
 * results held. Exact. Pure functions, any thread. */
#ifndef ASSAY_ANALYSIS_WESTGARD_H
#define ASSAY_ANALYSIS_WESTGARD_H

#include "gateway/analysis/qc.h"

#define ASSAY_WESTGARD_POINTS_MAX 10u
#define ASSAY_WESTGARD_LEVELS_MAX 8u
#define ASSAY_WESTGARD_FINDINGS_MAX 32u

/* The rules. Beyond is strict: a reading exactly on a limit is inside it. */
enum assay_westgard_rule {
	ASSAY_WESTGARD_1_2S, /* one beyond 2 s: a warning */
	ASSAY_WESTGARD_1_3S, /* one beyond 3 s */
	ASSAY_WESTGARD_2_2S, /* two beyond the same 2 s: two levels of one run, or one level in two runs in a row */
	ASSAY_WESTGARD_R_4S, /* one above +2 s and one below -2 s within one run */
	ASSAY_WESTGARD_4_1S, /* four in a row beyond the same 1 s, in one level or over all levels */
	ASSAY_WESTGARD_10X, /* ten in a row on one side of the mean, in one level or over all levels */
	ASSAY_WESTGARD_7T /* seven in a row of one level, each above the one before (or each below) */
};

/* One control of one run. Controls stand in order of time, all of a run together. */
struct assay_control {
	unsigned run; /* rises from run to run */
	unsigned level; /* 0 to ASSAY_WESTGARD_LEVELS_MAX - 1 */
	bool unusable; /* measured, but without a value or a chart: the run cannot be judged */
	bool restart; /* cause found, action taken and signed: rules do not look behind this control */
	struct assay_qc_point point;
};

struct assay_westgard_finding {
	enum assay_westgard_rule rule;
	unsigned count;
	size_t point[ASSAY_WESTGARD_POINTS_MAX]; /* indices into the controls, oldest first */
};

enum assay_westgard_state {
	ASSAY_WESTGARD_UNDETERMINED = 0, /* fail closed: results are held */
	ASSAY_WESTGARD_IN,
	ASSAY_WESTGARD_WARNING, /* 1-2s alone: results stand */
	ASSAY_WESTGARD_OUT /* results are held */
};

struct assay_westgard_verdict {
	enum assay_westgard_state state;
	const char
		*reason; /* "" or "control-missing", "control-unusable", "control-unordered", "rule-broken" */
	unsigned missing_levels; /* bit for each expected level without a control in this run */
	unsigned finding_count;
	struct assay_westgard_finding finding[ASSAY_WESTGARD_FINDINGS_MAX];
	bool holds; /* results are held ... */
	bool after_good; /* ... since run `good_run` (all of them when false) */
	unsigned good_run; /* the last run before this one that stood; meaningful when after_good */
};

/* "1-3s" and so on. */
const char *assay_westgard_name(enum assay_westgard_rule rule);

/* Judge one run with what came before it. levels has a bit for every level that a run must hold. The last good run is
 * looked for among the earlier ones by the same rules. A run without controls is undetermined. */
void assay_westgard_judge(const struct assay_control *controls, size_t count, unsigned run, unsigned levels,
	struct assay_westgard_verdict *out);

#endif
