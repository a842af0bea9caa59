/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/web/recorder_link.h"

#include "gateway/web/caller.h"
#include "gateway/web/web.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void tell_all_nothing(struct web *web)
{
	struct web_link *link = &web->link;

	for (unsigned i = 0; i < WEB_LINK_ASKED_MAX; i++)
		if (link->asked[i].request) {
			struct web_request *request = link->asked[i].request;

			link->asked[i].request = NULL;
			link->asked_count--;
			web_request_told(request, NULL);
		}
}

void web_link_close(struct web *web)
{
	struct web_link *link = &web->link;

	if (link->fd >= 0)
		(void)close(link->fd);
	link->fd = -1;
	free(link->out);
	free(link->in);
	link->out = link->in = NULL;
	link->out_length = link->in_length = link->in_room = 0;
	web_callers_forget(web);
	tell_all_nothing(web);
}

void web_link_open(struct web *web, int fd)
{
	web_link_close(web);
	web->link.fd = fd;
}

void web_link_forget(struct web *web, const struct web_request *request)
{
	for (unsigned i = 0; i < WEB_LINK_ASKED_MAX; i++)
		if (web->link.asked[i].request == request) {
			web->link.asked[i].request = NULL;
			web->link.asked_count--;
		}
}

short web_link_events(const struct web *web)
{
	return (short)(POLLIN | (web->link.out_length ? POLLOUT : 0));
}

/* false: the recorder has hung up. */
static bool flush(struct web_link *link)
{
	while (link->out_length) {
		ssize_t sent = send(link->fd, link->out, link->out_length, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			return errno == EAGAIN || errno == EWOULDBLOCK;
		link->out_length -= (size_t)sent;
		memmove(link->out, link->out + sent, link->out_length);
	}
	return true;
}

bool web_link_ask(struct web *web, struct web_request *request, json_t *command)
{
	struct web_link *link = &web->link;
	unsigned slot = 0;
	char *text = NULL, *grown = NULL;
	size_t length;

	while (slot < WEB_LINK_ASKED_MAX && link->asked[slot].request)
		slot++;
	if (command && link->fd >= 0 && slot < WEB_LINK_ASKED_MAX &&
		json_object_set_new(command, "id", json_integer((json_int_t)++link->last)) == 0)
		text = json_dumps(command, JSON_COMPACT);
	json_decref(command);
	length = text ? strlen(text) : 0;
	if (text)
		grown = realloc(link->out, link->out_length + length + 1);
	if (grown) {
		text[length] = '\n'; /* over its NUL */
		memcpy(grown + link->out_length, text, length + 1);
		link->out = grown;
		link->out_length += length + 1;
		link->asked[slot].request = request;
		link->asked[slot].id = link->last;
		link->asked_count++;
	}
	if (text)
		explicit_bzero(text, length); /* it may hold a password */
	free(text);
	return grown != NULL; /* sent when the loop finds it writable */
}

static void take_commits(struct commit_times *out, const json_t *told)
{
	const json_t *edges = json_object_get(told, "by_edge");

	out->count = (uint64_t)json_integer_value(json_object_get(told, "count"));
	out->total_ns = (uint64_t)json_integer_value(json_object_get(told, "total_ns"));
	for (size_t i = 0; i <= COMMIT_EDGES; i++)
		out->by_edge[i] = (uint64_t)json_integer_value(json_array_get(edges, i));
}

static void take_line(struct web *web, const char *line, size_t length)
{
	json_t *answer = json_loadb(line, length, 0, NULL);
	uint64_t id = (uint64_t)json_integer_value(json_object_get(answer, "id"));

	if (json_object_get(answer, "commits"))
		take_commits(&web->commits, json_object_get(answer, "commits"));
	if (json_object_get(answer, "event")) {
		web_callers_forget(web);
		web_viewers_check(web, 0);
	}
	for (unsigned i = 0; i < WEB_LINK_ASKED_MAX && id; i++)
		if (web->link.asked[i].request && web->link.asked[i].id == id) {
			struct web_request *request = web->link.asked[i].request;

			web->link.asked[i].request = NULL;
			web->link.asked_count--;
			web_request_told(request, json_incref(answer));
			break;
		}
	json_decref(answer);
}

/* false: over. */
static bool receive(struct web *web)
{
	struct web_link *link = &web->link;
	char *end;
	ssize_t got;

	if (link->in_length == link->in_room) {
		size_t room = link->in_room ? link->in_room * 2 : 65536;
		char *grown = room <= WEB_LINK_ANSWER_MAX ? realloc(link->in, room) : NULL;

		if (!grown)
			return false;
		link->in = grown;
		link->in_room = room;
	}
	got = recv(link->fd, link->in + link->in_length, link->in_room - link->in_length, MSG_DONTWAIT);
	if (got == 0)
		return false;
	if (got < 0)
		return errno == EAGAIN || errno == EINTR;
	link->in_length += (size_t)got;
	while ((end = memchr(link->in, '\n', link->in_length)) != NULL) {
		size_t length = (size_t)(end - link->in);

		take_line(web, link->in, length);
		link->in_length -= length + 1;
		memmove(link->in, end + 1, link->in_length);
	}
	return true;
}

void web_link_ready(struct web *web)
{
	if (web->link.fd >= 0 && (!flush(&web->link) || !receive(web)))
		web_link_close(web);
}
