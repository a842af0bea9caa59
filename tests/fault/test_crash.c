/* SPDX-License-Identifier: Apache-2.0
 * The journal's writer killed with -9: at random (rounds: 300, ASSAY_FULL 20,000, or the first argument), and at each
 * system call that writes, in turn: before it, after it, and with half of the bytes written. After each: every
 * acknowledged entry is there, once, in order; the tree holds. */
#include "tests/fault/calls.h"
#include "tests/fault/specimen.h"

#include "gateway/record/journal_reader.h"

#include <sys/wait.h>
#include <time.h>

#define SEGMENT_BYTES 60000u

static unsigned random_state = 20261125;

static unsigned pick(unsigned below)
{
	random_state = random_state * 1664525u + 1013904223u;
	return (random_state >> 8) % below;
}

static struct assay_journal_options options(void)
{
	struct assay_journal_options all = specimen_options(SEGMENT_BYTES);

	all.wal_pages = 20;
	return all;
}

static void append(struct assay_journal *journal, uint64_t id)
{
	char body[64];
	uint8_t raw[16] = {3};
	struct assay_error err;
	struct assay_entry entry = {
		.kind = ASSAY_ENTRY_EXCHANGE, .body = body, .raw = raw, .raw_length = sizeof raw};

	if (assay_journal_size(journal) == 0) {
		entry.kind = ASSAY_ENTRY_GENESIS;
		entry.raw_length = 0;
	}
	entry.body_length = (size_t)snprintf(body, sizeof body, "{\"id\":%lu}", (unsigned long)id);
	SPECIMEN_CHECK(assay_journal_append(journal, &entry, &err) == ASSAY_OK);
}

/* Writes entries id, id + 1 ... in groups and tells fd each id that is durable. limit 0: until killed. */
static void writer(const char *dir, uint64_t id, uint64_t limit, int fd)
{
	struct assay_journal_options all = options();
	struct assay_journal *journal;
	struct assay_error err;

	SPECIMEN_CHECK(assay_journal_open(dir, &all, &journal, &err) == ASSAY_OK);
	for (uint64_t done = 0; limit == 0 || done < limit;) {
		unsigned group = 1 + pick(limit ? 3 : 9);

		for (unsigned i = 0; i < group; i++, done++)
			append(journal, id++);
		SPECIMEN_CHECK(assay_journal_commit(journal, &err) == ASSAY_OK);
		SPECIMEN_CHECK(write(fd, &(uint64_t){id}, sizeof id) == (ssize_t)sizeof id);
		if (pick(8) == 0)
			SPECIMEN_CHECK(assay_journal_checkpoint(journal, 0, true, NULL, &err) == ASSAY_OK &&
				       assay_journal_checkpoint(journal, 0, false, NULL, &err) == ASSAY_OK);
		if (limit ? done >= limit / 2 && done < limit / 2 + group : pick(200) == 0)
			SPECIMEN_CHECK(assay_journal_change_key(journal, "boss", "test", &err) == ASSAY_OK);
	}
	assay_journal_close(journal);
}

static uint64_t read_acknowledged(int fd, uint64_t id)
{
	uint64_t got;

	while (read(fd, &got, sizeof got) == (ssize_t)sizeof got)
		id = got;
	(void)close(fd);
	return id;
}

struct ids {
	uint64_t next;
	bool bad;
};

static int see_id(void *context, const struct assay_entry *entry, const uint8_t leaf[ASSAY_HASH_SIZE])
{
	struct ids *ids = context;

	(void)leaf;
	if (entry->kind == ASSAY_ENTRY_SEAL || entry->kind == ASSAY_ENTRY_KEY)
		return 0;
	ids->bad = ids->bad || strtoull(entry->body + 6, NULL, 10) != ids->next;
	ids->next++;
	return 0;
}

/* Ids 0, 1, 2 ... without gap or double, at least `acknowledged` of them; returns how many. The whole is verified. */
static uint64_t check(const char *dir, uint64_t acknowledged, bool whole)
{
	struct ids ids = {0};
	struct assay_reader *reader;
	struct assay_verify_report report;
	struct assay_error err;
	struct stat about;
	char path[200];
	int status;

	(void)snprintf(path, sizeof path, "%s/journal/0001.db", dir);
	if (stat(path, &about) != 0) {
		SPECIMEN_CHECK(acknowledged == 0);
		return 0;
	}
	status = assay_reader_open(dir, ASSAY_READ_STILL, &reader, &err);
	if (status == ASSAY_OK)
		status = assay_reader_each(reader, 0, 0, see_id, &ids, &err);
	if (status != ASSAY_OK)
		(void)fprintf(stderr, "%s (%s)\n", err.text_en, dir);
	SPECIMEN_CHECK(status == ASSAY_OK);
	assay_reader_close(reader);
	if (ids.bad || ids.next < acknowledged)
		(void)fprintf(stderr, "%lu ids, %lu acknowledged (%s)\n", (unsigned long)ids.next,
			(unsigned long)acknowledged, dir);
	SPECIMEN_CHECK(!ids.bad && ids.next >= acknowledged);
	if (whole) {
		report = specimen_verify(dir, NULL);
		if (report.findings)
			(void)fprintf(stderr, "%s (%s)\n", report.worst.what.text_en, dir);
		SPECIMEN_CHECK(report.findings == 0);
	}
	return ids.next;
}

static void sweep_random(unsigned rounds)
{
	char dir[64];
	uint64_t id = 0, lost = 0;

	specimen_dir(dir);
	for (unsigned round = 0; round < rounds; round++) {
		struct timespec pause = {.tv_nsec = (long)pick(8000) * 1000};
		uint64_t acknowledged;
		int fds[2], how;
		pid_t child;

		/* A new journal now and then, so that its making is killed, too, and reading it stays short. */
		if (round % 25 == 24) {
			specimen_remove(dir);
			specimen_dir(dir);
			id = 0;
		}
		SPECIMEN_CHECK(pipe(fds) == 0);
		random_state += round;
		child = fork();
		SPECIMEN_CHECK(child >= 0);
		if (child == 0) {
			writer(dir, id, 0, fds[1]);
			_exit(1);
		}
		(void)close(fds[1]);
		(void)nanosleep(&pause, NULL);
		(void)kill(child, SIGKILL);
		SPECIMEN_CHECK(
			waitpid(child, &how, 0) == child && WIFSIGNALED(how) && WTERMSIG(how) == SIGKILL);
		acknowledged = read_acknowledged(fds[0], id);
		id = check(dir, acknowledged, round % 20 == 0 || round + 1 == rounds);
		lost += id < acknowledged;
	}
	(void)printf("killed at random: %u times, %lu acknowledged lost, 0 doubled, every tree holds\n",
		rounds, (unsigned long)lost);
	specimen_remove(dir);
}

/* One round for each call that writes: a fixed amount of work, killed at the N-th. */
static void sweep_calls(enum plan plan, const char *name)
{
	unsigned kinds = 1u << CALL_OPEN | 1u << CALL_WRITE | 1u << CALL_SYNC | 1u << CALL_TRUNCATE |
			 1u << CALL_RENAME | 1u << CALL_UNLINK;
	char dir[64];
	unsigned kills = 0;
	bool killed = true;

	for (uint64_t at = 1; killed; at++) {
		uint64_t acknowledged, id;
		int fds[2], how;
		pid_t child;

		specimen_dir(dir);
		SPECIMEN_CHECK(pipe(fds) == 0);
		random_state = 7;
		child = fork();
		SPECIMEN_CHECK(child >= 0);
		if (child == 0) {
			calls_begin(dir, plan, kinds, at, false, 0);
			writer(dir, 0, 40, fds[1]);
			_exit(0);
		}
		(void)close(fds[1]);
		SPECIMEN_CHECK(waitpid(child, &how, 0) == child);
		killed = WIFSIGNALED(how) && WTERMSIG(how) == SIGKILL;
		SPECIMEN_CHECK(killed || (WIFEXITED(how) && WEXITSTATUS(how) == 0));
		acknowledged = read_acknowledged(fds[0], 0);
		id = check(dir, acknowledged, false);
		/* It goes on from there. */
		SPECIMEN_CHECK(pipe(fds) == 0);
		writer(dir, id, 6, fds[1]);
		(void)close(fds[1]);
		(void)check(dir, read_acknowledged(fds[0], id), true);
		kills += killed;
		specimen_remove(dir);
	}
	(void)printf(
		"killed %s each writing call: %u calls, 0 acknowledged lost, 0 doubled, every tree holds\n",
		name, kills);
}

int main(int argc, char **argv)
{
	unsigned rounds = argc > 1               ? (unsigned)strtoul(argv[1], NULL, 10)
			  : getenv("ASSAY_FULL") ? 20000
						 : 300;

	sweep_random(rounds);
	sweep_calls(PLAN_KILL_BEFORE, "before");
	sweep_calls(PLAN_KILL_AFTER, "after");
	sweep_calls(PLAN_KILL_TORN, "in the middle of");
	return 0;
}
