/* SPDX-License-Identifier: Apache-2.0
 * What is written down about an installed bundle, DIR/specs/SERIAL.json, with the signatures that make it worth believing. */
#ifndef ASSAY_BUNDLE_BUNDLE_APPROVAL_H
#define ASSAY_BUNDLE_BUNDLE_APPROVAL_H

#include "gateway/bundle/bundle.h"

#include <jansson.h>

/* One line that a signature can stand for. */
int bundle_check_reason(const char *reason, struct assay_error *err) ASSAY_WARN_UNUSED;

/* Which bundle, who signed it, who installs it and why. NULL: a text is not UTF-8, or no memory. */
json_t *bundle_record_begin(const struct assay_bundle *bundle, const struct assay_bundle_wish *wish);

/* The agreements that stand beside the bundle, each person once: [{"who", "key", "signature"}]. */
json_t *bundle_approvals(const struct assay_bundle *bundle, const struct assay_bundle_wish *wish);

#endif
