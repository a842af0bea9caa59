/* SPDX-License-Identifier: Apache-2.0
 * What spans lines and instruments: ids once, ports once, units once on a bus, one instrument on a text line. */
#include "gateway/config_read.h"

#include <string.h>

static bool is_modbus(const struct assay_config_line *line)
{
	return line->transport == ASSAY_TRANSPORT_MODBUS_RTU ||
	       line->transport == ASSAY_TRANSPORT_MODBUS_TCP || line->transport == ASSAY_TRANSPORT_RTU_TCP;
}

static bool same_port(const struct assay_config_line *a, const struct assay_config_line *b)
{
	return *a->port && strcmp(a->port, b->port) == 0;
}

static int check_line(const struct assay_config_store *store, size_t index, struct assay_error *err)
{
	const struct assay_config *config = &store->config;
	const struct assay_config_line *line = &config->lines[index];

	for (size_t i = 0; i < index; i++) {
		if (strcmp(config->lines[i].id, line->id) == 0)
			return assay_error_set(err, ASSAY_EREFUSED, "id-twice",
				"%s:%u：线路 %s 在第 %u 行已有", "%s:%u: line %s is already on line %u",
				config->path, line->source_line, line->id, config->lines[i].source_line);
		if (same_port(&config->lines[i], line) && !config->lines[i].disabled && !line->disabled)
			return assay_error_set(err, ASSAY_EREFUSED, "port-twice",
				"%s:%u：串口 %s 已属于线路 %s（第 %u 行）",
				"%s:%u: port %s already belongs to line %s (line %u)", config->path,
				line->source_line, line->port, config->lines[i].id,
				config->lines[i].source_line);
	}
	if (!is_modbus(line) && line->instrument_count > 1)
		return assay_error_set(err, ASSAY_EREFUSED, "instruments-many",
			"%s:%u：线路 %s 读字节流，只能接一台仪器",
			"%s:%u: line %s carries a stream of bytes and can have one instrument only",
			config->path, line->source_line, line->id);
	return ASSAY_OK;
}

/* The bus address an instrument answers to; drivers whose settings have none share nothing. */
static const char *unit_of(const struct assay_config_instrument *instrument)
{
	for (size_t i = 0; i < instrument->setting_count; i++)
		if (!*instrument->settings[i].group && strcmp(instrument->settings[i].name, "unit") == 0)
			return instrument->settings[i].value;
	return "1";
}

static int check_units(const struct assay_config_store *store, const struct assay_config_line *line,
	const unsigned *source_lines, struct assay_error *err)
{
	for (size_t i = 1; is_modbus(line) && i < line->instrument_count; i++)
		for (size_t j = 0; j < i; j++)
			if (strcmp(unit_of(&line->instruments[i]), unit_of(&line->instruments[j])) == 0)
				return assay_error_set(err, ASSAY_EREFUSED, "unit-twice",
					"%s:%u：%s 与 %s 的地址都是 %s。请给每台仪器写 setting "
					"unit",
					"%s:%u: %s and %s both have address %s; give each its own "
					"setting unit",
					store->config.path, source_lines[i], line->instruments[i].id,
					line->instruments[j].id, unit_of(&line->instruments[i]));
	return ASSAY_OK;
}

static int check_instrument_ids(
	const struct assay_config_store *store, const unsigned *source_lines, struct assay_error *err)
{
	const struct assay_config *config = &store->config;
	size_t seen = 0;

	for (size_t i = 0; i < config->line_count; i++)
		for (size_t j = 0; j < config->lines[i].instrument_count; j++, seen++) {
			const char *id = config->lines[i].instruments[j].id;
			size_t earlier = 0;

			for (size_t k = 0; k <= i; k++)
				for (size_t l = 0; l < config->lines[k].instrument_count && earlier < seen;
					l++, earlier++)
					if (strcmp(config->lines[k].instruments[l].id, id) == 0)
						return assay_error_set(err, ASSAY_EREFUSED, "id-twice",
							"%s:%u：仪器 %s 在第 %u 行已有",
							"%s:%u: instrument %s is already on line %u",
							config->path, source_lines[seen], id,
							source_lines[earlier]);
		}
	return ASSAY_OK;
}

int assay_config_check(
	const struct assay_config_store *store, const unsigned *source_lines, struct assay_error *err)
{
	const unsigned *at = source_lines;
	int status = ASSAY_OK;

	if ((*store->config.certificate == '\0') != (*store->config.key == '\0'))
		return assay_error_set(err, ASSAY_EREFUSED, "config-invalid",
			"%s：<web> 的 certificate 和 key 要一起写",
			"%s: <web> names certificate and key together", store->config.path);

	for (size_t i = 0; status == ASSAY_OK && i < store->config.line_count; i++) {
		status = check_line(store, i, err);
		if (status == ASSAY_OK)
			status = check_units(store, &store->config.lines[i], at, err);
		at += store->config.lines[i].instrument_count;
	}
	return status == ASSAY_OK ? check_instrument_ids(store, source_lines, err) : status;
}
