/* SPDX-License-Identifier: Apache-2.0
 * The ledger of free tests and the registers beside it, without a recorder: entries go straight into a state. Expected
 * sums come from a model of plain counters in this file; the state is made again from the same entries and compared. */
#include "gateway/lab/registers.h"
#include "gateway/record/state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define CARDS_MAX 400u
#define BATCHES_MAX 1200u
#define PRODUCERS 7u
#define STEPS 1500u

struct kept {
	uint16_t kind;
	char *body;
};

struct desk {
	char dir[64], again[64];
	struct assay_state *state;
	struct assay_lab lab;
	struct assay_specs *specs;
	struct kept entry[8192];
	size_t count;
};

static void apply(struct assay_state *state, size_t sequence, const struct kept *kept)
{
	struct assay_error err = {.code = ""};
	struct assay_entry entry = {.kind = kept->kind,
		.sequence = sequence,
		.wall_ns = 1700000000000000000 + (int64_t)sequence,
		.body = kept->body,
		.body_length = strlen(kept->body)};

	if (assay_state_apply(state, &entry, &err) != ASSAY_OK)
		fail_msg("%s: %s", err.code, err.text_en);
}

static int append(void *context, uint16_t kind, const char *line, const json_t *body, uint64_t *sequence_out,
	struct assay_error *err)
{
	struct desk *desk = context;
	struct kept *kept = &desk->entry[desk->count];

	(void)line;
	(void)err;
	assert_true(desk->count < sizeof desk->entry / sizeof *desk->entry);
	kept->kind = kind;
	kept->body = json_dumps(body, JSON_COMPACT | JSON_PRESERVE_ORDER);
	assert_non_null(kept->body);
	apply(desk->state, desk->count, kept);
	if (sequence_out)
		*sequence_out = desk->count;
	desk->count++;
	return ASSAY_OK;
}

static void make(struct desk *desk)
{
	struct assay_error err;

	memset(desk, 0, sizeof *desk);
	(void)snprintf(desk->dir, sizeof desk->dir, "/tmp/assay-test-XXXXXX");
	(void)snprintf(desk->again, sizeof desk->again, "/tmp/assay-test-XXXXXX");
	assert_non_null(mkdtemp(desk->dir));
	assert_non_null(mkdtemp(desk->again));
	assert_int_equal(assay_state_open(desk->dir, &desk->state, &err), ASSAY_OK);
	assert_int_equal(assay_specs_load("specs", &desk->specs, &err), ASSAY_OK);
	desk->lab = (struct assay_lab){.state = assay_state_db(desk->state),
		.specs = desk->specs,
		.boot = "",
		.append = append,
		.context = desk};
}

static void drop(struct desk *desk)
{
	char command[160];

	for (size_t i = 0; i < desk->count; i++)
		free(desk->entry[i].body);
	assay_state_close(desk->state);
	assay_specs_free(desk->specs);
	(void)snprintf(command, sizeof command, "rm -rf %s %s", desk->dir, desk->again);
	assert_int_equal(system(command), 0);
}

/* The answer's member, NULL with the code of the refusal. request is consumed. */
static json_t *ask(struct desk *desk, const char *command, json_t *request, char code[64])
{
	struct assay_error err = {.code = ""};
	bool known = false;
	int status = 0;
	const struct assay_actor actor = {
		.name = "wang", .roles = ASSAY_ACTS_ALL, .producer = "", .how = ASSAY_ACTOR_LOCAL};
	json_t *answer = assay_lab_command(&desk->lab, command, request, &actor, &known, &status, &err);

	assert_true(known);
	assert_true((answer != NULL) == (status == ASSAY_OK));
	json_decref(request);
	(void)snprintf(code, 64, "%s", answer ? "" : err.code);
	if (!answer) {
		assert_true(err.text_zh[0] && err.text_en[0]);
		assert_null(strchr(err.text_en, '%'));
	}
	return answer;
}

static void refused(struct desk *desk, const char *command, json_t *request, const char *wanted)
{
	char code[64];
	size_t before = desk->count;
	json_t *answer = ask(desk, command, request, code);

	assert_null(answer);
	assert_string_equal(code, wanted);
	assert_int_equal(desk->count, before); /* refused whole */
}

static void granted(struct desk *desk, const char *command, json_t *request)
{
	char code[64];
	json_t *answer = ask(desk, command, request, code);

	if (!answer)
		fail_msg("%s: %s", command, code);
	json_decref(answer);
}

static void add_producer(struct desk *desk, unsigned i)
{
	char name[32];

	(void)snprintf(name, sizeof name, "企业 %u", i);
	granted(desk, "producer.add", json_pack("{s:s,s:s}", "name", name, "licence", "SC10632011500001"));
}

static json_t *programme(int tests, int producers, const char *reason)
{
	return json_pack("{s:s,s:s,s:i,s:i,s:s,s:[{s:s,s:s},{s:s,s:s}]}", "programme", "2026", "name_zh",
		"免费全项", "tests", tests, "producers", producers, "reason", reason, "prices", "analyte",
		"moisture", "price", "80", "analyte", "lead", "price", "120.50");
}

static size_t findings(struct desk *desk)
{
	struct assay_error err;
	json_t *list = lab_entitlement_audit(desk->lab.state, &err);
	size_t count = json_array_size(list);

	assert_non_null(list);
	json_decref(list);
	return count;
}

static json_t *one(
	struct desk *desk, const char *command, const char *name, const char *value, const char *member)
{
	char code[64];
	json_t *answer = ask(desk, command, json_pack("{s:s}", name, value), code), *found;

	assert_non_null(answer);
	found = json_incref(json_object_get(answer, member));
	json_decref(answer);
	return found;
}

static int64_t number(const json_t *object, const char *name)
{
	assert_true(json_is_integer(json_object_get(object, name)));
	return json_integer_value(json_object_get(object, name));
}

/* What the ledger must say, kept by counting. */
struct model {
	struct {
		char id[64];
		unsigned producer, tests, used;
		bool revoked;
	} card[CARDS_MAX];
	struct {
		char id[64];
		unsigned card;
		bool is_void;
	} batch[BATCHES_MAX];
	unsigned cards, batches, tests, producers, issued, used;
	int64_t saved_fen;
};

static unsigned chance(unsigned *seed, unsigned below)
{
	*seed = *seed * 1664525u + 1013904223u;
	return (*seed >> 8) % below;
}

static bool holds(const struct model *model, unsigned producer)
{
	for (unsigned i = 0; i < model->cards; i++)
		if (model->card[i].producer == producer)
			return true;
	return false;
}

static unsigned holders(const struct model *model)
{
	unsigned count = 0;

	for (unsigned i = 1; i <= PRODUCERS; i++)
		count += holds(model, i);
	return count;
}

static void issue(struct desk *desk, struct model *model, unsigned producer, unsigned tests)
{
	char id[16], code[64];
	json_t *answer;
	bool fits = tests >= 1 && model->issued + tests <= model->tests &&
		    (holds(model, producer) || holders(model) < model->producers) && model->cards < CARDS_MAX;

	(void)snprintf(id, sizeof id, "P%03u", producer);
	answer = ask(desk, "card.issue",
		json_pack("{s:s,s:s,s:i}", "programme", "2026", "producer", id, "tests", (int)tests), code);
	assert_int_equal(answer != NULL, fits);
	if (!answer)
		return;
	(void)snprintf(model->card[model->cards].id, 64, "%s",
		json_string_value(json_object_get(json_object_get(answer, "card"), "card")));
	model->card[model->cards].producer = producer;
	model->card[model->cards].tests = tests;
	model->issued += tests;
	model->cards++;
	json_decref(answer);
}

static void redeem(struct desk *desk, struct model *model, unsigned card, unsigned producer)
{
	char code[64], id[16];
	bool fits = model->batches < BATCHES_MAX && !model->card[card].revoked &&
		    model->card[card].used < model->card[card].tests &&
		    model->card[card].producer == producer;
	json_t *answer;

	if (model->batches == BATCHES_MAX)
		return;
	(void)snprintf(id, sizeof id, "P%03u", producer);
	answer = ask(desk, "batch.new",
		json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:[s]}", "product", "puffed-snack", "name", "锅巴",
			"producer", id, "lot", "A", "produced", "2026-01-20", "card", model->card[card].id,
			"tests", "moisture"),
		code);
	if ((answer != NULL) != fits)
		fail_msg("redeem: %s", code);
	if (!answer)
		return;
	(void)snprintf(model->batch[model->batches].id, 64, "%s",
		json_string_value(json_object_get(json_object_get(answer, "batch"), "batch")));
	model->batch[model->batches++].card = card;
	model->card[card].used++;
	model->used++;
	model->saved_fen += 8000; /* moisture, 80 yuan */
	json_decref(answer);
}

static void make_void(struct desk *desk, struct model *model, unsigned batch)
{
	char code[64];
	unsigned card = model->batch[batch].card;
	json_t *answer = ask(desk, "batch.void",
		json_pack("{s:s,s:s}", "batch", model->batch[batch].id, "reason", "样品混淆"), code);

	assert_int_equal(answer != NULL, !model->batch[batch].is_void);
	if (!answer)
		return;
	json_decref(answer);
	model->batch[batch].is_void = true;
	model->card[card].used--;
	model->used--;
	model->saved_fen -= 8000;
	if (model->card[card].revoked) {
		model->card[card].tests--;
		model->issued--;
	}
}

static void take_back(struct desk *desk, struct model *model, unsigned card)
{
	char code[64];
	json_t *answer = ask(desk, "card.revoke",
		json_pack("{s:s,s:s}", "card", model->card[card].id, "reason", "企业停产"), code);

	assert_int_equal(answer != NULL, !model->card[card].revoked);
	if (!answer)
		return;
	json_decref(answer);
	model->issued -= model->card[card].tests - model->card[card].used;
	model->card[card].tests = model->card[card].used;
	model->card[card].revoked = true;
}

static void resize(struct desk *desk, struct model *model, unsigned tests, unsigned producers)
{
	char code[64];
	bool fits = tests >= model->issued && producers >= holders(model);
	json_t *answer = ask(desk, "programme.set", programme((int)tests, (int)producers, "区里追加"), code);

	assert_int_equal(answer != NULL, fits);
	json_decref(answer);
	if (fits) {
		model->tests = tests;
		model->producers = producers;
	}
}

static void assert_sums(struct desk *desk, const struct model *model)
{
	json_t *list = one(desk, "programme.list", "x", "", "programmes"), *row = json_array_get(list, 0);

	assert_int_equal(number(row, "tests"), model->tests);
	assert_int_equal(number(row, "issued"), model->issued);
	assert_int_equal(number(row, "used"), model->used);
	assert_int_equal(number(row, "saved_fen"), model->saved_fen);
	assert_int_equal(number(row, "producers_with_card"), holders(model));
	json_decref(list);
	assert_int_equal(findings(desk), 0);
}

static void assert_cards(struct desk *desk, const struct model *model)
{
	for (unsigned i = 0; i < model->cards; i++) {
		json_t *card = one(desk, "card.show", "card", model->card[i].id, "card");

		assert_int_equal(number(card, "tests"), model->card[i].tests);
		assert_int_equal(number(card, "used"), model->card[i].used);
		json_decref(card);
	}
}

static char *dump(sqlite3 *db)
{
	static const char *const tables[] = {"programme", "card", "ledger", "producer", "producer_version",
		"batch", "calibration", "instrument_use"};
	char *all = strdup("");

	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
		char sql[64];
		sqlite3_stmt *rows;

		(void)snprintf(sql, sizeof sql, "SELECT * FROM %s ORDER BY 1,2", tables[i]);
		assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &rows, NULL), SQLITE_OK);
		while (sqlite3_step(rows) == SQLITE_ROW)
			for (int column = 0; column < sqlite3_column_count(rows); column++) {
				const char *text = (const char *)sqlite3_column_text(rows, column);
				char *longer = NULL;

				assert_true(asprintf(&longer, "%s|%s", all, text ? text : "NULL") > 0);
				free(all);
				all = longer;
			}
		(void)sqlite3_finalize(rows);
	}
	return all;
}

static void assert_made_again(struct desk *desk)
{
	struct assay_state *again;
	struct assay_error err;
	char *live, *remade;

	assert_int_equal(assay_state_open(desk->again, &again, &err), ASSAY_OK);
	for (size_t i = 0; i < desk->count; i++)
		apply(again, i, &desk->entry[i]);
	live = dump(assay_state_db(desk->state));
	remade = dump(assay_state_db(again));
	assert_string_equal(live, remade);
	free(live);
	free(remade);
	assay_state_close(again);
}

static void test_random(void **state)
{
	static struct desk desk;
	static struct model model;
	unsigned seed = 20261130;

	(void)state;
	make(&desk);
	for (unsigned i = 1; i <= PRODUCERS; i++)
		add_producer(&desk, i);
	granted(&desk, "programme.set", programme(60, 5, ""));
	model.tests = 60;
	model.producers = 5;
	for (unsigned step = 0; step < STEPS; step++) {
		unsigned card = model.cards ? chance(&seed, model.cards) : 0;

		switch (chance(&seed, 12)) {
		case 0:
			issue(&desk, &model, 1 + chance(&seed, PRODUCERS), chance(&seed, 9));
			break;
		case 1:
			if (model.cards)
				take_back(&desk, &model, card);
			break;
		case 2:
			resize(&desk, &model, 1 + chance(&seed, 300), 1 + chance(&seed, PRODUCERS + 1));
			break;
		case 3:
		case 4:
		case 5:
			if (model.batches)
				make_void(&desk, &model, chance(&seed, model.batches));
			break;
		default:
			if (model.cards)
				redeem(&desk, &model, card,
					chance(&seed, 8) ? model.card[card].producer
							 : 1 + chance(&seed, PRODUCERS));
			break;
		}
		if (step % 25 == 0)
			assert_sums(&desk, &model);
	}
	assert_sums(&desk, &model);
	assert_cards(&desk, &model);
	assert_true(model.cards > 20 && model.batches > 100);
	assert_made_again(&desk);
	drop(&desk);
}

/* The audit is not blind: each sum, changed behind its back, is a finding. */
static void test_audit_sees(void **state)
{
	static const char *const harm[] = {"UPDATE card SET used=used-1", "UPDATE card SET tests=tests+1",
		"UPDATE programme SET issued=issued-1", "UPDATE programme SET saved_fen=saved_fen+1",
		"UPDATE programme SET tests=1", "UPDATE programme SET producers=0",
		"UPDATE ledger SET batch='X' WHERE action='redeem'",
		"DELETE FROM ledger WHERE action='redeem'", "UPDATE batch SET status='void'",
		"UPDATE ledger SET card='K' WHERE action='issue'"};
	static struct desk desk;
	static struct model model;

	(void)state;
	make(&desk);
	add_producer(&desk, 1);
	granted(&desk, "programme.set", programme(60, 5, ""));
	model.tests = 60;
	model.producers = 5;
	issue(&desk, &model, 1, 3);
	redeem(&desk, &model, 0, 1);
	assert_int_equal(findings(&desk), 0);
	for (size_t i = 0; i < sizeof harm / sizeof *harm; i++) {
		sqlite3 *db = desk.lab.state;

		assert_int_equal(sqlite3_exec(db, "SAVEPOINT harm", NULL, NULL, NULL), SQLITE_OK);
		assert_int_equal(sqlite3_exec(db, harm[i], NULL, NULL, NULL), SQLITE_OK);
		if (findings(&desk) == 0)
			fail_msg("not seen: %s", harm[i]);
		assert_int_equal(sqlite3_exec(db, "ROLLBACK TO harm", NULL, NULL, NULL), SQLITE_OK);
		assert_int_equal(sqlite3_exec(db, "RELEASE harm", NULL, NULL, NULL), SQLITE_OK);
	}
	drop(&desk);
}

static void test_producers(void **state)
{
	static struct desk desk;
	json_t *shown, *changes;

	(void)state;
	make(&desk);
	add_producer(&desk, 1);
	refused(&desk, "producer.add", json_pack("{s:s}", "name", "无证"), "field-missing");
	refused(&desk, "producer.add", json_pack("{s:s,s:s}", "name", "企业 1", "licence", "SC2"),
		"producer-twice");
	refused(&desk, "producer.add",
		json_pack("{s:s,s:s,s:[s]}", "name", "乙", "licence", "SC2", "products", "gold"),
		"product-unknown");
	refused(&desk, "producer.add",
		json_pack("{s:s,s:s,s:s}", "name", "乙", "licence", "SC2", "cost_a_year", "1,200"),
		"field-invalid");
	refused(&desk, "producer.add",
		json_pack("{s:s,s:s,s:s}", "name", "乙", "licence", "SC2", "tests_a_year", "12"),
		"field-invalid");
	refused(&desk, "producer.add", json_pack("{s:s,s:s}", "name", "a\nb", "licence", "SC2"),
		"field-invalid");
	refused(&desk, "producer.change", json_pack("{s:s,s:s}", "producer", "P001", "phone", "1"),
		"field-missing");
	refused(&desk, "producer.change",
		json_pack("{s:s,s:s,s:s}", "producer", "P009", "phone", "1", "reason", "r"),
		"producer-unknown");
	granted(&desk, "producer.change",
		json_pack("{s:s,s:s,s:s,s:[s],s:s}", "producer", "P001", "phone", "021-5", "reason", "换号",
			"products", "puffed-snack", "cost_a_year", "1200.5"));
	shown = one(&desk, "producer.show", "producer", "P001", "producer");
	changes = json_object_get(shown, "changes");
	assert_string_equal(json_string_value(json_object_get(shown, "phone")), "021-5");
	assert_string_equal(
		json_string_value(json_object_get(shown, "licence")), "SC10632011500001"); /* kept */
	assert_int_equal(json_array_size(changes), 2);
	assert_string_equal(json_string_value(json_object_get(
				    json_object_get(json_array_get(changes, 0), "row"), "phone")),
		""); /* what it was stays */
	assert_string_equal(json_string_value(json_object_get(json_array_get(changes, 1), "reason")), "换号");
	json_decref(shown);
	drop(&desk);
}

static void test_cards_refused(void **state)
{
	static struct desk desk;
	static struct model model;

	(void)state;
	make(&desk);
	add_producer(&desk, 1);
	add_producer(&desk, 2);
	refused(&desk, "card.issue",
		json_pack("{s:s,s:s,s:i}", "programme", "2026", "producer", "P001", "tests", 1),
		"programme-unknown");
	refused(&desk, "programme.set", programme(0, 1, ""), "field-invalid");
	granted(&desk, "programme.set", programme(3, 1, ""));
	refused(&desk, "programme.set", programme(9, 9, ""), "field-missing"); /* a change needs its reason */
	refused(&desk, "card.issue",
		json_pack("{s:s,s:s,s:i}", "programme", "2026", "producer", "P009", "tests", 1),
		"producer-unknown");
	refused(&desk, "card.issue",
		json_pack("{s:s,s:s,s:i}", "programme", "2026", "producer", "P001", "tests", 4),
		"programme-used-up");
	refused(&desk, "card.issue",
		json_pack("{s:s,s:s,s:i,s:s}", "programme", "2026", "producer", "P001", "tests", 1,
			"valid_until", "2026-02-30"),
		"field-invalid");
	model.tests = 3;
	model.producers = 1;
	issue(&desk, &model, 1, 1);
	refused(&desk, "card.issue",
		json_pack("{s:s,s:s,s:i}", "programme", "2026", "producer", "P002", "tests", 1),
		"programme-full");
	refused(&desk, "programme.set",
		json_pack("{s:s,s:s,s:i,s:i,s:s,s:[{s:s,s:s}]}", "programme", "2026", "name_zh", "x", "tests",
			3, "producers", 1, "reason", "r", "prices", "analyte", "moisture", "price", "1.234"),
		"price-invalid");
	refused(&desk, "programme.set",
		json_pack("{s:s,s:s,s:i,s:i,s:s}", "programme", "2026", "name_zh", "x", "tests", 3,
			"producers", 0, "reason", "r"),
		"field-invalid");
	refused(&desk, "card.revoke", json_pack("{s:s}", "card", model.card[0].id), "field-missing");
	refused(&desk, "card.show", json_pack("{s:s}", "card", "K0001"), "card-unknown");
	drop(&desk);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_producers),
		cmocka_unit_test(test_cards_refused),
		cmocka_unit_test(test_audit_sees),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
