/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/cli/client.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define ANSWER_MS 10000
#define ANSWER_MAX (64u * 1024u * 1024u)

static int64_t now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int not_running(struct assay_error *err, const char *dir)
{
	return assay_error_set(err, ASSAY_ENOTFOUND, "not-running",
		"%s 没有运行中的网关（%s）。请先启动 assay serve -d %s",
		"no gateway is running in %s (%s); start it with assay serve -d %s", dir, strerror(errno),
		dir);
}

static int gone(struct assay_error *err, const char *why)
{
	return assay_error_set(err, ASSAY_EGONE, "no-answer",
		"网关没有答复（%s）；改动可能已经生效，请先查看再重试",
		"the gateway did not answer (%s); a change may have been made, look before you repeat it",
		why);
}

/* A socket's path may be 107 bytes; a data directory's may be longer, so it is entered by its descriptor. */
static int connect_to(const char *dir, struct assay_error *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char path[4096];
	int folder = -1, fd, length = snprintf(path, sizeof path, "%s/run/assay.sock", dir);

	if (length >= (int)sizeof address.sun_path) {
		(void)snprintf(path, sizeof path, "%s/run", dir);
		folder = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (folder < 0)
			return not_running(err, dir);
		(void)snprintf(path, sizeof path, "/proc/self/fd/%d/assay.sock", folder);
	}
	memcpy(address.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof address) != 0) {
		int error = errno;

		(void)close(fd);
		errno = error;
		fd = -1;
	}
	if (fd < 0)
		(void)not_running(err, dir);
	if (folder >= 0)
		(void)close(folder);
	return fd >= 0 ? fd : ASSAY_ENOTFOUND;
}

static int send_line(int fd, const json_t *request, struct assay_error *err)
{
	char *text = json_dumps(request, JSON_COMPACT);
	size_t length = text ? strlen(text) : 0, sent = 0;
	int status = ASSAY_OK;

	if (!text)
		return assay_error_set(err, ASSAY_ENOMEM, "out-of-memory", "内存不足", "out of memory");
	text[length] = '\n'; /* over its NUL */
	while (status == ASSAY_OK && sent <= length) {
		ssize_t put = send(fd, text + sent, length + 1 - sent, MSG_NOSIGNAL);

		if (put > 0)
			sent += (size_t)put;
		else if (errno != EINTR)
			status = gone(err, strerror(errno));
	}
	free(text);
	return status;
}

static int receive_line(int fd, char **out, size_t *length_out, struct assay_error *err)
{
	int64_t until = now_ms() + ANSWER_MS;
	size_t length = 0, room = 0;
	char *text = NULL;
	int status = ASSAY_OK;

	while (status == ASSAY_OK && !(length && text[length - 1] == '\n')) {
		struct pollfd polled = {fd, POLLIN, 0};
		int64_t left = until - now_ms();
		ssize_t got;

		if (length == room) {
			char *grown = realloc(text, room ? room * 2 : 65536);

			if (!grown || room >= ANSWER_MAX) {
				if (grown)
					text = grown;
				status = gone(err, "answer too long");
				break;
			}
			text = grown;
			room = room ? room * 2 : 65536;
		}
		if (left <= 0 || poll(&polled, 1, (int)left) == 0) {
			status = gone(err, "10 s");
			break;
		}
		got = recv(fd, text + length, room - length, MSG_DONTWAIT);
		if (got > 0)
			length += (size_t)got;
		else if (got == 0 || (errno != EAGAIN && errno != EINTR))
			status = gone(err, got == 0 ? "it hung up" : strerror(errno));
	}
	if (status != ASSAY_OK) {
		free(text);
		return status;
	}
	*out = text;
	*length_out = length;
	return ASSAY_OK;
}

static const char *text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text ? text : "";
}

static int refused(const json_t *error, struct assay_error *err)
{
	json_int_t status = json_integer_value(json_object_get(error, "status"));

	(void)snprintf(err->code, sizeof err->code, "%s", text_of(error, "code"));
	(void)snprintf(err->text_zh, sizeof err->text_zh, "%s", text_of(error, "text_zh"));
	(void)snprintf(err->text_en, sizeof err->text_en, "%s", text_of(error, "text_en"));
	return status < 0 && status >= ASSAY_EGONE ? (int)status : ASSAY_EREFUSED;
}

int assay_client_call(const char *dir, const json_t *request, json_t **answer, struct assay_error *err)
{
	char *text = NULL;
	size_t length = 0;
	json_t *object = NULL, *error;
	int fd = connect_to(dir, err), status;

	if (fd < 0)
		return fd;
	status = send_line(fd, request, err);
	if (status == ASSAY_OK)
		status = receive_line(fd, &text, &length, err);
	(void)close(fd);
	if (status != ASSAY_OK)
		return status;
	object = json_loadb(text, length, 0, NULL);
	free(text);
	error = json_object_get(object, "error");
	if (!json_is_object(object))
		status = gone(err, "its answer is no JSON");
	else if (error)
		status = refused(error, err);
	if (status == ASSAY_OK)
		*answer = object;
	else
		json_decref(object);
	return status;
}
