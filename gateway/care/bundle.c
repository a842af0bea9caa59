/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/care/bundle.h"

#include "gateway/care/care.h"
#include "gateway/care/tar_file.h"
#include "gateway/record/checkpoint.h"
#include "gateway/record/journal_reader.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#define ENTRIES_BACK 20000u /* entries of the journal that are looked through */
#define FILE_MAX 65536u

static int add_json(struct care_tar *tar, const char *name, json_t *value, struct assay_error *err)
{
	char *text = value ? json_dumps(value, JSON_INDENT(1)) : NULL;
	int status = text ? care_tar_add(tar, name, text, strlen(text), err)
			  : assay_error_set(err, ASSAY_ENOMEM, "out-of-memory", "内存不足", "out of memory");

	free(text);
	json_decref(value);
	return status;
}

/* A short file that anybody may see; passed over when it is not there. */
static int add_file(struct care_tar *tar, const char *name, const char *path, struct assay_error *err)
{
	char *text = malloc(FILE_MAX);
	FILE *file = text ? fopen(path, "re") : NULL;
	int status = ASSAY_OK;

	if (file) {
		status = care_tar_add(tar, name, text, fread(text, 1, FILE_MAX, file), err);
		(void)fclose(file);
	}
	free(text);
	return status;
}

static json_t *machine(void)
{
	struct utsname about;

	if (uname(&about) != 0)
		return care_versions();
	return json_pack("{s:s,s:s,s:s,s:o}", "kernel", about.release, "machine", about.machine, "system",
		about.version, "versions", care_versions());
}

/* Names, sizes and modes of what is in one folder of DIR, never contents. */
static void list_folder(const char *dir, const char *name, json_t *list)
{
	char path[1100], inside[1400];
	struct dirent *one;
	struct stat about;
	DIR *folder;

	(void)snprintf(path, sizeof path, "%s/%s", dir, name);
	folder = opendir(path);
	while (folder && (one = readdir(folder))) {
		(void)snprintf(inside, sizeof inside, "%s/%s", path, one->d_name);
		if (strcmp(one->d_name, "..") == 0 || lstat(inside, &about) != 0)
			continue;
		(void)snprintf(inside, sizeof inside, "%s/%s", name, one->d_name);
		(void)json_array_append_new(
			list, json_pack("{s:s,s:I,s:i,s:i,s:I}", "name", inside, "size",
				      (json_int_t)about.st_size, "mode", (int)(about.st_mode & 07777), "uid",
				      (int)about.st_uid, "changed_s", (json_int_t)about.st_mtime));
	}
	if (folder)
		(void)closedir(folder);
}

static json_t *files(const char *dir)
{
	static const char *const folders[] = {".", "journal", "keys", "run"};
	json_t *list = json_array();

	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
		list_folder(dir, folders[i], list);
	return list;
}

/* The recorder's status without what instruments measured and without their serial numbers. */
static json_t *status_bare(const struct care *care)
{
	json_t *status = care->status ? json_deep_copy(care->status) : json_object();
	json_t *line, *instrument;
	size_t i, j;

	json_array_foreach(json_object_get(status, "lines"), i, line)
	{
		json_array_foreach(json_object_get(line, "instruments"), j, instrument)
		{
			(void)json_object_del(instrument, "channels");
			(void)json_object_del(instrument, "serial");
			(void)json_object_del(instrument, "serial_seen");
		}
	}
	return status;
}

static bool speaks_of_the_machine(unsigned kind)
{
	return kind == ASSAY_ENTRY_GENESIS || kind == ASSAY_ENTRY_START || kind == ASSAY_ENTRY_STOP ||
	       kind == ASSAY_ENTRY_LINE || kind == ASSAY_ENTRY_CLOCK || kind == ASSAY_ENTRY_FAULT ||
	       kind == ASSAY_ENTRY_DRIVER || kind == ASSAY_ENTRY_SEAL || kind == ASSAY_ENTRY_KEY;
}

/* A change of key, or a configuration that was refused, names who wanted it and why: no business of whoever helps. */
static void leave_out_people(json_t *body)
{
	if (!json_object_get(body, "who"))
		return;
	(void)json_object_del(body, "who");
	(void)json_object_del(body, "reason");
}

static int take_entry(void *context, const struct assay_entry *entry, const uint8_t leaf[ASSAY_HASH_SIZE])
{
	json_t *body;

	(void)leaf;
	if (!speaks_of_the_machine(entry->kind))
		return 0;
	body = json_loadb(entry->body, entry->body_length, 0, NULL);
	leave_out_people(body);
	return json_array_append_new(
		       context, json_pack("{s:I,s:s,s:I,s:s,s:o?}", "seq", (json_int_t)entry->sequence,
					"kind", assay_entry_kind_name(entry->kind), "wall_ns",
					(json_int_t)entry->wall_ns, "line", entry->line, "body", body)) == 0
		       ? 0
		       : ASSAY_ENOMEM;
}

static int add_journal(struct care_tar *tar, const struct care *care, struct assay_error *err)
{
	struct assay_reader *reader = NULL;
	json_t *list = json_array();
	struct assay_error trouble;
	uint64_t size, from;
	int status = assay_reader_open(
		care->dir, care->status ? ASSAY_READ_LIVE : ASSAY_READ_STILL, &reader, &trouble);

	if (status == ASSAY_OK) {
		size = assay_reader_size(reader);
		from = size > ENTRIES_BACK ? size - ENTRIES_BACK : 0;
		status = assay_reader_each(reader, from, 0, take_entry, list, &trouble);
		assay_reader_close(reader);
	}
	if (status != ASSAY_OK) /* the bundle is wanted most when something is broken */
		(void)json_array_append_new(
			list, json_pack("{s:s,s:s}", "code", trouble.code, "text_en", trouble.text_en));
	return add_json(tar, "assay/journal.json", list, err);
}

static int add_all(struct care_tar *tar, const struct care *care, struct assay_error *err)
{
	char path[1100];
	int status = add_json(tar, "assay/doctor.json",
		json_pack("{s:O,s:O}", "findings", care->findings, "figures", care->figures), err);

	if (status == ASSAY_OK)
		status = add_json(tar, "assay/machine.json", machine(), err);
	if (status == ASSAY_OK)
		status = add_json(tar, "assay/files.json", files(care->dir), err);
	if (status == ASSAY_OK)
		status = add_json(tar, "assay/status.json", status_bare(care), err);
	if (status == ASSAY_OK)
		status = add_journal(tar, care, err);
	assay_checkpoint_path(care->dir, path, sizeof path);
	if (status == ASSAY_OK)
		status = add_file(tar, "assay/checkpoint", path, err);
	if (status == ASSAY_OK)
		status = add_file(tar, "assay/os-release", "/etc/os-release", err);
	return status;
}

int care_bundle(const char *dir, const char *to, struct assay_error *err)
{
	struct care care;
	struct care_tar tar = {.fd = -1};
	int status = care_examine(dir, &care, err);

	if (status == ASSAY_OK)
		status = care_tar_open(to, care.now_s, &tar, err);
	if (status == ASSAY_OK)
		status = add_all(&tar, &care, err);
	if (status == ASSAY_OK)
		status = care_tar_close(&tar, err);
	else
		care_tar_abandon(&tar);
	care_free(&care);
	return status;
}
