/* SPDX-License-Identifier: Apache-2.0
 * One error: a stable code for programs, a sentence in Chinese and in English for people.
 *
 * A function that can fail returns 0 or a negative enum assay_status and fills the caller's
 * struct assay_error once, where the fault is found. It logs or returns, never both. */
#ifndef ASSAY_LIMITS_ERROR_H
#define ASSAY_LIMITS_ERROR_H

#define ASSAY_WARN_UNUSED __attribute__((warn_unused_result))

enum assay_status {
	ASSAY_OK = 0,
	ASSAY_EREFUSED = -1, /* the input is wrong; nothing was changed */
	ASSAY_EUSAGE = -2, /* the command line is wrong */
	ASSAY_ENOTFOUND = -3, /* what was named does not exist */
	ASSAY_ETAKEN = -4, /* in use by somebody else */
	ASSAY_EIO = -5, /* the operating system said no */
	ASSAY_EFULL = -6, /* no room: disk, buffer or ceiling */
	ASSAY_EDAMAGED = -7, /* stored data does not hold together */
	ASSAY_EOVERFLOW = -8, /* a number outside what is kept exactly */
	ASSAY_ENOMEM = -9,
	ASSAY_EGONE = -10 /* the other side has hung up */
};

#define ASSAY_ERROR_CODE_MAX 48
#define ASSAY_ERROR_TEXT_MAX 512

struct assay_error {
	char code[ASSAY_ERROR_CODE_MAX]; /* stable: "port-missing", "spec-invalid" */
	char text_zh[ASSAY_ERROR_TEXT_MAX]; /* one line; says what to do */
	char text_en
		[ASSAY_ERROR_TEXT_MAX]; /* one line; says what to do; names file:line or the line (port) */
};

/* Fill err (NULL is allowed) and return status, so that callers write `return assay_error_set(...)`.
 * Both formats take the same arguments in the same order (use %1$s to reorder). Any thread. */
int assay_error_set(struct assay_error *err, int status, const char *code, const char *zh, const char *en,
	...) __attribute__((format(printf, 4, 6), format(printf, 5, 6)));

#endif
