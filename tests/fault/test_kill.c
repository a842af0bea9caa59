/* SPDX-License-Identifier: Apache-2.0
 * kill -9 of any role, and of the whole system at once, again and again, at random moments, of the real binary with
 * simulated instruments. Several gateways are killed side by side, since each of them mostly waits.
 *
 * The demonstration: it goes on; each killed role is back within a second (the third death of one role within 10 s
 * is not provoked, since then it waits by design; the whole system is started again by the test); every entry a client
 * was shown stays in the journal, with the same leaf; every batch whose making was acknowledged is there, once, and no
 * other twice; `assay verify` is clean; and the morning is then played to its three verdicts.
 *
 * The balance: each weighing the device prints has a number of its own. None may be missing or stand twice after
 * the recorder was killed. After a host was killed one may be missing: what it had read and not yet handed over.
 *
 * Rounds: first argument, else $ASSAY_KILL_ROUNDS, else 2,000 with $ASSAY_FULL, else 50. $ASSAY_SEED repeats a run;
 * with $ASSAY_KEEP the folder stays; $ASSAY_TEST chooses tests by pattern. */
#include "gateway/cli/client.h"
#include "gateway/demo/sims.h"
#include "gateway/record/events.h"
#include "gateway/record/journal_reader.h"
#include "gateway/wire/channel.h"
#include "tests/fault/killed_roles.h"

#define WHOLE_ONE_IN 6u
#define BALANCE_KILLS_MAX 40u
#define STATIONS_MAX 10u
#define BATCHES_MAX 20000u
#define SEEN_MAX 100000u
#define PRINTS_MAX 20000u

static unsigned rounds = 50, demonstrations = 2;
static char folder[] = "/dev/shm/assay-kill-XXXXXX"; /* or /tmp: no power is lost here */

/* What a client has been shown: sequence and leaf. */
static struct {
	char leaf[SEEN_MAX][65];
	uint64_t count;
} seen;

/* Ask for what is new; a recorder that is away is asked again by the next look. */
static bool look_at_journal(const char *dir)
{
	struct assay_error err;
	json_t *request =
		json_pack("{s:s,s:I,s:i}", "cmd", "journal", "from", (json_int_t)seen.count, "limit", 500);
	json_t *answer = NULL, *entry;
	size_t index;
	int status = assay_client_call(dir, request, &answer, &err);

	json_decref(request);
	if (status != ASSAY_OK)
		return false;
	json_array_foreach(json_object_get(answer, "entries"), index, entry)
	{
		assert_int_equal(json_integer_value(json_object_get(entry, "seq")), seen.count);
		assert_true(seen.count < SEEN_MAX);
		(void)snprintf(seen.leaf[seen.count++], sizeof seen.leaf[0], "%s",
			json_string_value(json_object_get(entry, "leaf")));
	}
	json_decref(answer);
	return true;
}

static int compare_leaf(void *context, const struct assay_entry *entry, const uint8_t leaf[ASSAY_HASH_SIZE])
{
	uint64_t *compared = context;
	char hex[65];

	for (unsigned i = 0; i < ASSAY_HASH_SIZE; i++)
		(void)snprintf(hex + 2 * i, 3, "%02x", leaf[i]);
	if (entry->sequence < seen.count) {
		if (strcmp(hex, seen.leaf[entry->sequence]) != 0)
			fail_msg("entry %llu is another one than was shown",
				(unsigned long long)entry->sequence);
		(*compared)++;
	}
	return 0;
}

static void all_seen_is_there(const char *dir)
{
	struct assay_reader *reader = NULL;
	struct assay_error err;
	uint64_t compared = 0;

	assert_int_equal(assay_reader_open(dir, ASSAY_READ_STILL, &reader, &err), ASSAY_OK);
	assert_int_equal(assay_reader_each(reader, 0, 0, compare_leaf, &compared, &err), ASSAY_OK);
	assert_int_equal(compared, seen.count);
	assay_reader_close(reader);
}

static void verify_is_clean(const char *dir)
{
	static char out[GATEWAY_OUTPUT_MAX];
	const char *const argv[] = {"assay", "verify", dir, NULL};
	int code = assay_command(argv, out, sizeof out, 60000);

	if (code != 0)
		fail_msg("verify: exit %d: %s", code, out);
}

static size_t lines_online(const char *dir)
{
	struct assay_error err;
	json_t *request = json_pack("{s:s}", "cmd", "status"), *answer = NULL, *line;
	size_t index, online = 0;

	if (assay_client_call(dir, request, &answer, &err) == ASSAY_OK)
		json_array_foreach(json_object_get(answer, "lines"), index, line)
		{
			const char *status = json_string_value(json_object_get(line, "status"));

			online += status && strcmp(status, "online") == 0;
		}
	json_decref(request);
	json_decref(answer);
	return online;
}

static void all_online(const char *dir, size_t lines)
{
	uint64_t until = test_now_ms() + 15000;

	while (lines_online(dir) != lines) {
		if (test_now_ms() > until)
			fail_msg("only %zu of %zu lines are online", lines_online(dir), lines);
		test_pause_ms(100);
	}
}

static void finish_the_morning(const char *dir)
{
	static char out[GATEWAY_OUTPUT_MAX];
	static const char *const verdicts[] = {"pass", "fail", "undetermined"};
	const char *const argv[] = {"assay", "demo", "-d", dir, "--once", "--json", NULL};
	int code = assay_command(argv, out, sizeof out, 60000);
	char *rest = NULL;
	size_t found = 0;

	if (code != 0)
		fail_msg("demo --once: exit %d: %s", code, out);
	for (char *line = strtok_r(out, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		json_t *batch = json_loads(line, 0, NULL);

		if (!batch)
			continue; /* standard error */
		assert_true(found < 3);
		assert_string_equal(json_string_value(json_object_get(batch, "verdict")), verdicts[found++]);
		json_decref(batch);
	}
	assert_int_equal(found, 3);
}

/* Batches a client asked for, by number: whether it was told that they are there, and how often they are. */
static struct {
	bool acknowledged[BATCHES_MAX];
	unsigned times[BATCHES_MAX], asked, answered;
} batches;

/* The recorder may die under the question: then nobody was told. */
static void ask_for_batch(const char *dir)
{
	struct assay_error err;
	char lot[24];
	json_t *request, *answer = NULL;

	assert_true(batches.asked < BATCHES_MAX);
	(void)snprintf(lot, sizeof lot, "kill-%u", batches.asked);
	request = json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:[s]}", "cmd", "batch.new", "product", "puffed-snack",
		"name", "k", "producer", "k", "lot", lot, "produced", "2026-01-20", "tests", "moisture");
	if (assay_client_call(dir, request, &answer, &err) == ASSAY_OK) {
		batches.acknowledged[batches.asked] = true;
		batches.answered++;
	}
	batches.asked++;
	json_decref(request);
	json_decref(answer);
}

static int count_batch(void *context, const struct assay_entry *entry, const uint8_t leaf[ASSAY_HASH_SIZE])
{
	const char *at = entry->kind == ASSAY_ENTRY_BATCH ? strstr(entry->body, "\"lot\":\"kill-") : NULL;

	(void)context;
	(void)leaf;
	if (at) {
		unsigned long number = strtoul(at + strlen("\"lot\":\"kill-"), NULL, 10);

		assert_true(number < batches.asked);
		batches.times[number]++;
	}
	return 0;
}

static void acknowledged_batches_are_there(const char *dir)
{
	struct assay_reader *reader = NULL;
	struct assay_error err;

	memset(batches.times, 0, sizeof batches.times);
	assert_int_equal(assay_reader_open(dir, ASSAY_READ_STILL, &reader, &err), ASSAY_OK);
	assert_int_equal(assay_reader_each(reader, 0, 0, count_batch, NULL, &err), ASSAY_OK);
	assay_reader_close(reader);
	for (unsigned i = 0; i < batches.asked; i++)
		if (batches.times[i] > 1 || batches.times[i] < batches.acknowledged[i])
			fail_msg("batch %u is there %u times", i, batches.times[i]);
	assert_true(batches.answered > 0);
}

static void start_demonstration(struct running_gateway *gateway, const char *dir)
{
	char errors[80], line[256] = "";
	const char *const argv[] = {"assay", "demo", "-d", dir, "--listen", "127.0.0.1:0", NULL};

	(void)snprintf(errors, sizeof errors, "%s.err", dir);
	gateway_start(gateway, argv, errors, 0);
	assert_true(gateway_line(gateway, line, sizeof line, START_MS));
	assert_int_equal(strncmp(line, "http://127.0.0.1:", 17), 0);
}

/* The demonstration runs and is stopped while `kills` roles die. Returns how often the whole system did. */
static unsigned demonstration_under_fire(const char *dir, unsigned kills)
{
	struct target targets[] = {{.name = "assay-recorder"}, {.name = "assay-web"}, {.name = "assay-host"},
		{.name = "assay-host"}, {.name = "assay-host"}};
	const size_t target_count = sizeof targets / sizeof *targets;
	struct running_gateway gateway;
	pid_t left[GATEWAY_CHILDREN_MAX];
	size_t left_count;
	unsigned whole = 0;

	start_demonstration(&gateway, dir);
	all_online(dir, 3);
	find_targets(gateway.pid, targets, target_count);
	for (unsigned round = 0; round < kills;) {
		(void)look_at_journal(dir);
		ask_for_batch(dir);
		if (random_below(WHOLE_ONE_IN) == 0) {
			kill_whole(&gateway);
			start_demonstration(&gateway, dir);
			find_targets(gateway.pid, targets, target_count);
			whole++;
			round++;
		} else {
			round += kill_one(gateway.pid, targets, target_count) != NULL;
		}
		test_pause_ms(random_below(300));
	}
	all_online(dir, 3);
	assert_true(look_at_journal(dir));
	left_count = gateway_children(gateway.pid, "", left);
	assert_true(left_count >= 5);
	assert_int_equal(gateway_stop(&gateway), 0);
	for (size_t i = 0; i < left_count; i++)
		assert_false(process_is(left[i], ""));
	return whole;
}

static void test_demonstration(void **state)
{
	char dir[64];
	unsigned kills = rounds / demonstrations, whole;

	(void)state;
	(void)snprintf(dir, sizeof dir, "%s/demo-%u", folder, seed);
	whole = demonstration_under_fire(dir, kills);
	verify_is_clean(dir);
	all_seen_is_there(dir);
	acknowledged_batches_are_there(dir);
	(void)printf("  demonstration: %u kills (%u of the whole system), %llu entries shown to a client and "
		     "%u of "
		     "%u batches acknowledged, all there, once; %u roles back after more than a second\n",
		kills, whole, (unsigned long long)seen.count, batches.answered, batches.asked, late);
	assert_true(late <= kills / 100);
	finish_the_morning(dir);
	verify_is_clean(dir);
	all_seen_is_there(dir);
}

/* How often each number was received, and how often in an answer to the gateway's own question. */
static struct {
	unsigned times[PRINTS_MAX + 1], answers[PRINTS_MAX + 1];
	char open[512]; /* received bytes whose line goes on in the next entry */
	size_t open_length;
} prints_seen;

/* "S S     1.0203 g" is print 10203: tenths of a milligram. 0 when it is no such line. */
static unsigned print_number(const char *line)
{
	char *end;
	unsigned long whole = strtoul(line + 4, &end, 10), number;

	if (*end != '.')
		return 0;
	number = whole * 10000 + strtoul(end + 1, &end, 10);
	return strncmp(end, " g\r\n", 4) == 0 && number <= PRINTS_MAX ? (unsigned)number : 0;
}

static bool asked_for_weight(const struct assay_entry *entry)
{
	struct assay_event event;
	size_t at = 0;

	while (assay_event_next(entry->raw, entry->raw_length, &at, &event) == 1)
		if (event.direction == ASSAY_TX && event.length == 4 && memcmp(event.bytes, "SI\r\n", 4) == 0)
			return true;
	return false;
}

static int collect(void *context, const struct assay_entry *entry, const uint8_t leaf[ASSAY_HASH_SIZE])
{
	static char bytes[ASSAY_RAW_MAX];
	size_t length = prints_seen.open_length, got = 0;
	bool asked;
	char *at, *next;

	(void)leaf;
	(void)context;
	if (entry->kind != ASSAY_ENTRY_EXCHANGE)
		return 0;
	memcpy(bytes, prints_seen.open, length);
	assert_int_equal(assay_events_received(entry->raw, entry->raw_length, (uint8_t *)bytes + length,
				 sizeof bytes - 1 - length, &got),
		ASSAY_OK);
	bytes[length + got] = '\0';
	asked = asked_for_weight(entry);
	for (at = bytes; (next = strchr(at, '\n')) != NULL; at = next + 1) {
		unsigned number = strncmp(at, "S S ", 4) == 0 ? print_number(at) : 0;

		prints_seen.times[number]++;
		prints_seen.answers[number] += asked;
	}
	prints_seen.open_length = strlen(at);
	assert_true(prints_seen.open_length < sizeof prints_seen.open);
	memcpy(prints_seen.open, at, prints_seen.open_length);
	return 0;
}

static void count_prints(const char *dir, unsigned prints, unsigned *missing, unsigned *twice)
{
	struct assay_reader *reader = NULL;
	struct assay_error err;

	memset(&prints_seen, 0, sizeof prints_seen);
	assert_int_equal(assay_reader_open(dir, ASSAY_READ_STILL, &reader, &err), ASSAY_OK);
	assert_int_equal(assay_reader_each(reader, 0, 0, collect, NULL, &err), ASSAY_OK);
	assay_reader_close(reader);
	*missing = *twice = 0;
	for (unsigned i = 1; i <= prints; i++) {
		*missing += prints_seen.times[i] == 0;
		*twice += prints_seen.times[i] > 1 + prints_seen.answers[i];
	}
}

/* A laboratory with the balance alone, which is never asked and speaks when its print key is pressed. */
static void write_lab(const char *dir, const char *port)
{
	char path[128];
	FILE *file;

	(void)snprintf(path, sizeof path, "%s/lab.xml", dir);
	file = fopen(path, "we");
	assert_non_null(file);
	(void)fprintf(file,
		"<lab site=\"kill\" origin=\"kill.example\" name-zh=\"测\" name-en=\"test\">\n"
		"<line id=\"com1\" name-zh=\"COM1\" name-en=\"COM1\"><serial port=\"%s\"/>\n"
		"<instrument id=\"b1\" name-zh=\"天平\" name-en=\"balance\" spec=\"mettler-mt-sics\" "
		"serial=\"K1\" "
		"calibrated-until=\"2099-12-31\" every=\"0s\" needed-every=\"0s\"/></line></lab>\n",
		port);
	assert_int_equal(fclose(file), 0);
}

/* Print after print, while one of the targets dies now and then. */
static unsigned print_under_fire(const char *dir, pid_t gateway, const struct assay_sim *balance,
	struct target *targets, size_t count, unsigned kills, unsigned *hosts)
{
	unsigned prints = 0, killed = 0;
	uint64_t next = 0;

	find_targets(gateway, targets, count);
	while (killed < kills && prints < PRINTS_MAX) {
		const char *name = NULL;

		assert_int_equal(assay_sim_tell(balance, "mass %u", ++prints), 0);
		assert_int_equal(assay_sim_tell(balance, "print"), 0);
		test_pause_ms(5 + random_below(120));
		/* A host holds what a dying recorder had not: its own turn comes when the recorder has it all. */
		if (test_now_ms() >= next && (count == 1 || lines_online(dir) == 1))
			name = kill_one(gateway, targets, count);
		if (!name)
			continue;
		killed++;
		*hosts += strcmp(name, "assay-host") == 0;
		next = test_now_ms() + random_below(3000);
	}
	assert_int_equal(killed, kills);
	return prints;
}

static void balance_under_fire(
	const char *name, struct target *targets, size_t count, unsigned kills, unsigned allowed)
{
	char dir[64], errors[80], port[80], line[256];
	const char *const argv[] = {"assay", "serve", "-d", dir, NULL};
	struct running_gateway gateway;
	struct assay_sim balance = {0};
	struct assay_error err;
	unsigned prints, hosts = 0, missing, twice;

	(void)snprintf(dir, sizeof dir, "%s/%s", folder, name);
	(void)snprintf(errors, sizeof errors, "%s/%s.err", folder, name);
	(void)snprintf(port, sizeof port, "%s/%s.port", folder, name);
	assert_int_equal(mkdir(dir, 0700), 0);
	assert_int_equal(assay_sim_balance(port, "K1", 0, &balance, &err), ASSAY_OK);
	write_lab(dir, port);
	gateway_start(&gateway, argv, errors, 0);
	assert_true(gateway_line(&gateway, line, sizeof line, START_MS));
	all_online(dir, 1);
	prints = print_under_fire(dir, gateway.pid, &balance, targets, count, kills, &hosts);
	all_online(dir, 1);
	test_pause_ms(500);
	assert_int_equal(gateway_stop(&gateway), 0);
	assay_sim_end(&balance);
	verify_is_clean(dir);
	count_prints(dir, prints, &missing, &twice);
	(void)printf("  %s: %u prints, %u kills (%u of a host), %u missing, %u twice\n", name, prints, kills,
		hosts, missing, twice);
	assert_int_equal(twice, 0);
	assert_true(missing <= allowed * hosts);
}

/* A role may die twice in ten seconds, no more, so a gateway with few of them takes long. */
static unsigned fewer(unsigned all)
{
	return all / 8 < BALANCE_KILLS_MAX ? all / 8 : BALANCE_KILLS_MAX;
}

static void test_recorder_loses_nothing(void **state)
{
	struct target targets[] = {{.name = "assay-recorder"}};

	(void)state;
	balance_under_fire("recorder", targets, 1, fewer(rounds), 0);
}

static void test_host_loses_no_more_than_it_holds(void **state)
{
	struct target targets[] = {{.name = "assay-recorder"}, {.name = "assay-host"}};

	(void)state;
	balance_under_fire("host", targets, 2, fewer(rounds), 1);
}

static const char *make_folder(void)
{
	if (access("/dev/shm", W_OK) != 0)
		(void)snprintf(folder, sizeof folder, "/tmp/assay-kill-XXXXXX");
	assert_non_null(mkdtemp(folder));
	return folder;
}

/* One gateway, killed in a process of its own beside the others. */
struct station {
	struct CMUnitTest test[1];
	pid_t pid;
	char log[80];
};

static void station_start(struct station *station, unsigned number)
{
	(void)snprintf(station->log, sizeof station->log, "%s/station-%u.log", folder, number);
	(void)fflush(NULL);
	station->pid = fork();
	assert_true(station->pid >= 0);
	if (station->pid == 0) {
		int log = open(station->log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
		int failed;

		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		(void)dup2(log, 1);
		(void)dup2(log, 2);
		seed += number * 7919;
		failed = cmocka_run_group_tests_name("station", station->test, NULL, NULL);
		(void)fflush(NULL);
		_exit(failed != 0);
	}
}

static bool station_passed(const struct station *station)
{
	static char text[GATEWAY_OUTPUT_MAX];
	int status;
	bool passed = waitpid(station->pid, &status, 0) == station->pid && WIFEXITED(status) &&
		      WEXITSTATUS(status) == 0;

	read_text(station->log, text, sizeof text);
	(void)printf("%s", text);
	return passed;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_recorder_loses_nothing),
		cmocka_unit_test(test_host_loses_no_more_than_it_holds),
		cmocka_unit_test(test_demonstration)};
	const char *given = argc > 1 ? argv[1] : getenv("ASSAY_KILL_ROUNDS"), *again = getenv("ASSAY_SEED");
	struct station station[STATIONS_MAX];
	unsigned stations, passed = 0;

	if (getenv("ASSAY_FULL"))
		rounds = 2000;
	if (given)
		rounds = (unsigned)strtoul(given, NULL, 10);
	if (rounds > 400) {
		demonstrations = STATIONS_MAX - 2;
		back_ms = BACK_BESIDE_MS;
	}
	seed = again ? (uint32_t)strtoul(again, NULL, 10) : (uint32_t)time(NULL);
	if (seed == 0)
		seed = 1;
	(void)printf("seed %u, %u rounds, folder %s\n", seed, rounds, make_folder());
	if (getenv("ASSAY_TEST"))
		cmocka_set_test_filter(getenv("ASSAY_TEST"));
	stations = 2 + demonstrations;
	for (unsigned i = 0; i < stations; i++) {
		station[i].test[0] = tests[i < 2 ? i : 2];
		station_start(&station[i], i);
	}
	for (unsigned i = 0; i < stations; i++)
		passed += station_passed(&station[i]);
	if (!getenv("ASSAY_KEEP"))
		remove_folder(folder);
	(void)printf("%u passed, %u failed\n", passed, stations - passed);
	return passed != stations;
}
