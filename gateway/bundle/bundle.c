/* SPDX-License-Identifier: Apache-2.0
 * The container: a head of text lines (serial, then digest, length and name of each file, by name), an empty line, and the
 * files one after the other. */
#include "gateway/bundle/bundle.h"

#include "gateway/bundle/bundle_key.h"
#include "gateway/record/sha256.h"
#include "limits/xml_scan.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEAD "assay-specs 1\n"
#define PATH_ROOM 1200u
#define LINE_ROOM 256u

/* What a bundle may hold, and nothing else. */
static const char *const folders[] = {"advice", "analytes", "categories", "examples", "instruments",
	"methods", "products", "schema", "standards", NULL};

static int no_memory(struct assay_error *err)
{
	return assay_error_set(err, ASSAY_ENOMEM, "out-of-memory", "内存不足", "out of memory");
}

/* FOLDER/NAME.xml or .xsd: one known folder, then small letters, digits, dots, dashes and underscores. */
static bool name_is_good(const char *path)
{
	const char *slash = strchr(path, '/');
	size_t length = slash ? strlen(slash + 1) : 0;

	if (length < 5 || strlen(path) >= ASSAY_BUNDLE_PATH_MAX || slash[1] == '.' ||
		(strcmp(slash + 1 + length - 4, ".xml") != 0 &&
			strcmp(slash + 1 + length - 4, ".xsd") != 0) ||
		strspn(slash + 1, "abcdefghijklmnopqrstuvwxyz0123456789.-_") != length)
		return false;
	for (size_t i = 0; folders[i]; i++)
		if (strncmp(folders[i], path, (size_t)(slash - path)) == 0 && !folders[i][slash - path])
			return true;
	return false;
}

#define DAMAGED(err, path, zh, en)                                                                           \
	assay_error_set(err, ASSAY_EREFUSED, "bundle-damaged", "%s：" zh, "%s: " en, path)

void assay_bundle_free(struct assay_bundle *bundle)
{
	if (!bundle)
		return;
	free(bundle->bytes);
	free(bundle->file);
	free(bundle);
}

/* One line of the head, without its newline, into line; the place after it, or NULL. */
static const char *next_line(const char *at, const char *end, char line[LINE_ROOM])
{
	const char *stop = memchr(at, '\n', (size_t)(end - at));

	if (!stop || (size_t)(stop - at) >= LINE_ROOM || memchr(at, '\0', (size_t)(stop - at)))
		return NULL;
	memcpy(line, at, (size_t)(stop - at));
	line[stop - at] = '\0';
	return stop + 1;
}

/* Decimal digits alone, no more than fit. */
static bool number_of(const char *text, size_t length, uint64_t *out)
{
	uint64_t value = 0;

	if (length == 0 || length > 18 || (length > 1 && text[0] == '0'))
		return false;
	for (size_t i = 0; i < length; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		value = value * 10 + (uint64_t)(text[i] - '0');
	}
	*out = value;
	return true;
}

static bool digest_of(const char *hex, uint8_t out[32])
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < 64; i++) {
		const char *digit = hex[i] ? strchr(digits, hex[i]) : NULL;

		if (!digit)
			return false;
		out[i / 2] = (uint8_t)((i % 2 ? out[i / 2] << 4 : 0) | (digit - digits));
	}
	return true;
}

/* "DIGEST LENGTH NAME" */
static bool read_row(const char *line, struct assay_bundle_file *file)
{
	size_t digits;
	uint64_t length = 0;

	if (strlen(line) < 68 || line[64] != ' ' || !digest_of(line, file->digest))
		return false;
	digits = strcspn(line + 65, " ");
	if (line[65 + digits] != ' ' || !number_of(line + 65, digits, &length) || length > ASSAY_BUNDLE_MAX ||
		!name_is_good(line + 66 + digits))
		return false;
	file->length = (size_t)length;
	(void)snprintf(file->path, sizeof file->path, "%s", line + 66 + digits);
	return true;
}

static int read_head(
	struct assay_bundle *bundle, const char *path, const char **body, struct assay_error *err)
{
	const char *end = bundle->bytes + bundle->length, *at = bundle->bytes;
	char line[LINE_ROOM];

	if (bundle->length < strlen(HEAD) || memcmp(at, HEAD, strlen(HEAD)) != 0)
		return DAMAGED(err, path, "不是规格包", "this is no spec bundle");
	at = next_line(at + strlen(HEAD), end, line);
	if (!at || strncmp(line, "serial ", 7) != 0 ||
		!number_of(line + 7, strlen(line + 7), &bundle->serial) || bundle->serial == 0)
		return DAMAGED(err, path, "没有序号", "it has no serial number");
	bundle->file = calloc(ASSAY_BUNDLE_FILES_MAX, sizeof *bundle->file);
	if (!bundle->file)
		return no_memory(err);
	while ((at = next_line(at, end, line)) != NULL && *line) {
		struct assay_bundle_file *file = &bundle->file[bundle->file_count];

		if (bundle->file_count == ASSAY_BUNDLE_FILES_MAX || !read_row(line, file) ||
			(bundle->file_count && strcmp(file[-1].path, file->path) >= 0))
			return DAMAGED(err, path, "文件目录有误（名称、顺序或数量）",
				"its list of files is not as it must be (names, order or number)");
		bundle->file_count++;
	}
	if (!at)
		return DAMAGED(err, path, "文件目录不完整", "its list of files has no end");
	*body = at;
	return ASSAY_OK;
}

static int read_files(struct assay_bundle *bundle, const char *path, const char *at, struct assay_error *err)
{
	size_t left = (size_t)(bundle->bytes + bundle->length - at);

	for (size_t i = 0; i < bundle->file_count; i++) {
		struct assay_bundle_file *file = &bundle->file[i];
		uint8_t digest[32];

		if (file->length > left)
			return DAMAGED(err, path, "内容比目录所说的短", "it is shorter than its list says");
		file->bytes = (const uint8_t *)at;
		assay_sha256(at, file->length, digest);
		if (memcmp(digest, file->digest, sizeof digest) != 0)
			return DAMAGED(
				err, path, "某个文件与其摘要不符", "a file is not what its digest says");
		at += file->length;
		left -= file->length;
	}
	if (left)
		return DAMAGED(err, path, "末尾有多余的内容", "there is something after its last file");
	return ASSAY_OK;
}

int assay_bundle_open(
	const char *path, const char *keys_dir, struct assay_bundle **out, struct assay_error *err)
{
	struct assay_bundle *bundle = calloc(1, sizeof *bundle);
	char signature[PATH_ROOM], text[BUNDLE_TEXT_MAX];
	struct bundle_signer signer;
	uint8_t digest[32];
	const char *body = NULL;
	int status;

	if (!bundle)
		return no_memory(err);
	(void)snprintf(signature, sizeof signature, "%s.sig", path);
	status = assay_xml_read(path, ASSAY_BUNDLE_MAX, &bundle->bytes, &bundle->length, err);
	if (status == ASSAY_OK) {
		assay_sha256(bundle->bytes, bundle->length, digest);
		assay_hex(digest, sizeof digest, bundle->sha256);
		bundle_text(bundle->sha256, text);
		status = bundle_signer(keys_dir, signature, text, &signer, err);
	}
	if (status == ASSAY_OK) {
		memcpy(bundle->signer, signer.name, sizeof bundle->signer);
		memcpy(bundle->signature, signer.signature, sizeof bundle->signature);
	}
	if (status == ASSAY_OK)
		status = read_head(bundle, path, &body, err);
	if (status == ASSAY_OK)
		status = read_files(bundle, path, body, err);
	if (status == ASSAY_OK)
		*out = bundle;
	else
		assay_bundle_free(bundle);
	return status;
}

static int wanted(const struct dirent *entry)
{
	size_t length = strlen(entry->d_name);

	return length > 4 && entry->d_name[0] != '.' &&
	       (strcmp(entry->d_name + length - 4, ".xml") == 0 ||
		       strcmp(entry->d_name + length - 4, ".xsd") == 0);
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* A file's row to the head, its bytes to the body. */
static int add_file(const char *specs_dir, const char *folder, const char *name, FILE *head, FILE *body,
	struct assay_error *err)
{
	char path[PATH_ROOM], below[PATH_ROOM], sha256[65];
	uint8_t digest[32];
	char *bytes = NULL;
	size_t length = 0;
	int status;

	(void)snprintf(below, sizeof below, "%s/%s", folder, name);
	(void)snprintf(path, sizeof path, "%s/%s", specs_dir, below);
	if (!name_is_good(below))
		return assay_error_set(err, ASSAY_EREFUSED, "name-unusable",
			"%s：文件名只能有小写字母、数字、点、横线和下划线",
			"%s: a name has small letters, digits, dots, dashes and underscores only", path);
	status = assay_xml_read(path, ASSAY_BUNDLE_MAX, &bytes, &length, err);
	if (status != ASSAY_OK)
		return status;
	assay_sha256(bytes, length, digest);
	assay_hex(digest, sizeof digest, sha256);
	if (fprintf(head, "%s %zu %s\n", sha256, length, below) < 0 ||
		fwrite(bytes, 1, length, body) != length)
		status = no_memory(err);
	free(bytes);
	return status;
}

static int add_folder(
	const char *specs_dir, const char *folder, FILE *head, FILE *body, struct assay_error *err)
{
	char path[PATH_ROOM];
	struct dirent **names = NULL;
	int count, status = ASSAY_OK;

	(void)snprintf(path, sizeof path, "%s/%s", specs_dir, folder);
	count = scandir(path, &names, wanted, by_bytes);
	for (int i = 0; i < count; i++) {
		if (status == ASSAY_OK)
			status = add_file(specs_dir, folder, names[i]->d_name, head, body, err);
		free(names[i]);
	}
	free(names);
	return status;
}

/* HEAD, serial, rows, an empty line, files. */
static int compose(
	const char *specs_dir, uint64_t serial, char **bytes, size_t *length, struct assay_error *err)
{
	char *rows = NULL, *files = NULL;
	size_t rows_length = 0, files_length = 0;
	FILE *head = open_memstream(&rows, &rows_length), *body = open_memstream(&files, &files_length);
	int status = head && body && fprintf(head, HEAD "serial %" PRIu64 "\n", serial) > 0 ? ASSAY_OK
											    : no_memory(err);

	for (size_t i = 0; status == ASSAY_OK && folders[i]; i++)
		status = add_folder(specs_dir, folders[i], head, body, err);
	if (status == ASSAY_OK && fputc('\n', head) == EOF)
		status = no_memory(err);
	if (head && fclose(head) != 0 && status == ASSAY_OK)
		status = no_memory(err);
	if (body && fclose(body) != 0 && status == ASSAY_OK)
		status = no_memory(err);
	if (status == ASSAY_OK && rows_length + files_length > ASSAY_BUNDLE_MAX)
		status = assay_error_set(err, ASSAY_EFULL, "bundle-large", "规格太大（上限 64 MiB）",
			"the specs are too large (at most 64 MiB)");
	*bytes = status == ASSAY_OK ? malloc(rows_length + files_length) : NULL;
	if (*bytes) {
		memcpy(*bytes, rows, rows_length);
		memcpy(*bytes + rows_length, files, files_length);
		*length = rows_length + files_length;
	} else if (status == ASSAY_OK) {
		status = no_memory(err);
	}
	free(rows);
	free(files);
	return status;
}

int assay_bundle_digest(const char *specs_dir, uint64_t serial, char sha256[65], struct assay_error *err)
{
	uint8_t digest[32];
	char *bytes = NULL;
	size_t length = 0;
	int status = compose(specs_dir, serial, &bytes, &length, err);

	if (status == ASSAY_OK) {
		assay_sha256(bytes, length, digest);
		assay_hex(digest, sizeof digest, sha256);
	}
	free(bytes);
	return status;
}

int assay_bundle_make(
	const char *specs_dir, uint64_t serial, const char *key, const char *out, struct assay_error *err)
{
	char signature[PATH_ROOM], text[BUNDLE_TEXT_MAX], sha256[65], *bytes = NULL;
	uint8_t digest[32];
	size_t length = 0;
	int status = compose(specs_dir, serial, &bytes, &length, err);

	(void)snprintf(signature, sizeof signature, "%s.sig", out);
	if (status == ASSAY_OK) {
		assay_sha256(bytes, length, digest);
		assay_hex(digest, sizeof digest, sha256);
		bundle_text(sha256, text);
		status = bundle_write_new(out, 0644, bytes, length, err);
	}
	free(bytes);
	if (status != ASSAY_OK)
		return status;
	status = bundle_sign(key, text, signature, err);
	if (status != ASSAY_OK)
		(void)unlink(out);
	return status;
}

static int unpack_file(const struct assay_bundle_file *file, const char *dir, struct assay_error *err)
{
	char path[PATH_ROOM];
	size_t folder = strcspn(file->path, "/");

	(void)snprintf(path, sizeof path, "%s/%.*s", dir, (int)folder, file->path);
	if (mkdir(path, 0755) != 0 && errno != EEXIST)
		return assay_error_set(err, ASSAY_EIO, "file-unwritable", "%s 不能建立（%s）",
			"%s cannot be made (%s)", path, strerror(errno));
	(void)snprintf(path, sizeof path, "%s/%s", dir, file->path);
	return bundle_write_new(path, 0644, file->bytes, file->length, err);
}

void assay_bundle_remove(const struct assay_bundle *bundle, const char *dir)
{
	char path[PATH_ROOM];

	for (size_t i = 0; i < bundle->file_count; i++) {
		(void)snprintf(path, sizeof path, "%s/%s", dir, bundle->file[i].path);
		(void)unlink(path);
	}
	for (size_t i = 0; folders[i]; i++) {
		(void)snprintf(path, sizeof path, "%s/%s", dir, folders[i]);
		(void)rmdir(path);
	}
	(void)rmdir(dir);
}

int assay_bundle_unpack(const struct assay_bundle *bundle, const char *dir, struct assay_error *err)
{
	int status = ASSAY_OK;

	if (mkdir(dir, 0755) != 0)
		return assay_error_set(err, errno == EEXIST ? ASSAY_ETAKEN : ASSAY_EIO, "file-unwritable",
			"%s 不能建立（%s）", "%s cannot be made (%s)", dir, strerror(errno));
	for (size_t i = 0; i < bundle->file_count && status == ASSAY_OK; i++)
		status = unpack_file(&bundle->file[i], dir, err);
	if (status != ASSAY_OK)
		assay_bundle_remove(bundle, dir);
	return status;
}
