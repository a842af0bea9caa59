/* SPDX-License-Identifier: Apache-2.0
 * SHA-256 at the speed of the machine: libcrypto's plain functions, which use the CPU's SHA instructions. */
#ifndef ASSAY_RECORD_SHA256_H
#define ASSAY_RECORD_SHA256_H

#include <stddef.h>
#include <stdint.h>

/* data may be NULL when length is 0. Any thread. */
void assay_sha256(const void *data, size_t length, uint8_t out[32]);

/* Lower-case hex with NUL: out holds 2 * length + 1. */
void assay_hex(const uint8_t *data, size_t length, char *out);

/* The digest of a file as hex; -1 with errno when it cannot be read. */
int assay_sha256_file(const char *path, char out[65]);

#endif
