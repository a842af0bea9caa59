/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/analysis/calibration.h"

#include <string.h>

static bool leap(int32_t year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int32_t month_days(int32_t year, int32_t month)
{
	static const int8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return days[month - 1] + (month == 2 && leap(year));
}

static int32_t day_number(int32_t year, int32_t month, int32_t day)
{
	int32_t before = year - 1, days = before * 365 + before / 4 - before / 100 + before / 400 - 719162;

	for (int32_t m = 1; m < month; m++)
		days += month_days(year, m);
	return days + day - 1;
}

int assay_calibration_day(const char *date, int32_t *out)
{
	int32_t part[3] = {0, 0, 0};
	static const unsigned end[] = {4, 7, 10};
	unsigned which = 0;

	if (!date || strlen(date) != 10)
		return ASSAY_EREFUSED;
	for (unsigned i = 0; i < 10; i++) {
		if (i == end[which]) {
			if (date[i] != '-')
				return ASSAY_EREFUSED;
			which++;
			continue;
		}
		if (date[i] < '0' || date[i] > '9')
			return ASSAY_EREFUSED;
		part[which] = part[which] * 10 + (date[i] - '0');
	}
	if (part[0] < 1900 || part[0] > 2999 || part[1] < 1 || part[1] > 12 || part[2] < 1 ||
		part[2] > month_days(part[0], part[1]))
		return ASSAY_EREFUSED;
	*out = day_number(part[0], part[1], part[2]);
	return ASSAY_OK;
}

int32_t assay_calibration_add_months(int32_t day, unsigned months)
{
	int32_t year = 1900, month = 1, rest = day - day_number(1900, 1, 1);

	for (; rest >= 365 + leap(year); year++)
		rest -= 365 + leap(year);
	for (; rest >= month_days(year, month); month++)
		rest -= month_days(year, month);
	month += (int32_t)months - 1;
	year += month / 12;
	month = month % 12 + 1;
	if (rest >= month_days(year, month))
		rest = month_days(year, month) - 1;
	return day_number(year, month, rest + 1);
}

enum assay_calibration_state assay_calibration_due(
	const char *due, const char *today, unsigned notice_days, int32_t *days_left)
{
	int32_t due_day, now;

	if (days_left)
		*days_left = 0;
	if (assay_calibration_day(due, &due_day) != ASSAY_OK ||
		assay_calibration_day(today, &now) != ASSAY_OK)
		return ASSAY_CALIBRATION_NONE;
	if (days_left)
		*days_left = due_day - now;
	if (now > due_day)
		return ASSAY_CALIBRATION_OVERDUE;
	return (uint32_t)(due_day - now) <= notice_days ? ASSAY_CALIBRATION_DUE_SOON
							: ASSAY_CALIBRATION_IN_DATE;
}

static struct assay_fraction size_of(struct assay_fraction value)
{
	if (value.n < 0)
		value.n = -value.n;
	return value;
}

enum assay_check_state assay_calibration_check(const struct assay_decimal *reading,
	const struct assay_decimal *reference, const struct assay_decimal *tolerance,
	struct assay_fraction *deviation)
{
	struct assay_fraction at = assay_fraction_of(reading), should = assay_fraction_of(reference),
			      allowed = assay_fraction_of(tolerance), size;

	if (deviation)
		*deviation = (struct assay_fraction){0, 1};
	if (allowed.n <= 0 || assay_fraction_apply('-', &at, &should, &at) != ASSAY_OK)
		return ASSAY_CHECK_UNKNOWN;
	if (deviation)
		*deviation = at;
	size = size_of(at);
	return assay_fraction_compare(&size, &allowed) <= 0 ? ASSAY_CHECK_PASSED : ASSAY_CHECK_FAILED;
}

/* Sums of squares and products about the means, times n: n sum(ab) - sum(a) sum(b). */
static bool product_sum(const struct assay_decimal *a, const struct assay_decimal *b, size_t count,
	struct assay_fraction *out)
{
	struct assay_fraction sum_a = {0, 1}, sum_b = {0, 1}, sum = {0, 1}, many = {(assay_int128)count, 1},
			      term;
	bool fits = true;

	for (size_t i = 0; i < count && fits; i++) {
		struct assay_fraction x = assay_fraction_of(&a[i]), y = assay_fraction_of(&b[i]);

		fits = assay_fraction_apply('*', &x, &y, &term) == ASSAY_OK &&
		       assay_fraction_apply('+', &sum, &term, &sum) == ASSAY_OK &&
		       assay_fraction_apply('+', &sum_a, &x, &sum_a) == ASSAY_OK &&
		       assay_fraction_apply('+', &sum_b, &y, &sum_b) == ASSAY_OK;
	}
	return fits && assay_fraction_apply('*', &sum, &many, &sum) == ASSAY_OK &&
	       assay_fraction_apply('*', &sum_a, &sum_b, &term) == ASSAY_OK &&
	       assay_fraction_apply('-', &sum, &term, out) == ASSAY_OK;
}

static bool mean_of(const struct assay_decimal *values, size_t count, struct assay_fraction *out)
{
	struct assay_fraction sum = {0, 1}, many = {(assay_int128)count, 1};

	for (size_t i = 0; i < count; i++) {
		struct assay_fraction value = assay_fraction_of(&values[i]);

		if (assay_fraction_apply('+', &sum, &value, &sum) != ASSAY_OK)
			return false;
	}
	return assay_fraction_apply('/', &sum, &many, out) == ASSAY_OK;
}

static bool residuals(const struct assay_decimal *reference, const struct assay_decimal *reading,
	size_t count, struct assay_calibration_line *line)
{
	struct assay_fraction largest = {-1, 1}, fitted, size;

	for (size_t i = 0; i < count; i++) {
		struct assay_fraction x = assay_fraction_of(&reference[i]),
				      y = assay_fraction_of(&reading[i]);

		if (assay_fraction_apply('*', &line->slope, &x, &fitted) != ASSAY_OK ||
			assay_fraction_apply('+', &fitted, &line->intercept, &fitted) != ASSAY_OK ||
			assay_fraction_apply('-', &y, &fitted, &line->residual[i]) != ASSAY_OK)
			return false;
		size = size_of(line->residual[i]);
		if (assay_fraction_compare(&size, &largest) > 0) {
			largest = size;
			line->worst = (unsigned)i;
		}
	}
	return true;
}

static bool fit(const struct assay_decimal *reference, const struct assay_decimal *reading, size_t count,
	struct assay_calibration_line *line)
{
	struct assay_fraction sxx, sxy, syy, mean_x, mean_y, term;

	if (!product_sum(reference, reference, count, &sxx) ||
		!product_sum(reference, reading, count, &sxy) || !mean_of(reference, count, &mean_x) ||
		!mean_of(reading, count, &mean_y) ||
		assay_fraction_apply('/', &sxy, &sxx, &line->slope) != ASSAY_OK ||
		assay_fraction_apply('*', &line->slope, &mean_x, &term) != ASSAY_OK ||
		assay_fraction_apply('-', &mean_y, &term, &line->intercept) != ASSAY_OK)
		return false;
	line->has_r_squared = product_sum(reading, reading, count, &syy) && syy.n > 0 &&
			      assay_fraction_apply('/', &sxy, &syy, &term) == ASSAY_OK &&
			      assay_fraction_apply('*', &term, &line->slope, &line->r_squared) == ASSAY_OK;
	return residuals(reference, reading, count, line);
}

static unsigned different(const struct assay_decimal *values, size_t count)
{
	unsigned kinds = 0;

	for (size_t i = 0; i < count; i++) {
		bool seen = false;

		for (size_t j = 0; j < i && !seen; j++)
			seen = assay_decimal_compare(&values[i], &values[j]) == 0;
		kinds += !seen;
	}
	return kinds;
}

int assay_calibration_fit(const struct assay_decimal *reference, const struct assay_decimal *reading,
	size_t count, const struct assay_decimal *tolerance, struct assay_calibration_line *out,
	struct assay_error *err)
{
	struct assay_fraction allowed = assay_fraction_of(tolerance), worst;

	memset(out, 0, sizeof *out);
	if (count > ASSAY_CALIBRATION_POINTS_MAX ||
		different(reference, count) < ASSAY_CALIBRATION_POINTS_MIN)
		return assay_error_set(err, ASSAY_EREFUSED, "calibration-points",
			"线性检查需要 %u 个以上不同的参考值，最多 %u 个点",
			"a linearity check takes at least %u different references and at most %u points",
			ASSAY_CALIBRATION_POINTS_MIN, ASSAY_CALIBRATION_POINTS_MAX);
	if (!fit(reference, reading, count, out))
		return assay_error_set(err, ASSAY_EOVERFLOW, "overflow", "数字太长，无法精确计算线性",
			"the figures are too long for an exact fit");
	worst = size_of(out->residual[out->worst]);
	if (allowed.n > 0)
		out->state = assay_fraction_compare(&worst, &allowed) <= 0 ? ASSAY_CHECK_PASSED
									   : ASSAY_CHECK_FAILED;
	return ASSAY_OK;
}
