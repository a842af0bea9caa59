/* SPDX-License-Identifier: Apache-2.0
 * The recorder as its host, its supervisor and its clients see it: recorded once, acknowledged only when durable,
 * nothing acknowledged is ever lost. Expected values follow from channel.h, events.h and body.h. */
#include "tests/unit/recorder_play.h"

#include "gateway/record/events.h"

static const struct play_reading stable = {"weight", "20.1127", "g", ASSAY_FLAG_STABLE, 0, true, false};

static void test_records_and_acknowledges(void **state)
{
	struct play play;
	struct assay_message head = {0};
	struct play_count *count;
	struct assay_event event;
	struct assay_error err;
	size_t at = 0;
	json_t *answer;

	(void)state;
	play_make(&play);
	play_start(&play, ASSAY_MSG_READY, NULL);
	play_add_host(&play);
	assert_true(play_await(play.host, ASSAY_MSG_HELLO, &head, NULL, PLAY_WAIT_MS));
	assert_int_equal(head.id, 0);
	(void)play_event(&play, BALANCE, 0, ASSAY_TX, "SI\r\n");
	(void)play_event(&play, BALANCE, 0, ASSAY_RX, "S S    20.1127 g\r\n");
	(void)play_end(&play, BALANCE, 0, &stable);
	play_await_committed(&play, BALANCE, 3);
	/* Committed means: another reader finds it. */
	count = play_count(&play, ASSAY_ENTRY_EXCHANGE);
	assert_int_equal(count->count, 1);
	assert_string_equal(count->last_body,
		"{\"instrument\":\"balance-1\",\"generation\":1,\"id\":3,\"readings\":"
		"[[\"weight\",\"20.1127\",\"g\",1]]}");
	assert_int_equal(assay_event_next(count->last_raw, count->last_raw_length, &at, &event), 1);
	assert_int_equal(event.direction, ASSAY_TX);
	assert_int_equal(assay_event_next(count->last_raw, count->last_raw_length, &at, &event), 1);
	assert_int_equal(event.direction, ASSAY_RX);
	assert_memory_equal(event.bytes, "S S    20.1127 g\r\n", event.length);
	assert_int_equal(assay_event_next(count->last_raw, count->last_raw_length, &at, &event), 0);
	answer = play_call(&play, json_pack("{s:s}", "cmd", "status"), &err);
	assert_non_null(answer);
	assert_int_equal(json_array_size(json_object_get(answer, "lines")), 2);
	assert_string_equal(
		play_text(json_array_get(
				  json_object_get(
					  json_array_get(
						  json_object_get(
							  json_array_get(json_object_get(answer, "lines"), 0),
							  "instruments"),
						  0),
					  "channels"),
				  0),
			"value"),
		"20.1127");
	json_decref(answer);
	assert_int_equal(play_stop(&play), 0);
	assert_int_equal(play_count(&play, ASSAY_ENTRY_STOP)->count, 1);
	play_host_dies(&play);
	play_remove(&play);
}

static void test_told_again(void **state)
{
	struct play play;
	struct assay_message head = {0};
	uint64_t last;

	(void)state;
	play_make(&play);
	play_start(&play, ASSAY_MSG_READY, NULL);
	play_add_host(&play);
	for (unsigned i = 0; i < 5; i++) {
		(void)play_event(&play, BALANCE, 0, ASSAY_RX, "S S    20.1127 g\r\n");
		(void)play_end(&play, BALANCE, 0, &stable);
	}
	last = play.id[BALANCE];
	play_await_committed(&play, BALANCE, last);
	/* In the middle of the next exchange the recorder is killed. */
	(void)play_event(&play, BALANCE, 0, ASSAY_RX, "S S    21.");
	play_kill(&play);
	play_start(&play, ASSAY_MSG_READY, NULL);
	play_add_host(&play);
	do
		assert_true(play_await(play.host, ASSAY_MSG_HELLO, &head, NULL, PLAY_WAIT_MS));
	while (head.line != BALANCE || head.id == 0);
	assert_int_equal(head.id, last);
	/* A host tells everything after HELLO's id, and may tell what is known. */
	(void)play_event(&play, BALANCE, last - 1, ASSAY_RX, "S S    20.1127 g\r\n");
	(void)play_end(&play, BALANCE, last, &stable);
	(void)play_event(&play, BALANCE, last + 1, ASSAY_RX, "S S    21.");
	(void)play_event(&play, BALANCE, last + 2, ASSAY_RX, "0000 g\r\n");
	(void)play_end(&play, BALANCE, last + 3, &stable);
	play_await_committed(&play, BALANCE, last + 3);
	assert_int_equal(play_count(&play, ASSAY_ENTRY_EXCHANGE)->count, 6);
	assert_int_equal(play_stop(&play), 0);
	play_host_dies(&play);
	play_remove(&play);
}

static void test_host_dies(void **state)
{
	struct play play;
	struct play_count *count;
	struct assay_message head = {0};

	(void)state;
	play_make(&play);
	play_start(&play, ASSAY_MSG_READY, NULL);
	play_add_host(&play);
	(void)play_event(&play, BALANCE, 0, ASSAY_RX, "S S    21.");
	play_host_dies(&play);
	play_add_host(&play);
	assert_true(play_await(play.host, ASSAY_MSG_HELLO, &head, NULL, PLAY_WAIT_MS));
	assert_int_equal(head.id, 0); /* a new generation counts from the beginning */
	count = play_count(&play, ASSAY_ENTRY_EXCHANGE);
	assert_int_equal(count->count, 1);
	assert_non_null(strstr(count->last_body, "\"outcome\":\"host-died\""));
	assert_memory_equal(count->last_raw + ASSAY_EVENT_HEADER_SIZE, "S S    21.", 10);
	assert_int_equal(play_stop(&play), 0);
	play_host_dies(&play);
	play_remove(&play);
}

static void test_orphan_is_refused(void **state)
{
	struct play play;
	int orphan, orphan_far;
	struct assay_message head = {.type = ASSAY_MSG_END, .line = BALANCE, .generation = 1, .id = 1};

	(void)state;
	play_make(&play);
	play_start(&play, ASSAY_MSG_READY, NULL);
	play_add_host(&play);
	play_await(play.host, ASSAY_MSG_HELLO, &head, NULL, PLAY_WAIT_MS);
	orphan = play.host;
	orphan_far = play.host_far;
	play.host = -1;
	play_add_host(&play);
	assert_true(play_await(play.host, ASSAY_MSG_HELLO, &head, NULL, PLAY_WAIT_MS));
	/* The first generation still lives and speaks. */
	head = (struct assay_message){.type = ASSAY_MSG_EVENT, .line = BALANCE, .generation = 1, .id = 1};
	/* Sent, or the channel is closed already: both are a refusal. */
	assert_int_not_equal(assay_channel_send(orphan, &head, "\2\0\0\0\0\0\0\0", 8, -1), ASSAY_EREFUSED);
	head.type = ASSAY_MSG_END;
	head.id = 2;
	assert_int_not_equal(assay_channel_send(orphan, &head, NULL, 0, -1), ASSAY_EREFUSED);
	(void)play_event(&play, BALANCE, 0, ASSAY_RX, "S S    20.1127 g\r\n");
	play_await_committed(&play, BALANCE, play_end(&play, BALANCE, 0, &stable));
	assert_int_equal(play_count(&play, ASSAY_ENTRY_EXCHANGE)->count, 1);
	assert_int_equal(play_stop(&play), 0);
	(void)close(orphan);
	(void)close(orphan_far);
	play_host_dies(&play);
	play_remove(&play);
}

static void test_nonsense_from_a_host(void **state)
{
	struct play play;
	uint8_t bytes[700];

	(void)state;
	play_make(&play);
	memset(bytes, 0xff, sizeof bytes);
	play_start(&play, ASSAY_MSG_READY, NULL);
	play_add_host(&play);
	for (size_t length = 0; length <= sizeof bytes; length += 100)
		play_await_committed(
			&play, BALANCE, play_tell(&play, BALANCE, ASSAY_MSG_END, 0, bytes, length));
	(void)play_tell(&play, BALANCE, ASSAY_MSG_EVENT, 0, bytes, 3);
	(void)play_tell(&play, BALANCE, ASSAY_MSG_LINE, 0, bytes, sizeof(struct assay_line_state) - 1);
	play_await_committed(&play, BALANCE, play_end(&play, BALANCE, 0, &stable));
	assert_int_equal(play_stop(&play), 0);
	assert_int_equal(play_count(&play, ASSAY_ENTRY_EXCHANGE)->count, 9);
	play_host_dies(&play);
	play_remove(&play);
}

static void test_second_recorder(void **state)
{
	struct play play, second;
	struct assay_error err;

	(void)state;
	play_make(&play);
	play_start(&play, ASSAY_MSG_READY, NULL);
	second = play;
	play_start(&second, ASSAY_MSG_REFUSED, &err);
	assert_string_equal(err.code, "journal-taken");
	assert_int_equal(play_wait(&second), 1);
	assert_int_equal(play_stop(&play), 0);
	play_remove(&play);
}

static void test_restart_adds_nothing_known(void **state)
{
	struct play play;
	unsigned specs, drivers;

	(void)state;
	play_make(&play);
	play_start(&play, ASSAY_MSG_READY, NULL);
	assert_int_equal(play_stop(&play), 0);
	specs = play_count(&play, ASSAY_ENTRY_SPEC)->count;
	drivers = play_count(&play, ASSAY_ENTRY_DRIVER)->count;
	assert_true(specs > 3);
	assert_int_equal(drivers, 2);
	play_start(&play, ASSAY_MSG_READY, NULL);
	assert_int_equal(play_stop(&play), 0);
	assert_int_equal(play_count(&play, ASSAY_ENTRY_SPEC)->count, specs);
	assert_int_equal(play_count(&play, ASSAY_ENTRY_DRIVER)->count, drivers);
	assert_int_equal(play_count(&play, ASSAY_ENTRY_CONFIG)->count, 1);
	assert_int_equal(play_count(&play, ASSAY_ENTRY_GENESIS)->count, 1);
	assert_int_equal(play_count(&play, ASSAY_ENTRY_START)->count, 2);
	play_remove(&play);
}

static void shell(const char *command, const char *folder)
{
	assert_int_equal(setenv("FOLDER", folder, 1), 0);
	assert_int_equal(system(command), 0); /* NOLINT(cert-env33-c): fixed text */
}

/* A limit that was changed and put back: the order of the entries tells what was in force when. */
static void test_spec_put_back(void **state)
{
	struct play play;
	unsigned specs;

	(void)state;
	play_make(&play);
	(void)snprintf(play.places.specs, sizeof play.places.specs, "%s/specs", play.dir);
	shell("cp -rL specs $FOLDER", play.places.specs);
	play_start(&play, ASSAY_MSG_READY, NULL);
	assert_int_equal(play_stop(&play), 0);
	specs = play_count(&play, ASSAY_ENTRY_SPEC)->count;
	shell("echo '<!-- changed -->' >>$FOLDER/standards/gb-17401-2014.xml", play.places.specs);
	play_start(&play, ASSAY_MSG_READY, NULL);
	assert_int_equal(play_stop(&play), 0);
	assert_int_equal(play_count(&play, ASSAY_ENTRY_SPEC)->count, specs + 1);
	shell("cp specs/standards/gb-17401-2014.xml $FOLDER/standards/", play.places.specs);
	play_start(&play, ASSAY_MSG_READY, NULL);
	assert_int_equal(play_stop(&play), 0);
	assert_int_equal(play_count(&play, ASSAY_ENTRY_SPEC)->count, specs + 2);
	play_start(&play, ASSAY_MSG_READY, NULL);
	assert_int_equal(play_stop(&play), 0);
	assert_int_equal(play_count(&play, ASSAY_ENTRY_SPEC)->count, specs + 2);
	shell("rm -r $FOLDER", play.places.specs);
	play_remove(&play);
}

static void limit_files(const struct play *play, rlim_t bytes)
{
	const struct rlimit limit = {bytes, RLIM_INFINITY};

	assert_int_equal(prlimit(play->recorder, RLIMIT_FSIZE, &limit, NULL), 0);
}

static json_t *new_batch(struct play *play, struct assay_error *err)
{
	return play_call(play,
		json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:[s]}", "cmd", "batch.new", "product", "puffed-snack",
			"name", "n", "producer", "p", "lot", "l", "produced", "2026-11-20", "tests",
			"moisture"),
		err);
}

/* The next WANT that asks for a value now. */
static bool is_asked_to_take(struct play *play)
{
	struct assay_message head;
	struct assay_want_message want = {0};

	while (play_await(play->host, ASSAY_MSG_WANT, &head, &want, PLAY_WAIT_MS))
		if (head.line == BALANCE && want.take)
			return true;
	return false;
}

/* A host that dies between being asked for a value and bringing it: the next one is asked again, once. */
static void test_asked_value_survives_its_host(void **state)
{
	static const struct play_reading taken = {"weight", "20.1127", "g", ASSAY_FLAG_STABLE, 0, true, true};
	struct play play;
	struct assay_error err;
	const char *test;
	json_t *answer, *filled;

	(void)state;
	play_make(&play);
	play_start(&play, ASSAY_MSG_READY, NULL);
	play_add_host(&play);
	answer = new_batch(&play, &err);
	assert_non_null(answer);
	test = play_text(
		json_array_get(json_object_get(json_object_get(answer, "batch"), "tests"), 0), "test");
	filled = play_call(&play,
		json_pack("{s:s,s:s,s:s,s:i,s:s,s:b}", "cmd", "test.fill", "test", test, "slot", "m3",
			"replicate", 1, "instrument", "balance-1", "take", 1),
		&err);
	if (!filled)
		fail_msg("%s: %s", err.code, err.text_en);
	json_decref(filled);
	assert_true(is_asked_to_take(&play));
	play_host_dies(&play);
	play_add_host(&play);
	assert_true(is_asked_to_take(&play));
	(void)play_event(&play, BALANCE, 0, ASSAY_RX, "S S    20.1127 g\r\n");
	play_await_committed(&play, BALANCE, play_end(&play, BALANCE, 0, &taken));
	play_host_dies(&play);
	play_add_host(&play);
	(void)play_event(&play, BALANCE, 0, ASSAY_RX, "S S    20.1127 g\r\n");
	(void)play_end(&play, BALANCE, 0, &stable);
	{ /* it has been brought: nobody is asked for it again */
		struct assay_message head;
		struct assay_want_message want = {0};

		while (play_await(play.host, ASSAY_MSG_WANT, &head, &want, 300))
			assert_false(head.line == BALANCE && want.take);
	}
	json_decref(answer);
	assert_int_equal(play_stop(&play), 0);
	play_host_dies(&play);
	play_remove(&play);
}

/* A limit on the size of files stands in for a full disk: every write fails, and works again when it is lifted. */
static void test_full_disk(void **state)
{
	struct play play;
	struct assay_message head = {0};
	struct assay_error err;
	json_t *answer;
	uint64_t before;

	(void)state;
	play_make(&play);
	play_start(&play, ASSAY_MSG_READY, NULL);
	play_add_host(&play);
	(void)play_event(&play, BALANCE, 0, ASSAY_RX, "S S    20.1127 g\r\n");
	before = play_end(&play, BALANCE, 0, &stable);
	play_await_committed(&play, BALANCE, before);
	limit_files(&play, 4096);
	(void)play_event(&play, BALANCE, 0, ASSAY_RX, "S S    20.2222 g\r\n");
	(void)play_end(&play, BALANCE, 0, &stable);
	assert_true(play_await(play.host, ASSAY_MSG_PAUSE, &head, NULL, PLAY_WAIT_MS));
	/* It still answers; what would change something is refused. */
	answer = play_call(&play, json_pack("{s:s}", "cmd", "status"), &err);
	assert_string_equal(play_text(json_object_get(answer, "journal"), "state"), "paused");
	json_decref(answer);
	answer = new_batch(&play, &err);
	assert_null(answer);
	assert_string_equal(err.code, "journal-full");
	limit_files(&play, RLIM_INFINITY);
	assert_true(play_await(play.host, ASSAY_MSG_RESUME, &head, NULL, PLAY_WAIT_MS));
	do
		assert_true(play_await(play.host, ASSAY_MSG_HELLO, &head, NULL, PLAY_WAIT_MS));
	while (head.line != BALANCE);
	assert_int_equal(head.id, before); /* so the host tells the second one again */
	(void)play_event(&play, BALANCE, before + 1, ASSAY_RX, "S S    20.2222 g\r\n");
	play_await_committed(&play, BALANCE, play_end(&play, BALANCE, before + 2, &stable));
	answer = play_call(&play, json_pack("{s:s}", "cmd", "status"), &err);
	assert_string_equal(play_text(json_object_get(answer, "journal"), "state"), "writing");
	json_decref(answer);
	assert_int_equal(play_stop(&play), 0);
	assert_int_equal(play_count(&play, ASSAY_ENTRY_EXCHANGE)->count, 2);
	assert_true(play_count(&play, ASSAY_ENTRY_FAULT)->count >= 1);
	play_host_dies(&play);
	play_remove(&play);
}

/* Whoever is refused and asks again at once does not keep the recorder from finding room: it looks each second. */
static void test_full_disk_while_people_ask(void **state)
{
	struct play play;
	struct assay_error err;
	json_t *answer;
	uint64_t until;

	(void)state;
	play_make(&play);
	play_start(&play, ASSAY_MSG_READY, NULL);
	limit_files(&play, 4096);
	answer = new_batch(&play, &err);
	assert_null(answer);
	limit_files(&play, RLIM_INFINITY);
	until = play_mono_ns() + UINT64_C(3000000000);
	while (!answer && play_mono_ns() < until) {
		(void)usleep(50000);
		answer = new_batch(&play, &err);
	}
	if (!answer)
		fail_msg("%s: %s", err.code, err.text_en);
	json_decref(answer);
	assert_int_equal(play_stop(&play), 0);
	play_remove(&play);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_records_and_acknowledges),
		cmocka_unit_test(test_told_again),
		cmocka_unit_test(test_host_dies),
		cmocka_unit_test(test_orphan_is_refused),
		cmocka_unit_test(test_nonsense_from_a_host),
		cmocka_unit_test(test_second_recorder),
		cmocka_unit_test(test_restart_adds_nothing_known),
		cmocka_unit_test(test_spec_put_back),
		cmocka_unit_test(test_asked_value_survives_its_host),
		cmocka_unit_test(test_full_disk),
		cmocka_unit_test(test_full_disk_while_people_ask),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
