/* SPDX-License-Identifier: Apache-2.0
 * What the recorder process costs: the real one, told by its real channel what a host tells it of balances - the request
 * sent, the bytes received, the end with one reading, three messages an exchange, in the packets a host sends: what was
 * received goes at once, with what waited before it - with so many exchanges on their way and not yet acknowledged. An entry counts when COMMITTED has come back. Beside it bare SQLite: the very rows this
 * journal then holds, in a table of the same columns, with the same flags, journal mode and synchronous setting, as many
 * to a commit as the recorder had on average. The two take turns on the same disk; the middle one of each counts.
 *
 * usage: bench_roles [ENTRIES [WINDOW]]      of a round, 20,000; WINDOW: this one row of the table */
#include "tests/unit/recorder_play.h"

#include <inttypes.h>
#include <poll.h>
#include <sqlite3.h>

#define ROUNDS 5u

struct rows {
	uint8_t *bytes; /* header, leaf, body, raw of each, one after the other */
	size_t length, room;
	uint32_t (*part)[4]; /* their lengths */
	unsigned count;
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

static void add_part(struct rows *rows, unsigned part, sqlite3_stmt *row, int column)
{
	size_t length = (size_t)sqlite3_column_bytes(row, column);

	if (rows->length + length > rows->room) {
		rows->room = (rows->length + length) * 2;
		rows->bytes = realloc(rows->bytes, rows->room);
		assert_non_null(rows->bytes);
	}
	if (length)
		memcpy(rows->bytes + rows->length, sqlite3_column_blob(row, column), length);
	rows->part[rows->count][part] = (uint32_t)length;
	rows->length += length;
}

static void read_rows(const struct play *play, unsigned count, struct rows *rows)
{
	sqlite3_stmt *row;
	char path[120];
	sqlite3 *db;

	(void)snprintf(path, sizeof path, "%s/journal/0001.db", play->dir);
	rows->length = rows->count = 0;
	rows->part = realloc(rows->part, count * sizeof *rows->part);
	assert_non_null(rows->part);
	assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	assert_int_equal(
		sqlite3_prepare_v2(db, "SELECT header, leaf, body, raw FROM entry ORDER BY seq DESC LIMIT ?1",
			-1, &row, NULL),
		SQLITE_OK);
	(void)sqlite3_bind_int(row, 1, (int)count);
	while (sqlite3_step(row) == SQLITE_ROW) {
		for (unsigned i = 0; i < 4; i++)
			add_part(rows, i, row, (int)i);
		rows->count++;
	}
	(void)sqlite3_finalize(row);
	(void)sqlite3_close(db);
	assert_int_equal(rows->count, count);
}

static sqlite3 *open_bare(const struct play *play, sqlite3_stmt **insert)
{
	char path[120];
	sqlite3 *db;

	(void)snprintf(path, sizeof path, "%s/bare.db", play->dir);
	assert_int_equal(sqlite3_open_v2(path, &db,
				 SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX |
					 SQLITE_OPEN_EXRESCODE,
				 NULL),
		SQLITE_OK);
	assert_int_equal(
		sqlite3_exec(db,
			"PRAGMA page_size=8192; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA "
			"wal_autocheckpoint=2000;"
			"CREATE TABLE entry(seq INTEGER PRIMARY KEY, header BLOB NOT NULL, leaf BLOB NOT "
			"NULL,"
			" body TEXT NOT NULL, raw BLOB NOT NULL) STRICT",
			NULL, NULL, NULL),
		SQLITE_OK);
	assert_int_equal(
		sqlite3_prepare_v3(db, "INSERT INTO entry(seq,header,leaf,body,raw) VALUES(?1,?2,?3,?4,?5)",
			-1, SQLITE_PREPARE_PERSISTENT, insert, NULL),
		SQLITE_OK);
	return db;
}

static uint64_t time_bare(
	sqlite3 *db, sqlite3_stmt *insert, const struct rows *rows, uint64_t first, unsigned group)
{
	const uint8_t *at = rows->bytes;
	uint64_t begun = play_mono_ns();

	for (unsigned i = 0; i < rows->count; i++) {
		if (i % group == 0)
			assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
		(void)sqlite3_bind_int64(insert, 1, (sqlite3_int64)(first + i));
		for (int part = 0; part < 4; part++) {
			int length = (int)rows->part[i][part];

			if (part == 2)
				(void)sqlite3_bind_text(
					insert, 2 + part, (const char *)at, length, SQLITE_STATIC);
			else
				(void)sqlite3_bind_blob(insert, 2 + part, at, length, SQLITE_STATIC);
			at += length;
		}
		assert_int_equal(sqlite3_step(insert), SQLITE_DONE);
		(void)sqlite3_reset(insert);
		if ((i + 1) % group == 0 || i + 1 == rows->count)
			assert_int_equal(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
	}
	return play_mono_ns() - begun;
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

static void compare(struct play *play, sqlite3 *db, sqlite3_stmt *insert, unsigned count, unsigned window)
{
	static struct rows rows;
	static uint64_t stored;
	uint64_t ours[ROUNDS], theirs[ROUNDS], cpu = 0, bare_cpu = 0;
	unsigned commits, all = 0;

	for (unsigned i = 0; i < ROUNDS; i++) {
		unsigned group;

		cpu -= cpu_ns(play->recorder);
		ours[i] = time_recorder(play, count, window, &commits);
		cpu += cpu_ns(play->recorder);
		all += commits;
		group = (count + commits / 2) / commits;
		read_rows(play, count, &rows);
		bare_cpu -= cpu_ns(getpid());
		theirs[i] = time_bare(db, insert, &rows, stored, group ? group : 1);
		bare_cpu += cpu_ns(getpid());
		stored += count;
	}
	qsort(ours, ROUNDS, sizeof *ours, by_value);
	qsort(theirs, ROUNDS, sizeof *theirs, by_value);
	(void)printf("recorder, %4u on their way: %7" PRIu64
		     " entries/s, about %u to a commit; bare SQLite %7" PRIu64 " rows/s: %" PRIu64
		     " %% (processor time %" PRIu64 " and %" PRIu64 " ns)\n",
		window, count * UINT64_C(1000000000) / ours[ROUNDS / 2], (count * ROUNDS + all / 2) / all,
		count * UINT64_C(1000000000) / theirs[ROUNDS / 2],
		theirs[ROUNDS / 2] * 100 / ours[ROUNDS / 2], cpu / ROUNDS / count, bare_cpu / ROUNDS / count);
	(void)fflush(stdout);
}

int main(int argc, char **argv)
{
	unsigned count = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 20000;
	struct play play;
	struct assay_error err;
	sqlite3_stmt *insert;
	sqlite3 *db;

	play_make(&play);
	db = open_bare(&play, &insert);
	play_start(&play, ASSAY_MSG_READY, &err);
	play_add_host(&play);
	assert_true(play_await(play.host, ASSAY_MSG_HELLO, &(struct assay_message){0}, NULL, PLAY_WAIT_MS));
	if (argc > 2) {
		compare(&play, db, insert, count, (unsigned)strtoul(argv[2], NULL, 10));
	} else {
		compare(&play, db, insert, count / 50, 1);
		compare(&play, db, insert, count / 2, 32);
		compare(&play, db, insert, count, 256);
		compare(&play, db, insert, count, 1024);
	}
	assert_int_equal(play_stop(&play), 0);
	(void)sqlite3_finalize(insert);
	(void)sqlite3_close(db);
	play_remove(&play);
	return 0;
}
