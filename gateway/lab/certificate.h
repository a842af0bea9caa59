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

/* What papers of all kinds say; new references. At most `most` characters of text, then an ellipsis. */
json_t *lab_cut(const char *text, unsigned most);
json_t *lab_site(struct assay_lab *lab, struct assay_error *err); /* what lab.xml says of the laboratory */
json_t *lab_laboratory_paper(const json_t *site); /* {name_zh, name_en, address, contact} */
json_t *lab_producer_paper(
	struct assay_lab *lab, const char *id, const char *name); /* {name, licence, address} */

extern const struct lab_command lab_certificate_commands[]; /* release.c */
extern const struct lab_command lab_paper_commands[]; /* papers.c */

#endif
