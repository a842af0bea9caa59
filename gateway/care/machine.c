/* SPDX-License-Identifier: Apache-2.0
 * The machine: who may read what, whether the clock is synchronised, libraries with known faults. */
#include "gateway/care/care.h"

#include <libxml/parser.h>
#include <modbus/modbus.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/timex.h>

#define OTHERS (S_IRWXG | S_IRWXO)

/* mode_out 0: it is not there. */
static mode_t mode_of(const char *dir, const char *name, char path[1100])
{
	struct stat about;

	(void)snprintf(path, 1100, "%s%s%s", dir, *name ? "/" : "", name);
	return stat(path, &about) == 0 ? about.st_mode : 0;
}

static void permissions(struct care *care)
{
	/* The group may be that of roles with users of their own (assay serve --stations): they read, and pass keys/ for its
	 * public key. The top folder may let others pass through to what has rights of its own. */
	static const struct {
		const char *name;
		mode_t forbidden;
	} folders[] = {{"", S_IWGRP | S_IWOTH}, {"journal", S_IWGRP | S_IRWXO},
		{"keys", S_IRGRP | S_IWGRP | S_IRWXO}, {"run", OTHERS}};
	static const char *const keys[] = {"keys/origin.key", "keys/origin.key.next"};
	static const char *const secrets[] = {"keys/people.db", "keys/web-key.pem"};
	char path[1100];

	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
		mode_t mode = mode_of(care->dir, folders[i].name, path);

		if (mode & folders[i].forbidden)
			care_found(care, "directory-open", path, "%s 的权限是 %04o，别人也能用",
				"%s has mode %04o, others may use it", path, (unsigned)(mode & 07777));
	}
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		mode_t mode = mode_of(care->dir, keys[i], path);

		if (mode & OTHERS)
			care_found(care, "key-open", path, "签名密钥 %s 的权限是 %04o",
				"the signing key %s has mode %04o", path, (unsigned)(mode & 07777));
	}
	for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++) {
		mode_t mode = mode_of(care->dir, secrets[i], path);

		if (mode & OTHERS)
			care_found(care, "secret-open", path, "机密文件 %s 的权限是 %04o",
				"the secret file %s has mode %04o", path, (unsigned)(mode & 07777));
	}
	if (mode_of(care->dir, "journal/0001.db", path) && !mode_of(care->dir, "keys/origin.key", path))
		care_found(care, "key-missing", path, "没有签名密钥 %s", "there is no signing key %s", path);
	if (mode_of(care->places.drivers, "", path) & (S_IWGRP | S_IWOTH))
		care_found(care, "plugins-open", path, "驱动目录 %s 别人也能写",
			"the drivers' folder %s can be written by others", path);
}

static void clock_state(struct care *care)
{
	struct timex state = {0};
	bool synchronised = adjtimex(&state) >= 0 && (state.status & STA_UNSYNC) == 0;

	(void)json_object_set_new(care->figures, "clock_synchronised", json_boolean(synchronised));
	if (!synchronised)
		care_found(care, "clock-unsynchronised", "", "系统时钟没有与时间源同步",
			"the system clock is not synchronised with a time source");
}

json_t *care_versions(void)
{
	char modbus[40];

	(void)snprintf(modbus, sizeof modbus, "%u.%u.%u", libmodbus_version_major, libmodbus_version_minor,
		libmodbus_version_micro);
	return json_pack("{s:s,s:s,s:s,s:s}", "assay", ASSAY_VERSION, "sqlite", sqlite3_libversion(),
		"libmodbus", modbus, "libxml2", xmlParserVersion);
}

/* The faults and the versions without them: SQLite's WAL reset, fixed in 3.51.3 (sqlite.org/wal.html, 2026);
 * libmodbus' descriptors above 1023 and reads out of bounds, fixed in 3.1.12 (its NEWS); libxml2 2.9's minutes for many
 * attributes, measured on 2.9.14. */
static void versions(struct care *care)
{
	unsigned modbus =
		libmodbus_version_major * 10000 + libmodbus_version_minor * 100 + libmodbus_version_micro;

	(void)json_object_set_new(care->figures, "versions", care_versions());
	if (sqlite3_libversion_number() < 3051003)
		care_found(care, "version-sqlite", sqlite3_libversion(),
			"SQLite %s 有 WAL 复位缺陷（3.51.3 起修复）",
			"SQLite %s has the WAL-reset fault (mended in 3.51.3)", sqlite3_libversion());
	if (modbus < 30112)
		care_found(care, "version-libmodbus", "libmodbus",
			"libmodbus %u.%u.%u 早于 3.1.12，应答核对和大描述符有缺陷",
			"libmodbus %u.%u.%u is older than 3.1.12: faults in matching answers and with large "
			"descriptors",
			libmodbus_version_major, libmodbus_version_minor, libmodbus_version_micro);
	if (strtoul(xmlParserVersion, NULL, 10) < 21000)
		care_found(care, "version-libxml2", "libxml2", "libxml2 %s 遇到大量属性会很慢",
			"libxml2 %s is very slow on elements with many attributes", xmlParserVersion);
}

void care_machine(struct care *care)
{
	permissions(care);
	clock_state(care);
	versions(care);
}
