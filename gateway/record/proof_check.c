/* SPDX-License-Identifier: Apache-2.0
 * A proof read with nothing but itself: form, hashes, paths, signature, then whether the story is whole. */
#include "gateway/record/base64.h"
#include "gateway/record/events.h"
#include "gateway/record/inclusion.h"
#include "gateway/record/proof.h"
#include "gateway/record/sha256.h"
#include "gateway/record/spec_set.h"

#include <inttypes.h>
#include <jansson.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define FIELDS 6u

struct field {
	const char *text; /* not ended */
	size_t length;
};

struct check {
	const char *at, *end;
	unsigned line;
	const struct assay_origin_key *key;
	struct assay_origin_key own;
	struct assay_proof_report *report;
	uint64_t last; /* sequence of the entry before */
	json_t *exchanges, *fills; /* sets: sequences as text */
	json_t *named; /* set: "batch B1", "test B1.1", "result ...", "verdict ...", "sha256 ..." that the file holds */
	struct assay_error *err;
};

#define BAD(check, zh, en)                                                                                   \
	assay_error_set((check)->err, ASSAY_EDAMAGED, "proof-bad", "证明文件第 %u 行：" zh,                  \
		"proof, line %u: " en, (check)->line)
#define BAD_ENTRY(check, sequence, zh, en)                                                                   \
	assay_error_set((check)->err, ASSAY_EDAMAGED, "proof-bad",                                           \
		"证明文件第 %u 行，第 %" PRIu64 " 条：" zh, "proof, line %u, entry %" PRIu64 ": " en,        \
		(check)->line, sequence)

/* One line into exactly count fields with one space between. */
static int next_line(struct check *check, struct field *fields, unsigned count)
{
	const char *stop = memchr(check->at, '\n', (size_t)(check->end - check->at));
	const char *at = check->at;

	check->line++;
	if (!stop)
		return BAD(check, "没有写完", "it is not complete");
	for (unsigned i = 0; i < count; i++) {
		const char *space = memchr(at, ' ', (size_t)(stop - at));

		if ((i + 1 < count) != (space != NULL))
			return BAD(check, "字段数不对", "the number of its fields is wrong");
		fields[i].text = at;
		fields[i].length = (size_t)((space ? space : stop) - at);
		at = space ? space + 1 : stop;
	}
	check->at = stop + 1;
	return ASSAY_OK;
}

static bool is(const struct field *field, const char *word)
{
	return field->text && field->length == strlen(word) && memcmp(field->text, word, field->length) == 0;
}

/* Decoded; "-" is nothing. NULL when it is no base64 (or memory is short). The caller frees. */
static uint8_t *decode(const struct field *field, size_t *length)
{
	size_t room = field->length / 4 * 3 + 4;
	uint8_t *bytes;

	*length = 0;
	bytes = malloc(room);
	if (!bytes || is(field, "-"))
		return bytes;
	if (field->length == 0 || assay_base64_decode(field->text, field->length, bytes, room, length) != 0) {
		free(bytes);
		return NULL;
	}
	bytes[*length] = 0;
	return bytes;
}

static int from_hex(const char *hex, size_t bytes, uint8_t *out)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < bytes; i++) {
		const char *high = hex[2 * i] ? strchr(digits, hex[2 * i]) : NULL;
		const char *low = hex[2 * i + 1] ? strchr(digits, hex[2 * i + 1]) : NULL;

		if (!high || !low)
			return -1;
		out[i] = (uint8_t)((high - digits) << 4 | (low - digits));
	}
	return 0;
}

static int check_head(struct check *check)
{
	struct field fields[2] = {{NULL, 0}, {NULL, 0}};
	char line[400];
	uint8_t *note;
	size_t length;
	int status = next_line(check, fields, 2);

	if (status != ASSAY_OK || !is(&fields[0], "assay-proof") || !is(&fields[1], "1"))
		return BAD(check, "不是 assay 证明文件", "this is no proof of assay");
	status = next_line(check, fields, 2);
	if (status != ASSAY_OK || !is(&fields[0], "batch") || fields[1].length == 0 ||
		fields[1].length >= sizeof check->report->batch)
		return BAD(check, "批次号不对", "the batch is not named");
	memcpy(check->report->batch, fields[1].text, fields[1].length);
	status = next_line(check, fields, 2);
	if (status != ASSAY_OK || !is(&fields[0], "key") || fields[1].length >= sizeof line)
		return BAD(check, "公钥不对", "the public key is wrong");
	memcpy(line, fields[1].text, fields[1].length);
	line[fields[1].length] = '\0';
	if (assay_origin_key_parse(line, &check->own, NULL) != ASSAY_OK)
		return BAD(check, "公钥不对", "the public key is wrong");
	(void)snprintf(check->report->key, sizeof check->report->key, "%s", line);
	if (check->key && (strcmp(check->key->origin, check->own.origin) != 0 ||
				  memcmp(check->key->public_key, check->own.public_key, 32) != 0))
		return assay_error_set(check->err, ASSAY_EDAMAGED, "key-foreign",
			"证明文件用的是另一把公钥：%s", "the proof is signed with another key: %s", line);
	status = next_line(check, fields, 2);
	note = status == ASSAY_OK && is(&fields[0], "note") ? decode(&fields[1], &length) : NULL;
	if (!note || strlen((char *)note) != length ||
		assay_checkpoint_check(&check->own, (char *)note, &check->report->size, check->report->root,
			NULL) != ASSAY_OK)
		status = BAD(check, "检查点或签名不成立", "the checkpoint or its signature does not hold");
	free(note);
	return status;
}

static int parse_path(const struct field *field, struct assay_path *path)
{
	size_t at = 0;

	path->count = 0;
	if (is(field, "-"))
		return 0;
	while (at < field->length) {
		if (path->count == ASSAY_PATH_MAX || field->length - at < 64 ||
			from_hex(field->text + at, ASSAY_HASH_SIZE, path->hash[path->count]) != 0)
			return -1;
		path->count++;
		at += 64;
		if (at < field->length && field->text[at++] != ',')
			return -1;
		if (at == field->length && field->text[at - 1] == ',')
			return -1;
	}
	return path->count ? 0 : -1;
}

static const char *text(const json_t *body, const char *name)
{
	const char *value = json_string_value(json_object_get(body, name));

	return value ? value : "";
}

static void mark(json_t *set, uint64_t sequence)
{
	char name[24];

	(void)snprintf(name, sizeof name, "%" PRIu64, sequence);
	(void)json_object_set_new(set, name, json_true());
}

static bool marked(const json_t *set, json_int_t sequence)
{
	char name[24];

	(void)snprintf(name, sizeof name, "%lld", (long long)sequence);
	return json_object_get(set, name) != NULL;
}

static void name(struct check *check, const char *what, const char *value)
{
	char key[160];

	(void)snprintf(key, sizeof key, "%s %s", what, value);
	(void)json_object_set_new(check->named, key, json_true());
}

static bool named(const struct check *check, const char *what, const char *value)
{
	char key[160];

	(void)snprintf(key, sizeof key, "%s %s", what, value);
	return json_object_get(check->named, key) != NULL;
}

/* Is what this member of a body points at in the file, before it? */
static bool member_holds(const struct check *check, const char *member, const json_t *value)
{
	static const char *const things[] = {"batch", "test", "result"};
	size_t length = strlen(member);

	if (json_is_integer(value) && json_integer_value(value) >= 0) {
		if (strcmp(member, "exchange") == 0)
			return marked(check->exchanges, json_integer_value(value));
		return strcmp(member, "fill") != 0 || marked(check->fills, json_integer_value(value));
	}
	if (!json_is_string(value) || !*json_string_value(value))
		return true;
	for (size_t i = 0; i < sizeof things / sizeof *things; i++)
		if (strcmp(member, things[i]) == 0)
			return named(check, member, json_string_value(value));
	return length < 6 || strcmp(member + length - 6, "sha256") != 0 ||
	       named(check, "sha256", json_string_value(value));
}

static bool references_hold(const struct check *check, const json_t *value)
{
	const char *member_name;
	json_t *member;

	for (size_t i = 0; i < json_array_size(value); i++)
		if (!references_hold(check, json_array_get(value, i)))
			return false;
	if (json_is_array(value))
		return true;
	if (!json_is_object(value))
		return true;
	json_object_foreach((json_t *)(uintptr_t)value, member_name,
		member) if (!member_holds(check, member_name, member) ||
			    !references_hold(check, member)) return false;
	return true;
}

/* A batch's verdict rests on its results' verdicts. */
static bool results_hold(const struct check *check, const json_t *body)
{
	const json_t *results = json_object_get(body, "results");

	for (size_t i = 0; i < json_array_size(results); i++)
		if (!named(check, "verdict", text(json_array_get(results, i), "result")))
			return false;
	return true;
}

/* As much as there is room for, never half a character. */
static void take(char *out, size_t size, const char *said)
{
	size_t at = size - 1;

	if ((size_t)snprintf(out, size, "%s", said) < size)
		return;
	while (at > 0 && ((unsigned char)said[at] & 0xc0u) == 0x80u)
		at--;
	out[at] = '\0';
}

static void tell_verdict(struct assay_proof_report *report, const json_t *body)
{
	if (*text(body, "result") || strcmp(text(body, "batch"), report->batch) != 0)
		return;
	(void)snprintf(report->verdict, sizeof report->verdict, "%s", text(body, "verdict"));
	take(report->text_zh, sizeof report->text_zh, text(body, "text_zh"));
	take(report->text_en, sizeof report->text_en, text(body, "text_en"));
	take(report->scope_zh, sizeof report->scope_zh, text(body, "scope_zh"));
	take(report->scope_en, sizeof report->scope_en, text(body, "scope_en"));
	(void)snprintf(report->status, sizeof report->status, "%s", text(body, "status"));
}

static void tell_result(struct assay_proof_report *report, const json_t *body)
{
	size_t used = strlen(report->results);

	(void)snprintf(report->results + used, sizeof report->results - used, "%s = %s %s\n",
		text(body, "result"), text(body, "value"), text(body, "unit"));
}

static int check_story(struct check *check, const struct assay_entry *entry)
{
	json_t *body = json_loadb(entry->body, entry->body_length, 0, NULL);
	struct assay_event event;
	uint8_t digest[ASSAY_HASH_SIZE];
	char hex[2 * ASSAY_HASH_SIZE + 1];
	size_t at = 0;
	int got = 0, status = ASSAY_OK;

	switch (entry->kind) {
	case ASSAY_ENTRY_EXCHANGE:
		do
			got = assay_event_next(entry->raw, entry->raw_length, &at, &event);
		while (got == 1);
		if (got < 0)
			status = BAD_ENTRY(
				check, entry->sequence, "原始字节不成事件", "its raw bytes are no events");
		mark(check->exchanges, entry->sequence);
		break;
	case ASSAY_ENTRY_SPEC:
		assay_sha256(entry->raw, entry->raw_length, digest);
		assay_hex(digest, sizeof digest, hex);
		if (strcmp(hex, text(body, "sha256")) != 0)
			status = BAD_ENTRY(check, entry->sequence, "标准文件与摘要不符",
				"the spec is not the one its digest names");
		name(check, "sha256", hex);
		break;
	case ASSAY_ENTRY_SPEC_SET:
		if (assay_spec_set_digest(json_object_get(body, "files"), hex, NULL) != ASSAY_OK ||
			strcmp(hex, text(body, "sha256")) != 0)
			status = BAD_ENTRY(check, entry->sequence, "规格清单与摘要不符",
				"the list of specs is not what its digest says");
		name(check, "sha256", hex);
		break;
	case ASSAY_ENTRY_DRIVER:
		name(check, "sha256", text(body, "sha256"));
		break;
	case ASSAY_ENTRY_BATCH:
		name(check, "batch", text(body, "batch"));
		break;
	case ASSAY_ENTRY_TEST:
		name(check, "test", text(body, "test"));
		break;
	case ASSAY_ENTRY_FILL:
		mark(check->fills, entry->sequence);
		break;
	case ASSAY_ENTRY_RESULT:
		name(check, "result", text(body, "result"));
		tell_result(check->report, body);
		break;
	case ASSAY_ENTRY_VERDICT:
		if (*text(body, "result"))
			name(check, "verdict", text(body, "result"));
		else if (!results_hold(check, body))
			status = BAD_ENTRY(check, entry->sequence, "缺少它所依据的结果判定",
				"a result's verdict it rests on is not in the file");
		tell_verdict(check->report, body);
		break;
	case ASSAY_ENTRY_REVIEW:
		if (strcmp(text(body, "batch"), check->report->batch) == 0)
			(void)snprintf(check->report->status, sizeof check->report->status, "%s",
				text(body, "status"));
		break;
	default:
		break;
	}
	if (status == ASSAY_OK && entry->kind >= ASSAY_ENTRY_BATCH && entry->kind <= ASSAY_ENTRY_REVIEW &&
		!references_hold(check, body))
		status = BAD_ENTRY(check, entry->sequence, "它所引用的内容不在文件里",
			"something it names is not in the file");
	json_decref(body);
	return status;
}

static int check_entry(struct check *check, const struct field fields[FIELDS])
{
	uint8_t header[ASSAY_HEADER_SIZE], again[ASSAY_HEADER_SIZE], leaf[ASSAY_HASH_SIZE],
		root[ASSAY_HASH_SIZE];
	struct assay_entry entry = {.kind = 0};
	struct assay_path path;
	uint8_t *body = NULL, *raw = NULL;
	size_t body_length = 0, raw_length = 0;
	char number[24];
	int status = ASSAY_OK;

	if (fields[2].length != 2 * sizeof header || from_hex(fields[2].text, sizeof header, header) != 0 ||
		assay_entry_parse_header(header, &entry, NULL) != ASSAY_OK)
		return BAD(check, "条目头不对", "the header of the entry is wrong");
	assay_entry_header(&entry, again);
	(void)snprintf(number, sizeof number, "%" PRIu64, entry.sequence);
	if (memcmp(header, again, sizeof header) != 0 || !is(&fields[1], number) ||
		(check->report->entries && entry.sequence <= check->last))
		return BAD(check, "条目头或序号不对", "header and number of the entry are wrong");
	body = decode(&fields[3], &body_length);
	raw = decode(&fields[4], &raw_length);
	if (!body || body_length != entry.body_length)
		status = BAD_ENTRY(check, entry.sequence, "正文不对", "its body is wrong");
	else if (!raw || raw_length != entry.raw_length)
		status = BAD_ENTRY(check, entry.sequence, "原始字节不对", "its raw bytes are wrong");
	else if (parse_path(&fields[5], &path) != 0)
		status = BAD_ENTRY(check, entry.sequence, "路径不对", "its path is wrong");
	if (status != ASSAY_OK)
		goto out;
	entry.body = (char *)body;
	entry.raw = raw;
	assay_entry_leaf(&entry, leaf);
	if (assay_inclusion_root(leaf, entry.sequence, check->report->size, &path, root) != 0 ||
		memcmp(root, check->report->root, sizeof root) != 0) {
		status = BAD_ENTRY(check, entry.sequence, "内容与签名的树不符",
			"it is not in the tree that was signed: header, body, raw bytes or path were "
			"changed");
		goto out;
	}
	check->last = entry.sequence;
	check->report->entries++;
	status = check_story(check, &entry);
out:
	free(body);
	free(raw);
	return status;
}

static int check_end(struct check *check, const char *begin, const char *line)
{
	struct field fields[2] = {{NULL, 0}, {NULL, 0}};
	uint8_t digest[ASSAY_HASH_SIZE];
	char hex[2 * ASSAY_HASH_SIZE + 1];
	int status = next_line(check, fields, 2);

	assay_sha256(begin, (size_t)(line - begin), digest);
	assay_hex(digest, sizeof digest, hex);
	if (status != ASSAY_OK || !is(&fields[0], "end") || !is(&fields[1], hex) || check->at != check->end)
		return BAD(check, "结尾的摘要不对", "the digest at its end is wrong");
	if (!check->report->verdict[0])
		return BAD(check, "文件里没有这个批次的判定", "there is no verdict of the batch in it");
	return ASSAY_OK;
}

int assay_proof_check(const char *proof, size_t length, const struct assay_origin_key *key,
	struct assay_proof_report *report, struct assay_error *err)
{
	struct check check = {.at = proof,
		.end = proof + length,
		.key = key,
		.report = report,
		.exchanges = json_object(),
		.fills = json_object(),
		.named = json_object(),
		.err = err};
	int status;

	memset(report, 0, sizeof *report);
	status = check_head(&check);
	while (status == ASSAY_OK && check.end - check.at > 6 && memcmp(check.at, "entry ", 6) == 0) {
		struct field fields[FIELDS] = {{NULL, 0}};

		status = next_line(&check, fields, FIELDS);
		if (status == ASSAY_OK)
			status = check_entry(&check, fields);
	}
	if (status == ASSAY_OK)
		status = check_end(&check, proof, check.at);
	json_decref(check.exchanges);
	json_decref(check.fills);
	json_decref(check.named);
	return status;
}
