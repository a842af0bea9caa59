/* SPDX-License-Identifier: Apache-2.0
 * Examples with a known answer that the installed program works out again: part of assay qualify. */
#ifndef ASSAY_CARE_WORKED_EXAMPLES_H
#define ASSAY_CARE_WORKED_EXAMPLES_H

#include "limits/limits.h"

#include <jansson.h>

/* Each: {check, ran, good, failed: [{example, wanted, found}]}, a new reference. */
json_t *care_check_rounding(void);
json_t *care_check_comparing(void);
json_t *care_check_judging(const struct assay_specs *specs);

#endif
