/* SPDX-License-Identifier: Apache-2.0
 * What a recorder does before it takes anything: journal, state, and everything that can change a verdict as entries -
 * lab.xml, specs, plugins - when their digests are new. */
#include "gateway/record/recorder.h"

#include "gateway/bundle/bundle.h"
#include "gateway/confine.h"
#include "gateway/record/sha256.h"
#include "gateway/wire/loader.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define VERSION_MAX 64u

static int no_memory(struct assay_error *err)
{
	return assay_error_set(err, ASSAY_ENOMEM, "out-of-memory", "内存不足", "out of memory");
}

/* Process id and start time: another supervisor can have the same id in the same boot, never both. */
static void supervisor_name(pid_t supervisor, char *out, size_t size)
{
	char path[64], text[1024];
	const char *at = NULL;
	unsigned long long started = 0;
	ssize_t got;
	int fd;

	(void)snprintf(path, sizeof path, "/proc/%ld/stat", (long)supervisor);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	got = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
	if (fd >= 0)
		(void)close(fd);
	if (got > 0) {
		text[got] = '\0';
		at = strrchr(text, ')'); /* the name before it may hold anything */
	}
	for (unsigned field = 2; at && field < 22; field++) {
		at = strchr(at + 1, ' ');
		if (at && field == 21)
			started = strtoull(at + 1, NULL, 10);
	}
	(void)snprintf(out, size, "%ld.%llu", (long)supervisor, started);
}

static int append(struct recorder *recorder, uint16_t kind, json_t *body, const void *raw, size_t raw_length,
	struct assay_error *err)
{
	int status = body ? recorder_append_json(recorder, kind, "", body, raw, raw_length, NULL, err)
			  : no_memory(err);

	json_decref(body);
	return status;
}

static int begin_journal(struct recorder *recorder, struct assay_error *err)
{
	const struct assay_config *config = recorder->role->config;
	char supervisor[64];
	int status = ASSAY_OK;

	if (assay_journal_size(recorder->journal) == 0)
		status = append(recorder, ASSAY_ENTRY_GENESIS,
			json_pack("{s:s,s:s,s:s}", "format", "ASJ1", "site", config->site, "origin",
				config->origin),
			NULL, 0, err);
	supervisor_name(recorder->role->supervisor, supervisor, sizeof supervisor);
	if (status == ASSAY_OK)
		status = append(recorder, ASSAY_ENTRY_START,
			json_pack("{s:s,s:I,s:s}", "version", ASSAY_VERSION, "generation",
				(json_int_t)recorder->role->generation, "supervisor", supervisor),
			NULL, 0, err);
	return status;
}

/* Damage that the journal has set aside: an entry that says so, so an alarm, and doubt on what rests on it. */
static int say_quarantine(struct recorder *recorder, struct assay_error *err)
{
	const struct assay_quarantine *found = assay_journal_quarantine(recorder->journal);
	json_t *entries;
	char zh[240], en[240];

	if (found->count == 0)
		return ASSAY_OK;
	entries = json_array();
	for (unsigned i = 0; i < found->count; i++)
		(void)json_array_append_new(entries, json_integer((json_int_t)found->sequence[i]));
	(void)snprintf(zh, sizeof zh,
		"台账第 %04u 段有 %u 条损坏（第一条是第 %" PRIu64
		" 条），该段已隔离，采集继续；依据它们的判定标为未核实。请从备份恢复",
		found->segment, found->count, found->sequence[0]);
	(void)snprintf(en, sizeof en,
		"journal segment %04u: %u entries are damaged, the first is %" PRIu64
		"; the segment is set aside, acquisition goes on, verdicts that rest on them are not "
		"verified; "
		"restore from a backup",
		found->segment, found->count, found->sequence[0]);
	(void)fprintf(stderr, "assay: recorder: %s\n", en);
	return append(recorder, ASSAY_ENTRY_FAULT,
		json_pack("{s:s,s:s,s:s,s:i,s:o}", "code", "journal-quarantined", "text_zh", zh, "text_en",
			en, "segment", (int)found->segment, "entries", entries),
		NULL, 0, err);
}

static bool known(struct recorder *recorder, const char *sql, const char *name, const char *sha256)
{
	sqlite3_stmt *row = NULL;
	bool found = false;

	if (sqlite3_prepare_v2(assay_state_db(recorder->state), sql, -1, &row, NULL) == SQLITE_OK) {
		(void)sqlite3_bind_text(row, 1, name, -1, SQLITE_STATIC);
		(void)sqlite3_bind_text(row, 2, sha256, -1, SQLITE_STATIC);
		found = sqlite3_step(row) == SQLITE_ROW;
	}
	(void)sqlite3_finalize(row);
	return found;
}

static int add_spec(struct recorder *recorder, const char *path, const char *sha256, const void *bytes,
	size_t length, struct assay_error *err)
{
	/* the last one of this path: a file that was put back is written again, so that the order tells what was in force */
	if (known(recorder,
		    "SELECT 1 FROM spec WHERE path=?1 AND sha256=?2 AND"
		    " seq=(SELECT max(seq) FROM spec WHERE path=?1)",
		    path, sha256))
		return ASSAY_OK;
	return append(recorder, ASSAY_ENTRY_SPEC, json_pack("{s:s,s:s}", "path", path, "sha256", sha256),
		bytes, length, err);
}

/* A whole file, at most ASSAY_SPEC_FILE_MAX bytes. The caller frees. NULL with err. */
static uint8_t *read_file(const char *path, size_t *length_out, struct assay_error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat about;
	uint8_t *bytes = NULL;
	size_t length = 0;
	ssize_t got = -1;

	if (fd >= 0 && fstat(fd, &about) == 0 && about.st_size >= 0 &&
		about.st_size < (off_t)ASSAY_SPEC_FILE_MAX)
		bytes = malloc((size_t)about.st_size + 1);
	while (bytes && (got = read(fd, bytes + length, (size_t)about.st_size + 1 - length)) > 0)
		length += (size_t)got;
	if (fd >= 0)
		(void)close(fd);
	if (got == 0 && length <= ASSAY_SPEC_FILE_MAX) {
		*length_out = length;
		return bytes;
	}
	(void)assay_error_set(err, ASSAY_EIO, "spec-unreadable", "%s：不能读取（%s）",
		"%s: cannot be read (%s)", path, strerror(errno));
	free(bytes);
	return NULL;
}

static int add_instrument_spec(struct recorder *recorder, const char *name, struct assay_error *err)
{
	char path[700], below[200], sha256[65];
	uint8_t digest[32], *bytes;
	size_t length = 0;
	int status;

	if (!*name)
		return ASSAY_OK;
	(void)snprintf(below, sizeof below, "instruments/%s.xml", name);
	(void)snprintf(path, sizeof path, "%s/%s", recorder->role->places->specs, below);
	bytes = read_file(path, &length, err);
	if (!bytes)
		return ASSAY_EIO;
	assay_sha256(bytes, length, digest);
	assay_hex(digest, sizeof digest, sha256);
	status = add_spec(recorder, below, sha256, bytes, length, err);
	free(bytes);
	return status;
}

/* Asked in a process of its own: no driver code ever runs where the keys are. */
static void driver_version(const struct recorder *recorder, const char *name, char out[VERSION_MAX])
{
	int result[2];
	ssize_t got = 0;
	pid_t child;

	(void)snprintf(out, VERSION_MAX, "?");
	if (pipe2(result, O_CLOEXEC) != 0)
		return;
	child = fork();
	if (child == 0) {
		static struct assay_plugin plugin;
		struct assay_error ignored;
		size_t length;

		if (assay_plugin_load(recorder->role->places->drivers, name, &plugin, &ignored) != ASSAY_OK)
			_exit(1);
		length = strnlen(plugin.driver.version, VERSION_MAX - 1);
		_exit(write(result[1], plugin.driver.version, length) == (ssize_t)length ? 0 : 1);
	}
	(void)close(result[1]);
	if (child > 0) {
		got = read(result[0], out, VERSION_MAX - 1);
		while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
			;
	}
	(void)close(result[0]);
	if (got > 0)
		out[got] = '\0';
}

static int add_driver(struct recorder *recorder, const char *name, struct assay_error *err)
{
	char path[700], sha256[65], version[VERSION_MAX];

	(void)snprintf(path, sizeof path, "%s/%s.so", recorder->role->places->drivers, name);
	if (assay_sha256_file(path, sha256) != 0)
		return assay_error_set(err, ASSAY_EIO, "driver-unreadable", "%s：不能读取（%s）",
			"%s: cannot be read (%s)", path, strerror(errno));
	if (known(recorder, "SELECT 1 FROM driver WHERE name=?1 AND sha256=?2", name, sha256))
		return ASSAY_OK;
	driver_version(recorder, name, version);
	return append(recorder, ASSAY_ENTRY_DRIVER,
		json_pack("{s:s,s:s,s:s}", "name", name, "version", version, "sha256", sha256), NULL, 0, err);
}

static int add_specs(struct recorder *recorder, struct assay_error *err)
{
	const struct assay_config *config = recorder->role->config;
	int status = ASSAY_OK;

	for (size_t i = 0; status == ASSAY_OK && i < assay_specs_file_count(recorder->specs); i++) {
		const struct assay_spec_file *file = assay_specs_file(recorder->specs, i);

		status = add_spec(recorder, file->path, file->sha256, file->bytes, file->length, err);
	}
	for (size_t i = 0; i < config->line_count; i++)
		for (size_t j = 0; status == ASSAY_OK && j < config->lines[i].instrument_count; j++) {
			status = add_driver(recorder, config->lines[i].instruments[j].driver, err);
			if (status == ASSAY_OK)
				status = add_instrument_spec(
					recorder, config->lines[i].instruments[j].spec, err);
		}
	return status;
}

static json_t *channel_json(const struct assay_config_channel *channel)
{
	return json_pack("{s:s,s:s,s:s,s:s,s:s,s:s}", "channel", channel->name, "name_zh", channel->name_zh,
		"name_en", channel->name_en, "low", channel->band_low, "high", channel->band_high, "unit",
		channel->unit);
}

static json_t *instrument_json(
	const struct recorder *recorder, const struct assay_config_instrument *instrument)
{
	char path[700], sha256[65];
	json_t *channels = json_array();

	(void)snprintf(path, sizeof path, "%s/%s.so", recorder->role->places->drivers, instrument->driver);
	if (assay_sha256_file(path, sha256) != 0)
		sha256[0] = '\0';
	for (size_t i = 0; i < instrument->channel_count; i++)
		(void)json_array_append_new(channels, channel_json(&instrument->channels[i]));
	return json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:I,s:I,s:o}", "instrument",
		instrument->id, "driver", instrument->driver, "driver_sha256", sha256, "spec",
		instrument->spec, "name_zh", instrument->name_zh, "name_en", instrument->name_en, "model",
		instrument->model, "serial", instrument->serial, "calibrated_until",
		instrument->calibrated_until, "location", instrument->location, "every_ms",
		(json_int_t)instrument->every_ms, "needed_ms", (json_int_t)instrument->needed_ms, "channels",
		channels);
}

static void describe(
	const struct assay_config_line *line, const char **transport, char *address, char *settings)
{
	address[0] = settings[0] = '\0';
	switch (line->transport) {
	case ASSAY_TRANSPORT_FOLDER:
	case ASSAY_TRANSPORT_REPLAY:
		*transport = line->transport == ASSAY_TRANSPORT_FOLDER ? "folder" : "replay";
		(void)snprintf(address, 300, "%s", line->path);
		return;
	case ASSAY_TRANSPORT_MODBUS_TCP:
	case ASSAY_TRANSPORT_RTU_TCP:
	case ASSAY_TRANSPORT_TCP:
		*transport = line->transport == ASSAY_TRANSPORT_TCP       ? "tcp"
			     : line->transport == ASSAY_TRANSPORT_RTU_TCP ? "rtu-tcp"
									  : "modbus-tcp";
		(void)snprintf(address, 300, "%s:%u", line->host, line->tcp_port);
		return;
	default:
		*transport = line->transport == ASSAY_TRANSPORT_SERIAL ? "serial" : "modbus-rtu";
		(void)snprintf(address, 300, "%s", line->port);
		(void)snprintf(
			settings, 64, "%" PRIu32 " %u%c%u", line->baud, line->bits, line->parity, line->stop);
		return;
	}
}

static json_t *line_json(const struct recorder *recorder, const struct assay_config_line *line)
{
	const char *transport = "";
	char address[300], settings[64];
	json_t *instruments = json_array();

	describe(line, &transport, address, settings);
	for (size_t i = 0; i < line->instrument_count; i++)
		(void)json_array_append_new(instruments, instrument_json(recorder, &line->instruments[i]));
	return json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:b,s:o}", "line", line->id, "transport", transport,
		"address", address, "settings", settings, "name_zh", line->name_zh, "name_en", line->name_en,
		"disabled", line->disabled, "instruments", instruments);
}

/* Which signed bundle the specs come from, who installed it and why. */
static void add_bundle(const struct recorder *recorder, json_t *body)
{
	char text[ASSAY_BUNDLE_RECORD_MAX];
	json_t *record;

	assay_bundle_record(recorder->role->dir, text, sizeof text);
	record = *text ? json_loads(text, JSON_REJECT_DUPLICATES, NULL) : NULL;
	if (body && record)
		(void)json_object_set(body, "specs", record);
	json_decref(record);
}

static int add_config(struct recorder *recorder, struct assay_error *err)
{
	const struct assay_config *config = recorder->role->config;
	const struct assay_reload *reload = recorder->role->reload;
	char before[65], digest[65], *text;
	uint8_t hash[32];
	json_t *lines = json_array(), *controls = json_array(), *body;
	int status = assay_state_meta(recorder->state, "config", before, sizeof before, err);

	for (size_t i = 0; i < config->line_count; i++)
		(void)json_array_append_new(lines, line_json(recorder, &config->lines[i]));
	for (size_t i = 0; i < config->control_count; i++)
		(void)json_array_append_new(
			controls, json_pack("{s:s,s:I,s:I}", "method", config->controls[i].method, "hours",
					  (json_int_t)config->controls[i].within_hours, "results",
					  (json_int_t)config->controls[i].within_results));
	body = json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:o,s:o}", "sha256", config->sha256, "site",
		config->site, "name_zh", config->name_zh, "name_en", config->name_en, "address",
		config->address, "contact", config->contact, "check", config->check, "unverified",
		config->unverified, "decision", config->decision ? config->decision : "simple", "controls",
		controls, "lines", lines);
	add_bundle(recorder, body);
	text = body ? json_dumps(body, JSON_COMPACT | JSON_PRESERVE_ORDER) : NULL;
	if (!text || json_array_size(lines) != config->line_count ||
		json_array_size(controls) != config->control_count) {
		json_decref(body);
		free(text);
		return no_memory(err);
	}
	assay_sha256(text, strlen(text), hash);
	free(text);
	assay_hex(hash, sizeof hash, digest);
	if (status != ASSAY_OK || (!reload && strcmp(before, digest) == 0)) {
		json_decref(body);
		return status;
	}
	(void)json_object_set_new(body, "digest", json_string(digest));
	if (reload) {
		(void)json_object_set_new(body, "who", json_string(reload->who));
		(void)json_object_set_new(body, "reason", json_string(reload->reason));
	}
	return append(recorder, ASSAY_ENTRY_CONFIG, body, config->xml, config->xml_length, err);
}

static int lab_checkpoint(void *context, struct lab_checkpoint *out, struct assay_error *err)
{
	struct recorder *recorder = context;
	uint8_t root[ASSAY_HASH_SIZE];
	int status = recorder_commit(recorder, err);

	if (status == ASSAY_OK)
		status = assay_journal_checkpoint(recorder->journal, recorder_now_ns(), true, NULL, err);
	if (status != ASSAY_OK)
		return status;
	assay_journal_root(recorder->journal, root);
	assay_hex(root, sizeof root, out->root);
	out->size = assay_journal_size(recorder->journal);
	out->at_ns = recorder_wall_ns();
	return ASSAY_OK;
}

static int lab_append(void *context, uint16_t kind, const char *line, const json_t *body,
	uint64_t *sequence_out, struct assay_error *err)
{
	return recorder_append_json(context, kind, line, body, NULL, 0, sequence_out, err);
}

static void lab_take(void *context, const char *instrument)
{
	host_want_take(context, instrument);
}

static int make_lines(struct recorder *recorder, struct assay_error *err)
{
	const struct assay_config *config = recorder->role->config;

	recorder->line = calloc(config->line_count ? config->line_count : 1, sizeof *recorder->line);
	if (!recorder->line)
		return no_memory(err);
	recorder->line_count = config->line_count;
	for (size_t i = 0; i < config->line_count; i++)
		recorder->line[i].config = &config->lines[i];
	return ASSAY_OK;
}

/* From here on: the data directory, and what user names, time zones and random numbers need. */
static int confine(const struct recorder *recorder, struct assay_error *err)
{
	struct assay_places shipped;
	bool found = assay_places_find(&shipped, NULL) == ASSAY_OK;
	/* specs: the schemas, when an older set is read, and what a reload would bring */
	const struct assay_confine_path paths[] = {{recorder->role->dir, true},
		{recorder->role->places->specs, false},
		{found ? shipped.specs : recorder->role->places->specs, false}, {"/etc", false},
		{"/usr", false}, {"/lib", false}, {"/lib64", false}, {"/run", false},
		{"/proc/sys/kernel/random", false}, {"/dev/urandom", false},
		{recorder->role->spec_keys.signers, false}, {recorder->role->spec_keys.approvers, false},
		{NULL, false}};

	return assay_confine(ASSAY_CONFINED_RECORDER, paths, NULL, err);
}

int recorder_start(struct recorder *recorder, struct assay_error *err)
{
	const struct assay_role *role = recorder->role;
	const struct assay_journal_options options = {.site = role->config->site,
		.origin = role->config->origin,
		.wrote = recorder_wrote,
		.wrote_context = recorder};
	int status = assay_journal_open(role->dir, &options, &recorder->journal, err);

	if (status == ASSAY_OK)
		status = assay_specs_load(role->places->specs, &recorder->specs, err);
	if (status == ASSAY_OK)
		status = make_lines(recorder, err);
	if (status == ASSAY_OK)
		status = recorder_follow_open(&recorder->follow, err);
	if (status == ASSAY_OK)
		status = assay_state_open(role->dir, &recorder->state, err);
	if (status == ASSAY_OK)
		status = assay_state_catch_up(recorder->state, role->dir, err);
	if (status != ASSAY_OK)
		return status;
	recorder->lab = (struct assay_lab){.state = assay_state_db(recorder->state),
		.specs = recorder->specs,
		.set = recorder->specs_sha256,
		.specs_of = recorder_specs_of,
		.boot = assay_journal_boot_hex(recorder->journal),
		.append = lab_append,
		.take = lab_take,
		.checkpoint = lab_checkpoint,
		.context = recorder};
	status = begin_journal(recorder, err);
	if (status == ASSAY_OK)
		status = say_quarantine(recorder, err);
	if (status == ASSAY_OK)
		status = add_specs(recorder, err);
	if (status == ASSAY_OK)
		status = recorder_specs_start(recorder, err);
	if (status == ASSAY_OK)
		status = add_config(recorder, err);
	if (status == ASSAY_OK)
		status = assay_lab_due(&recorder->lab, err);
	if (status == ASSAY_OK)
		status = recorder_commit(recorder, err);
	if (status == ASSAY_OK)
		status = recorder_people_start(recorder, err);
	if (status == ASSAY_OK)
		status = confine(recorder, err);
	/* What starting took, once: a thousand instruments make a large tree, and a large entry many pages. */
	assay_journal_trim(recorder->journal);
	(void)sqlite3_db_release_memory(assay_state_db(recorder->state));
	(void)malloc_trim(0);
	recorder->lab_changed = true;
	recorder->clock_offset_ns = recorder_wall_ns() - (int64_t)recorder_now_ns();
	return status;
}
