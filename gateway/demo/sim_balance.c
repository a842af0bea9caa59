/* SPDX-License-Identifier: Apache-2.0
 * An analytical balance that speaks MT-SICS: a new mass moves before it stands still, S waits for that, SI does not,
 * the print key speaks by itself, more than 220 g is an overload. */
#include "gateway/demo/sims.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CAPACITY 2200000l /* 0.1 mg: 220 g */
#define BUSY_MS 30

struct balance {
	int terminal;
	char serial[32], unit[8];
	long from, mass; /* 0.1 mg */
	uint64_t moved_ms, settle_ms, busy_until_ms;
	bool print_wanted, stable_wanted;
	char line[64];
	size_t length;
};

static uint64_t now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static bool stable(const struct balance *balance)
{
	return now_ms() >= balance->moved_ms + balance->settle_ms;
}

/* Where the display stands while it moves: what is left goes down with the third power of the time left. */
static long shown(const struct balance *balance)
{
	uint64_t left = balance->moved_ms + balance->settle_ms - now_ms();
	long long gap = balance->from - balance->mass, part;

	if (stable(balance) || balance->settle_ms == 0)
		return balance->mass;
	part = (long long)(left * 1000 / balance->settle_ms);
	return balance->mass + (long)(gap * part / 1000 * part / 1000 * part / 1000) + (long)(left % 7) - 3;
}

static void say(const struct balance *balance, const char *text)
{
	size_t length = strlen(text);

	if (write(balance->terminal, text, length) != (ssize_t)length)
		_exit(0);
}

static void say_weight(const struct balance *balance, char state)
{
	long value = shown(balance);
	char number[24], text[64];

	if (value > CAPACITY || balance->mass > CAPACITY) {
		say(balance, "S +\r\n");
		return;
	}
	(void)snprintf(number, sizeof number, "%s%ld.%04ld", value < 0 ? "-" : "", labs(value) / 10000,
		labs(value) % 10000);
	(void)snprintf(text, sizeof text, "S %c %10s %s\r\n", state, number, balance->unit);
	say(balance, text);
}

static void command(struct balance *balance, const char *text)
{
	char answer[80];

	if (strcmp(text, "SI") == 0) {
		if (now_ms() < balance->busy_until_ms)
			say(balance, "S I\r\n");
		else
			say_weight(balance, stable(balance) ? 'S' : 'D');
	} else if (strcmp(text, "S") == 0) {
		balance->stable_wanted = true;
	} else if (strcmp(text, "I4") == 0 || strcmp(text, "@") == 0) {
		balance->stable_wanted = false;
		(void)snprintf(answer, sizeof answer, "I4 A \"%s\"\r\n", balance->serial);
		say(balance, answer);
	} else if (strcmp(text, "I2") == 0) {
		say(balance, "I2 A \"XPR205 Excellence 220.0090 g\"\r\n");
	} else if (strcmp(text, "Z") == 0 || strcmp(text, "T") == 0) {
		balance->busy_until_ms = now_ms() + BUSY_MS;
		say(balance,
			stable(balance) ? (text[0] == 'Z' ? "Z A\r\n" : "T S     0.0000 g\r\n") : "Z I\r\n");
	} else {
		say(balance, "ES\r\n");
	}
}

static void from_line(struct balance *balance)
{
	char bytes[64];
	ssize_t got = read(balance->terminal, bytes, sizeof bytes);

	if (got <= 0 && errno != EINTR)
		_exit(0);
	for (ssize_t i = 0; i < got; i++) {
		if (bytes[i] == '\n' || balance->length == sizeof balance->line - 1) {
			balance->line[balance->length] = '\0';
			balance->length = 0;
			command(balance, balance->line);
		} else if (bytes[i] != '\r') {
			balance->line[balance->length++] = bytes[i];
		}
	}
}

static void from_control(struct balance *balance, int control)
{
	char text[ASSAY_SIM_MESSAGE_MAX + 1];
	ssize_t got = recv(control, text, ASSAY_SIM_MESSAGE_MAX, 0);

	if (got <= 0)
		_exit(0);
	text[got] = '\0';
	if (strncmp(text, "mass ", 5) == 0) {
		balance->from = shown(balance);
		balance->mass = strtol(text + 5, NULL, 10);
		balance->moved_ms = now_ms();
		balance->print_wanted = false;
	} else if (strncmp(text, "unit ", 5) == 0) {
		(void)snprintf(balance->unit, sizeof balance->unit, "%.7s", text + 5);
	} else if (strcmp(text, "print") == 0) {
		balance->print_wanted = true;
	}
}

static void run(void *argument, int control)
{
	struct balance *balance = argument;
	struct pollfd polled[2] = {{balance->terminal, POLLIN, 0}, {control, POLLIN, 0}};

	for (;;) {
		bool waiting = balance->print_wanted || balance->stable_wanted;

		if (waiting && stable(balance)) {
			say_weight(balance, 'S');
			if (balance->print_wanted)
				balance->print_wanted = false;
			else
				balance->stable_wanted = false;
			continue;
		}
		if (poll(polled, 2, waiting ? 5 : -1) < 0 && errno != EINTR)
			return;
		if (polled[0].revents)
			from_line(balance);
		if (polled[1].revents)
			from_control(balance, control);
	}
}

int assay_sim_balance(const char *link, const char *serial, unsigned settle_ms, struct assay_sim *out,
	struct assay_error *err)
{
	static struct balance balance;
	int status;

	memset(&balance, 0, sizeof balance);
	(void)snprintf(balance.serial, sizeof balance.serial, "%s", serial);
	(void)snprintf(balance.unit, sizeof balance.unit, "g");
	balance.settle_ms = settle_ms;
	status = assay_sim_terminal(link, &balance.terminal, err);
	if (status == ASSAY_OK)
		status = assay_sim_fork(out, run, &balance, "sim-balance", err);
	return status;
}
