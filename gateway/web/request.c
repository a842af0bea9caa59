/* SPDX-License-Identifier: Apache-2.0
 * What is decided about every request before its route sees it, in this order: size, authentication, route, method, host,
 * body. So a write is refused for want of authentication before anything about it is looked at. */
#include "gateway/web/answer.h"
#include "gateway/web/route.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

void *web_request_begin(void *cls, const char *uri, struct MHD_Connection *connection)
{
	struct web_request *request = calloc(1, sizeof *request);
	size_t length = strcspn(uri, "?");

	(void)cls;
	(void)connection;
	if (!request)
		return NULL;
	request->uri_too_long = strlen(uri) > WEB_URI_MAX;
	if (request->uri_too_long)
		return request;
	memcpy(request->path, uri, length);
	/* no path of ours needs an escape, so none is undone */
	request->path_refused = request->path[0] != '/';
	for (const char *c = request->path; *c; c++)
		if (*c <= ' ' || *c >= 0x7f || *c == '%' || *c == '\\')
			request->path_refused = true;
	request->query_refused = strstr(uri + length, "%00") != NULL;
	return request;
}

struct header_sum {
	size_t bytes;
	unsigned count;
};

static enum MHD_Result add_header(
	void *cls, enum MHD_ValueKind kind, const char *key, size_t key_size, const char *value, size_t size)
{
	struct header_sum *sum = cls;

	(void)kind;
	(void)key;
	(void)value;
	sum->bytes += key_size + size + 4;
	sum->count++;
	return MHD_YES;
}

static bool is_write(const char *method)
{
	static const char *const writes[] = {"POST", "PUT", "PATCH", "DELETE"};

	for (size_t i = 0; i < sizeof writes / sizeof *writes; i++)
		if (strcmp(method, writes[i]) == 0)
			return true;
	return false;
}

/* Does the Host header name this machine's loopback? Another name that leads here was made to do so (DNS
 * rebinding): the page that asks is not ours. */
static bool host_is_loopback(struct MHD_Connection *connection)
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

/* No request here has a body. Two ways of saying how long it is are two requests in one. */
static const struct web_problem *body_problem(struct MHD_Connection *connection)
{
	static const struct web_problem two = {
		400, "ambiguous-length", "请求的长度说法不一", "the request gives its length in two ways"};
	static const struct web_problem body = {
		400, "body-on-read", "读取的请求不带正文", "a request that reads brings no body"};
	const char *length = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Content-Length");
	const char *coding = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Transfer-Encoding");

	if (length && coding)
		return &two;
	return coding || (length && strcmp(length, "0") != 0) ? &body : NULL;
}

static const struct web_problem *size_problem(
	const struct web_request *request, struct MHD_Connection *connection)
{
	static const struct web_problem uri = {414, "uri-too-long", "网址太长", "the address is too long"};
	static const struct web_problem headers = {431, "headers-too-large", "请求头太大或太多",
		"the request's headers are too large or too many"};
	struct header_sum sum = {0};

	if (request->uri_too_long)
		return &uri;
	(void)MHD_get_connection_values_n(connection, MHD_HEADER_KIND, add_header, &sum);
	return sum.bytes > WEB_HEADERS_MAX || sum.count > WEB_HEADER_COUNT_MAX ? &headers : NULL;
}

static const struct web_problem problem_auth = {401, "login-required",
	"需要登录。本版的网页和接口只能查看；修改请在本机用 assay 命令",
	"login required; in this version pages and API only show, changes are made with the assay command on "
	"the "
	"gateway"};
static const struct web_problem problem_method = {
	405, "method-not-allowed", "这里只能读取（GET、HEAD）", "this can only be read (GET, HEAD)"};
static const struct web_problem problem_path = {
	404, "no-such-page", "没有这个地址", "there is nothing at this address"};
static const struct web_problem problem_host = {421, "wrong-host",
	"请用 localhost 或 127.0.0.1 打开：网关只听本机，不认别的名字",
	"open it as localhost or 127.0.0.1: the gateway listens on this machine only and knows no other "
	"name"};
static const struct web_problem problem_query = {
	400, "query-refused", "网址的参数不对", "the address's arguments are wrong"};

static const struct assay_asset *find_asset(const char *path)
{
	for (size_t i = 0; i < assay_asset_count; i++)
		if (strcmp(assay_assets[i].path, path) == 0)
			return &assay_assets[i];
	return NULL;
}

struct argument_check {
	const char *allowed;
	bool wrong;
	const char *seen[8];
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

static enum MHD_Result answer_route(struct web_call *call, const struct web_route *route, bool refused)
{
	struct argument_check check = {.allowed = route->arguments};

	(void)MHD_get_connection_values_n(call->connection, MHD_GET_ARGUMENT_KIND, check_argument, &check);
	if (refused || check.wrong)
		return web_answer_problem(call->web, call->connection, &problem_query);
	if (route->loopback_only && !web_peer_is_loopback(call->connection)) {
		call->web->counts.refused_auth++;
		return web_answer_problem(call->web, call->connection, &problem_auth);
	}
	return route->answer(call);
}

static const struct web_problem *decide(const struct web *web, const struct web_request *request,
	struct MHD_Connection *connection, const char *method, bool exists)
{
	const struct web_problem *problem = size_problem(request, connection);

	if (problem)
		return problem;
	if (is_write(method) && strncmp(request->path, WEB_API, strlen(WEB_API) - 1) == 0)
		return &problem_auth;
	if (!exists)
		return &problem_path;
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
		return &problem_method;
	if (web->loopback && !host_is_loopback(connection))
		return &problem_host;
	return body_problem(connection);
}

enum MHD_Result web_request_answer(void *cls, struct MHD_Connection *connection, const char *url,
	const char *method, const char *version, const char *upload, size_t *upload_length, void **context)
{
	const struct web_request *request = *context;
	struct web_call call = {.web = cls, .connection = connection};
	const struct web_problem *problem;
	const struct web_route *route = NULL;
	const struct assay_asset *asset = NULL;

	(void)url;
	(void)version;
	(void)upload;
	if (!request)
		return MHD_NO;
	*upload_length = 0;
	web_peer_answering(connection, false);
	if (!request->uri_too_long && !request->path_refused) {
		route = web_route_find(request->path, call.id);
		asset = route ? NULL : find_asset(request->path);
	}
	problem = decide(call.web, request, connection, method, route || asset);
	if (problem == &problem_auth)
		call.web->counts.refused_auth++;
	if (problem)
		return web_answer_problem(call.web, connection, problem);
	return asset ? web_answer_asset(call.web, connection, asset)
		     : answer_route(&call, route, request->query_refused);
}

void web_request_end(
	void *cls, struct MHD_Connection *connection, void **context, enum MHD_RequestTerminationCode code)
{
	(void)cls;
	(void)code;
	free(*context);
	*context = NULL;
	web_peer_waiting(connection);
}
