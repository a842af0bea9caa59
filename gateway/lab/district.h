/* SPDX-License-Identifier: Apache-2.0
 * What is asked of the shared risk. Whoever asks reads the state by itself (read-only): however long it takes, the recorder
 * does not wait. */
#ifndef ASSAY_LAB_DISTRICT_H
#define ASSAY_LAB_DISTRICT_H

#include "gateway/analysis/district.h"

/* what: rates, trend, items, coverage or overview. request: {by, class, analyte, process, quarter, origin, before}, each may
 * be missing. A new reference (gateway/analysis/district.h); NULL with *status_out and err: ASSAY_EREFUSED "field-invalid". */
json_t *assay_district_answer(const char *what, const json_t *request, sqlite3 *state,
	const struct assay_specs *specs, int *status_out, struct assay_error *err);

#endif
