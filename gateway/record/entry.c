/* SPDX-License-Identifier: Apache-2.0
 * The header of an entry and its leaf hash: CONTRACT of the journal, assay-journal.5. */
#include "gateway/record/journal.h"

#include "gateway/record/sha256.h"

#include <string.h>

static const char magic[4] = {'A', 'S', 'J', '1'};

const char *assay_entry_kind_name(unsigned kind)
{
	static const char *const names[] = {"?", "genesis", "start", "stop", "config", "spec", "driver",
		"line", "exchange", "batch", "test", "arm", "fill", "refused", "result", "verdict", "review",
		"clock", "fault", "seal", "key", "retention", [ASSAY_ENTRY_PERSON] = "person",
		[ASSAY_ENTRY_IDENTITY] = "identity", [ASSAY_ENTRY_PRODUCER] = "producer",
		[ASSAY_ENTRY_INSTRUMENT] = "instrument", [ASSAY_ENTRY_PROGRAMME] = "programme",
		[ASSAY_ENTRY_CARD] = "card", [ASSAY_ENTRY_CERTIFICATE] = "certificate",
		[ASSAY_ENTRY_PAPER] = "paper", [ASSAY_ENTRY_ALARM] = "alarm", [ASSAY_ENTRY_RACK] = "rack",
		[ASSAY_ENTRY_SLOT] = "slot", [ASSAY_ENTRY_CONTROL_MATERIAL] = "control-material",
		[ASSAY_ENTRY_CONTROL_RUN] = "control-run", [ASSAY_ENTRY_CONTROL_CHART] = "control-chart",
		[ASSAY_ENTRY_CONTROL_VERDICT] = "control-verdict", [ASSAY_ENTRY_HOLD] = "hold",
		[ASSAY_ENTRY_UNCERTAINTY] = "uncertainty", [ASSAY_ENTRY_PROFICIENCY] = "proficiency",
		[ASSAY_ENTRY_SPEC_SET] = "spec-set", [ASSAY_ENTRY_SPLIT] = "split"};

	return kind < sizeof names / sizeof *names && names[kind] ? names[kind] : "?";
}

static void put(uint8_t *out, uint64_t value, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		out[i] = (uint8_t)(value >> (8 * (bytes - 1 - i)));
}

static uint64_t get(const uint8_t *in, unsigned bytes)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < bytes; i++)
		value = value << 8 | in[i];
	return value;
}

void assay_entry_header(const struct assay_entry *entry, uint8_t out[ASSAY_HEADER_SIZE])
{
	memset(out, 0, ASSAY_HEADER_SIZE);
	memcpy(out, magic, sizeof magic);
	put(out + 4, entry->kind, 2);
	put(out + 6, entry->flags, 2);
	put(out + 8, entry->sequence, 8);
	put(out + 16, (uint64_t)entry->wall_ns, 8);
	put(out + 24, entry->mono_ns, 8);
	memcpy(out + 32, entry->boot, sizeof entry->boot);
	memcpy(out + 48, entry->line, strnlen(entry->line, 24));
	put(out + 72, entry->body_length, 4);
	put(out + 76, entry->raw_length, 4);
}

int assay_entry_parse_header(
	const uint8_t header[ASSAY_HEADER_SIZE], struct assay_entry *out, struct assay_error *err)
{
	if (memcmp(header, magic, sizeof magic) != 0)
		return assay_error_set(err, ASSAY_EDAMAGED, "journal-damaged", "条目头不是 ASJ1 格式",
			"the entry's header does not begin with ASJ1");
	memset(out, 0, sizeof *out);
	out->kind = (uint16_t)get(header + 4, 2);
	out->flags = (uint16_t)get(header + 6, 2);
	out->sequence = get(header + 8, 8);
	out->wall_ns = (int64_t)get(header + 16, 8);
	out->mono_ns = get(header + 24, 8);
	memcpy(out->boot, header + 32, sizeof out->boot);
	memcpy(out->line, header + 48, 24);
	out->body_length = get(header + 72, 4);
	out->raw_length = get(header + 76, 4);
	return ASSAY_OK;
}

void assay_entry_leaf(const struct assay_entry *entry, uint8_t out[ASSAY_HASH_SIZE])
{
	uint8_t header[ASSAY_HEADER_SIZE];

	assay_entry_header(entry, header);
	assay_entry_leaf_of(header, entry, out);
}

void assay_entry_leaf_of(const uint8_t header[ASSAY_HEADER_SIZE], const struct assay_entry *entry,
	uint8_t out[ASSAY_HASH_SIZE])
{
	uint8_t input[1 + ASSAY_HEADER_SIZE + 2 * ASSAY_HASH_SIZE];

	input[0] = 0x00;
	memcpy(input + 1, header, ASSAY_HEADER_SIZE);
	assay_sha256(entry->body, entry->body_length, input + 1 + ASSAY_HEADER_SIZE);
	assay_sha256(entry->raw, entry->raw_length, input + 1 + ASSAY_HEADER_SIZE + ASSAY_HASH_SIZE);
	assay_sha256(input, sizeof input, out);
}
