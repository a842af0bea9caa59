/* SPDX-License-Identifier: Apache-2.0
 * A recorder in a process of its own, with the test as its supervisor, its host and its client: what unit tests of the
 * recorder and of the laboratory share. */
#ifndef TESTS_UNIT_RECORDER_PLAY_H
#define TESTS_UNIT_RECORDER_PLAY_H

#include "drivers/driver.h"
#include "gateway/cli/client.h"
#include "gateway/record/journal_reader.h"
#include "gateway/role.h"
#include "gateway/wire/channel_packet.h"
#include "gateway/wire/end_message.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define PLAY_WAIT_MS 30000
#define BALANCE 0
#define OVEN 1

struct play {
	char dir[64], drivers[96];
	struct assay_config config;
	struct assay_places places;
	int listener, control, host, host_far;
	pid_t recorder;
	uint32_t generation;
	uint64_t id[2]; /* of the last message sent, by line */
	rlim_t file_limit; /* of the recorder, 0 none */
	uint64_t told_late_ns; /* what happens was so long ago */
};

static inline uint64_t play_mono_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static inline int64_t play_wall_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static inline void play_write(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static inline void play_config(struct play *play, const char *calibrated_until)
{
	static const struct assay_config_channel weight[] = {{.name = "weight",
		.name_zh = "称量值",
		.name_en = "weight",
		.band_low = "",
		.band_high = "",
		.unit = "g"}};
	static const struct assay_config_channel pv[] = {{.name = "pv",
		.name_zh = "实测温度",
		.name_en = "process value",
		.band_low = "101",
		.band_high = "105",
		.unit = "°C"}};
	static struct assay_config_instrument instruments[2];
	static struct assay_config_line lines[2];

	instruments[0] = (struct assay_config_instrument){.id = "balance-1",
		.name_zh = "天平 1",
		.name_en = "Balance 1",
		.driver = "sics",
		.spec = "mettler-mt-sics",
		.model = "XPR205",
		.serial = "B612345678",
		.calibrated_until = calibrated_until,
		.location = "",
		.every_ms = 30000,
		.needed_ms = 1000,
		.channels = weight,
		.channel_count = 1};
	instruments[1] = (struct assay_config_instrument){.id = "oven-1",
		.name_zh = "烘箱 1",
		.name_en = "Oven 1",
		.driver = "modbus",
		.spec = "demo-oven",
		.model = "",
		.serial = "",
		.calibrated_until = "",
		.location = "",
		.every_ms = 30000,
		.needed_ms = 1000,
		.channels = pv,
		.channel_count = 1};
	lines[0] = (struct assay_config_line){.id = "com1",
		.name_zh = "COM1",
		.name_en = "COM1",
		.transport = ASSAY_TRANSPORT_SERIAL,
		.port = "/dev/null",
		.host = "",
		.baud = 9600,
		.bits = 8,
		.stop = 1,
		.parity = 'N',
		.flow = 'N',
		.instruments = &instruments[0],
		.instrument_count = 1};
	lines[1] = lines[0];
	lines[1].id = lines[1].name_zh = lines[1].name_en = "rs485-a";
	lines[1].transport = ASSAY_TRANSPORT_MODBUS_RTU;
	lines[1].instruments = &instruments[1];
	play->config = (struct assay_config){.path = "lab.xml",
		.site = "test",
		.origin = "test.assay.example",
		.name_zh = "试验",
		.name_en = "test",
		.listen = "",
		.address = "",
		.contact = "",
		.check = "",
		.unverified = "review",
		.lines = lines,
		.line_count = 2,
		.xml = "<lab/>",
		.xml_length = 6};
	(void)snprintf(play->config.sha256, sizeof play->config.sha256, "%064d", 0);
}

/* A directory with a listening socket; plugins are two files, for the recorder reads their digests only. */
static inline void play_make(struct play *play)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const char *parent = getenv("TMPDIR");
	char path[160];

	memset(play, 0, sizeof *play);
	(void)snprintf(play->dir, sizeof play->dir, "%s/assay-test-XXXXXX",
		parent && strlen(parent) < 40 ? parent : "/tmp");
	assert_non_null(mkdtemp(play->dir));
	(void)snprintf(path, sizeof path, "%s/run", play->dir);
	assert_int_equal(mkdir(path, 0700), 0);
	(void)snprintf(play->drivers, sizeof play->drivers, "%s/drivers", play->dir);
	assert_int_equal(mkdir(play->drivers, 0700), 0);
	(void)snprintf(path, sizeof path, "%s/sics.so", play->drivers);
	play_write(path, "a plugin's bytes\n");
	(void)snprintf(path, sizeof path, "%s/modbus.so", play->drivers);
	play_write(path, "another plugin's bytes\n");
	(void)snprintf(play->places.drivers, sizeof play->places.drivers, "%s", play->drivers);
	(void)snprintf(play->places.specs, sizeof play->places.specs, "specs");
	(void)snprintf(address.sun_path, sizeof address.sun_path, "%s/run/assay.sock", play->dir);
	play->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(play->listener >= 0);
	assert_int_equal(bind(play->listener, (const struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(listen(play->listener, 16), 0);
	play->control = play->host = play->host_far = -1;
	play_config(play, "2099-12-31");
}

static inline void play_remove(struct play *play)
{
	char command[128];

	(void)close(play->listener);
	(void)snprintf(command, sizeof command, "rm -rf %s", play->dir);
	assert_int_equal(system(command), 0);
}

/* What a packet has besides the message waited for, kept for the next call on the same channel. */
static struct play_rest {
	int fd;
	struct assay_channel_packet packet;
} play_rest = {.fd = -1};

/* The next message of a type, others are dropped; false after wait_ms. */
static inline bool play_await(int fd, uint16_t type, struct assay_message *head, void *payload, int wait_ms)
{
	uint64_t until = play_mono_ns() + (uint64_t)wait_ms * 1000000u;

	do {
		const struct assay_message *next = NULL;
		const void *bytes;
		int got = 1;

		if (play_rest.fd == fd)
			next = assay_channel_next(&play_rest.packet, &bytes);
		play_rest.fd = fd;
		if (!next && (got = assay_channel_receive_packet(fd, &play_rest.packet)) == 1)
			next = assay_channel_next(&play_rest.packet, &bytes);
		if (next && next->type == type) {
			*head = *next;
			if (payload)
				memcpy(payload, bytes, head->length);
			return true;
		}
		if (got < 0)
			return false;
		if (got == 0)
			(void)usleep(1000);
	} while (play_mono_ns() < until);
	return false;
}

/* Start the recorder; with type READY or REFUSED as its first word. */
static inline void play_start(struct play *play, uint16_t word, struct assay_error *err)
{
	struct assay_role role = {.config = &play->config,
		.places = &play->places,
		.dir = play->dir,
		.listener = play->listener,
		.recorder = -1,
		.generation = 1,
		.supervisor = getpid()};
	struct assay_message head;
	struct assay_error ignored;
	int pair[2];

	assert_int_equal(assay_channel_pair(pair, &ignored), ASSAY_OK);
	(void)fflush(NULL);
	play->recorder = fork();
	assert_true(play->recorder >= 0);
	if (play->recorder == 0) {
		struct rlimit limit = {play->file_limit, RLIM_INFINITY};

		(void)signal(SIGXFSZ, SIG_IGN);
		if (play->file_limit)
			(void)setrlimit(RLIMIT_FSIZE, &limit);
		(void)close(pair[0]);
		role.control = pair[1];
		_exit(assay_recorder_main(&role));
	}
	(void)close(pair[1]);
	play->control = pair[0];
	assert_true(play_await(play->control, word, &head, err, PLAY_WAIT_MS));
}

static inline int play_wait(struct play *play)
{
	int how = 0;

	assert_int_equal(waitpid(play->recorder, &how, 0), play->recorder);
	(void)close(play->control);
	play->control = -1;
	return WIFEXITED(how) ? WEXITSTATUS(how) : 128 + WTERMSIG(how);
}

static inline int play_stop(struct play *play)
{
	struct assay_message stop = {.type = ASSAY_MSG_STOP};

	assert_int_equal(assay_channel_send(play->control, &stop, NULL, 0, -1), ASSAY_OK);
	return play_wait(play);
}

static inline void play_kill(struct play *play)
{
	assert_int_equal(kill(play->recorder, SIGKILL), 0);
	(void)play_wait(play);
}

/* Tell the recorder of the host's channel; a new one when there is none. */
static inline void play_add_host(struct play *play)
{
	struct assay_add_host lines = {.lines = 2, .line = {0, 1}};
	struct assay_message head = {.type = ASSAY_MSG_ADD_HOST, .generation = play->generation};
	struct assay_error err;
	int pair[2];

	if (play->host < 0) {
		assert_int_equal(assay_channel_pair(pair, &err), ASSAY_OK);
		play_rest.fd = -1;
		play->host = pair[0];
		play->host_far = pair[1];
		play->generation = head.generation = play->generation + 1;
		play->id[0] = play->id[1] = 0;
	}
	assert_int_equal(
		assay_channel_send(play->control, &head, &lines, sizeof lines, play->host_far), ASSAY_OK);
}

static inline void play_host_dies(struct play *play)
{
	(void)close(play->host);
	(void)close(play->host_far);
	play->host = play->host_far = -1;
}

static inline uint64_t play_tell(
	struct play *play, uint16_t line, uint16_t type, uint64_t id, const void *payload, size_t length)
{
	struct assay_message head = {.type = type,
		.line = line,
		.generation = play->generation,
		.id = id ? id : ++play->id[line],
		.wall_ns = play_wall_ns() - (int64_t)play->told_late_ns,
		.mono_ns = play_mono_ns() - play->told_late_ns};

	assert_int_equal(assay_channel_send(play->host, &head, payload, length, -1), ASSAY_OK);
	return head.id;
}

static inline uint64_t play_event(
	struct play *play, uint16_t line, uint64_t id, uint32_t direction, const char *text)
{
	uint8_t payload[512];
	struct assay_event_head head = {direction, (uint32_t)strlen(text)};

	memcpy(payload, &head, sizeof head);
	memcpy(payload + sizeof head, text, strlen(text));
	return play_tell(play, line, ASSAY_MSG_EVENT, id, payload, sizeof head + strlen(text));
}

struct play_reading {
	const char *channel, *value, *unit;
	uint32_t flags, reason;
	bool solicited, stable_wanted;
};

static inline uint64_t play_end(
	struct play *play, uint16_t line, uint64_t id, const struct play_reading *reading)
{
	static uint8_t payload[ASSAY_CHANNEL_PAYLOAD_MAX];
	struct assay_end end = {.outcome = ASSAY_OUTCOME_OK, .usable = 1, .readings = 1};
	struct assay_end_reading row = {.flags = reading->flags, .reason = reading->reason};

	end.solicited = reading->solicited;
	end.want = !reading->solicited ? 0 : reading->stable_wanted ? ASSAY_WANT_STABLE : ASSAY_WANT_VALUES;
	row.asked = reading->solicited;
	if (!reading->channel) { /* nothing that counts, one value set aside */
		end.readings = 0;
		end.set_aside = 1;
		return play_tell(
			play, line, ASSAY_MSG_END, id, payload, assay_end_write(&end, NULL, payload));
	}
	(void)snprintf(row.channel, sizeof row.channel, "%s", reading->channel);
	(void)snprintf(row.value, sizeof row.value, "%s", reading->value);
	(void)snprintf(row.unit, sizeof row.unit, "%s", reading->unit);
	return play_tell(play, line, ASSAY_MSG_END, id, payload, assay_end_write(&end, &row, payload));
}

static inline void play_await_committed(struct play *play, uint16_t line, uint64_t id)
{
	struct assay_message head = {0};

	while (head.id < id || head.line != line)
		assert_true(play_await(play->host, ASSAY_MSG_COMMITTED, &head, NULL, PLAY_WAIT_MS));
}

/* The print key: a reading that comes by itself; returns when it is committed. */
static inline void play_print(struct play *play, const char *value, const char *unit, uint32_t flags)
{
	struct play_reading reading = {"weight", value, unit, flags, 0, false, false};
	char frame[64];

	(void)snprintf(frame, sizeof frame, "S S %s %s\r\n", value, unit);
	(void)play_event(play, BALANCE, 0, ASSAY_RX, frame);
	play_await_committed(play, BALANCE, play_end(play, BALANCE, 0, &reading));
}

/* The oven's steady round. */
static inline void play_oven(struct play *play, const char *value)
{
	struct play_reading reading = {"pv", value, "°C", ASSAY_FLAG_STABLE, 0, true, false};

	(void)play_event(play, OVEN, 0, ASSAY_RX, value);
	play_await_committed(play, OVEN, play_end(play, OVEN, 0, &reading));
}

/* request is consumed. The answer, or NULL with err. */
static inline json_t *play_call(struct play *play, json_t *request, struct assay_error *err)
{
	json_t *answer = NULL;

	assert_non_null(request);
	if (assay_client_call(play->dir, request, &answer, err) != ASSAY_OK)
		answer = NULL;
	json_decref(request);
	return answer;
}

static inline const char *play_text(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text ? text : "";
}

/* Entries of a kind in the journal, read without the recorder. */
struct play_count {
	unsigned kind, count;
	char last_body[4096];
	uint8_t last_raw[4096];
	size_t last_raw_length;
};

static inline int play_count_entry(
	void *context, const struct assay_entry *entry, const uint8_t leaf[ASSAY_HASH_SIZE])
{
	struct play_count *count = context;
	uint8_t again[ASSAY_HASH_SIZE];

	assay_entry_leaf(entry, again);
	assert_memory_equal(leaf, again, sizeof again);
	if (entry->kind != count->kind)
		return 0;
	count->count++;
	(void)snprintf(
		count->last_body, sizeof count->last_body, "%.*s", (int)entry->body_length, entry->body);
	count->last_raw_length = entry->raw_length < sizeof count->last_raw ? entry->raw_length : 0;
	if (count->last_raw_length)
		memcpy(count->last_raw, entry->raw, count->last_raw_length);
	return 0;
}

static inline struct play_count *play_count(struct play *play, unsigned kind)
{
	static struct play_count count;
	struct assay_reader *reader = NULL;
	struct assay_error err;

	memset(&count, 0, sizeof count);
	count.kind = kind;
	assert_int_equal(assay_reader_open(play->dir, ASSAY_READ_STILL, &reader, &err), ASSAY_OK);
	assert_int_equal(assay_reader_each(reader, 0, 0, play_count_entry, &count, &err), ASSAY_OK);
	assay_reader_close(reader);
	return &count;
}

#endif
