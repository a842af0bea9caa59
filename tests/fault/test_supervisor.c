/* SPDX-License-Identifier: Apache-2.0
 * The supervisor's promises, on the real binary: a shared host that dies twice is split, one that dies three times
 * in 10 s waits, a host or a recorder that says nothing is replaced, a stop in good order leaves no exchange torn, and nothing
 * outlives the supervisor. */
#include "gateway/demo/sims.h"
#include "gateway/record/journal_reader.h"
#include "gateway/supervisor.h"
#include "tests/fault/small_lab.h"

#define SECOND_ROOM_LINE                                                                                     \
	"<line id=\"room2\" name-zh=\"室\" name-en=\"room\"><modbus-tcp host=\"127.0.0.1\" port=\"%u\"/>\n" \
	"<instrument id=\"r2\" name-zh=\"室\" name-en=\"room\" spec=\"xy-md02\"/></line>\n"

/* Kill a host and give the time until another one is there. */
static uint64_t kill_host(pid_t gateway, pid_t host)
{
	pid_t pids[GATEWAY_CHILDREN_MAX];
	uint64_t begun = test_now_ms();

	assert_int_equal(kill(host, SIGKILL), 0);
	while (test_now_ms() - begun < 20000) {
		size_t found = gateway_children(gateway, "assay-host", pids);

		if (found > 0 && pids[0] != host)
			return test_now_ms() - begun;
		test_pause_ms(5);
	}
	fail_msg("no host comes back");
	return 0;
}

/* F16: after two deaths the guilty line has a host of its own. */
static void test_shared_host_is_split(void **state)
{
	struct running_gateway gateway;
	struct assay_sim room = {0};
	struct assay_error err;
	pid_t pids[GATEWAY_CHILDREN_MAX];

	(void)state;
	assert_int_equal(assay_sim_room(0, &room, &err), ASSAY_OK);
	write_lab(LAB ROOM_LINE SECOND_ROOM_LINE "</lab>\n", room.tcp_port, room.tcp_port);
	serve(&gateway);
	line_becomes("room", "online", NULL, 5000);
	line_becomes("room2", "online", NULL, 5000);
	assert_int_equal(gateway_children(gateway.pid, "assay-host", pids), 1);
	(void)kill_host(gateway.pid, pids[0]);
	assert_int_equal(gateway_children(gateway.pid, "assay-host", pids), 1);
	(void)kill_host(gateway.pid, pids[0]);
	test_pause_ms(500);
	assert_int_equal(gateway_children(gateway.pid, "assay-host", pids), 2);
	line_becomes("room", "online", NULL, 5000);
	line_becomes("room2", "online", NULL, 5000);
	assert_int_equal(gateway_stop(&gateway), 0);
	assay_sim_end(&room);
}

static void test_death_loop_waits(void **state)
{
	struct running_gateway gateway;
	struct assay_sim balance = {0};
	struct assay_error err;
	pid_t pids[GATEWAY_CHILDREN_MAX];
	uint64_t back_ms[3];

	(void)state;
	assert_int_equal(assay_sim_balance(port, "T1", 0, &balance, &err), ASSAY_OK);
	write_lab(LAB BALANCE_LINE "</lab>\n", port);
	serve(&gateway);
	line_becomes("com1", "online", NULL, 5000);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(gateway_children(gateway.pid, "assay-host", pids), 1);
		back_ms[i] = kill_host(gateway.pid, pids[0]);
		test_pause_ms(100);
	}
	assert_true(back_ms[0] < 300);
	assert_true(back_ms[1] < 300);
	assert_true(back_ms[2] >= 450);
	assert_true(back_ms[2] < 1500);
	line_becomes("com1", "online", NULL, 5000);
	assert_int_equal(gateway_stop(&gateway), 0);
	assay_sim_end(&balance);
}

/* F17 */
static void test_silent_host_is_replaced(void **state)
{
	struct running_gateway gateway;
	struct assay_sim balance = {0};
	struct assay_error err;
	pid_t pids[GATEWAY_CHILDREN_MAX];
	uint64_t begun;

	(void)state;
	assert_int_equal(assay_sim_balance(port, "T1", 0, &balance, &err), ASSAY_OK);
	write_lab(LAB BALANCE_LINE "</lab>\n", port);
	serve(&gateway);
	line_becomes("com1", "online", NULL, 5000);
	assert_int_equal(gateway_children(gateway.pid, "assay-host", pids), 1);
	begun = test_now_ms();
	assert_int_equal(kill(pids[0], SIGSTOP), 0);
	assert_true(file_says(errors, "has said nothing for 1", 15000));
	assert_true(test_now_ms() - begun >= 8000); /* not a healthy one for a moment's silence */
	line_becomes("com1", "online", NULL, 5000);
	assert_int_equal(gateway_stop(&gateway), 0);
	assay_sim_end(&balance);
}

static int find_hung(void *context, const struct assay_entry *entry, const uint8_t leaf[ASSAY_HASH_SIZE])
{
	unsigned *found = context;

	(void)leaf;
	*found += entry->kind == ASSAY_ENTRY_FAULT &&
		  memmem(entry->body, entry->body_length, "\"recorder-hung\"", 15) != NULL;
	return 0;
}

/* assay_serve itself, with less patience than the command has. */
static void serve_impatient(struct running_gateway *gateway)
{
	const struct assay_serve_options options = {
		.dir = dir, .listen = "", .quiet = true, .recorder_silent_ms = 2500};

	gateway->out = open("/dev/null", O_RDONLY | O_CLOEXEC);
	(void)fflush(NULL);
	gateway->pid = fork();
	if (gateway->pid == 0) {
		struct assay_error err;

		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		(void)dup2(open(errors, O_WRONLY | O_CREAT | O_APPEND, 0600), 2);
		_exit(assay_serve(&options, &err) == ASSAY_OK ? 0 : 1);
	}
}

/* F20 */
static void test_silent_recorder_is_replaced(void **state)
{
	struct running_gateway gateway;
	struct assay_sim balance = {0};
	struct assay_reader *reader = NULL;
	struct assay_error err;
	pid_t before[GATEWAY_CHILDREN_MAX], after[GATEWAY_CHILDREN_MAX];
	unsigned found = 0;
	uint64_t begun;

	(void)state;
	assert_int_equal(assay_sim_balance(port, "T1", 0, &balance, &err), ASSAY_OK);
	write_lab(LAB BALANCE_LINE "</lab>\n", port);
	serve_impatient(&gateway);
	line_becomes("com1", "online", NULL, START_MS);
	assert_int_equal(gateway_children(gateway.pid, "assay-recorder", before), 1);
	begun = test_now_ms();
	assert_int_equal(kill(before[0], SIGSTOP), 0);
	assert_true(file_says(errors, "recorder has said nothing for", 10000));
	assert_true(test_now_ms() - begun >= 1500); /* it speaks each second */
	line_becomes("com1", "online", NULL, START_MS);
	assert_int_equal(gateway_children(gateway.pid, "assay-recorder", after), 1);
	assert_int_not_equal(before[0], after[0]);
	assert_int_equal(gateway_stop(&gateway), 0);
	assay_sim_end(&balance);
	assert_int_equal(assay_reader_open(dir, ASSAY_READ_STILL, &reader, &err), ASSAY_OK);
	assert_int_equal(assay_reader_each(reader, 0, 0, find_hung, &found, &err), ASSAY_OK);
	assay_reader_close(reader);
	assert_int_equal(found, 1);
}

/* F21 */
static void test_nothing_outlives_the_supervisor(void **state)
{
	struct running_gateway gateway;
	struct assay_sim balance = {0};
	struct assay_error err;
	pid_t pids[GATEWAY_CHILDREN_MAX];
	size_t count;
	uint64_t until;

	(void)state;
	assert_int_equal(assay_sim_balance(port, "T1", 0, &balance, &err), ASSAY_OK);
	write_lab(LAB BALANCE_LINE "</lab>\n", port);
	serve(&gateway);
	line_becomes("com1", "online", NULL, 5000);
	count = gateway_children(gateway.pid, "assay-", pids);
	assert_int_equal(count, 3); /* recorder, report, host */
	assert_int_equal(kill(gateway.pid, SIGKILL), 0);
	assert_int_equal(gateway_wait(&gateway, 5000), 128 + SIGKILL);
	until = test_now_ms() + 2000;
	for (size_t i = 0; i < count; i++)
		while (process_is(pids[i], "")) {
			assert_true(test_now_ms() < until);
			test_pause_ms(5);
		}
	serve(&gateway); /* at once, on the same directory and port */
	line_becomes("com1", "online", NULL, 5000);
	assert_int_equal(gateway_stop(&gateway), 0);
	assay_sim_end(&balance);
}

/* Hosts run driver code, the recorder holds the keys: the kernel refuses them what they have no use for. What
 * exactly is tried in tests/unit/test_confine; here that the running roles are locked. */
static void test_roles_are_locked(void **state)
{
	struct running_gateway gateway;
	struct assay_sim balance = {0};
	struct assay_error err;
	pid_t pids[GATEWAY_CHILDREN_MAX];

	(void)state;
	assert_int_equal(assay_sim_balance(port, "T1", 0, &balance, &err), ASSAY_OK);
	write_lab(LAB BALANCE_LINE "</lab>\n", port);
	serve(&gateway);
	line_becomes("com1", "online", NULL, 5000);
	assert_int_equal(gateway_children(gateway.pid, "assay-", pids), 3);
	for (unsigned i = 0; i < 3; i++) {
		char path[64], about[4096];

		(void)snprintf(path, sizeof path, "/proc/%d/status", pids[i]);
		read_text(path, about, sizeof about);
		assert_non_null(strstr(about, "NoNewPrivs:\t1"));
		assert_non_null(strstr(about, "Seccomp:\t2"));
	}
	assert_int_equal(gateway_stop(&gateway), 0);
	assay_sim_end(&balance);
}

struct ending {
	uint16_t last_kind;
	unsigned torn, exchanges;
};

static int look_at_entry(void *context, const struct assay_entry *entry, const uint8_t leaf[ASSAY_HASH_SIZE])
{
	struct ending *ending = context;

	(void)leaf;
	ending->last_kind = entry->kind;
	ending->exchanges += entry->kind == ASSAY_ENTRY_EXCHANGE;
	ending->torn += entry->kind == ASSAY_ENTRY_EXCHANGE &&
			memmem(entry->body, entry->body_length, "host-died", 9) != NULL;
	return 0;
}

static void test_stop_in_good_order(void **state)
{
	struct running_gateway gateway;
	struct assay_sim balance = {0};
	struct assay_reader *reader = NULL;
	struct assay_error err;
	struct ending ending = {0};

	(void)state;
	assert_int_equal(assay_sim_balance(port, "T1", 5000, &balance, &err), ASSAY_OK);
	write_lab(LAB BALANCE_LINE "</lab>\n", port);
	for (unsigned i = 0; i < 3; i++) {
		uint64_t begun;

		serve(&gateway);
		line_becomes("com1", "online", NULL, 5000);
		test_pause_ms(300 * i);
		begun = test_now_ms();
		assert_int_equal(kill(gateway.pid, SIGINT), 0);
		assert_int_equal(gateway_wait(&gateway, 10000), 0);
		assert_true(test_now_ms() - begun < 2000);
	}
	assay_sim_end(&balance);
	assert_int_equal(assay_reader_open(dir, ASSAY_READ_STILL, &reader, &err), ASSAY_OK);
	assert_int_equal(assay_reader_each(reader, 0, 0, look_at_entry, &ending, &err), ASSAY_OK);
	assay_reader_close(reader);
	assert_true(ending.exchanges > 3);
	assert_int_equal(ending.torn, 0);
	assert_int_equal(ending.last_kind, ASSAY_ENTRY_STOP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test_setup(test_shared_host_is_split, fresh),
		cmocka_unit_test_setup(test_death_loop_waits, fresh),
		cmocka_unit_test_setup(test_silent_host_is_replaced, fresh),
		cmocka_unit_test_setup(test_silent_recorder_is_replaced, fresh),
		cmocka_unit_test_setup(test_nothing_outlives_the_supervisor, fresh),
		cmocka_unit_test_setup(test_roles_are_locked, fresh),
		cmocka_unit_test_setup(test_stop_in_good_order, fresh)};

	if (getenv("ASSAY_TEST"))
		cmocka_set_test_filter(getenv("ASSAY_TEST"));
	(void)printf("folder %s\n", mkdtemp(folder));
	return cmocka_run_group_tests(tests, NULL, clear);
}
