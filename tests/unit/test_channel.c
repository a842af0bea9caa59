/* SPDX-License-Identifier: Apache-2.0
 * Messages between hosts and the recorder: several in a packet, and the payload of an END. Expected: what was put in, and
 * for the bytes of an END the layout written down by hand from end_message.h and the LEB128 numbers of DWARF (7.6). */
#include "gateway/wire/channel_packet.h"
#include "gateway/wire/end_message.h"
#include "gateway/wire/outbox.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct assay_channel_packet out, in;

static void open_pair(int pair[2])
{
	struct assay_error err;

	assert_int_equal(assay_channel_pair(pair, &err), ASSAY_OK);
}

static void close_pair(const int pair[2])
{
	(void)close(pair[0]);
	(void)close(pair[1]);
}

static void test_packet(void **state)
{
	static uint8_t bytes[ASSAY_CHANNEL_PAYLOAD_MAX];
	const struct assay_message *head;
	const void *payload;
	int pair[2];

	(void)state;
	open_pair(pair);
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)(i * 7 + i / 251);
	for (uint32_t length = 0; length < 300; length++) {
		struct assay_message told = {
			.type = ASSAY_MSG_EVENT, .line = 7, .length = length, .id = 1000 + length};

		if (assay_channel_add(&out, &told, bytes + length))
			continue;
		fail_msg("no room for %u", length);
	}
	assert_int_equal(assay_channel_send_packet(pair[0], &out), ASSAY_OK);
	assert_int_equal(assay_channel_receive_packet(pair[1], &in), 1);
	for (uint32_t length = 0; length < 300; length++) {
		head = assay_channel_next(&in, &payload);
		assert_non_null(head);
		assert_true(head->line == 7 && head->length == length && head->id == 1000 + length);
		assert_memory_equal(payload, bytes + length, length);
		assert_true((uintptr_t)head % _Alignof(struct assay_message) == 0);
	}
	assert_null(assay_channel_next(&in, &payload));
	assert_int_equal(assay_channel_receive_packet(pair[1], &in), 0);
	/* the longest message fills a packet; nothing goes with it */
	assert_true(assay_channel_add(&out,
		&(struct assay_message){.type = ASSAY_MSG_END, .length = ASSAY_CHANNEL_PAYLOAD_MAX}, bytes));
	assert_false(assay_channel_add(&out, &(struct assay_message){.type = ASSAY_MSG_END}, NULL));
	assert_int_equal(assay_channel_send_packet(pair[0], &out), ASSAY_OK);
	assert_int_equal(assay_channel_receive_packet(pair[1], &in), 1);
	head = assay_channel_next(&in, &payload);
	assert_true(head && head->length == ASSAY_CHANNEL_PAYLOAD_MAX);
	assert_memory_equal(payload, bytes, sizeof bytes);
	assert_null(assay_channel_next(&in, &payload));
	/* a message sent by itself reads the same */
	assert_int_equal(
		assay_channel_send(pair[0], &(struct assay_message){.type = ASSAY_MSG_END}, "abc", 3, -1),
		ASSAY_OK);
	assert_int_equal(assay_channel_receive_packet(pair[1], &in), 1);
	head = assay_channel_next(&in, &payload);
	assert_true(head && head->length == 3 && memcmp(payload, "abc", 3) == 0);
	assert_null(assay_channel_next(&in, &payload));
	(void)close(pair[0]);
	assert_int_equal(assay_channel_receive_packet(pair[1], &in), ASSAY_EGONE);
	(void)close(pair[1]);
}

/* Hosts run driver code: whatever they send, a message lies inside its packet. */
static void test_packet_of_nonsense(void **state)
{
	const void *payload;
	const struct assay_message *head;
	struct assay_message told = {.type = ASSAY_MSG_EVENT, .length = 5, .id = 1};
	size_t whole;

	(void)state;
	memset(&out, 0, sizeof out);
	for (unsigned i = 0; i < 3; i++)
		assert_true(assay_channel_add(&out, &told, "12345"));
	whole = out.length;
	for (size_t cut = 0; cut <= whole; cut++) {
		unsigned found = 0;

		memcpy(in.bytes, out.bytes, cut);
		in.length = cut;
		in.at = 0;
		while ((head = assay_channel_next(&in, &payload)) != NULL) {
			assert_true((const uint8_t *)payload + head->length <= in.bytes + cut);
			found++;
		}
		assert_int_equal(found, cut >= 48 + 48 + 45 ? 3 : cut >= 48 + 45 ? 2 : cut >= 45 ? 1 : 0);
	}
	for (size_t at = 0; at < whole; at++) {
		memcpy(&in, &out, sizeof in);
		in.at = 0;
		in.bytes[at] ^= 0xff;
		while ((head = assay_channel_next(&in, &payload)) != NULL)
			assert_true((const uint8_t *)payload + head->length <= in.bytes + whole);
	}
}

static const struct assay_end small = {.instrument = 2,
	.outcome = ASSAY_OUTCOME_OK,
	.solicited = 1,
	.usable = 1,
	.want = 2,
	.readings = 1,
	.set_aside = 300,
	.serial = "B1"};
static const struct assay_end_reading weight = {.channel = "w",
	.value = "-20.5",
	.unit = "g",
	.flags = 1,
	.value_at = 129,
	.value_length = 5,
	.frame_length = UINT32_MAX,
	.asked = 1};

static void test_end_bytes(void **state)
{
	static const uint8_t expected[] = {2, 1, 1, 1, 2, 0xac, 0x02, 1, 2, 'B', '1', 0, 0, /* end */
		1, 'w', 5, '-', '2', '0', '.', '5', 1, 'g', 0, 0, /* texts */
		1, 0, 0x81, 0x01, 5, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0x0f, 1};
	static uint8_t bytes[ASSAY_CHANNEL_PAYLOAD_MAX];

	(void)state;
	assert_int_equal(assay_end_write(&small, &weight, bytes), sizeof expected);
	assert_memory_equal(bytes, expected, sizeof expected);
}

static void test_end_comes_back(void **state)
{
	static struct assay_end_reading rows[ASSAY_END_READINGS_MAX], again[ASSAY_END_READINGS_MAX];
	static uint8_t bytes[ASSAY_CHANNEL_PAYLOAD_MAX];
	struct assay_end end = small, back;
	size_t length;

	(void)state;
	end.readings = ASSAY_END_READINGS_MAX;
	memset(end.detail, 'd', sizeof end.detail - 1);
	for (uint32_t i = 0; i < ASSAY_END_READINGS_MAX; i++) { /* the most there can be */
		struct assay_end_reading *row = &rows[i];

		memset(row->channel, 'c', sizeof row->channel - 1);
		memset(row->value, 'v', sizeof row->value - 1);
		memset(row->unit, 'u', sizeof row->unit - 1);
		memset(row->sample, 's', sizeof row->sample - 1);
		memset(row->detail, 'd', sizeof row->detail - 1);
		row->flags = row->reason = row->value_at = row->value_length = row->unit_at =
			row->unit_length = row->frame_at = row->frame_length = row->asked = UINT32_MAX - i;
	}
	length = assay_end_write(&end, rows, bytes);
	assert_true(length < sizeof bytes);
	memset(&back, 0, sizeof back);
	assert_int_equal(assay_end_read(bytes, length, &back, again), ASSAY_OK);
	assert_memory_equal(&back, &end, sizeof end);
	assert_memory_equal(again, rows, sizeof rows);
	for (size_t cut = 0; cut < length; cut += cut < 500 ? 1 : 97)
		assert_int_equal(assay_end_read(bytes, cut, &back, again), ASSAY_EREFUSED);
	assert_int_equal(assay_end_read(bytes, length + 1, &back, again), ASSAY_EREFUSED);
}

/* A name with a NUL inside, a text longer than its field, a number beyond 32 bits, too many readings: refused whole. */
static void test_end_of_nonsense(void **state)
{
	static struct assay_end_reading again[ASSAY_END_READINGS_MAX];
	static uint8_t bytes[ASSAY_CHANNEL_PAYLOAD_MAX];
	size_t length = assay_end_write(&small, &weight, bytes);
	struct assay_end back;

	(void)state;
	bytes[14] = '\0';
	assert_int_equal(assay_end_read(bytes, length, &back, again), ASSAY_EREFUSED);
	bytes[14] = 'w';
	bytes[15] = 48; /* the value's field holds 47 */
	assert_int_equal(assay_end_read(bytes, length, &back, again), ASSAY_EREFUSED);
	bytes[15] = 5;
	bytes[length - 2] = 0x1f;
	assert_int_equal(assay_end_read(bytes, length, &back, again), ASSAY_EREFUSED);
	bytes[length - 2] = 0x0f;
	bytes[4] = 0; /* asked for, by no request there is: the journal would tell it as come by itself */
	assert_int_equal(assay_end_read(bytes, length, &back, again), ASSAY_EREFUSED);
	bytes[4] = 4;
	assert_int_equal(assay_end_read(bytes, length, &back, again), ASSAY_EREFUSED);
	bytes[4] = 2;
	assert_int_equal(assay_end_read(bytes, length, &back, again), ASSAY_OK);
	bytes[7] = ASSAY_END_READINGS_MAX + 1 - 128 + 0x80; /* 151 = 0x97 0x01 */
	assert_int_equal(assay_end_read(bytes, length, &back, again), ASSAY_EREFUSED);
	for (unsigned byte = 0; byte < 256; byte++)
		for (size_t at = 0; at < length; at++) {
			(void)assay_end_write(&small, &weight, bytes);
			bytes[at] = (uint8_t)byte;
			if (assay_end_read(bytes, length, &back, again) == ASSAY_OK)
				assert_true(back.readings <= ASSAY_END_READINGS_MAX);
		}
}

static void put(struct assay_outbox *box, int fd, uint16_t line, uint64_t id)
{
	struct assay_message head = {.type = ASSAY_MSG_EVENT, .line = line, .id = id};

	assert_int_equal(assay_outbox_put(box, fd, &head, "abcdefg", 7, false), ASSAY_OK);
}

static unsigned take(int fd, uint16_t line, uint64_t first)
{
	const struct assay_message *head;
	const void *payload;
	unsigned count = 0;

	while (assay_channel_receive_packet(fd, &in) == 1)
		while ((head = assay_channel_next(&in, &payload)) != NULL) {
			if (head->line != line)
				continue;
			assert_int_equal(head->id, first + count);
			assert_memory_equal(payload, "abcdefg", 7);
			count++;
		}
	return count;
}

/* In order, once; again after a HELLO from where it says; only what is committed is let go of. */
static void test_outbox(void **state)
{
	static struct assay_outbox box;
	int pair[2];

	(void)state;
	open_pair(pair);
	for (uint64_t id = 1; id <= 5000; id++)
		for (uint16_t line = 3; line < 5; line++)
			put(&box, pair[0], line, id);
	assert_int_equal(assay_outbox_flush(&box, pair[0]), ASSAY_OK);
	assert_int_equal(take(pair[1], 3, 1) + take(pair[1], 4, 1), 0); /* nobody has said HELLO */
	assay_outbox_again(&box, 3, 0);
	for (uint64_t next = 1; next <= 5000;) { /* more than the channel takes at once */
		unsigned got;

		assert_int_equal(assay_outbox_flush(&box, pair[0]), ASSAY_OK);
		got = take(pair[1], 3, next);
		assert_true(got > 0);
		next += got;
	}
	assert_false(box.blocked);
	assay_outbox_again(&box, 4, 4990);
	assay_outbox_committed(&box, 3, 4000);
	assay_outbox_sweep(&box);
	assert_int_equal(box.bytes, (1000 + 10) * (sizeof(struct assay_outbox_item) + 7));
	assert_int_equal(assay_outbox_flush(&box, pair[0]), ASSAY_OK);
	assert_int_equal(take(pair[1], 4, 4991), 10);
	assay_outbox_hold(&box);
	assay_outbox_again(&box, 3, 4998);
	assert_int_equal(assay_outbox_flush(&box, pair[0]), ASSAY_OK);
	assert_int_equal(take(pair[1], 3, 4999), 2);
	assay_outbox_free(&box);
	close_pair(pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_packet),
		cmocka_unit_test(test_packet_of_nonsense),
		cmocka_unit_test(test_end_bytes),
		cmocka_unit_test(test_end_comes_back),
		cmocka_unit_test(test_end_of_nonsense),
		cmocka_unit_test(test_outbox),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
