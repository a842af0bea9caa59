/* SPDX-License-Identifier: Apache-2.0
 * What is decided about every request, in this order: size, who it is, authentication, route, method, host, origin, type
 * and length of the body. So a write is refused for want of authentication before anything about it is looked at.
 *
 * Who it is and what a command does is the recorder's to say: the connection is suspended while it is asked. */
#include "gateway/web/answer.h"
#include "gateway/web/check.h"
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

static bool is_write(const char *method)
{
	static const char *const writes[] = {"POST", "PUT", "PATCH", "DELETE"};

	for (size_t i = 0; i < sizeof writes / sizeof *writes; i++)
		if (strcmp(method, writes[i]) == 0)
			return true;
	return false;
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
	struct web_problem problem = {403, "not-allowed", NULL, NULL};
	struct assay_error err;

	if (request->query_refused || !web_arguments_fit(call->connection, route->arguments))
		return web_answer_problem(call->web, call->connection, &problem_query);
	if (route->loopback_only && !request->caller.known && !web_peer_is_loopback(call->connection)) {
		call->web->counts.refused_auth++;
		return web_answer_problem(call->web, call->connection, &web_problem_auth);
	}
	if (*route->command && lab_reads(&call->actor, route->command, &err) != ASSAY_OK) {
		problem.code = err.code;
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
	if (request->web->loopback && !web_host_is_loopback(connection))
		return &problem_host;
	if (request->write)
		problem = web_origin_problem(request);
	return problem ? problem : web_body_problem(connection, request->write != NULL);
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
		.request = request,
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

enum MHD_Result web_ask_recorder(struct web_call *call, const char *name, json_t *members)
{
	json_t *command = NULL;

	if (call->caller->known && members)
		command = web_caller_command(call->caller, call->connection, name);
	if (command)
		(void)json_object_update_missing(command, members);
	json_decref(members);
	if (!call->caller->known)
		return answer_now(call->request, &web_problem_auth);
	return command ? ask(call->request, command, WEB_STAGE_ASKING)
		       : answer_now(call->request, &web_problem_memory);
}

/* The worker has made a statement: the recorder has it printed. */
static enum MHD_Result have_printed(struct web_request *request)
{
	json_t *command = web_caller_command(&request->caller, request->connection, "statement.print");

	if (command)
		(void)json_object_set(command, "document", request->job->object);
	web_job_free(request->job);
	request->job = NULL;
	request->worked = false;
	return ask(request, command, WEB_STAGE_ASKING);
}

enum MHD_Result web_give_worker(struct web_call *call, struct web_job *job)
{
	static const struct web_problem busy = {503, "too-busy", "正在处理的请求太多，请稍后再试",
		"too much is being worked on; try again in a moment"};
	struct web_request *request = call->request;

	request->stage = WEB_STAGE_ASKING;
	if (!web_worker_give(request->web, request, job)) {
		request->stage = WEB_STAGE_ANSWERED;
		return answer_now(request, &busy);
	}
	request->suspended = true;
	MHD_suspend_connection(request->connection);
	return MHD_YES;
}

void web_request_worked(struct web_request *request, struct web_job *job)
{
	request->job = job;
	request->worked = true;
	request->stage = WEB_STAGE_ANSWERED;
	request->suspended = false;
	MHD_resume_connection(request->connection);
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
	const struct web_problem *problem = web_size_problem(request, request->connection);
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
		if (request->worked && request->job && request->job->print && request->job->object)
			return have_printed(request);
		web_peer_answering(request->connection, false);
		result = request->worked
				 ? web_answer_job(request->web, request->connection, request->job)
				 : web_answer_command(request->web, request->connection, request->answer);
		request->answer = NULL;
		request->job = NULL;
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
		web_worker_forget(cls, request);
		web_job_free(request->job);
		json_decref(request->answer);
		json_decref(request->caller.about);
		free(request->body);
	}
	free(request);
	*context = NULL;
	web_peer_waiting(connection);
}
