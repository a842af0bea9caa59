/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/lab/district.h"

#include "gateway/lab/fields.h"
#include "gateway/lab/steps.h"

#include <string.h>

static int wished(const json_t *request, struct assay_district_wish *wish, struct assay_error *err)
{
	const char *by;

	memset(wish, 0, sizeof *wish);
	if (!(by = lab_may(request, "by", err)) || !(wish->class = lab_may(request, "class", err)) ||
		!(wish->analyte = lab_may(request, "analyte", err)) ||
		!(wish->process = lab_may(request, "process", err)) ||
		!(wish->quarter = lab_may(request, "quarter", err)) ||
		!(wish->origin = lab_may(request, "origin", err)))
		return ASSAY_EREFUSED;
	if (!assay_district_keys(by, &wish->by))
		return assay_error_set(err, ASSAY_EREFUSED, "field-invalid",
			"by 只能是 class、analyte、process、quarter、origin，用逗号分开",
			"by is made of class, analyte, process, quarter and origin, with commas between");
	if (!assay_district_quarter_valid(wish->quarter))
		return assay_error_set(err, ASSAY_EREFUSED, "field-invalid", "季度要写成 2026Q4，收到 %.20s",
			"a quarter is written 2026Q4, %.20s came", wish->quarter);
	wish->before = json_integer_value(json_object_get(request, "before"));
	return ASSAY_OK;
}

json_t *assay_district_answer(const char *what, const json_t *request, sqlite3 *state,
	const struct assay_specs *specs, int *status_out, struct assay_error *err)
{
	const struct assay_lab clock_only = {0};
	struct assay_district_wish wish;
	char on[16];
	json_t *value = NULL;

	*status_out = wished(request, &wish, err);
	if (*status_out == ASSAY_OK && !lab_today(&clock_only, on))
		*status_out =
			assay_error_set(err, ASSAY_EIO, "clock", "读不到日期", "the date cannot be read");
	if (*status_out != ASSAY_OK)
		return NULL;
	if (strcmp(what, "rates") == 0)
		value = assay_district_rates(state, specs, &wish, err);
	else if (strcmp(what, "trend") == 0)
		value = assay_district_trends(state, specs, &wish, err);
	else if (strcmp(what, "items") == 0)
		value = assay_district_items(state, specs, &wish, err);
	else if (strcmp(what, "coverage") == 0)
		value = assay_district_coverage(state, specs, on, err);
	else
		value = assay_district_overview(state, specs, wish.quarter, on, err);
	*status_out = value ? ASSAY_OK : ASSAY_EIO;
	return value;
}
