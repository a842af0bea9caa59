/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/record/reserve.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define LOOK_NS 1000000000u

static bool take(const struct assay_reserve *reserve)
{
	struct stat about;
	int fd = open(reserve->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	bool held;

	if (fd < 0)
		return false;
	held = fstat(fd, &about) == 0 && (uint64_t)about.st_blocks * 512 >= reserve->bytes;
	/* A file system without preallocation keeps no reserve; the look at free space still warns. */
	if (!held)
		held = fallocate(fd, 0, 0, (off_t)reserve->bytes) == 0 || errno == EOPNOTSUPP;
	(void)close(fd);
	if (!held)
		(void)unlink(reserve->path);
	return held;
}

static uint64_t free_bytes(const struct assay_reserve *reserve)
{
	struct statvfs about;
	char folder[600];
	size_t slash = 0;

	for (size_t i = 0; reserve->path[i]; i++)
		if (reserve->path[i] == '/')
			slash = i;
	(void)snprintf(folder, sizeof folder, "%.*s", (int)slash, reserve->path);
	return statvfs(folder, &about) == 0 ? (uint64_t)about.f_bavail * about.f_frsize : UINT64_MAX;
}

void assay_reserve_open(struct assay_reserve *reserve, const char *dir, uint64_t bytes)
{
	(void)snprintf(reserve->path, sizeof reserve->path, "%s/journal/reserve", dir);
	reserve->bytes = bytes;
	reserve->full = bytes > 0 && !take(reserve);
}

void assay_reserve_release(struct assay_reserve *reserve)
{
	if (reserve->bytes == 0)
		return;
	(void)unlink(reserve->path);
	reserve->full = true;
}

void assay_reserve_look(struct assay_reserve *reserve, uint64_t mono_ns)
{
	uint64_t room;

	if (reserve->bytes == 0 || (reserve->looked_ns && mono_ns - reserve->looked_ns < LOOK_NS))
		return;
	reserve->looked_ns = mono_ns;
	room = free_bytes(reserve);
	if (!reserve->full)
		reserve->full = room < reserve->bytes;
	else if (room >= 2 * reserve->bytes)
		reserve->full = !take(reserve);
}
