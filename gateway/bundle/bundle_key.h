/* SPDX-License-Identifier: Apache-2.0
 * Ed25519 keys in files of one line: WORD BASE64. */
#ifndef ASSAY_BUNDLE_BUNDLE_KEY_H
#define ASSAY_BUNDLE_BUNDLE_KEY_H

#include "limits/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BUNDLE_TEXT_MAX 512u /* bytes of a text that is signed */
#define BUNDLE_NAME_MAX 64u
#define BUNDLE_KEY_BYTES 32u
#define BUNDLE_SIGNATURE_BYTES 64u

struct bundle_signer {
	char name[BUNDLE_NAME_MAX]; /* the key's file name without .pub */
	uint8_t key[BUNDLE_KEY_BYTES], signature[BUNDLE_SIGNATURE_BYTES];
};

/* What is signed of a bundle, and of one that may follow a newer one for this reason. */
void bundle_text(const char *sha256, char out[BUNDLE_TEXT_MAX]);
void bundle_approval_text(const char *sha256, const char *reason, char out[BUNDLE_TEXT_MAX]);

/* Sign text with the secret key in the file; the signature into a new file out. */
int bundle_sign(
	const char *key, const char *text, const char *out, struct assay_error *err) ASSAY_WARN_UNUSED;

/* Which of the keys in dir (NAME.pub) has made this signature? Its name and the key itself. */
bool bundle_signed_by(const char *dir, const uint8_t signature[BUNDLE_SIGNATURE_BYTES], const char *text,
	char name[BUNDLE_NAME_MAX], uint8_t key[BUNDLE_KEY_BYTES]);

/* The same of the signature in a file, which is handed out, too. ASSAY_EREFUSED "bundle-untrusted": none of them. */
int bundle_signer(const char *dir, const char *path, const char *text, struct bundle_signer *out,
	struct assay_error *err) ASSAY_WARN_UNUSED;

/* Write a new file, whole and on disk, or none. */
int bundle_write_new(const char *path, unsigned mode, const void *bytes, size_t length,
	struct assay_error *err) ASSAY_WARN_UNUSED;

#endif
