/* SPDX-License-Identifier: Apache-2.0
 * The state is derived from the journal and nothing else: however it is lost, it comes back the same, table by table.
 * What is compared with is the state as the running recorder left it. */
#include "tests/unit/recorder_play.h"

#include "gateway/record/body.h"
#include "gateway/record/state.h"

#include <fcntl.h>

static const char *const tables[] = {
	"SELECT * FROM meta ORDER BY 1",
	"SELECT * FROM line ORDER BY 1",
	"SELECT * FROM instrument ORDER BY 1",
	"SELECT * FROM channel ORDER BY 1, 2",
	"SELECT * FROM latest ORDER BY 1, 2",
	"SELECT * FROM " ASSAY_STATE_READING " ORDER BY 1, 2, 3, 4",
	"SELECT * FROM exchange ORDER BY 1",
	"SELECT * FROM batch ORDER BY 1",
	"SELECT * FROM test ORDER BY 1",
	"SELECT * FROM slot ORDER BY 1, 2, 3, 4",
	"SELECT * FROM result ORDER BY 1",
	"SELECT * FROM verdict ORDER BY 1, 2",
	"SELECT * FROM review ORDER BY 1",
	"SELECT * FROM risk_item ORDER BY 1, 2, 3",
	"SELECT * FROM risk_cell ORDER BY 1, 2, 3, 4",
	"SELECT * FROM risk_share ORDER BY 1, 2, 3, 4, 5, 6",
	"SELECT * FROM risk_producer ORDER BY 1, 2, 3",
	"SELECT * FROM risk_batch ORDER BY 1",
	"SELECT * FROM risk_batches ORDER BY 1",
	"SELECT * FROM spec ORDER BY 1, 2",
	"SELECT * FROM driver ORDER BY 1, 2",
};
#define TABLES (sizeof tables / sizeof *tables)

struct dump {
	char *text[TABLES];
	unsigned rows[TABLES];
};

static void dump_row(sqlite3_stmt *row, FILE *out)
{
	for (int column = 0; column < sqlite3_column_count(row); column++) {
		const unsigned char *bytes = sqlite3_column_blob(row, column);
		int length = sqlite3_column_bytes(row, column);

		(void)fprintf(
			out, "%s:%d:", sqlite3_column_name(row, column), sqlite3_column_type(row, column));
		for (int i = 0; i < length; i++)
			(void)fprintf(out, "%02x", bytes[i]);
		(void)fputc(' ', out);
	}
	(void)fputc('\n', out);
}

static void dump_state(const char *dir, struct dump *out)
{
	char path[120];
	sqlite3 *db;

	(void)snprintf(path, sizeof path, "%s/state.db", dir);
	assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	for (size_t i = 0; i < TABLES; i++) {
		sqlite3_stmt *row;
		size_t size = 0;
		FILE *text = open_memstream(&out->text[i], &size);

		assert_int_equal(sqlite3_prepare_v2(db, tables[i], -1, &row, NULL), SQLITE_OK);
		out->rows[i] = 0;
		while (sqlite3_step(row) == SQLITE_ROW) {
			dump_row(row, text);
			out->rows[i]++;
		}
		(void)sqlite3_finalize(row);
		assert_int_equal(fclose(text), 0);
	}
	(void)sqlite3_close(db);
}

static void dump_free(struct dump *dump)
{
	for (size_t i = 0; i < TABLES; i++)
		free(dump->text[i]);
}

/* Open the state as the recorder does at its start, and compare. */
static void assert_comes_back(const char *dir, const struct dump *live)
{
	struct assay_state *state = NULL;
	struct assay_error err;
	struct dump again;

	assert_int_equal(assay_state_open(dir, &state, &err), ASSAY_OK);
	assert_int_equal(assay_state_catch_up(state, dir, &err), ASSAY_OK);
	assay_state_close(state);
	dump_state(dir, &again);
	for (size_t i = 0; i < TABLES; i++) {
		size_t at = 0;

		while (live->text[i][at] && live->text[i][at] == again.text[i][at])
			at++;
		if (live->text[i][at] != again.text[i][at])
			fail_msg("%s differs at %zu: %.200s | %.200s", tables[i], at,
				live->text[i] + (at > 100 ? at - 100 : 0),
				again.text[i] + (at > 100 ? at - 100 : 0));
		assert_int_equal(live->rows[i], again.rows[i]);
	}
	dump_free(&again);
}

static void call(struct play *play, json_t *request)
{
	struct assay_error err;
	json_t *answer = play_call(play, request, &err);

	assert_non_null(answer);
	json_decref(answer);
}

static json_t *new_batch(void)
{
	return json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:[s]}", "cmd", "batch.new", "product", "puffed-snack",
		"name", "香米锅巴", "producer", "禾香食品", "lot", "A", "produced", "2026-11-20", "tests",
		"moisture");
}

static void weigh(struct play *play, const char *test, const char *slot, int replicate, const char *value)
{
	call(play, json_pack("{s:s,s:s,s:s,s:i,s:s}", "cmd", "test.fill", "test", test, "slot", slot,
			   "replicate", replicate, "instrument", "balance-1"));
	play_print(play, value, "g", ASSAY_FLAG_STABLE);
}

static void find_test(struct play *play, char test[72])
{
	struct assay_error err;
	json_t *answer = play_call(play, json_pack("{s:s}", "cmd", "batch.list"), &err);

	(void)snprintf(
		test, 72, "%s.1", play_text(json_array_get(json_object_get(answer, "batches"), 0), "batch"));
	json_decref(answer);
}

static void say_line(struct play *play, uint32_t status)
{
	struct assay_line_state state = {
		.status = status, .code = "no-answer", .text_zh = "没有应答", .text_en = "no answer"};

	(void)play_tell(play, OVEN, ASSAY_MSG_LINE, 0, &state, sizeof state);
}

/* Everything that leaves a row: a finished batch, a void one, refusals, typed values, a slot still armed, host deaths,
 * a new generation, a restart. */
static void play_everything(struct play *play)
{
	struct assay_message head;
	char test[72];

	play_start(play, ASSAY_MSG_READY, NULL);
	play_add_host(play);
	assert_true(play_await(play->host, ASSAY_MSG_HELLO, &head, NULL, PLAY_WAIT_MS));
	say_line(play, ASSAY_LINE_SILENT);
	call(play, json_pack("{s:s,s:s,s:s}", "cmd", "producer.add", "name", "禾香食品", "licence", "SC107"));
	call(play, new_batch());
	find_test(play, test);
	call(play, json_pack("{s:s,s:s,s:s,s:i,s:s,s:s}", "cmd", "test.enter", "test", test, "slot", "m3",
			   "replicate", 1, "value", "20.1127 g", "reason", "printer broken"));
	weigh(play, test, "m3", 2, "21.7046");
	weigh(play, test, "m1", 1, "23.1486");
	weigh(play, test, "m1", 2, "24.8962");
	play_oven(play, "103.0");
	call(play, json_pack("{s:s,s:s,s:s,s:i,s:s}", "cmd", "test.fill", "test", test, "slot", "m2",
			   "replicate", 1, "instrument", "balance-1"));
	play_print(play, "22984.9", "mg", ASSAY_FLAG_STABLE);
	play_print(play, "22.9849", "g", ASSAY_FLAG_STABLE);
	weigh(play, test, "m2", 1, "22.9841");
	(void)play_event(play, BALANCE, 0, ASSAY_RX, "half a fra");
	play_host_dies(play);
	play_kill(play);
	play_start(play, ASSAY_MSG_READY, NULL);
	play_add_host(play);
	play_oven(play, "103.1");
	weigh(play, test, "m2", 2, "24.7227");
	weigh(play, test, "m2", 2, "24.7219");
	call(play, new_batch());
	find_test(play, test);
	weigh(play, test, "m3", 1, "20.0000");
	test[strlen(test) - 2] = '\0';
	call(play, json_pack("{s:s,s:s,s:s}", "cmd", "batch.void", "batch", test, "reason", "wrong sample"));
	call(play, new_batch());
	find_test(play, test);
	call(play, json_pack("{s:s,s:s,s:s,s:i,s:s}", "cmd", "test.fill", "test", test, "slot", "m3",
			   "replicate", 1, "instrument", "balance-1"));
	say_line(play, ASSAY_LINE_ONLINE);
	play_oven(play, "103.2");
	assert_int_equal(play_stop(play), 0);
	play_host_dies(play);
}

static void damage(const char *dir)
{
	char path[120], bytes[8192];
	int fd;

	(void)snprintf(path, sizeof path, "%s/state.db", dir);
	memset(bytes, 0x5a, sizeof bytes);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, bytes, sizeof bytes, 4096), sizeof bytes);
	(void)close(fd);
}

static void run_sql(const char *dir, const char *sql)
{
	char path[120];
	sqlite3 *db;

	(void)snprintf(path, sizeof path, "%s/state.db", dir);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	(void)sqlite3_close(db);
}

static void test_comes_back(void **state)
{
	struct play play;
	struct dump live;

	(void)state;
	play_make(&play);
	play_everything(&play);
	dump_state(play.dir, &live);
	for (size_t i = 0; i < TABLES; i++)
		assert_true(live.rows[i] > 0); /* nothing is compared with nothing */
	assert_comes_back(play.dir, &live); /* as it is */
	assay_state_remove(play.dir);
	assert_comes_back(play.dir, &live); /* deleted */
	damage(play.dir);
	assert_comes_back(play.dir, &live);
	run_sql(play.dir, "PRAGMA user_version=999");
	assert_comes_back(play.dir, &live); /* of a newer version */
	run_sql(play.dir, "UPDATE meta SET value='1000000' WHERE key='applied'");
	assert_comes_back(play.dir, &live); /* further than the journal */
	run_sql(play.dir, "UPDATE meta SET value=replace(value,'4','5') WHERE key='header'");
	assert_comes_back(play.dir, &live); /* of another journal */
	dump_free(&live);
	play_remove(&play);
}

/* 376491275/69209846 g/100g (lab_play.h) of at most 7 g/100g (GB 17401-2014): Python's fractions. */
static void test_share_of_limit(void **state)
{
	struct play play;
	char path[120];
	sqlite3 *db;
	sqlite3_stmt *row;

	(void)state;
	play_make(&play);
	play_everything(&play);
	(void)snprintf(path, sizeof path, "%s/state.db", play.dir);
	assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db,
				 "SELECT share_low, share_high, low, high, near, producer FROM risk_item", -1,
				 &row, NULL),
		SQLITE_OK);
	assert_int_equal(sqlite3_step(row), SQLITE_ROW);
	assert_string_equal((const char *)sqlite3_column_text(row, 0), "376491275/484468922");
	assert_string_equal((const char *)sqlite3_column_text(row, 1), "376491275/484468922");
	assert_int_equal(sqlite3_column_int(row, 2), 7);
	assert_int_equal(sqlite3_column_int(row, 3), 7);
	assert_int_equal(sqlite3_column_int(row, 4), 0);
	assert_string_equal((const char *)sqlite3_column_text(row, 5), "P001");
	assert_int_equal(sqlite3_finalize(row), SQLITE_OK);
	(void)sqlite3_close(db);
	play_remove(&play);
}

/* A page of the state's file as SQLite's file format numbers them, from 1. */
static void damage_page(const char *dir, int page)
{
	char path[120], bytes[4096];
	int fd;

	(void)snprintf(path, sizeof path, "%s/state.db", dir);
	memset(bytes, 0x5a, sizeof bytes);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, bytes, sizeof bytes, (off_t)(page - 1) * 4096), sizeof bytes);
	(void)close(fd);
}

static int root_page(const char *dir, const char *table)
{
	char path[120];
	sqlite3_stmt *row;
	sqlite3 *db;
	int page;

	(void)snprintf(path, sizeof path, "%s/state.db", dir);
	assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	assert_int_equal(
		sqlite3_prepare_v2(db, "SELECT rootpage FROM sqlite_schema WHERE name=?1", -1, &row, NULL),
		SQLITE_OK);
	(void)sqlite3_bind_text(row, 1, table, -1, SQLITE_STATIC);
	assert_int_equal(sqlite3_step(row), SQLITE_ROW);
	page = sqlite3_column_int(row, 0);
	(void)sqlite3_finalize(row);
	(void)sqlite3_close(db);
	return page;
}

/* Every table but the history is looked at when the file is opened; the history bit by bit. */
static void test_damage_is_found(void **state)
{
	static const char *const looked_at[] = {"batch", "slot_by_status", "verdict", "exchange", "meta"};
	struct play play;
	struct dump live;
	struct assay_state *opened = NULL;
	struct assay_error err;
	bool round = false;
	unsigned looks = 0;

	(void)state;
	play_make(&play);
	play_everything(&play);
	dump_state(play.dir, &live);
	for (size_t i = 0; i < sizeof looked_at / sizeof *looked_at; i++) {
		damage_page(play.dir, root_page(play.dir, looked_at[i]));
		assert_comes_back(play.dir, &live);
	}
	assert_int_equal(assay_state_open(play.dir, &opened, &err), ASSAY_OK);
	while (!round) {
		assert_int_equal(assay_state_look(opened, 2, &round, &err), ASSAY_OK);
		looks++;
	}
	assert_int_equal(looks, live.rows[5] / 2 + 1); /* two rows at a time, none twice */
	assay_state_close(opened);
	damage_page(play.dir, root_page(play.dir, "readings"));
	assert_int_equal(assay_state_open(play.dir, &opened, &err), ASSAY_OK);
	assert_int_equal(assay_state_look(opened, 2, &round, &err), ASSAY_EDAMAGED);
	assay_state_close(opened);
	assay_state_remove(play.dir);
	assert_comes_back(play.dir, &live);
	dump_free(&live);
	play_remove(&play);
}

/* One of several kinds: values, none in time, a print key, two channels, a text that is no UTF-8. Its END's id. */
static uint64_t send_exchange(struct play *play, unsigned number)
{
	static uint8_t payload[ASSAY_CHANNEL_PAYLOAD_MAX];
	struct assay_end end = {.outcome = ASSAY_OUTCOME_OK,
		.usable = 1,
		.solicited = 1,
		.want = ASSAY_WANT_VALUES,
		.readings = 1};
	struct assay_end_reading row[2] = {
		{.channel = "weight", .unit = "g", .flags = ASSAY_FLAG_STABLE, .asked = 1},
		{.channel = "tare", .value = "0", .unit = "g", .asked = 1}};

	(void)snprintf(row[0].value, sizeof row[0].value, "%u", number);
	if (number % 7 == 3) {
		end.outcome = ASSAY_OUTCOME_TIMEOUT;
		end.usable = 0;
		end.readings = 0;
	} else if (number % 7 == 4) {
		end.solicited = 0;
		end.want = 0;
		row[0].asked = 0;
	} else if (number % 7 == 5) {
		end.readings = 2;
	} else if (number % 70 == 6) {
		(void)snprintf(row[0].channel, sizeof row[0].channel, "weight\x80");
	}
	(void)play_event(play, BALANCE, 0, ASSAY_TX, "SI\r\n");
	(void)play_event(play, BALANCE, 0, ASSAY_RX, "S S 1 g\r\n");
	return play_tell(play, BALANCE, ASSAY_MSG_END, 0, payload, assay_end_write(&end, row, payload));
}

/* Exchanges that come faster than the state is given them: many at once, and the list of frames loses its first ones. */
static void test_flood_comes_back(void **state)
{
	struct play play;
	struct assay_error err;
	struct dump live;

	(void)state;
	play_make(&play);
	play_start(&play, ASSAY_MSG_READY, &err);
	play_add_host(&play);
	for (unsigned i = 0; i < ASSAY_STATE_EXCHANGES + 600; i++) {
		uint64_t id = send_exchange(&play, i);

		if (i % 100 == 99)
			play_await_committed(&play, BALANCE, id);
	}
	assert_int_equal(play_stop(&play), 0);
	dump_state(play.dir, &live);
	assay_state_remove(play.dir);
	assert_comes_back(play.dir, &live);
	dump_free(&live);
	play_remove(&play);
}

static void test_exchange_body_round_trip(void **state)
{
	static struct assay_exchange out, in;
	static char text[ASSAY_EXCHANGE_BODY_MAX];
	struct assay_error err;
	json_t *parsed;
	size_t length;

	(void)state;
	memset(&out, 0, sizeof out);
	(void)snprintf(out.instrument, sizeof out.instrument, "balance-1");
	out.generation = 4000000000u;
	out.id = 9223372036854775807u;
	out.end = (struct assay_end){
		.outcome = ASSAY_OUTCOME_OK, .solicited = 1, .want = ASSAY_WANT_STABLE, .usable = 1};
	(void)snprintf(out.end.detail, sizeof out.end.detail, "a \"quote\", a \\ and \x01 \x80 天");
	out.end.readings = ASSAY_END_READINGS_MAX;
	for (uint32_t i = 0; i < ASSAY_END_READINGS_MAX; i++) {
		struct assay_end_reading *row = &out.reading[i];

		row->flags = UINT32_MAX;
		row->reason = i % 13;
		row->asked = i & 1;
		row->value_at = row->value_length = row->unit_at = row->unit_length = row->frame_at =
			row->frame_length = i ? UINT32_MAX : 0;
		memset(row->channel, '"', sizeof row->channel - 1);
		memset(row->value, 0x02, sizeof row->value - 1);
		memset(row->unit, '\\', sizeof row->unit - 1);
		memset(row->sample, 0xff, i & 2 ? sizeof row->sample - 1 : 0);
		memset(row->detail, 0x1f, i & 4 ? sizeof row->detail - 1 : 0);
	}
	length = assay_exchange_body_write(&out, text, NULL);
	assert_true(length < sizeof text);
	parsed = json_loadb(text, length, 0, NULL); /* another reader agrees that it is JSON */
	assert_non_null(parsed);
	json_decref(parsed);
	assert_int_equal(assay_exchange_body_read(text, length, &in, &err), ASSAY_OK);
	assert_true(in.id == out.id && in.generation == out.generation);
	assert_string_equal(in.end.detail, "a \"quote\", a \\ and \x01 ? 天");
	for (uint32_t i = 0; i < ASSAY_END_READINGS_MAX; i++) {
		memset(out.reading[i].sample, '?', i & 2 ? sizeof out.reading[i].sample - 1 : 0);
		assert_memory_equal(&in.reading[i], &out.reading[i], sizeof in.reading[i]);
	}
	/* Cut anywhere it is refused, never misread. */
	for (size_t cut = 0; cut < 2000; cut++)
		assert_int_equal(assay_exchange_body_read(text, cut, &in, &err), ASSAY_EDAMAGED);
}

static uint32_t dice(uint32_t below)
{
	static uint64_t seed = 88172645463325252u;

	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 33) % below;
}

static void roll_text(char *text, size_t size)
{
	static const char *const pieces[] = {
		"", "h0001", "weight", "°C", "\x01", "\"", "\\u", "天平", "\x80", "\x7f", "\xe5\xa4", " "};
	size_t used = 0;

	text[0] = '\0';
	for (uint32_t i = dice(4); i; i--) {
		const char *piece = pieces[dice(dice(2) ? 4 : sizeof pieces / sizeof *pieces)];

		if (used + strlen(piece) < size) {
			(void)snprintf(text + used, size - used, "%s", piece);
			used += strlen(piece);
		}
	}
}

static void roll_exchange(struct assay_exchange *out)
{
	memset(out, 0, sizeof *out);
	roll_text(out->instrument, sizeof out->instrument);
	out->generation = dice(3) ? dice(100) : UINT32_MAX;
	out->id = dice(3) ? dice(100) : UINT64_MAX;
	out->end = (struct assay_end){.outcome = (uint16_t)(dice(2) ? 1 : 1 + dice(10)),
		.solicited = (uint16_t)dice(2),
		.usable = (uint16_t)dice(2),
		.want = dice(5),
		.set_aside = dice(2),
		.readings = dice(4) ? dice(5) : 0};
	if (!dice(3)) {
		roll_text(out->end.serial, sizeof out->end.serial);
		roll_text(out->end.model, sizeof out->end.model);
		roll_text(out->end.detail, sizeof out->end.detail);
	}
	for (uint32_t i = 0; i < out->end.readings; i++) {
		struct assay_end_reading *row = &out->reading[i];

		roll_text(row->channel, sizeof row->channel);
		roll_text(row->value, sizeof row->value);
		roll_text(row->unit, sizeof row->unit);
		row->flags = dice(3);
		row->reason = dice(13);
		row->value_at = dice(200);
		row->asked = dice(4) != 0;
	}
}

/* The state is made by what the recorder knows of a body it has just written, and made again by what stands there: the
 * two agree, or the first says that it does not know. */
static void test_gist_is_what_the_body_says(void **state)
{
	static struct assay_exchange exchange;
	static char text[ASSAY_EXCHANGE_BODY_MAX];
	struct assay_exchange_gist told, read;
	unsigned known = 0, offering = 0;
	struct assay_error err;

	(void)state;
	for (unsigned round = 0; round < 20000; round++) {
		size_t length;

		roll_exchange(&exchange);
		length = assay_exchange_body_write(&exchange, text, &told);
		assert_int_equal(assay_exchange_gist_read(text, length, &read, &err), ASSAY_OK);
		if (!told.known)
			continue;
		known++;
		offering += told.offers;
		assert_true(told.usable == read.usable && told.solicited == read.solicited);
		assert_true(told.offers == read.offers && told.outcome == read.outcome);
		assert_true(told.generation == read.generation && told.id == read.id);
		assert_true(told.shape == read.shape);
		assert_true(told.list_at == read.list_at && told.list_length == read.list_length);
		assert_string_equal(told.instrument, read.instrument);
		assert_string_equal(told.serial, read.serial);
		assert_string_equal(told.model, read.model);
	}
	assert_in_range(known, 5000, 19999); /* both happen */
	assert_in_range(offering, 500, known);
	exchange.end.outcome = ASSAY_OUTCOME_OK;
	(void)snprintf(exchange.instrument, sizeof exchange.instrument, "b\xff");
	(void)assay_exchange_body_write(&exchange, text, &told);
	assert_false(told.known);
}

/* A driver's reason that no word exists for: read back, the reading is still refused. */
static void test_unknown_reason_is_a_reason(void **state)
{
	static const char body[] = "{\"readings\":[[\"weight\",\"1\",\"g\",1,\"of-tomorrow\"]]}";
	static struct assay_exchange out, in;
	static char text[ASSAY_EXCHANGE_BODY_MAX];
	struct assay_error err;

	(void)state;
	assert_int_equal(assay_exchange_body_read(body, sizeof body - 1, &in, &err), ASSAY_OK);
	assert_int_not_equal(in.reading[0].reason, ASSAY_REASON_NONE);
	out.end = (struct assay_end){
		.outcome = ASSAY_OUTCOME_OK, .solicited = 1, .want = ASSAY_WANT_STABLE, .readings = 1};
	out.reading[0] = (struct assay_end_reading){.channel = "weight", .value = "1", .reason = 114};
	assert_int_equal(
		assay_exchange_body_read(text, assay_exchange_body_write(&out, text, NULL), &in, &err),
		ASSAY_OK);
	assert_int_not_equal(in.reading[0].reason, ASSAY_REASON_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_comes_back),
		cmocka_unit_test(test_share_of_limit),
		cmocka_unit_test(test_damage_is_found),
		cmocka_unit_test(test_flood_comes_back),
		cmocka_unit_test(test_exchange_body_round_trip),
		cmocka_unit_test(test_gist_is_what_the_body_says),
		cmocka_unit_test(test_unknown_reason_is_a_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
