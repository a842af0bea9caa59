/* SPDX-License-Identifier: Apache-2.0
 * Any Modbus register map, described in settings (Modbus Application Protocol v1.1b3). The host frames and matches;
 * here: which registers to ask for, and what they mean.
 *
 *   request 01 04 00 01 00 02, reply 04 04 01 31 02 22  ->  30.5 and 54.6 with one decimal (XY-MD02)
 *   123456.0 as a float: 47 F1 20 00 abcd, 20 00 47 F1 cdab, F1 47 00 20 badc, 00 20 F1 47 dcba
 *
 * Items next to each other are asked for together; a hole is bridged only where the map declares it (type hole), and no
 * value is split. A host that knows its line plans by itself, from the map. What an answer means depends on the registers asked for alone, so another plan reads old bytes alike. */
#include "drivers/modbus_map.h"

#include <string.h>

#define TEXT_MAX 48u

static int modbus_open(const struct assay_host *host, const struct assay_setting *settings, size_t count,
	struct assay_session **out, char *why, size_t why_size)
{
	struct assay_session *session = new_session(host, settings, count);
	const char *wrong = NULL;

	if (!session) {
		words_copy(why, why_size, "out of memory");
		return -1;
	}
	session->unit = 1;
	session->timeout_ms = 500;
	session->most = REGISTERS_MAX;
	session->most_bits = BITS_MAX;
	session->bridge = 16;
	session->join_holes = session->join_adjacent = 1;
	for (size_t i = 0; i < count && !wrong; i++)
		if (!apply(session, &settings[i]))
			wrong = settings[i].name;
	if (!wrong && !settle(session))
		wrong = "out of memory";
	session->span =
		session->host->allocate((session->items ? session->items : 1) * sizeof *session->span);
	if (!wrong && !session->span)
		wrong = "out of memory";
	if (!wrong) {
		plan(session);
		wrong = check(session);
	}
	if (wrong) {
		words_copy(why, why_size, wrong);
		modbus_close(session);
		return -1;
	}
	*out = session;
	return 0;
}

static int modbus_ask(
	const struct assay_session *session, uint32_t want, uint32_t turn, struct assay_request *out)
{
	int identity = want == ASSAY_WANT_IDENTITY;

	memset(out, 0, sizeof *out);
	out->timeout_ms = session->timeout_ms;
	out->unit = (uint8_t)session->unit;
	out->tag = turn;
	if (identity && session->device_id && turn-- == 0) {
		out->kind = ASSAY_REQUEST_IDENTIFY;
		out->function = 0x2b;
		return 0;
	}
	for (uint32_t i = 0; i < session->spans; i++) {
		const struct span *span = &session->span[i];

		if ((span->role != VALUE) != identity || turn-- != 0)
			continue;
		out->kind = ASSAY_REQUEST_READ;
		out->function = (uint8_t)span->function;
		out->address = (uint16_t)span->address;
		out->count = (uint16_t)span->registers;
		return 0;
	}
	return 0;
}

static void cover(struct assay_map_piece *piece, const struct item *item)
{
	uint32_t end = piece->address + piece->registers, last = item->address + item->registers;

	if (item->address < piece->address)
		piece->address = item->address;
	piece->registers = (last > end ? last : end) - piece->address;
}

/* A value and what it is read with - its decimals, its status word - are one piece. What tells who the device is can be
 * read along. */
static int modbus_map(const struct assay_session *session, uint32_t index, struct assay_map_piece *out)
{
	const struct item *item = &session->item[index];
	const char *from[2];

	if (index >= session->items)
		return 0;
	from[0] = word_at(session, item->decimals_from);
	from[1] = word_at(session, item->fault_from);
	*out = (struct assay_map_piece){.kind = ASSAY_MAP_VALUE,
		.function = item->function,
		.address = item->address,
		.registers = item->registers,
		.most = most_of(session, item->function),
		.period_ms = item->period_ms,
		.turnaround_ms = session->turnaround_ms};
	if (item->type == HOLE || item->role != VALUE) {
		out->kind = ASSAY_MAP_HOLE;
		out->registers = session->join_holes ? item->registers : 0;
		return 1;
	}
	for (unsigned i = 0; i < 2; i++)
		if (*from[i])
			cover(out, find(session, from[i]));
	if (!session->join_adjacent)
		out->most = out->registers;
	return 1;
}

/* What an answer holds: registers or bits from `address` on. */
struct answer {
	const uint8_t *data;
	uint32_t function, address, count;
};

static int holds(const struct answer *answer, const struct item *item)
{
	return item->function == answer->function && item->address >= answer->address &&
	       item->address + item->registers <= answer->address + answer->count;
}

/* The item's registers as one word, in the order of the item. */
static uint64_t word_of(const struct answer *answer, const struct item *item)
{
	uint64_t word = 0;

	for (uint32_t i = 0; i < item->registers; i++) {
		uint32_t place = item->swap_words ? item->registers - 1 - i : i;
		const uint8_t *at = answer->data + 2 * (size_t)(item->address - answer->address + place);
		uint32_t value =
			item->swap_bytes ? (uint32_t)at[1] << 8 | at[0] : (uint32_t)at[0] << 8 | at[1];

		word = word << 16 | value;
	}
	return word;
}

static uint32_t bit_of(const struct answer *answer, const struct item *item)
{
	uint32_t index = item->address - answer->address;

	if (answer->function <= 2)
		return (uint32_t)answer->data[index / 8] >> index % 8 & 1u;
	return (uint32_t)(word_of(answer, item) >> item->bit) & 1u;
}

/* Four bits a digit; a digit above nine is none. */
static int bcd(uint64_t word, unsigned digits, struct number *out)
{
	out->coefficient = 0;
	for (unsigned i = digits; i-- > 0;) {
		unsigned digit = (unsigned)(word >> 4 * i) & 15u;

		if (digit > 9)
			return 0;
		out->coefficient = out->coefficient * 10 + digit;
	}
	return 1;
}

static uint32_t raw_number(const struct answer *answer, const struct item *item, struct number *out)
{
	uint64_t word =
		answer->function <= 2 || item->type == BIT ? bit_of(answer, item) : word_of(answer, item);
	unsigned bits = item->registers * 16;

	*out = (struct number){(number_wide)word, 0};
	switch (item->type) {
	case S16:
	case S32:
	case S64:
		if (bits && word >> (bits - 1) & 1)
			out->coefficient -= (number_wide)1 << bits;
		return ASSAY_REASON_NONE;
	case F32:
	case F64:
		switch (number_from_ieee(word, item->type == F32 ? 32 : 64, out)) {
		case NUMBER_FLOAT_FINITE:
			return ASSAY_REASON_NONE;
		case NUMBER_FLOAT_NAN:
			return ASSAY_REASON_NO_SENSOR;
		case NUMBER_FLOAT_ABOVE:
			return ASSAY_REASON_OVER;
		case NUMBER_FLOAT_BELOW:
			return ASSAY_REASON_UNDER;
		default:
			return ASSAY_REASON_TOO_LONG;
		}
	case BCD16:
	case BCD32:
		return bcd(word, item->registers * 4, out) ? ASSAY_REASON_NONE : ASSAY_REASON_BAD_FORMAT;
	default:
		return ASSAY_REASON_NONE;
	}
}

static int is_absent(const struct conversion *conversion, struct number raw)
{
	for (uint32_t i = 0; i < conversion->absent_count; i++)
		if (raw.places == 0 && raw.coefficient == conversion->absent[i])
			return 1;
	return 0;
}

/* Yudian's dPt: places, and 128 more when the value carries one digit more than is shown. */
static uint32_t shown_places(uint64_t word)
{
	return (uint32_t)(word & 0x7f) + (word & 0x80 ? 1u : 0u);
}

static uint32_t value_of(const struct assay_session *session, const struct answer *answer,
	const struct item *item, char text[ASSAY_VALUE_MAX])
{
	const struct item *places =
		item->decimals_from ? find(session, word_at(session, item->decimals_from)) : NULL;
	const struct item *fault =
		item->fault_from ? find(session, word_at(session, item->fault_from)) : NULL;
	const struct conversion *conversion = conversion_of(session, item);
	struct number value;
	uint32_t reason = raw_number(answer, item, &value);

	if (fault && (!holds(answer, fault) || word_of(answer, fault) & item->fault_mask))
		return ASSAY_REASON_DEVICE_ERROR;
	if (reason)
		return reason;
	if (is_absent(conversion, value))
		return ASSAY_REASON_NO_SENSOR;
	if (places && (!holds(answer, places) || shown_places(word_of(answer, places)) > 9))
		return ASSAY_REASON_BAD_FORMAT;
	if (places)
		value.places += (int)shown_places(word_of(answer, places));
	if (!number_multiply(value, conversion->scale, &value) ||
		(conversion->offset.coefficient && !number_add(value, conversion->offset, &value)) ||
		!number_print(value, text))
		return ASSAY_REASON_TOO_LONG;
	return ASSAY_REASON_NONE;
}

static int tell_value(const struct assay_session *session, const struct answer *answer,
	const struct item *item, const struct assay_sink *sink)
{
	char text[ASSAY_VALUE_MAX];
	struct assay_reading reading = {.size = sizeof reading,
		.channel = word_at(session, item->channel),
		.unit = word_at(session, item->unit)};

	if (answer->function > 2) {
		reading.value_at = 2 + 2 * (item->address - answer->address);
		reading.value_length = 2 * item->registers;
	}
	reading.reason = value_of(session, answer, item, text);
	if (reading.reason == ASSAY_REASON_NONE) {
		reading.value = text;
		reading.flags = ASSAY_FLAG_STABLE;
	} else if (reading.reason == ASSAY_REASON_OVER) {
		reading.flags = ASSAY_FLAG_OVER;
	} else if (reading.reason == ASSAY_REASON_UNDER) {
		reading.flags = ASSAY_FLAG_UNDER;
	}
	return sink->reading(sink->context, &reading);
}

/* Serial number or model from text or number registers; blanks and NULs around it are padding. */
static int tell_identity(const struct answer *answer, const struct item *item, const struct assay_sink *sink)
{
	struct assay_identity who = {.size = sizeof who};
	char text[TEXT_MAX];
	size_t length = 0;

	if (item->type == TEXT) {
		for (uint32_t i = 0; i < 2 * item->registers && length + 1 < sizeof text; i++) {
			uint32_t at = 2 * (item->address - answer->address) + (item->swap_bytes ? i ^ 1u : i);
			char c = (char)answer->data[at];

			if (c == '\0' || (c == ' ' && length == 0))
				continue;
			if (c < ' ' || c > '~')
				return sink->reason(
					sink->context, ASSAY_REASON_BAD_FORMAT, "identity is no text");
			text[length++] = c;
		}
		while (length && text[length - 1] == ' ')
			length--;
		text[length] = '\0';
	} else {
		struct number number;

		if (raw_number(answer, item, &number) != ASSAY_REASON_NONE || !number_print(number, text))
			return sink->reason(sink->context, ASSAY_REASON_BAD_FORMAT, "identity is no number");
	}
	if (item->role == SERIAL)
		who.serial = text;
	else
		who.model = text;
	return sink->identity(sink->context, &who);
}

/* 2B 0E code conformity more next count, then objects: id, length, text (Modbus v1.1b3, 6.21). Vendor 0, product 1,
 * revision 2; a serial number is no standard object, makers put one among the private ones from 80h. */
static int device_id(const struct assay_frame *frame, const struct assay_sink *sink)
{
	struct assay_identity who = {.size = sizeof who};
	char text[4][TEXT_MAX];
	size_t at = 7;

	if (frame->length < 7 || frame->bytes[1] != 0x0e)
		return sink->reason(sink->context, ASSAY_REASON_BAD_FORMAT, "not a device identification");
	memset(text, 0, sizeof text);
	for (unsigned i = 0; i < frame->bytes[6] && at + 2 <= frame->length; i++) {
		uint8_t id = frame->bytes[at], length = frame->bytes[at + 1];
		char *out = text[id < 3 ? id : 3];

		if (at + 2 + length > frame->length)
			return sink->reason(
				sink->context, ASSAY_REASON_BAD_FORMAT, "an object beyond the end");
		if ((id < 3 || id == 0x80) && length < TEXT_MAX)
			memcpy(out, frame->bytes + at + 2, length);
		at += 2u + length;
	}
	for (unsigned i = 0; i < 4; i++)
		for (char *c = text[i]; *c; c++)
			if (*c < ' ' || *c > '~')
				*c = '?';
	who.maker = text[0][0] ? text[0] : NULL;
	who.model = text[1][0] ? text[1] : NULL;
	who.software = text[2][0] ? text[2] : NULL;
	who.serial = text[3][0] ? text[3] : NULL;
	return sink->identity(sink->context, &who);
}

static int exception(const struct assay_sink *sink, uint8_t code)
{
	static const char *const texts[] = {"unknown exception", "illegal function (1)",
		"illegal address (2)", "illegal value (3)", "device failure (4)",
		"acknowledged, not ready (5)", "busy (6)", "unknown exception", "memory parity (8)",
		"unknown exception", "gateway: no path (10)", "gateway: the device does not answer (11)"};
	uint32_t reason = code == 5 || code == 6   ? ASSAY_REASON_BUSY
			  : code >= 1 && code <= 3 ? ASSAY_REASON_REFUSED
						   : ASSAY_REASON_DEVICE_ERROR;

	return sink->reason(sink->context, reason, texts[code < sizeof texts / sizeof *texts ? code : 0]);
}

/* The host has matched unit, function and byte count; the PDU begins with the function code. */
static int modbus_decode(
	struct assay_session *session, const struct assay_frame *frame, const struct assay_sink *sink)
{
	const struct assay_request *request = frame->request;
	struct answer answer;
	int status = 0;

	if (!request || frame->length < 2 || (frame->bytes[0] & 0x7f) != request->function)
		return sink->reason(
			sink->context, ASSAY_REASON_NOT_MINE, "not an answer to a request of ours");
	if (frame->bytes[0] & 0x80)
		return exception(sink, frame->bytes[1]);
	if (request->kind == ASSAY_REQUEST_IDENTIFY)
		return device_id(frame, sink);
	answer = (struct answer){frame->bytes + 2, request->function, request->address, request->count};
	if (frame->length != 2 + (size_t)frame->bytes[1] ||
		frame->bytes[1] != (answer.function <= 2 ? (answer.count + 7) / 8 : 2 * answer.count))
		return sink->reason(sink->context, ASSAY_REASON_BAD_FORMAT, "wrong number of registers");
	for (uint32_t i = 0; i < session->items && status == 0; i++) {
		const struct item *item = &session->item[i];

		if (item->type == HOLE || !holds(&answer, item))
			continue;
		status = item->role == VALUE ? tell_value(session, &answer, item, sink)
					     : tell_identity(&answer, item, sink);
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
		.fallback = "500",
		.help_zh = "等待应答的毫秒数",
		.help_en = "how long to wait for the answer"},
	{.name = "turnaround-ms",
		.kind = ASSAY_OPTION_INTEGER,
		.min = 0,
		.max = 1000,
		.fallback = "0",
		.help_zh = "设备从收完到开始应答的毫秒数；0 未知",
		.help_en = "what the device takes to begin its answer, for planning; 0: not known"},
	{.name = "max-registers",
		.kind = ASSAY_OPTION_INTEGER,
		.min = 1,
		.max = 125,
		.fallback = "125",
		.help_zh = "一次最多读几个寄存器",
		.help_en = "registers the device gives at once"},
	{.name = "max-bits",
		.kind = ASSAY_OPTION_INTEGER,
		.min = 1,
		.max = 2000,
		.fallback = "2000",
		.help_zh = "一次最多读几个位",
		.help_en = "bits the device gives at once"},
	{.name = "bridge",
		.kind = ASSAY_OPTION_INTEGER,
		.min = 0,
		.max = 125,
		.fallback = "16",
		.help_zh = "可读空洞最多跨几个寄存器",
		.help_en = "longest declared hole that is read along"},
	{.name = "join",
		.kind = ASSAY_OPTION_CHOICE,
		.choices = "holes adjacent single",
		.fallback = "holes",
		.help_zh = "合并：跨空洞、只合相邻、逐项",
		.help_en = "what is asked for together"},
	{.name = "identify",
		.kind = ASSAY_OPTION_CHOICE,
		.choices = "none device-id",
		.fallback = "none",
		.help_zh = "用 43/14 读设备标识",
		.help_en = "read who it is by function 43/14"},
	{.group = "item",
		.name = "channel",
		.kind = ASSAY_OPTION_TEXT,
		.help_zh = "通道",
		.help_en = "channel"},
	{.group = "item",
		.name = "function",
		.kind = ASSAY_OPTION_INTEGER,
		.required = 1,
		.min = 1,
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
		.choices = "s16 u16 s32 u32 s64 u64 f32 f64 bcd16 bcd32 bit text hole",
		.help_zh = "类型；hole 为可读的空洞",
		.help_en = "type; hole: registers that may be read along"},
	{.group = "item",
		.name = "count",
		.kind = ASSAY_OPTION_INTEGER,
		.min = 1,
		.max = 125,
		.help_zh = "text、hole 的寄存器数",
		.help_en = "registers of a text or hole"},
	{.group = "item",
		.name = "order",
		.kind = ASSAY_OPTION_CHOICE,
		.choices = "abcd cdab badc dcba",
		.fallback = "abcd",
		.help_zh = "字节次序",
		.help_en = "byte order"},
	{.group = "item",
		.name = "words",
		.kind = ASSAY_OPTION_CHOICE,
		.choices = "big little",
		.help_zh = "字序（同 abcd、cdab）",
		.help_en = "word order (as abcd, cdab)"},
	{.group = "item",
		.name = "bit",
		.kind = ASSAY_OPTION_INTEGER,
		.min = 0,
		.max = 15,
		.help_zh = "寄存器中的位",
		.help_en = "bit of the register"},
	{.group = "item",
		.name = "decimals",
		.kind = ASSAY_OPTION_INTEGER,
		.min = 0,
		.max = 9,
		.help_zh = "小数位",
		.help_en = "decimals"},
	{.group = "item",
		.name = "scale",
		.kind = ASSAY_OPTION_TEXT,
		.help_zh = "系数（十进制）",
		.help_en = "factor (decimal)"},
	{.group = "item",
		.name = "offset",
		.kind = ASSAY_OPTION_TEXT,
		.help_zh = "加数（十进制）",
		.help_en = "added after the factor (decimal)"},
	{.group = "item",
		.name = "decimals-from",
		.kind = ASSAY_OPTION_TEXT,
		.help_zh = "给出小数位的通道",
		.help_en = "channel that holds the decimals"},
	{.group = "item", .name = "unit", .kind = ASSAY_OPTION_TEXT, .help_zh = "单位", .help_en = "unit"},
	{.group = "item",
		.name = "absent",
		.kind = ASSAY_OPTION_TEXT,
		.help_zh = "表示无传感器的值，空格分隔",
		.help_en = "values that mean no sensor, blank-separated"},
	{.group = "item",
		.name = "fault-from",
		.kind = ASSAY_OPTION_TEXT,
		.help_zh = "状态字的通道",
		.help_en = "channel that holds the status word"},
	{.group = "item",
		.name = "fault-mask",
		.kind = ASSAY_OPTION_INTEGER,
		.min = 1,
		.max = 65535,
		.help_zh = "状态字中表示故障的位",
		.help_en = "bits of the status word that mean a fault"},
	{.group = "item",
		.name = "period-ms",
		.kind = ASSAY_OPTION_INTEGER,
		.min = 0,
		.max = 86400000,
		.help_zh = "读取周期，毫秒；默认同仪器",
		.help_en = "read so often, in ms; else as often as the instrument"},
	{.group = "item",
		.name = "identity",
		.kind = ASSAY_OPTION_CHOICE,
		.choices = "serial model",
		.help_zh = "此项是序列号或型号",
		.help_en = "this item tells who the device is"},
	{.name = NULL},
};
static const struct assay_channel channels[] = {{.name = NULL}};

ASSAY_DRIVER_EXPORT;
const struct assay_driver assay_driver = {ASSAY_DRIVER_HEAD, .link = ASSAY_LINK_MODBUS, .name = "modbus",
	.version = "2.1", .summary_zh = "Modbus 寄存器表", .summary_en = "Modbus register maps",
	.options = options, .channels = channels, .open = modbus_open, .close = modbus_close,
	.ask = modbus_ask, .decode = modbus_decode, .map = modbus_map};
