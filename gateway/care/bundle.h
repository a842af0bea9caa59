/* SPDX-License-Identifier: Apache-2.0
 * A support bundle: what somebody who helps from afar needs, and nothing the laboratory must keep to itself. */
#ifndef ASSAY_CARE_BUNDLE_H
#define ASSAY_CARE_BUNDLE_H

#include "limits/error.h"

/* Write the tar archive to, a new file. In it: the doctor's report, versions, the names and sizes of DIR's files, lines
 * and instruments without their readings, the signed checkpoint, and the latest entries of the journal that speak of
 * the machine (start, stop, line, clock, fault, driver, key). Never: keys, people, batches, results, readings, bytes
 * of instruments. */
int care_bundle(const char *dir, const char *to, struct assay_error *err) ASSAY_WARN_UNUSED;

#endif
