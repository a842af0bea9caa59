/* SPDX-License-Identifier: Apache-2.0
 * The last value of each channel, whatever lists of channels an instrument gives together and whenever the state is
 * committed, taken back, closed or made again. Expected: this file's own note of what it applied last, a plain array. */
#include "gateway/record/body.h"
#include "gateway/record/events.h"
#include "gateway/record/state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define INSTRUMENTS 3u
#define CHANNELS 8u
#define ENTRIES 1000u
#define SHAPES_KEPT 64u /* of an instrument: "the newest 64" of the schema's comment */

static uint32_t dice_state;

static uint32_t dice(uint32_t sides)
{
	dice_state = dice_state * 1664525u + 1013904223u; /* Numerical Recipes' constants */
	return (dice_state >> 8) % sides;
}

struct wanted {
	char value[16];
	uint64_t seq;
};

struct said {
	struct wanted now[INSTRUMENTS][CHANNELS], committed[INSTRUMENTS][CHANNELS];
	uint64_t seq, committed_seq;
};

static void make_folder(char *dir)
{
	(void)snprintf(dir, 64, "/tmp/assay-latest-XXXXXX");
	assert_non_null(mkdtemp(dir));
}

static struct assay_state *open_state(const char *dir)
{
	struct assay_state *state = NULL;
	struct assay_error err;

	assert_int_equal(assay_state_open(dir, &state, &err), ASSAY_OK);
	return state;
}

/* One exchange of `instrument` whose readings are `count` channels from `first` on, every value a number of its own. */
static void apply(struct assay_state *state, struct said *said, unsigned instrument, const unsigned *channel,
	unsigned count)
{
	char body[2048];
	struct assay_entry entry = {.kind = ASSAY_ENTRY_EXCHANGE,
		.sequence = said->seq,
		.wall_ns = 1000 + (int64_t)said->seq,
		.mono_ns = 1,
		.line = "com1",
		.body = body};
	struct assay_error err;
	size_t length = (size_t)snprintf(body, sizeof body,
		"{\"instrument\":\"i%u\",\"generation\":1,\"id\":%llu,\"readings\":[", instrument,
		(unsigned long long)said->seq + 1);

	for (unsigned i = 0; i < count; i++) {
		struct wanted *wanted = &said->now[instrument][channel[i]];

		(void)snprintf(
			wanted->value, sizeof wanted->value, "%llu.%u", (unsigned long long)said->seq, i);
		wanted->seq = said->seq;
		length += (size_t)snprintf(body + length, sizeof body - length, "%s[\"c%u\",\"%s\",\"g\",1]",
			i ? "," : "", channel[i], wanted->value);
	}
	length += (size_t)snprintf(body + length, sizeof body - length, "]}");
	entry.body_length = length;
	assert_int_equal(assay_state_apply(state, &entry, &err), ASSAY_OK);
	said->seq++;
}

static unsigned rows_of(struct assay_state *state, const char *sql, unsigned instrument)
{
	sqlite3_stmt *row;
	char id[8];
	unsigned count;

	(void)snprintf(id, sizeof id, "i%u", instrument);
	assert_int_equal(sqlite3_prepare_v2(assay_state_db(state), sql, -1, &row, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_bind_text(row, 1, id, -1, SQLITE_STATIC), SQLITE_OK);
	assert_int_equal(sqlite3_step(row), SQLITE_ROW);
	count = (unsigned)sqlite3_column_int(row, 0);
	(void)sqlite3_finalize(row);
	return count;
}

static void assert_last(struct assay_state *state, const struct said *said)
{
	for (unsigned i = 0; i < INSTRUMENTS; i++) {
		unsigned found = 0, told = 0;
		sqlite3_stmt *row;
		char id[8];

		(void)snprintf(id, sizeof id, "i%u", i);
		assert_int_equal(
			sqlite3_prepare_v2(assay_state_db(state),
				"SELECT channel, value, seq, wall_ns FROM " ASSAY_STATE_LAST, -1, &row, NULL),
			SQLITE_OK);
		(void)sqlite3_bind_text(row, 1, id, -1, SQLITE_STATIC);
		for (; sqlite3_step(row) == SQLITE_ROW; found++) {
			const char *channel = (const char *)sqlite3_column_text(row, 0);
			const struct wanted *wanted = &said->now[i][channel[1] - '0'];

			assert_string_equal((const char *)sqlite3_column_text(row, 1), wanted->value);
			assert_int_equal(sqlite3_column_int64(row, 2), wanted->seq);
			assert_int_equal(sqlite3_column_int64(row, 3), 1000 + wanted->seq);
		}
		(void)sqlite3_finalize(row);
		for (unsigned c = 0; c < CHANNELS; c++)
			told += said->now[i][c].value[0] != '\0';
		assert_int_equal(found, told);
		assert_int_equal(rows_of(state, "SELECT count(*) FROM channel WHERE instrument=?1", i), told);
	}
}

static unsigned pick(unsigned channel[CHANNELS], unsigned instrument)
{
	unsigned count = 0;

	if (instrument == 0 || dice(4)) { /* as a register map is asked: one of two lists */
		unsigned from = dice(2) ? 0 : 5;

		for (unsigned c = from; c < (from ? CHANNELS : 5u); c++)
			channel[count++] = c;
		return count;
	}
	for (unsigned c = 0; c < CHANNELS; c++) /* as an analyser reports: whatever was ordered */
		if (dice(2))
			channel[count++] = c;
	if (count == 0 || dice(8) == 0) /* twice in one exchange: the later one stands */
		channel[count < CHANNELS ? count++ : 0] = dice(CHANNELS);
	return count;
}

static void play(struct assay_state *state, struct said *said)
{
	struct assay_error err;

	for (unsigned n = 0; n < ENTRIES; n++) {
		unsigned channel[CHANNELS], instrument = dice(INSTRUMENTS), count = pick(channel, instrument);

		apply(state, said, instrument, channel, count);
		if (dice(10) == 0) {
			assert_int_equal(assay_state_commit(state, &err), ASSAY_OK);
			memcpy(said->committed, said->now, sizeof said->now);
			said->committed_seq = said->seq;
			assert_last(state, said);
		} else if (dice(40) == 0) {
			assay_state_rollback(state);
			memcpy(said->now, said->committed, sizeof said->now);
			said->seq = said->committed_seq;
			assert_last(state, said);
		}
	}
	assert_int_equal(assay_state_commit(state, &err), ASSAY_OK);
	assert_last(state, said);
}

static void test_last_values(void **unused)
{
	static struct said said;
	char dir[64];

	(void)unused;
	for (uint32_t seed = 1; seed <= 3; seed++) {
		struct assay_state *state;

		dice_state = seed;
		memset(&said, 0, sizeof said);
		make_folder(dir);
		state = open_state(dir);
		play(state, &said);
		assert_true(rows_of(state, "SELECT count(*) FROM latest WHERE instrument=?1", 0) == 2);
		assert_true(rows_of(state, "SELECT count(*) FROM latest WHERE instrument=?1", 1) > 2);
		for (unsigned i = 0; i < INSTRUMENTS; i++)
			assert_true(rows_of(state, "SELECT count(*) FROM latest WHERE instrument=?1", i) <=
				    SHAPES_KEPT);
		assay_state_close(state);
		assay_state_remove(dir);
		assert_int_equal(rmdir(dir), 0);
	}
}

/* Lists that are never the same: the rows stay bounded, and are the same however often what is remembered was lost. */
static void test_bounded_and_the_same(void **unused)
{
	static struct said said;
	static const char all[] = "SELECT group_concat(instrument||' '||shape||' '||seq) FROM"
				  " (SELECT * FROM latest ORDER BY 1,2) WHERE instrument=?1";
	char dir[2][64], *text[2] = {NULL, NULL};

	(void)unused;
	for (unsigned pass = 0; pass < 2; pass++) {
		struct assay_state *state;
		struct assay_error err;
		sqlite3_stmt *row;

		dice_state = 7;
		memset(&said, 0, sizeof said);
		make_folder(dir[pass]);
		state = open_state(dir[pass]);
		for (unsigned n = 0; n < 1500; n++) {
			unsigned channel[CHANNELS], count = 0, bits = 1 + dice(255);

			for (unsigned c = 0; c < CHANNELS; c++)
				if (bits >> c & 1)
					channel[count++] = c;
			apply(state, &said, 1, channel, count);
			assert_int_equal(
				n % 7 || !pass ? ASSAY_OK : assay_state_commit(state, &err), ASSAY_OK);
			if (pass && n % 49 == 0) { /* everything remembered is lost */
				assert_int_equal(assay_state_commit(state, &err), ASSAY_OK);
				assay_state_rollback(state);
			}
		}
		assert_int_equal(assay_state_commit(state, &err), ASSAY_OK);
		assert_int_equal(
			rows_of(state, "SELECT count(*) FROM latest WHERE instrument=?1", 1), SHAPES_KEPT);
		assert_int_equal(sqlite3_prepare_v2(assay_state_db(state), all, -1, &row, NULL), SQLITE_OK);
		(void)sqlite3_bind_text(row, 1, "i1", -1, SQLITE_STATIC);
		assert_int_equal(sqlite3_step(row), SQLITE_ROW);
		text[pass] = strdup((const char *)sqlite3_column_text(row, 0));
		(void)sqlite3_finalize(row);
		assay_state_close(state);
		assay_state_remove(dir[pass]);
		assert_int_equal(rmdir(dir[pass]), 0);
	}
	assert_string_equal(text[0], text[1]);
	free(text[0]);
	free(text[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_last_values),
		cmocka_unit_test(test_bounded_and_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
