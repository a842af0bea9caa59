/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/station_link.h"

#include "gateway/config_image.h"
#include "gateway/station_order.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

int station_links_open(struct station_link *links, const char *folder, struct assay_error *err)
{
	for (unsigned kind = 0; kind < ASSAY_ROLE_KINDS; kind++)
		links[kind] = (struct station_link){.fd = -1};
	for (unsigned kind = 0; kind < ASSAY_ROLE_KINDS; kind++) {
		struct station_link *link = &links[kind];
		int length;

		if (!folder || !*folder || kind == 0 || kind == ROLE_RECORDER)
			continue;
		length = snprintf(
			link->path, sizeof link->path, "%s/%s.station", folder, assay_role_kind_name(kind));
		if (length < 0 || (size_t)length >= sizeof link->path)
			return assay_error_set(err, ASSAY_EREFUSED, "directory-long",
				"岗位目录的路径太长：%s", "the path of the stations is too long: %s", folder);
		link->ended = calloc(STATION_ENDED_MAX, sizeof *link->ended);
		if (!link->ended)
			return assay_error_set(
				err, ASSAY_ENOMEM, "out-of-memory", "内存不足", "out of memory");
	}
	return ASSAY_OK;
}

static void hang_up(struct station_link *link)
{
	if (link->fd >= 0)
		(void)close(link->fd);
	link->fd = -1;
	link->told = false;
	link->ended_count = 0;
}

void station_links_close(struct station_link *links)
{
	for (unsigned kind = 0; kind < ASSAY_ROLE_KINDS; kind++) {
		hang_up(&links[kind]);
		free(links[kind].ended);
		links[kind].ended = NULL;
	}
}

void station_links_changed(struct station_link *links)
{
	for (unsigned kind = 0; kind < ASSAY_ROLE_KINDS; kind++)
		links[kind].told = false;
}

static int no_station(const struct station_link *link, const char *why, struct assay_error *err)
{
	return assay_error_set(err, ASSAY_EIO, "no-station",
		"%s 没有应答（%s）。请查看该岗位的服务：systemctl status 'assay-*'",
		"%s does not answer (%s); look at that station's service: systemctl status 'assay-*'",
		link->path, why);
}

static int dial(struct station_link *link, struct assay_error *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const struct timeval patience = {STATION_ANSWER_MS / 1000, 0};
	int fd;

	if (link->fd >= 0)
		return ASSAY_OK;
	memcpy(address.sun_path, link->path, sizeof address.sun_path);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd >= 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
		int status = no_station(link, strerror(errno), err);

		if (fd >= 0)
			(void)close(fd);
		return status;
	}
	link->fd = fd;
	link->era++;
	return ASSAY_OK;
}

/* bytes as a descriptor of memory that nobody can change any more; -1 with errno. */
static int sealed(const void *bytes, size_t length)
{
	int fd = memfd_create("assay", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	size_t done = 0;

	while (fd >= 0 && done < length) {
		ssize_t put = write(fd, (const char *)bytes + done, length - done);

		if (put <= 0 && errno != EINTR)
			break;
		done += put > 0 ? (size_t)put : 0;
	}
	if (fd >= 0 &&
		(done < length || fcntl(fd, F_ADD_SEALS,
					  F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

static int tell_config(struct station_link *link, const struct assay_config *config, struct assay_error *err)
{
	struct station_order order = {.word = STATION_CONFIG};
	int descriptor[STATION_DESCRIPTORS] = {-1, -1, -1, -1, -1, -1}, status, rc = -1;
	void *image = NULL;
	size_t length = 0;

	if (link->told)
		return ASSAY_OK;
	status = assay_config_image_write(config, &image, &length, err);
	if (status != ASSAY_OK)
		return status;
	order.length = length;
	descriptor[STATION_KEPT] = sealed(image, length);
	free(image);
	if (descriptor[STATION_KEPT] >= 0) {
		rc = station_say(link->fd, &order, descriptor);
		(void)close(descriptor[STATION_KEPT]);
	}
	link->told = rc == 0;
	return rc == 0 ? ASSAY_OK : no_station(link, strerror(errno), err);
}

static void keep_ended(struct station_link *link, const struct station_order *order)
{
	if (link->ended_count < STATION_ENDED_MAX)
		link->ended[link->ended_count++] = (struct station_ended){order->pid, order->number};
	else
		hang_up(link); /* its roles are dead then, all of them: nothing is forgotten */
}

/* 1: an answer to a start is in *answer. 0: nothing more. */
static int hear(struct station_link *link, struct station_order *answer)
{
	int descriptor[STATION_DESCRIPTORS], got;

	while (link->fd >= 0 && (got = station_hear(link->fd, answer, descriptor)) != 0) {
		if (got < 0) {
			hang_up(link);
			break;
		}
		for (unsigned i = 0; i < STATION_DESCRIPTORS; i++)
			if (descriptor[i] >= 0) /* a station has none to give */
				(void)close(descriptor[i]);
		if (answer->word == STATION_STARTED)
			return 1;
		if (answer->word == STATION_ENDED)
			keep_ended(link, answer);
	}
	return 0;
}

static int64_t now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

static int await(struct station_link *link, pid_t *pid_out, struct assay_error *err)
{
	static struct station_order answer;
	int64_t until_ms = now_ms() + STATION_ANSWER_MS, left_ms;

	while (link->fd >= 0 && (left_ms = until_ms - now_ms()) > 0) {
		struct pollfd one = {link->fd, POLLIN, 0};

		if (hear(link, &answer)) {
			*pid_out = answer.pid;
			return answer.pid > 0 ? ASSAY_OK : no_station(link, strerror(answer.number), err);
		}
		if (link->fd >= 0)
			(void)poll(&one, 1, (int)left_ms);
	}
	hang_up(link); /* whatever it starts after this is killed with it */
	return no_station(link, "no answer", err);
}

int station_link_start(struct station_link *link, enum role_kind kind, const struct assay_role *role,
	pid_t *pid_out, struct assay_error *err)
{
	struct station_order order = {.word = STATION_START,
		.kind = (uint32_t)kind,
		.generation = role->generation,
		.line_count = role->line_count,
		.demonstration = role->demonstration,
		.places = *role->places};
	int descriptor[STATION_DESCRIPTORS] = {
		role->control, role->listener, role->recorder, role->kept, role->counts_fd, -1};
	int status = dial(link, err);

	if (status == ASSAY_OK)
		status = tell_config(link, role->config, err);
	if (status != ASSAY_OK)
		goto out;
	(void)snprintf(order.dir, sizeof order.dir, "%s", role->dir);
	if (role->line_count)
		memcpy(order.lines, role->lines, role->line_count * sizeof *order.lines);
	if (kind == ROLE_WEB && role->certificate) {
		descriptor[STATION_SECRET] = sealed(role->certificate, sizeof *role->certificate);
		if (descriptor[STATION_SECRET] < 0) {
			status = no_station(link, strerror(errno), err);
			goto out;
		}
	}
	if (station_say(link->fd, &order, descriptor) != 0)
		status = no_station(link, strerror(errno), err);
	if (descriptor[STATION_SECRET] >= 0)
		(void)close(descriptor[STATION_SECRET]);
	if (status == ASSAY_OK)
		status = await(link, pid_out, err);
out:
	if (status != ASSAY_OK && link->fd >= 0)
		hang_up(link);
	return status;
}

void station_link_kill(struct station_link *link, pid_t pid)
{
	struct station_order order = {.word = STATION_KILL, .pid = pid};

	if (link->fd >= 0 && station_say(link->fd, &order, NULL) != 0)
		hang_up(link);
}

void station_link_listen(struct station_link *link)
{
	static struct station_order ignored;

	while (hear(link, &ignored))
		;
}

bool station_link_ended(struct station_link *link, uint32_t era, pid_t pid, int *how)
{
	if (link->fd < 0 || link->era != era) {
		*how = SIGKILL;
		return true;
	}
	for (size_t i = 0; i < link->ended_count; i++)
		if (link->ended[i].pid == pid) {
			*how = link->ended[i].how;
			link->ended[i] = link->ended[--link->ended_count];
			return true;
		}
	return false;
}
