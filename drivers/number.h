/* SPDX-License-Identifier: Apache-2.0
 * Numbers for drivers, exactly: printed digits to the closed form of a value, integers with a scale, and IEEE-754
 * registers to the shortest decimal that reads back as the same number. Integer arithmetic only. */
#ifndef ASSAY_DRIVERS_NUMBER_H
#define ASSAY_DRIVERS_NUMBER_H

#include "drivers/driver.h"

#include <string.h>

__extension__ typedef __int128 number_wide;
__extension__ typedef unsigned __int128 number_uwide;

#define NUMBER_DIGITS_MAX 36u /* so that a wide integer always holds them */
#define NUMBER_PLACES_MAX 30

/* coefficient / 10^places */
struct number {
	number_wide coefficient;
	int places;
};

static inline number_uwide number_power(unsigned exponent)
{
	number_uwide power = 1;

	while (exponent--)
		power *= 10;
	return power;
}

/* 1 when it fits in out; trailing zeros stay. */
static inline int number_print(struct number number, char out[ASSAY_VALUE_MAX])
{
	char digits[ASSAY_VALUE_MAX + 2];
	int count = 0, written = 0;
	number_uwide rest =
		number.coefficient < 0 ? -(number_uwide)number.coefficient : (number_uwide)number.coefficient;

	if (number.places > NUMBER_PLACES_MAX || number.places < -NUMBER_PLACES_MAX)
		return 0;
	for (int i = number.places; i < 0; i++) {
		if (rest > number_power(NUMBER_DIGITS_MAX) / 10)
			return 0;
		rest *= 10;
	}
	while (rest || count <= (number.places > 0 ? number.places : 0)) {
		if (count + 4 >= (int)ASSAY_VALUE_MAX)
			return 0;
		if (rest >> 64 == 0) { /* as good as always, and a processor divides it by itself */
			uint64_t narrow = (uint64_t)rest;

			digits[count++] = (char)('0' + (int)(narrow % 10));
			rest = narrow / 10;
		} else {
			digits[count++] = (char)('0' + (int)(rest % 10));
			rest /= 10;
		}
	}
	if (number.coefficient < 0)
		out[written++] = '-';
	while (count) {
		if (count == number.places)
			out[written++] = '.';
		out[written++] = digits[--count];
	}
	out[written] = '\0';
	return 1;
}

/* -?digits[.digits] of a setting (scale, offset): 1 when it is one. */
static inline int number_read(const char *text, struct number *out)
{
	int negative = *text == '-', point = 0, digits = 0;
	number_wide value = 0;

	out->places = 0;
	for (text += negative; *text; text++) {
		if (*text == '.' && !point && digits) {
			point = 1;
		} else if (*text >= '0' && *text <= '9' && digits < 18) {
			value = value * 10 + (*text - '0');
			out->places += point;
			digits++;
		} else {
			return 0;
		}
	}
	out->coefficient = negative ? -value : value;
	return digits > 0;
}

static inline int number_fits(number_wide value)
{
	number_uwide size = value < 0 ? -(number_uwide)value : (number_uwide)value;

	return size < number_power(NUMBER_DIGITS_MAX);
}

static inline number_uwide number_size(number_wide value)
{
	return value < 0 ? -(number_uwide)value : (number_uwide)value;
}

/* a * b; 0 when it does not fit. */
static inline int number_multiply(struct number a, struct number b, struct number *out)
{
	/* two of 59 bits make less than the 36 digits there may be */
	int small = (number_size(a.coefficient) | number_size(b.coefficient)) >> 59 == 0;

	if (!small && a.coefficient &&
		number_size(b.coefficient) > number_power(NUMBER_DIGITS_MAX) / number_size(a.coefficient))
		return 0;
	out->coefficient = a.coefficient * b.coefficient;
	out->places = a.places + b.places;
	return small || number_fits(out->coefficient);
}

static inline int number_add(struct number a, struct number b, struct number *out)
{
	while (a.places < b.places || b.places < a.places) {
		struct number *shorter = a.places < b.places ? &a : &b;

		if (!number_fits(shorter->coefficient * 10) ||
			number_size(shorter->coefficient) > number_power(35))
			return 0;
		shorter->coefficient *= 10;
		shorter->places++;
	}
	out->coefficient = a.coefficient + b.coefficient;
	out->places = a.places;
	return number_fits(out->coefficient);
}

/* |c * 10^-places - m * 2^e| no more than half a unit in the last place of the float (the shortest decimal lies in the
 * float's own interval). Everything is multiplied until both sides are whole. */
static inline int number_same_float(number_uwide c, int places, uint64_t m, int e, int lowest)
{
	number_uwide left = c, right = m, unit = 1, distance;
	unsigned steps = 2;

	if (places > 0) {
		right *= number_power((unsigned)places);
		unit *= number_power((unsigned)places);
	} else {
		left *= number_power((unsigned)-places);
	}
	if (e < 0) {
		if (-e > 126 || (left && left > ((number_uwide)-1 >> 1) >> -e))
			return 0;
		left <<= -e;
	} else {
		right <<= e;
		unit <<= e;
	}
	distance = left > right ? left - right : right - left;
	/* below a power of two the next float is only half as far */
	if (lowest && left < right)
		steps = 4;
	if (distance > unit)
		return 0;
	return distance * steps < unit || (distance * steps == unit && (m & 1) == 0);
}

/* m * 2^e, m not 0. 1: the shortest decimal; 0: too large or too small to be written plainly. */
static inline int number_of_float(uint64_t m, int e, int lowest, unsigned mantissa_bits, struct number *out)
{
	number_uwide whole;
	int most = mantissa_bits > 30 ? 22 : NUMBER_PLACES_MAX;

	if (e > 118 - (int)mantissa_bits || e < -126)
		return 0;
	if (e >= 0) {
		whole = (number_uwide)m << e;
		for (int zeros = 35; zeros >= 0; zeros--) {
			number_uwide step = number_power((unsigned)zeros), c = whole / step,
				     rest = whole % step;

			c += rest > step - rest || (rest && rest == step - rest && (c & 1));
			if (c && number_same_float(c, -zeros, m, e, lowest)) {
				*out = (struct number){(number_wide)(c * step), 0};
				return 1;
			}
		}
		return 0;
	}
	for (int places = -9; places <= most; places++) {
		number_uwide scaled = (number_uwide)m, c, rest, half = (number_uwide)1 << (-e - 1);

		if (places < 0) {
			/* below 2^53, so that a step of ten is one of the whole part */
			number_uwide step = number_power((unsigned)-places) << (-e < 90 ? -e : 90);

			if (-e >= 90)
				continue;
			c = scaled / step;
			rest = scaled % step;
			c += rest > step - rest || (rest && rest == step - rest && (c & 1));
		} else {
			scaled *= number_power((unsigned)places);
			c = scaled >> -e;
			rest = scaled - (c << -e);
			c += rest > half || (rest == half && (c & 1));
		}
		if (c && number_same_float(c, places, m, e, lowest)) {
			if (places < 0) {
				c *= number_power((unsigned)-places);
				places = 0;
			}
			*out = (struct number){(number_wide)c, places};
			return 1;
		}
	}
	return 0;
}

enum number_float {
	NUMBER_FLOAT_FINITE,
	NUMBER_FLOAT_NAN,
	NUMBER_FLOAT_ABOVE,
	NUMBER_FLOAT_BELOW,
	NUMBER_FLOAT_RANGE
};

/* IEEE 754 binary32 (bits 32) or binary64 (bits 64). */
static inline enum number_float number_from_ieee(uint64_t word, unsigned bits, struct number *out)
{
	unsigned fraction_bits = bits == 32 ? 23 : 52;
	int exponent_mask = bits == 32 ? 0xff : 0x7ff, bias = bits == 32 ? 150 : 1075;
	int negative = (int)(word >> (bits - 1)) & 1, exponent = (int)(word >> fraction_bits) & exponent_mask;
	uint64_t fraction = word & (((uint64_t)1 << fraction_bits) - 1), m = fraction;

	if (exponent == exponent_mask)
		return fraction ? NUMBER_FLOAT_NAN : negative ? NUMBER_FLOAT_BELOW : NUMBER_FLOAT_ABOVE;
	if (exponent)
		m |= (uint64_t)1 << fraction_bits;
	else
		exponent = 1;
	*out = (struct number){0, 0};
	if (m && !number_of_float(m, exponent - bias, fraction == 0 && exponent > 1, fraction_bits + 1, out))
		return NUMBER_FLOAT_RANGE;
	if (negative)
		out->coefficient = -out->coefficient;
	return NUMBER_FLOAT_FINITE;
}

/* How an instrument may print a number. */
#define NUMBER_COMMA 1u /* the decimal mark is a comma */
#define NUMBER_EXPONENT 2u /* 1.23E-02 is written out */

/* Printed text to the closed form. Blanks around it and after the sign, a plus sign, superfluous zeros in front and one
 * digit in brackets at the end (not verified, but shown) are allowed; anything else is no number. 1 or 0. */
static inline int number_canonical(const char *text, size_t length, unsigned how, char out[ASSAY_VALUE_MAX])
{
	struct number number = {0, 0};
	int negative = 0, point = 0, digits = 0, exponent = 0, bracket = 0;
	size_t at = 0;

	while (length && text[length - 1] == ' ')
		length--;
	while (at < length && text[at] == ' ')
		at++;
	if (at < length && (text[at] == '-' || text[at] == '+'))
		negative = text[at++] == '-';
	while (at < length && text[at] == ' ')
		at++;
	for (; at < length; at++) {
		char c = text[at];

		if (c >= '0' && c <= '9' && bracket < 2) {
			if (digits >= (int)NUMBER_DIGITS_MAX - 1)
				return 0;
			number.coefficient = number.coefficient * 10 + (c - '0');
			number.places += point;
			digits++;
		} else if (c == (how & NUMBER_COMMA ? ',' : '.') && !point && !bracket) {
			point = 1;
		} else if (c == '[' && !bracket && at + 3 == length && text[at + 2] == ']') {
			bracket = 1;
		} else if (c == ']' && bracket == 1) {
			bracket = 2;
		} else {
			break;
		}
	}
	if (digits == 0)
		return 0;
	if (at < length && (how & NUMBER_EXPONENT) && (text[at] == 'E' || text[at] == 'e')) {
		int below = 0, seen = 0;

		at++;
		if (at < length && (text[at] == '-' || text[at] == '+'))
			below = text[at++] == '-';
		for (; at < length && text[at] >= '0' && text[at] <= '9' && seen < 3; at++, seen++)
			exponent = exponent * 10 + (text[at] - '0');
		if (seen == 0)
			return 0;
		number.places += below ? exponent : -exponent;
	}
	if (at < length)
		return 0;
	if (!number_print(number, out + negative))
		return 0;
	if (negative)
		out[0] = '-'; /* number_print leaves room for it */
	return 1;
}

#endif
