/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/data_dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define TAKE_TRIES 40
#define TAKE_PAUSE_MS 50

static int cannot(struct assay_error *err, const char *path)
{
	return assay_error_set(err, errno == ENOSPC ? ASSAY_EFULL : ASSAY_EIO, "directory-unusable",
		"数据目录：%s 不能使用（%s）", "data directory: %s cannot be used (%s)", path,
		strerror(errno));
}

static int make_folder(const char *path, struct assay_error *err)
{
	if (mkdir(path, 0700) == 0 || errno == EEXIST)
		return ASSAY_OK;
	return cannot(err, path);
}

static int take_lock(int lock)
{
	const struct timespec pause = {0, TAKE_PAUSE_MS * 1000000l};

	for (unsigned i = 0; i < TAKE_TRIES; i++) {
		if (flock(lock, LOCK_EX | LOCK_NB) == 0)
			return 0;
		if (errno != EWOULDBLOCK)
			break;
		(void)nanosleep(&pause, NULL);
	}
	return -1;
}

int assay_data_dir_take(const char *dir, struct assay_data_dir *out, struct assay_error *err)
{
	static const char *const folders[] = {"journal", "keys", "run"};
	char path[PATH_MAX];
	int status = make_folder(dir, err);

	*out = (struct assay_data_dir){dir, -1, 0};
	for (unsigned i = 0; status == ASSAY_OK && i < sizeof folders / sizeof *folders; i++) {
		(void)snprintf(path, sizeof path, "%s/%s", dir, folders[i]);
		status = make_folder(path, err);
	}
	if (status != ASSAY_OK)
		return status;
	(void)snprintf(path, sizeof path, "%s/run/lock", dir);
	out->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (out->lock < 0)
		return cannot(err, path);
	if (take_lock(out->lock) == 0)
		return ASSAY_OK;
	if (errno == EWOULDBLOCK)
		status = assay_error_set(err, ASSAY_ETAKEN, "directory-taken",
			"数据目录 %s 已有一个 assay 在服务。先停掉它，或换一个目录",
			"another assay serves the data directory %s; stop that one, or take another "
			"directory",
			dir);
	else
		status = cannot(err, path);
	assay_data_dir_release(out);
	return status;
}

void assay_data_dir_release(struct assay_data_dir *dir)
{
	if (dir->lock >= 0)
		(void)close(dir->lock);
	dir->lock = -1;
}

/* -1 with errno; 0 also when it is not there. */
static int let_in(const char *path, mode_t more)
{
	struct stat about;

	if (lstat(path, &about) != 0)
		return errno == ENOENT ? 0 : -1;
	if (S_ISLNK(about.st_mode) || (about.st_mode & more) == more)
		return 0;
	return chmod(path, (about.st_mode & 07777) | more);
}

static int let_in_specs(const char *path, const struct stat *about, int kind, struct FTW *place)
{
	(void)about;
	(void)place;
	return kind == FTW_D ? let_in(path, S_IRGRP | S_IXGRP) : kind == FTW_F ? let_in(path, S_IRGRP) : 0;
}

/* Segments, their logs and the checkpoint; not the lock, which is its writer's. */
static int let_in_journal(const char *journal)
{
	char path[PATH_MAX + 256];
	DIR *folder = opendir(journal);
	const struct dirent *file;
	int rc = folder ? 0 : -1;

	while (rc == 0 && (file = readdir(folder)))
		if (file->d_name[0] != '.' && strcmp(file->d_name, "lock") != 0) {
			(void)snprintf(path, sizeof path, "%s/%s", journal, file->d_name);
			rc = let_in(path, S_IRGRP);
		}
	if (folder)
		(void)closedir(folder);
	return rc;
}

int assay_data_dir_share(const char *dir, struct assay_error *err)
{
	static const struct {
		const char *name;
		mode_t more;
	} shared[] = {{"", S_IRGRP | S_IXGRP}, {"/journal", S_IRGRP | S_IXGRP}, {"/keys", S_IXGRP},
		{"/keys/origin.pub", S_IRGRP}, {"/state.db", S_IRGRP}, {"/state.db-wal", S_IRGRP},
		{"/state.db-shm", S_IRGRP}};
	char path[PATH_MAX];

	for (size_t i = 0; i < sizeof shared / sizeof *shared; i++) {
		(void)snprintf(path, sizeof path, "%s%s", dir, shared[i].name);
		if (let_in(path, shared[i].more) != 0)
			return cannot(err, path);
	}
	(void)snprintf(path, sizeof path, "%s/journal", dir);
	if (let_in_journal(path) != 0)
		return cannot(err, path);
	(void)snprintf(path, sizeof path, "%s/specs", dir);
	if (access(path, F_OK) == 0 && nftw(path, let_in_specs, 16, FTW_PHYS) != 0)
		return cannot(err, path);
	return ASSAY_OK;
}

static uint32_t last_generation(const char *path)
{
	char text[16] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd >= 0 ? read(fd, text, sizeof text - 1) : -1;

	if (fd >= 0)
		(void)close(fd);
	return got > 0 ? (uint32_t)strtoul(text, NULL, 10) : 0;
}

static int keep_generation(const char *path, uint32_t generation)
{
	char fresh[PATH_MAX + 8], text[16];
	int length = snprintf(text, sizeof text, "%" PRIu32 "\n", generation), fd, rc = -1;

	(void)snprintf(fresh, sizeof fresh, "%s.new", path);
	fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return -1;
	if (write(fd, text, (size_t)length) == length)
		rc = 0;
	if (close(fd) != 0)
		rc = -1;
	return rc == 0 ? rename(fresh, path) : rc;
}

int assay_data_dir_generation(struct assay_data_dir *dir, uint32_t *out, struct assay_error *err)
{
	char path[PATH_MAX];
	uint32_t next, clock = (uint32_t)time(NULL);

	(void)snprintf(path, sizeof path, "%s/run/generation", dir->path);
	if (dir->generation == 0) {
		dir->generation = last_generation(path);
		if (dir->generation < clock)
			dir->generation = clock;
	}
	next = dir->generation + 1;
	/* A full disk must not keep a role from coming back: the clock has then moved on by the next start. */
	if (keep_generation(path, next) != 0 && errno != ENOSPC && errno != EFBIG && errno != EDQUOT)
		return cannot(err, path);
	dir->generation = next;
	*out = next;
	return ASSAY_OK;
}
