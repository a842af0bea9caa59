/* SPDX-License-Identifier: Apache-2.0
 * The course of a line, step by step in virtual time: opening, fences, dead units, print keys, identity, handshakes. */
#include "tests/built.h"
#include "tests/sim/virtual_line.h"

#define LOG_ROWS 64u

/* What the device under test is scripted to say: a reply to each request, NULL for silence. */
struct script {
	const char *(*answer)(const uint8_t *bytes, size_t length, size_t *reply_length);
	uint64_t delay_ms;
};

static struct script script;
static char sent[LOG_ROWS][64]; /* what the host has sent, as hexadecimal */
static unsigned sent_count;
static char heard[4000]; /* readings that count */
static char drivers[512];
static struct assay_config_instrument instrument[3];
static struct assay_config_line config_line;

static void asked(struct bench *bench, const uint8_t *bytes, size_t length)
{
	size_t reply_length = 0;
	const char *reply;

	for (size_t i = 0; i < length && i < 30 && sent_count < LOG_ROWS; i++)
		(void)sprintf(sent[sent_count] + 2 * i, "%02X", bytes[i]);
	if (sent_count < LOG_ROWS)
		sent_count++;
	reply = script.answer ? script.answer(bytes, length, &reply_length) : NULL;
	if (reply)
		(void)adv_send(&bench->adv, bench->adv.now_ns + (script.delay_ms + 10) * ADV_MS,
			(const uint8_t *)reply, reply_length, 0);
}

static void told(struct bench *bench, const struct assay_end *end, const struct assay_end_reading *rows)
{
	(void)bench;
	if (end->outcome != ASSAY_OUTCOME_OK || !end->usable)
		return;
	for (uint32_t i = 0; i < end->readings; i++)
		if (rows[i].channel[0] && strlen(heard) + 120 < sizeof heard)
			(void)sprintf(heard + strlen(heard), "%s=%s%s ", rows[i].channel, rows[i].value,
				rows[i].asked ? "" : "(by itself)");
}

static struct bench *begin(const char *driver, uint32_t transport, size_t instruments,
	const struct assay_setting *const *settings, size_t setting_count)
{
	struct bench *bench = calloc(1, sizeof *bench);
	struct assay_error err;
	char why[200];

	assert_non_null(bench);
	sent_count = 0;
	memset(sent, 0, sizeof sent);
	heard[0] = '\0';
	bench->adv.random = 7;
	bench->adv.now_ns = 1000 * ADV_MS;
	bench->asked = asked;
	bench->told = told;
	config_line = (struct assay_config_line){.id = "line",
		.transport = transport,
		.baud = 9600,
		.instruments = instrument,
		.instrument_count = instruments};
	bench_line(bench, &config_line, instruments);
	if (assay_plugin_load(drivers, driver, &bench->host.plugins[0], &err) != ASSAY_OK)
		fail_msg("%s", err.text_en);
	for (size_t i = 0; i < instruments; i++) {
		static const char *const ids[] = {"one", "two", "three"};
		struct host_instrument *who = &bench->line->instrument[i];

		instrument[i] = (struct assay_config_instrument){
			.id = ids[i], .serial = "", .every_ms = 1000, .needed_ms = 1000};
		who->config = &instrument[i];
		who->plugin = &bench->host.plugins[0];
		if (who->plugin->driver.open(&assay_plugin_host, settings ? settings[i] : NULL, setting_count,
			    &who->session, why, sizeof why) < 0)
			fail_msg("%s", why);
		bench->line->instrument_count++;
	}
	return bench;
}

static void run_for(struct bench *bench, uint64_t ms)
{
	uint64_t until = bench->adv.now_ns + ms * ADV_MS;

	for (;;) {
		uint64_t device = adv_next_ns(&bench->adv), line = line_next_ns(bench->line);
		uint64_t next = bench->reopen ? bench->reopen_ns : device < line ? device : line;

		if (next > until && !(bench->line->phase == PHASE_CONNECTING))
			break;
		bench_step(bench);
	}
	bench->adv.now_ns = until;
}

static void says(struct bench *bench, const char *text, size_t length)
{
	(void)adv_send(&bench->adv, bench->adv.now_ns, (const uint8_t *)text, length, 0);
}

static void end(struct bench *bench)
{
	bench_free(bench);
	free(bench);
}

static unsigned count_sent(const char *prefix)
{
	unsigned count = 0;

	for (unsigned i = 0; i < sent_count; i++)
		count += strncmp(sent[i], prefix, strlen(prefix)) == 0;
	return count;
}

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

/* Units 1 and 3 answer 100 + unit; unit 2 is dead. */
static const char *one_dead(const uint8_t *bytes, size_t length, size_t *reply_length)
{
	if (bytes[0] == 2)
		return NULL;
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
	sent_count = 0;
	run_for(bench, 300000);
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
	length = sprintf(frame, "%s%02X\r\n", good, (sum + 1) & 0xff);
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
	length = sprintf(frame, "%s%02X\r\n", good, sum & 0xff);
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
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_text_line_opens),
		cmocka_unit_test(test_torn_line), cmocka_unit_test(test_swapped_device),
		cmocka_unit_test(test_swapped_while_unplugged), cmocka_unit_test(test_dead_unit),
		cmocka_unit_test(test_late_answer), cmocka_unit_test(test_astm_handshake),
		cmocka_unit_test(test_suspend), cmocka_unit_test(test_hangup)};

	(void)built("drivers", drivers, sizeof drivers);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
