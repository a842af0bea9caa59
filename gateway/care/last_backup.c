/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/care/last_backup.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void path_of(const char *dir, char out[1100])
{
	(void)snprintf(out, 1100, "%s/run/last-backup", dir);
}

int care_last_backup_write(const char *dir, const struct care_last_backup *backup, struct assay_error *err)
{
	char path[1100], fresh[1110], text[1100];
	int fd, length = snprintf(text, sizeof text, "%" PRId64 " %" PRIu64 " %s\n", backup->at_s,
			backup->entries, backup->to);
	bool good;

	path_of(dir, path);
	(void)snprintf(fresh, sizeof fresh, "%s.new", path);
	fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	good = fd >= 0 && write(fd, text, (size_t)length) == length;
	if (fd >= 0 && close(fd) != 0)
		good = false;
	if (good && rename(fresh, path) == 0)
		return ASSAY_OK;
	return assay_error_set(err, ASSAY_EIO, "backup-unmarked",
		"备份已完成，但 %s 不能写入（%s），assay doctor 不会知道这次备份",
		"the backup is done, but %s cannot be written (%s): assay doctor will not know of it", path,
		strerror(errno));
}

int care_last_backup_read(const char *dir, struct care_last_backup *out, struct assay_error *err)
{
	char path[1100], text[1100], *rest = NULL;
	FILE *file;
	bool read;

	path_of(dir, path);
	file = fopen(path, "re");
	read = file && fgets(text, sizeof text, file);
	if (file)
		(void)fclose(file);
	if (read) {
		errno = 0;
		out->at_s = strtoll(text, &rest, 10);
		out->entries = rest && *rest == ' ' ? strtoull(rest, &rest, 10) : 0;
		if (errno == 0 && rest && *rest == ' ' && strlen(rest + 1) < sizeof out->to) {
			memcpy(out->to, rest + 1, strcspn(rest + 1, "\n"));
			out->to[strcspn(rest + 1, "\n")] = '\0';
			return ASSAY_OK;
		}
	}
	return assay_error_set(err, ASSAY_ENOTFOUND, "backup-missing", "没有备份记录 %s",
		"no backup is recorded in %s", path);
}
