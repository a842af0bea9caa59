/* SPDX-License-Identifier: Apache-2.0
 * A morning in the laboratory, through a real recorder: batches, slots, results, verdicts, review. Expected figures were
 * worked out with Python's fractions from the masses below, X = (m1-m2)/(m1-m3)*100, mean of the two, GB/T 8170. */
#include "gateway/record/state.h"
#include "tests/fault/specimen.h"
#include "tests/unit/lab_play.h"

static void test_morning(void **state)
{
	struct play play;
	struct assay_error err;
	char pass[64], fail[64], cold[64], silent[64];
	json_t *answer;

	(void)state;
	play_make(&play);
	begin(&play);
	register_batch(&play, "A", pass);
	play_test(&play, pass, &below, "103.0");
	assert_verdict(&play, pass, "pass", "", "awaiting-release", "5.44");
	register_batch(&play, "B", fail);
	play_test(&play, fail, &above, "103.0");
	assert_verdict(&play, fail, "fail", "", "awaiting-review", "8.46");
	register_batch(&play, "C", cold);
	play_test(&play, cold, &below, "92.0");
	assert_verdict(&play, cold, "undetermined", "condition-out-of-range", "awaiting-review", "5.44");
	register_batch(&play, "D", silent);
	play_test(&play, silent, &below, NULL);
	assert_verdict(&play, silent, "undetermined", "evidence-missing", "awaiting-review", "5.44");
	answer = play_call(
		&play, json_pack("{s:s,s:s}", "cmd", "batch.list", "status", "awaiting-review"), &err);
	assert_int_equal(json_array_size(json_object_get(answer, "batches")), 3);
	json_decref(answer);
	end(&play);
}

static void test_refusals(void **state)
{
	struct play play;
	char batch[64];
	struct play_reading dynamic = {"weight", "20.1", "g", ASSAY_FLAG_DYNAMIC, 0, true, false},
			    steady = {"weight", "20.1127", "g", STABLE, 0, true, false},
			    over = {"weight", "", "", ASSAY_FLAG_OVER, ASSAY_REASON_OVER, false, false},
			    copy = {NULL, NULL, NULL, 0, 0, false, false};

	(void)state;
	play_make(&play);
	begin(&play);
	register_batch(&play, "A", batch);
	arm(&play, batch, "m3", 1);
	/* The steady round fills nothing, stable or not: whoever armed has not put the dish on yet. */
	(void)play_event(&play, BALANCE, 0, ASSAY_RX, "S D 20.1 g\r\n");
	play_await_committed(&play, BALANCE, play_end(&play, BALANCE, 0, &dynamic));
	(void)play_event(&play, BALANCE, 0, ASSAY_RX, "S S 20.1127 g\r\n");
	play_await_committed(&play, BALANCE, play_end(&play, BALANCE, 0, &steady));
	assert_slot(&play, batch, "m3", 1, "armed", "");
	play_print(&play, "20112.7", "mg", STABLE);
	assert_slot(&play, batch, "m3", 1, "refused", "unit-mismatch");
	play_print(&play, "20.1127", "g", ASSAY_FLAG_DYNAMIC);
	assert_slot(&play, batch, "m3", 1, "refused", "unstable");
	(void)play_event(&play, BALANCE, 0, ASSAY_RX, "S +\r\n");
	play_await_committed(&play, BALANCE, play_end(&play, BALANCE, 0, &over));
	assert_slot(&play, batch, "m3", 1, "refused", "overload");
	play_print(&play, "20.1x", "g", STABLE);
	assert_slot(&play, batch, "m3", 1, "refused", "bad-value");
	/* Perhaps the second copy of an answer, perhaps the key: nothing is filled, and the technician is told. */
	(void)play_event(&play, BALANCE, 0, ASSAY_RX, "S S 20.1127 g\r\n");
	play_await_committed(&play, BALANCE, play_end(&play, BALANCE, 0, &copy));
	assert_slot(&play, batch, "m3", 1, "refused", "perhaps-a-copy");
	play_print(&play, "20.1127", "g", STABLE);
	assert_slot(&play, batch, "m3", 1, "filled", "");
	/* Nothing waits: a further print is kept, unassigned. */
	play_print(&play, "99.0000", "g", STABLE);
	assert_slot(&play, batch, "m1", 1, "empty", "");
	assert_int_equal(play_count(&play, ASSAY_ENTRY_REFUSED)->count, 5);
	assert_int_equal(play_count(&play, ASSAY_ENTRY_FILL)->count, 1);
	/* One stable value was asked for: it fills. */
	arm(&play, batch, "m1", 1);
	steady.stable_wanted = true;
	steady.value = "23.1486";
	(void)play_event(&play, BALANCE, 0, ASSAY_RX, "S S 23.1486 g\r\n");
	play_await_committed(&play, BALANCE, play_end(&play, BALANCE, 0, &steady));
	assert_slot(&play, batch, "m1", 1, "filled", "");
	end(&play);
}

static void test_commands_refused(void **state)
{
	struct play play;
	char batch[64];
	json_t *request;
	unsigned batches, tests;

	(void)state;
	play_make(&play);
	begin(&play);
	register_batch(&play, "A", batch);
	batches = play_count(&play, ASSAY_ENTRY_BATCH)->count;
	tests = play_count(&play, ASSAY_ENTRY_TEST)->count;
	request = new_request("B");
	(void)json_object_set_new(request, "product", json_string("no-such-product"));
	assert_refused(&play, request, "product-unknown");
	request = new_request("B");
	(void)json_object_set_new(request, "produced", json_string("2026-02-30"));
	assert_refused(&play, request, "date-invalid");
	request = new_request("B");
	(void)json_object_set_new(request, "produced", json_string("2999-01-01"));
	assert_refused(&play, request, "date-in-future");
	request = new_request("B");
	(void)json_object_set_new(request, "tests", json_pack("[s,s]", "moisture", "unobtainium"));
	assert_refused(&play, request, "test-unknown");
	request = new_request("B");
	(void)json_object_set_new(request, "lot", json_string("two\nlines"));
	assert_refused(&play, request, "field-invalid");
	assert_refused(&play, arm_request(batch, "m9", 1), "slot-unknown");
	assert_refused(&play, arm_request(batch, "m1", 3), "slot-unknown");
	request = arm_request(batch, "m1", 1);
	(void)json_object_set_new(request, "instrument", json_string("oven-1"));
	assert_refused(&play, request, "unit-mismatch");
	assert_refused(
		&play, json_pack("{s:s,s:s}", "cmd", "batch.confirm", "batch", batch), "field-missing");
	assert_refused(&play,
		json_pack("{s:s,s:s,s:s}", "cmd", "batch.confirm", "batch", batch, "reason", "x"),
		"not-awaiting-review");
	assert_refused(&play, json_pack("{s:s}", "cmd", "no.such"), "command-unknown");
	assert_refused(&play, json_pack("{s:s,s:s}", "cmd", "trace", "result", "none"), "result-unknown");
	assert_int_equal(play_count(&play, ASSAY_ENTRY_BATCH)->count, batches);
	assert_int_equal(play_count(&play, ASSAY_ENTRY_TEST)->count, tests);
	end(&play);
}

static void test_overdue_calibration(void **state)
{
	struct play play;
	char batch[64];

	(void)state;
	play_make(&play);
	play_config(&play, "2020-01-31");
	begin(&play);
	register_batch(&play, "A", batch);
	assert_refused(&play, arm_request(batch, "m3", 1), "calibration-overdue");
	end(&play);
}

static json_t *calibrate_request(const char *due, const char *outcome, const char *reason)
{
	return json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s}", "cmd", "instrument.calibrate", "instrument",
		"balance-1", "certificate", "JZ-2026-118", "laboratory", "市计量院", "calibrated",
		"2026-01-15", "due", due, "outcome", outcome, "reason", reason);
}

/* The register's last certificate counts, whatever lab.xml says, also after a start and in a state made again. */
static void test_register_of_instruments(void **state)
{
	struct play play;
	char batch[64], path[128];

	(void)state;
	play_make(&play);
	play_config(&play, "2020-01-31");
	begin(&play);
	register_batch(&play, "A", batch);
	assert_refused(&play, calibrate_request("2026-01-15", "fit", ""), "due-invalid");
	assert_refused(&play, calibrate_request("2099-12-31", "good", ""), "outcome-invalid");
	granted(&play, calibrate_request("2099-12-31", "fit", ""));
	arm(&play, batch, "m3", 1);
	assert_refused(&play, calibrate_request("2099-12-31", "unfit", ""), "field-missing");
	granted(&play, calibrate_request("", "unfit", "摔过"));
	assert_refused(&play, arm_request(batch, "m1", 1), "calibration-overdue");
	/* what arrives for the slot armed before is kept and not taken */
	play_print(&play, "20.1127", "g", STABLE);
	assert_slot(&play, batch, "m3", 1, "refused", "calibration-overdue");
	granted(&play, calibrate_request("2099-12-31", "fit", "修好重校"));
	assert_int_equal(play_stop(&play), 0);
	play_host_dies(&play);
	(void)snprintf(path, sizeof path, "%s/state.db", play.dir);
	assert_int_equal(unlink(path), 0);
	begin(&play);
	arm(&play, batch, "m1", 1);
	granted(&play, json_pack("{s:s,s:s,s:[s],s:s}", "cmd", "instrument.use", "instrument", "balance-1",
			       "users", "nobody else", "reason", "授权"));
	assert_refused(&play, arm_request(batch, "m3", 1), "instrument-not-yours");
	end(&play);
}

static json_t *by(const char *who, json_t *request)
{
	(void)json_object_set_new(request, "who", json_string(who));
	return request;
}

/* ISO/IEC 17025:2017, 6.2.6: who is authorised for a method works by it, nobody else once anybody is. */
static void test_competence(void **state)
{
	struct play play;
	char batch[64], test[72], moisture[] = "gb-5009.3-direct";
	static const char *const users[] = {"zhao", "qian"};

	(void)state;
	play_make(&play);
	begin(&play);
	register_batch(&play, "A", batch);
	(void)snprintf(test, sizeof test, "%s.1", batch);
	for (size_t i = 0; i < 2; i++)
		granted(&play, json_pack("{s:s,s:s,s:s,s:s,s:s,s:s}", "cmd", "user.add", "user", users[i],
				       "name", users[i], "roles", "technician", "producer", "",
				       "new_password", "surely-long-enough-9"));
	granted(&play, by("qian", arm_request(batch, "m3", 1))); /* nobody is named: nothing is asked */
	granted(&play, json_pack("{s:s,s:s,s:[s],s:s}", "cmd", "user.methods", "user", "zhao", "methods",
			       moisture, "reason", "考核通过"));
	assert_refused(&play, by("qian", arm_request(batch, "m3", 2)), "not-competent");
	assert_refused(&play, by("a stranger", arm_request(batch, "m3", 2)), "not-competent");
	assert_refused(&play,
		by("qian", json_pack("{s:s,s:s,s:s,s:i,s:s,s:s}", "cmd", "test.enter", "test", test, "slot",
				   "m3", "replicate", 2, "value", "20.1127 g", "reason", "天平打印机坏")),
		"not-competent");
	assert_refused(&play,
		by("qian", json_pack("{s:s,s:s,s:[{s:s,s:s,s:s,s:i}]}", "cmd", "rack.load", "instrument",
				   "balance-1", "places", "position", "1", "test", test, "slot", "m3",
				   "replicate", 2)),
		"not-competent");
	granted(&play, by("zhao", arm_request(batch, "m3", 2)));
	/* who has a list works by what stands in it alone, also where nobody else is named */
	granted(&play, json_pack("{s:s,s:s,s:[],s:s}", "cmd", "user.methods", "user", "zhao", "methods",
			       "reason", "授权到期"));
	granted(&play, json_pack("{s:s,s:s,s:[s],s:s}", "cmd", "user.methods", "user", "qian", "methods",
			       "gb-5009.237-ph", "reason", "考核通过"));
	assert_refused(&play, by("qian", arm_request(batch, "m1", 1)), "not-competent");
	granted(&play, by("zhao", arm_request(batch, "m1", 1)));
	end(&play);
}

/* GB 2760-2024: an additive whose uses are all listed, and soy sauce is not among them. It fails, and the certificate has to
 * say by which rule; one that could not was never printed. */
static void test_not_permitted(void **state)
{
	static const char *const values[][2] = {
		{"m", "10.0000 g"}, {"r", "1.000 μg/mL"}, {"V", "100.0 mL"}, {NULL, NULL}};
	struct play play;
	struct assay_error err;
	char batch[64], test[72];
	json_t *request = new_request("A"), *answer;
	const json_t *verdict;

	(void)state;
	play_make(&play);
	begin(&play);
	(void)json_object_set_new(request, "product", json_string("soy-sauce-high-salt-first"));
	(void)json_object_set_new(request, "tests", json_pack("[s]", "allura red"));
	answer = play_call(&play, request, &err);
	assert_non_null(answer);
	(void)snprintf(batch, sizeof batch, "%s", play_text(json_object_get(answer, "batch"), "batch"));
	(void)snprintf(test, sizeof test, "%s.1", batch);
	json_decref(answer);
	for (int replicate = 1; replicate <= 2; replicate++)
		for (size_t i = 0; values[i][0] && (i < 2 || replicate == 1); i++) /* V is common */
			granted(&play, json_pack("{s:s,s:s,s:s,s:i,s:s,s:s}", "cmd", "test.enter", "test",
					       test, "slot", values[i][0], "replicate", replicate, "value",
					       values[i][1], "reason", "手工"));
	answer = show(&play, batch);
	verdict = json_object_get(
		json_object_get(json_array_get(json_object_get(answer, "tests"), 0), "result"), "verdict");
	assert_string_equal(play_text(verdict, "verdict"), "fail");
	assert_string_equal(play_text(verdict, "standard"), "GB 2760-2024");
	assert_non_null(strstr(play_text(verdict, "limit"), "不得使用"));
	assert_non_null(strstr(play_text(verdict, "clause"), "附录A"));
	json_decref(answer);
	end(&play);
}

static void test_typed_value(void **state)
{
	struct play play;
	struct assay_error err;
	struct masses masses = below;
	char batch[64], test[72];
	json_t *answer;

	(void)state;
	play_make(&play);
	begin(&play);
	register_batch(&play, "A", batch);
	(void)snprintf(test, sizeof test, "%s.1", batch);
	assert_refused(&play,
		json_pack("{s:s,s:s,s:s,s:i,s:s}", "cmd", "test.enter", "test", test, "slot", "m3",
			"replicate", 1, "value", "20.1127 g"),
		"field-missing");
	assert_refused(&play,
		json_pack("{s:s,s:s,s:s,s:i,s:s,s:s}", "cmd", "test.enter", "test", test, "slot", "m3",
			"replicate", 1, "value", "20112.7 mg", "reason", "printer broken"),
		"unit-mismatch");
	answer = play_call(&play,
		json_pack("{s:s,s:s,s:s,s:i,s:s,s:s}", "cmd", "test.enter", "test", test, "slot", "m3",
			"replicate", 1, "value", "20.1127 g", "reason", "printer broken"),
		&err);
	assert_non_null(answer);
	json_decref(answer);
	weigh(&play, batch, "m1", 1, masses.m1[0]);
	weigh(&play, batch, "m3", 2, masses.m3[1]);
	weigh(&play, batch, "m1", 2, masses.m1[1]);
	for (int round = 0; round < 3; round++)
		for (int i = 0; i < 2; i++) {
			play_oven(&play, "103.0");
			weigh(&play, batch, "m2", i + 1, masses.m2[i][round]);
		}
	/* It passes, and a person has to look at it all the same. */
	assert_verdict(&play, batch, "pass", "typed-value", "awaiting-review", "5.44");
	answer = play_call(&play,
		json_pack("{s:s,s:s,s:s,s:s}", "cmd", "batch.confirm", "batch", batch, "reason",
			"seen the note", "who", "another"),
		&err);
	assert_string_equal(play_text(json_object_get(answer, "batch"), "status"), "awaiting-release");
	json_decref(answer);
	answer = play_call(&play,
		json_pack("{s:s,s:s,s:s}", "cmd", "batch.void", "batch", batch, "reason", "wrong sample"),
		&err);
	assert_string_equal(play_text(json_object_get(answer, "batch"), "status"), "void");
	assert_int_equal(json_array_size(json_object_get(json_object_get(answer, "batch"), "reviews")), 2);
	json_decref(answer);
	end(&play);
}

/* What the oven said in the moment of a weighing may be written after it: no gap. */
static void test_evidence_told_late(void **state)
{
	struct play play;
	char batch[64];

	(void)state;
	play_make(&play);
	begin(&play);
	register_batch(&play, "A", batch);
	for (int i = 0; i < 2; i++) {
		weigh(&play, batch, "m3", i + 1, below.m3[i]);
		weigh(&play, batch, "m1", i + 1, below.m1[i]);
	}
	for (int round = 0; round < 3; round++)
		for (int i = 0; i < 2; i++) {
			play.told_late_ns = 1000000000;
			play_oven(&play, "103.0");
			play.told_late_ns = 0;
			weigh(&play, batch, "m2", i + 1, below.m2[i][round]);
		}
	assert_verdict(&play, batch, "pass", "", "awaiting-release", "5.44");
	end(&play);
}

static void test_restart_in_the_middle(void **state)
{
	struct play play;
	char batch[64];

	(void)state;
	play_make(&play);
	begin(&play);
	register_batch(&play, "A", batch);
	for (int i = 0; i < 2; i++) {
		weigh(&play, batch, "m3", i + 1, below.m3[i]);
		weigh(&play, batch, "m1", i + 1, below.m1[i]);
		play_kill(&play);
		begin(&play);
	}
	for (int round = 0; round < 3; round++)
		for (int i = 0; i < 2; i++) {
			play_oven(&play, "103.0");
			arm(&play, batch, "m2", i + 1);
			play_kill(&play);
			begin(&play);
			play_print(&play, below.m2[i][round], "g", STABLE);
		}
	assert_verdict(&play, batch, "pass", "", "awaiting-release", "5.44");
	assert_int_equal(play_count(&play, ASSAY_ENTRY_FILL)->count, 10);
	assert_int_equal(play_count(&play, ASSAY_ENTRY_RESULT)->count, 1);
	end(&play);
}

static json_int_t number_in(const json_t *object, const char *first, const char *second)
{
	return json_integer_value(json_object_get(json_object_get(object, first), second));
}

/* The reading behind a pass is damaged on the disk: said at the start, the old verdict shows as not verified, also in a
 * state made again; the batch beside it does not. */
static void test_damaged_reading(void **state)
{
	struct play play;
	struct assay_error err;
	char batch[64], other[64], id[80], command[200];
	json_t *answer, *list;
	json_int_t damaged;

	(void)state;
	play_make(&play);
	begin(&play);
	register_batch(&play, "A", batch);
	play_test(&play, batch, &below, "103.0");
	register_batch(&play, "B", other);
	play_test(&play, other, &above, "103.0");
	(void)snprintf(id, sizeof id, "%s.1.R1", other);
	answer = play_call(&play, json_pack("{s:s,s:s}", "cmd", "trace", "result", id), &err);
	assert_non_null(answer);
	list = json_object_get(json_object_get(answer, "trace"), "readings");
	damaged = number_in(json_array_get(list, 9), "exchange", "seq");
	assert_true(damaged > 0);
	json_decref(answer);
	assert_int_equal(play_stop(&play), 0);
	(void)snprintf(command, sizeof command, "UPDATE entry SET raw=zeroblob(length(raw)) WHERE seq=%lld",
		(long long)damaged);
	assert_int_equal(specimen_change(play.dir, 1, command), 0);
	for (unsigned made_again = 0; made_again < 2; made_again++) {
		begin(&play);
		assert_verdict(&play, other, "fail", "", "awaiting-review", "8.46");
		answer = play_call(&play, json_pack("{s:s,s:s}", "cmd", "batch.show", "batch", other), &err);
		list = json_object_get(json_object_get(answer, "batch"), "unverified");
		assert_int_equal(json_array_size(list), 1);
		assert_int_equal(json_integer_value(json_array_get(list, 0)), damaged);
		json_decref(answer);
		answer = play_call(&play, json_pack("{s:s,s:s}", "cmd", "batch.show", "batch", batch), &err);
		list = json_object_get(json_object_get(answer, "batch"), "unverified");
		assert_true(json_is_array(list) && json_array_size(list) == 0);
		json_decref(answer);
		if (made_again)
			break;
		assert_int_equal(play_stop(&play), 0);
		assay_state_remove(play.dir);
	}
	end(&play);
}

static void test_trace(void **state)
{
	struct play play;
	struct assay_error err;
	char batch[64], id[80];
	json_t *answer, *trace, *reading;

	(void)state;
	play_make(&play);
	begin(&play);
	register_batch(&play, "A", batch);
	play_test(&play, batch, &below, "103.0");
	(void)snprintf(id, sizeof id, "%s.1.R1", batch);
	answer = play_call(&play, json_pack("{s:s,s:s}", "cmd", "trace", "result", id), &err);
	assert_non_null(answer);
	trace = json_object_get(answer, "trace");
	assert_string_equal(play_text(json_object_get(trace, "limit"), "standard"), "GB 17401-2014");
	assert_string_equal(
		play_text(json_object_get(trace, "limit"), "file"), "standards/gb-17401-2014.xml");
	assert_int_equal(strlen(play_text(json_object_get(trace, "limit"), "sha256")), 64);
	assert_int_equal(json_array_size(json_object_get(trace, "readings")), 10);
	reading = json_array_get(json_object_get(trace, "readings"), 0);
	assert_string_equal(play_text(reading, "slot"), "m3");
	assert_string_equal(play_text(reading, "value"), "20.1127");
	/* "S S 20.1127 g\r\n" in hex, by hand */
	assert_string_equal(play_text(json_object_get(reading, "exchange"), "received"), "532053"
											 "20"
											 "32302e31313237"
											 "2067"
											 "0d0a");
	assert_string_equal(play_text(json_object_get(reading, "driver"), "name"), "sics");
	assert_int_equal(strlen(play_text(json_object_get(reading, "driver"), "sha256")), 64);
	json_decref(answer);
	end(&play);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_morning),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_damaged_reading),
		cmocka_unit_test(test_commands_refused),
		cmocka_unit_test(test_overdue_calibration),
		cmocka_unit_test(test_register_of_instruments),
		cmocka_unit_test(test_competence),
		cmocka_unit_test(test_not_permitted),
		cmocka_unit_test(test_typed_value),
		cmocka_unit_test(test_evidence_told_late),
		cmocka_unit_test(test_restart_in_the_middle),
		cmocka_unit_test(test_trace),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
