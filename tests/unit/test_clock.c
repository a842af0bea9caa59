/* SPDX-License-Identifier: Apache-2.0
 * The wall clock steps while the recorder runs, and nobody keeps it any more. This program's clock_gettime and adjtimex stand
 * in for the C library's: the kernel's monotonic clock, a wall clock that the test turns. Expected values: how far it was
 * turned, and assay-journal.5 (order is by sequence; flags, bit 0: the wall clock was synchronised). */
#include "tests/unit/recorder_play.h"

#include "gateway/record/verify.h"

#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/timex.h>

#define HOUR_MS 3600000
#define SLEWED_MS 100 /* below what counts as a step */
#define NEAR_MS 200
#define KEPT_MAX 1024 /* each spec is an entry, too */
#define BODY_MAX 200

/* Shared with the recorder, a process of its own. */
static struct turned {
	_Atomic int64_t wall_ns;
	_Atomic bool synchronised;
} * turned;

int clock_gettime(clockid_t clock, struct timespec *now)
{
	int rc = (int)syscall(SYS_clock_gettime, clock, now);
	int64_t wall_ns;

	if (rc != 0 || clock != CLOCK_REALTIME || !turned)
		return rc;
	wall_ns = (int64_t)now->tv_sec * 1000000000 + now->tv_nsec + turned->wall_ns;
	now->tv_sec = (time_t)(wall_ns / 1000000000);
	now->tv_nsec = (long)(wall_ns % 1000000000);
	return 0;
}

int adjtimex(struct timex *state)
{
	state->status = turned->synchronised ? 0 : STA_UNSYNC;
	return turned->synchronised ? TIME_OK : TIME_ERROR;
}

static void turn_ms(int64_t by)
{
	turned->wall_ns += by * 1000000;
}

static struct kept {
	uint64_t sequence;
	int64_t wall_ns;
	unsigned kind, flags;
	char body[BODY_MAX];
} kept[KEPT_MAX];
static size_t kept_count;

static int keep(void *context, const struct assay_entry *entry, const uint8_t leaf[ASSAY_HASH_SIZE])
{
	struct kept *next = &kept[kept_count++];

	(void)context;
	(void)leaf;
	assert_true(kept_count < KEPT_MAX);
	*next = (struct kept){entry->sequence, entry->wall_ns, entry->kind, entry->flags, ""};
	if (entry->body_length < BODY_MAX)
		memcpy(next->body, entry->body, entry->body_length);
	return 0;
}

static void keep_all(const struct play *play)
{
	struct assay_reader *reader = NULL;
	struct assay_error err;

	kept_count = 0;
	assert_int_equal(assay_reader_open(play->dir, ASSAY_READ_STILL, &reader, &err), ASSAY_OK);
	assert_int_equal(assay_reader_each(reader, 0, 0, keep, NULL, &err), ASSAY_OK);
	assay_reader_close(reader);
}

/* The nth entry of a kind, from 0. */
static const struct kept *nth(unsigned kind, unsigned n)
{
	for (size_t i = 0; i < kept_count; i++)
		if (kept[i].kind == kind && n-- == 0)
			return &kept[i];
	return NULL;
}

static void rest_ms(long ms)
{
	const struct timespec pause = {ms / 1000, ms % 1000 * 1000000};

	(void)nanosleep(&pause, NULL);
}

static void await_steps(struct play *play, unsigned count)
{
	uint64_t until = play_mono_ns() + PLAY_WAIT_MS * 1000000ull;

	while (play_count(play, ASSAY_ENTRY_CLOCK)->count < count) {
		assert_true(play_mono_ns() < until);
		rest_ms(50);
	}
}

static void step_is(unsigned n, int64_t ms)
{
	const struct kept *entry = nth(ASSAY_ENTRY_CLOCK, n);
	json_t *body;
	int64_t said;

	assert_non_null(entry);
	body = json_loads(entry->body, 0, NULL);
	said = json_integer_value(json_object_get(body, "step_ms"));
	json_decref(body);
	assert_in_range(said - ms + NEAR_MS, 0, 2 * NEAR_MS);
}

static void test_clock_steps(void **state)
{
	struct assay_verify_options how = {0};
	struct assay_verify_report report;
	struct assay_error err;
	const struct kept *before, *ahead, *back;
	char command[200];
	struct play play;

	(void)state;
	turned->synchronised = true;
	play_make(&play);
	play_start(&play, ASSAY_MSG_READY, NULL);
	play_add_host(&play);
	play_print(&play, "20.1127", "g", ASSAY_FLAG_STABLE);
	turn_ms(HOUR_MS);
	await_steps(&play, 1);
	play_print(&play, "21.7046", "g", ASSAY_FLAG_STABLE);
	turn_ms(-2 * HOUR_MS);
	await_steps(&play, 2);
	turn_ms(SLEWED_MS);
	turned->synchronised = false;
	rest_ms(1300); /* the recorder looks once a second at both */
	play_print(&play, "22.9841", "g", ASSAY_FLAG_STABLE);
	assert_int_equal(play_stop(&play), 0);
	play_host_dies(&play);

	keep_all(&play);
	step_is(0, HOUR_MS);
	step_is(1, -2 * HOUR_MS);
	assert_null(nth(ASSAY_ENTRY_CLOCK, 2));
	before = nth(ASSAY_ENTRY_EXCHANGE, 0);
	ahead = nth(ASSAY_ENTRY_EXCHANGE, 1);
	back = nth(ASSAY_ENTRY_EXCHANGE, 2);
	assert_true(before && ahead && back);
	for (size_t i = 0; i < kept_count; i++) {
		assert_int_equal(kept[i].sequence, i);
		assert_int_equal(kept[i].flags & 1, &kept[i] < back);
	}
	assert_non_null(strstr(before->body, "20.1127"));
	assert_non_null(strstr(ahead->body, "21.7046"));
	assert_non_null(strstr(back->body, "22.9841"));
	assert_true(before < nth(ASSAY_ENTRY_CLOCK, 0) && nth(ASSAY_ENTRY_CLOCK, 0) < ahead);
	assert_true(ahead < nth(ASSAY_ENTRY_CLOCK, 1) && nth(ASSAY_ENTRY_CLOCK, 1) < back);
	assert_true(ahead->wall_ns - before->wall_ns >= HOUR_MS * 1000000ll);
	assert_true(back->wall_ns < before->wall_ns); /* later, by the clock earlier */

	assert_int_equal(assay_verify_dir(play.dir, &how, &report, &err), ASSAY_OK);
	assert_int_equal(report.findings, 0);
	(void)snprintf(command, sizeof command, "/usr/bin/python3 tests/verify.py %s >/dev/null", play.dir);
	assert_int_equal(system(command), 0);
	play_remove(&play);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_clock_steps)};

	turned = mmap(NULL, sizeof *turned, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (turned == MAP_FAILED)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
