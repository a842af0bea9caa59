/* SPDX-License-Identifier: Apache-2.0
 * DIR/specs/SERIAL/ (the files), SERIAL.json (who, why, by whose agreement), current -> SERIAL. What is there is never
 * changed; going back is an installation of its own. */
#include "gateway/bundle/bundle.h"

#include "gateway/bundle/bundle_approval.h"
#include "gateway/bundle/bundle_key.h"
#include "gateway/record/sha256.h"
#include "limits/limits.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_ROOM 1200u

/* The newest serial number this data directory has had; 0 none. */
static uint64_t newest(const char *specs)
{
	uint64_t found = 0;
	struct dirent *entry;
	DIR *dir = opendir(specs);

	while (dir && (entry = readdir(dir)) != NULL) {
		size_t digits = strspn(entry->d_name, "0123456789");
		uint64_t serial = digits && digits < 19 && !entry->d_name[digits]
					  ? strtoull(entry->d_name, NULL, 10)
					  : 0;

		if (serial > found)
			found = serial;
	}
	if (dir)
		(void)closedir(dir);
	return found;
}

/* An older one, by the agreement of two. */
static int check_order(const struct assay_bundle *bundle, const struct assay_bundle_wish *wish, uint64_t now,
	json_t *record, struct assay_error *err)
{
	json_t *agreed;
	size_t count;

	if (bundle->serial > now)
		return ASSAY_OK;
	agreed = bundle_approvals(bundle, wish);
	count = json_array_size(agreed);
	(void)json_object_set_new(record, "instead_of", json_integer((json_int_t)now));
	(void)json_object_set_new(record, "approved", agreed);
	if (count >= ASSAY_BUNDLE_APPROVALS)
		return ASSAY_OK;
	return assay_error_set(err, ASSAY_EREFUSED, "rollback-refused",
		"%s 的序号 %" PRIu64 " 不比已有的 %" PRIu64
		" 新。退回旧版需要两个人各自同意（assay spec bundle approve，原因相同）；现有 %zu 个",
		"%s has serial number %" PRIu64 ", no newer than %" PRIu64
		" here; going back takes the agreement of two people (assay spec bundle approve, for the "
		"same reason); "
		"there are %zu",
		wish->path, bundle->serial, now, count);
}

/* Everything in it can be read as specs: files that do not fit together are refused whole. */
static int check_specs(const char *dir, struct assay_error *err)
{
	struct assay_specs *specs = NULL;
	int status = assay_specs_load(dir, &specs, err);

	assay_specs_free(specs);
	return status;
}

static int point_to(const char *specs, uint64_t serial, struct assay_error *err)
{
	char fresh[PATH_ROOM], current[PATH_ROOM], name[24];
	int folder;

	(void)snprintf(fresh, sizeof fresh, "%s/current.new", specs);
	(void)snprintf(current, sizeof current, "%s/current", specs);
	(void)snprintf(name, sizeof name, "%" PRIu64, serial);
	(void)unlink(fresh);
	folder = open(specs, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder >= 0 && symlink(name, fresh) == 0 && fsync(folder) == 0 && rename(fresh, current) == 0 &&
		fsync(folder) == 0) {
		(void)close(folder);
		return ASSAY_OK;
	}
	(void)assay_error_set(err, ASSAY_EIO, "file-unwritable", "%s 不能写入（%s）",
		"%s cannot be written (%s)", current, strerror(errno));
	if (folder >= 0)
		(void)close(folder);
	return ASSAY_EIO;
}

static int write_record(
	const char *specs, const struct assay_bundle *bundle, const json_t *record, struct assay_error *err)
{
	char path[PATH_ROOM], *text = json_dumps(record, JSON_COMPACT | JSON_PRESERVE_ORDER);
	int status;

	if (!text)
		return assay_error_set(err, ASSAY_ENOMEM, "out-of-memory", "内存不足", "out of memory");
	(void)snprintf(path, sizeof path, "%s/%" PRIu64 ".json", specs, bundle->serial);
	(void)unlink(path); /* of an earlier installation of the same files; the journal has it */
	status = bundle_write_new(path, 0600, text, strlen(text), err);
	free(text);
	return status;
}

/* The files, unless they stand there already from an earlier time. */
static int put_files(const struct assay_bundle *bundle, const char *specs, struct assay_error *err)
{
	char fresh[PATH_ROOM], place[PATH_ROOM], path[PATH_ROOM + 100], digest[65], wanted[65];
	int status;

	(void)snprintf(place, sizeof place, "%s/%" PRIu64, specs, bundle->serial);
	if (access(place, F_OK) == 0) {
		for (size_t i = 0; i < bundle->file_count; i++) {
			(void)snprintf(path, sizeof path, "%s/%s", place, bundle->file[i].path);
			assay_hex(bundle->file[i].digest, sizeof bundle->file[i].digest, wanted);
			if (assay_sha256_file(path, digest) != 0 || strcmp(digest, wanted) != 0)
				return assay_error_set(err, ASSAY_ETAKEN, "serial-taken",
					"%s 已有同一序号而内容不同的规格",
					"%s holds other files of the same serial number", place);
		}
		return check_specs(place, err);
	}
	(void)snprintf(fresh, sizeof fresh, "%s/.%" PRIu64 ".%ld", specs, bundle->serial, (long)getpid());
	status = assay_bundle_unpack(bundle, fresh, err);
	if (status == ASSAY_OK)
		status = check_specs(fresh, err);
	if (status == ASSAY_OK && rename(fresh, place) != 0)
		status = assay_error_set(err, ASSAY_EIO, "file-unwritable", "%s 不能写入（%s）",
			"%s cannot be written (%s)", place, strerror(errno));
	if (status != ASSAY_OK)
		assay_bundle_remove(bundle, fresh);
	return status;
}

int assay_bundle_install(
	const struct assay_bundle *bundle, const struct assay_bundle_wish *wish, struct assay_error *err)
{
	char specs[PATH_ROOM];
	json_t *record = bundle_record_begin(bundle, wish);
	int status = record ? bundle_check_reason(wish->reason, err)
			    : assay_error_set(err, ASSAY_EREFUSED, "reason-needed", "原因不是 UTF-8 文字",
				      "the reason is no UTF-8 text");

	(void)snprintf(specs, sizeof specs, "%s/specs", wish->data_dir);
	if (status == ASSAY_OK && mkdir(specs, 0700) != 0 && errno != EEXIST)
		status = assay_error_set(err, ASSAY_EIO, "directory-unusable", "%s 不能写入（%s）",
			"%s cannot be written (%s)", specs, strerror(errno));
	if (status == ASSAY_OK)
		status = check_order(bundle, wish, newest(specs), record, err);
	if (status == ASSAY_OK)
		status = put_files(bundle, specs, err);
	if (status == ASSAY_OK)
		status = write_record(specs, bundle, record, err);
	if (status == ASSAY_OK)
		status = point_to(specs, bundle->serial, err);
	json_decref(record);
	return status;
}

/* DIR/specs/current names a number and nothing else. */
static bool current(const char *data_dir, char serial[24])
{
	char path[PATH_ROOM];
	ssize_t length;

	(void)snprintf(path, sizeof path, "%s/specs/current", data_dir);
	length = readlink(path, serial, 23);
	if (length <= 0)
		return false;
	serial[length] = '\0';
	return strspn(serial, "0123456789") == (size_t)length;
}

/* The specs folder in force: DIR/specs/SERIAL when a bundle is installed, else out stays. */
static int in_force(const char *data_dir, char out[512], struct assay_error *err)
{
	char serial[24], path[PATH_ROOM];
	struct stat about;

	if (!current(data_dir, serial))
		return ASSAY_OK;
	if (snprintf(path, sizeof path, "%s/specs/%s", data_dir, serial) < 512 && stat(path, &about) == 0 &&
		S_ISDIR(about.st_mode) && (about.st_mode & 022) == 0) {
		(void)snprintf(out, 512, "%s", path);
		return ASSAY_OK;
	}
	return assay_error_set(err, ASSAY_EREFUSED, "specs-unusable",
		"%s 应有正在使用的规格，却不能使用（缺失，或他人可写）",
		"%s should hold the specs in force and cannot be used (missing, or writable by others)",
		path);
}

int assay_bundle_places(const char *data_dir, struct assay_places *out, struct assay_error *err)
{
	int status = assay_places_find(out, err);

	return status == ASSAY_OK && data_dir ? in_force(data_dir, out->specs, err) : status;
}

void assay_bundle_record(const char *data_dir, char *out, size_t size)
{
	char serial[24], path[PATH_ROOM];
	FILE *file = NULL;
	size_t got = 0;

	if (current(data_dir, serial)) {
		(void)snprintf(path, sizeof path, "%s/specs/%s.json", data_dir, serial);
		file = fopen(path, "re");
	}
	if (file) {
		got = fread(out, 1, size - 1, file);
		(void)fclose(file);
	}
	out[got] = '\0';
}
