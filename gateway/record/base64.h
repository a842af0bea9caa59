/* SPDX-License-Identifier: Apache-2.0
 * Base64 in the one form the formats allow. libsodium 1.0.18's decoder takes some bytes above 127 for letters of the
 * alphabet; in evidence another byte is another text. */
#ifndef ASSAY_RECORD_BASE64_H
#define ASSAY_RECORD_BASE64_H

#include <stddef.h>
#include <stdint.h>

/* Decode length characters (standard alphabet, padded, nothing else) into out, which holds size bytes. 0, or -1. */
int assay_base64_decode(const char *text, size_t length, uint8_t *out, size_t size, size_t *length_out);

#endif
