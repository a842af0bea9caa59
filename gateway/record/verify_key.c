/* SPDX-License-Identifier: Apache-2.0
 * Which key signs: the first one from keys/, each later one from a key entry that the key before signed for. */
#include "gateway/record/verify_segment.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#define FIRST_PUB_MAX 400

int verify_key_begin(struct verify *verify, struct assay_error *err)
{
	const struct assay_origin_key *given = verify->options->key;
	char path[600], text[FIRST_PUB_MAX] = "";
	struct assay_origin_key *first = &verify->keys[0];
	FILE *file;
	int status = ASSAY_OK;

	if (verify->dir) {
		(void)snprintf(path, sizeof path, "%s/keys/origin.first.pub", verify->dir);
		file = fopen(path, "re"); /* there once the key was changed */
		if (file) {
			text[fread(text, 1, sizeof text - 1, file)] = '\0';
			(void)fclose(file);
			status = assay_origin_key_parse(text, first, err);
		} else {
			status = assay_origin_key_public(verify->dir, first, err);
		}
		if (status != ASSAY_OK && !given)
			return status;
	}
	if (given && (!verify->dir || status != ASSAY_OK))
		*first = *given;
	else if (!verify->dir)
		return assay_error_set(err, ASSAY_EUSAGE, "key-missing", "没有公钥：请用 --key 给出",
			"no public key: give one with --key");
	verify->key_count = 1;
	return ASSAY_OK;
}

static bool same_key(const struct assay_origin_key *a, const struct assay_origin_key *b)
{
	return strcmp(a->origin, b->origin) == 0 &&
	       memcmp(a->public_key, b->public_key, sizeof a->public_key) == 0;
}

const struct assay_origin_key *verify_key(const struct verify *verify)
{
	return &verify->keys[verify->key_count - 1];
}

void verify_key_entry(struct verify *verify, unsigned segment, const struct assay_entry *entry)
{
	json_t *body = json_loadb(entry->body, entry->body_length, 0, NULL);
	const char *line = json_string_value(json_object_get(body, "key"));
	struct assay_origin_key next;
	struct assay_error what;

	if (!line && json_is_string(json_object_get(body, "state"))) {
		json_decref(body);
		return;
	}
	if (!line || assay_origin_key_parse(line, &next, NULL) != ASSAY_OK ||
		strcmp(next.origin, verify_key(verify)->origin) != 0 || verify->key_count >= VERIFY_KEYS ||
		verify->next_key_size) {
		(void)assay_error_set(&what, ASSAY_EDAMAGED, "key-unusable",
			"台账第 %04u 段第 %" PRIu64 " 条：换钥条目不成立",
			"journal segment %04u, entry %" PRIu64 ": this change of key does not hold", segment,
			entry->sequence);
		(void)verify_found(verify, segment, entry->sequence, &what);
	} else {
		verify->next_key = next;
		verify->next_key_size = entry->sequence + 1;
		verify->next_key_signed = false;
	}
	json_decref(body);
}

/* The checkpoint over exactly everything up to the key entry is the old key's last; those above are the new one's. */
void verify_key_reach(struct verify *verify, unsigned segment, uint64_t size)
{
	struct assay_error what;

	if (verify->next_key_size == 0 || size <= verify->next_key_size)
		return;
	if (!verify->next_key_signed) {
		(void)assay_error_set(&what, ASSAY_EDAMAGED, "key-unsigned",
			"台账第 %04u 段：第 %" PRIu64 " 条换钥没有旧钥的签名",
			"journal segment %04u: the old key did not sign for the change of key in entry "
			"%" PRIu64,
			segment, verify->next_key_size - 1);
		(void)verify_found(verify, segment, verify->next_key_size - 1, &what);
	}
	verify->keys[verify->key_count++] = verify->next_key;
	verify->next_key_size = 0;
	verify->signed_by_key = 0;
}

void verify_key_signed(struct verify *verify, uint64_t size)
{
	verify->signed_by_key++;
	if (verify->next_key_size == size)
		verify->next_key_signed = true;
	if (verify->options->key && same_key(verify->options->key, verify_key(verify)))
		verify->given_key_seen = true;
}

int verify_key_any(const struct verify *verify, const char *note, uint64_t *size,
	uint8_t root[ASSAY_HASH_SIZE], struct assay_error *err)
{
	int status = ASSAY_EDAMAGED;

	for (unsigned i = 0; status != ASSAY_OK && i < verify->key_count; i++)
		status = assay_checkpoint_check(&verify->keys[i], note, size, root, err);
	return status;
}

/* A new key signs once before its public part takes the old one's place: a crash in between leaves the old one. */
static bool key_just_changed(const struct verify *verify, const struct assay_origin_key *own)
{
	return verify->key_count > 1 && verify->signed_by_key == 1 &&
	       same_key(own, &verify->keys[verify->key_count - 2]);
}

void verify_key_end(struct verify *verify)
{
	struct assay_origin_key own;
	struct assay_error what;

	if (verify->options->key && !verify->given_key_seen) {
		(void)assay_error_set(&what, ASSAY_EDAMAGED, "key-foreign",
			"没有一个检查点是用给出的公钥签的", "no checkpoint was signed with the key given");
		(void)verify_found(verify, 0, ASSAY_NO_SEQUENCE, &what);
	}
	if (verify->dir && assay_origin_key_public(verify->dir, &own, &what) == ASSAY_OK &&
		!same_key(&own, verify_key(verify)) && !key_just_changed(verify, &own) &&
		!(verify->next_key_size && same_key(&own, &verify->next_key))) {
		(void)assay_error_set(&what, ASSAY_EDAMAGED, "key-foreign",
			"keys/origin.pub 不是台账现在的签名公钥",
			"keys/origin.pub is not the key the journal is signed with now");
		(void)verify_found(verify, 0, ASSAY_NO_SEQUENCE, &what);
	}
}
