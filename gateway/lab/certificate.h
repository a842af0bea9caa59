/* SPDX-License-Identifier: Apache-2.0
 * Release and certificates 签发与证书. A certificate is data in the journal first; its print follows. */
#ifndef ASSAY_LAB_CERTIFICATE_H
#define ASSAY_LAB_CERTIFICATE_H

#include "gateway/lab/registers.h"
#include "gateway/lab/sign.h"

/* What a certificate is made from. */
struct lab_certificate {
	const char *certificate, *batch;
	const json_t *replaces; /* {certificate, document} of the one it replaces; NULL: the first */
	const char *reason; /* why it replaces */
	json_t *signature; /* of the release */
	struct lab_checkpoint checkpoint;
};

/* The document assay-report prints (gateway/report/report.h), from the state and the specs. New reference. */
json_t *lab_certificate_document(
	struct assay_lab *lab, const struct lab_certificate *of, struct assay_error *err);

extern const struct lab_command lab_certificate_commands[]; /* release.c */

#endif
