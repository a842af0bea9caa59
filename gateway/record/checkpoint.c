/* SPDX-License-Identifier: Apache-2.0
 * Note text: origin LF size LF base64(root) LF, an empty line, then
 * "— " name " " base64(key hash[4] || signature[64]) LF. Key hash: SHA-256(name LF 0x01 public key). */
#include "gateway/record/checkpoint.h"

#include "gateway/record/base64.h"
#include "gateway/record/sha256.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEY_HASH 4u
#define SIGNED_MAX 400u
#define ORIGIN_MAX 128
#define LINE_MAX_KEY 400

static void key_hash(const struct assay_origin_key *key, uint8_t out[KEY_HASH])
{
	uint8_t input[sizeof key->origin + 2 + 32], digest[32];
	size_t length = strlen(key->origin);

	memcpy(input, key->origin, length);
	input[length] = '\n';
	input[length + 1] = 0x01;
	memcpy(input + length + 2, key->public_key, 32);
	assay_sha256(input, length + 34, digest);
	memcpy(out, digest, KEY_HASH);
}

static int key_error(struct assay_error *err, const char *path)
{
	return assay_error_set(err, ASSAY_EIO, "key-unusable",
		"签名密钥 %s 不能使用（%s）。请检查权限，或从备份恢复 keys/",
		"signing key %s cannot be used (%s); check its permissions or restore keys/ from a backup",
		path, errno ? strerror(errno) : "bad contents");
}

static int sync_folder(const char *path)
{
	char folder[620];
	int fd, result;

	(void)snprintf(folder, sizeof folder, "%s", path);
	*strrchr(folder, '/') = '\0';
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	result = fd < 0 ? -1 : fsync(fd);
	if (fd >= 0)
		(void)close(fd);
	return result;
}

/* Replaced whole: a crash leaves the file before or the file after. */
static int write_file(const char *path, mode_t mode, const void *bytes, size_t length)
{
	char new_path[620];
	ssize_t written;
	int fd, result = -1;

	(void)snprintf(new_path, sizeof new_path, "%s.new", path);
	(void)unlink(new_path);
	fd = open(new_path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	if (fd < 0)
		return -1;
	written = write(fd, bytes, length);
	if (written == (ssize_t)length && fsync(fd) == 0)
		result = 0;
	(void)close(fd);
	if (result == 0 && rename(new_path, path) == 0)
		return sync_folder(path);
	(void)unlink(new_path);
	return -1;
}

void assay_checkpoint_path(const char *dir, char *out, size_t size)
{
	(void)snprintf(out, size, "%s/journal/checkpoint", dir);
}

int assay_checkpoint_publish(const char *dir, const char *note, struct assay_error *err)
{
	char path[600];

	assay_checkpoint_path(dir, path, sizeof path);
	if (write_file(path, 0644, note, strlen(note)) == 0)
		return ASSAY_OK;
	return assay_error_set(err, errno == ENOSPC ? ASSAY_EFULL : ASSAY_EIO, "journal-io",
		"%s：不能写入（%s）", "%s: cannot be written (%s)", path, strerror(errno));
}

static ssize_t read_file(const char *path, void *out, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got;

	if (fd < 0)
		return -1;
	got = read(fd, out, size);
	(void)close(fd);
	return got;
}

/* The C2SP verifier key: name+hash+base64(0x01 key). */
static int public_line(const struct assay_origin_key *key, char out[LINE_MAX_KEY])
{
	uint8_t typed[33], hash[KEY_HASH];
	char encoded[64], hex[2 * KEY_HASH + 1];

	typed[0] = 0x01;
	memcpy(typed + 1, key->public_key, 32);
	(void)sodium_bin2base64(encoded, sizeof encoded, typed, sizeof typed, sodium_base64_VARIANT_ORIGINAL);
	key_hash(key, hash);
	assay_hex(hash, sizeof hash, hex);
	return snprintf(out, LINE_MAX_KEY, "%s+%s+%s\n", key->origin, hex, encoded);
}

static int write_public(const char *path, const struct assay_origin_key *key)
{
	char line[LINE_MAX_KEY], old[LINE_MAX_KEY];
	int length = public_line(key, line);
	ssize_t got;

	got = read_file(path, old, sizeof old);
	if (got == length && memcmp(old, line, (size_t)length) == 0)
		return 0;
	return write_file(path, 0644, line, (size_t)length);
}

int assay_origin_key_load(const char *dir, const char *origin, bool create, struct assay_origin_key *out,
	struct assay_error *err)
{
	char folder[560], secret_path[600], public_path[600];
	ssize_t got;

	if (sodium_init() < 0)
		return assay_error_set(
			err, ASSAY_EIO, "key-unusable", "libsodium 不能启动", "libsodium does not start");
	memset(out, 0, sizeof *out);
	(void)snprintf(out->origin, sizeof out->origin, "%s", origin);
	(void)snprintf(folder, sizeof folder, "%s/keys", dir);
	(void)snprintf(secret_path, sizeof secret_path, "%s/origin.key", folder);
	(void)snprintf(public_path, sizeof public_path, "%s/origin.pub", folder);
	if (mkdir(folder, 0700) != 0 && errno != EEXIST)
		return key_error(err, folder);
	errno = 0;
	got = read_file(secret_path, out->secret, sizeof out->secret);
	if (got == (ssize_t)sizeof out->secret) {
		memcpy(out->public_key, out->secret + 32, 32);
	} else if (got >= 0 || errno != ENOENT || !create ||
		   crypto_sign_keypair(out->public_key, out->secret) != 0 ||
		   write_file(secret_path, 0600, out->secret, sizeof out->secret) != 0) {
		return key_error(err, secret_path);
	}
	/* A crash between the two leaves the secret alone: the public part follows from it. */
	return write_public(public_path, out) == 0 ? ASSAY_OK : key_error(err, public_path);
}

int assay_origin_key_parse(const char *text, struct assay_origin_key *out, struct assay_error *err)
{
	char line[LINE_MAX_KEY];
	uint8_t typed[33];
	size_t length, text_length = strcspn(text, "\n");
	const char *hex = strchr(text, '+');
	const char *encoded = hex ? strchr(hex + 1, '+') : NULL;

	memset(out, 0, sizeof *out);
	if (sodium_init() < 0 || !encoded || (size_t)(hex - text) >= sizeof out->origin ||
		assay_base64_decode(encoded + 1, text_length - (size_t)(encoded + 1 - text), typed,
			sizeof typed, &length) != 0 ||
		length != sizeof typed || typed[0] != 0x01)
		goto bad;
	memcpy(out->origin, text, (size_t)(hex - text));
	memcpy(out->public_key, typed + 1, 32);
	if ((size_t)public_line(out, line) == text_length + 1 && strncmp(line, text, text_length) == 0 &&
		(text[text_length] == '\0' || text[text_length + 1] == '\0'))
		return ASSAY_OK;
bad:
	return assay_error_set(err, ASSAY_EDAMAGED, "key-unusable", "公钥不是“名称+校验+base64”的一行",
		"the public key is not one line of name+hash+base64");
}

int assay_origin_key_public(const char *dir, struct assay_origin_key *out, struct assay_error *err)
{
	char path[600], line[LINE_MAX_KEY];
	ssize_t got;

	(void)snprintf(path, sizeof path, "%s/keys/origin.pub", dir);
	errno = 0;
	got = read_file(path, line, sizeof line - 1);
	if (got <= 0)
		return key_error(err, path);
	line[got] = '\0';
	errno = 0;
	return assay_origin_key_parse(line, out, NULL) == ASSAY_OK ? ASSAY_OK : key_error(err, path);
}

static void next_path(const char *dir, char *out, size_t size)
{
	(void)snprintf(out, size, "%s/keys/origin.key.next", dir);
}

int assay_origin_key_next(const char *dir, const char *origin, bool create, struct assay_origin_key *out,
	struct assay_error *err)
{
	char path[600];
	ssize_t got;

	memset(out, 0, sizeof *out);
	(void)snprintf(out->origin, sizeof out->origin, "%s", origin);
	next_path(dir, path, sizeof path);
	if (create && (crypto_sign_keypair(out->public_key, out->secret) != 0 ||
			      write_file(path, 0600, out->secret, sizeof out->secret) != 0))
		return key_error(err, path);
	errno = 0;
	got = read_file(path, out->secret, sizeof out->secret);
	if (got < 0 && errno == ENOENT)
		return ASSAY_ENOTFOUND;
	if (got != (ssize_t)sizeof out->secret)
		return key_error(err, path);
	memcpy(out->public_key, out->secret + 32, 32);
	return ASSAY_OK;
}

int assay_origin_key_adopt(const char *dir, const struct assay_origin_key *old,
	const struct assay_origin_key *next, struct assay_error *err)
{
	char secret[600], waiting[600], public[600], first[600];

	next_path(dir, waiting, sizeof waiting);
	(void)snprintf(secret, sizeof secret, "%s/keys/origin.key", dir);
	(void)snprintf(public, sizeof public, "%s/keys/origin.pub", dir);
	(void)snprintf(first, sizeof first, "%s/keys/origin.first.pub", dir);
	if (access(first, F_OK) != 0 && write_public(first, old) != 0)
		return key_error(err, first);
	if (rename(waiting, secret) != 0 || sync_folder(secret) != 0)
		return key_error(err, secret);
	return write_public(public, next) == 0 ? ASSAY_OK : key_error(err, public);
}

void assay_origin_key_forget_next(const char *dir)
{
	char path[600];

	next_path(dir, path, sizeof path);
	(void)unlink(path);
}

void assay_origin_key_line(const struct assay_origin_key *key, char *out, size_t size)
{
	char line[LINE_MAX_KEY];

	(void)public_line(key, line);
	line[strcspn(line, "\n")] = '\0';
	(void)snprintf(out, size, "%s", line);
}

int assay_checkpoint_sign(const struct assay_origin_key *key, uint64_t size,
	const uint8_t root[ASSAY_HASH_SIZE], char out[ASSAY_NOTE_MAX])
{
	char text[SIGNED_MAX], encoded_root[48], encoded[100];
	uint8_t signature[KEY_HASH + 64];
	int length;

	(void)sodium_bin2base64(
		encoded_root, sizeof encoded_root, root, ASSAY_HASH_SIZE, sodium_base64_VARIANT_ORIGINAL);
	length = snprintf(text, sizeof text, "%s\n%" PRIu64 "\n%s\n", key->origin, size, encoded_root);
	key_hash(key, signature);
	if (crypto_sign_detached(signature + KEY_HASH, NULL, (const uint8_t *)text,
		    (unsigned long long)length, key->secret) != 0)
		return -1;
	(void)sodium_bin2base64(
		encoded, sizeof encoded, signature, sizeof signature, sodium_base64_VARIANT_ORIGINAL);
	(void)snprintf(out, ASSAY_NOTE_MAX, "%s\n\u2014 %s %s\n", text, key->origin, encoded);
	return 0;
}

int assay_note_sign(const struct assay_origin_key *key, const char *text, char out[ASSAY_NOTE_LINE_MAX])
{
	uint8_t signature[KEY_HASH + 64];
	char encoded[128];

	key_hash(key, signature);
	if (crypto_sign_detached(
		    signature + KEY_HASH, NULL, (const uint8_t *)text, strlen(text), key->secret) != 0)
		return -1;
	(void)sodium_bin2base64(
		encoded, sizeof encoded, signature, sizeof signature, sodium_base64_VARIANT_ORIGINAL);
	(void)snprintf(out, ASSAY_NOTE_LINE_MAX, "\u2014 %s %s\n", key->origin, encoded);
	return 0;
}

#define NOTE_ERROR(err, zh, en)                                                                              \
	assay_error_set(err, ASSAY_EDAMAGED, "checkpoint-bad", "检查点不成立：" zh,                          \
		"the checkpoint does not hold: " en)

#define ANOTHER_KEY 1

/* 0, -1 no signature that holds, ANOTHER_KEY one that names another key of this origin. */
static int check_signature(
	const struct assay_origin_key *key, const char *note, size_t text_length, const char *line)
{
	char prefix[160];
	uint8_t signature[KEY_HASH + 64], expected[KEY_HASH];
	size_t length, prefix_length;

	prefix_length = (size_t)snprintf(prefix, sizeof prefix, "\u2014 %s ", key->origin);
	if (strncmp(line, prefix, prefix_length) != 0)
		return -1;
	line += prefix_length;
	key_hash(key, expected);
	if (strcmp(line + strcspn(line, "\n"), "\n") != 0 ||
		assay_base64_decode(line, strcspn(line, "\n"), signature, sizeof signature, &length) != 0 ||
		length != sizeof signature)
		return -1;
	if (memcmp(signature, expected, KEY_HASH) != 0)
		return ANOTHER_KEY;
	return crypto_sign_verify_detached(
		signature + KEY_HASH, (const uint8_t *)note, text_length, key->public_key);
}

int assay_note_check(const struct assay_origin_key *key, const char *note)
{
	const char *end = NULL;

	for (const char *at = note; sodium_init() >= 0 && (at = strstr(at, "\n\n")) != NULL; at++)
		end = at;
	return end && check_signature(key, note, (size_t)(end + 1 - note), end + 2) == 0 ? ASSAY_OK
											 : ASSAY_EDAMAGED;
}

int assay_checkpoint_parse(const char *note, char *origin_out, uint64_t *size_out,
	uint8_t root_out[ASSAY_HASH_SIZE], struct assay_error *err)
{
	const char *end = strstr(note, "\n\n");
	const char *size_at, *root_at;
	char *after;
	size_t length;

	/* Three lines of text, then the signature: anything else is not a note of ours. */
	if (sodium_init() < 0 || !end || strlen(note) >= ASSAY_NOTE_MAX)
		return NOTE_ERROR(err, "格式不对", "bad format");
	size_at = strchr(note, '\n') + 1;
	root_at = strchr(size_at, '\n') + 1;
	if (root_at > end || memchr(root_at, '\n', (size_t)(end - root_at)) || *size_at < '0' ||
		*size_at > '9' || size_at - note > ORIGIN_MAX)
		return NOTE_ERROR(err, "格式不对", "bad format");
	*size_out = strtoull(size_at, &after, 10);
	if (after + 1 != root_at)
		return NOTE_ERROR(err, "大小不对", "wrong size");
	if (assay_base64_decode(root_at, (size_t)(end - root_at), root_out, ASSAY_HASH_SIZE, &length) != 0 ||
		length != ASSAY_HASH_SIZE)
		return NOTE_ERROR(err, "根哈希不对", "bad root");
	if (origin_out)
		(void)snprintf(origin_out, ORIGIN_MAX, "%.*s", (int)(size_at - 1 - note), note);
	return ASSAY_OK;
}

int assay_checkpoint_check(const struct assay_origin_key *key, const char *note, uint64_t *size_out,
	uint8_t root_out[ASSAY_HASH_SIZE], struct assay_error *err)
{
	char origin[ORIGIN_MAX];
	const char *end;
	int status = assay_checkpoint_parse(note, origin, size_out, root_out, err), signature;

	if (status != ASSAY_OK)
		return status;
	if (strcmp(origin, key->origin) != 0)
		return NOTE_ERROR(err, "名称不对", "wrong origin");
	end = strstr(note, "\n\n");
	signature = check_signature(key, note, (size_t)(end + 1 - note), end + 2);
	if (signature == ANOTHER_KEY)
		return NOTE_ERROR(err, "是另一把密钥签的；从备份恢复时要放回当时的 keys/origin.key",
			"another key has signed it; a restored directory needs the keys/origin.key of that "
			"time");
	return signature == 0 ? ASSAY_OK : NOTE_ERROR(err, "签名不对", "bad signature");
}
