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
#define WORDS_MAX 65535u /* bytes, all items' */

enum type { S16, U16, S32, U32, S64, U64, F32, F64, BCD16, BCD32, BIT, TEXT, HOLE, TYPES };
enum role { VALUE, SERIAL, MODEL };

static const struct {
	const char *name;
	uint8_t registers; /* 0: from count */
} types[TYPES] = {{"s16", 1}, {"u16", 1}, {"s32", 2}, {"u32", 2}, {"s64", 4}, {"u64", 4}, {"f32", 2},
	{"f64", 4}, {"bcd16", 1}, {"bcd32", 2}, {"bit", 1}, {"text", 0}, {"hole", 0}};

/* A thousand devices of fifty items are held in memory at once: words and conversions, which are mostly the same, stand
 * once in the session. */
struct item {
	uint16_t channel, unit, decimals_from, fault_from; /* where in session->words; 0: "" */
	uint16_t conversion; /* which one of session->conversion */
	uint16_t registers, fault_mask;
	uint8_t type, role; /* enum type, enum role */
	uint8_t function, bit;
	uint8_t swap_words, swap_bytes;
	uint32_t address, period_ms;
};

/* From what a register holds to what is told. */
struct conversion {
	struct number scale, offset;
	int64_t absent[ABSENT_MAX];
	uint32_t absent_count;
};

struct span {
	uint32_t function, address, registers;
	enum role role; /* VALUE, or an identity */
};

struct assay_session {
	const struct assay_host *host;
	uint32_t unit, timeout_ms, most, most_bits, bridge, turnaround_ms, items, spans, device_id;
	int join_holes, join_adjacent;
	uint32_t
		room; /* of item; while settings are applied, of conversion: then the i-th item has the i-th */
	struct item *item;
	struct span *span;
	struct conversion *conversion;
	char *words; /* each ends with NUL; the first is "" */
	uint32_t words_length;
};

static inline const char *word_at(const struct assay_session *session, uint16_t at)
{
	return session->words + at;
}

static inline const struct conversion *conversion_of(
	const struct assay_session *session, const struct item *item)
{
	return &session->conversion[item->conversion];
}

/* Where it stands from now on; there is room for all that the settings say (words_room). */
static inline uint16_t keep_word(struct assay_session *session, const char *word)
{
	uint32_t at = 0;

	while (at < session->words_length && strcmp(session->words + at, word) != 0)
		at += (uint32_t)strlen(session->words + at) + 1;
	if (at == session->words_length) {
		memcpy(session->words + at, word, strlen(word) + 1);
		session->words_length += (uint32_t)strlen(word) + 1;
	}
	return (uint16_t)at;
}

static inline void modbus_close(struct assay_session *session)
{
	if (!session)
		return;
	session->host->release(session->item);
	session->host->release(session->span);
	session->host->release(session->conversion);
	session->host->release(session->words);
	session->host->release(session);
}

/* Room for the items there are, and for all their words; a map with more than ITEMS_MAX is refused when the row comes. */
static inline struct assay_session *new_session(
	const struct assay_host *host, const struct assay_setting *settings, size_t count)
{
	struct assay_session *session = host->allocate(sizeof *session);
	size_t words = 1;

	if (!session)
		return NULL;
	session->room = 1;
	for (size_t i = 0; i < count; i++) {
		if (strcmp(settings[i].group, "item") != 0)
			continue;
		if (settings[i].row >= session->room && settings[i].row < ITEMS_MAX)
			session->room = settings[i].row + 1;
		words += strlen(settings[i].value) + 1;
	}
	session->host = host;
	session->item = host->allocate(session->room * sizeof *session->item);
	session->conversion = host->allocate(session->room * sizeof *session->conversion);
	session->words = words <= WORDS_MAX ? host->allocate(words) : NULL;
	session->words_length = 1;
	if (session->item && session->conversion && session->words)
		return session;
	modbus_close(session);
	return NULL;
}

static inline int same_number(struct number a, struct number b)
{
	return a.coefficient == b.coefficient && a.places == b.places;
}

static inline int same_conversion(const struct conversion *a, const struct conversion *b)
{
	return same_number(a->scale, b->scale) && same_number(a->offset, b->offset) &&
	       a->absent_count == b->absent_count && memcmp(a->absent, b->absent, sizeof a->absent) == 0;
}

/* What was laid out for the longest map there can be shrinks to what this one needs: each conversion once, its words,
 * its spans. 0: no memory. */
static inline int settle(struct assay_session *session)
{
	struct conversion *kept = session->host->allocate(session->room * sizeof *kept), *exact;
	char *words = session->host->allocate(session->words_length);
	uint32_t count = 0;

	for (uint32_t i = 0; kept && words && i < session->items; i++) {
		struct item *item = &session->item[i];
		const struct conversion *own = &session->conversion[item->conversion];
		uint32_t at = 0;

		while (at < count && !same_conversion(&kept[at], own))
			at++;
		if (at == count)
			kept[count++] = *own;
		item->conversion = (uint16_t)at;
	}
	exact = kept && words ? session->host->allocate((count ? count : 1) * sizeof *exact) : NULL;
	if (exact) {
		memcpy(exact, kept, count * sizeof *exact);
		memcpy(words, session->words, session->words_length);
		session->host->release(session->conversion);
		session->host->release(session->words);
		session->conversion = exact;
		session->words = words;
	} else {
		session->host->release(words);
	}
	session->host->release(kept);
	return exact != NULL;
}

static inline int64_t integer(const char *text)
{
	int64_t value = 0;
	int negative = *text == '-';

	for (text += negative; *text >= '0' && *text <= '9' && value < 100000000000; text++)
		value = value * 10 + (*text - '0');
	return negative ? -value : value;
}

static inline int absent_values(struct conversion *conversion, const char *text)
{
	while (*text) {
		const char *end = text + strcspn(text, " ");

		if (conversion->absent_count == ABSENT_MAX ||
			strspn(text, "-0123456789") != (size_t)(end - text))
			return 0;
		conversion->absent[conversion->absent_count++] = integer(text);
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
			item->type = (uint8_t)i;
			if (types[i].registers)
				item->registers = types[i].registers;
		}
	return 1;
}

static inline int set_scale(struct conversion *conversion, const char *value)
{
	struct number scale;

	if (!number_read(value, &scale))
		return 0;
	scale.places += conversion->scale.places;
	conversion->scale = scale;
	return 1;
}

/* Where a text goes; NULL: the setting is none. */
static inline uint16_t *text_place(struct item *item, const char *name, size_t *size)
{
	*size = ASSAY_NAME_MAX;
	if (strcmp(name, "channel") == 0)
		return &item->channel;
	if (strcmp(name, "decimals-from") == 0)
		return &item->decimals_from;
	if (strcmp(name, "fault-from") == 0)
		return &item->fault_from;
	*size = ASSAY_UNIT_MAX;
	return strcmp(name, "unit") == 0 ? &item->unit : NULL;
}

/* 0: the value cannot be used. The host has checked numbers against their bounds. */
static inline int set_item(
	struct assay_session *session, struct item *item, const char *name, const char *value)
{
	struct conversion *conversion = &session->conversion[item->conversion];
	size_t size;
	uint16_t *text = text_place(item, name, &size);

	if (text && strlen(value) >= size)
		return 0;
	if (text)
		*text = keep_word(session, value);
	else if (strcmp(name, "function") == 0)
		item->function = (uint8_t)integer(value);
	else if (strcmp(name, "address") == 0)
		item->address = (uint32_t)integer(value);
	else if (strcmp(name, "count") == 0)
		item->registers = (uint16_t)integer(value);
	else if (strcmp(name, "bit") == 0)
		item->bit = (uint8_t)integer(value);
	else if (strcmp(name, "fault-mask") == 0)
		item->fault_mask = (uint16_t)integer(value);
	else if (strcmp(name, "period-ms") == 0)
		item->period_ms = (uint32_t)integer(value);
	else if (strcmp(name, "type") == 0)
		return set_type(item, value);
	else if (strcmp(name, "order") == 0 || strcmp(name, "words") == 0)
		return set_order(item, value);
	else if (strcmp(name, "decimals") == 0)
		conversion->scale.places += (int)integer(value);
	else if (strcmp(name, "scale") == 0)
		return set_scale(conversion, value);
	else if (strcmp(name, "offset") == 0)
		return number_read(value, &conversion->offset);
	else if (strcmp(name, "absent") == 0)
		return absent_values(conversion, value);
	else if (strcmp(name, "identity") == 0)
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
			session->span[session->spans++] = (struct span){
				item->function, item->address, item->registers, (enum role)item->role};
		}
		hole = 0;
	}
}

static inline const struct item *find(const struct assay_session *session, const char *channel)
{
	for (uint32_t i = 0; i < session->items; i++)
		if (strcmp(word_at(session, session->item[i].channel), channel) == 0)
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
		const char *const from[] = {
			word_at(session, item->decimals_from), word_at(session, item->fault_from)};

		if (item->registers == 0 || item->registers > most_of(session, item->function) ||
			item->address + item->registers > 65536)
			return "an item has no registers (count), more than are read at once, or ends beyond "
			       "65535";
		if ((item->function <= 2) != (item->type == BIT && item->bit == 0 && item->function <= 2) &&
			item->type != HOLE)
			return "functions 1 and 2 read bits, and nothing else";
		if (item->role == VALUE && item->type == TEXT)
			return "text is read for identity only";
		if (item->role == VALUE && item->type != HOLE && !*word_at(session, item->channel))
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
			item->conversion = (uint16_t)setting->row;
			session->conversion[setting->row].scale.coefficient = 1;
		}
		return set_item(session, item, setting->name, setting->value);
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
