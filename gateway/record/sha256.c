/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/record/sha256.h"

/* The plain functions: no allocation that could fail in the middle of a hash, and no look-up of the algorithm for
 * each of the three hashes of an entry. */
#define OPENSSL_API_COMPAT 0x10100000L
#include <openssl/sha.h>
#include <stdio.h>

void assay_sha256(const void *data, size_t length, uint8_t out[32])
{
	SHA256_CTX context;

	(void)SHA256_Init(&context);
	if (length)
		(void)SHA256_Update(&context, data, length);
	(void)SHA256_Final(out, &context);
}

void assay_hex(const uint8_t *data, size_t length, char *out)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < length; i++) {
		out[2 * i] = digits[data[i] >> 4];
		out[2 * i + 1] = digits[data[i] & 15];
	}
	out[2 * length] = '\0';
}

int assay_sha256_file(const char *path, char out[65])
{
	uint8_t buffer[65536], digest[32];
	SHA256_CTX context;
	FILE *file = fopen(path, "rbe");
	size_t got;
	int result = -1;

	if (!file)
		return -1;
	(void)SHA256_Init(&context);
	while ((got = fread(buffer, 1, sizeof buffer, file)) > 0)
		(void)SHA256_Update(&context, buffer, got);
	if (!ferror(file)) {
		(void)SHA256_Final(digest, &context);
		assay_hex(digest, sizeof digest, out);
		result = 0;
	}
	(void)fclose(file);
	return result;
}
