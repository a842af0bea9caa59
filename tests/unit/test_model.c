/* SPDX-License-Identifier: Apache-2.0
 * Commands, readings and kills in random order, against a model of its own: who may get a number, and what a batch may
 * become. The model is what ARCHITECTURE.md and the pages promise, written down below without looking at how the
 * recorder does it: a filled slot never changes; a number goes only where it was waited for, only when it is stable and
 * in the slot's unit, and comes out as printed; an instrument is waited for by one slot; a void batch stays as it is; a
 * pass has all its slots. Again and again the state that grows from the journal beside the recorder is compared with
 * the recorder's own, table by table; and at the end one that is made anew.
 *
 * 600 steps (each a call, a reading or a kill); with ASSAY_FULL 10,000 in laboratories of 500, compared after each; or
 * $ASSAY_STEPS. The seed is $ASSAY_SEED or fixed. */
#include "tests/unit/recorder_play.h"

#include "gateway/record/compare.h"
#include "gateway/record/state.h"

#include <sqlite3.h>

#define BATCHES_MAX 512u
#define ROWS_MAX 8192u
#define COMPARE_EVERY 40u
#define LABORATORY_STEPS 500u

struct slot_row {
	char test[72], slot[16], status[16], value[48];
	int replicate, ordinal;
};

struct batch_row {
	char id[64], status[24], verdict[24];
};

struct snapshot {
	struct slot_row slot[ROWS_MAX];
	size_t slots;
	struct batch_row batch[BATCHES_MAX];
	size_t batches;
};

/* What the step did, as far as it may change something. */
struct step {
	bool good_print, entered, may_void, may_confirm;
	char test[72], slot[16], value[48];
	int replicate;
};

struct model {
	struct play play;
	struct snapshot before, now;
	struct assay_state *beside; /* grows from the journal */
	sqlite3 *live;
	char side[96];
	struct step step;
	bool waits; /* for the balance */
	char wait_test[72], wait_slot[16];
	int wait_replicate;
	unsigned accepted, refused, filled, confirmed, voided, compared, kills;
};

static unsigned pick(unsigned below)
{
	return (unsigned)rand() % below;
}

static void text(sqlite3_stmt *row, int column, char *out, size_t size)
{
	(void)snprintf(out, size, "%s", (const char *)sqlite3_column_text(row, column));
}

static void take_snapshot(struct model *model, struct snapshot *out)
{
	sqlite3_stmt *row;

	out->slots = out->batches = 0;
	assert_int_equal(sqlite3_prepare_v2(model->live,
				 "SELECT test, slot, replicate, ordinal, status, value FROM slot"
				 " ORDER BY test, slot, replicate, ordinal",
				 -1, &row, NULL),
		SQLITE_OK);
	while (sqlite3_step(row) == SQLITE_ROW) {
		struct slot_row *slot = &out->slot[out->slots++];

		assert_true(out->slots < ROWS_MAX);
		text(row, 0, slot->test, sizeof slot->test);
		text(row, 1, slot->slot, sizeof slot->slot);
		slot->replicate = sqlite3_column_int(row, 2);
		slot->ordinal = sqlite3_column_int(row, 3);
		text(row, 4, slot->status, sizeof slot->status);
		text(row, 5, slot->value, sizeof slot->value);
	}
	(void)sqlite3_finalize(row);
	assert_int_equal(sqlite3_prepare_v2(model->live, "SELECT id, status, verdict FROM batch ORDER BY seq",
				 -1, &row, NULL),
		SQLITE_OK);
	while (sqlite3_step(row) == SQLITE_ROW) {
		struct batch_row *batch = &out->batch[out->batches++];

		assert_true(out->batches < BATCHES_MAX);
		text(row, 0, batch->id, sizeof batch->id);
		text(row, 1, batch->status, sizeof batch->status);
		text(row, 2, batch->verdict, sizeof batch->verdict);
	}
	(void)sqlite3_finalize(row);
}

static bool is(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

/* The order of the snapshot's query. */
static int by_slot(const void *left, const void *right)
{
	const struct slot_row *a = left, *b = right;
	int order = strcmp(a->test, b->test);

	if (order == 0)
		order = strcmp(a->slot, b->slot);
	if (order == 0)
		order = a->replicate - b->replicate;
	return order ? order : a->ordinal - b->ordinal;
}

static const struct slot_row *same_slot(const struct snapshot *in, const struct slot_row *slot)
{
	return bsearch(slot, in->slot, in->slots, sizeof *in->slot, by_slot);
}

/* A slot that is filled now and was not: by this step, with this value, or the model is broken. */
static void check_filling(struct model *model, const struct slot_row *slot)
{
	const struct step *step = &model->step;

	assert_true(step->good_print || step->entered);
	assert_string_equal(slot->test, step->test);
	assert_string_equal(slot->slot, step->slot);
	assert_int_equal(slot->replicate, step->replicate);
	assert_string_equal(slot->value, step->value);
	model->filled++;
	if (model->waits && is(model->wait_test, slot->test) && is(model->wait_slot, slot->slot) &&
		model->wait_replicate == slot->replicate)
		model->waits = false;
}

static void check_slots(struct model *model)
{
	unsigned waiting = 0, filled = 0;

	for (size_t i = 0; i < model->before.slots; i++) {
		const struct slot_row *was = &model->before.slot[i], *slot = same_slot(&model->now, was);

		assert_non_null(slot); /* no slot goes away */
		if (is(was->status, "filled")) {
			assert_string_equal(slot->status, "filled");
			assert_string_equal(slot->value, was->value);
		}
	}
	for (size_t i = 0; i < model->now.slots; i++) {
		const struct slot_row *slot = &model->now.slot[i], *was = same_slot(&model->before, slot);

		waiting += is(slot->status, "armed") || is(slot->status, "refused");
		if (is(slot->status, "filled") && (!was || !is(was->status, "filled"))) {
			check_filling(model, slot);
			filled++;
		}
	}
	assert_true(waiting <= 1); /* the balance is the only instrument that is waited for */
	assert_true(filled <= 1);
	assert_int_equal(waiting, model->waits ? 1 : 0);
}

static bool may_become(const struct step *step, const char *from, const char *to)
{
	if (is(from, to))
		return true;
	if (is(to, "void"))
		return step->may_void && !is(from, "void");
	if (is(from, "to-test"))
		return is(to, "testing");
	if (is(from, "testing"))
		return (step->good_print || step->entered) &&
		       (is(to, "awaiting-review") || is(to, "awaiting-release"));
	return is(from, "awaiting-review") && is(to, "awaiting-release") && step->may_confirm;
}

static void check_batches(struct model *model)
{
	for (size_t i = 0; i < model->before.batches; i++) {
		const struct batch_row *was = &model->before.batch[i], *batch = &model->now.batch[i];

		assert_string_equal(was->id, batch->id);
		if (!may_become(&model->step, was->status, batch->status))
			fail_msg("%s: from %s to %s", batch->id, was->status, batch->status);
		if (is(was->status, "void"))
			assert_string_equal(was->verdict, batch->verdict);
	}
	for (size_t i = 0; i < model->now.batches; i++) {
		const struct batch_row *batch = &model->now.batch[i];

		for (size_t j = 0; is(batch->verdict, "pass") && j < model->now.slots; j++) {
			const struct slot_row *slot = &model->now.slot[j];

			if (strncmp(slot->test, batch->id, strlen(batch->id)) == 0)
				assert_string_equal(slot->status, "filled");
		}
		if (*batch->verdict)
			assert_true(is(batch->status, "awaiting-review") ||
				    is(batch->status, "awaiting-release") || is(batch->status, "void"));
	}
}

static void on_differs(void *context, const char *table, uint64_t only_a, uint64_t only_b)
{
	(void)context;
	fail_msg("table %s: %llu rows only in the recorder's state, %llu only in the one made again", table,
		(unsigned long long)only_a, (unsigned long long)only_b);
}

static void compare_states(struct model *model)
{
	char live[128], beside[128];
	struct assay_error err;
	unsigned tables = 0;

	if (!model->beside)
		assert_int_equal(assay_state_open(model->side, &model->beside, &err), ASSAY_OK);
	assert_int_equal(assay_state_catch_up(model->beside, model->side, &err), ASSAY_OK);
	(void)snprintf(live, sizeof live, "%s/state.db", model->play.dir);
	(void)snprintf(beside, sizeof beside, "%s/state.db", model->side);
	assert_int_equal(assay_compare_states(live, beside, on_differs, NULL, &tables, &err), ASSAY_OK);
	assert_true(tables > 10);
	model->compared++;
}

/* A state made of the whole journal at one go, with nothing of what was before. */
static void compare_rebuilt(struct model *model)
{
	char command[300];

	assay_state_close(model->beside);
	model->beside = NULL;
	(void)snprintf(command, sizeof command, "rm -f %s/state.db*", model->side);
	assert_int_equal(system(command), 0);
	compare_states(model);
}

/* request is consumed. Whether it was accepted must be as the model says; expected -1: either. */
static bool call(struct model *model, json_t *request, int expected)
{
	struct assay_error err = {.code = ""};
	char asked[300] = "";
	json_t *answer;
	char *dump = json_dumps(request, JSON_COMPACT);

	(void)snprintf(asked, sizeof asked, "%s", dump ? dump : "");
	free(dump);
	answer = play_call(&model->play, request, &err);
	if (expected >= 0 && (answer != NULL) != (expected == 1))
		fail_msg("%s was %s (%s)", asked, answer ? "accepted" : "refused", err.code);
	model->accepted += answer != NULL;
	model->refused += answer == NULL;
	json_decref(answer);
	return answer != NULL;
}

static void begin(struct model *model)
{
	struct assay_message head;
	char path[128];

	play_start(&model->play, ASSAY_MSG_READY, NULL);
	play_add_host(&model->play);
	assert_true(play_await(model->play.host, ASSAY_MSG_HELLO, &head, NULL, PLAY_WAIT_MS));
	(void)snprintf(path, sizeof path, "%s/state.db", model->play.dir);
	if (!model->live)
		assert_int_equal(sqlite3_open_v2(path, &model->live, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
}

static bool is_open(const struct batch_row *batch)
{
	return is(batch->status, "to-test") || is(batch->status, "testing");
}

/* Mostly the first that is not done, so that some come to their end. */
static const struct batch_row *any_batch(const struct model *model)
{
	size_t count = model->before.batches;

	for (size_t i = 0; pick(8) && i < count; i++)
		if (is_open(&model->before.batch[i]))
			return &model->before.batch[i];
	return count ? &model->before.batch[pick((unsigned)count)] : NULL;
}

static const struct slot_row *last_row(
	const struct model *model, const char *test, const char *slot, int replicate)
{
	const struct slot_row *found = NULL;

	for (size_t i = 0; i < model->before.slots; i++) {
		const struct slot_row *row = &model->before.slot[i];

		if (is(row->test, test) && is(row->slot, slot) && row->replicate == replicate)
			found = row;
	}
	return found;
}

static const char *const slot_names[] = {"m3", "m1", "m2"};

/* Mostly what a technician would do next: a slot of this test that is not filled. */
static void choose_slot(const struct model *model, const char *test, const char **slot, int *replicate)
{
	*slot = slot_names[pick(3)];
	*replicate = 1 + (int)pick(2);
	for (size_t i = 0; pick(5) && i < model->before.slots; i++) {
		const struct slot_row *row = &model->before.slot[i];

		if (!is(row->test, test) || is(row->status, "filled"))
			continue;
		*slot = row->slot;
		*replicate = row->replicate;
		return;
	}
}

/* Mostly a mass that suits the slot: sample and dish as in tests/unit/test_lab.c, dried twice within 2 mg. */
static const char *choose_mass(const char *slot, int replicate)
{
	static const char *const any[] = {"20.1127", "21.7046", "23.1486", "24.8962", "22.9849", "22.9841"};
	static const char *const dried[2][2] = {{"22.9849", "22.9841"}, {"24.7227", "24.7219"}};

	if (pick(8) == 0)
		return any[pick(6)];
	if (is(slot, "m3"))
		return replicate == 1 ? "20.1127" : "21.7046";
	if (is(slot, "m1"))
		return replicate == 1 ? "23.1486" : "24.8962";
	return dried[replicate == 1 ? 0 : 1][pick(2)];
}

static void do_new(struct model *model)
{
	char lot[16];

	if (model->before.batches + 2 >= BATCHES_MAX)
		return;
	(void)snprintf(lot, sizeof lot, "L%u", model->accepted);
	(void)call(model,
		json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:[s]}", "cmd", "batch.new", "product",
			"puffed-snack", "name", "锅巴", "producer", "禾香", "lot", lot, "produced",
			"2026-11-20", "amount", "500 g", "origin", "sent-in", "tests", "moisture"),
		1);
}

static void do_arm(struct model *model)
{
	const struct batch_row *batch = any_batch(model);
	const struct slot_row *row;
	const char *slot;
	char test[72];
	bool expected;
	int replicate;

	if (!batch)
		return;
	(void)snprintf(test, sizeof test, "%s.1", batch->id);
	choose_slot(model, test, &slot, &replicate);
	row = last_row(model, test, slot, replicate);
	expected = is_open(batch) && row && !is(row->status, "filled") &&
		   (!model->waits || is(model->wait_test, test));
	if (!call(model,
		    json_pack("{s:s,s:s,s:s,s:i,s:s}", "cmd", "test.fill", "test", test, "slot", slot,
			    "replicate", replicate, "instrument", "balance-1"),
		    expected))
		return;
	model->waits = true;
	(void)snprintf(model->wait_test, sizeof model->wait_test, "%s", test);
	(void)snprintf(model->wait_slot, sizeof model->wait_slot, "%s", slot);
	model->wait_replicate = replicate;
}

static void do_disarm(struct model *model)
{
	const struct batch_row *batch = any_batch(model);
	char test[72];

	if (!batch)
		return;
	(void)snprintf(test, sizeof test, "%s.1", batch->id);
	if (call(model, json_pack("{s:s,s:s}", "cmd", "test.disarm", "test", test), -1) &&
		is(model->wait_test, test))
		model->waits = false;
}

static void do_enter(struct model *model)
{
	static const char *const values[] = {"20.1127", "23.1486", "22.9841", "-1", "20,1", "1e3", ""};
	const struct batch_row *batch = any_batch(model);
	const char *slot = slot_names[pick(3)], *value = values[pick(7)];
	int replicate = 1 + (int)pick(2);
	char test[72];

	if (!batch)
		return;
	(void)snprintf(test, sizeof test, "%s.1", batch->id);
	model->step = (struct step){.entered = true, .replicate = replicate};
	(void)snprintf(model->step.test, sizeof model->step.test, "%s", test);
	(void)snprintf(model->step.slot, sizeof model->step.slot, "%s", slot);
	(void)snprintf(model->step.value, sizeof model->step.value, "%s", value);
	/* What is no plain number is refused; so is everything that may not be filled. */
	(void)call(model,
		json_pack("{s:s,s:s,s:s,s:i,s:s,s:s}", "cmd", "test.enter", "test", test, "slot", slot,
			"replicate", replicate, "value", value, "reason", "display read by eye"),
		!is_open(batch) || strpbrk(value, ",e") || !*value ? 0 : -1);
}

static void do_print(struct model *model)
{
	const char *value = choose_mass(model->wait_slot, model->wait_replicate),
		   *unit = pick(8) ? "g" : "mg";
	bool stable = pick(6) != 0, over = pick(12) == 0;

	if (over)
		value = "";
	model->step = (struct step){.good_print = model->waits && stable && !over && is(unit, "g"),
		.replicate = model->wait_replicate};
	(void)snprintf(model->step.test, sizeof model->step.test, "%s", model->wait_test);
	(void)snprintf(model->step.slot, sizeof model->step.slot, "%s", model->wait_slot);
	(void)snprintf(model->step.value, sizeof model->step.value, "%s", value);
	play_print(
		&model->play, value, unit, (stable ? ASSAY_FLAG_STABLE : 0) | (over ? ASSAY_FLAG_OVER : 0));
	model->accepted++;
}

static void do_void(struct model *model)
{
	const struct batch_row *batch = any_batch(model);

	if (!batch)
		return;
	model->step.may_void = true;
	if (!call(model,
		    json_pack("{s:s,s:s,s:s}", "cmd", "batch.void", "batch", batch->id, "reason",
			    "wrong sample"),
		    is(batch->status, "void") ? 0 : -1))
		return;
	model->voided++;
	if (strncmp(model->wait_test, batch->id, strlen(batch->id)) == 0)
		model->waits = false;
}

static void do_confirm(struct model *model)
{
	const struct batch_row *batch = any_batch(model);

	if (!batch)
		return;
	model->step.may_confirm = true;
	model->confirmed += call(model,
		json_pack("{s:s,s:s,s:s}", "cmd", "batch.confirm", "batch", batch->id, "reason", "seen"),
		is(batch->status, "awaiting-review") ? -1 : 0);
}

static void do_nonsense(struct model *model)
{
	static const char *const commands[] = {
		"batch.void", "batch.confirm", "test.fill", "test.enter", "batch.new", "x"};

	(void)call(model,
		json_pack("{s:s,s:s,s:s,s:i}", "cmd", commands[pick(6)], "batch", "none", "test", "none.1",
			"replicate", (int)pick(3)),
		0);
}

static void do_kill(struct model *model)
{
	play_kill(&model->play);
	begin(model);
	model->kills++;
}

static void one_step(struct model *model)
{
	unsigned what = pick(100);

	model->step = (struct step){.test = ""};
	if (what < 2 || model->before.batches == 0)
		do_new(model);
	else if (model->waits && pick(3))
		do_print(model);
	else if (what < 34)
		do_arm(model);
	else if (what < 70)
		do_print(model);
	else if (what < 76)
		play_oven(&model->play, pick(6) ? "103.2" : "92.0");
	else if (what < 84)
		do_enter(model);
	else if (what < 88)
		do_disarm(model);
	else if (what < 89)
		do_void(model);
	else if (what < 95)
		do_confirm(model);
	else if (what < 99)
		do_nonsense(model);
	else
		do_kill(model);
}

static unsigned number_of(const char *name, unsigned otherwise)
{
	const char *text_of = getenv(name);

	return text_of ? (unsigned)strtoul(text_of, NULL, 10) : otherwise;
}

/* One laboratory from its first day on. */
static void play_laboratory(struct model *model, unsigned steps, unsigned every)
{
	char path[160];

	memset(model, 0, sizeof *model);
	play_make(&model->play);
	(void)snprintf(model->side, sizeof model->side, "%s/beside", model->play.dir);
	assert_int_equal(mkdir(model->side, 0700), 0);
	(void)snprintf(path, sizeof path, "%s/journal", model->side);
	assert_int_equal(symlink("../journal", path), 0);
	begin(model);
	take_snapshot(model, &model->before);
	for (unsigned i = 0; i < steps; i++) {
		one_step(model);
		/* a question settles the state, as it does for everybody who asks */
		assert_true(call(model, json_pack("{s:s}", "cmd", "status"), 1));
		take_snapshot(model, &model->now);
		check_slots(model);
		check_batches(model);
		model->before = model->now;
		if (i % every == every - 1)
			compare_states(model);
	}
	compare_rebuilt(model);
	(void)printf("%u steps: %u accepted, %u refused, %u slots filled, %u batches, %u confirmed, %u void, "
		     "%u kills;"
		     " states compared %u times\n",
		steps, model->accepted, model->refused, model->filled, (unsigned)model->now.batches,
		model->confirmed, model->voided, model->kills, model->compared);
	assert_true(model->filled > steps / 20 && model->refused > steps / 20); /* it did something */
	assay_state_close(model->beside);
	(void)sqlite3_close(model->live);
	assert_int_equal(play_stop(&model->play), 0);
	play_host_dies(&model->play);
	play_remove(&model->play);
}

static void test_random_orders(void **state)
{
	static struct model model;
	unsigned steps = number_of("ASSAY_STEPS", getenv("ASSAY_FULL") ? 10000 : 600),
		 every = getenv("ASSAY_FULL") ? 1 : COMPARE_EVERY, more;

	(void)state;
	srand(number_of("ASSAY_SEED", 20261130));
	for (; steps > 0; steps -= more) {
		more = getenv("ASSAY_FULL") && steps > LABORATORY_STEPS ? LABORATORY_STEPS : steps;
		play_laboratory(&model, more, every);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_random_orders)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
