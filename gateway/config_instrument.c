/* SPDX-License-Identifier: Apache-2.0
 * One instrument: its spec file and its driver, and lab.xml's settings and channels laid over the spec's. */
#include "gateway/config_read.h"
#include "limits/decimal.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PERIOD_MIN_MS 50u /* of a text instrument; a Modbus one: 1, as fast as the line goes */
#define CHANNELS_MAX 128u
#define SETTINGS_MAX 1024u

static bool is_element(xmlNodePtr node, const char *name)
{
	return node->type == XML_ELEMENT_NODE && strcmp((const char *)node->name, name) == 0;
}

/* "" when absent; NULL with err when there is no memory. */
static const char *text_of(
	struct assay_config_store *store, xmlNodePtr node, const char *name, struct assay_error *err)
{
	xmlChar *value = xmlGetNoNsProp(node, (const xmlChar *)name);
	const char *copy = assay_config_text(store, value ? (const char *)value : "", err);

	xmlFree(value);
	return copy;
}

/* The spec files there are, for the message about one that is not: first those that begin alike, then what fits. */
static void list_specs(const char *specs_dir, const char *wanted, char *out, size_t size)
{
	char path[900];
	struct dirent **files = NULL;
	int count;
	size_t length = 0;

	out[0] = '\0';
	(void)snprintf(path, sizeof path, "%s/instruments", specs_dir);
	count = scandir(path, &files, NULL, alphasort);
	for (unsigned pass = 0; pass < 2; pass++)
		for (int i = 0; i < count; i++) {
			const char *name = files[i]->d_name;
			size_t stem = strlen(name);
			bool alike = strncmp(name, wanted, 2) == 0;

			if (stem > 4 && strcmp(name + stem - 4, ".xml") == 0 && alike == (pass == 0) &&
				length + stem + 2 < size)
				length += (size_t)snprintf(out + length, size - length, "%s%.*s",
					length ? ", " : "", (int)(stem - 4), name);
		}
	for (int i = 0; i < count; i++)
		free(files[i]);
	free(files);
}

static int load_spec(struct assay_config_store *store, unsigned line, const char *name,
	const struct assay_instrument_spec **out, struct assay_error *err)
{
	char path[900], known[300];
	struct assay_instrument_spec **specs, *spec = NULL;
	int status;

	(void)snprintf(path, sizeof path, "%s/instruments/%s.xml", store->specs_dir, name);
	if (access(path, R_OK) != 0) {
		list_specs(store->specs_dir, name, known, sizeof known);
		return assay_error_set(err, ASSAY_EREFUSED, "instrument-unknown",
			"%s:%u：没有仪器文件 %s。已有：%s",
			"%s:%u: there is no instrument file %s; known: %s", store->config.path, line, name,
			known);
	}
	status = assay_instrument_spec_load(store->specs_dir, name, &spec, err);
	if (status != ASSAY_OK)
		return status; /* it names the spec file and its line */
	specs = realloc(store->specs, (store->spec_count + 1) * sizeof(struct assay_instrument_spec *));
	if (!specs) {
		assay_instrument_spec_free(spec);
		return assay_error_set(err, ASSAY_ENOMEM, "out-of-memory", "内存不足", "out of memory");
	}
	store->specs = specs;
	store->specs[store->spec_count++] = spec;
	*out = spec;
	return ASSAY_OK;
}

static int find_driver(struct assay_config_store *store, unsigned line, const char *name,
	const struct assay_plugin **out, struct assay_error *err)
{
	int status;

	for (size_t i = 0; i < store->plugin_count; i++)
		if (strcmp(store->plugins[i].driver.name, name) == 0) {
			*out = &store->plugins[i];
			return ASSAY_OK;
		}
	if (store->plugin_count == ASSAY_CONFIG_DRIVERS_MAX)
		status = assay_error_set(err, ASSAY_EFULL, "drivers-many", "驱动超过 %u 种",
			"more than %u different drivers", ASSAY_CONFIG_DRIVERS_MAX);
	else
		status = assay_plugin_load(
			store->drivers_dir, name, &store->plugins[store->plugin_count], err);
	if (status != ASSAY_OK)
		return assay_config_at(store, line, status, err);
	*out = &store->plugins[store->plugin_count++];
	return ASSAY_OK;
}

/* A period, "30s" or "500ms"; fallback when absent. */
static int period_of(const struct assay_config_store *store, xmlNodePtr node, const char *name,
	uint32_t fallback, uint32_t least, uint32_t *out, struct assay_error *err)
{
	xmlChar *value = xmlGetNoNsProp(node, (const xmlChar *)name);
	char *end = NULL;
	unsigned long number = fallback;

	if (value) {
		number = strtoul((const char *)value, &end, 10);
		if (strcmp(end, "s") == 0)
			number *= 1000;
	}
	xmlFree(value);
	if (number != 0 && number < least)
		return assay_error_set(err, ASSAY_EREFUSED, "period-short",
			"%s:%ld：%s 至少 %u ms（0 表示不询问）",
			"%s:%ld: %s is at least %u ms (0: never ask)", store->config.path, xmlGetLineNo(node),
			name, least);
	*out = (uint32_t)number;
	return ASSAY_OK;
}

static struct assay_setting *single_named(struct assay_setting *settings, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (!*settings[i].group && strcmp(settings[i].name, name) == 0)
			return &settings[i];
	return NULL;
}

static int add_setting(struct assay_config_store *store, struct assay_setting *settings, size_t *count,
	const struct assay_setting *setting, struct assay_error *err)
{
	const char *group, *name, *value;

	if (*count == SETTINGS_MAX)
		return assay_error_set(err, ASSAY_EFULL, "settings-many", "设置超过 %u 个",
			"more than %u settings", SETTINGS_MAX);
	group = assay_config_text(store, setting->group, err);
	name = assay_config_text(store, setting->name, err);
	value = assay_config_text(store, setting->value, err);
	if (!group || !name || !value)
		return ASSAY_ENOMEM;
	settings[*count].group =
		group; /* member by member: the gaps between them stay zero, and maps that are alike, alike */
	settings[*count].row = setting->row;
	settings[*count].name = name;
	settings[*count].value = value;
	(*count)++;
	return ASSAY_OK;
}

/* <setting>: replaces the spec's of that name; twice in lab.xml is a mistake. */
static int lay_setting(struct assay_config_store *store, xmlNodePtr node, struct assay_setting *settings,
	size_t *count, struct assay_error *err)
{
	const char *name = text_of(store, node, "name", err), *value = text_of(store, node, "value", err);
	struct assay_setting *old;

	if (!name || !value)
		return ASSAY_ENOMEM;
	old = single_named(settings, *count, name);
	if (!old)
		return add_setting(store, settings, count, &(struct assay_setting){"", 0, name, value}, err);
	for (xmlNodePtr before = node->prev; before; before = before->prev) {
		xmlChar *earlier = is_element(before, "setting")
					   ? xmlGetNoNsProp(before, (const xmlChar *)"name")
					   : NULL;
		bool twice = earlier && strcmp((const char *)earlier, name) == 0;

		xmlFree(earlier);
		if (twice)
			return assay_error_set(err, ASSAY_EREFUSED, "setting-twice",
				"%s:%ld：设置 %s 写了两次", "%s:%ld: setting %s stands twice",
				store->config.path, xmlGetLineNo(node), name);
	}
	old->value = value;
	return ASSAY_OK;
}

/* <item>: one row of the group "item"; each attribute is a setting. */
static int lay_item(struct assay_config_store *store, xmlNodePtr node, uint32_t row,
	struct assay_setting *settings, size_t *count, struct assay_error *err)
{
	int status = ASSAY_OK;

	for (xmlAttrPtr attribute = node->properties; attribute && status == ASSAY_OK;
		attribute = attribute->next) {
		const char *value = text_of(store, node, (const char *)attribute->name, err);

		if (!value)
			return ASSAY_ENOMEM;
		status = add_setting(store, settings, count,
			&(struct assay_setting){"item", row, (const char *)attribute->name, value}, err);
	}
	return status;
}

static int merge_settings(struct assay_config_store *store, xmlNodePtr node,
	const struct assay_instrument_spec *spec, struct assay_config_instrument *out,
	struct assay_error *err)
{
	struct assay_setting settings[SETTINGS_MAX];
	const struct assay_setting *kept;
	size_t count = 0;
	uint32_t row = 0;
	int status = ASSAY_OK;

	memset(settings, 0, sizeof settings);
	for (size_t i = 0; spec && status == ASSAY_OK && i < spec->setting_count; i++) {
		status = add_setting(store, settings, &count, &spec->settings[i], err);
		if (*spec->settings[i].group)
			row = spec->settings[i].row + 1;
	}
	for (xmlNodePtr child = node->children; child && status == ASSAY_OK; child = child->next) {
		if (is_element(child, "setting"))
			status = lay_setting(store, child, settings, &count, err);
		else if (is_element(child, "item"))
			status = lay_item(store, child, row++, settings, &count, err);
	}
	kept = status == ASSAY_OK ? assay_config_once(store, settings, count * sizeof *kept, err) : NULL;
	if (status == ASSAY_OK && !kept)
		status = ASSAY_ENOMEM;
	out->settings = kept;
	out->setting_count = kept ? count : 0;
	return status;
}

static int check_band(const struct assay_config_store *store, xmlNodePtr node,
	const struct assay_config_channel *channel, struct assay_error *err)
{
	struct assay_decimal low, high;
	bool has_low = *channel->band_low != '\0', has_high = *channel->band_high != '\0';

	if ((has_low &&
		    assay_decimal_parse(channel->band_low, strlen(channel->band_low), &low) != ASSAY_OK) ||
		(has_high && assay_decimal_parse(channel->band_high, strlen(channel->band_high), &high) !=
				     ASSAY_OK))
		return assay_error_set(err, ASSAY_EREFUSED, "band-invalid",
			"%s:%ld：通道 %s 的 low 和 high 必须是小数",
			"%s:%ld: low and high of channel %s must be decimals", store->config.path,
			xmlGetLineNo(node), channel->name);
	if (has_low && has_high && assay_decimal_compare(&low, &high) > 0)
		return assay_error_set(err, ASSAY_EREFUSED, "band-invalid",
			"%s:%ld：通道 %s 的 low 大于 high", "%s:%ld: low of channel %s is above high",
			store->config.path, xmlGetLineNo(node), channel->name);
	return ASSAY_OK;
}

/* <channel>: names, band and, where the spec leaves it open, the unit of a channel the instrument has. */
static int lay_channel(struct assay_config_store *store, xmlNodePtr node,
	struct assay_config_channel *channels, size_t count, struct assay_error *err)
{
	const char *name = text_of(store, node, "name", err), *zh = text_of(store, node, "name-zh", err),
		   *en = text_of(store, node, "name-en", err), *unit = text_of(store, node, "unit", err),
		   *low = text_of(store, node, "low", err), *high = text_of(store, node, "high", err);
	struct assay_config_channel *channel = NULL;

	if (!name || !zh || !en || !unit || !low || !high)
		return ASSAY_ENOMEM;
	for (size_t i = 0; i < count; i++)
		if (strcmp(channels[i].name, name) == 0)
			channel = &channels[i];
	if (!channel)
		return assay_error_set(err, ASSAY_EREFUSED, "channel-unknown", "%s:%ld：这台仪器没有通道 %s",
			"%s:%ld: this instrument has no channel %s", store->config.path, xmlGetLineNo(node),
			name);
	if (*unit && *channel->unit && strcmp(unit, channel->unit) != 0)
		return assay_error_set(err, ASSAY_EREFUSED, "channel-unit",
			"%s:%ld：通道 %s 的单位是 %s，不能改成 %s",
			"%s:%ld: the unit of channel %s is %s and cannot be %s", store->config.path,
			xmlGetLineNo(node), name, channel->unit, unit);
	if (*unit)
		channel->unit = unit;
	if (*zh)
		channel->name_zh = zh;
	if (*en)
		channel->name_en = en;
	channel->band_low = low;
	channel->band_high = high;
	return check_band(store, node, channel, err);
}

static int add_channel(struct assay_config_store *store, struct assay_config_channel *channels, size_t *count,
	const char *name, const char *zh, const char *en, const char *unit, struct assay_error *err)
{
	struct assay_config_channel channel = {assay_config_text(store, name, err),
		assay_config_text(store, zh, err), assay_config_text(store, en, err), "", "",
		assay_config_text(store, unit, err)};

	if (!channel.name || !channel.name_zh || !channel.name_en || !channel.unit)
		return ASSAY_ENOMEM;
	if (*count == CHANNELS_MAX)
		return assay_error_set(err, ASSAY_EFULL, "channels-many", "通道超过 %u 个",
			"more than %u channels", CHANNELS_MAX);
	channels[(*count)++] = channel;
	return ASSAY_OK;
}

/* The channels there are: the spec's; without a spec the driver's own, else those the items name. */
static int base_channels(struct assay_config_store *store, const struct assay_instrument_spec *spec,
	const struct assay_plugin *plugin, const struct assay_config_instrument *instrument,
	struct assay_config_channel *channels, size_t *count, struct assay_error *err)
{
	int status = ASSAY_OK;

	if (spec) {
		for (size_t i = 0; status == ASSAY_OK && i < spec->channel_count; i++)
			status = add_channel(store, channels, count, spec->channels[i].name,
				spec->channels[i].name_zh, spec->channels[i].name_en, spec->channels[i].unit,
				err);
		return status;
	}
	for (const struct assay_channel *own = plugin->driver.channels; own->name && status == ASSAY_OK;
		own++)
		status = add_channel(
			store, channels, count, own->name, own->help_zh, own->help_en, own->unit, err);
	for (size_t i = 0; status == ASSAY_OK && i < instrument->setting_count; i++) {
		const struct assay_setting *item = &instrument->settings[i];
		const char *unit = "";

		if (strcmp(item->group, "item") != 0 || strcmp(item->name, "channel") != 0)
			continue;
		for (size_t j = 0; j < instrument->setting_count; j++)
			if (strcmp(instrument->settings[j].group, "item") == 0 &&
				instrument->settings[j].row == item->row &&
				strcmp(instrument->settings[j].name, "unit") == 0)
				unit = instrument->settings[j].value;
		status =
			add_channel(store, channels, count, item->value, item->value, item->value, unit, err);
	}
	return status;
}

static int merge_channels(struct assay_config_store *store, xmlNodePtr node,
	const struct assay_instrument_spec *spec, const struct assay_plugin *plugin,
	struct assay_config_instrument *out, struct assay_error *err)
{
	struct assay_config_channel channels[CHANNELS_MAX];
	size_t count = 0;
	int status;

	memset(channels, 0, sizeof channels);
	status = base_channels(store, spec, plugin, out, channels, &count, err);

	for (xmlNodePtr child = node->children; child && status == ASSAY_OK; child = child->next)
		if (is_element(child, "channel"))
			status = lay_channel(store, child, channels, count, err);
	if (status != ASSAY_OK)
		return status;
	out->channels = assay_config_once(store, channels, count * sizeof *channels, err);
	out->channel_count = out->channels ? count : 0;
	return out->channels ? ASSAY_OK : ASSAY_ENOMEM;
}

static int read_attributes(struct assay_config_store *store, xmlNodePtr node,
	struct assay_config_instrument *out, struct assay_error *err)
{
	const struct {
		const char *name;
		const char **out;
	} fields[] = {{"id", &out->id}, {"name-zh", &out->name_zh}, {"name-en", &out->name_en},
		{"driver", &out->driver}, {"spec", &out->spec}, {"model", &out->model},
		{"serial", &out->serial}, {"calibrated-until", &out->calibrated_until},
		{"location", &out->location}};

	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
		*fields[i].out = text_of(store, node, fields[i].name, err);
		if (!*fields[i].out)
			return ASSAY_ENOMEM;
	}
	return ASSAY_OK;
}

/* Which driver: the spec's, else the one named; both only when they agree. */
static int choose_driver(struct assay_config_store *store, unsigned line,
	const struct assay_instrument_spec *spec, struct assay_config_instrument *out,
	struct assay_error *err)
{
	if (!spec && !*out->driver)
		return assay_error_set(err, ASSAY_EREFUSED, "driver-missing",
			"%s:%u：仪器 %s 要写 spec 或 driver", "%s:%u: instrument %s needs spec or driver",
			store->config.path, line, out->id);
	if (spec && *out->driver && strcmp(out->driver, spec->driver) != 0)
		return assay_error_set(err, ASSAY_EREFUSED, "driver-differs",
			"%s:%u：仪器文件 %s 用驱动 %s，这里却写 %s",
			"%s:%u: instrument file %s uses driver %s, but %s is written here",
			store->config.path, line, out->spec, spec->driver, out->driver);
	if (spec) {
		out->driver = assay_config_text(store, spec->driver, err);
		if (!*out->model)
			out->model = assay_config_text(store, spec->model, err);
	}
	return out->driver && out->model ? ASSAY_OK : ASSAY_ENOMEM;
}

static int check_link(const struct assay_config_store *store, unsigned line, uint32_t transport,
	const struct assay_plugin *plugin, struct assay_error *err)
{
	bool modbus_line = transport == ASSAY_TRANSPORT_MODBUS_RTU ||
			   transport == ASSAY_TRANSPORT_MODBUS_TCP || transport == ASSAY_TRANSPORT_RTU_TCP;
	bool modbus_driver = plugin->driver.link == ASSAY_LINK_MODBUS;

	if (modbus_line == modbus_driver)
		return ASSAY_OK;
	return assay_error_set(err, ASSAY_EREFUSED, "transport-differs",
		modbus_driver ? "%s:%u：驱动 %s 说 Modbus，线路要用 modbus-rtu 或 modbus-tcp"
			      : "%s:%u：驱动 %s 读字节流，线路要用 serial",
		modbus_driver ? "%s:%u: driver %s speaks Modbus; the line must be modbus-rtu or modbus-tcp"
			      : "%s:%u: driver %s reads a stream of bytes; the line must be serial",
		store->config.path, line, plugin->driver.name);
}

int assay_config_instrument(struct assay_config_store *store, xmlNodePtr node, uint32_t transport,
	struct assay_config_instrument *out, struct assay_error *err)
{
	const struct assay_instrument_spec *spec = NULL;
	const struct assay_plugin *plugin = NULL;
	unsigned line = (unsigned)xmlGetLineNo(node);
	char where[600];
	uint32_t least = 1;
	int status = read_attributes(store, node, out, err);

	if (status == ASSAY_OK && *out->spec)
		status = load_spec(store, line, out->spec, &spec, err);
	if (status == ASSAY_OK)
		status = choose_driver(store, line, spec, out, err);
	if (status == ASSAY_OK)
		status = find_driver(store, line, out->driver, &plugin, err);
	if (status == ASSAY_OK && plugin) {
		out->driver_sha256 = assay_config_text(store, plugin->sha256, err);
		if (!out->driver_sha256)
			return ASSAY_ENOMEM;
	}
	if (status != ASSAY_OK || !plugin)
		return status;
	status = check_link(store, line, transport, plugin, err);
	if (plugin->driver.link == ASSAY_LINK_STREAM)
		least = PERIOD_MIN_MS;
	if (status == ASSAY_OK)
		status = period_of(
			store, node, "every", spec ? spec->every_ms : 30000, least, &out->every_ms, err);
	if (status == ASSAY_OK)
		status = period_of(store, node, "needed-every", spec ? spec->needed_ms : 1000, least,
			&out->needed_ms, err);
	if (status == ASSAY_OK)
		status = period_of(store, node, "late", 0, least, &out->late_ms, err);
	if (status == ASSAY_OK)
		status = merge_settings(store, node, spec, out, err);
	if (status == ASSAY_OK)
		status = merge_channels(store, node, spec, plugin, out, err);
	if (status != ASSAY_OK)
		return status;
	(void)snprintf(where, sizeof where, "%s:%u", store->config.path, line);
	return assay_plugin_check_settings(plugin, out->settings, out->setting_count, where, err);
}
