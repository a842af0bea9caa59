/* SPDX-License-Identifier: Apache-2.0
 * How much of its limit a result takes, exactly. For statistics; no verdict looks at it. */
#ifndef ASSAY_LAB_SHARE_H
#define ASSAY_LAB_SHARE_H

#include "limits/limits.h"

#include <jansson.h>

/* {"low": "n/d", "high": "n/d"} of a pass or fail against one bound above 0; 1 is the limit, more than 1 is beyond it (so
 * limit / value for "at least"). null where there is no such share: nothing is made up. A new reference. */
json_t *lab_share(const struct assay_verdict *verdict);

#endif
