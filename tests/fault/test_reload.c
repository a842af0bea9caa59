/* SPDX-License-Identifier: Apache-2.0
 * Another configuration while the real binary runs: what did not change is not touched, what is wrong is refused whole with
 * file and line, and the journal says who wanted it and why. Expected values are counted by hand from the files written
 * here. */
#include "gateway/demo/sims.h"
#include "gateway/record/journal_reader.h"
#include "tests/fault/small_lab.h"

#include <inttypes.h>

/* id, port, instrument, pace */
#define FAST_ROOM_LINE                                                                                       \
	"<line id=\"%s\" name-zh=\"室\" name-en=\"room\"><modbus-tcp host=\"127.0.0.1\" port=\"%u\"/>\n"    \
	"<instrument id=\"%s-1\" name-zh=\"室\" name-en=\"room\" spec=\"xy-md02\" every=\"%s\"/></line>\n"

static int reload(const char *reason, char *out, size_t size)
{
	const char *const argv[] = {"assay", "reload", "-d", dir, "--reason", reason, NULL};

	return assay_command(argv, out, size, 30000);
}

struct seen {
	const char *line;
	unsigned exchanges, bad, states, generations;
	uint64_t generation;
	unsigned configs, refusals, starts;
	char last_config[200]; /* "who|reason|sha256" */
	char last_refusal[1200];
};

static int look(void *context, const struct assay_entry *entry, const uint8_t leaf[ASSAY_HASH_SIZE])
{
	struct seen *seen = context;
	json_t *body = json_loadb(entry->body, entry->body_length, 0, NULL);
	const char *code = json_string_value(json_object_get(body, "code")),
		   *who = json_string_value(json_object_get(body, "who")),
		   *reason = json_string_value(json_object_get(body, "reason"));

	(void)leaf;
	seen->starts += entry->kind == ASSAY_ENTRY_START;
	if (entry->kind == ASSAY_ENTRY_CONFIG) {
		seen->configs++;
		(void)snprintf(seen->last_config, sizeof seen->last_config, "%s|%s|%s", who ? who : "",
			reason ? reason : "", json_string_value(json_object_get(body, "sha256")));
	}
	if (entry->kind == ASSAY_ENTRY_FAULT && code && strcmp(code, "config-refused") == 0) {
		seen->refusals++;
		(void)snprintf(seen->last_refusal, sizeof seen->last_refusal, "%s|%s|%s", who, reason,
			json_string_value(json_object_get(body, "text_en")));
	}
	if (strcmp(entry->line, seen->line) == 0 && entry->kind == ASSAY_ENTRY_LINE)
		seen->states++;
	if (strcmp(entry->line, seen->line) == 0 && entry->kind == ASSAY_ENTRY_EXCHANGE) {
		uint64_t generation = (uint64_t)json_integer_value(json_object_get(body, "generation"));
		const char *outcome = json_string_value(json_object_get(body, "outcome"));

		seen->exchanges++;
		seen->generations += generation != seen->generation;
		seen->generation = generation;
		seen->bad += outcome && strcmp(outcome, "identity") != 0 && strcmp(outcome, "fence") != 0;
	}
	json_decref(body);
	return 0;
}

/* Everything journalled so far about one line. */
static struct seen journal_of(const char *line)
{
	struct seen seen = {.line = line};
	struct assay_reader *reader = NULL;
	struct assay_error err;

	assert_int_equal(assay_reader_open(dir, ASSAY_READ_LIVE, &reader, &err), ASSAY_OK);
	assert_int_equal(assay_reader_each(reader, 0, 0, look, &seen, &err), ASSAY_OK);
	assay_reader_close(reader);
	return seen;
}

/* Wait until the line has given count more exchanges than before. */
static void goes_on(const char *line, unsigned before, unsigned count)
{
	uint64_t until = test_now_ms() + 15000;

	while (journal_of(line).exchanges < before + count) {
		assert_true(test_now_ms() < until);
		test_pause_ms(50);
	}
}

static pid_t host_named(pid_t gateway, size_t *count)
{
	pid_t pids[GATEWAY_CHILDREN_MAX];

	*count = gateway_children(gateway, "assay-host", pids);
	return pids[0];
}

/* A line is changed, one added, one removed, while the balance and another line of the same host go on: their hosts live, no
 * exchange of theirs is torn, none is counted anew, and the line's state is never told again. */
static void test_unchanged_lines_are_not_touched(void **state)
{
	struct running_gateway gateway;
	struct assay_sim balance = {0}, room = {0};
	struct assay_error err;
	struct seen balance_before, room_before, now;
	char out[2000];
	pid_t first, pids[GATEWAY_CHILDREN_MAX];
	size_t hosts;

	(void)state;
	assert_int_equal(assay_sim_balance(port, "T1", 0, &balance, &err), ASSAY_OK);
	assert_int_equal(assay_sim_room(0, &room, &err), ASSAY_OK);
	write_lab(LAB FAST_ROOM_LINE BALANCE_LINE FAST_ROOM_LINE "</lab>\n", "room2", room.tcp_port, "room2",
		"1s", port, "room", room.tcp_port, "room", "1s");
	serve(&gateway);
	line_becomes("com1", "online", NULL, 5000);
	line_becomes("room", "online", NULL, 5000);
	line_becomes("room2", "online", NULL, 5000);
	first = host_named(gateway.pid, &hosts);
	assert_int_equal(hosts, 2); /* both rooms share one */
	balance_before = journal_of("com1");
	room_before = journal_of("room");
	goes_on("com1", balance_before.exchanges, 2);

	/* room2 asks at another pace, room3 is new, and stands where room2 stood: all indexes are others */
	write_lab(LAB FAST_ROOM_LINE FAST_ROOM_LINE BALANCE_LINE FAST_ROOM_LINE "</lab>\n", "room3",
		room.tcp_port, "room3", "1s", "room", room.tcp_port, "room", "1s", port, "room2",
		room.tcp_port, "room2", "2s");
	assert_int_equal(reload("a third room", out, sizeof out), 0);
	assert_non_null(strstr(out, "2 lines stay, 1 changed, 1 new, 0 gone"));
	line_becomes("room3", "online", NULL, 5000);
	line_becomes("room2", "online", NULL, 5000);
	now = journal_of("com1");
	goes_on("com1", now.exchanges, 2);
	goes_on("room", journal_of("room").exchanges, 1);
	assert_int_equal(host_named(gateway.pid, &hosts), first);
	assert_int_equal(hosts, 3);

	/* room2 leaves */
	write_lab(LAB BALANCE_LINE FAST_ROOM_LINE "</lab>\n", port, "room", room.tcp_port, "room", "1s");
	assert_int_equal(reload("fewer", out, sizeof out), 0);
	assert_non_null(strstr(out, "2 lines stay, 0 changed, 0 new, 2 gone"));
	goes_on("com1", journal_of("com1").exchanges, 2);
	goes_on("room", journal_of("room").exchanges, 1);
	assert_int_equal(host_named(gateway.pid, &hosts), first);
	assert_int_equal(hosts, 2);

	now = journal_of("com1");
	assert_int_equal(now.generations, 1); /* one host gave them all */
	assert_int_equal(now.bad, 0);
	assert_int_equal(now.states, balance_before.states);
	now = journal_of("room");
	assert_int_equal(now.generations, 1);
	assert_int_equal(now.bad, 0);
	assert_int_equal(now.states, room_before.states);
	assert_int_equal(now.configs, 3);
	assert_int_equal(now.starts, 3);

	/* the host that shared, and lost a line, comes back with what it has now when it dies */
	(void)gateway_children(gateway.pid, "assay-host", pids);
	assert_int_equal(kill(pids[1], SIGKILL), 0);
	assert_int_equal(kill(pids[0], SIGKILL), 0);
	goes_on("room", now.exchanges, 2);
	goes_on("com1", journal_of("com1").exchanges, 2);
	assert_int_equal(gateway_stop(&gateway), 0);
	{
		const char *const verify[] = {"assay", "verify", dir, "--replay", NULL};

		assert_int_equal(assay_command(verify, out, sizeof out, 60000), 0);
	}
	assay_sim_end(&balance);
	assay_sim_end(&room);
}

static void test_mistakes_change_nothing(void **state)
{
	struct running_gateway gateway;
	struct assay_sim balance = {0};
	struct assay_error err;
	struct seen now;
	char out[2000];
	size_t hosts;
	pid_t host;

	(void)state;
	assert_int_equal(assay_sim_balance(port, "T1", 0, &balance, &err), ASSAY_OK);
	write_lab(LAB BALANCE_LINE "</lab>\n", port);
	serve(&gateway);
	line_becomes("com1", "online", NULL, 5000);
	host = host_named(gateway.pid, &hosts);
	write_lab(LAB BALANCE_LINE
		"<line id=\"com1\" name-zh=\"二\" name-en=\"two\"><serial port=\"/dev/nowhere\"/>"
		"<instrument id=\"b2\" name-zh=\"天平\" name-en=\"b\" spec=\"mettler-mt-sics\"/></line>"
		"</lab>\n",
		port);
	assert_int_equal(reload("two of a name", out, sizeof out), 1);
	assert_non_null(strstr(out, "lab.xml:4: line com1 is already on line 2"));
	write_lab("<lab site=\"t\" origin=\"other.example\" name-zh=\"测\" name-en=\"test\">\n" BALANCE_LINE
		  "</lab>\n",
		port);
	assert_int_equal(reload("another origin", out, sizeof out), 1);
	assert_non_null(strstr(out, "origin has changed, which takes a restart"));
	assert_int_equal(reload("", out, sizeof out), 2);
	now = journal_of("com1");
	goes_on("com1", now.exchanges, 2);
	now = journal_of("com1");
	assert_int_equal(now.configs, 1);
	assert_int_equal(now.starts, 1);
	assert_int_equal(now.refusals, 2);
	assert_non_null(strstr(now.last_refusal, "|another origin|"));
	assert_int_equal(host_named(gateway.pid, &hosts), host);
	assert_int_equal(gateway_stop(&gateway), 0);
	assay_sim_end(&balance);
}

/* A signal: the calibration is entered, nobody's line is touched, and the entry says that it was a signal. Again, with nothing
 * changed: the wish is written down all the same. A recorder that dies later writes nothing new. */
static void test_hang_up_reads_again(void **state)
{
	struct running_gateway gateway;
	struct assay_sim balance = {0};
	struct assay_error err;
	struct seen now;
	pid_t pids[GATEWAY_CHILDREN_MAX], host;
	uint64_t until;
	size_t hosts;

	(void)state;
	assert_int_equal(assay_sim_balance(port, "T1", 0, &balance, &err), ASSAY_OK);
	write_lab(LAB BALANCE_LINE "</lab>\n", port);
	serve(&gateway);
	line_becomes("com1", "online", NULL, 5000);
	host = host_named(gateway.pid, &hosts);
	write_lab(LAB "<line id=\"com1\" name-zh=\"COM1\" name-en=\"COM1\"><serial port=\"%s\"/>\n"
		      "<instrument id=\"b1\" name-zh=\"天平\" name-en=\"balance\" spec=\"mettler-mt-sics\" "
		      "serial=\"T1\" "
		      "calibrated-until=\"2098-01-31\" every=\"1s\" needed-every=\"1s\"/></line></lab>\n",
		port);
	for (unsigned i = 2; i <= 3; i++) {
		assert_int_equal(kill(gateway.pid, SIGHUP), 0);
		until = test_now_ms() + 15000;
		while (journal_of("com1").configs < i) {
			assert_true(test_now_ms() < until);
			test_pause_ms(50);
		}
		line_becomes("com1", "online", NULL, 5000);
	}
	goes_on("com1", journal_of("com1").exchanges, 1);
	assert_int_equal(gateway_children(gateway.pid, "assay-recorder", pids), 1);
	assert_int_equal(kill(pids[0], SIGKILL), 0);
	goes_on("com1", journal_of("com1").exchanges, 2);
	now = journal_of("com1");
	assert_int_equal(now.configs, 3);
	assert_int_equal(now.generations, 1);
	assert_int_equal(now.bad, 0);
	assert_non_null(strstr(now.last_config, "|SIGHUP|"));
	assert_true(now.last_config[0] != '|');
	assert_int_equal(host_named(gateway.pid, &hosts), host);
	assert_int_equal(gateway_stop(&gateway), 0);
	assay_sim_end(&balance);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_unchanged_lines_are_not_touched, fresh),
		cmocka_unit_test_setup(test_mistakes_change_nothing, fresh),
		cmocka_unit_test_setup(test_hang_up_reads_again, fresh)};

	if (getenv("ASSAY_TEST"))
		cmocka_set_test_filter(getenv("ASSAY_TEST"));
	(void)printf("folder %s\n", mkdtemp(folder));
	return cmocka_run_group_tests(tests, NULL, clear);
}
