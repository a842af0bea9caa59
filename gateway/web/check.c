/* SPDX-License-Identifier: Apache-2.0
 * What speaks against a request: its size, its body, where it comes from, the arguments of its address. */
#include "gateway/web/check.h"

#include "gateway/web/write.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct header_sum {
	size_t bytes;
	unsigned count, lengths; /* lengths: ways to say how long the body is */
};

static enum MHD_Result add_header(
	void *cls, enum MHD_ValueKind kind, const char *key, size_t key_size, const char *value, size_t size)
{
	struct header_sum *sum = cls;

	(void)kind;
	(void)value;
	if ((key_size == 14 && strncasecmp(key, "Content-Length", 14) == 0) ||
		(key_size == 17 && strncasecmp(key, "Transfer-Encoding", 17) == 0))
		sum->lengths++;
	sum->bytes += key_size + size + 4;
	sum->count++;
	return MHD_YES;
}

/* Does the Host header name this machine's loopback? Another name that leads here was made to do so (DNS
 * rebinding): the page that asks is not ours. */
bool web_host_is_loopback(struct MHD_Connection *connection)
{
	static const char *const names[] = {"localhost", "127.0.0.1", "[::1]"};
	const char *host = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Host");

	for (size_t i = 0; host && i < sizeof names / sizeof *names; i++) {
		size_t length = strlen(names[i]);

		if (strncasecmp(host, names[i], length) == 0 &&
			(host[length] == '\0' ||
				(host[length] == ':' && strspn(host + length + 1, "0123456789") ==
								strlen(host + length + 1))))
			return true;
	}
	return false;
}

/* Two ways of saying how long it is are two requests in one. */
const struct web_problem *web_body_problem(struct MHD_Connection *connection, bool write)
{
	static const struct web_problem two = {
		400, "ambiguous-length", "请求的长度说法不一", "the request gives its length in two ways"};
	static const struct web_problem body = {
		400, "body-on-read", "读取的请求不带正文", "a request that reads brings no body"};
	static const struct web_problem length_needed = {411, "length-required", "请求要写明 Content-Length",
		"the request must say its Content-Length"};
	static const struct web_problem type = {
		415, "json-only", "正文要是 application/json", "the body must be application/json"};
	static const struct web_problem large = {413, "body-too-large", "正文太大", "the body is too large"};
	const char *length = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Content-Length");
	const char *coding = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Transfer-Encoding");
	const char *kind = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Content-Type");
	bool empty = !length || strcmp(length, "0") == 0;

	if (length && coding)
		return &two;
	if (!write)
		return coding || !empty ? &body : NULL;
	if (coding)
		return &length_needed;
	if (!empty && (!kind || strncasecmp(kind, "application/json", 16) != 0 ||
			      (kind[16] && kind[16] != ';' && kind[16] != ' ')))
		return &type;
	return !empty && (strlen(length) > 6 || strtoul(length, NULL, 10) > WEB_BODY_MAX) ? &large : NULL;
}

/* A write that a page of another origin had the browser send. A cookie's write also brings what only a page of ours can
 * have read. */
const struct web_problem *web_origin_problem(const struct web_request *request)
{
	static const struct web_problem foreign = {403, "foreign-origin", "请求来自别的网站，已拒绝",
		"the request comes from another site's page and is refused"};
	static const struct web_problem csrf = {403, "csrf-missing",
		"请求缺少 X-CSRF-Token（见 GET /api/v1/session），请刷新页面",
		"the request lacks its X-CSRF-Token (see GET /api/v1/session); load the page again"};
	struct MHD_Connection *connection = request->connection;
	const char *site = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Sec-Fetch-Site"),
		   *origin = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Origin"),
		   *host = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Host"),
		   *token = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "X-CSRF-Token");
	char ours[300], wanted[WEB_CSRF_MAX];

	(void)snprintf(ours, sizeof ours, "%s://%s", request->web->tls ? "https" : "http", host ? host : "");
	if ((site && strcmp(site, "same-origin") != 0) || (origin && strcasecmp(origin, ours) != 0))
		return &foreign;
	if (request->caller.token || request->write->open)
		return NULL;
	web_caller_csrf(request->caller.secret, wanted);
	return token && strlen(token) == strlen(wanted) && sodium_memcmp(token, wanted, strlen(wanted)) == 0
		       ? NULL
		       : &csrf;
}

const struct web_problem *web_size_problem(
	const struct web_request *request, struct MHD_Connection *connection)
{
	static const struct web_problem uri = {414, "uri-too-long", "网址太长", "the address is too long"};
	static const struct web_problem headers = {431, "headers-too-large", "请求头太大或太多",
		"the request's headers are too large or too many"};
	static const struct web_problem lengths = {
		400, "length-twice", "请求体的长度说了两次", "the request says twice how long its body is"};
	struct header_sum sum = {0};

	if (request->uri_too_long)
		return &uri;
	(void)MHD_get_connection_values_n(connection, MHD_HEADER_KIND, add_header, &sum);
	if (sum.lengths > 1)
		return &lengths;
	return sum.bytes > WEB_HEADERS_MAX || sum.count > WEB_HEADER_COUNT_MAX ? &headers : NULL;
}

struct argument_check {
	const char *allowed;
	bool wrong;
	const char *seen[12];
	unsigned count;
};

static enum MHD_Result check_argument(
	void *cls, enum MHD_ValueKind kind, const char *key, size_t key_size, const char *value, size_t size)
{
	struct argument_check *check = cls;
	char spaced[32];

	(void)kind;
	if (key_size == 0 || key_size > sizeof spaced - 3 || !value || strlen(value) != size ||
		check->count == sizeof check->seen / sizeof *check->seen) {
		check->wrong = true;
		return MHD_NO;
	}
	spaced[0] = ' ';
	memcpy(spaced + 1, key, key_size);
	spaced[key_size + 1] = ' ';
	spaced[key_size + 2] = '\0';
	for (unsigned i = 0; i < check->count; i++)
		if (strcmp(check->seen[i], key) == 0)
			check->wrong = true;
	check->seen[check->count++] = key;
	if (!strstr(check->allowed, spaced))
		check->wrong = true;
	return MHD_YES;
}

bool web_arguments_fit(struct MHD_Connection *connection, const char *allowed)
{
	struct argument_check check = {.allowed = allowed};

	(void)MHD_get_connection_values_n(connection, MHD_GET_ARGUMENT_KIND, check_argument, &check);
	return !check.wrong;
}
