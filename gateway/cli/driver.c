/* SPDX-License-Identifier: Apache-2.0
 * assay driver: what drivers there are, what they take and report, and what they make of bytes. Needs no gateway. */
#include "gateway/cli/driver.h"
#include "gateway/cli/cli.h"
#include "gateway/config.h"
#include "gateway/wire/loader.h"
#include "gateway/wire/reading_words.h"

#include <dirent.h>
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
	"usage: assay driver list|flags [--json]\n"
	"       assay driver show NAME [--json]\n"
	"       assay driver test [FILE.xml ...] [--json]\n"
	"       assay driver decode [--instrument FILE.xml | --driver NAME [--set NAME=VALUE] ...] CAPTURE\n"
	"  list     the drivers beside this program, checked and loaded\n"
	"  show     what settings a driver takes and what it can report\n"
	"  test     replay the transcripts of instrument files (all of specs/instruments when none is "
	"named)\n"
	"  flags    the closed lists of flags and reasons a reading can carry\n"
	"  decode   CAPTURE: raw bytes from the device, or a file made by `assay line record`; one JSON line "
	"a reading\n";

static int is_plugin(const struct dirent *entry)
{
	const char *dot = strrchr(entry->d_name, '.');

	return dot && strcmp(dot, ".so") == 0;
}

static const char *link_name(const struct assay_driver *driver)
{
	return driver->link == ASSAY_LINK_MODBUS ? "modbus" : "stream";
}

static void print_json(json_t *object)
{
	if (object && json_dumpf(object, stdout, JSON_COMPACT) == 0)
		(void)putchar('\n');
	json_decref(object);
}

static void list_one(const struct assay_plugin *plugin, bool json)
{
	const struct assay_driver *driver = &plugin->driver;

	if (json)
		print_json(json_pack("{s:s,s:s,s:s,s:s,s:s,s:s}", "name", driver->name, "version",
			driver->version, "link", link_name(driver), "summary_zh", driver->summary_zh,
			"summary_en", driver->summary_en, "sha256", plugin->sha256));
	else
		(void)printf("%-10s %-5s %-7s %s / %s\n", driver->name, driver->version, link_name(driver),
			driver->summary_zh, driver->summary_en);
}

/* A plugin that is refused is a finding: its reason goes to standard error, the others are listed. */
static int cmd_list(const struct assay_places *places, bool json)
{
	struct dirent **names = NULL;
	int count = scandir(places->drivers, &names, is_plugin, alphasort), code = ASSAY_EXIT_DONE;

	for (int i = 0; i < count; i++) {
		struct assay_plugin plugin;
		struct assay_error err;
		int status;

		*strrchr(names[i]->d_name, '.') = '\0';
		status = assay_plugin_load(places->drivers, names[i]->d_name, &plugin, &err);
		if (status == ASSAY_OK) {
			list_one(&plugin, json);
			assay_plugin_unload(&plugin);
		} else {
			code = assay_cli_fail(json, status, &err);
		}
		free(names[i]);
	}
	free(names);
	return code;
}

static json_t *option_json(const struct assay_option *option)
{
	static const char *const kinds[] = {"?", "text", "integer", "choice"};
	json_t *object =
		json_pack("{s:s,s:s,s:s,s:b,s:s?,s:s,s:s}", "group", option->group ? option->group : "",
			"name", option->name, "kind", kinds[option->kind], "required", (int)option->required,
			"default", option->fallback, "help_zh", option->help_zh, "help_en", option->help_en);

	if (option->kind == ASSAY_OPTION_INTEGER) {
		(void)json_object_set_new(object, "min", json_integer(option->min));
		(void)json_object_set_new(object, "max", json_integer(option->max));
	} else if (option->kind == ASSAY_OPTION_CHOICE) {
		(void)json_object_set_new(object, "choices", json_string(option->choices));
	}
	return object;
}

static void show_json(const struct assay_plugin *plugin)
{
	const struct assay_driver *driver = &plugin->driver;
	json_t *options = json_array(), *channels = json_array();

	for (const struct assay_option *option = driver->options; option->name; option++)
		(void)json_array_append_new(options, option_json(option));
	for (const struct assay_channel *channel = driver->channels; channel->name; channel++)
		(void)json_array_append_new(
			channels, json_pack("{s:s,s:s,s:s,s:s}", "name", channel->name, "unit", channel->unit,
					  "help_zh", channel->help_zh, "help_en", channel->help_en));
	print_json(json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:i,s:o,s:o}", "name", driver->name, "version",
		driver->version, "link", link_name(driver), "summary_zh", driver->summary_zh, "summary_en",
		driver->summary_en, "file", plugin->path, "sha256", plugin->sha256, "abi", (int)driver->abi,
		"options", options, "channels", channels));
}

static void show_text(const struct assay_plugin *plugin)
{
	const struct assay_driver *driver = &plugin->driver;

	(void)printf("%s %s  %s / %s\nabi %u, %s, sha256 %s\n", driver->name, driver->version,
		driver->summary_zh, driver->summary_en, driver->abi, link_name(driver), plugin->sha256);
	for (const struct assay_option *option = driver->options; option->name; option++) {
		(void)printf("  %s%s%s%s", option->group ? option->group : "", option->group ? "/" : "",
			option->name, option->required ? " (required)" : "");
		if (option->kind == ASSAY_OPTION_INTEGER)
			(void)printf("  %lld..%lld", (long long)option->min, (long long)option->max);
		if (option->kind == ASSAY_OPTION_CHOICE)
			(void)printf("  %s", option->choices);
		if (option->fallback)
			(void)printf("  [%s]", option->fallback);
		(void)printf("  %s / %s\n", option->help_zh, option->help_en);
	}
	for (const struct assay_channel *channel = driver->channels; channel->name; channel++)
		(void)printf("  -> %s %s  %s / %s\n", channel->name, channel->unit, channel->help_zh,
			channel->help_en);
}

static int cmd_show(const struct assay_places *places, const char *name, bool json)
{
	struct assay_plugin plugin;
	struct assay_error err;
	int status = assay_plugin_load(places->drivers, name, &plugin, &err);

	if (status != ASSAY_OK)
		return assay_cli_fail(json, status, &err);
	if (json)
		show_json(&plugin);
	else
		show_text(&plugin);
	assay_plugin_unload(&plugin);
	return ASSAY_EXIT_DONE;
}

static void print_words(const char *kind, const struct assay_reading_word *word, bool json)
{
	for (; word->name; word++) {
		if (json)
			print_json(json_pack("{s:s,s:s,s:s,s:s}", "kind", kind, "name", word->name, "text_zh",
				word->zh, "text_en", word->en));
		else
			(void)printf("%-7s %-14s %s / %s\n", kind, word->name, word->zh, word->en);
	}
}

static int usage(bool json)
{
	struct assay_error err;

	(void)assay_error_set(&err, ASSAY_EUSAGE, "usage", "不认识的命令或参数不对，见 assay driver --help",
		"unknown command or wrong arguments; see assay driver --help");
	return assay_cli_fail(json, ASSAY_EUSAGE, &err);
}

struct arguments {
	bool json;
	const char *instrument, *driver;
	struct assay_setting settings[ASSAY_DRIVER_SET_MAX];
	size_t setting_count;
};

/* name=value, or group:row:name=value for a row of a table */
static bool add_setting(struct arguments *arguments, char *text)
{
	struct assay_setting *setting = &arguments->settings[arguments->setting_count];
	char *equals = strchr(text, '='), *colon = strchr(text, ':'), *end;

	if (!equals || arguments->setting_count == ASSAY_DRIVER_SET_MAX)
		return false;
	*equals = '\0';
	*setting = (struct assay_setting){"", 0, text, equals + 1};
	if (colon && colon < equals) {
		*colon = '\0';
		setting->group = text;
		setting->row = (uint32_t)strtoul(colon + 1, &end, 10);
		if (*end != ':')
			return false;
		setting->name = end + 1;
	}
	arguments->setting_count++;
	return true;
}

static int dispatch(const struct assay_places *places, struct arguments *arguments, int count, char **words)
{
	const char *verb = words[0];

	if (strcmp(verb, "list") == 0 && count == 1)
		return cmd_list(places, arguments->json);
	if (strcmp(verb, "show") == 0 && count == 2)
		return cmd_show(places, words[1], arguments->json);
	if (strcmp(verb, "flags") == 0 && count == 1) {
		print_words("flag", assay_reading_flags(), arguments->json);
		print_words("reason", assay_reading_reasons(), arguments->json);
		return ASSAY_EXIT_DONE;
	}
	if (strcmp(verb, "test") == 0)
		return assay_driver_test(places, words + 1, (size_t)count - 1, arguments->json);
	if (strcmp(verb, "decode") == 0 && count == 2 && !arguments->instrument != !arguments->driver)
		return assay_driver_decode(places, arguments->instrument, arguments->driver,
			arguments->settings, arguments->setting_count, words[1], arguments->json);
	return usage(arguments->json);
}

int assay_cmd_driver(int argc, char **argv)
{
	static const struct option options[] = {{"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'}, {"instrument", required_argument, NULL, 'i'},
		{"driver", required_argument, NULL, 'd'}, {"set", required_argument, NULL, 's'},
		{NULL, 0, NULL, 0}};
	static struct arguments arguments;
	struct assay_places places;
	struct assay_error err;
	int option, status;

	memset(&arguments, 0, sizeof arguments);
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'j')
			arguments.json = true;
		else if (option == 'i')
			arguments.instrument = optarg;
		else if (option == 'd')
			arguments.driver = optarg;
		else if (option == 's' && add_setting(&arguments, optarg))
			continue;
		else if (option == 'h')
			return fputs(help, stdout) < 0 ? 1 : assay_cli_flush();
		else
			return ASSAY_EXIT_USAGE;
	}
	if (optind == argc)
		return usage(arguments.json);
	status = assay_places_find(&places, &err);
	if (status != ASSAY_OK)
		return assay_cli_fail(arguments.json, status, &err);
	status = dispatch(&places, &arguments, argc - optind, argv + optind);
	return assay_cli_flush() ? ASSAY_EXIT_REFUSED : status;
}
