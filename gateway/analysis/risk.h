/* SPDX-License-Identifier: Apache-2.0
 * Shared risk of a district: failure and near-limit rates of groups, shrunk toward their parents, ranked, with alarms
 * under a false-discovery rate. Works on counts that the state keeps up to date, so it costs the same for 500 batches
 * as for a million. Pure functions, any thread. */
#ifndef ASSAY_ANALYSIS_RISK_H
#define ASSAY_ANALYSIS_RISK_H

#include "gateway/analysis/rate.h"

enum assay_risk_key {
	ASSAY_RISK_CLASS, /* product class */
	ASSAY_RISK_ANALYTE,
	ASSAY_RISK_PROCESS,
	ASSAY_RISK_QUARTER,
	ASSAY_RISK_ORIGIN, /* sent in, picked up, market, sentinel */
	ASSAY_RISK_KEYS
};

#define ASSAY_RISK_BIT(key) (1u << (key))
#define ASSAY_RISK_ANY UINT32_MAX /* a key that a grouping does not look at */

/* Counts of one group. Keys are the caller's numbers for names, below ASSAY_RISK_ANY. */
struct assay_risk_cell {
	uint32_t key[ASSAY_RISK_KEYS];
	uint64_t n; /* tests with a verdict of pass or fail; undetermined ones are in no group */
	uint64_t failed; /* <= n */
	uint64_t near; /* of the n, passed, but certainly at or above the near-limit share (share.h) */
	uint64_t
		maybe_near; /* of the n, censored so that they may be near; near + maybe_near + failed <= n */
};

/* Sum cells that agree in the keys of mask (bits ASSAY_RISK_BIT); the other keys become ASSAY_RISK_ANY. out has room for
 * count cells and may be cells itself; sorted by keys. Returns how many. */
uint32_t assay_risk_roll_up(
	const struct assay_risk_cell *cells, uint32_t count, unsigned mask, struct assay_risk_cell *out);

struct assay_risk_entry {
	uint32_t cell; /* index into the cells */
	struct assay_rate failed; /* Clopper-Pearson, of the group alone */
	struct assay_rate near; /* Clopper-Pearson hull over what censored results may be */
	struct assay_rate shrunk; /* failure rate shrunk toward the parent */
	double p; /* one-sided exact test against the rest of the district */
	double q; /* p adjusted for all groups of the list (Benjamini-Hochberg) */
	bool alarm; /* q <= the false-discovery rate */
};

/* Rank groups (each with n > 0; others come last without alarm). Parents are the groups of parent_mask; a parent with
 * fewer than three children shares one with the others like it. Order: alarms first, by the lower end of the shrunk
 * interval (how bad it is at least); then the rest by p (how much speaks for it). entries has room for count.
 * ASSAY_ENOMEM. */
int assay_risk_rank(const struct assay_risk_cell *cells, uint32_t count, unsigned parent_mask,
	double confidence, double discovery_rate, struct assay_risk_entry *entries) ASSAY_WARN_UNUSED;

#endif
