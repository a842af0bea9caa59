/* SPDX-License-Identifier: Apache-2.0
 * Have assay-report print: a process of its own with nothing of ours but three pipes, fed one JSON document
 * (gateway/report/report.h), answering with a PDF. */
#ifndef ASSAY_LAB_REPORT_RUN_H
#define ASSAY_LAB_REPORT_RUN_H

#include "limits/error.h"

#include <jansson.h>
#include <stddef.h>

#define ASSAY_REPORT_PAPER_MAX 8388608u /* bytes of a finished report */
#define ASSAY_REPORT_TIMEOUT_MS 20000u
#define ASSAY_REPORT_PATH_MAX 512u

/* Where the helper is: beside this executable (source tree), or ../lib/assay/assay-report from it (installed).
 * ASSAY_ENOTFOUND "report-program-missing". */
int assay_report_find(char out[ASSAY_REPORT_PATH_MAX], struct assay_error *err) ASSAY_WARN_UNUSED;

/* Run program (a path from assay_report_find) for document. kind: "certificate", "labels", "card" or "statement", or "labels.svg" for
 * labels as SVG. Waits for the answer, at most timeout_ms (0: ASSAY_REPORT_TIMEOUT_MS), and always reaps the process.
 * *bytes_out is owned by the caller (free). What the helper refuses comes back as its own code and sentences
 * (ASSAY_EREFUSED); "report-timeout", "report-failed" (ASSAY_EIO), "report-too-large" (ASSAY_EFULL). Any thread. */
int assay_report_run(const char *program, const char *kind, const json_t *document, unsigned timeout_ms,
	unsigned char **bytes_out, size_t *length_out, struct assay_error *err) ASSAY_WARN_UNUSED;

#endif
