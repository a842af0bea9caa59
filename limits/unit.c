/* SPDX-License-Identifier: Apache-2.0
 * The closed unit table: exact powers of ten inside one dimension, nothing across (mg/L to mg/kg needs a density,
 * CFU and MPN never convert, nor /g with /mL, nor presence in a portion with counts). standards.md 7.6. */
#include "limits/unit.h"

#include "limits/limits.h"

#include <string.h>

/* Dimensions. G and V are "per g or mL": a limit so written takes either. */
enum {
	MASS_FRACTION = 'm',
	MASS_VOLUME = 'v',
	ALCOHOL = 'a',
	CFU_G = 'c',
	CFU_ML = 'C',
	CFU_EITHER = 'k',
	MPN_G = 'n',
	MPN_ML = 'N',
	MPN_EITHER = 'K',
	PORTION_G = 'p',
	PORTION_ML = 'P',
	PORTION_EITHER = 'q',
	FILTERED = 'f',
	EQUIVALENTS = 'e',
	MOLES = 'o',
	DENSITY = 'd'
};

static const struct {
	const char *name;
	char dimension;
	signed char per; /* 10^per of it make one g/g, one g/mL, one CFU/g ... */
} units[] = {
	{"mg/kg", MASS_FRACTION, 6},
	{"g/kg", MASS_FRACTION, 3},
	{"ug/kg", MASS_FRACTION, 9},
	{"g/100g", MASS_FRACTION, 2},
	{"%", MASS_FRACTION, 2},
	{"mg/g", MASS_FRACTION, 3},
	{"ug/g", MASS_FRACTION, 6},
	{"mg/100g", MASS_FRACTION, 5},
	{"ng/g", MASS_FRACTION, 9},
	{"ng/kg", MASS_FRACTION, 12},
	{"g/100mL", MASS_VOLUME, 2},
	{"g/L", MASS_VOLUME, 3},
	{"mg/mL", MASS_VOLUME, 3},
	{"mg/L", MASS_VOLUME, 6},
	{"mg/100mL", MASS_VOLUME, 5},
	{"ug/mL", MASS_VOLUME, 6},
	{"ug/L", MASS_VOLUME, 9},
	{"ng/mL", MASS_VOLUME, 9},
	{"ng/L", MASS_VOLUME, 12},
	{"CFU/g", CFU_G, 0},
	{"CFU/mL", CFU_ML, 0},
	{"CFU/g(mL)", CFU_EITHER, 0},
	{"MPN/g", MPN_G, 0},
	{"MPN/mL", MPN_ML, 0},
	{"MPN/g(mL)", MPN_EITHER, 0},
	{"MPN/100g", MPN_G, 2},
	{"MPN/100mL", MPN_ML, 2},
	{"/25g", PORTION_G, 0},
	{"/25mL", PORTION_ML, 0},
	{"/25g(mL)", PORTION_EITHER, 0},
	{"CFU/250mL", FILTERED, 0},
	{"%vol", ALCOHOL, 0},
	{"meq/kg", EQUIVALENTS, 0},
	{"mmol/kg", MOLES, 0},
	{"g/mL", DENSITY, 0},
	{"kg/L", DENSITY, 0},
};

/* ug, μg (U+03BC) and µg (U+00B5) are one. */
static void plain_unit(const char *text, char out[ASSAY_UNIT_TEXT_MAX])
{
	size_t length = 0;

	while (*text && length < ASSAY_UNIT_TEXT_MAX - 2) {
		if ((strncmp(text, "\xce\xbc", 2) == 0 || strncmp(text, "\xc2\xb5", 2) == 0)) {
			out[length++] = 'u';
			text += 2;
		} else {
			out[length++] = *text++;
		}
	}
	out[*text ? 0 : length] = '\0';
}

int assay_unit_find(const char *text)
{
	char plain[ASSAY_UNIT_TEXT_MAX];

	plain_unit(text, plain);
	for (size_t i = 0; i < sizeof units / sizeof *units; i++)
		if (units[i].name[0] == plain[0] && strcmp(units[i].name, plain) == 0)
			return (int)i;
	return -1;
}

const char *assay_unit_name(int unit)
{
	return unit < 0 ? "" : units[unit].name;
}

static char dimension(int unit)
{
	return unit < 0 ? '\0' : units[unit].dimension;
}

bool assay_unit_is_count(int unit)
{
	return unit >= 0 && strchr("cCknNKpPqf", dimension(unit)) != NULL;
}

bool assay_unit_is_portion(int unit)
{
	return unit >= 0 && strchr("pPq", dimension(unit)) != NULL;
}

bool assay_unit_is_whole(int unit)
{
	return dimension(unit) == FILTERED || assay_unit_is_portion(unit);
}

bool assay_unit_is_mass_fraction(int unit)
{
	return dimension(unit) == MASS_FRACTION;
}

bool assay_unit_is_mass_volume(int unit)
{
	return dimension(unit) == MASS_VOLUME;
}

bool assay_unit_exponent(int from, int to, int *exponent_out)
{
	char a = dimension(from), b = dimension(to);
	bool same = a == b || (b == CFU_EITHER && (a == CFU_G || a == CFU_ML)) ||
		    (b == MPN_EITHER && (a == MPN_G || a == MPN_ML)) ||
		    (b == PORTION_EITHER && (a == PORTION_G || a == PORTION_ML));

	if (!a || !b || !same)
		return false;
	*exponent_out = units[to].per - units[from].per;
	return true;
}

bool assay_unit_ratio(const char *from, const char *to, struct assay_fraction *out)
{
	int exponent, a = assay_unit_find(from), b = assay_unit_find(to);

	out->n = out->d = 1;
	if (a < 0 || b < 0)
		return *from && strcmp(from, to) == 0;
	return assay_unit_exponent(a, b, &exponent) && assay_fraction_shift(out, exponent) == ASSAY_OK;
}
