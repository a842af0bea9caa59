/* SPDX-License-Identifier: Apache-2.0
 * A register map from its settings, and the plan of reads that covers it; part of modbus.c. */
#ifndef ASSAY_DRIVERS_MODBUS_MAP_H
#define ASSAY_DRIVERS_MODBUS_MAP_H

#include "drivers/driver.h"
#include "drivers/number.h"
#include "drivers/words.h"

#include <string.h>

#define ITEMS_MAX 200u
#define REGISTERS_MAX 125u
#define BITS_MAX 2000u
#define ABSENT_MAX 4u

enum type { S16, U16, S32, U32, S64, U64, F32, F64, BCD16, BCD32, BIT, TEXT, HOLE, TYPES };
enum role { VALUE, SERIAL, MODEL };

static const struct {
	const char *name;
	uint8_t registers; /* 0: from count */
} types[TYPES] = {{"s16", 1}, {"u16", 1}, {"s32", 2}, {"u32", 2}, {"s64", 4}, {"u64", 4}, {"f32", 2},
	{"f64", 4}, {"bcd16", 1}, {"bcd32", 2}, {"bit", 1}, {"text", 0}, {"hole", 0}};

struct item {
	char channel[ASSAY_NAME_MAX], unit[ASSAY_UNIT_MAX];
	char decimals_from[ASSAY_NAME_MAX], fault_from[ASSAY_NAME_MAX];
	enum type type;
	enum role role;
	uint32_t function, address, registers, bit, fault_mask, absent_count, period_ms;
	int swap_words, swap_bytes;
	struct number scale, offset;
	int64_t absent[ABSENT_MAX];
};

struct span {
	uint32_t function, address, registers;
	enum role role; /* VALUE, or an identity */
};

struct assay_session {
	const struct assay_host *host;
	uint32_t unit, timeout_ms, most, most_bits, bridge, turnaround_ms, items, spans, device_id;
	int join_holes, join_adjacent;
	uint32_t room; /* of item and span */
	struct item *item;
	struct span *span;
};

static inline int64_t integer(const char *text)
{
	int64_t value = 0;
	int negative = *text == '-';

	for (text += negative; *text >= '0' && *text <= '9' && value < 100000000000; text++)
		value = value * 10 + (*text - '0');
	return negative ? -value : value;
}

static inline int absent_values(struct item *item, const char *text)
{
	while (*text) {
		const char *end = text + strcspn(text, " ");

		if (item->absent_count == ABSENT_MAX || strspn(text, "-0123456789") != (size_t)(end - text))
			return 0;
		item->absent[item->absent_count++] = integer(text);
		text = *end ? end + 1 : end;
	}
	return 1;
}

static inline int set_order(struct item *item, const char *value)
{
	item->swap_words =
		strcmp(value, "cdab") == 0 || strcmp(value, "dcba") == 0 || strcmp(value, "little") == 0;
	item->swap_bytes = strcmp(value, "badc") == 0 || strcmp(value, "dcba") == 0;
	return 1;
}

static inline int set_type(struct item *item, const char *value)
{
	for (unsigned i = 0; i < TYPES; i++)
		if (strcmp(types[i].name, value) == 0) {
			item->type = (enum type)i;
			if (types[i].registers)
				item->registers = types[i].registers;
		}
	return 1;
}

/* 0: the value cannot be used. */
static inline int set_item(struct item *item, const char *name, const char *value)
{
	static const struct {
		const char *name;
		size_t at, size;
	} texts[] = {{"channel", offsetof(struct item, channel), ASSAY_NAME_MAX},
		{"unit", offsetof(struct item, unit), ASSAY_UNIT_MAX},
		{"decimals-from", offsetof(struct item, decimals_from), ASSAY_NAME_MAX},
		{"fault-from", offsetof(struct item, fault_from), ASSAY_NAME_MAX}};
	static const struct {
		const char *name;
		size_t at;
	} numbers[] = {{"function", offsetof(struct item, function)},
		{"address", offsetof(struct item, address)}, {"count", offsetof(struct item, registers)},
		{"bit", offsetof(struct item, bit)}, {"fault-mask", offsetof(struct item, fault_mask)},
		{"period-ms", offsetof(struct item, period_ms)}};

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if (strcmp(name, texts[i].name) == 0) {
			if (strlen(value) >= texts[i].size)
				return 0;
			words_copy((char *)item + texts[i].at, texts[i].size, value);
			return 1;
		}
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		if (strcmp(name, numbers[i].name) == 0) {
			uint32_t number = (uint32_t)integer(value);

			memcpy((char *)item + numbers[i].at, &number, sizeof number);
			return 1;
		}
	if (strcmp(name, "type") == 0)
		return set_type(item, value);
	if (strcmp(name, "order") == 0 || strcmp(name, "words") == 0)
		return set_order(item, value);
	if (strcmp(name, "decimals") == 0) {
		item->scale.places += (int)integer(value);
		return 1;
	}
	if (strcmp(name, "scale") == 0) {
		struct number scale;

		if (!number_read(value, &scale))
			return 0;
		scale.places += item->scale.places;
		item->scale = scale;
		return 1;
	}
	if (strcmp(name, "offset") == 0)
		return number_read(value, &item->offset);
	if (strcmp(name, "absent") == 0)
		return absent_values(item, value);
	if (strcmp(name, "identity") == 0)
		item->role = strcmp(value, "serial") == 0 ? SERIAL : MODEL;
	return 1;
}

static inline int comes_before(const struct item *a, const struct item *b)
{
	if (a->role != b->role)
		return a->role < b->role;
	return a->function != b->function ? a->function < b->function : a->address < b->address;
}

static inline void sort(struct assay_session *session)
{
	for (uint32_t i = 1; i < session->items; i++)
		for (uint32_t j = i; j > 0 && comes_before(&session->item[j], &session->item[j - 1]); j--) {
			struct item swap = session->item[j];

			session->item[j] = session->item[j - 1];
			session->item[j - 1] = swap;
		}
}

static inline uint32_t most_of(const struct assay_session *session, uint32_t function)
{
	return function <= 2 ? session->most_bits : session->most;
}

/* Does the item fit behind the span, over at most `bridge` registers that the map declares readable? */
static inline int joins(
	const struct assay_session *session, const struct span *span, const struct item *item, uint32_t hole)
{
	uint32_t end = span->address + span->registers, last = item->address + item->registers;

	if (span->role != item->role || span->function != item->function || !session->join_adjacent)
		return 0;
	if (item->address < end)
		return last - span->address <= most_of(session, item->function);
	if (item->address > end &&
		(!session->join_holes || item->address - end > session->bridge || hole < item->address))
		return 0;
	return last - span->address <= most_of(session, item->function);
}

static inline void plan(struct assay_session *session)
{
	uint32_t hole = 0; /* declared readable from the span's end up to here */

	sort(session);
	for (uint32_t i = 0; i < session->items; i++) {
		const struct item *item = &session->item[i];
		struct span *span = session->spans ? &session->span[session->spans - 1] : NULL;

		if (item->type == HOLE) {
			uint32_t end = span ? span->address + span->registers : 0;

			if (span && span->function == item->function && span->role == item->role &&
				(item->address <= end || item->address <= hole))
				hole = item->address + item->registers;
			continue;
		}
		if (span && joins(session, span, item, hole)) {
			if (item->address + item->registers > span->address + span->registers)
				span->registers = item->address + item->registers - span->address;
		} else {
			session->span[session->spans++] =
				(struct span){item->function, item->address, item->registers, item->role};
		}
		hole = 0;
	}
}

static inline const struct item *find(const struct assay_session *session, const char *channel)
{
	for (uint32_t i = 0; i < session->items; i++)
		if (strcmp(session->item[i].channel, channel) == 0)
			return &session->item[i];
	return NULL;
}

static inline int in_one_read(const struct assay_session *session, const struct item *a, const struct item *b)
{
	for (uint32_t i = 0; i < session->spans; i++) {
		const struct span *span = &session->span[i];

		if (span->function == a->function && span->function == b->function &&
			a->address >= span->address && b->address >= span->address &&
			a->address + a->registers <= span->address + span->registers &&
			b->address + b->registers <= span->address + span->registers)
			return 1;
	}
	return 0;
}

/* NULL when the map makes sense, else what is wrong. */
static inline const char *check(const struct assay_session *session)
{
	if (session->items == 0)
		return "no items: name the registers in the instrument's XML";
	for (uint32_t i = 0; i < session->items; i++) {
		const struct item *item = &session->item[i];
		const char *const from[] = {item->decimals_from, item->fault_from};

		if (item->registers == 0 || item->registers > most_of(session, item->function) ||
			item->address + item->registers > 65536)
			return "an item has no registers (count), more than are read at once, or ends beyond "
			       "65535";
		if ((item->function <= 2) != (item->type == BIT && item->bit == 0 && item->function <= 2) &&
			item->type != HOLE)
			return "functions 1 and 2 read bits, and nothing else";
		if (item->role == VALUE && item->type == TEXT)
			return "text is read for identity only";
		if (item->role == VALUE && item->type != HOLE && !item->channel[0])
			return "an item has no channel";
		for (unsigned j = 0; j < 2; j++) {
			const struct item *other = *from[j] ? find(session, from[j]) : NULL;

			if (*from[j] && (!other || (other->type != U16 && other->type != S16)))
				return "decimals-from and fault-from name a channel of type u16 or s16";
			if (other && !in_one_read(session, item, other))
				return "decimals-from and fault-from must lie in the same read: declare the "
				       "holes between";
		}
	}
	return NULL;
}

static inline int apply(struct assay_session *session, const struct assay_setting *setting)
{
	struct item *item;

	if (strcmp(setting->group, "item") == 0) {
		if (setting->row >= session->room)
			return 0;
		item = &session->item[setting->row];
		if (setting->row >= session->items) {
			session->items = setting->row + 1;
			item->scale.coefficient = 1;
		}
		return set_item(item, setting->name, setting->value);
	}
	if (strcmp(setting->name, "unit") == 0)
		session->unit = (uint32_t)integer(setting->value);
	else if (strcmp(setting->name, "timeout-ms") == 0)
		session->timeout_ms = (uint32_t)integer(setting->value);
	else if (strcmp(setting->name, "max-registers") == 0)
		session->most = (uint32_t)integer(setting->value);
	else if (strcmp(setting->name, "turnaround-ms") == 0)
		session->turnaround_ms = (uint32_t)integer(setting->value);
	else if (strcmp(setting->name, "max-bits") == 0)
		session->most_bits = (uint32_t)integer(setting->value);
	else if (strcmp(setting->name, "bridge") == 0)
		session->bridge = (uint32_t)integer(setting->value);
	else if (strcmp(setting->name, "join") == 0)
		session->join_holes = setting->value[0] == 'h',
		session->join_adjacent = setting->value[0] != 's';
	else if (strcmp(setting->name, "identify") == 0)
		session->device_id = strcmp(setting->value, "device-id") == 0;
	return 1;
}

#endif
