/* SPDX-License-Identifier: Apache-2.0
 * The notify role 通知: looks at the alarms and tells whoever lab.xml names - a mail command, a web hook. It reads the state
 * and nothing else, writes one file, run/told, and is the only role that may reach out; it is there only when lab.xml has
 * <tell>. All new alarms go together, at most one message a minute. */
#include "gateway/confine.h"
#include "gateway/lab/query.h"
#include "gateway/notify_send.h"
#include "gateway/role.h"
#include "gateway/web/files.h"
#include "gateway/wire/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LOOK_MS 2000
#define PAUSE_S 60 /* after a message, or before another try */
#define TOLD_MAX 262144 /* bytes of run/told */

struct way {
	const char *name; /* in run/told and in what is said */
	char *(*make)(const struct assay_config *config, const json_t *alarms, int64_t wall_ns);
	char **words;
	int64_t not_before_s; /* CLOCK_MONOTONIC */
	bool failing;
};

struct notify {
	const struct assay_role *role;
	struct web_files files;
	int told_fd;
	json_t *told; /* {"mail": {ALARM: true}, "hook": {...}} */
	struct way way[2];
	size_t ways;
};

static int64_t clock_s(clockid_t clock)
{
	struct timespec now;

	(void)clock_gettime(clock, &now);
	return now.tv_sec;
}

static void beat(void *context)
{
	const struct notify *notify = context;
	struct assay_message alive = {.type = ASSAY_MSG_ALIVE, .generation = notify->role->generation};

	/* a supervisor that is gone is seen when its end is read */
	if (assay_channel_send(notify->role->control, &alive, NULL, 0, -1) != ASSAY_OK)
		return;
}

static char *make_hook(const struct assay_config *config, const json_t *alarms, int64_t wall_ns)
{
	(void)wall_ns;
	return assay_notify_hook(config, alarms);
}

/* What was told before this process: a file that cannot be read is an empty one, and all is told again. */
static int read_told(struct notify *notify, struct assay_error *err)
{
	char *text = malloc(TOLD_MAX);
	ssize_t length = text ? pread(notify->told_fd, text, TOLD_MAX, 0) : -1;

	notify->told = length > 0 ? json_loadb(text, (size_t)length, 0, NULL) : NULL;
	free(text);
	if (!json_is_object(notify->told)) {
		json_decref(notify->told);
		notify->told = json_object();
	}
	return notify->told
		       ? ASSAY_OK
		       : assay_error_set(err, ASSAY_ENOMEM, "out-of-memory", "内存不足", "out of memory");
}

static void keep_told(const struct notify *notify)
{
	char *text = json_dumps(notify->told, JSON_COMPACT);
	size_t length = text ? strlen(text) : 0;

	if (length == 0 || length > TOLD_MAX || pwrite(notify->told_fd, text, length, 0) != (ssize_t)length ||
		ftruncate(notify->told_fd, (off_t)length) != 0)
		(void)fprintf(stderr,
			"assay: notify: run/told cannot be written; after a restart alarms are told again\n");
	free(text);
}

/* Those not told this way yet and acknowledged by nobody; what is told and no longer there is forgotten. */
static json_t *untold(struct notify *notify, const struct way *way, const json_t *alarms)
{
	json_t *fresh = json_array(), *still = json_object(), *alarm;
	const json_t *told = json_object_get(notify->told, way->name);
	size_t index;

	json_array_foreach((json_t *)(uintptr_t)alarms, index, alarm)
	{
		const char *name = json_string_value(json_object_get(alarm, "alarm"));

		if (!name)
			continue;
		if (json_object_get(told, name))
			(void)json_object_set_new(still, name, json_true());
		else if (json_is_null(json_object_get(alarm, "acknowledged")))
			(void)json_array_append(fresh, alarm);
	}
	if (json_object_size(still) != json_object_size(told)) {
		(void)json_object_set(notify->told, way->name, still);
		keep_told(notify);
	}
	json_decref(still);
	return fresh;
}

static void send_out(struct notify *notify, struct way *way, const json_t *fresh)
{
	char *text = way->make(notify->role->config, fresh, clock_s(CLOCK_REALTIME) * 1000000000);
	int code = text ? assay_notify_run(way->words, text, beat, notify) : 255;
	json_t *told = json_object_get(notify->told, way->name), *alarm;
	size_t index;

	free(text);
	way->not_before_s = clock_s(CLOCK_MONOTONIC) + PAUSE_S;
	if (code != 0 && !way->failing)
		(void)fprintf(stderr,
			"assay: notify: %s did not go out (%s ended with %d); tried again each minute\n",
			way->name, way->words[0], code);
	way->failing = code != 0;
	if (code != 0)
		return;
	if (!told) {
		told = json_object();
		(void)json_object_set_new(notify->told, way->name, told);
	}
	json_array_foreach((json_t *)(uintptr_t)fresh, index, alarm)
	{
		(void)json_object_set_new(
			told, json_string_value(json_object_get(alarm, "alarm")), json_true());
	}
	keep_told(notify);
}

static void look(struct notify *notify)
{
	struct assay_error err;
	sqlite3 *state = NULL;
	json_t *alarms = NULL;

	if (assay_query_open(notify->role->dir, &state, &err) == ASSAY_OK)
		alarms = assay_query_alarms(state, clock_s(CLOCK_REALTIME) * 1000000000, &err);
	(void)sqlite3_close(state);
	for (size_t i = 0; alarms && i < notify->ways; i++) {
		json_t *fresh = untold(notify, &notify->way[i], alarms);

		if (json_array_size(fresh) > 0 && clock_s(CLOCK_MONOTONIC) >= notify->way[i].not_before_s)
			send_out(notify, &notify->way[i], fresh);
		json_decref(fresh);
	}
	json_decref(alarms);
}

static int run(struct notify *notify)
{
	struct assay_message ready = {.type = ASSAY_MSG_READY, .generation = notify->role->generation};
	struct pollfd control = {notify->role->control, POLLIN, 0};

	if (assay_channel_send(notify->role->control, &ready, NULL, 0, -1) != ASSAY_OK)
		return 1;
	for (;;) {
		int count = poll(&control, 1, LOOK_MS);

		if (count < 0 && errno != EINTR)
			return 1;
		if (count > 0 && !assay_role_goes_on(notify->role))
			return 0;
		if (web_files_replaced(&notify->files)) /* the next process may read the new state */
			return 0;
		beat(notify);
		look(notify);
	}
}

int assay_notify_main(const struct assay_role *role)
{
	static char curl[][16] = {"/usr/bin/curl", "--silent", "--show-error", "--fail", "--max-time", "20",
		"--proto", "=http,https", "--output", "/dev/null", "-K", "-"};
	const struct assay_confine_path more[] = {{"/usr", false}, {"/lib", false}, {"/lib64", false},
		{"/bin", false}, {"/sbin", false}, {"/etc", false}, {"/run/systemd/resolve", false},
		{"/dev/null", true}, {"/dev/urandom", false},
		{*role->config->tell_hook_ca ? role->config->tell_hook_ca : "/dev/null", false},
		{NULL, false}};
	static struct notify notify;
	char command[256], *words[ASSAY_NOTIFY_WORDS_MAX + 1], *hook[13] = {NULL};
	struct assay_error err;
	int exit_code = 1;

	notify.role = role;
	notify.told_fd = role->kept;
	(void)snprintf(command, sizeof command, "%s", role->config->tell_mail);
	for (size_t i = 0; i < sizeof curl / sizeof *curl; i++)
		hook[i] = curl[i];
	if (assay_notify_words(command, words) > 0)
		notify.way[notify.ways++] =
			(struct way){.name = "mail", .make = assay_notify_mail, .words = words};
	if (*role->config->tell_hook)
		notify.way[notify.ways++] = (struct way){.name = "hook", .make = make_hook, .words = hook};
	if (read_told(&notify, &err) == ASSAY_OK &&
		web_files_confine(role->dir, ASSAY_CONFINED_NOTIFY, more, &notify.files, &err) == ASSAY_OK)
		exit_code = run(&notify);
	else
		(void)fprintf(stderr, "assay: notify: %s\n", err.text_en);
	json_decref(notify.told);
	return exit_code;
}
