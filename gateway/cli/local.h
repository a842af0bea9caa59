/* SPDX-License-Identifier: Apache-2.0
 * What commands need that read the state by themselves: state read-only, specs, advice; and a document printed to a file. */
#ifndef ASSAY_CLI_LOCAL_H
#define ASSAY_CLI_LOCAL_H

#include "gateway/lab/advice.h"
#include "limits/limits.h"

#include <jansson.h>
#include <sqlite3.h>

struct assay_local {
	sqlite3 *state;
	struct assay_specs *specs;
	struct assay_advice *advice; /* NULL when not asked for */
};

/* Close in either case. */
int assay_local_open(
	const char *dir, bool advice, struct assay_local *out, struct assay_error *err) ASSAY_WARN_UNUSED;
void assay_local_close(struct assay_local *local);

/* A statement (gateway/report/report.h) as PDF in the file. */
int assay_local_print(const json_t *document, const char *path, struct assay_error *err) ASSAY_WARN_UNUSED;
int assay_local_write(
	const char *path, const void *bytes, size_t length, struct assay_error *err) ASSAY_WARN_UNUSED;

#endif
