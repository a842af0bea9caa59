/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/care/tar_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define BLOCK 512u

/* The header as POSIX.1-2017 (pax, "ustar Interchange Format") lays it out; numbers are octal text. */
struct ustar {
	char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8], type, linked[100],
		magic[6], version[2], user[32], group[32], major[8], minor[8], prefix[155], unused[12];
};
_Static_assert(sizeof(struct ustar) == BLOCK, "a header is one block");

static int cannot(const struct care_tar *tar, struct assay_error *err)
{
	return assay_error_set(err, errno == ENOSPC ? ASSAY_EFULL : ASSAY_EIO, "file-unwritable",
		"%s 不能写入（%s）", "%s cannot be written (%s)", tar->path, strerror(errno));
}

static int put(const struct care_tar *tar, const void *data, size_t length, struct assay_error *err)
{
	const char *at = data;

	while (length > 0) {
		ssize_t done = write(tar->fd, at, length);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return cannot(tar, err);
		at += done;
		length -= (size_t)done;
	}
	return ASSAY_OK;
}

int care_tar_open(const char *path, int64_t at_s, struct care_tar *out, struct assay_error *err)
{
	*out = (struct care_tar){open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600), path, at_s};
	if (out->fd >= 0)
		return ASSAY_OK;
	if (errno == EEXIST)
		return assay_error_set(err, ASSAY_ETAKEN, "file-exists", "%s 已经存在，请换一个名字",
			"%s exists already; choose another name", path);
	return cannot(out, err);
}

int care_tar_add(
	struct care_tar *tar, const char *name, const void *data, size_t length, struct assay_error *err)
{
	static const char zeros[BLOCK];
	struct ustar header = {.type = '0', .magic = "ustar", .version = {'0', '0'}};
	unsigned sum = 0;
	int status;

	(void)snprintf(header.name, sizeof header.name, "%s", name);
	(void)snprintf(header.mode, sizeof header.mode, "%07o", 0600u);
	(void)snprintf(header.uid, sizeof header.uid, "%07o", 0u);
	(void)snprintf(header.gid, sizeof header.gid, "%07o", 0u);
	(void)snprintf(header.size, sizeof header.size, "%011zo", length);
	(void)snprintf(header.mtime, sizeof header.mtime, "%011llo", (unsigned long long)tar->at_s);
	memset(header.checksum, ' ', sizeof header.checksum);
	for (size_t i = 0; i < sizeof header; i++)
		sum += ((const unsigned char *)&header)[i];
	(void)snprintf(header.checksum, sizeof header.checksum, "%06o", sum);
	status = put(tar, &header, sizeof header, err);
	if (status == ASSAY_OK)
		status = put(tar, data, length, err);
	if (status == ASSAY_OK && length % BLOCK != 0)
		status = put(tar, zeros, BLOCK - length % BLOCK, err);
	return status;
}

int care_tar_close(struct care_tar *tar, struct assay_error *err)
{
	static const char end[2 * BLOCK];
	int status = put(tar, end, sizeof end, err);

	if (status == ASSAY_OK && fsync(tar->fd) != 0)
		status = cannot(tar, err);
	if (status != ASSAY_OK) {
		care_tar_abandon(tar);
		return status;
	}
	(void)close(tar->fd);
	tar->fd = -1;
	return ASSAY_OK;
}

void care_tar_abandon(struct care_tar *tar)
{
	if (tar->fd < 0)
		return;
	(void)close(tar->fd);
	(void)unlink(tar->path);
	tar->fd = -1;
}
