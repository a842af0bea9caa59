/* SPDX-License-Identifier: Apache-2.0
 * Any Modbus register map, described in settings (Modbus Application Protocol v1.1b3). The host frames and matches;
 * here: which registers to ask for, and what they mean.
 *
 *   item: channel, function (3 or 4), address (from 0), type s16 u16 s32 u32, words big|little, decimals, unit, absent
 *   request 01 04 00 01 00 02, reply 04 04 01 31 02 22  ->  30.5 and 54.6 with one decimal (XY-MD02)
 *
 * Items next to each other are asked for together, at most 125 registers; no hole is bridged, no value split. */
#include "drivers/driver.h"

#include <string.h>

#define ITEMS_MAX 64u
#define REGISTERS_MAX 125u

struct item {
	char channel[ASSAY_NAME_MAX], unit[ASSAY_UNIT_MAX];
	uint32_t function, address, words, decimals;
	int is_signed, little, has_absent;
	int64_t absent;
};

struct span {
	uint32_t first, count; /* items, in asking order */
	uint32_t function, address, registers;
};

struct assay_session {
	const struct assay_host *host;
	uint32_t unit, timeout_ms, items, spans;
	struct item item[ITEMS_MAX];
	struct span span[ITEMS_MAX];
};

static int64_t integer(const char *text)
{
	int64_t value = 0;
	int negative = *text == '-';

	for (text += negative; *text >= '0' && *text <= '9' && value < 100000000000; text++)
		value = value * 10 + (*text - '0');
	return negative ? -value : value;
}

static void copy(char *out, size_t size, const char *text)
{
	size_t length = strlen(text);

	if (length >= size)
		length = size - 1;
	memcpy(out, text, length);
	out[length] = '\0';
}

static void set_item(struct item *item, const char *name, const char *value)
{
	if (strcmp(name, "channel") == 0) {
		copy(item->channel, sizeof item->channel, value);
	} else if (strcmp(name, "unit") == 0) {
		copy(item->unit, sizeof item->unit, value);
	} else if (strcmp(name, "function") == 0) {
		item->function = (uint32_t)integer(value);
	} else if (strcmp(name, "address") == 0) {
		item->address = (uint32_t)integer(value);
	} else if (strcmp(name, "decimals") == 0) {
		item->decimals = (uint32_t)integer(value);
	} else if (strcmp(name, "type") == 0) {
		item->is_signed = value[0] == 's';
		item->words = value[1] == '3' ? 2 : 1;
	} else if (strcmp(name, "words") == 0) {
		item->little = value[0] == 'l';
	} else if (strcmp(name, "absent") == 0) {
		item->has_absent = 1;
		item->absent = integer(value);
	}
}

static int comes_before(const struct item *a, const struct item *b)
{
	return a->function != b->function ? a->function < b->function : a->address < b->address;
}

static void plan(struct assay_session *session)
{
	for (uint32_t i = 1; i < session->items; i++)
		for (uint32_t j = i; j > 0 && comes_before(&session->item[j], &session->item[j - 1]); j--) {
			struct item swap = session->item[j];

			session->item[j] = session->item[j - 1];
			session->item[j - 1] = swap;
		}
	for (uint32_t i = 0; i < session->items; i++) {
		const struct item *item = &session->item[i];
		struct span *span = session->spans ? &session->span[session->spans - 1] : NULL;

		if (span && span->function == item->function &&
			span->address + span->registers == item->address &&
			span->registers + item->words <= REGISTERS_MAX) {
			span->registers += item->words;
			span->count++;
		} else {
			session->span[session->spans++] =
				(struct span){i, 1, item->function, item->address, item->words};
		}
	}
}

static int modbus_open(const struct assay_host *host, const struct assay_setting *settings, size_t count,
	struct assay_session **out, char *why, size_t why_size)
{
	struct assay_session *session = host->allocate(sizeof *session);

	if (!session)
		return -1;
	session->host = host;
	session->unit = 1;
	session->timeout_ms = 1000;
	for (size_t i = 0; i < count; i++) {
		const struct assay_setting *setting = &settings[i];

		if (strcmp(setting->group, "item") == 0 && setting->row < ITEMS_MAX) {
			if (setting->row >= session->items) {
				session->items = setting->row + 1;
				session->item[setting->row].words = 1;
			}
			set_item(&session->item[setting->row], setting->name, setting->value);
		} else if (strcmp(setting->name, "unit") == 0) {
			session->unit = (uint32_t)integer(setting->value);
		} else if (strcmp(setting->name, "timeout-ms") == 0) {
			session->timeout_ms = (uint32_t)integer(setting->value);
		}
	}
	if (session->items == 0) {
		copy(why, why_size, "no items: name the registers in the instrument's XML");
		host->release(session);
		return -1;
	}
	plan(session);
	*out = session;
	return 0;
}

static void modbus_close(struct assay_session *session)
{
	if (session)
		session->host->release(session);
}

static int modbus_ask(
	const struct assay_session *session, uint32_t want, uint32_t turn, struct assay_request *out)
{
	memset(out, 0, sizeof *out);
	if (want == ASSAY_WANT_IDENTITY || turn >= session->spans)
		return 0;
	out->kind = ASSAY_REQUEST_READ;
	out->timeout_ms = session->timeout_ms;
	out->tag = turn;
	out->unit = (uint8_t)session->unit;
	out->function = (uint8_t)session->span[turn].function;
	out->address = (uint16_t)session->span[turn].address;
	out->count = (uint16_t)session->span[turn].registers;
	return 0;
}

/* An integer with its decimals as text, exactly. */
static void print(int64_t value, uint32_t decimals, char out[ASSAY_VALUE_MAX])
{
	char digits[24];
	uint32_t count = 0, written = 0;
	uint64_t rest = value < 0 ? (uint64_t)-value : (uint64_t)value;

	while (rest || count <= decimals) {
		digits[count++] = (char)('0' + rest % 10);
		rest /= 10;
	}
	if (value < 0)
		out[written++] = '-';
	while (count) {
		if (count == decimals)
			out[written++] = '.';
		out[written++] = digits[--count];
	}
	out[written] = '\0';
}

static int64_t combine(const struct item *item, const uint8_t *registers)
{
	uint32_t high = (uint32_t)registers[0] << 8 | registers[1], low;

	if (item->words == 1)
		return item->is_signed && high >= 0x8000 ? (int64_t)high - 0x10000 : (int64_t)high;
	low = (uint32_t)registers[2] << 8 | registers[3];
	if (item->little) {
		uint32_t swap = high;

		high = low;
		low = swap;
	}
	high = high << 16 | low;
	return item->is_signed && high >= 0x80000000u ? (int64_t)high - 0x100000000 : (int64_t)high;
}

static const char *exception_text(uint8_t code)
{
	static const char *const texts[] = {"?", "illegal function (1)", "illegal address (2)",
		"illegal value (3)", "device failure (4)", "acknowledged, not ready (5)", "busy (6)"};

	return code < sizeof texts / sizeof *texts && code ? texts[code] : "exception";
}

/* The host has matched unit, function and byte count; the PDU begins with the function code. */
static int modbus_decode(
	struct assay_session *session, const struct assay_frame *frame, const struct assay_sink *sink)
{
	const struct span *span;
	uint32_t at = 2;
	int status = 0;

	if (!frame->request || frame->request->tag >= session->spans || frame->length < 2)
		return sink->reason(
			sink->context, ASSAY_REASON_NOT_MINE, "not an answer to a request of ours");
	span = &session->span[frame->request->tag];
	if (frame->bytes[0] == (span->function | 0x80))
		return sink->reason(sink->context,
			frame->bytes[1] == 5 || frame->bytes[1] == 6 ? ASSAY_REASON_BUSY
								     : ASSAY_REASON_REFUSED,
			exception_text(frame->bytes[1]));
	if (frame->bytes[0] != span->function || frame->bytes[1] != 2 * span->registers ||
		frame->length != 2 + 2 * (size_t)span->registers)
		return sink->reason(sink->context, ASSAY_REASON_BAD_FORMAT, "wrong number of registers");
	for (uint32_t i = 0; i < span->count && status == 0; i++) {
		const struct item *item = &session->item[span->first + i];
		int64_t value = combine(item, frame->bytes + at);
		char text[ASSAY_VALUE_MAX];
		struct assay_reading reading = {.size = sizeof reading,
			.channel = item->channel,
			.unit = item->unit,
			.value_at = at,
			.value_length = 2 * item->words};

		if (item->has_absent && value == item->absent) {
			reading.reason = ASSAY_REASON_NO_SENSOR;
		} else {
			print(value, item->decimals, text);
			reading.value = text;
			reading.flags = ASSAY_FLAG_STABLE;
		}
		status = sink->reading(sink->context, &reading);
		at += 2 * item->words;
	}
	return status;
}

static const struct assay_option options[] = {
	{.name = "unit",
		.kind = ASSAY_OPTION_INTEGER,
		.min = 1,
		.max = 255,
		.fallback = "1",
		.help_zh = "单元号",
		.help_en = "unit"},
	{.name = "timeout-ms",
		.kind = ASSAY_OPTION_INTEGER,
		.min = 20,
		.max = 60000,
		.fallback = "1000",
		.help_zh = "等待应答的毫秒数",
		.help_en = "how long to wait for the answer"},
	{.group = "item",
		.name = "channel",
		.kind = ASSAY_OPTION_TEXT,
		.required = 1,
		.help_zh = "通道",
		.help_en = "channel"},
	{.group = "item",
		.name = "function",
		.kind = ASSAY_OPTION_INTEGER,
		.required = 1,
		.min = 3,
		.max = 4,
		.help_zh = "功能码",
		.help_en = "function code"},
	{.group = "item",
		.name = "address",
		.kind = ASSAY_OPTION_INTEGER,
		.required = 1,
		.min = 0,
		.max = 65535,
		.help_zh = "地址，从 0 起",
		.help_en = "address, from 0"},
	{.group = "item",
		.name = "type",
		.kind = ASSAY_OPTION_CHOICE,
		.required = 1,
		.choices = "s16 u16 s32 u32",
		.help_zh = "类型",
		.help_en = "type"},
	{.group = "item",
		.name = "words",
		.kind = ASSAY_OPTION_CHOICE,
		.choices = "big little",
		.help_zh = "字序",
		.help_en = "word order"},
	{.group = "item",
		.name = "decimals",
		.kind = ASSAY_OPTION_INTEGER,
		.min = 0,
		.max = 9,
		.help_zh = "小数位",
		.help_en = "decimals"},
	{.group = "item", .name = "unit", .kind = ASSAY_OPTION_TEXT, .help_zh = "单位", .help_en = "unit"},
	{.group = "item",
		.name = "absent",
		.kind = ASSAY_OPTION_INTEGER,
		.min = -2147483648ll,
		.max = 4294967295ll,
		.help_zh = "表示无传感器的值",
		.help_en = "value that means no sensor"},
	{.name = NULL},
};
static const struct assay_channel channels[] = {{.name = NULL}};

ASSAY_DRIVER_EXPORT;
const struct assay_driver assay_driver = {ASSAY_DRIVER_HEAD, .link = ASSAY_LINK_MODBUS, .name = "modbus",
	.version = "1.0", .summary_zh = "Modbus 寄存器表", .summary_en = "Modbus register maps",
	.options = options, .channels = channels, .open = modbus_open, .close = modbus_close,
	.ask = modbus_ask, .decode = modbus_decode};
