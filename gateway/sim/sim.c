/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/sim/sim.h"

#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_MS 1000000ull
#define BITS_OF_CHARACTER 10u /* start, eight, stop */

uint64_t sim_now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void print_port(const struct sim *sim)
{
	json_t *object;

	if (!sim->options->json) {
		(void)printf("%s\n", sim->outlet.name);
		(void)fflush(stdout);
		return;
	}
	object = json_pack("{s:s}", "port", sim->outlet.name);
	if (object && json_dumpf(object, stdout, JSON_COMPACT) == 0)
		(void)putchar('\n');
	json_decref(object);
	(void)fflush(stdout);
}

static void print_summary(const struct sim *sim)
{
	json_t *object, *faults = json_object();

	for (unsigned i = 1; i < SIM_FAULTS; i++)
		if (sim->faults[i])
			(void)json_object_set_new(faults, sim_fault_name((enum sim_fault)i),
				json_integer((json_int_t)sim->faults[i]));
	object = json_pack("{s:i,s:o}", "answers", (int)sim->answers, "faults", faults);
	if (sim->options->chaos)
		(void)json_object_set_new(object, "seed", json_integer((json_int_t)sim->options->seed));
	if (object && json_dumpf(object, stdout, JSON_COMPACT | JSON_PRESERVE_ORDER) == 0)
		(void)putchar('\n');
	json_decref(object);
	(void)fflush(stdout);
}

static void leave(struct sim *sim)
{
	sim_outlet_leave(&sim->outlet, sim_now_ns() + sim->script->away_ms * NS_PER_MS);
	sim->held_length = 0;
}

/* "\r" and "\n" in what a person types after say. */
static size_t unescape(const char *text, uint8_t *out, size_t size)
{
	size_t length = 0;

	for (; *text && length < size; text++) {
		if (text[0] == '\\' && (text[1] == 'r' || text[1] == 'n')) {
			out[length++] = *++text == 'r' ? '\r' : '\n';
			continue;
		}
		out[length++] = (uint8_t)*text;
	}
	return length;
}

/* A line of standard input: a fault for the next answer, or something to do now. */
static void order(struct sim *sim, const char *word)
{
	enum sim_fault fault = sim_fault_of(word, strlen(word));
	uint8_t bytes[256];

	if (strncmp(word, "say ", 4) == 0) {
		sim_outlet_put(&sim->outlet, sim_now_ns(), bytes, unescape(word + 4, bytes, sizeof bytes));
	} else if (strcmp(word, "mute") == 0) {
		sim->mute = true;
	} else if (strcmp(word, "speak") == 0) {
		sim->mute = false;
	} else if (fault == SIM_FAULT_SWAP) {
		sim->swapped = !sim->swapped;
		sim->faults[fault]++;
	} else if (fault == SIM_FAULT_HANGUP) {
		sim->faults[fault]++;
		leave(sim);
	} else if (fault != SIM_FAULT_NONE) {
		sim->ordered = fault;
	} else {
		(void)fprintf(stderr, "assay: sim does not know \"%.40s\"; see assay sim --help\n", word);
	}
}

/* False at the end of standard input. */
static bool read_orders(struct sim *sim)
{
	static char text[1024];
	static size_t length;
	ssize_t got = read(STDIN_FILENO, text + length, sizeof text - 1 - length);
	char *end;

	if (got < 0 && errno == EINTR)
		return true;
	if (got <= 0)
		return false;
	length += (size_t)got;
	text[length] = '\0';
	while ((end = strchr(text, '\n')) != NULL) {
		*end = '\0';
		if (end > text)
			order(sim, text);
		length -= (size_t)(end + 1 - text);
		memmove(text, end + 1, length + 1);
	}
	if (length == sizeof text - 1)
		length = 0;
	return true;
}

static void hear(struct sim *sim)
{
	uint64_t now = sim_now_ns();
	ssize_t got;

	sim_forget_piece(sim, now);
	got = read(sim->outlet.fd, sim->held + sim->held_length, sizeof sim->held - sim->held_length);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		sim_outlet_drop(&sim->outlet);
		sim->held_length = 0;
		return;
	}
	sim->held_length += (size_t)got;
	sim->held_ns = now;
	sim_answer_held(sim, now);
}

static void say_what_is_due(struct sim *sim, uint64_t now)
{
	for (size_t i = 0; i < sim->script->say_count; i++) {
		const struct sim_say *say = &sim->script->says[i];
		uint8_t frame[4096];
		size_t length;

		if (now < sim->say_ns[i])
			continue;
		sim->say_ns[i] = now + say->every_ms * NS_PER_MS;
		if (sim->outlet.fd < 0 || sim->mute)
			continue;
		length = sim_fill_in(sim, &say->bytes, frame, sizeof frame);
		sim_send(sim, now, frame, 0, frame, length);
	}
}

static int wait_ms(const struct sim *sim, uint64_t now)
{
	uint64_t next = sim_outlet_next_ns(&sim->outlet);

	if (sim->outlet.back_ns && sim->outlet.back_ns < next)
		next = sim->outlet.back_ns;
	for (size_t i = 0; i < sim->script->say_count; i++)
		if (sim->say_ns[i] < next)
			next = sim->say_ns[i];
	if (next == UINT64_MAX)
		return -1;
	return next <= now ? 0 : (int)((next - now) / NS_PER_MS) + 1;
}

/* Milliseconds are too coarse for a paced line: wait to the microsecond. */
static void wait_for(const struct sim *sim, struct pollfd *polled, nfds_t count)
{
	uint64_t now = sim_now_ns(), next = sim_outlet_next_ns(&sim->outlet);
	int ms = wait_ms(sim, now);
	struct timespec left = {ms / 1000, ms % 1000 * 1000000l};

	if (next != UINT64_MAX && next > now && next - now < 1000000000ull)
		left = (struct timespec){0, (long)(next - now)};
	(void)ppoll(polled, count, ms < 0 ? NULL : &left, NULL);
}

static int serve(struct sim *sim, int signals, struct assay_error *err)
{
	struct pollfd polled[4] = {{signals, POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}};
	int status = ASSAY_OK;

	for (;;) {
		int sent;

		polled[2] = (struct pollfd){sim->outlet.back_ns ? -1 : sim->outlet.listener, POLLIN, 0};
		polled[3] = (struct pollfd){sim->outlet.fd, POLLIN, 0};
		wait_for(sim, polled, 4);
		if (polled[0].revents)
			return status;
		if (polled[1].revents && !read_orders(sim))
			polled[1].fd = -1;
		if (polled[2].revents & POLLIN)
			sim_outlet_accept(&sim->outlet);
		else if (polled[3].revents && sim->outlet.fd == polled[3].fd)
			hear(sim);
		if (sim->outlet.back_ns && sim_now_ns() >= sim->outlet.back_ns) {
			status = sim_outlet_return(&sim->outlet, err);
			if (status != ASSAY_OK)
				return status;
			if (sim->outlet.listener < 0)
				print_port(sim);
		}
		say_what_is_due(sim, sim_now_ns());
		sent = sim_outlet_send(&sim->outlet, sim_now_ns());
		if (sent > 0)
			leave(sim);
		else if (sent < 0)
			sim_outlet_drop(&sim->outlet);
	}
}

int sim_run(struct sim_script *script, const struct sim_options *options, struct assay_error *err)
{
	static struct sim sim;
	unsigned baud = options->baud ? options->baud : script->baud;
	sigset_t set;
	int signals, status;

	memset(&sim, 0, sizeof sim);
	sim.script = script;
	sim.options = options;
	sim.random = options->seed;
	sim.mbap = options->listen && !options->rtu;
	sim.outlet.char_ns = baud ? BITS_OF_CHARACTER * 1000000000ull / baud : 0;
	for (size_t i = 0; i < script->say_count && i < sizeof sim.say_ns / sizeof *sim.say_ns; i++)
		sim.say_ns[i] =
			sim_now_ns() + script->says[i].every_ms * NS_PER_MS * (i + 1) / script->say_count;
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGTERM);
	if (sigprocmask(SIG_BLOCK, &set, NULL) != 0 || (signals = signalfd(-1, &set, SFD_CLOEXEC)) < 0)
		return assay_error_set(
			err, ASSAY_EIO, "sim-port", "信号：%s", "signals: %s", strerror(errno));
	status = sim_outlet_open(&sim.outlet, options->link, options->listen, err);
	if (status == ASSAY_OK) {
		print_port(&sim);
		status = serve(&sim, signals, err);
		sim_outlet_close(&sim.outlet);
		print_summary(&sim);
	}
	(void)close(signals);
	return status;
}
