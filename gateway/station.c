/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/station.h"

#include "gateway/config_image.h"
#include "gateway/station_order.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

struct station {
	enum role_kind kind;
	int supervisor, signals;
	struct assay_config *config; /* NULL: not told yet */
	struct assay_role_counts *counts; /* the supervisor's, read-only; NULL: not told yet */
	struct assay_certificate *certificate; /* only between an order and the fork */
};

static void close_all(int descriptor[STATION_DESCRIPTORS])
{
	for (unsigned i = 0; i < STATION_DESCRIPTORS; i++)
		if (descriptor[i] >= 0)
			(void)close(descriptor[i]);
}

static int say(const struct station *station, enum station_word word, pid_t pid, int number)
{
	struct station_order order = {.word = (uint32_t)word, .pid = pid, .number = number};

	return station_say(station->supervisor, &order, NULL);
}

/* The whole of what a descriptor of memory holds, read-only; MAP_FAILED. */
static void *map(int fd, size_t length)
{
	return fd < 0 || length == 0 ? MAP_FAILED : mmap(NULL, length, PROT_READ, MAP_SHARED, fd, 0);
}

static int take_config(struct station *station, const struct station_order *order, int fd)
{
	struct assay_config *config = NULL;
	struct assay_error err;
	void *image = order->length <= ASSAY_CONFIG_IMAGE_MAX ? map(fd, order->length) : MAP_FAILED;
	int status;

	if (image == MAP_FAILED)
		return -1;
	status = assay_config_image_read(image, order->length, &config, &err);
	(void)munmap(image, order->length);
	if (status != ASSAY_OK) {
		(void)fprintf(stderr, "assay: station: %s\n", err.text_en);
		return -1;
	}
	assay_config_free(station->config);
	station->config = config;
	return 0;
}

/* The key of the pages is in nobody's memory for longer than it takes to fork who needs it. */
static void forget_certificate(struct station *station)
{
	assay_certificate_free(station->certificate);
	station->certificate = NULL;
}

static bool take_shared(struct station *station, const int descriptor[STATION_DESCRIPTORS])
{
	void *counts, *certificate;

	if (!station->counts && descriptor[STATION_COUNTS] >= 0) {
		counts = map(descriptor[STATION_COUNTS], sizeof *station->counts);
		if (counts == MAP_FAILED)
			return false;
		station->counts = counts;
	}
	if (descriptor[STATION_SECRET] < 0)
		return true;
	certificate = map(descriptor[STATION_SECRET], sizeof *station->certificate);
	station->certificate = certificate == MAP_FAILED ? NULL : malloc(sizeof *station->certificate);
	if (station->certificate)
		memcpy(station->certificate, certificate, sizeof *station->certificate);
	if (certificate != MAP_FAILED)
		(void)munmap(certificate, sizeof *station->certificate);
	return station->certificate != NULL;
}

static int begin(
	struct station *station, struct station_order *order, const int descriptor[STATION_DESCRIPTORS])
{
	struct assay_role role = {.config = station->config,
		.places = &order->places,
		.dir = order->dir,
		.control = descriptor[STATION_CONTROL],
		.listener = descriptor[STATION_LISTENER],
		.recorder = descriptor[STATION_RECORDER],
		.kept = descriptor[STATION_KEPT],
		.generation = order->generation,
		.lines = order->lines,
		.line_count = (uint16_t)order->line_count,
		.counts = station->counts,
		.certificate = station->certificate,
		.demonstration = order->demonstration != 0};
	const int keep[] = {role.control, role.listener, role.recorder, role.kept};
	pid_t pid = role_process_fork(role_process_title(station->kind), keep, sizeof keep / sizeof *keep);

	if (pid == 0)
		exit(role_run(station->kind, &role));
	return pid < 0 ? say(station, STATION_STARTED, 0, errno) : say(station, STATION_STARTED, pid, 0);
}

static int start(
	struct station *station, struct station_order *order, const int descriptor[STATION_DESCRIPTORS])
{
	int rc;

	if (order->kind != (uint32_t)station->kind || !station->config || descriptor[STATION_CONTROL] < 0)
		return -1;
	for (uint32_t i = 0; i < order->line_count; i++)
		if (order->lines[i] != ASSAY_LINE_GONE && order->lines[i] >= station->config->line_count)
			return -1;
	rc = take_shared(station, descriptor) ? begin(station, order, descriptor)
					      : say(station, STATION_STARTED, 0, ENOMEM);
	forget_certificate(station);
	return rc;
}

/* -1: there is nothing more to be had from this supervisor. */
static int obey(struct station *station)
{
	static struct station_order order;
	int descriptor[STATION_DESCRIPTORS], got, rc = 0;

	while (rc == 0 && (got = station_hear(station->supervisor, &order, descriptor)) != 0) {
		if (got < 0)
			return -1;
		if (order.word == STATION_CONFIG)
			rc = take_config(station, &order, descriptor[STATION_KEPT]);
		else if (order.word == STATION_START)
			rc = start(station, &order, descriptor);
		else if (order.word == STATION_KILL && order.pid > 1) /* ours, or it is not there any more */
			rc = waitid(P_PID, (id_t)order.pid, &(siginfo_t){0}, WEXITED | WNOHANG | WNOWAIT) == 0
				     ? kill(order.pid, SIGKILL)
				     : 0;
		close_all(descriptor);
	}
	return rc;
}

static int tell_ended(const struct station *station)
{
	int how, rc = 0;
	pid_t pid;

	while (rc == 0 && (pid = waitpid(-1, &how, WNOHANG)) > 0)
		rc = say(station, STATION_ENDED, pid, how);
	return rc;
}

static int serve(struct station *station)
{
	struct pollfd polled[2] = {{station->supervisor, POLLIN, 0}, {station->signals, POLLIN, 0}};
	struct signalfd_siginfo about;
	bool ends = false;

	while (!ends) {
		if (poll(polled, 2, -1) < 0 && errno != EINTR)
			return -1;
		while (read(station->signals, &about, sizeof about) == (ssize_t)sizeof about)
			ends = ends || about.ssi_signo != SIGCHLD;
		ends = tell_ended(station) != 0 || ends;
		ends = (polled[0].revents && obey(station) != 0) || ends;
	}
	return 0;
}

static int take_signals(int *signals_out)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGCHLD);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
		return -1;
	*signals_out = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	return *signals_out < 0 ? -1 : 0;
}

/* Until somebody connects or a signal comes: false. */
static bool wait_for_supervisor(struct station *station, int listening)
{
	struct pollfd polled[2] = {{listening, POLLIN, 0}, {station->signals, POLLIN, 0}};

	while (station->supervisor < 0) {
		if (poll(polled, 2, -1) < 0 && errno != EINTR)
			return false;
		if (polled[1].revents)
			return false;
		if (polled[0].revents)
			station->supervisor = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
	}
	return true;
}

int assay_station(enum role_kind kind, int listening, struct assay_error *err)
{
	struct station station = {.kind = kind, .supervisor = -1, .signals = -1};
	int rc = take_signals(&station.signals);

	if (rc == 0 && wait_for_supervisor(&station, listening))
		rc = serve(&station);
	if (station.supervisor >= 0)
		(void)close(station.supervisor);
	if (station.signals >= 0)
		(void)close(station.signals);
	assay_config_free(station.config);
	return rc == 0 ? ASSAY_OK
		       : assay_error_set(err, ASSAY_EIO, "station", "岗位进程不能工作（%s）",
				 "the station cannot work (%s)", strerror(errno));
}
