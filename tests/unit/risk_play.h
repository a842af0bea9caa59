/* SPDX-License-Identifier: Apache-2.0
 * A state fed with entries of one's own: batches, tests, verdicts, voids, as the recorder would apply them. */
#ifndef TESTS_UNIT_RISK_PLAY_H
#define TESTS_UNIT_RISK_PLAY_H

#include "gateway/record/state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

struct risk_play {
	char dir[64];
	struct assay_state *state;
	uint64_t sequence;
	int64_t wall_ns;
};

static inline void risk_begin(struct risk_play *play)
{
	struct assay_error err;

	memset(play, 0, sizeof *play);
	(void)snprintf(play->dir, sizeof play->dir, "/tmp/assay-risk-XXXXXX");
	assert_non_null(mkdtemp(play->dir));
	assert_int_equal(assay_state_open(play->dir, &play->state, &err), ASSAY_OK);
	play->wall_ns = 1767225600000000000; /* 2026-01-01T00:00:00Z */
}

static inline void risk_end(struct risk_play *play)
{
	assay_state_close(play->state);
	assay_state_remove(play->dir);
	assert_int_equal(rmdir(play->dir), 0);
}

static inline sqlite3 *risk_db(struct risk_play *play)
{
	return assay_state_db(play->state);
}

/* Consumes body. */
static inline void risk_put(struct risk_play *play, uint16_t kind, json_t *body)
{
	char *text = json_dumps(body, JSON_COMPACT);
	struct assay_entry entry = {.sequence = play->sequence++, .kind = kind, .wall_ns = play->wall_ns};
	struct assay_error err = {0};

	assert_non_null(text);
	entry.body = text;
	entry.body_length = (uint32_t)strlen(text);
	if (assay_state_apply(play->state, &entry, &err) != ASSAY_OK)
		fail_msg("%s: %s", err.code, err.text_en);
	free(text);
	json_decref(body);
}

/* The batch's own verdict, with the status it brings. */
static inline void risk_status(struct risk_play *play, const char *batch, const char *status)
{
	risk_put(play, ASSAY_ENTRY_VERDICT,
		json_pack("{s:s,s:s,s:s}", "batch", batch, "verdict", "fail", "status", status));
}

/* A batch that awaits release: what its tests say is told to its producer. */
static inline void risk_batch(struct risk_play *play, const char *batch, const char *product,
	const char *producer, const char *origin)
{
	risk_put(play, ASSAY_ENTRY_BATCH,
		json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s}", "batch", batch, "sample", batch,
			"product", product, "name", product, "producer", producer, "producer_id", producer,
			"lot", "L", "produced", "2026-01-01", "origin", origin, "who", "lin", "amount", ""));
	risk_status(play, batch, "awaiting-release");
}

/* retest_of and rule "" of a first test. */
static inline void risk_test(struct risk_play *play, const char *test, const char *batch, const char *analyte,
	const char *retest_of, const char *rule)
{
	risk_put(play, ASSAY_ENTRY_TEST,
		json_pack("{s:s,s:s,s:i,s:s,s:s,s:s,s:s,s:{}}", "test", test, "batch", batch, "position", 1,
			"analyte", analyte, "method", "m", "retest_of", retest_of, "rule", rule, "sheet"));
}

/* The test's result, its verdict, and how much of the limit it takes ("" not known). */
static inline void risk_verdict(
	struct risk_play *play, const char *test, const char *verdict, const char *low, const char *high)
{
	char result[80];

	(void)snprintf(result, sizeof result, "%s.R", test);
	risk_put(play, ASSAY_ENTRY_RESULT,
		json_pack("{s:s,s:s,s:s,s:s}", "result", result, "test", test, "value", "1", "unit", "g"));
	risk_put(play, ASSAY_ENTRY_VERDICT,
		json_pack("{s:s,s:s,s:o}", "result", result, "verdict", verdict, "share",
			*low ? json_pack("{s:s,s:s}", "low", low, "high", high) : json_null()));
}

static inline void risk_void(struct risk_play *play, const char *batch)
{
	risk_put(play, ASSAY_ENTRY_REVIEW,
		json_pack("{s:s,s:s,s:s,s:s,s:s}", "batch", batch, "action", "void", "reason", "r", "status",
			"void", "who", "lin"));
}

/* The one number that sql gives, -1 none. */
static inline int64_t risk_number(struct risk_play *play, const char *sql)
{
	sqlite3_stmt *row;
	int64_t number;

	assert_int_equal(sqlite3_prepare_v2(risk_db(play), sql, -1, &row, NULL), SQLITE_OK);
	number = sqlite3_step(row) == SQLITE_ROW ? sqlite3_column_int64(row, 0) : -1;
	assert_int_equal(sqlite3_finalize(row), SQLITE_OK);
	return number;
}

#endif
