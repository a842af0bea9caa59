/* SPDX-License-Identifier: Apache-2.0
 * Batches played through a real recorder: what the tests of the laboratory share. Moisture by GB 5009.3; the figures behind
 * the masses were worked out with Python's fractions, X = (m1-m2)/(m1-m3)*100, mean of the two, GB/T 8170. */
#ifndef TESTS_UNIT_LAB_PLAY_H
#define TESTS_UNIT_LAB_PLAY_H

#include "tests/unit/recorder_play.h"

#define STABLE ASSAY_FLAG_STABLE

struct masses {
	const char *m3[2], *m1[2], *m2[2][3]; /* the third m2 is within 2 mg of the second */
};

/* 376491275/69209846 = 5.43985...; the two differ by 0.785 % of the mean */
static const struct masses __attribute__((unused)) below = {{"20.1127", "21.7046"}, {"23.1486", "24.8962"},
	{{"22.9873", "22.9849", "22.9841"}, {"24.7266", "24.7227", "24.7219"}}};
/* 249818775/29529269 = 8.46003... */
static const struct masses __attribute__((unused)) above = {{"19.8834", "20.5512"}, {"22.9210", "23.6620"},
	{{"22.6691", "22.6664", "22.6658"}, {"23.4012", "23.3979", "23.3970"}}};

static inline json_t *new_request(const char *lot)
{
	return json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:[s]}", "cmd", "batch.new", "product",
		"puffed-snack", "name", "香米锅巴", "producer", "禾香食品", "lot", lot, "produced",
		"2026-11-20", "amount", "500 g", "origin", "sent-in", "tests", "moisture");
}

static inline void begin(struct play *play)
{
	struct assay_message head;

	play_start(play, ASSAY_MSG_READY, NULL);
	play_add_host(play);
	assert_true(play_await(play->host, ASSAY_MSG_HELLO, &head, NULL, PLAY_WAIT_MS));
}

static inline void end(struct play *play)
{
	assert_int_equal(play_stop(play), 0);
	play_host_dies(play);
	play_remove(play);
}

static inline void register_batch(struct play *play, const char *lot, char batch[64])
{
	struct assay_error err;
	json_t *answer = play_call(play, new_request(lot), &err);

	assert_non_null(answer);
	(void)snprintf(batch, 64, "%s", play_text(json_object_get(answer, "batch"), "batch"));
	assert_string_equal(play_text(json_object_get(answer, "batch"), "status"), "to-test");
	assert_string_equal(play_text(json_object_get(answer, "batch"), "verdict"), "");
	json_decref(answer);
}

static inline json_t *arm_request(const char *batch, const char *slot, int replicate)
{
	char test[72];

	(void)snprintf(test, sizeof test, "%s.1", batch);
	return json_pack("{s:s,s:s,s:s,s:i,s:s}", "cmd", "test.fill", "test", test, "slot", slot, "replicate",
		replicate, "instrument", "balance-1");
}

static inline void arm(struct play *play, const char *batch, const char *slot, int replicate)
{
	struct assay_error err;
	json_t *answer = play_call(play, arm_request(batch, slot, replicate), &err);

	assert_non_null(answer);
	json_decref(answer);
}

static inline void weigh(
	struct play *play, const char *batch, const char *slot, int replicate, const char *value)
{
	arm(play, batch, slot, replicate);
	play_print(play, value, "g", STABLE);
}

static inline json_t *show(struct play *play, const char *batch)
{
	struct assay_error err;
	json_t *answer = play_call(play, json_pack("{s:s,s:s}", "cmd", "batch.show", "batch", batch), &err),
	       *shown;

	assert_non_null(answer);
	shown = json_incref(json_object_get(answer, "batch"));
	json_decref(answer);
	return shown;
}

/* The last row of a slot. */
static inline json_t *slot_of(const json_t *batch, const char *slot, int replicate)
{
	json_t *row, *found = NULL;
	size_t index;

	json_array_foreach(
		json_object_get(json_array_get(json_object_get(batch, "tests"), 0), "slots"), index, row)
	{
		if (strcmp(play_text(row, "slot"), slot) == 0 &&
			json_integer_value(json_object_get(row, "replicate")) == replicate)
			found = row;
	}
	return found;
}

static inline void assert_slot(struct play *play, const char *batch, const char *slot, int replicate,
	const char *status, const char *reason)
{
	json_t *shown = show(play, batch);

	assert_string_equal(play_text(slot_of(shown, slot, replicate), "status"), status);
	assert_string_equal(play_text(slot_of(shown, slot, replicate), "reason"), reason);
	json_decref(shown);
}

/* All weighings; oven NULL: it says nothing. */
static inline void play_test(
	struct play *play, const char *batch, const struct masses *masses, const char *oven)
{
	for (int i = 0; i < 2; i++) {
		weigh(play, batch, "m3", i + 1, masses->m3[i]);
		weigh(play, batch, "m1", i + 1, masses->m1[i]);
	}
	for (int round = 0; round < 3; round++)
		for (int i = 0; i < 2; i++) {
			if (oven)
				play_oven(play, oven);
			/* The first replicate's second and third differ by 0.8 mg, the second's too. */
			weigh(play, batch, "m2", i + 1, masses->m2[i][round]);
		}
}

static inline void assert_verdict(struct play *play, const char *batch, const char *verdict,
	const char *reason, const char *status, const char *value)
{
	json_t *shown = show(play, batch), *result;

	result = json_object_get(json_array_get(json_object_get(shown, "tests"), 0), "result");
	assert_string_equal(play_text(shown, "verdict"), verdict);
	assert_string_equal(play_text(shown, "status"), status);
	assert_string_equal(play_text(result, "value"), value);
	assert_string_equal(play_text(json_object_get(result, "verdict"), "verdict"), verdict);
	assert_int_equal(json_array_size(json_object_get(shown, "reasons")), *reason ? 1 : 0);
	if (*reason)
		assert_string_equal(
			json_string_value(json_array_get(json_object_get(shown, "reasons"), 0)), reason);
	assert_string_equal(json_string_value(json_array_get(
				    json_object_get(json_object_get(shown, "scope"), "tests"), 0)),
		"moisture");
	json_decref(shown);
}

static inline void assert_refused(struct play *play, json_t *request, const char *code)
{
	struct assay_error err = {.code = ""};

	assert_null(play_call(play, request, &err));
	assert_string_equal(err.code, code);
	assert_true(err.text_zh[0] && err.text_en[0]);
}

static inline void granted(struct play *play, json_t *request)
{
	struct assay_error err;
	json_t *answer = play_call(play, request, &err);

	if (!answer)
		fail_msg("%s: %s", err.code, err.text_en);
	json_decref(answer);
}

#endif
