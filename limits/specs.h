/* SPDX-License-Identifier: Apache-2.0
 * The immutable set behind struct assay_specs, and the look-ups only the library itself needs. */
#ifndef ASSAY_LIMITS_SPECS_H
#define ASSAY_LIMITS_SPECS_H

#include "limits/limits.h"

struct assay_category {
	const char *tree, *code, *parent;
};

struct assay_specs {
	struct assay_spec_file **files; /* each allocated by itself: pointers to them stay good */
	size_t file_count;
	struct assay_standard *standards;
	size_t standard_count;
	struct assay_product *products;
	size_t product_count;
	struct assay_method *methods;
	size_t method_count;
	struct assay_category *categories; /* sorted by tree, code */
	size_t category_count;
	void **texts; /* every string, freed at the end */
	size_t text_count;
};

bool assay_specs_category_known(const struct assay_specs *specs, const char *tree, const char *code);
/* Parent code, NULL at the root or when unknown. */
const char *assay_specs_parent(const struct assay_specs *specs, const char *tree, const char *code);
bool assay_specs_standard_known(const struct assay_specs *specs, const char *name);
/* category or one of its ancestors is one of the blank-separated codes. */
bool assay_specs_excluded(
	const struct assay_specs *specs, const char *tree, const char *codes, const char *category);

#endif
