/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/lab/export_inside.h"

#include "gateway/lab/entries.h"
#include "gateway/lab/query_row.h"
#include "gateway/lab/trail.h"
#include "gateway/record/journal_reader.h"
#include "gateway/record/sha256.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const struct export_table export_tables[EXPORT_TABLES] = {
	{"batches", ASSAY_ENTRY_BATCH,
		{"batch", "sample", "product", "=product_zh", "=product_en", "=name", "=producer", "=lot",
			"produced", "=amount", "=origin", "=who", NULL}},
	{"tests", ASSAY_ENTRY_TEST,
		{"test", "batch", "position", "analyte", "method", "evidence_instrument", NULL}},
	{"fills", ASSAY_ENTRY_FILL,
		{"test", "slot", "replicate", "ordinal", "value", "unit", "instrument", "channel", "exchange",
			"idx", "serial", "driver", "driver_sha256", "typed", "=reason", "=who", NULL}},
	{"results", ASSAY_ENTRY_RESULT,
		{"result", "test", "batch", "value", "unit", "exact", "reasons", NULL}},
	{"verdicts", ASSAY_ENTRY_VERDICT,
		{"batch", "result", "verdict", "reasons", "standard", "=clause", "=limit", "=compared",
			"=text_zh", "=text_en", "=scope_zh", "=scope_en", "status", NULL}},
	{"reviews", ASSAY_ENTRY_REVIEW, {"batch", "action", "=reason", "status", "=who", NULL}},
	{"trail", 0,
		{"kind", "line", "batch", "test", "result", "slot", "instrument", "=who", "action", "value",
			"unit", "=reason", "=text_zh", "=text_en", NULL}},
};

const char export_readme[] =
	"assay export / assay 导出\n\n"
	"entries.jsonl   every entry, one JSON object a line, in order. header, leaf and raw are hex; header "
	"is\n"
	"                the 80 bytes the entry was hashed with, so that\n"
	"                leaf = SHA-256(00 || header || SHA-256(body_text) || SHA-256(raw))\n"
	"                body_text is the body exactly as recorded, body the same as JSON.\n"
	"*.csv           UTF-8 with a mark, comma, first line names; seq is the entry. Text a person typed "
	"that\n"
	"                begins with = + - or @ has an apostrophe before it, so that no program takes it for "
	"a\n"
	"                formula; entries.jsonl has it as typed.\n"
	"checkpoint      the newest signed checkpoint at the time of the export (C2SP signed note), when "
	"there is one\n"
	"origin.pub      the public key it is signed with\n"
	"tree.txt        what stands beside these entries: FIRST COUNT HASH of the largest complete subtrees "
	"(RFC\n"
	"                6962) that hold none of them; with the leaves they give the root the checkpoint "
	"signs\n"
	"SHA256SUMS      for sha256sum -c\n"
	"Times are UTC. Order is by seq; the wall clock may have been set.\n\n"
	"entries.jsonl 是全部条目；*.csv 是各类记录和审计追踪；时间为 UTC；用 sha256sum -c SHA256SUMS "
	"核对文件。\n";

static int io_failed(struct assay_error *err, const char *path)
{
	return assay_error_set(err, ASSAY_EIO, "export-io", "%s：写不了（%s）", "%s: cannot be written (%s)",
		path, strerror(errno));
}

static FILE *open_new(const struct export *export, const char *name, struct assay_error *err)
{
	char path[PATH_ROOM];
	FILE *file;

	(void)snprintf(path, sizeof path, "%s/%s", export->folder, name);
	file = fopen(path, "wxe");
	if (!file)
		(void)io_failed(err, path);
	return file;
}

static void put_cell(FILE *file, const char *text, bool typed)
{
	bool quote = strpbrk(text, ",\"\r\n") != NULL, formula = typed && *text && strchr("=+-@\t", *text);

	if (quote || formula)
		(void)putc('"', file);
	if (formula)
		(void)putc('\'', file);
	for (; *text; text++) {
		if (*text == '"')
			(void)putc('"', file);
		(void)putc(*text, file);
	}
	if (quote || formula)
		(void)putc('"', file);
}

static void put_value(FILE *file, const json_t *value, bool typed)
{
	char joined[1000] = "";
	const json_t *one;
	size_t index, at = 0;

	if (json_is_string(value)) {
		put_cell(file, json_string_value(value), typed);
	} else if (json_is_integer(value)) {
		(void)fprintf(file, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
	} else if (json_is_boolean(value)) {
		(void)fputs(json_is_true(value) ? "true" : "false", file);
	} else if (json_is_array(value)) {
		json_array_foreach(value, index, one)
		{
			const char *text = json_string_value(one);

			if (text && at + strlen(text) + 2 < sizeof joined)
				at += (size_t)snprintf(
					joined + at, sizeof joined - at, "%s%s", at ? " " : "", text);
		}
		put_cell(file, joined, typed);
	}
}

void export_put_heads(FILE *file, const struct export_table *table)
{
	(void)fputs("\xef\xbb\xbfseq,at", file);
	for (size_t i = 0; table->column[i]; i++)
		(void)fprintf(file, ",%s", table->column[i] + (table->column[i][0] == '='));
	(void)fputs("\r\n", file);
}

static void put_line(
	FILE *file, const struct export_table *table, const struct assay_entry *entry, const json_t *row)
{
	char at[32];

	(void)fprintf(file, "%llu,%s", (unsigned long long)entry->sequence, query_time(entry->wall_ns, at));
	for (size_t i = 0; table->column[i]; i++) {
		bool typed = table->column[i][0] == '=';

		(void)putc(',', file);
		put_value(file, json_object_get(row, table->column[i] + typed), typed);
	}
	(void)fputs("\r\n", file);
}

static int put_entry(
	FILE *file, const struct assay_entry *entry, const json_t *body, const uint8_t leaf[ASSAY_HASH_SIZE])
{
	uint8_t header[ASSAY_HEADER_SIZE];
	char at[32], boot[33], leaf_hex[2 * ASSAY_HASH_SIZE + 1], header_hex[2 * ASSAY_HEADER_SIZE + 1];
	json_t *object;
	int written;

	assay_entry_header(entry, header);
	assay_hex(header, sizeof header, header_hex);
	assay_hex(entry->boot, sizeof entry->boot, boot);
	assay_hex(leaf, ASSAY_HASH_SIZE, leaf_hex);
	object = json_pack("{s:I,s:s,s:s,s:I,s:s,s:s,s:O,s:o,s:o,s:s,s:s}", "seq",
		(json_int_t)entry->sequence, "kind", assay_entry_kind_name(entry->kind), "at",
		query_time(entry->wall_ns, at), "mono_ns", (json_int_t)entry->mono_ns, "boot", boot, "line",
		entry->line, "body", body, "body_text", json_stringn(entry->body, entry->body_length), "raw",
		query_hex(entry->raw, entry->raw_length), "header", header_hex, "leaf", leaf_hex);
	if (!object)
		return ASSAY_ENOMEM;
	written = json_dumpf(object, file, JSON_COMPACT | JSON_PRESERVE_ORDER);
	json_decref(object);
	return written == 0 && putc('\n', file) != EOF ? ASSAY_OK : ASSAY_EIO;
}

static json_t *body_of(const struct assay_entry *entry)
{
	json_t *body = entry->body_length ? json_loadb(entry->body, entry->body_length, JSON_DECODE_ANY, NULL)
					  : NULL;

	return body ? body : json_null();
}

static int take_line(void *context, const struct assay_entry *entry, const uint8_t leaf[ASSAY_HASH_SIZE])
{
	json_t *body = body_of(entry);
	int status = put_entry(context, entry, body, leaf);

	json_decref(body);
	return status;
}

int assay_export_lines(const char *dir, uint64_t since, FILE *out, struct assay_error *err)
{
	struct assay_reader *reader = NULL;
	int status = assay_reader_open(dir, ASSAY_READ_STILL, &reader, err);

	if (status != ASSAY_OK)
		return status;
	status = assay_reader_each(reader, since, 0, take_line, out, err);
	if (status == ASSAY_ENOMEM)
		(void)lab_no_memory(err);
	else if (status == ASSAY_EIO)
		(void)io_failed(err, "-");
	assay_reader_close(reader);
	return status;
}

static void keep_beside(void *context, const struct assay_subtree *subtree)
{
	struct export *export = context;

	if (export->beside_count == export->beside_room) {
		size_t room = export->beside_room ? 2 * export->beside_room : 128;
		struct assay_subtree *grown = realloc(export->beside, room * sizeof *grown);

		if (!grown) {
			export->no_memory = true;
			return;
		}
		export->beside = grown;
		export->beside_room = room;
	}
	export->beside[export->beside_count++] = *subtree;
}

int export_take(void *context, const struct assay_entry *entry, const uint8_t leaf[ASSAY_HASH_SIZE])
{
	struct export *export = context;
	struct assay_subtree own = {.first = entry->sequence, .count = 1};
	json_t *body, *row;
	int status;

	own.inside = (!export->from_ns || entry->wall_ns >= export->from_ns) &&
		     (!export->to_ns || entry->wall_ns < export->to_ns);
	memcpy(own.hash, leaf, sizeof own.hash);
	if (entry->sequence < export->signed_size)
		(void)assay_subtree_take(
			&export->row, &own, keep_beside, export); /* finish looks at its size */
	if (!own.inside)
		return 0;
	body = body_of(entry);
	row = assay_trail_row(entry);
	status = row ? put_entry(export->entries, entry, body, leaf) : ASSAY_ENOMEM;
	for (size_t i = 0; i < EXPORT_TABLES; i++) {
		if (export_tables[i].kind == 0)
			put_line(export->table[i], &export_tables[i], entry, row);
		else if (export_tables[i].kind == entry->kind)
			put_line(export->table[i], &export_tables[i], entry, body);
	}
	json_decref(row);
	json_decref(body);
	if (export->report->entries++ == 0)
		export->report->first = entry->sequence;
	export->report->last = entry->sequence;
	return status;
}

/* Written out, durable, and its line in SHA256SUMS. */
static int finish_file(
	struct export *export, FILE *file, const char *name, FILE *sums, struct assay_error *err)
{
	char path[PATH_ROOM], sha256[65];
	bool good = fflush(file) == 0 && !ferror(file) && fsync(fileno(file)) == 0;

	if (fclose(file) != 0)
		good = false;
	(void)snprintf(path, sizeof path, "%s/%s", export->folder, name);
	if (!good || assay_sha256_file(path, sha256) != 0)
		return io_failed(err, path);
	export->report->files++;
	if (sums)
		(void)fprintf(sums, "%s  %s\n", sha256, name);
	return ASSAY_OK;
}

static int put_text(
	struct export *export, const char *name, const char *text, FILE *sums, struct assay_error *err)
{
	FILE *file = open_new(export, name, err);

	if (!file)
		return ASSAY_EIO;
	(void)fputs(text, file);
	return finish_file(export, file, name, sums, err);
}

static int put_tree(struct export *export, FILE *sums, struct assay_error *err)
{
	FILE *file;

	assay_subtree_end(&export->row, keep_beside, export);
	if (export->no_memory)
		return lab_no_memory(err);
	file = open_new(export, "tree.txt", err);
	if (!file)
		return ASSAY_EIO;
	if (export->beside_count)
		qsort(export->beside, export->beside_count, sizeof *export->beside, assay_subtree_compare);
	for (size_t i = 0; i < export->beside_count; i++)
		(void)assay_subtree_print(
			file, &export->beside[i]); /* finish_file looks at the file's errors */
	return finish_file(export, file, "tree.txt", sums, err);
}

/* A small file of the data directory; "" when it is not there. */
static int read_small(
	const char *dir, const char *below, char text[EXPORT_SMALL_MAX], struct assay_error *err)
{
	char path[PATH_ROOM];
	FILE *file;
	size_t got;

	(void)snprintf(path, sizeof path, "%s/%s", dir, below);
	text[0] = '\0';
	file = fopen(path, "re");
	if (!file && errno == ENOENT)
		return ASSAY_OK;
	got = file ? fread(text, 1, EXPORT_SMALL_MAX - 1, file) : 0;
	text[got] = '\0';
	if (!file || ferror(file) || got == EXPORT_SMALL_MAX - 1)
		got = SIZE_MAX;
	if (file)
		(void)fclose(file);
	return got == SIZE_MAX ? io_failed(err, path) : ASSAY_OK;
}

static int open_files(struct export *export, struct assay_error *err)
{
	char name[40];

	export->entries = open_new(export, "entries.jsonl", err);
	for (size_t i = 0; export->entries && i < EXPORT_TABLES; i++) {
		(void)snprintf(name, sizeof name, "%s.csv", export_tables[i].name);
		export->table[i] = open_new(export, name, err);
		if (!export->table[i])
			return ASSAY_EIO;
		export_put_heads(export->table[i], &export_tables[i]);
	}
	return export->entries ? ASSAY_OK : ASSAY_EIO;
}

static int finish(struct export *export, struct assay_error *err)
{
	FILE *sums = open_new(export, "SHA256SUMS", err), *file = export->entries;
	int status = sums ? ASSAY_OK : ASSAY_EIO;

	export->entries = NULL;
	if (status != ASSAY_OK) {
		(void)fclose(file);
		return status;
	}
	status = finish_file(export, file, "entries.jsonl", sums, err);
	for (size_t i = 0; status == ASSAY_OK && i < EXPORT_TABLES; i++) {
		char name[40];

		(void)snprintf(name, sizeof name, "%s.csv", export_tables[i].name);
		file = export->table[i];
		export->table[i] = NULL;
		status = finish_file(export, file, name, sums, err);
	}
	if (status == ASSAY_OK)
		status = put_text(export, "README.txt", export_readme, sums, err);
	if (status == ASSAY_OK && *export->checkpoint)
		status = put_text(export, "checkpoint", export->checkpoint, sums, err);
	if (status == ASSAY_OK && *export->key)
		status = put_text(export, "origin.pub", export->key, sums, err);
	if (status == ASSAY_OK && export->signed_size && export->row.size == export->signed_size)
		status = put_tree(export, sums, err);
	if (status != ASSAY_OK) {
		(void)fclose(sums);
		return status;
	}
	return finish_file(export, sums, "SHA256SUMS", NULL, err);
}

static int give_name(const struct export *export, struct assay_error *err)
{
	int fd = open(export->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool good = fd >= 0 && fsync(fd) == 0;

	if (fd >= 0)
		(void)close(fd);
	return good && rename(export->folder, export->to) == 0 ? ASSAY_OK : io_failed(err, export->to);
}

static void remove_all(const struct export *export)
{
	static const char *const names[] = {
		"entries.jsonl", "README.txt", "checkpoint", "origin.pub", "tree.txt", "SHA256SUMS"};
	char path[PATH_ROOM];

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		(void)snprintf(path, sizeof path, "%s/%s", export->folder, names[i]);
		(void)unlink(path);
	}
	for (size_t i = 0; i < EXPORT_TABLES; i++) {
		(void)snprintf(path, sizeof path, "%s/%s.csv", export->folder, export_tables[i].name);
		(void)unlink(path);
	}
	(void)rmdir(export->folder);
}

int assay_export(const char *dir, const char *to, int64_t from_ns, int64_t to_ns,
	struct assay_export_report *report, struct assay_error *err)
{
	struct export export = {.to = to, .from_ns = from_ns, .to_ns = to_ns, .report = report};
	struct assay_reader *reader = NULL;
	uint8_t root[ASSAY_HASH_SIZE];
	int status;

	memset(report, 0, sizeof *report);
	(void)snprintf(export.folder, sizeof export.folder, "%s.new", to);
	if (strlen(to) + 8 > sizeof export.folder)
		return assay_error_set(err, ASSAY_EUSAGE, "path-long", "路径太长", "the path is too long");
	if (access(to, F_OK) == 0)
		return assay_error_set(err, ASSAY_ETAKEN, "export-exists", "%s 已存在；请另取一个名字",
			"%s is there already; give another name", to);
	/* Before the entries: a gateway that runs signs on, and what is exported must hold all that is signed for. */
	status = read_small(dir, "journal/checkpoint", export.checkpoint, err);
	if (status == ASSAY_OK)
		status = read_small(dir, "keys/origin.pub", export.key, err);
	/* A note that cannot be read is exported as it stands, for whoever looks at it; nothing is tied to it. */
	if (assay_checkpoint_parse(export.checkpoint, NULL, &export.signed_size, root, NULL) != ASSAY_OK)
		export.signed_size = 0;
	if (status == ASSAY_OK)
		status = assay_reader_open(dir, ASSAY_READ_STILL, &reader, err);
	if (status != ASSAY_OK)
		return status;
	if (mkdir(export.folder, 0700) != 0) {
		status = io_failed(err, export.folder);
		goto out;
	}
	status = open_files(&export, err);
	if (status == ASSAY_OK) {
		status = assay_reader_each(reader, 0, 0, export_take, &export, err);
		if (status == ASSAY_ENOMEM)
			(void)lab_no_memory(err);
		else if (status == ASSAY_EIO)
			(void)io_failed(err, export.folder);
	}
	if (status == ASSAY_OK)
		status = finish(&export, err);
	if (export.entries)
		(void)fclose(export.entries);
	for (size_t i = 0; i < EXPORT_TABLES; i++)
		if (export.table[i])
			(void)fclose(export.table[i]);
	if (status == ASSAY_OK)
		status = give_name(&export, err);
	if (status != ASSAY_OK)
		remove_all(&export);
out:
	free(export.beside);
	assay_reader_close(reader);
	return status;
}
