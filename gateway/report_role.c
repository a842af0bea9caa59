/* SPDX-License-Identifier: Apache-2.0
 * The report role: hands documents to assay-report and its prints back. The only role that may start a program; it sees no
 * database, no key, no device and no network. One document at a time. */
#include "gateway/report_role.h"

#include "gateway/lab/report_run.h"
#include "gateway/role.h"
#include "gateway/wire/channel.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define ALIVE_MS 1000

static int64_t now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Exactly length bytes, before until_ms. */
static bool take(int fd, void *out, size_t length, int64_t until_ms)
{
	uint8_t *at = out;

	while (length > 0) {
		int64_t left_ms = until_ms - now_ms();
		struct pollfd one = {fd, POLLIN, 0};
		ssize_t got;

		if (left_ms <= 0 || (poll(&one, 1, (int)left_ms) < 0 && errno != EINTR))
			return false;
		got = recv(fd, at, length, MSG_DONTWAIT);
		if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
			return false;
		if (got > 0) {
			at += got;
			length -= (size_t)got;
		}
	}
	return true;
}

static bool give(int fd, const void *bytes, size_t length, int64_t until_ms)
{
	const uint8_t *at = bytes;

	while (length > 0) {
		int64_t left_ms = until_ms - now_ms();
		struct pollfd one = {fd, POLLOUT, 0};
		ssize_t sent;

		if (left_ms <= 0 || (poll(&one, 1, (int)left_ms) < 0 && errno != EINTR))
			return false;
		sent = send(fd, at, length, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (sent < 0 && errno != EAGAIN && errno != EINTR)
			return false;
		if (sent > 0) {
			at += sent;
			length -= (size_t)sent;
		}
	}
	return true;
}

static json_t *read_document(int fd, int64_t until_ms)
{
	uint8_t head[4];
	size_t length;
	char *text;
	json_t *document = NULL;

	if (!take(fd, head, sizeof head, until_ms))
		return NULL;
	length = (size_t)head[0] << 24 | (size_t)head[1] << 16 | (size_t)head[2] << 8 | head[3];
	text = length && length <= ASSAY_REPORT_DOCUMENT_MAX ? malloc(length) : NULL;
	if (text && take(fd, text, length, until_ms))
		document = json_loadb(text, length, JSON_REJECT_DUPLICATES, NULL);
	free(text);
	return document;
}

static int kind_of(const json_t *document, const char **out, struct assay_error *err)
{
	static const char *const kinds[] = {"certificate", "labels", "card", "statement"};
	const char *wanted = json_string_value(json_object_get(document, "kind"));

	for (size_t i = 0; wanted && i < sizeof kinds / sizeof *kinds; i++)
		if (strcmp(wanted, kinds[i]) == 0) {
			*out = kinds[i];
			return ASSAY_OK;
		}
	return assay_error_set(err, ASSAY_EREFUSED, "document-unknown", "没有这种文件：%.40s",
		"there is no document of the kind %.40s", wanted ? wanted : "?");
}

/* A question that cannot be read is hung up on: the recorder asks again. */
static void answer(int fd)
{
	int64_t until_ms = now_ms() + ASSAY_REPORT_WAIT_MS;
	json_t *document = read_document(fd, until_ms);
	struct assay_error err = {.code = "out-of-memory", .text_zh = "内存不足", .text_en = "out of memory"};
	char program[ASSAY_REPORT_PATH_MAX], *said = NULL;
	const char *kind = NULL;
	unsigned char *bytes = NULL;
	size_t length = 0;
	uint8_t head[ASSAY_REPORT_HEAD] = {0};
	int status;

	if (!document)
		return;
	status = kind_of(document, &kind, &err);
	if (status == ASSAY_OK)
		status = assay_report_find(program, &err);
	if (status == ASSAY_OK)
		status = assay_report_run(program, kind, document, 0, &bytes, &length, &err);
	json_decref(document);
	if (status != ASSAY_OK) {
		json_t *why = json_pack(
			"{s:s,s:s,s:s}", "code", err.code, "text_zh", err.text_zh, "text_en", err.text_en);

		head[0] = 1;
		said = why ? json_dumps(why, JSON_COMPACT) : NULL;
		json_decref(why);
		length = said ? strlen(said) : 0;
	}
	for (unsigned i = 0; i < 4; i++)
		head[1 + i] = (uint8_t)(length >> (24 - 8 * i));
	if (!give(fd, head, sizeof head, until_ms) ||
		!give(fd, head[0] ? (void *)said : bytes, length, until_ms))
		(void)fprintf(
			stderr, "assay: report: the recorder did not take a print; it will ask again\n");
	free(said);
	free(bytes);
}

int assay_report_main(const struct assay_role *role)
{
	struct assay_message ready = {.type = ASSAY_MSG_READY, .generation = role->generation},
			     alive = {.type = ASSAY_MSG_ALIVE, .generation = role->generation};
	struct pollfd polled[2] = {{role->control, POLLIN, 0}, {role->listener, POLLIN, 0}};

	if (assay_channel_send(role->control, &ready, NULL, 0, -1) != ASSAY_OK)
		return 1;
	for (;;) {
		int count = poll(polled, 2, ALIVE_MS), fd;

		if (count < 0 && errno != EINTR)
			return 1;
		if (count > 0 && polled[0].revents && !assay_role_goes_on(role))
			return 0;
		if (count > 0 && polled[1].revents &&
			(fd = accept4(role->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0) {
			answer(fd);
			(void)close(fd);
		}
		if (assay_channel_send(role->control, &alive, NULL, 0, -1) == ASSAY_EGONE)
			return 1;
	}
}
