/* SPDX-License-Identifier: Apache-2.0
 * The parts of assay spec. Each prints to standard output; the caller flushes. */
#ifndef ASSAY_CLI_SPEC_H
#define ASSAY_CLI_SPEC_H

#include "limits/limits.h"

/* Everything about a standard (id or number), a product, a method or a category code. ASSAY_ENOTFOUND. */
int assay_spec_show(const struct assay_specs *specs, const char *name, bool json,
	struct assay_error *err) ASSAY_WARN_UNUSED;
/* Rows of two editions (ids, or files) that are not the same. */
int assay_spec_diff(const char *dir, const char *before, const char *after, bool json,
	struct assay_error *err) ASSAY_WARN_UNUSED;
/* Which verdicts recorded in the data directory since the day would be others with the file; none is changed. */
int assay_spec_whatif(const char *specs_dir, const char *data_dir, const char *file, const char *since,
	bool json, struct assay_error *err) ASSAY_WARN_UNUSED;

/* The same with all of another specs folder in place of these; beside a gateway that runs. */
int assay_spec_whatif_set(const char *specs_dir, const char *after_dir, const char *data_dir,
	const char *since, bool json, struct assay_error *err) ASSAY_WARN_UNUSED;

/* assay spec bundle ... : the exit code */
int assay_spec_bundle(int argc, char **argv);

#endif
