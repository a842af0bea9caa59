/* SPDX-License-Identifier: Apache-2.0
 * From a validated document to rows of the set. */
#ifndef ASSAY_LIMITS_SPECS_READ_H
#define ASSAY_LIMITS_SPECS_READ_H

#include "limits/specs.h"

#include <libxml/tree.h>

typedef int assay_specs_reader(struct assay_specs *specs, const struct assay_spec_file *file,
	const char *path, xmlNodePtr root, struct assay_error *err);

assay_specs_reader assay_specs_read_categories;
assay_specs_reader assay_specs_read_analytes;
assay_specs_reader assay_specs_read_standard;
assay_specs_reader assay_specs_read_method;
assay_specs_reader assay_specs_read_product;

/* What the readers share. An attribute as a string the set owns, "" when absent; NULL: no memory. */
const char *assay_read_text(struct assay_specs *specs, xmlNodePtr node, const char *name);
bool assay_read_yes(xmlNodePtr node, const char *name);
unsigned assay_read_number(xmlNodePtr node, const char *name, unsigned fallback);
/* *has tells whether the attribute is there. */
int assay_read_decimal(const char *path, xmlNodePtr node, const char *name, bool *has,
	struct assay_decimal *out, struct assay_error *err);
bool assay_read_is(xmlNodePtr node, const char *name);
int assay_read_no_memory(struct assay_error *err);

#endif
