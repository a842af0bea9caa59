/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/record/journal_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COPY_TRIES 50

struct assay_reader {
	char temporary[300]; /* private folder of the copies, "" none */
	struct assay_segment *segments;
	unsigned count, room;
};

static int reader_io(struct assay_error *err, const char *path)
{
	return assay_error_set(err, ASSAY_EIO, "journal-io", "%s：不能读取（%s）", "%s: cannot be read (%s)",
		path, strerror(errno));
}

static int copy_file(const char *from, const char *to)
{
	char buffer[65536];
	int in = open(from, O_RDONLY | O_CLOEXEC), out = -1, result = -1;
	ssize_t got = 0;

	if (in < 0)
		return -1;
	out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	while (out >= 0 && (got = read(in, buffer, sizeof buffer)) > 0)
		if (write(out, buffer, (size_t)got) != got)
			break;
	if (out >= 0 && got == 0)
		result = 0;
	(void)close(in);
	if (out >= 0)
		(void)close(out);
	return result;
}

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
	       a->st_size == b->st_size;
}

static void wal_salt(const char *wal, uint8_t salt[32])
{
	int fd = open(wal, O_RDONLY | O_CLOEXEC);

	memset(salt, 0, 32);
	if (fd >= 0 && read(fd, salt, 32) < 0)
		memset(salt, 0, 32);
	if (fd >= 0)
		(void)close(fd);
}

/* Database and WAL as they stood at one moment: when the database or the WAL's generation changed while we
 * copied, a checkpoint ran in between and the pair does not belong together; then again. */
static int copy_pair(const char *path, const char *to, struct assay_error *err)
{
	char wal[620], to_wal[620];
	uint8_t salt[32], salt_after[32];
	struct stat before, after;

	(void)snprintf(wal, sizeof wal, "%s-wal", path);
	(void)snprintf(to_wal, sizeof to_wal, "%s-wal", to);
	for (unsigned i = 0; i < COPY_TRIES; i++) {
		if (stat(path, &before) != 0)
			return reader_io(err, path);
		wal_salt(wal, salt);
		if (copy_file(path, to) != 0)
			return reader_io(err, path);
		if (copy_file(wal, to_wal) != 0 && errno == ENOENT)
			(void)unlink(to_wal);
		wal_salt(wal, salt_after);
		if (stat(path, &after) == 0 && same_file(&before, &after) &&
			memcmp(salt, salt_after, 32) == 0)
			return ASSAY_OK;
	}
	return assay_error_set(err, ASSAY_EIO, "journal-busy", "%s：写入太忙，稍后再核对",
		"%s: is being written too fast; try again later", path);
}

static int make_temporary(struct assay_reader *reader, struct assay_error *err)
{
	const char *folder = getenv("TMPDIR");

	if (reader->temporary[0])
		return ASSAY_OK;
	if (!folder || strlen(folder) > sizeof reader->temporary - 24)
		folder = "/tmp";
	(void)snprintf(reader->temporary, sizeof reader->temporary, "%s/assay-read-XXXXXX", folder);
	if (!mkdtemp(reader->temporary)) {
		reader->temporary[0] = '\0';
		return reader_io(err, folder);
	}
	return ASSAY_OK;
}

/* file: URI of a path, with what a URI would read otherwise escaped. */
static void make_uri(const char *path, const char *query, char *out, size_t size)
{
	size_t at = (size_t)snprintf(out, size, "file:");

	for (; *path && at + 4 < size; path++) {
		if (*path == '%' || *path == '?' || *path == '#')
			at += (size_t)snprintf(out + at, size - at, "%%%02x", (unsigned)*path);
		else
			out[at++] = *path;
	}
	(void)snprintf(out + at, size - at, "%s", query);
}

static int open_database(struct assay_reader *reader, struct assay_segment *segment,
	enum assay_reader_mode mode, bool closed, struct assay_error *err)
{
	char wal[620], uri[2000], copy[640];
	struct stat about;
	bool has_wal;
	int rc;

	(void)snprintf(wal, sizeof wal, "%s-wal", segment->path);
	has_wal = stat(wal, &about) == 0 && about.st_size > 0;
	if (stat(segment->path, &about) != 0)
		return reader_io(err, segment->path);
	if (mode == ASSAY_READ_LIVE && !closed) {
		make_uri(segment->path, "?mode=ro", uri, sizeof uri);
	} else if (!has_wal) {
		make_uri(segment->path, "?mode=ro&immutable=1", uri, sizeof uri);
	} else {
		if (make_temporary(reader, err) != ASSAY_OK)
			return ASSAY_EIO;
		(void)snprintf(copy, sizeof copy, "%s/%04u.db", reader->temporary, segment->number);
		if (copy_pair(segment->path, copy, err) != ASSAY_OK)
			return ASSAY_EIO;
		make_uri(copy, "", uri, sizeof uri);
	}
	rc = sqlite3_open_v2(uri, &segment->db,
		(has_wal && (mode == ASSAY_READ_STILL || closed) ? SQLITE_OPEN_READWRITE
								 : SQLITE_OPEN_READONLY) |
			SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
		NULL);
	if (rc != SQLITE_OK)
		return assay_sqlite_error(err, segment->db, segment->path, rc);
	(void)sqlite3_busy_timeout(segment->db, 5000);
	return assay_segment_harden(segment->db, segment->path, err);
}

/* closed: another segment follows, nobody writes this one any more. */
static int add_segment(struct assay_reader *reader, const char *path, unsigned number,
	enum assay_reader_mode mode, bool closed, struct assay_error *err)
{
	struct assay_segment *segment;
	int status;

	if (reader->count == reader->room) {
		unsigned room = reader->room ? reader->room * 2 : 8;
		struct assay_segment *grown = realloc(reader->segments, room * sizeof *grown);

		if (!grown)
			return assay_error_set(
				err, ASSAY_ENOMEM, "out-of-memory", "内存不足", "out of memory");
		reader->segments = grown;
		reader->room = room;
	}
	segment = &reader->segments[reader->count++];
	memset(segment, 0, sizeof *segment);
	segment->number = number;
	(void)snprintf(segment->path, sizeof segment->path, "%s", path);
	status = open_database(reader, segment, mode, closed, err);
	return status == ASSAY_OK ? assay_segment_load(segment, err) : status;
}

int assay_reader_open(
	const char *dir, enum assay_reader_mode mode, struct assay_reader **out, struct assay_error *err)
{
	struct assay_reader *reader = calloc(1, sizeof *reader);
	char path[600];
	int last, status = ASSAY_OK;

	if (!reader)
		return assay_error_set(err, ASSAY_ENOMEM, "out-of-memory", "内存不足", "out of memory");
	last = assay_segment_last(dir, err);
	if (last < 0)
		status = ASSAY_EIO;
	else if (last == 0)
		status = assay_error_set(err, ASSAY_ENOTFOUND, "journal-missing", "%s/journal 里没有台账",
			"there is no journal in %s/journal", dir);
	for (int number = 1; status == ASSAY_OK && number <= last; number++) {
		assay_segment_path(dir, (unsigned)number, path, sizeof path);
		status = add_segment(reader, path, (unsigned)number, mode, number < last, err);
	}
	if (status != ASSAY_OK) {
		assay_reader_close(reader);
		return status;
	}
	/* A segment given up after a failed sync may hold a group that was never acknowledged. */
	for (unsigned i = 0; i + 1 < reader->count; i++)
		if (reader->segments[i + 1].before_file[0] == '\0' &&
			reader->segments[i + 1].first < reader->segments[i].end)
			reader->segments[i].end = reader->segments[i + 1].first;
	*out = reader;
	return ASSAY_OK;
}

int assay_reader_open_segment(const char *path, struct assay_reader **out, struct assay_error *err)
{
	struct assay_reader *reader = calloc(1, sizeof *reader);
	const char *name = strrchr(path, '/');
	int status;

	if (!reader)
		return assay_error_set(err, ASSAY_ENOMEM, "out-of-memory", "内存不足", "out of memory");
	status = add_segment(reader, path, (unsigned)strtoul(name ? name + 1 : path, NULL, 10),
		ASSAY_READ_STILL, false, err);
	if (status != ASSAY_OK) {
		assay_reader_close(reader);
		return status;
	}
	*out = reader;
	return ASSAY_OK;
}

void assay_reader_close(struct assay_reader *reader)
{
	char path[700];

	if (!reader)
		return;
	for (unsigned i = 0; i < reader->count; i++) {
		(void)sqlite3_close(reader->segments[i].db);
		if (reader->temporary[0]) {
			(void)snprintf(path, sizeof path, "%s/%04u.db", reader->temporary,
				reader->segments[i].number);
			(void)unlink(path);
			(void)strncat(path, "-wal", sizeof path - strlen(path) - 1);
			(void)unlink(path);
			(void)snprintf(path, sizeof path, "%s/%04u.db-shm", reader->temporary,
				reader->segments[i].number);
			(void)unlink(path);
		}
	}
	if (reader->temporary[0])
		(void)rmdir(reader->temporary);
	free(reader->segments);
	free(reader);
}

unsigned assay_reader_segments(const struct assay_reader *reader)
{
	return reader->count;
}

const struct assay_segment *assay_reader_segment(const struct assay_reader *reader, unsigned index)
{
	return index < reader->count ? &reader->segments[index] : NULL;
}

uint64_t assay_reader_size(const struct assay_reader *reader)
{
	return reader->count ? reader->segments[reader->count - 1].end : 0;
}

static int each_in_segment(const struct assay_segment *segment, uint64_t from, uint64_t end,
	assay_entry_visit *visit, void *context, struct assay_error *err)
{
	sqlite3_stmt *rows = NULL;
	uint64_t expected = from;
	int rc = sqlite3_prepare_v2(segment->db,
		"SELECT " ASSAY_SEGMENT_COLUMNS " FROM entry WHERE seq>=?1 AND seq<?2 ORDER BY seq", -1,
		&rows, NULL);
	int status = ASSAY_OK;

	if (rc == SQLITE_OK) {
		(void)sqlite3_bind_int64(rows, 1, (sqlite3_int64)from);
		(void)sqlite3_bind_int64(rows, 2, (sqlite3_int64)end);
	}
	while (rc == SQLITE_OK && status == ASSAY_OK && (rc = sqlite3_step(rows)) == SQLITE_ROW) {
		struct assay_entry entry;
		const uint8_t *leaf = NULL;

		rc = SQLITE_OK;
		if ((uint64_t)sqlite3_column_int64(rows, 0) != expected) {
			status = assay_error_set(err, ASSAY_EDAMAGED, "journal-damaged",
				"台账第 %04u 段：第 %" PRIu64 " 条缺失",
				"journal segment %04u: entry %" PRIu64 " is missing", segment->number,
				expected);
			break;
		}
		status = assay_segment_row(rows, expected, segment->number, &entry, &leaf, err);
		if (status == ASSAY_OK)
			status = visit(context, &entry, leaf);
		expected++;
	}
	if (status == ASSAY_OK && rc != SQLITE_DONE)
		status = assay_sqlite_error(err, segment->db, segment->path, rc);
	(void)sqlite3_finalize(rows);
	return status;
}

int assay_reader_each(struct assay_reader *reader, uint64_t from, uint64_t limit, assay_entry_visit *visit,
	void *context, struct assay_error *err)
{
	uint64_t end = limit && from + limit > from ? from + limit : UINT64_MAX;

	for (unsigned i = 0; i < reader->count; i++) {
		const struct assay_segment *segment = &reader->segments[i];
		/* The last segment may have grown since it was opened. */
		uint64_t until = i + 1 < reader->count ? segment->end : INT64_MAX;
		int status;

		if (until > end)
			until = end;
		if (from >= until)
			continue;
		status = each_in_segment(
			segment, from < segment->first ? segment->first : from, until, visit, context, err);
		if (status != ASSAY_OK)
			return status;
	}
	return ASSAY_OK;
}
