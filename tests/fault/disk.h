/* SPDX-License-Identifier: Apache-2.0
 * A disk that loses power. Every writing call below a directory is recorded (calls.h); the directory is then made as it
 * may stand after the power went at any call: what was synced is there; what was not is dropped, reordered, or torn in
 * pieces of 512 bytes, each file for itself; names follow the order in which they were made, up to some point after the
 * directory's last sync. */
#ifndef ASSAY_TESTS_FAULT_DISK_H
#define ASSAY_TESTS_FAULT_DISK_H

#include "tests/fault/calls.h"
#include "tests/fault/specimen.h"

#include <dirent.h>

#define DISK_SECTOR 512u
#define DISK_FILES 256
#define DISK_FILE_MAX (1u << 20)

enum disk_op_kind {
	DISK_CREATE,
	DISK_WRITE,
	DISK_TRUNCATE,
	DISK_SYNC,
	DISK_RENAME,
	DISK_UNLINK,
	DISK_SYNC_DIR,
	DISK_ACK
};

struct disk_op {
	enum disk_op_kind kind;
	unsigned file;
	uint64_t at;
	size_t length;
	uint8_t *bytes;
	char path[CALLS_PATH], other[CALLS_PATH];
};

/* One file's contents while a crash is made. */
struct disk_file {
	uint8_t *bytes;
	size_t size;
};

static struct disk {
	struct disk_op *op;
	size_t count, room;
	struct {
		char path[CALLS_PATH]; /* "" gone */
		unsigned file;
	} name[DISK_FILES];
	unsigned names, files;
	uint64_t random;
} disk;

static inline uint64_t disk_random(void)
{
	disk.random ^= disk.random << 13;
	disk.random ^= disk.random >> 7;
	disk.random ^= disk.random << 17;
	return disk.random;
}

static inline struct disk_op *disk_add(enum disk_op_kind kind, const char *path)
{
	struct disk_op *op;

	if (disk.count == disk.room) {
		disk.room = disk.room ? disk.room * 2 : 1024;
		disk.op = realloc(disk.op, disk.room * sizeof *disk.op);
		SPECIMEN_CHECK(disk.op != NULL);
	}
	op = &disk.op[disk.count++];
	memset(op, 0, sizeof *op);
	op->kind = kind;
	if (path)
		(void)snprintf(op->path, sizeof op->path, "%s", path);
	return op;
}

static inline int disk_find(const char *path)
{
	for (unsigned i = 0; i < disk.names; i++)
		if (strcmp(disk.name[i].path, path) == 0)
			return (int)i;
	return -1;
}

static inline unsigned disk_name(const char *path, unsigned file)
{
	int at = disk_find(path);

	if (at < 0) {
		SPECIMEN_CHECK(disk.names < DISK_FILES);
		at = (int)disk.names++;
		(void)snprintf(disk.name[at].path, CALLS_PATH, "%s", path);
	}
	disk.name[at].file = file;
	return file;
}

static inline void disk_told(
	enum call call, const char *path, const char *other, const void *bytes, size_t length, uint64_t at)
{
	int name = disk_find(path);
	struct stat about;
	struct disk_op *op;

	switch (call) {
	case CALL_OPEN:
		disk_add(DISK_CREATE, path)->file = disk_name(path, disk.files++);
		break;
	case CALL_WRITE:
		SPECIMEN_CHECK(name >= 0);
		op = disk_add(DISK_WRITE, path);
		op->file = disk.name[name].file;
		op->at = at;
		op->length = length;
		op->bytes = malloc(length);
		SPECIMEN_CHECK(op->bytes != NULL);
		memcpy(op->bytes, bytes, length);
		break;
	case CALL_TRUNCATE:
		op = disk_add(DISK_TRUNCATE, path);
		op->file = disk.name[name].file;
		op->at = at;
		break;
	case CALL_SYNC:
		if (stat(path, &about) == 0 && S_ISDIR(about.st_mode))
			(void)disk_add(DISK_SYNC_DIR, path);
		else if (name >= 0)
			disk_add(DISK_SYNC, path)->file = disk.name[name].file;
		break;
	case CALL_RENAME:
		op = disk_add(DISK_RENAME, path);
		(void)snprintf(op->other, sizeof op->other, "%s", other);
		(void)disk_name(other, disk.name[name].file);
		disk.name[name].path[0] = '\0';
		break;
	case CALL_UNLINK:
		(void)disk_add(DISK_UNLINK, path);
		disk.name[name].path[0] = '\0';
		break;
	default:
		break;
	}
}

static inline void disk_free(void)
{
	for (size_t i = 0; i < disk.count; i++)
		free(disk.op[i].bytes);
	free(disk.op);
	memset(&disk, 0, sizeof disk);
}

/* Begin to record what happens below dir; files that are there count as durable. */
static inline void disk_begin(const char *dir)
{
	disk_free();
	calls.told = disk_told;
	calls_begin(dir, PLAN_NONE, 0, 0, false, 0);
}

/* What is in a folder of dir already: there, and durable. */
static inline void disk_load(const char *dir, const char *name)
{
	char folder[2 * CALLS_PATH], path[4 * CALLS_PATH];
	struct dirent **names = NULL;
	int count;

	(void)snprintf(folder, sizeof folder, "%s%s", dir, name);
	count = scandir(folder, &names, NULL, alphasort);
	for (int i = 0; i < count; i++) {
		FILE *file;
		struct disk_op *op;
		unsigned number;

		(void)snprintf(path, sizeof path, "%s/%s", folder, names[i]->d_name);
		if (names[i]->d_name[0] != '.' && (file = fopen(path, "re")) != NULL) {
			number = disk_name(path, disk.files++);
			disk_add(DISK_CREATE, path)->file = number;
			op = disk_add(DISK_WRITE, path);
			op->file = number;
			op->bytes = malloc(DISK_FILE_MAX);
			SPECIMEN_CHECK(op->bytes != NULL);
			op->length = fread(op->bytes, 1, DISK_FILE_MAX, file);
			(void)fclose(file);
			disk_add(DISK_SYNC, path)->file = number;
		}
		free(names[i]);
	}
	free(names);
	(void)disk_add(DISK_SYNC_DIR, folder);
}

static inline void disk_end(void)
{
	calls_end();
	calls.told = NULL;
}

/* The test has been told that `size` entries are durable. */
static inline void disk_ack(uint64_t size)
{
	disk_add(DISK_ACK, NULL)->at = size;
}

static inline uint64_t disk_acknowledged(size_t until)
{
	uint64_t size = 0;

	for (size_t i = 0; i < until; i++)
		if (disk.op[i].kind == DISK_ACK)
			size = disk.op[i].at;
	return size;
}

static inline void disk_apply_write(struct disk_file *file, uint64_t at, const uint8_t *bytes, size_t length)
{
	if (at + length > file->size) {
		SPECIMEN_CHECK(at + length <= DISK_FILE_MAX);
		file->bytes = realloc(file->bytes, at + length);
		SPECIMEN_CHECK(file->bytes != NULL);
		memset(file->bytes + file->size, 0, at + length - file->size);
		file->size = at + length;
	}
	memcpy(file->bytes + at, bytes, length);
}

/* mode 0: all of it; else each piece of 512 bytes with a chance of mode - 1 in 8. */
static inline void disk_apply(struct disk_file *file, const struct disk_op *op, unsigned mode)
{
	if (op->kind == DISK_TRUNCATE) {
		if ((mode == 0 || disk_random() % 8 < mode - 1) && op->at < file->size)
			file->size = op->at;
		return;
	}
	for (size_t done = 0; done < op->length;) {
		size_t piece = DISK_SECTOR - (size_t)((op->at + done) % DISK_SECTOR);

		if (piece > op->length - done)
			piece = op->length - done;
		if (mode == 0 || disk_random() % 8 < mode - 1)
			disk_apply_write(file, op->at + done, op->bytes + done, piece);
		done += piece;
	}
}

static inline bool disk_same_folder(const char *path, const char *folder)
{
	size_t length = strlen(folder);

	return strncmp(path, folder, length) == 0 && path[length] == '/' && !strchr(path + length + 1, '/');
}

/* Names as they stand: those whose folder was synced since, and of the rest the first `more`. */
static inline void disk_names(
	size_t until, unsigned more, char path[DISK_FILES][CALLS_PATH], int file[DISK_FILES])
{
	unsigned count = 0;

	for (unsigned i = 0; i < DISK_FILES; i++)
		file[i] = -1;
	for (size_t i = 0; i < until; i++) {
		const struct disk_op *op = &disk.op[i];
		bool durable = false;
		int at = -1, to = -1;

		if (op->kind != DISK_CREATE && op->kind != DISK_RENAME && op->kind != DISK_UNLINK)
			continue;
		for (size_t j = i; j < until && !durable; j++)
			durable = disk.op[j].kind == DISK_SYNC_DIR &&
				  disk_same_folder(op->path, disk.op[j].path);
		if (!durable && more-- == 0)
			return;
		for (unsigned j = 0; j < count; j++) {
			if (strcmp(path[j], op->path) == 0)
				at = (int)j;
			if (op->kind == DISK_RENAME && strcmp(path[j], op->other) == 0)
				to = (int)j;
		}
		if (op->kind == DISK_CREATE) {
			if (at < 0)
				at = (int)count++;
			(void)snprintf(path[at], CALLS_PATH, "%s", op->path);
			file[at] = (int)op->file;
		} else if (op->kind == DISK_RENAME && at >= 0) {
			if (to < 0)
				to = (int)count++;
			(void)snprintf(path[to], CALLS_PATH, "%s", op->other);
			file[to] = file[at];
			file[at] = -1;
		} else if (at >= 0) {
			file[at] = -1;
		}
	}
}

static inline void disk_put(const char *path, const struct disk_file *file)
{
	FILE *out = fopen(path, "we");

	SPECIMEN_CHECK(out != NULL);
	SPECIMEN_CHECK(fwrite(file->bytes, 1, file->size, out) == file->size);
	SPECIMEN_CHECK(fclose(out) == 0);
}

static inline void disk_folder(const char *to, const char *name)
{
	char path[2 * CALLS_PATH];

	(void)snprintf(path, sizeof path, "%s%s", to, name);
	SPECIMEN_CHECK(mkdir(path, 0700) == 0);
}

/* Make `to` as the directory `from` was when the power went before call number `until`. */
static inline void disk_crash(size_t until, uint64_t seed, const char *from, const char *to)
{
	static char path[DISK_FILES][CALLS_PATH];
	static struct disk_file content[DISK_FILES];
	static size_t synced[DISK_FILES];
	int file[DISK_FILES];
	unsigned pending = 0;

	disk.random = seed * 0x9e3779b97f4a7c15u + until + 1;
	for (unsigned i = 0; i < 4; i++)
		(void)disk_random();
	memset(synced, 0, sizeof synced);
	for (size_t i = 0; i < until; i++)
		if (disk.op[i].kind == DISK_SYNC)
			synced[disk.op[i].file] = i;
	for (unsigned i = 0; i < disk.files; i++) {
		unsigned mode =
			(unsigned)(1 +
				   disk_random() % 9); /* from nothing to everything of what was not synced */

		memset(&content[i], 0, sizeof content[i]);
		for (size_t j = 0; j < until; j++)
			if (disk.op[j].file == i &&
				(disk.op[j].kind == DISK_WRITE || disk.op[j].kind == DISK_TRUNCATE))
				disk_apply(&content[i], &disk.op[j], j < synced[i] ? 0 : mode);
	}
	for (size_t i = 0; i < until; i++)
		pending += disk.op[i].kind == DISK_CREATE || disk.op[i].kind == DISK_RENAME ||
			   disk.op[i].kind == DISK_UNLINK;
	disk_names(until, (unsigned)(disk_random() % (pending + 1)), path, file);
	specimen_remove(to);
	disk_folder(to, "");
	disk_folder(to, "/journal");
	disk_folder(to, "/keys");
	for (unsigned i = 0; i < DISK_FILES; i++) {
		char target[2 * CALLS_PATH];

		if (file[i] < 0)
			continue;
		(void)snprintf(target, sizeof target, "%s%s", to, path[i] + strlen(from));
		disk_put(target, &content[file[i]]);
		if (strstr(target, "/keys/"))
			(void)chmod(target, 0600);
	}
	for (unsigned i = 0; i < disk.files; i++)
		free(content[i].bytes);
}

#endif
