/* SPDX-License-Identifier: Apache-2.0
 * From a validated document to rows of the set. */
#ifndef ASSAY_LIMITS_SPECS_READ_H
#define ASSAY_LIMITS_SPECS_READ_H

#include "limits/specs.h"

#include <libxml/tree.h>

typedef int assay_specs_reader(struct assay_specs *specs, const struct assay_spec_file *file,
	const char *path, xmlNodePtr root, struct assay_error *err);

assay_specs_reader assay_specs_read_categories;
assay_specs_reader assay_specs_read_standard;
assay_specs_reader assay_specs_read_method;
assay_specs_reader assay_specs_read_product;

#endif
