/* SPDX-License-Identifier: Apache-2.0
 * lab.xml once more, while everything runs. It is read and checked whole first; refused, nothing has changed. Then what
 * changed or left hands over what it has, the recorder ends, and the next one begins with the new file as its first entry.
 * A line that stays as it is keeps its host, its device and its open exchange: it only gets another recorder, as after a
 * crash, and loses nothing. */
#include "gateway/bundle/bundle.h"
#include "gateway/supervised.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CLOSE_NS (5000 * UINT64_C(1000000))
#define END_NS (15000 * UINT64_C(1000000))

void reload_hang_up(const struct supervisor *supervisor, uid_t who)
{
	const struct role_process *recorder = &supervisor->roles[SERVE_RECORDER];
	const struct passwd *user = getpwuid(who);
	struct assay_message head = {.type = ASSAY_MSG_RELOAD, .generation = recorder->generation};
	struct assay_reload reload = {.reason = "SIGHUP"};

	if (user)
		(void)snprintf(reload.who, sizeof reload.who, "%s", user->pw_name);
	else
		(void)snprintf(reload.who, sizeof reload.who, "uid %u", (unsigned)who);
	if (supervisor->phase != SERVE_RUNNING || !recorder->ready || recorder->control < 0 ||
		assay_channel_send(recorder->control, &head, &reload, sizeof reload, -1) != ASSAY_OK)
		supervisor_say("a hang-up while no recorder is there: lab.xml is not read again");
}

static void discard(struct supervisor_reload *reload)
{
	assay_config_free(reload->config);
	free(reload->place);
	free(reload->ports);
	role_process_room_free(reload->roles, reload->role_max);
	*reload = (struct supervisor_reload){0};
}

void reload_abandon(struct supervisor *supervisor)
{
	discard(&supervisor->reload);
}

/* What was fixed when this process opened its sockets and its journal. */
static int check_fixed(
	const struct supervisor *supervisor, const struct assay_config *to, struct assay_error *err)
{
	const struct assay_config *from = supervisor->config;
	const char *what = strcmp(from->site, to->site) != 0                                       ? "site"
			   : strcmp(from->origin, to->origin) != 0                                 ? "origin"
			   : !supervisor->options->listen && strcmp(from->listen, to->listen) != 0 ? "listen"
			   : strcmp(from->certificate, to->certificate) != 0 ? "certificate"
			   : strcmp(from->key, to->key) != 0                 ? "key"
									     : NULL;

	if (!what)
		return ASSAY_OK;
	return assay_error_set(err, ASSAY_EREFUSED, "needs-restart",
		"%s：%s 变了，这要重新启动网关（systemctl restart assay）；其余也未改",
		"%s: %s has changed, which takes a restart (systemctl restart assay); nothing else was taken "
		"either",
		to->path, what);
}

/* For each line there is: where it stands in the new file, if it is the same. */
static void find_places(const struct assay_config *from, const struct assay_config *to, uint16_t *place,
	struct assay_reloaded *done)
{
	for (size_t i = 0; i < from->line_count; i++) {
		size_t j = 0;

		while (j < to->line_count && strcmp(from->lines[i].id, to->lines[j].id) != 0)
			j++;
		place[i] = ASSAY_LINE_GONE;
		if (j == to->line_count) {
			done->removed++;
		} else if (!assay_config_line_same(&from->lines[i], &to->lines[j])) {
			done->changed++;
		} else {
			place[i] = (uint16_t)j;
			done->kept++;
		}
	}
	done->added = (uint32_t)to->line_count - done->kept - done->changed;
}

static int prepare(struct supervisor *supervisor, struct assay_reloaded *done, struct assay_error *err)
{
	struct supervisor_reload *reload = &supervisor->reload;
	size_t now = supervisor->config->line_count, then;
	char path[1024];
	int status;

	if (supervisor->phase != SERVE_RUNNING || reload->stage != RELOAD_NONE)
		return assay_error_set(err, ASSAY_ETAKEN, "reload-under-way",
			"网关正在启动、停止或重新读取配置",
			"the gateway is starting, stopping or reading its configuration again already");
	supervisor_lab_path(supervisor, path);
	status = assay_bundle_places(supervisor->options->dir, &reload->places, err);
	if (status == ASSAY_OK && supervisor->options->stations) /* specs that have come since */
		status = assay_data_dir_share(supervisor->options->dir, err);
	if (status == ASSAY_OK)
		status = assay_config_load(
			path, reload->places.specs, reload->places.drivers, &reload->config, err);
	if (status == ASSAY_OK)
		status = check_fixed(supervisor, reload->config, err);
	if (status != ASSAY_OK)
		return status;
	then = reload->config->line_count;
	reload->role_max = supervisor->role_count + 2 * then;
	reload->place = calloc(now ? now : 1, sizeof *reload->place);
	reload->ports = calloc(then ? then : 1, sizeof *reload->ports);
	reload->roles = role_process_room(reload->role_max);
	if (!reload->place || !reload->ports || !reload->roles)
		return assay_error_set(err, ASSAY_ENOMEM, "out-of-memory", "内存不足", "out of memory");
	find_places(supervisor->config, reload->config, reload->place, done);
	return ASSAY_OK;
}

/* What leaves is told so. */
static void close_lines(struct supervisor *supervisor, struct role_process *host)
{
	host->leaving = true;
	for (uint16_t i = 0; i < host->line_count; i++) {
		uint16_t line = host->lines[i];

		if (line == ASSAY_LINE_GONE)
			continue;
		if (supervisor->reload.place[line] != ASSAY_LINE_GONE) {
			host->leaving = false;
			continue;
		}
		host->closing |= UINT64_C(1) << i;
		line_port_close(&supervisor->ports[line]);
	}
	if (host->leaving) {
		role_process_stop(host);
		return;
	}
	for (uint16_t i = 0; host->pid > 0 && i < host->line_count; i++) {
		struct assay_message head = {
			.type = ASSAY_MSG_CLOSE_LINE, .line = i, .generation = host->generation};

		if (host->closing & UINT64_C(1) << i &&
			assay_channel_send(host->control, &head, NULL, 0, -1) == ASSAY_EFULL)
			role_process_kill(host);
	}
}

void reload_closed(struct role_process *host, uint16_t place)
{
	host->closing &= ~(UINT64_C(1) << place);
}

void reload_asked(struct supervisor *supervisor, const struct assay_reload *asked)
{
	const struct role_process *recorder = &supervisor->roles[SERVE_RECORDER];
	struct assay_message head = {.type = ASSAY_MSG_RELOADED, .generation = recorder->generation};
	struct supervisor_reload *reload = &supervisor->reload;
	struct assay_reloaded done = {.asked = *asked};
	bool under_way = reload->stage != RELOAD_NONE;

	done.status = prepare(supervisor, &done, &done.err);
	if (done.status == ASSAY_OK)
		(void)snprintf(done.sha256, sizeof done.sha256, "%s", reload->config->sha256);
	if (recorder->control >= 0 &&
		assay_channel_send(recorder->control, &head, &done, sizeof done, -1) != ASSAY_OK)
		supervisor_say("the recorder does not hear what became of lab.xml");
	if (done.status != ASSAY_OK) {
		supervisor_say("lab.xml is not taken, everything stays as it was: %s", done.err.text_en);
		if (!under_way)
			discard(reload);
		return;
	}
	reload->asked = *asked;
	reload->stage = RELOAD_CLOSING;
	reload->deadline_ns = supervisor_now_ns() + CLOSE_NS;
	for (size_t i = SERVE_FIRST_HOST; i < supervisor->role_count; i++)
		close_lines(supervisor, &supervisor->roles[i]);
	supervisor_say("lab.xml is taken (%s, %s): %u lines stay, %u changed, %u new, %u gone", asked->who,
		asked->reason, done.kept, done.changed, done.added, done.removed);
}

static bool all_closed(const struct supervisor *supervisor)
{
	for (size_t i = SERVE_FIRST_HOST; i < supervisor->role_count; i++)
		if (supervisor->roles[i].pid > 0 &&
			(supervisor->roles[i].leaving || supervisor->roles[i].closing))
			return false;
	return true;
}

static void end_recorder(struct supervisor *supervisor, uint64_t now_ns)
{
	struct role_process *recorder = &supervisor->roles[SERVE_RECORDER];
	struct assay_message stop = {.type = ASSAY_MSG_STOP, .generation = recorder->generation, .id = 1};

	supervisor->reload.stage = RELOAD_RECORDER;
	supervisor->reload.deadline_ns = now_ns + END_NS;
	if (recorder->pid > 0 && assay_channel_send(recorder->control, &stop, NULL, 0, -1) != ASSAY_OK)
		role_process_kill(recorder);
}

static void move_ports(struct supervisor *supervisor)
{
	struct supervisor_reload *reload = &supervisor->reload;

	for (size_t i = 0; i < reload->config->line_count; i++)
		line_port_init(&reload->ports[i], &reload->config->lines[i], (uint16_t)i);
	for (size_t i = 0; i < supervisor->config->line_count; i++) {
		uint16_t place = reload->place[i];

		if (place == ASSAY_LINE_GONE) {
			line_port_close(&supervisor->ports[i]);
			continue;
		}
		reload->ports[place] = supervisor->ports[i];
		reload->ports[place].config = &reload->config->lines[place];
		reload->ports[place].index = place;
	}
}

/* Who runs keeps the places he knows; who does not gets rid of those that are empty. */
static void move_roles(struct supervisor *supervisor)
{
	struct supervisor_reload *reload = &supervisor->reload;
	size_t count = 0;

	for (size_t i = 0; i < supervisor->role_count; i++) {
		struct role_process *to = &reload->roles[count];

		*to = supervisor->roles[i];
		for (uint16_t j = 0; j < to->line_count; j++)
			if (to->lines[j] != ASSAY_LINE_GONE)
				to->lines[j] = reload->place[to->lines[j]];
		to->closing = 0;
		if (to->kind == ROLE_HOST && to->pid == 0)
			host_plan_compact(to);
		count += i < SERVE_FIRST_HOST || to->line_count > 0;
	}
	supervisor->role_count = count;
}

static bool same_for_web(const struct assay_config *a, const struct assay_config *b)
{
	return strcmp(a->name_zh, b->name_zh) == 0 && strcmp(a->name_en, b->name_en) == 0 &&
	       a->anonymous_read == b->anonymous_read && a->second_factor == b->second_factor;
}

static void take(struct supervisor *supervisor, uint64_t now_ns)
{
	struct supervisor_reload *reload = &supervisor->reload;
	struct role_process *recorder;
	bool web_stays = same_for_web(supervisor->config, reload->config) &&
			 strcmp(supervisor->places.specs, reload->places.specs) == 0;
	struct assay_error err;

	move_ports(supervisor);
	move_roles(supervisor);
	free(supervisor->ports);
	role_process_room_free(supervisor->roles, supervisor->role_max);
	assay_config_free(supervisor->config);
	supervisor->ports = reload->ports;
	supervisor->roles = reload->roles;
	supervisor->role_max = reload->role_max;
	supervisor->config = reload->config;
	supervisor->taken = reload->asked;
	supervisor->places = reload->places;
	supervisor->role.config = reload->config;
	supervisor->role.reload = &supervisor->taken;
	station_links_changed(supervisor->stations);
	reload->config = NULL;
	reload->ports = NULL;
	reload->roles = NULL;
	discard(reload);
	if (host_plan(supervisor, &err) != ASSAY_OK) /* there is room for all of them */
		supervisor_say("%s", err.text_en);
	recorder = &supervisor->roles[SERVE_RECORDER];
	memset(recorder->died_ns, 0, sizeof recorder->died_ns);
	recorder->start_at_ns = now_ns;
	if (!web_stays)
		role_process_stop(&supervisor->roles[SERVE_WEB]);
}

void reload_step(struct supervisor *supervisor, uint64_t now_ns)
{
	struct supervisor_reload *reload = &supervisor->reload;
	const struct role_process *recorder = &supervisor->roles[SERVE_RECORDER];

	if (reload->stage == RELOAD_NONE)
		return;
	if (reload->stage == RELOAD_CLOSING) {
		for (size_t i = SERVE_FIRST_HOST; now_ns >= reload->deadline_ns && i < supervisor->role_count;
			i++)
			if (supervisor->roles[i].pid > 0 &&
				(supervisor->roles[i].leaving || supervisor->roles[i].closing))
				role_process_kill(&supervisor->roles[i]);
		if (all_closed(supervisor))
			end_recorder(supervisor, now_ns);
		return;
	}
	if (recorder->pid == 0)
		take(supervisor, now_ns);
	else if (now_ns >= reload->deadline_ns)
		role_process_kill(recorder);
}
