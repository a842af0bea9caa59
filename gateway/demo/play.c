/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/demo/play.h"

#include "gateway/cli/client.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define REPLICATES 2
#define WEIGHINGS 3
#define PRINT_AGAIN_MS 500u /* and twice the pause, in which the display comes to rest */
#define PATIENCE_MS 60000u
#define LOOK_MS 20u
#define LOOK_SLOWLY_MS 200u

/* Masses in 0.1 mg, as a balance would show them. X = (m1-m2)/(m1-m3)*100, the smaller of the last two m2. */
static const struct plan {
	const char *lot, *name, *producer;
	long dish[REPLICATES], wet[REPLICATES], dried[REPLICATES][WEIGHINGS];
	long oven; /* 0.1 degC */
} plans[] = {
	{"20261120-A", "香米锅巴", "禾香食品", {201127, 217046}, {231486, 248962},
		{{229873, 229849, 229841}, {247266, 247227, 247219}}, 1030}, /* about 5.44: below 7 */
	{"20261121-B", "玉米脆片", "禾香食品", {198834, 205512}, {229210, 236620},
		{{226691, 226664, 226658}, {234012, 233979, 233970}}, 1030}, /* about 8.46: above 7 */
	{"20261121-C", "虾味条", "蒸味坊", {200415, 213307}, {230980, 244021},
		{{229398, 229369, 229360}, {242404, 242377, 242369}}, 920}, /* the oven is too cold */
};

static uint64_t now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void pause_for(unsigned ms)
{
	struct timespec left = {ms / 1000, (long)(ms % 1000) * 1000000};

	while (nanosleep(&left, &left) != 0)
		;
}

/* A role may just be coming back: is it worth another try? */
static bool is_passing(int status)
{
	return status != ASSAY_OK && status != ASSAY_EREFUSED && status != ASSAY_ENOTFOUND;
}

/* A question, asked for a minute: it changes nothing, so it may be asked twice. request is consumed. */
static int ask(const struct assay_play *play, json_t *request, json_t **answer, struct assay_error *err)
{
	uint64_t until = now_ms() + PATIENCE_MS;
	int status;

	if (!request)
		return assay_error_set(err, ASSAY_ENOMEM, "out-of-memory", "内存不足", "out of memory");
	while (is_passing(status = assay_client_call(play->dir, request, answer, err)) && now_ms() < until)
		pause_for(100);
	json_decref(request);
	return status;
}

/* A change, told once: when no answer comes, nobody knows whether it was made, and the caller looks. */
static int tell(const struct assay_play *play, json_t *request, struct assay_error *err)
{
	json_t *answer = NULL;
	int status;

	if (!request)
		return assay_error_set(err, ASSAY_ENOMEM, "out-of-memory", "内存不足", "out of memory");
	status = assay_client_call(play->dir, request, &answer, err);
	json_decref(answer);
	json_decref(request);
	return status;
}

static int simulator_gone(struct assay_error *err)
{
	return assay_error_set(
		err, ASSAY_EGONE, "simulator", "一台模拟仪器已停止", "a simulated instrument has stopped");
}

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

/* id becomes "" when there is no batch of this plan. */
static int find_batch(
	const struct assay_play *play, const struct plan *plan, char id[64], struct assay_error *err)
{
	json_t *answer = NULL, *batch;
	size_t index;
	int status = ask(play, json_pack("{s:s}", "cmd", "batch.list"), &answer, err);

	id[0] = '\0';
	if (status != ASSAY_OK)
		return status;
	json_array_foreach(json_object_get(answer, "batches"), index, batch)
	{
		if (strcmp(text_of(batch, "lot"), plan->lot) == 0)
			(void)snprintf(id, 64, "%s", text_of(batch, "batch"));
	}
	json_decref(answer);
	return ASSAY_OK;
}

static int register_batch(
	const struct assay_play *play, const struct plan *plan, char id[64], struct assay_error *err)
{
	uint64_t until = now_ms() + PATIENCE_MS;
	char produced[11];
	int status = find_batch(play, plan, id, err);

	(void)snprintf(produced, sizeof produced, "%.4s-%.2s-%.2s", plan->lot, plan->lot + 4, plan->lot + 6);
	while (status == ASSAY_OK && !id[0]) {
		status = tell(play,
			json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:[s]}", "cmd", "batch.new", "product",
				"puffed-snack", "name", plan->name, "producer", plan->producer, "lot",
				plan->lot, "produced", produced, "amount", "500 g", "origin", "sent-in",
				"tests", "moisture"),
			err);
		if (is_passing(status) && now_ms() < until)
			pause_for(100);
		else if (status != ASSAY_OK)
			return status;
		status = find_batch(play, plan, id, err);
	}
	return status;
}

static int show_test(
	const struct assay_play *play, const char *test, json_t **answer, struct assay_error *err)
{
	return ask(play, json_pack("{s:s,s:s}", "cmd", "test.show", "test", test), answer, err);
}

static bool is_filled(const json_t *test, const char *slot, int replicate, int ordinal)
{
	const json_t *row;
	size_t index;

	json_array_foreach(json_object_get(test, "slots"), index, row)
	{
		if (strcmp(text_of(row, "slot"), slot) == 0 &&
			json_integer_value(json_object_get(row, "replicate")) == replicate &&
			json_integer_value(json_object_get(row, "ordinal")) == ordinal)
			return strcmp(text_of(row, "status"), "filled") == 0;
	}
	return false;
}

/* 1 filled, 0 not, negative */
static int look(const struct assay_play *play, const char *test, const char *slot, int replicate, int ordinal,
	struct assay_error *err)
{
	json_t *answer = NULL;
	int status = show_test(play, test, &answer, err);

	if (status != ASSAY_OK)
		return status;
	status = is_filled(json_object_get(answer, "test"), slot, replicate, ordinal);
	json_decref(answer);
	return status;
}

/* Arm the slot, then press the print key until its weighing has arrived. */
static int arm_and_print(const struct assay_play *play, const char *test, const char *slot, int replicate,
	int ordinal, struct assay_error *err)
{
	uint64_t until = now_ms() + PATIENCE_MS, again = 0;
	int status = 0;

	while (status == 0 && now_ms() < until) {
		if (now_ms() >= again) {
			int told = tell(play,
				json_pack("{s:s,s:s,s:s,s:i,s:s}", "cmd", "test.fill", "test", test, "slot",
					slot, "replicate", replicate, "instrument", "balance-1"),
				err);

			/* a print that took its time may have filled it since we looked */
			if (told != ASSAY_OK && !is_passing(told) && strcmp(err->code, "slot-filled") != 0)
				return told;
			pause_for(play->pause_ms);
			if (told == ASSAY_OK && assay_sim_tell(&play->balance, "print") != 0)
				return simulator_gone(err);
			again = now_ms() + (told == ASSAY_OK ? PRINT_AGAIN_MS + 2 * play->pause_ms : 100);
		}
		pause_for(play->pause_ms ? LOOK_SLOWLY_MS : LOOK_MS);
		status = look(play, test, slot, replicate, ordinal, err);
	}
	if (status != 0)
		return status < 0 ? status : ASSAY_OK;
	return assay_error_set(err, ASSAY_EIO, "demo-stuck", "%s 的格子 %s 一分钟内没有填上",
		"%s: slot %s was not filled within a minute", test, slot);
}

static int weigh(const struct assay_play *play, const char *test, const char *slot, int replicate,
	int ordinal, long mass, struct assay_error *err)
{
	int status = look(play, test, slot, replicate, ordinal, err);

	if (status != 0)
		return status < 0 ? status : ASSAY_OK;
	pause_for(play->pause_ms);
	if (assay_sim_tell(&play->balance, "mass %ld", mass) != 0)
		return simulator_gone(err);
	return arm_and_print(play, test, slot, replicate, ordinal, err);
}

static bool is_constant(const long *dried, int weighings)
{
	long apart = weighings >= 2 ? dried[weighings - 1] - dried[weighings - 2] : 1000;

	return apart <= 20 && apart >= -20; /* 2 mg */
}

static int play_test(
	const struct assay_play *play, const struct plan *plan, const char *test, struct assay_error *err)
{
	int status = ASSAY_OK;

	for (int i = 0; status == ASSAY_OK && i < REPLICATES; i++) {
		status = weigh(play, test, "m3", i + 1, 1, plan->dish[i], err);
		if (status == ASSAY_OK)
			status = weigh(play, test, "m1", i + 1, 1, plan->wet[i], err);
	}
	for (int round = 1; status == ASSAY_OK && round <= WEIGHINGS; round++) {
		bool dried = false;

		for (int i = 0; status == ASSAY_OK && i < REPLICATES; i++) {
			if (is_constant(plan->dried[i], round - 1))
				continue;
			status = look(play, test, "m2", i + 1, round, err);
			if (status == 0 && !dried) {
				pause_for(play->dry_ms);
				dried = true;
			}
			if (status >= 0)
				status =
					weigh(play, test, "m2", i + 1, round, plan->dried[i][round - 1], err);
		}
	}
	return status;
}

static int print_batch(const struct assay_play *play, const char *id, struct assay_error *err)
{
	json_t *answer = NULL, *batch, *test, *results = json_array(), *line;
	size_t index;
	int status = ask(play, json_pack("{s:s,s:s}", "cmd", "batch.show", "batch", id), &answer, err);

	if (status != ASSAY_OK) {
		json_decref(results);
		return status;
	}
	batch = json_object_get(answer, "batch");
	json_array_foreach(json_object_get(batch, "tests"), index, test)
	{
		json_t *result = json_object_get(test, "result");

		if (json_is_object(result))
			(void)json_array_append(results, result);
	}
	line = json_pack("{s:s,s:s,s:O,s:o,s:O}", "batch", id, "verdict", text_of(batch, "verdict"),
		"reasons", json_object_get(batch, "reasons"), "results", results, "scope",
		json_object_get(batch, "scope"));
	if (!line || json_dumpf(line, stdout, JSON_COMPACT) != 0 || putchar('\n') == EOF ||
		fflush(stdout) != 0)
		status = assay_error_set(
			err, ASSAY_EIO, "output", "标准输出写不进去", "standard output cannot be written");
	json_decref(line);
	json_decref(answer);
	return status;
}

/* The verdict may follow the last weighing by a moment. */
static int await_verdict(const struct assay_play *play, const char *id, struct assay_error *err)
{
	uint64_t until = now_ms() + PATIENCE_MS;

	while (now_ms() < until) {
		json_t *answer = NULL;
		int status =
			ask(play, json_pack("{s:s,s:s}", "cmd", "batch.show", "batch", id), &answer, err);
		bool done = status == ASSAY_OK && *text_of(json_object_get(answer, "batch"), "verdict");

		json_decref(answer);
		if (status != ASSAY_OK || done)
			return status;
		pause_for(50);
	}
	return assay_error_set(err, ASSAY_EIO, "demo-stuck", "批次 %s 一分钟内没有判定",
		"batch %s got no verdict within a minute", id);
}

int assay_play_morning(const struct assay_play *play, struct assay_error *err)
{
	int status = ASSAY_OK;

	for (size_t i = 0; status == ASSAY_OK && i < sizeof plans / sizeof *plans; i++) {
		char batch[64], test[72];

		status = register_batch(play, &plans[i], batch, err);
		if (status != ASSAY_OK)
			break;
		if (assay_sim_tell(&play->oven, "temperature %ld", plans[i].oven) != 0)
			return simulator_gone(err);
		(void)snprintf(test, sizeof test, "%s.1", batch);
		status = play_test(play, &plans[i], test, err);
		if (status == ASSAY_OK)
			status = await_verdict(play, batch, err);
		if (status == ASSAY_OK && play->json)
			status = print_batch(play, batch, err);
	}
	(void)assay_sim_tell(&play->oven, "temperature 1030");
	(void)assay_sim_tell(&play->balance, "mass 0");
	return status;
}
