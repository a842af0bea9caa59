/* SPDX-License-Identifier: Apache-2.0
 * Wrong things get a clear word and lose nothing: the real gateway with a port that is missing or taken, an unknown
 * instrument, a spec with a typo, a second gateway on the directory, a damaged journal, a full disk, a balance that
 * speaks another unit. The full disk is made by SQLite's own hook for system calls, in a gateway run by this program. */
#include "gateway/cli/cli.h"
#include "gateway/demo/sims.h"
#include "gateway/record/events.h"
#include "gateway/record/journal_reader.h"
#include "gateway/record/sha256.h"
#include "tests/fault/small_lab.h"

#include <sqlite3.h>
#include <sys/file.h>
#include <sys/mman.h>

/* The gateway must end by itself, with 1, and say these words. */
static void serve_refuses(const char *const *argv, const char *words, const char *more)
{
	static char out[GATEWAY_OUTPUT_MAX];
	int code = assay_command(argv, out, sizeof out, START_MS);

	if (code != 1 || !strstr(out, words) || !strstr(out, more))
		fail_msg("exit %d, wanted 1 with '%s' and '%s': %s", code, words, more, out);
}

static void test_port_missing(void **state)
{
	struct running_gateway gateway;
	struct assay_sim balance = {0}, room = {0};
	struct assay_error err;

	(void)state;
	assert_int_equal(assay_sim_room(0, &room, &err), ASSAY_OK);
	write_lab(LAB BALANCE_LINE ROOM_LINE "</lab>\n", port, room.tcp_port);
	serve(&gateway);
	line_becomes("com1", "down", "port-missing", 5000);
	line_becomes("room", "online", NULL, 5000);
	assert_int_equal(assay_sim_balance(port, "T1", 0, &balance, &err), ASSAY_OK); /* plugged in */
	line_becomes("com1", "online", NULL, 15000);
	assert_int_equal(gateway_stop(&gateway), 0);
	assay_sim_end(&balance);
	assay_sim_end(&room);
}

static void test_port_taken(void **state)
{
	struct running_gateway gateway;
	struct assay_sim balance = {0};
	struct assay_error err;
	int taken;

	(void)state;
	assert_int_equal(assay_sim_balance(port, "T1", 0, &balance, &err), ASSAY_OK);
	taken = open(port, O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_int_equal(flock(taken, LOCK_EX | LOCK_NB), 0);
	write_lab(LAB BALANCE_LINE "</lab>\n", port);
	serve(&gateway);
	line_becomes("com1", "down", "port-taken", 5000);
	assert_int_equal(close(taken), 0);
	line_becomes("com1", "online", NULL, 15000);
	assert_int_equal(gateway_stop(&gateway), 0);
	assay_sim_end(&balance);
}

static void test_unknown_instrument(void **state)
{
	const char *const argv[] = {"assay", "serve", "-d", dir, NULL};
	const char *const check[] = {"assay", "serve", "-d", dir, "--check", "--json", NULL};
	char at[100], journal[80];

	(void)state;
	write_lab(LAB "<line id=\"c\" name-zh=\"c\" name-en=\"c\"><serial port=\"/dev/x\"/>\n"
		      "<instrument id=\"b1\" name-zh=\"b\" name-en=\"b\" spec=\"mettler\"/></line></lab>\n");
	(void)snprintf(at, sizeof at, "%s:3: ", lab);
	serve_refuses(argv, at, "mettler-mt-sics");
	serve_refuses(check, "\"code\":\"instrument-unknown\"", "text_zh");
	(void)snprintf(journal, sizeof journal, "%s/journal", dir);
	assert_int_not_equal(access(journal, F_OK), 0); /* nothing was begun */
}

/* An installed tree of its own, one of whose instrument files has a typo. */
static void test_spec_typo(void **state)
{
	char command[2500], binary[64];
	const char *const argv[] = {"assay", "serve", "-d", dir, NULL};
	const char *before = getenv("ASSAY");
	char *kept = before ? strdup(before) : NULL;

	(void)state;
	(void)snprintf(binary, sizeof binary, "%s/tree/bin/assay", folder);
	(void)snprintf(command, sizeof command,
		"t=%s/tree; b=$(dirname '%s'); mkdir -p $t/bin $t/lib/assay $t/share/assay && cp '%s' "
		"$t/bin/assay && "
		"cp -rL $b/drivers $t/lib/assay/ && cp -rL $b/specs $t/share/assay/ && "
		"sed -i 's/<channel name=\"pv\"/<chanel name=\"pv\"/' "
		"$t/share/assay/specs/instruments/demo-oven.xml",
		folder, assay_binary(), assay_binary());
	assert_int_equal(system(command), 0); /* NOLINT(cert-env33-c): fixed words and our own folder */
	write_lab(LAB "<line id=\"c\" name-zh=\"c\" name-en=\"c\"><modbus-rtu port=\"/dev/x\"/>\n"
		      "<instrument id=\"o\" name-zh=\"b\" name-en=\"b\" spec=\"demo-oven\"/></line></lab>\n");
	assert_int_equal(setenv("ASSAY", binary, 1), 0);
	serve_refuses(argv, "instruments/demo-oven.xml:7: ", "chanel");
	assert_int_equal(kept ? setenv("ASSAY", kept, 1) : unsetenv("ASSAY"), 0);
	free(kept);
}

static void test_second_gateway(void **state)
{
	const char *const argv[] = {"assay", "serve", "-d", dir, NULL};
	struct running_gateway gateway;
	struct assay_sim room = {0};
	struct assay_error err;

	(void)state;
	assert_int_equal(assay_sim_room(0, &room, &err), ASSAY_OK);
	write_lab(LAB ROOM_LINE "</lab>\n", room.tcp_port);
	serve(&gateway);
	line_becomes("room", "online", NULL, 5000);
	serve_refuses(argv, "another assay serves", dir);
	line_becomes("room", "online", NULL, 5000); /* the first goes on, its socket is still there */
	assert_int_equal(gateway_stop(&gateway), 0);
	assay_sim_end(&room);
}

/* Change one byte of the last entry's body, as a failing disk might. */
static void damage(const char *path)
{
	static char bytes[8 << 20];
	int fd = open(path, O_RDWR | O_CLOEXEC);
	ssize_t got = read(fd, bytes, sizeof bytes);
	char *last = NULL;

	for (char *at = bytes;
		got > 0 && (at = memmem(at, (size_t)(bytes + got - at), "\"kind\"", 6)) != NULL; at++)
		last = at;
	for (char *at = bytes; !last && got > 0 && at < bytes + got - 9; at++)
		if (memcmp(at, "\"outcome\"", 9) == 0)
			last = at;
	if (!last)
		last = memmem(bytes, (size_t)got, "\"generation\"", 12);
	assert_non_null(last);
	last[2] ^= 1;
	assert_int_equal(pwrite(fd, last + 2, 1, last + 2 - bytes), 1);
	assert_int_equal(close(fd), 0);
}

/* Ask the recorder; the answer must be good. */
static json_t *ask(json_t *request)
{
	struct assay_error err = {0};
	json_t *answer = NULL;
	int status = assay_client_call(dir, request, &answer, &err);

	json_decref(request);
	if (status != ASSAY_OK)
		fail_msg("%s: %s", err.code, err.text_en);
	return answer;
}

static void test_damaged_journal(void **state)
{
	static char out[GATEWAY_OUTPUT_MAX];
	const char *const verify[] = {"assay", "verify", dir, NULL};
	char before[65], after[65];
	struct running_gateway gateway;
	struct assay_sim room = {0};
	struct assay_error err;
	char segment[96], wal[104];
	struct stat about;
	json_t *answer;
	char *text;

	(void)state;
	assert_int_equal(assay_sim_room(0, &room, &err), ASSAY_OK);
	write_lab(LAB ROOM_LINE "</lab>\n", room.tcp_port);
	serve(&gateway);
	line_becomes("room", "online", NULL, 5000);
	assert_int_equal(gateway_stop(&gateway), 0);
	(void)snprintf(segment, sizeof segment, "%s/journal/0001.db", dir);
	(void)snprintf(wal, sizeof wal, "%s-wal", segment);
	assert_int_equal(assay_command(verify, out, sizeof out, START_MS), 0);
	damage(segment);
	assert_int_equal(assay_sha256_file(segment, before), 0);
	serve(&gateway); /* reading goes on, the damage is said */
	line_becomes("room", "online", NULL, 5000);
	assert_true(file_says(errors, "journal segment 0001: 1 entries are damaged", 5000));
	answer = ask(json_pack("{s:s}", "cmd", "alarm.list"));
	text = json_dumps(answer, 0);
	assert_non_null(text);
	assert_non_null(strstr(text, "journal-quarantined"));
	free(text);
	json_decref(answer);
	assert_int_equal(gateway_stop(&gateway), 0);
	assert_int_equal(assay_sha256_file(segment, after), 0);
	assert_string_equal(before, after);
	assert_true(
		stat(wal, &about) != 0 || about.st_size == 0); /* and nothing waits to be written into it */
	assert_int_equal(assay_command(verify, out, sizeof out, START_MS), 1);
	assay_sim_end(&room);
}

/* While *disk_full, what SQLite writes finds no room. Shared by all processes of the gateway below. */
static volatile int *disk_full;

static ssize_t write_or_full(int fd, const void *bytes, size_t length, off_t at)
{
	if (*disk_full) {
		errno = ENOSPC;
		return -1;
	}
	return pwrite(fd, bytes, length, at);
}

/* The gateway in a child of this program, so that its SQLite is ours. */
static void serve_here(struct running_gateway *gateway)
{
	sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
	char line[256];
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	gateway->pid = fork();
	if (gateway->pid == 0) {
		char name[] = "serve", option[] = "-d", *argv[] = {name, option, dir, NULL};
		int log = open(errors, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		(void)dup2(ends[1], 1);
		(void)dup2(log, 2);
		(void)vfs->xSetSystemCall(vfs, "pwrite", (sqlite3_syscall_ptr)write_or_full);
		(void)vfs->xSetSystemCall(vfs, "pwrite64", (sqlite3_syscall_ptr)write_or_full);
		_exit(assay_cmd_serve(3, argv));
	}
	(void)close(ends[1]);
	gateway->out = ends[0];
	assert_true(gateway_line(gateway, line, sizeof line, START_MS));
}

static uint64_t found_prints; /* bit n: print n */

static int find_prints(void *context, const struct assay_entry *entry, const uint8_t leaf[ASSAY_HASH_SIZE])
{
	static uint8_t bytes[ASSAY_RAW_MAX + 1];
	size_t length = 0;

	(void)context;
	(void)leaf;
	if (entry->kind != ASSAY_ENTRY_EXCHANGE)
		return 0;
	assert_int_equal(assay_events_received(entry->raw, entry->raw_length, bytes, ASSAY_RAW_MAX, &length),
		ASSAY_OK);
	bytes[length] = '\0';
	for (unsigned i = 1; i <= 60; i++) {
		char wanted[32];

		(void)snprintf(wanted, sizeof wanted, "S S     7.00%02u g", i);
		if (strstr((const char *)bytes, wanted))
			found_prints |= 1ull << i;
	}
	return 0;
}

static void print_some(const struct assay_sim *balance, unsigned from, unsigned to)
{
	for (unsigned i = from; i <= to; i++) {
		assert_int_equal(assay_sim_tell(balance, "mass %u", 70000 + i), 0);
		assert_int_equal(assay_sim_tell(balance, "print"), 0);
		test_pause_ms(80);
	}
}

static void test_full_disk(void **state)
{
	struct running_gateway gateway;
	struct assay_sim balance = {0};
	struct assay_reader *reader = NULL;
	struct assay_error err;

	(void)state;
	disk_full = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(disk_full != MAP_FAILED);
	assert_int_equal(assay_sim_balance(port, "T1", 0, &balance, &err), ASSAY_OK);
	write_lab(LAB BALANCE_LINE "</lab>\n", port);
	serve_here(&gateway);
	line_becomes("com1", "online", NULL, 5000);
	print_some(&balance, 1, 20);
	*disk_full = 1;
	print_some(&balance, 21, 40);
	assert_true(file_says(errors, "disk is full", 5000));
	*disk_full = 0;
	print_some(&balance, 41, 60);
	test_pause_ms(3000);
	assert_int_equal(gateway_stop(&gateway), 0);
	assay_sim_end(&balance);
	assert_int_equal(assay_reader_open(dir, ASSAY_READ_STILL, &reader, &err), ASSAY_OK);
	assert_int_equal(assay_reader_each(reader, 0, 0, find_prints, NULL, &err), ASSAY_OK);
	assay_reader_close(reader);
	assert_int_equal(found_prints, (1ull << 61) - 2); /* 1 to 60, every one */
}

/* Status and value of the first slot m3 of the test. */
static void slot_of(const char *test, char status[16], char value[32], char reason[64])
{
	json_t *answer = ask(json_pack("{s:s,s:s}", "cmd", "test.show", "test", test)), *slot;
	size_t index;

	json_array_foreach(json_object_get(json_object_get(answer, "test"), "slots"), index, slot)
	{
		if (strcmp(json_string_value(json_object_get(slot, "slot")), "m3") != 0 ||
			json_integer_value(json_object_get(slot, "replicate")) != 1)
			continue;
		(void)snprintf(status, 16, "%s", json_string_value(json_object_get(slot, "status")));
		(void)snprintf(value, 32, "%s", json_string_value(json_object_get(slot, "value")));
		(void)snprintf(reason, 64, "%s", json_string_value(json_object_get(slot, "reason")));
	}
	json_decref(answer);
}

static void test_wrong_unit(void **state)
{
	struct running_gateway gateway;
	struct assay_sim balance = {0};
	struct assay_error err;
	char test[80], status[16] = "", value[32] = "", reason[64] = "";
	json_t *answer;

	(void)state;
	assert_int_equal(assay_sim_balance(port, "T1", 0, &balance, &err), ASSAY_OK);
	write_lab(LAB BALANCE_LINE "</lab>\n", port);
	serve(&gateway);
	line_becomes("com1", "online", NULL, 5000);
	answer = ask(json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:[s]}", "cmd", "batch.new", "product",
		"puffed-snack", "name", "n", "producer", "p", "lot", "L1", "produced", "2026-01-05", "amount",
		"1 kg", "origin", "sent-in", "tests", "moisture"));
	(void)snprintf(test, sizeof test, "%s.1",
		json_string_value(json_object_get(json_object_get(answer, "batch"), "batch")));
	json_decref(answer);
	json_decref(ask(json_pack("{s:s,s:s,s:s,s:i,s:s}", "cmd", "test.fill", "test", test, "slot", "m3",
		"replicate", 1, "instrument", "b1")));
	assert_int_equal(assay_sim_tell(&balance, "unit oz"), 0);
	assert_int_equal(assay_sim_tell(&balance, "mass 201127"), 0);
	assert_int_equal(assay_sim_tell(&balance, "print"), 0);
	test_pause_ms(1000);
	slot_of(test, status, value, reason);
	assert_string_not_equal(status, "filled");
	assert_string_equal(value, "");
	assert_string_not_equal(reason, ""); /* the technician is told why */
	assert_int_equal(assay_sim_tell(&balance, "unit g"), 0);
	json_decref(ask(json_pack("{s:s,s:s,s:s,s:i,s:s}", "cmd", "test.fill", "test", test, "slot", "m3",
		"replicate", 1, "instrument", "b1")));
	assert_int_equal(assay_sim_tell(&balance, "print"), 0);
	test_pause_ms(1000);
	slot_of(test, status, value, reason);
	assert_string_equal(status, "filled");
	assert_string_equal(value, "20.1127");
	assert_int_equal(gateway_stop(&gateway), 0);
	assay_sim_end(&balance);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test_setup(test_port_missing, fresh),
		cmocka_unit_test_setup(test_port_taken, fresh),
		cmocka_unit_test_setup(test_unknown_instrument, fresh),
		cmocka_unit_test_setup(test_spec_typo, fresh),
		cmocka_unit_test_setup(test_second_gateway, fresh),
		cmocka_unit_test_setup(test_damaged_journal, fresh),
		cmocka_unit_test_setup(test_full_disk, fresh),
		cmocka_unit_test_setup(test_wrong_unit, fresh)};

	if (getenv("ASSAY_TEST"))
		cmocka_set_test_filter(getenv("ASSAY_TEST"));
	(void)printf("folder %s\n", mkdtemp(folder));
	return cmocka_run_group_tests(tests, NULL, clear);
}
