/* SPDX-License-Identifier: Apache-2.0
 * An export read again as evidence: entries.jsonl says everything, so every other file and every line of it is written
 * once more from what it says and must come out the same. */
#include "gateway/lab/export_inside.h"

#include "gateway/lab/entries.h"
#include "gateway/record/merkle.h"
#include "gateway/record/sha256.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NAME_MAX_LENGTH 40u
#define LINE_MAX_BYTES (8u * (ASSAY_BODY_MAX + ASSAY_RAW_MAX)) /* of entries.jsonl: escapes and hex */
#define FILES (EXPORT_TABLES + 1u)

/* What is written to it is compared with a file. */
struct mirror {
	char name[NAME_MAX_LENGTH];
	FILE *real, *made;
	uint64_t at;
	bool differs, said;
};

struct check {
	const char *folder;
	const struct assay_verify_options *options;
	struct assay_export_check *report;
	struct mirror mirror[FILES]; /* entries.jsonl, then the tables */
	struct export again;
	struct assay_export_report written;
	struct assay_tree tree;
	uint8_t signed_root[ASSAY_HASH_SIZE];
	bool root_same;
	struct assay_subtree_row row; /* of entries and of what tree.txt says stands beside them */
	FILE *beside;
	bool row_broken;
	uint8_t *raw;
	size_t raw_room;
};

__attribute__((format(printf, 4, 6), format(printf, 5, 6))) static void find(
	struct check *check, uint64_t sequence, const char *code, const char *zh, const char *en, ...)
{
	struct assay_finding finding = {.sequence = sequence};
	va_list args, again;

	(void)snprintf(finding.what.code, sizeof finding.what.code, "%s", code);
	va_start(args, en);
	va_copy(again, args);
	(void)vsnprintf(finding.what.text_zh, sizeof finding.what.text_zh, zh, args);
	(void)vsnprintf(finding.what.text_en, sizeof finding.what.text_en, en, again);
	va_end(again);
	va_end(args);
	if (check->report->findings++ == 0)
		check->report->worst = finding;
	if (check->options->found && check->report->findings <= ASSAY_FINDINGS_MAX)
		check->options->found(check->options->context, &finding);
}

static FILE *open_in(const struct check *check, const char *name)
{
	char path[PATH_ROOM];

	(void)snprintf(path, sizeof path, "%s/%s", check->folder, name);
	return fopen(path, "re");
}

static ssize_t compare_write(void *cookie, const char *bytes, size_t length)
{
	struct mirror *mirror = cookie;
	char real[4096];

	for (size_t done = 0; done < length && !mirror->differs;) {
		size_t part = length - done < sizeof real ? length - done : sizeof real;
		size_t got = fread(real, 1, part, mirror->real), same = 0;

		while (same < got && real[same] == bytes[done + same])
			same++;
		mirror->at += same;
		mirror->differs = same < part;
		done += part;
	}
	return (ssize_t)length;
}

static int open_mirror(struct check *check, struct mirror *mirror, const char *name, struct assay_error *err)
{
	(void)snprintf(mirror->name, sizeof mirror->name, "%s", name);
	mirror->real = open_in(check, name);
	if (!mirror->real) {
		find(check, ASSAY_NO_SEQUENCE, "export-file-differs", "导出的 %s：缺失或不能读取",
			"%s: is missing or cannot be read", name);
		mirror->real = fopen("/dev/null", "re");
		mirror->said = true;
	}
	mirror->made = fopencookie(mirror, "w", (cookie_io_functions_t){.write = compare_write});
	return mirror->real && mirror->made ? ASSAY_OK : lab_no_memory(err);
}

static int open_mirrors(struct check *check, struct assay_error *err)
{
	char name[NAME_MAX_LENGTH];
	int status = open_mirror(check, &check->mirror[0], "entries.jsonl", err);

	check->again.entries = check->mirror[0].made;
	for (size_t i = 0; status == ASSAY_OK && i < EXPORT_TABLES; i++) {
		(void)snprintf(name, sizeof name, "%s.csv", export_tables[i].name);
		status = open_mirror(check, &check->mirror[1 + i], name, err);
		check->again.table[i] = check->mirror[1 + i].made;
		if (status == ASSAY_OK)
			export_put_heads(check->again.table[i], &export_tables[i]);
	}
	return status;
}

static void close_mirror(struct check *check, struct mirror *mirror)
{
	if (mirror->made)
		(void)fclose(mirror->made);
	if (mirror->real && !mirror->said && (mirror->differs || getc(mirror->real) != EOF))
		find(check, ASSAY_NO_SEQUENCE, "export-file-differs",
			"导出的 %s：从第 %" PRIu64 " 字节起与条目不符",
			"%s: does not say what the entries say, from byte %" PRIu64 " on", mirror->name,
			mirror->at);
	if (mirror->real)
		(void)fclose(mirror->real);
}

static int nibble(char digit)
{
	return digit >= '0' && digit <= '9'   ? digit - '0'
	       : digit >= 'a' && digit <= 'f' ? digit - 'a' + 10
					      : -1;
}

static bool from_hex(const char *hex, uint8_t *out, size_t length)
{
	if (!hex || strlen(hex) != 2 * length)
		return false;
	for (size_t i = 0; i < length; i++) {
		int high = nibble(hex[2 * i]), low = nibble(hex[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		out[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

static bool take_raw(struct check *check, const char *hex, struct assay_entry *entry)
{
	size_t length = hex ? strlen(hex) / 2 : 0;

	if (length > check->raw_room) {
		uint8_t *grown = realloc(check->raw, length);

		if (!grown)
			return false;
		check->raw = grown;
		check->raw_room = length;
	}
	entry->raw = check->raw;
	entry->raw_length = length;
	return from_hex(hex, check->raw, length);
}

/* line -> entry, everything of it checked that one entry can show by itself. */
static bool take_entry(
	struct check *check, const json_t *line, struct assay_entry *entry, uint8_t leaf[ASSAY_HASH_SIZE])
{
	const json_t *text = json_object_get(line, "body_text");
	uint8_t header[ASSAY_HEADER_SIZE], again[ASSAY_HASH_SIZE];
	struct assay_entry said;

	if (!from_hex(json_string_value(json_object_get(line, "header")), header, sizeof header) ||
		!from_hex(json_string_value(json_object_get(line, "leaf")), leaf, ASSAY_HASH_SIZE) ||
		!json_is_string(text) || assay_entry_parse_header(header, entry, NULL) != ASSAY_OK)
		return false;
	said = *entry;
	if (!take_raw(check, json_string_value(json_object_get(line, "raw")), entry))
		return false;
	entry->body = json_string_value(text);
	entry->body_length = json_string_length(text);
	if (entry->body_length == 0 && entry->raw_length == 0 && said.body_length) {
		check->report->gone++;
		return true;
	}
	assay_entry_leaf_of(header, entry, again);
	return entry->body_length == said.body_length && entry->raw_length == said.raw_length &&
	       memcmp(again, leaf, sizeof again) == 0;
}

/* From where the row ends to the entry upto, by the lines of tree.txt. */
static void bridge(struct check *check, uint64_t upto)
{
	char line[ASSAY_SUBTREE_LINE_MAX];
	struct assay_subtree next;

	while (!check->row_broken && check->row.size < upto)
		check->row_broken = !check->beside || !fgets(line, sizeof line, check->beside) ||
				    !assay_subtree_parse(line, &next) ||
				    next.count > upto - check->row.size ||
				    !assay_subtree_take(&check->row, &next, NULL, NULL);
}

static void tie_entry(struct check *check, uint64_t sequence, const uint8_t leaf[ASSAY_HASH_SIZE])
{
	struct assay_subtree own = {.first = sequence, .count = 1};

	if (sequence >= check->report->signed_size)
		return;
	memcpy(own.hash, leaf, sizeof own.hash);
	bridge(check, sequence);
	if (!check->row_broken && !assay_subtree_take(&check->row, &own, NULL, NULL))
		check->row_broken = true;
}

/* Leaves and tree.txt together give the root that the checkpoint signs, and tree.txt says no more. */
static void check_tied(struct check *check)
{
	struct assay_export_check *report = check->report;
	uint8_t root[ASSAY_HASH_SIZE];

	if (report->signed_size == 0)
		return;
	bridge(check, report->signed_size);
	if (!check->row_broken && check->beside && getc(check->beside) == EOF) {
		assay_subtree_root_of(&check->row, root);
		report->tied = memcmp(root, check->signed_root, sizeof root) == 0;
	}
	if (!report->tied && (!report->whole || check->root_same))
		find(check, ASSAY_NO_SEQUENCE, "export-root-differs",
			"导出的条目和 tree.txt 算不出检查点签名的根：有条目被改、被删或被加",
			"the entries and tree.txt do not give the root that the checkpoint signs: one was "
			"changed, "
			"left out or put in");
}

static int look_at(struct check *check, const json_t *line, uint64_t number, struct assay_error *err)
{
	struct assay_export_check *report = check->report;
	uint8_t leaf[ASSAY_HASH_SIZE], root[ASSAY_HASH_SIZE];
	struct assay_entry entry;

	if (!take_entry(check, line, &entry, leaf) || (report->entries && entry.sequence <= report->last)) {
		find(check, report->entries ? report->last + 1 : number, "export-entry-bad",
			"entries.jsonl 第 %" PRIu64 " 行：条目不成立，内容、哈希或次序不符",
			"entries.jsonl, line %" PRIu64
			": the entry does not hold: contents, hash or order disagree",
			number + 1);
		report->whole = false;
		return ASSAY_OK;
	}
	if (report->entries++ == 0)
		report->first = entry.sequence;
	else
		report->missing += entry.sequence - report->last - 1;
	report->last = entry.sequence;
	tie_entry(check, entry.sequence, leaf);
	report->whole = report->whole && entry.sequence == check->tree.size;
	if (report->whole) {
		(void)assay_tree_append(&check->tree, leaf, NULL, NULL);
		if (check->tree.size == report->signed_size) {
			assay_tree_root(&check->tree, root);
			check->root_same = memcmp(root, check->signed_root, sizeof root) == 0;
		}
	}
	return export_take(&check->again, &entry, leaf) == ASSAY_ENOMEM ? lab_no_memory(err) : ASSAY_OK;
}

static int read_entries(struct check *check, struct assay_error *err)
{
	FILE *file = open_in(check, "entries.jsonl");
	char *line = NULL;
	size_t room = 0;
	ssize_t length;
	uint64_t number = 0;
	int status = ASSAY_OK;

	while (file && status == ASSAY_OK && (length = getline(&line, &room, file)) > 0) {
		json_t *object = length < (ssize_t)LINE_MAX_BYTES
					 ? json_loadb(line, (size_t)length, JSON_REJECT_DUPLICATES, NULL)
					 : NULL;

		status = look_at(check, object, number++, err);
		json_decref(object);
	}
	free(line);
	if (file)
		(void)fclose(file);
	return status;
}

static bool read_small(const struct check *check, const char *name, char text[EXPORT_SMALL_MAX])
{
	FILE *file = open_in(check, name);
	size_t got = file ? fread(text, 1, EXPORT_SMALL_MAX - 1, file) : 0;

	text[got] = '\0';
	if (file)
		(void)fclose(file);
	return file != NULL;
}

static void check_checkpoint(struct check *check)
{
	char note[EXPORT_SMALL_MAX], line[EXPORT_SMALL_MAX];
	const struct assay_origin_key *key = check->options->key;
	struct assay_origin_key own;
	uint64_t size = 0;

	if (!read_small(check, "checkpoint", note))
		return;
	if (!key && read_small(check, "origin.pub", line) &&
		assay_origin_key_parse(line, &own, NULL) == ASSAY_OK) {
		key = &own;
		check->report->own_key = true;
	}
	if (key && assay_checkpoint_check(key, note, &size, check->signed_root, NULL) == ASSAY_OK)
		check->report->signed_size = size;
	else
		find(check, ASSAY_NO_SEQUENCE, "checkpoint-bad", "导出的 checkpoint：签名与公钥（%s）不符",
			"checkpoint: is not signed with the key (%s)",
			check->options->key ? "--key" : "origin.pub");
}

/* Each file once, with its digest, in the order they were written. */
static void check_digests(struct check *check)
{
	static const char *const others[] = {"README.txt", "checkpoint", "origin.pub", "tree.txt"};
	char path[PATH_ROOM], digest[65], wanted[65 + 2 + NAME_MAX_LENGTH], got[sizeof wanted];
	FILE *sums = open_in(check, "SHA256SUMS");
	bool same = sums != NULL;

	for (size_t i = 0; same && i < FILES + sizeof others / sizeof *others; i++) {
		const char *name = i < FILES ? check->mirror[i].name : others[i - FILES];

		(void)snprintf(path, sizeof path, "%s/%s", check->folder, name);
		if (i > FILES && access(path, F_OK) != 0)
			continue; /* an export without a checkpoint */
		same = assay_sha256_file(path, digest) == 0;
		(void)snprintf(wanted, sizeof wanted, "%s  %s\n", digest, name);
		same = same && fgets(got, sizeof got, sums) && strcmp(wanted, got) == 0;
		if (!same)
			find(check, ASSAY_NO_SEQUENCE, "export-file-differs", "SHA256SUMS：%s 的摘要不符",
				"SHA256SUMS: the digest of %s is another", name);
	}
	if (!sums)
		find(check, ASSAY_NO_SEQUENCE, "export-file-differs", "SHA256SUMS：缺失",
			"SHA256SUMS: is missing");
	else if (same && getc(sums) != EOF)
		find(check, ASSAY_NO_SEQUENCE, "export-file-differs", "SHA256SUMS：列出的文件比应有的多",
			"SHA256SUMS: names more files than it should");
	if (sums)
		(void)fclose(sums);
}

static void check_readme(struct check *check)
{
	char text[EXPORT_SMALL_MAX];

	if (!read_small(check, "README.txt", text) || strcmp(text, export_readme) != 0)
		find(check, ASSAY_NO_SEQUENCE, "export-file-differs", "README.txt：不是 assay 写的那份",
			"README.txt: is not the one assay writes");
}

int assay_export_verify(const char *folder, const struct assay_verify_options *options,
	struct assay_export_check *report, struct assay_error *err)
{
	struct check *check = calloc(1, sizeof *check);
	char path[PATH_ROOM];
	int status;

	if (!check)
		return lab_no_memory(err);
	memset(report, 0, sizeof *report);
	check->folder = folder;
	check->options = options;
	check->report = report;
	check->again.report = &check->written;
	report->whole = true;
	(void)snprintf(path, sizeof path, "%s/entries.jsonl", folder);
	if (access(path, R_OK) != 0) {
		free(check);
		return assay_error_set(err, ASSAY_ENOTFOUND, "export-missing", "%s 里没有导出的文件",
			"there is no export in %s", folder);
	}
	check_checkpoint(check);
	check->beside = open_in(check, "tree.txt");
	status = open_mirrors(check, err);
	if (status == ASSAY_OK)
		status = read_entries(check, err);
	report->whole = report->whole && report->entries && report->signed_size &&
			report->signed_size <= report->entries;
	if (report->missing && report->first == 0 && report->last + 1 >= report->signed_size)
		find(check, ASSAY_NO_SEQUENCE, "export-root-differs",
			"导出从头到尾都在，中间却缺 %" PRIu64 " 条",
			"the export has beginning and end, %" PRIu64 " entries in between are missing",
			report->missing);
	if (report->whole && !check->root_same)
		find(check, ASSAY_NO_SEQUENCE, "export-root-differs",
			"导出的条目算不出检查点签名的根：有条目被改、被删或被加",
			"the entries do not give the root that the checkpoint signs: one was changed, left "
			"out or "
			"put in");
	check_tied(check);
	if (check->beside)
		(void)fclose(check->beside);
	for (size_t i = 0; i < FILES; i++)
		close_mirror(check, &check->mirror[i]);
	check_readme(check);
	check_digests(check);
	free(check->raw);
	free(check);
	return status;
}
