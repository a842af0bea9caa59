/* SPDX-License-Identifier: Apache-2.0
 * The certificate and key with which pages are served beyond this machine: the laboratory's own, or a pair made at the
 * first start, whose fingerprint is printed so that a browser's question can be answered. Supervisor only; the web role
 * gets the text, never the file. */
#ifndef ASSAY_CERTIFICATE_H
#define ASSAY_CERTIFICATE_H

#include "gateway/config.h"

#define ASSAY_PEM_MAX 65536u /* bytes of a certificate chain or a key */
#define ASSAY_FINGERPRINT_MAX 96u /* SHA-256 as AA:BB:..., with NUL */

struct assay_certificate {
	char certificate[ASSAY_PEM_MAX], key[ASSAY_PEM_MAX]; /* PEM */
	char fingerprint[ASSAY_FINGERPRINT_MAX];
	bool made; /* by assay */
};

/* config's files (a relative path is below dir), else DIR/keys/web-certificate.pem and web-key.pem, made when they are
 * not there. host: the address that is listened on. ASSAY_EREFUSED: they do not belong together, have expired, or
 * others can read the key. *out is yours: assay_certificate_free. */
int assay_certificate_load(const char *dir, const struct assay_config *config, const char *host,
	struct assay_certificate **out, struct assay_error *err) ASSAY_WARN_UNUSED;
void assay_certificate_free(struct assay_certificate *certificate); /* wipes; NULL allowed */

#endif
