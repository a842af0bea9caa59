/* SPDX-License-Identifier: Apache-2.0
 * Formulas of methods: + - * / ( ), decimal numbers and slot names, on exact fractions. */
#ifndef ASSAY_LIMITS_FORMULA_H
#define ASSAY_LIMITS_FORMULA_H

#include "limits/decimal.h"

#define ASSAY_FORMULA_DEPTH_MAX 32u

/* Look up a name; ASSAY_ENOTFOUND when it has no value. */
typedef int assay_formula_value(void *context, const char *name, size_t length, struct assay_fraction *out);

/* ASSAY_EREFUSED for bad syntax or a division by zero, ASSAY_EOVERFLOW, or what value returned. */
int assay_formula_evaluate(const char *formula, assay_formula_value *value, void *context,
	struct assay_fraction *out) ASSAY_WARN_UNUSED;

#endif
