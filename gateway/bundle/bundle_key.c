/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/bundle/bundle_key.h"

#include "gateway/bundle/bundle.h"
#include "gateway/record/base64.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PUBLIC_WORD "assay-specs-public"
#define SECRET_WORD "assay-specs-secret"
#define SIGNATURE_WORD "assay-specs-signature"
#define LINE_MAX_BYTES 256u
#define PATH_ROOM 1200u

int bundle_write_new(
	const char *path, unsigned mode, const void *bytes, size_t length, struct assay_error *err)
{
	const char *at = bytes;
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, (mode_t)mode);
	int why = errno;
	bool good = fd >= 0;

	while (good && length > 0) {
		ssize_t done = write(fd, at, length);

		if (done < 0 && errno == EINTR)
			continue;
		good = done > 0;
		at += good ? done : 0;
		length -= good ? (size_t)done : 0;
	}
	good = good && fsync(fd) == 0;
	if (fd >= 0) {
		why = errno;
		if (close(fd) != 0)
			good = false;
		if (!good)
			(void)unlink(path);
	}
	if (good)
		return ASSAY_OK;
	if (why == EEXIST)
		return assay_error_set(err, ASSAY_ETAKEN, "file-exists", "%s 已经存在，请换一个名字",
			"%s exists already; choose another name", path);
	return assay_error_set(err, why == ENOSPC ? ASSAY_EFULL : ASSAY_EIO, "file-unwritable",
		"%s 不能写入（%s）", "%s cannot be written (%s)", path, strerror(why));
}

static int write_key(const char *path, unsigned mode, const char *word, const uint8_t *key, size_t length,
	struct assay_error *err)
{
	char line[LINE_MAX_BYTES], encoded[LINE_MAX_BYTES - 64];
	int status;

	(void)sodium_bin2base64(encoded, sizeof encoded, key, length, sodium_base64_VARIANT_ORIGINAL);
	(void)snprintf(line, sizeof line, "%s %s\n", word, encoded);
	status = bundle_write_new(path, mode, line, strlen(line), err);
	sodium_memzero(line, sizeof line);
	sodium_memzero(encoded, sizeof encoded);
	return status;
}

/* The one line of such a file. */
static bool read_key(const char *path, const char *word, uint8_t *key, size_t length)
{
	char line[LINE_MAX_BYTES];
	size_t got = 0, decoded = 0, head = strlen(word);
	FILE *file = fopen(path, "re");
	bool good;

	if (!file)
		return false;
	got = fread(line, 1, sizeof line - 1, file);
	(void)fclose(file);
	line[got] = '\0';
	line[strcspn(line, "\r\n")] = '\0';
	good = strncmp(line, word, head) == 0 && line[head] == ' ' &&
	       assay_base64_decode(line + head + 1, strlen(line + head + 1), key, length, &decoded) == 0 &&
	       decoded == length;
	sodium_memzero(line, sizeof line);
	return good;
}

int assay_bundle_key_make(const char *path, struct assay_error *err)
{
	uint8_t public_key[crypto_sign_PUBLICKEYBYTES], secret[crypto_sign_SECRETKEYBYTES];
	char beside[PATH_ROOM];
	int status;

	if (sodium_init() < 0 || crypto_sign_keypair(public_key, secret) != 0)
		return assay_error_set(
			err, ASSAY_EIO, "key-unusable", "不能生成密钥", "no key could be made");
	(void)snprintf(beside, sizeof beside, "%s.pub", path);
	status = write_key(path, 0600, SECRET_WORD, secret, sizeof secret, err);
	sodium_memzero(secret, sizeof secret);
	return status == ASSAY_OK ? write_key(beside, 0644, PUBLIC_WORD, public_key, sizeof public_key, err)
				  : status;
}

void bundle_text(const char *sha256, char out[BUNDLE_TEXT_MAX])
{
	(void)snprintf(out, BUNDLE_TEXT_MAX, "assay-specs-bundle %s\n", sha256);
}

void bundle_approval_text(const char *sha256, const char *reason, char out[BUNDLE_TEXT_MAX])
{
	(void)snprintf(out, BUNDLE_TEXT_MAX, "assay-specs-rollback %s %s\n", sha256, reason);
}

int bundle_sign(const char *key, const char *text, const char *out, struct assay_error *err)
{
	uint8_t secret[crypto_sign_SECRETKEYBYTES], signature[crypto_sign_BYTES];
	struct stat about;
	int rc;

	if (stat(key, &about) == 0 && (about.st_mode & 077) != 0)
		return assay_error_set(err, ASSAY_EREFUSED, "key-open",
			"密钥 %s 别人也能读。请执行 chmod 600",
			"the key %s can be read by others; chmod 600 it", key);
	if (sodium_init() < 0 || !read_key(key, SECRET_WORD, secret, sizeof secret))
		return assay_error_set(err, ASSAY_EREFUSED, "key-unusable",
			"%s 不是可用的签名密钥（用 assay spec bundle key 生成）",
			"%s is no usable signing key (assay spec bundle key makes one)", key);
	rc = crypto_sign_detached(signature, NULL, (const uint8_t *)text, strlen(text), secret);
	sodium_memzero(secret, sizeof secret);
	if (rc != 0)
		return assay_error_set(err, ASSAY_EIO, "key-unusable", "不能签名", "it could not be signed");
	return write_key(out, 0644, SIGNATURE_WORD, signature, sizeof signature, err);
}

static bool made_by(
	const char *path, const uint8_t signature[crypto_sign_BYTES], const char *text, uint8_t key[32])
{
	return read_key(path, PUBLIC_WORD, key, crypto_sign_PUBLICKEYBYTES) &&
	       crypto_sign_verify_detached(signature, (const uint8_t *)text, strlen(text), key) == 0;
}

bool bundle_signed_by(const char *dir, const uint8_t signature[BUNDLE_SIGNATURE_BYTES], const char *text,
	char name[BUNDLE_NAME_MAX], uint8_t key[BUNDLE_KEY_BYTES])
{
	DIR *folder = sodium_init() < 0 ? NULL : opendir(dir);
	struct dirent *entry;
	bool found = false;

	while (folder && !found && (entry = readdir(folder)) != NULL) {
		size_t length = strlen(entry->d_name);
		char path[PATH_ROOM];

		if (length < 5 || length >= BUNDLE_NAME_MAX ||
			strcmp(entry->d_name + length - 4, ".pub") != 0)
			continue;
		(void)snprintf(path, sizeof path, "%s/%s", dir, entry->d_name);
		found = made_by(path, signature, text, key);
		if (found)
			(void)snprintf(name, BUNDLE_NAME_MAX, "%.*s", (int)(length - 4), entry->d_name);
	}
	if (folder)
		(void)closedir(folder);
	return found;
}

int bundle_signer(const char *dir, const char *path, const char *text, struct bundle_signer *out,
	struct assay_error *err)
{
	if (!read_key(path, SIGNATURE_WORD, out->signature, sizeof out->signature))
		return assay_error_set(err, ASSAY_EREFUSED, "bundle-untrusted", "%s：没有可用的签名",
			"%s: there is no usable signature", path);
	if (bundle_signed_by(dir, out->signature, text, out->name, out->key))
		return ASSAY_OK;
	return assay_error_set(err, ASSAY_EREFUSED, "bundle-untrusted",
		"%s：不是 %s 中任何受信任的密钥所签，或文件已被改动；没有读取其内容",
		"%s: signed by none of the trusted keys in %s, or the file was altered; nothing in it was "
		"read",
		path, dir);
}
