/* SPDX-License-Identifier: Apache-2.0
 * What is decided about every request, in this order: size, who it is, authentication, route, method, host, origin, type
 * and length of the body. So a write is refused for want of authentication before anything about it is looked at.
 *
 * Who it is and what a command does is the recorder's to say: the connection is suspended while it is asked. */
#include "gateway/web/answer.h"
#include "gateway/web/route.h"
#include "gateway/web/write.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

void *web_request_begin(void *cls, const char *uri, struct MHD_Connection *connection)
{
	struct web_request *request = calloc(1, sizeof *request);
	size_t length = strcspn(uri, "?");

	if (!request)
		return NULL;
	request->web = cls;
	request->connection = connection;
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

/* Two ways of saying how long it is are two requests in one. */
static const struct web_problem *body_problem(struct MHD_Connection *connection, bool write)
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
static const struct web_problem *origin_problem(const struct web_request *request)
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

/* May somebody who is not logged in read here? */
static unsigned anonymous_roles(const struct web_request *request)
{
	const struct assay_role *role = request->web->role;
	bool here = web_peer_is_loopback(request->connection);

	/* he sees what QA sees, and writes nothing: a write is refused before this is asked */
	return role->config->anonymous_read || (role->demonstration && here) ? ASSAY_ACTS_QA | ASSAY_ACTS_READ
									     : 0;
}

static enum MHD_Result answer_route(
	struct web_request *request, struct web_call *call, const struct web_route *route)
{
	struct argument_check check = {.allowed = route->arguments};
	struct web_problem problem = {403, "not-allowed", NULL, NULL};
	struct assay_error err;

	(void)MHD_get_connection_values_n(call->connection, MHD_GET_ARGUMENT_KIND, check_argument, &check);
	if (request->query_refused || check.wrong)
		return web_answer_problem(call->web, call->connection, &problem_query);
	if (route->loopback_only && !request->caller.known && !web_peer_is_loopback(call->connection)) {
		call->web->counts.refused_auth++;
		return web_answer_problem(call->web, call->connection, &web_problem_auth);
	}
	if (*route->command && lab_reads(&call->actor, route->command, &err) != ASSAY_OK) {
		problem.zh = err.text_zh;
		problem.en = err.text_en;
		return web_answer_problem(call->web, call->connection, &problem);
	}
	return route->answer(call);
}

static bool is_api(const struct web_request *request)
{
	return strncmp(request->path, WEB_API, strlen(WEB_API) - 1) == 0;
}

static bool writes_at(const char *path)
{
	char methods[48];

	web_write_methods(path, methods, sizeof methods);
	return *methods != '\0';
}

/* Users and tokens are nobody's business who is not one of them. */
static bool about_people(const char *command)
{
	return strncmp(command, "user.", 5) == 0 || strncmp(command, "token.", 6) == 0;
}

/* Everything that is decided once it is known who it is. */
static const struct web_problem *decide(const struct web_request *request, const char *method,
	const struct web_route *route, const struct assay_asset *asset, bool *method_wrong)
{
	struct MHD_Connection *connection = request->connection;
	bool write = is_write(method);
	const struct web_problem *problem = NULL;

	*method_wrong = false;
	if (write && is_api(request) && !request->caller.known && !(request->write && request->write->open))
		return &web_problem_auth;
	if (!write && route && *route->command && !request->caller.known &&
		(!anonymous_roles(request) || about_people(route->command)))
		return &web_problem_auth;
	if (!route && !asset && !request->write) {
		*method_wrong = writes_at(request->path);
		return *method_wrong ? NULL : &problem_path;
	}
	if (!request->write && strcmp(method, MHD_HTTP_METHOD_GET) != 0 &&
		strcmp(method, MHD_HTTP_METHOD_HEAD) != 0) {
		*method_wrong = true;
		return NULL;
	}
	if (request->web->loopback && !host_is_loopback(connection))
		return &problem_host;
	if (request->write)
		problem = origin_problem(request);
	return problem ? problem : body_problem(connection, request->write != NULL);
}

static enum MHD_Result answer_now(struct web_request *request, const struct web_problem *problem)
{
	web_peer_answering(request->connection, false);
	if (problem == &web_problem_auth)
		request->web->counts.refused_auth++;
	return web_answer_problem(request->web, request->connection, problem);
}

static enum MHD_Result answer_read(
	struct web_request *request, const struct web_route *route, const struct assay_asset *asset)
{
	struct web_call call = {.web = request->web,
		.connection = request->connection,
		.caller = &request->caller,
		.anonymous_roles = anonymous_roles(request),
		.actor = web_caller_actor(&request->caller, anonymous_roles(request))};

	(void)snprintf(call.id, sizeof call.id, "%s", request->id);
	web_peer_answering(request->connection, false);
	if (asset)
		return web_answer_asset(request->web, request->connection, asset);
	return route ? answer_route(request, &call, route)
		     : MHD_NO; /* decide() has refused what is neither */
}

static enum MHD_Result answer_method(
	struct web_request *request, const struct web_route *route, const struct assay_asset *asset)
{
	char allow[64], writes[48];

	web_write_methods(request->path, writes, sizeof writes);
	(void)snprintf(allow, sizeof allow, "%s%s", route || asset ? "GET, HEAD" : "",
		route || asset || !*writes ? writes : writes + 2);
	web_peer_answering(request->connection, false);
	return web_answer_method(request->web, request->connection, allow);
}

/* Wait for the recorder; libmicrohttpd calls again when it has answered. */
static enum MHD_Result ask(struct web_request *request, json_t *command, enum web_stage stage)
{
	request->stage = stage;
	if (!web_link_ask(request->web, request, command)) {
		request->stage = WEB_STAGE_ANSWERED;
		web_peer_answering(request->connection, false);
		return web_answer_command(request->web, request->connection, NULL);
	}
	request->suspended = true;
	MHD_suspend_connection(request->connection);
	return MHD_YES;
}

void web_request_told(struct web_request *request, json_t *answer)
{
	if (request->stage == WEB_STAGE_IDENTIFYING) {
		request->caller.known = false;
		if (answer)
			web_caller_learn(request->web, &request->caller, answer);
		json_decref(answer);
		request->stage = WEB_STAGE_READING;
	} else {
		/* it may have ended a session: nobody is known from before when this is answered */
		web_callers_forget(request->web);
		request->answer = answer;
		request->stage = WEB_STAGE_ANSWERED;
	}
	if (request->suspended) {
		request->suspended = false;
		MHD_resume_connection(request->connection);
	}
}

/* "\"abc\"" without its quotes; false: a header that is none of ours. */
static bool read_etag(const char *header, char out[WEB_ETAG_MAX])
{
	size_t length = strlen(header);

	if (length < 3 || length - 2 >= WEB_ETAG_MAX || header[0] != '"' || header[length - 1] != '"')
		return false;
	memcpy(out, header + 1, length - 2);
	out[length - 2] = '\0';
	return true;
}

/* The body is whole: to the recorder with it. */
static enum MHD_Result send_command(struct web_request *request)
{
	static const struct web_problem etag_wrong = {
		400, "if-match-unreadable", "If-Match 不是一个 ETag", "If-Match is not one ETag"};
	static const struct web_problem key_wrong = {400, "key-unreadable",
		"Idempotency-Key 要有 1 到 64 个字节", "Idempotency-Key has 1 to 64 bytes"};
	json_t *command = web_caller_command(&request->caller, request->connection, request->write->command);
	const struct web_problem *problem = command ? web_write_fields(request->write, request->id,
							      request->body, request->body_length, command)
						    : &web_problem_memory;
	const char *match = MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, "If-Match"),
		   *key = MHD_lookup_connection_value(
			   request->connection, MHD_HEADER_KIND, "Idempotency-Key");
	char etag[WEB_ETAG_MAX];

	if (!problem && match && strcmp(match, "*") != 0) {
		if (read_etag(match, etag))
			(void)json_object_set_new(command, "if_match", json_string(etag));
		else
			problem = &etag_wrong;
	}
	if (!problem && key) {
		if (*key && strlen(key) <= 64 && json_object_set_new(command, "key", json_string(key)) == 0)
			problem = NULL;
		else
			problem = &key_wrong;
	}
	if (request->body)
		sodium_memzero(request->body, request->body_length);
	if (problem) {
		json_decref(command);
		return answer_now(request, problem);
	}
	return ask(request, command, WEB_STAGE_ASKING);
}

/* A piece of the body. */
static enum MHD_Result take_body(struct web_request *request, const char *upload, size_t *upload_length)
{
	size_t length = *upload_length;
	char *grown = request->body_length + length <= WEB_BODY_MAX
			      ? realloc(request->body, request->body_length + length + 1)
			      : NULL;

	*upload_length = 0;
	if (!grown)
		return MHD_NO; /* more than it said, or no memory: hang up */
	memcpy(grown + request->body_length, upload, length);
	request->body = grown;
	request->body_length += length;
	return MHD_YES;
}

/* The headers are there: who is it? MHD_YES with stage IDENTIFYING: he who knows is asked. */
static enum MHD_Result identify(struct web_request *request, const char *method, bool *answered)
{
	static const struct web_problem credentials = {401, "login-required", "登录信息读不懂，请重新登录",
		"the credentials cannot be read; log in again"};
	const struct web_problem *problem = size_problem(request, request->connection);
	json_t *command;

	*answered = true;
	if (problem)
		return answer_now(request, problem);
	if (!request->path_refused)
		request->write = is_write(method) ? web_write_find(method, request->path, request->id) : NULL;
	request->stage = WEB_STAGE_READING;
	if (!web_caller_read(request->web, request->connection, &request->caller)) {
		request->web->counts.refused_auth++;
		return answer_now(request, &credentials);
	}
	*answered = false;
	if (!is_api(request) || !*request->caller.secret ||
		web_caller_remembered(request->web, &request->caller))
		return MHD_YES;
	*answered = true;
	command = web_caller_command(&request->caller, request->connection, "session.show");
	if (strcmp(request->path, "/api/v1/events") == 0)
		(void)json_object_set_new(command, "watch", json_true());
	return ask(request, command, WEB_STAGE_IDENTIFYING);
}

static enum MHD_Result go_on(struct web_request *request, const char *method)
{
	const struct web_route *route = NULL;
	const struct assay_asset *asset = NULL;
	const struct web_problem *problem;
	bool method_wrong;

	if (request->caller.known)
		web_peer_known(request->connection);
	if (!request->path_refused && !request->write) {
		route = web_route_find(request->path, request->id);
		asset = route ? NULL : find_asset(request->path);
	}
	problem = decide(request, method, route, asset, &method_wrong);
	if (problem)
		return answer_now(request, problem);
	if (method_wrong)
		return answer_method(request, route, asset);
	if (!request->write)
		return answer_read(request, route, asset);
	request->decided = true;
	return MHD_YES; /* the body comes now */
}

enum MHD_Result web_request_answer(void *cls, struct MHD_Connection *connection, const char *url,
	const char *method, const char *version, const char *upload, size_t *upload_length, void **context)
{
	struct web_request *request = *context;
	enum MHD_Result result;
	bool answered;

	(void)cls;
	(void)connection;
	(void)url;
	(void)version;
	if (!request)
		return MHD_NO;
	switch (request->stage) {
	case WEB_STAGE_NEW:
		result = identify(request, method, &answered);
		if (answered)
			return result;
		return go_on(request, method);
	case WEB_STAGE_READING:
		if (!request->decided)
			return go_on(request, method);
		if (*upload_length)
			return take_body(request, upload, upload_length);
		return send_command(request);
	case WEB_STAGE_ANSWERED:
		web_peer_answering(request->connection, false);
		result = web_answer_command(request->web, request->connection, request->answer);
		request->answer = NULL;
		return result;
	default:
		return MHD_YES; /* still asked */
	}
}

void web_request_end(
	void *cls, struct MHD_Connection *connection, void **context, enum MHD_RequestTerminationCode code)
{
	struct web_request *request = *context;

	(void)code;
	if (request) {
		web_link_forget(cls, request);
		json_decref(request->answer);
		json_decref(request->caller.about);
		free(request->body);
	}
	free(request);
	*context = NULL;
	web_peer_waiting(connection);
}
