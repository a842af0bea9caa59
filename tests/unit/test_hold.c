/* SPDX-License-Identifier: Apache-2.0
 * Two promises about holds, on random laboratories: a hold never makes a verdict better, and nobody releases alone. Then one
 * hold through a real recorder, worked out again from its journal. The verdicts that nothing holds are decided by the digits
 * typed here: lead 0.10 mg/kg passes and 2.0 fails GB 2762 in pickles. */
#include "gateway/record/derive.h"
#include "gateway/record/rebuild.h"
#include "tests/unit/lab_play.h"
#include "tests/unit/quality_desk.h"

#define BATCHES_MAX 120u
#define STEPS 260u
#define METHOD "gb-5009.12-lead"

struct held_batch {
	char id[LAB_ID_MAX];
	bool good; /* its own figure passes */
};

struct model {
	struct held_batch batch[BATCHES_MAX];
	unsigned batches, released, refused_alone;
	char material[LAB_ID_MAX];
};

static uint64_t seed;

static unsigned random_below(unsigned bound)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)((seed >> 33) % bound);
}

static const char *pick_instrument(void)
{
	return random_below(2) ? "aas-1" : "aas-2";
}

static void measure(struct desk *desk, const char *test, const char *instrument, const char *r)
{
	for (int i = 1; i <= 2; i++) {
		desk_fill(desk, test, "m", i, instrument, "1.0000", "g");
		desk_fill(desk, test, "r", i, instrument, r, "μg/L");
	}
	desk_fill(desk, test, "r0", 1, instrument, "0.00", "μg/L");
	desk_fill(desk, test, "V", 1, instrument, "100.0", "mL");
}

static void add_batch(struct desk *desk, struct model *model)
{
	struct held_batch *batch = &model->batch[model->batches];
	char test[LAB_ID_MAX + 8], lot[16];
	json_t *made;

	if (model->batches == BATCHES_MAX)
		return;
	(void)snprintf(lot, sizeof lot, "L%u", model->batches);
	made = desk_get(desk, "chen", "batch.new",
		json_pack("{s:s,s:s,s:s,s:s,s:s,s:[s]}", "product", "pickles", "name", "酱黄瓜", "producer",
			"永和", "lot", lot, "produced", "2026-01-15", "tests", "lead"),
		"batch");
	(void)snprintf(batch->id, sizeof batch->id, "%s", desk_text(made, "batch"));
	json_decref(made);
	batch->good = random_below(3) > 0;
	(void)snprintf(test, sizeof test, "%s.1", batch->id);
	measure(desk, test, pick_instrument(), batch->good ? "1.00" : "20.0");
	model->batches++;
}

static void add_run(struct desk *desk, struct model *model)
{
	static const char *const readings[] = {"2.00", "2.05", "1.92", "2.30", "2.45", "2.90", "1.40"};
	const char *instrument = pick_instrument();
	char test[LAB_ID_MAX + 8];
	json_t *made = desk_get(desk, "chen", "qc.run.new",
		json_pack("{s:s,s:[s]}", "instrument", instrument, "materials", model->material), "run");

	(void)snprintf(test, sizeof test, "%s.1", desk_text(made, "run"));
	json_decref(made);
	measure(desk, test, instrument, readings[random_below(7)]);
}

/* Somebody tries something on a hold; what succeeds is held against who wrote cause and action. */
static void touch_hold(struct desk *desk, struct model *model)
{
	static const char *const people[] = {"chen", "li", "wu"};
	const char *who = people[random_below(3)];
	json_t *list = desk_get(desk, "chen", "qc.hold.list", json_object(), "holds"),
	       *hold = json_array_size(list)
			       ? json_array_get(list, random_below((unsigned)json_array_size(list)))
			       : NULL,
	       *answer;
	char code[64];

	if (hold && random_below(2)) {
		json_decref(desk_get(desk, who, "qc.hold.explain",
			json_pack("{s:s,s:s,s:s}", "hold", desk_text(hold, "hold"), "cause", "原因", "action",
				"措施"),
			"hold"));
	} else if (hold) {
		bool may = strcmp(desk_text(hold, "status"), "explained") == 0 &&
			   strcmp(desk_text(hold, "explained_by"), who) != 0;

		answer = desk_ask(desk, who, "qc.hold.release",
			json_pack("{s:s,s:s}", "hold", desk_text(hold, "hold"), "reason", "复核"), code);
		assert_true((answer != NULL) == may);
		model->released += may;
		model->refused_alone += !may && strcmp(code, "own-work") == 0;
		json_decref(answer);
	}
	json_decref(list);
}

/* Its own verdict, or undetermined: never another. Undetermined only while something is held. */
static void assert_never_better(struct desk *desk, const struct model *model)
{
	json_t *list = desk_get(desk, "chen", "qc.hold.list", json_object(), "holds");
	size_t open = json_array_size(list);

	json_decref(list);
	for (unsigned i = 0; i < model->batches; i++) {
		json_t *shown = desk_get(
			desk, "chen", "batch.show", json_pack("{s:s}", "batch", model->batch[i].id), "batch");
		const char *verdict = desk_text(shown, "verdict"),
			   *own = model->batch[i].good ? "pass" : "fail";

		if (strcmp(verdict, own) != 0) {
			assert_string_equal(verdict, "undetermined");
			assert_true(open > 0);
			assert_string_equal(desk_text(shown, "status"), "awaiting-review");
		}
		json_decref(shown);
	}
}

static void test_random(void **state)
{
	static struct desk desk;
	static struct model model;

	(void)state;
	for (uint64_t round = 1; round <= 3; round++) {
		seed = round;
		model.batches = 0;
		desk_make(&desk, "[]");
		desk_material(&desk, "control", 1, METHOD, "0.20", "0.04", "mg/kg", model.material);
		for (unsigned step = 0; step < STEPS / 3; step++) {
			unsigned choice = random_below(6);

			if (choice < 2)
				add_batch(&desk, &model);
			else if (choice < 3)
				add_run(&desk, &model);
			else
				touch_hold(&desk, &model);
			if (step % 4 == 0)
				assert_never_better(&desk, &model);
		}
		assert_never_better(&desk, &model);
		desk_drop(&desk);
	}
	assert_true(model.released > 0 && model.refused_alone > 0); /* both were tried */
}

/* A batch with a held result is not released by anybody. */
static void test_not_released(void **state)
{
	static struct desk desk;
	static struct model model;
	char code[64];
	unsigned i = 0;

	(void)state;
	seed = 4;
	memset(&model, 0, sizeof model);
	desk_make(&desk, "[]");
	desk_material(&desk, "control", 1, METHOD, "0.20", "0.04", "mg/kg", model.material);
	while (i < 8) {
		add_batch(&desk, &model);
		add_run(&desk, &model);
		i++;
	}
	for (i = 0; i < model.batches; i++) {
		json_t *shown = desk_get(
			&desk, "chen", "batch.show", json_pack("{s:s}", "batch", model.batch[i].id), "batch");
		bool held = strcmp(desk_text(shown, "verdict"), "undetermined") == 0;

		if (held) {
			json_decref(desk_get(&desk, "li", "batch.confirm",
				json_pack("{s:s,s:s}", "batch", model.batch[i].id, "reason", "看过"),
				"batch"));
			assert_null(desk_ask(&desk, "wu", "batch.release",
				json_pack("{s:s}", "batch", model.batch[i].id), code));
			assert_string_equal(code, "results-held");
			model.refused_alone++;
		}
		json_decref(shown);
	}
	assert_true(model.refused_alone > 0);
	desk_drop(&desk);
}

/* ---- through a recorder ---------------------------------------------------------------------------------------- */

/* lab.xml of these tests is a stub, so nothing is decoded again; what follows from the readings is. */
static void on_difference(void *context, const struct assay_finding *finding)
{
	(void)context;
	if (!strstr(finding->what.text_en, "lab.xml") && strcmp(finding->what.code, "not-decodable") != 0)
		fail_msg("entry %llu: %s", (unsigned long long)finding->sequence, finding->what.text_en);
}

static void on_differs(void *context, const char *table, uint64_t only_a, uint64_t only_b)
{
	(void)context;
	if (only_a || only_b)
		fail_msg("%s differs after the rebuild", table);
}

static void weigh_control(struct play *play, const char *material, const char *value, char run[64])
{
	struct assay_error err;
	json_t *answer = play_call(play,
		json_pack("{s:s,s:s,s:[s],s:s}", "cmd", "qc.run.new", "instrument", "balance-1", "materials",
			material, "who", "chen"),
		&err);

	if (!answer)
		fail_msg("%s: %s", err.code, err.text_en);
	(void)snprintf(run, 64, "%s", play_text(json_object_get(answer, "run"), "run"));
	json_decref(answer);
	granted(play, json_pack("{s:s,s:s+,s:s,s:i,s:s}", "cmd", "test.fill", "test", run, ".1", "slot", "w",
			      "replicate", 1, "instrument", "balance-1"));
	play_print(play, value, "g", STABLE);
}

static void test_recorder(void **state)
{
	struct play play;
	char batch[64], run[64], *specs = realpath("specs", NULL);
	const struct assay_derive_options options = {.places = &play.places, .found = on_difference};
	struct assay_derive_report report;
	struct assay_rebuild_report rebuilt;
	struct assay_error err;

	(void)state;
	play_make(&play);
	begin(&play);
	granted(&play,
		json_pack("{s:s,s:s,s:s,s:s,s:s,s:i,s:s,s:s,s:s,s:s,s:s,s:s}", "cmd", "qc.material.add",
			"kind", "check-weight", "name_zh", "砝码", "lot", "E2", "expires", "2099-12-31",
			"level", 1, "method", "check-weight", "value", "20.0000", "unit", "g", "uncertainty",
			"0.0005", "coverage", "2", "who", "qian"));
	weigh_control(&play, "M0001", "20.0002", run);
	register_batch(&play, "C1", batch);
	play_test(&play, batch, &below, "103.0");
	assert_verdict(&play, batch, "pass", "", "awaiting-release", "5.44");
	weigh_control(&play, "M0001", "20.0011", run);
	{
		json_t *shown = show(&play, batch);

		assert_string_equal(play_text(shown, "verdict"), "undetermined");
		assert_string_equal(play_text(shown, "status"), "awaiting-review");
		json_decref(shown);
	}
	granted(&play, json_pack("{s:s,s:s,s:s,s:s,s:s}", "cmd", "qc.hold.explain", "hold", "H0001", "cause",
			       "气流", "action", "关门，重新核查", "who", "chen"));
	assert_refused(&play,
		json_pack("{s:s,s:s,s:s,s:s}", "cmd", "qc.hold.release", "hold", "H0001", "reason", "复核",
			"who", "chen"),
		"own-work");
	weigh_control(&play, "M0001", "20.0001", run);
	granted(&play, json_pack("{s:s,s:s,s:s,s:s}", "cmd", "qc.hold.release", "hold", "H0001", "reason",
			       "复核", "who", "li"));
	assert_verdict(&play, batch, "pass", "", "awaiting-release", "5.44");
	assert_int_equal(play_stop(&play), 0);
	play_host_dies(&play);
	assert_non_null(specs);
	(void)snprintf(play.places.specs, sizeof play.places.specs, "%s", specs);
	free(specs);
	if (assay_derive(play.dir, &options, &report, &err) != ASSAY_OK)
		fail_msg("%s", err.text_en);
	/* a result's and three of a batch, three of controls and the hold */
	assert_int_equal(report.verdicts, 8);
	assert_int_equal(assay_rebuild(play.dir, on_differs, NULL, &rebuilt, &err), ASSAY_OK);
	assert_true(rebuilt.compared);
	play_remove(&play);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_random), cmocka_unit_test(test_not_released),
		cmocka_unit_test(test_recorder)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
