/* SPDX-License-Identifier: Apache-2.0
 * assay serve: recorder first; when it has its journal, hosts and web. Whatever dies is started again. */
#include "gateway/report_role.h"
#include "gateway/service_manager.h"
#include "gateway/supervised.h"

#include "gateway/bundle/bundle.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define DESCRIPTORS 8192u
#define NS_PER_MS 1000000ull
#define STOP_HOSTS_NS (5000 * NS_PER_MS)
#define STOP_REST_NS (15000 * NS_PER_MS)
#define SPLIT_NS (60000 * NS_PER_MS)
#define RECORDER_REFUSALS 3u

uint64_t supervisor_now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* What was told before, and is told only once: the role may write this file and no other. */
static int open_told(const struct supervisor *supervisor, int *out, struct assay_error *err)
{
	char path[4200];

	(void)snprintf(path, sizeof path, "%s/run/told", supervisor->dir.path);
	*out = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (*out >= 0)
		return ASSAY_OK;
	return assay_error_set(err, ASSAY_EIO, "directory-unusable", "%s 不能使用（%s）",
		"%s cannot be used (%s)", path, strerror(errno));
}

static int start_notify(struct supervisor *supervisor, struct role_process *role, struct assay_error *err)
{
	int told, status = open_told(supervisor, &told, err);

	if (status != ASSAY_OK)
		return status;
	status = role_process_start(role, &supervisor->role, -1, told, supervisor_now_ns(), err);
	(void)close(told);
	return status;
}

static int start_role(struct supervisor *supervisor, struct role_process *role, struct assay_error *err)
{
	int status;

	if (role->kind == ROLE_HOST)
		return host_link_start(supervisor, role, err);
	status = assay_data_dir_generation(&supervisor->dir, &role->generation, err);
	if (status == ASSAY_OK && role->kind == ROLE_WEB)
		return host_link_web(supervisor, role, err);
	if (status == ASSAY_OK && role->kind == ROLE_NOTIFY)
		return start_notify(supervisor, role, err);
	if (status == ASSAY_OK)
		status = role_process_start(role, &supervisor->role, -1,
			role->kind == ROLE_RECORDER ? supervisor->dir.lock : -1, supervisor_now_ns(), err);
	if (status == ASSAY_OK && role->kind == ROLE_RECORDER)
		host_link_recorder(supervisor);
	return status;
}

void supervisor_lab_path(const struct supervisor *supervisor, char out[1024])
{
	if (supervisor->options->config)
		(void)snprintf(out, 1024, "%s", supervisor->options->config);
	else
		(void)snprintf(out, 1024, "%s/lab.xml", supervisor->options->dir);
}

static void stop_kind(struct supervisor *supervisor, bool hosts)
{
	for (size_t i = 0; i < supervisor->role_count; i++)
		if ((supervisor->roles[i].kind == ROLE_HOST) == hosts)
			role_process_stop(&supervisor->roles[i]);
}

static void begin_stop(struct supervisor *supervisor)
{
	if (supervisor->phase >= SERVE_STOPPING_HOSTS)
		return;
	supervisor->phase = SERVE_STOPPING_HOSTS;
	reload_abandon(supervisor);
	service_manager_stopping();
	supervisor->deadline_ns = supervisor_now_ns() + STOP_HOSTS_NS;
	for (size_t i = 0; i < supervisor->config->line_count; i++)
		line_port_close(&supervisor->ports[i]);
	stop_kind(supervisor, true);
}

static void give_up(struct supervisor *supervisor, const struct assay_error *err)
{
	if (!*supervisor->refusal.code)
		supervisor->refusal = *err;
	begin_stop(supervisor);
}

static void from_host(
	struct supervisor *supervisor, struct role_process *host, const struct assay_message *head)
{
	bool its = head->line < host->line_count && host->lines[head->line] != ASSAY_LINE_GONE;

	if (head->type == ASSAY_MSG_CLOSED && its)
		reload_closed(host, head->line);
	else if (head->type == ASSAY_MSG_REOPEN && its && !host->leaving &&
		 !(host->closing & UINT64_C(1) << head->line))
		line_port_reopen(&supervisor->ports[host->lines[head->line]], supervisor->looked_ns);
}

static void from_role(struct supervisor *supervisor, struct role_process *role)
{
	static uint8_t payload[ASSAY_CHANNEL_PAYLOAD_MAX];
	struct assay_message head;
	int fd, got;

	while ((got = assay_channel_receive(role->control, &head, payload, &fd)) > 0 ||
		got == ASSAY_EREFUSED) {
		if (fd >= 0)
			(void)close(fd); /* nobody sends us one */
		if (got < 0 || (head.generation != 0 && head.generation != role->generation))
			continue;
		role->heard_ns = supervisor->looked_ns;
		if (head.type == ASSAY_MSG_READY) {
			role->ready = true;
			if (role->kind == ROLE_RECORDER)
				supervisor->role.reload = NULL; /* that is written down now */
		} else if (head.type == ASSAY_MSG_ALIVE && role->kind == ROLE_RECORDER &&
			   supervisor->phase != SERVE_STARTING)
			service_manager_progress();
		else if (role->kind == ROLE_RECORDER && head.type == ASSAY_MSG_RELOAD &&
			 head.length == sizeof(struct assay_reload))
			reload_asked(supervisor, (const void *)payload);
		else if (head.type == ASSAY_MSG_REFUSED && head.length == sizeof role->refusal) {
			memcpy(&role->refusal, payload, sizeof role->refusal);
			role->refused = true;
		} else if (role->kind == ROLE_HOST) {
			from_host(supervisor, role, &head);
		}
	}
	if (got == ASSAY_EGONE) {
		(void)close(role->control); /* it is exiting */
		role->control = -1;
	}
	if (role->kind == ROLE_RECORDER && role->ready && supervisor->phase == SERVE_STARTING) {
		/* Hosts and web may come once the journal is open. */
		supervisor->phase = SERVE_RUNNING;
		supervisor_announce(supervisor);
	}
}

static void how_it_died(int wait_status, char out[48])
{
	if (WIFSIGNALED(wait_status))
		(void)snprintf(out, 48, "signal %d", WTERMSIG(wait_status));
	else
		(void)snprintf(out, 48, "exit code %d", WEXITSTATUS(wait_status));
}

/* A recorder that cannot begin: nothing can be recorded, so nothing is served. */
static void recorder_refused(
	struct supervisor *supervisor, const struct role_process *recorder, const char *how)
{
	struct assay_error err = recorder->refusal;

	if (!recorder->refused)
		(void)assay_error_set(&err, ASSAY_EIO, "recorder-failed", "记录进程不能启动（%s）",
			"the recorder does not start (%s)", how);
	give_up(supervisor, &err);
}

static void role_died(struct supervisor *supervisor, struct role_process *role, int wait_status)
{
	uint64_t now = supervisor_now_ns();
	bool was_ready = role->ready;
	char name[64], how[48];

	if (role->control >= 0)
		from_role(supervisor, role); /* its last words */
	was_ready = was_ready || role->ready;
	role_process_died(role, now);
	if (role->kind == ROLE_HOST)
		host_link_died(supervisor, role);
	how_it_died(wait_status, how);
	role_watch_ended(supervisor, role, wait_status);
	if (supervisor->phase >= SERVE_STOPPING_HOSTS || role->leaving ||
		(role->kind == ROLE_RECORDER && supervisor->reload.stage == RELOAD_RECORDER))
		return;
	if (role->kind == ROLE_RECORDER && !was_ready &&
		(supervisor->phase == SERVE_STARTING ||
			(role->refused && role_process_deaths(role, now, UINT64_MAX) >= RECORDER_REFUSALS))) {
		recorder_refused(supervisor, role, how);
		return;
	}
	supervisor_say("%s ended (%s)%s%s; it is started again%s",
		supervisor_describe(supervisor, role, name), how, role->refused ? ": " : "",
		role->refused ? role->refusal.text_en : "", role->backoff_ms ? " after a while" : "");
	if (role->kind == ROLE_HOST && role->line_count > 1 && role_process_deaths(role, now, SPLIT_NS) >= 2)
		host_plan_split(supervisor, role);
}

static void reap(struct supervisor *supervisor)
{
	for (size_t i = 0; i < supervisor->role_count; i++) {
		struct role_process *role = &supervisor->roles[i];
		int wait_status;

		if (role_process_ended(role, &wait_status))
			role_died(supervisor, role, wait_status);
	}
}

static void from_signals(struct supervisor *supervisor)
{
	struct signalfd_siginfo about;

	while (read(supervisor->signals, &about, sizeof about) == (ssize_t)sizeof about) {
		if (about.ssi_signo == SIGHUP && !supervisor->on_terminal)
			reload_hang_up(supervisor, about.ssi_uid);
		else if (about.ssi_signo != SIGCHLD)
			begin_stop(supervisor);
	}
}

/* May this role be started in the present phase? */
static bool is_due(const struct supervisor *supervisor, const struct role_process *role, uint64_t now)
{
	if (role->kind == 0 || role->pid > 0 || now < role->start_at_ns)
		return false;
	if ((role->kind == ROLE_HOST && supervisor->reload.stage != RELOAD_NONE) ||
		(role->kind == ROLE_RECORDER && supervisor->reload.stage == RELOAD_RECORDER))
		return false; /* it begins with the new configuration, in a moment */
	if (role->kind == ROLE_RECORDER) /* also while hosts end: it takes what they still hold */
		return supervisor->phase == SERVE_STARTING || supervisor->phase == SERVE_RUNNING ||
		       (supervisor->phase == SERVE_STOPPING_HOSTS && !*supervisor->refusal.code);
	return supervisor->phase == SERVE_RUNNING;
}

static void start_due(struct supervisor *supervisor, uint64_t now)
{
	for (size_t i = 0; i < supervisor->role_count; i++) {
		struct role_process *role = &supervisor->roles[i];
		struct assay_error err;
		char name[64];

		if (!is_due(supervisor, role, now) || start_role(supervisor, role, &err) == ASSAY_OK)
			continue;
		supervisor_say("%s: %s", supervisor_describe(supervisor, role, name), err.text_en);
		role_process_died(role, now);
		role->start_at_ns = now + 1000 * NS_PER_MS;
	}
}

static size_t running(const struct supervisor *supervisor, bool hosts)
{
	size_t count = 0;

	for (size_t i = 0; i < supervisor->role_count; i++)
		count += supervisor->roles[i].pid > 0 && (supervisor->roles[i].kind == ROLE_HOST) == hosts;
	return count;
}

static void kill_kind(struct supervisor *supervisor, bool hosts)
{
	for (size_t i = 0; i < supervisor->role_count; i++)
		if (supervisor->roles[i].pid > 0 && (supervisor->roles[i].kind == ROLE_HOST) == hosts)
			role_process_kill(&supervisor->roles[i]);
}

static void go_on_stopping(struct supervisor *supervisor, uint64_t now)
{
	bool hosts = supervisor->phase == SERVE_STOPPING_HOSTS;

	if (supervisor->phase < SERVE_STOPPING_HOSTS)
		return;
	if (running(supervisor, hosts) > 0) {
		if (now >= supervisor->deadline_ns)
			kill_kind(supervisor, hosts);
	} else if (hosts) {
		supervisor->phase = SERVE_STOPPING_REST;
		supervisor->deadline_ns = now + STOP_REST_NS;
		stop_kind(supervisor, false);
		if (running(supervisor, false) == 0)
			supervisor->phase = SERVE_STOPPED;
	} else {
		supervisor->phase = SERVE_STOPPED;
	}
}

static int wait_ms(const struct supervisor *supervisor, uint64_t now)
{
	uint64_t next = now + 1000 * NS_PER_MS;

	for (size_t i = 0; i < supervisor->role_count; i++) {
		const struct role_process *role = &supervisor->roles[i];

		if (is_due(supervisor, role, UINT64_MAX - 1) && role->start_at_ns < next)
			next = role->start_at_ns;
	}
	for (size_t i = 0; i < supervisor->config->line_count; i++)
		if (line_port_next_ns(&supervisor->ports[i]) < next)
			next = line_port_next_ns(&supervisor->ports[i]);
	if ((supervisor->phase >= SERVE_STOPPING_HOSTS && supervisor->deadline_ns < next) ||
		supervisor->reload.stage != RELOAD_NONE)
		next = now + 100 * NS_PER_MS;
	return next > now ? (int)((next - now + NS_PER_MS - 1) / NS_PER_MS) : 0;
}

/* Who may speak: signals, roles, openers. polled has room for all. */
static void listen_once(struct supervisor *supervisor, struct pollfd *polled, uint64_t now)
{
	size_t lines = supervisor->config->line_count, roles = supervisor->role_count;

	struct pollfd *stations = &polled[1 + roles + lines];

	polled[0] = (struct pollfd){supervisor->signals, POLLIN, 0};
	for (size_t i = 0; i < roles; i++)
		polled[1 + i] = (struct pollfd){supervisor->roles[i].control, POLLIN, 0};
	for (size_t i = 0; i < lines; i++)
		polled[1 + roles + i] = (struct pollfd){supervisor->ports[i].answer, POLLIN, 0};
	for (size_t i = 0; i < ASSAY_ROLE_KINDS; i++)
		stations[i] = (struct pollfd){supervisor->stations[i].fd, POLLIN, 0};
	if (poll(polled, (nfds_t)(1 + roles + lines + ASSAY_ROLE_KINDS), wait_ms(supervisor, now)) < 0)
		return;
	now = supervisor_now_ns();
	role_watch(supervisor, now);
	supervisor->looked_ns = now;
	for (size_t i = 0; i < roles; i++)
		if (polled[1 + i].revents && supervisor->roles[i].control == polled[1 + i].fd)
			from_role(supervisor, &supervisor->roles[i]);
	role_watch_tell(supervisor);
	for (size_t i = 0; i < lines; i++)
		if (polled[1 + roles + i].revents && line_port_answered(&supervisor->ports[i], now))
			host_link_port(supervisor, &supervisor->ports[i]);
	for (size_t i = 0; i < ASSAY_ROLE_KINDS; i++)
		if (stations[i].revents)
			station_link_listen(&supervisor->stations[i]);
	if (polled[0].revents)
		from_signals(supervisor);
	reap(supervisor);
}

static int run(struct supervisor *supervisor, struct assay_error *err)
{
	struct pollfd *polled = NULL, *grown;
	size_t room = 0;

	supervisor->looked_ns = supervisor_now_ns();
	while (supervisor->phase != SERVE_STOPPED) {
		uint64_t now = supervisor_now_ns();
		size_t most;

		reload_step(supervisor, now);
		most = 1 + supervisor->role_max + supervisor->config->line_count + ASSAY_ROLE_KINDS;
		if (!polled || most > room) {
			grown = realloc(polled, most * sizeof *polled);
			if (!grown) {
				free(polled);
				return assay_error_set(
					err, ASSAY_ENOMEM, "out-of-memory", "内存不足", "out of memory");
			}
			polled = grown;
			room = most;
		}
		start_due(supervisor, now);
		for (size_t i = 0; i < supervisor->config->line_count; i++)
			if (line_port_tick(&supervisor->ports[i], now))
				host_link_port(supervisor, &supervisor->ports[i]);
		listen_once(supervisor, polled, now);
		go_on_stopping(supervisor, supervisor_now_ns());
	}
	free(polled);
	if (!*supervisor->refusal.code)
		return ASSAY_OK;
	*err = supervisor->refusal;
	return ASSAY_EREFUSED;
}

static int take_signals(struct supervisor *supervisor, struct assay_error *err)
{
	static const int wanted[] = {SIGCHLD, SIGINT, SIGTERM, SIGHUP};
	struct sigaction old;
	sigset_t set;

	(void)sigemptyset(&set);
	for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
		if (wanted[i] != SIGHUP || sigaction(SIGHUP, NULL, &old) != 0 || old.sa_handler != SIG_IGN)
			(void)sigaddset(&set, wanted[i]); /* under nohup a hang-up stays ignored */
	supervisor->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (supervisor->signals < 0 || sigprocmask(SIG_BLOCK, &set, &supervisor->old_mask) != 0)
		return assay_error_set(err, ASSAY_EIO, "signals", "信号不能接收（%s）",
			"signals cannot be received (%s)", strerror(errno));
	supervisor->mask_set = true;
	return ASSAY_OK;
}

static int make_roles(struct supervisor *supervisor, struct assay_error *err)
{
	size_t lines = supervisor->config->line_count;

	supervisor->role_max = SERVE_FIRST_HOST + lines * 2; /* every line once shared, once by itself */
	supervisor->roles = role_process_room(supervisor->role_max);
	supervisor->ports = calloc(lines ? lines : 1, sizeof *supervisor->ports);
	if (!supervisor->roles || !supervisor->ports)
		return assay_error_set(err, ASSAY_ENOMEM, "out-of-memory", "内存不足", "out of memory");
	for (size_t i = 0; i < SERVE_FIRST_HOST; i++)
		supervisor->roles[i].control = supervisor->roles[i].listener =
			supervisor->roles[i].recorder_end = -1;
	supervisor->roles[SERVE_RECORDER].kind = ROLE_RECORDER;
	supervisor->role_count = SERVE_FIRST_HOST;
	supervisor->roles[SERVE_REPORT].kind = ROLE_REPORT;
	if (*supervisor->config->tell_mail || *supervisor->config->tell_hook)
		supervisor->roles[SERVE_NOTIFY].kind = ROLE_NOTIFY;
	for (size_t i = 0; i < lines; i++)
		line_port_init(&supervisor->ports[i], &supervisor->config->lines[i], (uint16_t)i);
	return host_plan(supervisor, err);
}

/* Beyond this machine only https is spoken; on it, when the laboratory has a certificate. */
static int secure(struct supervisor *supervisor, const char *listen, struct assay_error *err)
{
	int fd = supervisor->roles[SERVE_WEB].listener, status = ASSAY_OK;
	bool tls = !assay_listener_is_loopback(fd) || *supervisor->config->certificate;
	char host[64] = "";

	if (tls) {
		const char *end = strrchr(listen, ':');

		(void)snprintf(host, sizeof host, "%.*s", end ? (int)(end - listen) : 0, listen);
		host[strcspn(host, "]")] = '\0';
		status = assay_certificate_load(supervisor->options->dir, supervisor->config,
			host[0] == '[' ? host + 1 : host, &supervisor->certificate, err);
	}
	assay_listener_url(fd, tls, supervisor->url);
	return status;
}

static int open_listeners(struct supervisor *supervisor, struct assay_error *err)
{
	const char *listen =
		supervisor->options->listen ? supervisor->options->listen : supervisor->config->listen;
	int status = assay_listener_unix(
		supervisor->options->dir, "assay.sock", &supervisor->roles[SERVE_RECORDER].listener, err);

	if (status == ASSAY_OK)
		status = assay_listener_unix(supervisor->options->dir, ASSAY_REPORT_SOCKET,
			&supervisor->roles[SERVE_REPORT].listener, err);
	if (status != ASSAY_OK || !*listen)
		return status;
	status = assay_listener_http(listen, &supervisor->roles[SERVE_WEB].listener, err);
	if (status == ASSAY_OK)
		status = secure(supervisor, listen, err);
	if (status == ASSAY_OK)
		supervisor->roles[SERVE_WEB].kind = ROLE_WEB;
	return status;
}

/* Each line has a device and, while that is opened, an opener: a soft limit of 1,024 is too low for a thousand. */
static void raise_descriptors(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur >= DESCRIPTORS)
		return;
	files.rlim_cur = files.rlim_max < DESCRIPTORS ? files.rlim_max : DESCRIPTORS;
	(void)setrlimit(RLIMIT_NOFILE, &files); /* a line that cannot be opened says so */
}

/* One page, which everybody may read and only this process write. */
static void make_counts(struct assay_role *role)
{
	void *counts = MAP_FAILED;

	role->counts_fd = memfd_create("assay-roles", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (role->counts_fd >= 0 && ftruncate(role->counts_fd, sizeof *role->counts) == 0)
		counts = mmap(
			NULL, sizeof *role->counts, PROT_READ | PROT_WRITE, MAP_SHARED, role->counts_fd, 0);
	if (counts == MAP_FAILED ||
		fcntl(role->counts_fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE | F_SEAL_SHRINK | F_SEAL_GROW) != 0)
		return; /* then nobody counts */
	role->counts = counts;
}

static int prepare(struct supervisor *supervisor, struct assay_error *err)
{
	const struct assay_serve_options *options = supervisor->options;
	char path[1024];
	int status = station_links_open(supervisor->stations, options->stations, err);

	if (status == ASSAY_OK)
		status = assay_bundle_places(options->dir, &supervisor->places, err);
	if (options->stations) /* the group may read what is made from here on: assay_data_dir_share */
		(void)umask(S_IWGRP | S_IRWXO);
	raise_descriptors();
	supervisor_lab_path(supervisor, path);
	supervisor->on_terminal = isatty(STDIN_FILENO) || isatty(STDERR_FILENO);
	if (status == ASSAY_OK)
		status = assay_config_load(
			path, supervisor->places.specs, supervisor->places.drivers, &supervisor->config, err);
	if (status == ASSAY_OK)
		status = assay_data_dir_take(options->dir, &supervisor->dir, err);
	if (status == ASSAY_OK && options->stations)
		status = assay_data_dir_share(options->dir, err);
	if (status == ASSAY_OK)
		status = make_roles(supervisor, err);
	if (status == ASSAY_OK)
		status = open_listeners(supervisor, err);
	if (status == ASSAY_OK)
		status = take_signals(supervisor, err);
	supervisor->role = (struct assay_role){.config = supervisor->config,
		.stations = supervisor->stations,
		.counts_fd = -1,
		.places = &supervisor->places,
		.dir = options->dir,
		.spec_keys = {options->spec_signers ? options->spec_signers : ASSAY_BUNDLE_KEYS,
			options->spec_approvers ? options->spec_approvers : ASSAY_BUNDLE_APPROVERS},
		.supervisor = getpid(),
		.certificate = supervisor->certificate,
		.demonstration = options->demonstration};
	make_counts(&supervisor->role);
	return status;
}

static void release(struct supervisor *supervisor)
{
	for (size_t i = 0; supervisor->roles && i < supervisor->role_count; i++) {
		struct role_process *role = &supervisor->roles[i];

		if (role->listener >= 0)
			(void)close(role->listener);
		if (role->control >= 0)
			(void)close(role->control);
		if (role->recorder_end >= 0)
			(void)close(role->recorder_end);
	}
	for (size_t i = 0; supervisor->ports && i < supervisor->config->line_count; i++)
		line_port_close(&supervisor->ports[i]);
	if (supervisor->signals >= 0)
		(void)close(supervisor->signals);
	if (supervisor->mask_set)
		(void)sigprocmask(SIG_SETMASK, &supervisor->old_mask, NULL);
	reload_abandon(supervisor);
	assay_data_dir_release(&supervisor->dir);
	assay_certificate_free(supervisor->certificate);
	if (supervisor->role.counts)
		(void)munmap(supervisor->role.counts, sizeof *supervisor->role.counts);
	if (supervisor->role.counts_fd >= 0)
		(void)close(supervisor->role.counts_fd);
	station_links_close(supervisor->stations);
	role_process_room_free(supervisor->roles, supervisor->role_max);
	free(supervisor->ports);
	assay_config_free(supervisor->config);
}

int assay_serve(const struct assay_serve_options *options, struct assay_error *err)
{
	struct supervisor supervisor = {
		.options = options, .signals = -1, .dir = {.lock = -1}, .role = {.counts_fd = -1}};
	int status = prepare(&supervisor, err);

	if (status == ASSAY_OK)
		status = run(&supervisor, err);
	release(&supervisor);
	return status;
}
