/* SPDX-License-Identifier: Apache-2.0
 * The laboratory: lab.xml, ports and folders, lines as the running gateway sees them, calibrations, specs. */
#include "gateway/care/care.h"
#include "limits/limits.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SOON_S (30 * INT64_C(86400))

static void port(struct care *care, const struct assay_config_line *line)
{
	/* said of one that is gone, too: it may be there under the next number */
	if (strncmp(line->port, "/dev/ttyUSB", 11) == 0 || strncmp(line->port, "/dev/ttyACM", 11) == 0)
		care_found(care, "port-name-unstable", line->id, "线路 %s：%s 在拔插后可能变成另一台仪器",
			"line %s: %s may be another instrument after unplugging", line->id, line->port);
	if (access(line->port, F_OK) != 0) {
		care_found(care, "port-missing", line->id, "线路 %s：没有端口 %s（%s）",
			"line %s: there is no port %s (%s)", line->id, line->port, strerror(errno));
		return;
	}
	/* The running gateway has it open already, under its own user. */
	if (!care->status && access(line->port, R_OK | W_OK) != 0)
		care_found(care, "port-permission", line->id, "线路 %s：本用户不能打开 %s（%s）",
			"line %s: this user may not open %s (%s)", line->id, line->port, strerror(errno));
}

static void line(struct care *care, const struct assay_config_line *line)
{
	if (line->disabled)
		return;
	if (line->transport == ASSAY_TRANSPORT_SERIAL || line->transport == ASSAY_TRANSPORT_MODBUS_RTU)
		port(care, line);
	if (line->transport == ASSAY_TRANSPORT_FOLDER && access(line->path, R_OK | X_OK) != 0)
		care_found(care, "folder-missing", line->id, "线路 %s：不能读取文件夹 %s（%s）",
			"line %s: the folder %s cannot be read (%s)", line->id, line->path, strerror(errno));
}

static void day(int64_t at_s, char out[16])
{
	time_t at = (time_t)at_s;
	struct tm parts;

	if (!localtime_r(&at, &parts) || strftime(out, 16, "%Y-%m-%d", &parts) == 0)
		out[0] = '\0';
}

static void calibration(struct care *care, const struct assay_config_instrument *instrument)
{
	const char *until = instrument->calibrated_until;
	char today[16], soon[16];

	day(care->now_s, today);
	day(care->now_s + SOON_S, soon);
	if (!*until)
		care_found(care, "calibration-unknown", instrument->id, "仪器 %s：没有写校准有效期",
			"instrument %s: no date of calibration is given", instrument->id);
	else if (strcmp(today, until) > 0)
		care_found(care, "calibration-overdue", instrument->id, "仪器 %s：校准已于 %s 到期",
			"instrument %s: its calibration ended on %s", instrument->id, until);
	else if (strcmp(soon, until) > 0)
		care_found(care, "calibration-soon", instrument->id, "仪器 %s：校准将于 %s 到期",
			"instrument %s: its calibration ends on %s", instrument->id, until);
}

static void configuration(struct care *care)
{
	struct assay_error err;
	char path[1024];

	(void)snprintf(path, sizeof path, "%s/lab.xml", care->dir);
	if (assay_config_load(path, care->places.specs, care->places.drivers, &care->config, &err) !=
		ASSAY_OK) {
		care->config = NULL;
		care_found_texts(care, "configuration", "lab.xml", err.text_zh, err.text_en);
		return;
	}
	for (size_t i = 0; i < care->config->line_count; i++) {
		const struct assay_config_line *one = &care->config->lines[i];

		line(care, one);
		for (size_t j = 0; j < one->instrument_count; j++)
			calibration(care, &one->instruments[j]);
	}
}

static const char *word(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static void lines_now(struct care *care)
{
	const json_t *journal = json_object_get(care->status, "journal"), *one;
	size_t index;

	if (!care->status)
		return;
	if (strcmp(word(journal, "state"), "paused") == 0)
		care_found(care, "acquisition-paused", "", "采集已暂停", "acquisition is paused");
	json_array_foreach(json_object_get(care->status, "lines"), index, one)
	{
		const char *status = word(one, "status"), *id = word(one, "line");

		if (strcmp(status, "down") == 0 || strcmp(status, "silent") == 0)
			care_found_texts(care, "line-down", id, word(one, "text_zh"), word(one, "text_en"));
		else if (strcmp(status, "locked") == 0)
			care_found_texts(care, "line-locked", id, word(one, "text_zh"), word(one, "text_en"));
	}
}

static void specs(struct care *care)
{
	struct assay_specs *set = NULL;
	struct assay_error err;
	size_t all = 0, unverified = 0;

	if (assay_specs_load(care->places.specs, &set, &err) != ASSAY_OK) {
		care_found_texts(care, "specs-unreadable", care->places.specs, err.text_zh, err.text_en);
		return;
	}
	for (size_t i = 0; i < assay_specs_standard_count(set); i++) {
		const struct assay_standard *standard = assay_specs_standard(set, i);

		all += standard->limit_count;
		for (size_t j = 0; j < standard->limit_count; j++)
			unverified += strcmp(standard->limits[j].confidence, "high") != 0;
	}
	assay_specs_free(set);
	(void)json_object_set_new(care->figures, "limits", json_integer((json_int_t)all));
	(void)json_object_set_new(care->figures, "limits_unverified", json_integer((json_int_t)unverified));
	if (unverified > 0)
		care_found(care, "specs-unverified", "specs", "%zu 条限量中有 %zu 条只有一个未经核实的来源",
			"of %zu limits %zu rest on one unconfirmed source", all, unverified);
}

void care_laboratory(struct care *care)
{
	configuration(care);
	lines_now(care);
	specs(care);
}
