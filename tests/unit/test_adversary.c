/* SPDX-License-Identifier: Apache-2.0
 * The host's line logic against devices that are late, double, echo, cut, tear, lose and disturb (tests/sim/adversary.h),
 * in virtual time: no value may ever be one that belongs to another request. The same schedule against the stock
 * libmodbus calls is printed beside it.
 *
 *   ASSAY_EXCHANGES=10000000 ASSAY_SEED=7 test_adversary        the long run
 */
#include "tests/built.h"
#include "tests/sim/virtual_line.h"

#include <errno.h>
#include <modbus.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <termios.h>

#include <cmocka.h>

#define VIRTUAL_FD 800
#define STOCK_SHARE 10u /* the stock run takes a tenth of the exchanges */

static struct bench *stock; /* the bench the libmodbus calls run on */
static char drivers[512];

/* One unit's map: two pairs of one shape, a triple, a single. The name says where the value stands. */
static const struct assay_setting map[] = {{"item", 0, "channel", "a0"}, {"item", 0, "function", "3"},
	{"item", 0, "address", "0"}, {"item", 0, "type", "u32"}, {"item", 1, "channel", "a10"},
	{"item", 1, "function", "3"}, {"item", 1, "address", "10"}, {"item", 1, "type", "u32"},
	{"item", 2, "channel", "a20"}, {"item", 2, "function", "3"}, {"item", 2, "address", "20"},
	{"item", 2, "type", "u32"}, {"item", 3, "channel", "s22"}, {"item", 3, "function", "3"},
	{"item", 3, "address", "22"}, {"item", 3, "type", "u16"}, {"item", 4, "channel", "s30"},
	{"item", 4, "function", "3"}, {"item", 4, "address", "30"}, {"item", 4, "type", "u16"},
	{"", 0, "timeout-ms", "200"}, {"", 0, "unit", "1"}};
#define MAP_COUNT (sizeof map / sizeof *map)
static struct assay_setting settings[ADV_UNITS][MAP_COUNT];
static struct assay_config_instrument instruments[3];
static struct assay_config_line config_line;

static uint64_t expected(const struct bench *bench, const char *channel)
{
	uint16_t address = (uint16_t)strtoul(channel + 1, NULL, 10);
	uint64_t value = adv_register(bench->read_sequence, bench->read_unit, address);

	if (channel[0] == 'a')
		value = value << 16 |
			adv_register(bench->read_sequence, bench->read_unit, (uint16_t)(address + 1));
	return value;
}

static void asked(struct bench *bench, const uint8_t *bytes, size_t length)
{
	adv_request(&bench->adv, bytes, length);
	bench->read_sequence = bench->adv.sequence;
	bench->read_unit = bytes[bench->adv.tcp ? 6 : 0];
}

static void told(struct bench *bench, const struct assay_end *end, const struct assay_end_reading *rows)
{
	if (!end->solicited && end->readings == 0)
		return;
	if (end->outcome != ASSAY_OUTCOME_OK || !end->usable) {
		bench->refused++;
		for (uint32_t i = 0; i < end->readings; i++)
			assert_true(rows[i].value[0] == '\0');
		return;
	}
	for (uint32_t i = 0; i < end->readings; i++) {
		if (!rows[i].value[0])
			continue;
		if (strtoull(rows[i].value, NULL, 10) == expected(bench, rows[i].channel)) {
			bench->good++;
			continue;
		}
		bench_wrong(bench, &rows[i]);
	}
}

static void set_up(struct bench *bench, uint32_t transport, uint64_t seed, unsigned fault_percent)
{
	struct assay_error err;

	memset(bench, 0, sizeof *bench);
	bench->adv.random = seed * 0x9e3779b97f4a7c15ull + 1;
	bench->adv.now_ns = 1000 * ADV_MS;
	bench->adv.fault_percent = fault_percent;
	bench->adv.tcp = transport == ASSAY_TRANSPORT_MODBUS_TCP;
	config_line = (struct assay_config_line){.id = "bus",
		.transport = transport,
		.baud = 9600,
		.instruments = instruments,
		.instrument_count = 3};
	bench->asked = asked;
	bench->told = told;
	bench_line(bench, &config_line, 3);
	if (assay_plugin_load(drivers, "modbus", &bench->host.plugins[0], &err) != ASSAY_OK)
		fail_msg("%s", err.text_en);
	for (unsigned i = 0; i < 3; i++) {
		static const char *const addresses[] = {"1", "2", "3"};
		struct host_instrument *who = &bench->line->instrument[i];
		char why[200];

		memcpy(settings[i], map, sizeof map);
		settings[i][MAP_COUNT - 1].value = addresses[i];
		instruments[i] = (struct assay_config_instrument){.id = "unit",
			.serial = "",
			.every_ms = 1,
			.needed_ms = 1,
			.late_ms = ADV_LATE_MS,
			.settings = settings[i],
			.setting_count = MAP_COUNT};
		who->config = &instruments[i];
		who->plugin = &bench->host.plugins[0];
		assert_int_equal(who->plugin->driver.open(&assay_plugin_host, settings[i], MAP_COUNT,
					 &who->session, why, sizeof why),
			0);
		bench->line->instrument_count++;
	}
	line_device(bench->line, 5);
}

/* The stock library's view: its descriptor is ours, its waiting is virtual. */
ssize_t write(int fd, const void *bytes, size_t length)
{
	if (fd != VIRTUAL_FD)
		return syscall(SYS_write, fd, bytes, length);
	adv_request(&stock->adv, bytes, length);
	return (ssize_t)length;
}

ssize_t send(int fd, const void *bytes, size_t length, int flags)
{
	return fd == VIRTUAL_FD ? write(fd, bytes, length)
				: syscall(SYS_sendto, fd, bytes, length, flags, NULL, 0);
}

ssize_t read(int fd, void *bytes, size_t size)
{
	struct adversary *adv;
	size_t length;

	if (fd != VIRTUAL_FD)
		return syscall(SYS_read, fd, bytes, size);
	adv = &stock->adv;
	length = adv->pending_length < size ? adv->pending_length : size;
	memcpy(bytes, adv->pending, length);
	memmove(adv->pending, adv->pending + length, adv->pending_length - length);
	adv->pending_length -= length;
	return (ssize_t)length;
}

ssize_t recv(int fd, void *bytes, size_t size, int flags)
{
	return fd == VIRTUAL_FD ? read(fd, bytes, size)
				: syscall(SYS_recvfrom, fd, bytes, size, flags, NULL, NULL);
}

/* Everything due by now is in the receive buffer. */
static void collect(struct adversary *adv)
{
	while (adv_next_ns(adv) <= adv->now_ns) {
		uint8_t held[ADV_CHUNK];
		size_t length = adv->pending_length;

		memcpy(held, adv->pending, length);
		adv_deliver(adv);
		if (length + adv->pending_length > ADV_CHUNK)
			adv->pending_length = ADV_CHUNK - length;
		memmove(adv->pending + length, adv->pending, adv->pending_length);
		memcpy(adv->pending, held, length);
		adv->pending_length += length;
	}
}

int select(int count, fd_set *readable, fd_set *writable, fd_set *failed, struct timeval *timeout)
{
	struct adversary *adv;
	uint64_t until;

	if (count != VIRTUAL_FD + 1)
		return (int)syscall(SYS_select, count, readable, writable, failed, timeout);
	adv = &stock->adv;
	until = adv->now_ns +
		(timeout ? (uint64_t)timeout->tv_sec * 1000 * ADV_MS + (uint64_t)timeout->tv_usec * 1000
			 : 3600000 * ADV_MS);
	collect(adv);
	if (adv->pending_length == 0 && adv_next_ns(adv) <= until) {
		adv->now_ns = adv_next_ns(adv);
		collect(adv);
	}
	if (adv->pending_length)
		return 1;
	adv->now_ns = until;
	return 0;
}

int tcflush(int fd, int what)
{
	(void)what;
	if (fd == VIRTUAL_FD) {
		collect(&stock->adv);
		stock->adv.pending_length = 0;
	}
	return 0;
}

/* The usual loop over modbus_read_registers, with or without the flush its users are told to call. */
static void run_stock(struct bench *bench, bool tcp, bool flush, uint64_t reads)
{
	static const uint16_t spans[][2] = {{0, 2}, {10, 2}, {20, 3}, {30, 1}};
	modbus_t *context =
		tcp ? modbus_new_tcp("127.0.0.1", 502) : modbus_new_rtu("/dev/null", 9600, 'E', 8, 1);

	assert_non_null(context);
	stock = bench;
	assert_int_equal(modbus_set_socket(context, VIRTUAL_FD), 0);
	assert_int_equal(modbus_set_response_timeout(context, 0, ADV_TIMEOUT_MS * 1000), 0);
	for (uint64_t i = 0; i < reads; i++) {
		int unit = (int)(i / 4 % 3) + 1, first = spans[i % 4][0], count = spans[i % 4][1];
		uint16_t registers[3];
		bool right = true;

		assert_int_equal(modbus_set_slave(context, unit), 0);
		if (flush)
			(void)modbus_flush(context);
		bench->exchanges++;
		if (modbus_read_registers(context, first, count, registers) != count) {
			bench->refused++;
		} else {
			for (int j = 0; j < count; j++)
				right = right &&
					registers[j] == adv_register(bench->adv.sequence, (uint8_t)unit,
								(uint16_t)(first + j));
			if (right)
				bench->good++;
			else
				bench->wrong++;
		}
		bench->adv.now_ns += 5 * ADV_MS;
	}
	modbus_free(context);
}

static uint64_t number_of(const char *name, uint64_t fallback)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 10) : fallback;
}

static void print_stock(
	const char *what, bool tcp, bool flush, uint64_t seed, unsigned faults, uint64_t reads)
{
	struct bench *bench = calloc(1, sizeof *bench);

	assert_non_null(bench);
	bench->adv.random = seed * 0x9e3779b97f4a7c15ull + 1;
	bench->adv.now_ns = 1000 * ADV_MS;
	bench->adv.fault_percent = faults;
	bench->adv.tcp = tcp;
	run_stock(bench, tcp, flush, reads);
	print_message("  %-34s %9llu reads: %9llu good, %8llu WRONG, %9llu refused\n", what,
		(unsigned long long)bench->exchanges, (unsigned long long)bench->good,
		(unsigned long long)bench->wrong, (unsigned long long)bench->refused);
	free(bench);
}

static void against(uint32_t transport, const char *name, uint64_t exchanges)
{
	uint64_t seed = number_of("ASSAY_SEED", 20260512), good = 0, wrong = 0, refused = 0, done = 0,
		 reopened = 0;
	uint64_t faults[ADV_FAULTS] = {0};

	for (unsigned part = 0; part < 4; part++) {
		static const unsigned percent[] = {2, 10, 30, 60};
		struct bench *bench = calloc(1, sizeof *bench);

		assert_non_null(bench);
		set_up(bench, transport, seed + part, percent[part]);
		while (bench->exchanges < exchanges / 4)
			bench_step(bench);
		good += bench->good;
		wrong += bench->wrong;
		refused += bench->refused;
		done += bench->exchanges;
		reopened += bench->reopened;
		for (unsigned i = 0; i < ADV_FAULTS; i++)
			faults[i] += bench->adv.faults[i];
		assert_true(bench->good * 100 > bench->exchanges * (part < 2 ? 40 : 5)); /* it does read */
		bench_free(bench);
		free(bench);
	}
	print_message("%s, seeds %llu to %llu, faults on 2, 10, 30 and 60 %% of the requests\n ", name,
		(unsigned long long)seed, (unsigned long long)seed + 3);
	for (unsigned i = 1; i < ADV_FAULTS; i++)
		print_message(" %s %llu%s", adv_names[i], (unsigned long long)faults[i],
			i + 1 < ADV_FAULTS ? "," : "\n");
	print_message("  %-34s %9llu exch.: %9llu good, %8llu WRONG, %9llu refused, %llu reconnections\n",
		"assay", (unsigned long long)done, (unsigned long long)good, (unsigned long long)wrong,
		(unsigned long long)refused, (unsigned long long)reopened);
	print_stock("stock libmodbus", transport == ASSAY_TRANSPORT_MODBUS_TCP, false, seed, 10,
		exchanges / STOCK_SHARE);
	print_stock("stock libmodbus, flush before each", transport == ASSAY_TRANSPORT_MODBUS_TCP, true, seed,
		10, exchanges / STOCK_SHARE);
	assert_int_equal(wrong, 0);
}

/* 100,000 in every check, ten million in the full one; the rest of them are text (test_adversary_text). */
static uint64_t exchanges(void)
{
	return number_of("ASSAY_EXCHANGES", getenv("ASSAY_FULL") ? 10000000 : 100000);
}

static void test_rtu(void **state)
{
	(void)state;
	against(ASSAY_TRANSPORT_MODBUS_RTU, "Modbus RTU", exchanges() * 6 / 10);
}

static void test_tcp(void **state)
{
	(void)state;
	against(ASSAY_TRANSPORT_MODBUS_TCP, "Modbus TCP", exchanges() * 2 / 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_rtu), cmocka_unit_test(test_tcp)};

	(void)built("drivers", drivers, sizeof drivers);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
