/* SPDX-License-Identifier: Apache-2.0
 * One driver under the fuzzer, compiled in. Whatever the bytes: no crash, readings that keep the contract, and the same
 * ones whether the bytes come whole or in pieces. */
#ifndef ASSAY_TESTS_FUZZ_DRIVER_TARGET_H
#define ASSAY_TESTS_FUZZ_DRIVER_TARGET_H

#include "gateway/wire/reading_words.h"
#include "gateway/wire/replay.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* FNV-1a over everything that was told. */
static uint64_t mix(uint64_t hash, const void *bytes, size_t length)
{
	const uint8_t *at = bytes;

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ at[i]) * 1099511628211u;
	return hash;
}

static uint64_t mix_text(uint64_t hash, const char *text)
{
	return text ? mix(hash, text, strlen(text) + 1) : mix(hash, "\xff", 1);
}

static int receive(void *context, const struct assay_replay_result *result)
{
	uint64_t *hash = context;

	if (result->kind == ASSAY_REPLAY_READING) {
		if (!assay_reading_holds(result->reading))
			abort();
		*hash = mix_text(mix_text(*hash, result->reading->channel), result->reading->value);
		*hash = mix(*hash, &result->reading->flags, sizeof result->reading->flags);
	} else if (result->kind == ASSAY_REPLAY_REPLY) {
		*hash = mix(*hash, result->reply, result->reply_length);
	} else if (result->kind == ASSAY_REPLAY_REASON && result->detail &&
		   strcmp(result->detail, "the driver broke its contract") == 0) {
		abort();
	}
	*hash = mix(*hash, &result->reason, sizeof result->reason);
	return 0;
}

static uint64_t run(const struct assay_driver *driver, const struct assay_setting *settings, size_t count,
	const uint8_t *data, size_t size, unsigned seed)
{
	struct assay_plugin plugin = {.driver = *driver};
	struct assay_replay *replay = NULL;
	struct assay_error err;
	uint64_t hash = 1469598103934665603u;
	unsigned pieces = seed;
	size_t at = 1;

	if (assay_replay_open(&plugin, settings, count, receive, &hash, &replay, &err) != ASSAY_OK)
		abort();
	(void)assay_replay_ask(replay, data[0] % 3 + 1, data[0] / 3 % 4);
	if (driver->link == ASSAY_LINK_MODBUS) {
		(void)!assay_replay_pdu(replay, data + 1, size - 1);
		assay_replay_close(replay);
		return hash;
	}
	while (at < size) {
		size_t piece = seed ? 1 + (size_t)rand_r(&pieces) % 9 : size - at;

		if (piece > size - at)
			piece = size - at;
		if (assay_replay_feed(replay, data + at, piece, ASSAY_EVENT_BYTES) < 0)
			break;
		at += piece;
	}
	(void)!assay_replay_end(replay);
	assay_replay_close(replay);
	return hash;
}

#define FUZZ_DRIVER(settings, count)                                                                         \
	int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)                                         \
	{                                                                                                    \
		if (size < 2 || size > 65536)                                                                \
			return 0;                                                                            \
		if (run(&assay_driver, settings, count, data, size, 0) !=                                    \
			run(&assay_driver, settings, count, data, size, data[1] + 1u))                       \
			abort();                                                                             \
		return 0;                                                                                    \
	}

#endif
