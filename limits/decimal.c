/* SPDX-License-Identifier: Apache-2.0 */
#include "limits/decimal.h"

#include <string.h>

#define MAX_SCALE 27

#define TEN_18 ((assay_int128)1000000000000000000)

assay_int128 assay_power_of_ten(unsigned exponent)
{
	static const int64_t small[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000,
		1000000000, 10000000000, 100000000000, 1000000000000, 10000000000000, 100000000000000,
		1000000000000000, 10000000000000000, 100000000000000000};
	assay_int128 power = 1;

	while (exponent >= 18) {
		power *= TEN_18;
		exponent -= 18;
	}
	return power * small[exponent];
}

int assay_fraction_shift(struct assay_fraction *value, int exponent)
{
	assay_int128 *side = exponent < 0 ? &value->d : &value->n;
	unsigned size = (unsigned)(exponent < 0 ? -exponent : exponent);

	if (size > 38)
		return ASSAY_EOVERFLOW;
	return __builtin_mul_overflow(*side, assay_power_of_ten(size), side) ? ASSAY_EOVERFLOW : ASSAY_OK;
}

int assay_decimal_parse(const char *text, size_t length, struct assay_decimal *out)
{
	assay_int128 coefficient = 0;
	size_t i = 0, digits = 0, significant = 0, scale = 0;
	bool negative = false, point = false;

	if (i < length && text[i] == '-') {
		negative = true;
		i++;
	}
	for (; i < length; i++) {
		if (text[i] == '.') {
			if (point || digits == 0)
				return ASSAY_EREFUSED;
			point = true;
			continue;
		}
		if (text[i] < '0' || text[i] > '9')
			return ASSAY_EREFUSED;
		digits++;
		if (significant || text[i] != '0')
			significant++;
		if (point)
			scale++;
		if (significant > ASSAY_DECIMAL_DIGITS_MAX || scale > MAX_SCALE)
			return ASSAY_EOVERFLOW;
		coefficient = coefficient * 10 + (text[i] - '0');
	}
	if (digits == 0 || (point && scale == 0))
		return ASSAY_EREFUSED;
	out->coefficient = negative ? -coefficient : coefficient;
	out->scale = (uint8_t)scale;
	out->mark = ASSAY_MARK_EXACT;
	return ASSAY_OK;
}

/* Digits of an absolute value, most significant first; at least `least` of them. */
static size_t digits_of(assay_int128 value, size_t least, char *out)
{
	char reversed[48] = {0};
	size_t count = 0;

	if (value < 0)
		value = -value;
	while (value > 0 || count < least) {
		reversed[count++] = (char)('0' + (int)(value % 10));
		value /= 10;
	}
	for (size_t i = 0; i < count; i++)
		out[i] = reversed[count - 1 - i];
	return count;
}

size_t assay_decimal_format(const struct assay_decimal *value, char out[ASSAY_DECIMAL_TEXT_MAX])
{
	char digits[48];
	size_t count = digits_of(value->coefficient, (size_t)value->scale + 1, digits);
	size_t length = 0, whole = count - value->scale;

	if (value->coefficient < 0)
		out[length++] = '-';
	memcpy(out + length, digits, whole);
	length += whole;
	if (value->scale) {
		out[length++] = '.';
		memcpy(out + length, digits + whole, value->scale);
		length += value->scale;
	}
	if (value->mark != ASSAY_MARK_EXACT) {
		memcpy(out + length, value->mark == ASSAY_MARK_PLUS ? "(+)" : "(-)", 3);
		length += 3;
	}
	out[length] = '\0';
	return length;
}

int assay_decimal_compare(const struct assay_decimal *a, const struct assay_decimal *b)
{
	struct assay_fraction left = assay_fraction_of(a), right = assay_fraction_of(b);

	return assay_fraction_compare(&left, &right);
}

static assay_int128 common_divisor(assay_int128 a, assay_int128 b)
{
	if (a < 0)
		a = -a;
	while (b) {
		assay_int128 rest = a % b;

		a = b;
		b = rest;
	}
	return a ? a : 1;
}

static struct assay_fraction reduced(assay_int128 n, assay_int128 d)
{
	assay_int128 divisor = common_divisor(n, d);
	struct assay_fraction out = {n / divisor, d / divisor};

	return out;
}

struct assay_fraction assay_fraction_of(const struct assay_decimal *value)
{
	return reduced(value->coefficient, assay_power_of_ten(value->scale));
}

static bool is_short(assay_int128 value)
{
	return value == (int64_t)value;
}

/* Exact for all values: whole parts first, then the rests turned upside down, as continued fractions do. */
int assay_fraction_compare(const struct assay_fraction *a, const struct assay_fraction *b)
{
	assay_int128 an = a->n, ad = a->d, bn = b->n, bd = b->d;
	int sign = 1;

	if (is_short(an) && is_short(ad) && is_short(bn) && is_short(bd)) {
		assay_int128 left = an * bd, right = bn * ad;

		return left < right ? -1 : left > right;
	}
	for (;;) {
		assay_int128 aw = an / ad, bw = bn / bd, ar = an % ad, br = bn % bd;

		if (ar < 0) {
			ar += ad;
			aw--;
		}
		if (br < 0) {
			br += bd;
			bw--;
		}
		if (aw != bw)
			return aw < bw ? -sign : sign;
		if (ar == 0 || br == 0)
			return ar == br ? 0 : (ar == 0 ? -sign : sign);
		an = ad;
		ad = ar;
		bn = bd;
		bd = br;
		sign = -sign;
	}
}

static int multiply(
	assay_int128 an, assay_int128 ad, assay_int128 bn, assay_int128 bd, struct assay_fraction *out)
{
	struct assay_fraction left = reduced(an, bd), right = reduced(bn, ad);
	assay_int128 n, d;

	if (__builtin_mul_overflow(left.n, right.n, &n) || __builtin_mul_overflow(left.d, right.d, &d))
		return ASSAY_EOVERFLOW;
	*out = reduced(n, d);
	return ASSAY_OK;
}

static int add(
	const struct assay_fraction *a, const struct assay_fraction *b, int sign, struct assay_fraction *out)
{
	assay_int128 divisor = common_divisor(a->d, b->d);
	assay_int128 left, right, n, d;

	if (__builtin_mul_overflow(a->n, b->d / divisor, &left) ||
		__builtin_mul_overflow(b->n * sign, a->d / divisor, &right) ||
		__builtin_add_overflow(left, right, &n) || __builtin_mul_overflow(a->d / divisor, b->d, &d))
		return ASSAY_EOVERFLOW;
	*out = reduced(n, d);
	return ASSAY_OK;
}

int assay_fraction_apply(
	char op, const struct assay_fraction *a, const struct assay_fraction *b, struct assay_fraction *out)
{
	switch (op) {
	case '+':
		return add(a, b, 1, out);
	case '-':
		return add(a, b, -1, out);
	case '*':
		return multiply(a->n, a->d, b->n, b->d, out);
	case '/':
		if (b->n == 0)
			return ASSAY_EREFUSED;
		return b->n < 0 ? multiply(-a->n, a->d, b->d, -b->n, out)
				: multiply(a->n, a->d, b->d, b->n, out);
	default:
		return ASSAY_EREFUSED;
	}
}

size_t assay_fraction_format(const struct assay_fraction *value, char out[ASSAY_FRACTION_TEXT_MAX])
{
	size_t length = 0;

	if (value->n < 0)
		out[length++] = '-';
	length += digits_of(value->n, 1, out + length);
	if (value->d != 1) {
		out[length++] = '/';
		length += digits_of(value->d, 1, out + length);
	}
	out[length] = '\0';
	return length;
}

/* Digits up to something else; false: none, or more than certainly fit. */
static bool whole_number(const char **text, assay_int128 *out)
{
	const char *at = *text;

	for (*out = 0; *at >= '0' && *at <= '9'; at++) {
		if (at - *text >= 38)
			return false;
		*out = *out * 10 + (*at - '0');
	}
	if (at == *text)
		return false;
	*text = at;
	return true;
}

int assay_fraction_parse(const char *text, struct assay_fraction *out)
{
	struct assay_fraction value = {0, 1};

	if (!whole_number(&text, &value.n))
		return ASSAY_EREFUSED;
	if (*text == '/') {
		text++;
		if (!whole_number(&text, &value.d) || value.d == 0)
			return ASSAY_EREFUSED;
	}
	if (*text)
		return ASSAY_EREFUSED;
	*out = value;
	return ASSAY_OK;
}

/* whole + rest/d on the absolute value; tie: which way an exact half goes when the mark says more than the digits. */
static int finish(assay_int128 whole, assay_int128 rest, assay_int128 d, bool negative, int tie,
	enum assay_rounding rounding, assay_int128 *out, int8_t *mark)
{
	int half = rest > d - rest ? 1 : (rest == d - rest ? 0 : -1);
	bool up = half > 0;

	if (half == 0)
		up = tie ? tie > 0 : rounding == ASSAY_ROUND_HALF_UP || (whole & 1) != 0;
	if (rest != 0)
		*mark = up ? ASSAY_MARK_MINUS : ASSAY_MARK_PLUS;
	else
		*mark = (int8_t)tie; /* nothing was dropped: what the printed mark says still holds */
	if (up)
		whole++;
	*out = negative ? -whole : whole;
	return ASSAY_OK;
}

static bool too_long(assay_int128 value)
{
	assay_int128 ceiling = assay_power_of_ten(ASSAY_DECIMAL_DIGITS_MAX);

	return value >= ceiling || value <= -ceiling;
}

/* Rounded to a multiple of 10^-scale; a negative scale leaves zeros before the point. */
static int round_scaled(const struct assay_fraction *value, int scale, int tie, enum assay_rounding rounding,
	struct assay_decimal *out)
{
	struct assay_fraction scaled = *value, power = {1, 1};
	assay_int128 whole;
	int8_t mark;
	int status;

	if (scale > MAX_SCALE || scale < -MAX_SCALE)
		return ASSAY_EOVERFLOW;
	if (scaled.n < 0)
		scaled.n = -scaled.n;
	power.n = assay_power_of_ten((unsigned)(scale < 0 ? -scale : scale));
	status = assay_fraction_apply(scale < 0 ? '/' : '*', &scaled, &power, &scaled);
	if (status != ASSAY_OK)
		return status;
	if (scaled.d <= 0)
		return ASSAY_EREFUSED;
	(void)finish(scaled.n / scaled.d, scaled.n % scaled.d, scaled.d, value->n < 0, tie, rounding, &whole,
		&mark);
	if (scale < 0 && __builtin_mul_overflow(whole, power.n, &whole))
		return ASSAY_EOVERFLOW;
	if (too_long(whole))
		return ASSAY_EOVERFLOW;
	out->coefficient = whole;
	out->scale = (uint8_t)(scale < 0 ? 0 : scale);
	out->mark = mark;
	return ASSAY_OK;
}

int assay_fraction_round(const struct assay_fraction *value, int scale, enum assay_rounding rounding,
	struct assay_decimal *out)
{
	return round_scaled(value, scale, 0, rounding, out);
}

int assay_fraction_round_near(const struct assay_fraction *value, int scale, int tie,
	enum assay_rounding rounding, struct assay_decimal *out)
{
	return round_scaled(value, scale, tie, rounding, out);
}

int assay_fraction_round_significant(const struct assay_fraction *value, unsigned digits,
	enum assay_rounding rounding, struct assay_decimal *out)
{
	struct assay_fraction size = {value->n < 0 ? -value->n : value->n, value->d};
	struct assay_fraction ten = {10, 1}, one = {1, 1};
	struct assay_decimal rounded;
	int exponent = 0, status; /* 10^exponent <= |value| < 10^(exponent+1) */

	if (digits == 0 || digits > 18)
		return ASSAY_EREFUSED;
	while (size.n != 0 && assay_fraction_compare(&size, &ten) >= 0) {
		status = assay_fraction_apply('/', &size, &ten, &size);
		if (status != ASSAY_OK)
			return status;
		exponent++;
	}
	while (size.n != 0 && assay_fraction_compare(&size, &one) < 0) {
		status = assay_fraction_apply('*', &size, &ten, &size);
		if (status != ASSAY_OK)
			return status;
		exponent--;
	}
	status = assay_fraction_round(value, (int)digits - 1 - exponent, rounding, &rounded);
	if (status != ASSAY_OK)
		return status;
	/* 9.996 to three digits is 10.0: one place less, and that is not a second rounding of the value. */
	if (size.n != 0) {
		struct assay_fraction limit = {
			assay_power_of_ten((unsigned)(exponent < -1 ? 0 : exponent + 1)), 1};
		struct assay_fraction got = assay_fraction_of(&rounded);

		if (exponent < -1)
			limit.d = assay_power_of_ten((unsigned)(-exponent - 1));
		if (got.n < 0)
			got.n = -got.n;
		if (assay_fraction_compare(&got, &limit) >= 0)
			return assay_fraction_round(value, (int)digits - 2 - exponent, rounding, out);
	}
	*out = rounded;
	return ASSAY_OK;
}

int assay_decimal_round(const struct assay_decimal *value, int scale, unsigned unit,
	enum assay_rounding rounding, struct assay_decimal *out)
{
	struct assay_fraction exact = assay_fraction_of(value), factor = {1, 1};
	struct assay_decimal rounded;
	int status;

	if (unit != 1 && unit != 2 && unit != 5)
		return ASSAY_EREFUSED;
	factor.n = unit == 1 ? 1 : 10 / (assay_int128)unit; /* 0.5 unit: times 2; 0.2 unit: times 5 */
	status = assay_fraction_apply('*', &exact, &factor, &exact);
	if (status == ASSAY_OK)
		status = round_scaled(&exact, scale, value->mark, rounding, &rounded);
	if (status != ASSAY_OK)
		return status;
	if (unit != 1) {
		/* Dividing 2X by 2 or 5X by 5 needs one more digit; it is exact. */
		if (__builtin_mul_overflow(rounded.coefficient, (assay_int128)unit, &rounded.coefficient))
			return ASSAY_EOVERFLOW;
		if (scale >= 0) {
			rounded.scale++;
		} else {
			rounded.coefficient /= 10;
		}
	}
	*out = rounded;
	return ASSAY_OK;
}
