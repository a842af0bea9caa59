/* SPDX-License-Identifier: Apache-2.0
 * Calibration and intermediate checks of an instrument: due dates, check weights against their tolerance, linearity.
 * Exact, because an instrument that is out of date or failed blocks its slots. Pure functions, any thread. */
#ifndef ASSAY_ANALYSIS_CALIBRATION_H
#define ASSAY_ANALYSIS_CALIBRATION_H

#include "limits/decimal.h"

#define ASSAY_CALIBRATION_POINTS_MIN 3u
#define ASSAY_CALIBRATION_POINTS_MAX 32u

/* Days since 1970-01-01 of "YYYY-MM-DD" (1900 to 2999, proleptic Gregorian). ASSAY_EREFUSED otherwise. */
int assay_calibration_day(const char *date, int32_t *out) ASSAY_WARN_UNUSED;
/* The day `months` (1 to 240) after: the same day of the month, or its last day when that month is shorter. */
int32_t assay_calibration_add_months(int32_t day, unsigned months);

enum assay_calibration_state {
	ASSAY_CALIBRATION_NONE = 0, /* no record, or an unreadable date: blocks */
	ASSAY_CALIBRATION_IN_DATE,
	ASSAY_CALIBRATION_DUE_SOON, /* in date; due within the notice */
	ASSAY_CALIBRATION_OVERDUE /* blocks */
};

/* Good through the due day itself. due and today are "YYYY-MM-DD", due "" or NULL: none. days_left (NULL allowed) is
 * negative when overdue, 0 without a record. */
enum assay_calibration_state assay_calibration_due(
	const char *due, const char *today, unsigned notice_days, int32_t *days_left);

enum assay_check_state {
	ASSAY_CHECK_UNKNOWN = 0, /* the figures do not fit or the tolerance is not above zero: blocks */
	ASSAY_CHECK_PASSED,
	ASSAY_CHECK_FAILED /* blocks */
};

/* |reading - reference| <= tolerance, all in one unit. reference is the check weight's certified value, or its nominal
 * one. deviation (NULL allowed) is reading - reference. */
enum assay_check_state assay_calibration_check(const struct assay_decimal *reading,
	const struct assay_decimal *reference, const struct assay_decimal *tolerance,
	struct assay_fraction *deviation);

struct assay_calibration_line {
	struct assay_fraction slope, intercept; /* least squares of reading on reference */
	struct assay_fraction r_squared;
	bool has_r_squared; /* false when all readings are equal or the figure does not fit */
	struct assay_fraction
		residual[ASSAY_CALIBRATION_POINTS_MAX]; /* reading - fitted, in the readings' unit */
	unsigned worst; /* the point with the largest |residual| */
	enum assay_check_state state; /* every |residual| within the tolerance */
};

/* Fit a line through at least three points of at least three different references. ASSAY_EREFUSED
 * "calibration-points", ASSAY_EOVERFLOW "overflow"; *out is then unknown. */
int assay_calibration_fit(const struct assay_decimal *reference, const struct assay_decimal *reading,
	size_t count, const struct assay_decimal *tolerance, struct assay_calibration_line *out,
	struct assay_error *err) ASSAY_WARN_UNUSED;

#endif
