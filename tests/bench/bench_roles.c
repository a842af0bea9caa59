/* SPDX-License-Identifier: Apache-2.0
 * What the recorder process costs: the real one, told by its real channel what a host tells it of balances - the request
 * sent, the bytes received, the end with one reading, three messages an exchange, in the packets a host sends: what was
 * received goes at once, with what waited before it - with so many exchanges on their way and not yet acknowledged. An
 * entry counts when COMMITTED has come back. Beside it bare SQLite: the very rows this journal then holds, in a table of
 * the same columns, with the same flags, page size, journal mode and synchronous setting, as many to a commit as the
 * recorder had on average.
 *
 * The recorder also writes the state. So there is a second pair of figures over all the rows: the recorder until it answers
 * a command, which it does when the state has everything; bare SQLite with the rows of the journal as above, and after
 * them those that stand in the state's tables for these exchanges - the values, their index, the list of frames - in tables
 * made by the state's own SQL in a database opened as the state is, STATE_GROUP to a transaction. What the recorder put
 * into the list of frames and has pruned again, and how far lines are, bare SQLite is spared.
 *
 * The two take turns on the same disk; the middle one of each counts.
 *
 * usage: bench_roles [ENTRIES [WINDOW]]      of a round, 20,000; WINDOW: this one row of the table */
#include "tests/unit/recorder_play.h"

#include <inttypes.h>
#include <poll.h>
#include <sqlite3.h>

#define ROUNDS 5u
#define STATE_GROUP 6144u /* as many as the recorder gives the state at once */

/* Rows of one table, to be inserted again. */
struct rows {
	sqlite3_value **value; /* of each row its columns */
	unsigned count, columns;
};

struct bare {
	sqlite3 *journal, *state;
	sqlite3_stmt *entry, *readings, *exchange;
};

static struct assay_channel_packet telling;

static void send_told(struct play *play)
{
	int status;

	while ((status = assay_channel_send_packet(play->host, &telling)) == ASSAY_EFULL) {
		struct pollfd room = {play->host, POLLOUT, 0};

		(void)poll(&room, 1, PLAY_WAIT_MS);
	}
	assert_int_equal(status, ASSAY_OK);
}

static void tell(struct play *play, uint16_t type, const void *payload, size_t length)
{
	const struct assay_message head = {.type = type,
		.line = BALANCE,
		.generation = play->generation,
		.length = (uint32_t)length,
		.id = ++play->id[BALANCE],
		.wall_ns = play_wall_ns(),
		.mono_ns = play_mono_ns()};

	if (assay_channel_add(&telling, &head, payload))
		return;
	send_told(play);
	assert_true(assay_channel_add(&telling, &head, payload));
}

static void tell_event(struct play *play, uint32_t direction, const char *text)
{
	struct assay_event_head head = {direction, (uint32_t)strlen(text)};
	uint8_t payload[64];

	memcpy(payload, &head, sizeof head);
	memcpy(payload + sizeof head, text, head.length);
	tell(play, ASSAY_MSG_EVENT, payload, sizeof head + head.length);
}

static void tell_exchange(struct play *play)
{
	static const struct assay_end end = {.outcome = ASSAY_OUTCOME_OK,
		.usable = 1,
		.solicited = 1,
		.want = ASSAY_WANT_VALUES,
		.readings = 1};
	static const struct assay_end_reading reading = {
		.channel = "weight", .value = "20.1127", .unit = "g", .flags = ASSAY_FLAG_STABLE, .asked = 1};
	static uint8_t payload[ASSAY_CHANNEL_PAYLOAD_MAX];

	tell_event(play, ASSAY_TX, "SI\r\n");
	tell_event(play, ASSAY_RX, "S S    20.1127 g\r\n");
	send_told(play);
	tell(play, ASSAY_MSG_END, payload, assay_end_write(&end, &reading, payload));
}

/* One round: count exchanges, at most window unacknowledged. Returns ns; *commits_out: groups they came back in. */
static uint64_t time_recorder(struct play *play, unsigned count, unsigned window, unsigned *commits_out)
{
	static struct assay_channel_packet packet;
	uint64_t begun = play_mono_ns(), first = play->id[BALANCE], acknowledged = first;
	unsigned told = 0;

	*commits_out = 0;
	while (acknowledged < first + (uint64_t)3 * count) {
		struct pollfd polled = {play->host, POLLIN, 0};
		const struct assay_message *head;
		const void *payload;
		int got;

		while (told < count && play->id[BALANCE] - acknowledged < (uint64_t)3 * window) {
			tell_exchange(play);
			told++;
		}
		send_told(play);
		assert_true(poll(&polled, 1, PLAY_WAIT_MS) == 1);
		while ((got = assay_channel_receive_packet(play->host, &packet)) == 1)
			while ((head = assay_channel_next(&packet, &payload)) != NULL)
				if (head->type == ASSAY_MSG_COMMITTED) {
					acknowledged = head->id;
					++*commits_out;
				}
		assert_int_equal(got, 0);
	}
	return play_mono_ns() - begun;
}

static sqlite3 *open_file(const struct play *play, const char *name, int flags)
{
	char path[120];
	sqlite3 *db;

	(void)snprintf(path, sizeof path, "%s/%s", play->dir, name);
	assert_int_equal(
		sqlite3_open_v2(path, &db, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL),
		SQLITE_OK);
	return db;
}

static void run(sqlite3 *db, const char *sql)
{
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
}

/* sql: which rows, ?1 how many, or from which sequence on. */
static void read_rows(sqlite3 *db, const char *sql, int64_t argument, struct rows *rows)
{
	unsigned room = 0;
	sqlite3_stmt *row;

	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &row, NULL), SQLITE_OK);
	(void)sqlite3_bind_int64(row, 1, argument);
	*rows = (struct rows){.columns = (unsigned)sqlite3_column_count(row)};
	while (sqlite3_step(row) == SQLITE_ROW) {
		if (rows->count == room) {
			room = room ? 2 * room : 1024;
			rows->value = realloc(rows->value, room * rows->columns * sizeof(sqlite3_value *));
			assert_non_null(rows->value);
		}
		for (unsigned i = 0; i < rows->columns; i++)
			rows->value[rows->count * rows->columns + i] =
				sqlite3_value_dup(sqlite3_column_value(row, (int)i));
		rows->count++;
	}
	(void)sqlite3_finalize(row);
}

static void free_rows(struct rows *rows)
{
	for (unsigned i = 0; i < rows->count * rows->columns; i++)
		sqlite3_value_free(rows->value[i]);
	free(rows->value);
}

static void insert(sqlite3_stmt *into, const struct rows *rows, unsigned number)
{
	for (unsigned i = 0; i < rows->columns; i++) {
		sqlite3_value *value = rows->value[number * rows->columns + i];
		int column = (int)i + 1, length = sqlite3_value_bytes(value);

		if (sqlite3_value_type(value) == SQLITE_INTEGER)
			(void)sqlite3_bind_int64(into, column, sqlite3_value_int64(value));
		else if (sqlite3_value_type(value) == SQLITE_TEXT)
			(void)sqlite3_bind_text(
				into, column, (const char *)sqlite3_value_text(value), length, SQLITE_STATIC);
		else
			(void)sqlite3_bind_blob(
				into, column, sqlite3_value_blob(value), length, SQLITE_STATIC);
	}
	assert_int_equal(sqlite3_step(into), SQLITE_DONE);
	(void)sqlite3_reset(into);
}

static uint64_t time_bare(sqlite3 *db, sqlite3_stmt *into, const struct rows *rows, unsigned group)
{
	uint64_t begun = play_mono_ns();

	for (unsigned i = 0; i < rows->count; i++) {
		if (i % group == 0)
			run(db, "BEGIN IMMEDIATE");
		insert(into, rows, i);
		if ((i + 1) % group == 0 || i + 1 == rows->count)
			run(db, "COMMIT");
	}
	return play_mono_ns() - begun;
}

/* The state's own words for its tables. */
static void copy_tables(const struct play *play, sqlite3 *to)
{
	sqlite3 *state = open_file(play, "state.db", SQLITE_OPEN_READONLY);
	sqlite3_stmt *row;

	assert_int_equal(sqlite3_prepare_v2(state,
				 "SELECT sql FROM sqlite_schema WHERE tbl_name IN ('readings','exchange')"
				 " AND sql IS NOT NULL ORDER BY rowid",
				 -1, &row, NULL),
		SQLITE_OK);
	while (sqlite3_step(row) == SQLITE_ROW)
		run(to, (const char *)sqlite3_column_text(row, 0));
	(void)sqlite3_finalize(row);
	(void)sqlite3_close(state);
}

static sqlite3_stmt *prepare(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *statement;

	assert_int_equal(
		sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL), SQLITE_OK);
	return statement;
}

static void open_bare(const struct play *play, struct bare *bare)
{
	bare->journal = open_file(play, "bare.db", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
	run(bare->journal,
		"PRAGMA page_size=8192; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
		"PRAGMA wal_autocheckpoint=2000;"
		"CREATE TABLE entry(seq INTEGER PRIMARY KEY, header BLOB NOT NULL, leaf BLOB NOT NULL,"
		" body TEXT NOT NULL, raw BLOB NOT NULL) STRICT");
	bare->entry =
		prepare(bare->journal, "INSERT INTO entry(seq,header,leaf,body,raw) VALUES(?1,?2,?3,?4,?5)");
	bare->state = open_file(play, "bare-state.db", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
	run(bare->state,
		"PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA wal_autocheckpoint=8000;");
	copy_tables(play, bare->state);
	bare->readings = prepare(bare->state, "INSERT INTO readings VALUES(?1,?2,?3,?4,?5)");
	bare->exchange = prepare(bare->state, "INSERT INTO exchange VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9)");
}

static void close_bare(struct bare *bare)
{
	(void)sqlite3_finalize(bare->entry);
	(void)sqlite3_finalize(bare->readings);
	(void)sqlite3_finalize(bare->exchange);
	(void)sqlite3_close(bare->journal);
	(void)sqlite3_close(bare->state);
}

/* The rows of the last `count` exchanges, by bare SQLite. *all_out: with those of the state. */
static uint64_t time_bare_round(
	const struct play *play, struct bare *bare, unsigned count, unsigned group, uint64_t *all_out)
{
	sqlite3 *journal = open_file(play, "journal/0001.db", SQLITE_OPEN_READONLY),
		*state = open_file(play, "state.db", SQLITE_OPEN_READONLY);
	struct rows entries, readings, exchanges;
	uint64_t took;
	int64_t first;

	read_rows(journal,
		"SELECT * FROM (SELECT seq, header, leaf, body, raw FROM entry ORDER BY seq DESC LIMIT ?1)"
		" ORDER BY seq",
		count, &entries);
	assert_int_equal(entries.count, count);
	first = sqlite3_value_int64(entries.value[0]);
	read_rows(state, "SELECT * FROM readings WHERE seq>=?1 ORDER BY seq", first, &readings);
	read_rows(state, "SELECT * FROM exchange WHERE seq>=?1 ORDER BY seq", first, &exchanges);
	assert_int_equal(readings.count, count); /* the state has everything */
	(void)sqlite3_close(journal);
	(void)sqlite3_close(state);
	took = time_bare(bare->journal, bare->entry, &entries, group);
	*all_out = took + time_bare(bare->state, bare->readings, &readings, STATE_GROUP) +
		   time_bare(bare->state, bare->exchange, &exchanges, STATE_GROUP);
	free_rows(&entries);
	free_rows(&readings);
	free_rows(&exchanges);
	return took;
}

/* Nanoseconds a process has been on a processor (proc(5), schedstat). */
static uint64_t cpu_ns(pid_t pid)
{
	char path[64], text[64] = "";
	FILE *file;

	(void)snprintf(path, sizeof path, "/proc/%ld/schedstat", (long)pid);
	file = fopen(path, "re");
	assert_non_null(file);
	assert_non_null(fgets(text, sizeof text, file));
	(void)fclose(file);
	return strtoull(text, NULL, 10);
}

static int by_value(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return left < right ? -1 : left > right;
}

/* Ask for anything: it is answered when the state has what the journal has. */
static void await_state(struct play *play)
{
	struct assay_error err;
	json_t *answer = play_call(play, json_pack("{s:s}", "cmd", "status"), &err);

	assert_non_null(answer);
	json_decref(answer);
}

static uint64_t middle(uint64_t took[ROUNDS])
{
	qsort(took, ROUNDS, sizeof *took, by_value);
	return took[ROUNDS / 2];
}

static void compare(struct play *play, struct bare *bare, unsigned count, unsigned window)
{
	uint64_t ours[ROUNDS], theirs[ROUNDS], ours_all[ROUNDS], theirs_all[ROUNDS], cpu = 0;
	uint64_t second = count * UINT64_C(1000000000);
	unsigned commits, all = 0;

	for (unsigned i = 0; i < ROUNDS; i++) {
		uint64_t begun = play_mono_ns();
		unsigned group;

		cpu -= cpu_ns(play->recorder);
		ours[i] = time_recorder(play, count, window, &commits);
		await_state(play);
		ours_all[i] = play_mono_ns() - begun;
		cpu += cpu_ns(play->recorder);
		all += commits;
		group = (count + commits / 2) / commits;
		theirs[i] = time_bare_round(play, bare, count, group ? group : 1, &theirs_all[i]);
	}
	(void)printf("recorder, %4u on their way: %7" PRIu64 " entries/s, about %u to a commit, %" PRIu64
		     " ns of processor; bare SQLite, the journal's rows: %7" PRIu64 "/s: %" PRIu64
		     " %%; all the rows: %7" PRIu64 " beside %7" PRIu64 "/s: %" PRIu64 " %%\n",
		window, second / middle(ours), (count * ROUNDS + all / 2) / all, cpu / ROUNDS / count,
		second / middle(theirs), middle(theirs) * 100 / middle(ours), second / middle(ours_all),
		second / middle(theirs_all), middle(theirs_all) * 100 / middle(ours_all));
	(void)fflush(stdout);
}

int main(int argc, char **argv)
{
	unsigned count = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 20000;
	struct play play;
	struct bare bare;
	struct assay_error err;

	(void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); /* as assay does; for both sides */
	play_make(&play);
	play_start(&play, ASSAY_MSG_READY, &err);
	open_bare(&play, &bare);
	play_add_host(&play);
	assert_true(play_await(play.host, ASSAY_MSG_HELLO, &(struct assay_message){0}, NULL, PLAY_WAIT_MS));
	if (argc > 2) {
		compare(&play, &bare, count, (unsigned)strtoul(argv[2], NULL, 10));
	} else {
		compare(&play, &bare, count / 50, 1);
		compare(&play, &bare, count / 2, 32);
		compare(&play, &bare, count, 256);
		compare(&play, &bare, count, 1024);
	}
	assert_int_equal(play_stop(&play), 0);
	close_bare(&bare);
	play_remove(&play);
	return 0;
}
