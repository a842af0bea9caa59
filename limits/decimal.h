/* SPDX-License-Identifier: Apache-2.0
 * Exact numbers: decimals with the digits that were printed, and fractions for formulas.
 * No binary floating point anywhere; what does not fit is an error value, never a near miss. */
#ifndef ASSAY_LIMITS_DECIMAL_H
#define ASSAY_LIMITS_DECIMAL_H

#include "limits/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

__extension__ typedef __int128 assay_int128;

#define ASSAY_DECIMAL_DIGITS_MAX 27u /* significant digits kept */
#define ASSAY_DECIMAL_TEXT_MAX 64u /* characters of any decimal as text, with NUL */
#define ASSAY_FRACTION_TEXT_MAX 100u

/* The mark of GB/T 8170-2008 (+)/(-): the true value is larger (digits were cut) or smaller (it was rounded
 * up) in absolute terms than what is printed. */
enum assay_mark { ASSAY_MARK_EXACT = 0, ASSAY_MARK_PLUS = 1, ASSAY_MARK_MINUS = -1 };

/* value = coefficient / 10^scale; scale digits stand after the point, trailing zeros included. */
struct assay_decimal {
	assay_int128 coefficient;
	uint8_t scale;
	int8_t mark; /* enum assay_mark */
};

/* n/d in lowest terms, d > 0. */
struct assay_fraction {
	assay_int128 n, d;
};

/* Text -?digits[.digits] exactly: no blanks, no plus sign, no exponent, no decimal comma, no full-width digits.
 * ASSAY_EREFUSED for anything else, ASSAY_EOVERFLOW beyond ASSAY_DECIMAL_DIGITS_MAX digits. *out is untouched on
 * failure. Any thread. */
int assay_decimal_parse(const char *text, size_t length, struct assay_decimal *out) ASSAY_WARN_UNUSED;

/* As it was printed, trailing zeros kept, with (+) or (-). Returns the length. */
size_t assay_decimal_format(const struct assay_decimal *value, char out[ASSAY_DECIMAL_TEXT_MAX]);

/* <0, 0, >0 by value; marks are not looked at. */
int assay_decimal_compare(const struct assay_decimal *a, const struct assay_decimal *b);

struct assay_fraction assay_fraction_of(const struct assay_decimal *value);
/* 10^exponent, exponent 0 to 38. */
assay_int128 assay_power_of_ten(unsigned exponent);
/* value times 10^exponent (-38 to 38), not put in lowest terms. ASSAY_EOVERFLOW when it does not fit. */
int assay_fraction_shift(struct assay_fraction *value, int exponent) ASSAY_WARN_UNUSED;
int assay_fraction_compare(const struct assay_fraction *a, const struct assay_fraction *b);
/* a op b, op one of + - * /. ASSAY_EOVERFLOW, or ASSAY_EREFUSED for a division by zero. out may be a or b. */
int assay_fraction_apply(char op, const struct assay_fraction *a, const struct assay_fraction *b,
	struct assay_fraction *out) ASSAY_WARN_UNUSED;
/* "n/d", or "n" when d is 1. Returns the length. */
size_t assay_fraction_format(const struct assay_fraction *value, char out[ASSAY_FRACTION_TEXT_MAX]);

/* The inverse, of what is not negative. ASSAY_EREFUSED for anything else; *out is untouched then. */
int assay_fraction_parse(const char *text, struct assay_fraction *out) ASSAY_WARN_UNUSED;

/* How a tie is broken. */
enum assay_rounding {
	ASSAY_ROUND_HALF_EVEN = 0, /* GB/T 8170-2008 clause 3.2 */
	ASSAY_ROUND_HALF_UP = 1 /* 四舍五入, where a method says so (GB 4789.2 counts) */
};

/* Round once to `scale` digits after the point (negative: tens, hundreds ...), on the absolute value, sign put
 * back (GB/T 8170 clause 3.2). The mark of the result says whether digits were cut or it was rounded up.
 * ASSAY_EOVERFLOW when the result does not fit. */
int assay_fraction_round(const struct assay_fraction *value, int scale, enum assay_rounding rounding,
	struct assay_decimal *out) ASSAY_WARN_UNUSED;

/* The same for a value that lies a little off `value`: tie is 1 when it is larger in absolute terms, -1 when smaller, 0
 * when it is value itself; only an exact half is decided by it. */
int assay_fraction_round_near(const struct assay_fraction *value, int scale, int tie,
	enum assay_rounding rounding, struct assay_decimal *out) ASSAY_WARN_UNUSED;

/* Round to `digits` significant digits (1 to 18). Zero becomes 0 with digits-1 places. */
int assay_fraction_round_significant(const struct assay_fraction *value, unsigned digits,
	enum assay_rounding rounding, struct assay_decimal *out) ASSAY_WARN_UNUSED;

/* Round a printed decimal to `scale` digits by GB/T 8170, using its (+)/(-) mark to break a tie (clause 3.3.2).
 * unit is 1, 2 or 5: plain, 0.2-unit or 0.5-unit rounding (clause 3.4) at that place. */
int assay_decimal_round(const struct assay_decimal *value, int scale, unsigned unit,
	enum assay_rounding rounding, struct assay_decimal *out) ASSAY_WARN_UNUSED;

#endif
