/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/wire/loader.h"

#include "gateway/record/sha256.h"
#include "gateway/wire/plugin_symbols.h"
#include "limits/xml_scan.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PLUGIN_MAX 16777216u /* bytes of a plugin's file */
#define OPTIONS_MAX 256u

static void *allocate(size_t size)
{
	return calloc(1, size ? size : 1);
}

/* A driver that leaks ends with its host, whose bytes the recorder holds; the next one begins with nothing. */
static void *allocate_or_end(size_t size)
{
	void *memory = allocate(size);

	if (!memory) {
		(void)fputs("assay: host: a driver has used up its memory\n", stderr);
		_exit(1);
	}
	return memory;
}

const struct assay_host assay_plugin_host_ending = {
	ASSAY_DRIVER_ABI, sizeof(struct assay_host), allocate_or_end, free};
const struct assay_host assay_plugin_host = {ASSAY_DRIVER_ABI, sizeof(struct assay_host), allocate, free};

static bool good_name(const char *name)
{
	size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-");

	return length > 0 && length < 32 && name[length] == '\0';
}

/* The reasons are ours; a helper would need one argument list for two languages. */
#define refuse(err, path, zh, en)                                                                            \
	assay_error_set(err, ASSAY_EREFUSED, "driver-refused", "驱动 %s 不能使用：" zh,                      \
		"driver %s cannot be used: " en, path)

static int check_file(const char *dir, const char *path, struct assay_error *err)
{
	struct stat about;

	if (stat(dir, &about) != 0 || !S_ISDIR(about.st_mode) || (about.st_mode & S_IWOTH))
		return refuse(err, dir, "驱动文件夹不存在，或他人可写",
			"the drivers' folder is missing or writable by others");
	if (stat(path, &about) != 0)
		return assay_error_set(err, ASSAY_ENOTFOUND, "driver-unknown", "没有这个驱动：%s",
			"there is no such driver: %s", path);
	if (!S_ISREG(about.st_mode) || (about.st_mode & S_IWOTH))
		return refuse(err, path, "不是普通文件，或他人可写",
			"it is no regular file, or writable by others");
	return ASSAY_OK;
}

/* Nothing of the file runs before its symbols are known to be harmless: constructors would run in dlopen. */
static int check_symbols(const char *path, size_t *descriptor_size, struct assay_error *err)
{
	char *bytes = NULL;
	size_t length = 0;
	int status = assay_xml_read(path, PLUGIN_MAX, &bytes, &length, err);

	if (status == ASSAY_OK)
		status = assay_plugin_symbols_check(
			path, (const uint8_t *)bytes, length, descriptor_size, err);
	free(bytes);
	return status;
}

static int check_tables(const struct assay_driver *driver, const char *path, struct assay_error *err)
{
	unsigned count = 0;

	for (const struct assay_option *option = driver->options; option->name; option++)
		if (++count > OPTIONS_MAX || option->kind < ASSAY_OPTION_TEXT ||
			option->kind > ASSAY_OPTION_CHOICE ||
			(option->kind == ASSAY_OPTION_CHOICE && !option->choices) || !option->help_zh ||
			!option->help_en)
			return refuse(err, path, "设置表不完整", "its table of options is not complete");
	count = 0;
	for (const struct assay_channel *channel = driver->channels; channel->name; channel++)
		if (++count > OPTIONS_MAX || !channel->unit || !channel->help_zh || !channel->help_en)
			return refuse(err, path, "通道表不完整", "its table of channels is not complete");
	return ASSAY_OK;
}

static int check_members(
	const struct assay_driver *driver, const char *name, const char *path, struct assay_error *err)
{
	if (driver->link != ASSAY_LINK_STREAM && driver->link != ASSAY_LINK_MODBUS)
		return refuse(err, path, "链路种类未知", "unknown kind of link");
	if (!driver->name || !driver->version || !driver->summary_zh || !driver->summary_en ||
		!driver->options || !driver->channels || !driver->open || !driver->close || !driver->ask ||
		!driver->decode || (driver->link == ASSAY_LINK_STREAM && !driver->cut))
		return refuse(err, path, "缺少必需的成员", "a required member is missing");
	if (strcmp(driver->name, name) != 0)
		return refuse(err, path, "名称与文件名不符", "its name differs from the file's");
	return check_tables(driver, path, err);
}

int assay_plugin_load(const char *dir, const char *name, struct assay_plugin *out, struct assay_error *err)
{
	struct assay_plugin plugin = {0};
	const struct assay_driver *driver;
	size_t descriptor_size = 0;
	int status;

	if (!good_name(name))
		return assay_error_set(err, ASSAY_EREFUSED, "driver-unknown", "驱动名无效：%s",
			"not a driver's name: %s", name);
	(void)snprintf(plugin.path, sizeof plugin.path, "%s/%s.so", dir, name);
	status = check_file(dir, plugin.path, err);
	if (status != ASSAY_OK)
		return status;
	if (assay_sha256_file(plugin.path, plugin.sha256) != 0)
		return refuse(err, plugin.path, "不能读取", "it cannot be read");
	status = check_symbols(plugin.path, &descriptor_size, err);
	if (status != ASSAY_OK)
		return status;
	plugin.handle = dlopen(plugin.path, RTLD_NOW | RTLD_LOCAL);
	if (!plugin.handle)
		return assay_error_set(err, ASSAY_EREFUSED, "driver-refused", "驱动 %s 不能装入（%s）",
			"driver %s cannot be loaded (%s)", plugin.path, dlerror());
	driver = dlsym(plugin.handle, "assay_driver");
	if (!driver || descriptor_size < offsetof(struct assay_driver, name))
		status = refuse(
			err, plugin.path, "没有完整的 assay_driver", "it has no complete assay_driver");
	else if (driver->magic != ASSAY_DRIVER_MAGIC)
		status = refuse(err, plugin.path, "不是 assay 驱动", "it is no assay driver");
	else if (driver->abi != ASSAY_DRIVER_ABI)
		status = refuse(err, plugin.path, "驱动接口版本不同，请换用配套的驱动",
			"its ABI is another one; use the driver of this version");
	else if (driver->size < offsetof(struct assay_driver, name) || driver->size > descriptor_size)
		status = refuse(err, plugin.path, "大小不可信", "its size cannot be right");
	else {
		memcpy(&plugin.driver, driver,
			driver->size < sizeof plugin.driver ? driver->size : sizeof plugin.driver);
		status = check_members(&plugin.driver, name, plugin.path, err);
	}
	if (status != ASSAY_OK) {
		(void)dlclose(plugin.handle);
		return status;
	}
	*out = plugin;
	return ASSAY_OK;
}

void assay_plugin_unload(struct assay_plugin *plugin)
{
	/* Sanitizers need the symbols until the end. */
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
	if (plugin->handle)
		(void)dlclose(plugin->handle);
#endif
	plugin->handle = NULL;
}

static const char *group_of(const struct assay_option *option)
{
	return option->group ? option->group : "";
}

static const struct assay_option *find_option(
	const struct assay_plugin *plugin, const struct assay_setting *setting)
{
	for (const struct assay_option *option = plugin->driver.options; option->name; option++)
		if (strcmp(option->name, setting->name) == 0 && strcmp(group_of(option), setting->group) == 0)
			return option;
	return NULL;
}

static bool good_integer(const char *text, int64_t min, int64_t max)
{
	char *end;
	long long value;

	if (strspn(text, "-0123456789") != strlen(text) || !*text || strlen(text) > 15)
		return false;
	value = strtoll(text, &end, 10);
	return *end == '\0' && value >= min && value <= max;
}

static bool good_choice(const char *text, const char *choices)
{
	size_t length = strlen(text);

	for (const char *at = choices; length && (at = strstr(at, text)) != NULL; at += length)
		if ((at == choices || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0'))
			return true;
	return false;
}

static bool good_value(const struct assay_option *option, const char *value)
{
	if (option->kind == ASSAY_OPTION_INTEGER)
		return good_integer(value, option->min, option->max);
	if (option->kind == ASSAY_OPTION_CHOICE)
		return good_choice(value, option->choices);
	return strlen(value) < 1024;
}

/* Each row of a table, and the single settings, must have what is required of its group. */
static int check_required(const struct assay_plugin *plugin, const struct assay_setting *settings,
	size_t count, const char *where, struct assay_error *err)
{
	for (const struct assay_option *option = plugin->driver.options; option->name; option++) {
		bool table = *group_of(option) != '\0';

		if (!option->required)
			continue;
		for (size_t i = 0; i < (table ? count : 1); i++) {
			bool found = false;

			if (table && strcmp(settings[i].group, group_of(option)) != 0)
				continue;
			for (size_t j = 0; j < count; j++)
				found = found || (strcmp(settings[j].group, group_of(option)) == 0 &&
							 strcmp(settings[j].name, option->name) == 0 &&
							 (!table || settings[j].row == settings[i].row));
			if (!found)
				return assay_error_set(err, ASSAY_EREFUSED, "setting-missing",
					"%s：驱动 %s 需要设置 %s", "%s: driver %s needs the setting %s",
					where, plugin->driver.name, option->name);
		}
	}
	return ASSAY_OK;
}

int assay_plugin_check_settings(const struct assay_plugin *plugin, const struct assay_setting *settings,
	size_t count, const char *where, struct assay_error *err)
{
	for (size_t i = 0; i < count; i++) {
		const struct assay_option *option = find_option(plugin, &settings[i]);

		if (!option)
			return assay_error_set(err, ASSAY_EREFUSED, "setting-unknown",
				"%s：驱动 %s 没有设置 %s", "%s: driver %s has no setting %s", where,
				plugin->driver.name, settings[i].name);
		if (!good_value(option, settings[i].value))
			return assay_error_set(err, ASSAY_EREFUSED, "setting-invalid",
				"%s：%s=\"%s\" 不在允许的范围内",
				"%s: %s=\"%s\" is not within what is allowed", where, settings[i].name,
				settings[i].value);
	}
	return check_required(plugin, settings, count, where, err);
}
