/* SPDX-License-Identifier: Apache-2.0
 * The closed unit table. */
#ifndef ASSAY_LIMITS_UNIT_H
#define ASSAY_LIMITS_UNIT_H

#include "limits/decimal.h"

/* A unit's place in the table, -1 when it is not a unit we know. text may hold U+03BC or U+00B5 for the micro sign. */
int assay_unit_find(const char *text);
const char *assay_unit_name(int unit);
/* A number of colonies, most probable number, or a presence test: e notation is allowed, digits are not counted. */
bool assay_unit_is_count(int unit);
/* A presence test in a portion: /25g, /25mL, /25g(mL). */
bool assay_unit_is_portion(int unit);
/* Colonies of one filtered portion, a whole number: CFU/250mL. */
bool assay_unit_is_whole(int unit);
/* Mass fraction, mass per volume: what a density leads between. */
bool assay_unit_is_mass_fraction(int unit);
bool assay_unit_is_mass_volume(int unit);
/* to = from times 10^exponent; false when they are not of one dimension. A limit per "g(mL)" takes both. */
bool assay_unit_exponent(int from, int to, int *exponent_out);

#endif
