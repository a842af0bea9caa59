/* SPDX-License-Identifier: Apache-2.0
 * The course of a line, step by step in virtual time: opening, fences, dead units, print keys, identity, handshakes. */
#include "tests/sim/scripted_line.h"

static const char *balance(const uint8_t *bytes, size_t length, size_t *reply_length)
{
	const char *reply = bytes[0] == 'S'                 ? "S S     100.00 g\r\n"
			    : length > 1 && bytes[1] == '4' ? "I4 A \"B1\"\r\n"
							    : "I2 A \"XS204\"\r\n";

	*reply_length = strlen(reply);
	return reply;
}

static void test_text_line_opens(void **state)
{
	struct bench *bench = begin("sics", ASSAY_TRANSPORT_SERIAL, 1, NULL, 0);

	(void)state;
	script = (struct script){balance, 0};
	line_device(bench->line, 5);
	says(bench, "0.09 g\r\n", 8); /* the tail of a line, and it never counts */
	run_for(bench, 1500);
	assert_string_equal(sent[0], "49340D0A"); /* I4 first, then I2, then a weight */
	assert_string_equal(sent[1], "49320D0A");
	assert_string_equal(sent[2], "53490D0A");
	assert_string_equal(heard, "weight=100.00 ");
	assert_int_equal(bench->line->status, ASSAY_LINE_ONLINE);
	heard[0] = '\0';
	says(bench, "S S      20.00 g\r\n", 18); /* print key */
	run_for(bench, 200);
	assert_string_equal(heard, "weight=20.00(by itself) ");
	end(bench);
}

static unsigned set_aside;

static void count_set_aside(
	struct bench *bench, const struct assay_end *end, const struct assay_end_reading *rows)
{
	set_aside += end->set_aside;
	told(bench, end, rows);
}

/* The print key right after a poll, with the weight that was polled: the same bytes as a doubled answer. It fills nothing,
 * but it is told, and the next press counts. */
static void test_print_behind_a_poll(void **state)
{
	struct bench *bench = begin("sics", ASSAY_TRANSPORT_SERIAL, 1, NULL, 0);

	(void)state;
	script = (struct script){balance, 0};
	bench->told = count_set_aside;
	set_aside = 0;
	line_device(bench->line, 5);
	while (!strstr(heard, "weight=100.00 "))
		run_for(bench, 1);
	heard[0] = '\0';
	run_for(bench, 20);
	says(bench, "S S     100.00 g\r\n", 18);
	run_for(bench, 60);
	assert_string_equal(heard, "");
	assert_int_equal(set_aside, 1);
	says(bench, "S S     100.00 g\r\n", 18);
	run_for(bench, 60);
	assert_string_equal(heard, "weight=100.00(by itself) ");
	assert_int_equal(set_aside, 1);
	end(bench);
}

static bool says_who;

static const char *silent_about_itself(const uint8_t *bytes, size_t length, size_t *reply_length)
{
	return bytes[0] == 'I' && !says_who ? NULL : balance(bytes, length, reply_length);
}

/* Between two polls stands who it is, so that of two keys taken for answers neither answer can come later than the next poll.
 * A key pressed meanwhile counts when that is answered, and is told when it is not. */
static void test_print_between_polls(void **state)
{
	(void)state;
	for (unsigned answered = 0; answered < 2; answered++) {
		struct bench *bench = begin("sics", ASSAY_TRANSPORT_SERIAL, 1, NULL, 0);
		unsigned before;

		script = (struct script){silent_about_itself, 30};
		bench->told = count_set_aside;
		set_aside = 0;
		says_who = true;
		line_device(bench->line, 5);
		while (!strstr(heard, "weight=100.00 "))
			run_for(bench, 1);
		heard[0] = '\0';
		before = sent_count;
		says_who = answered != 0;
		while (sent_count == before)
			run_for(bench, 1);
		assert_string_equal(sent[before], "49340D0A");
		assert_string_equal(heard, "");
		says(bench, "S S      20.00 g\r\n", 18);
		run_for(bench, 200);
		assert_string_equal(heard, answered ? "weight=20.00(by itself) " : "");
		run_for(bench, 5000);
		assert_int_equal(set_aside, answered ? 0 : 1);
		if (answered) {
			assert_string_equal(sent[before + 1], "53490D0A"); /* no I2: the same device */
			assert_non_null(strstr(heard, "weight=100.00 "));
		}
		end(bench);
	}
}

static uint64_t asked_at[LOG_ROWS];

static void note_time(struct bench *bench, const uint8_t *bytes, size_t length)
{
	if (sent_count < LOG_ROWS)
		asked_at[sent_count] = bench->adv.now_ns;
	asked(bench, bytes, length);
}

/* The balance answers 10 ms after it was asked; then gap-ms pass, whatever the next request is for. */
static void test_gap(void **state)
{
	static const uint32_t gaps_ms[] = {0, 700};
	bool closer = false;

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct bench *bench = begin("sics", ASSAY_TRANSPORT_SERIAL, 1, NULL, 0);

		config_line.gap_ms = gaps_ms[i];
		bench->asked = note_time;
		script = (struct script){balance, 0};
		line_device(bench->line, 5);
		run_for(bench, 10000);
		assert_true(sent_count > 6);
		for (unsigned n = 1; n < sent_count; n++) {
			closer = closer || (i == 0 && asked_at[n] - asked_at[n - 1] < 100 * ADV_MS);
			assert_true(asked_at[n] - asked_at[n - 1] >= (10 + gaps_ms[i]) * ADV_MS);
		}
		end(bench);
	}
	assert_true(closer); /* it is the gap that keeps them apart */
}

/* F36: a line cut short, and its rest two seconds later. */
static void test_torn_line(void **state)
{
	struct bench *bench = begin("sics", ASSAY_TRANSPORT_SERIAL, 1, NULL, 0);

	(void)state;
	script = (struct script){balance, 0};
	line_device(bench->line, 5);
	run_for(bench, 900);
	heard[0] = '\0';
	says(bench, "S S     10", 10);
	run_for(bench, 2000);
	says(bench, "0.00 g\r\n", 8);
	run_for(bench, 300);
	assert_null(strstr(heard, "(by itself)"));
	end(bench);
}

/* F30, F41: another serial number behind the same port locks the line. */
static const char *swapped(const uint8_t *bytes, size_t length, size_t *reply_length)
{
	const char *reply = bytes[0] == 'S'                 ? "S S     100.00 g\r\n"
			    : length > 1 && bytes[1] == '4' ? "I4 A \"B2\"\r\n"
							    : "I2 A \"XS204\"\r\n";

	*reply_length = strlen(reply);
	return reply;
}

static void test_swapped_device(void **state)
{
	struct bench *bench = begin("sics", ASSAY_TRANSPORT_SERIAL, 1, NULL, 0);

	(void)state;
	instrument[0].serial = "B1";
	script = (struct script){swapped, 0};
	line_device(bench->line, 5);
	run_for(bench, 5000);
	assert_string_equal(heard, "");
	assert_int_equal(bench->line->status, ASSAY_LINE_LOCKED);
	says(bench, "S S      20.00 g\r\n", 18);
	run_for(bench, 5000);
	assert_string_equal(heard, "");
	script.answer = balance; /* the right one is back: seen within a minute */
	run_for(bench, 62000);
	assert_non_null(strstr(heard, "weight=100.00"));
	end(bench);
}

/* A stranger that says who it is once and then no more stays a stranger, however clean the line is. */
static const char *says_no_more(const uint8_t *bytes, size_t length, size_t *reply_length)
{
	static unsigned asked;
	const char *reply = bytes[0] == 'S' ? "S S     100.00 g\r\n" : "I2 A \"XS204\"\r\n";

	if (length > 1 && bytes[1] == '4')
		reply = asked++ == 0 ? "I4 A \"B2\"\r\n" : "I2 A \"XS\"\r\n";
	*reply_length = strlen(reply);
	return reply;
}

static void test_swapped_device_says_no_more(void **state)
{
	struct bench *bench = begin("sics", ASSAY_TRANSPORT_SERIAL, 1, NULL, 0);

	(void)state;
	script = (struct script){says_no_more, 0};
	line_known(bench->line, &(struct assay_known_message){.serial = "B1"});
	line_device(bench->line, 5);
	run_for(bench, 200000);
	assert_string_equal(heard, "");
	assert_int_equal(bench->line->status, ASSAY_LINE_LOCKED);
	end(bench);
}

/* Nothing registered, but not the same as before the plug was pulled. */
static void test_swapped_while_unplugged(void **state)
{
	struct bench *bench = begin("sics", ASSAY_TRANSPORT_SERIAL, 1, NULL, 0);

	(void)state;
	script = (struct script){balance, 0};
	line_device(bench->line, 5);
	run_for(bench, 1500);
	assert_non_null(strstr(heard, "weight=100.00"));
	line_hangup(bench->line, "pulled");
	assert_int_equal(bench->line->status, ASSAY_LINE_DOWN);
	heard[0] = '\0';
	script.answer = swapped;
	run_for(bench, 5000);
	assert_string_equal(heard, "");
	assert_int_equal(bench->line->status, ASSAY_LINE_LOCKED);
	end(bench);
}

static const struct assay_setting unit_settings[3][5] = {
	{{"", 0, "unit", "1"}, {"item", 0, "channel", "pv"}, {"item", 0, "function", "3"},
		{"item", 0, "address", "0"}, {"item", 0, "type", "s16"}},
	{{"", 0, "unit", "2"}, {"item", 0, "channel", "pv"}, {"item", 0, "function", "3"},
		{"item", 0, "address", "0"}, {"item", 0, "type", "s16"}},
	{{"", 0, "unit", "3"}, {"item", 0, "channel", "pv"}, {"item", 0, "function", "3"},
		{"item", 0, "address", "0"}, {"item", 0, "type", "s16"}}};

static char reply[300];

static size_t close_frame(size_t length)
{
	return adv_close_rtu((uint8_t *)reply, length);
}

static unsigned dead_asked;

/* Units 1 and 3 answer 100 + unit; unit 2 is dead. */
static const char *one_dead(const uint8_t *bytes, size_t length, size_t *reply_length)
{
	if (bytes[0] == 2) {
		dead_asked++;
		return NULL;
	}
	if (bytes[1] == 8) {
		memcpy(reply, bytes, length);
		*reply_length = length;
		return reply;
	}
	memcpy(reply, bytes, 2);
	reply[2] = 2;
	reply[3] = 0;
	reply[4] = (char)(100 + bytes[0]);
	*reply_length = close_frame(5);
	return reply;
}

/* telegraf 11782, node-red-contrib-modbus 409, neuron 1602: a silent unit costs the others nothing but its time-outs. */
static void test_dead_unit(void **state)
{
	const struct assay_setting *const settings[] = {unit_settings[0], unit_settings[1], unit_settings[2]};
	struct bench *bench = begin("modbus", ASSAY_TRANSPORT_MODBUS_RTU, 3, settings, 5);
	unsigned readings = 0;

	(void)state;
	script = (struct script){one_dead, 0};
	line_device(bench->line, 5);
	run_for(bench, 60000);
	for (const char *at = heard; (at = strstr(at, "pv=10")) != NULL; at += 5)
		readings++;
	assert_true(readings >= 2 * 55); /* both live units, about every second for a minute */
	assert_int_equal(bench->line->status, ASSAY_LINE_ONLINE);
	assert_string_equal(bench->line->code, "unit-silent");
	assert_non_null(strstr(bench->line->text, "two"));
	assert_in_range(count_sent("02"), 3, 12); /* asked less often, not never */
	dead_asked = 0;
	run_for(bench, 600000);
	assert_in_range(dead_asked, 9, 11); /* once a minute in the end */
	end(bench);
}

static const char *one_late(const uint8_t *bytes, size_t length, size_t *reply_length)
{
	static unsigned reads;

	script.delay_ms = 0;
	if (bytes[1] == 8) {
		memcpy(reply, bytes, length);
		*reply_length = length;
		return reply;
	}
	if (++reads == 3)
		script.delay_ms = 700; /* behind the time-out of 500 ms */
	memcpy(reply, bytes, 2);
	reply[2] = 2;
	reply[3] = 0;
	reply[4] = (char)reads;
	*reply_length = close_frame(5);
	return reply;
}

/* E3, E5, telegraf 14317, libmodbus 255, zephyr 63668: one late answer, and every later value is the one before. */
static void test_late_answer(void **state)
{
	const struct assay_setting *const settings[] = {unit_settings[0]};
	struct bench *bench = begin("modbus", ASSAY_TRANSPORT_MODBUS_RTU, 1, settings, 5);

	(void)state;
	script = (struct script){one_late, 0};
	line_device(bench->line, 5);
	run_for(bench, 9000);
	assert_null(strstr(heard, "pv=3 "));
	assert_non_null(strstr(heard, "pv=2 pv=4 pv=5 ")); /* each its own */
	end(bench);
}

/* A frame refused by its sum is asked for again, and then counts; ACK and NAK as LIS1-A has them. */
static void test_astm_handshake(void **state)
{
	static const char good[] = "\x02"
				   "1R|1|^^^FAT|3.62|g/100g||N||F\r\x03";
	struct bench *bench = begin("astm", ASSAY_TRANSPORT_SERIAL, 1, NULL, 0);
	char frame[100];
	unsigned sum = 0;
	int length;

	(void)state;
	script = (struct script){NULL, 0};
	for (size_t i = 1; i + 1 < sizeof good; i++)
		sum += (uint8_t)good[i];
	length = snprintf(frame, sizeof frame, "%s%02X\r\n", good, (sum + 1) & 0xff);
	line_device(bench->line, 5);
	run_for(bench, 500);
	says(bench, "\x05", 1);
	run_for(bench, 600);
	assert_int_equal(sent_count, 0); /* nothing is acknowledged before it is durable */
	line_committed(bench->line, bench->line->id);
	assert_string_equal(sent[0], "06");
	says(bench, frame, (size_t)length);
	run_for(bench, 1000);
	line_committed(bench->line, bench->line->id);
	assert_string_equal(sent[1], "15");
	assert_string_equal(heard, "");
	length = snprintf(frame, sizeof frame, "%s%02X\r\n", good, sum & 0xff);
	says(bench, frame, (size_t)length);
	run_for(bench, 1000);
	assert_string_equal(heard, "fat=3.62(by itself) ");
	line_committed(bench->line, bench->line->id);
	assert_string_equal(sent[2], "06");
	end(bench);
}

/* A suspended line is dirty: what lay in its buffer answers nobody. */
static void test_suspend(void **state)
{
	struct bench *bench = begin("sics", ASSAY_TRANSPORT_SERIAL, 1, NULL, 0);

	(void)state;
	script = (struct script){balance, 0};
	line_device(bench->line, 5);
	run_for(bench, 1500);
	sent_count = 0;
	heard[0] = '\0';
	line_suspended(bench->line);
	says(bench, "S S      99.00 g\r\n", 18);
	run_for(bench, 1000);
	assert_null(strstr(heard, "99.00"));
	assert_string_equal(sent[0], "49340D0A");
	end(bench);
}

/* F51: a machine that slept, a process that was stopped; not a process that was merely late. */
static void test_stood_still(void **state)
{
	struct host host = {.poller = -1};
	const uint64_t s = 1000 * ADV_MS, slept = 7 * s; /* before this process began */

	(void)state;
	assert_false(host_stood_still(&host, 10 * s, 10 * s, 10 * s + slept));
	assert_false(host_stood_still(&host, 11 * s, 12 * s, 12 * s + slept));
	assert_true(host_stood_still(&host, 13 * s, 13 * s, 13 * s + slept + 2 * s));
	assert_false(host_stood_still(&host, 14 * s, 14 * s, 14 * s + slept + 2 * s));
	assert_true(host_stood_still(&host, 15 * s, 20 * s, 20 * s + slept + 2 * s));
}

/* F38: a byte with a parity error refuses the frame it stands in, and the line is proved again. */
static void test_line_error(void **state)
{
	struct bench *bench = begin("sics", ASSAY_TRANSPORT_SERIAL, 1, NULL, 0);

	(void)state;
	script = (struct script){balance, 0};
	line_device(bench->line, 5);
	run_for(bench, 1500);
	heard[0] = '\0';
	bench->line->line_error = true; /* as the port says of what comes next */
	says(bench, "S S      20.00 g\r\n", 18);
	run_for(bench, 100);
	assert_string_equal(heard, "");
	assert_int_equal(bench->line->phase, PHASE_QUIET);
	run_for(bench, 2000);
	assert_null(strstr(heard, "20.00"));
	assert_non_null(strstr(heard, "weight=100.00 "));
	end(bench);
}

/* A balance that sends by itself 16 times a second is never silent: it is read all the same, and what it says does not
 * wait for a silence to become an entry. */
static void test_never_rests(void **state)
{
	struct bench *bench = begin("sics", ASSAY_TRANSPORT_SERIAL, 1, NULL, 0);

	(void)state;
	script = (struct script){balance, 0};
	line_device(bench->line, 5);
	for (unsigned i = 0; i < 50; i++) {
		says(bench, "S S      20.00 g\r\n", 18);
		run_for(bench, 60);
	}
	assert_non_null(strstr(heard, "weight=20.00(by itself) "));
	assert_int_equal(bench->line->status, ASSAY_LINE_ONLINE);
	end(bench);
}

static unsigned late_entries;

static void count_late(struct bench *bench, const struct assay_end *end, const struct assay_end_reading *rows)
{
	late_entries += end->outcome == ASSAY_OUTCOME_LATE;
	told(bench, end, rows);
}

/* A bus where somebody talks without end: said after five seconds, and its bytes become entries meanwhile. */
static void test_noise_is_said(void **state)
{
	struct bench *bench = begin("sics", ASSAY_TRANSPORT_MODBUS_RTU, 1, NULL, 0);
	unsigned turns = 0;

	(void)state;
	late_entries = 0;
	bench->told = count_late;
	line_device(bench->line, 5);
	for (unsigned i = 0; i < 1200; i++) {
		says(bench, "\x55", 1);
		run_for(bench, 10);
	}
	assert_int_equal(bench->line->status, ASSAY_LINE_SILENT);
	assert_true(late_entries == 2);
	assert_int_equal(sent_count, 0);
	while (line_next_ns(bench->line) <= bench->adv.now_ns && turns++ < 10)
		line_tick(bench->line, bench->adv.now_ns);
	assert_true(turns < 10); /* never spins */
	end(bench);
}

/* StreamDevice 104: a port that is gone makes one state, not a flood; the reopening is the supervisor's. */
static void test_hangup(void **state)
{
	struct bench *bench = begin("sics", ASSAY_TRANSPORT_SERIAL, 1, NULL, 0);
	uint64_t told_before;

	(void)state;
	script = (struct script){balance, 0};
	line_device(bench->line, 5);
	run_for(bench, 1000);
	line_hangup(bench->line, "gone");
	bench->reopen = false;
	told_before = bench->line->id;
	assert_true(line_next_ns(bench->line) == UINT64_MAX); /* never spins */
	assert_int_equal(bench->line->id, told_before);
	end(bench);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_text_line_opens), cmocka_unit_test(test_gap),
		cmocka_unit_test(test_print_behind_a_poll), cmocka_unit_test(test_print_between_polls),
		cmocka_unit_test(test_torn_line), cmocka_unit_test(test_swapped_device),
		cmocka_unit_test(test_swapped_device_says_no_more),
		cmocka_unit_test(test_swapped_while_unplugged), cmocka_unit_test(test_dead_unit),
		cmocka_unit_test(test_late_answer), cmocka_unit_test(test_astm_handshake),
		cmocka_unit_test(test_suspend), cmocka_unit_test(test_stood_still),
		cmocka_unit_test(test_line_error), cmocka_unit_test(test_never_rests),
		cmocka_unit_test(test_noise_is_said), cmocka_unit_test(test_hangup)};

	(void)built("drivers", drivers, sizeof drivers);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
