/* SPDX-License-Identifier: Apache-2.0
 * Inside of the district: the state's sums as cells of risk.h, with names behind the keys. */
#ifndef ASSAY_ANALYSIS_DISTRICT_READ_H
#define ASSAY_ANALYSIS_DISTRICT_READ_H

#include "gateway/analysis/district.h"

#define DISTRICT_TENTHS 11u /* 10: beyond the limit */
#define DISTRICT_NAMES_MAX 4096u
#define DISTRICT_NAME_MAX 120u

struct district_names {
	char (*name)[DISTRICT_NAME_MAX];
	uint32_t count, room;
};

/* What risk.h does not need: by cell, and summed by group. */
struct district_more {
	uint64_t undetermined, known, censored;
	uint64_t held; /* by controls: no figures yet, in nothing else here */
	uint64_t low[DISTRICT_TENTHS], high[DISTRICT_TENTHS];
};

struct district {
	const struct assay_specs *specs;
	struct district_names
		names[ASSAY_RISK_KEYS]; /* of quarters: none, their key is year * 4 + number - 1 */
	struct assay_risk_cell *cells;
	struct district_more *more; /* of the cell of the same number */
	uint32_t count, room;
};

/* Everything wish asks for. The caller releases *out in either case. */
int district_read(sqlite3 *state, const struct assay_specs *specs, const struct assay_district_wish *wish,
	struct district *out, struct assay_error *err) ASSAY_WARN_UNUSED;
void district_release(struct district *district);

/* Cells that agree in the keys of by, sorted by key. groups and more are owned by the caller (free). */
int district_roll_up(const struct district *district, unsigned by, struct assay_risk_cell **groups_out,
	struct district_more **more_out, uint32_t *count_out, struct assay_error *err) ASSAY_WARN_UNUSED;

/* Nothing is wished, or this; "-" is what is not said. */
bool district_wanted(const char *wish, const char *value);

const char *district_name(const struct district *district, unsigned key, uint32_t number);
void district_quarter_text(uint32_t number, char out[16]);
uint32_t district_quarter_number(const char *quarter);

int district_no_memory(struct assay_error *err);

/* district_figures.c */
json_t *district_rate_json(const struct assay_rate *rate);
json_t *district_number_json(double value); /* decimal text of six digits, "" when it is none */
/* Names of the keys of by, in a new object. */
json_t *district_keys_json(const struct district *district, const struct assay_risk_cell *cell, unsigned by);
json_t *district_share_json(const struct district_more *more);
/* group without p, q, alarm and shrunk. */
json_t *district_group_json(const struct district *district, const struct assay_risk_cell *cell,
	const struct district_more *more, unsigned by);
/* Ranked groups, at most `most`; *left_out_out how many more there are. */
json_t *district_ranked(const struct district *district, unsigned by, uint32_t most, uint32_t *left_out_out,
	struct assay_error *err);

#define DISTRICT_CONFIDENCE 0.95
#define DISTRICT_DISCOVERY 0.05

#endif
