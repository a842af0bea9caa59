/* SPDX-License-Identifier: Apache-2.0
 * The web role's loop. */
#include "gateway/web/web.h"
#include "gateway/confine.h"
#include "gateway/listener.h"
#include "gateway/wire/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PEERS_MS 1000u /* how often deadlines are looked at, while anybody is connected */
#define STOP_ROUNDS 20 /* turns of the loop that streams get to end properly */

uint64_t web_now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* The library's own complaints are about single callers; answers and counts say enough. */
static void no_log(void *cls, const char *format, va_list arguments)
{
	(void)cls;
	(void)format;
	(void)arguments;
}

/* TLS 1.2 and 1.3 with forward secrecy and nothing older; the server's order counts. */
#define PRIORITIES "SECURE128:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-RSA:-SHA1:%SERVER_PRECEDENCE"

/* Room for all connections, as far as the system lets; libmicrohttpd refuses what does not fit. */
static void raise_descriptors(void)
{
	struct rlimit limit;
	const rlim_t wanted = WEB_CONNECTIONS_MAX + 100;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted)
		return;
	limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
}

static int start(struct web *web, struct assay_error *err)
{
	struct assay_certificate *certificate = web->role->certificate;
	struct MHD_OptionItem tls[] = {
		{MHD_OPTION_HTTPS_MEM_CERT, 0, certificate ? certificate->certificate : NULL},
		{MHD_OPTION_HTTPS_MEM_KEY, 0, certificate ? certificate->key : NULL},
		{MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t)PRIORITIES}, {MHD_OPTION_END, 0, NULL}};
	int listener = fcntl(web->role->listener, F_DUPFD_CLOEXEC, 3);
	int flags = listener < 0 ? -1 : fcntl(listener, F_GETFL);

	if (flags < 0 || fcntl(listener, F_SETFL, flags | O_NONBLOCK) != 0)
		return assay_error_set(err, ASSAY_EIO, "listener", "监听描述符不能用（%s）",
			"the listening descriptor cannot be used (%s)", strerror(errno));
	web->loopback = assay_listener_is_loopback(listener);
	raise_descriptors();
	web->tls = certificate != NULL;
	web->daemon = MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG |
					       (web->tls ? MHD_USE_TLS : MHD_NO_FLAG),
		0, NULL, NULL, web_request_answer, web, MHD_OPTION_EXTERNAL_LOGGER, no_log, NULL,
		MHD_OPTION_LISTEN_SOCKET, listener, MHD_OPTION_CONNECTION_LIMIT, WEB_CONNECTIONS_MAX,
		MHD_OPTION_CONNECTION_TIMEOUT, WEB_IDLE_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
		(size_t)WEB_CONNECTION_MEMORY, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_URI_LOG_CALLBACK,
		web_request_begin, web, MHD_OPTION_NOTIFY_COMPLETED, web_request_end, web,
		MHD_OPTION_NOTIFY_CONNECTION, web_peer_notify, web, MHD_OPTION_ARRAY,
		web->tls ? tls : &tls[3], MHD_OPTION_END);
	if (!web->daemon) {
		(void)close(listener);
		return assay_error_set(
			err, ASSAY_EIO, "http-start", "网页服务没有起来", "the web service did not start");
	}
	return ASSAY_OK;
}

/* The pages that show standards need them, the rest does not: without them the role still serves. */
static void read_specs(struct web *web)
{
	struct assay_error err = {0};

	if (web->role->places && assay_specs_load(web->role->places->specs, &web->specs, &err) != ASSAY_OK)
		(void)fprintf(stderr, "assay: web: %s\n", err.text_en);
	if (web->role->places &&
		assay_advice_shipped(web->role->places->specs, &web->advice, &err) != ASSAY_OK)
		(void)fprintf(stderr, "assay: web: %s\n", err.text_en);
}

/* How long the loop may sleep; -1: until something arrives. */
static int sleep_ms(const struct web *web)
{
	MHD_UNSIGNED_LONG_LONG wanted;
	int longest = web->viewer_count ? (int)WEB_LOOK_MS : web->peer_count ? (int)PEERS_MS : -1;

	if (MHD_get_timeout(web->daemon, &wanted) == MHD_YES && (longest < 0 || wanted < (unsigned)longest))
		longest = (int)wanted;
	return longest;
}

/* True when the supervisor said STOP or is gone. */
static bool told_to_stop(struct web *web, char *payload)
{
	struct assay_message head;

	for (;;) {
		int passed = -1;
		int got = assay_channel_receive(web->role->control, &head, payload, &passed);

		if (got == 1 && head.type == ASSAY_MSG_RECORDER && passed >= 0)
			web_link_open(web, passed);
		else if (passed >= 0)
			(void)close(passed);
		if (got == 0)
			return false;
		if (got == ASSAY_EGONE || (got == 1 && head.type == ASSAY_MSG_STOP))
			return true;
		if (got != 1 && got != ASSAY_EREFUSED)
			return true;
	}
}

static int run(struct web *web, char *payload)
{
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(web->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	struct pollfd watch[4] = {{.fd = web->role->control, .events = POLLIN},
		{.fd = info ? info->epoll_fd : -1, .events = POLLIN}};
	uint64_t enforced = web_now_ms();

	if (!info)
		return 1;
	for (;;) {
		watch[2] = (struct pollfd){web->link.fd, web_link_events(web), 0};
		watch[3] = (struct pollfd){web->worker.fd, POLLIN, 0};
		if (poll(watch, 4, sleep_ms(web)) < 0 && errno != EINTR)
			return 1;
		if (watch[2].revents)
			web_link_ready(web);
		if (watch[3].revents)
			web_worker_ready(web);
		if (watch[0].revents && told_to_stop(web, payload))
			return 0;
		if (web_files_replaced(
			    &web->files)) /* callers wait at the listener for the next web process */
			return 0;
		web_viewers_look(web);
		if (web_now_ms() - enforced >= PEERS_MS) {
			enforced = web_now_ms();
			web_peers_enforce(web);
			web_viewers_check(web, WEB_WATCH_MS);
		}
		if (MHD_run(web->daemon) != MHD_YES)
			return 1;
	}
}

/* false: something is still at work, and nothing it uses may be freed. */
static bool stop(struct web *web)
{
	bool idle;

	if (!web->daemon)
		return true;
	web_link_close(web);
	idle = web_worker_stop(web);
	web_viewers_stop(web); /* the library must not be stopped while connections are suspended */
	for (int i = 0; i < STOP_ROUNDS && web->viewer_count; i++) {
		(void)MHD_run(web->daemon);
		(void)poll(NULL, 0, 5);
	}
	(void)MHD_run(web->daemon);
	MHD_stop_daemon(web->daemon);
	web_viewers_free(web);
	web_state_close(&web->state);
	return idle;
}

/* The journal, and the public key, which stands in every proof. */
static int confine(struct web *web, struct assay_error *err)
{
	char journal[4200], key[4200];
	const struct assay_confine_path more[] = {{journal, false}, {key, false}, {NULL, false}};

	(void)snprintf(journal, sizeof journal, "%s/journal", web->role->dir);
	(void)snprintf(key, sizeof key, "%s/keys/origin.pub", web->role->dir);
	return web_files_confine(web->role->dir, ASSAY_CONFINED_WEB, more, &web->files, err);
}

int assay_web_main(const struct assay_role *role)
{
	static struct web web;
	char *payload = malloc(ASSAY_CHANNEL_PAYLOAD_MAX);
	struct assay_error err = {0};
	int exit_code = 1;

	web.role = role;
	web.state.dir = role->dir;
	web.link.fd = role->recorder;
	(void)signal(SIGPIPE, SIG_IGN);
	(void)assay_error_set(&err, ASSAY_ENOMEM, "out-of-memory", "内存不足", "out of memory");
	read_specs(&web);
	if (payload && start(&web, &err) == ASSAY_OK && confine(&web, &err) == ASSAY_OK &&
		web_worker_start(&web, &err) == ASSAY_OK)
		exit_code = run(&web, payload);
	else
		(void)fprintf(stderr, "assay: web: %s\n", err.text_en);
	if (!stop(&web))
		_exit(exit_code);
	assay_advice_free(web.advice);
	assay_specs_free(web.specs);
	web_journal_counts_free(&web.journal);
	free(payload);
	return exit_code;
}
