/* SPDX-License-Identifier: Apache-2.0
 * A laboratory without a recorder: entries go straight into a state, time is set by the test. What the tests of quality
 * control share. The state is made again from the same entries and compared, table by table. */
#ifndef TESTS_UNIT_QUALITY_DESK_H
#define TESTS_UNIT_QUALITY_DESK_H

#include "drivers/driver.h"
#include "gateway/lab/control.h"
#include "gateway/record/state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define DESK_HOUR_NS 3600000000000ll

struct kept {
	uint16_t kind;
	int64_t wall_ns;
	char *body;
};

struct desk {
	char dir[64], again[64];
	struct assay_state *state;
	struct assay_lab lab;
	struct assay_specs *specs;
	int64_t wall_ns;
	struct kept entry[16384];
	size_t count;
};

static inline void desk_apply(struct assay_state *state, size_t sequence, const struct kept *kept)
{
	struct assay_error err = {.code = ""};
	struct assay_entry entry = {.kind = kept->kind,
		.sequence = sequence,
		.wall_ns = kept->wall_ns,
		.body = kept->body,
		.body_length = strlen(kept->body)};

	if (assay_state_apply(state, &entry, &err) != ASSAY_OK)
		fail_msg("%s: %s", err.code, err.text_en);
}

static inline int desk_append(void *context, uint16_t kind, const char *line, const json_t *body,
	uint64_t *sequence_out, struct assay_error *err)
{
	struct desk *desk = context;
	struct kept *kept = &desk->entry[desk->count];

	(void)line;
	(void)err;
	assert_true(desk->count < sizeof desk->entry / sizeof *desk->entry);
	kept->kind = kind;
	kept->wall_ns = desk->wall_ns;
	kept->body = json_dumps(body, JSON_COMPACT | JSON_PRESERVE_ORDER);
	assert_non_null(kept->body);
	desk_apply(desk->state, desk->count, kept);
	if (sequence_out)
		*sequence_out = desk->count;
	desk->count++;
	return ASSAY_OK;
}

static inline int desk_checkpoint(void *context, struct lab_checkpoint *out, struct assay_error *err)
{
	(void)context;
	(void)err;
	memset(out, 0, sizeof *out);
	return ASSAY_OK;
}

/* The clock goes on; so does the laboratory's. */
static inline void desk_later(struct desk *desk, int64_t ns)
{
	desk->wall_ns += ns;
	desk->lab.wall_ns = desk->wall_ns;
}

static inline json_t *desk_instrument(const char *id, const char *channels)
{
	json_t *list = json_loads(channels, 0, NULL);

	return json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:i,s:i,s:o}", "instrument", id,
		"driver", "ascii", "driver_sha256", "", "spec", "", "name_zh", id, "name_en", id, "model", "",
		"serial", "", "calibrated_until", "", "location", "", "id", id, "every_ms", 0, "needed_ms", 0,
		"channels", list);
}

/* lab.xml with two balances and two spectrometers; controls: as JSON. */
static inline void desk_configure(struct desk *desk, const char *controls, const char *decision)
{
	static const char *const ids[] = {"balance-1", "balance-2", "aas-1", "aas-2"};
	json_t *lines = json_array(), *body;
	struct assay_error err;

	for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
		(void)json_array_append_new(
			lines, json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:b,s:[o]}", "line", ids[i], "transport",
				       "serial", "address", "", "settings", "", "name_zh", ids[i], "name_en",
				       ids[i], "disabled", 0, "instruments",
				       desk_instrument(ids[i], "[{\"channel\":\"x\",\"unit\":\"\"}]")));
	body = json_pack("{s:o,s:o,s:s,s:s}", "lines", lines, "controls", json_loads(controls, 0, NULL),
		"unverified", "review", "decision", decision);
	assert_non_null(body);
	assert_int_equal(desk_append(desk, ASSAY_ENTRY_CONFIG, "", body, NULL, &err), ASSAY_OK);
	json_decref(body);
}

static inline void desk_make(struct desk *desk, const char *controls)
{
	static struct assay_specs *specs; /* read once for all desks of a program */
	struct assay_error err;

	memset(desk, 0, sizeof *desk);
	(void)snprintf(desk->dir, sizeof desk->dir, "/tmp/assay-test-XXXXXX");
	(void)snprintf(desk->again, sizeof desk->again, "/tmp/assay-test-XXXXXX");
	assert_non_null(mkdtemp(desk->dir));
	assert_non_null(mkdtemp(desk->again));
	assert_int_equal(assay_state_open(desk->dir, &desk->state, &err), ASSAY_OK);
	if (!specs)
		assert_int_equal(assay_specs_load("specs", &specs, &err), ASSAY_OK);
	desk->specs = specs;
	desk->lab = (struct assay_lab){.state = assay_state_db(desk->state),
		.specs = desk->specs,
		.boot = "",
		.append = desk_append,
		.checkpoint = desk_checkpoint,
		.context = desk};
	desk->wall_ns = 1780000000000000000; /* 2026-05-28 */
	desk_later(desk, 0);
	desk_configure(desk, controls, "simple");
}

static inline char *desk_dump(sqlite3 *db)
{
	static const char *const tables[] = {"control_need", "control_material", "control_run", "control",
		"control_chart", "hold", "instrument_check", "uncertainty", "proficiency", "batch", "verdict",
		"test", "slot", "split"};
	char *all = strdup("");

	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
		char sql[64];
		sqlite3_stmt *rows;
		size_t length = strlen(all);

		(void)snprintf(sql, sizeof sql, "SELECT * FROM %s ORDER BY 1,2,3", tables[i]);
		assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &rows, NULL), SQLITE_OK);
		while (sqlite3_step(rows) == SQLITE_ROW)
			for (int column = 0; column < sqlite3_column_count(rows); column++) {
				const char *text = (const char *)sqlite3_column_text(rows, column);
				size_t more = strlen(text ? text : "NULL");

				all = realloc(all, length + more + 2);
				assert_non_null(all);
				all[length++] = '|';
				memcpy(all + length, text ? text : "NULL", more + 1);
				length += more;
			}
		(void)sqlite3_finalize(rows);
	}
	return all;
}

static inline void desk_assert_made_again(struct desk *desk)
{
	struct assay_state *again;
	struct assay_error err;
	char *live, *remade;

	assert_int_equal(assay_state_open(desk->again, &again, &err), ASSAY_OK);
	for (size_t i = 0; i < desk->count; i++)
		desk_apply(again, i, &desk->entry[i]);
	live = desk_dump(assay_state_db(desk->state));
	remade = desk_dump(assay_state_db(again));
	assert_string_equal(live, remade);
	free(live);
	free(remade);
	assay_state_close(again);
}

/* Without looking whether the entries give the same state: for a state that was written into by hand. */
static inline void desk_scrap(struct desk *desk)
{
	char command[160];

	for (size_t i = 0; i < desk->count; i++)
		free(desk->entry[i].body);
	assay_state_close(desk->state);
	(void)snprintf(command, sizeof command, "rm -rf %s %s", desk->dir, desk->again);
	assert_int_equal(system(command), 0);
}

static inline void desk_drop(struct desk *desk)
{
	desk_assert_made_again(desk);
	desk_scrap(desk);
}

/* As who, with every role; the answer, or NULL with the refusal's code. request is consumed. */
static inline json_t *desk_ask(
	struct desk *desk, const char *who, const char *command, json_t *request, char code[64])
{
	struct assay_error err = {.code = ""};
	bool known = false;
	int status = 0;
	const struct assay_actor actor = {
		.name = who, .roles = ASSAY_ACTS_ALL, .producer = "", .how = ASSAY_ACTOR_LOCAL};
	json_t *answer;

	assert_non_null(request);
	answer = assay_lab_command(&desk->lab, command, request, &actor, &known, &status, &err);
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

static inline void desk_refused(
	struct desk *desk, const char *who, const char *command, json_t *request, const char *wanted)
{
	char code[64];
	size_t before = desk->count;
	json_t *answer = desk_ask(desk, who, command, request, code);

	assert_null(answer);
	assert_string_equal(code, wanted);
	assert_int_equal(desk->count, before); /* refused whole */
}

/* The answer's member, a new reference. */
static inline json_t *desk_get(
	struct desk *desk, const char *who, const char *command, json_t *request, const char *member)
{
	char code[64];
	json_t *answer = desk_ask(desk, who, command, request, code), *one;

	if (!answer)
		fail_msg("%s: %s", command, code);
	one = json_incref(json_object_get(answer, member));
	assert_non_null(one);
	json_decref(answer);
	return one;
}

static inline const char *desk_text(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text ? text : "";
}

/* A reading that comes by itself, as if the print key had been pressed. */
static inline void desk_print(struct desk *desk, const char *instrument, const char *value, const char *unit)
{
	static struct assay_exchange exchange;
	struct assay_error err = {.code = ""};

	memset(&exchange, 0, sizeof exchange);
	(void)snprintf(exchange.instrument, sizeof exchange.instrument, "%s", instrument);
	exchange.end = (struct assay_end){.outcome = ASSAY_OUTCOME_OK, .usable = 1, .readings = 1};
	exchange.reading[0].flags = ASSAY_FLAG_STABLE;
	(void)snprintf(exchange.reading[0].channel, sizeof exchange.reading[0].channel, "x");
	(void)snprintf(exchange.reading[0].value, sizeof exchange.reading[0].value, "%s", value);
	(void)snprintf(exchange.reading[0].unit, sizeof exchange.reading[0].unit, "%s", unit);
	desk_later(desk, 1000000000);
	if (assay_lab_exchange(&desk->lab, desk->count, desk->wall_ns, 0, &exchange, &err) != ASSAY_OK)
		fail_msg("%s: %s", err.code, err.text_en);
}

static inline void desk_fill(struct desk *desk, const char *test, const char *slot, int replicate,
	const char *instrument, const char *value, const char *unit)
{
	json_decref(desk_get(desk, "chen", "test.fill",
		json_pack("{s:s,s:s,s:i,s:s}", "test", test, "slot", slot, "replicate", replicate,
			"instrument", instrument),
		"test"));
	desk_print(desk, instrument, value, unit);
}

/* The id of a new material: kind, level, method, value ("" none), U, with coverage factor 2. */
static inline void desk_material(struct desk *desk, const char *kind, int level, const char *method,
	const char *value, const char *expanded, const char *unit, char id[LAB_ID_MAX])
{
	json_t *material = desk_get(desk, "qian", "qc.material.add",
		json_pack("{s:s,s:s,s:s,s:s,s:i,s:s,s:s,s:s,s:s,s:s,s:s}", "kind", kind, "name_zh", "质控样",
			"lot", "L1", "expires", "2027-12-31", "level", level, "method", method, "value",
			value, "unit", unit, "uncertainty", expanded, "coverage", *expanded ? "2" : "",
			"certificate", "GBW(E)"),
		"material");

	(void)snprintf(id, LAB_ID_MAX, "%s", desk_text(material, "material"));
	json_decref(material);
}

#endif
