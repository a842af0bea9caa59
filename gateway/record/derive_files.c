/* SPDX-License-Identifier: Apache-2.0
 * Specs and lab.xml as the journal holds them, put into a private folder in the places they had. */
#include "gateway/record/derive_inside.h"
#include "gateway/record/sha256.h"
#include "limits/xml_scan.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_ROOM 700u

static const char file_marks[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

static const char *text(const json_t *body, const char *name)
{
	const char *value = json_string_value(json_object_get(body, name));

	return value ? value : "";
}

/* FOLDER/NAME, nothing hidden and nothing that leads out. */
static bool path_safe(const char *path)
{
	size_t folder = strspn(path, file_marks), name;

	if (folder == 0 || path[folder] != '/' || path[0] == '.')
		return false;
	name = strspn(path + folder + 1, file_marks);
	return name > 0 && path[folder + 1] != '.' && path[folder + 1 + name] == '\0' && strlen(path) < 200;
}

static bool digest_safe(const char *sha256)
{
	return strlen(sha256) == 64 && strspn(sha256, "0123456789abcdef") == 64;
}

static int io_failed(struct assay_error *err, const char *path)
{
	return assay_error_set(err, ASSAY_EIO, "derive-io", "%s：读写失败（%s）",
		"%s: cannot be read or written (%s)", path, strerror(errno));
}

static int write_file(const char *path, const void *bytes, size_t length, struct assay_error *err)
{
	FILE *file = fopen(path, "wbe");
	bool good = file && fwrite(bytes, 1, length, file) == length;

	if (file && fclose(file) != 0)
		good = false;
	return good ? ASSAY_OK : io_failed(err, path);
}

/* specs/PATH becomes the file kept as digests/SHA256. */
static int put_in_force(struct derive *derive, const char *path, const char *sha256, struct assay_error *err)
{
	char kept[PATH_ROOM], place[PATH_ROOM], *slash;

	(void)snprintf(kept, sizeof kept, "%s/digests/%s", derive->folder, sha256);
	(void)snprintf(place, sizeof place, "%s/specs/%s", derive->folder, path);
	slash = strrchr(place, '/');
	*slash = '\0';
	if (mkdir(place, 0700) != 0 && errno != EEXIST)
		return io_failed(err, place);
	*slash = '/';
	(void)unlink(place);
	if (link(kept, place) != 0)
		return io_failed(err, place);
	(void)json_object_set_new(derive->current, path, json_string(sha256));
	if (strncmp(path, "instruments/", 12) != 0)
		derive->specs_changed = true;
	return ASSAY_OK;
}

int derive_spec(struct derive *derive, const struct assay_entry *entry, struct assay_error *err)
{
	json_t *body = json_loadb(entry->body, entry->body_length, 0, NULL);
	const char *path = text(body, "path"), *named = text(body, "sha256");
	char kept[PATH_ROOM], sha256[65];
	uint8_t digest[32];
	int status = ASSAY_OK;

	assay_sha256(entry->raw, entry->raw_length, digest);
	assay_hex(digest, sizeof digest, sha256);
	if (!path_safe(path) || strcmp(sha256, named) != 0) {
		derive_differs(derive, entry->sequence, "spec-differs", "规范文件 %.200s 的内容与摘要不符",
			"the spec %.200s is not what its digest says", path);
	} else {
		(void)snprintf(kept, sizeof kept, "%s/digests/%s", derive->folder, sha256);
		status = write_file(kept, entry->raw, entry->raw_length, err);
		if (status == ASSAY_OK)
			status = put_in_force(derive, path, sha256, err);
	}
	json_decref(body);
	return status;
}

/* What is in specs/ and not in the set goes; its bytes stay below digests/. */
static void drop_others(struct derive *derive, const json_t *files)
{
	char place[PATH_ROOM];
	const char *path;
	json_t *sha256;
	void *next;

	json_object_foreach_safe(derive->current, next, path, sha256)
	{
		if (strncmp(path, "instruments/", 12) == 0 || json_object_get(files, path))
			continue;
		(void)snprintf(place, sizeof place, "%s/specs/%s", derive->folder, path);
		(void)unlink(place);
		(void)json_object_del(derive->current, path);
		derive->specs_changed = true;
	}
}

int derive_spec_set(struct derive *derive, const struct assay_entry *entry, struct assay_error *err)
{
	json_t *body = json_loadb(entry->body, entry->body_length, 0, NULL), *sha256;
	const json_t *files = json_object_get(body, "files");
	char digest[65] = "";
	const char *path;
	int status = json_object_size(files) ? assay_spec_set_digest(files, digest, err) : ASSAY_OK;

	if (status == ASSAY_OK && strcmp(digest, text(body, "sha256")) != 0)
		derive_differs(derive, entry->sequence, "spec-set-differs", "规格清单与其摘要不符",
			"the list of specs is not what its digest says");
	json_object_foreach((json_t *)(uintptr_t)files, path, sha256)
	{
		if (status == ASSAY_OK)
			status = derive_use_spec(derive, entry->sequence, path,
				json_is_string(sha256) ? json_string_value(sha256) : "", err);
	}
	if (status == ASSAY_OK) {
		drop_others(derive, files);
		(void)snprintf(derive->set, sizeof derive->set, "%.64s", digest);
	}
	json_decref(body);
	return status;
}

static int kept_file(void *context, const char *path, const char *sha256, char **out, size_t *length_out,
	struct assay_error *err)
{
	const struct derive *derive = context;
	char kept[PATH_ROOM];

	(void)snprintf(kept, sizeof kept, "%s/digests/%s", derive->folder, sha256);
	if (digest_safe(sha256))
		return assay_xml_read(kept, ASSAY_SPEC_FILE_MAX, out, length_out, err);
	return assay_error_set(err, ASSAY_ENOTFOUND, "spec-missing", "台账里没有规范文件 %.160s",
		"the journal does not hold the spec %.160s", path);
}

const struct assay_specs *derive_specs_of(void *context, const char *set)
{
	struct derive *derive = context;
	struct assay_error why;
	const struct assay_specs *specs;

	derive->sets.state = assay_state_db(derive->state);
	derive->sets.schemas = derive->options->places->specs;
	derive->sets.file = kept_file;
	derive->sets.context = derive;
	specs = assay_spec_sets_get(&derive->sets, set, &why);
	if (!specs && why.code[0])
		derive_differs(derive, derive->at, "specs-unreadable", "登记时的规格 %.12s 现在读不了：%s",
			"the specs %.12s of a batch cannot be read now: %s", set, why.text_en);
	return specs;
}

int derive_use_spec(struct derive *derive, uint64_t sequence, const char *path, const char *sha256,
	struct assay_error *err)
{
	const char *now = text(derive->current, path);
	char kept[PATH_ROOM];

	if ((!*path && !*sha256) || strcmp(now, sha256) == 0)
		return ASSAY_OK;
	(void)snprintf(kept, sizeof kept, "%s/digests/%.64s", derive->folder, sha256);
	if (path_safe(path) && digest_safe(sha256) && access(kept, R_OK) == 0)
		return put_in_force(derive, path, sha256, err);
	derive_differs(derive, sequence, "spec-missing", "台账里没有规范文件 %.200s（摘要 %.16s…）",
		"the journal does not hold the spec %.200s with the digest %.16s...", path, sha256);
	return ASSAY_OK;
}

const struct assay_specs *derive_specs(struct derive *derive, uint64_t sequence)
{
	char folder[PATH_ROOM];
	struct assay_error why;

	if (!derive->specs_changed)
		return derive->specs;
	derive->specs_changed = false;
	assay_specs_free(derive->specs);
	derive->specs = NULL;
	(void)snprintf(folder, sizeof folder, "%s/specs", derive->folder);
	if (assay_specs_load(folder, &derive->specs, &why) != ASSAY_OK) {
		derive->specs = NULL;
		derive_differs(derive, sequence, "specs-unreadable", "记录的规范文件现在读不了：%s",
			"the recorded specs cannot be read now: %s", why.text_en);
	}
	return derive->specs;
}

static void check_drivers(struct derive *derive, uint64_t sequence, const json_t *body)
{
	const json_t *line, *instrument;
	size_t i, j;

	json_array_foreach(json_object_get(body, "lines"), i, line)
	{
		json_array_foreach(json_object_get(line, "instruments"), j, instrument)
		{
			const char *name = text(instrument, "driver");
			char path[PATH_ROOM], sha256[65];

			(void)snprintf(
				path, sizeof path, "%s/%.31s.so", derive->options->places->drivers, name);
			if (strchr(name, '/') || assay_sha256_file(path, sha256) != 0)
				derive_differs(derive, sequence, "driver-missing", "没有安装驱动 %.31s",
					"the driver %.31s is not installed", name);
			else if (strcmp(sha256, text(instrument, "driver_sha256")) != 0)
				derive_note(derive, sequence, "driver-changed",
					"仪器 %.60s：驱动 %.31s 已不是当时的文件（当时 %.16s…，现在 %.16s…）",
					"instrument %.60s: the driver %.31s is another file than then (then "
					"%.16s..., now %.16s...)",
					text(instrument, "instrument"), name,
					text(instrument, "driver_sha256"), sha256);
		}
	}
}

int derive_config(struct derive *derive, const struct assay_entry *entry, struct assay_error *err)
{
	json_t *body = json_loadb(entry->body, entry->body_length, 0, NULL);
	char path[PATH_ROOM], specs[PATH_ROOM];
	struct assay_error why;
	int status;

	derive_sessions_close(derive);
	assay_config_free(derive->config);
	derive->config = NULL;
	check_drivers(derive, entry->sequence, body);
	json_decref(body);
	(void)snprintf(path, sizeof path, "%s/lab.xml", derive->folder);
	(void)snprintf(specs, sizeof specs, "%s/specs", derive->folder);
	status = write_file(path, entry->raw, entry->raw_length, err);
	if (status == ASSAY_OK && assay_config_load(path, specs, derive->options->places->drivers,
					  &derive->config, &why) != ASSAY_OK) {
		derive->config = NULL;
		derive_differs(derive, entry->sequence, "config-unreadable",
			"记录的 lab.xml 现在读不了，其后的交换不能重新解码：%s",
			"the recorded lab.xml cannot be read now, exchanges after it cannot be decoded "
			"again: %s",
			why.text_en);
	}
	return status;
}

void derive_files_free(struct derive *derive)
{
	derive_sessions_close(derive);
	assay_config_free(derive->config);
	assay_specs_free(derive->specs);
	assay_spec_sets_free(&derive->sets);
	json_decref(derive->current);
	for (size_t i = 0; i < derive->driver_count; i++)
		if (derive->driver[i].usable)
			assay_plugin_unload(&derive->driver[i].plugin);
}
