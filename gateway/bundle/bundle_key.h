/* SPDX-License-Identifier: Apache-2.0
 * Ed25519 keys in files of one line: WORD BASE64. */
#ifndef ASSAY_BUNDLE_BUNDLE_KEY_H
#define ASSAY_BUNDLE_BUNDLE_KEY_H

#include "limits/error.h"

#include <stddef.h>
#include <stdint.h>

#define BUNDLE_TEXT_MAX 512u /* bytes of a text that is signed */

/* Sign text with the secret key in the file; the signature into a new file out. */
int bundle_sign(
	const char *key, const char *text, const char *out, struct assay_error *err) ASSAY_WARN_UNUSED;

/* Which of the keys in dir (NAME.pub) has made the signature in the file? Its name and the key itself. ASSAY_EREFUSED
 * "bundle-untrusted": none of them. */
int bundle_signer(const char *dir, const char *signature, const char *text, char name[64], uint8_t key[32],
	struct assay_error *err) ASSAY_WARN_UNUSED;

/* Write a new file, whole and on disk, or none. */
int bundle_write_new(const char *path, unsigned mode, const void *bytes, size_t length,
	struct assay_error *err) ASSAY_WARN_UNUSED;

#endif
