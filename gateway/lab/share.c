/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/lab/share.h"

/* Of "at most": value / limit. */
static bool of_maximum(const struct assay_interval *value, const struct assay_fraction *limit,
	struct assay_fraction *low, struct assay_fraction *high)
{
	return !value->no_hi && value->lo.n >= 0 && value->hi.n > 0 &&
	       assay_fraction_apply('/', &value->lo, limit, low) == ASSAY_OK &&
	       assay_fraction_apply('/', &value->hi, limit, high) == ASSAY_OK;
}

/* Of "at least": limit / value, so that again more than 1 fails. */
static bool of_minimum(const struct assay_interval *value, const struct assay_fraction *limit,
	struct assay_fraction *low, struct assay_fraction *high)
{
	return !value->no_hi && value->lo.n > 0 &&
	       assay_fraction_apply('/', limit, &value->hi, low) == ASSAY_OK &&
	       assay_fraction_apply('/', limit, &value->lo, high) == ASSAY_OK;
}

json_t *lab_share(const struct assay_verdict *verdict)
{
	const struct assay_limit *limit = verdict->limit;
	struct assay_fraction bound, low, high;
	char low_text[ASSAY_FRACTION_TEXT_MAX], high_text[ASSAY_FRACTION_TEXT_MAX];
	bool known;

	if ((verdict->kind != ASSAY_VERDICT_PASS && verdict->kind != ASSAY_VERDICT_FAIL) || !limit ||
		!verdict->has_interval || limit->has_lower == limit->has_upper)
		return json_null();
	bound = assay_fraction_of(limit->has_upper ? &limit->upper : &limit->lower);
	known = bound.n > 0 && (limit->has_upper ? of_maximum(&verdict->interval, &bound, &low, &high)
						 : of_minimum(&verdict->interval, &bound, &low, &high));
	/* a bound that the verdict did not compare with as it stands (multiplied for dried goods ...) */
	if (!known || (verdict->kind == ASSAY_VERDICT_PASS ? low.n > low.d : high.n < high.d))
		return json_null();
	(void)assay_fraction_format(&low, low_text);
	(void)assay_fraction_format(&high, high_text);
	return json_pack("{s:s,s:s}", "low", low_text, "high", high_text);
}
