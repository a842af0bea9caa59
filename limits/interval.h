/* SPDX-License-Identifier: Apache-2.0
 * What a reported result says of the true value: an interval, and the text it is parsed from.
 *
 *     0.12 mg/kg             [0.12, 0.12]          0.50(+) mg/kg     (0.50, 0.505]: digits were cut
 *     <0.01 mg/kg            [0, 0.01)             >3.0e5 CFU/g      (300000, no end)
 *     ND (LOD 0.01 mg/kg)    [0, 0.01)             ND                not detected, no limit of detection stated
 *
 * "Not detected" is never the number zero. GB/T 8170-2008 clause 3.3.2 for the marks. */
#ifndef ASSAY_LIMITS_INTERVAL_H
#define ASSAY_LIMITS_INTERVAL_H

#include "limits/decimal.h"

#define ASSAY_RESULT_TEXT_MAX 160u /* bytes of one result text */
#define ASSAY_UNIT_TEXT_MAX 24u

struct assay_interval {
	struct assay_fraction lo, hi; /* d > 0; not always in lowest terms */
	bool lo_open, hi_open; /* the end itself is not possible */
	bool no_hi; /* no upper end; hi is not looked at */
};

enum assay_certainty { ASSAY_NO = -1, ASSAY_MAYBE = 0, ASSAY_YES = 1 };

/* Is every value of the interval at most the bound (below it when open)? YES, NO (none is), MAYBE (some are). */
enum assay_certainty assay_interval_at_most(
	const struct assay_interval *value, const struct assay_fraction *bound, bool open);
/* The same for "at least". */
enum assay_certainty assay_interval_at_least(
	const struct assay_interval *value, const struct assay_fraction *bound, bool open);

/* value times factor, factor > 0. ASSAY_EOVERFLOW leaves *value unspecified. */
int assay_interval_scale(struct assay_interval *value, const struct assay_fraction *factor) ASSAY_WARN_UNUSED;
/* total plus value. */
int assay_interval_add(struct assay_interval *total, const struct assay_interval *value) ASSAY_WARN_UNUSED;

enum assay_reported_kind {
	ASSAY_REPORTED_NUMBER = 1,
	ASSAY_REPORTED_BELOW = 2, /* <x */
	ASSAY_REPORTED_ABOVE = 3, /* >x */
	ASSAY_REPORTED_NOT_DETECTED = 4,
	ASSAY_REPORTED_DETECTED = 5,
	ASSAY_REPORTED_NEGATIVE = 6,
	ASSAY_REPORTED_POSITIVE = 7
};

/* One result as reported. Units are as written with u for the micro sign; "" when none stands there. */
struct assay_reported {
	enum assay_reported_kind kind;
	struct assay_decimal value; /* NUMBER, BELOW, ABOVE; the mark is inside */
	bool exponent; /* written with e or x10^; for counts only */
	char unit[ASSAY_UNIT_TEXT_MAX];
	bool has_lod, has_loq;
	struct assay_decimal lod, loq;
	char lod_unit[ASSAY_UNIT_TEXT_MAX], loq_unit[ASSAY_UNIT_TEXT_MAX];
};

/* The grammar of a result: [<|>]NUMBER[mark][ UNIT] with NUMBER -?digits[.digits], for counts also eN or x10^N (the
 * multiplication sign), mark (+) or (-); ND or 未检出 with an optional (LOD NUMBER UNIT) and (LOQ NUMBER UNIT);
 * detected, 检出; negative, 阴性; positive, 阳性. Anything else is refused, never repaired: ASSAY_EREFUSED, or
 * ASSAY_EOVERFLOW for a number that cannot be kept exactly. *out is untouched on failure. Any thread. */
int assay_result_text_parse(const char *text, size_t length, struct assay_reported *out) ASSAY_WARN_UNUSED;

/* The interval of a reported number, of <x, >x, or of "not detected" with a limit of detection (else of quantification),
 * in the unit it was reported in. ASSAY_EREFUSED when it has none. */
int assay_reported_interval(
	const struct assay_reported *reported, struct assay_interval *out) ASSAY_WARN_UNUSED;

#endif
