/* SPDX-License-Identifier: Apache-2.0
 * What an entry says about others: bytes come before what is made from them. */
#include "gateway/record/events.h"
#include "gateway/record/verify_segment.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_exchange(const struct verify *verify, uint64_t sequence)
{
	return sequence / 8 < verify->exchange_room &&
	       (verify->exchange_bits[sequence / 8] >> (sequence % 8) & 1) != 0;
}

static void mark_exchange(struct verify *verify, uint64_t sequence)
{
	if (sequence / 8 >= verify->exchange_room) {
		uint64_t room = (sequence / 8 + 1) * 2 + 4096;
		uint8_t *grown = realloc(verify->exchange_bits, room);

		verify->out_of_memory = verify->out_of_memory || !grown;
		if (!grown)
			return;
		memset(grown + verify->exchange_room, 0, room - verify->exchange_room);
		verify->exchange_bits = grown;
		verify->exchange_room = room;
	}
	verify->exchange_bits[sequence / 8] |= (uint8_t)(1u << (sequence % 8));
}

#define ENTRY_FOUND(verify, segment, entry, code, zh, en)                                                    \
	do {                                                                                                 \
		struct assay_error found_here;                                                               \
		(void)assay_error_set(&found_here, ASSAY_EDAMAGED, code,                                     \
			"台账第 %04u 段第 %" PRIu64 " 条：" zh,                                              \
			"journal segment %04u, entry %" PRIu64 ": " en, segment, (entry)->sequence);         \
		(void)verify_found(verify, segment, (entry)->sequence, &found_here);                         \
	} while (0)

static void check_events(struct verify *verify, unsigned segment, const struct assay_entry *entry)
{
	struct assay_event event;
	size_t at = 0;
	int got;

	do
		got = assay_event_next(entry->raw, entry->raw_length, &at, &event);
	while (got == 1);
	if (got < 0)
		ENTRY_FOUND(verify, segment, entry, "raw-unreadable", "原始字节不成事件",
			"its raw bytes are no series of events");
}

/* Members that name an exchange, at any depth: it must be an exchange, and older than what was made from it. */
static void check_references(
	struct verify *verify, unsigned segment, const struct assay_entry *entry, const json_t *value)
{
	const char *name;
	json_t *member;
	size_t index;

	if (json_is_array(value)) {
		json_array_foreach(value, index, member)
		{
			check_references(verify, segment, entry, member);
		}
		return;
	}
	if (!json_is_object(value))
		return;
	json_object_foreach((json_t *)(uintptr_t)value, name, member)
	{
		bool names = strcmp(name, "exchange") == 0 || strcmp(name, "exchange_seq") == 0;
		json_int_t sequence = names && json_is_integer(member) ? json_integer_value(member) : -1;

		check_references(verify, segment, entry, member);
		if (sequence < 0 || (uint64_t)sequence < verify->report->first)
			continue;
		if ((uint64_t)sequence >= entry->sequence || !is_exchange(verify, (uint64_t)sequence))
			ENTRY_FOUND(verify, segment, entry, "raw-missing", "引用的交换不存在，或比它晚",
				"the exchange it names does not exist or is younger than it");
	}
}

void verify_genesis(struct verify *verify, const struct assay_entry *entry)
{
	json_t *body = json_loadb(entry->body, entry->body_length, 0, NULL);
	const char *site = json_string_value(json_object_get(body, "site"));

	(void)snprintf(verify->site, sizeof verify->site, "%s", site ? site : "");
	json_decref(body);
}

void verify_entry(struct verify *verify, unsigned segment, const struct assay_entry *entry)
{
	json_t *body;

	switch (entry->kind) {
	case ASSAY_ENTRY_EXCHANGE:
		mark_exchange(verify, entry->sequence);
		if (entry->raw_length)
			check_events(verify, segment, entry);
		break;
	case ASSAY_ENTRY_KEY:
		verify_key_entry(verify, segment, entry);
		break;
	case ASSAY_ENTRY_RETENTION:
		verify_gone_entry(verify, entry);
		break;
	case ASSAY_ENTRY_FILL:
	case ASSAY_ENTRY_REFUSED:
	case ASSAY_ENTRY_RESULT:
	case ASSAY_ENTRY_VERDICT:
		body = json_loadb(entry->body, entry->body_length, 0, NULL);
		if (!json_is_object(body))
			ENTRY_FOUND(verify, segment, entry, "body-unreadable", "正文不是 JSON 对象",
				"its body is no JSON object");
		check_references(verify, segment, entry, body);
		json_decref(body);
		break;
	default:
		break;
	}
}
