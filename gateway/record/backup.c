/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/record/backup.h"

#include "gateway/record/compare.h"
#include "gateway/record/journal_reader.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COPY_BYTES 65536u
#define BACKUP_PAGES 4096 /* of one step */
#define SPECS_DEPTH 2u /* specs/SERIAL/standards */

static int io_error(struct assay_error *err, const char *path)
{
	return assay_error_set(err, errno == ENOSPC ? ASSAY_EFULL : ASSAY_EIO, "backup-io",
		"%s：读写失败（%s）", "%s: cannot be read or written (%s)", path, strerror(errno));
}

static int sync_path(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC);
	int result = fd < 0 ? -1 : fsync(fd);

	if (fd >= 0)
		(void)close(fd);
	return result;
}

/* optional: it may be missing. */
static int copy_file(const char *from_dir, const char *to_dir, const char *name, mode_t mode, bool optional,
	struct assay_error *err)
{
	char from[700], to[700], buffer[COPY_BYTES];
	int in, out = -1, status = ASSAY_OK;
	ssize_t got = 0;

	(void)snprintf(from, sizeof from, "%s/%s", from_dir, name);
	(void)snprintf(to, sizeof to, "%s/%s", to_dir, name);
	in = open(from, O_RDONLY | O_CLOEXEC);
	if (in < 0)
		return optional && errno == ENOENT ? ASSAY_OK : io_error(err, from);
	out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	while (out >= 0 && (got = read(in, buffer, sizeof buffer)) > 0)
		if (write(out, buffer, (size_t)got) != got)
			break;
	if (out < 0 || got != 0 || fsync(out) != 0)
		status = io_error(err, to);
	(void)close(in);
	if (out >= 0)
		(void)close(out);
	return status;
}

/* A folder below DIR with all that does not begin with a dot. */
static int copy_folder(
	const char *dir, const char *to, const char *name, unsigned depth, struct assay_error *err)
{
	char path[700], below[300];
	struct dirent *entry;
	struct stat about;
	int status = ASSAY_OK;
	DIR *folder;

	(void)snprintf(path, sizeof path, "%s/%s", dir, name);
	folder = opendir(path);
	if (!folder)
		return io_error(err, path);
	(void)snprintf(path, sizeof path, "%s/%s", to, name);
	if (mkdir(path, 0700) != 0 && errno != EEXIST)
		status = io_error(err, path);
	while (status == ASSAY_OK && (entry = readdir(folder)) != NULL) {
		if (*entry->d_name == '.' ||
			fstatat(dirfd(folder), entry->d_name, &about, AT_SYMLINK_NOFOLLOW) != 0)
			continue;
		(void)snprintf(below, sizeof below, "%.100s/%.190s", name, entry->d_name);
		if (S_ISREG(about.st_mode))
			status = copy_file(dir, to, below, 0644, true, err);
		else if (S_ISDIR(about.st_mode) && depth > 0)
			status = copy_folder(dir, to, below, depth - 1, err);
	}
	(void)closedir(folder);
	if (status == ASSAY_OK && sync_path(path, O_RDONLY | O_DIRECTORY) != 0)
		status = io_error(err, path);
	return status;
}

/* The spec bundles that are installed, which the recorder will not do without (assay(1), spec bundle). First which of them is
 * in force: what it names is there already. */
static int copy_specs(const char *dir, const char *to, struct assay_error *err)
{
	char path[700], current[64];
	ssize_t length;

	(void)snprintf(path, sizeof path, "%s/specs/current", dir);
	length = readlink(path, current, sizeof current - 1);
	if (length < 0)
		return ASSAY_OK;
	current[length] = '\0';
	(void)snprintf(path, sizeof path, "%s/specs", to);
	if (mkdir(path, 0700) != 0)
		return io_error(err, path);
	(void)snprintf(path, sizeof path, "%s/specs/current", to);
	if (symlink(current, path) != 0)
		return io_error(err, path);
	return copy_folder(dir, to, "specs", SPECS_DEPTH, err);
}

/* The open segment, as it stands at its last commit. */
static int copy_open(const struct assay_segment *segment, const char *to, struct assay_error *err)
{
	char path[700];
	sqlite3 *db = NULL;
	sqlite3_backup *backup = NULL;
	int rc;

	(void)snprintf(path, sizeof path, "%s/journal/%04u.db", to, segment->number);
	rc = sqlite3_open_v2(
		path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_EXRESCODE, NULL);
	if (rc == SQLITE_OK)
		backup = sqlite3_backup_init(db, "main", segment->db, "main");
	if (rc == SQLITE_OK && !backup)
		rc = sqlite3_errcode(db);
	while (backup && (rc = sqlite3_backup_step(backup, BACKUP_PAGES)) == SQLITE_OK)
		;
	(void)sqlite3_backup_finish(backup);
	rc = rc == SQLITE_DONE ? ASSAY_OK : assay_sqlite_error(err, db, path, rc);
	(void)sqlite3_close(db);
	if (rc == ASSAY_OK && sync_path(path, O_RDWR) != 0)
		return io_error(err, path);
	return rc;
}

static int copy_segments(const char *dir, const char *to, struct assay_error *err)
{
	struct assay_reader *reader = NULL;
	int status = assay_reader_open(dir, ASSAY_READ_STILL, &reader, err);
	unsigned count = status == ASSAY_OK ? assay_reader_segments(reader) : 0;

	for (unsigned i = 0; status == ASSAY_OK && i < count; i++) {
		const struct assay_segment *segment = assay_reader_segment(reader, i);
		char name[40];

		if (i + 1 == count) {
			status = copy_open(segment, to, err);
			break;
		}
		(void)snprintf(name, sizeof name, "journal/%04u.db", segment->number);
		status = copy_file(dir, to, name, 0400, false, err);
		/* One that was given up keeps its log. */
		(void)strncat(name, "-wal", sizeof name - strlen(name) - 1);
		if (status == ASSAY_OK)
			status = copy_file(dir, to, name, 0600, true, err);
	}
	assay_reader_close(reader);
	return status;
}

static int make_folders(const char *to, struct assay_error *err)
{
	char path[700];

	if (mkdir(to, 0700) != 0)
		return io_error(err, to);
	(void)snprintf(path, sizeof path, "%s/journal", to);
	if (mkdir(path, 0700) != 0)
		return io_error(err, path);
	(void)snprintf(path, sizeof path, "%s/keys", to);
	return mkdir(path, 0700) == 0 ? ASSAY_OK : io_error(err, path);
}

/* journal/checkpoint first: taken later it could be newer than the copy. */
static int copy_all(const char *dir, const char *to, bool with_key, struct assay_error *err)
{
	static const struct {
		const char *name;
		mode_t mode;
		bool secret, optional;
	} files[] = {{"journal/checkpoint", 0644, false, true}, {"keys/origin.pub", 0644, false, false},
		{"keys/origin.first.pub", 0644, false, true}, {"lab.xml", 0644, false, true},
		{"keys/origin.key", 0600, true, false}, {"keys/origin.key.next", 0600, true, true}};
	int status = make_folders(to, err);

	for (size_t i = 0; status == ASSAY_OK && i < sizeof files / sizeof *files; i++)
		if (!files[i].secret || with_key)
			status = copy_file(dir, to, files[i].name, files[i].mode, files[i].optional, err);
	if (status == ASSAY_OK)
		status = copy_specs(dir, to, err);
	return status == ASSAY_OK ? copy_segments(dir, to, err) : status;
}

static int drop(const char *path, const struct stat *about, int kind, struct FTW *where)
{
	(void)about;
	(void)kind;
	(void)where;
	return remove(path);
}

static int settle(const char *partial, const char *to, struct assay_error *err)
{
	char path[700];

	(void)snprintf(path, sizeof path, "%s/journal", partial);
	if (sync_path(path, O_RDONLY | O_DIRECTORY) != 0 || sync_path(partial, O_RDONLY | O_DIRECTORY) != 0 ||
		rename(partial, to) != 0)
		return io_error(err, to);
	(void)snprintf(path, sizeof path, "%s/..", to);
	return sync_path(path, O_RDONLY | O_DIRECTORY) == 0 ? ASSAY_OK : io_error(err, path);
}

static int refuse_existing(const char *to, struct assay_error *err)
{
	struct stat about;

	if (lstat(to, &about) != 0)
		return ASSAY_OK;
	return assay_error_set(err, ASSAY_EREFUSED, "target-exists", "%s 已经存在；请给一个新的名称",
		"%s exists already; give a new name", to);
}

static int copy_verified(const char *dir, const char *partial, bool with_key,
	struct assay_verify_report *report, struct assay_error *err)
{
	const struct assay_verify_options options = {.key = NULL};
	int status;

	(void)nftw(partial, drop, 16, FTW_DEPTH | FTW_PHYS); /* of an earlier try */
	status = copy_all(dir, partial, with_key, err);
	if (status == ASSAY_OK)
		status = assay_verify_dir(partial, &options, report, err);
	if (status == ASSAY_OK && report->findings) {
		if (err)
			*err = report->worst.what;
		status = ASSAY_EDAMAGED;
	}
	return status;
}

int assay_backup(const char *dir, const char *to, bool with_key, struct assay_verify_report *report,
	struct assay_error *err)
{
	char partial[600];
	int status = refuse_existing(to, err);

	if (status != ASSAY_OK)
		return status;
	(void)snprintf(partial, sizeof partial, "%s.partial", to);
	status = copy_verified(dir, partial, with_key, report, err);
	if (status == ASSAY_OK)
		status = settle(partial, to, err);
	if (status != ASSAY_OK)
		(void)nftw(partial, drop, 16, FTW_DEPTH | FTW_PHYS);
	return status;
}

/* Mixed into the boot id of this directory from now on, so that its entries are never taken for the old one's. */
static int write_lineage(const char *dir, struct assay_error *err)
{
	uint8_t lineage[16];
	char path[700];
	int fd, status = ASSAY_OK;

	(void)snprintf(path, sizeof path, "%s/journal/lineage", dir);
	if (sodium_init() < 0)
		return io_error(err, path);
	randombytes_buf(lineage, sizeof lineage);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, lineage, sizeof lineage) != (ssize_t)sizeof lineage || fsync(fd) != 0)
		status = io_error(err, path);
	if (fd >= 0)
		(void)close(fd);
	return status;
}

int assay_restore(const char *backup, const char *dir, bool *has_key_out, struct assay_verify_report *report,
	struct assay_error *err)
{
	struct assay_journal_difference difference;
	char partial[600], key[700];
	int status = refuse_existing(dir, err);

	if (status != ASSAY_OK)
		return status;
	(void)snprintf(partial, sizeof partial, "%s.partial", dir);
	(void)snprintf(key, sizeof key, "%s/keys/origin.key", backup);
	*has_key_out = access(key, F_OK) == 0;
	status = copy_verified(backup, partial, *has_key_out, report, err);
	if (status == ASSAY_OK)
		status = assay_compare_journals(backup, partial, &difference, err);
	if (status == ASSAY_OK && !difference.equal)
		status = assay_error_set(err, ASSAY_EDAMAGED, "copy-differs", "%s 与备份不符",
			"%s is not like the backup", partial);
	if (status == ASSAY_OK)
		status = write_lineage(partial, err);
	if (status == ASSAY_OK)
		status = settle(partial, dir, err);
	if (status != ASSAY_OK)
		(void)nftw(partial, drop, 16, FTW_DEPTH | FTW_PHYS);
	return status;
}
