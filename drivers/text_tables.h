/* SPDX-License-Identifier: Apache-2.0
 * The tables that a text instrument's XML brings: units as printed, status words, marks that mean no value; part of
 * ascii.c and table.c. */
#ifndef ASSAY_DRIVERS_TEXT_TABLES_H
#define ASSAY_DRIVERS_TEXT_TABLES_H

#include "drivers/number.h"
#include "drivers/words.h"

#define TABLE_ROWS_MAX 64u

struct table_row {
	const char *text; /* as printed */
	const char *unit; /* units */
	uint32_t flags, reason; /* status, novalue */
};

struct text_tables {
	struct table_row unit[TABLE_ROWS_MAX], status[TABLE_ROWS_MAX], novalue[TABLE_ROWS_MAX];
	uint32_t units, statuses, novalues;
	unsigned how; /* NUMBER_COMMA, NUMBER_EXPONENT */
};

/* The options that tables_setting takes. */
#define TEXT_REASONS                                                                                         \
	"not-mine bad-checksum bad-format over under busy not-ready device-error refused no-sensor "         \
	"unknown-unit too-long"
#define TEXT_OPTION(of, named, needed, zh, en)                                                               \
	{                                                                                                    \
		.group = (of), .name = (named), .kind = ASSAY_OPTION_TEXT, .required = (needed),             \
		.help_zh = (zh), .help_en = (en)                                                             \
	}
#define TEXT_REASON_OPTION(of, needed)                                                                       \
	{                                                                                                    \
		.group = (of), .name = "reason", .kind = ASSAY_OPTION_CHOICE, .required = (needed),          \
		.choices = TEXT_REASONS, .help_zh = "原因", .help_en = "reason"                              \
	}
#define TEXT_TABLES_OPTIONS                                                                                  \
	TEXT_OPTION("unit", "text", 1, "仪器打印的单位", "unit as printed"),                                 \
		TEXT_OPTION("unit", "unit", 1, "标准写法", "unit as written here"),                          \
		TEXT_OPTION("status", "text", 1, "状态字", "status word"),                                   \
		TEXT_OPTION("status", "flags", 0, "标志", "flags"), TEXT_REASON_OPTION("status", 0),         \
		TEXT_OPTION("novalue", "text", 1, "表示无数值的字样", "mark that means no value"),           \
		TEXT_OPTION("novalue", "flags", 0, "标志", "flags"), TEXT_REASON_OPTION("novalue", 1)

/* One setting of a table's row. 1 taken, 0 not a table's, -1 wrong. Texts stay the caller's. */
static inline int tables_setting(struct text_tables *tables, const struct assay_setting *setting)
{
	struct table_row *row;
	uint32_t *count;

	if (strcmp(setting->group, "unit") == 0)
		row = tables->unit, count = &tables->units;
	else if (strcmp(setting->group, "status") == 0)
		row = tables->status, count = &tables->statuses;
	else if (strcmp(setting->group, "novalue") == 0)
		row = tables->novalue, count = &tables->novalues;
	else
		return 0;
	if (setting->row >= TABLE_ROWS_MAX)
		return -1;
	row += setting->row;
	if (setting->row >= *count)
		*count = setting->row + 1;
	if (strcmp(setting->name, "text") == 0)
		row->text = setting->value;
	else if (strcmp(setting->name, "unit") == 0)
		row->unit = setting->value;
	else if (strcmp(setting->name, "flags") == 0)
		return words_flags_of(setting->value, &row->flags) ? 1 : -1;
	else if (strcmp(setting->name, "reason") == 0)
		row->reason = words_code(words_reasons, setting->value, strlen(setting->value));
	return strcmp(setting->name, "reason") != 0 || row->reason ? 1 : -1;
}

static inline const struct table_row *tables_find(
	const struct table_row *rows, uint32_t count, const char *text, size_t length)
{
	for (uint32_t i = 0; i < count; i++)
		if (rows[i].text && words_same(text, length, rows[i].text))
			return &rows[i];
	return NULL;
}

/* A reading from its printed parts. unit may be NULL with length 0; fixed is used then. status likewise; a status word
 * outside its table is bad format. */
struct table_parts {
	const char *value, *unit, *status, *fixed_unit;
	size_t value_length, unit_length, status_length;
	uint32_t flags;
};

static inline void tables_read(const struct text_tables *tables, struct table_parts parts,
	char value[ASSAY_VALUE_MAX], char unit[ASSAY_UNIT_MAX], struct assay_reading *reading)
{
	const struct table_row *row;

	words_trim(&parts.value, &parts.value_length);
	words_trim(&parts.unit, &parts.unit_length);
	words_trim(&parts.status, &parts.status_length);
	reading->flags = parts.flags;
	reading->unit = parts.fixed_unit ? parts.fixed_unit : "";
	reading->value = NULL;
	row = tables_find(tables->status, tables->statuses, parts.status, parts.status_length);
	if (row) {
		reading->flags |= row->flags;
		reading->reason = row->reason;
	} else if (parts.status_length) {
		reading->reason = ASSAY_REASON_BAD_FORMAT;
	}
	if (reading->reason)
		return;
	row = tables_find(tables->novalue, tables->novalues, parts.value, parts.value_length);
	if (row) {
		reading->flags |= row->flags;
		reading->reason = row->reason;
		return;
	}
	if (parts.value_length && (*parts.value == '<' || *parts.value == '>')) {
		reading->flags |= *parts.value == '<' ? ASSAY_FLAG_CENSORED_LOW : ASSAY_FLAG_CENSORED_HIGH;
		parts.value++;
		parts.value_length--;
	}
	if (!number_canonical(parts.value, parts.value_length, tables->how, value)) {
		reading->reason = ASSAY_REASON_BAD_FORMAT;
		return;
	}
	row = tables_find(tables->unit, tables->units, parts.unit, parts.unit_length);
	if (row && row->unit) {
		reading->unit = row->unit;
	} else if (parts.unit_length && (tables->units || parts.unit_length >= ASSAY_UNIT_MAX)) {
		reading->reason = ASSAY_REASON_UNKNOWN_UNIT;
		return;
	} else if (parts.unit_length) {
		memcpy(unit, parts.unit, parts.unit_length);
		unit[parts.unit_length] = '\0';
		reading->unit = unit;
	}
	reading->value = value;
}

#endif
