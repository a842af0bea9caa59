/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/record/sha256.h"

#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdio.h>

void assay_sha256(const void *data, size_t length, uint8_t out[32])
{
	static const uint8_t nothing[1];

	(void)SHA256(length ? data : nothing, length, out);
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
	uint8_t buffer[16384], digest[32];
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	FILE *file = fopen(path, "rbe");
	size_t got;
	int result = -1;

	if (!context || !file || EVP_DigestInit_ex(context, EVP_sha256(), NULL) != 1)
		goto out;
	while ((got = fread(buffer, 1, sizeof buffer, file)) > 0)
		if (EVP_DigestUpdate(context, buffer, got) != 1)
			goto out;
	if (ferror(file) || EVP_DigestFinal_ex(context, digest, NULL) != 1)
		goto out;
	assay_hex(digest, sizeof digest, out);
	result = 0;
out:
	if (file)
		(void)fclose(file);
	EVP_MD_CTX_free(context);
	return result;
}
