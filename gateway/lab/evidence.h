/* SPDX-License-Identifier: Apache-2.0
 * Evidence 试验条件: what a channel did between two weighings. */
#ifndef ASSAY_LAB_EVIDENCE_H
#define ASSAY_LAB_EVIDENCE_H

#include "limits/limits.h"

#include <jansson.h>
#include <sqlite3.h>

/* One rule of a sheet (gateway/lab/entries.h) for one test. over: the window is closed, so the record must reach to
 * its end. Readings in another unit or without a number do not count, and leave a gap. A gap is longer than ten times
 * the instrument's period, and than ten seconds. Fills *found_out. The new object is
 * {role, instrument, channel, unit, from, to, min, max, count, low, high, status}; NULL with err. */
json_t *lab_evidence(sqlite3 *state, const char *test, const json_t *rule, const char *instrument, bool over,
	struct assay_evidence_found *found_out, struct assay_error *err);

#endif
