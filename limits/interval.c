/* SPDX-License-Identifier: Apache-2.0 */
#include "limits/interval.h"

#include <string.h>

enum assay_certainty assay_interval_at_most(
	const struct assay_interval *value, const struct assay_fraction *bound, bool open)
{
	int order = assay_fraction_compare(&value->lo, bound);

	if (order > 0 || (order == 0 && (open || value->lo_open)))
		return ASSAY_NO;
	if (value->no_hi)
		return ASSAY_MAYBE;
	order = assay_fraction_compare(&value->hi, bound);
	return order < 0 || (order == 0 && (!open || value->hi_open)) ? ASSAY_YES : ASSAY_MAYBE;
}

enum assay_certainty assay_interval_at_least(
	const struct assay_interval *value, const struct assay_fraction *bound, bool open)
{
	int order;

	if (!value->no_hi) {
		order = assay_fraction_compare(&value->hi, bound);
		if (order < 0 || (order == 0 && (open || value->hi_open)))
			return ASSAY_NO;
	}
	order = assay_fraction_compare(&value->lo, bound);
	return order > 0 || (order == 0 && (!open || value->lo_open)) ? ASSAY_YES : ASSAY_MAYBE;
}

int assay_interval_scale(struct assay_interval *value, const struct assay_fraction *factor)
{
	int status = ASSAY_OK;

	if (factor->n == factor->d)
		return ASSAY_OK;
	status = assay_fraction_apply('*', &value->lo, factor, &value->lo);
	if (status == ASSAY_OK && !value->no_hi)
		status = assay_fraction_apply('*', &value->hi, factor, &value->hi);
	return status;
}

int assay_interval_add(struct assay_interval *total, const struct assay_interval *value)
{
	int status = assay_fraction_apply('+', &total->lo, &value->lo, &total->lo);

	total->no_hi = total->no_hi || value->no_hi;
	if (status == ASSAY_OK && !total->no_hi)
		status = assay_fraction_apply('+', &total->hi, &value->hi, &total->hi);
	total->lo_open = total->lo_open || value->lo_open;
	total->hi_open = total->hi_open || value->hi_open;
	return status;
}

static struct assay_fraction plain(const struct assay_decimal *value)
{
	struct assay_fraction out = {value->coefficient, assay_power_of_ten(value->scale)};

	return out;
}

/* (+): the absolute value is larger, by at most half a unit of the last digit; (-): smaller. */
static int marked(const struct assay_decimal *value, struct assay_interval *out)
{
	bool away = value->mark == ASSAY_MARK_PLUS, negative = value->coefficient < 0;
	struct assay_fraction end = {value->coefficient, 0}, at = plain(value);
	int up = away != negative ? 1 : -1; /* which way the true value lies */

	if (value->coefficient == 0 && !away)
		return ASSAY_EREFUSED;
	end.n = value->coefficient * 2 + up;
	end.d = at.d * 2;
	out->lo = up > 0 ? at : end;
	out->hi = up > 0 ? end : at;
	out->lo_open = up > 0;
	out->hi_open = up < 0;
	return ASSAY_OK;
}

int assay_reported_interval(const struct assay_reported *reported, struct assay_interval *out)
{
	const struct assay_fraction zero = {0, 1};
	const struct assay_decimal *below = NULL;

	memset(out, 0, sizeof *out);
	out->lo = out->hi = zero;
	switch (reported->kind) {
	case ASSAY_REPORTED_NUMBER:
		if (reported->value.mark != ASSAY_MARK_EXACT)
			return marked(&reported->value, out);
		out->lo = out->hi = plain(&reported->value);
		return ASSAY_OK;
	case ASSAY_REPORTED_ABOVE:
		out->lo = plain(&reported->value);
		out->lo_open = out->no_hi = true;
		return ASSAY_OK;
	case ASSAY_REPORTED_BELOW:
		below = &reported->value;
		break;
	case ASSAY_REPORTED_NOT_DETECTED:
		below = reported->has_lod ? &reported->lod : (reported->has_loq ? &reported->loq : NULL);
		break;
	default:
		break;
	}
	if (!below || below->coefficient <= 0)
		return ASSAY_EREFUSED;
	out->hi = plain(below);
	out->hi_open = true;
	return ASSAY_OK;
}
