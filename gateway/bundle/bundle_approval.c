/* SPDX-License-Identifier: Apache-2.0
 * Who agrees that a bundle may follow a newer one, and whether what stands in DIR/specs/SERIAL is what somebody trusted has
 * signed. Names and numbers of SERIAL.json count for nothing: whoever can write there can write those. */
#include "gateway/bundle/bundle_approval.h"

#include "gateway/bundle/bundle_key.h"
#include "gateway/record/base64.h"

#include <dirent.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define PATH_ROOM 1200u
#define APPROVALS_MAX 8u
#define REASON_MAX 200u
#define BASE64_ROOM 96u /* of a signature */

int bundle_check_reason(const char *reason, struct assay_error *err)
{
	size_t length = strlen(reason);

	if (length == 0 || length > REASON_MAX || strpbrk(reason, "\r\n"))
		return assay_error_set(err, ASSAY_EUSAGE, "reason-needed",
			"请用一行文字写明原因（最多 200 字节）", "say why, in one line of at most 200 bytes");
	return ASSAY_OK;
}

int assay_bundle_approve(const struct assay_bundle *bundle, const char *path, const char *key,
	const char *name, const char *reason, struct assay_error *err)
{
	char text[BUNDLE_TEXT_MAX], out[PATH_ROOM];
	int status = bundle_check_reason(reason, err);

	if (status == ASSAY_OK &&
		(strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") != strlen(name) || !*name))
		status = assay_error_set(err, ASSAY_EUSAGE, "name-unusable",
			"姓名代号只能用小写字母、数字和横线",
			"a name has small letters, digits and dashes only");
	if (status != ASSAY_OK)
		return status;
	bundle_approval_text(bundle->sha256, reason, text);
	(void)snprintf(out, sizeof out, "%s.approval-%s", path, name);
	return bundle_sign(key, text, out, err);
}

static json_t *base64_json(const uint8_t *bytes, size_t length)
{
	char text[BASE64_ROOM];

	return json_string(
		sodium_bin2base64(text, sizeof text, bytes, length, sodium_base64_VARIANT_ORIGINAL));
}

json_t *bundle_record_begin(const struct assay_bundle *bundle, const struct assay_bundle_wish *wish)
{
	return json_pack("{s:I,s:s,s:s,s:o,s:s,s:s}", "serial", (json_int_t)bundle->serial, "sha256",
		bundle->sha256, "signer", bundle->signer, "signature",
		base64_json(bundle->signature, sizeof bundle->signature), "who", wish->who, "reason",
		wish->reason);
}

/* By key, not by name: one person under two names is one. */
static bool new_key(uint8_t keys[APPROVALS_MAX][BUNDLE_KEY_BYTES], size_t count, const uint8_t *key)
{
	for (size_t i = 0; i < count; i++)
		if (memcmp(keys[i], key, BUNDLE_KEY_BYTES) == 0)
			return false;
	memcpy(keys[count], key, BUNDLE_KEY_BYTES);
	return true;
}

json_t *bundle_approvals(const struct assay_bundle *bundle, const struct assay_bundle_wish *wish)
{
	char folder[PATH_ROOM], text[BUNDLE_TEXT_MAX];
	const char *slash = strrchr(wish->path, '/'), *name = slash ? slash + 1 : wish->path;
	uint8_t keys[APPROVALS_MAX][BUNDLE_KEY_BYTES];
	json_t *list = json_array();
	struct bundle_signer signer;
	struct dirent *entry;
	struct assay_error ignored;
	DIR *dir;

	(void)snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - wish->path) : 1,
		slash ? wish->path : ".");
	bundle_approval_text(bundle->sha256, wish->reason, text);
	dir = opendir(*folder ? folder : "/");
	while (dir && json_array_size(list) < APPROVALS_MAX && (entry = readdir(dir)) != NULL) {
		char path[PATH_ROOM + 300];

		if (strncmp(entry->d_name, name, strlen(name)) != 0 ||
			strncmp(entry->d_name + strlen(name), ".approval-", 10) != 0)
			continue;
		(void)snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
		if (bundle_signer(wish->approvers_dir, path, text, &signer, &ignored) == ASSAY_OK &&
			new_key(keys, json_array_size(list), signer.key))
			(void)json_array_append_new(
				list, json_pack("{s:s,s:o,s:o}", "who", signer.name, "key",
					      base64_json(signer.key, sizeof signer.key), "signature",
					      base64_json(signer.signature, sizeof signer.signature)));
	}
	if (dir)
		(void)closedir(dir);
	return list;
}

static bool signature_of(const json_t *object, uint8_t out[BUNDLE_SIGNATURE_BYTES])
{
	const char *text = json_string_value(json_object_get(object, "signature"));
	size_t length = 0;

	return text && assay_base64_decode(text, strlen(text), out, BUNDLE_SIGNATURE_BYTES, &length) == 0 &&
	       length == BUNDLE_SIGNATURE_BYTES;
}

static unsigned agreed(const json_t *record, const char *sha256, const char *approvers_dir)
{
	const json_t *list = json_object_get(record, "approved"), *one;
	const char *reason = json_string_value(json_object_get(record, "reason"));
	uint8_t keys[APPROVALS_MAX][BUNDLE_KEY_BYTES], signature[BUNDLE_SIGNATURE_BYTES],
		key[BUNDLE_KEY_BYTES];
	char text[BUNDLE_TEXT_MAX], name[BUNDLE_NAME_MAX];
	unsigned count = 0;
	size_t index;

	bundle_approval_text(sha256, reason ? reason : "", text);
	json_array_foreach(list, index, one)
	{
		if (count < APPROVALS_MAX && signature_of(one, signature) &&
			bundle_signed_by(approvers_dir, signature, text, name, key) &&
			new_key(keys, count, key))
			count++;
	}
	return count;
}

int assay_bundle_trusted(const char *dir, const json_t *record, const struct assay_bundle_keys *keys,
	unsigned *agreed_out, struct assay_error *err)
{
	json_int_t serial = json_integer_value(json_object_get(record, "serial"));
	char sha256[65], text[BUNDLE_TEXT_MAX], name[BUNDLE_NAME_MAX];
	uint8_t signature[BUNDLE_SIGNATURE_BYTES], key[BUNDLE_KEY_BYTES];
	int status = assay_bundle_digest(dir, (uint64_t)serial, sha256, err);

	*agreed_out = 0;
	if (status != ASSAY_OK)
		return status;
	bundle_text(sha256, text);
	if (!signature_of(record, signature) || !bundle_signed_by(keys->signers, signature, text, name, key))
		return assay_error_set(err, ASSAY_EREFUSED, "specs-untrusted",
			"%s 里的规格（序号 %" JSON_INTEGER_FORMAT
			"）没有 %s 中受信任密钥的签名，不予使用。请用 assay spec bundle install 重新安装",
			"the specs in %s (serial number %" JSON_INTEGER_FORMAT
			") are not what a trusted key in %s has signed: they are not used; install a bundle "
			"with assay spec bundle install",
			dir, serial, keys->signers);
	*agreed_out = agreed(record, sha256, keys->approvers);
	return ASSAY_OK;
}
