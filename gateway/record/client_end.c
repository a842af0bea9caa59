/* SPDX-License-Identifier: Apache-2.0
 * The recorder's end of a client on assay.sock: one JSON object a line each way, never waiting for a slow one. */
#include "gateway/record/recorder.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void name_peer(struct recorder_client *client)
{
	struct ucred peer = {.uid = (uid_t)-1};
	socklen_t size = sizeof peer;
	struct passwd entry, *found = NULL;
	char text[1024];

	(void)snprintf(client->who, sizeof client->who, "?");
	if (getsockopt(client->fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
		return;
	client->local = peer.uid == 0 || peer.uid == geteuid();
	if (getpwuid_r(peer.uid, &entry, text, sizeof text, &found) == 0 && found)
		(void)snprintf(client->who, sizeof client->who, "%s", found->pw_name);
	else
		(void)snprintf(client->who, sizeof client->who, "uid %lu", (unsigned long)peer.uid);
}

static struct recorder_client *new_client(const struct recorder *recorder, size_t room)
{
	struct recorder_client *client =
		recorder->client_count < RECORDER_CLIENTS_MAX ? calloc(1, sizeof *client) : NULL;

	if (!client)
		return NULL;
	client->line = malloc(room);
	client->room = room;
	if (client->line)
		return client;
	free(client);
	return NULL;
}

void client_end_accept(struct recorder *recorder)
{
	int fd = accept4(recorder->role->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct recorder_client *client;

	if (fd < 0)
		return;
	client = new_client(recorder, RECORDER_CLIENT_LINE_MAX);
	if (!client) {
		(void)close(fd);
		return;
	}
	client->fd = fd;
	name_peer(client);
	recorder->client[recorder->client_count++] = client;
}

void client_end_add_web(struct recorder *recorder, int fd)
{
	struct recorder_client *client = new_client(recorder, RECORDER_WEB_LINE_MAX);

	if (!client) {
		(void)close(fd); /* it sees the end and asks again with the next pair */
		return;
	}
	client->fd = fd;
	client->web = true;
	recorder->client[recorder->client_count++] = client;
}

void client_end_close(struct recorder *recorder, struct recorder_client *client)
{
	recorder_command_forget(recorder, client);
	for (size_t i = 0; i < recorder->client_count; i++)
		if (recorder->client[i] == client)
			recorder->client[i] = recorder->client[--recorder->client_count];
	(void)close(client->fd);
	free(client->line);
	free(client->out);
	free(client);
}

static bool answer(struct recorder_client *client, json_t *object)
{
	char *text = object ? json_dumps(object, JSON_COMPACT | JSON_PRESERVE_ORDER) : NULL;
	size_t length = text ? strlen(text) : 0;
	char *grown = NULL;

	json_decref(object);
	if (text && client->out_length + length + 1 <= RECORDER_CLIENT_OUT_MAX)
		grown = realloc(client->out, client->out_length + length + 1);
	if (grown) {
		client->out = grown;
		text[length] = '\n'; /* over its NUL: a line, not a string */
		memcpy(grown + client->out_length, text, length + 1);
		client->out_length += length + 1;
	}
	free(text);
	return grown != NULL;
}

static json_t *too_long(void)
{
	return json_pack("{s:{s:s,s:s,s:s,s:i}}", "error", "code", "command-too-long", "text_zh",
		"命令过长（上限 64 KiB）", "text_en", "the command is too long (at most 64 KiB)", "status",
		ASSAY_EREFUSED);
}

/* One answer at a time, in order; what web asks carries numbers and need not wait for each other. */
static bool may_take(const struct recorder_client *client)
{
	return !client->out_length && (client->web || !client->pending);
}

/* false: the client cannot be answered any more. */
static bool take_lines(struct recorder *recorder, struct recorder_client *client)
{
	char *end;

	while ((end = memchr(client->line, '\n', client->length)) != NULL && may_take(client)) {
		size_t length = (size_t)(end - client->line);
		json_t *object = client->skipping ? too_long()
						  : recorder_command(recorder, client, client->line, length);

		client->skipping = false;
		client->length -= length + 1;
		memmove(client->line, end + 1, client->length);
		if (object && !answer(client, object))
			return false;
	}
	if (client->length == client->room && may_take(client) && !end) {
		client->skipping = true;
		client->length = 0;
	}
	return true;
}

static bool flush(struct recorder_client *client)
{
	while (client->out_sent < client->out_length) {
		ssize_t sent = send(client->fd, client->out + client->out_sent,
			client->out_length - client->out_sent, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			return errno == EAGAIN || errno == EWOULDBLOCK;
		client->out_sent += (size_t)sent;
	}
	client->out_length = client->out_sent = 0;
	free(client->out);
	client->out = NULL;
	return true;
}

/* One answer at a time: the next command waits until it has been taken. */
void client_end_ready(struct recorder *recorder, struct recorder_client *client, short events)
{
	ssize_t got;
	bool alive = true;

	if (client->out_length) {
		if (!flush(client) || (events & (POLLERR | POLLNVAL)))
			client_end_close(recorder, client);
		else if (!client->out_length &&
			 !(take_lines(recorder, client) && (!client->out_length || flush(client))))
			client_end_close(recorder, client);
		return;
	}
	if (client->length == client->room && !may_take(client))
		return; /* a whole command waits behind one whose password is looked at */
	do
		got = recv(client->fd, client->line + client->length, client->room - client->length,
			MSG_DONTWAIT);
	while (got < 0 && errno == EINTR);
	if (got > 0) {
		client->length += (size_t)got;
		do {
			alive = take_lines(recorder, client);
			if (alive && client->out_length)
				alive = flush(client);
		} while (alive && may_take(client) && memchr(client->line, '\n', client->length));
	} else if (got == 0 || (errno != EAGAIN && errno != EWOULDBLOCK)) {
		alive = false;
	}
	if (!alive)
		client_end_close(recorder, client);
}

void client_end_tell(struct recorder *recorder, struct recorder_client *client, json_t *object)
{
	if (!answer(client, object) || !flush(client) ||
		(!client->out_length && !(take_lines(recorder, client) && flush(client))))
		client_end_close(recorder, client);
}

static json_t *commits_json(const struct commit_times *times)
{
	json_t *edges = json_array();

	for (unsigned i = 0; i <= COMMIT_EDGES; i++)
		(void)json_array_append_new(edges, json_integer((json_int_t)times->by_edge[i]));
	return json_pack("{s:{s:I,s:I,s:o}}", "commits", "count", (json_int_t)times->count, "total_ns",
		(json_int_t)times->total_ns, "by_edge", edges);
}

void client_end_tell_commits(struct recorder *recorder)
{
	struct commit_times *times = &recorder->commits;

	if (times->told == times->count)
		return;
	times->told = times->count;
	for (size_t i = recorder->client_count; i-- > 0;)
		if (recorder->client[i]->web && !recorder->client[i]->out_length) /* else the next second */
			client_end_tell(recorder, recorder->client[i], commits_json(times));
}
