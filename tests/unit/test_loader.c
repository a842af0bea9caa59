/* SPDX-License-Identifier: Apache-2.0
 * The loader refuses what breaks the contract of driver.h, with a reason, and takes what keeps it. Each plugin of
 * tests/load breaks one rule. */
#include "gateway/wire/loader.h"
#include "gateway/wire/plugin_symbols.h"
#include "limits/xml_scan.h"
#include "tests/built.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

static char drivers[512], load[512];

static void refused(const char *dir, const char *name, const char *code, const char *words)
{
	struct assay_plugin plugin;
	struct assay_error err = {0};

	if (assay_plugin_load(dir, name, &plugin, &err) == ASSAY_OK)
		fail_msg("%s was loaded", name);
	if (strcmp(err.code, code) != 0 || !strstr(err.text_en, words))
		fail_msg("%s: %s: %s", name, err.code, err.text_en);
	assert_true(strlen(err.text_zh) > 0);
}

static void test_good_ones(void **state)
{
	static const char *const names[] = {"sics", "modbus", "skeleton"};
	struct assay_plugin plugin;
	struct assay_error err;

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (assay_plugin_load(drivers, names[i], &plugin, &err) != ASSAY_OK)
			fail_msg("%s", err.text_en);
		assert_int_equal(strlen(plugin.sha256), 64);
		assay_plugin_unload(&plugin);
	}
	if (assay_plugin_load(load, "good", &plugin, &err) != ASSAY_OK)
		fail_msg("%s", err.text_en);
	assay_plugin_unload(&plugin);
}

static void test_refusals(void **state)
{
	(void)state;
	refused(load, "magic", "driver-refused", "no assay driver");
	refused(load, "abi", "driver-refused", "ABI");
	refused(load, "small", "driver-refused", "size");
	refused(load, "large", "driver-refused", "size");
	refused(load, "shorter", "driver-refused", "member is missing");
	refused(load, "pointer", "driver-refused", "member is missing");
	refused(load, "tables", "driver-refused", "options");
	refused(load, "renamed", "driver-refused", "name differs");
	refused(load, "nodriver", "driver-refused", "assay_driver");
#ifndef ASSAY_COVERAGE
	refused(load, "impure", "driver-refused", "getenv");
#endif
	refused(load, "extra", "driver-refused", "helper_of_extra");
}

static void test_names(void **state)
{
	(void)state;
	refused(load, "absent", "driver-unknown", "no such driver");
	refused(load, "../load/good", "driver-unknown", "not a driver's name");
	refused(load, "", "driver-unknown", "not a driver's name");
	refused(load, "Good", "driver-unknown", "not a driver's name");
	refused("/nowhere-at-all", "good", "driver-refused", "folder");
}

/* S36: whoever may not install programs cannot bring a driver in. What is loaded stands in the journal by digest. */
static void test_writable_by_others(void **state)
{
	char dir[] = "/tmp/assay-load-XXXXXX", path[600], command[1400];

	(void)state;
	assert_non_null(mkdtemp(dir));
	(void)snprintf(path, sizeof path, "%s/good.so", dir);
	(void)snprintf(command, sizeof command, "cp %s/good.so %s", load, path);
	assert_int_equal(system(command), 0);
	assert_int_equal(chmod(path, 0666), 0);
	refused(dir, "good", "driver-refused", "writable by others");
	assert_int_equal(chmod(path, 0644), 0);
	assert_int_equal(chmod(dir, 0777), 0);
	refused(dir, "good", "driver-refused", "writable by others");
	(void)snprintf(command, sizeof command, "rm -rf %s", dir);
	assert_int_equal(system(command), 0);
}

/* Cut anywhere, or with any byte of its tables changed, the file is taken or refused, never read beyond its end. */
static void test_damaged_files(void **state)
{
	char path[600], *file = NULL;
	size_t length = 0, descriptor;
	struct assay_error err;

	(void)state;
	(void)snprintf(path, sizeof path, "%s/good.so", load);
	assert_int_equal(assay_xml_read(path, 16777216, &file, &length, &err), ASSAY_OK);
	for (size_t cut = 0; cut < length; cut += 97) {
		uint8_t *copy = malloc(cut + 1);

		assert_non_null(copy);
		memcpy(copy, file, cut);
		assert_int_not_equal(
			assay_plugin_symbols_check(path, copy, cut, &descriptor, &err), ASSAY_OK);
		free(copy);
	}
	for (size_t i = 0; i < length; i += 7) {
		char old = file[i];

		file[i] = (char)(old ^ 0xff);
		(void)!assay_plugin_symbols_check(path, (const uint8_t *)file, length, &descriptor, &err);
		file[i] = old;
	}
	free(file);
}

static void setting_refused(const struct assay_plugin *plugin, const struct assay_setting *settings,
	size_t count, const char *code)
{
	struct assay_error err;

	assert_int_equal(
		assay_plugin_check_settings(plugin, settings, count, "lab.xml:7", &err), ASSAY_EREFUSED);
	assert_string_equal(err.code, code);
	assert_non_null(strstr(err.text_en, "lab.xml:7"));
}

static void test_settings(void **state)
{
	struct assay_plugin plugin;
	struct assay_error err;
	struct assay_setting good[] = {{"", 0, "unit", "3"}, {"item", 0, "channel", "pv"},
		{"item", 0, "function", "3"}, {"item", 0, "address", "0"}, {"item", 0, "type", "s16"}};

	(void)state;
	assert_int_equal(assay_plugin_load(drivers, "modbus", &plugin, &err), ASSAY_OK);
	if (assay_plugin_check_settings(&plugin, good, 5, "lab.xml:7", &err) != ASSAY_OK)
		fail_msg("%s", err.text_en);
	setting_refused(&plugin, good, 4, "setting-missing");
	good[0].name = "baud";
	setting_refused(&plugin, good, 5, "setting-unknown");
	good[0].name = "unit";
	good[0].value = "0"; /* reads from unit 0 are forbidden */
	setting_refused(&plugin, good, 5, "setting-invalid");
	good[0].value = "3";
	good[4].value = "s1";
	setting_refused(&plugin, good, 5, "setting-invalid");
	good[4].value = "16";
	setting_refused(&plugin, good, 5, "setting-invalid");
	good[4].value = "s16";
	good[2].value = "3x";
	setting_refused(&plugin, good, 5, "setting-invalid");
	good[2].value = "-";
	setting_refused(&plugin, good, 5, "setting-invalid");
	assay_plugin_unload(&plugin);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_good_ones), cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_names), cmocka_unit_test(test_writable_by_others),
		cmocka_unit_test(test_damaged_files), cmocka_unit_test(test_settings)};

	(void)built("drivers", drivers, sizeof drivers);
	(void)built("tests/load", load, sizeof load);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
