/* SPDX-License-Identifier: Apache-2.0
 * The system calls that write, seen and spoilt from inside the program: a test that includes this file defines them
 * itself, for the journal's code and for the SQLite library alike. Only files below calls.dir are looked at. */
#ifndef ASSAY_TESTS_FAULT_CALLS_H
#define ASSAY_TESTS_FAULT_CALLS_H

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum call { CALL_OPEN, CALL_WRITE, CALL_SYNC, CALL_TRUNCATE, CALL_RENAME, CALL_UNLINK, CALL_ALLOCATE, CALLS };

enum plan { PLAN_NONE, PLAN_FAIL, PLAN_KILL_BEFORE, PLAN_KILL_AFTER, PLAN_KILL_TORN };

#define CALLS_FDS 1024
#define CALLS_PATH 160

static struct calls {
	const char *dir; /* NULL: look at nothing */
	uint64_t count[CALLS], total;
	enum plan plan;
	unsigned kinds; /* bits of enum call the plan is about */
	uint64_t at; /* the N-th of these, from 1 */
	bool for_ever; /* and every one after it */
	int error; /* errno of PLAN_FAIL */
	uint64_t seen; /* calls the plan is about so far */
	bool hit;
	unsigned
		after_hit; /* writes, syncs and truncations of that segment's files after the call that failed */
	char hit_path[CALLS_PATH];
	char path[CALLS_FDS][CALLS_PATH]; /* of each descriptor below dir */
	/* Told of each call that was made, before anybody else: for the simulated disk. NULL none. */
	void (*told)(enum call call, const char *path, const char *other, const void *bytes, size_t length,
		uint64_t at);
} calls;

static inline bool calls_ours(const char *path)
{
	return calls.dir && path && strncmp(path, calls.dir, strlen(calls.dir)) == 0 &&
	       !(strlen(path) > 4 && strcmp(path + strlen(path) - 4, "-shm") == 0);
}

static inline const char *calls_path(int fd)
{
	return calls.dir && fd >= 0 && fd < CALLS_FDS && calls.path[fd][0] ? calls.path[fd] : NULL;
}

/* Both belong to one segment: NNNN.db, NNNN.db-wal. */
static inline bool calls_same_segment(const char *a, const char *b)
{
	const char *dot = strstr(b, ".db");

	return dot && strncmp(a, b, (size_t)(dot - b) + 3) == 0;
}

/* Is it this call's turn? PLAN_NONE when not. */
static inline enum plan calls_turn(enum call call, const char *path)
{
	calls.count[call]++;
	calls.total++;
	if (calls.hit && (call == CALL_WRITE || call == CALL_SYNC || call == CALL_TRUNCATE) && path &&
		calls_same_segment(path, calls.hit_path))
		calls.after_hit++;
	if (calls.plan == PLAN_NONE || !(calls.kinds >> call & 1))
		return PLAN_NONE;
	calls.seen++;
	if (calls.seen != calls.at && !(calls.for_ever && calls.seen > calls.at))
		return PLAN_NONE;
	if (calls.hit)
		return calls.plan;
	calls.hit = true;
	(void)snprintf(calls.hit_path, sizeof calls.hit_path, "%s", path ? path : "");
	if (calls.plan == PLAN_KILL_BEFORE)
		(void)raise(SIGKILL);
	return calls.plan;
}

static inline void calls_after(enum plan plan)
{
	if (plan == PLAN_KILL_AFTER || plan == PLAN_KILL_TORN)
		(void)raise(SIGKILL);
}

static inline void calls_tell(
	enum call call, const char *path, const char *other, const void *bytes, size_t length, uint64_t at)
{
	if (calls.told)
		calls.told(call, path, other, bytes, length, at);
}

/* Begin to look at dir, with a plan. */
static inline void calls_begin(
	const char *dir, enum plan plan, unsigned kinds, uint64_t at, bool for_ever, int error)
{
	void (*told)(enum call, const char *, const char *, const void *, size_t, uint64_t) = calls.told;

	memset(&calls, 0, sizeof calls);
	calls.told = told;
	calls.plan = plan;
	calls.kinds = kinds;
	calls.at = at;
	calls.for_ever = for_ever;
	calls.error = error;
	calls.dir = dir;
}

/* Another plan from here on; descriptors opened since calls_begin stay known. */
static inline void calls_plan(enum plan plan, unsigned kinds, uint64_t at, int error)
{
	calls.plan = plan;
	calls.kinds = kinds;
	calls.at = at;
	calls.for_ever = calls.hit = false;
	calls.error = error;
	calls.seen = 0;
	calls.after_hit = 0;
}

static inline void calls_end(void)
{
	calls.dir = NULL;
	calls.plan = PLAN_NONE;
}

static int calls_open(const char *path, int flags, mode_t mode)
{
	enum plan plan = PLAN_NONE;
	struct stat about;
	bool made = false;
	int fd;

	if (calls_ours(path)) {
		made = (flags & O_CREAT) && stat(path, &about) != 0;
		plan = calls_turn(CALL_OPEN, path);
		if (plan == PLAN_FAIL) {
			errno = calls.error;
			return -1;
		}
	}
	fd = (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
	if (fd >= 0 && fd < CALLS_FDS) {
		calls.path[fd][0] = '\0';
		if (calls_ours(path)) {
			(void)snprintf(calls.path[fd], CALLS_PATH, "%s", path);
			if (made)
				calls_tell(CALL_OPEN, path, NULL, NULL, 0, 0);
			else if (flags & O_TRUNC)
				calls_tell(CALL_TRUNCATE, path, NULL, NULL, 0, 0);
		}
	}
	calls_after(plan);
	return fd;
}

#define CALLS_OPEN(name)                                                                                     \
	int name(const char *path, int flags, ...)                                                           \
	{                                                                                                    \
		va_list more;                                                                                \
		mode_t mode = 0;                                                                             \
		va_start(more, flags);                                                                       \
		if (flags & O_CREAT)                                                                         \
			mode = va_arg(more, mode_t);                                                         \
		va_end(more);                                                                                \
		return calls_open(path, flags, mode);                                                        \
	}
CALLS_OPEN(open)
CALLS_OPEN(open64)

static ssize_t calls_write(int fd, const void *bytes, size_t length, bool at_position, off_t at)
{
	const char *path = calls_path(fd);
	enum plan plan = PLAN_NONE;
	ssize_t done;

	if (path) {
		plan = calls_turn(CALL_WRITE, path);
		if (plan == PLAN_FAIL) {
			errno = calls.error;
			return -1;
		}
		if (!at_position)
			at = (off_t)syscall(SYS_lseek, fd, 0, SEEK_CUR);
		calls_tell(CALL_WRITE, path, NULL, bytes, length, (uint64_t)at);
		if (plan == PLAN_KILL_TORN)
			length = length / 2;
	}
	done = at_position ? (ssize_t)syscall(SYS_pwrite64, fd, bytes, length, at)
			   : (ssize_t)syscall(SYS_write, fd, bytes, length);
	calls_after(plan);
	return done;
}

ssize_t write(int fd, const void *bytes, size_t length)
{
	return calls_write(fd, bytes, length, false, 0);
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t at)
{
	return calls_write(fd, bytes, length, true, at);
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off_t at)
{
	return calls_write(fd, bytes, length, true, at);
}

static int calls_sync(int fd, long number)
{
	const char *path = calls_path(fd);
	enum plan plan = path ? calls_turn(CALL_SYNC, path) : PLAN_NONE;
	int result;

	if (plan == PLAN_FAIL) {
		errno = calls.error;
		return -1;
	}
	result = (int)syscall(number, fd);
	if (path && result == 0)
		calls_tell(CALL_SYNC, path, NULL, NULL, 0, 0);
	calls_after(plan);
	return result;
}

int fsync(int fd)
{
	return calls_sync(fd, SYS_fsync);
}

int fdatasync(int fd)
{
	return calls_sync(fd, SYS_fdatasync);
}

static int calls_truncate(int fd, off_t length)
{
	const char *path = calls_path(fd);
	enum plan plan = path ? calls_turn(CALL_TRUNCATE, path) : PLAN_NONE;
	int result;

	if (plan == PLAN_FAIL) {
		errno = calls.error;
		return -1;
	}
	if (path)
		calls_tell(CALL_TRUNCATE, path, NULL, NULL, 0, (uint64_t)length);
	result = (int)syscall(SYS_ftruncate, fd, length);
	calls_after(plan);
	return result;
}

int ftruncate(int fd, off_t length)
{
	return calls_truncate(fd, length);
}

int ftruncate64(int fd, off_t length)
{
	return calls_truncate(fd, length);
}

int rename(const char *from, const char *to)
{
	enum plan plan = calls_ours(from) ? calls_turn(CALL_RENAME, from) : PLAN_NONE;
	int result;

	if (plan == PLAN_FAIL) {
		errno = calls.error;
		return -1;
	}
	result = (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
	if (calls_ours(from) && result == 0)
		calls_tell(CALL_RENAME, from, to, NULL, 0, 0);
	calls_after(plan);
	return result;
}

int unlink(const char *path)
{
	struct stat about;
	bool there = calls_ours(path) && stat(path, &about) == 0;
	enum plan plan = there ? calls_turn(CALL_UNLINK, path) : PLAN_NONE;
	int result;

	if (plan == PLAN_FAIL) {
		errno = calls.error;
		return -1;
	}
	result = (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
	if (there && result == 0)
		calls_tell(CALL_UNLINK, path, NULL, NULL, 0, 0);
	calls_after(plan);
	return result;
}

int close(int fd)
{
	if (fd >= 0 && fd < CALLS_FDS)
		calls.path[fd][0] = '\0';
	return (int)syscall(SYS_close, fd);
}

#endif
